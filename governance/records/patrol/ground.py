"""The ground patrols walk on: areas with their borders, cut into cells for equi-joins.

Areas are micro-grids and circles around points. A cell knows which micro-grid its middle lies in
and how deep, and every border edge that something small in the cell can touch; so a step inside an
area meets no edge, and a step near a border is tested exactly, in metres.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from governance.geo import Plane, plane_around
from governance.records.patrol.rules import POINT_M

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    IntArray = NDArray[np.int64]
    FloatArray = NDArray[np.float64]

# Pieces of steps up to so many cells long meet the edges near their cell; longer steps are cut.
# In a street a cell is 5 m: the steps of somebody who stands still are short and meet few edges.
_PIECE_CELLS = (1.2, 4.0)
_CELL_M = 5.0
_MAX_CELLS = 1_500_000
_CIRCLE_QUARTER = 8
# The number of a cell: its column and row, each counted from the middle of the plane.
CELL_STRIDE = 1 << 24
_LONGEST_EDGE_M = 50.0


@dataclass(frozen=True)
class Ground:
    """Areas by number on a metric plane: first the micro-grids, then the circles around points.

    `shapes` are polygons in metres (micro-grids without boundaries are left out); `codes` the
    micro-grid codes and point ids in the same order.
    """

    plane: Plane
    shapes: NDArray[np.object_]
    codes: tuple[str, ...]
    microgrids_n: int
    cell_m: float

    @property
    def pieces_m(self) -> tuple[float, float]:
        """The longest pieces that are tested at once: of a short step, of any."""
        return _PIECE_CELLS[0] * self.cell_m, _PIECE_CELLS[1] * self.cell_m

    def box_m(self, *, beyond_m: float) -> tuple[float, float, float, float] | None:
        """West, south, east, north of the micro-grids with a margin; None without any."""
        if not self.microgrids_n:
            return None
        west, south, east, north = shapely.total_bounds(self.shapes[: self.microgrids_n])
        return west - beyond_m, south - beyond_m, east + beyond_m, north + beyond_m

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Cells inside micro-grids: `cell`, `area`, `depth_m` (of the cell's middle, to the border)."""
        found = [_inside(shape, self.cell_m) for shape in self.shapes[: self.microgrids_n]]
        area = np.repeat(np.arange(len(found)), [len(x) for x, _ in found])
        x = np.concatenate([x for x, _ in found] or [np.array([])])
        y = np.concatenate([y for _, y in found] or [np.array([])])
        borders = shapely.boundary(self.shapes[: self.microgrids_n])
        depth = shapely.distance(borders[area], shapely.points(x, y)) if len(area) else x
        table = pd.DataFrame(
            {
                "cell": cell_of(x, y, self.cell_m),
                "area": area.astype(np.int32),
                "depth_m": depth.astype(np.float32),
            }
        )
        # Where areas overlap, the cell goes to the one it lies deepest in.
        return table.sort_values("depth_m").drop_duplicates("cell", keep="last").reset_index(drop=True)

    def named_cells(self) -> pd.DataFrame:
        """Cells of 5 m by the micro-grid their middle lies in: `cell_x`, `cell_y`, `microgrid_code`."""
        found = self.cells if self.cell_m == _CELL_M else replace(self, cell_m=_CELL_M).cells
        column = (found["cell"] + CELL_STRIDE // 2) // CELL_STRIDE
        codes = np.array(self.codes, dtype=object)[found["area"]]
        return pd.DataFrame(
            {"cell_x": column, "cell_y": found["cell"] - column * CELL_STRIDE, "microgrid_code": codes}
        )

    @cached_property
    def edges(self) -> pd.DataFrame:
        """Border edges: `ax`, `ay`, `bx`, `by` (m); one that two areas share stands once."""
        return self._borders[0]

    def areas_beside(self, edges: IntArray) -> tuple[IntArray, IntArray]:
        """Pairs (place in `edges`, area) for every area that borders on one of some edges."""
        first, area = self._borders[1]
        count = first[edges + 1] - first[edges]
        row = np.repeat(np.arange(len(edges)), count)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        return row, area[first[edges[row]] + nth]

    @cached_property
    def _borders(self) -> tuple[pd.DataFrame, tuple[IntArray, IntArray]]:
        """The edges, and the areas beside them: where each edge's areas begin, and the areas."""
        rings, area = _rings(self.shapes)
        a, b, ring = _edges_of_rings(rings)
        area = area[ring]
        swap = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
        first, last = np.where(swap[:, None], b, a), np.where(swap[:, None], a, b)
        table = pd.DataFrame({"ax": first[:, 0], "ay": first[:, 1], "bx": last[:, 0], "by": last[:, 1]})
        edge = table.groupby(["ax", "ay", "bx", "by"], sort=False).ngroup().to_numpy()
        edges = table.groupby(edge).first()
        # An area that meets an edge twice does not end there.
        beside = pd.DataFrame({"edge": edge, "area": area}).value_counts(sort=False).sort_index()
        pairs = beside.index[beside.to_numpy() % 2 == 1].to_frame(index=False)
        first = np.searchsorted(pairs["edge"].to_numpy(), np.arange(len(edges) + 1))
        return edges, (first, pairs["area"].to_numpy(dtype=np.int64))

    @cached_property
    def cell_edges(self) -> pd.DataFrame:
        """Edges that a piece with its middle in a cell can touch: `place` and the columns of `edges`.

        The place is twice the cell's number for short pieces, and one more for the others.
        """
        ends = self.edges[["ax", "ay", "bx", "by"]].to_numpy()
        tables = []
        for is_long, piece_m in enumerate(self.pieces_m):
            edge, cell = near_cells(ends, self.cell_m, within_m=piece_m / 2)
            near = self.edges.take(edge)
            tables.append(near.assign(place=cell * 2 + is_long, edge=edge.astype(np.int32)))
        return pd.concat(tables, ignore_index=True)


def ground_of(microgrids: pd.DataFrame, points: pd.DataFrame) -> Ground | None:
    """The ground of reference frames; None where there is neither a boundary nor a placed point."""
    drawn = microgrids.dropna(subset=["geometry"]).sort_values("microgrid_code")
    placed = points.dropna(subset=["lon", "lat"]).sort_values("point_id")
    polygons = shapely.from_wkt(drawn["geometry"].to_numpy(dtype=object))
    spots = shapely.points(placed["lon"].to_numpy(dtype=float), placed["lat"].to_numpy(dtype=float))
    if not len(polygons) + len(spots):
        return None
    plane = plane_around(polygons if len(polygons) else spots)
    flat = [plane.project(polygon) for polygon in polygons]
    # As much area outside the circle as inside, so that the polygon's radius is right on average.
    corners = 4 * _CIRCLE_QUARTER
    radius = POINT_M * np.sqrt(2 * np.pi / corners / np.sin(2 * np.pi / corners))
    circles = [plane.project(spot).buffer(radius, quad_segs=_CIRCLE_QUARTER) for spot in spots]
    shapes = np.array([*flat, *circles], dtype=object)
    area_m2 = float(shapely.area(shapes).sum())
    cell_m = _CELL_M
    while area_m2 / cell_m**2 > _MAX_CELLS:
        cell_m *= 2
    codes = (*drawn["microgrid_code"], *placed["point_id"])
    return Ground(plane, shapes, codes, microgrids_n=len(flat), cell_m=cell_m)


def cell_of(x: FloatArray, y: FloatArray, cell_m: float) -> IntArray:
    """The number of the cell a place in metres lies in."""
    column, row = np.floor(x / cell_m).astype(np.int64), np.floor(y / cell_m).astype(np.int64)
    return column * CELL_STRIDE + row


def _inside(shape: BaseGeometry, cell_m: float) -> tuple[FloatArray, FloatArray]:
    """The middles of the cells that lie in a polygon."""
    west, south, east, north = np.floor(np.array(shape.bounds) / cell_m)
    columns, rows = np.arange(west, east + 1) + 0.5, np.arange(south, north + 1) + 0.5
    x, y = (axis.ravel() * cell_m for axis in np.meshgrid(columns, rows))
    hit = shapely.contains_xy(shape, x, y)
    return x[hit], y[hit]


def _rings(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], IntArray]:
    """Every ring of polygons, and the polygon it belongs to."""
    parts, area = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    return rings, area[part]


def _edges_of_rings(rings: NDArray[np.object_]) -> tuple[FloatArray, FloatArray, IntArray]:
    """The edges of closed rings from their vertices, and the ring of each."""
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    return xy[:-1][same], xy[1:][same], ring[1:][same]


def near_cells(segments: FloatArray, cell_m: float, *, within_m: float) -> tuple[IntArray, IntArray]:
    """Pairs of (place of a segment, cell) no further apart than `within_m` (rows ax, ay, bx, by)."""
    count = np.maximum(np.ceil(np.hypot(*(segments[:, 2:] - segments[:, :2]).T) / _LONGEST_EDGE_M), 1).astype(
        int
    )
    place = np.repeat(np.arange(len(segments)), count)
    nth = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    share = nth / count[place]
    way = segments[place, 2:] - segments[place, :2]
    a = segments[place, :2] + way * share[:, None]
    b = segments[place, :2] + way * ((nth + 1) / count[place])[:, None]
    low = np.floor((np.minimum(a, b) - within_m) / cell_m).astype(np.int64)
    high = np.floor((np.maximum(a, b) + within_m) / cell_m).astype(np.int64)
    wide, tall = (high - low + 1).T
    row = np.repeat(np.arange(len(place)), wide * tall)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(wide * tall) - wide * tall, wide * tall)
    column, line = low[row, 0] + nth // tall[row], low[row, 1] + nth % tall[row]
    middle = np.column_stack([column + 0.5, line + 0.5]) * cell_m
    way = b[row] - a[row]
    length_2 = np.maximum((way**2).sum(axis=1), 1e-12)
    along = np.clip(((middle - a[row]) * way).sum(axis=1) / length_2, 0, 1)
    away = np.hypot(*(middle - a[row] - way * along[:, None]).T)
    hit = away <= within_m + cell_m * np.sqrt(0.5)
    pairs = pd.DataFrame({"place": place[row[hit]], "cell": column[hit] * CELL_STRIDE + line[hit]})
    pairs = pairs.drop_duplicates().sort_values(["place", "cell"])
    return pairs["place"].to_numpy(), pairs["cell"].to_numpy()
