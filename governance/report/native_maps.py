"""A map as PowerPoint's own shapes: one freeform an area, grouped, so that it can be recoloured by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt

from governance.figures.theme import LIGHT, MULTIPLE_STEPS
from governance.report.deck import LEAST_PT, Box, Face, add_block, add_text, colour_of, describe, flatten
from governance.report.native_marks import pattern_fill
from governance.report.wording import width_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pptx.shapes.autoshape import Shape
    from pptx.shapes.shapetree import GroupShapes, _BaseGroupShapes

    from governance.report.model import AreaMap

Ring = tuple[tuple[float, float], ...]
# On a slide only what is over its limit, never seen or unknown has a colour of its own.
_FILLS: Mapping[str, str] = {
    "up_to_2": MULTIPLE_STEPS[3],
    "over_2": MULTIPLE_STEPS[4],
    "never": "stripes",
    "no_data": "dots",
}
_WITHIN = MULTIPLE_STEPS[0]
_LEGEND_PX, _NOTE_PX, _NAME_PT, _NAME_PX = 46, 40, 20, 50
_CORNERS_PER_PX = 20


@dataclass(frozen=True)
class Frame:
    """How degrees become corners of a drawing: metres true to each other, fitted into a box."""

    west: float
    north: float
    east_scale: float
    scale: float
    box: Box

    @classmethod
    def around(cls, points: Iterable[tuple[float, float]], box: Box) -> Frame:
        """The frame that puts all points into a box, in its middle."""
        lons, lats = zip(*points, strict=True)
        west, east, south, north = min(lons), max(lons), min(lats), max(lats)
        east_scale = math.cos(math.radians((south + north) / 2))
        width, height = max((east - west) * east_scale, 1e-9), max(north - south, 1e-9)
        scale = min(box.w / width, box.h / height)
        left, top = box.x + (box.w - width * scale) / 2, box.y + (box.h - height * scale) / 2
        return cls(west, north, east_scale, scale, Box(left, top, width * scale, height * scale))

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """A place on the slide, in lines of the screen."""
        return (
            self.box.x + (lon - self.west) * self.east_scale * self.scale,
            self.box.y + (self.north - lat) * self.scale,
        )


def add_map(shapes: _BaseGroupShapes, area_map: AreaMap, box: Box) -> None:
    """Water, areas, borders and names in one group; legend and note below it."""
    entries = tuple(entry for entry in area_map.legend if entry[2])
    lines_n = _legend_lines(entries, box)
    drawn = box.top(box.h - lines_n * _LEGEND_PX - _NOTE_PX - 14)
    rings = [ring for area in (*area_map.areas, *area_map.borders) for ring in area.rings]
    points = [point for ring in rings for point in ring]
    if points:
        frame = Frame.around(points, drawn)
        group = shapes.add_group_shape()
        for ring in area_map.water:
            _add_water(group.shapes, ring, frame, drawn)
        for area in area_map.areas:
            shape = _add_area(group.shapes, area.rings, frame)
            describe(shape, area.name or area.code, _class_words(area_map, area.class_))
            _fill(shape, _FILLS.get(area.class_, _WITHIN))
            shape.line.color.rgb, shape.line.width = colour_of(LIGHT.card), Pt(0.5)
        for border in area_map.borders:
            shape = _add_area(group.shapes, border.rings, frame)
            describe(shape, border.name or border.code, border.name)
            shape.fill.background()
            shape.line.color.rgb, shape.line.width = colour_of(LIGHT.ink), Pt(1.5)
        for name, lon, lat in area_map.names:
            _add_name(group.shapes, name, *frame.at(lon, lat))
    _add_legend(shapes, entries, box.below(box.h - lines_n * _LEGEND_PX - _NOTE_PX))
    note = Box(box.x, box.y + box.h - _NOTE_PX, box.w, _NOTE_PX)
    add_text(shapes, note, area_map.note, Face(LEAST_PT, LIGHT.ink_2))


def _class_words(area_map: AreaMap, class_: str) -> str:
    return next((words for key, words, _ in area_map.legend if key == class_), "")


def _add_area(shapes: GroupShapes, rings: tuple[Ring, ...], frame: Frame) -> Shape:
    """One freeform; its inner rings are holes."""
    corners = [
        [tuple(round(value * _CORNERS_PER_PX) for value in frame.at(*point)) for point in ring]
        for ring in rings
    ]
    builder = shapes.build_freeform(*corners[0][0], scale=6350 / _CORNERS_PER_PX)
    for number, ring in enumerate(corners):
        if number:
            builder.move_to(*ring[0])
        builder.add_line_segments(ring[1:], close=True)
    shape = builder.convert_to_shape()
    flatten(shape)
    return shape


def _add_water(shapes: GroupShapes, ring: Ring, frame: Frame, drawn: Box) -> None:
    """Water, cut at the edges of the drawing."""
    from shapely import Polygon, box

    edge = box(drawn.x, drawn.y, drawn.x + drawn.w, drawn.y + drawn.h)
    seen = Polygon([frame.at(*point) for point in ring]).buffer(0).intersection(edge)
    for part in getattr(seen, "geoms", [seen]):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        corners = [tuple(round(value * _CORNERS_PER_PX) for value in point) for point in part.exterior.coords]
        builder = shapes.build_freeform(*corners[0], scale=6350 / _CORNERS_PER_PX)
        builder.add_line_segments(corners[1:], close=True)
        shape = builder.convert_to_shape()
        _fill(shape, LIGHT.water)
        shape.line.fill.background()
        flatten(shape)


def _fill(shape: Shape, name: str) -> None:
    if name in ("stripes", "dots"):
        pattern_fill(shape.fill, name)
        return
    shape.fill.solid()
    shape.fill.fore_color.rgb = colour_of(name)


def _add_name(shapes: GroupShapes, name: str, x: float, y: float) -> None:
    """A name on a veil of white, so that it reads on any colour."""
    width = width_of(name) * _NAME_PT * 2 + 12
    place = Box(x - width / 2, y - _NAME_PX / 2, width, _NAME_PX)
    face = Face(_NAME_PT, is_bold=True, align=PP_ALIGN.CENTER, anchor=MSO_ANCHOR.MIDDLE)
    shape = add_text(shapes, place, name, face, name=name)
    shape.fill.solid()
    shape.fill.fore_color.rgb = colour_of(LIGHT.card)
    solid = shape._element.spPr.find(f"{qn('a:solidFill')}/{qn('a:srgbClr')}")
    solid.append(parse_xml(f'<a:alpha {nsdecls("a")} val="72000"/>'))


# ------------------------------------------------------------------------------ legend
def _entry_px(words: str, count: int) -> float:
    return 36 + 12 + width_of(f"{words} {count}") * LEAST_PT * 2 + 34


def _legend_lines(entries: Iterable[tuple[str, str, int]], box: Box) -> int:
    lines, x = 1, 0.0
    for _, words, count in entries:
        if x and x + _entry_px(words, count) > box.w:
            lines, x = lines + 1, 0.0
        x += _entry_px(words, count)
    return lines


def _add_legend(shapes: _BaseGroupShapes, entries: Iterable[tuple[str, str, int]], box: Box) -> None:
    """A box, words and count for each class that occurs."""
    x, y = box.x, box.y
    for class_, words, count in entries:
        wide = _entry_px(words, count)
        if x > box.x and x + wide > box.x + box.w:
            x, y = box.x, y + _LEGEND_PX
        mark = add_block(shapes, Box(x, y + 6, 32, 32), _WITHIN)
        _fill(mark, _FILLS.get(class_, _WITHIN))
        mark.line.color.rgb, mark.line.width = colour_of(LIGHT.rule), Pt(0.75)
        add_text(shapes, Box(x + 44, y, wide - 44, 44), f"{words} {count}", Face(anchor=MSO_ANCHOR.MIDDLE))
        x += wide
