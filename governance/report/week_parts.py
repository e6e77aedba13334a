"""The small parts a week's slides are made of: figures from cards, items from headlines, charts of weeks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from governance.figures.metric_words import metric_label, metric_scale
from governance.report.model import Chart, Figure, Item, Series
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from governance.figures.cards import Card
    from governance.meeting.ranking import Headline
    from governance.metrics.headline_states import Standing
    from governance.report.model import Mark

TITLE_CHARS = 15
_STANDING_MARKS: Mapping[Standing, Mark] = {
    "consistently_met": "met",
    "met": "met",
    "consistently_missed": "missed",
    "missed": "missed",
    "sometimes": "sometimes",
}
_CHANGE_MARKS: Mapping[str, Mark] = {"worse": "worse", "better": "better", "common": "normal"}


def title_of(*candidates: str) -> str:
    """The first title of at most 15 characters; the last one is known to be short."""
    return next((title for title in candidates if len(title) <= TITLE_CHARS), candidates[-1][:TITLE_CHARS])


def state_of_card(card: Card) -> tuple[Mark, str]:
    """A signal first, then the target, then that it is normal variation."""
    if card.change in ("worse", "better"):
        return _CHANGE_MARKS[card.change], t(f"cards.change.{card.change}")
    if card.standing in _STANDING_MARKS:
        return _STANDING_MARKS[card.standing], t(f"cards.standing.{card.standing}")
    if card.change == "common":
        return "normal", t("cards.change.common")
    return "none", ""


def figure_of_card(card: Card, *, is_struck: bool = False) -> Figure:
    """A figure of the overview, in the same words."""
    mark, word = state_of_card(card)
    return Figure(
        key=card.key,
        label=card.label,
        value=card.figure,
        unit=card.unit,
        basis="，".join(part for part in (card.basis, card.note) if part),
        previous=card.previous,
        target=card.target,
        mark="none" if is_struck else mark,
        word="" if is_struck else word,
        definition=card.definition,
        is_struck=is_struck,
    )


def item_of(one: Headline) -> Item:
    """A headline as a line of a slide."""
    return Item(
        mark=one.mark,
        word=one.word,
        title=one.title,
        sub=one.sub,
        value=one.value,
        unit=one.unit,
        owner=one.owner,
        page=one.page,
        params=dict(one.params),
    )


def items_of(found: Iterable[Headline], *rules: str) -> tuple[Item, ...]:
    """The headlines of some rules, as items."""
    return tuple(item_of(one) for one in found if one.rule in rules)


def known(value: float) -> float | None:
    """A number, None where it is missing or beyond all that was observed."""
    return float(value) if math.isfinite(value) else None


def week_label(written: str) -> str:
    """2023-W37 as 37周."""
    return t("slides.week", number=int(written.split("-W")[1]))


def weekly_chart(key: str, weeks: pd.DataFrame, *, target: float = math.nan) -> Chart | None:
    """A headline figure's weeks against its limits; None without two known weeks."""
    rows = weeks[weeks["metric"].eq(key)].reset_index(drop=True)
    if rows["value"].notna().sum() < 2:
        return None
    scale = metric_scale(key, list(rows["value"]))

    def line(name: str, role: str, column: str) -> Series:
        written = (known(value / scale.divisor) for value in rows[column])
        rounded = tuple(None if value is None else round(value, scale.decimals) for value in written)
        return Series(name, rounded, role)  # type: ignore[arg-type]

    series = [line(metric_label(key), "actual", "value")]
    if rows["centre"].notna().any():
        series += [line(t(f"slides.line.{name}"), name, name) for name in ("centre", "lower", "upper")]
    if not math.isnan(target):
        aim = round(target / scale.divisor, scale.decimals)
        series.append(Series(t("slides.line.target"), (aim,) * len(rows), "target"))
    steps = rows["phase"].diff().fillna(0).ne(0)
    return Chart(
        kind="line",
        title=t("slides.chart.weekly", label=metric_label(key), n=len(rows)),
        categories=tuple(week_label(str(week)) for week in rows["week"]),
        series=tuple(series),
        unit=scale.unit,
        breaks=tuple(int(place) for place in steps[steps].index),
        note=t("slides.chart.limits") if rows["centre"].notna().any() else "",
    )
