"""The areas of the street: communities, grids and micro-grids in one table, and which holds which.

A community or grid without its own polygon is the union of its micro-grids; a parent that is
only named by its children gets a row of its own, so that nothing hangs in the air.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
import shapely

from governance.geo import plane_around

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["street", "community", "grid", "microgrid"]
LEVELS: tuple[Level, ...] = get_args(Level)
AREA_LEVELS: tuple[Level, ...] = LEVELS[1:]
CODE_COLUMNS: Mapping[Level, str] = {level: f"{level}_code" for level in AREA_LEVELS}
STREET_KEY = ("street", "")

AreaKey = tuple[str, str]


def _own_rows(frame: pd.DataFrame, *, level: Level, parent: str) -> pd.DataFrame:
    """The rows a reference frame brings for a level, one a code."""
    rows = frame.drop_duplicates(CODE_COLUMNS[level], keep="last").dropna(subset=[CODE_COLUMNS[level]])
    count = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    wkt = rows["geometry"] if "geometry" in rows else pd.Series(pd.NA, index=rows.index, dtype="string")
    code = rows[CODE_COLUMNS[level]]
    return pd.DataFrame(
        {
            "level": level,
            "code": code,
            "name": rows["name"].fillna(code),
            "parent_code": rows[parent] if parent else pd.Series(pd.NA, index=rows.index, dtype="string"),
            "households": rows.get("households", count),
            "residents": rows.get("residents", count),
            "geometry": shapely.from_wkt(wkt.fillna("GEOMETRYCOLLECTION EMPTY").to_numpy(dtype=object)),
        }
    )


def _only_named(children: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Rows for parents that no reference row describes, named by their code."""
    missing = children["parent_code"].dropna().drop_duplicates()
    missing = missing[~missing.isin(own["code"])]
    return pd.DataFrame({"code": missing, "name": missing, "geometry": shapely.Polygon()})


def _filled_from_children(own: pd.DataFrame, children: pd.DataFrame) -> pd.DataFrame:
    """Sums and missing polygons of a level from the level below; a part unknown makes a sum unknown."""
    grouped = children.dropna(subset=["parent_code"]).groupby("parent_code")
    sums = {
        column: grouped[column].agg(lambda s: s.sum(skipna=False)).astype("Int64")
        for column in ("households", "residents")
    }
    unions = grouped["geometry"].agg(lambda g: shapely.union_all(g.to_numpy()))
    result = own.copy()
    for column, summed in sums.items():
        known = own[column] if column in own else pd.Series(pd.NA, index=own.index)
        result[column] = known.astype("Int64").fillna(own["code"].map(summed))
    is_bare = shapely.is_empty(own["geometry"].to_numpy(dtype=object))
    union = own["code"].map(unions)
    result["geometry"] = np.where(is_bare & union.notna(), union, own["geometry"])
    return result


def area_table(communities: pd.DataFrame, grids: pd.DataFrame, microgrids: pd.DataFrame) -> pd.DataFrame:
    """All areas of the street, coarse to fine, each level in the order of its codes.

    Columns: level (community, grid, microgrid), code, name, parent_code (missing for a
    community), households, residents (missing when any part's is), geometry (shapely, WGS-84
    degrees; empty when neither the area nor its parts have a polygon). The index is
    (level, code).
    """
    fine = _own_rows(microgrids, level="microgrid", parent="grid_code")
    middle = _own_rows(grids, level="grid", parent="community_code")
    middle = pd.concat([middle, _only_named(fine, middle).assign(level="grid")], ignore_index=True)
    middle = _filled_from_children(middle, fine)
    coarse = _own_rows(communities, level="community", parent="")
    coarse = pd.concat([coarse, _only_named(middle, coarse).assign(level="community")], ignore_index=True)
    coarse = _filled_from_children(coarse, middle)
    levels = [part.sort_values("code") for part in (coarse, middle, fine)]
    table = pd.concat(levels, ignore_index=True)
    texts = dict.fromkeys(("level", "code", "name", "parent_code"), "string")
    table = table.astype(texts | {"households": "Int64", "residents": "Int64"})
    return table.set_index(pd.MultiIndex.from_frame(table[["level", "code"]], names=["", ""]), drop=False)


def levels_of(areas: pd.DataFrame, *, drawn: bool = False) -> tuple[Level, ...]:
    """The levels an area table holds, coarse to fine; with `drawn`, those that have polygons."""
    rows = areas[~shapely.is_empty(areas["geometry"].to_numpy(dtype=object))] if drawn else areas
    present = set(rows["level"])
    return tuple(level for level in AREA_LEVELS if level in present)


def parent_of(areas: pd.DataFrame, key: AreaKey) -> AreaKey:
    """The area one step up; the street above a community or an orphan."""
    level = key[0]
    if key == STREET_KEY or key not in areas.index:
        return STREET_KEY
    above = LEVELS[LEVELS.index(level) - 1] if level in AREA_LEVELS else "street"
    parent = (above, str(areas["parent_code"].get(key)))
    return parent if parent in areas.index else STREET_KEY


def path_to(areas: pd.DataFrame, key: AreaKey) -> tuple[AreaKey, ...]:
    """From the street down to an area, both included."""
    path = [key]
    while path[0] != STREET_KEY:
        path.insert(0, parent_of(areas, path[0]))
    return tuple(path)


def children_of(areas: pd.DataFrame, key: AreaKey) -> pd.DataFrame:
    """The areas one step down, in the order of their codes; of the street its coarsest level."""
    level, code = key
    if key == STREET_KEY:
        tops = levels_of(areas)[:1]
        return areas[areas["level"].isin(tops)]
    finer = LEVELS[LEVELS.index(level) + 1 :][:1]
    return areas[areas["level"].isin(finer) & (areas["parent_code"] == code)]


def area_at(areas: pd.DataFrame, *, lon: float, lat: float) -> AreaKey:
    """The finest drawn area that holds a point in degrees; the street when none does."""
    drawn = areas[areas["level"] == (levels_of(areas, drawn=True) or ("street",))[-1]]
    hit = shapely.covers(drawn["geometry"].to_numpy(dtype=object), shapely.Point(lon, lat))
    found = drawn.index[np.asarray(hit, dtype=bool)]
    return tuple(found[0]) if len(found) else STREET_KEY


def nearest_microgrid(areas: pd.DataFrame, *, lon: float, lat: float) -> tuple[str, float] | None:
    """The drawn micro-grid nearest to a point in degrees, and how many metres away (0 inside).

    None when no micro-grid is drawn.
    """
    drawn = areas[
        areas["level"].eq("microgrid") & ~shapely.is_empty(areas["geometry"].to_numpy(dtype=object))
    ]
    if drawn.empty:
        return None
    polygons = drawn["geometry"].to_numpy(dtype=object)
    plane = plane_around(polygons)
    point = plane.project(shapely.Point(lon, lat))
    away_m = shapely.distance([plane.project(polygon) for polygon in polygons], point)
    place = int(np.argmin(away_m))
    return str(drawn["code"].iloc[place]), float(away_m[place])


def drilled(areas: pd.DataFrame, *, shown: AreaKey, clicked: AreaKey) -> AreaKey:
    """Where a click leads: one step below the last area that `shown` and `clicked` share.

    From the street into the clicked community, from there into the clicked grid and so on; a
    click beside the shown area goes to its neighbour, a click outside every area nowhere.
    """
    if clicked == STREET_KEY:
        return shown
    here, there = path_to(areas, shown), path_to(areas, clicked)
    shared = sum(1 for a, b in zip(here, there, strict=False) if a == b)
    return there[min(shared, len(there) - 1)]


def with_parents(frame: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """The area codes of located rows: community, grid and microgrid, filled upwards where missing.

    `frame` has any of community_code, grid_code, microgrid_code; rows keep their index.
    """
    codes = pd.DataFrame(
        {level: frame.get(column, pd.NA) for level, column in CODE_COLUMNS.items()},
        index=frame.index,
        dtype="string",
    )
    parents = areas.droplevel(0).groupby("level")["parent_code"]
    of_level = {level: parent.dropna() for level, parent in parents}
    for coarse, fine in (("grid", "microgrid"), ("community", "grid")):
        if fine in of_level:
            held = codes[fine].map(of_level[fine]).astype("string")
            codes[coarse] = codes[coarse].fillna(held)
    return codes


def community_of_microgrids(grids: pd.DataFrame, microgrids: pd.DataFrame) -> pd.Series:
    """The community code of each micro-grid, by micro-grid code."""
    of_grid = grids.drop_duplicates("grid_code", keep="last").set_index("grid_code")["community_code"]
    cells = microgrids.drop_duplicates("microgrid_code", keep="last")
    held = cells["grid_code"].map(of_grid)
    return pd.Series(held.array, index=cells["microgrid_code"], dtype="string")


def points_located(lon: pd.Series, lat: pd.Series, areas: pd.DataFrame) -> pd.DataFrame:
    """The area codes of points in degrees, by the finest level that has polygons.

    Columns community, grid, microgrid; missing outside every polygon. A point on a shared
    border belongs to the area with the first code.
    """
    drawn_levels = levels_of(areas, drawn=True)
    if not drawn_levels:
        return with_parents(pd.DataFrame(index=lon.index), areas)
    finest = drawn_levels[-1]
    drawn = areas[areas["level"] == finest]
    tree = shapely.STRtree(drawn["geometry"].to_numpy(dtype=object))
    point_of, area_of = tree.query(shapely.points(lon.to_numpy(), lat.to_numpy()), predicate="intersects")
    first = pd.Series(area_of, index=point_of).groupby(level=0).min()
    place = first.reindex(range(len(lon))).set_axis(lon.index)
    code = place.map(dict(enumerate(drawn["code"])))
    return with_parents(pd.DataFrame({CODE_COLUMNS[finest]: code.astype("string")}), areas)
