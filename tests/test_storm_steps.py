"""Steps after a warning: where each is owed, minutes against the plan, where each point stands."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from governance.figures.storm_tables import late_table_html
from governance.figures.storm_timeline import timeline_svg
from governance.metrics.storm import StormRecords, storm_events
from governance.metrics.storm_steps import (
    StormGround,
    expected_places,
    judged_steps,
    place_steps,
    plan_of,
    point_states,
    step_summary,
)
from tests.test_storm import DAY, STEPS, WARNING, at, framed, records, step

PLAN = {"called": 30.0, "checked": 60.0, "cordoned": 10.0}
DANGER = pd.DataFrame(
    [
        {"point_id": "P1", "name": "甲", "kind": "hazard", "microgrid_code": "M11", "community_code": "C1"},
        {
            "point_id": "P2",
            "name": "乙",
            "kind": "flood_prone",
            "microgrid_code": "M12",
            "community_code": "C1",
        },
    ]
)
FLOOD = [
    *STEPS,
    step("arrived", "06:18", point="P2"),
    step("cordoned", "06:32", point="P2"),
    step("cleared", "07:00", point="P2"),
    step("reopened", "08:00", point="P2"),
]


def judged(steps=FLOOD, *, kind="暴雨", plan=PLAN):
    one = records(steps, warnings=[{**WARNING, "kind": kind}])
    event = storm_events(one).iloc[0].to_dict()
    return event, judged_steps(event, one.steps_of("W1"), StormGround(DANGER, plan), at("09:00"))


def row(table, name, place):
    found = table[table["step"].eq(name) & table["place"].eq(place)]
    assert len(found) == 1
    return found.iloc[0]


def test_each_step_is_judged_from_its_own_beginning():
    _, table = judged()
    called = row(table, "called", "M11")
    assert (called["used_min"], called["limit_min"], called["state"]) == (10, 30, "on_time")
    # From the discovery, not from the warning.
    cordoned = row(table, "cordoned", "P2")
    assert (cordoned["used_min"], cordoned["over_min"], cordoned["state"]) == (12, 2, "late")
    reopened = row(table, "reopened", "P2")
    assert (reopened["used_min"], reopened["state"]) == (100, "done")
    # Twice checked: the first time counts.
    assert row(table, "checked", "P1")["used_min"] == 40


def test_a_move_is_judged_by_the_last_one_out_and_told_at_that_time():
    moves = [step("moved", "06:42", cell="M22"), step("moved", "06:58", cell="M22")]
    event, table = judged([*FLOOD, *moves], plan={**PLAN, "moved": 75.0})
    moved = row(table, "moved", "M22")
    assert (moved["first_at"], moved["done_at"]) == (at("06:42"), at("06:58"))
    assert (moved["used_min"], moved["over_min"], moved["state"]) == (88, 13, "late")
    # Every stamp that is told lies its own minutes after its base.
    timed = table.dropna(subset=["used_min", "done_at"])
    assert ((timed["done_at"] - timed["base_at"]).dt.total_seconds() / 60).eq(timed["used_min"]).all()
    named = table[table["state"].eq("late")].assign(name="甲", team="乙")
    shown = late_table_html(named, event["start_at"], rows_n=9)
    assert "<td>06:58</td>" in shown
    assert "06:42" not in shown
    assert "06:58 转移 · 甲 · 88 分钟" in timeline_svg(table.assign(name="甲"), event)


def test_what_is_owed_and_not_done_waits_until_the_end():
    _, table = judged()
    uncalled = row(table, "called", "M12")
    assert (uncalled["state"], uncalled["used_min"], uncalled["over_min"]) == ("missing_late", 210, 180)
    assert row(table, "checked", "P2")["state"] == "missing_late"
    # The street's own end at 09:00 ends it at P2 too; without it, P2 is still open.
    assert "P2" not in set(table.loc[table["step"].eq("closed"), "place"])
    _, running = judged([one for one in FLOOD if one["step"] != "closed"])
    assert row(running, "closed", "P2")["state"] == "missing"


def test_after_a_heat_warning_no_point_is_owed():
    _, table = judged([step("warned", "05:30")], kind="高温")
    assert list(table["step"]) == ["warned"]
    assert expected_places(
        place_steps(framed("warning_steps", [])), StormGround(DANGER, {}), is_water=False
    ).empty


def test_a_step_before_the_warning_has_no_minutes_and_is_neither_late_nor_in_time():
    event, table = judged([step("warned", "05:30"), step("checked", "05:00", point="P1")])
    early = row(table, "checked", "P1")
    assert early["state"] == "early"
    assert pd.isna(early["used_min"])
    summary = step_summary(table, event).set_index("step")
    assert summary.loc["checked", "early_n"] == 1
    assert pd.isna(summary.loc["checked", "first_min"])
    assert summary["first_min"].dropna().ge(0).all()


def test_a_step_without_a_stamp_is_kept():
    _, table = judged([*FLOOD, step("moved", None, cell="M21", households=1, people=2)])
    assert row(table, "moved", "M21")["state"] == "unstamped"


def test_the_summary_says_how_many_of_how_many():
    event, table = judged()
    summary = step_summary(table, event).set_index("step")
    assert tuple(summary.loc["checked", ["places_n", "expected_n", "expected_done_n", "missing_n"]]) == (
        2,
        2,
        1,
        1,
    )
    assert tuple(summary.loc["called", ["first_min", "last_min", "late_n"]]) == (10, 10, 1)
    assert pd.isna(summary.loc["moved", "expected_n"])
    foreign = step_summary(judged([step("鸣锣", "06:00")])[1], event)
    assert foreign["step"].iloc[-1] == "鸣锣"


def test_a_flooded_point_goes_from_found_to_restored():
    _, table = judged()
    points = point_states(table, StormGround(DANGER, PLAN), is_water=True).set_index("point_id")
    assert tuple(points.loc["P2", ["cordon_min", "clear_min", "reopen_min", "shut_min"]]) == (12, 40, 100, 88)
    assert list(points["state"]) == ["checked", "restored"]


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([], "unchecked"),
        (["checked"], "checked"),
        (["checked", "discovered"], "discovered"),
        (["discovered", "cordoned"], "cordoned"),
        (["discovered", "cordoned", "cleared"], "cleared"),
        (["discovered", "cordoned", "closed"], "restored"),
    ],
)
def test_the_state_of_a_point_is_the_furthest_step(steps, state):
    rows = [step(name, f"06:{10 + place}", point="P1") for place, name in enumerate(steps)]
    _, table = judged([step("warned", "05:30"), *rows])
    points = point_states(table, StormGround(DANGER, PLAN), is_water=True)
    assert points.set_index("point_id").loc["P1", "state"] == state


def test_a_road_closed_before_it_reopened_was_shut_from_then():
    rows = [step("discovered", "06:00", point="P1"), step("cordoned", "06:05", point="P1")]
    rows += [step("closed", "06:20", point="P1"), step("reopened", "07:00", point="P1")]
    points = point_states(judged(rows)[1], StormGround(DANGER, PLAN), is_water=True).set_index("point_id")
    assert points.loc["P1", "shut_min"] == 40
    assert points.loc["P1", "state"] == "restored"


def test_the_plan_is_that_of_the_day():
    rows = [
        {"metric": "storm_called_min", "version": str(n), "valid_from": at("00:00", day), "value": value}
        for n, (day, value) in enumerate([("2023-01-01", 30), ("2023-08-01", 20)])
    ]
    targets = framed("targets", [{**one, "direction": "at_most", "source": "示例"} for one in rows])
    assert plan_of(targets, date(2023, 7, 21)) == {"called": 30}
    assert plan_of(targets, date(2023, 8, 1)) == {"called": 20}
    assert plan_of(framed("targets", []), date(2023, 7, 21)) == {}


def test_the_steps_of_another_warning_change_no_judgement():
    one = records([*FLOOD, *({**own, "warning_id": "W2"} for own in STEPS)])
    assert isinstance(one, StormRecords)
    event, alone = judged()
    beside = judged_steps(event, one.steps_of("W1"), StormGround(DANGER, PLAN), at("09:00", DAY))
    pd.testing.assert_frame_equal(alone, beside)
