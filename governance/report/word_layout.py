"""A Word document in the layout of GB/T 9704: page, fonts, headings, tables, page numbers.

A4, text block 156 × 225 mm, 28 characters of 16 pt a line, 22 lines a page. Lines and characters are
spaced outright, not by the document grid, so that Word, WPS and LibreOffice break them alike. The
official fonts are named first; the font table names what may stand in where they are missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import OxmlElement
from docx.shared import Mm, Pt, Twips

from governance.report.wording import width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from docx.document import Document as WordDocument
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.section import _Footer
    from docx.styles.style import ParagraphStyle
    from docx.table import Table
    from docx.text.paragraph import Paragraph

TITLE_FONT, BODY_FONT, HEAD_FONT, SUB_FONT, NUMBER_FONT = (
    *("方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"),
)
LATIN_FONT = "Times New Roman"
# What stands in for a font, best first: on Windows and WPS, then where only free fonts are.
FALLBACKS = {
    TITLE_FONT: ("FZXiaoBiaoSong-B05S", "华文中宋", "SimSun", "Noto Serif CJK SC"),
    BODY_FONT: ("FangSong_GB2312", "仿宋", "FangSong", "Noto Serif CJK SC"),
    HEAD_FONT: ("SimHei", "Noto Sans CJK SC"),
    SUB_FONT: ("KaiTi_GB2312", "楷体", "KaiTi", "Noto Serif CJK SC"),
    NUMBER_FONT: ("SimSun", "Noto Serif CJK SC"),
}
LINE_CHARS, PAGE_LINES = 28, 22
TEXT_WIDTH_MM, TEXT_HEIGHT_MM, TOP_MM, LEFT_MM = 156, 225, 37, 28
BODY_PT, TITLE_PT, NUMBER_PT, TABLE_PT, NOTE_PT = 16, 22, 14, 10.5, 9
# A table of so few rows is not parted by the end of a page.
_WHOLE_ROWS, _NUMBER_GAP_PT, _GAP_PT = 8, 6, 8
_MM_PER_PT, _CELL_MM, _AIR = 0.3528, 2.2, 1.1
# 225 mm over 22 lines, and what 28 characters of 16 pt must lose to stand on 156 mm.
LINE_TWIPS, TIGHTER_TWIPS = 579, -5
_BODY, _TITLE, _SUBTITLE = "Normal", "Title", "Subtitle"
KICKER = "Kicker"
CELL, CELL_HEAD, REMARK = "TableText", "TableHead", "Remark"
SECTION, SUBSECTION = "Heading 1", "Heading 2"


def blank_paper() -> WordDocument:
    """An empty document with page, styles and page numbers as the standard asks."""
    document = Document()
    _drop_thumbnail(document)
    _set_defaults(document)
    _set_styles(document)
    _set_page(document)
    _set_font_table(document)
    return document


def _drop_thumbnail(document: WordDocument) -> None:
    relations = document.part.package.rels
    for key in [key for key, one in relations.items() if one.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del relations[key]


def _set_defaults(document: WordDocument) -> None:
    """Chinese text, no theme fonts, no space between paragraphs, today's form of Word."""
    root = document.styles.element
    run = root.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    run.find(qn("w:lang")).set(qn("w:val"), "zh-CN")
    run.find(qn("w:lang")).set(qn("w:eastAsia"), "zh-CN")
    _name_font(run, BODY_FONT)
    spacing = root.find(f"{qn('w:docDefaults')}/{qn('w:pPrDefault')}/{qn('w:pPr')}/{qn('w:spacing')}")
    spacing.set(qn("w:after"), "0")
    spacing.set(qn("w:line"), "240")
    settings = document.settings.element
    settings.find(qn("w:themeFontLang")).set(qn("w:eastAsia"), "zh-CN")
    settings.find(qn("w:zoom")).set(qn("w:percent"), "100")
    for one in settings.iter(qn("w:compatSetting")):
        if one.get(qn("w:name")) == "compatibilityMode":
            one.set(qn("w:val"), "15")


def _name_font(properties: BaseOxmlElement, font: str) -> None:
    """One font for Chinese, the usual one for Latin and digits; none of the theme's."""
    for old in properties.findall(qn("w:rFonts")):
        properties.remove(old)
    fonts = OxmlElement("w:rFonts")
    for script in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), LATIN_FONT)
    fonts.set(qn("w:eastAsia"), font)
    fonts.set(qn("w:hint"), "eastAsia")
    properties.insert(0, fonts)


# ----------------------------------------------------------------------------- styles
def _style(
    document: WordDocument,
    name: str,
    font: str,
    size_pt: float,
    *,
    line_twips: int = LINE_TWIPS,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT,
    indent_chars: int = 0,
    is_with_next: bool = False,
) -> ParagraphStyle:
    """A paragraph style set outright: nothing of the template's own is left in it."""
    styles = document.styles
    style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    root = style.element
    style.base_style = None
    for old in (*root.findall(qn("w:rPr")), *root.findall(qn("w:pPr"))):
        root.remove(old)
    _name_font(root.get_or_add_rPr(), font)
    style.font.size = Pt(size_pt)
    form = style.paragraph_format
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Twips(line_twips)
    form.space_before = form.space_after = Pt(0)
    form.alignment, form.keep_with_next = align, is_with_next
    form.widow_control = False
    if indent_chars:
        indent = root.get_or_add_pPr().get_or_add_ind()
        indent.set(qn("w:firstLineChars"), str(100 * indent_chars))
        indent.set(qn("w:firstLine"), str(round(20 * size_pt) * indent_chars))
    style.hidden, style.quick_style = False, True
    return style


def _tighten(style: ParagraphStyle) -> None:
    """Draw characters together so that 28 of them fill a line."""
    spacing = OxmlElement("w:spacing")
    spacing.set(qn("w:val"), str(TIGHTER_TWIPS))
    properties = style.element.get_or_add_rPr()
    properties.find(qn("w:sz")).addprevious(spacing)


def _set_styles(document: WordDocument) -> None:
    both, centre = WD_ALIGN_PARAGRAPH.JUSTIFY, WD_ALIGN_PARAGRAPH.CENTER
    body = _style(document, _BODY, BODY_FONT, BODY_PT, align=both, indent_chars=2)
    heads = [
        _style(document, SECTION, HEAD_FONT, BODY_PT, indent_chars=2, is_with_next=True),
        _style(document, SUBSECTION, SUB_FONT, BODY_PT, indent_chars=2, is_with_next=True),
    ]
    for style in (body, *heads):
        _tighten(style)
    _style(document, _TITLE, TITLE_FONT, TITLE_PT, line_twips=700, align=centre, is_with_next=True)
    _style(document, _SUBTITLE, SUB_FONT, BODY_PT, align=centre, is_with_next=True)
    _style(document, KICKER, HEAD_FONT, BODY_PT)
    _style(document, CELL, BODY_FONT, TABLE_PT, line_twips=310)
    _style(document, CELL_HEAD, HEAD_FONT, TABLE_PT, line_twips=310, is_with_next=True)
    _style(document, REMARK, BODY_FONT, 10.5, line_twips=300)
    _style(document, "Header", HEAD_FONT, 10.5, line_twips=300, align=WD_ALIGN_PARAGRAPH.RIGHT)
    _style(document, "Footer", NUMBER_FONT, NUMBER_PT, line_twips=300)
    # The template's rule below the title belongs to its own design.
    for border in list(document.styles.element.iter(qn("w:pBdr"))):
        border.getparent().remove(border)


def _set_font_table(document: WordDocument) -> None:
    """Name what may stand in for the official fonts."""
    part = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    table = parse_xml(part.blob)
    for font, others in FALLBACKS.items():
        alternatives = ",".join(others)
        table.append(
            parse_xml(
                f'<w:font {nsdecls("w")} w:name="{font}"><w:altName w:val="{alternatives}"/>'
                '<w:charset w:val="86"/><w:family w:val="auto"/><w:pitch w:val="default"/></w:font>'
            )
        )
    part._blob = _as_bytes(table)


def _as_bytes(root: BaseOxmlElement) -> bytes:
    from lxml import etree

    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


# ------------------------------------------------------------------------------- page
def _set_page(document: WordDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.left_margin = Mm(TOP_MM), Mm(LEFT_MM)
    section.right_margin = Mm(210 - LEFT_MM - TEXT_WIDTH_MM)
    section.bottom_margin = Mm(297 - TOP_MM - TEXT_HEIGHT_MM)
    # The number stands 7 mm below the text block.
    section.header_distance, section.footer_distance = Mm(24), Mm(25)
    document.settings.odd_and_even_pages_header_footer = True
    _number(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    _number(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)


def _number(footer: _Footer, align: WD_ALIGN_PARAGRAPH) -> None:
    """— 1 — one character in from the outer edge."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = align
    form = paragraph.paragraph_format
    if align == WD_ALIGN_PARAGRAPH.RIGHT:
        form.right_indent = Pt(NUMBER_PT)
    else:
        form.left_indent = Pt(NUMBER_PT)
    paragraph.add_run("— ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    field.append(parse_xml(f"<w:r {nsdecls('w')}><w:t>1</w:t></w:r>"))
    paragraph._p.append(field)
    paragraph.add_run(" —")


def set_running_head(document: WordDocument, text: str) -> None:
    """The same words above the text block of every page."""
    section = document.sections[0]
    for header in (section.header, section.even_page_header):
        header.is_linked_to_previous = False
        header.paragraphs[0].text = text


# ------------------------------------------------------------------------------ parts
def add_title(document: WordDocument, title: str, subtitle: str) -> None:
    """The title with its line of week and days, and a free line around them."""
    document.add_paragraph(style=_SUBTITLE)
    document.add_paragraph(title, style=_TITLE)
    document.add_paragraph(subtitle, style=_SUBTITLE)
    document.add_paragraph(style=_SUBTITLE)


def column_widths_mm(columns: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[float]:
    """The text block shared out among columns: each what its longest cell takes, the widest give way."""
    character_mm, numbers_mm = TABLE_PT * _MM_PER_PT, _NUMBER_GAP_PT * _MM_PER_PT
    wanted = [
        max(width_of(cell) for cell in column) * character_mm * _AIR
        + _CELL_MM
        + numbers_mm * (place in right)
        for place, column in enumerate(columns)
    ]
    most = max(wanted)
    while sum(min(one, most) for one in wanted) > TEXT_WIDTH_MM:
        most -= 0.5
    given = [min(one, most) for one in wanted]
    return [one * TEXT_WIDTH_MM / sum(given) for one in given]


def add_table(
    document: WordDocument,
    heads: Sequence[str],
    widths_mm: Sequence[float],
    rows: Sequence[Sequence[Callable[[Paragraph], None]]],
    *,
    right: Sequence[int] = (),
) -> Table:
    """A ruled table whose header row repeats on every page and whose rows stay whole.

    A short table stays on one page. Each cell is a function that writes into its paragraph;
    `right` are columns of numbers.
    """
    table = document.add_table(rows=1, cols=len(heads))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _rule(table)
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        cell.paragraphs[0].text = head
        cell.paragraphs[0].style = document.styles[CELL_HEAD]
    _mark_row(table, 0, "w:tblHeader")
    for cells in rows:
        line = table.add_row()
        for cell, write in zip(line.cells, cells, strict=True):
            cell.paragraphs[0].style = document.styles[CELL]
            write(cell.paragraphs[0])
    is_kept_whole = len(rows) <= _WHOLE_ROWS
    for number, row in enumerate(table.rows):
        _mark_row(table, number, "w:cantSplit")
        row.cells[0].paragraphs[0].paragraph_format.keep_with_next = number == 0 or (
            is_kept_whole and number < len(rows)
        )
        for place, (cell, width) in enumerate(zip(row.cells, widths_mm, strict=True)):
            cell.width = Mm(width)
            if place in right:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
                form = cell.paragraphs[0].paragraph_format
                # With an indent of its own a paragraph takes the body's first line, too, in LibreOffice.
                form.right_indent, form.first_line_indent = Pt(_NUMBER_GAP_PT), Pt(0)
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width)
    return table


def write_text(paragraph: Paragraph, *, text: str) -> None:
    """A plain cell of `add_table`."""
    paragraph.add_run(text)


def add_gap(document: WordDocument) -> None:
    """A little air after a table."""
    paragraph = document.add_paragraph(style=REMARK)
    paragraph.paragraph_format.line_spacing = Pt(_GAP_PT)


def _mark_row(table: Table, number: int, name: str) -> None:
    properties = table.rows[number]._tr.get_or_add_trPr()
    mark = OxmlElement(name)
    # The schema wants cantSplit before tblHeader.
    properties.insert(0, mark) if name == "w:cantSplit" else properties.append(mark)


def _rule(table: Table) -> None:
    """Strong lines above and below, thin ones between rows, none between columns."""
    lines = "".join(
        f'<w:{side} w:val="{kind}" w:sz="{eighths}" w:space="0" w:color="000000"/>'
        for side, kind, eighths in (
            *(("top", "single", 8), ("left", "nil", 0), ("bottom", "single", 8)),
            *(("right", "nil", 0), ("insideH", "single", 4), ("insideV", "nil", 0)),
        )
    )
    margins = "".join(
        f'<w:{side} w:w="{twips}" w:type="dxa"/>'
        for side, twips in (("top", 25), ("left", 50), ("bottom", 25), ("right", 50))
    )
    properties = table._tbl.tblPr
    properties.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{lines}</w:tblBorders>"))
    layout = properties.find(qn("w:tblLayout"))
    if layout is not None:
        properties.remove(layout)
        properties.append(layout)
    properties.append(parse_xml(f"<w:tblCellMar {nsdecls('w')}>{margins}</w:tblCellMar>"))
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        properties.remove(look)
        properties.append(look)
