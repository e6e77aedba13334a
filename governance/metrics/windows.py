"""Windows of time, parts of the street, and whether a source reaches a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.definitions import METRICS
from governance.workdays import Week, default_week, start_of_day

if TYPE_CHECKING:
    from collections.abc import Mapping

# Demand from the public and what we found ourselves are never pooled in a headline.
PUBLIC_SOURCES = ("hotline", "resident", "petition")
PUBLIC, FOUND = "public", "found"
# As a filter's value: the record names none.
UNRECORDED = "-"


@dataclass(frozen=True)
class Span:
    """A window of time: start included, end excluded."""

    start_at: datetime
    end_at: datetime

    @classmethod
    def of_days(cls, since: date | None, until: date | None) -> Span:
        """The window of two dates, both included; open where one is None."""
        first = since or date(1900, 1, 1)
        last = until or date(2200, 1, 1)
        return cls(start_of_day(first), start_of_day(last + timedelta(days=1)))

    def holds(self, stamps: pd.Series) -> pd.Series:
        """Which stamps lie inside; a missing stamp does not."""
        return (stamps.ge(self.start_at) & stamps.lt(self.end_at)).fillna(False).astype(bool)


@dataclass(frozen=True)
class Scope:
    """What part of the street the figures are for; None means all of it.

    A value of `UNRECORDED` keeps the rows that name none. `demand` is `public` (hotline, resident,
    petition) or `found` (every other source that is named).
    """

    community_code: str | None = None
    category: str | None = None
    team_id: str | None = None
    severity: str | None = None
    demand: str | None = None

    def chosen(self) -> dict[str, str]:
        """The column values that rows must have."""
        names = ("community_code", "category", "team_id", "severity", "demand")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows inside the scope."""
        for column, value in self.chosen().items():
            frame = frame[_has(frame, column, value)]
        return frame

    def allows(self, metric: str) -> bool:
        """Whether a metric can be cut this way at all (a check-in has no category)."""
        return set(self.chosen()) <= set(METRICS[metric].dimensions)


def _has(frame: pd.DataFrame, column: str, value: str) -> pd.Series:
    if column == "demand":
        is_public = frame["source"].isin(PUBLIC_SOURCES)
        return is_public if value == PUBLIC else frame["source"].notna() & ~is_public
    if value == UNRECORDED:
        return frame[column].isna()
    return frame[column].eq(value).fillna(False).astype(bool)


def is_covered(stamps: pd.Series, span: Span, as_of: datetime | None) -> bool:
    """Whether a source knows anything of a window: begun before its end, seen after its start."""
    first = stamps.min()
    return not pd.isna(first) and first < span.end_at and as_of is not None and as_of > span.start_at


def is_complete(week: Week, as_of: datetime | None) -> bool:
    """Whether a source reaches the last day of a week."""
    return as_of is not None and default_week(as_of) >= week


def sources_reaching(
    incidents: pd.DataFrame, checkins: pd.DataFrame, span: Span, as_of: Mapping[str, datetime]
) -> dict[str, datetime]:
    """Of the overview's sources those that know something of a window, with their as-of."""
    stamps = {"incidents": incidents["reported_at"], "checkins": checkins["at"]}
    return {
        kind: as_of[kind]
        for kind, stamp in stamps.items()
        if kind in as_of and is_covered(stamp, span, as_of[kind])
    }
