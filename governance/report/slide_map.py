"""The map of a slide: only what is over its limit, never visited or without data is coloured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from governance.report.slide_parts import NOTE_SIZES, fitted, room_of

if TYPE_CHECKING:
    from governance.report.model import Area, AreaMap

# Darker means longer, also in grey print; every other class is as the ground of the areas.
FILLS = {
    "up_to_2": "var(--orange)",
    "over_2": "var(--plum)",
    "never": "url(#slide-never)",
    "no_data": "url(#slide-no-data)",
}
_LEGEND_ROOM, _NOTE_SIZE, _NAME_SIZE, _MARGIN = 84, 36, 44, 14


@dataclass(frozen=True)
class _View:
    """Degrees to units: the east–west axis shortened by the latitude, north up, in the middle."""

    west: float
    north: float
    scale: float
    squeeze: float
    left: float
    top: float

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        x = (longitude - self.west) * self.squeeze * self.scale + self.left
        return x, (self.north - latitude) * self.scale + self.top

    def path(self, rings: tuple[tuple[tuple[float, float], ...], ...]) -> str:
        parts = (" ".join("{:.1f},{:.1f}".format(*self.at(*point)) for point in ring) for ring in rings)
        return "".join(f"M{part}Z" for part in parts if part)


def _view_of(areas: tuple[Area, ...], width: float, height: float) -> _View | None:
    points = [point for area in areas for ring in area.rings for point in ring]
    if not points:
        return None
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, high = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = min((width - 2 * _MARGIN) / wide, (height - 2 * _MARGIN) / high)
    return _View(west, north, scale, squeeze, (width - wide * scale) / 2, (height - high * scale) / 2)


def map_html(drawn: AreaMap, *, width: int, height: int) -> str:
    """The map with its names, what the colours mean and how many areas each has."""
    high = height - _LEGEND_ROOM
    view = _view_of((*drawn.areas, *drawn.borders), width, high)
    if view is None:
        return ""
    water = "".join(f'<path d="{view.path((ring,))}" class="water"/>' for ring in drawn.water)
    areas = "".join(
        f'<path d="{view.path(area.rings)}" style="fill:{FILLS.get(area.class_, "var(--area)")}"/>'
        for area in drawn.areas
    )
    borders = "".join(f'<path d="{view.path(area.rings)}"/>' for area in drawn.borders)
    names = "".join(_name_svg(view, name, x, y, width) for name, x, y in drawn.names)
    return (
        f'<div class="map"><svg class="drawn" viewBox="0 0 {width} {high}" style="--w:{width};--h:{high}"'
        f' role="img" aria-label="{escape(drawn.note)}">{water}<g class="areas">{areas}</g>'
        f'<g class="borders">{borders}</g><g class="names">{names}</g>{_note_svg(drawn.note, width, high)}'
        f"</svg>{_legend_html(drawn, width)}</div>"
    )


def _name_svg(view: _View, name: str, longitude: float, latitude: float, width: float) -> str:
    x, y = view.at(longitude, latitude)
    half = room_of(name, _NAME_SIZE) / 2
    x = min(max(x, half), width - half)
    return f'<text x="{x:.1f}" y="{y + _NAME_SIZE * 0.36:.1f}">{escape(name)}</text>'


def _note_svg(note: str, width: float, height: float) -> str:
    """The note in the corner, one line a part."""
    parts = [
        part.strip() for part in note.replace("；", "。").replace("，", "。").split("。") if part.strip()
    ]
    lines = [fitted(part, width / 2, (_NOTE_SIZE, 34))[0] for part in parts[-2:]]
    start = height - 12 - (len(lines) - 1) * _NOTE_SIZE * 1.3
    return "".join(
        f'<text class="note" x="{width - 4}" y="{start + n * _NOTE_SIZE * 1.3:.1f}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )


def _legend_html(drawn: AreaMap, width: int) -> str:
    shown = [(key, f"{words} {count}") for key, words, count in drawn.legend if key in FILLS]
    if not shown:
        return ""
    rooms = width - len(shown) * 46 - (len(shown) - 1) * 20
    _, size = fitted("".join(words for _, words in shown), rooms, NOTE_SIZES)
    boxes = "".join(
        f'<span><svg class="drawn" viewBox="0 0 34 34" style="--w:34;--h:34" aria-hidden="true">'
        f'<rect x="2" y="2" width="30" height="30" style="fill:{FILLS[key]}" class="swatch"/></svg>'
        f"{escape(words)}</span>"
        for key, words in shown
    )
    return f'<div class="legend" style="--s:{size};--h:{_LEGEND_ROOM}">{boxes}</div>'
