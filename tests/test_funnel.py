"""The funnel: limits, marks only beyond them, labels that do not meet."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import pytest

from governance.figures.funnel import Box, funnel_svg, placed_labels
from governance.figures.theme import LIGHT
from governance.text import t


def table(*rows):
    """Rows of (name, n, expected, ratio, is_marked)."""
    frame = pd.DataFrame(rows, columns=["name", "n", "expected_n", "ratio", "is_marked"])
    return frame.assign(
        observed_n=(frame["ratio"] * frame["expected_n"]).fillna(0).round().astype(int),
        variance=frame["expected_n"] * 0.9,
        dispersion=1.2,
    )


def test_only_a_marked_community_is_a_diamond_and_says_how_many():
    svg = funnel_svg(table(("甲社区", 40, 20.0, 2.5, True), ("乙社区", 40, 20.0, 1.0, False)))
    assert svg.count(f'fill="{LIGHT.plum}"') == 1
    assert "甲　2.50 倍" in svg
    assert "50 件，应有 20.0 件" in svg
    assert "乙　" not in svg
    assert "1 个在 99.8% 界限之外" in svg


def test_few_cases_are_hollow_and_names_are_escaped():
    svg = funnel_svg(table(("<b>甲</b>", 12, 2.0, 1.0, False)))
    assert "<b>" not in svg
    assert f'fill="{LIGHT.card}" stroke="{LIGHT.ink_3}"' in svg


def test_nothing_to_expect_is_nothing_to_draw():
    assert funnel_svg(table(("甲社区", 40, 0.0, float("nan"), False))) == ""
    assert "nan" not in funnel_svg(table(("甲社区", 40, 0.4, 0.0, False)))


def test_the_words_at_the_lines_are_all_there():
    svg = funnel_svg(table(("甲社区", 40, 20.0, 1.0, False), ("乙社区", 40, 50.0, 0.8, False)))
    for name in ("998", "95", "one", "axis"):
        assert t(f"week_overview.funnel_{name}") in svg


@pytest.mark.parametrize("spread", [6.0, 12.0, 25.0])
def test_labels_of_a_cluster_meet_neither_each_other_nor_the_points(spread):
    points = [(200 + spread * (i % 3), 200 + spread * (i // 3)) for i in range(7)]
    boxes = placed_labels(points, [41.0] * 7, [17.0] * 7, [Box(46, 199, 380, 201)])
    assert not any(one.meets(other) for one, other in combinations(boxes, 2))
    for place, (x, y) in enumerate(points):
        mark = Box(x - 5, y - 5, x + 5, y + 5)
        assert not any(box.meets(mark) for i, box in enumerate(boxes) if i != place)
