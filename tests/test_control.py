"""Control charts: every rule on a series made by hand."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from governance.metrics.control import (
    FALSE_SIGNAL_SHARE,
    assurance,
    control_frame,
    largest_step,
    moving_ranges,
    phases,
    signals,
    xmr_limits,
)
from governance.metrics.control_states import pulled_by, signal_sides, state_of
from governance.metrics.periods import Month, Quarter, a_year_before, parse_period, periods_between
from governance.metrics.targets import Target
from governance.workdays import SHANGHAI, Week, weeks_until

LAST = Week(2023, 37)
REFORM = date(2023, 7, 1)


def limits(centre=10.0, reach=6.0, near=4.0):
    made = xmr_limits([centre] * 12)
    return type(made)(centre, centre - reach, centre + reach, centre - near, centre + near, False)


def test_limits_by_hand():
    made = xmr_limits([10, 12] * 6)
    assert made.centre == 11
    assert (made.lower, made.upper) == pytest.approx((11 - 5.32, 11 + 5.32))
    assert (made.near_lower, made.near_upper) == pytest.approx((11 - 3.546, 11 + 3.546))


def test_a_large_moving_range_is_screened_once():
    # Ranges: fourteen of 1 and one of 30; mean 44/15, the 30 lies beyond 3.267 times it.
    made = xmr_limits([0, 1] * 4 + [31, 32] * 4)
    assert made.upper - made.centre == pytest.approx(2.66)


def test_screening_is_done_once():
    # Ranges: 1 nine times, 4, 10; mean 23/11. Only the 10 lies beyond 6.83; of the rest the mean
    # is 1.3, and the 4 would lie inside 4.25 anyway; a second round changes nothing by hand.
    made = xmr_limits([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 5, 15])
    assert made.upper - made.centre == pytest.approx(2.66 * 13 / 10)
    # Ranges: 1 eighteen times, 6, 30; mean 2.7. The 30 goes; of the rest the mean is 24/19, and
    # the 6 lies beyond 3.267 times that: it stays, since screening is done once.
    values = [0, 1] * 9 + [0, 6, 36]
    made = xmr_limits(values)
    assert made.upper - made.centre == pytest.approx(2.66 * 24 / 19)


def test_nothing_is_screened_where_no_spread_would_be_left():
    # One range of 7 and eleven of 0: without the 7 the limits would close on the mean.
    made = xmr_limits([3] * 6 + [10] * 6)
    assert made.upper - made.centre == pytest.approx(2.66 * 7 / 11)


def test_short_series_have_trial_limits_or_none():
    assert xmr_limits([1, 2, 3, 4, 5]) is None
    assert xmr_limits([1, 2, np.nan, 3, 4, 5]) is None
    assert xmr_limits([1, 2, 1, 2, 1, 2]).is_trial
    assert not xmr_limits([1, 2] * 6).is_trial


def test_limits_stay_possible():
    made = xmr_limits([0.1, 0.9] * 6, floor=0.0, ceiling=1.0)
    assert (made.lower, made.upper, made.near_lower, made.near_upper) == (0.0, 1.0, 0.0, 1.0)


def test_outside_is_strict():
    assert signals([16, 16.1, 4, 3.9], limits()) == [None, "outside", None, "outside"]


def test_seven_rising_points_are_a_trend_and_a_tie_changes_nothing():
    rising = [7.0, 8, 9, 10, 11, 12, 13]
    assert signals(rising, limits()) == [None] * 6 + ["trend"]
    with_tie = [7.0, 8, 9, 9, 10, 11, 12, 13]
    assert signals(with_tie, limits()) == [None] * 7 + ["trend"]
    assert signals([7.0, 8, 9, 9, 10, 11, 12], limits()) == [None] * 7
    assert signals(rising[::-1], limits())[-1] == "trend"


def test_two_of_three_beyond_the_near_limit_on_one_side():
    assert signals([15, 10, 15], limits()) == [None, None, "two_of_three"]
    assert signals([15, 10, 10, 15], limits()) == [None] * 4
    assert signals([15, 10, 5], limits()) == [None] * 3


def test_seven_on_one_side_are_a_shift_and_the_centre_changes_nothing():
    above = [11, 12, 11, 12, 11, 12, 11]
    assert signals(above, limits()) == [None] * 6 + ["shift"]
    assert signals([*above[:3], 10, *above[3:]], limits()) == [None] * 7 + ["shift"]
    assert signals([*above[:3], 9, *above[3:]], limits()) == [None] * 8


def test_a_point_carries_the_first_rule_it_completes():
    assert signals([11, 11.5, 12, 12.5, 13, 13.5, 17], limits())[-1] == "outside"
    assert signals([11, 11.5, 12, 12.5, 13, 13.5, 13.8], limits())[-1] == "trend"


def test_a_constant_series_has_no_signal():
    frame = control_frame(weeks_until(LAST, 14), [0.1 + 0.2] * 14)
    assert frame["signal"].isna().all()


def test_the_week_of_the_rebase_belongs_to_the_old_phase():
    weeks = (Week(2023, 25), Week(2023, 26), Week(2023, 27))
    assert phases(weeks, [date(2023, 7, 1)]) == [1, 1, 2]
    assert phases(weeks, [date(2023, 7, 3)]) == [1, 1, 1]


def test_a_month_that_begins_on_the_rebase_is_of_the_new_phase():
    months = (Month(2023, 6), Month(2023, 7), Month(2023, 8))
    assert phases(months, [date(2023, 7, 1)]) == [1, 2, 2]
    assert phases(months, [date(2023, 7, 2)]) == [1, 1, 2]


def test_partial_and_set_aside_periods_move_no_limits():
    weeks = weeks_until(LAST, 14)
    values = [99.0, *[10.0, 12.0] * 3, 90.0, *[10.0, 12.0] * 3]
    alone = control_frame(weeks, values, is_partial=[True] + [False] * 13)
    aside = control_frame(weeks, values, is_partial=[True] + [False] * 13, set_aside_on=[weeks[7].first_day])
    assert alone["centre"].iloc[0] == pytest.approx((66 + 90 + 66) / 13)
    assert aside["centre"].iloc[0] == 11
    assert aside["value"].iloc[0] == 99
    assert aside["signal"].iloc[0] is pd.NA
    assert aside["signal"].iloc[7] == "outside"
    assert aside["is_set_aside"].tolist() == [False] * 7 + [True] + [False] * 6


def test_moving_ranges_stay_within_a_phase():
    frame = control_frame(
        weeks_until(LAST, 25), [100.0, 110] * 7 + [10.0, 12] * 5 + [10.0], rebase_on=[REFORM]
    )
    ranges = moving_ranges(frame)
    assert ranges["range"].isna().tolist() == [True] + [False] * 13 + [True] + [False] * 10
    assert ranges["upper"].iloc[0] == pytest.approx(32.67)
    assert ranges["upper"].iloc[-1] == pytest.approx(6.534)


def test_noise_completes_a_rule_as_often_as_said():
    noise = np.random.default_rng(7).normal(size=20_000)
    sigma = 1.128
    ideal = limits(centre=0.0, reach=2.66 * sigma, near=1.773 * sigma)
    share = np.mean([name is not None for name in signals(noise, ideal)])
    assert share == pytest.approx(FALSE_SIGNAL_SHARE, abs=0.003)


def test_phases_have_their_own_limits_and_missing_weeks_stay():
    values = [100.0, 110] * 7 + [np.nan] + [10.0, 12] * 5
    frame = control_frame(weeks_until(LAST, 25), values, rebase_on=[date(2023, 7, 1)])
    old, new = frame[frame["phase"] == 1], frame[frame["phase"] == 2]
    assert (len(old), len(new)) == (14, 11)
    assert old["centre"].iloc[0] == 105
    assert new["centre"].iloc[0] == 11
    assert not old["is_trial"].any()
    assert new["is_trial"].all()
    assert frame["signal"].isna().all()


def test_a_step_is_dated():
    step = largest_step([100.0, 110] * 7 + [50.0, 55] * 5)
    assert (step.position, step.before, step.after, step.is_signal) == (14, 105.0, 52.5, True)
    assert not largest_step([100.0, 110] * 10).is_signal
    assert largest_step([1.0, 2.0]) is None


def test_one_wild_week_does_not_place_the_step():
    step = largest_step([18.0, 20.0] * 7 + [10.0, 12.0, 90.0] + [10.0, 12.0] * 4)
    assert (step.position, step.is_signal) == (14, True)


def test_noise_has_no_step():
    noise = np.random.default_rng(3).normal(10, 1, size=(60, 26))
    assert sum(largest_step(series).is_signal for series in noise) <= 2


def test_assurance_against_a_target():
    made = limits()
    assert assurance(made, 20, is_lower_better=True) == "consistently_met"
    assert assurance(made, 3, is_lower_better=True) == "consistently_missed"
    assert assurance(made, 10, is_lower_better=True) == "sometimes"
    assert assurance(made, 3, is_lower_better=False) == "consistently_met"
    assert assurance(made, 20, is_lower_better=False) == "consistently_missed"
    assert assurance(None, 20, is_lower_better=False) is None


# ------------------------------------------------------------------------------------ states
AT_MOST_15 = (Target("x", 15.0, "at_most", "1", "", None),)


def chart_of(values, **more):
    frame = control_frame(weeks_until(LAST, len(values)), values, **more)
    return frame.assign(hit_n=np.nan, of_n=np.nan)


def state(values, *, direction="lower", targets=()):
    return state_of(chart_of(values), direction=direction, targets=targets, day=date(2023, 9, 17))


def test_noise_is_a_state_of_its_own():
    found = state([10.0, 12.0] * 7, targets=AT_MOST_15)
    assert (found.change, found.rule, found.assurance) == ("common", "", "sometimes")
    assert (found.week, found.value, found.points_n) == ("2023-W37", 12.0, 14)


def test_the_direction_says_whether_a_signal_is_worse():
    values = [10.0, 12.0] * 7 + [40.0]
    assert state(values).change == "worse"
    assert state(values, direction="higher").change == "better"
    assert state(values, direction="none").change == "up"
    assert state([-value for value in values], direction="none").change == "down"


def test_a_shift_names_its_run():
    values = [14.0, 6.0] * 4 + [14.0, 15.0] * 3 + [14.0]
    found = state(values)
    assert (found.rule, found.run_n, found.since, found.side) == ("shift", 7, "2023-W31", 1)


def test_a_trend_points_as_it_runs():
    values = [30.0, 10.0] * 4 + [12.0, 13.0, 14.0, 15.0, 16.0, 17.0]
    found = state(values)
    assert (found.rule, found.run_n, found.since) == ("trend", 7, "2023-W31")
    assert signal_sides(chart_of(values))[-1] == 1
    assert found.change == "worse"


def test_too_few_points_say_nothing():
    found = state([10.0, 12.0, 11.0], targets=AT_MOST_15)
    assert (found.change, found.limits, found.assurance, found.value) == ("unknown", None, None, 11.0)
    assert state([np.nan] * 8).week == ""
    assert state([]).change == "unknown"


def test_a_state_that_hangs_on_one_point_says_so():
    values = [10.0, 12.0] * 3 + [90.0] + [10.0, 12.0] * 3
    chart = chart_of(values)
    assert state(values).change == "better"
    pull = pulled_by(chart, direction="lower", ceiling=np.inf)
    assert (pull.week, pull.value, pull.change) == ("2023-W31", 90.0, "common")
    assert pulled_by(chart_of([10.0, 12.0] * 7), direction="lower", ceiling=np.inf) is None


# ----------------------------------------------------------------------------------- periods
def test_periods_follow_one_another_and_are_read_back():
    assert (Month(2023, 12).shifted(1), Month(2023, 1).shifted(-1)) == (Month(2024, 1), Month(2022, 12))
    assert (Month(2024, 2).last_day, Quarter(2023, 3).last_day) == (date(2024, 2, 29), date(2023, 9, 30))
    for period in (Week(2023, 37), Month(2023, 9), Quarter(2023, 3)):
        assert parse_period(str(period)) == period
        assert period.shifted(1).start_at == period.end_at
    assert a_year_before(Week(2020, 53)) == Week(2019, 52)
    assert a_year_before(Quarter(2023, 3)) == Quarter(2022, 3)


def test_periods_are_those_that_records_touch():
    reach = {
        "first_at": datetime(2023, 3, 20, 4, tzinfo=SHANGHAI),
        "as_of": datetime(2023, 9, 17, 23, tzinfo=SHANGHAI),
    }
    months = periods_between(**reach, grain="month", until=None)
    assert [str(month) for month in months] == [f"2023-{number:02d}" for number in range(3, 10)]
    assert len(periods_between(**reach, until=None)) == 26
    inside = periods_between(**reach, since=date(2023, 4, 4), until=date(2023, 4, 30))
    assert [str(week) for week in inside] == ["2023-W15", "2023-W16", "2023-W17"]
