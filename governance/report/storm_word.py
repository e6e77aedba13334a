"""What was done after a warning, as a Word paper of two pages: course, against the plan, what was left."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

from governance.figures.storm_words import clock_words, day_words, minutes_number, place_words, step_words
from governance.figures.time_words import stamp_words
from governance.report.footnotes import Footnotes
from governance.report.storm_words import (
    conclusion_words,
    course_rows,
    flag_words,
    missing_words,
    plan_words,
    storm_cards,
)
from governance.report.word_layout import (
    KICKER,
    SECTION,
    add_gap,
    add_table,
    add_title,
    blank_paper,
    column_widths_mm,
    set_running_head,
    write_text,
)
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph

    from governance.figures.storm_tables import StormCard
    from governance.report.storm_model import StormView


def storm_paper(view: StormView) -> bytes:
    """The paper as a docx file; the same view gives the same content."""
    document = blank_paper()
    notes = Footnotes(document)
    title = t("storm_response.word.title", name=view.name)
    _set_properties(document, view, title)
    set_running_head(document, t("report.word.sample_head") if view.is_sample else "")
    document.add_paragraph(t("storm_response.word.kind"), style=KICKER)
    day = day_words(view.start_at)
    add_title(document, title, t("storm_response.word.subtitle", day=day, street=view.street).strip())
    as_of = t("stamp.as_of", stamp=stamp_words(view.as_of)) if view.as_of else t("stamp.no_as_of")
    document.add_paragraph(t("storm_response.word.opening", as_of=as_of))
    _add_figures(document, notes, view)
    _add_course(document, view)
    _add_late(document, view)
    _add_lines(document, "missing", missing_words(view), t("storm_response.word.none_missing"))
    _add_lines(document, "notes", flag_words(view), t("storm_response.word.plain"))
    notes.attach()
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _set_properties(document: WordDocument, view: StormView, title: str) -> None:
    """Title and dates of the file: those of the warning, so that it is the same file again."""
    known = document.core_properties
    known.title, known.author, known.last_modified_by = title, view.street, view.street
    known.subject, known.comments, known.keywords = "", "", str(view.event["warning_id"])
    known.language = "zh-CN"
    known.created = known.modified = view.until.to_pydatetime().replace(tzinfo=None)


def _add_section(document: WordDocument, key: str) -> None:
    document.add_paragraph(t(f"storm_response.word.{key}"), style=SECTION)


def _heads(key: str) -> list[str]:
    return t(f"storm_response.word.{key}_heads").split("、")


def _add_figures(document: WordDocument, notes: Footnotes, view: StormView) -> None:
    """The conclusion and the figures with their definitions."""
    _add_section(document, "figures")
    document.add_paragraph(conclusion_words(view))
    cards = storm_cards(view)
    texts = [
        (
            f"{card.label}　",
            f"{card.value} {card.unit}".strip(),
            "，".join(filter(None, (card.basis, card.note))),
        )
        for card in cards
    ]
    heads = _heads("figure")
    rows = [
        (
            partial(_write_label, notes=notes, card=card),
            *(partial(write_text, text=text) for text in line[1:]),
        )
        for card, line in zip(cards, texts, strict=True)
    ]
    add_table(document, heads, column_widths_mm(list(zip(heads, *texts, strict=True))), rows)
    add_gap(document)


def _write_label(paragraph: Paragraph, *, notes: Footnotes, card: StormCard) -> None:
    paragraph.add_run(card.label)
    notes.add(paragraph, card.definition)


def _add_text_table(
    document: WordDocument, heads: Sequence[str], lines: Sequence[Sequence[str]], right: Sequence[int]
) -> None:
    widths = column_widths_mm(list(zip(heads, *lines, strict=True)), right=right)
    rows = [tuple(partial(write_text, text=text) for text in line) for line in lines]
    add_table(document, heads, widths, rows, right=right)
    add_gap(document)


def _add_course(document: WordDocument, view: StormView) -> None:
    """What happened in order."""
    _add_section(document, "course")
    lines = course_rows(view)
    if not lines:
        document.add_paragraph(t("storm_response.word.no_course"))
        return
    _add_text_table(document, _heads("course"), lines, right=(3,))


def _add_late(document: WordDocument, view: StormView) -> None:
    """What took longer than the plan allows; without a plan, that there is none."""
    _add_section(document, "against")
    if not view.plan:
        document.add_paragraph(t("storm_response.word.no_plan"))
        return
    document.add_paragraph(t("storm_response.word.plan", source=view.plan_source, plan=plan_words(view)))
    late = view.late
    if not view.is_recorded:
        document.add_paragraph(t("storm_response.word.unrecorded"))
        return
    if late.empty:
        document.add_paragraph(t("storm_response.word.none_late"))
        return
    document.add_paragraph(t("storm_response.word.late", n=len(late)))
    lines = [
        (
            step_words(str(row["step"])),
            place_words(row),
            clock_words(row["done_at"], view.start_at) or t("storm_response.not_done"),
            *(minutes_number(row[name]) for name in ("used_min", "limit_min", "over_min")),
        )
        for row in late.to_dict("records")
    ]
    _add_text_table(document, _heads("late"), lines, right=(3, 4, 5))


def _add_lines(document: WordDocument, key: str, lines: Sequence[str], none: str) -> None:
    """A part of numbered sentences, or the one that says there is nothing."""
    _add_section(document, key)
    if not lines:
        document.add_paragraph(none)
    for place, line in enumerate(lines, 1):
        document.add_paragraph(f"{place}. {line}" if len(lines) > 1 else line)
