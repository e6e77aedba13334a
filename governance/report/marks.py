"""The state marks of the design, for the papers: sign in a text, shape and colour on a slide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from governance.figures.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.report.model import Mark

Outline = Literal["circle", "diamond", "square", "triangle", "bars"]
Fill = Literal["solid", "hollow", "half", "dashed", "dots", "stripes"]


@dataclass(frozen=True)
class MarkShape:
    """How a mark is drawn; the word beside it is always ink."""

    outline: Outline
    fill: Fill
    colour: str


# Signs that the usual Chinese fonts have.
SIGNS: Mapping[Mark, str] = {
    "normal": "○",
    "worse": "◆",
    "better": "◇",
    "met": "●",
    "sometimes": "◐",
    "missed": "■",
    "pressing": "▲",
    "overdue": "■",
    "suspended": "‖",
    "unverified": "◌",
    "no_data": "□",
    "never": "▨",
    "none": "",
}
SHAPES: Mapping[Mark, MarkShape] = {
    "normal": MarkShape("circle", "hollow", LIGHT.ink_3),
    "worse": MarkShape("diamond", "solid", LIGHT.plum),
    "better": MarkShape("diamond", "hollow", LIGHT.teal),
    "met": MarkShape("circle", "solid", LIGHT.teal),
    "sometimes": MarkShape("circle", "half", LIGHT.orange),
    "missed": MarkShape("square", "solid", LIGHT.plum),
    "pressing": MarkShape("triangle", "solid", LIGHT.orange),
    "overdue": MarkShape("square", "solid", LIGHT.plum),
    "suspended": MarkShape("bars", "solid", LIGHT.ink_3),
    "unverified": MarkShape("circle", "dashed", LIGHT.ink),
    "no_data": MarkShape("square", "dots", LIGHT.no_data),
    "never": MarkShape("square", "stripes", LIGHT.plum),
}
