"""Comparison of communities: expectations without oneself, funnel, Wilson, small numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from governance.metrics.comparison import (
    comparison_table,
    expected_shares,
    quantile_interval,
    suppressed,
    wilson_interval,
)
from governance.metrics.survival import product_limit


def cases(rows):
    frame = pd.DataFrame(rows, columns=["group", "category", "hit"])
    at = pd.Timestamp("2023-09-11 09:00", tz="Asia/Shanghai")
    return frame.assign(severity="normal", reported_at=at)


def test_wilson_of_a_published_example():
    # 8 of 10, as in textbooks: 0.490 to 0.943.
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(0, 0) is None


def test_the_expectation_leaves_the_community_out_and_pools_thin_strata():
    rows = [("A", "x", True)] * 2 + [("B", "x", True), ("B", "x", False)] + [("B", "y", False)]
    frame = cases(rows)
    like = expected_shares(frame, frame["hit"], frame["group"])
    # A against B: a third of all, then one of two in x, each step drawn to the one before by ten.
    of_a = 1 / 3
    for _ in ("category", "severity", "hour"):
        of_a = (1 + 10 * of_a) / (2 + 10)
    # B against A: all of A had it; nothing of A is like B's y.
    assert like.tolist() == pytest.approx([of_a, of_a, 1.0, 1.0, 1.0])


def test_with_many_like_cases_the_expectation_is_theirs():
    rows = [("A", c, True) for c in "xy"] + [("B", "x", True)] * 5000 + [("B", "y", False)] * 5000
    like = expected_shares(cases(rows), cases(rows)["hit"], cases(rows)["group"])
    assert like.iloc[:2].tolist() == pytest.approx([1.0, 0.0], abs=0.002)


def test_a_far_community_is_marked_and_small_ones_never():
    rows = [(g, "x", i < 30) for g in "ABCDEF" for i in range(100)]
    rows += [("G", "x", i < 90) for i in range(100)] + [("H", "x", True)] * 19
    frame = cases(rows)
    table = comparison_table(frame, frame["hit"], frame["group"]).set_index("group")
    assert not table.loc["H", "is_marked"]
    assert table.loc["A", "observed_n"] == 30
    # The others of A had it in 30 × 5 + 90 + 19 = 259 of 619.
    assert table.loc["A", "expected_n"] == pytest.approx(100 * 259 / 619)
    share = 259 / 619
    assert table.loc["A", "variance"] == pytest.approx(100 * share * (1 - share))
    assert table["false_marks_n"].iloc[0] == pytest.approx(0.002 * 7)
    marked = table["is_marked"]
    reach = (table["ratio"] > table["upper"]) | (table["ratio"] < table["lower"])
    assert (marked == (reach & (table["n"] >= 20))).all()


def test_a_quantile_lies_between_observed_times_of_the_right_ranks():
    times = np.arange(1.0, 101.0)
    everything = product_limit(times, np.ones(100, dtype=bool))
    # Binomial ranks: 40 and 61 hold the median of 100 cases with 95 %, 84 and 96 the p90.
    assert quantile_interval(everything, 0.5) == (40.0, 61.0)
    assert quantile_interval(everything, 0.9) == (84.0, 96.0)
    few = product_limit(times[:5], np.ones(5, dtype=bool))
    assert quantile_interval(few, 0.9)[1] == np.inf
    assert np.isnan(quantile_interval(product_limit([], []), 0.9)).all()


def test_cases_under_way_count_as_such_in_the_interval_of_a_quantile():
    times = np.arange(1.0, 101.0)
    half_open = product_limit(times, times <= 50)
    low, high = quantile_interval(half_open, 0.5)
    assert (low, high) == (40.0, np.inf)


def test_equal_communities_are_not_marked_and_order_does_not_matter():
    rng = np.random.default_rng(3)
    frame = cases([(g, c, rng.random() < 0.4) for g in "ABCDEFG" for c in "xy" for _ in range(60)])
    table = comparison_table(frame, frame["hit"], frame["group"])
    assert not table["is_marked"].any()
    mixed = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(comparison_table(mixed, mixed["hit"], mixed["group"]), table)


def test_one_small_count_takes_the_next_smallest_with_it():
    counts = pd.Series({"a": 3, "b": 7, "c": 30, "d": 0})
    assert suppressed(counts).to_dict() == {"a": True, "b": True, "c": False, "d": False}
    assert suppressed(pd.Series([3, 4, 9])).tolist() == [True, True, False]
    assert suppressed(pd.Series([5, 9])).tolist() == [False, False]
