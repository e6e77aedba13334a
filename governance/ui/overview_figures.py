"""The upper half of 本周总览: what is counted for it, its conclusion and its six cards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from governance.figures import cards
from governance.figures.metric_words import metric_label
from governance.metrics import headline
from governance.metrics.control_window import rebase_days
from governance.metrics.definitions import HEADLINES, METRICS, overview_keys
from governance.metrics.headline_patrols import patrol_headlines, patrol_lists
from governance.metrics.headline_states import signal_since, verdict
from governance.metrics.overview import incident_marks
from governance.metrics.patrol_series import PATROL_SERIES
from governance.metrics.trust import poor_kinds
from governance.metrics.windows import Scope, Span, is_complete, is_covered
from governance.text import t
from governance.ui import blocks
from governance.ui.cache import cached
from governance.ui.case_lists import PATROL_COLUMNS, show_case_lists
from governance.ui.filters import scope_words
from governance.ui.patrol_job import compute_beside
from governance.ui.stamp import week_status
from governance.ui.words import stamp_words
from governance.workdays import Week, weeks_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from governance.metrics.headline import HeadlineParts
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page


# ------------------------------------------------------------------------------ computed
def shown_weeks(dataset: Dataset, week: Week) -> tuple[Week, ...]:
    """The weeks of a trend line, oldest first."""
    return weeks_until(week, dataset.settings.integer("trend_weeks"))


def parts_of(dataset: Dataset, scope: Scope) -> HeadlineParts | None:
    """The cases of a part of the street, read once for all its figures."""
    return headline.headline_parts(dataset, cached(headline.all_cases, dataset), scope)


def weekly(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """The six figures of the weeks shown, as `headline.headline_weeks` has them.

    Those of patrols stand first, where there are patrols and the part of the street can be cut so.

    Raises
    ------
    ValueError
        Without any incident; pages stop before.
    """
    parts = cached(parts_of, dataset, selection.scope)
    if parts is None:
        raise ValueError("no incidents")
    keys = overview_keys(patrol_headlines(dataset, selection.scope))
    return headline.headline_weeks(parts, shown_weeks(dataset, selection.week), metrics=keys)


# ----------------------------------------------------------------------------- conclusion
def _numeral(n: int) -> str:
    return t("week_overview.verdict.numbers")[n]


def verdict_words(weeks: pd.DataFrame, drawn: Sequence[cards.Card]) -> str:
    """The sentence from the signals: how many worsened or improved, the foremost with its number.

    Empty where nothing can be judged yet.
    """
    said = verdict(
        weeks, {card.key: card.change for card in drawn}, {card.key: card.standing for card in drawn}
    )
    if len(said.unknown) == len(drawn):
        return ""
    moved = {"worse": said.worse, "better": said.better, "moved": said.moved}
    counted = [
        t(f"week_overview.verdict.{name}", n=_numeral(len(keys))) for name, keys in moved.items() if keys
    ]
    every, unknown = _numeral(len(drawn)), _numeral(len(said.unknown))
    if counted:
        sentence = t("week_overview.verdict.counted", all=every, parts="、".join(counted))
        if said.common:
            rest = "rest_some" if said.unknown else "rest"
            sentence += t(f"week_overview.verdict.{rest}", n=unknown)
        elif said.unknown:
            sentence += t("week_overview.verdict.rest_unknown")
        sentence += _named_words(
            said.named, moved, drawn, since=signal_since(weeks, said.named), last=str(weeks["week"].iloc[-1])
        )
    elif said.unknown:
        common = _numeral(len(said.common))
        sentence = t("week_overview.verdict.common_some", n=common, unknown=unknown)
    else:
        sentence = t("week_overview.verdict.common", all=every)
    if said.missed and not said.worse:
        labels = "、".join(metric_label(key) for key in said.missed)
        sentence += t("week_overview.verdict.missed", labels=labels)
    return sentence + "。"


def _named_words(
    named: str, moved: Mapping[str, tuple[str, ...]], drawn: Sequence[cards.Card], *, since: str, last: str
) -> str:
    """The foremost figure with its number, last week's, and since when it has been so."""
    kind = next(kind for kind, keys in moved.items() if named in keys)
    card = next(card for card in drawn if card.key == named)
    figure = card.figure + (card.unit if card.unit == "%" else f" {card.unit}")
    name = card.label if card.label.endswith("）") else f"{card.label} "
    which = f"first_{kind}" if len(moved[kind]) > 1 else f"named_{kind}"
    words = t(f"week_overview.verdict.{which}", name=name, value=figure, previous=card.previous)
    if since and since != last:
        words += t("week_overview.verdict.since", number=Week.parse(since).number)
    return words


def _counts(frame: pd.DataFrame, dataset: Dataset, week: Week) -> dict[str, int] | None:
    """What was reported, closed and under way; None where the records do not hold the week."""
    span, as_of = Span(week.start_at, week.end_at), dataset.as_of.get("incidents")
    if not is_covered(dataset.frame("incidents")["reported_at"], span, as_of):
        return None
    marks = incident_marks(frame, span=span, as_of=as_of)
    return {name: int(marks[name].sum()) for name in ("reported_n", "closed_n", "open_n")}


def count_words(dataset: Dataset, scope: Scope, week: Week) -> tuple[str, str]:
    """The case and sentence of the plain counts: no_data, empty, first, same, more or fewer.

    Says more or fewer, never better or worse: that takes limits, and limits take weeks.
    """
    frame = scope.rows(dataset.cases())
    now, before = _counts(frame, dataset, week), _counts(frame, dataset, week.shifted(-1))
    change = {key: now[key] - before[key] for key in now} if now and before else None
    if now is None:
        code = "no_data"
    elif now["reported_n"] == 0:
        code = "empty"
    elif change is None:
        code = "first"
    else:
        moved = change["reported_n"]
        code = "same" if moved == 0 else "more" if moved > 0 else "fewer"
    n = change["open_n"] if change else 0
    open_key = "open_same" if n == 0 else "open_more" if n > 0 else "open_fewer"
    sentence = t(
        f"week_overview.conclusion.{code}",
        **{key: f"{value:,}" for key, value in (now or {}).items()},
        reported_change=f"{abs(change['reported_n']):,}" if change else "",
        open_words=t(f"week_overview.{open_key}", n=f"{abs(n):,}"),
    )
    return code, sentence


def conclusion_words(dataset: Dataset, selection: Selection, drawn: Sequence[cards.Card]) -> str:
    """The one sentence: the verdict where there are limits, else the counts; and a week not over."""
    week = selection.week
    code, sentence = count_words(dataset, selection.scope, week)
    as_of = dataset.as_of.get("incidents")
    is_over = is_complete(week, as_of)
    if is_over and code not in ("no_data", "empty"):
        sentence = verdict_words(cached(weekly, dataset, selection), drawn) or sentence
    if as_of is not None and not is_over:
        sentence += t("week_overview.conclusion.partial", day=stamp_words(as_of))
    return sentence


# --------------------------------------------------------------------------------- parts
@dataclass(frozen=True)
class FiguresPart:
    """The upper half of the page, ready to show."""

    sentence: str
    cards: str
    key: str
    note: str


def _break_words(dataset: Dataset, shown: Sequence[Week]) -> str:
    """What the dotted line is: the reform, or any named date where others fall into the weeks."""
    days = {day for key in (*PATROL_SERIES, *HEADLINES) for day in rebase_days(dataset, key)}
    shown_days = [day for day in days if shown[0].first_day <= day <= shown[-1].last_day]
    reform = dataset.settings.day("reform_on")
    if shown_days == [reform]:
        return t("cards.legend_break", month=reform.month, day=reform.day)
    return t("cards.legend_breaks")


def _figures_part(dataset: Dataset, selection: Selection) -> FiguresPart:
    weeks, shown = cached(weekly, dataset, selection), shown_weeks(dataset, selection.week)
    is_named = headline.names_sources(dataset.frame("incidents"))
    drawn = cards.headline_cards(
        weeks,
        selection.week,
        targets=dataset.frame("targets"),
        is_narrowed=bool(selection.scope.chosen()),
        names_sources=is_named,
        small_n=dataset.settings.integer("small_n"),
        is_waiting=not dataset.is_patrol_at_hand(),
        poor=poor_kinds(cached(week_status, dataset, selection.week)),
    )
    notes = [] if is_named else [t("week_overview.all_sources")]
    if not dataset.is_patrol_at_hand():
        notes.append(t("week_overview.waiting"))
    return FiguresPart(
        sentence=conclusion_words(dataset, selection, drawn),
        cards=cards.cards_html(drawn),
        key=cards.cards_key_html(drawn, shown, break_words=_break_words(dataset, shown)),
        note="".join(notes),
    )


def figure_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    """The cases behind the six cards, by their words."""
    parts, week = cached(parts_of, dataset, selection.scope), selection.week
    if parts is None:
        return {}
    lists: dict[str, pd.DataFrame] = {}
    span, patrols = Span(week.start_at, week.end_at), patrol_headlines(dataset, selection.scope)
    for key in overview_keys(patrols):
        if key in patrols:
            lists |= patrol_words(key, *patrol_lists(dataset, selection.scope, key, span))
            continue
        whole, hit, _ = headline.headline_marks(key, parts, span)
        rest = whole.rows.loc[~hit.mask[whole.mask]] if key in headline.SHARES else hit.rows
        suffix = "rest" if key in headline.SHARES else "hit"
        for name, rows in ((key, whole.rows), (f"{key}_{suffix}", rest)):
            if len(rows):
                lists[t(f"week_overview.list.{name}", n=f"{len(rows):,}")] = rows
    return lists


def patrol_words(key: str, whole: pd.DataFrame, rest: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The micro-grids or unit-hours behind a patrol figure, by their words."""
    pairs = ((key, whole), (f"{key}_rest", rest))
    return {t(f"week_overview.list.{name}", n=f"{len(rows):,}"): rows for name, rows in pairs if len(rows)}


def show_figures(page: Page, selection: Selection) -> None:
    """The conclusion and the six cards."""
    part = cached(_figures_part, page.dataset, selection)
    scope = scope_words(page.dataset, selection)
    blocks.show_conclusion(page.spec.title, selection.week, part.sentence, scope=scope)
    blocks.show_svg(part.cards)
    with blocks.row("cards-foot"):
        blocks.show_svg(part.key)
        with blocks.row("cards-takeaway"):
            data = named(cached(weekly, page.dataset, selection))
            suffix = str(selection.week)
            show_case_lists(
                page,
                "cards",
                lambda: figure_lists(page.dataset, selection),
                suffix=suffix,
                extra=PATROL_COLUMNS,
            )
            blocks.show_download(page, "cards", data, suffix=suffix)
    if part.note:
        st.html(f'<div class="note">{escape(part.note)}</div>')
    compute_beside(page.dataset)


def named(figures: pd.DataFrame) -> pd.DataFrame:
    """A long table with the metrics' Chinese names; beyond all observed times stands empty."""
    numbers = figures.select_dtypes("float64")
    return figures.assign(
        metric=figures["metric"].map({key: metric_label(key) for key in METRICS}),
        **{str(name): numbers[name].replace(math.inf, math.nan) for name in numbers},
    )
