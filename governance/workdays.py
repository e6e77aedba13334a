"""Time as the street counts it: Shanghai, ISO weeks, official workdays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np

from governance.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHANGHAI = ZoneInfo("Asia/Shanghai")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
# Shanghai has kept UTC+8 without summer time since 1992.
_SHANGHAI_US = 8 * _HOUR_US
_TABLE_YEARS = (1970, 2199)
# What chinese_calendar 1.11 knows; it raises for other years.
OFFICIAL_YEARS = (2004, 2026)
_HOURS = re.compile(r"^(\d{1,2}):(\d{2})\s*[-–—]\s*(\d{1,2}):(\d{2})$")
_WEEK = re.compile(r"^(\d{4})-?W(\d{2})$")


@dataclass(frozen=True, order=True)
class Week:
    """An ISO week, Monday to Sunday in Shanghai, written 2023-W37."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Week:
        """Read `2023-W37`.

        Raises
        ------
        UsageError
            `bad_week` when the text names no ISO week.
        """
        match = _WEEK.match(text.strip())
        if match is None:
            raise UsageError("bad_week", week=text)
        year, number = int(match[1]), int(match[2])
        try:
            date.fromisocalendar(year, number, 1)
        except ValueError as error:
            raise UsageError("bad_week", week=text) from error
        return cls(year, number)

    @classmethod
    def of(cls, day: date) -> Week:
        """The week that holds `day` (a datetime is read in Shanghai)."""
        if isinstance(day, datetime):
            day = day.astimezone(SHANGHAI).date()
        iso = day.isocalendar()
        return cls(iso.year, iso.week)

    @property
    def first_day(self) -> date:
        """Its Monday."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """Its Sunday."""
        return self.first_day + timedelta(days=6)

    @property
    def start_at(self) -> datetime:
        """Monday 00:00 in Shanghai, included."""
        return start_of_day(self.first_day)

    @property
    def end_at(self) -> datetime:
        """The next Monday 00:00 in Shanghai, excluded."""
        return start_of_day(self.first_day + timedelta(days=7))

    def shifted(self, weeks: int) -> Week:
        """The week `weeks` later (earlier when negative)."""
        return Week.of(self.first_day + timedelta(weeks=weeks))

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"


def start_of_day(day: date) -> datetime:
    """Midnight in Shanghai at the beginning of `day`."""
    return datetime.combine(day, time(), SHANGHAI)


def stamp_from(text: str) -> datetime:
    """A stamp as people type it; a bare date means its end, no zone means Shanghai.

    Raises
    ------
    UsageError
        `bad_stamp` when the text is no stamp.
    """
    try:
        if len(text) == len("2023-09-17"):
            last = datetime.fromisoformat(text) + timedelta(days=1) - timedelta(seconds=1)
            return last.replace(tzinfo=SHANGHAI)
        stamp = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError("bad_stamp", stamp=text) from error
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=SHANGHAI)


def default_week(as_of: datetime) -> Week:
    """The week under review: the ISO week of `as_of` on its last day, else the week before."""
    local = as_of.astimezone(SHANGHAI)
    week = Week.of(local)
    return week if local.date() == week.last_day else week.shifted(-1)


def weeks_until(week: Week, count: int) -> tuple[Week, ...]:
    """The `count` weeks that end with `week`, oldest first."""
    return tuple(week.shifted(offset) for offset in range(1 - count, 1))


def now_in_shanghai() -> datetime:
    """The machine's clock: for the import's own time and the log only, never for as_of."""
    return datetime.now(UTC).astimezone(SHANGHAI)


@dataclass(frozen=True)
class WorkHours:
    """The official working day: from one hour of the day to another, 8 hours by default."""

    from_h: float = 9
    to_h: float = 17

    @classmethod
    def parse(cls, text: str) -> WorkHours:
        """Read `09:00-17:00`.

        Raises
        ------
        UsageError
            `bad_office_hours` when the text is no such span of one day.
        """
        match = _HOURS.match(text.strip())
        if match is None:
            raise UsageError("bad_office_hours", hours=text)
        from_h, to_h = (int(match[n]) + int(match[n + 1]) / 60 for n in (1, 3))
        if not from_h < to_h <= 24 or max(int(match[2]), int(match[4])) > 59:
            raise UsageError("bad_office_hours", hours=text)
        return cls(from_h, to_h)

    @property
    def day_us(self) -> int:
        """Length of one working day in microseconds."""
        return round((self.to_h - self.from_h) * _HOUR_US)


OFFICE_HOURS = WorkHours()


def has_official_calendar(day: date) -> bool:
    """Whether the official calendar knows the day's year; else Monday to Friday are taken."""
    return OFFICIAL_YEARS[0] <= day.year <= OFFICIAL_YEARS[1]


def is_workday(day: date) -> bool:
    """Whether offices work on `day`, make-up workdays included (see `has_official_calendar`)."""
    if isinstance(day, datetime):
        day = day.astimezone(SHANGHAI).date()
    return chinese_calendar.is_workday(day) if has_official_calendar(day) else day.weekday() < 5


@cache
def _workdays_before() -> NDArray[np.int64]:
    """Workdays before each day since 1970-01-01; one entry more than there are days."""
    first, last = date(_TABLE_YEARS[0], 1, 1), date(_TABLE_YEARS[1], 12, 31)
    day = np.arange((last - first).days + 1)
    works = (day + first.weekday()) % 7 < 5
    known = range(
        (date(OFFICIAL_YEARS[0], 1, 1) - first).days, (date(OFFICIAL_YEARS[1] + 1, 1, 1) - first).days
    )
    works[known.start : known.stop] = [is_workday(first + timedelta(days=n)) for n in known]
    return np.concatenate([[0], np.cumsum(works)]).astype(np.int64)


def _worked_us(local_us: NDArray[np.int64], hours: WorkHours) -> NDArray[np.int64]:
    """Working microseconds from 1970 to a Shanghai wall time."""
    before = _workdays_before()
    day = np.clip(local_us // _DAY_US, 0, len(before) - 2)
    today = np.clip(local_us - day * _DAY_US - round(hours.from_h * _HOUR_US), 0, hours.day_us)
    worked: NDArray[np.int64] = before[day] * hours.day_us + today * (before[day + 1] - before[day])
    return worked


def working_us(
    start_us: NDArray[np.int64], end_us: NDArray[np.int64], *, hours: WorkHours = OFFICE_HOURS
) -> NDArray[np.int64]:
    """Working microseconds between stamps in microseconds since 1970 (UTC); negative when reversed."""
    return _worked_us(end_us + _SHANGHAI_US, hours) - _worked_us(start_us + _SHANGHAI_US, hours)


def working_deadline_us(
    start_us: NDArray[np.int64], hours_n: NDArray[np.float64], *, hours: WorkHours = OFFICE_HOURS
) -> NDArray[np.int64]:
    """When `hours_n` working hours after the start are used up, in microseconds since 1970 (UTC).

    A limit used up at the end of a working day ends there, not on the next morning.
    """
    before = _workdays_before()
    target = _worked_us(start_us + _SHANGHAI_US, hours) + np.round(hours_n * _HOUR_US).astype(np.int64)
    day = np.clip(np.searchsorted(before, -(-target // hours.day_us), side="left") - 1, 0, len(before) - 2)
    used_today = target - before[day] * hours.day_us
    local = day * _DAY_US + round(hours.from_h * _HOUR_US) + used_today
    return np.where(hours_n > 0, local - _SHANGHAI_US, start_us)


def _us_of(stamp: datetime) -> NDArray[np.int64]:
    return np.array([(stamp - _EPOCH) // timedelta(microseconds=1)], dtype=np.int64)


def add_working_hours(start_at: datetime, hours_n: float, *, hours: WorkHours = OFFICE_HOURS) -> datetime:
    """The stamp at which `hours_n` working hours after `start_at` are used up."""
    ends = working_deadline_us(_us_of(start_at), np.array([float(hours_n)]), hours=hours)
    return (_EPOCH + timedelta(microseconds=int(ends[0]))).astimezone(SHANGHAI)


def working_minutes_between(
    start_at: datetime, end_at: datetime, *, hours: WorkHours = OFFICE_HOURS
) -> float:
    """Working minutes from one stamp to another; negative when the end lies before the start."""
    return float(working_us(_us_of(start_at), _us_of(end_at), hours=hours)[0]) / 60e6
