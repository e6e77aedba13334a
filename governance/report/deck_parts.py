"""The parts a slide of the deck is made of: lines with a mark, figures, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Pt

from governance.figures.theme import LIGHT
from governance.report.deck import (
    EMU_PER_PX,
    LEAST_PT,
    LINE,
    PX_PER_PT,
    Box,
    Face,
    add_block,
    add_text,
    colour_of,
    drawn_width,
    fitted_pt,
    lines_of,
    style_run,
)
from governance.report.native_marks import add_mark
from governance.report.wording import width_of
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pptx.shapes.shapetree import _BaseGroupShapes
    from pptx.table import Table as NativeTable

    from governance.report.model import Figure, Item, Table

# From this width on, parts stand as on a slide of their own.
WIDE_PX = 1200
_MARK_PX, _WORD_PX, _MOST_PX, _CALM_PX = 56, 176, 230, 150
_TITLE_PT, _SUB_PT, _VALUE_PT, _UNIT_PT, _NARROW_PT = 27, 20, 56, 24, 25
_LABEL_PT, _FIGURE_PT, _CARD_PT, _STATE_PT = 22, 44, 44, LEAST_PT
# Narrower figures are cards: so high, with the number below the label.
_CARD_PX, CARD_ROW_PX = 620, 252
_CELL_PX, _CELL_GAP_PX, _NOTE_PX = 24, 16, 52
_TABLE_PTS = (24, 22, 20, LEAST_PT)
# Bold digits are so much wider in the usual face, and in the widest that may stand in.
_PLAIN, _BOLD = 1.04, 1.25
_MIDDLE = MSO_ANCHOR.MIDDLE


def _line_px(size_pt: float) -> float:
    return size_pt * LINE * PX_PER_PT


def _add_rule(shapes: _BaseGroupShapes, x: float, y: float, width: float) -> None:
    add_block(shapes, Box(x, y, width, 2), LIGHT.rule)


def joined(*parts: str) -> str:
    """The parts that say something, with a wide blank between them."""
    return "　".join(part for part in parts if part)


# ------------------------------------------------------------------------------- items
def owner_words(item: Item) -> str:
    """Whom to ask: a post or team."""
    return t("report.deck.owner", owner=item.owner) if item.owner else ""


def add_items(shapes: _BaseGroupShapes, items: Sequence[Item], box: Box) -> None:
    """Lines one below the other, ruled apart; as high as the box allows."""
    is_wide = box.w > WIDE_PX
    height = min(box.h / max(len(items), 1), _MOST_PX)
    scale = min(height / 166, 1.2)
    value_px = max((_value_px(item, scale) for item in items), default=0.0)
    for number, item in enumerate(items):
        line = Box(box.x, box.y + number * height, box.w, height)
        if number or not is_wide:
            _add_rule(shapes, line.x, line.y, line.w)
        if is_wide:
            _add_wide_item(shapes, item, line, value_px, scale)
        else:
            _add_narrow_item(shapes, item, line)


def _value_px(item: Item, scale: float) -> float:
    """The room a number and its unit take."""
    if not item.value:
        return 0.0
    unit = max(width_of(item.unit), 2) * max(LEAST_PT, _UNIT_PT * scale)
    return (width_of(item.value) * _VALUE_PT * scale * 1.15 + unit) * PX_PER_PT + 60


def _add_wide_item(shapes: _BaseGroupShapes, item: Item, line: Box, value_px: float, scale: float) -> None:
    """Mark over its word, what is so over what it rests on, one big number."""
    mark_px, pad = _MARK_PX * scale, 16 * scale
    add_mark(shapes, item.mark, Box(line.x, line.y + pad, mark_px, mark_px))
    below = Box(line.x, line.y + pad + mark_px + 4, _WORD_PX - 8, 44)
    add_text(shapes, below, item.word, Face(max(LEAST_PT, 21 * scale), is_wrapped=False))
    width = line.w - _WORD_PX - value_px
    title_pt = fitted_pt(item.title, width, _TITLE_PT * scale)
    inner = Box(line.x + _WORD_PX, line.y + pad * 0.7, width, _line_px(title_pt))
    add_text(shapes, inner, item.title, Face(title_pt, is_bold=True, is_wrapped=False))
    rest = Box(inner.x, inner.y + inner.h, width, line.h - pad * 0.7 - inner.h)
    _add_sub(shapes, item.sub, owner_words(item), rest, _SUB_PT * scale)
    if item.value:
        _add_value(shapes, item, Box(line.x + line.w - value_px, line.y, value_px, line.h), scale)


def _add_narrow_item(shapes: _BaseGroupShapes, item: Item, line: Box) -> None:
    """Mark before what is so; the number at its end."""
    value = f"{item.value} {item.unit}".strip()
    value_px = width_of(value) * _NARROW_PT * PX_PER_PT * 1.1 + 16 if value else 0
    left, width = line.x + _MARK_PX, line.w - _MARK_PX
    title_pt = fitted_pt(item.title, width - value_px, _NARROW_PT if line.h > _CALM_PX else 22)
    height = _line_px(title_pt)
    add_mark(shapes, item.mark, Box(line.x, line.y + 14, 38, 38))
    head = Box(left, line.y + 6, width - value_px, height)
    add_text(shapes, head, item.title, Face(title_pt, is_bold=True, is_wrapped=False))
    if value:
        place = Box(line.x + line.w - value_px, line.y + 6, value_px, height)
        face = Face(title_pt, is_bold=True, is_wrapped=False, align=PP_ALIGN.RIGHT)
        add_text(shapes, place, value, face)
    rest = Box(left, line.y + 6 + height, width, line.h - 6 - height)
    _add_sub(shapes, joined(item.word, item.sub), owner_words(item), rest, LEAST_PT)


def _add_sub(shapes: _BaseGroupShapes, sub: str, owner: str, box: Box, most_pt: float) -> None:
    """What a line rests on and whom to ask: on one line, else on two, in the largest size that fits."""
    for said in ((joined(sub, owner),), (sub, owner), (sub,)):
        size = max(most_pt, LEAST_PT)
        while size > LEAST_PT and not _is_fitting(said, box, size):
            size = max(size - 1, LEAST_PT)
        if _is_fitting(said, box, size) or said == (sub,):
            break
    y = box.y
    for text in said:
        height = lines_of(text, box.w, size) * _line_px(size)
        add_text(shapes, Box(box.x, y, box.w, height), text, Face(size, LIGHT.ink_2))
        y += height


def _is_fitting(said: tuple[str, ...], box: Box, size_pt: float) -> bool:
    """Whether texts stand one below the other in a box; one alone must stand on one line."""
    lines = [lines_of(text, box.w, size_pt) for text in said]
    return sum(lines) * _line_px(size_pt) <= box.h and (len(said) > 1 or lines == [1])


def _add_value(shapes: _BaseGroupShapes, item: Item, box: Box, scale: float) -> None:
    """A number right-aligned before its unit, both on the row's middle."""
    unit_pt = max(LEAST_PT, _UNIT_PT * scale)
    unit_px = max(width_of(item.unit), 2) * unit_pt * PX_PER_PT
    size = _VALUE_PT * scale
    number = Box(box.x, box.y, box.w - unit_px - 16, box.h)
    face = Face(size, is_bold=True, is_wrapped=False, align=PP_ALIGN.RIGHT, anchor=_MIDDLE)
    add_text(shapes, number, item.value, face, name=item.title)
    beside = Box(box.x + box.w - unit_px, box.y + size * 0.4, unit_px, box.h)
    add_text(shapes, beside, item.unit, Face(unit_pt, is_wrapped=False, anchor=_MIDDLE))


# ----------------------------------------------------------------------------- figures
def columns_of(figures: Sequence[Figure], box: Box) -> int:
    """How many figures stand side by side: each needs a third of a slide."""
    most = 3 if box.w > WIDE_PX else 1
    return max(1, min(len(figures), most)) if len(figures) != 4 else min(most, 2)


def add_figures(shapes: _BaseGroupShapes, figures: Sequence[Figure], box: Box) -> None:
    """Figures one below the other, in two columns where there is room."""
    per_column = -(-len(figures) // columns_of(figures, box))
    columns_n = -(-len(figures) // per_column)
    columns = box.columns(columns_n, gap=64)
    height = min(box.h / per_column, CARD_ROW_PX if columns[0].w < _CARD_PX else 200)
    for number, figure in enumerate(figures):
        column = columns[number // per_column]
        place = Box(column.x, column.y + (number % per_column) * height, column.w, height)
        _add_figure(shapes, figure, place)


def _add_figure(shapes: _BaseGroupShapes, figure: Figure, box: Box) -> None:
    """Label with its mark and what it rests on, the number on the right or, on a card, below the label."""
    is_card = box.w < _CARD_PX
    scale = min(box.h / (CARD_ROW_PX if is_card else 150), 1)
    value_pt = max(30, (_CARD_PT if is_card else _FIGURE_PT) * scale)
    label_pt = max(LEAST_PT, _LABEL_PT * scale)
    unit_px = width_of(figure.unit) * _UNIT_PT * PX_PER_PT
    value_px = width_of(figure.value) * value_pt * PX_PER_PT * _BOLD
    label_pt = min(label_pt, _label_pt(figure, box.w))
    head = Box(box.x, box.y + 4 * scale, box.w, _line_px(label_pt))
    add_text(shapes, head, figure.label, Face(label_pt, is_bold=True, is_wrapped=False))
    _add_state(shapes, figure, head, head.x + drawn_width(figure.label) * label_pt * PX_PER_PT + 22)
    below = Box(box.x, head.y + head.h, box.w, box.y + box.h - head.y - head.h)
    if is_card:
        place = Box(box.x, below.y, value_px, _line_px(value_pt))
        below = below.below(place.h)
    else:
        # The number takes the lines below the label, so that label and state have the whole row.
        place = Box(box.x + box.w - unit_px - value_px - 12, below.y, value_px, below.h - 6)
        below = Box(below.x, below.y, box.w - value_px - unit_px - 30, below.h)
    _add_number(shapes, figure, place, value_pt, is_left=is_card)
    _add_basis(shapes, figure, below)
    _add_rule(shapes, box.x, box.y + box.h - 3, box.w)


def _label_pt(figure: Figure, width: float) -> float:
    """The size at which a label and its state stand beside each other."""
    word_px = drawn_width(figure.word) * _STATE_PT * PX_PER_PT + 84 if figure.word else 0
    return fitted_pt(figure.label, width - word_px, _LABEL_PT)


def _add_number(shapes: _BaseGroupShapes, figure: Figure, box: Box, size_pt: float, *, is_left: bool) -> None:
    """The number, struck out where it judges nobody, and its unit after it."""
    face = Face(
        size_pt,
        is_bold=True,
        is_struck=figure.is_struck,
        is_wrapped=False,
        align=PP_ALIGN.LEFT if is_left else PP_ALIGN.RIGHT,
        anchor=_MIDDLE,
    )
    add_text(shapes, box, figure.value, face, name=figure.label)
    unit_px = width_of(figure.unit) * _UNIT_PT * PX_PER_PT
    end_px = box.w * _PLAIN / _BOLD if is_left else box.w
    beside = Box(box.x + end_px + 12, box.y + size_pt * 0.4, unit_px, box.h)
    add_text(shapes, beside, figure.unit, Face(_UNIT_PT, is_wrapped=False, anchor=_MIDDLE))


def _add_basis(shapes: _BaseGroupShapes, figure: Figure, box: Box) -> None:
    """Basis and last week on two lines, the target on the shorter; where there is one line, all on it."""
    lines = min(
        [joined(figure.basis, figure.target), figure.previous],
        [figure.basis, joined(figure.previous, figure.target)],
        key=lambda pair: max(map(drawn_width, pair)),
    )
    if box.h < 1.9 * _line_px(LEAST_PT):
        lines = [joined(*lines)]
    for number, text in enumerate(line for line in lines if line):
        place = Box(box.x, box.y + number * _line_px(LEAST_PT), box.w, _line_px(LEAST_PT))
        add_text(shapes, place, text, Face(LEAST_PT, LIGHT.ink_2, is_wrapped=False))


def _add_state(shapes: _BaseGroupShapes, figure: Figure, head: Box, x: float) -> None:
    """The mark with its word, after the label."""
    word = t("report.deck.struck") if figure.is_struck else figure.word
    if figure.mark == "none" and not word:
        return
    # A figure that judges nobody has no mark.
    mark = "none" if figure.is_struck else figure.mark
    add_mark(shapes, mark, Box(x, head.y + 8, 34, 34))
    left = x + (46 if mark != "none" else 0)
    place = Box(left, head.y, max(head.x + head.w - left, 40), head.h)
    add_text(shapes, place, word, Face(_STATE_PT, is_wrapped=False))


# ------------------------------------------------------------------------------ tables
def table_px(table: Table, width: float, *, size_pt: float = LEAST_PT) -> float:
    """The height a table takes, its note included."""
    widths = _widths_px(table, width)
    rows_px = sum(_row_px(row, widths, size_pt) for row in (table.heads, *table.rows))
    return rows_px + (_NOTE_PX if table.note else 0)


def add_table(shapes: _BaseGroupShapes, table: Table, box: Box) -> None:
    """A native table, as large as there is room for; rows that do not fit are counted below it."""
    size_pt = next((size for size in _TABLE_PTS if _is_calm(table, box, size)), LEAST_PT)
    widths = _widths_px(table, box.w)
    head_px, *heights = (_row_px(row, widths, size_pt) for row in (table.heads, *table.rows))
    shown_n = _fitting_n(heights, box.h - head_px, is_noted=bool(table.note))
    place = box.top(head_px + sum(heights[:shown_n]))
    native = shapes.add_table(shown_n + 1, len(table.heads), *place.emu).table
    for column, width in zip(native.columns, widths, strict=True):
        column.width = Emu(round(width * EMU_PER_PX))
    for number, row in enumerate((table.heads, *table.rows[:shown_n])):
        native.rows[number].height = Emu(round((head_px, *heights)[number] * EMU_PER_PX))
        face = Face(size_pt, LIGHT.ink if number else LIGHT.card, is_bold=number == 0)
        _fill_row(native, number, row, table.right, face)
    left = len(table.rows) - shown_n
    note = joined(t("report.deck.more", n=left) if left else "", table.note)
    if note:
        below = Box(box.x, place.y + place.h + 10, box.w, _NOTE_PX)
        add_text(shapes, below, note, Face(LEAST_PT, LIGHT.ink_2, is_wrapped=False))


def _is_calm(table: Table, box: Box, size_pt: float) -> bool:
    """Whether a table fits at a size, and no cell takes more lines than at the smallest."""
    widths = _widths_px(table, box.w)
    rows = (table.heads, *table.rows)
    lines = [[_lines_n(row, widths, size) for row in rows] for size in (size_pt, LEAST_PT)]
    return lines[0] == lines[1] and table_px(table, box.w, size_pt=size_pt) <= box.h


def _fitting_n(heights: Sequence[float], room: float, *, is_noted: bool) -> int:
    """How many rows fit, with room for the note that is then needed."""
    if sum(heights) + (_NOTE_PX if is_noted else 0) <= room:
        return len(heights)
    fitting_n, taken = 0, float(_NOTE_PX)
    for height in heights:
        taken += height
        if taken > room:
            break
        fitting_n += 1
    return fitting_n


def _widths_px(table: Table, width: float) -> list[float]:
    columns = list(zip(table.heads, *table.rows, strict=True))
    wanted = [max(drawn_width(cell) for cell in column) * LEAST_PT * PX_PER_PT for column in columns]
    wanted = [min(one, width / 2.6) + 2 * _CELL_GAP_PX + 8 for one in wanted]
    return [one * width / sum(wanted) for one in wanted]


def _lines_n(row: Sequence[str], widths: Sequence[float], size_pt: float) -> int:
    return max(
        lines_of(cell, width - 2 * _CELL_GAP_PX, size_pt) for cell, width in zip(row, widths, strict=True)
    )


def _row_px(row: Sequence[str], widths: Sequence[float], size_pt: float) -> float:
    return _lines_n(row, widths, size_pt) * _line_px(size_pt) + _CELL_PX


def _fill_row(
    native: NativeTable, number: int, cells: Sequence[str], right: Sequence[int], face: Face
) -> None:
    for place, text in enumerate(cells):
        cell = native.cell(number, place)
        cell.margin_left = cell.margin_right = Emu(_CELL_GAP_PX * EMU_PER_PX)
        cell.margin_top = cell.margin_bottom = Emu(_CELL_PX // 2 * EMU_PER_PX)
        cell.vertical_anchor = _MIDDLE
        cell.fill.solid()
        cell.fill.fore_color.rgb = colour_of(LIGHT.data if number == 0 else LIGHT.card)
        paragraph = cell.text_frame.paragraphs[0]
        paragraph.line_spacing = Pt(face.size_pt * LINE)
        paragraph.alignment = PP_ALIGN.RIGHT if place in right else PP_ALIGN.LEFT
        run = paragraph.add_run()
        run.text = text
        style_run(run, face)
