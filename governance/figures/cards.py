"""The key-figure card: one figure with its basis, last week, target, line of weeks and two states.

`headline_cards` reads the figures, `card_html` and `cards_html` write them; every text is escaped.
The line itself is drawn by `sparkline`. The sheet governance/ui/theme.css places the parts
(`.cards`, `.card`, …).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
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
from governance.figures.sparkline import (
    Spark,
    change_mark,
    clipped_mark,
    signal_mark,
    sparkline_svg,
    standing_mark,
)
from governance.figures.theme import LIGHT
from governance.metrics.definitions import metric_named
from governance.metrics.headline_states import Change, Standing, change_of, is_few, standing_of
from governance.metrics.targets import target_of
from governance.text import has, t

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from governance.metrics.targets import Target
    from governance.workdays import Week


@dataclass(frozen=True)
class Card:
    """What stands on one card, already in words, with its line and its two states."""

    key: str
    label: str
    definition: str
    figure: str
    unit: str
    basis: str
    previous: str
    target: str
    note: str
    spark: Spark
    change: Change = "unknown"
    standing: Standing = "none"
    is_struck: bool = False

    @property
    def alt(self) -> str:
        """The card read aloud."""
        value = " ".join(part for part in (self.figure, self.unit, self.basis, self.target) if part)
        states = "，".join((t(f"cards.change.{self.change}"), t(f"cards.standing.{self.standing}")))
        weeks = sum(not math.isnan(value) for value in self.spark.values)
        return t(
            "cards.alt", label=self.label, value=value, previous=self.previous, weeks=weeks, states=states
        )


def headline_cards(
    weeks: pd.DataFrame,
    week: Week,
    *,
    targets: pd.DataFrame,
    is_narrowed: bool = False,
    names_sources: bool = True,
    small_n: int = 0,
    is_waiting: bool = False,
    poor: Collection[str] = (),
) -> tuple[Card, ...]:
    """The cards of a week, from `headline.headline_weeks` that end with it.

    A target on a count is set for the whole street, so it is left out where the figures are
    narrowed to a part of it. A share or duration on fewer than `small_n` cases is neither
    written nor judged, only what it rests on stands there. Where no record names its source the
    reports are of all cases, and nothing stands beside them. `is_waiting` says that what patrols did
    is still being computed. A figure that rests on one of the `poor` record kinds (grade D) is
    struck out and not judged.
    """
    keys = [str(key) for key in dict.fromkeys(weeks["metric"])]
    aims = {key: target_of(targets, key, week.last_day) for key in keys if is_rate(key) or not is_narrowed}
    drawn = [
        _card(key, weeks[weeks["metric"] == key].reset_index(drop=True), aims.get(key), small_n)
        for key in keys
    ]
    if is_waiting:
        note = t("cards.waiting")
        drawn = [
            replace(card, note=note) if metric_named(card.key).is_census and not card.basis else card
            for card in drawn
        ]
    drawn = [
        replace(card, is_struck=True, change="unknown", standing="none")
        if card.basis and not set(poor).isdisjoint(metric_named(card.key).sources)
        else card
        for card in drawn
    ]
    if not names_sources:
        label, about = t("cards.all_reported"), t("cards.all_reported_definition")
        drawn = [
            replace(card, label=label, definition=about, basis="") if card.key == "reported_n" else card
            for card in drawn
        ]
    return tuple(drawn)


def _card(key: str, rows: pd.DataFrame, target: Target | None, small_n: int) -> Card:
    few = pd.Series([is_few(key, n, small_n) for n in rows["n"]], index=rows.index)
    shown = rows.assign(value=rows["value"].mask(few))
    now, values = shown.iloc[-1], [float(value) for value in shown["value"]]
    value, before = values[-1], values[-2] if len(values) > 1 else math.nan
    scale = metric_scale(key, [value if not math.isnan(value) else before])
    aim = target.value if target else math.nan
    change = change_of(key, shown)
    has_few = bool(few.iloc[-1]) and now["n"] > 0
    return Card(
        key=key,
        label=metric_label(key),
        definition=metric_definition(key),
        figure=scale.number(value),
        unit="" if math.isnan(value) else scale.unit,
        basis=basis_text(key, now) if has_few or not math.isnan(value) else "",
        previous=_previous_words(scale.number(before), value, before, change_text(scale, value - before)),
        target=t("cards.target", target=target_text(scale, aim, target.direction)) if target else "",
        note=_note(key, value, now, has_few=has_few),
        spark=Spark.of_weeks(shown, target=aim, change=change),
        change=change,
        standing=standing_of(now, aim, target.direction) if target else "none",
    )


def _note(key: str, value: float, now: pd.Series, *, has_few: bool) -> str:
    """Why a figure is missing, or that it is not final."""
    if has_few:
        return t("cards.too_few")
    if not math.isnan(value):
        return t("cards.provisional") if bool(now["is_provisional"]) else ""
    if pd.isna(now["n"]):
        return t("cards.not_recorded")
    is_running = now["n"] > 0 and has(f"cards.not_reached.{key}")
    return t(f"cards.not_reached.{key}") if is_running else t("cards.none_to_count")


def _previous_words(shown: str, value: float, before: float, change: str) -> str:
    if math.isnan(before):
        return t("cards.no_previous")
    if math.isnan(value):
        return t("cards.previous", value=shown)
    return t("cards.previous_change", value=shown, change=change)


# ------------------------------------------------------------------------------- drawing
def card_html(card: Card) -> str:
    """One card; a plum border only where the week is worse beyond noise."""
    unit = f'<span class="unit">{escape(card.unit)}</span>' if card.unit else ""
    target = f'<span class="bar">|</span>{escape(card.target)}' if card.target else ""
    note = f'<span class="card-note">{escape(card.note)}</span>' if card.note else ""
    change, standing = t(f"cards.change.{card.change}"), t(f"cards.standing.{card.standing}")
    look = {"worse": "state said", "better": "state said"}.get(card.change, "state")
    figure, marks = escape(card.figure), (change_mark(card.change), standing_mark(card.standing))
    if card.is_struck:
        figure, change, standing, marks = f"<s>{figure}</s>", t("cards.struck"), "", ("", "")
    return (
        f'<div class="card{" worse" if card.change == "worse" else ""}" role="img"'
        f' aria-label="{escape(card.alt)}">'
        f'<div class="card-label"><span title="{escape(card.definition)}">{escape(card.label)}</span>'
        f"{note}</div>"
        f'<div class="card-figure"><span class="figure">{figure}{unit}</span>'
        f'<span class="basis">{escape(card.basis)}</span></div>'
        f'<div class="card-previous">{escape(card.previous)}{target}</div>'
        f"{sparkline_svg(card.spark)}"
        f'<div class="card-states"><span class="{look}">{marks[0]}{escape(change)}</span>'
        f'<span class="state">{marks[1]}{escape(standing)}</span></div></div>'
    )


def cards_html(cards: Iterable[Card]) -> str:
    """All cards in a row; two rows of three on a narrow screen."""
    return f'<div class="cards">{"".join(card_html(card) for card in cards)}</div>'


def cards_key_html(cards: Sequence[Card], weeks: Sequence[Week], *, break_words: str) -> str:
    """What the marks of the cards mean, once for all of them; `break_words` name the dotted line."""
    sparks = [card.spark for card in cards]
    known_n = max((sum(not math.isnan(v) for v in spark.values) for spark in sparks), default=0)
    trial_n = max((spark.trial_n for spark in sparks), default=0)
    ring = (
        f'<svg width="12" height="12" aria-hidden="true"><circle cx="6" cy="6" r="3.4" fill="{LIGHT.card}"'
        f' stroke="{LIGHT.data}" stroke-width="1.8"/></svg>'
    )
    solid = (
        '<svg width="12" height="12" aria-hidden="true">'
        f'<circle cx="6" cy="6" r="4.4" fill="{LIGHT.data}"/></svg>'
    )
    marks = [(solid, t("cards.legend_this")), (ring, t("cards.legend_previous"))]
    if any(spark.has_limits for spark in sparks):
        band = (
            f'<svg width="34" height="12" aria-hidden="true"><rect y="1" width="34" height="10"'
            f' fill="{LIGHT.band}"/><line x1="0" x2="34" y1="6" y2="6" stroke="{LIGHT.rule}"/></svg>'
        )
        marks.append((band, t("cards.legend_trial", n=trial_n) if trial_n else t("cards.legend_band")))
    if any(set(spark.signals) - set(spark.clipped) for spark in sparks):
        marks.append((signal_mark(), t("cards.legend_signal")))
    if any(spark.clipped for spark in sparks):
        marks.append((clipped_mark(), t("cards.legend_clipped")))
    if any(card.target for card in cards):
        marks.append((_line("5 3", LIGHT.ink_2), t("cards.legend_target")))
    if any(spark.break_at is not None for spark in sparks):
        marks.append((_line("2 2", LIGHT.ink_3), break_words))
    shown = t("cards.legend_weeks", weeks=len(weeks), first=weeks[0].number, last=weeks[-1].number)
    if known_n < len(weeks):
        shown += t("cards.legend_short", n=known_n)
    parts = [f"<span>{mark} {escape(word)}</span>" for mark, word in marks]
    parts.append(f"<span>{escape(shown)}</span>")
    return f'<div class="cards-key">{"".join(parts)}</div>'


def _line(dashes: str, colour: str) -> str:
    return (
        '<svg width="30" height="12" aria-hidden="true"><line x1="0" x2="30" y1="6" y2="6"'
        f' stroke="{colour}" stroke-width="1.3" stroke-dasharray="{dashes}"/></svg>'
    )
