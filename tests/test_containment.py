"""The ladder on cases small enough to count by hand, and the printed rows."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from governance.errors import UsageError
from governance.metrics.catalogue import metric_table
from governance.metrics.containment import BANDS, containment_rows
from governance.metrics.control_series import control_rows
from governance.records.dataset import dataset_of_frames, empty_frame
from governance.settings import settings_of
from governance.workdays import SHANGHAI

NOTHING = {"since": None, "until": None, "by": None}


def stamp(text):
    return pd.Timestamp(text, tz=SHANGHAI)


def frame(kind, rows):
    types = empty_frame(kind).dtypes.drop("row")
    columns = {n: pd.Series([row.get(n) for row in rows], dtype=t) for n, t in types.items()}
    return pd.DataFrame(columns).assign(row=1)


def dataset(tmp_path, rows, steps=(), *, shuffled=False):
    frames = {"incidents": frame("incidents", rows), "incident_steps": frame("incident_steps", list(steps))}
    if shuffled:
        frames = {kind: table.sample(frac=1, random_state=5) for kind, table in frames.items()}
    as_of = dict.fromkeys(frames, stamp("2023-09-17 23:00"))
    return dataset_of_frames(frames, as_of=as_of, settings=settings_of(tmp_path), data_dir=tmp_path)


def case(number, day="2023-06-01", **more):
    closed = {"closed_at": stamp(day) + pd.Timedelta("2h"), "status": "closed"}
    base = {"incident_id": f"A{number}", "reported_at": stamp(day), "flags": "", "category": "市容环境"}
    return base | closed | {"severity": "normal", "address": f"{number}号"} | more


def step(number, name, unit=None):
    return {"incident_id": f"A{number}", "step": name, "at": stamp("2023-06-01 01:00"), "unit": unit}


OPEN = {"closed_at": None, "status": "open"}
ROWS = [
    case(1, level_closed="community"),
    case(2, level_closed="street"),
    case(3, level_closed="above"),
    case(4, level_closed="above", severity="urgent"),
    case(5, **OPEN, due_at=stamp("2023-06-02")),
    case(6, **OPEN, due_at=stamp("2023-12-02")),
    case(7),
    case(8),
    case(9, closed_at=None, status="voided", due_at=stamp("2023-06-02")),
    case(10, level_closed="community", day="2023-06-10", address="1号", source="hotline"),
]
STEPS = [step(7, "report"), step(8, "escalate", "上清寺街道")]


def test_bands_by_hand(tmp_path):
    (row,) = containment_rows(dataset(tmp_path, ROWS, STEPS))
    assert row["cases_n"] == 8
    assert [row[band] for band in BANDS] == [3, 2, 1, 1, 1, 0]
    shares = [row[f"{name}_share"] for name in ("community", "street", "above", "open")]
    assert sum(shares) == pytest.approx(1)
    assert (row["suppressible_n"], row["suppressed_n"]) == (3, 1)
    assert row["suppressed_share"] == pytest.approx(1 / 3)


def test_levels_come_from_the_log_or_stay_unknown(tmp_path):
    rows = [case(n) for n in range(1, 6)]
    steps = [step(1, "close"), step(2, "escalate", "区级部门"), step(3, "transfer"), step(4, "escalate")]
    (row,) = containment_rows(dataset(tmp_path, rows, steps))
    assert [row[band] for band in BANDS] == [1, 1, 0, 2, 0, 1]


def test_order_and_cases_outside_the_window_change_nothing(tmp_path):
    window = {"since": date(2023, 6, 1), "until": date(2023, 6, 8)}
    rows = containment_rows(dataset(tmp_path, ROWS, STEPS), **window)
    assert containment_rows(dataset(tmp_path, ROWS, STEPS, shuffled=True), **window) == rows
    outside = case(20, "2023-09-01", level_closed="street")
    assert containment_rows(dataset(tmp_path, [*ROWS, outside], STEPS), **window) == rows


def test_empty_tables_have_no_rows(tmp_path):
    assert containment_rows(dataset(tmp_path, [])) == []
    assert control_rows(dataset(tmp_path, [])) == []


def test_the_control_rows_are_weekly_and_complete(tmp_path):
    days = pd.date_range("2023-06-05", "2023-09-11", freq="7D")
    rows = [case(n, str(day.date()), community_code="C1") for n, day in enumerate(days)]
    table = metric_table("control", dataset(tmp_path, rows, STEPS), **NOTHING)["rows"]
    assert (table[0]["week"], table[-1]["week"]) == ("2023-W23", "2023-W37")
    assert [row["value"] for row in table] == [120.0] * 15
    assert [row["phase"] for row in table] == [1] * 4 + [2] * 11
    assert table[0]["centre"] is None
    assert (table[-1]["centre"], table[-1]["is_trial"], table[-1]["signal"]) == (120.0, True, None)
    keys = ["group", "week", "value", "n", "centre", "lower", "upper", "signal", "is_trial", "phase"]
    assert list(table[0]) == keys
    shares = control_rows(dataset(tmp_path, rows, STEPS), of="community_share")
    assert [row["value"] for row in shares] == [0.0] * 7 + [1.0] + [0.0] * 7


def test_an_unknown_series_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="unknown_control"):
        metric_table("control", dataset(tmp_path, ROWS), **NOTHING, of="nonsense")
    with pytest.raises(UsageError, match="unknown_control"):
        metric_table("overview", dataset(tmp_path, ROWS), **NOTHING, of="reported_n")
