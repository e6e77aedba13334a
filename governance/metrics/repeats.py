"""The same trouble again at the same place: repeats within 30 days, chronic places.

The same place is the same address, or at most 50 m away on the metric plane where neither lies on
a default point. The ids of one event (one external id) count once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from governance.geo import Plane

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from governance.metrics.windows import Span

REPEAT_WITHIN_M = 50.0
REPEAT_WITHIN_D = 30
CHRONIC_N = 3
CHRONIC_WITHIN_D = 90
# Points that stand for "somewhere" say nothing about the same place.
_NO_PLACE = ("default_point", "zero_point", "bad_point")


def has_flag(frame: pd.DataFrame, *codes: str) -> pd.Series:
    """Which rows carry any of the flags."""
    pattern = r"(?:^| )(?:" + "|".join(codes) + r")(?: |$)"
    return frame["flags"].fillna("").str.contains(pattern, regex=True).astype(bool)


def merged_events(incidents: pd.DataFrame) -> pd.DataFrame:
    """One row an event: of the ids that share an external id only the first report stays."""
    ordered = incidents.sort_values(["reported_at", "incident_id"])
    is_later = ordered["external_id"].notna() & ordered.duplicated("external_id", keep="first")
    return ordered[~is_later]


def _usable_points(rows: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Positions of the rows with a point of their own, and those points in metres."""
    is_usable = rows["lon"].notna() & rows["lat"].notna() & ~has_flag(rows, *_NO_PLACE)
    usable = np.flatnonzero(is_usable.to_numpy(dtype=bool))
    lon, lat = (rows[axis].to_numpy(dtype=float)[usable] for axis in ("lon", "lat"))
    if not len(usable):
        return usable, np.empty((0, 2))
    plane = Plane(lon0=float(lon.mean()), lat0=float(lat.mean()))
    return usable, np.column_stack([plane.x_m(lon), plane.y_m(lat)])


def near_pairs(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Pairs of positions in `rows` at most 50 m apart, each pair once."""
    usable, points = _usable_points(rows)
    if len(usable) < 2:
        return np.empty((0, 2), dtype=np.int64)
    pairs = cKDTree(points).query_pairs(REPEAT_WITHIN_M, output_type="ndarray")
    return usable[np.asarray(pairs, dtype=np.int64)]


def is_repeated(incidents: pd.DataFrame) -> pd.Series:
    """Whether an incident is followed by one of its category at its place within 30 days.

    Rows without a report stamp or a category are never repeated. The index is kept. Merge the
    ids of one event before (`merged_events`).
    """
    hit = pd.Series(False, index=incidents.index)
    ordered = incidents.dropna(subset=["reported_at", "category"]).sort_values(["reported_at", "incident_id"])
    within = pd.Timedelta(days=REPEAT_WITHIN_D)
    next_at = ordered.dropna(subset=["address"]).groupby(["category", "address"])["reported_at"].shift(-1)
    same_address = next_at - ordered["reported_at"].reindex(next_at.index) <= within
    hit.loc[same_address.index[same_address.to_numpy()]] = True
    for _, rows in ordered.groupby("category"):
        pairs = np.sort(near_pairs(rows), axis=1)
        at = rows["reported_at"].to_numpy()
        if len(pairs):
            close = at[pairs[:, 1]] - at[pairs[:, 0]] <= within.to_timedelta64()
            hit.loc[rows.index[np.unique(pairs[close, 0])]] = True
    return hit


def repeat_figures(
    incidents: pd.DataFrame, group: pd.Series, *, span: Span, as_of: datetime | None
) -> pd.DataFrame:
    """Repeats of the events reported in a window, per value of `group`.

    Columns: events_n, followed_n (with 30 days of records after them), repeats_n (of those),
    repeat_share (missing without followed ones).
    """
    events = merged_events(incidents)
    inside = span.holds(events["reported_at"])
    followed = inside & has_followup(events["reported_at"], as_of)
    marks = {"events_n": inside, "followed_n": followed, "repeats_n": followed & is_repeated(events)}
    table = pd.DataFrame(marks).fillna(False).astype("int64").groupby(group.reindex(events.index)).sum()
    share = table["repeats_n"] / table["followed_n"].where(table["followed_n"] > 0)
    return table.assign(repeat_share=share)


def has_followup(stamps: pd.Series, as_of: datetime | None) -> pd.Series:
    """Whether the records reach 30 days beyond each stamp."""
    if as_of is None:
        return pd.Series(False, index=stamps.index)
    last = pd.Timestamp(as_of) - pd.Timedelta(days=REPEAT_WITHIN_D)
    return stamps.le(last).fillna(False).astype(bool)


def came_again(cases: pd.DataFrame, later: pd.DataFrame, *, after: pd.Series) -> pd.Series:
    """Whether one of `later` was reported at a case's place within 30 days after its stamp in `after`.

    A later id of the same event (same external id) and the case itself do not count. The index
    of `cases` is kept.
    """
    left, right = cases.reset_index(drop=True), later.reset_index(drop=True)
    pairs = np.unique(np.concatenate([_near_between(left, right), _same_address(left, right)]), axis=0)
    first, second = pairs[:, 0], pairs[:, 1]
    start = after.to_numpy(dtype="datetime64[us]")[first]
    again_at = right["reported_at"].to_numpy(dtype="datetime64[us]")[second]
    hit = (again_at > start) & (again_at - start <= np.timedelta64(REPEAT_WITHIN_D, "D"))
    for key in ("incident_id", "external_id"):
        mine, theirs = left[key].to_numpy(dtype=object)[first], right[key].to_numpy(dtype=object)[second]
        known = ~(pd.isna(mine) | pd.isna(theirs))
        hit[known] &= mine[known] != theirs[known]
    found = np.zeros(len(left), dtype=bool)
    found[first[hit]] = True
    return pd.Series(found, index=cases.index)


def _near_between(left: pd.DataFrame, right: pd.DataFrame) -> NDArray[np.int64]:
    both = pd.concat([left[["lon", "lat", "flags"]], right[["lon", "lat", "flags"]]], ignore_index=True)
    usable, points = _usable_points(both)
    is_left = usable < len(left)
    if not is_left.any() or is_left.all():
        return np.empty((0, 2), dtype=np.int64)
    near = cKDTree(points[is_left]).sparse_distance_matrix(
        cKDTree(points[~is_left]), REPEAT_WITHIN_M, output_type="ndarray"
    )
    return np.column_stack([usable[is_left][near["i"]], usable[~is_left][near["j"]] - len(left)])


def _same_address(left: pd.DataFrame, right: pd.DataFrame) -> NDArray[np.int64]:
    mine = left[["address"]].dropna().assign(i=lambda rows: rows.index)
    theirs = right[["address"]].dropna().assign(j=lambda rows: rows.index)
    return mine.merge(theirs, on="address")[["i", "j"]].to_numpy(dtype=np.int64)


def _place_members(rows: pd.DataFrame) -> list[set[int]]:
    """For each row the positions of the rows at its place, itself among them."""
    members = [{position} for position in range(len(rows))]
    for first, second in near_pairs(rows).tolist():
        members[first].add(second)
        members[second].add(first)
    addresses = rows["address"].reset_index(drop=True).dropna()
    for same in addresses.groupby(addresses).groups.values():
        together = set(same)
        for position in together:
            members[position] |= together
    return members


def _densest(at: NDArray[np.datetime64]) -> tuple[int, int]:
    """First and last position, in ascending stamps, of the fullest 90 days; the latest at ties."""
    last = np.searchsorted(at, at + np.timedelta64(CHRONIC_WITHIN_D, "D"), side="right") - 1
    counts = last - np.arange(len(at))
    first = len(at) - 1 - int(counts[::-1].argmax())
    return first, int(last[first])


def _chronic_of_category(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Chronic places of one category, the fullest first; an event belongs to one place."""
    at = rows["reported_at"].to_numpy(dtype="datetime64[us]")
    members = _place_members(rows)
    taken = np.zeros(len(rows), dtype=bool)
    found: list[dict[str, object]] = []
    spells: list[tuple[int, int]] = []
    for anchor, near in enumerate(members):
        first, last = _densest(at[sorted(near)])
        spells.append((-(last - first + 1), anchor))
    for _, anchor in sorted(spells):
        place = sorted(position for position in members[anchor] if not taken[position])
        if taken[anchor] or len(place) < CHRONIC_N:
            continue
        first, last = _densest(at[place])
        if last - first + 1 < CHRONIC_N:
            continue
        taken[place] = True
        events = rows.iloc[place[first : last + 1]]
        named = events["address"].mode()
        found.append(
            {
                "place": named.iloc[0] if len(named) else None,
                "category": events["category"].iloc[0],
                "n": len(events),
                "first_at": events["reported_at"].iloc[0],
                "last_at": events["reported_at"].iloc[-1],
                "lon": events["lon"].median(),
                "lat": events["lat"].median(),
                "microgrid_code": rows["microgrid_code"].iloc[anchor],
            }
        )
    return found


def chronic_places(incidents: pd.DataFrame, *, span: Span) -> pd.DataFrame:
    """Places with 3 or more events of a category within 90 days, reported in the window.

    Columns: place (the most frequent address, missing without one), category, n (events in the
    fullest 90 days), first_at, last_at (of those), lon, lat (their median, degrees WGS-84),
    microgrid_code. By n, then category and place.
    """
    events = merged_events(incidents[span.holds(incidents["reported_at"])])
    found: list[dict[str, object]] = []
    for _, rows in events.dropna(subset=["category"]).groupby("category"):
        found.extend(_chronic_of_category(rows))
    columns = ["place", "category", "n", "first_at", "last_at", "lon", "lat", "microgrid_code"]
    table = pd.DataFrame(found, columns=columns)
    return table.sort_values(["n", "category", "place"], ascending=[False, True, True], ignore_index=True)
