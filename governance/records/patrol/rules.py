"""What the patrol chain goes by: limits, distances, the span of days computed together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from governance.workdays import SHANGHAI, start_of_day

if TYPE_CHECKING:
    from governance.settings import Settings

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
# Shanghai has kept UTC+8 without summer time since 1992.
SHANGHAI_US = 8 * HOUR_US

# A track is split where its pings lie further apart.
GAP_US = 15 * MINUTE_US
# Entries into one area no further apart than this are one visit.
REENTRY_US = 5 * MINUTE_US
FOOT_KM_H, WHEELS_KM_H = 9.0, 60.0
ACCURACY_M = 100.0
POINT_M = 30.0
ROUTE_M = 15.0
TOGETHER_M, TOGETHER_MIN = 50.0, 10
SWATH_M = 25.0
# Records this long before and after the days computed are read with them.
CONTEXT_US = HOUR_US


def us_of(stamp: datetime) -> int:
    """Microseconds since 1970 (UTC)."""
    return round(stamp.timestamp()) * SECOND_US + stamp.microsecond


@dataclass(frozen=True)
class Span:
    """Days computed together, both included, in Shanghai."""

    first: date
    last: date

    @property
    def since_us(self) -> int:
        """Midnight before the first day."""
        return us_of(start_of_day(self.first))

    @property
    def until_us(self) -> int:
        """Midnight after the last day, excluded."""
        return us_of(start_of_day(self.last + timedelta(days=1)))

    @property
    def days(self) -> tuple[Span, ...]:
        """Each of the days by itself."""
        count = (self.last - self.first).days + 1
        return tuple(Span(day, day) for day in (self.first + timedelta(days=n) for n in range(count)))

    @property
    def with_context(self) -> tuple[datetime, datetime]:
        """The first and last moment read for these days."""
        context = timedelta(microseconds=CONTEXT_US)
        return start_of_day(self.first) - context, start_of_day(self.last + timedelta(days=1)) + context


@dataclass(frozen=True)
class PatrolRules:
    """What a data folder may set, and the time up to which pings are believed.

    A ping is believed from `plausible_from_us` to `as_of_us`, the as-of of the positions.
    """

    visit_min_min: float
    still_m: float
    far_km: float
    plausible_from_us: int
    as_of_us: int

    @classmethod
    def of(cls, settings: Settings, as_of: datetime | None) -> PatrolRules:
        """The rules in force for one state of the store."""
        latest = as_of or datetime.max.replace(tzinfo=SHANGHAI, year=9000)
        return cls(
            visit_min_min=settings.number("visit_min_min"),
            still_m=settings.number("still_m"),
            far_km=settings.number("patrol_far_km"),
            plausible_from_us=us_of(start_of_day(settings.day("plausible_from"))),
            as_of_us=us_of(latest),
        )
