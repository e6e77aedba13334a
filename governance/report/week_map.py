"""The map of a slide as shapes: time since the last visit, in multiples of the limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import shapely

from governance.figures.place_words import short_name
from governance.figures.since_map import CLASSES, class_of
from governance.metrics.areas import area_table
from governance.report.model import Area, AreaMap
from governance.text import t

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from governance.records.dataset import Dataset

Ring = tuple[tuple[float, float], ...]
_BASEMAP = "basemap.geojson"
_TOLERANCE_DEGREES = 2e-6
_NAME_TOLERANCE_DEGREES = 5e-5
# Beyond the street the map shows so much of the river, as a share of its size.
_MARGIN = 0.08


def since_area_map(dataset: Dataset, since: pd.DataFrame) -> AreaMap | None:
    """The micro-grids by the legend's class; None without boundaries or visits."""
    areas = area_table(dataset.frame("communities"), dataset.frame("grids"), dataset.frame("microgrids"))
    drawn = areas[~shapely.is_empty(areas["geometry"].to_numpy(dtype=object))]
    cells = drawn[drawn["level"] == "microgrid"]
    if since.empty or cells.empty:
        return None
    classes = dict(zip(since["microgrid_code"].astype(str), class_of(since), strict=True))
    borders = drawn[drawn["level"] == "community"]
    counts = {name: sum(found == name for found in classes.values()) for name in CLASSES}
    shown = [name for name in CLASSES if name != "no_limit" or counts[name]]
    return AreaMap(
        areas=tuple(_area(row, classes.get(str(row["code"]), "no_data")) for _, row in cells.iterrows()),
        borders=tuple(_area(row, "") for _, row in borders.iterrows()),
        names=tuple(_name(row) for _, row in borders.iterrows()),
        legend=tuple((name, t(f"since.class.{name}"), counts[name]) for name in shown),
        note=t("slides.coverage.map_note" if dataset.is_schematic else "slides.coverage.map_note_real"),
        water=_water(dataset, drawn["geometry"]),
    )


def _area(row: pd.Series, class_: str) -> Area:
    return Area(str(row["code"]), str(row["name"]), _rings(row["geometry"]), class_)


def _rings(geometry: BaseGeometry) -> tuple[Ring, ...]:
    """Outer rings and holes, thinned to what a screen shows."""
    parts = shapely.get_parts(shapely.simplify(geometry, _TOLERANCE_DEGREES))
    rings = [
        ring for part in parts if part.geom_type == "Polygon" for ring in (part.exterior, *part.interiors)
    ]
    return tuple(tuple((round(x, 6), round(y, 6)) for x, y in ring.coords) for ring in rings)


def _name(row: pd.Series) -> tuple[str, float, float]:
    circle = shapely.maximum_inscribed_circle(row["geometry"], _NAME_TOLERANCE_DEGREES)
    middle = shapely.get_point(circle, 0)
    return short_name(str(row["name"])), round(middle.x, 6), round(middle.y, 6)


def _water(dataset: Dataset, shapes: pd.Series) -> tuple[Ring, ...]:
    """The river of the base map, cut around the street; nothing without a base map."""
    path = dataset.data_dir / "reference" / _BASEMAP
    if not path.is_file():
        return ()
    west, south, east, north = shapely.total_bounds(shapes.to_numpy(dtype=object))
    wide, high = (east - west) * _MARGIN, (north - south) * _MARGIN
    view = shapely.box(west - wide, south - high, east + wide, north + high)
    rings: list[Ring] = []
    for one in json.loads(path.read_text(encoding="utf-8"))["features"]:
        if one["properties"].get("kind") == "river":
            found = shapely.from_geojson(json.dumps(one["geometry"])).intersection(view)
            rings += [ring for part in shapely.get_parts(found) if part.area > 0 for ring in _rings(part)]
    return tuple(rings)
