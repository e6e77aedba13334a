"""Response times: every rule on a case small enough to check by hand, and what must never move them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import UsageError
from governance.metrics.catalogue import metric_table
from governance.metrics.deadlines import (
    due_us_of,
    legacy_rates,
    limits_of,
    stage_lights,
    used_shares,
)
from governance.metrics.response import response_figures, response_rows
from governance.metrics.stages import STAGES, cases_of, us_at
from governance.metrics.workload import (
    age_bands,
    clearing,
    overdue_stock,
    poisson_bounds,
    rework,
    straight_to_the_right,
    weekly_flow,
)
from governance.records.dataset import dataset_of_frames, empty_frame
from governance.records.steps import suspensions
from governance.settings import settings_of
from governance.workdays import SHANGHAI, Week, working_minutes_between

START = datetime(2023, 9, 11, 9, 0, tzinfo=SHANGHAI)
AS_OF = datetime(2023, 9, 17, 23, 59, tzinfo=SHANGHAI)


def at(minutes):
    """A stamp so many minutes after 11 September 2023, 9:00."""
    return None if minutes is None else START + timedelta(minutes=minutes)


def incident(incident_id, reported=0, closed=None, **more):
    stamps = {name: at(value) if isinstance(value, (int, float)) else value for name, value in more.items()}
    row = {"incident_id": incident_id, "reported_at": at(reported), "closed_at": at(closed), "flags": ""}
    return row | {"status": "open" if closed is None else "closed"} | stamps


def typed(kind, rows):
    empty = empty_frame(kind)
    if not rows:
        return empty
    frame = pd.DataFrame(rows).reindex(columns=empty.columns)
    return frame.fillna({"row": 0}).astype(empty.dtypes.to_dict())


def street(rows, tmp_path, *, as_of=AS_OF, **others):
    frames = {"incidents": typed("incidents", rows)}
    frames |= {kind: typed(kind, found) for kind, found in others.items()}
    return dataset_of_frames(
        frames, as_of={"incidents": as_of}, settings=settings_of(tmp_path), data_dir=tmp_path
    )


def stage(rows, name="report_to_close"):
    (found,) = [row for row in rows if row["stage"] == name]
    return found


def known_cases(dataset):
    return cases_of(dataset.cases(), as_of=AS_OF, plausible_from=date(2000, 1, 1))


def test_open_cases_are_counted_as_open(tmp_path):
    """Closed after 10, 20 and 40 minutes, two open: S(40) = 2/5, so the median is 40 and not 20."""
    rows = [incident(str(n), 0, closed) for n, closed in enumerate((10, 20, 40, None, None))]
    row = stage(response_rows(street(rows, tmp_path)))
    assert (row["group"], row["n"], row["open_n"]) == ("all", 5, 2)
    assert (row["median_min"], row["p90_min"], row["closed_only_median_min"]) == (40, None, 20)
    assert (row["due_n"], row["closed_due_n"], row["on_time_n"], row["on_time_share"]) == (0, 0, 0, None)


def test_negative_unrecorded_and_implausible_cases_leave_and_are_counted(tmp_path):
    rows = [
        incident("kept", 0, 30),
        incident("negative", 60, 30),
        incident("unrecorded", 0, None, rated_at=50),
        incident("unreported", None, 30),
        incident("1970", -20_000_000, 30, flags="implausible_time"),
        incident("late", 0, 60 * 24 * 400, flags="stage_order implausible_time"),
        incident("not_yet", 60 * 24 * 30, None),
    ]
    figures = response_figures(street(rows, tmp_path))
    receipt = figures.receipts["report_to_close"]
    assert (receipt.kept_n, receipt.negative_n, receipt.not_recorded_n) == (1, 1, 1)
    assert (receipt.no_start_n, receipt.implausible_n, receipt.read_n) == (1, 2, 6)
    assert stage([group.row() for group in figures.groups])["median_min"] == 30


def test_nobody_has_to_rate(tmp_path):
    rows = [incident("a", 0, 10, rated_at=70), incident("b", 0, 10)]
    row = stage(response_rows(street(rows, tmp_path)), "close_to_rate")
    assert (row["n"], row["open_n"], row["median_min"], row["due_n"]) == (1, 0, 60, None)


def test_voided_and_transferred_cases_are_ends_of_their_own(tmp_path):
    """One of three closes, two leave otherwise: two thirds never close, so there is no median."""
    rows = [
        incident("closed", 0, 30),
        incident("voided", 0, 5, status="voided"),
        incident("transferred", 0, None, status="transferred", updated_at=9),
    ]
    row = stage(response_rows(street(rows, tmp_path)))
    assert (row["n"], row["open_n"], row["median_min"], row["closed_only_median_min"]) == (3, 0, None, 30)


def test_the_clock_of_a_reopened_case_runs_to_its_last_closing(tmp_path):
    steps = [("close", 10), ("rework", 20), ("close", 90), ("dispatch", 2), ("arrive", 5), ("dispatch", 4)]
    log = [{"incident_id": "a", "step": step, "at": at(m), "unit": f"{step}队"} for step, m in steps]
    dataset = street([incident("a", 0, 10), incident("b", 0, None)], tmp_path, incident_steps=log)
    row = stage(response_rows(dataset))
    assert (row["n"], row["open_n"], row["closed_only_median_min"]) == (2, 1, 90)
    assert stage(response_rows(dataset), "report_to_arrive")["median_min"] == 5
    straight = straight_to_the_right(dataset.cases())
    assert (straight.median_min, straight.logged_n, straight.handoffs_per_case) == (5, 1, 1)
    assert dataset.cases()["first_actor"].tolist() == ["arrive队", pd.NA]


def test_an_open_case_that_went_back_is_open(tmp_path):
    log = [{"incident_id": "a", "step": step, "at": at(m)} for step, m in (("close", 10), ("rework", 20))]
    dataset = street([incident("a", 0, 10, status="open")], tmp_path, incident_steps=log)
    assert dataset.cases()["closed_at"].isna().all()


def test_suspensions_run_from_suspend_to_resume_or_closing():
    marks = [
        ("a", "suspend", 0),
        ("a", "suspend", 5),
        ("a", "resume", 10),
        ("a", "suspend", 20),
        ("b", "close", 30),
    ]
    marks += [("c", "suspend", 1), ("c", "close", 7), ("c", "resume", 9)]
    steps = typed("incident_steps", [{"incident_id": i, "step": s, "at": at(m)} for i, s, m in marks])
    found = suspensions(steps)
    assert found["incident_id"].tolist() == ["a", "a", "c"]
    assert found["from_at"].tolist() == [at(0), at(20), at(1)]
    assert found["to_at"].tolist() == [at(10), pd.NaT, at(7)]


def test_the_due_cohort_stands_on_the_due_stamp(tmp_path):
    """Reported before the window, due in it: counted; due after as-of or suspended: not."""
    rows = [
        incident("in_time", 0, 30, due_at=60),
        incident("late", 0, 90, due_at=60),
        incident("open", 0, None, due_at=60),
        incident("to_come", 0, None, due_at=60 * 24 * 9),
        incident("suspended", 0, None, due_at=60, status="suspended"),
        incident("voided", 0, None, due_at=60, status="voided"),
        incident("other_day", 0, 30, due_at=60 * 24 * 3),
    ]
    figures = response_figures(street(rows, tmp_path), since=date(2023, 9, 11), until=date(2023, 9, 11))
    row = stage([group.row() for group in figures.groups])
    assert (row["due_n"], row["closed_due_n"], row["on_time_n"]) == (3, 2, 1)
    assert row["on_time_share"] == pytest.approx(1 / 3)
    assert (figures.due.suspended_n, figures.due.stopped_n, figures.due.is_provisional) == (1, 1, False)
    assert response_figures(street(rows, tmp_path)).due.is_provisional


RULES = [
    {"version": "1", "valid_from": at(-99999), "category": "市容环境", "limit_h": 48.0, "clock": "calendar"},
    {"version": "2", "valid_from": at(0), "category": "市容环境", "limit_h": 8.0, "clock": "working"},
    {
        "version": "2",
        "valid_from": at(0),
        "category": "市容环境",
        "severity": "urgent",
        "limit_h": 2.0,
        "clock": "calendar",
    },
]


def test_a_case_is_judged_by_the_rule_in_force_when_it_was_filed(tmp_path):
    rows = [
        incident("before", -30, category="市容环境", filed_at=-20),
        incident("after", -30, category="市容环境", filed_at=0),
        incident("urgent", 0, category="市容环境", severity="urgent"),
        incident("no_rule", 0, category="民生服务"),
        incident("told", 0, category="市容环境", due_at=7),
    ]
    dataset = street(rows, tmp_path, rules=RULES)
    incidents, rules = dataset.cases(), dataset.frame("rules")
    assert limits_of(incidents, rules)["limit_h"].fillna(-1).tolist() == [48, 8, 2, -1, 8]
    # Eight working hours from Monday 9:00 end at 17:00 the same day.
    expected = [at(-20 + 48 * 60), at(480), at(120), None, at(7)]
    due = due_us_of(incidents, rules)
    assert [None if us < 0 else us for us in due.tolist()] == [x and us_at(x) for x in expected]


def test_lights_change_at_80_and_beyond_100_percent_of_the_limit(tmp_path):
    rows = [incident(str(n), 0, closed, due_at=100) for n, closed in enumerate((80, 81, 100, 101))]
    rows += [incident("s", 0, None, due_at=100, status="suspended"), incident("n", 0, None)]
    dataset = street(rows, tmp_path)
    incidents, rules = dataset.cases(), dataset.frame("rules")
    cases, due = known_cases(dataset), due_us_of(incidents, rules)
    lights = stage_lights(cases, used_shares(cases, due, limits_of(incidents, rules)))
    assert lights.tolist() == ["on_course", "pressing", "pressing", "overdue", "suspended", "no_limit"]


def test_the_published_legacy_rates_come_out():
    """The published check: 应结案 972, closed 911, on time 737 → 93.72 %, 75.82 %."""
    rates = legacy_rates(filed_n=1000, open_not_due_n=28, closed_n=911, on_time_n=737)
    assert rates.due_to_close_n == 972
    assert (round(rates.closed_share, 4), round(rates.on_time_share, 4)) == (0.9372, 0.7582)
    assert legacy_rates(3, 3, 0, 0).closed_share is None


def test_stock_flow_and_ages(tmp_path):
    rows = [incident("a", 0, 30), incident("b", 60, None, due_at=120), incident("c", 60 * 24 * 5, None)]
    rows += [incident("d", -60 * 24 * 7, 5), incident("e", 0, None, status="suspended", due_at=1)]
    dataset = street(rows, tmp_path)
    cases = known_cases(dataset)
    flow = weekly_flow(cases, [Week(2023, 36), Week(2023, 37), Week(2023, 38)])
    assert flow["inflow_n"].tolist() == [1, 4, pd.NA]
    assert flow["under_way_n"].tolist() == [1, 3, pd.NA]
    stock = overdue_stock(cases, due_us_of(dataset.cases(), dataset.frame("rules")))
    assert (stock.overdue_n, stock.under_way_n, stock.suspended_n, stock.no_limit_n) == (1, 3, 1, 1)
    assert age_bands(cases)["n"].tolist() == [0, 1, 2, 0, 0, 0]
    assert clearing(3, flow, as_of=AS_OF).clears_at is None  # two in, two out: noise
    assert poisson_bounds(10) == pytest.approx((4.7954, 18.3904), abs=1e-4)  # Garwood 1936
    found = rework(cases, pd.Series([1, pd.NA, 0, 0, 0], dtype="Int64"), start_us=0, end_us=us_at(AS_OF))
    assert (found.reworked_n, found.closed_n) == (1, 2)


def test_a_table_of_reported_and_closed_has_one_stage_and_unknown_groups(tmp_path):
    rows = [incident("a", 0, 10, category="甲"), incident("b", 0, 30), incident("c", 0, None, category="甲")]
    found = response_rows(street(rows, tmp_path), by="category")
    assert [(row["group"], row["stage"], row["n"]) for row in found] == [
        ("甲", "report_to_close", 2),
        ("unknown", "report_to_close", 1),
    ]


def test_all_open_one_case_and_none(tmp_path):
    row = stage(response_rows(street([incident("a"), incident("b")], tmp_path)))
    assert (row["n"], row["open_n"], row["median_min"], row["closed_only_median_min"]) == (2, 2, None, None)
    row = stage(response_rows(street([incident("a", 0, 0)], tmp_path)))
    assert (row["median_min"], row["p90_min"]) == (0, 0)
    assert response_rows(street([], tmp_path)) == []
    table = metric_table("response", street([], tmp_path), since=None, until=None, by="source")
    assert table["rows"] == []
    with pytest.raises(UsageError):
        response_rows(street([], tmp_path), by="moon")


CASES = st.lists(
    st.tuples(
        st.integers(0, 5000),
        st.one_of(st.none(), st.integers(-50, 3000)),
        st.one_of(st.none(), st.integers(0, 2000)),
        st.sampled_from(["甲", "乙", None]),
    ),
    min_size=1,
    max_size=25,
)


def many(cases):
    return [
        incident(
            str(n),
            reported,
            None if took is None else reported + took,
            due_at=None if limit is None else at(reported + limit),
            category=category,
        )
        for n, (reported, took, limit, category) in enumerate(cases)
    ]


@settings(max_examples=15, deadline=None)
@given(cases=CASES, order=st.randoms(use_true_random=False))
def test_shuffling_rows_changes_nothing(tmp_path_factory, cases, order):
    folder, rows = tmp_path_factory.getbasetemp(), many(cases)
    shuffled = order.sample(rows, len(rows))
    for by in (None, "category"):
        assert response_rows(street(rows, folder), by=by) == response_rows(street(shuffled, folder), by=by)


@settings(max_examples=15, deadline=None)
@given(cases=CASES)
def test_closing_one_open_case_never_lowers_a_closing_rate(tmp_path_factory, cases):
    folder, rows = tmp_path_factory.getbasetemp(), many([*cases, (10, None, 30, "甲")])
    closed = [*rows[:-1], rows[-1] | {"closed_at": at(50), "status": "closed"}]
    before, after = (stage(response_rows(street(found, folder))) for found in (rows, closed))
    assert after["closed_due_n"] >= before["closed_due_n"]
    assert after["on_time_n"] >= before["on_time_n"]
    assert after["open_n"] == before["open_n"] - 1


@settings(max_examples=15, deadline=None)
@given(cases=CASES)
def test_a_case_outside_the_window_changes_nothing(tmp_path_factory, cases):
    folder, rows = tmp_path_factory.getbasetemp(), many(cases)
    outside = [*rows, incident("outside", -60 * 24, 50, due_at=at(-60 * 20), category="乙")]
    window = {"since": date(2023, 9, 11), "until": date(2023, 9, 17)}
    assert response_rows(street(rows, folder), **window) == response_rows(street(outside, folder), **window)


def test_every_stage_starts_and_stops_at_its_stamps(tmp_path):
    """One case with a stamp every ten minutes: eight intervals of 10, and 40 and 70 from the report."""
    names = ["accepted_at", "filed_at", "dispatched_at", "arrived_at", "resolved_at", "verified_at"]
    stamps = {name: 10 * n for n, name in enumerate(names, start=1)}
    rows = response_rows(street([incident("a", 0, 70, rated_at=80, **stamps)], tmp_path))
    assert {row["stage"]: row["median_min"] for row in rows} == dict.fromkeys(STAGES, 10) | {
        "report_to_arrive": 40,
        "report_to_close": 70,
    }


def test_working_time_used_stands_still_at_night():
    assert working_minutes_between(START, START + timedelta(days=1)) == 480
