"""The parts of 防汛应急: which warning, its figures, points on the map, steps, course, what is missing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st
from streamlit_folium import st_folium

from governance.figures.maps import base_map, changing_layers
from governance.figures.storm_map import cells_key_html, storm_map
from governance.figures.storm_tables import (
    flood_table_html,
    missing_table_html,
    states_key_html,
    steps_table_html,
    storm_cards_html,
)
from governance.figures.storm_timeline import timeline_key_html, timeline_svg
from governance.figures.storm_words import clock_words
from governance.report.storm_words import conclusion_words, flag_words, storm_cards
from governance.text import t
from governance.ui import blocks, map_data
from governance.ui import storm_data as data
from governance.ui.cache import cached
from governance.ui.leaflet import leaflet_files
from governance.ui.stamp import show_stamp
from governance.ui.words import stamp_words
from governance.workdays import Week

if TYPE_CHECKING:
    from governance.report.storm_model import StormView
    from governance.ui.shell import Page

WARNING_PARAM = "warning"
MAP_HEIGHT_PX = 520
MISSING_SHOWN_N = 8


# ----------------------------------------------------------------------------------- choice
def _write() -> None:
    st.query_params[WARNING_PARAM] = st.session_state["storm-warning"]
    st.query_params.pop("week", None)


def choose_warning(page: Page) -> StormView:
    """The row of choices: the warning, in the address bar, and the stamp; stops where there is none."""
    dataset = page.dataset
    labels = cached(data.warning_labels, dataset)
    default = cached(data.default_warning, dataset, st.query_params.get("week"))
    given = st.query_params.get(WARNING_PARAM)
    chosen = given if given in labels else default
    own = None if chosen is None else cached(data.view, dataset, chosen)
    with st.container(key="top-row", horizontal=True, vertical_alignment="top"):
        with st.container(key="filters", horizontal=True, gap="small"):
            if chosen is not None:
                st.session_state["storm-warning"] = chosen
                st.selectbox(
                    t("storm_response.choose"),
                    list(labels),
                    format_func=lambda code: labels.get(code, code),
                    key="storm-warning",
                    on_change=_write,
                    filter_mode=None,
                    required=True,
                    width=330,
                )
        show_stamp(page, _week(own))
    if own is None or chosen is None:
        blocks.show_empty(t("storm_response.none_at_all"))
        st.stop()
    if given is not None and given != chosen:
        note = t("storm_response.unknown", value=given, shown=labels[chosen])
        st.html(f'<div class="note">{escape(note)}</div>')
    return own


def _week(own: StormView | None) -> Week | None:
    return None if own is None or own.start_at is None else Week.of(own.start_at)


def _id(own: StormView) -> str:
    return str(own.event["warning_id"])


# --------------------------------------------------------------------------------- headline
def show_head(page: Page, own: StormView) -> None:
    """The conclusion, what is odd about the records, the five figures."""
    week = _week(own) or Week.of(own.until)
    blocks.show_conclusion(page.spec.title, week, conclusion_words(own))
    for sentence in flag_words(own):
        st.html(f'<div class="note">{escape(sentence)}</div>')
    blocks.show_svg(storm_cards_html(storm_cards(own)))


# -------------------------------------------------------------------------------------- map
@st.fragment
def show_map(page: Page, own: StormView) -> None:
    """The points with their state, over the micro-grids that were called."""
    dataset = page.dataset
    shapes = cached(map_data.shapes, dataset)
    drawn = storm_map(shapes, own.points, own.judged, own.start_at, key=_id(own))
    said = "、".join(f"{t(f'storm_response.states.{name}')} {n}" for name, n in drawn.points_n.items())
    title = t("storm_response.map_title", n=len(own.points), said=said)
    with blocks.panel(
        "storm-map",
        title=title if len(own.points) else t("storm_response.map_none_title"),
        sub=t("storm_response.map_sub", until=stamp_words(own.until)),
        page=page,
        data=own.points.drop(columns=["community_code"]),
        week=_id(own),
    ):
        if own.points.empty:
            blocks.show_empty(t("storm_response.map_none"))
            return
        st_folium(
            base_map(shapes.ground, leaflet=leaflet_files()),
            key=f"storm-map-{dataset.fingerprint[:16]}",
            height=MAP_HEIGHT_PX,
            use_container_width=True,
            returned_objects=[],
            feature_group_to_add=changing_layers(drawn.layers),
            render=False,
        )
        blocks.show_svg(states_key_html(drawn.points_n) + cells_key_html(drawn.cells_n))


# ------------------------------------------------------------------------------------ steps
def show_steps(page: Page, own: StormView) -> None:
    """The steps in order: first and last stamp, minutes since the warning, how many of how many."""
    done_n = int(own.summary["places_n"].gt(0).sum())
    short_n = int(own.summary["missing_n"].gt(0).sum())
    key = "steps_title_none" if not own.is_recorded else "steps_title" if short_n else "steps_title_done"
    if own.is_recorded and own.summary["expected_n"].isna().all():
        key = "steps_title_plain"
    with blocks.panel(
        "storm-steps",
        title=t(f"storm_response.{key}", done=done_n, n=short_n),
        sub=t("storm_response.steps_sub"),
        page=page,
        data=own.summary,
        week=_id(own),
    ):
        if not own.is_recorded:
            blocks.show_empty(t("storm_response.steps_none"))
        blocks.show_svg(steps_table_html(own.summary, own.plan, own.start_at))


def show_course(own: StormView) -> None:
    """A lane a place, a mark a step, on one axis of clock time."""
    drawn = timeline_svg(own.judged, own.event)
    title, sub = t("storm_response.timeline_title"), t("storm_response.timeline_sub")
    with blocks.panel("storm-course", title=title, sub=sub):
        if not drawn:
            blocks.show_empty(t("storm_response.steps_none"))
            return
        blocks.show_svg(timeline_key_html())
        blocks.show_svg(f'<div class="storm-scroll">{drawn}</div>')


def show_floods(own: StormView) -> None:
    """The places where something was found: discovered → cordoned → cleared → reopened."""
    found_n = int(own.points["discovered_at"].notna().sum())
    title = t("storm_response.floods_title", n=found_n)
    with blocks.panel("storm-floods", title=title, sub=t("storm_response.floods_sub")):
        if found_n:
            blocks.show_svg(flood_table_html(own.points, own.start_at))
        else:
            blocks.show_empty(t("storm_response.floods_none"))


def show_missing(page: Page, own: StormView) -> None:
    """Who or what is missing, with the responsible unit."""
    missing = own.missing
    at = clock_words(own.until, own.start_at if own.is_closed else None)
    until = t(f"storm_response.until_{'closed' if own.is_closed else 'as_of'}", at=at)
    none = "none" if own.event["is_water"] else "unasked"
    key = "missing_title" if len(missing) else f"missing_title_{none}"
    with blocks.panel(
        "storm-missing",
        title=t(f"storm_response.{key}", n=len(missing)),
        sub=t("storm_response.missing_sub", until=until, rows=MISSING_SHOWN_N),
        page=page,
        data=data.taken_away(missing),
        week=_id(own),
    ):
        if len(missing):
            blocks.show_svg(missing_table_html(missing, rows_n=MISSING_SHOWN_N))
        else:
            blocks.show_empty(t(f"storm_response.missing_{none}"))


# ----------------------------------------------------------------------------------- footer
def show_footer(page: Page, own: StormView) -> None:
    """How many records, and where the first report comes from."""
    source = own.event["first_report_from"]
    how = t(f"storm_response.how_{source if isinstance(source, str) else 'none'}")
    counts = {
        "warnings": len(page.dataset.frame("warnings")),
        "steps": own.event["steps_n"],
        "unstamped": own.event["unstamped_n"],
    }
    blocks.show_footer(t("storm_response.footer", **counts), t("storm_response.footer_how", how=how))
