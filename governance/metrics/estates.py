"""Estates with and without a property manager: complaints and repeats per 100 households."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.repeats import REPEAT_WITHIN_D, is_repeated, merged_events
from governance.metrics.windows import PUBLIC_SOURCES

if TYPE_CHECKING:
    from datetime import datetime

    from governance.metrics.windows import Span


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
