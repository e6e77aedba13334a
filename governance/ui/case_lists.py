"""Every number opens the cases behind it.

    show_case_lists(page, "due", lambda: {t("…", n=12): cases[is_late], …}, suffix=str(week))

A small button stands in the panel; its dialog lets one choose among the panel's numbers and shows
their cases, masked, with every row to take away.
"""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.schema import kind_named, schema
from governance.text import has, t
from governance.ui.blocks import csv_bytes, log_export
from governance.ui.shell import error_boundary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from governance.ui.shell import Page

COLUMNS = (
    *("incident_id", "reported_at", "category", "subcategory", "severity", "source", "status", "address"),
    *("community_code", "grid_code", "microgrid_code", "team_id", "accepted_at", "filed_at"),
    *("dispatched_at", "arrived_at", "resolved_at", "verified_at", "closed_at", "due_at"),
    *("level_closed", "description", "flags"),
)
_HEIGHT_PX = 430


def cases_table(cases: pd.DataFrame, *, extra: Sequence[str] = ()) -> pd.DataFrame:
    """Cases as they are shown and handed out: Chinese headers and words, stamps to the second.

    `cases` are masked incidents; columns it lacks are left out, `extra` ones stand first after
    the id, under their text `columns.<name>`.
    """
    known = kind_named("incidents").by_name
    names = [name for name in (COLUMNS[0], *extra, *COLUMNS[1:]) if name in cases.columns]
    values, heads = {}, {}
    for name in names:
        column = known.get(name)
        heads[name] = column.label if column else t(f"columns.{name}") if has(f"columns.{name}") else name
        if hasattr(cases[name], "dt"):
            values[name] = cases[name].dt.strftime("%Y-%m-%d %H:%M:%S").fillna("")
        elif column is not None and column.values:
            words = {code: word[0] for code, word in schema().values[column.values].items()}
            values[name] = cases[name].map(words).fillna(cases[name]).fillna("")
        elif not pd.api.types.is_numeric_dtype(cases[name]):
            values[name] = cases[name].fillna("")
    return cases[names].assign(**values).rename(columns=heads | {"flags": t("case_lists.flags")})


def _show(
    page: Page,
    name: str,
    lists: Callable[[], Mapping[str, pd.DataFrame]],
    suffix: str,
    extra: Sequence[str],
) -> None:
    found = lists()
    if not found:
        st.html(f'<div class="empty">{escape(t("case_lists.none"))}</div>')
        return
    label = st.selectbox(t("case_lists.which"), list(found), key=f"list-of-{name}", filter_mode=None)
    cases = found[label]
    table = cases_table(cases, extra=extra)
    with st.container(key=f"list-head-{name}", horizontal=True, horizontal_alignment="distribute"):
        st.html(f'<div class="panel-sub">{escape(t("case_lists.rows", n=f"{len(table):,}"))}</div>')
        file = "-".join(part for part in (page.spec.title, label.replace("/", "每"), suffix) if part)
        st.download_button(
            t("case_lists.download"),
            partial(csv_bytes, table),
            file_name=f"{file}.csv",
            mime="text/csv",
            key=f"download-list-{name}",
            type="tertiary",
            on_click=log_export,
            args=(page.dataset, f"{name}: {label}", len(table)),
        )
    st.dataframe(table, hide_index=True, height=_HEIGHT_PX, alt=label)


def show_case_lists(
    page: Page,
    name: str,
    lists: Callable[[], Mapping[str, pd.DataFrame]],
    *,
    suffix: str = "",
    extra: Sequence[str] = (),
    label: str = "",
) -> None:
    """A button that opens the cases behind a panel's numbers.

    `lists` is called only while the dialog is open and gives, for the words of each number, its
    rows of the masked incidents; `extra` names further columns to show, `label` other words for
    the button.
    """

    @st.dialog(t("case_lists.title"), width="large")
    def dialog() -> None:
        with error_boundary():
            _show(page, name, lists, suffix, extra)

    if st.button(label or t("case_lists.open"), key=f"open-list-{name}", type="tertiary"):
        dialog()
