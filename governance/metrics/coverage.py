"""How much of the street was patrolled: micro-grids, required points, routes, swept area.

Four coverages that stand side by side and are never made one number. A micro-grid is 75 m wide and
a position errs by 10–50 m, so visits are counted as a range: certain ones, and those at the border.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.unions import unions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from governance.metrics.ground import Ground
    from governance.metrics.windows import Span

ALL, UNKNOWN = "all", "unknown"
CELL_M = 5.0
SWATH_M = 25.0
# The turns of the day by their hours; a night belongs to the day it starts.
SHIFTS: Mapping[str, tuple[int, ...]] = {
    "06-14": tuple(range(6, 14)),
    "14-22": tuple(range(14, 22)),
    "22-06": (22, 23, 0, 1, 2, 3, 4, 5),
}
COVERAGE_GROUPS = ("community", "team", "force", "zone_kind", "shift", "hour")


@dataclass(frozen=True)
class Patrolled:
    """What patrols did in a window: frames as `Dataset.patrol` describes them."""

    visits: pd.DataFrame
    point_visits: pd.DataFrame
    route_metres: pd.DataFrame
    swept: pd.DataFrame
    cells: pd.DataFrame

    @cached_property
    def visited(self) -> pd.Series:
        """The micro-grids with a valid visit, certain or at the border."""
        return self.visits["microgrid_code"].drop_duplicates()

    @cached_property
    def certain(self) -> pd.Series:
        """The micro-grids with a certain visit."""
        is_certain = self.visits["sureness"].eq("certain").fillna(False).astype(bool)
        return self.visits.loc[is_certain, "microgrid_code"].drop_duplicates()

    @cached_property
    def points(self) -> pd.Series:
        """The points somebody was at."""
        return self.point_visits["point_id"].drop_duplicates()

    @property
    def forces(self) -> list[str]:
        """The forces that did anything, in the order of codes."""
        parts = (self.visits, self.point_visits, self.route_metres, self.swept)
        return sorted({str(force) for part in parts for force in part["force"].dropna().unique()})

    @cached_property
    def metres(self) -> pd.Series:
        """Metres walked at least once, by route_id."""
        return joined_metres(self.route_metres)

    @cached_property
    def is_swept(self) -> NDArray[np.bool_]:
        """Which of `cells` were swept."""
        return swept_cells(self.swept, self.cells)

    def within(self, span: Span) -> Patrolled:
        """Visits that began, and days that lie, in the window."""
        return Patrolled(
            self.visits[span.holds(self.visits["enter_at"])],
            self.point_visits[span.holds(self.point_visits["enter_at"])],
            self.route_metres[span.holds(self.route_metres["day"])],
            self.swept[span.holds(self.swept["day"])],
            self.cells,
        )

    def where(self, column: str, value: str) -> Patrolled:
        """The rows of one team or force."""
        visits, points, routes, swept = (
            part[part[column].eq(value).fillna(False).astype(bool)]
            for part in (self.visits, self.point_visits, self.route_metres, self.swept)
        )
        return Patrolled(visits, points, routes, swept, self.cells)

    def in_hours(self, hours: tuple[int, ...]) -> Patrolled:
        """Visits that touch these hours of the day; route metres and swept cells know no hour."""
        visits, points = (_touching(part, hours) for part in (self.visits, self.point_visits))
        return Patrolled(visits, points, self.route_metres.head(0), self.swept.head(0), self.cells)


def _touching(stays: pd.DataFrame, hours: tuple[int, ...]) -> pd.DataFrame:
    """Stays during which the clock showed one of `hours`."""
    first = stays["enter_at"].dt.floor("h")
    # A stay that ends on the stroke of an hour was not there in it.
    last = (stays["exit_at"] - pd.Timedelta(microseconds=1)).dt.floor("h")
    spent_n = ((last - first) // pd.Timedelta(hours=1)).clip(0, 23)
    start = first.dt.hour.to_numpy()
    touched = np.zeros(len(stays), dtype=bool)
    for hour in hours:
        touched |= (hour - start) % 24 <= spent_n.to_numpy()
    return stays[touched]


def joined_metres(stretches: pd.DataFrame) -> pd.Series:
    """Metres of the union of stretches (`from_m`, `to_m`) of each route, by route_id."""
    route, ids = pd.factorize(stretches["route_id"], sort=True)
    begin = stretches["from_m"].to_numpy()
    first, end = unions(route, begin, stretches["to_m"].to_numpy())
    metres = np.bincount(route[first], end - begin[first], minlength=len(ids))
    return pd.Series(metres, index=pd.Index(ids, name="route_id"))


def walked_m(metres: pd.Series, routes: pd.DataFrame) -> pd.Series:
    """Metres of each of `routes` walked at least once, by the metres of `joined_metres`."""
    walked = routes["route_id"].map(metres).fillna(0.0).astype("float64")
    return walked.clip(upper=routes["length_m"])


def _grid_of(swept: pd.DataFrame, cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Swept runs as a raster around the street's cells, its margin as wide as the swath."""
    margin = int(np.ceil(SWATH_M / 2 / CELL_M))
    low_x, high_x = int(cells["cell_x"].min()) - margin, int(cells["cell_x"].max()) + margin
    low_y, high_y = int(cells["cell_y"].min()) - margin, int(cells["cell_y"].max()) + margin
    height, width = high_y - low_y + 1, high_x - low_x + 2
    rows = swept[swept["cell_y"].between(low_y, high_y)]
    first = rows["first_x"].to_numpy(dtype=np.int64).clip(low_x, high_x + 1) - low_x
    after = (rows["last_x"].to_numpy(dtype=np.int64) + 1).clip(low_x, high_x + 1) - low_x
    y = rows["cell_y"].to_numpy(dtype=np.int64) - low_y
    begun, ended = (np.bincount(y * width + x, minlength=height * width) for x in (first, after))
    grid = (begun - ended).reshape(height, width)
    crossed: NDArray[np.bool_] = np.cumsum(grid, axis=1)[:, :-1] > 0
    return crossed


def swept_cells(swept: pd.DataFrame, cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each of the street's `cells` lies within half a swath (12.5 m) of a track."""
    if cells.empty or swept.empty:
        return np.zeros(len(cells), dtype=bool)
    crossed = _grid_of(swept, cells)
    reach = SWATH_M / 2 / CELL_M
    steps = range(-int(reach), int(reach) + 1)
    near = np.zeros_like(crossed)
    height, width = crossed.shape
    for dy in steps:
        for dx in steps:
            if dx * dx + dy * dy > reach * reach:
                continue
            target = (slice(max(dy, 0), height + min(dy, 0)), slice(max(dx, 0), width + min(dx, 0)))
            source = (slice(max(-dy, 0), height + min(-dy, 0)), slice(max(-dx, 0), width + min(-dx, 0)))
            near[target] |= crossed[source]
    margin = int(np.ceil(reach))
    x = cells["cell_x"].to_numpy(dtype=np.int64) - int(cells["cell_x"].min()) + margin
    y = cells["cell_y"].to_numpy(dtype=np.int64) - int(cells["cell_y"].min()) + margin
    found: NDArray[np.bool_] = near[y, x]
    return found


@dataclass(frozen=True)
class Coverage:
    """One group's coverages; None where the group has no such thing (a zone kind has no points).

    `microgrids_visited_n` had a certain valid visit, `microgrids_border_n` only one at the border or
    of unknown accuracy; metres and km² are on the metric plane.
    """

    group: str
    microgrids_visited_n: int | None
    microgrids_border_n: int | None
    microgrids_n: int | None
    points_visited_n: int | None
    points_n: int | None
    route_walked_m: float | None
    route_m: float | None
    swept_km2: float | None
    area_km2: float | None


def coverage_of(group: str, patrolled: Patrolled, ground: Ground, *, has_paths: bool = True) -> Coverage:
    """The coverages of a part of the street by what patrols did there.

    Without `has_paths` (hours, shifts) route metres and swept area are None: they are kept by day.
    """
    code = ground.microgrids["microgrid_code"]
    certain, visited = code.isin(patrolled.certain), code.isin(patrolled.visited)
    cells = patrolled.cells["microgrid_code"].astype("category").cat
    own = cells.categories.isin(code)[cells.codes]
    km2 = CELL_M * CELL_M / 1e6
    return Coverage(
        group=group,
        microgrids_visited_n=int(certain.sum()),
        microgrids_border_n=int((visited & ~certain).sum()),
        microgrids_n=len(ground.microgrids),
        points_visited_n=int(ground.points["point_id"].isin(patrolled.points).sum()),
        points_n=len(ground.points),
        route_walked_m=float(walked_m(patrolled.metres, ground.routes).sum()) if has_paths else None,
        route_m=float(ground.routes["length_m"].sum()),
        swept_km2=float((own & patrolled.is_swept).sum()) * km2 if has_paths else None,
        area_km2=float(own.sum()) * km2,
    )


def _by_zone_kind(patrolled: Patrolled, ground: Ground) -> list[Coverage]:
    found = []
    for kind in ground.routes["zone_kind"].dropna().drop_duplicates().sort_values():
        routes = ground.routes[ground.routes["zone_kind"].eq(kind)]
        walked = float(walked_m(patrolled.metres, routes).sum())
        length = float(routes["length_m"].sum())
        found.append(Coverage(str(kind), None, None, None, None, None, walked, length, None, None))
    return found


def coverages(patrolled: Patrolled, ground: Ground, *, by: str | None = None) -> list[Coverage]:
    """The coverages per group of `COVERAGE_GROUPS`, in the order of codes; the street as `all`.

    A community team is measured on its own community (and left out where `ground` is another's), a
    mobile one on all of `ground`. Hours and shifts tell micro-grids and points only.
    """
    if by is None:
        return [coverage_of(ALL, patrolled, ground)]
    if by == "zone_kind":
        return _by_zone_kind(patrolled, ground)
    if by == "community":
        codes = ground.microgrids["community_code"].dropna().drop_duplicates().sort_values()
        return [coverage_of(str(code), patrolled, ground.of_community(str(code))) for code in codes]
    if by == "team":
        grounds = {str(team["team_id"]): ground.of_team(team) for team in ground.teams.to_dict("records")}
        return [
            coverage_of(team, patrolled.where("team_id", team), own)
            for team, own in grounds.items()
            if own.has_any
        ]
    if by == "force":
        return [coverage_of(force, patrolled.where("force", force), ground) for force in patrolled.forces]
    hours = SHIFTS if by == "shift" else {f"{hour:02d}": (hour,) for hour in range(24)}
    return [
        coverage_of(name, patrolled.in_hours(wanted), ground, has_paths=False)
        for name, wanted in hours.items()
    ]
