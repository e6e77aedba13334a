"""What of a map depends on the reference data alone: made once for a state of the store."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from governance.figures.geojson import area_features, bounds_of, feature
from governance.figures.maps import ROUTE_STYLES, Ground, Name
from governance.figures.place_words import short_name
from governance.metrics.areas import levels_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from governance.figures.geojson import Bounds, Feature, FeatureCollection
    from governance.metrics.areas import AreaKey

_NAME_TOLERANCE_DEGREES = 5e-5
_VIEW_MARGIN = 0.15
# A landmark is written without what stands in brackets: 两路口(轨道站).
_NOTE_IN_NAME = re.compile(r"[（(].*")


@dataclass(frozen=True)
class Shapes:
    """The drawn areas and routes as GeoJSON, the base map, and where names stand.

    `features` by level; `names` of areas by (level, code), at the point farthest from the
    border; `bounds` of each drawn area in degrees.
    """

    features: Mapping[str, tuple[Feature, ...]]
    names: Mapping[AreaKey, Name]
    bounds: Mapping[AreaKey, Bounds]
    routes: tuple[Feature, ...]
    ground: Ground
    landmarks: tuple[Name, ...]
    water: tuple[Name, ...]


def _name_of(text: str, geometry: BaseGeometry) -> Name:
    circle = shapely.maximum_inscribed_circle(geometry, _NAME_TOLERANCE_DEGREES)
    middle = shapely.get_point(circle, 0)
    return Name(short_name(text), round(middle.x, 6), round(middle.y, 6))


def _water_name(name: str, geometry: BaseGeometry, bounds: Bounds) -> Name | None:
    """A river's name along its longest visible part; None where it is not in view."""
    west, south, east, north = bounds
    wide, high = (east - west) * _VIEW_MARGIN, (north - south) * _VIEW_MARGIN
    view = shapely.box(west - wide, south - high, east + wide, north + high)
    parts = [part for part in shapely.get_parts(geometry.intersection(view)) if not part.is_empty]
    if not parts:
        return None
    part = max(parts, key=lambda one: one.length)
    sides = np.diff(shapely.get_coordinates(shapely.oriented_envelope(part)), axis=0)
    if not len(sides):
        return None
    dx, dy = sides[np.argmax(np.hypot(sides[:, 0], sides[:, 1]))]
    turn = -np.degrees(np.arctan2(dy, dx * np.cos(np.radians(south))))
    at = shapely.point_on_surface(part)
    return Name(name, at.x, at.y, "water", float((turn + 90) % 180 - 90))


def _route(row: Mapping[Any, Any]) -> Feature:
    kind = str(row["zone_kind"])
    style = {"fill": False, "opacity": 0.9, **ROUTE_STYLES.get(kind, ROUTE_STYLES["courtyard"])}
    line = shapely.from_wkt(str(row["geometry"]))
    return feature(line, str(row["route_id"]), kind=kind, style=style)


def _ground_parts(
    basemap: FeatureCollection, bounds: Bounds
) -> tuple[tuple[Feature, ...], tuple[Name, ...], tuple[Name, ...]]:
    """The base map's features to draw, its landmarks and the name of its river."""
    drawn, landmarks, water = [], [], []
    for one in basemap["features"]:
        geometry = shapely.from_geojson(json.dumps(one["geometry"]))
        kind, name = one["properties"].get("kind"), str(one["properties"].get("name") or "")
        if kind == "landmark":
            landmarks.append(
                Name(_NOTE_IN_NAME.sub("", name), geometry.centroid.x, geometry.centroid.y, "landmark")
            )
            continue
        drawn.append(one)
        if kind == "river" and name and (placed := _water_name(name, geometry, bounds)):
            water.append(placed)
    return tuple(drawn), tuple(landmarks), tuple(water[:1])


def shapes_of(
    areas: pd.DataFrame, routes: pd.DataFrame, basemap: FeatureCollection, *, note: str, fallback: Bounds
) -> Shapes:
    """Everything of a map that follows from the areas, the routes and the base map.

    `basemap` is GeoJSON in WGS-84 with the properties kind (river, road, landmark, green) and
    name; `fallback` bounds the map when no area has a polygon.
    """
    is_drawn = ~shapely.is_empty(areas["geometry"].to_numpy(dtype=object))
    drawn = areas[is_drawn]
    bounds = bounds_of(drawn["geometry"]) or fallback
    ground, landmarks, water = _ground_parts(basemap, bounds)
    named = list(zip(drawn.index, drawn["name"], drawn["geometry"], strict=True))
    lines = routes.dropna(subset=["geometry"])
    return Shapes(
        features={level: area_features(drawn[drawn["level"] == level]) for level in levels_of(drawn)},
        names={key: _name_of(str(name), geometry) for key, name, geometry in named},
        bounds={key: geometry.bounds for key, _, geometry in named},
        routes=tuple(_route(row) for row in lines.to_dict("records")),
        ground=Ground(ground, bounds, note),
        landmarks=landmarks,
        water=water,
    )
