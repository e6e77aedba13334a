"""Estates with and without a property manager: complaints and repeats per 100 households."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from governance.geo import Plane
from governance.metrics.places import PUBLIC_SOURCES

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from governance.metrics.windows import Span

REPEAT_WITHIN_M = 50.0
REPEAT_WITHIN_D = 30
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


def _near_pairs(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Pairs of positions in `rows` within 50 m of each other."""
    place = rows.reset_index(drop=True)
    is_usable = place["lon"].notna() & place["lat"].notna() & ~has_flag(place, *_NO_PLACE)
    usable = np.flatnonzero(is_usable.to_numpy(dtype=bool))
    if len(usable) < 2:
        return np.empty((0, 2), dtype=np.int64)
    lon, lat = (place.loc[usable, axis].to_numpy(dtype=float) for axis in ("lon", "lat"))
    plane = Plane(lon0=float(lon.mean()), lat0=float(lat.mean()))
    tree = cKDTree(np.column_stack([plane.x_m(lon), plane.y_m(lat)]))
    return usable[np.asarray(tree.query_pairs(REPEAT_WITHIN_M, output_type="ndarray"), dtype=np.int64)]


def is_repeated(incidents: pd.DataFrame) -> pd.Series:
    """Whether an incident is followed by one of its category at its place within 30 days.

    The same place is the same address, or at most 50 m away where neither lies on a default
    point. Rows without a report stamp or a category are never repeated. The index is kept.
    """
    hit = pd.Series(False, index=incidents.index)
    ordered = incidents.dropna(subset=["reported_at", "category"]).sort_values(["reported_at", "incident_id"])
    within = pd.Timedelta(days=REPEAT_WITHIN_D)
    next_at = ordered.dropna(subset=["address"]).groupby(["category", "address"])["reported_at"].shift(-1)
    same_address = next_at - ordered["reported_at"].reindex(next_at.index) <= within
    hit.loc[same_address.index[same_address.to_numpy()]] = True
    for _, rows in ordered.groupby("category"):
        pairs = np.sort(_near_pairs(rows), axis=1)
        at = rows["reported_at"].to_numpy()
        if len(pairs):
            close = at[pairs[:, 1]] - at[pairs[:, 0]] <= within.to_timedelta64()
            hit.loc[rows.index[np.unique(pairs[close, 0])]] = True
    return hit


def estate_comparison(
    incidents: pd.DataFrame, estates: pd.DataFrame, *, span: Span, as_of: datetime | None
) -> pd.DataFrame:
    """Complaints of the public in estates with and without a property manager.

    A complaint is an incident of the sources hotline, resident or petition, reported in the
    window, in a known estate; the ids of one event count once. A repeat is a complaint followed
    by another of its category at its place within 30 days; its share uses only complaints with
    30 days of records after them.

    Columns: is_managed, estates_n, households_n, complaints_n, per_100_households (missing
    without households), repeats_n, followed_n, repeat_share (missing without followed ones).
    One row each for False and True; estates that say neither, or have no households, are out.
    """
    known = estates.dropna(subset=["is_managed", "households"]).drop_duplicates("estate_id", keep="last")
    managed = known.set_index("estate_id")["is_managed"].astype(bool)
    public = incidents[incidents["source"].isin(PUBLIC_SOURCES) & incidents["estate_id"].isin(managed.index)]
    events = merged_events(public)
    table = pd.DataFrame({"group": events["estate_id"].map(managed)}, index=events.index)
    table["complaints_n"] = span.holds(events["reported_at"])
    last = as_of - pd.Timedelta(days=REPEAT_WITHIN_D) if as_of else None
    is_followed = events["reported_at"].le(last) if last is not None else False
    table["followed_n"] = table["complaints_n"] & is_followed
    table["repeats_n"] = table["followed_n"] & is_repeated(events)
    counts = table.groupby("group")[["complaints_n", "followed_n", "repeats_n"]].sum()
    groups = pd.Index([False, True], name="is_managed")
    result = counts.astype("int64").reindex(groups, fill_value=0)
    by_kind = known.groupby(known["is_managed"].astype(bool))["households"]
    result["estates_n"] = by_kind.size().reindex(groups, fill_value=0)
    result["households_n"] = by_kind.sum().astype("int64").reindex(groups, fill_value=0)
    households = result["households_n"].where(result["households_n"] > 0)
    result["per_100_households"] = result["complaints_n"] / households * 100
    result["repeat_share"] = result["repeats_n"] / result["followed_n"].where(result["followed_n"] > 0)
    return result.reset_index()
