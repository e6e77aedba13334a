"""逐级化解: severities, satisfaction, opinions and wishes, and where nobody asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.figures import escalation_tables, ladder, share_rows
from governance.metrics.opinions import opinion_marks
from governance.metrics.regrading import DOWN, UNKNOWN, UP, severity_order
from governance.schema import schema
from governance.text import t
from governance.ui import blocks, wish_data
from governance.ui import escalation_data as data
from governance.ui.cache import cached
from governance.ui.case_lists import show_case_lists
from governance.ui.escalation_panels import case_groups, small_n, trend_words, weeks_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

REGRADED_ROWS = 6
_AREA_COLUMNS = ("name", "members_n", "last_collected_at")
_WISH_COLUMNS = ("request_id", "collected_at", "answered_at", "done_at", "revisited_at", "subject")


def severity_labels() -> dict[str, str]:
    """The severities in Chinese."""
    return {code: schema().label_of("severity", code) for code in severity_order()}


# ------------------------------------------------------------------------------ severities
def show_drift(page: Page, selection: Selection) -> None:
    """Each severity's share against the weeks before."""
    drift, weekly, before = cached(wish_data.drift, page.dataset, selection)
    labels, few = severity_labels(), small_n(page)
    marked = drift[drift["is_marked"].astype(bool)]
    is_known = bool(drift["z"].notna().any())
    if len(marked):
        names = "、".join(labels.get(code, str(code)) for code in marked["severity"])
        title = t("case_escalation.drift.title_marked", names=names)
    else:
        title = t("case_escalation.drift.title_same" if is_known else "case_escalation.drift.title_unknown")
    sub = t(
        "case_escalation.drift.sub",
        weeks=trend_words(page.dataset, selection.week),
        before=weeks_words(before),
        n=few,
    )
    with blocks.panel("drift", title=title, sub=sub, page=page, data=drift, week=str(selection.week)):
        show_case_lists(page, "drift", lambda: _drift_lists(page, selection), suffix=str(selection.week))
        if drift.empty:
            blocks.show_empty(t("case_escalation.drift.none"))
        else:
            blocks.show_svg(escalation_tables.drift_html(drift, weekly, labels=labels, small_n=few))


def _drift_lists(page: Page, selection: Selection) -> Mapping[str, pd.DataFrame]:
    cases, labels = page.dataset.cases(), severity_labels()
    span = data.window(page.dataset, selection.week, data.TREND_WEEKS).span
    inside = cached(data.scoped, page.dataset, selection) & span.holds(cases["reported_at"])
    codes = {str(code) for code in cases["severity"].dropna().unique()}
    order = [code for code in labels if code in codes] + sorted(codes - set(labels))
    groups = [(labels.get(code, code), inside & cases["severity"].eq(code)) for code in order]
    return case_groups(cases, groups)


def show_regraded(page: Page, selection: Selection) -> None:
    """Cases whose severity was changed, or that none was found and how it would be."""
    dataset = page.dataset
    found = cached(wish_data.regraded, dataset, selection)
    counts = found["direction"].value_counts()
    compared_n = len(cached(wish_data.severity_versions, dataset))
    title = t(
        "case_escalation.regraded.title" if len(found) else "case_escalation.regraded.title_none",
        n=len(found),
    )
    how = t("case_escalation.regraded.how", n=f"{compared_n:,}")
    with blocks.panel("regraded", title=title, sub=how, page=page, data=found, week=str(selection.week)):
        show_case_lists(page, "regraded", lambda: _regraded_lists(dataset, found), suffix=str(selection.week))
        if found.empty:
            blocks.show_empty(t("case_escalation.regraded.none"))
            return
        facts = [
            (t(f"case_escalation.regraded.{direction}"), f"{int(counts.get(direction, 0)):,}", "")
            for direction in (UP, DOWN, UNKNOWN)
        ]
        blocks.show_svg(escalation_tables.facts_html(facts))
        labels = severity_labels()
        blocks.show_svg(escalation_tables.regraded_html(found, labels=labels, rows_n=REGRADED_ROWS))


def _regraded_lists(dataset: Dataset, found: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    cases = dataset.cases()
    groups = []
    for direction in (UP, DOWN, UNKNOWN):
        ids = found.loc[found["direction"].eq(direction), "incident_id"].tolist()
        groups.append((t(f"case_escalation.regraded.{direction}"), cases["incident_id"].isin(ids)))
    return case_groups(cases, groups)


# ---------------------------------------------------------------------------- satisfaction
def show_satisfaction(page: Page, selection: Selection) -> None:
    """Satisfied among those who answered, with interval, response and bounds."""
    table, few = cached(data.satisfied, page.dataset, selection), small_n(page)
    street = table.iloc[0] if len(table) else None
    rated_n = int(street["rated_n"]) if street is not None else 0
    if street is None or not rated_n:
        title = t("case_escalation.satisfaction.title_none")
    else:
        counts = {name: f"{int(street[name]):,}" for name in ("closed_n", "rated_n", "satisfied_n")}
        share = ladder.share_text(int(street["satisfied_n"]), rated_n)
        key = "title" if rated_n >= few else "title_few"
        title = t(f"case_escalation.satisfaction.{key}", share=share, **counts)
    sub = t("case_escalation.satisfaction.sub", weeks=trend_words(page.dataset, selection.week))
    with blocks.panel("satisfaction", title=title, sub=sub, page=page, data=table, week=str(selection.week)):
        show_case_lists(
            page, "satisfaction", lambda: _rated_lists(page, selection), suffix=str(selection.week)
        )
        if not rated_n:
            blocks.show_empty(t("case_escalation.satisfaction.none"))
            return
        heads = ("satisfied", "response")
        alt = t("case_escalation.satisfaction.alt", n=len(table))
        blocks.show_svg(
            share_rows.share_rows_html(_rated_rows(page, selection, table), heads=heads, small_n=few, alt=alt)
        )
        st.html(f'<div class="panel-sub">{t("case_escalation.satisfaction.key")}</div>')


def _rated_rows(page: Page, selection: Selection, table: pd.DataFrame) -> list[share_rows.ShareRow]:
    return [
        share_rows.ShareRow(
            data.group_name(page.dataset, selection, str(row["group"])),
            int(row["satisfied_n"]),
            int(row["rated_n"]),
            bounds=(float(row["worst_share"]), float(row["best_share"])),
            note=ladder.share_text(int(row["rated_n"]), int(row["closed_n"]))
            + f" {ladder.of_text(int(row['rated_n']), int(row['closed_n']))}",
            look="total" if row["group"] == data.STREET else "",
        )
        for row in table.to_dict("records")
    ]


def _rated_lists(page: Page, selection: Selection) -> Mapping[str, pd.DataFrame]:
    dataset = page.dataset
    marks = cached(data.satisfaction_marks, dataset, selection.week)
    inside = cached(data.scoped, dataset, selection)
    unhappy = marks["rated_n"] & ~marks["satisfied_n"]
    silent = marks["closed_n"] & ~marks["rated_n"]
    named = {"satisfied": marks["satisfied_n"], "unhappy": unhappy, "silent": silent}
    groups = [(t(f"case_escalation.satisfaction.list_{name}"), inside & mark) for name, mark in named.items()]
    return case_groups(dataset.cases(), groups)


# ---------------------------------------------------------------------------------- wishes
def show_opinions(page: Page, selection: Selection) -> None:
    """Collected → answered → done → revisited, by community."""
    table, few = cached(wish_data.wishes, page.dataset, selection), small_n(page)
    street = table.iloc[0] if len(table) else None
    sub = t("case_escalation.opinions.sub", weeks=trend_words(page.dataset, selection.week, "requests"))
    if selection.category:
        sub += t("case_escalation.opinions.no_category")
    if street is None:
        title = t("case_escalation.opinions.title_none")
    else:
        n = int(street["collected_n"])
        shares = {
            name: ladder.share_text(int(street[f"{name}_n"]), n)
            if n >= few
            else f"{int(street[f'{name}_n'])} 条"
            for name in ("answered", "done", "revisited")
        }
        title = t("case_escalation.opinions.title", n=f"{n:,}", **shares)
    csv = table.drop(columns=[c for c in ("look",) if c in table])
    with blocks.panel("opinions", title=title, sub=sub, page=page, data=csv, week=str(selection.week)):
        show_case_lists(
            page,
            "opinions",
            lambda: _opinion_lists(page.dataset, selection),
            suffix=str(selection.week),
            extra=_WISH_COLUMNS,
        )
        if street is None:
            blocks.show_empty(t("case_escalation.opinions.none"))
        else:
            blocks.show_svg(escalation_tables.opinions_html(table, small_n=few))


def _opinion_lists(dataset: Dataset, selection: Selection) -> Mapping[str, pd.DataFrame]:
    requests = dataset.frame("requests")
    span = data.window(dataset, selection.week, data.TREND_WEEKS, "requests").span
    as_of = data.known_until(dataset, span, "requests")
    if as_of is None:
        return {}
    marks = opinion_marks(requests, span=span, as_of=as_of)
    of_microgrid = cached(data.community_of_microgrids, dataset)
    codes = requests["microgrid_code"].map(of_microgrid).astype("string")
    requests = requests.assign(community_code=codes)
    chosen = codes.eq(selection.community_code) if selection.community_code else codes.notna() | codes.isna()
    seen = marks["collected_n"] & chosen.fillna(False).astype(bool)
    states = {
        "unanswered": seen & ~marks["answered_n"],
        "undone": seen & marks["answered_n"] & ~marks["done_n"],
        "unrevisited": seen & marks["done_n"] & ~marks["revisited_n"],
        "revisited": seen & marks["revisited_n"],
        "collected": seen,
    }
    groups = [(t(f"case_escalation.opinions.list_{name}"), mark) for name, mark in states.items()]
    return case_groups(requests, groups, unit="wish")


def show_silent(page: Page, selection: Selection) -> None:
    """Micro-grids with members in which no wish was collected."""
    dataset = page.dataset
    table = cached(wish_data.silent, dataset, selection)
    sums = cached(wish_data.silent_sums, dataset, selection)
    is_known = sums.microgrids_n > 0 and dataset.as_of_for("requests") is not None
    title = t("case_escalation.silent.title_none")
    if is_known:
        counts = {"four": sums.four_n, "twelve": sums.twelve_n, "n": sums.microgrids_n}
        title = t("case_escalation.silent.title", **counts)
    sub, week = t("case_escalation.silent.sub"), str(selection.week)
    with blocks.panel("silent", title=title, sub=sub, page=page, data=table, week=week):
        show_case_lists(page, "silent", lambda: _silent_lists(table), suffix=week, extra=_AREA_COLUMNS)
        if not is_known:
            blocks.show_empty(t("case_escalation.silent.none"))
            return
        blocks.show_svg(escalation_tables.silent_html(sums.rows))
        chance = {"four": f"{sums.four_by_chance:.0f}", "twelve": f"{sums.twelve_by_chance:.0f}"}
        st.html(f'<div class="panel-sub">{t("case_escalation.silent.chance", **chance)}</div>')


def _silent_lists(table: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    groups = [
        (t(f"case_escalation.silent.list_{n}"), table[f"silent_{n}w"].astype(bool))
        for n in (data.MONTH_WEEKS, data.TREND_WEEKS)
    ]
    return case_groups(table, groups, unit="area")
