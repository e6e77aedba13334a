"""Times and weeks as the street writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.text import t
from governance.workdays import SHANGHAI

if TYPE_CHECKING:
    from datetime import datetime

    from governance.workdays import Week


def stamp_words(stamp: datetime) -> str:
    """A stamp as 9月17日（周日）23:52."""
    local = stamp.astimezone(SHANGHAI)
    weekday = t("stamp.weekdays")[local.weekday()]
    return t("stamp.day", month=local.month, day=local.day, weekday=weekday, time=f"{local:%H:%M}")


def days_words(week: Week) -> str:
    """A week's days as 9月11–17日."""
    first, last = week.first_day, week.last_day
    if first.month == last.month:
        return t("filters.days_same_month", month=first.month, first=first.day, last=last.day)
    return t(
        "filters.days_two_months",
        month=first.month,
        first=first.day,
        next_month=last.month,
        last=last.day,
    )


def week_words(week: Week) -> str:
    """A week as 2023年第37周."""
    return t("stamp.week", year=week.year, number=week.number)
