"""Control charts: every rule on a series made by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from governance.metrics.control import (
    assurance,
    control_frame,
    largest_step,
    phases,
    signals,
    xmr_limits,
)
from governance.workdays import Week, weeks_until

LAST = Week(2023, 37)


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


def test_assurance_against_a_target():
    made = limits()
    assert assurance(made, 20, is_lower_better=True) == "consistently_met"
    assert assurance(made, 3, is_lower_better=True) == "consistently_missed"
    assert assurance(made, 10, is_lower_better=True) == "sometimes"
    assert assurance(made, 3, is_lower_better=False) == "consistently_met"
    assert assurance(made, 20, is_lower_better=False) == "consistently_missed"
    assert assurance(None, 20, is_lower_better=False) is None
