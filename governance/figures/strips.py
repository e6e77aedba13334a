"""The communities side by side, as HTML: one row a community, one strip a figure.

Pure builders; every text is escaped. Marks are placed in per cent of their box, so that the
panel stretches without distorting them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.metric_words import basis_text, is_rate, metric_definition, metric_label, metric_scale
from governance.figures.theme import LIGHT
from governance.metrics.definitions import metric_named
from governance.metrics.overview import ELSEWHERE, STREET
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.figures.place_words import Scale

STRIP_METRICS = ("reported_n", "open_n", "closed_median_min", "located_share")
_PAD = 4.0


def strip_axis(key: str, values: Sequence[float]) -> tuple[float, float]:
    """Both ends of a strip's axis in the metric's unit: shares up to 1, all others from 0."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return 0.0, 1.0
    if metric_named(key).unit == "share":
        return math.floor(max(min(known) - 0.02, 0.0) * 20) / 20, 1.0
    divisor = metric_scale(key, known).divisor
    return 0.0, _round_up(max(known) / divisor) * divisor


def _round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8 or 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value)


@dataclass(frozen=True)
class Strip:
    """One column of the panel: a metric, its axis and the street's own value."""

    key: str
    low: float
    high: float
    scale: Scale
    street: float
    small_n: int

    def place(self, value: float) -> str:
        """Where a value stands, in per cent of the strip's width."""
        share = (value - self.low) / (self.high - self.low)
        return f"{_PAD + share * (100 - 2 * _PAD):.2f}%"

    def is_few(self, row: pd.Series) -> bool:
        """Whether a share or duration rests on too few cases to be drawn as a dot."""
        return is_rate(self.key) and not pd.isna(row["n"]) and int(row["n"]) < self.small_n

    def head_html(self) -> str:
        """Name and unit of the column."""
        label, about = escape(metric_label(self.key)), escape(metric_definition(self.key))
        return (
            f'<div class="strip-head"><b title="{about}">{label}</b>'
            f"<span>{escape(self.scale.unit)}</span></div>"
        )

    def axis_html(self) -> str:
        """Both ends of the axis."""
        high = self.scale.number(self.high).removesuffix(".0")
        low = "0" if self.low == 0 else self.scale.number(self.low)
        ends = f"<span>{escape(low)}</span><span>{escape(high)}</span>"
        return f'<div class="strip-axis">{ends}</div>'

    def cell_html(self, row: pd.Series) -> str:
        """The marks of one community and its number with what it rests on."""
        value, is_few = float(row["value"]), self.is_few(row)
        counts = [None if pd.isna(row[c]) else int(row[c]) for c in ("numerator_n", "denominator_n", "n")]
        figure = t("cards.missing") if is_few else self.scale.number(value)
        basis = "" if math.isnan(value) else basis_text(self.key, *counts).replace(" ", "")
        marks = self._marks(value, float(row["previous"]), is_few=is_few)
        return (
            '<div class="strip-cell"><svg class="strip" width="100%" height="100%" aria-hidden="true">'
            f'{marks}</svg><div class="strip-value"><b>{escape(figure)}</b>'
            f"<span>{escape(basis)}</span></div></div>"
        )

    def _marks(self, value: float, previous: float, *, is_few: bool) -> str:
        marks = []
        if not math.isnan(self.street):
            x = self.place(self.street)
            marks.append(f'<line x1="{x}" x2="{x}" y1="0" y2="100%" stroke="{LIGHT.ink_3}"/>')
        if not math.isnan(previous):
            ring = f'fill="{LIGHT.card}" stroke="{LIGHT.data}" stroke-width="1.5"'
            marks.append(f'<circle cx="{self.place(previous)}" cy="50%" r="4" {ring}/>')
        if not math.isnan(value):
            dashed = f'fill="{LIGHT.card}" stroke="{LIGHT.ink_3}" stroke-dasharray="2 2"'
            look = dashed if is_few else f'fill="{LIGHT.data}"'
            marks.append(f'<circle cx="{self.place(value)}" cy="50%" r="5" {look}/>')
        return "".join(marks)


def _strip_scale(key: str, shown: pd.Series, values: Sequence[float]) -> Scale:
    """One unit for the column; one decimal as long as any shown value needs it."""
    scale = metric_scale(key, values)
    finest = (
        max(metric_scale(key, [float(value)]).decimals for value in shown) if len(shown) else scale.decimals
    )
    return replace(scale, decimals=max(scale.decimals, finest))


def _strip(key: str, figures: pd.DataFrame, small_n: int) -> Strip:
    of_key = figures[figures["metric"] == key].set_index("community_code")
    places = of_key.drop(index=STREET)
    values = [float(v) for v in pd.concat([places["value"], places["previous"]])]
    low, high = strip_axis(key, values)
    street = float(of_key["value"][STREET]) if is_rate(key) else math.nan
    return Strip(key, low, high, _strip_scale(key, places["value"], values), street, small_n)


def community_strips_html(figures: pd.DataFrame, *, small_n: int, chosen: str | None = None) -> str:
    """The communities in rows, the figures in columns, from `overview.community_figures`.

    A share or duration that rests on fewer than `small_n` cases gets a dashed ring and no
    number. Both ends of every axis are printed. The `chosen` community is set in bold.
    """
    codes = [code for code in dict.fromkeys(figures["community_code"]) if code != STREET]
    keyed = figures.set_index(["community_code", "metric"], drop=False)
    strips = [_strip(key, figures, small_n) for key in STRIP_METRICS]
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
    name = keyed["name"][(code, STRIP_METRICS[0])]
    text = code if pd.isna(name) else str(name)
    return text.removesuffix(t("map.community_suffix")) or text
