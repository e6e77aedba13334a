"""Weeks, months and quarters: whole periods that do not overlap, for charts over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, Self

from governance.errors import UsageError
from governance.workdays import SHANGHAI, Week, start_of_day

if TYPE_CHECKING:
    from collections.abc import Mapping

Grain = Literal["week", "month", "quarter"]
WEEK, MONTH, QUARTER = "week", "month", "quarter"
# A first period that lacks this many days at its start is not whole.
_MISSING_DAYS = 7
_MONTHS_A_YEAR = 12


class Period(Protocol):
    """What a chart needs of a period; `Week`, `Month` and `Quarter` have it."""

    @property
    def first_day(self) -> date:
        """Its first day."""

    @property
    def last_day(self) -> date:
        """Its last day."""

    @property
    def start_at(self) -> datetime:
        """Its first moment in Shanghai, included."""

    @property
    def end_at(self) -> datetime:
        """Its end, excluded."""

    @property
    def year(self) -> int:
        """Its year; an ISO week's is that of its Thursday."""

    @property
    def number(self) -> int:
        """Its place in the year, from 1."""

    def shifted(self, steps: int) -> Self:
        """The period so many steps later (earlier when negative)."""


@dataclass(frozen=True, order=True)
class _Months:
    year: int
    number: int
    length: ClassVar[int] = 1

    @classmethod
    def of(cls, day: date) -> Self:
        """The period that holds `day` (a datetime is read in Shanghai)."""
        if isinstance(day, datetime):
            day = day.astimezone(SHANGHAI).date()
        return cls(day.year, (day.month - 1) // cls.length + 1)

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, (self.number - 1) * self.length + 1, 1)

    @property
    def last_day(self) -> date:
        """Its last day."""
        return self.shifted(1).first_day - timedelta(days=1)

    @property
    def start_at(self) -> datetime:
        """Its first midnight in Shanghai, included."""
        return start_of_day(self.first_day)

    @property
    def end_at(self) -> datetime:
        """The midnight after its last day, excluded."""
        return start_of_day(self.shifted(1).first_day)

    def shifted(self, steps: int) -> Self:
        """The period so many steps later (earlier when negative)."""
        a_year = _MONTHS_A_YEAR // self.length
        place = self.year * a_year + self.number - 1 + steps
        return type(self)(place // a_year, place % a_year + 1)


class Month(_Months):
    """A calendar month, written 2023-09."""

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02d}"


class Quarter(_Months):
    """A quarter of a calendar year, written 2023-Q3."""

    length: ClassVar[int] = 3

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"


_KINDS: Mapping[str, type[Week] | type[Month] | type[Quarter]] = {WEEK: Week, MONTH: Month, QUARTER: Quarter}
GRAINS: tuple[str, ...] = tuple(_KINDS)


def period_of(day: date, grain: str) -> Period:
    """The week, month or quarter that holds a day.

    Raises
    ------
    UsageError
        `unknown_grain` when there is no such grain.
    """
    if grain not in _KINDS:
        raise UsageError("unknown_grain", grain=grain, grains="、".join(GRAINS))
    return _KINDS[grain].of(day)


def parse_period(written: str) -> Period:
    """Read 2023-W37, 2023-09 or 2023-Q3, as periods are written.

    Raises
    ------
    UsageError
        `bad_week` when it is none of them.
    """
    year, _, rest = written.partition("-")
    if not (year.isdecimal() and rest.lstrip("Q").isdecimal()):
        return Week.parse(written)
    number = int(rest.lstrip("Q"))
    return Quarter(int(year), number) if rest.startswith("Q") else Month(int(year), number)


def a_year_before(period: Period) -> Period:
    """The same week, month or quarter of the year before; week 53 stands beside week 52."""
    if isinstance(period, Week):
        return Week(period.year - 1, min(period.number, 52))
    return period.shifted(-(4 if isinstance(period, Quarter) else _MONTHS_A_YEAR))


def is_over(period: Period, as_of: datetime) -> bool:
    """Whether as-of reaches the period's last day."""
    return as_of.astimezone(SHANGHAI).date() >= period.last_day


def is_whole(period: Period, *, first_at: datetime, as_of: datetime) -> bool:
    """Whether the records reach over all of a period: it is over, and they began in time.

    Records that begin within the first seven days of a period count as reaching over it, so the
    week in which records begin is whole, and a month that lacks a week is not.
    """
    began = first_at.astimezone(SHANGHAI).date() - period.first_day
    return is_over(period, as_of) and began < timedelta(days=_MISSING_DAYS)


def periods_between(
    *, first_at: datetime, as_of: datetime, grain: str = WEEK, since: date | None = None, until: date | None
) -> list[Period]:
    """The periods that records touch, in order, as far as they lie wholly between two days.

    Raises
    ------
    UsageError
        `unknown_grain`.
    """
    first = first_at.astimezone(SHANGHAI).date()
    last = as_of.astimezone(SHANGHAI).date()
    period, found = period_of(first if since is None else max(first, since), grain), []
    while period.first_day <= last and (until is None or period.last_day <= until):
        if since is None or period.first_day >= since:
            found.append(period)
        period = period.shifted(1)
    return found
