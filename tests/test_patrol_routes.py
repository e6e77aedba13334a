"""Route metres: equal to an exact computation on noisy tracks; swept cells."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from governance.records.engine import engine
from governance.records.patrol.routes import within_reach
from tests.patrol_builders import PLANE, at, patrol, pings, team
from tests.test_patrol_visits import noisy_track

WAYS = ("ways",)


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    with engine(scratch_dir=tmp_path_factory.mktemp("engine")) as found:
        yield found


def route(route_id, xy):
    places = np.array(xy, dtype=float)
    line = shapely.LineString(np.column_stack([PLANE.lon(places[:, 0]), PLANE.lat(places[:, 1])]))
    return {"route_id": route_id, "zone_kind": "back_alley", "geometry": shapely.to_wkt(line, 9)}


def winding_routes(seed):
    """Eight routes with corners, some of which share a stretch."""
    rng = np.random.default_rng(seed)
    lines = [rng.uniform(-150, 150, 2) + np.cumsum(rng.uniform(-45, 45, (6, 2)), axis=0) for _ in range(7)]
    return [route(f"R-{n}", line) for n, line in enumerate([*lines, lines[0][::-1][:4]])]


def exact_metres(track, line):
    x, y = PLANE.x_m(track["lon"].to_numpy()), PLANE.y_m(track["lat"].to_numpy())
    return line.intersection(shapely.LineString(np.column_stack([x, y])).buffer(15, quad_segs=64))


def union_m(rows):
    pieces = sorted(zip(rows["from_m"], rows["to_m"], strict=True))
    return shapely.union_all([shapely.LineString([(low, 0), (high, 0)]) for low, high in pieces])


@pytest.fixture(scope="module")
def noisy(db):
    routes, tracks = winding_routes(5), []
    for seed in range(20):
        step_s = (15, 15, 30, 60, 120)[seed % 5]
        places = noisy_track(seed, step_s=step_s, count=int(1.5 * 3600 / step_s))
        tracks.append(pings(places, start=at(8), step_s=step_s, team=f"T-{seed}", person=f"K-{seed}"))
    teams = [team(f"T-{seed}", "mobile") for seed in range(20)]
    return routes, tracks, patrol(db, *tracks, routes=routes, teams=teams, groups=WAYS)["route_metres"]


@pytest.mark.parametrize("seed", range(20))
def test_route_metres_equal_an_exact_computation_on_noisy_tracks(noisy, seed):
    routes, tracks, found = noisy
    differ_m = total_m = 0.0
    for one in routes:
        line = PLANE.project(shapely.from_wkt(one["geometry"]))
        exact = exact_metres(tracks[seed], line)
        own = found[(found["team_id"] == f"T-{seed}") & (found["route_id"] == one["route_id"])]
        total_m += exact.length
        along = [shapely.LineString([(low, 0), (high, 0)]) for low, high in stretches_along(exact, line)]
        expected = shapely.union_all(along)
        differ_m += expected.symmetric_difference(union_m(own)).length
    assert total_m > 100
    assert differ_m <= 0.01 * total_m


def stretches_along(part, line):
    """Where pieces of a line begin and end, in metres along it (the line does not cross itself there)."""
    for piece in shapely.get_parts(part):
        if piece.length:
            middle = line.project(piece.interpolate(0.5, normalized=True))
            yield middle - piece.length / 2, middle + piece.length / 2


def test_a_route_is_walked_as_far_as_the_patrol_comes_near(db):
    # Parallel to the route at 10 m, from 50 to 150 m along it; beyond both ends the disc reaches √125.
    track = pings([(-50 + 15 * n, 10.0) for n in range(8)], start=at(9), step_s=15)
    found = patrol(db, track, routes=[route("R-1", [(-100, 0), (100, 0)])], groups=WAYS)["route_metres"]
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["from_m"], row["to_m"]) == pytest.approx((50 - np.sqrt(125), 155 + np.sqrt(125)), abs=0.3)
    assert row["length_m"] == pytest.approx(200, abs=0.01)


def test_sixteen_metres_away_is_not_on_the_route(db):
    track = pings([(-50 + 15 * n, 16.0) for n in range(8)], start=at(9), step_s=15)
    found = patrol(db, track, routes=[route("R-1", [(-100, 0), (100, 0)])], groups=WAYS)["route_metres"]
    assert found.empty


def test_the_reach_along_a_line_equals_the_buffer_of_the_segment():
    rng = np.random.default_rng(1)
    s0, d0, s1, d1 = rng.uniform(-30, 30, (4, 200))
    low, high = within_reach(s0, d0, s1, d1)
    axis = shapely.LineString([(-100, 0), (100, 0)])
    for n in range(200):
        capsule = shapely.LineString([(s0[n], d0[n]), (s1[n], d1[n])]).buffer(15, quad_segs=256)
        expected = capsule.intersection(axis)
        assert max(high[n] - low[n], 0) == pytest.approx(expected.length, abs=0.05)
        if expected.length > 0.1:
            assert low[n] == pytest.approx(expected.bounds[0], abs=0.05)


def test_swept_cells_are_those_the_track_crosses(db):
    track = pings([(2.0 + 20 * n, 12.0) for n in range(4)], start=at(9), step_s=15)
    swept = patrol(db, track, groups=WAYS)["swept"]
    assert swept[["cell_y", "first_x", "last_x"]].to_numpy().tolist() == [[2, 0, 11]]
