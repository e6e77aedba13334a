"""The map of the street: any measure, drill down by click, back up by breadcrumb.

The area shown stands in the address bar (`?area=XTW-01`), so a copied link opens the same view.
The map lives in a fragment: a click reruns the fragment alone.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st
from streamlit_folium import st_folium

from governance.figures.map_legend import case_key_html, legend_html, route_key_html
from governance.figures.maps import OVER_TILES, Tiles, WrittenLayers, base_map
from governance.figures.place_map import Choice, PlaceMap, place_map
from governance.figures.place_tables import area_name, headline_text
from governance.figures.place_words import measure_definition, measure_label
from governance.metrics.areas import AREA_LEVELS, STREET_KEY, area_at, drilled, path_to
from governance.metrics.places import MEASURE_BY_KEY, MEASURES
from governance.text import t
from governance.ui import map_data
from governance.ui.blocks import show_conclusion, show_footer, show_svg
from governance.ui.cache import cached
from governance.ui.leaflet import leaflet_files
from governance.ui.map_panel import case_list, map_panel
from governance.ui.map_script import layers_script
from governance.ui.shell import error_boundary
from governance.ui.words import week_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from governance.figures.map_shapes import Shapes
    from governance.metrics.areas import AreaKey, Level
    from governance.records.dataset import Dataset
    from governance.ui.shell import Page
    from governance.workdays import Week

AREA_PARAM = "area"
MAP_HEIGHT_PX = 500
_CLICK_FIELDS = ("last_object_clicked", "last_object_clicked_count")


def area_address(areas: pd.DataFrame, key: AreaKey) -> str:
    """An area as it stands in the address bar: its code, with the level where codes repeat."""
    level, code = key
    return code if (areas["code"] == code).sum() <= 1 else f"{level}:{code}"


def area_of_address(areas: pd.DataFrame, text: str) -> AreaKey:
    """The area an address names; the street when it names none."""
    level, colon, code = text.partition(":")
    if colon and (level, code) in areas.index:
        return level, code
    found = areas.index[areas["code"] == text]
    return (str(found[0][0]), str(found[0][1])) if len(found) else STREET_KEY


def shown_area(areas: pd.DataFrame) -> AreaKey:
    """The area in the address bar."""
    return area_of_address(areas, st.query_params.get(AREA_PARAM, ""))


def show_area(areas: pd.DataFrame, key: AreaKey) -> None:
    """Turn to an area: put it into the address bar, from which every part of the page reads it."""
    if key == STREET_KEY:
        st.query_params.pop(AREA_PARAM, None)
    else:
        st.query_params[AREA_PARAM] = area_address(areas, key)


def _follow_click(areas: pd.DataFrame, map_key: str) -> None:
    """Drill where the map was clicked.

    Runs only when the map reports something new: the count of clicks tells a second click on
    the same spot from a mere rerun.
    """
    clicked = st.session_state.get(map_key) or {}
    at, count = (clicked.get(field) for field in _CLICK_FIELDS)
    if not at or not count:
        return
    target = area_at(areas, lon=at["lng"], lat=at["lat"])
    show_area(areas, drilled(areas, shown=shown_area(areas), clicked=target))


def _breadcrumb(areas: pd.DataFrame, shown: AreaKey) -> None:
    path = path_to(areas, shown)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="map-breadcrumb"):
        for key in path:
            is_last = key == path[-1]
            st.button(
                area_name(areas, key) if is_last else f"{area_name(areas, key)} ›",
                key=f"crumb-{key[0]}-{key[1]}",
                type="tertiary",
                disabled=is_last,
                on_click=show_area,
                args=(areas, key),
            )


def _kept_in_address(param: str, options: Sequence[str], default: str) -> str:
    """A control's value in the address bar; its default where the address has none of `options`."""
    given = st.query_params.get(param, default)
    st.session_state[f"map-{param}"] = given if given in options else default
    return f"map-{param}"


def _write_address(param: str, default: str) -> None:
    value = str(st.session_state[f"map-{param}"])
    if value == default:
        st.query_params.pop(param, None)
    else:
        st.query_params[param] = value


def _choose(levels: tuple[Level, ...], dataset: Dataset, shown: AreaKey) -> Choice:
    """The row of controls in the head of the map: measure, level, what lies on top."""
    keys = [measure.key for measure in MEASURES]
    with st.container(key="map-controls", horizontal=True, vertical_alignment="center", gap="small"):
        measure = st.selectbox(
            t("grid_map.measure"),
            keys,
            format_func=measure_label,
            key=_kept_in_address("measure", keys, keys[0]),
            on_change=_write_address,
            args=("measure", keys[0]),
            label_visibility="collapsed",
            filter_mode=None,
            width=230,
        )
        level = _choose_level(levels, MEASURE_BY_KEY[measure].level)
        is_with_cases = st.toggle(t("grid_map.cases"), value=not levels, key="cases", bind="query-params")
        is_with_routes = st.toggle(t("grid_map.routes"), key="routes", bind="query-params")
    return Choice(
        measure=measure,
        level=level,
        shown=shown,
        small_n=dataset.settings.integer("small_n"),
        is_with_cases=is_with_cases,
        is_with_routes=is_with_routes,
        opacity=OVER_TILES if _tiles(dataset) else 1.0,
    )


def _choose_level(levels: tuple[Level, ...], wanted: Level) -> Level:
    """The level that is coloured; by default the finest at which the measure can be read."""
    default = wanted if wanted in levels else (levels or AREA_LEVELS)[-1]
    if len(levels) < 2:
        return default
    chosen = st.segmented_control(
        t("grid_map.level"),
        levels,
        format_func=lambda one: t(f"grid_map.levels.{one}"),
        key=_kept_in_address("level", levels, default),
        on_change=_write_address,
        args=("level", default),
        label_visibility="collapsed",
        required=True,
    )
    return chosen or default


def _tiles(dataset: Dataset) -> Tiles | None:
    url = dataset.settings.text("tile_url")
    return Tiles(url, dataset.settings.text("tile_attribution")) if url else None


def _drawn(dataset: Dataset, week: Week, choice: Choice) -> tuple[PlaceMap, str]:
    """The map of a choice and the script of its layers."""
    areas, shapes = cached(map_data.areas, dataset), cached(map_data.shapes, dataset)
    measures, cases = cached(map_data.measures, dataset, week), cached(map_data.cases, dataset, week)
    drawn = place_map(shapes, areas, measures, cases, choice)
    return drawn, layers_script(drawn.layers)


def _draw(script: str, shapes: Shapes, areas: pd.DataFrame, dataset: Dataset) -> None:
    key = f"grid-map-{dataset.fingerprint[:16]}"
    st_folium(
        base_map(shapes.ground, leaflet=leaflet_files(), tiles=_tiles(dataset)),
        key=key,
        height=MAP_HEIGHT_PX,
        use_container_width=True,
        returned_objects=list(_CLICK_FIELDS),
        feature_group_to_add=WrittenLayers(script),
        on_change=lambda: _follow_click(areas, key),
        render=False,  # it renders the map itself; once more would only cost time
    )


def _keys(shapes: Shapes, choice: Choice) -> str:
    """The key of what lies on the areas: cases and routes."""
    kinds = dict.fromkeys(one["properties"]["kind"] for one in shapes.routes)
    cases = case_key_html() if choice.is_with_cases else ""
    return cases + (route_key_html(kinds) if choice.is_with_routes else "")


def _show_map(dataset: Dataset, week: Week, choice: Choice, *, shapes: Shapes, areas: pd.DataFrame) -> None:
    drawn, script = cached(_drawn, dataset, week, choice)
    areas_n = sum(class_.areas_n for class_ in drawn.classes)
    how = t("grid_map.how", n=areas_n, level=t(f"grid_map.levels.{choice.level}")) if areas_n else ""
    st.html(f'<div class="panel-sub">{escape(measure_definition(choice.measure))}{escape(how)}</div>')
    if shapes.features:
        _draw(script, shapes, areas, dataset)
        show_svg(legend_html(drawn.classes, drawn.scale, small_n=choice.small_n))
    else:
        st.html(f'<div class="note">{escape(t("grid_map.no_boundaries"))}</div>')
        _draw(script, shapes, areas, dataset)
    if key := _keys(shapes, choice):
        show_svg(f'<div class="map-key">{key}</div>')


@st.fragment
def map_block(page: Page, week: Week) -> None:
    """Headline, breadcrumb, map and what is known of the shown area, for one week."""
    with error_boundary():
        _map_block(page, week)


def _map_block(page: Page, week: Week) -> None:
    dataset = page.dataset
    areas, shapes = cached(map_data.areas, dataset), cached(map_data.shapes, dataset)
    measures = (
        cached(map_data.measures, dataset, week),
        cached(map_data.measures, dataset, week.shifted(-1)),
    )
    cases = cached(map_data.cases, dataset, week)
    shown = shown_area(areas)
    sentence = headline_text(*measures, areas, shown)
    latest = cached(map_data.last_week_with_cases, dataset, week)
    if shown == STREET_KEY and latest is not None and latest != week:
        sentence += t("grid_map.headline_latest", week=week_words(latest))
    show_conclusion(page.spec.title, week, sentence)
    _breadcrumb(areas, shown)
    with st.container(key="map-row"):
        left, right = st.columns([63, 37], gap="small")
    with left, st.container(key="panel-map", border=True):
        levels = tuple(level for level in AREA_LEVELS if level in shapes.features)
        choice = _choose(levels, dataset, shown)
        _show_map(dataset, week, choice, shapes=shapes, areas=areas)
    with right:
        map_panel(page, week, areas, choice, lambda key: show_area(areas, key))
    case_list(page, cases, choice, week)
    show_footer(t("grid_map.footer"), t("grid_map.footer_how"))
