"""The parts of 一老一小: conclusion, four figures, who is due."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.figures.care_charts import warning_words
from governance.figures.care_tables import (
    count_html,
    heads_of,
    moment_text,
    of_html,
    overdue_card_html,
    state_html,
    table_html,
)
from governance.figures.coverage_bars import Ruler, ruler_card_html
from governance.figures.since_map import duration_words
from governance.meeting.commitments import Place
from governance.metrics import care_chain
from governance.metrics.targets import target_of
from governance.metrics.trust import poor_kinds
from governance.schema import schema
from governance.text import t
from governance.ui import blocks
from governance.ui import care_data as data
from governance.ui.cache import cached
from governance.ui.escalation_data import community_names
from governance.ui.filters import scope_words
from governance.ui.ledger_form import commit_button, commitment_link_params
from governance.ui.stamp import week_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

SHOWN_N = 15
TARGET = "care_on_time_share"
_VIEWS = ("list", "community", "member")


def place_words(dataset: Dataset, selection: Selection, code: str) -> str:
    """A community in words; not named where it has too few persons."""
    if code in cached(data.hidden_communities, dataset, selection.week):
        return t("care_visits.few_place")
    return cached(community_names, dataset).get(code) or t("care_visits.no_place")


# ------------------------------------------------------------------------------ conclusion
def conclusion_words(dataset: Dataset, selection: Selection) -> str:
    """The one sentence: how many of high risk were covered, how many wait, where most."""
    if dataset.frame("care_register").empty:
        return t("care_visits.no_register")
    if data.known_at(dataset, selection.week) is None:
        return t("care_visits.no_visits")
    if data.is_hidden(dataset, selection):
        return t("care_visits.hidden")
    high = data.counts_of(dataset, selection.week, selection.community_code, "high")
    others = data.counts_of(dataset, selection.week, selection.community_code, "rest")
    if high is None or others is None or not high.due_n + others.due_n:
        return t("care_visits.nobody")
    parts = [t("care_visits.conclusion.high" if high.due_n else "care_visits.conclusion.no_high",
               n=high.due_n, k=high.done_n)]  # fmt: skip
    if high.overdue_n:
        key = "late_never" if high.never_n else "late"
        late = t(f"care_visits.conclusion.{key}", n=high.overdue_n, never=high.never_n)
        parts.append(late + _most_late(dataset, selection))
    elif high.due_n:
        parts.append(t("care_visits.conclusion.none_late"))
    if others.overdue_n:
        parts.append(t("care_visits.conclusion.others", n=others.overdue_n))
    return t("care_visits.conclusion.joint").join(parts) + t("care_visits.conclusion.end")


def _most_late(dataset: Dataset, selection: Selection) -> str:
    """The community with most of high risk overdue; nothing where one was chosen or none may be named."""
    if selection.community_code is not None:
        return ""
    table = cached(data.by_community, dataset, selection.week)
    late = (table["high_due_n"] - table["high_done_n"]).fillna(0)
    codes = table.loc[late.eq(late.max()) & late.ge(1), "community_code"].tolist()
    if len(codes) != 1:
        return ""
    name = place_words(dataset, selection, str(codes[0]))
    return t("care_visits.conclusion.most", name=name, n=int(late.max()))


# ----------------------------------------------------------------------------------- cards
def _high_ruler(dataset: Dataset, selection: Selection) -> Ruler:
    code, week = selection.community_code, selection.week
    high = data.counts_of(dataset, week, code, "high")
    before = data.counts_of(dataset, week.shifted(-1), code, "high")
    target = target_of(dataset.frame("targets"), TARGET, week.last_day)
    share = high.share if high else None
    basis = t("care_visits.of_people", k=high.done_n, n=high.due_n) if high and high.due_n else ""
    return Ruler(
        "care_high", share, share, basis, t("care_visits.rule_high"),
        before.share if before else None, target.value if target else None,
    )  # fmt: skip


def _surge_ruler(dataset: Dataset, selection: Selection) -> Ruler:
    """Of the last warning: who of high risk was visited within 24 hours."""
    found = cached(data.surge, dataset, selection.week, selection.community_code)
    if found.empty:
        return Ruler("care_surge", None, None, "", t("care_visits.no_warning"))
    last = found[found["warning_id"].eq(found["warning_id"].iloc[-1])]
    if float(last["known_h"].iloc[0]) < data.SURGE_H:
        return Ruler("care_surge", None, None, "", t("care_visits.too_early"))
    within = int(last["after_h"].le(data.SURGE_H).sum())
    basis = t("care_visits.of_people", k=within, n=len(last))
    note = warning_words(last.iloc[0])
    earlier = found[~found["warning_id"].eq(last["warning_id"].iloc[0])]
    if len(earlier):
        before = earlier[earlier["warning_id"].eq(earlier["warning_id"].iloc[-1])]
        share = f"{before['after_h'].le(data.SURGE_H).mean():.1%}"
        note += t("care_visits.warning_before", share=share, name=warning_words(before.iloc[0]))
    return Ruler("care_surge", within / len(last), within / len(last), basis, note)


def _chain_ruler(dataset: Dataset, selection: Selection) -> Ruler:
    old = data.scoped(cached(data.elders, dataset, selection.week), selection)
    if old.empty or not old[list(care_chain.LINKS)].notna().any(axis=None):
        return Ruler("care_chain", None, None, "", t("care_visits.not_noted"))
    whole = care_chain.complete_n(old)
    basis = t("care_visits.of_people", k=whole, n=len(old))
    return Ruler("care_chain", whole / len(old), whole / len(old), basis, t("care_visits.chain_note"))


def cards_html(dataset: Dataset, selection: Selection) -> str:
    """The four figures."""
    is_struck = "visits" in poor_kinds(cached(week_status, dataset, selection.week))
    every = data.counts_of(dataset, selection.week, selection.community_code)
    before = data.counts_of(dataset, selection.week.shifted(-1), selection.community_code)
    foot = "" if before is None else t("care_visits.before", n=before.overdue_n, never=before.never_n)
    if data.is_hidden(dataset, selection):
        few = t("care_visits.few")
        rulers = [Ruler(f"care_{name}", None, None, "", few) for name in ("high", "surge", "chain")]
        late = overdue_card_html(None, None, None, foot="")
    else:
        rulers = [rule(dataset, selection) for rule in (_high_ruler, _surge_ruler, _chain_ruler)]
        late = "" if every is None else overdue_card_html(
            every.never_n, every.overdue_n, every.due_n, foot=foot
        )  # fmt: skip
    first, *rest = (ruler_card_html(one, is_struck=is_struck) for one in rulers)
    return f'<div class="cards coverage-cards">{first}{late}{"".join(rest)}</div>'


def show_cards(page: Page, selection: Selection) -> None:
    """The conclusion and the four figures."""
    dataset = page.dataset
    scope = scope_words(dataset, selection)
    sentence = cached(conclusion_words, dataset, selection)
    blocks.show_conclusion(page.spec.title, selection.week, sentence, scope=scope)
    if data.known_at(dataset, selection.week) is not None:
        blocks.show_svg(cached(cards_html, dataset, selection))


# ------------------------------------------------------------------------------------- due
def due_download(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """Every row of the register in words: masked codes only, micro-grids of the own community alone."""
    people = _listed(dataset, selection)
    own = data.own_community(dataset)
    cells = people["microgrid_code"].where(people["community_code"].eq(own or ""), "")
    states = {name: t(f"care_visits.state.{name}") for name in ("never", "overdue", "not_yet", "done")}
    return pd.DataFrame(
        {
            "person_ref": people["person_ref"],
            "cohort": people["cohort"],
            "care_risk": people["risk"].map(_risk_words()).fillna(people["risk"]),
            "community_name": [place_words(dataset, selection, code) for code in people["community_code"]],
            "microgrid_code": cells,
            "member_id": people["member_id"],
            "member_role": people["role"],
            "care_last_at": people["last_at"].dt.strftime("%Y-%m-%d %H:%M").fillna(""),
            "care_due_at": people["due_at"].dt.strftime("%Y-%m-%d %H:%M").fillna(""),
            "care_state": people["state"].map(states),
            "overdue_h": people["over_h"].round(1),
        }
    )


def _risk_words() -> dict[str, str]:
    return {code: words[0] for code, words in schema().values["risk"].items()}


def _listed(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    people = cached(data.due_list, dataset, selection.week)
    return people.iloc[:0] if data.is_hidden(dataset, selection) else data.scoped(people, selection)


def show_due(page: Page, selection: Selection) -> None:
    """Who is due: the never visited first, then by hours overdue; by community, by member."""
    dataset = page.dataset
    people = _listed(dataset, selection)
    late = people[people["state"].isin(["never", "overdue"]).astype(bool)]
    key = "due_title" if len(late) else "due_title_none" if len(people) else "due_title_unknown"
    title = t(f"care_visits.{key}", n=len(late))
    with blocks.panel(
        "care-due",
        title=title,
        sub=t("care_visits.due_sub"),
        page=page,
        data=cached(due_download, dataset, selection),
        week=str(selection.week),
    ):
        if people.empty:
            blocks.show_empty(cached(conclusion_words, dataset, selection))
            return
        view = st.segmented_control(
            t("care_visits.view"), _VIEWS, default=_VIEWS[0], key="care-view", required=True,
            format_func=lambda name: t(f"care_visits.views.{name}"), label_visibility="collapsed",
        )  # fmt: skip
        if view == "community":
            blocks.show_svg(_community_table(dataset, selection))
        elif view == "member":
            blocks.show_svg(_member_table(dataset, selection, people))
        else:
            blocks.show_svg(_due_table(dataset, selection, people))
            if len(late) > SHOWN_N:
                more = t("care_visits.more", n=len(late) - SHOWN_N)
                st.html(f'<div class="panel-sub">{escape(more)}</div>')
        if len(late):
            code = selection.community_code
            place = Place("community", code) if code else Place("street")
            what = t("care_visits.commit_what", n=len(late))
            commit_button(page, "care", commitment_link_params(what=what, place=place))


def _member_words(row: Mapping[str, object]) -> str:
    known = [str(row[name]) for name in ("member_id", "role") if row[name] and not pd.isna(row[name])]  # type: ignore[call-overload]
    return " ".join(known) or t("care_visits.no_member")


def _over_html(over_h: float, left_h: float) -> str:
    """How long overdue, else how long there is left."""
    if pd.isna(over_h):
        return f"<span>{escape(t('care_visits.time_left', left=duration_words(max(left_h, 0.0))))}</span>"
    return f"<b>{escape(duration_words(over_h))}</b>"


def _due_table(dataset: Dataset, selection: Selection, people: pd.DataFrame) -> str:
    """Who waits longest, then whose turn comes next."""
    at = pd.Timestamp(data.known_at(dataset, selection.week) or selection.week.end_at)
    own, risks = data.own_community(dataset), _risk_words()
    rows = []
    for row in people.head(SHOWN_N).to_dict("records"):
        place = place_words(dataset, selection, str(row["community_code"]))
        if row["community_code"] == own:
            place = str(row["microgrid_code"])
        cohort = "" if pd.isna(row["cohort"]) else str(row["cohort"])
        risk = "" if pd.isna(row["risk"]) else risks.get(str(row["risk"]), str(row["risk"]))
        rows.append(
            (
                state_html(str(row["state"])),
                f"<b>{escape(str(row['person_ref']))}</b>",
                escape(cohort),
                escape(risk),
                escape(place),
                escape(_member_words({str(name): value for name, value in row.items()})),
                escape(moment_text(row["last_at"])),
                escape(moment_text(row["due_at"])),
                _over_html(row["over_h"], (row["due_at"] - at).total_seconds() / 3_600),
            )
        )
    heads = heads_of("", "person", "cohort", "risk", "place", "member", "last", "due", "over")
    return table_html(heads, rows, right=(8,))


def _community_table(dataset: Dataset, selection: Selection) -> str:
    table = cached(data.by_community, dataset, selection.week)
    if selection.community_code is not None:
        table = table[table["community_code"].eq(selection.community_code)]
    rows = []
    for row in table.to_dict("records"):
        n = {name: None if pd.isna(row[name]) else int(row[name]) for name in row if str(name).endswith("_n")}
        rows.append(
            (
                escape(str(row["name"]) or t("care_visits.no_place")),
                count_html(n["due_n"]),
                of_html(n["high_done_n"], n["high_due_n"]),
                of_html(n["done_n"], n["due_n"]),
                count_html(n["overdue_n"]),
                count_html(n["never_n"]),
            )
        )
    heads = heads_of("community", "register", "high_on_time", "on_time", "overdue", "never")
    return table_html(heads, rows, right=(1, 2, 3, 4, 5))


def _member_table(dataset: Dataset, selection: Selection, people: pd.DataFrame) -> str:
    table = data.by_member(people)
    table = table[table["overdue_n"] > 0].head(SHOWN_N)
    rows = [
        (
            escape(_member_words({str(name): value for name, value in row.items()})),
            escape(place_words(dataset, selection, str(row["community_code"]))),
            str(row["due_n"]),
            f"<b>{row['overdue_n']}</b>",
            str(row["never_n"]),
            escape(duration_words(float(row["longest_h"]))),
        )
        for row in table.to_dict("records")
    ]
    heads = heads_of("member", "community", "register", "overdue", "never", "longest")
    return table_html(heads, rows, right=(2, 3, 4, 5))
