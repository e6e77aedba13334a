"""Maps that need no network: folium on Leaflet served by the dashboard itself.

A map is made of two parts. The ground (river, roads, landmarks, scale, north, note) is the same
at every rerun, so the browser keeps it. What changes (areas, lines, names, cases, the view)
is one feature group, exchanged without a flash. All coordinates are WGS-84 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import folium
from folium.features import GeoJson, GeoJsonTooltip
from folium.map import FeatureGroup
from folium.template import Template

from governance.figures.geojson import markup
from governance.figures.map_marks import Marks
from governance.figures.map_parts import Frame, MapCss, Names, Patterns, View
from governance.figures.theme import LIGHT, SEQUENCE_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from branca.element import Figure

    from governance.figures.geojson import Bounds, Feature, FeatureCollection
    from governance.figures.map_marks import Mark
    from governance.metrics.classes import AreaClass

# Leaflet's own panes: overlay 400, marker 600, tooltip 650.
PANES = {"ground": 300, "lines": 420, "routes": 430, "cases": 450, "names": 620}
MAX_ZOOM = 19
FADED = 0.35
OVER_TILES = 0.7
NO_DATA_FILL = "url(#no-data)"
FEW_FILL = "url(#few)"

ROUTE_STYLES: Mapping[str, Mapping[str, object]] = {
    "main_road": {"weight": 4, "color": LIGHT.ink_2},
    "secondary_road": {"weight": 2.6, "color": LIGHT.ink_2},
    "back_alley": {"weight": 1.4, "color": LIGHT.ink_3, "dashArray": "5 3"},
    "courtyard": {"weight": 1.4, "color": LIGHT.ink_3, "dashArray": "1.5 3"},
    "riverside": {"weight": 2.6, "color": LIGHT.teal},
}
_LINE_STYLES: Mapping[str, Mapping[str, object]] = {
    "grid": {"fill": False, "color": LIGHT.card, "weight": 2.2},
    "community": {"fill": False, "color": LIGHT.ink, "weight": 1.5},
    "shown": {"fill": False, "color": LIGHT.ink, "weight": 3.2},
}
_GROUND_STYLES: Mapping[str, Mapping[str, object]] = {
    "river": {"fill": True, "fillColor": LIGHT.water, "fillOpacity": 1, "color": LIGHT.water, "weight": 1},
    "green": {"fill": True, "fillColor": LIGHT.band, "fillOpacity": 1, "stroke": False},
    "road": {"color": LIGHT.hairline, "weight": 3, "fill": False},
}


@dataclass(frozen=True)
class LeafletFiles:
    """Where the browser finds Leaflet, relative to the map's frame."""

    js: str
    css: str


@dataclass(frozen=True)
class Tiles:
    """A tile server inside the office's network."""

    url: str
    attribution: str


@dataclass(frozen=True)
class Ground:
    """What stays: base map features (property kind: river, green, road), bounds and the note.

    `bounds` is what the map shows first; `note` says how the boundaries came about and in
    which datum they are.
    """

    features: tuple[Feature, ...]
    bounds: Bounds
    note: str


@dataclass(frozen=True)
class Name:
    """A name on the map: its place in degrees and how it is written.

    `style` is area, part (the finer areas of a shown area), water or landmark.
    """

    text: str
    lon: float
    lat: float
    style: str = "area"
    turn_degrees: float = 0.0


@dataclass(frozen=True)
class Layers:
    """What changes: areas with their styles, lines, routes, names, cases and the view.

    A layer without a style function takes each feature's own property style, which keeps the
    script half as long as folium's table of styles.

    `areas` are features with the properties style and tip, `cases` points with the same;
    `view` is the area the map turns to, under the key `view_key` (it turns only when the key
    changes, so a reader's own zoom survives another measure). `foot_px` is kept free at the bottom.
    """

    areas: Sequence[Feature]
    view: Bounds
    view_key: str
    lines: Mapping[str, tuple[Feature, ...]] = field(default_factory=dict)
    routes: Sequence[Feature] = ()
    cases: Sequence[Feature] = ()
    names: tuple[Name, ...] = ()
    foot_px: int = 16
    marks: Sequence[Mark] = ()


def fill_of(class_: AreaClass) -> str:
    """The fill of a class: a step of the blues, white for 0, dots or hatching for what is not known."""
    if class_.kind == "none":
        return NO_DATA_FILL
    if class_.kind == "few":
        return FEW_FILL
    if class_.kind == "zero":
        return LIGHT.card
    return SEQUENCE_STEPS[round(class_.shade * (len(SEQUENCE_STEPS) - 1))]


def area_style(class_: AreaClass, *, level: str, is_faded: bool, opacity: float = 1.0) -> dict[str, object]:
    """Fill and border of an area; areas outside the shown one are faded."""
    edge = LIGHT.hairline if class_.kind == "zero" else LIGHT.card
    weight = {"microgrid": 1.0, "grid": 2.2, "community": 1.5}[level]
    return {
        "fillColor": fill_of(class_),
        "fillOpacity": opacity * (FADED if is_faded else 1.0),
        "color": edge,
        "weight": weight,
        "opacity": 1.0,
    }


def _tooltip() -> GeoJsonTooltip:
    return GeoJsonTooltip(fields=["tip"], labels=False, sticky=True, class_name="tip")


def _numbered(features: Iterable[Feature]) -> FeatureCollection:
    """The features under running ids: a code is the reader's text and stays out of the script."""
    return {"type": "FeatureCollection", "features": [{**one, "id": n} for n, one in enumerate(features)]}


def _flat_layer(features: Iterable[Feature], pane: str) -> GeoJson:
    """Features that cannot be clicked, each in its own style."""
    return GeoJson(
        _numbered(features),
        smooth_factor=0.5,
        control=False,
        pane=pane,
        interactive=False,
    )


def _in_style(features: Iterable[Feature], style: Mapping[str, object]) -> Iterable[Feature]:
    """The features with one style and no other property."""
    for one in features:
        yield {"type": "Feature", "properties": {"style": style}, "geometry": one["geometry"]}


def _name_html(name: Name) -> str:
    place = "transform:translate(-50%,-50%)"
    turn = f' style="{place} rotate({name.turn_degrees:.0f}deg)"' if name.turn_degrees else ""
    return f'<span class="name {name.style}"{turn}>{markup(name.text)}</span>'


def _ground_features(ground: Ground, kind: str) -> Iterable[Feature]:
    chosen = (one for one in ground.features if one["properties"].get("kind") == kind)
    return _in_style(chosen, _GROUND_STYLES[kind])


def blank_map() -> folium.Map:
    """A map with nothing on it, for layers to be written against."""
    return folium.Map(tiles=None)


def base_map(ground: Ground, *, leaflet: LeafletFiles, tiles: Tiles | None = None) -> folium.Map:
    """The ground alone, fresh: streamlit-folium writes into the map it is given.

    Loads nothing but the two Leaflet files, and tiles when an office has a server of its own.
    """
    west, south, east, north = ground.bounds
    map_ = folium.Map(
        location=((south + north) / 2, (west + east) / 2),
        tiles=None,
        max_zoom=MAX_ZOOM,
        zoom_control=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
        scroll_wheel_zoom=False,
        double_click_zoom=False,
    )
    map_.default_js = [("leaflet_js", leaflet.js)]
    map_.default_css = [("leaflet_css", leaflet.css)]
    if tiles is not None:
        folium.TileLayer(tiles.url, attr=markup(tiles.attribution), max_zoom=MAX_ZOOM, control=False).add_to(
            map_
        )
    Frame(PANES, note=ground.note, open_panes=("cases",)).add_to(map_)
    drawn = [one for kind in _GROUND_STYLES for one in _ground_features(ground, kind)]
    if drawn and tiles is None:
        _flat_layer(drawn, "ground").add_to(map_)
    map_.fit_bounds([(south, west), (north, east)], padding=(10, 10))
    figure = cast("Figure", map_.get_root())
    figure.html.add_child(Patterns())
    figure.html.add_child(MapCss())
    return map_


class WrittenLayers(FeatureGroup):
    """A feature group whose script is written already: no template is filled in for it again."""

    _template = Template("{% macro script(this, kwargs) %}{{ this.script }}{% endmacro %}")

    def __init__(self, script: str) -> None:
        super().__init__(control=False, show=False)
        self.script = script


def changing_layers(layers: Layers) -> FeatureGroup:
    """The feature group laid on the ground; each new one replaces the last in the browser."""
    group = FeatureGroup(name="layers", control=False)
    View(layers.view, markup(layers.view_key), foot_px=layers.foot_px).add_to(group)
    if layers.areas:
        areas = GeoJson(_numbered(layers.areas), smooth_factor=0.5, control=False)
        areas.add_child(_tooltip())
        areas.add_to(group)
    lines = [
        one for kind, features in layers.lines.items() for one in _in_style(features, _LINE_STYLES[kind])
    ]
    if lines:
        _flat_layer(lines, "lines").add_to(group)
    if layers.routes:
        _flat_layer(layers.routes, "routes").add_to(group)
    if layers.cases:
        marker = folium.CircleMarker(radius=3)
        marker.options["pane"] = "cases"
        cases = GeoJson(_numbered(layers.cases), marker=marker, control=False, pane="cases")
        cases.add_child(_tooltip())
        cases.add_to(group)
    Names([(name.lat, name.lon, _name_html(name)) for name in layers.names], pane="names").add_to(group)
    if layers.marks:
        Marks(layers.marks, pane="cases").add_to(group)
    return group
