"""Comparison of communities: expectations without oneself, funnel, Wilson, small numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from governance.metrics.comparison import (
    comparison_table,
    expected_shares,
    suppressed,
    wilson_interval,
)


def cases(rows):
    frame = pd.DataFrame(rows, columns=["group", "category", "hit"])
    at = pd.Timestamp("2023-09-11 09:00", tz="Asia/Shanghai")
    return frame.assign(severity="normal", reported_at=at)


def test_wilson_of_a_published_example():
    # 8 of 10, as in textbooks: 0.490 to 0.943.
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(0, 0) is None


def test_the_expectation_leaves_the_community_out():
    rows = [("A", "x", True)] * 2 + [("B", "x", True), ("B", "x", False)] + [("B", "y", False)]
    frame = cases(rows)
    like = expected_shares(frame, frame["hit"], frame["group"])
    # A against B's one of two; B's x against A's two of two; B's y has no like but any of A.
    assert like.tolist() == [0.5, 0.5, 1.0, 1.0, 1.0]


def test_a_far_community_is_marked_and_small_ones_never():
    rows = [(g, "x", i < 30) for g in "ABCDEF" for i in range(100)]
    rows += [("G", "x", i < 90) for i in range(100)] + [("H", "x", True)] * 19
    frame = cases(rows)
    table = comparison_table(frame, frame["hit"], frame["group"]).set_index("group")
    assert not table.loc["H", "is_marked"]
    assert table.loc["A", "observed_n"] == 30
    # The others hold 150 − … of 619: 30 × 5 + 90 + 19 = 259 of 619 − 100 + 100 less A's own 100.
    assert table.loc["A", "expected_n"] == pytest.approx(100 * 259 / 619)
    assert table["false_marks_n"].iloc[0] == pytest.approx(0.002 * 7)
    marked = table["is_marked"]
    reach = (table["ratio"] > table["upper"]) | (table["ratio"] < table["lower"])
    assert (marked == (reach & (table["n"] >= 20))).all()
    assert table.loc["G", "ratio"] == pytest.approx(90 / (100 * 199 / 619))


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
