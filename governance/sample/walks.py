"""Where every patrol is at every moment: tours with stops, bent aside for the cases it attends.

A walk is one continuous line in time. A team's forces have one each before the reform and share
one after it; who is out on it, and whose device records it, the roster decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from governance.sample import truth
from governance.sample.geometry import STREET_PLANE
from governance.sample.roster import FORCES, HOUR_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.sample.street import FloatArray, IntArray, Street

TOGETHER = -1
WALKING_M_S = 1.15
DRIVING_M_S = 5.5
_START_S = -2 * HOUR_S
_END_S = truth.WEEKS_N * 7 * 86_400 + 6 * HOUR_S
# The first shared shift begins at 06:00 on the day of the reform.
_SHARED_FROM_S = truth.REFORM_S + 6 * HOUR_S
# How often a round stops in a micro-grid of tier 1, 2, 3.
_STOP_SHARE = np.array([0.0, 0.85, 0.62, 0.45])
_POINT_SHARE = 0.55
_ROAD_SHARE = {"main_road": 0.5, "secondary_road": 0.4, "riverside": 0.12}
_DRIVEN_STOP_SHARE = 0.22
_DRIVEN_POINT_SHARE = 0.15
# How far from the shunned micro-grid patrols stop, best first, and the room they need there.
_SHY_M = (45.0, 30.0, 15.0)
_ROOM_M = 24.0
# Interval between visits off the daily tour, in multiples of the revisit limit (72 h).
_REMOTE_INTERVAL = (0.5, 1.35)


@dataclass(frozen=True)
class Nodes:
    """What a round may pass, in walking order; one row a place.

    `cell` is the micro-grid stopped in or −1, `point` the point checked in at or −1, `group`
    numbers places taken or left out together (a road) or −1, `share` how often they are taken,
    `stay` whether the patrol stops (else it walks through).
    """

    xy: FloatArray
    cell: IntArray
    point: IntArray
    group: IntArray
    share: FloatArray
    stay: NDArray[np.bool_]


@dataclass
class Walk:
    """One line in time: knots `t` (seconds), `x`, `y` (metres); and the points it stopped at."""

    team: int
    force: int
    t: FloatArray
    x: FloatArray
    y: FloatArray
    point: IntArray
    point_at: FloatArray

    def at(self, t: FloatArray) -> FloatArray:
        """Positions in metres at the moments `t`."""
        return np.column_stack([np.interp(t, self.t, self.x), np.interp(t, self.t, self.y)])


def _nodes(rows: list[tuple[FloatArray, int, int, int, float, bool]]) -> Nodes:
    xy, cell, point, group, share, stay = zip(*rows, strict=True)
    return Nodes(
        np.array(xy),
        np.array(cell),
        np.array(point),
        np.array(group),
        np.array(share),
        np.array(stay, dtype=bool),
    )


def tour_nodes(street: Street, community: int, points_m: FloatArray, *, avoid: int) -> Nodes:
    """A community's tour: its micro-grids, the points and roads beside them."""
    tour = street.tours[community]
    area = STREET_PLANE.project(street.partition.communities[community])
    stops = stopping_points(street, avoid=avoid)
    after: dict[int, list[tuple[FloatArray, int, int, int, float, bool]]] = {}
    inside = np.flatnonzero(shapely.contains_xy(area, points_m[:, 0], points_m[:, 1]))
    for point in inside:
        nearest = int(np.argmin(np.hypot(*(stops[tour] - points_m[point]).T)))
        after.setdefault(nearest, []).append((points_m[point], -1, int(point), -1, _POINT_SHARE, True))
    groups = 0
    for road in street.roads:
        for piece in shapely.get_parts(shapely.line_merge(road.line.intersection(area))):
            ends = shapely.get_coordinates(shapely.segmentize(piece, 60.0))
            nearest = int(np.argmin(np.hypot(*(stops[tour] - ends[0]).T)))
            share = _ROAD_SHARE[road.kind]
            after.setdefault(nearest, []).extend((xy, -1, -1, groups, share, False) for xy in ends)
            groups += 1
    rows = []
    for position, cell in enumerate(tour):
        share = 0.0 if street.is_remote[cell] else float(_STOP_SHARE[street.tier[cell]])
        rows.append((stops[cell], int(cell), -1, -1, share, True))
        rows += after.get(position, [])
    return _nodes(rows)


def driven_nodes(street: Street, points_m: FloatArray, point_micro: IntArray, *, avoid: int) -> Nodes:
    """The mobile teams' round: all roads, with stops in micro-grids beside them and at points."""
    rows: list[tuple[FloatArray, int, int, int, float, bool]] = []
    stops = stopping_points(street, avoid=avoid)
    used: set[int] = set()
    free = ~street.is_remote & (np.arange(len(stops)) != avoid)
    here = np.zeros(2)
    left = [road for road in street.roads if road.kind != "riverside"]
    while left:
        road = min(left, key=lambda item: float(item.line.distance(shapely.Point(here))))
        left.remove(road)
        vertices = shapely.get_coordinates(shapely.segmentize(road.line, 80.0))
        if np.hypot(*(vertices[-1] - here)) < np.hypot(*(vertices[0] - here)):
            vertices = vertices[::-1]
        for vertex in vertices:
            rows.append((vertex, -1, -1, -1, 1.0, False))
            away = np.hypot(*(stops - vertex).T)
            for cell in np.flatnonzero((away < 45) & free):
                if int(cell) not in used:
                    used.add(int(cell))
                    rows.append((stops[cell], int(cell), -1, -1, _DRIVEN_STOP_SHARE, True))
        here = vertices[-1]
    rows += [
        (points_m[at], -1, int(at), -1, _DRIVEN_POINT_SHARE, True) for at in np.flatnonzero(free[point_micro])
    ]
    return _nodes(rows)


def stopping_points(street: Street, *, avoid: int) -> FloatArray:
    """Where patrols stop; beside the micro-grid nobody visits, on the side away from it."""
    stops = street.centre_m.copy()
    shunned = street.polygons_m[avoid]
    for cell in np.flatnonzero(shapely.intersects(street.polygons_m, shunned.buffer(max(_SHY_M)))):
        for distance_m in _SHY_M if cell != avoid else ():
            clear = street.polygons_m[cell].difference(shunned.buffer(distance_m))
            circle = shapely.maximum_inscribed_circle(clear) if clear.area > 0 else None
            if circle is not None and circle.length >= _ROOM_M:
                stops[cell] = shapely.get_coordinates(circle)[0]
                break
    return stops


def build_walk(rng: np.random.Generator, nodes: Nodes, *, team: int, force: int, avoid: int) -> Walk:
    """A walk over its whole period, before any case calls the patrol aside.

    The micro-grid `avoid` is not stopped in during its nine days.
    """
    start, end = (_SHARED_FROM_S, _END_S) if force == TOGETHER else (_START_S, _SHARED_FROM_S)
    speed = DRIVING_M_S if team in truth.MOBILE_TEAMS else WALKING_M_S
    shape_m = nodes.xy[nodes.stay | (nodes.group < 0)]
    stay_s = 470.0 * nodes.share[nodes.cell >= 0].sum() + 150.0 * nodes.share[nodes.point >= 0].sum()
    road_m = (
        np.hypot(*np.diff(nodes.xy, axis=0).T) * np.where(nodes.group[1:] >= 0, nodes.share[1:], 0)
    ).sum()
    round_s = stay_s + (np.hypot(*np.diff(shape_m, axis=0).T).sum() + 2 * road_m) / speed
    rounds = int((end - start) / round_s * 1.6) + 3
    taken = rng.random((rounds, len(nodes.share))) < nodes.share
    for group in range(int(nodes.group.max()) + 1):
        members = nodes.group == group
        taken[:, members] = (rng.random(rounds) < nodes.share[members][0])[:, None]
    remote = np.flatnonzero((nodes.cell >= 0) & (nodes.share == 0))
    for node in remote:
        taken[:, node] = _remote_rounds(rng, rounds, round_s)
    stops = taken & nodes.stay
    passed = taken | ((nodes.cell >= 0) & (nodes.share > 0) & (team not in truth.MOBILE_TEAMS))
    round_at, node_at = np.nonzero(passed)
    stopped = stops[round_at, node_at]
    xy = nodes.xy[node_at] + rng.normal(0, 3.0, (len(node_at), 2)) * stopped[:, None]
    dwell = np.exp(rng.normal(np.log(7.4 * 60), 0.28, len(node_at))).clip(300, 840)
    dwell = np.where(nodes.point[node_at] >= 0, rng.uniform(90, 210, len(node_at)), dwell)
    dwell = np.where(np.isin(node_at, remote), rng.uniform(540, 840, len(node_at)), dwell)
    dwell = np.where(stopped, dwell, 0.001)
    pace = speed * rng.uniform(0.9, 1.08, len(xy))
    legs = np.concatenate([[0.0], np.hypot(*np.diff(xy, axis=0).T)]) / pace
    leave = start + np.cumsum(legs + dwell)
    arrive = leave - dwell
    kept = (arrive < end) & ~((nodes.cell[node_at] == avoid) & (arrive > truth.LAST_VISIT_S - 900))
    t = np.column_stack([arrive, leave])[kept].ravel()
    point = np.where(stopped & kept, nodes.point[node_at], -1)
    return Walk(
        team, force, t, np.repeat(xy[kept, 0], 2), np.repeat(xy[kept, 1], 2),
        point[point >= 0], (arrive + dwell * 0.4)[point >= 0],
    )  # fmt: skip


def _remote_rounds(rng: np.random.Generator, rounds: int, round_s: float) -> NDArray[np.bool_]:
    """Rounds that reach a micro-grid off the daily tour: three in a row, then none for days."""
    limit_rounds = 72 * HOUR_S / round_s
    gaps = rng.uniform(*_REMOTE_INTERVAL, int(rounds / limit_rounds / _REMOTE_INTERVAL[0]) + 4) * limit_rounds
    first = np.floor(rng.uniform(0, 0.8) * limit_rounds + np.concatenate([[0.0], np.cumsum(gaps)])).astype(
        int
    )
    taken = np.zeros(rounds + 2, dtype=bool)
    first = first[first < rounds]
    taken[first] = True
    taken[first + 1] = taken[first + 2] = True
    return taken[:rounds]


def build_walks(
    rng: np.random.Generator, street: Street, points_m: FloatArray, *, avoid: int
) -> dict[tuple[int, int], Walk]:
    """All walks by (team, force); force −1 is the shared walk after the reform."""
    micro = street.microgrid_at(STREET_PLANE.lon(points_m[:, 0]), STREET_PLANE.lat(points_m[:, 1]))
    driven = driven_nodes(street, points_m, micro, avoid=avoid)
    walks = {}
    for team in range(len(truth.TEAM_IDS)):
        nodes = driven if team in truth.MOBILE_TEAMS else tour_nodes(street, team, points_m, avoid=avoid)
        for force in (*range(len(FORCES)), TOGETHER):
            walks[team, force] = build_walk(rng, nodes, team=team, force=force, avoid=avoid)
    return walks


@dataclass(frozen=True)
class Call:
    """A case that calls a patrol aside: who wanted it when and where, and for how long."""

    case: int
    wanted_s: float
    x: float
    y: float
    stay_s: float


def answered(walk: Walk, calls: list[Call], *, speed_m_s: float) -> dict[int, float]:
    """Bends the walk to its calls, one after the other; when the patrol arrived at each case.

    A call that comes while another is attended waits for it.
    """
    knots: list[tuple[float, float, float]] = []
    away: list[tuple[float, float]] = []
    arrivals: dict[int, float] = {}
    here = (-np.inf, 0.0, 0.0)
    for call in sorted(calls, key=lambda one: one.wanted_s):
        x0, y0 = _position(walk, call.wanted_s)
        travel = 20 + 1.6 * float(np.hypot(call.x - x0, call.y - y0)) / speed_m_s
        start = since = call.wanted_s - travel
        if away and start < away[-1][1]:
            # From one case straight to the next, instead of back to the tour.
            since = away.pop()[0]
            knots.pop()
            travel = 5 + float(np.hypot(call.x - here[1], call.y - here[2])) / speed_m_s
            start = max(here[0], call.wanted_s - travel)
            knots.append((start, here[1], here[2]))
        else:
            knots.append((start, *_position(walk, start)))
        here = (start + travel + call.stay_s, call.x, call.y)
        arrivals[call.case] = start + travel
        x1, y1 = _position(walk, here[0])
        back_at = here[0] + 20 + 1.6 * float(np.hypot(call.x - x1, call.y - y1)) / speed_m_s
        knots += [(start + travel, call.x, call.y), here, (back_at, *_position(walk, back_at))]
        away.append((since, back_at))
    _bend(walk, knots, away)
    return arrivals


def _position(walk: Walk, t: float) -> tuple[float, float]:
    return float(np.interp(t, walk.t, walk.x)), float(np.interp(t, walk.t, walk.y))


def _bend(walk: Walk, knots: list[tuple[float, float, float]], away: list[tuple[float, float]]) -> None:
    """Replaces the walk's own knots by the new ones wherever it is away."""
    if not away:
        return
    since, until = np.array(away).T
    inside = np.searchsorted(since, walk.t, side="right") - 1
    kept = (inside < 0) | (walk.t > until[np.maximum(inside, 0)])
    new = np.array(knots)
    order = np.argsort(np.concatenate([walk.t[kept], new[:, 0]]), kind="stable")
    walk.t = np.concatenate([walk.t[kept], new[:, 0]])[order]
    walk.x = np.concatenate([walk.x[kept], new[:, 1]])[order]
    walk.y = np.concatenate([walk.y[kept], new[:, 2]])[order]
    inside = np.searchsorted(since, walk.point_at, side="right") - 1
    stayed = (inside < 0) | (walk.point_at > until[np.maximum(inside, 0)])
    walk.point, walk.point_at = walk.point[stayed], walk.point_at[stayed]
