"""Targets: the version in force on a day, and nothing that is no target."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from governance.metrics.targets import target_of, target_versions
from governance.records.dataset import empty_frame

KEY = "on_time_share"


def table(*rows):
    names = ("metric", "version", "valid_from", "value", "direction", "source")
    made = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows], columns=names)
    frame = empty_frame("targets")
    stamps = pd.to_datetime(made["valid_from"]).dt.tz_localize("Asia/Shanghai")
    made = made.assign(valid_from=stamps).reindex(columns=frame.columns)
    return made.astype({name: kind for name, kind in frame.dtypes.items() if name != "row"})


TARGETS = table(
    (KEY, "2", "2023-07-01", 0.9, "at_least", "街道文件"),
    (KEY, "1", "2023-01-01", 0.85, "at_least", "示例"),
    ("other", "1", "2023-01-01", 5.0, "at_most", "示例"),
)


@pytest.mark.parametrize(
    ("day", "value"), [(date(2023, 6, 30), 0.85), (date(2023, 7, 1), 0.9), (date(2024, 1, 1), 0.9)]
)
def test_the_latest_version_valid_by_the_day_is_in_force(day, value):
    assert target_of(TARGETS, KEY, day).value == value


def test_before_the_first_version_there_is_no_target():
    assert target_of(TARGETS, KEY, date(2022, 12, 31)) is None
    assert target_of(TARGETS, "unknown", date(2023, 12, 31)) is None
    assert target_of(empty_frame("targets"), KEY, date(2023, 12, 31)) is None


def test_a_version_without_a_date_has_always_been_in_force():
    targets = table(
        (KEY, "0", None, 0.8, "at_least", "示例"), (KEY, "1", "2023-01-01", 0.85, "at_least", "示例")
    )
    assert target_of(targets, KEY, date(2020, 1, 1)).value == 0.8
    assert target_of(targets, KEY, date(2023, 1, 1)).value == 0.85


def test_a_row_without_value_or_sense_is_no_target():
    targets = table((KEY, "1", "2023-01-01", None, "at_least", ""), (KEY, "2", "2023-02-01", 0.9, "上升", ""))
    assert target_versions(targets, KEY) == ()


def test_a_target_knows_its_sense_and_origin():
    target = target_of(TARGETS, "other", date(2023, 3, 1))
    assert (target.is_lower_better, target.is_met(5.0), target.is_met(5.1)) == (True, True, False)
    assert (target.version, target.source, target.valid_from) == ("1", "示例", date(2023, 1, 1))
    higher = target_of(TARGETS, KEY, date(2023, 3, 1))
    assert (higher.is_met(0.85), higher.is_met(0.84)) == (True, False)
