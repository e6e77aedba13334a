"""A 16:9 deck in the design's colours, and the strokes its slides are made of.

Places are told in lines of a 1920 × 1080 screen, as on the meeting screen: one line is half a point.
Every text stands at 18 pt or more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.lang import MSO_LANGUAGE_ID
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml.ns import qn
from pptx.util import Emu, Pt

from governance.figures.theme import LIGHT
from governance.report.wording import width_of

if TYPE_CHECKING:
    from pptx.presentation import Presentation as Deck
    from pptx.shapes.autoshape import Shape
    from pptx.shapes.shapetree import _BaseGroupShapes
    from pptx.text.text import _Run

WIDTH_PX, HEIGHT_PX, EMU_PER_PX, PX_PER_PT = 1920, 1080, 6350, 2
LEAST_PT = 18
LINE = 1.12
# Fonts that stand in for the named one are a little wider.
_SLACK = 0.95
_AIR = 0.25
_SEAMS = re.compile(r"(?<=[\u3400-\u9fff])(?=[\dA-Za-z])|(?<=[\dA-Za-z])(?=[\u3400-\u9fff])")
FONT, LATIN_FONT = "Microsoft YaHei", "Arial"
TITLE_LAYOUT = "Title Only"
_LAYOUTS = (TITLE_LAYOUT, "Blank")
_TEMPLATE_WIDTH = 9_144_000
# The theme's slots: text and grounds, then the series colours of a chart in their order.
_SLOTS = {
    **{"dk1": LIGHT.ink, "lt1": LIGHT.card, "dk2": LIGHT.ink_2, "lt2": LIGHT.page},
    **{"accent1": LIGHT.data, "accent2": LIGHT.previous, "accent3": LIGHT.orange},
    **{"accent4": LIGHT.plum, "accent5": LIGHT.teal, "accent6": LIGHT.interval},
    **{"hlink": LIGHT.data, "folHlink": LIGHT.plum},
}


@dataclass(frozen=True)
class Box:
    """A rectangle in lines of the screen: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def emu(self) -> tuple[Emu, Emu, Emu, Emu]:
        """The rectangle in PowerPoint's units."""
        x, y, w, h = (Emu(round(value * EMU_PER_PX)) for value in (self.x, self.y, self.w, self.h))
        return x, y, w, h

    def rows(self, count: int, *, gap: float = 0) -> tuple[Box, ...]:
        """`count` equal boxes one below the other."""
        height = (self.h - gap * (count - 1)) / count
        return tuple(Box(self.x, self.y + n * (height + gap), self.w, height) for n in range(count))

    def columns(self, count: int, *, gap: float = 0) -> tuple[Box, ...]:
        """`count` equal boxes side by side."""
        width = (self.w - gap * (count - 1)) / count
        return tuple(Box(self.x + n * (width + gap), self.y, width, self.h) for n in range(count))

    def below(self, height: float) -> Box:
        """What is left under the first `height` lines."""
        return Box(self.x, self.y + height, self.w, self.h - height)

    def top(self, height: float) -> Box:
        """The first `height` lines."""
        return Box(self.x, self.y, self.w, height)


@dataclass(frozen=True)
class Face:
    """How a text looks: size in points, weight, colour, where it stands in its box.

    A text that is not wrapped stays on one line whatever font draws it.
    """

    size_pt: float = LEAST_PT
    colour: str = LIGHT.ink
    is_bold: bool = False
    is_struck: bool = False
    is_wrapped: bool = True
    align: PP_ALIGN = PP_ALIGN.LEFT
    anchor: MSO_ANCHOR = MSO_ANCHOR.TOP


def colour_of(text: str) -> RGBColor:
    """`#12436D` as PowerPoint has it."""
    return RGBColor.from_string(text.lstrip("#"))


# ------------------------------------------------------------------------------- deck
def blank_deck() -> Deck:
    """An empty deck: 16:9, theme of the design, two layouts that fit it."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Emu(WIDTH_PX * EMU_PER_PX), Emu(HEIGHT_PX * EMU_PER_PX)
    relations = deck.part.package._rels
    for key in [key for key, one in relations.items() if one.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        relations.pop(key)
    for layout in [layout for layout in deck.slide_layouts if layout.name not in _LAYOUTS]:
        deck.slide_layouts.remove(layout)
    for place in (deck.slide_master, *deck.slide_layouts):
        for shape in place.placeholders:
            widened = deck.slide_width / _TEMPLATE_WIDTH
            shape.left, shape.width = Emu(round(shape.left * widened)), Emu(round(shape.width * widened))
    background = deck.slide_master.background.fill
    background.solid()
    background.fore_color.rgb = colour_of(LIGHT.page)
    _set_theme(deck)
    return deck


def _set_theme(deck: Deck) -> None:
    part = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    root = etree.fromstring(part.blob)
    for name, colour in _SLOTS.items():
        slot = root.find(f".//{qn('a:clrScheme')}/{qn(f'a:{name}')}")
        slot[:] = [etree.Element(qn("a:srgbClr"), val=colour.lstrip("#"))]
    for script, name in (("latin", LATIN_FONT), ("ea", FONT)):
        for font in root.iterfind(f".//{qn('a:fontScheme')}/*/{qn(f'a:{script}')}"):
            font.set("typeface", name)
    for font in root.iterfind(f".//{qn('a:fontScheme')}/*/{qn('a:font')}[@script='Hans']"):
        font.set("typeface", FONT)
    part._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


# ------------------------------------------------------------------------------- text
def drawn_width(text: str) -> float:
    """The width of a text in characters, with the air some programs put between Chinese and Latin."""
    return width_of(text) + _AIR * len(_SEAMS.findall(text))


def fitted_pt(text: str, width_px: float, most_pt: float) -> float:
    """The size at which a text fills one line, at most `most_pt`, never below the smallest allowed."""
    fitting = _SLACK * width_px / PX_PER_PT / max(drawn_width(text), 1)
    return max(LEAST_PT, min(most_pt, fitting))


def lines_of(text: str, width_px: float, size_pt: float) -> int:
    """How many lines a text takes in a width."""
    per_line = max(_SLACK * width_px / PX_PER_PT / size_pt, 1)
    return max(1, -(-round(drawn_width(text) * 100) // round(per_line * 100)))


def add_text(shapes: _BaseGroupShapes, box: Box, text: str, face: Face, *, name: str = "") -> Shape:
    """A text in a box without inner margins; lines are as high as its size asks, in any font."""
    shape = shapes.add_textbox(*box.emu)
    if name:
        shape.name = name
    write(shape, text, face)
    return shape


def write(shape: Shape, text: str, face: Face) -> None:
    """Put one paragraph into a shape."""
    frame = shape.text_frame
    frame.word_wrap, frame.auto_size = face.is_wrapped, MSO_AUTO_SIZE.NONE
    frame.vertical_anchor = face.anchor
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Emu(0)
    paragraph = frame.paragraphs[0]
    paragraph.alignment, paragraph.line_spacing = face.align, Pt(face.size_pt * LINE)
    paragraph.space_before = paragraph.space_after = Pt(0)
    run = paragraph.add_run()
    run.text = text
    style_run(run, face)


def style_run(run: _Run, face: Face) -> None:
    """Size, weight, colour and language of a run; its font is the theme's."""
    font = run.font
    font.size, font.bold = Pt(round(face.size_pt * 2) / 2), face.is_bold
    font.color.rgb = colour_of(face.colour)
    font.language_id = MSO_LANGUAGE_ID.SIMPLIFIED_CHINESE
    if face.is_struck:
        run._r.get_or_add_rPr().set("strike", "sngStrike")


# ------------------------------------------------------------------------------ strokes
def add_block(shapes: _BaseGroupShapes, box: Box, colour: str) -> Shape:
    """A filled rectangle without a line."""
    shape = shapes.add_shape(MSO_SHAPE.RECTANGLE, *box.emu)
    shape.fill.solid()
    shape.fill.fore_color.rgb = colour_of(colour)
    shape.line.fill.background()
    flatten(shape)
    return shape


def flatten(shape: Shape) -> None:
    """No shadow: neither its own nor the theme's."""
    for effect in shape._element.iter(qn("a:effectRef")):
        effect.set("idx", "0")
    shape.shadow.inherit = False


def describe(shape: Shape, name: str, text: str) -> None:
    """A shape's name in the selection list and its text for a screen reader."""
    shape.name = name
    properties = shape._element.xpath("./*/p:cNvPr")[0]
    properties.set("descr", text)
