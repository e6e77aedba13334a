"""Presence by the hour: what was planned, tracked, answered and stays unknown; forces together."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from governance.records.engine import engine
from tests.patrol_builders import at, patrol, pings

FORCES = ("police", "urban", "mass")


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    with engine(scratch_dir=tmp_path_factory.mktemp("engine")) as found:
        yield found


def shift(start, end, *, team_id="T-1", force="police", planned_n=1):
    return {"team_id": team_id, "force": force, "start_at": start, "end_at": end, "planned_n": planned_n}


def call(when, present_n, *, team_id="T-1", force="police"):
    return {"team_id": team_id, "force": force, "at": when, "present_n": present_n}


def walking(start, hours, *, y=0.0, step_s=30, **who):
    """Up and down a street of 250 m."""
    count = int(hours * 3600 / step_s) + 1
    turn = [abs((n * 1.1 * step_s) % 500 - 250) - 125 for n in range(count)]
    return pings([(x, y) for x in turn], start=start, step_s=step_s, **who)


def test_planned_minutes_are_present_absent_or_unknown(db):
    found = patrol(
        db,
        walking(at(8), 1.5),
        shifts=[shift(at(8), at(13))],
        rollcalls=[call(at(10.1), 0), call(at(11.2), 0), call(at(11.5), 2)],
    )["presence"].set_index("hour_at")
    states = found[["present_min", "absent_min", "unknown_min"]].to_numpy().tolist()
    # 08 tracked; 09 half tracked; 10 nobody answered; 11 somebody did at last; 12 no evidence.
    assert states == [[60, 0, 0], [30, 0, 30], [0, 60, 0], [60, 0, 0], [0, 0, 60]]
    assert (found[["present_min", "absent_min", "unknown_min"]].sum(axis=1) == found["planned_min"]).all()
    assert found["covered_min"].tolist() == [60, 30, 0, 0, 0]
    assert found["answered_n"].tolist() == [pd.NA, pd.NA, 0, 2, pd.NA]


def test_devices_off_are_unknown_and_a_force_without_tracks_stays_in_the_plan(db):
    shifts = [shift(at(8), at(16)), shift(at(8), at(16), force="mass")]
    found = patrol(db, walking(at(8), 2), shifts=shifts, rollcalls=[call(at(8.1), 1, force="mass")])[
        "presence"
    ]
    by_force = found.groupby("force")[
        ["planned_min", "tracked_min", "present_min", "unknown_min", "absent_min"]
    ].sum()
    assert by_force.loc["police"].tolist() == [480, 120, 120, 360, 0]
    assert by_force.loc["mass"].tolist() == [480, 0, 60, 420, 0]


def test_a_night_shift_belongs_to_the_day_it_starts_on_whatever_the_week(db):
    # From Sunday 17 September 22:00 to Monday 06:00, in the next week.
    sunday = at(22, day=6)
    shifts = [shift(sunday, sunday + timedelta(hours=8))]
    for apart in (False, True):
        found = patrol(db, walking(sunday, 8), shifts=shifts, first=at(0, day=6), days_n=2, apart=apart)
        presence, efforts = found["presence"], found["efforts"]
        assert presence["day"].dt.day.unique().tolist() == [17]
        assert presence["hour_at"].dt.hour.tolist() == [22, 23, 0, 1, 2, 3, 4, 5]
        assert presence["tracked_min"].tolist() == pytest.approx([60] * 8)
        assert len(efforts) == 1
        assert efforts["kept_min"].iloc[0] == pytest.approx(480)


def test_standing_for_an_hour_is_still_and_present(db):
    still = pings([(10 + n % 3, 5) for n in range(240)], start=at(9))
    found = patrol(db, still, walking(at(10), 1), shifts=[shift(at(9), at(11))])["presence"]
    assert found["still_min"].tolist() == pytest.approx([59.75 + 0.25, 0])
    assert found["present_min"].tolist() == pytest.approx([60, 60])


def test_hours_outside_any_shift_take_the_eight_hour_turn(db):
    found = patrol(db, walking(at(13.5), 1))["presence"]
    assert found["shift_at"].dt.hour.tolist() == [6, 14]
    assert found["planned_min"].tolist() == [0, 0]


def test_forces_within_fifty_metres_for_ten_minutes_are_together(db):
    def scene(close_min):
        """Police and city management together throughout; the third joins them for some minutes."""
        count = 61
        middle = [(0.0, 0.0)] * count
        third = [(0.0, 35.0 if 20 <= n < 20 + close_min else 140.0) for n in range(count)]
        places = (middle, [(30.0, 0.0)] * count, third)
        tracks = [
            pings(xy, start=at(9), step_s=60, person=f"K-{n}", device=f"D-{n}", force=force)
            for n, (force, xy) in enumerate(zip(FORCES, places, strict=True))
        ]
        return patrol(db, *tracks)["together"].iloc[0]

    long, short = scene(12), scene(9)
    assert (long["patrol_min"], long["three_min"], long["two_min"], long["one_min"]) == (60, 12, 48, 0)
    assert (short["three_min"], short["two_min"]) == (0, 60)
    assert long["present_three_min"] == 60


def test_nobody_is_together_with_another_team(db):
    tracks = [
        pings([(0.0, 0.0)] * 61, start=at(9), step_s=60, person=team_id, team=team_id, force=force)
        for team_id, force in (("T-1", "police"), ("T-2", "urban"))
    ]
    together = patrol(db, *tracks)["together"]
    assert together["one_min"].tolist() == [60, 60]


def test_what_staffing_allows_is_where_all_three_are_planned(db):
    shifts = [shift(at(9), at(10), force=force) for force in FORCES]
    shifts += [shift(at(10), at(11), force=force) for force in FORCES[:2]]
    together = patrol(db, walking(at(9), 2), shifts=shifts)["together"]
    assert together["planned_three_min"].tolist() == [60, 0]
