"""The ground the maps draw on: river, roads and landmarks, approximated from public points.

Road names are real; their lines run through landmarks whose position is known and are labelled
示意 like every other constructed line.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import shapely

from governance.sample.geometry import BANK_FROM_MIDSTREAM_M, STREET_PLANE
from governance.settings import BUNDLED_REFERENCE_DIR

if TYPE_CHECKING:
    from shapely.geometry import LineString
    from shapely.geometry.base import BaseGeometry

_RoadKind = Literal["main_road", "secondary_road", "riverside"]
FRAME_MARGIN_M = 450.0
RIVER_WIDTH_M = 350.0
_RIVERSIDE_INSET_M = 25.0
RIVERSIDE_ROAD = "嘉滨路"
_GREEN_RADIUS_M = 45.0

# Name, route kind, and (longitude − 106°, latitude − 29°) in 1/1000 degree.
_ROADS: tuple[tuple[str, _RoadKind, str], ...] = (
    (
        "中山四路",
        "main_road",
        "543.9,562.5 542.9,563.9 542.3,564.9 542.6,565.9 543.2,566.7 544.6,567.9 546.2,568.6",
    ),
    ("中山三路", "main_road", "543.9,562.3 544.7,561.1 545.9,559.6 546.1,558.8 545.9,557.8 545.4,556.3"),
    (
        "人民路",
        "main_road",
        "543.9,562.4 545.6,562.8 546.9,563.2 547.9,563.5 549.0,564.2 550.1,565.1 550.3,566.1",
    ),
    (
        "上清寺路",
        "main_road",
        "543.8,562.3 542.9,562.1 542.5,561.2 541.5,560.8 540.7,560.7 539.2,560.4 538.1,560.3",
    ),
    ("人民支路", "secondary_road", "550.3,565.6 549.6,566.6 549.1,567.3 548.3,567.9 546.9,568.3"),
    (
        "学田湾正街",
        "secondary_road",
        "545.7,562.7 546.6,562.3 547.4,562.2 548.0,562.3 548.4,563.0 548.7,564.0",
    ),
    ("春森路", "secondary_road", "546.2,559.3 546.3,559.8 546.8,560.8 547.3,561.6 547.4,562.1"),
    ("美专校街", "secondary_road", "543.9,562.2 543.8,561.6 543.3,561.0 542.2,561.1 541.6,560.9"),
    (
        "桂花园路",
        "secondary_road",
        "536.4,556.7 536.7,557.5 538.0,557.8 539.2,557.5 540.3,557.9 541.2,558.7 542.4,558.6",
    ),
    ("桂花园", "secondary_road", "537.7,558.9 538.3,558.0 538.2,557.2 538.6,556.5"),
    ("嘉陵桥西村", "secondary_road", "542.9,563.9 542.1,563.1 541.3,563.3 540.5,563.7 540.0,564.5"),
    ("四新路", "secondary_road", "538.1,560.3 537.5,559.6 536.8,558.8 535.9,558.1"),
    ("新都巷", "secondary_road", "539.2,560.4 539.5,560.2 539.4,559.6 539.9,558.9 541.2,558.7"),
    ("上大田湾", "secondary_road", "543.3,561.0 543.0,560.0 542.9,559.0 542.4,558.6"),
    ("国府路", "secondary_road", "544.6,567.9 545.6,566.6 546.6,565.6 546.9,563.2"),
)


@dataclass(frozen=True)
class Road:
    """A road with its route kind and its line in metres on the street's plane."""

    name: str
    kind: _RoadKind
    line: LineString


@dataclass(frozen=True)
class Landmark:
    """A named place with its position in WGS-84 degrees."""

    name: str
    kind: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Anchor:
    """A community of the statistics office's list and its approximate anchor point."""

    code: str
    name: str
    lon: float
    lat: float


def midstream() -> LineString:
    """The district's boundary towards the Jialing, about the middle of the river, in degrees."""
    text = (BUNDLED_REFERENCE_DIR / "jialing_side_boundary_wgs84.geojson").read_text(encoding="utf-8")
    return shapely.from_geojson(json.dumps(json.loads(text)["features"][0]["geometry"]))


def anchors() -> tuple[Anchor, ...]:
    """The seven communities in the order of their codes."""
    with (BUNDLED_REFERENCE_DIR / "communities.csv").open(encoding="utf-8-sig", newline="") as lines:
        return tuple(
            Anchor(
                row["community_code"],
                row["name"],
                float(row["anchor_lon_wgs84"]),
                float(row["anchor_lat_wgs84"]),
            )
            for row in csv.DictReader(lines)
        )


def landmarks() -> tuple[Landmark, ...]:
    """All public places with a known position."""
    with (BUNDLED_REFERENCE_DIR / "landmarks.csv").open(encoding="utf-8-sig", newline="") as lines:
        return tuple(
            Landmark(row["name"], row["kind"], float(row["lon_wgs84"]), float(row["lat_wgs84"]))
            for row in csv.DictReader(lines)
        )


def _line(text: str) -> LineString:
    vertices = [vertex.split(",") for vertex in text.split()]
    return shapely.LineString([(106 + float(x) / 1e3, 29 + float(y) / 1e3) for x, y in vertices])


def roads() -> tuple[Road, ...]:
    """The roads in metres; the riverside road follows the bank."""
    lines = tuple(Road(name, kind, STREET_PLANE.project(_line(text))) for name, kind, text in _ROADS)
    # The line runs downstream with the street on its right.
    bank = STREET_PLANE.project(midstream()).offset_curve(-(BANK_FROM_MIDSTREAM_M + _RIVERSIDE_INSET_M))
    return (*lines, Road(RIVERSIDE_ROAD, "riverside", bank.simplify(2.0)))


def _feature(kind: str, name: str, geometry: BaseGeometry) -> dict[str, object]:
    rounded = shapely.set_precision(geometry, 1e-6, mode="pointwise")
    return {
        "type": "Feature",
        "properties": {"kind": kind, "name": name},
        "geometry": json.loads(shapely.to_geojson(rounded)),
    }


def basemap(street: BaseGeometry) -> dict[str, object]:
    """The ground around `street` (degrees) as a FeatureCollection.

    Features have `kind` river, green, road or landmark and a `name`; the frame is the street's
    bounding box and 450 m around it.
    """
    west, south, east, north = STREET_PLANE.project(street).bounds
    margin = FRAME_MARGIN_M
    frame = shapely.box(west - margin, south - margin, east + margin, north + margin)
    stream = STREET_PLANE.project(midstream())
    landward = stream.buffer(-BANK_FROM_MIDSTREAM_M, single_sided=True)
    outward = stream.buffer(RIVER_WIDTH_M - BANK_FROM_MIDSTREAM_M, single_sided=True)
    river = shapely.union_all([landward, outward]).buffer(1).simplify(1.0).intersection(frame)
    features = [_feature("river", "嘉陵江", STREET_PLANE.unproject(river))]
    places = landmarks()
    for park in (place for place in places if place.kind == "park"):
        middle = STREET_PLANE.project(shapely.Point(park.lon, park.lat))
        green = STREET_PLANE.unproject(middle.buffer(_GREEN_RADIUS_M, quad_segs=4))
        features.append(_feature("green", park.name, green))
    for road in roads():
        within = road.line.intersection(frame)
        features.append(_feature("road", road.name, STREET_PLANE.unproject(within)))
    features += [_feature("landmark", place.name, shapely.Point(place.lon, place.lat)) for place in places]
    return {"type": "FeatureCollection", "features": features}
