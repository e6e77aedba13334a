"""Stretches of time in frames: `start` and `end` in µs since 1970, united, clipped, split by the hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.records.patrol.rules import DAY_US, HOUR_US, MINUTE_US, SHANGHAI_US
from governance.unions import unions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from governance.records.patrol.rules import Span

_TURN_US, _FIRST_TURN_US = 8 * HOUR_US, 6 * HOUR_US


def united(stretches: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """The union of the stretches of each `by` (missing is a value): no two overlap or touch."""
    names = list(by)
    rows = stretches.loc[stretches["end"] > stretches["start"], [*names, "start", "end"]]
    group = rows.groupby(names, dropna=False).ngroup().to_numpy()
    first, ends = unions(group, rows["start"].to_numpy(), rows["end"].to_numpy())
    return rows.take(first).assign(end=ends).reset_index(drop=True)


def clipped(stretches: pd.DataFrame, span: Span) -> pd.DataFrame:
    """What of the stretches lies in a span of days."""
    inside = stretches.assign(
        start=stretches["start"].clip(lower=span.since_us), end=stretches["end"].clip(upper=span.until_us)
    )
    return inside[inside["start"] < inside["end"]]


def hourly(stretches: pd.DataFrame) -> pd.DataFrame:
    """The stretches cut at whole hours: all columns, `hour` (since 1970) and `minutes`."""
    first = stretches["start"].to_numpy() // HOUR_US
    count = np.maximum((stretches["end"].to_numpy() - 1) // HOUR_US - first + 1, 0)
    rows = stretches.take(np.repeat(np.arange(len(stretches)), count)).reset_index(drop=True)
    hour = np.repeat(first, count) + np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    start = np.maximum(rows["start"].to_numpy(), hour * HOUR_US)
    end = np.minimum(rows["end"].to_numpy(), (hour + 1) * HOUR_US)
    return rows.assign(start=start, end=end, hour=hour, minutes=(end - start) / MINUTE_US)


def minutes_by_hour(stretches: pd.DataFrame, by: Sequence[str]) -> pd.Series[float]:
    """Minutes of the hours that the stretches of each `by` cover together, by `by` and hour."""
    cut = hourly(united(stretches, by))
    return cut.groupby([*by, "hour"], dropna=False)["minutes"].sum()


def turn_start(at: pd.Series[int]) -> pd.Series[int]:
    """The start of the eight-hour turn (06, 14, 22 in Shanghai) that holds a moment."""
    local = at + SHANGHAI_US - _FIRST_TURN_US
    return local // _TURN_US * _TURN_US - SHANGHAI_US + _FIRST_TURN_US


def stamps(us: pd.Series[int]) -> pd.Series[pd.Timestamp]:
    """Microseconds since 1970 as stamps in Shanghai."""
    return us.astype("datetime64[us]").dt.tz_localize("UTC").dt.tz_convert("Asia/Shanghai")


def day_stamps(us: pd.Series[int]) -> pd.Series[pd.Timestamp]:
    """The days in Shanghai that hold some moments, as stamps of their midnights."""
    return stamps((us + SHANGHAI_US) // DAY_US * DAY_US - SHANGHAI_US)


def micros_of(stamped: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    """Stamps without gaps as microseconds since 1970."""
    return stamped.astype("datetime64[us, UTC]").astype("int64")


def places_in_order(major: NDArray[np.int64], minor: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places of pairs of numbers, none of `major` below 0, in order; equal pairs in any."""
    low = int(minor.min()) if len(minor) else 0
    width = int(minor.max(initial=low)) - low + 1
    if (int(major.max(initial=0)) + 1) * width < 1 << 63:
        # One number is sorted several times as fast as two.
        return np.argsort(major * width + (minor - low))
    return np.lexsort([minor, major])
