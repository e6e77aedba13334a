"""The Word paper: the standard's layout, tables, footnotes."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from governance.report.word import word_paper
from governance.report.word_layout import BODY_FONT, HEAD_FONT, SUB_FONT, TITLE_FONT
from tests.report_models import empty_model, figure, week_model


def opened(model=None):
    return Document(io.BytesIO(word_paper(model or week_model())))


def texts(document):
    """Every paragraph and cell, in one list."""
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


def footnotes(model):
    with zipfile.ZipFile(io.BytesIO(word_paper(model))) as file:
        root = ElementTree.fromstring(file.read("word/footnotes.xml"))
    said = ["".join(note.itertext()).strip() for note in root]
    return [text for text in said if text]


def test_the_page_is_that_of_the_standard():
    section = opened().sections[0]
    width = section.page_width - section.left_margin - section.right_margin
    height = section.page_height - section.top_margin - section.bottom_margin
    edges = (section.page_width, section.page_height, section.top_margin, section.left_margin)
    assert [one / Mm(1) for one in (*edges, width, height)] == pytest.approx(
        [210, 297, 37, 28, 156, 225], abs=0.05
    )


@pytest.mark.parametrize(
    ("style", "font", "size"),
    [("Normal", BODY_FONT, 16), ("Title", TITLE_FONT, 22), ("Heading 1", HEAD_FONT, 16),
     ("Heading 2", SUB_FONT, 16), ("Footer", "宋体", 14)],
)  # fmt: skip
def test_fonts_and_sizes_are_those_of_the_standard(style, font, size):
    found = opened().styles[style]
    named = found.element.rPr.find(qn("w:rFonts"))
    assert named.get(qn("w:eastAsia")) == font
    assert {named.get(qn(f"w:{script}")) for script in ("ascii", "hAnsi")} == {"Times New Roman"}
    assert found.font.size == Pt(size)


def test_what_stands_in_for_a_font_is_named():
    with zipfile.ZipFile(io.BytesIO(word_paper(week_model()))) as file:
        table = file.read("word/fontTable.xml").decode()
    for font in (TITLE_FONT, BODY_FONT, HEAD_FONT, SUB_FONT):
        assert f'w:name="{font}"' in table
    assert all(name in table for name in ("FangSong", "KaiTi", "SimHei", "Noto Serif CJK SC"))


def test_every_figure_is_in_a_table_with_its_definition_in_a_footnote():
    model = week_model()
    document, notes = opened(model), footnotes(model)
    rows = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    figures = [figure for slide in model.slides for figure in slide.figures]
    assert len(notes) == len(figures) + 1
    for one in figures:
        line = next(row for row in rows if row[0].startswith(one.label))
        assert line[1:3] == [f"{one.value}\u00a0{one.unit}", one.basis]
        note = next(note for note in notes if note.startswith(one.definition.rstrip("。")))
        assert "数据截至9月17日 23:52" in note
    assert notes[0] == "记录中缺少：机动二队 9月4日起没有轨迹；群防不提供轨迹。"


def test_a_table_repeats_its_header_and_keeps_rows_whole():
    for table in opened().tables:
        first, *others = (row._tr.trPr for row in table.rows)
        assert first.find(qn("w:tblHeader")) is not None
        assert all(one.find(qn("w:cantSplit")) is not None for one in (first, *others))
        assert all(one.find(qn("w:tblHeader")) is None for one in others)


def test_the_page_number_stands_at_the_outer_edge():
    section = opened().sections[0]
    odd, even = section.footer.paragraphs[0], section.even_page_footer.paragraphs[0]
    assert opened().settings.odd_and_even_pages_header_footer
    assert (odd.alignment.name, even.alignment.name) == ("RIGHT", "LEFT")
    said = "".join(node.text or "" for node in odd._p.iter(qn("w:t")))
    assert said == "— 1 —"


def test_a_figure_on_poor_data_is_struck_out_and_judges_nobody():
    document = opened()
    row = next(row for table in document.tables for row in table.rows if row.cells[0].text.startswith("扫过"))
    assert row.cells[1].paragraphs[0].runs[0].font.strike
    assert row.cells[5].text == "不作考核"
    assert any("D 级，不作考核" in note for note in footnotes(week_model()))


def test_demonstration_data_are_marked_on_every_page_and_real_ones_are_not():
    head = opened().sections[0].header.paragraphs[0].text
    assert "演示数据" in head
    real = opened(empty_model())
    assert real.sections[0].header.paragraphs[0].text == ""
    assert "演示数据" not in "".join(texts(real))


def test_a_week_without_records_says_so_in_every_part():
    said = texts(opened(empty_model()))
    assert said.count("这一周没有记录。") == 7


def test_a_text_from_data_cannot_break_the_footnotes():
    odd = figure("x", "甲", "1", "件", definition="<w:p> & 甲")
    slides = tuple(
        slide if slide.key != "response" else type(slide)("response", "题", figures=(odd,))
        for slide in week_model().slides
    )
    assert any("<w:p> & 甲" in note for note in footnotes(week_model(slides=slides)))
