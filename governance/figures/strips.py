"""The communities side by side, as HTML: one row a community, one strip a rate with its interval.

Pure builders; every text is escaped. Marks are placed in per cent of their box, so that the
panel stretches without distorting them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.metric_words import basis_text, metric_definition, metric_label, metric_scale
from governance.figures.theme import LIGHT
from governance.metrics.definitions import metric_named
from governance.metrics.headline import ELSEWHERE, STREET
from governance.metrics.headline_states import is_few
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.figures.place_words import Scale
    from governance.metrics.targets import Target

_PAD = 4.0
# An interval may pull an axis of times this far beyond the largest value.
_REACH = 1.5


def strip_axis(key: str, values: Sequence[float]) -> tuple[float, float]:
    """Both ends of a strip's axis in the metric's unit, round numbers; shares reach up to 1."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    if metric_named(key).unit == "share":
        return math.floor(max(min(known) - 0.02, 0.0) * 20) / 20, 1.0
    divisor = metric_scale(key, _of_scale(known)).divisor
    low, high = min(known) / divisor, max(known) / divisor
    step = _round_up((high - low) / 5)
    return math.floor(low / step) * step * divisor, (math.floor(high / step) + 1) * step * divisor


def _of_scale(values: Sequence[float]) -> list[float]:
    """The middle value, which chooses the unit: one storm does not turn all minutes into hours."""
    known = sorted(value for value in values if math.isfinite(value))
    return known[len(known) // 2 : len(known) // 2 + 1]


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 or 10 times a power of ten; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))


@dataclass(frozen=True)
class Strip:
    """One column of the panel: a rate, its axis, the street's own value and the target."""

    key: str
    low: float
    high: float
    scale: Scale
    street: float
    target: float
    small_n: int

    def place(self, value: float) -> str:
        """Where a value stands, in per cent of the strip's width; beyond the axis at its end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return f"{_PAD + share * (100 - 2 * _PAD):.2f}%"

    def head_html(self) -> str:
        """Name, unit and better direction of the column."""
        label, about = escape(metric_label(self.key)), escape(metric_definition(self.key))
        better = t(f"week_overview.better.{metric_named(self.key).direction}", unit=self.scale.unit)
        return f'<div class="strip-head"><b title="{about}">{label}</b><span>{escape(better)}</span></div>'

    def axis_html(self) -> str:
        """Both ends of the axis."""
        high = self.scale.number(self.high).removesuffix(".0")
        low = "0" if self.low == 0 else self.scale.number(self.low).removesuffix(".0")
        ends = f"<span>{escape(low)}</span><span>{escape(high)}</span>"
        return f'<div class="strip-axis">{ends}</div>'

    def cell_html(self, row: pd.Series) -> str:
        """The marks of one community and its number with what it rests on."""
        value = float(row["value"])
        has_few = is_few(self.key, row["n"], self.small_n)
        figure = t("cards.missing") if has_few else self.scale.number(value)
        basis = "" if math.isnan(value) and not has_few else basis_text(self.key, row).replace(" ", "")
        return (
            '<div class="strip-cell"><svg class="strip" width="100%" height="100%" aria-hidden="true">'
            f'{self._marks(row, has_few=has_few)}</svg><div class="strip-value"><b>{escape(figure)}</b>'
            f"<span>{escape(basis)}</span></div></div>"
        )

    def _marks(self, row: pd.Series, *, has_few: bool) -> str:
        marks = []
        value, previous = float(row["value"]), float(row["previous"])
        if not has_few and not math.isnan(row["low"]) and not math.isnan(value):
            ends = f'x1="{self.place(row["low"])}" x2="{self.place(row["high"])}" y1="50%" y2="50%"'
            marks.append(f'<line {ends} stroke="{LIGHT.interval}" stroke-width="7"/>')
        for line, dashes in ((self.street, ""), (self.target, ' stroke-dasharray="5 3"')):
            if not math.isnan(line):
                x, colour = self.place(line), LIGHT.ink_2 if dashes else LIGHT.ink_3
                marks.append(f'<line x1="{x}" x2="{x}" y1="0" y2="100%" stroke="{colour}"{dashes}/>')
        if not math.isnan(previous):
            ring = f'fill="{LIGHT.card}" stroke="{LIGHT.data}" stroke-width="1.5"'
            marks.append(f'<circle cx="{self.place(previous)}" cy="50%" r="4" {ring}/>')
        if not math.isnan(value):
            dashed = f'fill="{LIGHT.card}" stroke="{LIGHT.ink_3}" stroke-dasharray="2 2"'
            look = dashed if has_few else f'fill="{LIGHT.data}"'
            marks.append(f'<circle cx="{self.place(value)}" cy="50%" r="5" {look}/>')
        return "".join(marks)


def _strip_scale(key: str, shown: pd.Series, values: Sequence[float]) -> Scale:
    """One unit for the column; one decimal as long as any shown value needs it."""
    scale = metric_scale(key, _of_scale(values))
    finest = (
        max(metric_scale(key, [float(value)]).decimals for value in shown) if len(shown) else scale.decimals
    )
    return replace(scale, decimals=max(scale.decimals, finest))


def _strip(key: str, figures: pd.DataFrame, target: Target | None, small_n: int) -> Strip:
    of_key = figures[figures["metric"] == key].set_index("community_code")
    places = of_key.drop(index=STREET)
    street, aim = float(of_key["value"][STREET]), target.value if target else math.nan
    values = [float(v) for v in pd.concat([places["value"], places["previous"]])] + [street, aim]
    largest = max((value for value in values if not math.isnan(value)), default=0.0)
    reached = [min(float(v), largest * _REACH) for v in places["high"]] + [float(v) for v in places["low"]]
    low, high = strip_axis(key, [*values, *reached])
    return Strip(key, low, high, _strip_scale(key, places["value"], values), street, aim, small_n)


def community_strips_html(
    figures: pd.DataFrame,
    *,
    small_n: int,
    targets: Mapping[str, Target | None],
    chosen: str | None = None,
) -> str:
    """The communities in rows, the rates in columns, from `communities.community_figures`.

    A rate that rests on fewer than `small_n` cases gets a dashed ring and no number. Both ends
    of every axis are printed. The `chosen` community is set in bold.
    """
    codes = [code for code in dict.fromkeys(figures["community_code"]) if code != STREET]
    keyed = figures.set_index(["community_code", "metric"], drop=False)
    keys = list(dict.fromkeys(figures["metric"]))
    strips = [_strip(key, figures, targets.get(key), small_n) for key in keys]
    body = []
    for code in codes:
        cells = "".join(strip.cell_html(keyed.loc[(code, strip.key)]) for strip in strips)
        look = "strip-row chosen" if code == chosen else "strip-row"
        name = f'<div class="strip-name">{escape(_name(keyed, code))}</div>'
        body.append(f'<div class="{look}">{name}{cells}</div>')
    heads = "".join(strip.head_html() for strip in strips)
    axes = "".join(strip.axis_html() for strip in strips)
    label = t("week_overview.communities_alt", n=len([code for code in codes if code != ELSEWHERE]))
    return (
        f'<div class="strips" style="--rows:{len(codes)}" role="img" aria-label="{escape(label)}">'
        f'<div class="strip-row strip-heads"><div></div>{heads}</div>{"".join(body)}'
        f'<div class="strip-row strip-axes"><div></div>{axes}</div></div>'
    )


def _name(keyed: pd.DataFrame, code: str) -> str:
    if code == ELSEWHERE:
        return t("week_overview.elsewhere")
    name = keyed.loc[code]["name"].iloc[0]
    text = code if pd.isna(name) else str(name)
    return text.removesuffix(t("map.community_suffix")) or text
