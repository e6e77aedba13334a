"""State marks as PowerPoint's own shapes: circle, diamond, square, triangle, bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pptx.enum.dml import MSO_LINE, MSO_PATTERN
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Pt

from governance.figures.theme import LIGHT
from governance.report.deck import Box, add_block, colour_of, flatten
from governance.report.marks import SHAPES

if TYPE_CHECKING:
    from pptx.dml.fill import FillFormat
    from pptx.shapes.autoshape import Shape
    from pptx.shapes.shapetree import _BaseGroupShapes

    from governance.report.marks import MarkShape
    from governance.report.model import Mark

_OUTLINES = {
    "circle": MSO_SHAPE.OVAL,
    "diamond": MSO_SHAPE.DIAMOND,
    "square": MSO_SHAPE.RECTANGLE,
    "triangle": MSO_SHAPE.ISOSCELES_TRIANGLE,
}
_LINE_PT = 2.25


def add_mark(shapes: _BaseGroupShapes, mark: Mark, box: Box) -> None:
    """Draw a mark into a square box; nothing for `none`."""
    form = SHAPES.get(mark)
    if form is None:
        return
    if form.outline == "bars":
        left, _, right = box.columns(3)
        add_block(shapes, left, form.colour)
        add_block(shapes, right, form.colour)
        return
    shape = shapes.add_shape(_OUTLINES[form.outline], *box.emu)
    flatten(shape)
    _fill(shape, form)
    if form.fill == "half":
        _add_left_half(shapes, box, form.colour)


def _fill(shape: Shape, form: MarkShape) -> None:
    line = shape.line
    if form.fill == "solid":
        shape.fill.solid()
        shape.fill.fore_color.rgb = colour_of(form.colour)
        # Orange keeps its edge on the page's ground.
        if form.colour == LIGHT.orange:
            line.color.rgb, line.width = colour_of(LIGHT.ink_2), Pt(1)
        else:
            line.fill.background()
        return
    if form.fill in ("dots", "stripes"):
        pattern_fill(shape.fill, form.fill)
    else:
        shape.fill.solid()
        shape.fill.fore_color.rgb = colour_of(LIGHT.card)
    line.color.rgb, line.width = colour_of(form.colour), Pt(_LINE_PT)
    if form.fill == "dashed":
        line.dash_style = MSO_LINE.DASH


def pattern_fill(fill: FillFormat, name: str) -> None:
    """Plum stripes for never, dots for no data."""
    fill.patterned()
    is_striped = name == "stripes"
    fill.pattern = MSO_PATTERN.WIDE_UPWARD_DIAGONAL if is_striped else MSO_PATTERN.PERCENT_25
    fill.fore_color.rgb = colour_of(LIGHT.plum if is_striped else LIGHT.no_data)
    fill.back_color.rgb = colour_of(LIGHT.card if is_striped else LIGHT.band)


def _add_left_half(shapes: _BaseGroupShapes, box: Box, colour: str) -> None:
    """The solid half of a half circle: a flow chart's delay sign, turned round."""
    half = shapes.add_shape(MSO_SHAPE.FLOWCHART_DELAY, *Box(box.x, box.y, box.w / 2, box.h).emu)
    half.rotation = 180
    flatten(half)
    half.fill.solid()
    half.fill.fore_color.rgb = colour_of(colour)
    half.line.fill.background()
