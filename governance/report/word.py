"""The week as a Word paper for the meeting: three to five pages, read without the screen.

One part for each of the seven slides, in their order: the message, the figures as a table, what is
so as numbered sentences. Each figure's definition, as-of and gaps stand in a footnote. It is a paper
of the office itself: it has neither a document number nor a red head.
"""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

from docx.enum.text import WD_ALIGN_PARAGRAPH

from governance.report.footnotes import Footnotes
from governance.report.marks import SIGNS
from governance.report.word_layout import (
    CELL,
    KICKER,
    REMARK,
    SECTION,
    add_gap,
    add_table,
    add_title,
    blank_paper,
    column_widths_mm,
    set_running_head,
    write_text,
)
from governance.report.wording import (
    cells_without_heads,
    days_between,
    definition_note,
    figure_words,
    missing_words,
)
from governance.report.workbook import workbook_sheets
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph

    from governance.report.model import Figure, Item, Slide, Table, WeekModel

_FIGURE_HEADS = ("figure", "value", "basis", "previous", "target", "state")
_NO_BREAK = "\u00a0"
_NUMERALS = "一二三四五六七"


def word_paper(model: WeekModel) -> bytes:
    """The paper as a docx file."""
    document = blank_paper()
    notes = Footnotes(document)
    _set_properties(document, model)
    set_running_head(document, t("report.word.sample_head") if model.is_sample else "")
    document.add_paragraph(t("report.word.kind"), style=KICKER)
    add_title(document, t("report.title", street=model.street), days_between(model.week))
    _add_opening(document, notes, model)
    for number, slide in zip(_NUMERALS, model.slides, strict=True):
        _add_slide(document, notes, model, number, slide)
    _add_close(document, model)
    notes.attach()
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _set_properties(document: WordDocument, model: WeekModel) -> None:
    """Title and dates of the file: those of the week, so that the same week gives the same file."""
    known = document.core_properties
    known.title = t("report.title", street=model.street)
    known.subject, known.author, known.comments = model.week_words, model.street, ""
    known.last_modified_by, known.keywords, known.language = model.street, str(model.week), "zh-CN"
    known.created = known.modified = (model.as_of or model.week.end_at).replace(tzinfo=None)


def _add_opening(document: WordDocument, notes: Footnotes, model: WeekModel) -> None:
    """What the paper rests on, and what the records lack."""
    paragraph = document.add_paragraph(t("report.word.opening", as_of=model.as_of_words))
    if model.missing:
        notes.add(paragraph, missing_words(model))


# ------------------------------------------------------------------------------- parts
def _add_slide(document: WordDocument, notes: Footnotes, model: WeekModel, number: str, slide: Slide) -> None:
    """One part: heading with the message, figures, tables, sentences, the map's counts."""
    head = t("report.word.section", number=number, name=t(f"report.slides.{slide.key}"), title=slide.title)
    document.add_paragraph(head, style=SECTION)
    is_bare = not (slide.items or slide.figures or slide.tables or slide.map)
    if slide.empty or is_bare:
        document.add_paragraph(slide.empty or t("report.word.nothing"))
    if slide.figures:
        _add_figures(document, notes, model, slide.figures)
    for table in slide.tables:
        _add_rows(document, table)
    for place, item in enumerate(slide.items, 1):
        _add_item(document, place, item)
    if slide.map is not None:
        _add_remark(document, _legend_words(slide))


def _add_figures(
    document: WordDocument, notes: Footnotes, model: WeekModel, figures: Sequence[Figure]
) -> None:
    heads = [t(f"report.word.heads.{name}") for name in _FIGURE_HEADS]
    # A footnote's number stands behind the label; the figure is bold, and so wider.
    texts = [
        (f"{one.label}　", f"{figure_words(one)}　", *cells_without_heads(one), _state_words(one))
        for one in figures
    ]
    rows = [
        (
            partial(_write_label, notes=notes, note=definition_note(model, figure), text=figure.label),
            partial(_write_value, figure=figure),
            *(partial(write_text, text=text) for text in line[2:]),
        )
        for figure, line in zip(figures, texts, strict=True)
    ]
    widths_mm = column_widths_mm(list(zip(heads, *texts, strict=True)), right=(1,))
    add_table(document, heads, widths_mm, rows, right=(1,))
    add_gap(document)


def _state_words(figure: Figure) -> str:
    return t("report.deck.struck") if figure.is_struck else f"{SIGNS[figure.mark]}{figure.word}"


def _write_label(paragraph: Paragraph, *, notes: Footnotes, note: str, text: str) -> None:
    paragraph.add_run(text)
    if note:
        notes.add(paragraph, note)


def _write_value(paragraph: Paragraph, *, figure: Figure) -> None:
    """The number; struck out where it rests on D data."""
    # The number and its unit stay on one line.
    run = paragraph.add_run(figure_words(figure).replace(" ", _NO_BREAK))
    run.bold = not figure.is_struck
    run.font.strike = figure.is_struck


def _add_rows(document: WordDocument, table: Table) -> None:
    rows: list[tuple[Callable[[Paragraph], None], ...]] = [
        tuple(partial(write_text, text=text) for text in row) for row in table.rows
    ]
    widths_mm = column_widths_mm(list(zip(table.heads, *table.rows, strict=True)), right=table.right)
    add_table(document, table.heads, widths_mm, rows, right=table.right)
    if table.note:
        _add_remark(document, table.note)
    else:
        add_gap(document)


def _add_item(document: WordDocument, place: int, item: Item) -> None:
    """1. What is so, its number, what it rests on, whom to ask."""
    paragraph = document.add_paragraph()
    paragraph.add_run(t("report.word.item", n=place, title=item.title)).bold = True
    value = f"{item.value} {item.unit}".strip()
    parts = [f"{SIGNS[item.mark]}{item.word}".strip(), value, item.sub]
    said = "，".join(part for part in parts if part)
    if item.owner:
        said = t("report.word.with_owner", said=said, owner=item.owner)
    paragraph.add_run(t("report.word.sentence", said=said))


def _legend_words(slide: Slide) -> str:
    """The map in words: how many areas of each class."""
    if slide.map is None:
        return ""
    counts = "、".join(t("report.word.class_count", words=words, n=n) for _, words, n in slide.map.legend)
    return t("report.word.map", counts=counts, note=slide.map.note)


def _add_remark(document: WordDocument, text: str) -> None:
    document.add_paragraph(text, style=REMARK)
    add_gap(document)


def _add_close(document: WordDocument, model: WeekModel) -> None:
    """Where every row is, and through when the data are known."""
    sheets = workbook_sheets(model)
    rows_n = sum(len(sheet.frame) for sheet in sheets)
    add_gap(document)
    document.add_paragraph(t("report.word.rows", sheets=len(sheets), rows=f"{rows_n:,}"))
    paragraph = document.add_paragraph(model.as_of_words, style=CELL)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
