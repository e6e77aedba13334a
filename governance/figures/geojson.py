"""Geometry as GeoJSON for the browser: plain dicts, six decimals, nothing that is not drawn."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    Feature = dict[str, Any]
    FeatureCollection = dict[str, Any]

DECIMALS = 6
Bounds = tuple[float, float, float, float]


def geometry_dict(geometry: BaseGeometry) -> dict[str, Any]:
    """A geometry in degrees as a GeoJSON dict, rounded to about 0.1 m."""
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, DECIMALS))
    found: dict[str, Any] = json.loads(shapely.to_geojson(rounded))
    return found


def feature(geometry: BaseGeometry, key: str, **properties: object) -> Feature:
    """One feature with an id."""
    return {"type": "Feature", "id": key, "properties": properties, "geometry": geometry_dict(geometry)}


def collection(features: Iterable[Feature]) -> FeatureCollection:
    """Features as one collection."""
    return {"type": "FeatureCollection", "features": list(features)}


def area_features(areas: pd.DataFrame) -> tuple[Feature, ...]:
    """The drawn areas of an area table; the id is the code."""
    rows = zip(areas["code"], areas["geometry"], strict=True)
    return tuple(feature(geometry, str(code)) for code, geometry in rows if not geometry.is_empty)


def with_properties(
    features: Iterable[Feature], properties: Mapping[str, Mapping[str, object]]
) -> list[Feature]:
    """The same geometries with the properties found under their ids; the input stays as it is."""
    return [{**one, "properties": properties[one["id"]]} for one in features]


def markup(text: str) -> str:
    """A text from data as HTML.

    Braces are entities too, because folium reads finished scripts as templates once more.
    """
    return escape(text).replace("{", "&#123;").replace("}", "&#125;")


def bounds_of(geometries: Iterable[BaseGeometry]) -> Bounds | None:
    """West, south, east, north in degrees; None when there is nothing to draw."""
    drawn = [geometry for geometry in geometries if not geometry.is_empty]
    if not drawn:
        return None
    west, south, east, north = shapely.total_bounds(np.array(drawn, dtype=object))
    return float(west), float(south), float(east), float(north)
