"""What changed in a week since it was presented, on hand-made cases."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from governance.metrics.revisions import revision, week_figures
from governance.records.dataset import dataset_of_frames
from governance.settings import settings_of
from governance.workdays import SHANGHAI, Week

WEEK = Week(2023, 37)
NOWHERE = Path("nowhere")
MONDAY = "2023-09-11 09:00"


def stamp(text):
    return pd.Timestamp(text, tz=SHANGHAI) if text else pd.NaT


def row(number, reported_at=MONDAY, closed_at=None, **more):
    plain = {
        "incident_id": number,
        "reported_at": stamp(reported_at),
        "filed_at": stamp(reported_at),
        "closed_at": stamp(closed_at),
        "status": "closed" if closed_at else "open",
        "source": "hotline",
        "category": "A",
    }
    return plain | more


def dataset(as_of, *rows):
    cases = pd.DataFrame(rows)
    for name in [column for column in cases if column.endswith("_at")]:
        cases[name] = pd.to_datetime(cases[name], utc=True).dt.tz_convert(SHANGHAI)
    rules = pd.DataFrame(
        {"version": ["1"], "valid_from": [stamp("2023-01-01")], "category": ["A"], "limit_h": [48.0]}
    ).assign(clock="calendar")
    return dataset_of_frames(
        {"incidents": cases, "rules": rules},
        as_of={"incidents": datetime.fromisoformat(as_of).replace(tzinfo=SHANGHAI)},
        settings=settings_of(NOWHERE),
        data_dir=NOWHERE,
    )


THEN = dataset(
    "2023-09-17T23:00",
    row("on-time", closed_at="2023-09-12 09:00"),
    row("open"),
    row("told-late"),
    row("moved", closed_at="2023-09-12 10:00"),
    row("gone"),
    row("old", "2023-08-01 09:00", "2023-08-02 09:00"),
    row("due-later", "2023-09-17 09:00"),
)
NOW = dataset(
    "2023-09-24T23:00",
    row("on-time", closed_at="2023-09-12 09:00"),
    row("open", closed_at="2023-09-20 09:00"),
    row("told-late", closed_at="2023-09-12 11:00"),
    row("moved", closed_at="2023-09-12 10:00", category="B", severity="minor"),
    row("old", "2023-08-01 09:00", "2023-08-02 09:00", category="B"),
    row("due-later", "2023-09-17 09:00"),
    row("added", "2023-09-16 09:00", "2023-09-17 09:00"),
    row("next-week", "2023-09-19 09:00"),
)


def ids(cases):
    return cases["incident_id"].to_list()


def test_each_case_of_the_week_is_counted_once():
    found = revision(THEN, NOW, WEEK)
    assert ids(found.added) == ["added"]
    assert ids(found.closed) == ["open", "told-late"]
    assert ids(found.changed) == ["moved"]
    assert found.changed["changed_fields"].to_list() == ["category severity"]
    assert ids(found.gone) == ["gone"]
    assert found.backdated_n == 1


def test_the_first_published_rate_stands_beside_the_matured_one():
    table = revision(THEN, NOW, WEEK).figures.set_index("metric")
    on_time = table.loc["on_time_share"]
    # Then: five due of the six reported, two closed in time. Now: "gone" went, "told-late" was in
    # time after all, "moved" has no limit any more; what came due later belongs to the next week.
    assert (on_time["presented_numerator_n"], on_time["presented_denominator_n"]) == (2, 5)
    assert (on_time["today_numerator_n"], on_time["today_denominator_n"]) == (2, 3)
    assert on_time["change"] == pytest.approx(2 / 3 - 2 / 5)
    assert table.loc["reported_n", "presented_value"] == 6
    assert table.loc["reported_n", "today_value"] == 6
    assert table.loc["open_n", "presented_value"] == 4
    assert table.loc["open_n", "today_value"] == 2


def test_nothing_changed_is_said_as_nothing():
    found = revision(THEN, THEN, WEEK)
    assert [len(getattr(found, name)) for name in ("added", "closed", "changed", "gone")] == [0] * 4
    assert found.figures["change"].dropna().eq(0).all()
    assert found.recounted == ()


def test_a_change_of_counting_is_not_taken_for_a_change_of_the_street():
    published = week_figures(THEN, WEEK)
    assert revision(THEN, THEN, WEEK, published=published).recounted == ()
    next(one for one in published if one["metric"] == "reported_n")["value"] = 9.0
    found = revision(THEN, THEN, WEEK, published=published)
    assert found.recounted == ("reported_n",)
    assert found.figures.set_index("metric").loc["reported_n", "change"] == -3


def test_shuffled_rows_change_nothing():
    frame = NOW.frame("incidents")
    shuffled = dataset("2023-09-24T23:00", *frame.sample(frac=1, random_state=7).to_dict("records"))
    one, other = revision(THEN, NOW, WEEK), revision(THEN, shuffled, WEEK)
    pd.testing.assert_frame_equal(one.figures, other.figures)
    assert set(ids(one.closed)) == set(ids(other.closed))


def test_ids_a_spreadsheet_destroyed_may_stand_twice():
    twice = [row("2.02E+16"), row("2.02E+16", "2023-09-12 09:00")]
    before, after = dataset("2023-09-17T23:00", twice[0]), dataset("2023-09-17T23:00", *twice)
    assert ids(revision(before, after, WEEK).added) == ["2.02E+16"]


def test_without_any_case_there_is_nothing_to_compare():
    empty = dataset_of_frames({}, as_of={}, settings=settings_of(NOWHERE), data_dir=NOWHERE)
    found = revision(empty, empty, WEEK)
    assert found.figures.empty
    assert len(found.added) == 0
