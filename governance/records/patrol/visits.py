"""Stays in areas: crossings become intervals inside, intervals become visits.

Whoever is inside an area at the start of a leg and crosses its border n times is inside between
the crossings in turn; so every time inside follows from the crossings alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from governance.records.patrol.blocks import AREA_STRIDE, BLOCK_STRIDE, BLOCK_US
from governance.records.patrol.rules import DAY_US, REENTRY_US, SHANGHAI_US
from governance.records.patrol.stretches import places_in_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.records.patrol.ground import Ground
    from governance.records.patrol.rules import Span

    IntArray = NDArray[np.int64]

CERTAIN, BORDER, UNKNOWN = "certain", "border", "unknown"


def stays(crossed: pd.DataFrame, legs: pd.DataFrame, ground: Ground, span: Span) -> pd.DataFrame:
    """Visits to areas, cut at midnight: one row a track, area and visit of the span's days.

    `crossed` as of `crossings`, `legs` as in `Legs.legs`. Columns `track`, `area`, `enter`, `exit` (µs),
    `inside_us` (without the time outside between entries).
    """
    return merged(_cut_at_midnight(_within(times_inside(crossed, legs, ground), span)))


def times_inside(toggles: pd.DataFrame, legs: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """Every stretch of time a track lay inside an area: `track`, `area`, `enter`, `exit`, so sorted.

    `toggles` are crossings (`track`, `at`, `edge`), `legs` as in `Legs.legs`.
    """
    start, track = legs["start"].to_numpy(), legs["track"].to_numpy()
    on_leg = _leg_at(toggles["track"].to_numpy(), toggles["at"].to_numpy(), track, start)
    row, side = ground.areas_beside(toggles["edge"].to_numpy())
    tree = shapely.STRtree(ground.shapes)
    began, inside = tree.query(shapely.points(legs["x"], legs["y"]), predicate="intersects")
    leg = np.concatenate([began, on_leg[row]])
    area = np.concatenate([inside, side])
    at = np.concatenate([start[began], toggles["at"].to_numpy()[row]])
    order = places_in_order(track[leg].astype(np.int64) * len(ground.shapes) + area, at)
    leg, area, at = leg[order], area[order], at[order]
    is_first = np.r_[True, (leg[1:] != leg[:-1]) | (area[1:] != area[:-1])][: len(leg)]
    place = np.arange(len(leg))
    is_enter = (place - np.maximum.accumulate(np.where(is_first, place, 0))) % 2 == 0
    enters = np.flatnonzero(is_enter)
    ends = legs["end"].to_numpy()[leg[enters]]
    is_left = ~np.r_[is_first, True][enters + 1]
    ends[is_left] = at[enters[is_left] + 1]
    return pd.DataFrame(
        {"track": track[leg[enters]], "area": area[enters], "enter": at[enters], "exit": ends}
    )


def _leg_at(track: IntArray, at: IntArray, leg_track: IntArray, leg_start: IntArray) -> IntArray:
    """The leg each moment of a track lies on; legs are sorted by track and start."""
    first = int(min(leg_start.min(initial=0), at.min(initial=0)))
    width = int(max(leg_start.max(initial=1), at.max(initial=1))) - first + 1
    starts = leg_track.astype(np.int64) * width + leg_start - first
    return np.searchsorted(starts, track.astype(np.int64) * width + at - first, "right") - 1


def _within(found: pd.DataFrame, span: Span) -> pd.DataFrame:
    clipped = found.assign(
        enter=found["enter"].clip(lower=span.since_us), exit=found["exit"].clip(upper=span.until_us)
    )
    return clipped[clipped["enter"] < clipped["exit"]]


def _cut_at_midnight(found: pd.DataFrame) -> pd.DataFrame:
    """The stretches, those over midnight as one a day."""
    first = (found["enter"] + SHANGHAI_US) // DAY_US
    last = (found["exit"] + SHANGHAI_US - 1) // DAY_US
    days = (last - first + 1).to_numpy()
    if (days == 1).all():
        return found
    rows = found.loc[found.index.repeat(days)]
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(days) - days, days)
    midnight = (np.repeat(first.to_numpy(), days) + nth) * DAY_US - SHANGHAI_US
    return rows.assign(
        enter=np.maximum(rows["enter"], midnight), exit=np.minimum(rows["exit"], midnight + DAY_US)
    )


def merged(stretches: pd.DataFrame) -> pd.DataFrame:
    """Stretches of a track in an area no further apart than five minutes as one, within a day.

    `stretches` are sorted by `track`, `area`, `enter`. Adds `inside_us`, the sum of their lengths.
    """
    if stretches.empty:
        return stretches.assign(inside_us=np.int64(0))
    place = _pairs(stretches["track"], stretches["area"])
    enter, leave = (stretches[name].to_numpy() for name in ("enter", "exit"))
    day = (enter + SHANGHAI_US) // DAY_US
    is_new = (place[1:] != place[:-1]) | (enter[1:] - leave[:-1] > REENTRY_US) | (day[1:] != day[:-1])
    first = np.flatnonzero(np.r_[True, is_new])
    last = np.r_[first[1:], len(place)] - 1
    inside_us = np.diff(np.r_[0, np.cumsum(leave - enter)[last]])
    rows = stretches[["track", "area"]].take(first).reset_index(drop=True)
    return rows.assign(enter=enter[first], exit=leave[last], inside_us=inside_us)


def with_evidence(visits: pd.DataFrame, blocks: pd.DataFrame) -> pd.DataFrame:
    """Visits with `pings_n`, `deep_n`, `told_n`: what blocks say of their time and area.

    `visits` are sorted by `track`, `area`, `enter` and may lack some of the stays.
    """
    enter, leave = (visits[name].to_numpy() for name in ("enter", "exit"))
    own = _pairs(visits["track"], visits["area"]) * BLOCK_STRIDE + (enter - 1) // BLOCK_US
    blocks = blocks if len(visits) else blocks.head(0)
    key = blocks["key"].to_numpy()
    visit = np.searchsorted(own, key, "right") - 1
    is_own = (visit >= 0) & (own[visit] // BLOCK_STRIDE == key // BLOCK_STRIDE)
    is_own &= key % BLOCK_STRIDE * BLOCK_US <= leave[visit]
    counts = {
        name: np.bincount(visit[is_own], blocks[name].to_numpy()[is_own], minlength=len(visits))
        for name in ("pings_n", "deep_n", "told_n")
    }
    return visits.assign(**{name: values.astype(np.int64) for name, values in counts.items()})


def _pairs(track: pd.Series[int], area: pd.Series[int]) -> IntArray:
    """One number for a track and an area, sorted like both."""
    return np.asarray(track.to_numpy(dtype=np.int64) * AREA_STRIDE + area.to_numpy(dtype=np.int64))


def sureness(visits: pd.DataFrame) -> NDArray[np.object_]:
    """`certain`, `border` or `unknown` for visits with their evidence.

    Certain: at least half of the pings lie deeper inside than their accuracy. Unknown: none tells
    its accuracy.
    """
    is_certain = (visits["deep_n"] > 0) & (2 * visits["deep_n"] >= visits["pings_n"])
    is_unknown = (visits["told_n"] == 0) & (visits["pings_n"] > 0)
    return np.where(is_certain, CERTAIN, np.where(is_unknown, UNKNOWN, BORDER)).astype(object)
