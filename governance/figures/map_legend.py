"""The legend of an area map: equal boxes, the count of areas under each."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from governance.figures.map_parts import PATTERN_DEFS
from governance.figures.maps import ROUTE_STYLES, fill_of
from governance.figures.place_words import class_label
from governance.figures.theme import LIGHT
from governance.schema import schema
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.figures.place_words import Scale
    from governance.metrics.classes import AreaClass


def _box(class_: AreaClass, label: str, count: str) -> str:
    return (
        '<div><svg width="100%" height="15" aria-hidden="true" style="display:block">'
        f'<rect width="100%" height="15" fill="{fill_of(class_)}" stroke="{LIGHT.rule}"'
        ' stroke-width="1.6"/></svg>'
        f'<div style="color:{LIGHT.ink};white-space:nowrap">{escape(label)}</div>'
        f'<div style="color:{LIGHT.ink_2}">{escape(count)}</div></div>'
    )


def legend_html(classes: Iterable[AreaClass], scale: Scale, *, small_n: int) -> str:
    """Equal boxes from light to dark, then too few and no data, each with its count of areas."""
    boxes = [
        _box(class_, class_label(class_, scale, small_n=small_n), t("map.areas_n", n=class_.areas_n))
        for class_ in classes
    ]
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        f"<defs>{PATTERN_DEFS}</defs></svg>"
        f'<div style="display:grid;grid-template-columns:repeat({max(len(boxes), 1)},1fr);gap:6px;'
        f'font-size:14px;line-height:1.4">{"".join(boxes)}</div>'
    )


def _line_key(label: str, style: str) -> str:
    return (
        '<span style="margin-right:14px;white-space:nowrap"><svg width="26" height="10" aria-hidden="true">'
        f'<path d="M0,5H26" {style}/></svg> {escape(label)}</span>'
    )


def route_key_html(kinds: Iterable[str]) -> str:
    """The key of the patrol routes on the map, one line a zone kind."""
    parts = []
    for kind in kinds:
        style = ROUTE_STYLES.get(kind, ROUTE_STYLES["courtyard"])
        dash = f'stroke-dasharray="{style["dashArray"]}"' if "dashArray" in style else ""
        drawn = f'fill="none" stroke="{style["color"]}" stroke-width="{style["weight"]}" {dash}'
        parts.append(_line_key(schema().label_of("zone_kind", kind), drawn))
    return "".join(parts)


def _dot(label: str, fill: str, edge: str) -> str:
    return (
        '<span style="margin-right:14px;white-space:nowrap"><svg width="12" height="12" aria-hidden="true">'
        f'<circle cx="6" cy="6" r="4" fill="{fill}" stroke="{edge}"/></svg> {escape(label)}</span>'
    )


def case_key_html() -> str:
    """The key of the cases on the map: closed and still open."""
    closed = _dot(t("map.closed_key"), LIGHT.ink_2, LIGHT.card)
    return closed + _dot(t("map.open_key"), LIGHT.orange, LIGHT.ink_2)
