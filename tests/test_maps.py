"""The builders of the map: nothing from outside, nothing unescaped, every area in one box."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import folium
import pandas as pd
import pytest
import shapely

from governance.figures.geojson import bounds_of, geometry_dict
from governance.figures.map_legend import legend_html
from governance.figures.map_shapes import shapes_of
from governance.figures.maps import (
    FEW_FILL,
    NO_DATA_FILL,
    LeafletFiles,
    Tiles,
    base_map,
    changing_layers,
    fill_of,
)
from governance.figures.place_map import MAX_SINGLE_CASES, Choice, case_features, place_map
from governance.figures.place_words import Reading, scale_of
from governance.figures.theme import LIGHT, SEQUENCE_STEPS
from governance.metrics.areas import area_table
from governance.metrics.classes import AreaClass, classified
from governance.metrics.places import MEASURES
from governance.records.dataset import empty_frame

EVIL = "<img src=x onerror=alert(1)>'\"</script>{{7*7}}{% x %}{# "
LEAFLET = LeafletFiles(js="../leaflet/leaflet.js", css="../leaflet/leaflet.css")
NOTE = "示意：界线为构造"
BOX = (106.54, 29.56, 106.545, 29.565)


def frame(kind, rows):
    empty = empty_frame(kind)
    return pd.DataFrame(rows, columns=empty.columns).astype(
        {name: type_ for name, type_ in empty.dtypes.items() if name != "row"}
    )


def street(names=("学田湾社区", "春森路社区"), suffix=""):
    microgrids = []
    for number in range(12):
        west, south = 106.54 + 0.001 * (number % 4), 29.56 + 0.001 * (number // 4)
        code = f"M{number:02d}{suffix}"
        cell = shapely.box(west, south, west + 0.001, south + 0.001).wkt
        microgrids.append(
            {"microgrid_code": code, "name": code, "grid_code": f"G{number % 4}", "geometry": cell}
        )
    grids = [{"grid_code": f"G{n}", "name": f"第{n}网格", "community_code": f"C{n // 2}"} for n in range(4)]
    communities = [{"community_code": f"C{n}", "name": name} for n, name in enumerate(names)]
    return area_table(
        frame("communities", communities), frame("grids", grids), frame("microgrids", microgrids)
    )


def basemap(name="嘉陵江"):
    river = shapely.box(106.53, 29.563, 106.56, 29.57)
    metro = shapely.Point(106.5405, 29.5605)
    features = [("river", name, river), ("landmark", f"{name}(轨道站)", metro)]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"kind": kind, "name": name}, "geometry": geometry_dict(shape)}
            for kind, name, shape in features
        ],
    }


def measures_of(areas, values):
    """Every measure of every area with the same values, one an area of a level."""
    parts = []
    for _, rows in areas.reset_index(drop=True).groupby("level"):
        part = rows[["level", "code", "name", "parent_code"]].assign(
            value=[values[place % len(values)] for place in range(len(rows))]
        )
        parts += [part.assign(measure=one.key, numerator_n=30, denominator_n=40) for one in MEASURES]
    table = pd.concat(parts, ignore_index=True)
    return table.astype({"value": "float64", "numerator_n": "Int64", "denominator_n": "Int64"})


def cases(n=3, category="市容环境"):
    at = pd.Timestamp("2023-09-12 08:30", tz="Asia/Shanghai")
    return pd.DataFrame(
        {
            "incident_id": [str(number) for number in range(n)],
            "lon": [106.5405 + 1e-6 * (number % 700) for number in range(n)],
            "lat": 29.5605,
            "category": category,
            "reported_at": at,
            "is_open": [number % 2 == 0 for number in range(n)],
        }
    )


def shapes(areas, ground=None, routes=None):
    lines = routes if routes is not None else empty_frame("routes")
    return shapes_of(areas, lines, ground or basemap(), note=NOTE, fallback=BOX)


def rendered(drawn, shown, tiles=None):
    map_ = base_map(shown.ground, leaflet=LEAFLET, tiles=tiles)
    changing_layers(drawn.layers).add_to(map_)
    return map_.get_root().render()


def outside_addresses(html):
    found = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'<]*", html))
    return {one for one in found if "www.w3.org" not in one}


@pytest.mark.parametrize("level", ["community", "grid", "microgrid"])
def test_no_map_names_an_address_outside(level):
    areas = street()
    routes = frame(
        "routes",
        [
            {
                "route_id": "R1",
                "name": "中山四路",
                "zone_kind": "main_road",
                "geometry": "LINESTRING (106.54 29.56, 106.542 29.562)",
            }
        ],
    )
    shown = shapes(areas, routes=routes)
    choice = Choice("public_share", level, ("community", "C0"), is_with_routes=True)
    drawn = place_map(shown, areas, measures_of(areas, [0.0, 0.4, 3.0, None]), cases(), choice)
    html = rendered(drawn, shown)
    assert outside_addresses(html) == set()
    assert LEAFLET.js in html
    assert "L.tileLayer" not in html


def test_tiles_come_only_from_the_office_that_names_them():
    areas = street()
    shown = shapes(areas)
    drawn = place_map(shown, areas, measures_of(areas, [1.0]), cases(), Choice("reported_n", "grid"))
    html = rendered(drawn, shown, Tiles("http://10.0.0.8/{z}/{x}/{y}.png", EVIL))
    assert "http://10.0.0.8/{z}/{x}/{y}.png" in html
    assert "<img" not in html


def test_names_from_data_stay_text():
    areas = street(names=(EVIL, "春森路社区"), suffix=EVIL)
    shown = shapes(areas, ground=basemap(EVIL))
    choice = Choice("reported_n", "microgrid", ("microgrid", f"M00{EVIL}"))
    drawn = place_map(shown, areas, measures_of(areas, [1.0]), cases(category=EVIL), choice)
    html = rendered(drawn, shown)
    assert "<img" not in html
    assert "</script>{" not in html
    tips = [one["properties"]["tip"] for one in drawn.layers.areas]
    tips += [one["properties"]["tip"] for one in drawn.layers.cases]
    assert all("<img" not in tip for tip in tips)
    assert any("&lt;img" in tip for tip in tips)


@pytest.mark.parametrize("key", [measure.key for measure in MEASURES])
def test_the_legend_counts_every_drawn_area_once(key):
    areas = street()
    shown = shapes(areas)
    table = measures_of(areas, [0.0, 0.1, 0.2, 7.0, None, 0.3, 12.0])
    drawn = place_map(shown, areas, table, cases(), Choice(key, "microgrid"))
    assert sum(class_.areas_n for class_ in drawn.classes) == 12 == len(drawn.layers.areas)
    html = legend_html(drawn.classes, drawn.scale, small_n=20)
    labels = re.findall(r'white-space:nowrap">([^<]*)<', html)
    assert len(labels) == len(drawn.classes) == len(set(labels))
    fills = [fill_of(class_) for class_ in drawn.classes]
    assert len(set(fills)) == len(fills)
    assert set(re.findall(r'fill="([^"]+)" stroke="#CFC6B6"', html)) == set(fills)


def test_values_that_read_the_same_share_a_class():
    scale = scale_of("closed_median_min", [150.0, 312.0])
    values = pd.Series([139.8, 140.2, 191.0, 211.1, 210.9, 312.0])
    _, classes = classified(scale.as_written(values), pd.Series(False, index=values.index))
    written = [scale.number(class_.low) for class_ in classes]
    assert written == ["2.3", "3.2", "3.5", "5.2"]
    rates = scale_of("reported_per_100_households", [0.01, 4.0])
    assert rates.as_written(pd.Series([0.01, 0.0])).tolist() == [0.1, 0.0]


def test_darker_means_more_and_what_is_not_known_is_hatched():
    shades = [fill_of(AreaClass("range", 1, 1, 1, place / 4)) for place in range(5)]
    assert tuple(shades) == SEQUENCE_STEPS
    assert fill_of(AreaClass("zero", 1)) == LIGHT.card
    assert fill_of(AreaClass("none", 1)) == NO_DATA_FILL
    assert fill_of(AreaClass("few", 1)) == FEW_FILL


def test_a_shown_area_fades_the_others_and_turns_the_map():
    areas = street()
    shown = shapes(areas)
    choice = Choice("reported_n", "microgrid", ("grid", "G1"))
    drawn = place_map(shown, areas, measures_of(areas, [1.0, 2.0]), cases(), choice)
    opacity = {one["id"]: one["properties"]["style"]["fillOpacity"] for one in drawn.layers.areas}
    assert {code for code, value in opacity.items() if value == 1.0} == {"M01", "M05", "M09"}
    assert drawn.layers.view == pytest.approx((106.541, 29.56, 106.542, 29.563))
    assert [one["id"] for one in drawn.layers.lines["shown"]] == ["G1"]
    street_view = place_map(
        shown, areas, measures_of(areas, [1.0]), cases(), replace(choice, shown=("street", ""))
    )
    assert street_view.layers.view == shown.ground.bounds
    assert [name.text for name in street_view.layers.names] == ["学田湾", "春森路", "嘉陵江"]


def test_cases_are_dots_until_they_are_many():
    few = case_features(cases(MAX_SINGLE_CASES), BOX)
    many = case_features(cases(MAX_SINGLE_CASES + 1), BOX)
    assert len(few) == MAX_SINGLE_CASES
    assert len(many) < MAX_SINGLE_CASES / 10
    told = [int(re.search(r"\d+", one["properties"]["tip"])[0]) for one in many]
    assert sum(told) == MAX_SINGLE_CASES + 1


def test_a_folder_without_areas_draws_its_cases_in_the_given_box():
    nothing = area_table(*(empty_frame(kind) for kind in ("communities", "grids", "microgrids")))
    shown = shapes(nothing, ground={"type": "FeatureCollection", "features": []})
    empty = pd.DataFrame(
        columns=["level", "code", "name", "parent_code", "measure", "value", "numerator_n", "denominator_n"]
    )
    table = empty.astype({"value": "float64", "numerator_n": "Int64", "denominator_n": "Int64"})
    drawn = place_map(shown, nothing, table, cases(), Choice("reported_n", "microgrid"))
    assert drawn.classes == ()
    assert drawn.layers.view == BOX
    assert len(drawn.layers.cases) == 3
    assert outside_addresses(rendered(drawn, shown)) == set()


def test_the_map_is_small_and_rounded():
    areas = street()
    shown = shapes(areas)
    text = json.dumps([one["geometry"] for one in shown.features["microgrid"]])
    assert max(len(number.split(".")[1]) for number in re.findall(r"\d+\.\d+", text)) <= 6
    assert bounds_of([shapely.Polygon()]) is None
    assert isinstance(base_map(shown.ground, leaflet=LEAFLET), folium.Map)


def test_few_cases_are_written_as_what_they_rest_on():
    scale = scale_of("public_share", [0.25])
    assert Reading("public_share", 0.25, 1, 4).words(scale, small_n=20) == "1 / 4"
    assert Reading("public_share", 0.25, 10, 40).words(scale, small_n=20) == "25.0%"
    assert Reading("public_share", float("nan"), 0, 0).words(scale, small_n=20) == "—"
    assert scale_of("closed_median_min", [50.0]).text(50.0) == "50.0 分钟"
    assert scale_of("closed_median_min", [90.0, 3000.0]).text(90.0) == "0.1 天"
