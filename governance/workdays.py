"""Time as the street counts it: Shanghai, ISO weeks, official workdays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from governance.errors import UsageError

SHANGHAI = ZoneInfo("Asia/Shanghai")
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
