"""逐级化解: what its panels share, the conclusion and the ladder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from governance.figures import ladder
from governance.metrics import containment
from governance.metrics.targets import target_of
from governance.metrics.windows import FOUND, PUBLIC
from governance.text import t
from governance.ui import blocks
from governance.ui import escalation_data as data
from governance.ui.cache import cached
from governance.ui.case_lists import show_case_lists
from governance.ui.filters import scope_words

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from streamlit.delta_generator import DeltaGenerator

    from governance.metrics.targets import Target
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page
    from governance.workdays import Week

SPLIT_Z = 1.959963984540054
_TARGET = "community_share"


# --------------------------------------------------------------------------------- shared
def columns(name: str, *widths: int) -> list[DeltaGenerator]:
    """Panels side by side, stacked on a narrow screen."""
    with st.container(key=f"escalation-{name}"):
        return st.columns(list(widths), gap="small")


def small_n(page: Page) -> int:
    """Fewer cases than this get counts and no share."""
    return page.dataset.settings.integer("small_n")


def weeks_words(shown: data.Window) -> str:
    """A run of weeks in words: 近 12 周（第26–37周）, and where the records begin later, from when."""
    if not shown.weeks:
        return t("case_escalation.no_weeks")
    first, last = shown.weeks[0], shown.weeks[-1]
    key = "weeks" if len(shown.weeks) == shown.of_n else "weeks_fewer"
    return t(f"case_escalation.{key}", n=len(shown.weeks), first=first.number, last=last.number)


def trend_words(dataset: Dataset, week: Week, kind: str = "incidents") -> str:
    """`weeks_words` of the trend weeks."""
    return weeks_words(data.window(dataset, week, data.TREND_WEEKS, kind))


def case_groups(
    rows: pd.DataFrame, groups: Iterable[tuple[str, pd.Series]], *, unit: str = "case"
) -> Mapping[str, pd.DataFrame]:
    """The rows behind each named number that is not 0; `unit` is what they are counted in."""
    lists = {}
    for name, mark in groups:
        found = rows[mark.reindex(rows.index, fill_value=False).astype(bool)]
        if len(found):
            lists[t(f"case_escalation.list_{unit}", name=name, n=f"{len(found):,}")] = found
    return lists


def target(dataset: Dataset, week: Week) -> Target | None:
    """The target of the share settled in the community, for the cache."""
    return target_of(dataset.frame("targets"), _TARGET, week.last_day)


def _target_words(target: Target) -> str:
    sign = "≤" if target.is_lower_better else "≥"
    return t("case_escalation.target", sign=sign, share=f"{target.value:.0%}", source=target.source)


# ----------------------------------------------------------------------------- conclusion
def sentence(table: pd.DataFrame, *, few: int, target: Target | None) -> str:
    """The one sentence: the public's cases first, ours apart, then what was passed up."""
    rows = {str(row["group"]): row for row in table.to_dict("records")}
    street = rows[data.STREET]
    public, found = (rows.get(group, {"cases_n": 0}) for group in (PUBLIC, FOUND))
    if not street["cases_n"]:
        return t("case_escalation.conclusion.none")
    if street["unknown_level_n"] == street["cases_n"] - street["open_n"] > 0:
        return t("case_escalation.conclusion.no_level", n=f"{street['cases_n']:,}")
    # Where no source is recorded, the street stands for the public.
    head = public if public["cases_n"] else street if not found["cases_n"] else None
    parts = [_headline(head, few, target)] if head is not None else []
    if found["cases_n"]:
        parts.append(_share_words(found, few, name="share_short"))
    above = int(street["above_other_n"])
    key = "above" if above else "no_above"
    parts.append(t(f"case_escalation.conclusion.{key}", n=f"{above:,}"))
    return "；".join(parts) + "。"


def _share_words(row: Mapping[Hashable, Any], few: int, more: str = "", *, name: str = "share") -> str:
    n, k = int(row["cases_n"]), int(row["community_n"])
    counts = {"k": f"{k:,}", "n": f"{n:,}", "share": ladder.share_text(k, n), "more": more}
    words = t(f"case_escalation.conclusion.{'few' if n < few else name}", **counts)
    return str(row["name"]) + words


def _headline(row: Mapping[Hashable, Any], few: int, target: Target | None) -> str:
    """The share of the public's cases settled in the community, against last week and the target."""
    n, k = int(row["cases_n"]), int(row["community_n"])
    before_n, before_k = int(row["previous_n"]), int(row["previous_community_n"])
    more = ""
    if before_n >= few:
        z = containment.share_change_z(k, n, before_k, before_n)
        key = "same" if math.isnan(z) or abs(z) < SPLIT_Z else "higher" if z > 0 else "lower"
        more = t(f"case_escalation.conclusion.{key}", share=ladder.share_text(before_k, before_n))
    words = _share_words(row, few, more)
    if target is not None and n >= few:
        key = "met" if target.is_met(k / n) else "missed"
        words += t(f"case_escalation.conclusion.{key}", share=f"{target.value:.0%}")
    return words


def show_conclusion(page: Page, selection: Selection) -> None:
    """The conclusion of the week."""
    table = cached(data.ladder, page.dataset, selection, 1)
    words = sentence(table, few=small_n(page), target=cached(target, page.dataset, selection.week))
    scope = scope_words(page.dataset, selection)
    blocks.show_conclusion(page.spec.title, selection.week, words, scope=scope)


# --------------------------------------------------------------------------------- ladder
def _weeks_shown() -> int:
    options = {1: t("case_escalation.one_week"), data.MONTH_WEEKS: t("case_escalation.four_weeks")}
    chosen = st.segmented_control(
        t("case_escalation.window"),
        list(options),
        format_func=lambda count: options[count],
        default=1,
        key="ladder-weeks",
        label_visibility="collapsed",
        required=True,
    )
    return chosen or 1


def show_ladder(page: Page, selection: Selection) -> None:
    """The ladder: the street, the public's and our own cases, the communities."""
    count = int(st.session_state.get("ladder-weeks") or 1)
    table = cached(data.ladder, page.dataset, selection, count)
    street = table.iloc[0]
    is_unknown = street["unknown_level_n"] == street["cases_n"] - street["open_n"] > 0
    counts = {name: f"{street[name]:,}" for name in _TITLE_COUNTS}
    title = t(f"case_escalation.ladder.{'title_unknown' if is_unknown else 'title'}", **counts)
    key = "case_escalation.ladder.sub_week" if count == 1 else "case_escalation.ladder.sub_month"
    csv = table.drop(columns=["is_chosen"]).assign(kind=table["kind"].map(_kind_words))
    with blocks.panel("ladder", title=title, sub=t(key), page=page, data=csv, week=str(selection.week)):
        suffix = str(selection.week)
        show_case_lists(page, "ladder", lambda: _ladder_lists(page, selection, count, table), suffix=suffix)
        _weeks_shown()
        if not street["cases_n"]:
            blocks.show_empty(t("case_escalation.conclusion.none"))
            return
        aim = cached(target, page.dataset, selection.week)
        few = small_n(page)
        blocks.show_svg(ladder.ladder_html(table, small_n=few, target=aim.value if aim else None))
        shown = [band for band in containment.BANDS if table[band].any()]
        blocks.show_svg(ladder.ladder_key_html(shown, target=_target_words(aim) if aim else ""))
        st.html(f'<div class="panel-sub">{t("case_escalation.ladder.required_note")}</div>')


_TITLE_COUNTS = ("cases_n", "community_n", "street_n", "above_required_n", "above_other_n", "open_n")


def _kind_words(kind: str) -> str:
    return t(f"case_escalation.kinds.{kind}")


def _ladder_lists(
    page: Page, selection: Selection, count: int, table: pd.DataFrame
) -> Mapping[str, pd.DataFrame]:
    dataset = page.dataset
    cases, marks = dataset.cases(), data.ladder_marks(dataset, selection.week, count)
    around = cached(data.scoped_everywhere, dataset, selection)
    inside = cached(data.scoped, dataset, selection)
    codes = data.community_group(cases["community_code"], cached(data.community_names, dataset))
    groups = []
    for kind, group, name in zip(table["kind"], table["group"], table["name"], strict=True):
        if kind == data.COMMUNITY:
            mark = around & codes.eq(group)
        elif kind == data.STREET:
            mark = inside
        else:
            mark = inside & cached(data.demand, dataset).eq(group).fillna(False).astype(bool)
        groups += [
            (f"{name} · {t(f'case_escalation.bands.{band}')}", mark & marks[band])
            for band in containment.BANDS
        ]
    return case_groups(cases, groups)


def show_footer() -> None:
    """What holds for the whole page."""
    blocks.show_footer(t("case_escalation.footer"), t("case_escalation.footer_how"))
