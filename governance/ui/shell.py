"""The frame of every page: menu, error boundary, log.

    with open_page("grid_map") as page:           # draws the menu, opens the data set
        selection = choose(page, "week", "community")   # ui.filters: one row, and the stamp
        ...                                        # page.dataset: the masked frames

What is raised inside the block ends as one sentence with an error number; the traceback goes to
the log (standard error and DIR/dashboard.log) and never to the screen.
"""

from __future__ import annotations

import logging
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import escape
from importlib import resources
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

import streamlit as st

from governance.errors import GovernanceError
from governance.figures.theme import css_variables
from governance.text import explain, t
from governance.ui import first_start, navigation
from governance.ui.cache import current_dataset, data_dir, presented_dataset
from governance.ui.presented_banner import PRESENTED, show_banner, show_way_back
from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from streamlit.navigation.page import StreamlitPage

    from governance.records.dataset import Dataset
    from governance.ui.navigation import PageSpec

FILTER_PARAMS = ("week", "community", "category", "team", "severity", "demand", "presented")
LOG = logging.getLogger("governance.dashboard")


@dataclass(frozen=True)
class Page:
    """An open page: what it is and the data it reads."""

    spec: PageSpec
    dataset: Dataset


def start_log(folder: Path) -> None:
    """Send the dashboard's log to standard error and, where it can be written, DIR/dashboard.log."""
    if any(handler.name == LOG.name for handler in LOG.handlers):
        return
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(
            RotatingFileHandler(
                folder / "dashboard.log", maxBytes=2_000_000, backupCount=3, encoding="utf-8", delay=False
            )
        )
    for handler in handlers:
        handler.name = LOG.name
        handler.setFormatter(form)
        LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def start_navigation() -> StreamlitPage:
    """Tell Streamlit the navigation table; returns the page that the address names."""
    pages = {
        page.file: st.Page(page.path, title=page.title, default=page.is_default) for page in navigation.PAGES
    }
    st.session_state["pages"] = pages
    return st.navigation(list(pages.values()), position="hidden")


def inject_style() -> None:
    """Put the palette and the style sheet into the page, once a run."""
    sheet = resources.files("governance.ui").joinpath("theme.css").read_text(encoding="utf-8")
    st.html(f"<style>{css_variables()}{sheet}</style>")


def link_params() -> dict[str, str]:
    """The filters in the address bar, to be carried along to the next page."""
    return {name: st.query_params[name] for name in FILTER_PARAMS if name in st.query_params}


def _menu(pages: Sequence[PageSpec], current: PageSpec, params: dict[str, str]) -> None:
    for group in dict.fromkeys(page.group for page in pages):
        st.html(f'<div class="nav-group">{escape(t(f"groups.{group}"))}</div>')
        for page in pages:
            if page.group != group:
                continue
            with st.container(key="nav-current" if page == current else f"nav-{page.file}", gap=None):
                st.page_link(st.session_state["pages"][page.file], label=page.title, query_params=params)


def _sidebar(dataset: Dataset | None, current: PageSpec) -> None:
    street = dataset.settings.text("street_name") if dataset else t("shell.product")
    known = st.session_state.get("pages", {})
    # A frozen week that cannot be opened is not carried along.
    params = {name: value for name, value in link_params().items() if dataset or name != PRESENTED}
    with st.sidebar, st.container(key="sidebar", gap=None):
        st.html(
            f'<div class="brand"><div class="bar"></div><div class="street">{escape(street)}</div>'
            f'<div class="sub">{escape(t("shell.subtitle"))}</div></div>'
        )
        _menu(
            [page for page in navigation.PAGES if not page.is_hidden and page.file in known], current, params
        )
        st.html(f'<div class="side-foot">{_side_foot(dataset)}</div>')


def _side_foot(dataset: Dataset | None) -> str:
    if dataset is None:
        return ""
    counts = {f"{kind}_n": len(dataset.frame(kind)) for kind in ("communities", "grids", "microgrids")}
    areas = t("shell.areas", **counts) if counts["microgrids_n"] else t("shell.no_areas")
    return escape(areas)


def log_failure(error: BaseException) -> str:
    """The traceback goes to the log under a number; returns that number."""
    number = f"E-{secrets.token_hex(3).upper()}"
    LOG.error("%s %s", number, error, exc_info=error)
    return number


def show_failure(error: BaseException) -> None:
    """One sentence and a number on screen; the traceback under that number in the log."""
    number = log_failure(error)
    sentence = explain(error) if isinstance(error, GovernanceError) else t("shell.failed")
    st.markdown(
        f'<div class="failure" role="alert">{escape(sentence)}'
        f'<div class="number">{escape(t("shell.error_number", number=number))}</div></div>',
        unsafe_allow_html=True,
    )


@contextmanager
def error_boundary() -> Iterator[None]:
    """Whatever fails inside ends as a sentence, never as a traceback on the wall."""
    try:
        yield
    except Exception as error:  # the one place that may: the log has everything
        show_failure(error)


@contextmanager
def open_page(file: str) -> Iterator[Page]:
    """Open pages/<file>.py: menu, data set, error boundary.

    Nothing inside the block runs when the data cannot be opened.
    """
    spec = navigation.page_named(file)
    if "pages" not in st.session_state:
        # A server fresh from its start runs the first address opened without dashboard.py.
        start_navigation()
        st.rerun()
    inject_style()
    try:
        dataset = _open_data(spec)
    except Exception as error:  # as in error_boundary; there is nothing to yield
        show_failure(error)
        if PRESENTED in st.query_params:
            show_way_back()
        st.stop()
    show_banner(dataset)
    with error_boundary():
        yield Page(spec, dataset)


def _open_data(spec: PageSpec) -> Dataset:
    folder = data_dir()
    start_log(folder)
    try:
        if first_start.needs_sample(folder):
            first_start.make_sample(folder)
            st.rerun()
        frozen = None if spec.is_live else st.query_params.get(PRESENTED)
        dataset = presented_dataset(Week.parse(frozen)) if frozen else current_dataset()
    except Exception:
        _sidebar(None, spec)
        raise
    _sidebar(dataset, spec)
    return dataset
