"""The funnel: observed ÷ expected of each community, against what chance alone would give.

A pure builder of SVG; every text is escaped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.figures.theme import LIGHT
from governance.metrics.comparison import BAND_Z, LEAST_N, MARK_Z
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

WIDTH, HEIGHT = 390, 436
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 380.0, 12.0, 388.0
_FONT, _LINE = 13.0, 17.0
_TOP_RATIO = 4.0


@dataclass(frozen=True)
class Box:
    """A rectangle on the drawing, pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether two rectangles overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def is_inside(self, other: Box) -> bool:
        """Whether it lies wholly in another."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


@dataclass(frozen=True)
class _Axes:
    """Where an expectation and a ratio stand, and how wide the funnel is."""

    x_low: float
    x_high: float
    y_high: float
    spread: float

    def x(self, expected: float) -> float:
        return _LEFT + (expected - self.x_low) / (self.x_high - self.x_low) * (_RIGHT - _LEFT)

    def y(self, ratio: float) -> float:
        return _BOTTOM - min(ratio, self.y_high) / self.y_high * (_BOTTOM - _TOP)

    def limit(self, expected: float, z: float) -> float:
        """How far from 1 chance alone reaches at an expectation."""
        return z * math.sqrt(self.spread / expected)


def _axes(table: pd.DataFrame) -> _Axes:
    expected = table["expected_n"]
    low, high = float(expected.min()) * 0.8, float(expected.max()) * 1.12
    dispersion = float(table["dispersion"].iloc[0])
    spread = dispersion * float(table["variance"].sum()) / float(expected.sum())
    axes = _Axes(low, max(high, low + 1), _TOP_RATIO, spread)
    reach = max(float(table["ratio"].max()) + 0.2, 1 + axes.limit(max(low, 0.1), MARK_Z))
    return _Axes(axes.x_low, axes.x_high, min(_TOP_RATIO, max(2.0, reach)), spread)


def placed_labels(
    points: list[tuple[float, float]], widths: list[float], heights: list[float], taken: list[Box]
) -> list[Box]:
    """A place for each point's label that meets no other label, point or taken place if there is one.

    Right of the point is tried first, then left, above and below, near before far.
    """
    area = Box(_LEFT + 2, _TOP - 8, _RIGHT + 8, _BOTTOM - 2)
    marks = [Box(x - 7, y - 7, x + 7, y + 7) for x, y in points]
    placed: list[Box] = []
    for place, (x, y) in enumerate(points):
        width, height = widths[place], heights[place]
        blocked = [*taken, *placed, *marks[:place], *marks[place + 1 :]]
        boxes = []
        for gap in (9.0, 20.0, 34.0, 50.0, 70.0):
            for dx, dy in ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)):
                left = x + gap * dx - (width if dx < 0 else width / 2 if dx == 0 else 0)
                top = y + gap * dy - (height if dy < 0 else height / 2 if dy == 0 else 0)
                boxes.append(Box(left, top, left + width, top + height))
        free = (box for box in boxes if box.is_inside(area) and not any(box.meets(b) for b in blocked))
        placed.append(next(free, boxes[0]))
    return placed


def funnel_svg(table: pd.DataFrame) -> str:
    """The funnel of `communities.overdue_comparison`: band 95 %, dashed 99.8 %, marks beyond it only.

    Groups with nothing to expect are left out; those of fewer than 20 cases are hollow.
    """
    shown = table[table["ratio"].notna() & table["expected_n"].gt(0)]
    if shown.empty:
        return ""
    axes = _axes(shown)
    alt = t("week_overview.funnel_alt", n=len(shown), marked=int(shown["is_marked"].sum()))
    return (
        f'<svg class="funnel" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img"'
        f' aria-label="{escape(alt)}" font-size="{_FONT:.0f}">'
        f"{_region(axes)}{_scale(axes)}{_groups(axes, shown)}</svg>"
    )


def _curve(axes: _Axes, z: float, side: int) -> list[tuple[float, float]]:
    expected = np.linspace(axes.x_low, axes.x_high, 48)
    ratios = [max(0.0, 1 + side * axes.limit(float(e), z)) for e in expected]
    return [(axes.x(float(e)), axes.y(ratio)) for e, ratio in zip(expected, ratios, strict=True)]


def _path(points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _region(axes: _Axes) -> str:
    """The 95 % band, the dashed 99.8 % limits, the line of 1."""
    band = [*_curve(axes, BAND_Z, 1), *reversed(_curve(axes, BAND_Z, -1))]
    drawn = f'<path d="{_path(band)}Z" fill="{LIGHT.band}"/>'
    for side in (1, -1):
        inside = [(x, y) for x, y in _curve(axes, MARK_Z, side) if _TOP < y < _BOTTOM - 0.5]
        if len(inside) > 1:
            drawn += (
                f'<path d="{_path(inside)}" fill="none" stroke="{LIGHT.ink_2}"'
                ' stroke-width="1.3" stroke-dasharray="5 3"/>'
            )
    one = f"{axes.y(1):.1f}"
    return drawn + f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{one}" y2="{one}" stroke="{LIGHT.ink_3}"/>'


def _line_words(axes: _Axes, points: list[tuple[float, float]]) -> list[tuple[str, float, float]]:
    """The names of the lines with their right end and height, clear of the falling curves.

    That of the line of 1 stands at its left end where a point is in its way at the right one.
    """
    outer, inner, one = (t(f"week_overview.funnel_{name}") for name in ("998", "95", "one"))
    left = axes.x_high - _width(outer) / (_RIGHT - _LEFT) * (axes.x_high - axes.x_low)
    y_one = axes.y(1) - 5
    place = Box(_RIGHT - _width(one) - 6, y_one - _LINE, _RIGHT, y_one + 9)
    is_free = not any(Box(x, y, x, y).meets(place) for x, y in points)
    return [
        (outer, _RIGHT, max(axes.y(1 + axes.limit(left, MARK_Z)) - 6, _TOP)),
        (inner, _RIGHT, axes.y(1 + axes.limit(axes.x_high, BAND_Z)) + 17),
        (one, _RIGHT if is_free else _LEFT + _width(one) + 4, y_one),
    ]


def _scale(axes: _Axes) -> str:
    """The axes: ratios on the left, expected cases below."""
    drawn = f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{_BOTTOM}" y2="{_BOTTOM}" stroke="{LIGHT.rule}"/>'
    step = 0.5 if axes.y_high <= 3 else 1.0
    for count in range(int(axes.y_high / step + 1e-9) + 1):
        y, word = axes.y(count * step), t("week_overview.funnel_times", n=f"{count * step:g}")
        drawn += (
            f'<text x="{_LEFT - 8}" y="{y + 4.5:.1f}" text-anchor="end" fill="{LIGHT.ink_3}">{word}</text>'
        )
    width = axes.x_high - axes.x_low
    tick = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9) if width / step <= 6)
    for value in range(math.ceil(axes.x_low / tick) * tick, math.floor(axes.x_high) + 1, tick):
        x = axes.x(value)
        drawn += (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_BOTTOM}" y2="{_BOTTOM + 4}" stroke="{LIGHT.rule}"/>'
            f'<text x="{x:.1f}" y="{_BOTTOM + 19}" text-anchor="middle" fill="{LIGHT.ink_3}">{value}</text>'
        )
    middle, label = (_LEFT + _RIGHT) / 2, escape(t("week_overview.funnel_axis"))
    drawn += f'<text x="{middle}" y="{_BOTTOM + 40}" text-anchor="middle" fill="{LIGHT.ink_2}">{label}</text>'
    return drawn


def _groups(axes: _Axes, shown: pd.DataFrame) -> str:
    """The communities with their names."""
    rows = shown.to_dict("records")
    points = [(axes.x(row["expected_n"]), axes.y(row["ratio"])) for row in rows]
    words = [_words(row) for row in rows]
    taken = [Box(right - _width(w), y - _LINE + 4, right, y + 4) for w, right, y in _line_words(axes, points)]
    taken.append(Box(_LEFT, axes.y(1) - 1, _RIGHT, axes.y(1) + 1))
    sizes = [max(_width(line) for line in lines) for lines in words]
    heights = [len(lines) * _LINE for lines in words]
    boxes = placed_labels(points, sizes, heights, taken)
    drawn = "".join(
        f'<text x="{right:.1f}" y="{y:.1f}" text-anchor="end" fill="{LIGHT.ink_3}">{escape(word)}</text>'
        for word, right, y in _line_words(axes, points)
    )
    for row, (x, y), lines, box in zip(rows, points, words, boxes, strict=True):
        weight = ' font-weight="700"' if row["is_marked"] else ""
        text = "".join(
            f'<text x="{box.left:.1f}" y="{box.top + _LINE * (place + 1) - 4:.1f}" fill="{LIGHT.ink}"'
            f"{weight if place == 0 else ''}>{escape(line)}</text>"
            for place, line in enumerate(lines)
        )
        drawn += _mark(x, y, is_marked=bool(row["is_marked"]), is_small=row["n"] < LEAST_N) + text
    return drawn


def _width(text: str) -> float:
    """About how wide a text is drawn: full-width signs take the size of the font, others 0.56 of it."""
    return sum(_FONT if ord(sign) > 0x2E7F else _FONT * 0.56 for sign in text) + 2


def _words(row: Mapping[Hashable, Any]) -> list[str]:
    """The name; of a marked community also how many times and how many cases."""
    name = str(row["name"]).removesuffix(t("map.community_suffix")) or str(row["name"])
    if not row["is_marked"]:
        return [name]
    counts = t("week_overview.funnel_counts", observed=row["observed_n"], expected=f"{row['expected_n']:.1f}")
    times = t("week_overview.funnel_times", n=f"{row['ratio']:.2f}")
    return [f"{name}　{times}", counts]


def _mark(x: float, y: float, *, is_marked: bool, is_small: bool) -> str:
    if is_marked:
        path = f"M{x:.1f},{y - 8:.1f}l8,8l-8,8l-8,-8Z"
        return f'<path d="{path}" fill="{LIGHT.plum}" stroke="{LIGHT.card}" stroke-width="1.5"/>'
    fill, edge = (LIGHT.card, LIGHT.ink_3) if is_small else (LIGHT.data, LIGHT.card)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{fill}" stroke="{edge}" stroke-width="1.5"/>'
