"""The week as a PowerPoint deck: the seven slides of the meeting screen, every part editable.

Charts carry their data, tables are tables, maps are shapes. Each slide has one message as its title;
its notes hold what the speaker may be asked: whom to turn to, definitions, sources, as-of.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

from governance.figures.theme import LIGHT
from governance.report.deck import (
    LEAST_PT,
    TITLE_LAYOUT,
    Box,
    Face,
    add_block,
    add_text,
    blank_deck,
    fitted_pt,
    write,
)
from governance.report.deck_parts import (
    CARD_ROW_PX,
    WIDE_PX,
    add_figures,
    add_items,
    add_table,
    columns_of,
    owner_words,
    table_px,
)
from governance.report.model import AreaMap, Chart
from governance.report.native_charts import add_chart, chart_px
from governance.report.native_maps import add_map
from governance.report.wording import definition_note, figure_words, missing_words
from governance.text import t

if TYPE_CHECKING:
    from pptx.slide import Slide as NativeSlide

    from governance.report.model import Slide, Table, WeekModel

    Visual = AreaMap | Chart | Table

_LEFT, _RIGHT = 72, 1848
_CONTENT = Box(_LEFT, 186, _RIGHT - _LEFT, 828)
_TITLE_PT, _FOOT_Y, _SEGMENT_PX, _VISUAL_PX, _GAP_PX = 34, 1026, 72, 940, 64
_BETWEEN_PX, _MAP_PX, _STRIP_PX, _MOST_FIGURE_PX, _ITEM_WEIGHT = 24, 700, 165, 200, 1.06


def powerpoint_paper(model: WeekModel) -> bytes:
    """The deck as a pptx file."""
    deck = blank_deck()
    known = deck.core_properties
    known.title, known.subject = t("report.title", street=model.street), model.week_words
    known.author = known.last_modified_by = model.street
    known.keywords, known.language = str(model.week), "zh-CN"
    known.created = known.modified = (model.as_of or model.week.end_at).replace(tzinfo=None)
    layout = next(one for one in deck.slide_layouts if one.name == TITLE_LAYOUT)
    for number, slide in enumerate(model.slides, 1):
        native = deck.slides.add_slide(layout)
        _add_frame(native, model, slide, number)
        _add_content(native, slide)
        native.notes_slide.notes_text_frame.text = _notes(model, slide)
    made = io.BytesIO()
    deck.save(made)
    return made.getvalue()


# ------------------------------------------------------------------------------- frame
def _add_frame(native: NativeSlide, model: WeekModel, slide: Slide, number: int) -> None:
    """Red line, title, street and week; below, how far the deck has come and through when data are."""
    shapes = native.shapes
    add_block(shapes, Box(_LEFT, 44, 72, 8), LIGHT.brand)
    head = f"{model.street}　{model.week_words}"
    head_pt = fitted_pt(head, 760, 22)
    title = shapes.title
    title.left, title.top, title.width, title.height = Box(_LEFT, 62, 1010, 104).emu
    size = fitted_pt(slide.title, 1000, _TITLE_PT)
    write(title, slide.title, Face(size, is_bold=True, anchor=MSO_ANCHOR.MIDDLE))
    place = Box(_RIGHT - 760, 62, 760, 104)
    add_text(shapes, place, head, Face(head_pt, LIGHT.ink_2, align=PP_ALIGN.RIGHT, anchor=MSO_ANCHOR.MIDDLE))
    add_block(shapes, Box(_LEFT, 176, _RIGHT - _LEFT, 2), LIGHT.rule)
    total = len(model.slides)
    for segment in range(total):
        passed = LIGHT.data if segment + 1 == number else LIGHT.previous
        colour = passed if segment < number else LIGHT.rule
        add_block(shapes, Box(_LEFT + segment * (_SEGMENT_PX + 12), _FOOT_Y + 14, _SEGMENT_PX, 9), colour)
    beside = Box(_LEFT + total * (_SEGMENT_PX + 12) + 8, _FOOT_Y - 6, 120, 46)
    add_text(shapes, beside, f"{number} / {total}", Face(LEAST_PT, LIGHT.ink_2))
    sample = t("stamp.sample") if model.is_sample else ""
    foot = "　".join(part for part in (sample, model.as_of_words) if part)
    place = Box(_RIGHT - 900, _FOOT_Y - 6, 900, 46)
    add_text(shapes, place, foot, Face(LEAST_PT, LIGHT.ink_2, align=PP_ALIGN.RIGHT))


# ----------------------------------------------------------------------------- content
def _add_content(native: NativeSlide, slide: Slide) -> None:
    """Pictures on the left, figures and lines on the right; whatever there is takes the whole width."""
    area_map = (slide.map,) if slide.map is not None else ()
    visuals: tuple[Visual, ...] = (*area_map, *slide.charts, *slide.tables)
    has_words = bool(slide.figures or slide.items)
    if not visuals and not has_words:
        _add_sentence(native, slide.empty or t("report.word.nothing"))
    elif not visuals:
        _add_words(native, slide, _CONTENT)
    elif not has_words:
        _add_visuals(native, visuals, _CONTENT)
    elif len(visuals) > 1 and not slide.items:
        columns_n = columns_of(slide.figures, _CONTENT)
        row_px = CARD_ROW_PX if columns_n > 2 else _STRIP_PX
        strip_px = row_px * -(-len(slide.figures) // columns_n)
        add_figures(native.shapes, slide.figures, _CONTENT.top(strip_px))
        _add_visuals(native, visuals, _CONTENT.below(strip_px + _BETWEEN_PX))
    else:
        left = Box(_CONTENT.x, _CONTENT.y, _VISUAL_PX, _CONTENT.h)
        right_x = _VISUAL_PX + _GAP_PX
        _add_visuals(native, visuals, left)
        right = Box(_CONTENT.x + right_x, _CONTENT.y, _CONTENT.w - right_x, _CONTENT.h)
        _add_words(native, slide, right)


def _add_sentence(native: NativeSlide, sentence: str) -> None:
    face = Face(28, LIGHT.ink_2, align=PP_ALIGN.CENTER, anchor=MSO_ANCHOR.MIDDLE)
    add_text(native.shapes, _CONTENT, sentence, face)


def _add_words(native: NativeSlide, slide: Slide, box: Box) -> None:
    """Figures above, lines below, each with room by its number."""
    rows_n = -(-len(slide.figures) // columns_of(slide.figures, box))
    wanted = rows_n + _ITEM_WEIGHT * len(slide.items)
    most_px = CARD_ROW_PX if columns_of(slide.figures, box) > 2 else _MOST_FIGURE_PX
    figures_px = min(box.h * rows_n / wanted, most_px * rows_n)
    if slide.figures:
        add_figures(native.shapes, slide.figures, box.top(figures_px))
    if slide.items:
        add_items(native.shapes, slide.items, box.below(figures_px + (8 if slide.figures else 0)))


def _add_visuals(native: NativeSlide, visuals: tuple[Visual, ...], box: Box) -> None:
    """Side by side on the whole width, one below the other on half of it, each as high as it wants."""
    if box.w > WIDE_PX:
        for visual, place in zip(visuals, box.columns(len(visuals), gap=_GAP_PX), strict=True):
            _add_visual(native, visual, place)
        return
    wanted = [_wanted_px(visual, box.w) for visual in visuals]
    room, y = box.h - _BETWEEN_PX * (len(visuals) - 1), box.y
    for visual, height in zip(visuals, wanted, strict=True):
        given = height * room / sum(wanted)
        _add_visual(native, visual, Box(box.x, y, box.w, given))
        y += given + _BETWEEN_PX


def _wanted_px(visual: Visual, width: float) -> float:
    if isinstance(visual, AreaMap):
        return _MAP_PX
    return chart_px(visual) if isinstance(visual, Chart) else table_px(visual, width)


def _add_visual(native: NativeSlide, visual: Visual, place: Box) -> None:
    if isinstance(visual, AreaMap):
        add_map(native.shapes, visual, place)
    elif isinstance(visual, Chart):
        add_chart(native.shapes, visual, place)
    else:
        add_table(native.shapes, visual, Box(place.x, place.y + 8, place.w, place.h - 8))


# ------------------------------------------------------------------------------- notes
def _notes(model: WeekModel, slide: Slide) -> str:
    """What the speaker may be asked: every line with its owner, definitions, sources, as-of, gaps."""
    lines = [slide.title, *([slide.empty] if slide.empty else [])]
    for item in slide.items:
        value = f"{item.value} {item.unit}".strip()
        said = "，".join(part for part in (item.title, item.word, value, item.sub, owner_words(item)) if part)
        lines.append(said)
    for figure in slide.figures:
        rest = (figure.word, figure.basis, figure.previous, figure.target, definition_note(model, figure))
        said = "，".join(part for part in rest if part)
        lines.append(f"{figure.label} {figure_words(figure)}：{said}")
    lines.extend(f"{chart.title}：{chart.note}" for chart in slide.charts if chart.note)
    if slide.notes:
        lines.append(t("report.deck.sources", sources="；".join(one.rstrip("。") for one in slide.notes)))
    lines.append(t("report.deck.sample") if model.is_sample else "")
    lines.append(f"{model.as_of_words}。")
    if model.missing:
        lines.append(missing_words(model))
    return "\n".join(line for line in lines if line)
