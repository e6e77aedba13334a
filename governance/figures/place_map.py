"""The map of one measure: areas in classes, lines of every level, names, cases, routes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from governance.figures.geojson import feature, markup, with_properties
from governance.figures.maps import Layers, area_style
from governance.figures.place_words import measure_label, readings_of, scale_of
from governance.figures.theme import LIGHT
from governance.metrics.areas import LEVELS, STREET_KEY, children_of, path_to, with_parents
from governance.metrics.classes import classified
from governance.metrics.places import is_too_few
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.figures.geojson import Bounds, Feature
    from governance.figures.map_shapes import Shapes
    from governance.figures.maps import Name
    from governance.figures.place_words import Reading, Scale
    from governance.metrics.areas import AreaKey, Level
    from governance.metrics.classes import AreaClass

    Row = Mapping[Any, Any]

MAX_SINGLE_CASES = 600
CASE_CELLS = 40
_CLOSED = {"fill": True, "fillColor": LIGHT.ink_2, "color": LIGHT.card}
_OPEN = {"fill": True, "fillColor": LIGHT.orange, "color": LIGHT.ink_2}


@dataclass(frozen=True)
class Choice:
    """What is looked at: the measure, the level that is coloured, the area shown."""

    measure: str
    level: Level
    shown: AreaKey = STREET_KEY
    small_n: int = 20
    is_with_cases: bool = True
    is_with_routes: bool = False
    opacity: float = 1.0


@dataclass(frozen=True)
class PlaceMap:
    """The layers of one view, the classes of its legend and the unit they are written in."""

    layers: Layers
    classes: tuple[AreaClass, ...]
    scale: Scale


def _tip(name: str, code: str, reading: Reading, scale: Scale, *, small_n: int) -> str:
    words = reading.words(scale, small_n=small_n)
    more = f"（{reading.counts}）" if reading.counts and reading.counts != words else ""
    told = t("measures.no_data") if words == "—" else words + more
    shown_code = "" if name == code else f"　{markup(code)}"
    return f"<b>{markup(name)}</b>{shown_code}<br>{markup(measure_label(reading.measure))} {markup(told)}"


def _codes_inside(areas: pd.DataFrame, choice: Choice) -> set[str]:
    """The codes of the coloured level that lie in the shown area, or that hold it."""
    level, code = choice.shown
    of_level = areas.loc[areas["level"] == choice.level, ["code"]].reset_index(drop=True)
    if choice.shown == STREET_KEY:
        return set(of_level["code"])
    if LEVELS.index(level) >= LEVELS.index(choice.level):
        return {held for at, held in path_to(areas, choice.shown) if at == choice.level}
    codes = with_parents(of_level.rename(columns={"code": f"{choice.level}_code"}), areas)
    return set(of_level["code"][(codes[level] == code).to_numpy(dtype=bool, na_value=False)])


def _coloured(shapes: Shapes, areas: pd.DataFrame, rows: pd.DataFrame, choice: Choice) -> PlaceMap:
    """The areas of the coloured level with style and tip, and their classes."""
    drawn = {one["id"] for one in shapes.features.get(choice.level, ())}
    rows = rows[rows["code"].isin(drawn)].reset_index(drop=True)
    scale = scale_of(choice.measure, rows["value"])
    number, classes = classified(scale.as_written(rows["value"]), is_too_few(rows, small_n=choice.small_n))
    inside = _codes_inside(areas, choice)
    readings = readings_of(rows, choice.measure)
    properties = {}
    for name, code, place in zip(rows["name"], rows["code"], number, strict=True):
        tip = _tip(name, code, readings[(choice.level, code)], scale, small_n=choice.small_n)
        style = area_style(
            classes[place], level=choice.level, is_faded=code not in inside, opacity=choice.opacity
        )
        properties[code] = {"style": style, "tip": tip}
    # Areas with 0 come last, so that their hairline is not covered by a neighbour's white edge.
    zeros = set(rows["code"][rows["value"] == 0])
    features = (one for one in shapes.features.get(choice.level, ()) if one["id"] in properties)
    chosen = sorted(features, key=lambda one: one["id"] in zeros)
    layers = Layers(with_properties(chosen, properties), shapes.ground.bounds, "street")
    return PlaceMap(layers, classes, scale)


def _lines(shapes: Shapes, choice: Choice) -> dict[str, tuple[Feature, ...]]:
    """Borders of the levels above the coloured one, and around the shown area."""
    coarser = LEVELS[1 : LEVELS.index(choice.level)]
    lines: dict[str, tuple[Feature, ...]] = {
        level: shapes.features.get(level, ()) for level in reversed(coarser)
    }
    if choice.level == "community":
        lines["community"] = shapes.features.get("community", ())
    level, code = choice.shown
    lines["shown"] = tuple(one for one in shapes.features.get(level, ()) if one["id"] == code)
    return lines


def _part_name(shapes: Shapes, key: AreaKey, holder: str) -> Name:
    """A part's name without the name of the area that holds it."""
    name = shapes.names[key]
    return replace(name, text=name.text.removeprefix(holder) or name.text, style="part")


def _names(shapes: Shapes, areas: pd.DataFrame, shown: AreaKey) -> tuple[Name, ...]:
    """The coarsest areas by name; in a shown area its parts, and in a small one its landmarks."""
    tops = [key for key in children_of(areas, STREET_KEY).index if key in shapes.names]
    path = path_to(areas, shown)
    names = [shapes.names[key] for key in tops if key not in path]
    if shown != STREET_KEY and shown in shapes.names:
        parts = [key for key in children_of(areas, shown).index if key in shapes.names]
        names += [_part_name(shapes, key, shapes.names[shown].text) for key in parts]
    if shown in shapes.names and shown not in tops:
        outline = areas["geometry"].loc[[shown]].iloc[0]
        names += [one for one in shapes.landmarks if shapely.contains_xy(outline, one.lon, one.lat)]
    return (*names, *shapes.water)


def case_features(cases: pd.DataFrame, bounds: Bounds) -> list[Feature]:
    """Cases as dots; from MAX_SINGLE_CASES on, added up in square cells whose dots grow with them.

    `cases` has incident_id, lon, lat, category, reported_at, is_open.
    """
    placed = cases.dropna(subset=["lon", "lat"])
    if len(placed) <= MAX_SINGLE_CASES:
        return [_dot(row) for row in placed.to_dict("records")]
    west, south, east, north = bounds
    step = max(east - west, north - south) / CASE_CELLS or 1e-4
    cell = pd.DataFrame(
        {
            "x": ((placed["lon"] - west) // step).astype(int),
            "y": ((placed["lat"] - south) // step).astype(int),
        }
    )
    grouped = placed[["lon", "lat"]].assign(n=1).groupby([cell["x"], cell["y"]])
    sums = grouped.agg({"lon": "mean", "lat": "mean", "n": "size"}).reset_index(drop=True)
    largest = float(sums["n"].max())
    return [_bubble(row, largest) for row in sums.to_dict("records")]


def _dot(row: Row) -> Feature:
    style = (_OPEN if row["is_open"] else _CLOSED) | {"weight": 1, "fillOpacity": 1, "radius": 4}
    words = t("map.open_case") if row["is_open"] else t("map.closed_case")
    at = row["reported_at"]
    category = row["category"] if isinstance(row["category"], str) else ""
    when = t("map.case_at", month=at.month, day=at.day, clock=f"{at:%H:%M}")
    tip = f"{markup(category)}　{markup(words)}<br>{when}"
    return feature(_point(row), f"case-{row['incident_id']}", tip=tip, style=style)


def _bubble(row: Row, largest: float) -> Feature:
    n = int(row["n"])
    style = _CLOSED | {
        "weight": 1,
        "fillOpacity": 0.75,
        "radius": round(2.5 + 9 * float(np.sqrt(n / largest)), 1),
    }
    at = _point(row)
    return feature(at, f"cell-{at.x:.6f}-{at.y:.6f}", tip=markup(t("map.cases_n", n=f"{n:,}")), style=style)


def _point(row: Row) -> shapely.Point:
    return shapely.Point(row["lon"], row["lat"])


def place_map(
    shapes: Shapes, areas: pd.DataFrame, measures: pd.DataFrame, cases: pd.DataFrame, choice: Choice
) -> PlaceMap:
    """The map of one measure over the areas of one level, turned to the shown area.

    `measures` is the long table of `place_measures`; classes are those of the whole street, so
    that a shade means the same wherever one has clicked.
    """
    rows = measures[(measures["measure"] == choice.measure) & (measures["level"] == choice.level)]
    drawn = _coloured(shapes, areas, rows, choice)
    view = shapes.bounds.get(choice.shown, shapes.ground.bounds)
    layers = Layers(
        areas=drawn.layers.areas,
        view=view,
        view_key="/".join(choice.shown),
        lines=_lines(shapes, choice),
        routes=shapes.routes if choice.is_with_routes else (),
        cases=case_features(cases, view) if choice.is_with_cases else (),
        names=_names(shapes, areas, choice.shown),
    )
    return replace(drawn, layers=layers)
