"""Positions: coordinates into WGS-84, names into codes, incidents into micro-grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.geo import to_wgs84
from governance.records.locate import NAMED_BY, located

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.records.checks import CheckRules
    from governance.records.flags import Flags


def place_rows(columns: dict[str, pa.Array], rules: CheckRules, flags: Flags) -> None:
    """Put coordinates into WGS-84 and names into codes; locate incidents."""
    if "lon" in columns:
        _fix_points(columns, rules, flags)
    for name in NAMED_BY.values():
        is_area = name in ("community_code", "grid_code", "microgrid_code")
        is_own_key = rules.kind.key == (name,)
        if name not in columns or is_own_key or (rules.kind.is_located and is_area):
            continue
        columns[name], unknown = rules.gazetteer.resolved(name, columns[name])
        if is_area:
            flags.add("unknown_area", unknown)
        elif rules.gazetteer.names.get(name):
            flags.add(f"unknown_{name.removesuffix('_id')}", unknown)
    if rules.kind.is_located:
        _locate(columns, rules, flags)


def _fix_points(columns: dict[str, pa.Array], rules: CheckRules, flags: Flags) -> None:
    lon = columns["lon"].to_numpy(zero_copy_only=False).astype(float)
    lat = columns["lat"].to_numpy(zero_copy_only=False).astype(float)
    is_zero = (np.abs(lon) < 1e-9) & (np.abs(lat) < 1e-9)
    is_swapped = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)
    lon, lat = np.where(is_swapped, lat, lon), np.where(is_swapped, lon, lat)
    is_given = ~(np.isnan(lon) & np.isnan(lat))
    with np.errstate(invalid="ignore"):
        is_bad = is_given & ~is_zero & ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    lost = is_zero | is_bad
    lon, lat = np.where(lost, np.nan, lon), np.where(lost, np.nan, lat)
    lon, lat = to_wgs84(lon, lat, rules.crs)
    columns["lon"] = pa.array(np.round(lon, 7), from_pandas=True)
    columns["lat"] = pa.array(np.round(lat, 7), from_pandas=True)
    flags.add("zero_point", pa.array(is_zero))
    flags.add("swapped_point", pa.array(is_swapped))
    flags.add("bad_point", pa.array(is_bad))


def default_points(
    lon: NDArray[np.float64], lat: NDArray[np.float64], address: pa.Array, *, min_n: int
) -> NDArray[np.bool_]:
    """Rows on a point that stands for "unknown": shared by many rows with unlike addresses.

    A point is a default point when at least `min_n` rows share it exactly and at least half of
    them have an address of their own; without addresses, when it holds a tenth of all rows.
    """
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    hits = np.zeros(len(lon), dtype=bool)
    if len(known) < min_n:
        return hits
    pair = np.round(lon[known] * 1e7).astype(np.int64) * 4_000_000_000 + np.round(lat[known] * 1e7).astype(
        np.int64
    )
    _, place, count = np.unique(pair, return_inverse=True, return_counts=True)
    for crowded in np.flatnonzero(count >= min_n):
        rows = known[place == crowded]
        distinct = pc.count_distinct(address.take(pa.array(rows)), mode="only_valid").as_py()
        is_default = (
            distinct >= len(rows) / 2 if address.null_count < len(address) else len(rows) * 10 >= len(lon)
        )
        hits[rows] = is_default
    return hits


def _locate(columns: dict[str, pa.Array], rules: CheckRules, flags: Flags) -> None:
    lon = columns["lon"].to_numpy(zero_copy_only=False)
    lat = columns["lat"].to_numpy(zero_copy_only=False)
    is_default = default_points(
        lon, lat, columns["address"], min_n=rules.settings.integer("default_point_min_n")
    )
    flags.add("default_point", pa.array(is_default))
    found = located(
        rules.gazetteer,
        columns,
        is_default_point=is_default,
        tolerance_m=rules.settings.number("area_tolerance_m"),
    )
    flags.add("unknown_area", found.is_unknown)
    flags.add("location_mismatch", found.is_mismatch)
    for name in ("community_code", "grid_code", "microgrid_code", "located_by"):
        columns[name] = getattr(found, name)
