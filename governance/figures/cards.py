"""The key-figure card: one figure with its basis, last week, target and line of weeks.

`metric_cards` reads the figures, `card_html` and `cards_html` write them; every text is escaped.
The sheet governance/ui/theme.css places the parts (`.cards`, `.card`, …).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.metric_words import (
    basis_text,
    change_text,
    is_rate,
    metric_definition,
    metric_label,
    metric_scale,
    target_text,
)
from governance.figures.theme import LIGHT
from governance.metrics.definitions import OVERVIEW
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from governance.workdays import Week

_TOP, _BOTTOM, _HEIGHT = 8.0, 58.0, 66
_LEFT, _RIGHT = 2.0, 97.0


@dataclass(frozen=True)
class Target:
    """A target in force: its value in the metric's own unit and at_least or at_most."""

    value: float
    direction: str


@dataclass(frozen=True)
class Card:
    """What stands on one card, already in words; `points` are the weeks' values, oldest first."""

    label: str
    definition: str
    figure: str
    unit: str
    basis: str
    previous: str
    target: str
    note: str
    points: tuple[float, ...]
    target_value: float = math.nan

    @property
    def alt(self) -> str:
        """The card read aloud."""
        value = " ".join(part for part in (self.figure, self.unit, self.basis, self.target) if part)
        return t("cards.alt", label=self.label, value=value, previous=self.previous, weeks=len(self.points))


def target_of(targets: pd.DataFrame, key: str, week: Week) -> Target | None:
    """The target of a metric in force at a week's end: the latest version that is valid by then."""
    rows = targets[targets["metric"].eq(key) & targets["value"].notna() & targets["direction"].notna()]
    valid_from = rows["valid_from"]
    rows = rows[valid_from.isna() | valid_from.lt(week.end_at)]
    if rows.empty:
        return None
    row = rows.sort_values(["valid_from", "version"], na_position="first").iloc[-1]
    direction = str(row["direction"])
    return Target(float(row["value"]), direction) if direction in ("at_least", "at_most") else None


def metric_cards(
    figures: pd.DataFrame,
    week: Week,
    *,
    targets: pd.DataFrame,
    not_divisible: Iterable[str] = (),
    is_narrowed: bool = False,
    small_n: int = 0,
) -> tuple[Card, ...]:
    """The cards of the overview's metrics for a week, from `overview.weekly_figures`.

    A target on a count is set for the whole street, so it is left out where the figures are
    narrowed to a part of it.
    A share or duration on fewer than `small_n` cases is not written, only what it rests on.
    The line shows the weeks the figures hold. `not_divisible` are the metrics that the chosen
    filters do not apply to; they say so.
    """
    undivided = set(not_divisible)
    aims = {key: target_of(targets, key, week) for key in OVERVIEW if is_rate(key) or not is_narrowed}
    return tuple(
        _metric_card(key, figures[figures["metric"] == key], week, aims.get(key), undivided, small_n)
        for key in OVERVIEW
    )


def _metric_card(
    key: str, rows: pd.DataFrame, week: Week, target: Target | None, not_divisible: set[str], small_n: int
) -> Card:
    is_few = rows["n"].lt(small_n).fillna(False).astype(bool) & is_rate(key)
    by_week = rows.assign(value=rows["value"].mask(is_few)).set_index("week")
    now = by_week.loc[[str(week)]].iloc[0]
    value = float(by_week["value"][str(week)])
    before = float(by_week["value"].get(str(week.shifted(-1)), math.nan))
    scale = metric_scale(key, [value if not math.isnan(value) else before])
    has_few = bool(is_few[rows["week"].eq(str(week))].any())
    note = t("cards.too_few") if has_few else _note(key, value, now, not_divisible)
    counts = (None if pd.isna(now[c]) else int(now[c]) for c in ("numerator_n", "denominator_n", "n"))
    return Card(
        label=metric_label(key),
        definition=metric_definition(key),
        figure=scale.number(value),
        unit="" if math.isnan(value) else scale.unit,
        basis=basis_text(key, *counts) if has_few or not math.isnan(value) else "",
        previous=_previous_words(scale.number(before), value, before, change_text(scale, value - before)),
        target=t("cards.target", target=target_text(scale, target.value, target.direction)) if target else "",
        note=note,
        points=tuple(float(v) for v in by_week["value"]),
        target_value=target.value if target else math.nan,
    )


def _note(key: str, value: float, now: pd.Series, not_divisible: set[str]) -> str:
    """Why a figure is missing, or that its week is not over."""
    if not math.isnan(value):
        return "" if bool(now["is_complete"]) else t("cards.partial")
    if key in not_divisible:
        return t("cards.not_divisible")
    return t("cards.not_reached") if pd.isna(now["n"]) else t("cards.none_to_count")


def _previous_words(shown: str, value: float, before: float, change: str) -> str:
    if math.isnan(before):
        return t("cards.no_previous")
    if math.isnan(value):
        return t("cards.previous", value=shown)
    return t("cards.previous_change", value=shown, change=change)


# ------------------------------------------------------------------------------- drawing
def _runs(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The stretches of a line between missing values."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if math.isnan(point[1]):
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def sparkline_svg(points: Sequence[float], *, target: float = math.nan) -> str:
    """The weeks as a line: last week a ring, this week a solid point, the target dashed.

    The height holds all values and the target. The line stretches with its box, the points
    keep their shape.
    """
    known = [value for value in (*points, target) if not math.isnan(value)]
    if not known:
        return f'<svg class="spark" width="100%" height="{_HEIGHT}" aria-hidden="true"></svg>'
    low, high = min(known), max(known)
    middle = (_TOP + _BOTTOM) / 2

    def y(value: float) -> float:
        return middle if high == low else _BOTTOM - (value - low) / (high - low) * (_BOTTOM - _TOP)

    step = (_RIGHT - _LEFT) / max(len(points) - 1, 1)
    places = [(_LEFT + i * step, math.nan if math.isnan(v) else y(v)) for i, v in enumerate(points)]
    lines = "".join(
        f'<polyline points="{" ".join(f"{px:.2f},{py:.1f}" for px, py in run)}" fill="none"'
        f' stroke="{LIGHT.data}" stroke-width="1.8" stroke-linejoin="round"'
        ' vector-effect="non-scaling-stroke"/>'
        for run in _runs(places)
    )
    dashed = ""
    if not math.isnan(target):
        dashed = (
            f'<line x1="0" x2="100%" y1="{y(target):.1f}" y2="{y(target):.1f}" stroke="{LIGHT.ink_2}"'
            ' stroke-width="1.3" stroke-dasharray="5 3"/>'
        )
    return (
        f'<svg class="spark" width="100%" height="{_HEIGHT}" aria-hidden="true">{dashed}'
        f'<svg width="100%" height="{_HEIGHT}" viewBox="0 0 100 {_HEIGHT}" preserveAspectRatio="none">'
        f"{lines}</svg>"
        f"{''.join(_dot(i, len(points), *place) for i, place in enumerate(places))}</svg>"
    )


def _dot(position: int, count: int, x: float, y: float) -> str:
    if math.isnan(y):
        return ""
    at = f'cx="{x:.2f}%" cy="{y:.1f}"'
    if position == count - 1:
        return f'<circle {at} r="4.4" fill="{LIGHT.data}"/>'
    if position == count - 2:
        return f'<circle {at} r="3.4" fill="{LIGHT.card}" stroke="{LIGHT.data}" stroke-width="1.8"/>'
    return f'<circle {at} r="1.7" fill="{LIGHT.data}"/>'


def card_html(card: Card) -> str:
    """One card."""
    unit = f'<span class="unit">{escape(card.unit)}</span>' if card.unit else ""
    target = f'<span class="bar">|</span>{escape(card.target)}' if card.target else ""
    note = f'<span class="card-note">{escape(card.note)}</span>' if card.note else ""
    return (
        f'<div class="card" role="img" aria-label="{escape(card.alt)}">'
        f'<div class="card-label"><span title="{escape(card.definition)}">{escape(card.label)}</span>'
        f"{note}</div>"
        f'<div class="card-figure"><span class="figure">{escape(card.figure)}{unit}</span>'
        f'<span class="basis">{escape(card.basis)}</span></div>'
        f'<div class="card-previous">{escape(card.previous)}{target}</div>'
        f"{sparkline_svg(card.points, target=card.target_value)}</div>"
    )


def cards_html(cards: Iterable[Card]) -> str:
    """All cards in a row; two rows of three on a narrow screen."""
    return f'<div class="cards">{"".join(card_html(card) for card in cards)}</div>'


def cards_key_html(weeks: Sequence[Week], *, has_target: bool) -> str:
    """What the marks of the cards mean, once for all of them."""
    solid = (
        '<svg width="12" height="12" aria-hidden="true">'
        f'<circle cx="6" cy="6" r="4.4" fill="{LIGHT.data}"/></svg>'
    )
    ring = (
        f'<svg width="12" height="12" aria-hidden="true"><circle cx="6" cy="6" r="3.4" fill="{LIGHT.card}"'
        f' stroke="{LIGHT.data}" stroke-width="1.8"/></svg>'
    )
    dash = (
        '<svg width="30" height="12" aria-hidden="true"><line x1="0" x2="30" y1="6" y2="6"'
        f' stroke="{LIGHT.ink_2}" stroke-width="1.3" stroke-dasharray="5 3"/></svg>'
    )
    marks = [(solid, t("cards.legend_this")), (ring, t("cards.legend_previous"))]
    marks += [(dash, t("cards.legend_target"))] if has_target else []
    shown = t("cards.legend_weeks", weeks=len(weeks), first=weeks[0].number, last=weeks[-1].number)
    parts = [f"<span>{mark} {escape(word)}</span>" for mark, word in marks]
    parts += [f"<span>{escape(text)}</span>" for text in (shown, t("cards.legend_note"))]
    return f'<div class="cards-key">{"".join(parts)}</div>'
