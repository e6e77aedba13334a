"""Estates with and without a property manager: complaints, repeats, and who took part in solving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.repeats import REPEAT_WITHIN_D, is_repeated, merged_events
from governance.metrics.windows import PUBLIC_SOURCES
from governance.metrics.workload import poisson_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from governance.metrics.windows import Span

_GROUPS = pd.Index([False, True], name="is_managed")
# Steps that somebody took to solve a case; the others only register it.
_SOLVING = ("arrive", "resolve", "escalate", "transfer")
# Who a unit of the flow log is, by the words in its name; the first that fits.
_UNITS: Mapping[str, str] = {
    "manager_n": "物业|业委",
    "residents_n": "楼栋长|志愿|居民|党员",
    "patrol_n": "巡逻|机动|巡防",
    "community_n": "社区|居委|网格",
    "street_n": "街道",
    "above_n": r"区级|市级|区政府|市政府|区委|市委|[区市县].*局|部门",
}
TOOK_PART = tuple(_UNITS)


def _managed(estates: pd.DataFrame) -> pd.Series:
    """Whether each usable estate has a manager, by its id; those that say neither are out."""
    known = estates.dropna(subset=["is_managed", "households"]).drop_duplicates("estate_id", keep="last")
    return known.set_index("estate_id")["is_managed"].astype(bool)


def estate_complaints(incidents: pd.DataFrame, estates: pd.DataFrame, *, span: Span) -> pd.DataFrame:
    """The complaints a comparison counts, with the column is_managed.

    A complaint is an incident of the sources hotline, resident or petition, reported in the
    window, in a known estate; the ids of one event count once.
    """
    events = _public_events(incidents, _managed(estates))
    return events[span.holds(events["reported_at"])]


def _public_events(incidents: pd.DataFrame, managed: pd.Series) -> pd.DataFrame:
    public = incidents[incidents["source"].isin(PUBLIC_SOURCES) & incidents["estate_id"].isin(managed.index)]
    events = merged_events(public)
    return events.assign(is_managed=events["estate_id"].map(managed).astype(bool))


def estate_comparison(
    incidents: pd.DataFrame, estates: pd.DataFrame, *, span: Span, as_of: datetime | None
) -> pd.DataFrame:
    """Complaints of the public in estates with and without a property manager.

    Complaints are those of `estate_complaints`. A repeat is a complaint followed by another of
    its category at its place within 30 days; only complaints with 30 days of records after them
    are asked.

    Columns: is_managed, estates_n, households_n, complaints_n, per_100_households with low, high
    (Poisson 95 %), repeats_n, followed_n, repeat_share (missing without followed ones),
    repeats_per_100_households with repeats_low, repeats_high; rates are missing without households.
    One row each for False and True; estates that say neither, or have no households, are out.
    """
    managed = _managed(estates)
    events = _public_events(incidents, managed)
    table = pd.DataFrame({"group": events["is_managed"]}, index=events.index)
    table["complaints_n"] = span.holds(events["reported_at"])
    last = as_of - pd.Timedelta(days=REPEAT_WITHIN_D) if as_of else None
    is_followed = events["reported_at"].le(last) if last is not None else False
    table["followed_n"] = table["complaints_n"] & is_followed
    table["repeats_n"] = table["followed_n"] & is_repeated(events)
    counts = table.groupby("group")[["complaints_n", "followed_n", "repeats_n"]].sum()
    result = counts.astype("int64").reindex(_GROUPS, fill_value=0)
    homes = estates.drop_duplicates("estate_id", keep="last").set_index("estate_id")["households"]
    by_kind = homes.reindex(managed.index).groupby(managed)
    result["estates_n"] = by_kind.size().reindex(_GROUPS, fill_value=0)
    result["households_n"] = by_kind.sum().astype("int64").reindex(_GROUPS, fill_value=0)
    _add_rates(result, "complaints_n", ("per_100_households", "low", "high"))
    _add_rates(result, "repeats_n", ("repeats_per_100_households", "repeats_low", "repeats_high"))
    result["repeat_share"] = result["repeats_n"] / result["followed_n"].where(result["followed_n"] > 0)
    return result.reset_index()


def _add_rates(result: pd.DataFrame, count: str, names: tuple[str, str, str]) -> None:
    """A count per 100 households with its Poisson bounds, as three new columns."""
    households = result["households_n"].where(result["households_n"] > 0)
    bounds = [poisson_bounds(int(n)) for n in result[count]]
    numbers = (result[count], [low for low, _ in bounds], [high for _, high in bounds])
    for name, values in zip(names, numbers, strict=True):
        result[name] = pd.Series(values, index=result.index, dtype="float64") / households * 100


def who_took_part(complaints: pd.DataFrame, steps: pd.DataFrame, team_names: pd.Series) -> pd.DataFrame:
    """In how many complaints each kind of unit took part in solving, by the flow log.

    `complaints` are those of `estate_complaints`, `team_names` the names of the patrol teams. A
    unit takes part when it arrives, resolves, or is handed the case.

    Columns: is_managed, logged_n (complaints with such a step), and those of `TOOK_PART`
    (property manager, residents and volunteers, patrol teams, community, street, above).
    """
    acted = steps[steps["step"].isin(_SOLVING) & steps["incident_id"].isin(complaints["incident_id"])]
    unit = acted["unit"].fillna("")
    is_team = unit.isin(team_names)
    marks, left = {"logged_n": unit.ne("")}, ~is_team
    for name, words in _UNITS.items():
        fits = left & unit.str.contains(words, regex=True)
        marks[name], left = fits | (is_team if name == "patrol_n" else False), left & ~fits
    by_case = pd.DataFrame(marks).astype(bool).groupby(acted["incident_id"]).any()
    managed = complaints.drop_duplicates("incident_id").set_index("incident_id")["is_managed"]
    counts = by_case.groupby(managed.reindex(by_case.index)).sum()
    return counts.reindex(_GROUPS, fill_value=0).astype("int64").reset_index()
