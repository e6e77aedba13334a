"""Limits that stand still, cases without a closing stamp, cases nobody has to go to, odd calendars."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.cli import main
from governance.errors import UsageError
from governance.metrics.deadlines import due_cohort
from governance.metrics.judged import judged_cases
from governance.metrics.response import response_figures, response_receipts, response_rows
from governance.metrics.stages import us_at
from governance.metrics.suspended import Held, clock_us, extended_deadline_us, held_us
from governance.metrics.trust import defect_shares, unstamped_shares
from governance.metrics.workload import is_under_way, weekly_flow
from governance.records.dataset import dataset_of_frames
from governance.settings import settings_of
from governance.workdays import SHANGHAI, Week, WorkHours
from tests.builders import case, imported
from tests.test_response import AS_OF, at, incident, stage, street, typed

DAY = 24 * 60
WORKING = {"version": "1", "valid_from": at(-99999), "category": "工", "limit_h": 8.0, "clock": "working"}
CALENDAR = {"version": "1", "valid_from": at(-99999), "category": "历", "limit_h": 8.0, "clock": "calendar"}
EVER = {"start_us": 0, "end_us": us_at(AS_OF) + 1}


def log(*marks):
    return [{"incident_id": case_id, "step": step, "at": at(minutes)} for case_id, step, minutes in marks]


# ------------------------------------------------------------------------------ suspended time
def test_a_limit_by_rule_stands_still_while_a_case_is_suspended(tmp_path):
    """Suspended from hour 2 to hour 26: 24 hours more by the calendar, 8 working hours more at work."""
    rows = [incident("cal", 0, 60 * 30, category="历"), incident("work", 0, 60 * 30, category="工")]
    steps = log(
        *(
            (name, step, 60 * hour)
            for name in ("cal", "work")
            for step, hour in (("suspend", 2), ("resume", 26))
        )
    )
    judged = judged_cases(street(rows, tmp_path, rules=[WORKING, CALENDAR], incident_steps=steps))
    # Monday 9:00 and eight working hours are 17:00; the six left on Tuesday 11:00 end at 17:00.
    assert judged.due_us.tolist() == [us_at(at(60 * 32)), us_at(at(60 * 32))]
    # Closed on Tuesday at 15:00: 2 + 4 hours used of 8, on both clocks.
    assert judged.used_share == pytest.approx([6 / 8, 6 / 8])


def test_suspending_an_overdue_case_does_not_make_it_punctual(tmp_path):
    rows = [incident("late", 0, 60 * 30, category="历")]
    steps = log(("late", "suspend", 60 * 9), ("late", "resume", 60 * 29))
    judged = judged_cases(street(rows, tmp_path, rules=[CALENDAR], incident_steps=steps))
    assert judged.due_us.tolist() == [us_at(at(60 * 8))]
    assert judged.used_share == pytest.approx([10 / 8])


def test_a_recorded_due_stamp_stands_and_suspended_time_is_no_time_used(tmp_path):
    """Due after 100 minutes of which 50 suspended: closed at 90, that is 40 of 50 used."""
    steps = log(("a", "suspend", 20), ("a", "resume", 70))
    judged = judged_cases(street([incident("a", 0, 90, due_at=100)], tmp_path, incident_steps=steps))
    assert judged.due_us.tolist() == [us_at(at(100))]
    assert judged.used_share == pytest.approx([0.8])


SPELLS = st.lists(st.tuples(st.integers(0, 6000), st.integers(1, 2000)), max_size=4)


@settings(max_examples=40, deadline=None)
@given(spells=SPELLS, limit_h=st.integers(1, 60), is_working=st.booleans())
def test_a_limit_used_up_is_used_up_whatever_was_suspended(spells, limit_h, is_working):
    """At the extended due stamp exactly the limit has been used, on either clock."""
    start = us_at(at(0))
    cuts = sorted({minute for begin, length in spells for minute in (begin, begin + length)})
    pairs = [
        (start + a * 60_000_000, start + b * 60_000_000) for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    held = Held(
        np.zeros(len(pairs), dtype=np.int64),
        np.array([a for a, _ in pairs], dtype=np.int64),
        np.array([b for _, b in pairs], dtype=np.int64),
    )
    starts, working = np.array([start]), np.array([is_working])
    due = extended_deadline_us(starts, np.array([float(limit_h)]), working, held)
    used = clock_us(starts, due, working) - held_us(held, starts, due, working)
    assert used.tolist() == [limit_h * 3_600_000_000]


# --------------------------------------------------------------- closed, but nobody knows when
def test_a_closed_case_without_a_stamp_is_neither_open_nor_timed(tmp_path):
    rows = [
        incident("a", 0, 30, due_at=60),
        incident("b", 0, None, due_at=60, status="closed", dispatched_at=5),
    ]
    dataset = street(rows, tmp_path)
    figures = response_figures(dataset)
    assert figures.receipts["report_to_close"].not_recorded_n == 1
    row = stage([group.row() for group in figures.groups])
    assert (row["n"], row["open_n"]) == (1, 0)
    assert (row["due_n"], row["closed_due_n"], row["on_time_n"]) == (2, 2, 1)
    assert figures.due.undated_n == 1
    judged = judged_cases(dataset)
    assert not is_under_way(judged.cases, judged.cases.as_of_us).any()
    assert judged.on_time_probability().untimed_n == 1
    flow = weekly_flow(judged.cases, [Week(2023, 37)])
    assert flow[["inflow_n", "outflow_n", "under_way_n"]].iloc[0].tolist() == [2, 2, 0]


@pytest.mark.parametrize(
    "closed_at", [datetime(1971, 1, 1, tzinfo=SHANGHAI), datetime(2090, 1, 1, tzinfo=SHANGHAI)]
)
def test_a_closing_decades_off_is_no_closing_on_time(tmp_path, closed_at):
    row = incident("a", 0, None, due_at=60) | {"closed_at": closed_at, "flags": "implausible_time"}
    closed = street([row | {"status": "closed"}, incident("b", 0, 30)], tmp_path)
    found = response_figures(closed)
    assert found.receipts["report_to_close"].implausible_n == 1
    assert (int(found.due.is_closed.sum()), int(found.due.is_on_time.sum())) == (1, 0)
    still_open = judged_cases(street([row | {"status": "open"}], tmp_path))
    assert is_under_way(still_open.cases, still_open.cases.as_of_us).all()
    assert not due_cohort(still_open.cases, still_open.due_us, **EVER).is_closed.any()


# --------------------------------------------------------------------------------- attendance
def test_arrivals_count_cases_somebody_has_to_go_to(tmp_path):
    """Settled from the desk: no arrival to miss. Not passed on yet: may still need one."""
    rows = [
        incident("went", 0, 60, team_id="T-1", dispatched_at=5, arrived_at=20),
        incident("forgot", 0, 60, team_id="T-1", dispatched_at=5),
        incident("desk", 0, 60, dispatched_at=5),
        incident("desk open", 0, None, dispatched_at=5),
        incident("new", 0, None),
        incident("on the way", 0, None, team_id="T-1", dispatched_at=5),
    ]
    dataset = street(rows, tmp_path)
    receipt = response_receipts(dataset)["report_to_arrive"]
    assert receipt.left_out() == {"not_recorded": 1, "unattended": 2}
    row = stage(response_rows(dataset), "report_to_arrive")
    assert (row["n"], row["open_n"]) == (3, 2)
    without_teams = [{**row, "team_id": None} for row in rows]
    assert response_receipts(street(without_teams, tmp_path))["report_to_arrive"].left_out() == {
        "not_recorded": 2
    }


# ------------------------------------------------------------------------------ office hours
def test_office_hours_are_a_setting(tmp_path):
    (tmp_path / "settings.toml").write_text('office_hours = "08:30-18:00"\n', encoding="utf-8")
    rows = [incident("a", -30, category="工")]
    assert judged_cases(street(rows, tmp_path, rules=[WORKING])).due_us.tolist() == [us_at(at(450))]
    with pytest.raises(UsageError):
        WorkHours.parse("17:00-09:00")
    with pytest.raises(UsageError):
        WorkHours.parse("9-17")


def test_limits_beyond_the_official_calendar_are_marked(tmp_path):
    year_2027 = datetime(2027, 1, 4, 9, tzinfo=SHANGHAI)
    rows = [incident("far", 0, category="工") | {"reported_at": year_2027}, incident("now", 0, category="工")]
    rows.append(incident("calendar", 0, category="历") | {"reported_at": year_2027})
    later = year_2027 + timedelta(days=9)
    judged = judged_cases(street(rows, tmp_path, as_of=later, rules=[WORKING, CALENDAR]))
    assert judged.beyond_calendar.tolist() == [True, False, False]


# --------------------------------------------------------------------------------- receipts
def test_the_command_says_in_words_what_was_left_out_and_prints_json_alone(tmp_path):
    rows = [case("A1", 结案时间="2023-09-11 10:00"), case("A2", 结案时间="2023-09-11 08:00")]
    imported(tmp_path / "d", "incidents", rows)
    result = CliRunner().invoke(main, ["metrics", "response", "--data", str(tmp_path / "d"), "--json"])
    assert result.exit_code == 0
    (row,) = json.loads(result.stdout)["rows"]
    assert (row["n"], row["median_min"]) == (1, 60)
    assert "读 2 件，计 1 件；不计：止点早于起点 1 件" in result.stderr


def test_an_empty_store_says_nothing_and_prints_no_rows(tmp_path):
    result = CliRunner().invoke(main, ["metrics", "response", "--data", str(tmp_path / "d"), "--json"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["rows"] == []


# ------------------------------------------------------------------------------------ trust
def test_stages_passed_without_a_stamp_lower_the_grade(tmp_path):
    """Of four cases past 立案 one has no stamp; of two that had to be gone to, one has no arrival."""
    rows = [incident(str(n), n, 90, filed_at=5 + n, dispatched_at=9 + n) for n in range(3)]
    rows += [incident("unfiled", 7, 90, dispatched_at=12, team_id="T-1")]
    rows[0] |= {"team_id": "T-1", "arrived_at": at(30)}
    cases = street(rows, tmp_path).cases()
    kept = ("reported_at", "filed_at", "dispatched_at", "arrived_at", "closed_at")
    shares = unstamped_shares(cases, kept)
    assert shares == {"filed_at": 0.25, "dispatched_at": 0, "arrived_at": 0.5, "closed_at": 0}
    assert defect_shares(cases, kind="incidents", kept=kept)["missing_stamp"] == 0.5


def test_what_nobody_stamps_is_not_missing(tmp_path):
    from governance.metrics.trust import source_status

    rows = [incident(str(n), 7 * n, 7 * n + 31) for n in range(40)]
    frames = {"incidents": typed("incidents", rows)}
    as_of = {"incidents": datetime(2023, 9, 17, 23, tzinfo=SHANGHAI)}
    dataset = dataset_of_frames(frames, as_of=as_of, settings=settings_of(tmp_path), data_dir=tmp_path)
    status = source_status(dataset, Week(2023, 37)).set_index("kind")
    assert status.loc["incidents", "grade"] == "A"
