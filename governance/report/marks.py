"""The state marks of the design and the parts of the containment ladder, for wall and papers.

Marks have a sign in a text, shape and colour on a slide; parts the colours of the page 逐级化解.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from governance.figures.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.report.model import Mark, Part

Outline = Literal["circle", "diamond", "square", "triangle", "bars"]
Fill = Literal["solid", "hollow", "half", "dashed", "dots", "stripes"]


@dataclass(frozen=True)
class MarkShape:
    """How a mark is drawn; the word beside it is always ink."""

    outline: Outline
    fill: Fill
    colour: str


@dataclass(frozen=True)
class PartLook:
    """How a part of a stack is drawn, and the numbers on it.

    `words` are light on deep colours and ink on pale ones; "on-pale" stays dark on the dark wall.
    """

    colour: str
    words: Literal["on-deep", "on-pale", "strong"]
    is_outlined: bool = False
    is_dotted: bool = False


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
# The same as the bands of ui/theme.css, held equal by a test.
PARTS: Mapping[Part, PartLook] = {
    "community": PartLook(LIGHT.data, "on-deep"),
    "street": PartLook(LIGHT.previous, "on-pale"),
    "required": PartLook(LIGHT.interval, "strong"),
    "other": PartLook(LIGHT.plum, "on-deep"),
    "open": PartLook(LIGHT.card, "strong", is_outlined=True),
    "unknown": PartLook(LIGHT.no_data, "strong", is_dotted=True),
}
