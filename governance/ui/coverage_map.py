"""The map of 巡逻覆盖: time since the last visit in multiples of the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit_folium import st_folium

from governance.figures.maps import WrittenLayers, base_map
from governance.figures.since_map import since_legend_html, since_map
from governance.metrics.areas import STREET_KEY
from governance.text import t
from governance.ui import blocks, map_data
from governance.ui import coverage_data as data
from governance.ui.cache import cached
from governance.ui.coverage_lists import show_place_lists
from governance.ui.leaflet import leaflet_files
from governance.ui.map_script import layers_script
from governance.ui.shell import error_boundary

if TYPE_CHECKING:
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

MAP_HEIGHT_PX = 560


def _drawn(dataset: Dataset, selection: Selection) -> tuple[str, str]:
    """The layers' script and the legend of the map."""
    table = cached(data.since_with_habits, dataset, selection.week, data.Part.of(selection))
    shown = ("community", selection.community_code) if selection.community_code else STREET_KEY
    drawn = since_map(cached(map_data.shapes, dataset), table, shown=shown)
    return layers_script(drawn.layers), since_legend_html(drawn.counts)


@st.fragment
def show_map(page: Page, selection: Selection) -> None:
    """Time since the last visit in multiples of the limit."""
    with error_boundary():
        _show_map(page, selection)


def _show_map(page: Page, selection: Selection) -> None:
    dataset = page.dataset
    table = cached(data.since_with_habits, dataset, selection.week, data.Part.of(selection))
    shapes = cached(map_data.shapes, dataset)
    with blocks.panel(
        "since",
        title=t("patrol_coverage.map_title"),
        sub=t("patrol_coverage.map_sub", n=len(table)),
        page=page,
        data=table.drop(columns=["geometry"], errors="ignore"),
        week=str(selection.week),
    ):
        show_place_lists(page, selection)
        if table.empty or "microgrid" not in shapes.features:
            blocks.show_empty(t("patrol_coverage.no_map"))
            return
        script, legend = cached(_drawn, dataset, selection)
        st_folium(
            base_map(shapes.ground, leaflet=leaflet_files()),
            key=f"since-map-{dataset.fingerprint[:16]}",
            height=MAP_HEIGHT_PX,
            use_container_width=True,
            returned_objects=[],
            feature_group_to_add=WrittenLayers(script),
            render=False,
        )
        blocks.show_svg(legend)
