"""The ladder on cases small enough to count by hand, and the printed rows."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from governance.errors import UsageError
from governance.metrics.catalogue import metric_table
from governance.metrics.containment import (
    BANDS,
    closing_levels,
    containment_marks,
    containment_rows,
    ladder_table,
)
from governance.metrics.control_series import control_rows
from governance.metrics.disputes import dispute_figures, dispute_marks
from governance.metrics.stages import us_of
from governance.metrics.windows import Span
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


def dataset(tmp_path, rows, steps=(), *, rules=(), shuffled=False):
    frames = {"incidents": frame("incidents", rows), "incident_steps": frame("incident_steps", list(steps))}
    frames["rules"] = frame("rules", list(rules))
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


def test_the_ladder_per_group_holds_every_case_once(tmp_path):
    rows = [row | {"community_code": f"C{n % 2}"} for n, row in enumerate(ROWS)]
    table = dataset(tmp_path, rows, STEPS).cases()
    levels = closing_levels(table, frame("incident_steps", STEPS))
    due_us = us_of(table["due_at"])
    marks = containment_marks(table, levels, due_us, span=Span.of_days(None, None), as_of=stamp("2023-09-17"))
    ladder = ladder_table(marks, table["community_code"])
    assert ladder["group"].tolist() == ["C0", "C1"]
    assert ladder[list(BANDS)].sum(axis=1).tolist() == ladder["cases_n"].tolist()
    assert ladder["cases_n"].sum() == 8


def disputes(rows, steps=()):
    table, log = frame("incidents", rows), frame("incident_steps", list(steps))
    levels = closing_levels(table, log)
    span = Span(stamp("2023-06-01"), stamp("2023-07-01"))
    return dispute_figures(dispute_marks(table, levels, log, span=span, as_of=stamp("2023-09-17")))


def test_agreements_are_kept_where_nothing_came_back():
    mediated = {"source": "mediation", "level_closed": "community", "category": "矛盾纠纷"}
    place = {"lon": 106.54, "lat": 29.56}
    rows = [
        case(1, **mediated, **place),
        case(2, **mediated | {"level_closed": "above"}),
        case(3, **mediated),
        case(4, "2023-06-10", address="别处", category="矛盾纠纷", **place),
    ]
    found = disputes(rows)
    assert (found["mediations_n"], found["agreed_n"], found["agreed_followed_n"]) == (3, 2, 2)
    assert (found["kept_n"], found["kept_address_n"]) == (1, 2)


def test_petitions_over_the_levels_head_are_told_only_by_who_received_them():
    petition = {"source": "petition", "category": "矛盾纠纷", "address": "老地方"}
    rows = [
        case(1, "2023-05-01", **petition),
        case(2, **petition),
        case(3, **petition | {"address": "新地方"}),
    ]
    found = disputes(rows)
    assert (found["petitions_n"], found["first_n"], found["repeated_n"]) == (2, 1, 1)
    assert (found["received_known_n"], found["over_head_n"]) == (0, 0)
    desk, district = step(2, "report", "街道指挥中心"), step(3, "report", "区信访局")
    found = disputes(rows, [desk, district])
    assert (found["received_known_n"], found["over_head_n"]) == (1, 1)


def test_a_case_without_a_written_deadline_is_due_by_its_rule(tmp_path):
    rule = {"version": "1", "valid_from": stamp("2023-01-01"), "category": "市容环境", "limit_h": 24.0}
    waiting = [case("1", "2023-09-12 09:00", **OPEN)]
    week = {"since": date(2023, 9, 11), "until": date(2023, 9, 17)}
    found = containment_rows(dataset(tmp_path, waiting, rules=[rule | {"clock": "calendar"}]), **week)
    assert [row["open_n"] for row in found] == [1]
    assert containment_rows(dataset(tmp_path, waiting), **week) == []
