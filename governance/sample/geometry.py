"""The street's nested partition: 7 communities, 61 grids, 294 micro-grids, exactly tiled.

No polygon of these areas is public, so they are constructed: a power diagram around the
communities' anchor points, Voronoi cells inside each community, both bent by a smooth field so
that edges look grown. All edges are noded together before the faces are made, so neighbours
share every vertex and children tile their parents without gap or overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

from governance.geo import Plane

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry import LineString, MultiLineString, Polygon
    from shapely.geometry.base import BaseGeometry

    FloatArray = NDArray[np.float64]

STREET_PLANE = Plane(lon0=106.5427, lat0=29.5625)
BANK_FROM_MIDSTREAM_M = 120.0
GRIDS_N = 61
MICROGRIDS_N = 294
_DEGREES = 1e-6
_POWER_ROUNDS = 60
_LLOYD_ROUNDS = 5

# The sides without water, drawn so that the anchors and the street's landmarks lie inside;
# the first and last vertices lie beyond the bank, which cuts the rest.
_LAND_SIDES = (
    (106.5300, 29.5592), (106.5336, 29.5577), (106.5346, 29.5565), (106.5358, 29.5561), (106.5372, 29.5556),
    (106.5388, 29.5562), (106.5402, 29.5567), (106.5421, 29.5565), (106.5437, 29.5573), (106.5449, 29.5562),
    (106.5460, 29.5561), (106.5467, 29.5576), (106.5476, 29.5585), (106.5481, 29.5597), (106.5492, 29.5604),
    (106.5497, 29.5616), (106.5506, 29.5625), (106.5508, 29.5640), (106.5511, 29.5652), (106.5503, 29.5664),
    (106.5506, 29.5677), (106.5501, 29.5690), (106.5504, 29.5712), (106.5300, 29.5712),
)  # fmt: skip


@dataclass(frozen=True)
class Partition:
    """Polygons in WGS-84 degrees at six decimals; `grid_of` and `community_of` are positions.

    `microgrids[i]` lies in `grids[grid_of[i]]`, `grids[j]` in `communities[community_of[j]]`.
    """

    communities: tuple[Polygon, ...]
    grids: tuple[Polygon, ...]
    microgrids: tuple[Polygon, ...]
    community_of: tuple[int, ...]
    grid_of: tuple[int, ...]


@dataclass(frozen=True)
class _Waves:
    """A smooth displacement field: a few plane waves of random direction."""

    wave: FloatArray
    phase: FloatArray
    shift_m: FloatArray

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, *, amplitude_m: float, length_m: float, count: int = 6
    ) -> _Waves:
        angle = rng.uniform(0, 2 * np.pi, count)
        length = length_m * rng.uniform(0.7, 1.5, count)
        wave = 2 * np.pi * np.column_stack([np.cos(angle), np.sin(angle)]) / length[:, None]
        shift = rng.normal(0, amplitude_m / np.sqrt(count), (count, 2))
        return cls(wave, rng.uniform(0, 2 * np.pi, count), shift)

    def bend(self, xy: FloatArray, still: BaseGeometry) -> FloatArray:
        """The points moved along the field; those on `still` stay, within 60 m they move less."""
        near = np.clip(shapely.distance(shapely.points(xy), still) / 60.0, 0.0, 1.0)
        return np.asarray(xy + near[:, None] * (np.sin(xy @ self.wave.T + self.phase) @ self.shift_m))


def street_outline(midstream: LineString) -> Polygon:
    """The street's outline in metres: the bank on the river side, constructed sides elsewhere."""
    land = STREET_PLANE.project(shapely.Polygon(_LAND_SIDES))
    strip = STREET_PLANE.project(midstream).buffer(BANK_FROM_MIDSTREAM_M)
    return max(shapely.get_parts(land.difference(strip)), key=lambda part: part.area)


def _half_plane(normal: FloatArray, offset: float) -> Polygon:
    """All points p within 10 km with p · normal <= offset."""
    unit = normal / np.hypot(*normal)
    foot = unit * offset / np.hypot(*normal)
    along, far = np.array([-unit[1], unit[0]]) * 1e4, unit * 1e4
    return shapely.Polygon([foot - along, foot + along, foot + along - far, foot - along - far])


def _power_cells(outline: Polygon, anchors: FloatArray, weights: FloatArray) -> list[BaseGeometry]:
    cells = []
    squares = (anchors**2).sum(axis=1) - weights
    for i, anchor in enumerate(anchors):
        cell = outline
        for j, other in enumerate(anchors):
            if i != j:
                cell = cell.intersection(_half_plane(2 * (other - anchor), squares[j] - squares[i]))
        cells.append(cell)
    return cells


def _community_cells(rng: np.random.Generator, outline: Polygon, anchors: FloatArray) -> list[BaseGeometry]:
    """Power cells around the anchors, evened out while every anchor stays 60 m inside its own."""
    weights = np.zeros(len(anchors))
    goal = outline.area / len(anchors)
    points = shapely.points(anchors)
    for _ in range(_POWER_ROUNDS):
        cells = _power_cells(outline, anchors, weights)
        gain = np.array([np.clip(1 - cell.area / goal, -0.5, 0.5) for cell in cells])
        tried = weights + 4e3 * gain
        inner = [cell.buffer(-60) for cell in _power_cells(outline, anchors, tried)]
        if not all(shapely.contains(inner, points)):
            break
        weights = tried
    waves = _Waves.drawn(rng, amplitude_m=26, length_m=420)
    pieces = shapely.segmentize(np.array(_power_cells(outline, anchors, weights)), 25.0)
    bent = shapely.transform(pieces, lambda xy: waves.bend(xy, outline.exterior))
    return list(bent)


def _shares(total: int, sizes: FloatArray) -> list[int]:
    """Whole numbers in proportion to `sizes` that sum to `total` (largest remainders)."""
    exact = sizes / sizes.sum() * total
    whole = np.floor(exact).astype(int)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return [int(n) for n in whole]


def _seeds(rng: np.random.Generator, area: BaseGeometry, count: int) -> FloatArray:
    """`count` points spread over `area`: far from each other, then some steps to their cells' centres."""
    west, south, east, north = area.bounds
    cloud = rng.uniform((west, south), (east, north), (9_000, 2))
    cloud = cloud[shapely.contains_xy(area, cloud[:, 0], cloud[:, 1])]
    seeds = cloud[:1]
    nearest_m = np.hypot(*(cloud - seeds[0]).T)
    for _ in range(count - 1):
        # Not always the farthest of all, or the cells would look like a honeycomb.
        candidates = np.argsort(nearest_m)[-200:]
        chosen = cloud[rng.choice(candidates)]
        seeds = np.vstack([seeds, chosen])
        nearest_m = np.minimum(nearest_m, np.hypot(*(cloud - chosen).T))
    for _ in range(_LLOYD_ROUNDS):
        owner = cKDTree(seeds).query(cloud)[1]
        sums = np.column_stack([np.bincount(owner, cloud[:, axis], count) for axis in (0, 1)])
        seeds = sums / np.maximum(np.bincount(owner, minlength=count), 1)[:, None]
    return np.asarray(seeds)


def _halved(members: NDArray[np.int64], xy: FloatArray, groups: int) -> list[NDArray[np.int64]]:
    """Neighbouring members in `groups` of nearly equal size, by cutting across the longer side."""
    if groups == 1:
        return [members]
    first = groups // 2
    spread = xy[members]
    centred = spread - spread.mean(axis=0)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    order = members[np.argsort(centred @ axis, kind="stable")]
    cut = round(len(members) * first / groups)
    return _halved(order[:cut], xy, first) + _halved(order[cut:], xy, groups - first)


def _bent_faces(rng: np.random.Generator, lines: MultiLineString, outline: Polygon) -> list[Polygon]:
    """The faces between `lines`, bent and rounded to six decimals, in degrees."""
    waves = _Waves.drawn(rng, amplitude_m=8, length_m=170)
    dense = shapely.segmentize(shapely.unary_union(lines, grid_size=0.01), 30.0)
    bent = shapely.transform(dense, lambda xy: waves.bend(xy, outline.exterior))
    noded = shapely.unary_union(STREET_PLANE.unproject(bent), grid_size=_DEGREES)
    return list(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))


def street_partition(rng: np.random.Generator, midstream: LineString, anchors: FloatArray) -> Partition:
    """The nested partition around `anchors` (lon, lat; one a community).

    Grids and micro-grids are numbered within their parent from north-west to south-east.
    """
    outline = street_outline(midstream)
    xy = np.column_stack([STREET_PLANE.x_m(anchors[:, 0]), STREET_PLANE.y_m(anchors[:, 1])])
    cells = _community_cells(rng, outline, xy)
    areas = np.array([cell.area for cell in cells])
    micro_n, grid_n = _shares(MICROGRIDS_N, areas), _shares(GRIDS_N, areas)
    seeds: list[FloatArray] = []
    lines: list[BaseGeometry] = []
    grid_of_seed: list[int] = []
    community_of: list[int] = []
    for position, cell in enumerate(cells):
        points = _seeds(rng, cell, micro_n[position])
        voronoi = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=cell)
        lines += [shapely.boundary(piece.intersection(cell)) for piece in shapely.get_parts(voronoi)]
        groups = _halved(np.arange(len(points)), points, grid_n[position])
        groups.sort(key=lambda group: float(points[group] @ (1.0, -1.0) @ np.ones(len(group)) / len(group)))
        for group in groups:
            ordered = group[np.argsort(points[group] @ (1.0, -1.0), kind="stable")]
            seeds.append(points[ordered])
            grid_of_seed += [len(community_of)] * len(ordered)
            community_of.append(position)
    faces = _bent_faces(rng, shapely.union_all(lines), outline)
    return _nested(faces, np.vstack(seeds), grid_of_seed, community_of)


def _joined_up(micro: NDArray[np.object_], grid_of: NDArray[np.int64], community_of: list[int]) -> None:
    """Gives every grid one piece: stray micro-grids go to the smallest grid they border on."""
    communities = np.array(community_of)
    for grid in range(len(community_of)):
        pieces = shapely.get_parts(shapely.coverage_union_all(micro[grid_of == grid]))
        main_piece = max(pieces, key=lambda piece: piece.area)
        for cell in np.flatnonzero(grid_of == grid):
            if main_piece.contains(micro[cell].representative_point()):
                continue
            shared_m = shapely.length(shapely.intersection(micro[cell], micro))
            beside = np.unique(grid_of[(shared_m > 0) & (communities[grid_of] == communities[grid])])
            beside = beside[beside != grid]
            grid_of[cell] = beside[np.argmin([(grid_of == other).sum() for other in beside])]


def _nested(
    faces: list[Polygon], seeds: FloatArray, grid_of: list[int], community_of: list[int]
) -> Partition:
    """The faces in the order of their seeds, and the unions that are their parents."""
    lonlat = np.column_stack([STREET_PLANE.lon(seeds[:, 0]), STREET_PLANE.lat(seeds[:, 1])])
    seed, face = shapely.STRtree(faces).query(shapely.points(lonlat), predicate="within")
    position = dict(zip(seed.tolist(), face.tolist(), strict=True))
    micro = np.array([faces[position[i]] for i in range(len(seeds))])
    grids_at, communities_at = np.array(grid_of), np.array(community_of)
    _joined_up(micro, grids_at, community_of)
    order = np.argsort(grids_at, kind="stable")
    micro, grids_at = micro[order], grids_at[order]
    grids = np.array([shapely.coverage_union_all(micro[grids_at == g]) for g in range(len(community_of))])
    communities = [
        shapely.coverage_union_all(grids[communities_at == c]) for c in range(int(communities_at.max()) + 1)
    ]
    return Partition(
        communities=tuple(communities),
        grids=tuple(grids),
        microgrids=tuple(micro),
        community_of=tuple(community_of),
        grid_of=tuple(int(grid) for grid in grids_at),
    )
