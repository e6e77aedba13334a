"""Pairs of cases at the same place: at most so many metres apart, or at the same address.

Distances are measured at the pair's own latitude, so a pair does not depend on what other cases
there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.geo import METRES_PER_DEGREE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

# Points that stand for "somewhere" say nothing about the same place.
NO_PLACE = ("default_point", "zero_point", "bad_point")
_CANDIDATES_AT_ONCE = 4_000_000
_NONE = np.empty((0, 2), dtype=np.int64)


def has_flag(frame: pd.DataFrame, *codes: str) -> pd.Series:
    """Which rows carry any of the flags."""
    flags = frame["flags"].fillna("")
    hit = pd.Series(False, index=frame.index)
    noted = flags.ne("").to_numpy(dtype=bool)
    if noted.any():
        pattern = r"(?:^| )(?:" + "|".join(codes) + r")(?: |$)"
        hit[noted] = flags[noted].str.contains(pattern, regex=True).astype(bool)
    return hit


def has_own_point(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows have coordinates that are their own, not a default or broken point."""
    is_known = rows["lon"].notna() & rows["lat"].notna() & rows["lat"].abs().lt(89)
    return np.asarray((is_known & ~has_flag(rows, *NO_PLACE)).to_numpy(dtype=bool))


def _ranges(starts: Places, ends: Places) -> Iterator[tuple[Places, Places]]:
    """Every (query, position) with position in the query's half-open range, in bounded turns."""
    lengths = np.maximum(ends - starts, 0)
    total = np.cumsum(lengths)
    done = 0
    while done < len(lengths):
        before = int(total[done - 1]) if done else 0
        last = max(int(np.searchsorted(total, before + _CANDIDATES_AT_ONCE, side="right")), done + 1)
        some = lengths[done:last]
        query = np.repeat(np.arange(done, last), some)
        offset = np.arange(len(query)) - np.repeat(np.cumsum(some) - some, some)
        yield query, starts[query] + offset
        done = last


def near_pairs(
    left: tuple[Numbers, Numbers, Places], right: tuple[Numbers, Numbers, Places], *, within_m: float
) -> NDArray[np.int64]:
    """Positions (i in `left`, j in `right`) of points of one group at most `within_m` metres apart.

    Each side is longitude, latitude (degrees, none missing) and group number.
    """
    (lon, lat, group), (lon2, lat2, group2) = left, right
    if not len(lon) or not len(lon2):
        return _NONE
    high = max(float(np.abs(lat).max()), float(np.abs(lat2).max()))
    reach_lat = within_m / METRES_PER_DEGREE * 1.0001
    reach_lon = reach_lat / max(float(np.cos(np.radians(min(high + 0.01, 89.5)))), 1e-3)
    low = min(float(lat.min()), float(lat2.min())) - reach_lat
    rows_n = int((max(float(lat.max()), float(lat2.max())) - low) / reach_lat) + 3
    strip = ((lat - low) / reach_lat).astype(np.int64) + group * rows_n
    strip2 = ((lat2 - low) / reach_lat).astype(np.int64) + group2 * rows_n
    order = np.lexsort((lon2, strip2))
    ordered_strip, ordered_lon = strip2[order], lon2[order]
    found = []
    for step in (-1, 0, 1):
        starts, ends = _strip_ranges(ordered_strip, ordered_lon, strip + step, lon, reach_lon)
        for i, place in _ranges(starts, ends):
            j = order[place]
            dy = (lat2[j] - lat[i]) * METRES_PER_DEGREE
            dx = (lon2[j] - lon[i]) * METRES_PER_DEGREE * np.cos(np.radians((lat2[j] + lat[i]) / 2))
            close = dx * dx + dy * dy <= within_m * within_m
            found.append(np.column_stack([i[close], j[close]]))
    return np.concatenate(found) if found else _NONE


def _strip_ranges(
    strips: Places, lons: Numbers, wanted: Places, lon: Numbers, reach: float
) -> tuple[Places, Places]:
    """For each point the range of the ordered points in the wanted strip within reach along it.

    Longitudes are ranked once, so that (strip, rank) is one whole number to search in.
    """
    ranked = np.sort(lons)
    width = len(lons) + 1
    key = strips * width + np.searchsorted(ranked, lons, side="left")
    starts = np.searchsorted(key, wanted * width + np.searchsorted(ranked, lon - reach, side="left"))
    ends = np.searchsorted(key, wanted * width + np.searchsorted(ranked, lon + reach, side="right"))
    return np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64)


def equal_pairs(left: Places, right: Places) -> NDArray[np.int64]:
    """Positions (i, j) with the same number on both sides; a negative number matches nothing."""
    order = np.argsort(right, kind="stable")
    ordered = right[order]
    starts = np.searchsorted(ordered, left, side="left")
    ends = np.where(left >= 0, np.searchsorted(ordered, left, side="right"), starts)
    found = [np.column_stack([i, order[place]]) for i, place in _ranges(starts, ends)]
    return np.concatenate(found) if found else _NONE


def numbered(*columns: pd.Series) -> list[Places]:
    """Columns that hold the same kind of text, numbered alike; a missing one is −1."""
    both = pd.concat(columns, ignore_index=True).to_numpy(dtype=object)
    codes, _ = pd.factorize(both)
    bounds = np.cumsum([len(column) for column in columns])[:-1]
    return [np.asarray(part, dtype=np.int64) for part in np.split(codes, bounds)]


def same_place_pairs(
    left: pd.DataFrame, right: pd.DataFrame, *, within_m: float | None, by_category: bool
) -> NDArray[np.int64]:
    """Positions (i, j) of cases at the same place, each pair once.

    The same address, or points of their own at most `within_m` apart (None: the address alone).
    `by_category` pairs cases of one category only; a missing category matches nothing then.
    """
    if by_category:
        group, group2 = numbered(left["category"], right["category"])
    else:
        group, group2 = (np.zeros(len(rows), dtype=np.int64) for rows in (left, right))
    address, address2 = numbered(left["address"], right["address"])
    groups_n = int(max(group.max(initial=0), group2.max(initial=0))) + 1
    keys = [
        np.where((a >= 0) & (g >= 0), a * groups_n + g, -1) for a, g in ((address, group), (address2, group2))
    ]
    pairs = equal_pairs(keys[0], keys[1])
    if within_m is not None:
        pairs = np.concatenate([pairs, _own_point_pairs(left, right, (group, group2), within_m)])
        code = np.unique(pairs[:, 0] * max(len(right), 1) + pairs[:, 1])
        pairs = np.column_stack(np.divmod(code, max(len(right), 1)))
    return pairs


def _own_point_pairs(
    left: pd.DataFrame, right: pd.DataFrame, groups: tuple[Places, Places], within_m: float
) -> NDArray[np.int64]:
    sides, kept = [], []
    for rows, group in zip((left, right), groups, strict=True):
        usable = np.flatnonzero(has_own_point(rows) & (group >= 0))
        lon, lat = (rows[axis].to_numpy(dtype=np.float64)[usable] for axis in ("lon", "lat"))
        sides.append((lon, lat, group[usable]))
        kept.append(usable)
    pairs = near_pairs(sides[0], sides[1], within_m=within_m)
    return np.column_stack([kept[0][pairs[:, 0]], kept[1][pairs[:, 1]]])
