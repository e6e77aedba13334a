"""The evidence of 本周总览: communities side by side, estates, sources, and the last line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.figures import funnel, panels, strips
from governance.figures.place_words import short_name
from governance.metrics import communities, estates, headline, windows
from governance.metrics.definitions import compared_keys
from governance.metrics.headline_patrols import patrol_headlines, patrol_lists
from governance.metrics.targets import target_of
from governance.text import t
from governance.ui import blocks
from governance.ui.cache import cached
from governance.ui.case_lists import PATROL_COLUMNS, show_case_lists
from governance.ui.overview_figures import named, parts_of, patrol_words, shown_weeks
from governance.ui.stamp import week_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.metrics.headline import HeadlineParts
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page


# ---------------------------------------------------------------------------- communities
def _street_parts(dataset: Dataset, selection: Selection) -> HeadlineParts:
    """The cases of all communities, narrowed as chosen."""
    scope = windows.Scope(category=selection.category, team_id=selection.team_id)
    parts = cached(parts_of, dataset, scope)
    if parts is None:
        raise ValueError("no incidents")
    return parts


def _communities(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    parts = _street_parts(dataset, selection)
    known, keys = dataset.frame("communities"), compared_keys(_patrols(dataset, selection))
    return communities.community_figures(parts, known, selection.week, metrics=keys)


def _patrols(dataset: Dataset, selection: Selection) -> tuple[str, ...]:
    """The patrol figures that can be compared between communities as the page is narrowed."""
    return patrol_headlines(dataset, windows.Scope(category=selection.category, team_id=selection.team_id))


def _overdue(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    parts = _street_parts(dataset, selection)
    return communities.overdue_comparison(parts, dataset.frame("communities"), selection.week)


def _short_words(known_n: int, weeks_n: int) -> str:
    """Says that the records hold fewer weeks than the window."""
    return t("week_overview.short_weeks", n=known_n) if known_n < weeks_n else ""


def _finding(table: pd.DataFrame) -> str:
    """The title's finding: who lies beyond the limits, or nobody."""
    if table.empty:
        return t("week_overview.finding.no_due")
    if not table["false_marks_n"].iloc[0]:
        return t("week_overview.finding.few")
    marked = table[table["is_marked"]]
    more, fewer = (
        "、".join(short_name(name) for name in marked.loc[side, "name"])
        for side in (marked["ratio"] > 1, marked["ratio"] < 1)
    )
    if more and fewer:
        return t("week_overview.finding.both", more=more, fewer=fewer)
    if more or fewer:
        return t(f"week_overview.finding.{'more' if more else 'fewer'}", names=more or fewer)
    return t("week_overview.finding.none")


def _funnel_words(table: pd.DataFrame, short: str) -> str:
    if table.empty or not table["expected_n"].sum():
        return t("week_overview.funnel_sub_none", short=short)
    chance = float(table["false_marks_n"].iloc[0])
    return t(
        "week_overview.funnel_sub" if chance else "week_overview.funnel_sub_few",
        short=short,
        due=f"{int(table['n'].sum()):,}",
        late=f"{int(table['observed_n'].sum()):,}",
        weeks=f"{1 / chance:.0f}" if chance else "",
    )


def _compared(dataset: Dataset, selection: Selection) -> str:
    """The funnel beside the strips."""
    table, parts = cached(_overdue, dataset, selection), _street_parts(dataset, selection)
    weeks_n = communities.WINDOW_WEEKS
    short = _short_words(communities.known_weeks(parts, selection.week), weeks_n)
    small_n = dataset.settings.integer("small_n")
    targets, day = dataset.frame("targets"), selection.week.last_day
    patrols = _patrols(dataset, selection)
    aims = {key: target_of(targets, key, day) for key in compared_keys(patrols)}
    drawn = strips.community_strips_html(
        cached(_communities, dataset, selection),
        small_n=small_n,
        targets=aims,
        chosen=selection.community_code,
    )
    sub = "strips_sub" if parts.names_sources else "strips_sub_all"
    words = t(f"week_overview.{sub}", short=short, small_n=small_n)
    if patrols:
        words += t("week_overview.patrols_sub")
    return panels.side_by_side_html((_funnel_words(table, short), funnel.funnel_svg(table)), (words, drawn))


def community_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    """The cases behind the communities' rates, by community and number."""
    parts = _street_parts(dataset, selection)
    known = communities.known_communities(dataset.frame("communities"))
    span, lists = communities.window_of(selection.week), {}
    patrols = _patrols(dataset, selection)
    for key in compared_keys(patrols):
        if key in patrols:
            continue
        whole, hit, _ = headline.headline_marks(key, parts, span)
        rest = whole.rows.loc[~hit.mask[whole.mask]] if key in headline.SHARES else hit.rows
        suffix = "rest" if key in headline.SHARES else "hit"
        for code, name in zip(known["community_code"], known["name"], strict=True):
            for text, rows in ((key, whole.rows), (f"{key}_{suffix}", rest)):
                mine = rows[rows["community_code"].eq(code).fillna(False).astype(bool)]
                what = t(f"week_overview.list.{text}", n=f"{len(mine):,}")
                if len(mine):
                    words = short_name(code if pd.isna(name) else name)
                    lists[t("week_overview.list.of_community", name=words, what=what)] = mine
    return lists | _patrol_lists(dataset, selection, patrols)


def _patrol_lists(dataset: Dataset, selection: Selection, patrols: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The micro-grids and unit-hours behind the communities' patrol figures of the week."""
    span, lists = windows.Span(selection.week.start_at, selection.week.end_at), {}
    known = communities.known_communities(dataset.frame("communities"))
    for key in patrols:
        for code, name in zip(known["community_code"], known["name"], strict=True):
            scope = windows.Scope(community_code=str(code), team_id=selection.team_id)
            for what, rows in patrol_words(key, *patrol_lists(dataset, scope, key, span)).items():
                words = short_name(code if pd.isna(name) else name)
                lists[t("week_overview.list.of_community", name=words, what=what)] = rows
    return lists


def show_communities(page: Page, selection: Selection) -> None:
    """The communities side by side, in the order of their codes."""
    known_n = len(communities.known_communities(page.dataset.frame("communities")))
    title = t("week_overview.communities_title_none")
    if known_n:
        finding = _finding(cached(_overdue, page.dataset, selection))
        title = t("week_overview.communities_title", n=known_n, finding=finding)
    data, week = named(cached(_communities, page.dataset, selection)), str(selection.week)
    with blocks.panel("communities", title=title, page=page, data=data, week=week):
        if not known_n:
            blocks.show_empty(t("week_overview.communities_none"))
            return
        show_case_lists(
            page,
            "communities",
            lambda: community_lists(page.dataset, selection),
            suffix=week,
            extra=PATROL_COLUMNS,
        )
        blocks.show_svg(cached(_compared, page.dataset, selection))


# -------------------------------------------------------------------------------- estates
def _estates_of(dataset: Dataset, community_code: str | None) -> pd.DataFrame:
    """The estates of one community, or all: numerator and denominator are of the same estates."""
    known = dataset.frame("estates")
    if community_code is None:
        return known
    grids, microgrids = dataset.frame("grids"), dataset.frame("microgrids")
    own_grids = grids.loc[grids["community_code"].eq(community_code), "grid_code"]
    own = microgrids.loc[microgrids["grid_code"].isin(own_grids), "microgrid_code"]
    return known[known["microgrid_code"].isin(own)]


def _estate_window(dataset: Dataset, selection: Selection) -> windows.Span:
    weeks = shown_weeks(dataset, selection.week)
    return windows.Span(weeks[0].start_at, weeks[-1].end_at)


def _complaints(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """The complaints behind the comparison of estates."""
    return estates.estate_complaints(
        windows.Scope(category=selection.category).rows(dataset.cases()),
        _estates_of(dataset, selection.community_code),
        span=_estate_window(dataset, selection),
    )


def _estates(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    compared = estates.estate_comparison(
        windows.Scope(category=selection.category).rows(dataset.cases()),
        _estates_of(dataset, selection.community_code),
        span=_estate_window(dataset, selection),
        as_of=dataset.as_of.get("incidents"),
    )
    took_part = estates.who_took_part(
        cached(_complaints, dataset, selection),
        dataset.frame("incident_steps"),
        dataset.frame("teams")["name"],
    )
    return compared.merge(took_part, on="is_managed")


def _estate_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    rows = cached(_complaints, dataset, selection)
    return {
        t(f"week_overview.list.estates_{name}", n=f"{len(mine):,}"): mine.drop(columns="is_managed")
        for name, mine in (("managed", rows[rows["is_managed"]]), ("unmanaged", rows[~rows["is_managed"]]))
        if len(mine)
    }


def show_estates(page: Page, selection: Selection) -> None:
    """Estates with and without a property manager."""
    comparison, week = cached(_estates, page.dataset, selection), str(selection.week)
    small_n, weeks_n = (page.dataset.settings.integer(name) for name in ("small_n", "trend_weeks"))
    is_few = bool((comparison["complaints_n"] < small_n).any())
    title = t("week_overview.estates_title_few" if is_few else "week_overview.estates_title", n=small_n)
    parts = _street_parts(page.dataset, selection)
    short = _short_words(communities.known_weeks(parts, selection.week, weeks_n), weeks_n)
    sub = t("week_overview.estates_sub", weeks=weeks_n, short=short)
    with blocks.panel("estates", title=title, sub=sub, page=page, data=comparison, week=week):
        if comparison["households_n"].sum() == 0:
            blocks.show_empty(t("week_overview.estates_none"))
        else:
            show_case_lists(page, "estates", lambda: _estate_lists(page.dataset, selection), suffix=week)
            blocks.show_svg(panels.estates_html(comparison, small_n=small_n))


# -------------------------------------------------------------------------------- sources
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
    from governance.records.presented import manifest_behind

    kept = [entry for entry in manifest_behind(dataset).imports if not entry.is_undone]
    sums = {
        name: f"{sum(getattr(entry, name) for entry in kept):,}"
        for name in ("rows_read", "accepted", "replaced", "unchanged", "refused")
    }
    return t("week_overview.footer_rows", **sums) if kept else ""


def show_footer(page: Page) -> None:
    """Rows read and what became of them."""
    blocks.show_footer(cached(_ledger_words, page.dataset), t("week_overview.footer_how"))
