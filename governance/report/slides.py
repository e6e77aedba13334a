"""The seven slides of the meeting screen as HTML, from the week's model.

`slide_html` gives the markup of one slide, without footer: progress, as-of and what else changes
while it stands is drawn by the screen itself. A slide is laid out by what it holds: a list of
items; a map or charts beside figures; or figures over a table or a list. What does not fit the
room is left out, never made smaller than the room can read.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from governance.report.slide_chart import chart_html, least_height
from governance.report.slide_map import map_html
from governance.report.slide_parts import (
    REMARK,
    figure_card_html,
    figure_row_html,
    fitted,
    items_html,
    line_html,
    remark_html,
    room_of,
)

if TYPE_CHECKING:
    from governance.report.model import Chart, Slide, Table

WIDTH, HEIGHT = 1776, 820
HALF = 860
_ROW_MOST, _ROW_LEAST = 164, 112
_FIGURE_MOST, _FIGURE_LEAST = 205, 162
_CARDS, _CARDS_A_ROW = 330, 4
_MAX_ITEMS, _MAX_TABLE_ROWS = 7, 8
_TABLE_HEAD, _TABLE_ROW = 64, 92
_COLUMN_GAP = 28


def slide_html(slide: Slide, *, head: str) -> str:
    """One slide: its message, street and week, and what it holds."""
    return _frame_html(slide.title, _body_html(slide), head)


def quiet_html(sentence: str, *, head: str) -> str:
    """A slide that says one sentence and nothing else."""
    return _frame_html("", f'<p class="quiet">{escape(sentence)}</p>', head)


def _frame_html(title: str, body: str, head: str) -> str:
    kept, size = fitted(title, WIDTH - room_of(head, 44) - 40, (68, 64, 60, 56))
    return (
        f'<div class="brand"></div><header><h1 style="--s:{size}">{escape(kept)}</h1>'
        f'<div class="aside">{escape(head)}</div></header><div class="body">{body}</div>'
    )


def _body_html(slide: Slide) -> str:
    if slide.map is not None or slide.charts:
        return _split_html(slide)
    parts, height = [], HEIGHT
    if slide.figures:
        rows = -(-len(slide.figures) // _CARDS_A_ROW)
        parts.append(_cards_html(slide))
        height -= rows * _CARDS
    for table in slide.tables[:1]:
        parts.append(_table_html(table, height))
        height -= _TABLE_HEAD + min(len(table.rows), _MAX_TABLE_ROWS) * _TABLE_ROW
    count = min(len(slide.items), _MAX_ITEMS, max(height, 0) // _ROW_LEAST)
    parts.append(items_html(slide.items[:count], width=WIDTH, height=height, most=_ROW_MOST))
    if not "".join(parts):
        return f'<p class="quiet">{escape(slide.empty)}</p>'
    return "".join(parts)


def _cards_html(slide: Slide) -> str:
    across = min(len(slide.figures), _CARDS_A_ROW)
    width = (WIDTH - (across - 1) * 36) // across
    cards = "".join(figure_card_html(figure, width=width) for figure in slide.figures)
    return f'<div class="figure-cards" style="--w:{width}">{cards}</div>'


# ---------------------------------------------------------------------- a picture, figures
def _split_html(slide: Slide) -> str:
    """A picture at the left, figures and remarks at the right; the picture alone takes all."""
    has_right = bool(slide.figures or slide.items or slide.tables)
    width = HALF if has_right else WIDTH
    if slide.map is not None:
        picture = map_html(slide.map, width=width, height=HEIGHT)
    else:
        picture = _charts_html(slide.charts, width)
    right = f'<div class="column">{_column_html(slide)}</div>' if has_right else ""
    return f'<div class="split"><div class="picture" style="--w:{width}">{picture}</div>{right}</div>'


def _charts_html(charts: tuple[Chart, ...], width: int) -> str:
    """As many charts, one below the other, as have the height their rows need; the first always."""
    needs = [least_height(chart, width) for chart in charts]
    shown = 1
    while shown < len(charts) and sum(needs[: shown + 1]) <= HEIGHT:
        shown += 1
    spare = max(HEIGHT - sum(needs[:shown]), 0) // shown
    heights = [min(need + spare, HEIGHT) for need in needs[:shown]]
    return "".join(
        chart_html(chart, width=width, height=height)
        for chart, height in zip(charts[:shown], heights, strict=True)
    )


def _column_html(slide: Slide) -> str:
    figures = slide.figures[: HEIGHT // _FIGURE_LEAST]
    left = HEIGHT - len(figures) * _FIGURE_LEAST
    items = slide.items[: max(left // REMARK, 0)]
    tall = min(_FIGURE_MOST, (HEIGHT - len(items) * REMARK) // len(figures)) if figures else 0
    parts = [figure_row_html(figure, width=HALF, height=tall) for figure in figures]
    parts += [remark_html(item, width=HALF) for item in items]
    return "".join(parts)


# ----------------------------------------------------------------------------------- table
def _table_html(table: Table, height: float) -> str:
    """A table as wide as the slide; a cell too long for its column is cut."""
    shown = table.rows[: min(_MAX_TABLE_ROWS, int((height - _TABLE_HEAD) // _TABLE_ROW))]
    columns = range(len(table.heads))
    ems = [max([room_of(table.heads[n], 0.82), *(room_of(row[n], 1) for row in shown)]) for n in columns]
    room = WIDTH - _COLUMN_GAP * (len(ems) - 1)
    size = next((s for s in (44, 40, 36) if sum(ems) * s <= room), 36)
    # Long columns give way to short ones: a name or a day is never cut.
    fair = room / max(len(ems), 1)
    short = sum(em * size for em in ems if em * size <= fair)
    long = sum(em * size for em in ems if em * size > fair)
    shrink = min(1.0, (room - short) / long) if long else 1.0
    widths = [em * size * (1.0 if em * size <= fair else shrink) for em in ems]
    heads = "".join(_cell(table.heads[n], widths[n], (36, 34), table, n, tag="th") for n in columns)
    lines = "".join(
        f"<tr>{''.join(_cell(row[n], widths[n], (size, 36, 34), table, n) for n in columns)}</tr>"
        for row in shown
    )
    note = line_html(table.note, WIDTH, (36, 34), css="soft")
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>{note}"


def _cell(
    text: str, width: float, sizes: tuple[int, ...], table: Table, column: int, *, tag: str = "td"
) -> str:
    kept, size = fitted(text, width + 2, sizes)
    css = ' class="right"' if column in table.right else ""
    return f'<{tag}{css} style="--s:{size}">{escape(kept)}</{tag}>'
