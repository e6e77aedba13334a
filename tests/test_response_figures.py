"""The figures of 响应时效: bars where they belong, open cases never hidden, nothing unescaped."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from governance.figures.closing_curves import closing_figure, horizon_d
from governance.figures.due_bars import DueGroup, due_bar_html, due_rows_html
from governance.figures.durations import ago_text, duration_text, same_unit, used_of_limit, used_text
from governance.figures.open_cases import OpenRow, open_grid_html, open_list_html
from governance.figures.stage_bars import StageBar, StagePanel, axis_of, stage_panel_html, starts_of
from governance.metrics.closing import (
    Closing,
    change_of,
    closed_band,
    incidence_variance,
    most_misleading,
)
from governance.metrics.survival import greenwood_variance, product_limit, time_reached

DAY_MIN = 24 * 60


def closing(minutes, is_closed, is_other=None):
    """A closing curve of single cases."""
    minutes, is_closed = np.asarray(minutes, dtype=float), np.asarray(is_closed, dtype=bool)
    curve = product_limit(minutes, is_closed, is_other)
    low, high = closed_band(curve)
    closed = np.sort(minutes[is_closed])
    reached = [
        float(curve.times[(share >= 0.5).argmax()]) if (share >= 0.5).any() else math.nan
        for share in (high, low)
    ]
    return Closing(
        curve, low, high, len(minutes), int((~is_closed).sum()), time_reached(curve, 0.5),
        time_reached(curve, 0.1), float(closed[(len(closed) - 1) // 2]) if len(closed) else math.nan,
        *reached,
    )  # fmt: skip


def slow_variance(curve):
    """The same variance, summed term by term."""
    other = np.cumsum(_steps(curve) * curve.other_n)
    share = 1 - curve.open_share
    found = []
    for at in range(len(curve.times)):
        total = 0.0
        for i in range(at + 1):
            n, closed = float(curve.at_risk_n[i]), float(curve.closed_n[i])
            ended = closed + float(curve.other_n[i])
            before = 1.0 if i == 0 else 1 - share[i - 1] - other[i - 1]
            ahead = share[at] - share[i]
            total += ahead**2 * ended / (n * (n - ended)) if n > ended else 0.0
            total += before**2 * (n - closed) * closed / n**3 - 2 * ahead * before * closed / n**2
        found.append(total)
    return np.array(found)


def _steps(curve):
    ended = curve.closed_n + curve.other_n
    left = 1 - ended / curve.at_risk_n
    return np.concatenate([[1.0], np.cumprod(left)[:-1]]) / curve.at_risk_n


def test_the_variance_is_greenwoods_without_other_ends_and_its_own_with_them():
    rng = np.random.default_rng(4)
    minutes, drawn = rng.integers(1, 60, 200), rng.random(200)
    plain = product_limit(minutes, drawn < 0.7)
    assert incidence_variance(plain) == pytest.approx(greenwood_variance(plain), abs=1e-12)
    competing = product_limit(minutes, drawn < 0.6, drawn > 0.9)
    assert incidence_variance(competing) == pytest.approx(slow_variance(competing), abs=1e-12)
    low, high = closed_band(competing)
    assert (low <= 1 - competing.open_share + 1e-12).all()
    assert (high >= 1 - competing.open_share - 1e-12).all()


def test_open_cases_make_the_closed_only_median_misleading():
    slow = closing([1.0] * 15 + [100.0] * 25, [True] * 15 + [False] * 25)
    fair = closing(list(range(1, 41)), [True] * 40)
    assert slow.is_misleading
    assert math.isnan(slow.median)
    assert slow.gap == 99
    assert not fair.is_misleading
    assert most_misleading({"a": fair, "b": slow}) == "b"
    assert most_misleading({"a": fair}) is None
    assert not closing([1.0] * 5 + [100.0] * 10, [True] * 5 + [False] * 10).is_misleading


def test_faster_is_said_only_beyond_the_bounds_of_the_median():
    now = closing(np.arange(1, 61), [True] * 60)
    assert change_of(now, closing(np.arange(3, 63), [True] * 60)) == "unclear"
    assert change_of(now, closing(np.arange(101, 161), [True] * 60)) == "shorter"
    assert change_of(closing(np.arange(101, 161), [True] * 60), now) == "longer"
    assert change_of(now, closing([1.0] * 5, [True] * 5)) == "unknown"


def test_the_curve_names_what_is_not_reached_and_joins_the_gap():
    one = closing([DAY_MIN] * 15 + [9 * DAY_MIN] * 25, [True] * 15 + [False] * 25)
    figure = closing_figure(one, None)
    said = " ".join(note.text for note in figure.layout.annotations)
    assert "算上未结：10 天还没到一半" in said
    assert "只看已结 24 小时" in said
    assert "九成线：9.0 天还没到" in said
    assert any(trace.line.color == "#801650" for trace in figure.data)
    assert max(max(trace.x) for trace in figure.data if trace.mode == "lines") <= horizon_d(one)
    assert not closing_figure(one, None, is_small=True).layout.annotations
    assert len(closing_figure(closing([], []), None).data) == 3


def bar(median, p90, **more):
    return StageBar("上报→受理", "n = 30", "<b>", median, p90, math.nan, math.nan, **more)


def test_a_bar_begins_where_the_medians_before_it_end():
    bars = (bar(2.0, 5.0), bar(math.nan, math.nan), bar(3.0, 20.0))
    assert starts_of(bars) == [0.0, 2.0, 2.0]
    assert axis_of(bars) == (24.0, 6.0)
    assert axis_of((bar(0.0, 0.0),))[0] > 0


def test_what_is_not_reached_or_too_few_is_not_a_number():
    html = stage_panel_html(
        StagePanel("到场前", "", "分钟", (bar(2.0, math.nan), bar(9.0, 9.0, is_few=True)))
    )
    assert "没到" in html
    assert 'stroke-dasharray="2 4"' in html
    assert html.count("—") == 2
    assert "<b>" not in html.replace("<b>到场前</b>", "")


def test_on_few_cases_only_the_counts_stand():
    html = due_rows_html([DueGroup("甲<i>", 40, 30), DueGroup("乙", 9, 9)], target=0.85, small_n=20)
    assert "75.0%" in html
    assert "9 / 9 件" in html
    assert "100.0%" not in html
    assert "<i>" not in html.replace("<i>，太少</i>", "")
    assert html.count("#801650") == 1
    assert due_bar_html(on_time_n=0, late_n=0, open_n=0) == ""


def test_up_to_a_hundred_cases_have_a_mark_each():
    few = open_grid_html({(0, "on_course"): 97, (5, "overdue"): 3})
    assert few.count("<circle") == 98
    assert few.count("<rect") == 4
    assert "无时限" not in few
    many = open_grid_html({(0, "on_course"): 97, (5, "no_limit"): 4})
    assert many.count("<circle") == 2
    assert "97" in many
    assert "超过 30 天" in open_grid_html({})


def test_a_listed_case_shows_its_limit_and_is_escaped():
    row = OpenRow(
        "overdue", "1", "<b>类", "一般", "路口", "19 / 5 天", 3.8, "3.8 倍", "待处置", "队", "4 天前"
    )
    html = open_list_html([row])
    assert "<b>类" not in html
    assert "3.8 倍" in html
    assert 'width="92.4"' in html
    without = OpenRow("no_limit", "2", "类", "", "路口", "—", math.nan, "没有时限", "待结案", "队", "—")
    assert "没有时限" in open_list_html([without])


def test_durations_keep_one_unit_where_they_are_compared():
    assert duration_text(11) == "11.0 分钟"
    assert duration_text(60 * 30) == "30 小时"
    assert duration_text(math.nan) == "还没到"
    assert same_unit(45 * 60, 24 * DAY_MIN) == ("1.9 天", "24.0 天")
    assert used_of_limit(56 * 8, 30 * 8, is_working=True, day_h=8) == "56 / 30 工作日"
    assert used_of_limit(5.25, 8, is_working=False, day_h=8) == "5.2 / 8 小时"
    assert used_of_limit(1, math.nan, is_working=False, day_h=8) == ""
    assert (used_text(0.9), used_text(2.04), used_text(math.nan)) == ("90%", "2.0 倍", "")
    assert ago_text(pd.Timedelta(hours=50)) == "2 天前"
