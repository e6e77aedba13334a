"""The pieces pages are made of: conclusion, panels with their download, footer.

show_conclusion(t("pages.week_overview"), selection.week, sentence)
with panel("communities", title=…, sub=…, data=frame, page=page):
show_svg(html)
show_footer(left, right)
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from governance import access
from governance.text import has, t
from governance.ui.shell import LOG, error_boundary
from governance.ui.words import week_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from streamlit.delta_generator import DeltaGenerator

    from governance.records.dataset import Dataset
    from governance.ui.shell import Page
    from governance.workdays import Week

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def show_svg(html: str) -> None:
    """Trusted markup with SVG in it; whoever builds it escapes what comes from data."""
    st.markdown(html, unsafe_allow_html=True)


def show_conclusion(title: str, week: Week | None, sentence: str, *, scope: str = "") -> None:
    """The page's name, week (where it is of one) and scope, then the one sentence it has to say."""
    name = " · ".join(part for part in (title, week_words(week) if week else "", scope) if part)
    st.html(f'<div class="page-name">{escape(name)}</div><h1 class="conclusion">{escape(sentence)}</h1>')


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A frame as CSV that a spreadsheet opens: Chinese headers, UTF-8 with BOM, no live formulas."""
    safe = frame.copy()
    for name in safe.select_dtypes(include=["string", "object"]).columns:
        safe[name] = safe[name].map(
            lambda cell: f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
        )
    headers = {name: t(f"columns.{name}") for name in safe.columns if has(f"columns.{name}")}
    return safe.rename(columns=headers).to_csv(index=False).encode("utf-8-sig")


def log_export(dataset: Dataset, name: str, rows_n: int) -> None:
    """Note in the log that rows left the product."""
    try:
        access.record_access(dataset.data_dir, "export", what=name, rows=rows_n)
    except OSError as error:  # a callback has no boundary around it
        LOG.error("export %s of %s rows could not be recorded: %s", name, rows_n, error)


def show_download(page: Page, name: str, data: pd.DataFrame, *, suffix: str = "") -> None:
    """A small button that hands out a panel's data as CSV; the export is logged."""
    file = "-".join(part for part in (page.spec.title, t(f"downloads.{name}"), suffix) if part)
    st.download_button(
        t("downloads.label"),
        partial(csv_bytes, data),
        file_name=f"{file}.csv",
        mime="text/csv",
        key=f"download-{name}",
        type="tertiary",
        on_click=log_export,
        args=(page.dataset, name, len(data)),
    )


@contextmanager
def panel(
    name: str,
    *,
    title: str,
    sub: str = "",
    page: Page | None = None,
    data: pd.DataFrame | None = None,
    week: str = "",
) -> Iterator[None]:
    """A white panel: the finding as its title, how to read it below, its data to take away.

    A panel that fails shows its own sentence; the rest of the page stands.
    """
    with st.container(key=f"panel-{name}", border=True):
        if page is not None and data is not None:
            show_download(page, name, data, suffix=week)
        below = f'<div class="panel-sub">{escape(sub)}</div>' if sub else ""
        st.html(f'<div class="panel-title">{escape(title)}</div>{below}')
        with error_boundary():
            yield


def row(name: str) -> DeltaGenerator:
    """A container whose parts stand side by side."""
    return st.container(key=name, horizontal=True, horizontal_alignment="distribute", gap="small")


def evidence() -> tuple[DeltaGenerator, DeltaGenerator]:
    """The two columns of evidence panels, the wide comparison first; stacked on a narrow screen."""
    with st.container(key="evidence"):
        main, side = st.columns([1105, 506], gap="small")
    return main, side


def columns_of(name: str, left: int, right: int) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Two columns of panels in the proportion given; stacked on a narrow screen."""
    with st.container(key=f"columns-{name}"):
        first, second = st.columns([left, right], gap="small")
    return first, second


def show_empty(sentence: str) -> None:
    """One calm sentence where a figure would stand."""
    st.html(f'<div class="empty">{escape(sentence)}</div>')


def show_footer(left: str, right: str) -> None:
    """The last line: rows read and refused, where definitions stand."""
    st.html(f'<div class="footer"><span>{escape(left)}</span><span>{escape(right)}</span></div>')
