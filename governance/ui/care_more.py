"""一老一小, further down: week by week, after a warning, the home-care chain, activities, who left."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.figures import care_charts
from governance.figures.care_tables import (
    chain_bars_html,
    count_html,
    day_text,
    heads_of,
    of_html,
    table_html,
)
from governance.metrics import care, care_chain
from governance.metrics.care_surge import WITHIN_H, surge_counts
from governance.metrics.targets import target_of
from governance.text import t
from governance.ui import blocks
from governance.ui import care_data as data
from governance.ui.cache import cached
from governance.ui.care_panels import TARGET, place_words
from governance.ui.escalation_data import community_names
from governance.workdays import Week

if TYPE_CHECKING:
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

_CONFIG = {"displayModeBar": False}
_LEFT_SHOWN_N = 10
_SUMMER = (7, 8)
# Names under which counts are handed out: others use the same words for cases.
_HANDED_OUT = {
    "due_n": "care_due_n",
    "done_n": "care_done_n",
    "kind": "warning_kind",
    "level": "warning_level",
}


def _hidden(page: Page, selection: Selection) -> bool:
    """Say that a community has too few persons to be looked at; whether it is so."""
    if data.is_hidden(page.dataset, selection):
        blocks.show_empty(t("care_visits.hidden"))
        return True
    return False


# --------------------------------------------------------------------------- week by week
def show_weeks(page: Page, selection: Selection) -> None:
    """The share of high risk on time at the end of each week."""
    dataset = page.dataset
    is_hidden = data.is_hidden(dataset, selection)
    weeks = cached(data.coverage_weeks, dataset, selection.week, selection.community_code)
    with blocks.panel(
        "care-weeks",
        title=t("care_visits.weeks_title"),
        sub=t("care_visits.weeks_sub"),
        page=page,
        data=(weeks.iloc[:0] if is_hidden else weeks).drop(columns="at").rename(columns=_HANDED_OUT),
        week=str(selection.week),
    ):
        if _hidden(page, selection):
            return
        if weeks.empty or not weeks["due_n"].fillna(0).sum():
            blocks.show_empty(t("care_visits.no_visits"))
            return
        target = target_of(dataset.frame("targets"), TARGET, selection.week.last_day)
        figure = care_charts.weeks_figure(
            weeks, target=target.value if target else None, warned=_warned(dataset, weeks)
        )
        last = weeks.iloc[-1]
        alt = t("care_visits.weeks_alt", n=len(weeks), k=int(last["done_n"]), of=int(last["due_n"]))
        st.plotly_chart(figure, theme=None, alt=alt, config=_CONFIG, key="care-weeks-chart")


def _warned(dataset: Dataset, weeks: pd.DataFrame) -> list[tuple[str, str]]:
    """The weeks with a storm or heat warning, with its words."""
    issued = care.urgent_warnings(dataset.frame("warnings"), at=Week.parse(weeks["week"].iloc[-1]).end_at)
    named = {str(Week.of(row["issued_at"])): care_charts.warning_words(row) for _, row in issued.iterrows()}
    return [(week, named[week]) for week in weeks["week"] if week in named]


# --------------------------------------------------------------------------- after a warning
def show_surge(page: Page, selection: Selection) -> None:
    """How many became due at once, and how soon somebody came."""
    dataset = page.dataset
    found = cached(data.surge, dataset, selection.week, selection.community_code)
    is_hidden = data.is_hidden(dataset, selection)
    shown = found.iloc[:0] if is_hidden else found
    table = surge_counts(shown)
    with blocks.panel(
        "care-surge",
        title=t("care_visits.surge_title"),
        sub=t("care_visits.surge_sub"),
        page=page,
        data=table.rename(columns=_HANDED_OUT),
        week=str(selection.week),
    ):
        if _hidden(page, selection):
            return
        if table.empty:
            is_known = data.known_at(dataset, selection.week) is not None
            blocks.show_empty(t(f"care_visits.{'surge_none' if is_known else 'no_visits'}"))
            return
        alt = t("care_visits.surge_alt", n=len(table))
        figure = care_charts.surge_figure(found)
        st.plotly_chart(figure, theme=None, alt=alt, config=_CONFIG, key="care-surge-chart")
        blocks.show_svg(_surge_table(table))


def _surge_table(table: pd.DataFrame) -> str:
    rows = []
    for row in table.to_dict("records"):
        within = [row[f"within_{hours}h_n"] for hours in WITHIN_H]
        cells = [
            escape(t("care_visits.not_yet")) if pd.isna(n) else of_html(int(n), int(row["due_n"]))
            for n in within
        ]
        level = "" if pd.isna(row["level"]) else str(row["level"])
        name = care_charts.warning_words(pd.Series(row))
        rows.append((escape(f"{name} {level}".strip()), count_html(int(row["due_n"])), *cells))
    heads = [*heads_of("warning", "became_due"), *(escape(t("care_visits.within", n=n)) for n in WITHIN_H)]
    return table_html(heads, rows, right=tuple(range(1, 2 + len(WITHIN_H))))


# ---------------------------------------------------------------------------------- chain
def chain_download(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """Who lacks which link, those with most gaps first."""
    old = data.scoped(cached(data.elders, dataset, selection.week), selection)
    gaps = care_chain.chain_gaps(old.iloc[:0] if data.is_hidden(dataset, selection) else old)
    codes = gaps["microgrid_code"].map(cached(data.held_microgrids, dataset)).fillna(data.UNKNOWN)
    words = {True: t("care_visits.has"), False: t("care_visits.lacks")}
    return pd.DataFrame(
        {
            "person_ref": gaps["person_ref"],
            "cohort": gaps["cohort"],
            "community_name": [place_words(dataset, selection, str(code)) for code in codes],
            **{
                link: gaps[link].astype("object").map(words).fillna(t("care_visits.unnoted"))
                for link in care_chain.LINKS
            },
            "links_missing_n": gaps["gaps_n"],
        }
    )


def show_chain(page: Page, selection: Selection) -> None:
    """The four links, who is missing which."""
    dataset = page.dataset
    old = data.scoped(cached(data.elders, dataset, selection.week), selection)
    is_noted = bool(len(old)) and bool(old[list(care_chain.LINKS)].notna().any(axis=None))
    is_shown = is_noted and not data.is_hidden(dataset, selection)
    counts = {"k": care_chain.complete_n(old), "n": len(old)}
    title = t("care_visits.chain_title", **counts) if is_shown else t("care_visits.chain_title_none")
    rows = cached(chain_download, dataset, selection)
    with blocks.panel(
        "care-chain",
        title=title,
        sub=t("care_visits.chain_sub"),
        page=page,
        data=rows,
        week=str(selection.week),
    ):
        if _hidden(page, selection):
            return
        if not is_noted:
            blocks.show_empty(t("care_visits.not_noted_panel"))
            return
        links = care_chain.chain_counts(old).to_dict("records")
        blocks.show_svg(
            chain_bars_html(
                (t(f"care_visits.link.{row['link']}"), row["has_n"], row["lacks_n"], row["unknown_n"])
                for row in links
            )
        )
        blocks.show_svg(_chain_table(dataset, selection, old))


def _chain_table(dataset: Dataset, selection: Selection, old: pd.DataFrame) -> str:
    hidden, names = cached(data.hidden_communities, dataset, selection.week), cached(community_names, dataset)
    rows = []
    for code, people in old.groupby("community_code", sort=True):
        links = care_chain.chain_counts(people)["lacks_n"].tolist()
        shown = code not in hidden
        cells = [count_html(int(n) if shown else None) for n in links]
        whole = of_html(care_chain.complete_n(people), len(people)) if shown else count_html(None)
        rows.append((escape(names.get(str(code)) or t("care_visits.no_place")), whole, *cells))
    heads = [*heads_of("community", "complete"),
             *(escape(t(f"care_visits.lacks_link.{link}")) for link in care_chain.LINKS)]  # fmt: skip
    return table_html(heads, rows, right=tuple(range(1, 2 + len(care_chain.LINKS))))


# ----------------------------------------------------------------------------- activities
def show_activities(page: Page, selection: Selection) -> None:
    """What was organised for the old and the young: place, day, ages, how many came."""
    dataset = page.dataset
    found = care_chain.activity_list(dataset.frame("activities"), until=selection.week.end_at)
    is_summer = found["held_on"].dt.month.isin(_SUMMER) & found["held_on"].dt.year.eq(selection.week.year)
    summer = found[is_summer.fillna(False)]
    young, kept = (summer[summer["kind"].eq(kind)] for kind in ("children", "summer_care"))
    counts = {
        "n": len(young), "people": f"{int(young['attended_n'].fillna(0).sum()):,}",
        "care_n": len(kept), "care_people": f"{int(kept['attended_n'].fillna(0).sum()):,}",
    }  # fmt: skip
    title = t("care_visits.activities_title", **counts) if len(summer) else t("care_visits.activities")
    kinds = {name: t(f"care_visits.kind.{name}") for name in found["kind"].unique()}
    table = found.drop(columns="kind").assign(
        activity_kind=found["kind"].map(kinds), held_on=found["held_on"].dt.strftime("%Y-%m-%d").fillna("")
    )
    with blocks.panel(
        "care-activities",
        title=title,
        sub=t("care_visits.activities_sub"),
        page=page,
        data=table,
        week=str(selection.week),
    ):
        if found.empty:
            blocks.show_empty(t("care_visits.activities_none"))
            return
        blocks.show_svg(_activity_table(found, kinds))


def _activity_table(found: pd.DataFrame, kinds: dict[str, str]) -> str:
    rows = []
    for row in found.to_dict("records"):
        texts = {name: "" if pd.isna(row[name]) else str(row[name]) for name in ("name", "place", "ages")}
        is_outside = not pd.isna(row["is_outside"]) and bool(row["is_outside"])
        outside = f' <span class="tag">{escape(t("care_visits.outside"))}</span>' if is_outside else ""
        came = "—" if pd.isna(row["attended_n"]) else f"{int(row['attended_n']):,}"
        rows.append(
            (
                escape(day_text(None if pd.isna(row["held_on"]) else row["held_on"])),
                f"<b>{escape(texts['name'])}</b>",
                escape(kinds[row["kind"]]),
                escape(texts["place"]) + outside,
                escape(texts["ages"]),
                came,
            )
        )
    return table_html(heads_of("day", "activity", "kind", "where", "ages", "came"), rows, right=(5,))


# ----------------------------------------------------------------------------------- left
def show_left(page: Page, selection: Selection) -> None:
    """Who is not on the list any more, with the date."""
    dataset = page.dataset
    gone = data.scoped(cached(data.left, dataset, selection.week), selection)
    if data.is_hidden(dataset, selection):
        gone = gone.iloc[:0]
    places = [place_words(dataset, selection, str(code)) for code in gone["community_code"]]
    words = {name: t(f"care_visits.left.{name}") for name in (*care.LEFT, care.ENDED)}
    table = pd.DataFrame(
        {
            "person_ref": gone["person_ref"],
            "cohort": gone["cohort"],
            "community_name": places,
            "care_status": gone["status"].map(words),
            "left_on": gone["left_on"].dt.strftime("%Y-%m-%d").fillna(""),
        }
    )
    title = t("care_visits.left_title" if len(gone) else "care_visits.left_title_none", n=len(gone))
    with blocks.panel(
        "care-left",
        title=title,
        sub=t("care_visits.left_sub"),
        page=page,
        data=table,
        week=str(selection.week),
    ):
        if _hidden(page, selection):
            return
        if gone.empty:
            is_known = len(dataset.frame("care_register"))
            blocks.show_empty(t(f"care_visits.{'left_none' if is_known else 'no_register'}"))
            return
        rows = [
            (
                f"<b>{escape(str(row['person_ref']))}</b>",
                escape("" if pd.isna(row["cohort"]) else str(row["cohort"])),
                escape(str(row["community_name"])),
                escape(str(row["care_status"])),
                escape(str(row["left_on"]) or t("care_visits.no_day")),
            )
            for row in table.head(_LEFT_SHOWN_N).to_dict("records")
        ]
        blocks.show_svg(table_html(heads_of("person", "cohort", "community", "status", "since"), rows))
        if len(table) > _LEFT_SHOWN_N:
            st.html(
                f'<div class="panel-sub">{escape(t("care_visits.more", n=len(table) - _LEFT_SHOWN_N))}</div>'
            )
