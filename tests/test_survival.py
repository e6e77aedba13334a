"""The product limit equals lifelines and scipy, and a case small enough to check by hand."""

from __future__ import annotations

import math

import lifelines
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from governance.metrics.survival import (
    CLOSED,
    OPEN,
    OTHER,
    band,
    closed_share_by,
    curve_of_counts,
    greenwood_variance,
    other_incidence,
    product_limit,
    restricted_mean,
    sorted_times_reached,
    time_reached,
)

# Few distinct times, so that closings and censorings tie.
CENSORED = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=60)


def by_hand():
    """Closed at 1, 2, 2, 4; still open at 2 and 5.

    S(1) = 5/6, S(2) = 5/6 · 3/5 = 1/2, S(4) = 1/2 · 1/2 = 1/4.
    """
    return product_limit([1, 2, 2, 2, 4, 5], [True, True, True, False, True, False])


def test_a_curve_checked_by_hand():
    curve = by_hand()
    assert curve.times.tolist() == [1, 2, 4, 5]
    assert curve.at_risk_n.tolist() == [6, 5, 2, 1]
    assert curve.open_share.tolist() == pytest.approx([5 / 6, 1 / 2, 1 / 4, 1 / 4], abs=1e-15)
    assert time_reached(curve, 0.5) == 2  # S(2) is 0.5 exactly: reached
    assert math.isnan(time_reached(curve, 0.1))
    assert restricted_mean(curve, 4) == pytest.approx(1 + 5 / 6 + 2 * 1 / 2)
    assert closed_share_by(curve, 3) == pytest.approx(0.5)
    assert math.isnan(closed_share_by(curve, 6))  # nobody was watched so long
    assert greenwood_variance(curve)[0] == pytest.approx((5 / 6) * (1 / 6) / 6)


def test_no_case_and_one_case():
    assert math.isnan(time_reached(product_limit([], []), 0.5))
    assert math.isnan(restricted_mean(product_limit([], []), 30))
    assert time_reached(product_limit([7], [True]), 0.1) == 7
    assert math.isnan(time_reached(product_limit([7], [False]), 0.5))


@settings(max_examples=60, deadline=None)
@given(CENSORED)
def test_curves_equal_scipy_and_lifelines(cases):
    times, closed = np.array([t for t, _ in cases], dtype=float), np.array([c for _, c in cases])
    curve = product_limit(times, closed)
    scipy_curve = ecdf(CensoredData(uncensored=times[closed], right=times[~closed])).sf
    assert curve.open_share == pytest.approx(scipy_curve.evaluate(curve.times), abs=1e-9)
    fitted = lifelines.KaplanMeierFitter().fit(times, closed)
    theirs = fitted.survival_function_.loc[curve.times].to_numpy()[:, 0]
    assert curve.open_share == pytest.approx(theirs, abs=1e-9)
    assert restricted_mean(curve, 6) == pytest.approx(
        lifelines.utils.restricted_mean_survival_time(fitted, t=6), abs=1e-9
    )


@settings(max_examples=20, deadline=None)
@given(CENSORED)
def test_the_band_equals_lifelines(cases):
    times, closed = np.array([t for t, _ in cases], dtype=float), np.array([c for _, c in cases])
    curve = product_limit(times, closed)
    bounds = lifelines.KaplanMeierFitter().fit(times, closed).confidence_interval_.loc[curve.times]
    inside = (curve.open_share > 1e-9) & (curve.open_share < 1 - 1e-9)
    for ours, theirs in zip(band(curve), bounds.to_numpy().T, strict=True):
        assert ours[inside] == pytest.approx(theirs[inside], abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from([CLOSED, OTHER, OPEN])), min_size=1, max_size=60)
)
def test_sorted_cases_reach_the_same_times_as_the_curve(cases):
    ordered = sorted(cases)
    times, how = (np.array(column) for column in zip(*ordered, strict=True))
    curve = product_limit(times, how == CLOSED, how == OTHER)
    expected = [time_reached(curve, level) for level in (0.5, 0.1)]
    assert sorted_times_reached(times, how) == pytest.approx(expected, nan_ok=True)


def test_competing_ends_equal_lifelines_aalen_johansen():
    rng = np.random.default_rng(20230721)
    times = rng.permutation(400) + 1.0  # without ties, which lifelines would jitter
    ends = rng.choice([0, 1, 2], size=400, p=[0.2, 0.6, 0.2])
    curve = product_limit(times, ends == 1, ends == 2)
    for event, ours in ((1, 1 - curve.open_share), (2, other_incidence(curve))):
        fitted = lifelines.AalenJohansenFitter(calculate_variance=False).fit(times, ends, event)
        theirs = fitted.cumulative_density_.iloc[:, 0].loc[curve.times].to_numpy()
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_a_voided_case_is_not_one_that_will_still_close():
    """Of four, two are voided at 1: half never close, and the last closing reaches only 0.5."""
    curve = curve_of_counts([1, 2, 3], [0, 1, 1], [0, 0, 0], [2, 0, 0])
    assert curve.open_share.tolist() == [1, 0.75, 0.5]
    assert other_incidence(curve).tolist() == [0.5, 0.5, 0.5]


def test_a_million_closed_cases_keep_exact_fractions():
    n = 1_000_000
    median, p90 = sorted_times_reached(np.arange(1, n + 1), np.zeros(n, dtype=np.int64))
    assert (median, p90) == (n / 2, 0.9 * n)
