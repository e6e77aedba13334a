"""The map of 一老一小, and its last line: what the visits are and which of them do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit_folium import st_folium

from governance.figures.care_map import care_legend_html, care_map
from governance.figures.maps import base_map, changing_layers
from governance.metrics.areas import STREET_KEY
from governance.text import t
from governance.ui import blocks, map_data
from governance.ui import care_data as data
from governance.ui.cache import cached
from governance.ui.escalation_data import community_names
from governance.ui.leaflet import leaflet_files

if TYPE_CHECKING:
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

MAP_HEIGHT_PX = 420
_NOTES = ("before_register", "unknown_person", "not_home", "undated_risk")


@st.fragment
def show_map(page: Page, selection: Selection) -> None:
    """Share overdue by community; of the own one by micro-grid."""
    dataset = page.dataset
    places = cached(data.map_places, dataset, selection.week)
    shapes = cached(map_data.shapes, dataset)
    own = data.own_community(dataset)
    key = "map_sub_own" if own else "map_sub"
    sub = t(f"care_visits.{key}", name=cached(community_names, dataset).get(own or "", ""))
    with blocks.panel("care-map", title=t("care_visits.map_title"), sub=sub):
        if "community" not in shapes.features or data.known_at(dataset, selection.week) is None:
            blocks.show_empty(t("care_visits.no_map"))
            return
        code = selection.community_code
        drawn = care_map(shapes, places, shown=("community", code) if code else STREET_KEY)
        st_folium(
            base_map(shapes.ground, leaflet=leaflet_files()),
            key=f"care-map-{dataset.fingerprint[:16]}",
            height=MAP_HEIGHT_PX,
            use_container_width=True,
            returned_objects=[],
            feature_group_to_add=changing_layers(drawn.layers),
            render=False,
        )
        blocks.show_svg(care_legend_html(drawn.counts))


def show_footer(page: Page, selection: Selection) -> None:
    """What the visits are, what of them does not count, where definitions stand."""
    notes = cached(data.visit_notes, page.dataset, selection.week)
    parts = [t("care_visits.foot.visits", n=f"{notes.visits_n:,}", week=f"{notes.week_n:,}")]
    if notes.begins_at is not None:
        parts.append(t("care_visits.foot.begins", day=notes.begins_at.strftime("%Y-%m-%d")))
    found = {name: getattr(notes, f"{name}_n") for name in _NOTES}
    parts += [t(f"care_visits.foot.{name}", n=f"{n:,}") for name, n in found.items() if n]
    blocks.show_footer(t("care_visits.foot.joint").join(parts), t("care_visits.foot.how"))
