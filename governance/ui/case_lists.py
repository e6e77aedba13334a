"""Every number opens the cases behind it.

    show_case_lists(page, "due", lambda: {t("…", n=12): cases[is_late], …}, suffix=str(week))

A small button stands in the panel; its dialog lets one choose among the panel's numbers and shows
their cases, masked, with every row to take away.
"""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from governance.figures.case_table import cases_table
from governance.text import t
from governance.ui.blocks import csv_bytes, log_export
from governance.ui.shell import error_boundary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from governance.ui.shell import Page

# What is listed of micro-grids and of hours of duty, beside the standard columns.
PATROL_COLUMNS = ("name", "tier", "limit_h", "is_certain", "hour_at", "planned_n", "state")
_HEIGHT_PX = 430


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
