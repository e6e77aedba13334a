"""The demonstration street: its areas, codes, stopping points and the tour that links them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from governance.sample import basemap
from governance.sample.geometry import STREET_PLANE, Partition, street_partition

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.sample.basemap import Anchor, Landmark, Road

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

INITIALS = ("GHY", "CSL", "XDX", "XTW", "MZX", "JXC", "ZJY")
REVISIT_LIMITS_H = {1: 24, 2: 48, 3: 72}
# What the report names but no public table locates; placed beside the landmarks it names.
NAMED_PLACES = {
    "大阳沟市场口": (106.548420, 29.563030),
    "牛角沱立交": (106.538083, 29.560308),
    "嘉陵西村小巷": (106.541620, 29.563420),
}


@dataclass(frozen=True)
class Street:
    """Areas by position; all lengths in metres on `STREET_PLANE`, degrees are WGS-84.

    `centre_m` is where a patrol stops in a micro-grid: the middle of its largest inscribed
    circle, of radius `inradius_m`. `tier` is the revisit tier 1–3. `is_remote` marks micro-grids
    off the daily tour. `tours[c]` are the micro-grids of community c in walking order.
    """

    anchors: tuple[Anchor, ...]
    landmarks: tuple[Landmark, ...]
    roads: tuple[Road, ...]
    partition: Partition
    grid_codes: tuple[str, ...]
    microgrid_codes: tuple[str, ...]
    centre_m: FloatArray
    inradius_m: FloatArray
    tier: IntArray
    is_remote: NDArray[np.bool_]
    tours: tuple[IntArray, ...]

    @cached_property
    def community_of_microgrid(self) -> IntArray:
        """The position of each micro-grid's community."""
        return np.asarray(np.array(self.partition.community_of)[np.array(self.partition.grid_of)])

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Micro-grids in degrees, for look-ups."""
        return shapely.STRtree(self.partition.microgrids)

    @cached_property
    def polygons_m(self) -> NDArray[np.object_]:
        """Micro-grids in metres."""
        return np.array([STREET_PLANE.project(area) for area in self.partition.microgrids])

    def microgrid_at(self, lon: FloatArray, lat: FloatArray) -> IntArray:
        """The position of the micro-grid at (or else nearest to) each point in degrees."""
        return np.asarray(self.tree.nearest(shapely.points(lon, lat)))

    def named(self, name: str) -> tuple[float, float]:
        """Longitude and latitude of a place the report names."""
        return NAMED_PLACES[name]

    def cells_of(self, community: int) -> IntArray:
        """The micro-grids of a community."""
        return np.flatnonzero(self.community_of_microgrid == community)


def _stopping_points(cells: list[object]) -> tuple[FloatArray, FloatArray]:
    radii = [shapely.maximum_inscribed_circle(cell, tolerance=1.0) for cell in cells]
    centres = np.array([shapely.get_coordinates(radius)[0] for radius in radii])
    return centres, np.array([radius.length for radius in radii])


def _tour(members: IntArray, xy: FloatArray) -> IntArray:
    """A short closed walk through all members: nearest neighbour, then 2-opt."""
    points = xy[members]
    away = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    order, left = [0], set(range(1, len(members)))
    while left:
        order.append(min(left, key=lambda j: (away[order[-1], j], j)))
        left.remove(order[-1])
    path = np.array([*order, order[0]])
    improved = True
    while improved:
        improved = False
        for i in range(1, len(path) - 2):
            after = np.arange(i + 1, len(path) - 1)
            gain = away[path[i - 1], path[i]] + away[path[after], path[after + 1]]
            gain -= away[path[i - 1], path[after]] + away[path[i], path[after + 1]]
            best = int(np.argmax(gain))
            if gain[best] > 1e-6:
                j = int(after[best])
                path[i : j + 1] = path[i : j + 1][::-1].copy()
                improved = True
    return np.asarray(members[path[:-1]])


def _codes(partition: Partition) -> tuple[tuple[str, ...], tuple[str, ...]]:
    grids: list[str] = []
    counts: dict[int, int] = {}
    for community in partition.community_of:
        counts[community] = counts.get(community, 0) + 1
        grids.append(f"{INITIALS[community]}-{counts[community]:02d}")
    micro: list[str] = []
    counts = {}
    for grid in partition.grid_of:
        counts[grid] = counts.get(grid, 0) + 1
        micro.append(f"{grids[grid]}-{counts[grid]:02d}")
    return tuple(grids), tuple(micro)


def build_street(rng: np.random.Generator) -> Street:
    """The street of one seed: same generator state, same street."""
    anchors = basemap.anchors()
    partition = street_partition(
        rng, basemap.midstream(), np.array([[anchor.lon, anchor.lat] for anchor in anchors])
    )
    grid_codes, microgrid_codes = _codes(partition)
    centre_m, inradius_m = _stopping_points([STREET_PLANE.project(area) for area in partition.microgrids])
    community = np.array(partition.community_of)[np.array(partition.grid_of)]
    roads = basemap.roads()
    main_roads = shapely.union_all([road.line for road in roads if road.kind == "main_road"])
    busy_m = shapely.distance(shapely.points(centre_m), main_roads)
    tier = np.where(busy_m < np.quantile(busy_m, 0.17), 1, np.where(busy_m < np.quantile(busy_m, 0.62), 2, 3))
    # Off the daily tour: roomy micro-grids by the river, away from the main roads.
    riverside = next(road.line for road in roads if road.kind == "riverside")
    bank_m = shapely.distance(shapely.points(centre_m), riverside)
    is_remote = (bank_m < 95) & (tier == 3) & (inradius_m > 27) & np.isin(community, (0, 5, 6))
    return Street(
        anchors=anchors,
        landmarks=basemap.landmarks(),
        roads=roads,
        partition=partition,
        grid_codes=grid_codes,
        microgrid_codes=microgrid_codes,
        centre_m=centre_m,
        inradius_m=inradius_m,
        tier=tier.astype(np.int64),
        is_remote=is_remote,
        tours=tuple(_tour(np.flatnonzero(community == c), centre_m) for c in range(len(anchors))),
    )
