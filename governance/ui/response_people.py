"""The right person and both kinds of demand on 响应时效, and its footer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.durations import duration_text
from governance.metrics.windows import FOUND, PUBLIC
from governance.text import t
from governance.ui import blocks
from governance.ui import response_data as data
from governance.ui import response_stock_data as stock_data
from governance.ui.cache import cached
from governance.ui.case_lists import show_case_lists
from governance.ui.response_words import cohort_counts, percent, small_n_of

if TYPE_CHECKING:
    from governance.metrics.workload import StraightToTheRight
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page


@dataclass(frozen=True)
class _Fact:
    """A figure in words: its key, itself, what it rests on, and the period before."""

    key: str
    figure: str
    basis: str
    before: str = ""

    def html(self) -> str:
        words = f"incident_response.straight.{self.key}"
        before = t("incident_response.period_before", value=self.before) if self.before else ""
        return (
            f'<div class="fact" title="{escape(t(f"{words}_definition"))}">'
            f"<span>{escape(t(words))}</span><b>{escape(self.figure)}</b>"
            f"<span>{escape(self.basis)}</span><span>{escape(before)}&nbsp;</span></div>"
        )


def _time_words(one: StraightToTheRight, minutes: float, small_n: int) -> str:
    return duration_text(minutes) if one.timed_n >= small_n else t("cards.missing")


def _log_words(one: StraightToTheRight, words: str, small_n: int) -> str:
    return words if one.logged_n >= small_n else t("cards.missing")


def _facts(found: stock_data.Straight, small_n: int) -> tuple[_Fact, ...]:
    now, before, back = found.now, found.before, found.rework
    timed, logged = (t("incident_response.n_cases", n=f"{n:,}") for n in (now.timed_n, now.logged_n))
    straight = [_log_words(one, f"{one.straight_share or 0:.1%}", small_n) for one in (now, before)]
    handoffs = [_log_words(one, f"{one.handoffs_per_case:.2f}", small_n) for one in (now, before)]
    medians = [_time_words(one, one.median_min, small_n) for one in (now, before)]
    p90s = [_time_words(one, one.p90_min, small_n) for one in (now, before)]
    of_closed = t("cards.of", k=f"{back.reworked_n:,}", n=f"{back.closed_n:,}", unit=t("units.case"))
    return (
        _Fact("first_median", medians[0], timed, medians[1]),
        _Fact("first_p90", p90s[0], timed, p90s[1]),
        _Fact("handoffs", f"{handoffs[0]} {t('incident_response.times_a_case')}", logged, handoffs[1]),
        _Fact("straight", straight[0], logged, straight[1]),
        _Fact("rework", percent(back.reworked_n, back.closed_n, small_n), of_closed),
    )


def _straight_html(dataset: Dataset, selection: Selection) -> str:
    found = cached(stock_data.straight, dataset, selection)
    if found is None:
        return ""
    return f'<div class="facts">{"".join(fact.html() for fact in _facts(found, small_n_of(dataset)))}</div>'


def _straight_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    judged = cached(data.part, dataset, selection)
    if judged is None:
        return {}
    rows = judged.incidents
    mine = rows[data.inside(judged, *data.period(selection.week))]
    minutes = (mine["first_acted_at"] - mine["reported_at"]).dt.total_seconds() / 60
    start, end = data.window_us(*data.period(selection.week))
    closed_us = judged.cases.closed_us()
    closed = rows[(closed_us >= start) & (closed_us < end) & ~judged.cases.is_stopped]
    parts = {
        "acted": mine.assign(stage_min=minutes.round(1))[minutes.ge(0)],
        "handed": mine[mine["handoffs_n"].gt(0).fillna(False)],
        "reworked": closed[closed["rework_n"].gt(0).fillna(False)],
    }
    return {t(f"incident_response.list_{name}", n=len(own)): own for name, own in parts.items()}


def show_straight(page: Page, selection: Selection) -> None:
    """How soon and how directly cases reached whoever acted, and what was sent back."""
    dataset, week = page.dataset, str(selection.week)
    found = cached(stock_data.straight, dataset, selection)
    is_logged = found is not None and found.now.logged_n > 0
    table = pd.DataFrame([vars(found.now) | vars(found.rework)]) if found else pd.DataFrame()
    sub = t("incident_response.straight_sub")
    with blocks.panel(
        "straight", title=t("incident_response.straight_title"), sub=sub, page=page, data=table, week=week
    ):
        show_case_lists(
            page,
            "straight",
            lambda: _straight_lists(dataset, selection),
            suffix=week,
            extra=("stage_min", "handoffs_n", "first_actor", "rework_n"),
        )
        if not is_logged:
            blocks.show_empty(t("incident_response.no_log"))
            return
        blocks.show_svg(cached(_straight_html, dataset, selection))


def demand_table(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """Both kinds of demand, a row each; never summed."""
    rows = []
    for side in cached(stock_data.demand_sides, dataset, selection):
        due_n, _, on_time_n = cohort_counts(side.due)
        rows.append(
            {
                "demand": t(f"filters.{side.demand}"),
                "reported_n": side.reported_n,
                "open_n": side.open_n,
                "due_n": due_n,
                "on_time_n": on_time_n,
                "median_min": side.closing.median,
                "closed_only_median_min": side.closing.closed_only_median,
                "n": side.closing.n,
            }
        )
    return pd.DataFrame(rows)


def _demand_html(dataset: Dataset, selection: Selection) -> str:
    small_n, lines = small_n_of(dataset), []
    names = ("demand", "reported", "open", "on_time", "on_time_basis", "median", "only_closed", "basis")
    heads = "".join(f"<th>{escape(t(f'incident_response.demand.{name}'))}</th>" for name in names)
    for side in cached(stock_data.demand_sides, dataset, selection):
        due_n, _, on_time_n = cohort_counts(side.due)
        one, is_few = side.closing, side.closing.n < small_n
        cells = (
            t(f"filters.{side.demand}"),
            f"{side.reported_n:,}",
            f"{side.open_n:,}",
            f"{on_time_n / due_n:.1%}" if due_n >= small_n else t("cards.missing"),
            f"{on_time_n:,} / {due_n:,}",
            t("cards.missing") if is_few else duration_text(one.median),
            t("cards.missing") if is_few else duration_text(one.closed_only_median),
            t("incident_response.n_open", n=f"{one.n:,}", open_n=f"{one.open_n:,}"),
        )
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return f'<table class="demand"><thead><tr>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def _demand_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    lists = {}
    for demand in (PUBLIC, FOUND):
        judged = cached(data.part, dataset, replace(selection, demand=demand))
        found = cached(stock_data.due, dataset, replace(selection, demand=demand))
        if judged is None or found is None:
            continue
        for name, mark in (("due", found.now.is_due), ("on_time", found.now.is_on_time)):
            words = t(f"incident_response.list_{name}", n=int(mark.sum()))
            lists[f"{t(f'filters.{demand}')} · {words}"] = judged.incidents[mark]
    return lists


def show_demand(page: Page, selection: Selection) -> None:
    """The public's demand and what we found ourselves, side by side and never summed."""
    dataset, week = page.dataset, str(selection.week)
    table = cached(demand_table, dataset, selection)
    with blocks.panel(
        "demand",
        title=t("incident_response.demand_title"),
        sub=t("incident_response.demand_sub"),
        page=page,
        data=table,
        week=week,
    ):
        if not len(table):
            blocks.show_empty(t("incident_response.no_sources"))
            return
        show_case_lists(page, "demand", lambda: _demand_lists(dataset, selection), suffix=week)
        blocks.show_svg(cached(_demand_html, dataset, selection))


# -------------------------------------------------------------------------------------- footer
def _read_words(dataset: Dataset, selection: Selection) -> str:
    judged = cached(data.part, dataset, selection)
    beyond_n = int(judged.beyond_calendar.sum()) if judged is not None else 0
    words = t(
        "incident_response.footer",
        n=f"{len(dataset.frame('incidents')):,}",
        shown=f"{len(judged.cases) if judged else 0:,}",
    )
    return words + (t("incident_response.beyond_calendar", n=f"{beyond_n:,}") if beyond_n else "")


def show_footer(page: Page, selection: Selection) -> None:
    """Rows read, and the one caveat that matters."""
    blocks.show_footer(cached(_read_words, page.dataset, selection), t("incident_response.footer_how"))
