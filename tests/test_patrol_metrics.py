"""Coverage, revisits, duty, forces together and receipts from small frames, checked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from governance.figures.coverage_bars import coverage_cards_html, rulers_of
from governance.metrics.coverage import Coverage, Patrolled, coverages, joined_metres, swept_cells
from governance.metrics.duty import duty_hours, longest_empty, presence_share, unit_hours
from governance.metrics.effort import encounter, missed_by_patrols, track_receipts
from governance.metrics.ground import Ground
from governance.metrics.integration import integration
from governance.metrics.last_visits import visits_until
from governance.metrics.revisits import gap_register, intervals, joined_visits, revisit, time_since
from governance.metrics.windows import Span
from governance.records.dataset import dataset_of_frames
from governance.settings import settings_of
from governance.workdays import SHANGHAI, Week
from tests.test_places import frame


def at(text):
    return pd.Timestamp(f"2023-09-{text}", tz=SHANGHAI)


WEEK = Span(datetime(2023, 9, 11, tzinfo=SHANGHAI), datetime(2023, 9, 18, tzinfo=SHANGHAI))


def ground():
    """Two communities: M1 and M2 in C1 (limit 24 h), M3 in C2 (limit 72 h)."""
    return Ground(
        microgrids=pd.DataFrame(
            {
                "microgrid_code": ["M1", "M2", "M3"],
                "name": ["一", "二", "三"],
                "community_code": ["C1", "C1", "C2"],
                "tier": [1, 1, 3],
                "limit_h": [24.0, 24.0, 72.0],
                "team_id": ["T-1", "T-1", "T-2"],
            }
        ),
        points=pd.DataFrame({"point_id": ["P1", "P2"], "name": ["甲", "乙"], "community_code": ["C1", "C2"]}),
        routes=pd.DataFrame(
            {
                "route_id": ["R1", "R2"],
                "name": ["路", "巷"],
                "zone_kind": ["main_road", "back_alley"],
                "community_code": ["C1", "C2"],
                "length_m": [100.0, 50.0],
            }
        ),
        teams=pd.DataFrame(
            {"team_id": ["T-1", "T-9"], "name": ["一队", "机动"], "community_code": ["C1", None]}
        ),
    )


def visit(code, enter, leave, *, sureness="certain", team="T-1", force="police"):
    stay = (at(leave) - at(enter)).total_seconds() / 60
    return {
        "microgrid_code": code,
        "team_id": team,
        "force": force,
        "enter_at": at(enter),
        "exit_at": at(leave),
        "inside_min": stay,
        "sureness": sureness,
    }


def visits(*rows):
    return pd.DataFrame(list(rows)).astype({"microgrid_code": "string"})


def patrolled(visit_rows, *, stretches=(), runs=()):
    return Patrolled(
        visits=visits(*visit_rows),
        point_visits=pd.DataFrame(
            {
                "point_id": ["P2"],
                "team_id": ["T-9"],
                "force": ["mass"],
                "enter_at": [at("12 10:00")],
                "exit_at": [at("12 10:00")],
            }
        ),
        route_metres=pd.DataFrame(
            list(stretches), columns=["day", "team_id", "force", "route_id", "from_m", "to_m"]
        ),
        swept=pd.DataFrame(list(runs), columns=["day", "team_id", "force", "cell_y", "first_x", "last_x"]),
        cells=pd.DataFrame(
            {
                "cell_x": np.tile(np.arange(20), 20),
                "cell_y": np.repeat(np.arange(20), 20),
                "microgrid_code": "M1",
            }
        ),
    )


def test_coverage_is_a_range_and_each_team_is_measured_on_its_own_ground():
    rows = [
        visit("M1", "12 09:00", "12 09:10"),
        visit("M2", "12 09:00", "12 09:10", sureness="border"),
    ]
    walked = [(at("12 00:00"), "T-1", "police", "R1", 0.0, 60.0)]
    found = patrolled(rows, stretches=walked)
    (street,) = coverages(found, ground())
    assert (street.microgrids_visited_n, street.microgrids_border_n, street.microgrids_n) == (1, 1, 3)
    assert (street.points_visited_n, street.points_n) == (1, 2)
    assert (street.route_walked_m, street.route_m) == (60, 150)
    teams = {one.group: one for one in coverages(found, ground(), by="team")}
    assert (teams["T-1"].microgrids_visited_n, teams["T-1"].microgrids_n) == (1, 2)
    assert (teams["T-9"].points_visited_n, teams["T-9"].microgrids_n) == (1, 3)
    kinds = {one.group: one.route_walked_m for one in coverages(found, ground(), by="zone_kind")}
    assert kinds == {"back_alley": 0.0, "main_road": 60.0}


def test_a_stay_across_midnight_touches_each_of_its_hours():
    found = patrolled([visit("M1", "12 23:30", "13 01:10")])
    hours = {one.group: one.microgrids_visited_n for one in coverages(found, ground(), by="hour")}
    assert [hour for hour, n in hours.items() if n] == ["00", "01", "23"]
    shifts = {one.group: one.microgrids_visited_n for one in coverages(found, ground(), by="shift")}
    assert shifts == {"06-14": 0, "14-22": 0, "22-06": 1}


def test_a_stay_that_ends_on_the_stroke_is_not_of_the_next_hour():
    found = patrolled([visit("M1", "12 09:00", "12 10:00"), visit("M2", "12 11:00", "12 11:00")])
    hours = {one.group: one.microgrids_visited_n for one in coverages(found, ground(), by="hour")}
    assert [hour for hour, n in hours.items() if n] == ["09", "11"]


def test_groups_are_the_forces_that_did_anything_and_the_teams_with_ground():
    found = patrolled([visit("M1", "12 09:00", "12 09:20")])
    # Mass prevention was at a point only.
    assert [one.group for one in coverages(found, ground(), by="force")] == ["mass", "police"]
    teams = replace(ground(), teams=pd.DataFrame({"team_id": ["T-1", "T-2"], "community_code": ["C1", "C2"]}))
    inside = teams.of_community("C1")
    assert [one.group for one in coverages(found, inside, by="team")] == ["T-1"]


def test_metres_walked_twice_count_once():
    stretches = pd.DataFrame(
        {"route_id": ["R1", "R1", "R1", "R2"], "from_m": [0.0, 40, 90, 0], "to_m": [50.0, 60, 100, 5]}
    )
    assert joined_metres(stretches).to_dict() == {"R1": 70.0, "R2": 5.0}


def test_a_straight_walk_sweeps_a_band_as_wide_as_the_swath():
    run = [(at("12 00:00"), "T-1", "police", 10, 0, 19)]
    found = patrolled([visit("M1", "12 09:00", "12 09:10")], runs=run)
    assert swept_cells(found.swept, found.cells).sum() == 20 * 5
    assert swept_cells(found.swept.head(0), found.cells).sum() == 0


def test_visits_of_several_people_at_once_are_one():
    joined = joined_visits(
        visits(
            visit("M1", "12 09:00", "12 10:00"),
            visit("M1", "12 09:30", "12 09:40"),
            visit("M1", "12 09:50", "12 10:20"),
            visit("M1", "12 12:00", "12 12:05"),
        )
    )
    assert joined["exit_at"].tolist() == [at("12 10:20"), at("12 12:05")]


def test_the_open_interval_is_censored():
    between = intervals(
        joined_visits(visits(visit("M1", "11 00:00", "11 01:00"), visit("M1", "11 11:00", "11 12:00"))),
        until=at("12 12:00"),
    )
    assert between["h"].tolist() == [10, 24]
    figures = revisit("all", between, span=WEEK)
    assert (figures.n, figures.median_h, figures.open_h, figures.longest_h) == (2, 10, 24, 24)
    assert np.isnan(figures.p90_h)


def test_a_gap_counts_the_hours_beyond_the_limit_inside_the_window():
    rows = visits(
        visit("M1", "08 00:00", "09 00:00"),
        visit("M1", "11 12:00", "11 13:00"),
        visit("M3", "15 00:00", "16 00:00"),
    )
    between = intervals(joined_visits(rows), until=at("17 13:00"))
    register = gap_register(between, ground(), span=WEEK, until=at("17 13:00"))
    row = register.iloc[0]
    # From 10 September 00:00 M1 is late: 12 h of it lie in the week; then from 12 September 13:00.
    assert (row["microgrid_code"], row["over_h"], row["gaps_n"]) == ("M1", 12 + 5 * 24, 2)
    assert row["last_gap_at"] == at("12 13:00")
    assert len(register) == 1


def test_older_visits_are_read_until_each_place_has_one_before_the_week(tmp_path):
    steady = [visit("M1", f"{day:02d} 09:00", f"{day:02d} 09:10") for day in (5, 12)]
    rows = visits(*steady, visit("M2", "06 08:00", "06 08:10"), visit("M3", "13 10:00", "13 10:10"))
    days_ago = {"M2": 30, "M3": 100}
    for code, days in days_ago.items():
        old = visits(visit(code, "11 10:00", "11 10:10"))
        stamps = {name: old[name] - pd.Timedelta(days=days) for name in ("enter_at", "exit_at")}
        rows = pd.concat([rows, old.assign(**stamps)], ignore_index=True)
    asked = []

    def load(_name, since, until):
        asked.append((since, until))
        day = rows["enter_at"].dt.date
        return rows[(day >= (since or day.min())) & (day <= until)]

    data = dataset_of_frames({}, as_of={}, settings=settings_of(tmp_path), data_dir=tmp_path)
    data = replace(data, load_patrol=load)
    week = Week.parse("2023-W37")
    found = visits_until(data, ground(), week)
    # M2 has a visit in the weeks read first; M3 is looked for in all that is older.
    assert found["microgrid_code"].value_counts().to_dict() == {"M1": 2, "M2": 1, "M3": 2}
    assert asked == [
        (date(2023, 8, 28), date(2023, 9, 17)),
        (date(2023, 7, 17), date(2023, 8, 27)),
        (None, date(2023, 7, 16)),
    ]
    registers = [
        gap_register(intervals(joined_visits(one), until=WEEK.end_at), ground(), span=WEEK, until=WEEK.end_at)
        for one in (found, rows)
    ]
    pd.testing.assert_frame_equal(*registers)
    # From Monday 00:00, long beyond the limit, to the visit on Wednesday; and after it, from the limit on.
    assert registers[0].set_index("microgrid_code").loc["M3", "over_h"] == pytest.approx(
        58 + 13 + 50 / 60 + 24
    )
    only_m1 = ground().of_community("C1").of_tier(1)
    asked.clear()
    visits_until(data, only_m1, week)
    assert len(asked) == 1
    assert visits_until(data, ground(), week, force="mass").empty


def hour(team, force, stamp, *, planned=60.0, tracked=0.0, present=0.0, absent=0.0, still=0.0, calls=0):
    return {
        "team_id": team,
        "force": force,
        "hour_at": at(stamp),
        "planned_min": planned,
        "tracked_min": tracked,
        "covered_min": min(planned, tracked),
        "present_min": present,
        "still_min": still,
        "absent_min": absent,
        "unknown_min": planned - present - absent,
        "rollcalls_n": calls,
    }


def test_never_is_not_the_same_as_no_data():
    presence = pd.DataFrame(
        [
            *(hour("T-1", "police", f"{day} 09:00", tracked=60, present=60) for day in (11, 12, 13)),
            *(hour("T-2", "police", f"{day} 09:00", tracked=5, present=5) for day in (11, 12, 13)),
        ]
    )
    rows = visits(visit("M1", "13 00:00", "13 12:00"))
    table = time_since(rows, presence, ground(), at=at("14 00:00")).set_index("microgrid_code")
    assert table["state"].to_dict() == {"M1": "visited", "M2": "never", "M3": "no_data"}
    assert table.loc["M1", "multiple"] == 0.5


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (hour("T-1", "police", "12 09:00", tracked=50, present=50), "present"),
        (hour("T-1", "police", "12 09:00", tracked=60, present=60, still=60), "still"),
        (hour("T-1", "police", "12 09:00", absent=60, calls=1), "absent"),
        (hour("T-1", "police", "12 09:00"), "unknown"),
        (hour("T-1", "mass", "12 09:00"), "not_provided"),
        (hour("T-1", "police", "16 09:00"), "not_yet"),
    ],
)
def test_every_hour_has_one_of_six_states(row, state):
    evidence = hour("T-1", "police", "11 09:00", tracked=60, present=60)
    duty = duty_hours(pd.DataFrame([evidence, row]), span=WEEK, as_of=at("15 00:00"))
    assert len(duty) == 2
    own = duty[duty["hour_at"].eq(row["hour_at"]) & duty["force"].eq(row["force"])]
    assert own["state"].tolist() == [state]


def test_unknown_hours_count_as_absent_only_in_the_worst_case():
    presence = pd.DataFrame(
        [
            hour("T-1", "police", "12 22:00", tracked=60, present=60),
            hour("T-1", "urban", "12 22:00", absent=60, calls=1),
            hour("T-1", "police", "12 23:00"),
            hour("T-1", "urban", "12 23:00", absent=60, calls=1),
            hour("T-1", "police", "13 00:00", absent=60, calls=1),
            hour("T-1", "police", "13 12:00", absent=60, calls=1),
        ]
    )
    units = unit_hours(duty_hours(presence, span=WEEK, as_of=at("18 00:00")))
    night = presence_share(units, night_only=True)
    assert (night.present_n, night.unknown_n, night.absent_n) == (1, 1, 1)
    assert (night.known_share, night.worst_share) == (1 / 2, 1 / 3)
    stretch = longest_empty(units).iloc[0]
    assert (stretch["from_at"], stretch["hours_n"], stretch["unknown_n"]) == (at("12 23:00"), 2, 1)


def test_minutes_together_add_up_and_the_second_force_is_timed():
    together = pd.DataFrame(
        {
            "hour_at": [at("12 09:00")],
            "team_id": ["T-1"],
            "patrol_min": [60.0],
            "three_min": [30.0],
            "two_min": [20.0],
            "one_min": [10.0],
            "present_three_min": [40.0],
            "planned_three_min": [48.0],
        }
    )
    scenes = pd.DataFrame(
        {
            "incident_id": ["1", "1", "2", "2", "3"],
            "team_id": "T-1",
            "force": ["police", "urban", "police", "mass", "police"],
            "first_at": [at("12 09:00"), at("12 09:10"), at("12 09:00"), at("12 09:11"), at("12 09:00")],
        }
    )
    (street,) = integration(together, scenes, span=WEEK)
    assert (street.three_share, street.staffed_share) == (0.5, 0.8)
    assert (street.joint_scenes_n, street.joint_within_10min_n) == (2, 1)


def test_low_effort_is_masked_and_a_rate_has_an_interval():
    assert encounter("M1", 0, 0.5, low_effort_h=1).rate is None
    rate = encounter("M1", 4, 8, low_effort_h=1)
    assert rate.rate == 0.5
    assert rate.lower < 0.5 < rate.upper


def test_a_lasting_fault_the_public_reports_after_a_patrol_was_there_is_missed():
    cases = frame(
        "incidents",
        [
            {"incident_id": "1", "subcategory": "路灯", "source": "hotline", "microgrid_code": "M1"},
            {"incident_id": "2", "subcategory": "路灯", "source": "hotline", "microgrid_code": "M2"},
            {"incident_id": "3", "subcategory": "路灯", "source": "patrol", "microgrid_code": "M1"},
            {"incident_id": "4", "subcategory": "噪声扰民", "source": "hotline", "microgrid_code": "M1"},
        ],
    ).assign(reported_at=at("12 20:00"))
    been = visits(visit("M1", "11 21:00", "11 21:30"), visit("M2", "11 18:00", "11 19:59"))
    assert missed_by_patrols(cases, been, span=WEEK)["is_missed"].tolist() == [True, False]


def test_receipts_add_up():
    receipts = pd.DataFrame(
        {
            "day": [at("12 00:00")],
            "team_id": ["T-1"],
            "force": ["police"],
            "pings_n": [10],
            "kept_n": [6],
            "duplicate_n": [2],
            "bad_time_n": [0],
            "bad_place_n": [1],
            "accuracy_n": [0],
            "speed_n": [1],
        }
    )
    presence = pd.DataFrame([hour("T-1", "police", "12 09:00", tracked=30, present=30)])
    (street,) = track_receipts(receipts, presence, span=WEEK)
    assert street.pings_n == street.kept_n + sum(street.dropped.values())
    assert street.covered_share == 0.5


def test_a_week_no_records_reach_is_a_dash_and_not_nothing_done():
    none = Coverage("all", 0, 0, 294, 0, 44, 0.0, 51_600.0, 0.0, 1.63)
    assert [ruler.share for ruler in rulers_of(none, None)] == [0.0] * 4
    html = coverage_cards_html(ruler.unmeasured for ruler in rulers_of(none, None))
    assert html.count('<span class="figure">—</span><span class="basis"></span>') == 4
