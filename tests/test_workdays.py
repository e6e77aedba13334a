from __future__ import annotations

from datetime import date, datetime

import pytest

from governance.errors import UsageError
from governance.workdays import SHANGHAI, Week, default_week, weeks_until


def test_week_covers_monday_to_sunday() -> None:
    week = Week.parse("2023-W37")
    assert (week.first_day, week.last_day) == (date(2023, 9, 11), date(2023, 9, 17))
    assert week.end_at == datetime(2023, 9, 18, tzinfo=SHANGHAI)
    assert str(week.shifted(-37)) == "2022-W52"


def test_default_week_is_this_one_only_on_its_last_day() -> None:
    assert str(default_week(datetime(2023, 9, 17, 23, 52, tzinfo=SHANGHAI))) == "2023-W37"
    assert str(default_week(datetime(2023, 9, 18, 9, 0, tzinfo=SHANGHAI))) == "2023-W37"
    assert str(default_week(datetime(2023, 9, 16, 23, 59, tzinfo=SHANGHAI))) == "2023-W36"


def test_weeks_cross_the_year() -> None:
    assert [str(week) for week in weeks_until(Week(2024, 1), 3)] == ["2023-W51", "2023-W52", "2024-W01"]


@pytest.mark.parametrize("text", ["2023", "2023-W54", "W37", "2023-W00"])
def test_bad_week_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Week.parse(text)
    assert caught.value.code == "bad_week"
