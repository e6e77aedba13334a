"""Legs: one reason a ping, spikes removed and neighbours joined, two devices, clocks and far points."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from governance.records.engine import engine
from governance.records.patrol.spikes import kept_pings
from tests.patrol_builders import PLANE, at, patrol, pings, team

US = 1_000_000


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    with engine(scratch_dir=tmp_path_factory.mktemp("engine")) as found:
        yield found


def walk(xy, *, step_s=15, foot_n=1):
    """What is kept of one track: x of the kept pings, x of the ping before each, dropped reasons."""
    rows = pd.DataFrame(xy, columns=["x", "y"]).assign(track=0, accuracy_m=5.0)
    rows["at"] = [n * step_s * US for n in range(len(rows))]
    for name in ("at", "x", "y"):
        rows[f"from_{name}"] = rows[name].shift()
    kept, dropped = kept_pings(rows, foot_n=foot_n)
    return kept["x"].tolist(), kept["from_x"].tolist()[1:], (dropped["at"] // (step_s * US)).tolist()


def test_the_ping_that_causes_a_spike_goes_and_its_neighbours_are_joined():
    # On foot 15 s allow 37.5 m.
    x, before, dropped = walk([(0, 0), (15, 0), (900, 0), (45, 0), (60, 0)])
    assert x == [0, 15, 45, 60]
    assert before == [0, 15, 45]
    assert dropped == [2]


def test_several_wrong_pings_in_a_row_go_until_one_can_be_reached():
    x, _, dropped = walk([(0, 0), (10, 0), (900, 0), (905, 0), (910, 0), (20, 0)])
    assert (x, dropped) == ([0, 10, 20], [2, 3, 4])


def test_a_wrong_first_ping_does_not_cost_those_after_it():
    x, before, dropped = walk([(900, 0), (0, 0), (10, 0), (20, 0)])
    assert (x, before, dropped) == ([0, 10, 20], [0, 10], [0])


def test_wheels_may_go_where_feet_cannot():
    assert walk([(0, 0), (200, 0), (400, 0)])[2] == [1, 2]
    assert walk([(0, 0), (200, 0), (400, 0)], foot_n=0)[2] == []
    assert walk([(0, 0), (251, 0), (400, 0)], foot_n=0)[2] == [1]


@pytest.mark.parametrize("places", [(10, 12), (12, 10), (10, 10), (0, 0)])
@pytest.mark.parametrize("seed", range(6))
def test_pings_of_one_moment_count_once_in_whatever_order_they_come(places, seed):
    # Twice the same moment in the middle of a track and at its very start, the engine's order kept.
    at_s = [0, 0, 15, 15, 15, 30]
    rows = pd.DataFrame({"x": [0, 0, *places, places[0], 20], "y": 0.0}).assign(track=0, accuracy_m=5.0)
    rows["at"] = [second * US for second in at_s]
    for name in ("at", "x", "y"):
        rows[f"from_{name}"] = rows[name].shift()
    kept, dropped = kept_pings(rows.sample(frac=1, random_state=seed), foot_n=1)
    assert (kept["at"] // US).tolist() == [0, 15, 30]
    assert kept["from_at"].tolist()[1:] == kept["at"].tolist()[:-1]
    assert (dropped["at"] // US).tolist() == [0, 15, 15]


def receipt(found):
    return found["receipts"].drop(columns=["day", "team_id", "force"]).sum().to_dict()


def test_every_ping_is_kept_or_dropped_for_the_first_reason_that_fits(db):
    track = pings([(n, 0) for n in range(100)], start=at(9))
    repeated = track.iloc[[10, 11, 11]]
    future = track.iloc[[20]].assign(at=pd.Timestamp(at(23.9)))
    doubted = track.iloc[[21]].assign(flags="implausible_time zero_point", device_id="D-8")
    nowhere = track.iloc[[30, 31]].assign(lon=float("nan"), device_id="D-8")
    far = track.iloc[[40, 41]].assign(lon=108.9, device_id="D-8")
    vague = track.iloc[[50]].assign(accuracy_m=101.0, lon=108.0, device_id="D-8")
    blurred = track.iloc[[51, 52]].assign(accuracy_m=[101.0, 100.0], device_id="D-8")
    spike = track.iloc[[60]].assign(
        at=track["at"].iloc[60] + timedelta(seconds=5), lat=PLANE.lat(pd.Series([400.0]).to_numpy())
    )
    parts = (track, repeated, future, doubted, nowhere, far, vague, blurred, spike)
    found = patrol(db, *(parts[n] for n in (8, 3, 1, 0, 2, 7, 4, 6, 5)), as_of=at(23))
    assert receipt(found) == {
        "pings_n": 113,
        "kept_n": 101,
        "duplicate_n": 3,
        "bad_time_n": 2,
        "bad_place_n": 5,
        "accuracy_n": 1,
        "speed_n": 1,
    }


def test_the_order_of_the_rows_does_not_matter(db):
    track = pings([(1.0 * n, 20.0) for n in range(240)], start=at(9))
    plain = patrol(db, track)
    mixed = patrol(db, track.sample(frac=1, random_state=3))
    for name in ("visits", "presence", "efforts", "receipts"):
        pd.testing.assert_frame_equal(plain[name], mixed[name])


def test_two_devices_of_one_person_are_two_tracks_and_one_presence(db):
    places = [(-100 + 17 * abs(n % 24 - 12), -20.0) for n in range(240)]
    one = pings(places, start=at(9))
    other = pings([(x, y + 25) for x, y in places], start=at(9) + timedelta(seconds=7), device="D-2")
    found = patrol(db, one, other)
    assert receipt(found)["kept_n"] == 480
    presence = found["presence"].set_index("hour_at")
    assert presence["tracked_min"].sum() == pytest.approx(239 * 15 / 60 + 7 / 60)
    assert presence["person_min"].sum() == pytest.approx(presence["tracked_min"].sum())
    efforts = found["efforts"]
    assert efforts["is_counted"].sum() == 1
    alone = patrol(db, one)["efforts"]["walked_km"].sum()
    assert efforts.loc[efforts["is_counted"], "walked_km"].sum() == pytest.approx(alone)


def test_kilometres_are_counted_once_a_patrol(db):
    places = [(-140 + 1.15 * 15 * n, 10.0) for n in range(16)]
    whole = pings(places, start=at(9), person="K-1", device="D-1")
    short = [
        pings(places[:-3], start=at(9), person=f"K-{n}", device=f"D-{n}", force=force)
        for n, force in ((2, "urban"), (3, "mass"))
    ]
    efforts = patrol(db, whole, *short)["efforts"]
    assert efforts.loc[efforts["is_counted"], "person_id"].tolist() == ["K-1"]
    assert efforts.loc[efforts["is_counted"], "walked_km"].sum() == pytest.approx(15 * 1.15 * 15 / 1000)


def test_a_clock_that_jumps_back_loses_nothing_and_joins_nothing(db):
    # The second half of the hour is stamped two hours early; both stay legs of their own.
    first = pings([(0, 0)] * 60, start=at(9))
    jumped = pings([(0, 0)] * 60, start=at(7.25))
    found = patrol(db, first, jumped)
    assert receipt(found)["kept_n"] == 120
    assert found["presence"]["tracked_min"].sum() == pytest.approx(2 * 59 / 4)


def test_without_boundaries_and_teams_presence_still_stands(db):
    track = pings([(0, 0)] * 60, start=at(9), team=None, force=None, device=None)
    found = patrol(db, track, microgrids=pd.DataFrame(columns=["microgrid_code", "geometry"]), teams=[])
    assert found["visits"].empty
    assert found["presence"]["tracked_min"].sum() == pytest.approx(59 / 4)
    assert found["presence"]["team_id"].isna().all()
    assert team()["kind"] == "community"
