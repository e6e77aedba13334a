"""Severities changed between versions or by a step, and drift that is not the mix of categories."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from governance.metrics.regrading import regraded_cases, severity_drift, weekly_severities
from governance.metrics.windows import Span
from governance.records.dataset import empty_frame
from governance.workdays import SHANGHAI, start_of_day


def stamp(text):
    return None if text is None else pd.Timestamp(text, tz=SHANGHAI)


def frame(kind, rows):
    types = empty_frame(kind).dtypes.drop("row")
    return pd.DataFrame({n: pd.Series([row.get(n) for row in rows], dtype=t) for n, t in types.items()})


def version(number, severity, updated, due="2023-06-05"):
    return {
        "incident_id": f"A{number}",
        "severity": severity,
        "updated_at": stamp(updated),
        "due_at": stamp(due),
    }


def test_a_change_between_versions_is_dated_and_set_against_the_limit_it_had():
    versions = [
        version(1, "serious", "2023-06-01"),
        version(1, "serious", "2023-06-02"),
        version(2, "normal", "2023-06-01"),
        version(3, None, "2023-06-01"),
        version(9, "minor", "2023-06-01"),
    ]
    now = [
        version(1, "normal", "2023-06-04 23:30", "2023-06-08"),
        version(2, "urgent", "2023-06-06", "2023-06-05"),
        version(3, "normal", "2023-06-02"),
        version(4, "normal", "2023-06-02"),
    ]
    found = regraded_cases(frame("incidents", now), frame("incidents", versions), frame("incident_steps", []))
    assert found[["incident_id", "from_severity", "to_severity", "direction"]].to_numpy().tolist() == [
        ["A1", "serious", "normal", "down"],
        ["A2", "normal", "urgent", "up"],
    ]
    assert found["before_limit_min"].tolist() == [30.0, -1440.0]
    assert found["limit_moved_min"].tolist() == [3 * 1440.0, 0.0]


def test_a_case_changed_twice_and_back_is_two_changes():
    versions = [version(1, "normal", "2023-06-01"), version(1, "minor", "2023-06-02")]
    found = regraded_cases(
        frame("incidents", [version(1, "normal", "2023-06-03")]),
        frame("incidents", versions).sample(frac=1, random_state=1),
        frame("incident_steps", []),
    )
    assert found["direction"].tolist() == ["down", "up"]


def test_a_step_that_names_it_counts_once():
    steps = [
        {"incident_id": "A1", "step": "改级", "at": stamp("2023-06-04")},
        {"incident_id": "A2", "step": "dispatch", "at": stamp("2023-06-04"), "action": "经同意调整等级"},
        {"incident_id": "A2", "step": "dispatch", "at": stamp("2023-06-04"), "action": "设施升级改造"},
    ]
    cases = frame("incidents", [version(n, "normal", "2023-06-06") for n in (1, 2)])
    before = frame("incidents", [version(1, "urgent", "2023-06-01")])
    found = regraded_cases(cases, before, frame("incident_steps", steps))
    assert found[["incident_id", "evidence"]].to_numpy().tolist() == [["A2", "step"], ["A1", "version"]]
    none = regraded_cases(cases, before.iloc[:0], frame("incident_steps", []))
    assert none.empty


# ---------------------------------------------------------------------------------- drift
FIRST = date(2023, 1, 2)


def weeks(first, count):
    days = [FIRST + timedelta(days=7 * (first + n)) for n in range(count)]
    return [Span(start_of_day(day), start_of_day(day + timedelta(days=7))) for day in days]


def week_of_cases(number, severe_n, n, category="市容环境"):
    at = start_of_day(FIRST) + timedelta(days=7 * number, hours=9)
    return [
        {"severity": "serious" if k < severe_n else "normal", "category": category, "reported_at": at}
        for k in range(n)
    ]


def drift(rows):
    table = frame("incidents", [{"incident_id": str(n)} | row for n, row in enumerate(rows)])
    return severity_drift(table, weeks(4, 4), weeks(0, 4)).set_index("severity")


def test_the_same_mix_does_not_drift_and_a_fall_is_marked():
    same = drift([row for week in range(8) for row in week_of_cases(week, 20, 100)]).loc["serious"]
    assert (same["n"], same["of_n"], same["share"], same["expected_share"]) == (80, 400, 0.2, 0.2)
    assert same["z"] == 0
    assert not same["is_marked"]
    fallen = drift([row for week in range(8) for row in week_of_cases(week, 20 if week < 4 else 8, 100)])
    row = fallen.loc["serious"]
    # By hand: 32 against 80 expected, variance 400 · 0.2 · 0.8 · (1 + 1).
    assert row["z"] == pytest.approx(-48 / np.sqrt(128))
    assert row["effect"] == pytest.approx(-0.3)
    assert bool(row["is_marked"])


def test_another_mix_of_categories_is_not_drift():
    rows = []
    for week in range(8):
        storms = 60 if week >= 4 else 10
        rows += week_of_cases(week, storms * 9 // 10, storms, "突发事件")
        rows += week_of_cases(week, 10, 100)
    row = drift(rows).loc["serious"]
    assert row["share"] > 2 * row["before_share"]
    assert not row["is_marked"]


def test_weeks_that_jump_about_widen_the_limits_and_few_cases_mark_nothing():
    jumpy = [5, 35, 5, 35, 0, 16, 0, 16]
    row = drift([case for week, k in enumerate(jumpy) for case in week_of_cases(week, k, 100)]).loc["serious"]
    assert row["dispersion"] > 5
    assert not row["is_marked"]
    few = drift([case for week in range(8) for case in week_of_cases(week, 4 if week < 4 else 0, 4)])
    assert not few["is_marked"].any()


def test_weekly_shares_and_a_period_without_cases():
    rows = [{"incident_id": str(n)} | row for n, row in enumerate(week_of_cases(0, 1, 4))]
    table = frame("incidents", rows)
    shares = weekly_severities(table, weeks(0, 2))
    assert shares["share"].tolist()[:2] == [0.75, 0.25]
    assert shares["share"].isna().tolist() == [False, False, True, True]
    alone = severity_drift(table, weeks(0, 1), weeks(-4, 4))
    assert alone["z"].isna().all()
    assert not alone["is_marked"].any()
