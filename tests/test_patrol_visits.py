"""Visits: equal to an exact computation, and the cases the definition names."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import shapely

from governance.records.engine import engine
from governance.records.patrol.stretches import places_in_order
from tests.patrol_builders import CELL_M, DAY, PLANE, at, clock, framed, patrol, pings, square_street, team

REENTRY_S = 300


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    with engine(scratch_dir=tmp_path_factory.mktemp("engine")) as found:
        yield found


def noisy_track(seed: int, *, step_s: float, count: int) -> np.ndarray:
    """A walk with stops, and GPS errors of 10–17 m that hang together."""
    rng = np.random.default_rng(seed)
    target, here, places, stays = rng.uniform(-120, 120, 2), rng.uniform(-120, 120, 2), [], 0
    error = rng.normal(0, 10, 2)
    for _ in range(count):
        way = target - here
        away = np.hypot(*way)
        if stays:
            stays -= 1
        elif away < 1.2 * step_s:
            here, target, stays = target, rng.uniform(-140, 140, 2), int(rng.integers(0, 500 / step_s))
        else:
            here = here + way / away * 1.15 * step_s
        error = 0.9 * error + rng.normal(0, 10 * np.sqrt(1 - 0.81), 2)
        places.append(here + error)
    return np.array(places)


def exact_stays(track: pd.DataFrame, polygon: shapely.Polygon) -> list[tuple[float, float]]:
    """Seconds inside a polygon, cut segment by segment, re-entries merged; those of 3 min and more."""
    x, y = PLANE.x_m(track["lon"].to_numpy()), PLANE.y_m(track["lat"].to_numpy())
    seconds = (track["at"] - track["at"].iloc[0]).dt.total_seconds().to_numpy()
    xy = np.column_stack([x, y])
    lines = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    still = np.flatnonzero(np.hypot(*np.diff(xy, axis=0).T) == 0)
    parts = [(seconds[n], seconds[n + 1]) for n in still if polygon.covers(shapely.Point(xy[n]))]
    met = np.flatnonzero(shapely.intersects(lines, polygon))
    pieces, of = shapely.get_parts(shapely.intersection(lines[met], polygon), return_index=True)
    for piece, n in zip(pieces, met[of], strict=True):
        if piece.length:
            ends = [lines[n].project(shapely.Point(one), normalized=True) for one in piece.coords]
            low, high = seconds[n] + np.array([min(ends), max(ends)]) * (seconds[n + 1] - seconds[n])
            parts.append((low, high))
    merged: list[list[float]] = []
    for low, high in sorted(parts):
        if merged and low - merged[-1][1] <= REENTRY_S:
            merged[-1][1] = max(high, merged[-1][1])
        else:
            merged.append([low, high])
    return [(low, high) for low, high in merged if high - low >= 180]


@pytest.fixture(scope="module")
def noisy(db):
    """Twenty noisy tracks, the irregular street they lead through, and their visits."""
    cells = irregular_street(7)
    tracks = []
    for seed in range(20):
        step_s = (15, 15, 30, 60, 120)[seed % 5]
        places = noisy_track(seed, step_s=step_s, count=int(4 * 3600 / step_s))
        tracks.append(pings(places, start=at(8), step_s=step_s, person=f"K-{seed}", device=None))
    visits = patrol(db, *tracks, microgrids=cells, teams=[team(kind="mobile")])["visits"]
    return tracks, cells, visits


@pytest.mark.parametrize("seed", range(20))
def test_visits_equal_an_exact_computation_on_noisy_tracks(noisy, seed):
    tracks, cells, visits = noisy
    start = tracks[seed]["at"].iloc[0]
    own = visits[visits["person_id"] == f"K-{seed}"]
    differ_s = total_s = 0.0
    for code, wkt in zip(cells["microgrid_code"], cells["geometry"], strict=True):
        expected = exact_stays(tracks[seed], PLANE.project(shapely.from_wkt(wkt)))
        found = [
            ((row.enter_at - start).total_seconds(), (row.exit_at - start).total_seconds())
            for row in own[own["microgrid_code"] == code].itertuples()
        ]
        total_s += sum(high - low for low, high in expected)
        both = sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in expected for b in found)
        differ_s += sum(high - low for low, high in (*expected, *found)) - 2 * both
    assert total_s > 3600
    assert differ_s <= 0.005 * total_s


def irregular_street(seed: int) -> pd.DataFrame:
    """A partition into concave cells: squares whose inner corners were moved."""
    rng = np.random.default_rng(seed + 1000)
    corners = {
        (i, j): np.array([(i - 2) * CELL_M, (j - 2) * CELL_M]) + rng.uniform(-20, 20, 2)
        for i in range(5)
        for j in range(5)
    }
    halves = {
        (a, b): (corners[a] + corners[b]) / 2 + rng.uniform(-9, 9, 2)
        for a in corners
        for b in ((a[0] + 1, a[1]), (a[0], a[1] + 1))
        if b in corners
    }

    def ring(i: int, j: int) -> list[np.ndarray]:
        around = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
        points = []
        for a, b in zip(around, around[1:] + around[:1], strict=True):
            points += [corners[a], halves[min(a, b), max(a, b)]]
        return points

    rows = []
    for i in range(4):
        for j in range(4):
            outline = np.round(np.array(ring(i, j)), 3)
            lonlat = np.column_stack([PLANE.lon(outline[:, 0]), PLANE.lat(outline[:, 1])])
            text = shapely.to_wkt(shapely.Polygon(lonlat), 9)
            rows.append({"microgrid_code": f"M-{j}-{i}", "geometry": text})
    return framed("microgrids", rows)


def middle(row: int, column: int) -> tuple[float, float]:
    return (column - 1.5) * CELL_M, (row - 1.5) * CELL_M


def test_entry_and_exit_are_interpolated_at_the_border(db):
    # From 1 m/s west to east along the middle of a row: the border at x = 0 lies between two pings.
    start = middle(1, 1)
    track = pings([(start[0] + 8 * n, start[1]) for n in range(10)], start=at(9), step_s=8)
    stay = pings([(start[0] + 80, start[1])] * 30, start=at(9) + timedelta(seconds=88), step_s=10)
    visits = patrol(db, track, stay)["visits"]
    assert visits["microgrid_code"].tolist() == ["M-1-2"]
    # 37.5 m to the border at 1 m/s.
    assert clock(visits["enter_at"].iloc[0]) == "09:00:37"
    assert visits["stay_min"].iloc[0] == pytest.approx((88 + 290 - 37.5) / 60, abs=0.02)


def test_standing_counts_and_crossing_in_a_minute_is_passing_through(db):
    row_y = middle(2, 0)[1]
    crossing = [(-140 + 1.25 * 12 * n, row_y) for n in range(19)]
    stand = [middle(2, 3)] * 41
    found = patrol(db, pings([*crossing, *stand], start=at(10), step_s=12))
    assert found["visits"]["microgrid_code"].tolist() == ["M-2-3"]
    assert found["visits"]["sureness"].tolist() == ["certain"]
    passed = found["passes"].set_index("microgrid_code")
    assert sorted(passed.index) == ["M-2-0", "M-2-1", "M-2-2"]
    assert passed.loc["M-2-1", "passed_min"] == pytest.approx(1.0, abs=0.01)


def test_a_gap_over_fifteen_minutes_is_no_presence_and_fourteen_are(db):
    here = middle(0, 0)
    for gap_min, expected in ((14, [18]), (16, [])):
        track = [
            pings([here] * 9, start=at(10), step_s=15),
            pings([here] * 9, start=at(10) + timedelta(minutes=2 + gap_min), step_s=15),
        ]
        visits = patrol(db, *track)["visits"]
        assert visits["stay_min"].tolist() == pytest.approx(expected)


def test_entries_within_five_minutes_are_one_visit(db):
    inside, outside = middle(1, 1), middle(1, 2)
    for away, visits_n in ((15, 1), (40, 2)):
        places = [inside] * 20 + [outside] * away + [inside] * 20
        found = patrol(db, pings(places, start=at(11), step_s=10), teams=[team(kind="mobile")])["visits"]
        own = found[found["microgrid_code"] == "M-1-1"]
        assert len(own) == visits_n
        assert own["inside_min"].sum() == pytest.approx(2 * 195 / 60, abs=0.2)


def test_a_visit_over_midnight_is_whole_however_the_days_are_computed(db):
    track = pings([middle(1, 1)] * 241, start=at(23), step_s=30)
    for apart in (False, True):
        visits = patrol(db, track, days_n=2, apart=apart)["visits"]
        assert visits["stay_min"].tolist() == pytest.approx([120.0])
        assert visits["day"].dt.day.tolist() == [11]
        assert clock(visits["enter_at"].iloc[0]) == "23:00:00"


def test_a_short_stay_over_midnight_is_a_visit_and_a_shorter_one_a_pass(db):
    for seconds, visits_n in ((240, 1), (120, 0)):
        start = at(24) - timedelta(seconds=seconds / 2)
        found = patrol(
            db, pings([middle(1, 1)] * (seconds // 10 + 1), start=start, step_s=10), days_n=2, apart=True
        )
        assert len(found["visits"]) == visits_n
        assert found["passes"]["passes_n"].sum() == 1 - visits_n


def test_sureness_goes_by_accuracy_and_distance_to_the_edge(db):
    here = middle(1, 1)
    for place, accuracy_m, expected in (
        (here, 20.0, "certain"),
        (here, 60.0, "border"),
        ((here[0] + 30, here[1]), 20.0, "border"),
        (here, None, "unknown"),
    ):
        track = pings([place] * 30, start=at(9), accuracy_m=accuracy_m)
        assert patrol(db, track)["visits"]["sureness"].tolist() == [expected]


def test_a_checkin_outranks_gps_and_stands_alone_without_it(db):
    west, south = PLANE.lon(np.array([middle(1, 1)[0]]))[0], PLANE.lat(np.array([middle(1, 1)[1]]))[0]
    point = {"point_id": "P-1", "kind": "required", "tier": 1, "lon": west, "lat": south}
    vague = pings([middle(1, 1)] * 30, start=at(9), accuracy_m=60.0)
    calls = [
        {"point_id": "P-1", "person_id": "K-1", "at": at(9.05)},
        {"point_id": "P-1", "person_id": "K-1", "at": at(15)},
        {"point_id": "P-1", "person_id": "K-9", "at": at(16)},
    ]
    found = patrol(db, vague, points=[point], checkins=calls)
    visits = found["visits"]
    assert visits["source"].tolist() == ["checkin"] * 3
    assert visits["sureness"].tolist() == ["certain"] * 3
    assert visits["stay_min"].tolist() == pytest.approx([29 / 4, 0, 0])
    assert visits["team_id"].tolist() == ["T-1", "T-1", pd.NA]
    points = found["point_visits"]
    assert points["source"].tolist() == ["gps", "checkin", "checkin", "checkin"]


def test_a_point_is_visited_within_thirty_metres(db):
    lon, lat = PLANE.lon(np.array([0.0]))[0], PLANE.lat(np.array([0.0]))[0]
    point = {"point_id": "P-1", "kind": "required", "tier": 1, "lon": lon, "lat": lat}
    for away_m, visits_n in ((29.5, 1), (30.5, 0)):
        # A line past the point between two pings, 80 m apart.
        track = pings([(-40, away_m), (40, away_m)], start=at(9), step_s=60)
        assert len(patrol(db, track, points=[point])["point_visits"]) == visits_n


def test_pings_exactly_on_borders_and_corners_count_once(db):
    # Along a shared border, through corners, standing on a vertex: always in one cell at a time.
    cells = square_street()
    edge = [(0.0, -150 + 7.5 * n) for n in range(41)]
    corner = [(0.0, 0.0)] * 30
    found = patrol(db, pings([*edge, *corner], start=at(9), step_s=15), microgrids=cells)
    seconds = (len(edge) + len(corner) - 1) * 15
    inside = found["visits"]["inside_min"].sum() + found["passes"]["passed_min"].sum()
    assert inside == pytest.approx(seconds / 60, abs=0.3)


def test_days_are_those_of_shanghai(db):
    visits = patrol(db, pings([middle(1, 1)] * 40, start=at(0.5)))["visits"]
    assert visits["day"].iloc[0] == pd.Timestamp(DAY)


@pytest.mark.parametrize(
    ("pairs_n", "first", "last"), [(30_000, 10**15, 10**15 + 10**12), (2**30, -(2**40), 2**40)]
)
def test_moments_of_many_tracks_over_any_time_come_in_order(pairs_n, first, last):
    # The second range is too wide for one number to hold a pair and a moment.
    rng = np.random.default_rng(7)
    major, minor = rng.integers(0, pairs_n, 500), rng.integers(first, last, 500)
    order = places_in_order(major, minor)
    assert list(zip(major[order], minor[order], strict=True)) == sorted(zip(major, minor, strict=True))
