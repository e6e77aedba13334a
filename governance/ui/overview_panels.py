"""The parts of 本周总览: what is computed for it, and its conclusion, cards and panels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures import cards, panels, strips
from governance.figures.metric_words import metric_label
from governance.metrics import overview, windows
from governance.metrics.definitions import OVERVIEW
from governance.metrics.estates import estate_comparison
from governance.text import t
from governance.ui import blocks
from governance.ui.cache import cached
from governance.ui.filters import scope_words
from governance.ui.stamp import week_status
from governance.ui.words import stamp_words
from governance.workdays import weeks_until

if TYPE_CHECKING:
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page
    from governance.workdays import Week


# ------------------------------------------------------------------------------ computed
def shown_weeks(dataset: Dataset, week: Week) -> tuple[Week, ...]:
    """The weeks of a trend line, oldest first."""
    return weeks_until(week, dataset.settings.integer("trend_weeks"))


def _checkins(dataset: Dataset) -> pd.DataFrame:
    return overview.checkins_by_community(dataset)


def _weekly(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    return overview.weekly_figures(
        dataset.frame("incidents"),
        cached(_checkins, dataset),
        shown_weeks(dataset, selection.week),
        scope=selection.scope,
        as_of=dataset.as_of,
    )


def _communities(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    return overview.community_figures(
        dataset.frame("incidents"),
        cached(_checkins, dataset),
        dataset.frame("communities"),
        selection.week,
        scope=windows.Scope(category=selection.category, team_id=selection.team_id),
        as_of=dataset.as_of,
    )


def _estates(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    weeks = shown_weeks(dataset, selection.week)
    return estate_comparison(
        windows.Scope(category=selection.category).rows(dataset.frame("incidents")),
        _estates_of(dataset, selection.community_code),
        span=windows.Span(weeks[0].start_at, weeks[-1].end_at),
        as_of=dataset.as_of.get("incidents"),
    )


def _estates_of(dataset: Dataset, community_code: str | None) -> pd.DataFrame:
    """The estates of one community, or all: numerator and denominator are of the same estates."""
    estates = dataset.frame("estates")
    if community_code is None:
        return estates
    grids, microgrids = dataset.frame("grids"), dataset.frame("microgrids")
    own_grids = grids.loc[grids["community_code"].eq(community_code), "grid_code"]
    own = microgrids.loc[microgrids["grid_code"].isin(own_grids), "microgrid_code"]
    return estates[estates["microgrid_code"].isin(own)]


# ----------------------------------------------------------------------------- conclusion
def conclusion_words(figures: pd.DataFrame, week: Week, dataset: Dataset) -> str:
    """The one sentence: more or fewer than last week, never better or worse."""
    said = overview.conclusion(figures, week)
    numbers = {key: "—" if math.isnan(n) else f"{abs(n):,.0f}" for key, n in said.numbers.items()}
    change = said.numbers["open_n_change"]
    open_key = (
        "open_same" if change == 0 or math.isnan(change) else "open_more" if change > 0 else "open_fewer"
    )
    sentence = t(
        f"week_overview.conclusion.{said.code}",
        reported_n=numbers["reported_n"],
        reported_change=numbers["reported_n_change"],
        closed_n=numbers["closed_n"],
        open_n=numbers["open_n"],
        open_words=t(f"week_overview.{open_key}", n=numbers["open_n_change"]),
    )
    as_of = dataset.as_of.get("incidents")
    if as_of is not None and not windows.is_complete(week, as_of):
        sentence += t("week_overview.conclusion.partial", day=stamp_words(as_of))
    return sentence


# --------------------------------------------------------------------------------- parts
@dataclass(frozen=True)
class FiguresPart:
    """The upper half of the page, ready to show."""

    sentence: str
    cards: str
    key: str


def _figures_part(dataset: Dataset, selection: Selection) -> FiguresPart:
    figures, week, scope = cached(_weekly, dataset, selection), selection.week, selection.scope
    drawn = cards.metric_cards(
        figures,
        week,
        targets=dataset.frame("targets"),
        not_divisible=[key for key in OVERVIEW if not scope.allows(key)],
        is_narrowed=bool(scope.chosen()),
        small_n=dataset.settings.integer("small_n"),
    )
    has_target = any(card.target for card in drawn)
    return FiguresPart(
        sentence=conclusion_words(figures, week, dataset),
        cards=cards.cards_html(drawn),
        key=cards.cards_key_html(shown_weeks(dataset, week), has_target=has_target),
    )


def show_figures(page: Page, selection: Selection) -> None:
    """The conclusion and the six cards."""
    part = cached(_figures_part, page.dataset, selection)
    scope = scope_words(page.dataset, selection)
    blocks.show_conclusion(page.spec.title, selection.week, part.sentence, scope=scope)
    blocks.show_svg(part.cards)
    with blocks.row("cards-foot"):
        blocks.show_svg(part.key)
        data = _named(cached(_weekly, page.dataset, selection))
        blocks.show_download(page, "cards", data, suffix=str(selection.week))


def _named(figures: pd.DataFrame) -> pd.DataFrame:
    """A long table with the metrics' Chinese names."""
    return figures.assign(metric=figures["metric"].map({key: metric_label(key) for key in OVERVIEW}))


def _strips(dataset: Dataset, selection: Selection) -> str:
    return strips.community_strips_html(
        cached(_communities, dataset, selection),
        small_n=dataset.settings.integer("small_n"),
        chosen=selection.community_code,
    )


def show_communities(page: Page, selection: Selection) -> None:
    """The communities side by side, in the order of their codes."""
    figures = cached(_communities, page.dataset, selection)
    known_n = page.dataset.frame("communities")["community_code"].nunique()
    title = (
        t("week_overview.communities_title", n=known_n)
        if known_n
        else t("week_overview.communities_title_none")
    )
    with blocks.panel(
        "communities",
        title=title,
        sub=t("week_overview.communities_sub") if known_n else "",
        page=page,
        data=_named(figures),
        week=str(selection.week),
    ):
        if not known_n:
            blocks.show_empty(t("week_overview.communities_none"))
            return
        blocks.show_svg(cached(_strips, page.dataset, selection))


def show_estates(page: Page, selection: Selection) -> None:
    """Estates with and without a property manager."""
    comparison = cached(_estates, page.dataset, selection)
    small_n, weeks_n = (page.dataset.settings.integer(name) for name in ("small_n", "trend_weeks"))
    is_few = bool((comparison["complaints_n"] < small_n).any())
    title = t("week_overview.estates_title_few" if is_few else "week_overview.estates_title", n=small_n)
    with blocks.panel(
        "estates",
        title=title,
        sub=t("week_overview.estates_sub", weeks=weeks_n),
        page=page,
        data=comparison,
        week=str(selection.week),
    ):
        if comparison["households_n"].sum() == 0:
            blocks.show_empty(t("week_overview.estates_none"))
        else:
            blocks.show_svg(panels.estates_html(comparison, small_n=small_n))


def show_sources(page: Page, selection: Selection) -> None:
    """Through when each source is known, and how far to trust it."""
    status = cached(week_status, page.dataset, selection.week)
    with blocks.panel(
        "sources",
        title=t("week_overview.sources_title"),
        sub=t("week_overview.sources_sub"),
        page=page,
        data=status,
        week=str(selection.week),
    ):
        if status.empty:
            blocks.show_empty(t("week_overview.sources_none"))
        else:
            blocks.show_svg(panels.sources_html(status))


def _ledger_words(dataset: Dataset) -> str:
    from governance.records import store

    kept = [
        entry for entry in store.read_manifest(dataset.data_dir, verify=False).imports if not entry.is_undone
    ]
    sums = {
        name: f"{sum(getattr(entry, name) for entry in kept):,}"
        for name in ("rows_read", "accepted", "replaced", "unchanged", "refused")
    }
    return t("week_overview.footer_rows", **sums) if kept else ""


def show_footer(page: Page) -> None:
    """Rows read and what became of them."""
    blocks.show_footer(cached(_ledger_words, page.dataset), t("week_overview.footer_how"))
