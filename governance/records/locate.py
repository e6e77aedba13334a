"""Where a row belongs: names to codes, addresses and coordinates to micro-grids.

A gazetteer is made from the stored reference tables; without any it knows nothing, and every
row stays as it came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from governance.geo import Plane, plane_around
from governance.records.values import folded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

NAMED_BY = {
    "communities": "community_code",
    "grids": "grid_code",
    "microgrids": "microgrid_code",
    "estates": "estate_id",
    "teams": "team_id",
    "points": "point_id",
}
REFERENCE_FOR_PLACES = (*NAMED_BY, "addresses")


@dataclass(frozen=True)
class Gazetteer:
    """The street's names, addresses and micro-grid polygons.

    `names` holds, per code column, every code, name and alias with its code; `parent_of` the
    grid of a micro-grid and the community of a grid; polygons lie on `plane`, in metres.
    """

    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parent_of: Mapping[str, str] = field(default_factory=dict)
    microgrid_of_address: Mapping[str, str] = field(default_factory=dict)
    microgrid_of_estate: Mapping[str, str] = field(default_factory=dict)
    microgrid_codes: tuple[str, ...] = ()
    tree: shapely.STRtree | None = None
    plane: Plane | None = None

    def resolved(self, column: str, texts: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Codes for texts that hold a code, a name or an alias, and which are unknown.

        Texts that resolve to nothing stay as they came.
        """
        table = self.names.get(column)
        if not table:
            return texts, pc.is_valid(texts)
        codes = _looked_up(texts, table)
        return pc.coalesce(codes, texts), pc.and_(pc.is_valid(texts), pc.is_null(codes))


def _looked_up(texts: pa.Array, table: Mapping[str, str]) -> pa.Array:
    place = pc.index_in(texts, pa.array(list(table), pa.string()))
    return pc.take(pa.array(list(table.values()), pa.string()), place)


def _split_aliases(text: object) -> list[str]:
    return [part for part in str(text).replace("，", "、").replace(",", "、").split("、") if part]


def _names_of(frame: pd.DataFrame, code_column: str) -> dict[str, str]:
    """Code, name, short name and aliases with their code; a name two areas share is left out."""
    names: dict[str, str] = {}
    doubled: set[str] = set()
    for row in frame.to_dict("records"):
        code = str(row[code_column])
        words = [code]
        if pd.notna(row.get("name")):
            name = str(row["name"])
            words += [name, name.removesuffix("社区"), f"{name.removesuffix('社区')}社区"]
        if pd.notna(row.get("aliases")):
            words += _split_aliases(row["aliases"])
        for word in set(words):
            if names.setdefault(word, code) != code:
                doubled.add(word)
    codes = set(frame[code_column])
    return {word: code for word, code in names.items() if word in codes or word not in doubled}


def _microgrids_of_addresses(addresses: pd.DataFrame) -> dict[str, str]:
    """Micro-grid of each address and alias; an address that two micro-grids share is left out."""
    found: dict[str, set[str]] = {}
    known = addresses.dropna(subset=["address", "microgrid_code"])
    for row in known.to_dict("records"):
        words = [row["address"], *(_split_aliases(row["aliases"]) if pd.notna(row["aliases"]) else ())]
        for word in words:
            found.setdefault(str(word).replace(" ", ""), set()).add(row["microgrid_code"])
    return {word: codes.pop() for word, codes in found.items() if len(codes) == 1}


def gazetteer_of(frames: Mapping[str, pd.DataFrame]) -> Gazetteer:
    """The gazetteer of stored reference frames (`REFERENCE_FOR_PLACES`; missing ones are empty)."""
    names = {
        column: _names_of(frames[kind], column) for kind, column in NAMED_BY.items() if len(frames[kind])
    }
    grids, microgrids, estates = frames["grids"], frames["microgrids"], frames["estates"]
    parents = dict(zip(grids["grid_code"], grids["community_code"], strict=True))
    parents |= dict(zip(microgrids["microgrid_code"], microgrids["grid_code"], strict=True))
    drawn = microgrids.dropna(subset=["geometry"])
    tree = plane = None
    if len(drawn):
        polygons = shapely.from_wkt(drawn["geometry"].to_numpy(dtype=object))
        plane = plane_around(polygons)
        tree = shapely.STRtree([plane.project(polygon) for polygon in polygons])
    placed = estates.dropna(subset=["microgrid_code"])
    return Gazetteer(
        names=names,
        parent_of={child: parent for child, parent in parents.items() if pd.notna(parent)},
        microgrid_of_address=_microgrids_of_addresses(frames["addresses"]),
        microgrid_of_estate=dict(zip(placed["estate_id"], placed["microgrid_code"], strict=True)),
        microgrid_codes=tuple(drawn["microgrid_code"]),
        tree=tree,
        plane=plane,
    )


def microgrids_at(
    gazetteer: Gazetteer, lon: NDArray[np.float64], lat: NDArray[np.float64], *, tolerance_m: float
) -> pa.Array:
    """Micro-grid codes at WGS-84 points; a point outside all takes the nearest within tolerance."""
    codes = np.full(len(lon), None, dtype=object)
    if gazetteer.tree is None or gazetteer.plane is None:
        return pa.array(codes, pa.string())
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    points = shapely.points(gazetteer.plane.x_m(lon[known]), gazetteer.plane.y_m(lat[known]))
    table = np.array(gazetteer.microgrid_codes, dtype=object)
    near, cell = gazetteer.tree.query_nearest(points, max_distance=max(tolerance_m, 1e-9), all_matches=False)
    codes[known[near]] = table[cell]
    return pa.array(codes, pa.string())


@dataclass(frozen=True)
class Located:
    """The areas of rows: code arrays, how each was found, and what does not fit."""

    community_code: pa.Array
    grid_code: pa.Array
    microgrid_code: pa.Array
    located_by: pa.Array
    is_unknown: pa.Array
    is_mismatch: pa.Array


def located(
    gazetteer: Gazetteer,
    columns: Mapping[str, pa.Array],
    *,
    is_default_point: NDArray[np.bool_],
    tolerance_m: float,
) -> Located:
    """Areas of incidents: the stated micro-grid, else the point, the address, the estate.

    A default point locates nothing. A point in another community than the stated one is a
    mismatch; the stated community stands and the micro-grid stays unknown.
    """
    size = len(columns["community_code"])
    community, _ = gazetteer.resolved("community_code", columns["community_code"])
    grid, _ = gazetteer.resolved("grid_code", columns["grid_code"])
    stated, is_unknown_stated = gazetteer.resolved("microgrid_code", columns["microgrid_code"])
    stated_known = pc.if_else(is_unknown_stated, None, stated)
    lon = columns["lon"].to_numpy(zero_copy_only=False)
    lat = columns["lat"].to_numpy(zero_copy_only=False)
    by_point = microgrids_at(gazetteer, np.where(is_default_point, np.nan, lon), lat, tolerance_m=tolerance_m)
    address = pc.replace_substring(folded(columns["address"]), " ", "")
    by_address = _looked_up(address, gazetteer.microgrid_of_address)
    by_estate = _looked_up(columns["estate_id"], gazetteer.microgrid_of_estate)
    microgrid = pc.coalesce(stated_known, by_point, by_address, by_estate)
    how = pc.case_when(
        pc.make_struct(*(pc.is_valid(found) for found in (stated_known, by_point, by_address, by_estate))),
        *(pa.repeat(word, size) for word in ("code", "point", "address", "estate")),
        pa.repeat("none", size),
    )
    own_grid = _looked_up(microgrid, gazetteer.parent_of)
    own_community = _looked_up(own_grid, gazetteer.parent_of)
    known_communities = gazetteer.names.get("community_code", {})
    is_stated = pc.is_in(community, pa.array(list(known_communities), pa.string()))
    differs = pc.fill_null(pc.not_equal(community, own_community), False)
    is_mismatch = pc.and_(pc.and_(is_stated, differs), pc.is_null(stated_known))
    microgrid = pc.if_else(is_mismatch, None, microgrid)
    from_grid = _looked_up(grid, gazetteer.parent_of)
    final = pc.if_else(
        is_mismatch,
        community,
        pc.coalesce(own_community, pc.if_else(is_stated, community, None), from_grid, community),
    )
    is_known = pc.is_in(final, pa.array(list(set(known_communities.values())), pa.string()))
    return Located(
        community_code=final,
        grid_code=pc.coalesce(pc.if_else(is_mismatch, None, own_grid), grid),
        microgrid_code=pc.coalesce(microgrid, stated),
        located_by=pc.if_else(is_mismatch, "none", how),
        is_unknown=pc.invert(is_known),
        is_mismatch=is_mismatch,
    )
