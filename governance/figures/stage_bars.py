"""The stages of a case as bars, one beginning where the median of the one before ends.

`stage_panel_html` writes one side (minutes before arrival or hours after). Bars are placed in per
cent of their box, so that the panel stretches without distorting them; every text is escaped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW_PX = 43
_STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 36, 48)


@dataclass(frozen=True)
class StageBar:
    """One stage: its times in the panel's unit (NaN when not reached), what it rests on, words.

    `is_few` draws it hollow and writes no figure.
    """

    label: str
    basis: str
    hover: str
    median: float
    p90: float
    previous_median: float
    previous_p90: float
    is_few: bool = False


@dataclass(frozen=True)
class StagePanel:
    """One side: its name, the figure in its head, its unit and its bars in order."""

    name: str
    head: str
    unit: str
    bars: tuple[StageBar, ...]


def axis_of(bars: Sequence[StageBar]) -> tuple[float, float]:
    """End of the axis and distance of its marks, in the panel's unit."""
    ends = [1e-9]
    for bar, start in zip(bars, starts_of(bars), strict=True):
        reached = [
            v for v in (bar.median, bar.p90, bar.previous_median, bar.previous_p90) if not math.isnan(v)
        ]
        ends.append(start + max(reached, default=0.0))
    top = max(ends)
    power = 10.0 ** math.floor(math.log10(top / 4))
    step = next((s * power for s in _STEPS if s * power * 4 >= top), top / 4)
    return math.ceil(top / step - 1e-9) * step, step


def starts_of(bars: Sequence[StageBar]) -> list[float]:
    """Where each bar begins: the medians of the ones before it, those not reached left out."""
    starts, at = [], 0.0
    for bar in bars:
        starts.append(at)
        at += 0.0 if math.isnan(bar.median) else bar.median
    return starts


def _whisker(start: float, bar: StageBar, end: float) -> str:
    """From the median to the p90; open and dashed to the edge when it is not reached."""
    from_at = start + (0.0 if math.isnan(bar.median) else bar.median)
    if math.isnan(bar.p90):
        return (
            f'<line x1="{from_at / end * 100:.2f}%" x2="100%" y1="17" y2="17" stroke="{LIGHT.data}"'
            ' stroke-width="1.6" stroke-dasharray="2 4"/>'
        )
    style = {"stroke": LIGHT.data, "stroke-width": "1.6"}
    to_at = start + bar.p90
    return _line(from_at, to_at, 17, 17, end, style) + _line(to_at, to_at, 11, 23, end, style)


def _line(x1: float, x2: float, y1: float, y2: float, end: float, style: dict[str, str]) -> str:
    drawn = " ".join(f'{name}="{value}"' for name, value in style.items())
    return f'<line x1="{x1 / end * 100:.2f}%" x2="{x2 / end * 100:.2f}%" y1="{y1:g}" y2="{y2:g}" {drawn}/>'


def _box(start: float, width: float, end: float, y: float, height: float, look: str) -> str:
    """A bar from `start`, at least two pixels wide."""
    wide = f"max({width / end * 100:.2f}%, 2px)"
    return f'<rect x="{start / end * 100:.2f}%" y="{y:g}" style="width:{wide}" height="{height:g}" {look}/>'


def _bar_svg(bar: StageBar, start: float, end: float, step: float, *, is_last: bool) -> str:
    drawn = [
        _line(n * step, n * step, 0, ROW_PX, end, {"stroke": LIGHT.hairline})
        for n in range(round(end / step) + 1)
    ]
    hollow = f'fill="{LIGHT.card}" stroke="{LIGHT.data}" stroke-dasharray="3 2"'
    if not math.isnan(bar.median):
        drawn.append(_whisker(start, bar, end))
        look = hollow if bar.is_few else f'fill="{LIGHT.data}"'
        drawn.append(_box(start, bar.median, end, 8, 18, look))
    if not math.isnan(bar.previous_median):
        drawn.append(_box(start, bar.previous_median, end, 28, 4.5, f'fill="{LIGHT.previous}"'))
    if not math.isnan(bar.previous_p90):
        at = start + bar.previous_p90
        drawn.append(_line(at, at, 26, 34, end, {"stroke": LIGHT.previous, "stroke-width": "2"}))
    dotted = {"stroke": LIGHT.ink_3, "stroke-dasharray": "2 2"}
    if start > 0:
        drawn.append(_line(start, start, 0, 8, end, dotted))
    if not is_last and not math.isnan(bar.median):
        drawn.append(_line(start + bar.median, start + bar.median, 26, ROW_PX, end, dotted))
    return f'<svg class="stage-bar" width="100%" height="{ROW_PX}" aria-hidden="true">{"".join(drawn)}</svg>'


def _number(value: float, *, is_few: bool) -> str:
    if is_few:
        return t("cards.missing")
    if math.isnan(value):
        return t("durations.not_reached_short")
    return f"{value:.1f}" if value < 20 else f"{value:,.0f}"


def stage_panel_html(panel: StagePanel) -> str:
    """One side as a grid: stage and n, its bar, median and p90 in the unit of the axis."""
    end, step = axis_of(panel.bars)
    rows = []
    for bar, start in zip(panel.bars, starts_of(panel.bars), strict=True):
        svg = _bar_svg(bar, start, end, step, is_last=bar is panel.bars[-1])
        median = _number(bar.median, is_few=bar.is_few)
        p90 = _number(bar.p90, is_few=bar.is_few or math.isnan(bar.median))
        rows.append(
            f'<div class="stage-name" title="{escape(bar.hover)}">{escape(bar.label)}'
            f"<span>{escape(bar.basis)}</span></div>{svg}"
            f'<div class="stage-median">{escape(median)}</div><div class="stage-p90">{escape(p90)}</div>'
        )
    marks = "".join(
        f'<span style="left:{n * step / end * 100:.2f}%">{n * step:g}</span>'
        for n in range(round(end / step) + 1)
    )
    words = ("", "", t("incident_response.median"), t("incident_response.p90"))
    heads = "".join(f'<div class="stage-head">{escape(word)}</div>' for word in words)
    unit = f'<div class="stage-unit">{escape(panel.unit)}</div>'
    axis = f'<div></div><div class="stage-axis">{marks}</div>{unit}'
    return (
        f'<div class="stage-side"><div class="stage-title"><b>{escape(panel.name)}</b>'
        f"<span>{escape(panel.head)}</span></div>"
        f'<div class="stage-grid">{heads}{"".join(rows)}{axis}</div></div>'
    )


def stages_key_html() -> str:
    """What bar, whisker and thin bar mean."""
    box = '<svg width="30" height="14" aria-hidden="true">'
    bar = f'{box}<rect y="1" width="30" height="12" fill="{LIGHT.data}"/></svg>'
    whisker = f'{box}<path d="M0,7H28M28,2V12" stroke="{LIGHT.data}" stroke-width="1.6"/></svg>'
    thin = f'{box}<rect y="5" width="30" height="4.5" fill="{LIGHT.previous}"/></svg>'
    marks = [(bar, "key_median"), (whisker, "key_p90"), (thin, "key_previous")]
    parts = [f"<span>{mark}{escape(t(f'incident_response.{key}'))}</span>" for mark, key in marks]
    parts.append(f"<span>{escape(t('incident_response.key_note'))}</span>")
    return f'<div class="figure-key">{"".join(parts)}</div>'
