"""The rules of the headlines, on signals made by hand; how seldom noise is told; what stays at the desk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from governance.figures.place_words import Scale
from governance.meeting.headlines import MOST_N, desk_headlines, headlines
from governance.meeting.ranking import held_back
from governance.meeting.signals import CareCount, Signals, SpeedUp, WarningOf, WeeklyChart
from governance.metrics.control import control_frame
from governance.workdays import Week, weeks_until

WEEK = Week(2023, 37)
WEEKS = weeks_until(WEEK, 12)
SHARE = Scale("%", 0.01, 1)
NAMES = {
    "teams": {"T-6": "嘉西村巡逻队", "T-7": "曾家岩巡逻队"},
    "community_names": {"C6": "嘉西村社区", "C7": "曾家岩社区"},
    "community_teams": {"C6": "T-6", "C7": "T-7"},
}


def signals(**known):
    return Signals(WEEK, **(NAMES | known))


def only(found, rule):
    assert [one.rule for one in found] == [rule]
    return found[0]


def chart(values, key="on_time_share", direction="higher"):
    rows = control_frame(WEEKS[-len(values) :], values, floor=0.0, ceiling=1.0)
    return WeeklyChart(key, "按期结案率", direction, SHARE, rows, "process_control", key)


def steady(last, seed=7):
    noise = np.random.default_rng(seed).normal(0.0, 0.01, 11)
    return [*(0.9 + noise), last]


def cells(*rows):
    """Micro-grids of `revisits.time_since`: (code, hours, limit, state)."""
    return pd.DataFrame(
        {
            "microgrid_code": [row[0] for row in rows],
            "community_code": "C7",
            "team_id": "T-7",
            "tier": 3,
            "h": [row[1] for row in rows],
            "limit_h": [row[2] for row in rows],
            "multiple": [row[1] / row[2] for row in rows],
            "state": [row[3] for row in rows],
        }
    )


def empty_hours(week, nights, hours, team="T-6"):
    """Hours of nights that a roll call says nobody was there."""
    stamps = [
        pd.Timestamp(week.start_at) + pd.Timedelta(days=night, hours=hour)
        for night in range(nights)
        for hour in hours
    ]
    night_on = [(stamp - pd.Timedelta(hours=6)).floor("D") for stamp in stamps]
    return pd.DataFrame({"team_id": team, "week": str(week), "night_on": night_on, "hour_at": stamps})


def graded(kind, *grades):
    weeks = [str(WEEK.shifted(-1)), str(WEEK)][-len(grades) :]
    return pd.DataFrame({"kind": kind, "week": weeks, "grade": list(grades)})


# ------------------------------------------------------------------------------- nothing
def test_a_week_in_which_nothing_happened_has_no_headline():
    quiet = signals(
        charts=(chart(steady(0.9)),),
        since=cells(("M-1", 10.0, 72.0, "visited")),
        care=CareCount(180, 0, 0, 0.95),
        handbook=pd.DataFrame({"group": ["C6", "C7"], "entries_n": [60, 60], "stale_n": [1, 2]}),
        grades=graded("incidents", "A", "B"),
    )
    assert headlines(quiet) == ()
    assert headlines(signals()) == ()


# --------------------------------------------------------------------------------- places
def test_an_empty_night_names_its_hours_its_course_and_its_team():
    weeks = [
        empty_hours(WEEK.shifted(-2), 2, (2, 3, 4)),
        empty_hours(WEEK.shifted(-1), 3, (2, 3, 4)),
        empty_hours(WEEK, 7, (2, 3, 4)),
        empty_hours(WEEK, 2, (23,), team="T-7"),
    ]
    one = only(headlines(signals(night=pd.concat(weeks))), "night")
    assert (one.title, one.value, one.unit, one.owner) == (
        "嘉西村凌晨 2–5 时空岗",
        "21",
        "小时",
        "嘉西村巡逻队",
    )
    assert "6 → 9 → 21" in one.sub
    assert "7 夜" in one.sub
    assert "91%" in one.sub
    assert (one.page, one.params) == ("patrol_coverage", {"week": "2023-W37"})


def test_hours_around_midnight_are_one_stretch():
    night = empty_hours(WEEK, 3, (22, 23)).assign(team_id="T-6")
    assert only(headlines(signals(night=night)), "night").title == "嘉西村夜间 22–0 时空岗"


def test_a_place_over_its_limit_is_told_and_one_without_data_is_not():
    found = headlines(signals(since=cells(("M-1", 216.0, 72.0, "visited"), ("M-2", 400.0, 72.0, "no_data"))))
    one = only(found, "gap")
    assert one.title == "曾家岩一处 9.0 天没人到"
    assert one.size == 3.0
    assert "3.0 倍" in one.sub
    assert "超限 1 个" in one.sub
    assert one.owner == "曾家岩巡逻队"
    assert one.place.code == "M-1"


def test_places_never_visited_are_counted():
    one = only(headlines(signals(since=cells(("M-1", np.nan, 72.0, "never")))), "gap")
    assert (one.mark, one.value, one.word) == ("never", "1", "从未")


def test_a_warning_counts_the_points_that_were_left_out():
    one = only(headlines(signals(warnings=(WarningOf("W-1", "暴雨", "橙色", 16, 15),))), "warning")
    assert (one.title, one.value) == ("暴雨橙色预警", "1")
    assert one.decide
    whole = only(headlines(signals(warnings=(WarningOf("W-1", "暴雨", "橙色", 16, 16),))), "warning")
    assert whole.decide == ""


def test_a_stale_handbook_is_told_against_the_others():
    table = pd.DataFrame({"group": ["C6", "C7"], "entries_n": [68, 400], "stale_n": [60, 9]})
    one = only(headlines(signals(handbook=table)), "handbook")
    assert one.place.code == "C6"
    assert one.p < 1e-6
    assert "2.2%" in one.sub


# ------------------------------------------------------------------------- small numbers
def test_visits_due_are_a_count_of_the_street():
    one = only(headlines(signals(care=CareCount(180, 20, 5, 0.95))), "care")
    assert one.value == "20"
    assert "从未走访 5 人" in one.sub
    assert one.size == pytest.approx(20 / 9)


@pytest.mark.parametrize("overdue", [1, 4])
def test_fewer_than_five_people_are_not_counted(overdue):
    one = only(headlines(signals(care=CareCount(180, overdue, 0, 0.95))), "care")
    assert one.value == ""
    assert "不足5人" in one.title
    assert "%" not in one.sub
    assert str(overdue) not in one.title.replace("不足5人", "") + one.sub.replace("180", "")


def test_a_part_of_people_that_subtraction_gives_is_not_told():
    for care in (CareCount(180, 20, 3, 0.95), CareCount(180, 20, 18, 0.95)):
        assert "从未" not in only(headlines(signals(care=care)), "care").sub


# --------------------------------------------------------------------------------- charts
def test_a_signal_names_its_rule():
    one = only(headlines(signals(charts=(chart(steady(0.6)),))), "chart")
    assert one.mark == "worse"
    assert "低于正常下限" in one.sub
    assert one.metric == "on_time_share"
    assert one.params["of"] == "on_time_share"
    better = only(headlines(signals(charts=(chart(steady(0.6), direction="lower"),))), "chart")
    assert (better.mark, better.decide) == ("better", "")


def test_a_week_that_is_not_over_says_nothing():
    rows = control_frame(WEEKS, steady(0.6), floor=0.0, ceiling=1.0, is_partial=[False] * 11 + [True])
    assert headlines(signals(charts=(WeeklyChart("k", "k", "higher", SHARE, rows, "p"),))) == ()


def test_noise_is_told_in_at_most_one_week_of_ten():
    """Six charts, seven communities' handbooks, pure noise, 200 weeks."""
    draw = np.random.default_rng(2023)
    keys = ("on_time_share", "community_share", "open_n", "overdue_n", "night_presence_share")
    told = 0
    for _ in range(200):
        charts = tuple(chart(0.8 + draw.normal(0, 0.03, 12), key) for key in (*keys, keys[0]))
        stale = draw.binomial(60, 0.05, 7)
        handbook = pd.DataFrame({"group": [f"C{n}" for n in range(7)], "entries_n": 60, "stale_n": stale})
        told += bool(headlines(signals(charts=charts, handbook=handbook)))
    assert told <= 20


def test_the_procedure_holds_back_what_its_rank_does_not_allow():
    # Benjamini and Hochberg 1995, the 15 p-values of their example, at q = 0.05: four are kept.
    published = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    published += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert held_back(published, false_share=0.05) == [True] * 4 + [False] * 11
    assert held_back([]) == []


def test_a_community_is_told_only_beyond_its_funnel():
    row = {"group": "C6", "n": 90, "observed_n": 40, "expected_n": 12.0, "variance": 9.0, "dispersion": 1.0}
    table = pd.DataFrame([row | {"ratio": 40 / 12, "is_marked": True}])
    assert only(headlines(signals(communities=table)), "community").owner == "嘉西村社区"
    assert headlines(signals(communities=table.assign(is_marked=False))) == ()


# ---------------------------------------------------------------------------------- cases
def test_a_false_speed_up_gives_both_medians_in_one_unit():
    speedup = SpeedUp("矛盾纠纷", 2722.0, 34526.0, 40000.0, 57, 36)
    one = only(headlines(signals(speedup=speedup)), "speedup")
    assert (one.value, one.unit) == ("24.0", "天")
    assert "只看已结 1.9 天" in one.sub
    assert "36 件" in one.sub
    unreached = SpeedUp("矛盾纠纷", 2722.0, float("nan"), 40000.0, 57, 36)
    assert only(headlines(signals(speedup=unreached)), "speedup").value == "≥27.8"


def test_a_chronic_place_is_told_when_it_came_again():
    row = {"place": "大阳沟市场口", "category": "街面秩序", "n": 12, "week_n": 2, "community_code": "C6"}
    one = only(headlines(signals(chronic=pd.DataFrame([row]))), "chronic")
    assert (one.value, one.owner) == ("12", "嘉西村社区")
    assert headlines(signals(chronic=pd.DataFrame([row | {"week_n": 0}]))) == ()


# --------------------------------------------------------------------------------- D data
def test_two_weeks_of_poor_data_are_a_headline_that_names_no_team():
    one = only(headlines(signals(grades=graded("incidents", "D", "D"))), "grade")
    assert one.title == "事件数据两周为 D 级"
    assert not one.is_for_desk_only
    assert headlines(signals(grades=graded("incidents", "A", "D"))) == ()


def test_what_names_a_team_on_missing_tracks_stays_at_the_desk():
    weeks = [str(WEEK.shifted(-1)), str(WEEK)]
    dark = pd.DataFrame({"team_id": "T-7", "week": weeks, "share": [0.4, 0.5]})
    known = signals(dark=dark, since=cells(("M-1", 216.0, 72.0, "visited")))
    found = desk_headlines(known)
    assert {one.rule for one in found} == {"dark", "gap"}
    assert all(one.certainty == "unverified" for one in found)
    assert headlines(known) == ()


def test_a_headline_on_data_of_grade_d_stays_at_the_desk():
    row = {"place": "大阳沟市场口", "category": "街面秩序", "n": 12, "week_n": 2, "community_code": "C6"}
    known = signals(chronic=pd.DataFrame([row]), grades=graded("incidents", "D"))
    assert only(desk_headlines(known), "chronic").certainty == "unverified"
    assert headlines(known) == ()


def test_closings_without_a_track_stay_at_the_desk():
    table = pd.DataFrame({"team_id": ["T-6", "T-7"], "closed_n": [12, 12], "unseen_n": [9, 4]})
    assert headlines(signals(unseen=table)) == ()
    one = only(desk_headlines(signals(unseen=table)), "unseen")
    assert one.owner == "嘉西村巡逻队"


# --------------------------------------------------------------------------------- order
def test_at_most_five_and_facts_stand_before_what_could_be_chance():
    places = [
        {"place": f"{n}号", "category": "市容环境", "n": 30 - n, "week_n": 1, "community_code": "C6"}
        for n in range(3)
    ]
    found = headlines(
        signals(
            night=empty_hours(WEEK, 7, (2, 3, 4)),
            since=cells(("M-1", 216.0, 72.0, "visited"), ("M-2", 80.0, 72.0, "visited")),
            care=CareCount(180, 20, 5, 0.95),
            speedup=SpeedUp("矛盾纠纷", 2722.0, 34526.0, 40000.0, 57, 36),
            chronic=pd.DataFrame(places),
            charts=(chart(steady(0.6)),),
        )
    )
    assert len(found) == MOST_N
    assert [one.rule for one in found][:3] == ["night", "gap", "care"]
    assert [one.certainty for one in found] == ["fact"] * 3 + ["estimate"] * 2


def test_a_second_place_over_its_limit_comes_after_the_first_of_every_rule():
    found = headlines(
        signals(
            since=cells(("M-1", 216.0, 72.0, "visited"), ("M-2", 200.0, 72.0, "visited")),
            care=CareCount(180, 12, 0, 0.95),
        )
    )
    assert [one.rule for one in found] == ["gap", "care", "gap"]
