"""The official working-hours clock, across the make-up days of National Day 2023."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.workdays import (
    SHANGHAI,
    WorkHours,
    add_working_hours,
    has_official_calendar,
    is_workday,
    working_deadline_us,
    working_minutes_between,
)


def at(day: int, hour: int, minute: int = 0, *, month: int = 10) -> datetime:
    return datetime(2023, month, day, hour, minute, tzinfo=SHANGHAI)


def test_national_day_2023_is_off_and_made_up_at_the_weekend():
    """State Council notice for 2023: off 29 September to 6 October, at work on 7 and 8 October."""
    first = date(2023, 9, 28)
    days = {first + timedelta(days=n): is_workday(first + timedelta(days=n)) for n in range(12)}
    assert [day.isoformat() for day, works in days.items() if works] == [
        "2023-09-28",
        "2023-10-07",
        "2023-10-08",
        "2023-10-09",
    ]


@pytest.mark.parametrize(
    ("start_at", "hours", "due_at"),
    [
        (at(28, 16, month=9), 2, at(7, 10)),  # one hour on Thursday, one on the made-up Saturday
        (at(28, 16, month=9), 1, at(28, 17, month=9)),  # ends with the day, not nine days later
        (at(1, 3), 8, at(7, 17)),  # filed in the holiday
        (at(7, 9), 16, at(8, 17)),  # Saturday and Sunday
        (at(8, 16, 30), 1, at(9, 9, 30)),
        (at(9, 20), 8, at(10, 17)),  # filed in the evening
        (at(9, 20), 0, at(9, 20)),
    ],
)
def test_limits_run_on_working_hours(start_at, hours, due_at):
    assert add_working_hours(start_at, hours) == due_at


def test_minutes_count_only_working_time():
    assert working_minutes_between(at(28, 16, month=9), at(7, 10)) == 120
    assert working_minutes_between(at(1, 0), at(6, 23, 59)) == 0
    assert working_minutes_between(at(7, 10), at(28, 16, month=9)) == -120
    assert working_minutes_between(at(7, 0), at(8, 0), hours=WorkHours(8.5, 18)) == 570


def test_years_beyond_the_official_calendar_fall_back_to_monday_to_friday():
    assert has_official_calendar(date(2026, 12, 31))
    assert not has_official_calendar(date(2027, 1, 1))
    assert is_workday(date(2027, 1, 1))  # a Friday, and no calendar yet that knows better
    assert not is_workday(date(2003, 10, 4))


@given(
    minutes=st.integers(0, 60 * 24 * 365 * 20),
    hours=st.integers(1, 400),
)
def test_the_hours_added_are_the_hours_counted(minutes, hours):
    start_at = datetime(2005, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=minutes)
    due_at = add_working_hours(start_at, hours)
    assert working_minutes_between(start_at, due_at) == hours * 60
    assert is_workday(due_at)


def test_many_stamps_at_once_equal_one_by_one():
    starts = np.array([1_695_888_000_000_000, 1_696_700_000_000_000])
    ends = working_deadline_us(starts, np.array([2.0, 4.5]))
    first, second = (datetime.fromtimestamp(start / 1e6, SHANGHAI) for start in starts)
    assert [datetime.fromtimestamp(end / 1e6, SHANGHAI) for end in ends] == [
        add_working_hours(first, 2),
        add_working_hours(second, 4.5),
    ]
