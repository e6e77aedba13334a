"""How long things took, in words: one unit for a figure, a column or a limit with what is used of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from governance.figures.metric_words import WHOLE_HOURS_FROM_MIN
from governance.figures.place_words import (
    DAYS_FROM_MIN,
    HOURS_FROM_MIN,
    MINUTES_PER_DAY,
    MINUTES_PER_HOUR,
    Scale,
)
from governance.text import t

if TYPE_CHECKING:
    from datetime import timedelta

# A limit on working hours is written in working days from two of them on.
_WORKDAYS_FROM = 2


def duration_scale(minutes: float) -> Scale:
    """The unit of one duration: minutes below 100, then hours, from 48 hours on days."""
    if math.isnan(minutes) or minutes < HOURS_FROM_MIN:
        return Scale(t("units.minute"), 1, 1)
    if minutes < DAYS_FROM_MIN:
        return hour_scale(minutes)
    return Scale(t("units.day"), MINUTES_PER_DAY, 1)


def hour_scale(minutes: float) -> Scale:
    """Hours: one decimal under 20, whole above."""
    return Scale(t("units.hour"), MINUTES_PER_HOUR, 1 if minutes < WHOLE_HOURS_FROM_MIN else 0)


def duration_text(minutes: float) -> str:
    """A duration with its unit; a sentence of its own when it is not reached (NaN)."""
    if math.isnan(minutes):
        return t("durations.not_reached")
    return duration_scale(minutes).text(minutes)


def same_unit(*minutes: float) -> tuple[str, ...]:
    """Durations in the unit of the longest, so that they compare at sight."""
    scale = duration_scale(max((value for value in minutes if not math.isnan(value)), default=math.nan))
    return tuple(t("durations.not_reached") if math.isnan(value) else scale.text(value) for value in minutes)


def used_of_limit(used_h: float, limit_h: float, *, is_working: bool, day_h: float) -> str:
    """`14.2 / 5 天`: used and limit in the limit's unit; empty without a limit."""
    if math.isnan(limit_h):
        return ""
    day = day_h if is_working else 24.0
    in_days = limit_h >= _WORKDAYS_FROM * day
    unit = t(f"durations.{'working_' if is_working else ''}{'day' if in_days else 'hour'}")
    parts = [_short(hours / day if in_days else hours, in_days=in_days) for hours in (used_h, limit_h)]
    return f"{parts[0]} / {parts[1]} {unit}"


def _short(value: float, *, in_days: bool) -> str:
    decimals = 1 if in_days or value < WHOLE_HOURS_FROM_MIN / MINUTES_PER_HOUR else 0
    return f"{value:,.{decimals}f}".removesuffix(".0")


def ago_text(passed: timedelta) -> str:
    """`40 分钟前`, `7 小时前`, `4 天前`, in whole units."""
    minutes = max(int(passed.total_seconds() // 60), 0)
    if minutes < MINUTES_PER_HOUR:
        return t("durations.minutes_ago", n=minutes)
    if minutes < MINUTES_PER_DAY:
        return t("durations.hours_ago", n=minutes // MINUTES_PER_HOUR)
    return t("durations.days_ago", n=minutes // MINUTES_PER_DAY)


def used_text(share: float) -> str:
    """How much of a limit is used: per cent up to it, times beyond."""
    if math.isnan(share):
        return ""
    return f"{share:.0%}" if share <= 1 else t("durations.times", n=f"{share:.1f}")
