"""The cases that came due, on 响应时效: the on-time rate, by group, and as the upper level counts."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from governance.figures import due_bars
from governance.metrics.response import grouped
from governance.text import t
from governance.ui import blocks
from governance.ui import response_data as data
from governance.ui import response_stock_data as stock_data
from governance.ui.cache import cached
from governance.ui.case_lists import show_case_lists
from governance.ui.response_words import (
    ON_TIME,
    cohort_counts,
    group_names,
    limits_words,
    percent,
    small_n_of,
    target_value,
)

if TYPE_CHECKING:
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page


_DUE_BY = ("category", "community")
# More categories than this are shown together as the rest; communities are few.
_MOST_GROUPS = 7


def _due_title(dataset: Dataset, found: stock_data.Due | None) -> str:
    due_n, closed_n, on_time_n = cohort_counts(found.now) if found else (0, 0, 0)
    if found is None or not due_n:
        return t("incident_response.due_title_none")
    small_n = small_n_of(dataset)
    words = t(
        "incident_response.due_title",
        n=f"{due_n:,}",
        on_time=percent(on_time_n, due_n, small_n),
        closed=percent(closed_n, due_n, small_n),
    )
    return words + (t("incident_response.provisional") if found.now.is_provisional else "")


def _due_sub(dataset: Dataset, selection: Selection) -> str:
    found = cached(stock_data.due, dataset, selection)
    if found is None:
        return ""
    small_n, parts = small_n_of(dataset), []
    target = target_value(dataset, selection, ON_TIME)
    if not math.isnan(target):
        parts.append(t("incident_response.target_at_least", value=f"{target:.0%}"))
    before_n, _, before_on_time = cohort_counts(found.before)
    if before_n:
        parts.append(t("incident_response.last_week", value=percent(before_on_time, before_n, small_n)))
    parts.append(limits_words(cached(data.judgement_of_on_time, dataset, selection)))
    return "，".join(part for part in parts if part)


def _apart_words(found: stock_data.Due) -> str:
    """What was closed late or not at all, and what stands apart."""
    now = found.now
    due_n, closed_n, on_time_n = cohort_counts(now)
    words = [t("incident_response.late_parts", late_n=closed_n - on_time_n, open_n=due_n - closed_n)]
    apart = {"suspended": now.suspended_n, "stopped": now.stopped_n, "undated": now.undated_n}
    words.extend(t(f"incident_response.apart_{name}", n=n) for name, n in apart.items() if n)
    return "，".join(words)


def _due_notes(dataset: Dataset, selection: Selection, found: stock_data.Due) -> list[str]:
    """The upper level's counting, P(on time), and what was first known."""
    small_n, legacy, notes = small_n_of(dataset), found.legacy, []
    if legacy.due_to_close_n:
        shares = [percent(n, legacy.due_to_close_n, small_n) for n in (legacy.closed_n, legacy.on_time_n)]
        notes.append(
            t(
                "incident_response.legacy",
                n=f"{legacy.due_to_close_n:,}",
                closed=shares[0],
                on_time=shares[1],
            )
        )
    chance = cached(data.on_time_chance, dataset, selection)
    if chance is not None and chance.n >= small_n:
        share = t("incident_response.chance_unknown") if chance.share is None else f"{chance.share:.1%}"
        words = t("incident_response.chance", share=share, n=f"{chance.n:,}", open_n=f"{chance.open_n:,}")
        notes.append(words)
    first, now = cohort_counts(found.first), cohort_counts(found.now)
    if first != now and first[0]:
        notes.append(
            t(
                "incident_response.first_known",
                on_time=percent(first[2], first[0], small_n),
                closed=percent(first[1], first[0], small_n),
                on_time_now=percent(now[2], now[0], small_n),
                closed_now=percent(now[1], now[0], small_n),
            )
        )
    return notes


def due_groups(dataset: Dataset, selection: Selection, by: str) -> tuple[due_bars.DueGroup, ...]:
    """Due and in time per group: communities by code, categories by how many came due."""
    judged, found = cached(data.part, dataset, selection), cached(stock_data.due, dataset, selection)
    if judged is None or found is None:
        return ()
    numbers, names = grouped(judged.incidents, by)
    words = group_names(dataset, by)
    due_n, on_time_n = (
        np.bincount(numbers[mark], minlength=len(names)) for mark in (found.now.is_due, found.now.is_on_time)
    )
    groups = [
        due_bars.DueGroup(
            words.get(name, name).removesuffix(t("map.community_suffix")), int(due_n[at]), int(on_time_n[at])
        )
        for at, name in enumerate(names)
        if due_n[at]
    ]
    if by == "category":
        groups.sort(key=lambda group: -group.due_n)
        if len(groups) > _MOST_GROUPS:
            shown, rest = groups[: _MOST_GROUPS - 1], groups[_MOST_GROUPS - 1 :]
            name = t("incident_response.other_groups", n=len(rest))
            sums = (sum(group.due_n for group in rest), sum(group.on_time_n for group in rest))
            groups = [*shown, due_bars.DueGroup(name, *sums)]
    return tuple(groups)


def _due_html(dataset: Dataset, selection: Selection, by: str) -> str:
    """The rows by group, and the other ways of counting below."""
    found = cached(stock_data.due, dataset, selection)
    if found is None:
        return ""
    rows = due_bars.due_rows_html(
        cached(due_groups, dataset, selection, by),
        target=target_value(dataset, selection, ON_TIME),
        small_n=small_n_of(dataset),
    )
    notes = "".join(f"<div>{escape(note)}</div>" for note in _due_notes(dataset, selection, found))
    return f'{rows}<div class="panel-sub">{notes}</div>'


def _due_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    judged, found = cached(data.part, dataset, selection), cached(stock_data.due, dataset, selection)
    if judged is None or found is None:
        return {}
    now = found.now
    marks = {
        "due": now.is_due,
        "on_time": now.is_on_time,
        "late": now.is_closed & ~now.is_on_time,
        "overdue_open": now.is_due & ~now.is_closed,
        "suspended": found.suspended,
        "stopped": found.stopped,
    }
    rows = judged.incidents.assign(used_share=judged.used_share.round(2))
    return {
        t(f"incident_response.list_{name}", n=int(mark.sum())): rows[mark] for name, mark in marks.items()
    }


def show_due(page: Page, selection: Selection) -> None:
    """The cases whose limit fell into the week: closed in time, late, or not."""
    dataset, week = page.dataset, str(selection.week)
    found = cached(stock_data.due, dataset, selection)
    by = st.session_state.get("due-by") or _DUE_BY[0]
    groups = cached(due_groups, dataset, selection, by)
    table = pd.DataFrame([vars(group) for group in groups], columns=["name", "due_n", "on_time_n"])
    sub = cached(_due_sub, dataset, selection)
    with blocks.panel("due", title=_due_title(dataset, found), sub=sub, page=page, data=table, week=week):
        show_case_lists(
            page, "due", lambda: _due_lists(dataset, selection), suffix=week, extra=("used_share",)
        )
        if found is None or not groups:
            blocks.show_empty(t("incident_response.empty_due"))
            return
        due_n, closed_n, on_time_n = cohort_counts(found.now)
        late_n, open_n = closed_n - on_time_n, due_n - closed_n
        blocks.show_svg(due_bars.due_bar_html(on_time_n=on_time_n, late_n=late_n, open_n=open_n))
        with blocks.row("due-choice"):
            st.segmented_control(
                t("incident_response.by"),
                _DUE_BY,
                default=_DUE_BY[0],
                format_func=lambda name: t(f"incident_response.by_{name}"),
                key="due-by",
                label_visibility="collapsed",
            )
            blocks.show_svg(f'<div class="due-below">{escape(_apart_words(found))}</div>')
        blocks.show_svg(cached(_due_html, dataset, selection, by))
