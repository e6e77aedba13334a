"""Published figures come out; tests/golden/SOURCES.md names where each is from."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from governance.metrics.deadlines import due_us_of, legacy_rates_of
from governance.metrics.stages import us_at
from governance.metrics.survival import product_limit, time_reached
from governance.metrics.workload import poisson_bounds
from governance.workdays import SHANGHAI, add_working_hours, is_workday
from tests.test_response import START, at, incident, known_cases, street

GOLDEN = Path(__file__).parent / "golden"


def golden(name):
    return pd.read_csv(GOLDEN / name)


def test_every_golden_file_names_its_source():
    sources = (GOLDEN / "SOURCES.md").read_text(encoding="utf-8")
    files = sorted(path.name for path in GOLDEN.glob("*.csv"))
    assert files
    assert all(f"| `{name}` |" in sources for name in files)


def test_the_published_rates_come_out_of_single_cases(tmp_path):
    """Of 1,000 filed, 28 are open and not yet due: 972; 911 closed, 737 in time; 61 open overdue."""
    published = golden("legacy_rates.csv").iloc[0]
    closed_n, on_time_n = int(published["closed_n"]), int(published["on_time_n"])
    overdue_n = int(published["due_to_close_n"]) - closed_n
    late = 60 * 24 * 30
    rows = [incident(f"in{n}", 0, 50, due_at=60) for n in range(on_time_n)]
    rows += [incident(f"late{n}", 0, 90, due_at=60) for n in range(closed_n - on_time_n)]
    rows += [incident(f"overdue{n}", 0, None, due_at=60) for n in range(overdue_n)]
    rows += [incident(f"waiting{n}", 0, None, due_at=at(late)) for n in range(28)]
    dataset = street(rows, tmp_path)
    cases, due = known_cases(dataset), due_us_of(dataset.cases(), dataset.frame("rules"))
    window = {"start_us": us_at(START), "end_us": us_at(START + timedelta(days=1))}
    rates = legacy_rates_of(cases, due, **window)
    assert (rates.due_to_close_n, rates.closed_n, rates.on_time_n) == (972, 911, 737)
    assert round(100 * rates.closed_share, 2) == published["closed_percent"]
    assert round(100 * rates.on_time_share, 2) == published["on_time_percent"]


def test_the_holidays_of_2023_stand_still():
    days = golden("national_day_2023.csv")
    for row in days.itertuples():
        assert is_workday(date.fromisoformat(row.day)) == bool(row.is_workday)
    # Four working days of eight hours from Thursday 28 September 9:00: Thursday, Saturday, Sunday, Monday.
    start = datetime(2023, 9, 28, 9, tzinfo=SHANGHAI)
    hours = 8 * int(days["is_workday"].sum())
    assert add_working_hours(start, hours) == datetime(2023, 10, 9, 17, tzinfo=SHANGHAI)


def test_the_remissions_of_1963_give_the_published_curve():
    weeks = golden("remission_1963.csv")
    curve = product_limit(weeks["weeks"], weeks["is_relapse"].astype(bool))
    published = weeks.dropna().drop_duplicates("weeks").set_index("weeks")["remission_share"]
    found = dict(zip(curve.times, curve.open_share, strict=True))
    for week, share in published.items():
        assert round(found[week], 3) == pytest.approx(share)
    assert time_reached(curve, 0.5) == 23


def test_the_poisson_bounds_are_garwoods():
    for row in golden("poisson_bounds.csv").itertuples():
        assert poisson_bounds(int(row[1])) == pytest.approx((row.lower, row.upper), abs=0.0051)
