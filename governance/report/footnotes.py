"""Footnotes for python-docx, which has none: the part, its styles and the references to it.

notes = Footnotes(document)
notes.add(paragraph, "…")        # ① in the paragraph, the text at the foot of its page
notes.attach()                   # once, when all are added
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from governance.report.word_layout import BODY_FONT, LATIN_FONT, NOTE_PT

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph

_SEPARATORS = (("separator", -1), ("continuationSeparator", 0))
_CIRCLES = "decimalEnclosedCircleChinese"
# Elements of settings.xml that stand before the footnotes' in the schema.
_AFTER = ("w:compat", "w:rsids", "m:mathPr", "w:themeFontLang")


class Footnotes:
    """The footnotes of one document, numbered ① ② … through all its pages."""

    def __init__(self, document: WordDocument) -> None:
        self._document = document
        self._texts: list[str] = []
        self._add_styles()

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, paragraph: Paragraph, text: str) -> None:
        """Put a reference at the end of a paragraph."""
        self._texts.append(text)
        paragraph._p.append(
            parse_xml(
                f'<w:r {nsdecls("w")}><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr>'
                f'<w:footnoteReference w:id="{len(self._texts)}"/></w:r>'
            )
        )

    def attach(self) -> None:
        """Write the part; call it once, after the last note."""
        marks = "".join(
            f'<w:footnote w:type="{name}" w:id="{number}"><w:p><w:r><w:{name}/></w:r></w:p></w:footnote>'
            for name, number in _SEPARATORS
        )
        notes = "".join(_note(number, text) for number, text in enumerate(self._texts, 1))
        blob = (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            f"<w:footnotes {nsdecls('w')}>{marks}{notes}</w:footnotes>"
        ).encode()
        package = self._document.part.package
        part = Part(PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, blob, package)
        self._document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
        self._declare()

    def _declare(self) -> None:
        """Say in the settings which notes are separators, and how the others are numbered."""
        numbering = f'<w:numFmt w:val="{_CIRCLES}"/>'
        separators = "".join(f'<w:footnote w:id="{number}"/>' for _, number in _SEPARATORS)
        settings = self._document.settings.element
        following = next(one for one in settings if one.tag in {qn(name) for name in _AFTER})
        following.addprevious(
            parse_xml(f"<w:footnotePr {nsdecls('w')}>{numbering}{separators}</w:footnotePr>")
        )
        section = self._document.sections[0]._sectPr
        section.find(qn("w:pgSz")).addprevious(
            parse_xml(f"<w:footnotePr {nsdecls('w')}>{numbering}</w:footnotePr>")
        )

    def _add_styles(self) -> None:
        fonts = f'w:ascii="{LATIN_FONT}" w:hAnsi="{LATIN_FONT}" w:eastAsia="{BODY_FONT}"'
        size = round(2 * NOTE_PT)
        self._document.styles.element.extend(
            (
                parse_xml(
                    f'<w:style {nsdecls("w")} w:type="paragraph" w:styleId="FootnoteText">'
                    '<w:name w:val="footnote text"/>'
                    '<w:pPr><w:snapToGrid w:val="0"/><w:spacing w:line="240" w:lineRule="exact"/>'
                    '<w:ind w:left="180" w:hanging="180"/></w:pPr>'
                    f'<w:rPr><w:rFonts {fonts}/><w:sz w:val="{size}"/>'
                    f'<w:szCs w:val="{size}"/></w:rPr></w:style>'
                ),
                parse_xml(
                    f'<w:style {nsdecls("w")} w:type="character" w:styleId="FootnoteReference">'
                    '<w:name w:val="footnote reference"/><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
                    "</w:style>"
                ),
            )
        )


def _note(number: int, text: str) -> str:
    return (
        f'<w:footnote w:id="{number}"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr>'
        '<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>'
        f'<w:r><w:t xml:space="preserve"> {escape(text)}</w:t></w:r></w:p></w:footnote>'
    )
