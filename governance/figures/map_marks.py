"""Marks on a map that tell by shape and character as well as by colour: steps, cases, points.

Each is a piece of SVG in a divIcon, drawn in the map's own frame; nothing is fetched for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from branca.element import MacroElement
from folium.template import Template

from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

_EDGE = f'stroke="{LIGHT.card}" stroke-width="1.5"'
_INK_EDGE = f'stroke="{LIGHT.ink_2}" stroke-width="1"'
# By shape: the path or circle in a box of 20 × 20.
_SHAPES: Mapping[str, str] = {
    "square": '<rect x="3" y="3" width="14" height="14" {0}/>',
    "triangle": '<path d="M10,1.5L19,18H1Z" {0}/>',
    "diamond": '<path d="M10,0.5L19.5,10L10,19.5L0.5,10Z" {0}/>',
    "circle": '<circle cx="10" cy="10" r="7" {0}/>',
    "ring": '<circle cx="10" cy="10" r="5.5" {0}/>',
}
# What a point, a step or a case looks like: shape, fill, edge.
LOOKS: Mapping[str, tuple[str, str, str]] = {
    "unchecked": ("square", LIGHT.plum, _EDGE),
    "discovered": ("triangle", LIGHT.orange, _INK_EDGE),
    "cordoned": ("diamond", LIGHT.orange, _INK_EDGE),
    "cleared": ("diamond", LIGHT.card, f'stroke="{LIGHT.teal}" stroke-width="3"'),
    "restored": ("circle", LIGHT.teal, _EDGE),
    "checked": ("ring", LIGHT.card, f'stroke="{LIGHT.data}" stroke-width="2.5"'),
    "unasked": ("ring", LIGHT.card, f'stroke="{LIGHT.no_data}" stroke-width="2"'),
    "flood": ("circle", LIGHT.orange, _INK_EDGE),
    "tree": ("triangle", LIGHT.orange, _INK_EDGE),
    "case": ("circle", LIGHT.orange, _INK_EDGE),
    "done": ("ring", LIGHT.card, f'stroke="{LIGHT.ink_3}" stroke-width="2"'),
}
# A step is one character in a box: what must be told at a glance is filled strongest.
_STEP_FILLS: Mapping[str, tuple[str, str]] = {
    "discovered": (LIGHT.orange, LIGHT.ink),
    "cordoned": (LIGHT.plum, LIGHT.card),
    "moved": (LIGHT.plum, LIGHT.card),
    "reopened": (LIGHT.card, LIGHT.data),
    "closed": (LIGHT.card, LIGHT.data),
}


def look_svg(look: str, *, size_px: int = 18) -> str:
    """The mark of a state or a case, for a map or its key."""
    shape, fill, edge = LOOKS[look]
    body = _SHAPES[shape].format(f'fill="{fill}" {edge}')
    return f'<svg width="{size_px}" height="{size_px}" viewBox="0 0 20 20" aria-hidden="true">{body}</svg>'


def step_svg(step: str, *, size_px: int = 20) -> str:
    """A step as its character in a box; a foreign one as a dot."""
    fill, ink = _STEP_FILLS.get(step, (LIGHT.data, LIGHT.card))
    sign = t(f"storm_response.signs.{step}") if step in STEP_SIGNS else "·"
    edge = LIGHT.data if fill == LIGHT.card else LIGHT.card
    return (
        f'<svg width="{size_px}" height="{size_px}" viewBox="0 0 20 20" aria-hidden="true">'
        f'<rect x="0.75" y="0.75" width="18.5" height="18.5" rx="3" fill="{fill}" stroke="{edge}"'
        f' stroke-width="1.5"/><text x="10" y="14.6" font-size="13" font-weight="700" text-anchor="middle"'
        f' fill="{ink}">{sign}</text></svg>'
    )


STEP_SIGNS = (
    *("warned", "called", "arrived", "discovered", "checked"),
    *("cordoned", "cleared", "moved", "reopened", "closed"),
)


@dataclass(frozen=True)
class Mark:
    """A mark at a place in degrees: its SVG, what a tooltip says and a label beside it (markup both)."""

    lon: float
    lat: float
    svg: str
    tip: str
    label: str = ""


class Marks(MacroElement):
    """Marks laid on a map, in a pane of their own; with a tooltip, and a label where one is given."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        {{ this.marks|tojson }}.forEach(function (one) {
            L.marker([one[0], one[1]], {
                icon: L.divIcon({className: "mark", iconSize: [20, 20], html: one[2]}),
                keyboard: false, pane: {{ this.pane|tojson }}
            }).bindTooltip(one[3], {className: "tip"}).addTo({{ this._parent.get_name() }});
        });
        {% endmacro %}
        """
    )

    def __init__(self, marks: Sequence[Mark], *, pane: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca leaves it untyped
        self._name = "Marks"
        self.pane = pane
        self.marks = [
            (
                one.lat,
                one.lon,
                one.svg + (f'<span class="mark-label">{one.label}</span>' if one.label else ""),
                one.tip,
            )
            for one in marks
        ]
