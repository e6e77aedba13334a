"""The same trouble again at the same place: repeats within 30 days, chronic places.

The same place is the same address, or at most 50 m away where neither lies on a default point; or,
where the caller asks for it, the same address alone. The ids of one event (one external id) count
once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.nearness import numbered, same_place_pairs

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from governance.metrics.windows import Span

REPEAT_WITHIN_M = 50.0
REPEAT_WITHIN_D = 30
CHRONIC_N = 3
CHRONIC_WITHIN_D = 90


def merged_events(incidents: pd.DataFrame) -> pd.DataFrame:
    """One row an event: of the ids that share an external id only the first report stays."""
    ordered = incidents.sort_values(["reported_at", "incident_id"])
    is_later = ordered["external_id"].notna() & ordered.duplicated("external_id", keep="first")
    return ordered[~is_later]


def is_repeated(incidents: pd.DataFrame, *, within_m: float | None = REPEAT_WITHIN_M) -> pd.Series:
    """Whether an incident is followed by one of its category at its place within 30 days.

    Rows without a report stamp or a category are never repeated. The index is kept. Merge the
    ids of one event before (`merged_events`). `within_m` None counts the same address alone.
    """
    hit = pd.Series(False, index=incidents.index)
    ordered = incidents.dropna(subset=["reported_at", "category"]).sort_values(["reported_at", "incident_id"])
    at = ordered["reported_at"].to_numpy(dtype="datetime64[us]")
    first, second = same_place_pairs(ordered, ordered, within_m=within_m, by_category=True).T
    again = first[(second > first) & (at[second] - at[first] <= np.timedelta64(REPEAT_WITHIN_D, "D"))]
    hit.loc[ordered.index[np.unique(again)]] = True
    return hit


def repeat_figures(
    incidents: pd.DataFrame,
    group: pd.Series,
    *,
    span: Span,
    as_of: datetime | None,
    within_m: float | None = REPEAT_WITHIN_M,
) -> pd.DataFrame:
    """Repeats of the events reported in a window, per value of `group`.

    Columns: events_n, followed_n (with 30 days of records after them), repeats_n (of those),
    repeat_share (missing without followed ones).
    """
    events = merged_events(incidents)
    inside = span.holds(events["reported_at"])
    followed = inside & has_followup(events["reported_at"], as_of)
    marks = {
        "events_n": inside,
        "followed_n": followed,
        "repeats_n": followed & is_repeated(events, within_m=within_m),
    }
    table = pd.DataFrame(marks).fillna(False).astype("int64").groupby(group.reindex(events.index)).sum()
    share = table["repeats_n"] / table["followed_n"].where(table["followed_n"] > 0)
    return table.assign(repeat_share=share)


def has_followup(stamps: pd.Series, as_of: datetime | None) -> pd.Series:
    """Whether the records reach 30 days beyond each stamp."""
    if as_of is None:
        return pd.Series(False, index=stamps.index)
    last = pd.Timestamp(as_of) - pd.Timedelta(days=REPEAT_WITHIN_D)
    return stamps.le(last).fillna(False).astype(bool)


def came_again(
    cases: pd.DataFrame,
    later: pd.DataFrame,
    *,
    after: pd.Series,
    by_category: bool = False,
    within_m: float | None = REPEAT_WITHIN_M,
) -> pd.Series:
    """Whether one of `later` was reported at a case's place within 30 days after its stamp in `after`.

    A later id of the same event (same external id) and the case itself do not count;
    `by_category` asks for one of the same category. The index of `cases` is kept.
    """
    first, second = same_place_pairs(cases, later, within_m=within_m, by_category=by_category).T
    start = after.to_numpy(dtype="datetime64[us]")[first]
    again_at = later["reported_at"].to_numpy(dtype="datetime64[us]")[second]
    hit = (again_at > start) & (again_at - start <= np.timedelta64(REPEAT_WITHIN_D, "D"))
    first, second = first[hit], second[hit]
    is_other = np.ones(len(first), dtype=bool)
    for key in ("incident_id", "external_id"):
        mine, theirs = numbered(cases[key], later[key])
        is_other &= (mine[first] < 0) | (mine[first] != theirs[second])
    found = np.zeros(len(cases), dtype=bool)
    found[first[is_other]] = True
    return pd.Series(found, index=cases.index)


# ----------------------------------------------------------------------- chronic places
def _fullest_spells(
    at: NDArray[np.datetime64], bounds: NDArray[np.int64], members: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each row how many of its members fall into the fullest 90 days.

    `at` are ascending stamps, `members` the positions at each row's place, ascending within the
    row's `bounds`.
    """
    end = np.searchsorted(at, at + np.timedelta64(CHRONIC_WITHIN_D, "D"), side="right")
    row = np.repeat(np.arange(len(at)), np.diff(bounds))
    key = row * (len(at) + 1) + members
    last = np.searchsorted(key, row * (len(at) + 1) + end[members], side="left")
    fullest: NDArray[np.int64] = np.maximum.reduceat(last - np.arange(len(members)), bounds[:-1])
    return fullest


def _densest(at: NDArray[np.datetime64]) -> tuple[int, int]:
    """First and last position, in ascending stamps, of the fullest 90 days; the latest at ties."""
    last = np.searchsorted(at, at + np.timedelta64(CHRONIC_WITHIN_D, "D"), side="right") - 1
    counts = last - np.arange(len(at))
    first = len(at) - 1 - int(counts[::-1].argmax())
    return first, int(last[first])


def _spells(events: pd.DataFrame, within_m: float | None) -> tuple[list[NDArray[np.int64]], list[int]]:
    """The events of each chronic place in its fullest 90 days, and the event each place is around.

    The fullest places come first; an event belongs to one place.
    """
    at = events["reported_at"].to_numpy(dtype="datetime64[us]")
    pairs = same_place_pairs(events, events, within_m=within_m, by_category=True)
    itself = np.arange(len(events))
    code = np.unique(np.concatenate([pairs[:, 0] * len(events) + pairs[:, 1], itself * (len(events) + 1)]))
    row, members = np.divmod(code, len(events))
    bounds = np.searchsorted(row, np.arange(len(events) + 1))
    fullest = _fullest_spells(at, bounds, members)
    anchors = np.lexsort((itself, -fullest))
    taken = np.zeros(len(events), dtype=bool)
    spells, around = [], []
    for anchor in anchors[fullest[anchors] >= CHRONIC_N].tolist():
        if taken[anchor]:
            continue
        place = members[bounds[anchor] : bounds[anchor + 1]]
        place = place[~taken[place]]
        if len(place) < CHRONIC_N:
            continue
        first, last = _densest(at[place])
        if last - first + 1 >= CHRONIC_N:
            taken[place] = True
            spells.append(place[first : last + 1])
            around.append(anchor)
    return spells, around


def chronic_events(
    incidents: pd.DataFrame, *, span: Span, within_m: float | None = REPEAT_WITHIN_M
) -> pd.DataFrame:
    """The events of chronic places: the incidents' rows, with the number of their place.

    Columns of `incidents` and place_n (0, 1, … in no order), anchor_code and anchor_community (the
    micro-grid and the community of the event the place is around).
    """
    inside = incidents[span.holds(incidents["reported_at"])]
    events = merged_events(inside.dropna(subset=["category"]))
    if events.empty:
        none = pd.Series(dtype="string")
        return events.assign(place_n=pd.Series(dtype="int64"), anchor_code=none, anchor_community=none)
    spells, around = _spells(events, within_m)
    rows = np.concatenate([*spells, np.empty(0, dtype=np.int64)])
    place_n = np.repeat(np.arange(len(spells)), [len(spell) for spell in spells])
    anchors = events[["microgrid_code", "community_code"]].iloc[np.asarray(around, dtype=np.int64)[place_n]]
    return events.iloc[rows].assign(
        place_n=place_n,
        anchor_code=anchors["microgrid_code"].array,
        anchor_community=anchors["community_code"].array,
    )


def chronic_places(
    incidents: pd.DataFrame, *, span: Span, within_m: float | None = REPEAT_WITHIN_M
) -> pd.DataFrame:
    """Places with 3 or more events of a category within 90 days, reported in the window.

    Columns: place (the most frequent address, missing without one), category, n (events in the
    fullest 90 days), first_at, last_at (of those), lon, lat (their median, degrees WGS-84),
    microgrid_code, community_code, place_n (the number `chronic_events` gives it). By n, category, place.
    """
    return places_of(chronic_events(incidents, span=span, within_m=within_m))


def places_of(events: pd.DataFrame) -> pd.DataFrame:
    """The places of `chronic_events`, one row each: the table of `chronic_places`."""
    grouped = events.groupby("place_n", sort=True)
    table = pd.DataFrame(
        {
            "place": _commonest_address(events),
            "category": grouped["category"].first(),
            "n": grouped.size(),
            "first_at": grouped["reported_at"].min(),
            "last_at": grouped["reported_at"].max(),
            "lon": grouped["lon"].median(),
            "lat": grouped["lat"].median(),
            "microgrid_code": grouped["anchor_code"].agg("first"),
            "community_code": grouped["anchor_community"].agg("first"),
        },
        index=pd.Index(sorted(events["place_n"].unique()), name="place_n"),
    ).reset_index()
    order = ["place", "category", "n", "first_at", "last_at", "lon", "lat", "microgrid_code"]
    return table[[*order, "community_code", "place_n"]].sort_values(
        ["n", "category", "place"], ascending=[False, True, True], ignore_index=True
    )


def _commonest_address(events: pd.DataFrame) -> pd.Series:
    """The most frequent address of each place, the first in order at ties."""
    counts = events.groupby(["place_n", "address"])["incident_id"].size().rename("times").reset_index()
    ordered = counts.sort_values(["place_n", "times", "address"], ascending=[True, False, True])
    return ordered.drop_duplicates("place_n").set_index("place_n")["address"]
