"""The handbook on paper: one A4 page a micro-grid, its code printed large, its people, its map.

Word's markup is written page by page and not through python-docx's objects: 294 pages with their tables
take a second instead of a minute. Every line is cut to its column and every list to its room, so that a
micro-grid never runs over onto a second page.
"""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from governance.errors import GovernanceError
from governance.figures.handbook_tables import (
    day_words,
    name_words,
    nobody_words,
    people_by_role,
    phone_words,
    scope_words,
)
from governance.metrics.areas import children_of
from governance.metrics.handbook import handbook_at
from governance.metrics.handbook_entry import handbook_of
from governance.report.word_layout import (
    CELL,
    CELL_HEAD,
    HEAD_FONT,
    REMARK,
    SUB_FONT,
    TABLE_PT,
    TEXT_WIDTH_MM,
    blank_paper,
    set_running_head,
)
from governance.report.word_sketch import sketch_of
from governance.report.wording import width_of
from governance.schema import schema
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from docx.document import Document as WordDocument

    from governance.metrics.handbook_entry import Entry, Handbook, Person
    from governance.records.dataset import Dataset
    from governance.report.word_sketch import Sketch

_WIDTHS_MM = (39.0, 39.0, 26.0, 31.5, 20.5)
_SKETCH_MM, _SKETCH_PT = 76.0, (205.0, 195.0)
_SMALL_PT = 9.5
_CODE_PT, _NAME_PT = 34, 16
_MOST_PEOPLE, _MOST_FACTS, _DOOR_LINES = 12, 8, 4
_TWIPS_PER_MM, _MM_PER_PT, _CELL_AIR_MM = 56.7, 0.3528, 2.0
_NAMESPACES = f'{nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml"'


def handbook_paper(dataset: Dataset) -> bytes:
    """The handbook as a docx file, micro-grids in the order of their codes.

    Raises
    ------
    GovernanceError
        `no_handbook` when there is no micro-grid.
    """
    book = handbook_of(dataset)
    if not book.codes:
        raise GovernanceError("no_handbook")
    document, at = blank_paper(), handbook_at(dataset)
    set_running_head(document, t("report.word.sample_head") if dataset.is_sample else "")
    _set_properties(document, dataset.settings.text("street_name"), at)
    sketches = _sketches(book)
    end = document.element.body.sectPr
    writer = _Writer(document, t(f"grid_handbook.paper.note{'_sketch' * dataset.is_schematic}", day=_day(at)))
    for code in book.codes:
        entry = book.entry(code)
        page = writer.page(entry, sketches.get(entry.community_code), is_first=code == book.codes[0])
        for part in list(parse_xml(f"<w:body {_NAMESPACES}>{page}</w:body>")):
            end.addprevious(part)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _day(at: datetime | None) -> str:
    return t("grid_handbook.paper.day", year=at.year, month=at.month, day=at.day) if at else "—"


def _set_properties(document: WordDocument, street: str, at: datetime | None) -> None:
    """Title and dates of the file: those of the data, so that the same data give the same file."""
    known = document.core_properties
    known.title, known.author = t("grid_handbook.paper.title", street=street), street
    known.subject, known.comments, known.last_modified_by, known.language = "", "", street, "zh-CN"
    if at is not None:
        known.created = known.modified = at.replace(tzinfo=None)


def _sketches(book: Handbook) -> Mapping[str, Sketch]:
    """A sketch for each community that has drawn micro-grids."""
    areas = book.areas
    found = {}
    for key in areas.index[areas["level"].eq("community")]:
        grids = children_of(areas, tuple(key)).index
        cells = areas[areas["level"].eq("microgrid") & areas["parent_code"].isin([code for _, code in grids])]
        outline = areas["geometry"].loc[[key]].iloc[0]
        geometry = dict(zip(cells["code"].astype(str), cells["geometry"], strict=True))
        sketch = sketch_of(geometry, outline, width_pt=_SKETCH_PT[0], height_pt=_SKETCH_PT[1])
        if sketch is not None:
            found[str(key[1])] = sketch
    return found


# ------------------------------------------------------------------------------------ markup
def cut(text: str, width_mm: float, *, size_pt: float = TABLE_PT) -> str:
    """A text that fits into a column, with … where it was too long."""
    most = (width_mm - _CELL_AIR_MM) / (size_pt * _MM_PER_PT)
    if width_of(text) <= most:
        return text
    kept = text
    while kept and width_of(kept) + 1 > most:
        kept = kept[:-1]
    return f"{kept}…"


def _run(text: str, *, size_pt: float = 0, font: str = "", is_bold: bool = False) -> str:
    marks = (
        (f'<w:rFonts w:eastAsia="{font}" w:hint="eastAsia"/>' if font else "")
        + ("<w:b/>" if is_bold else "")
        + (f'<w:sz w:val="{round(2 * size_pt)}"/>' if size_pt else "")
    )
    return f'<w:r><w:rPr>{marks}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


class _Writer:
    """Writes pages in the styles of one document."""

    def __init__(self, document: WordDocument, note: str) -> None:
        self.styles = {name: document.styles[name].style_id for name in (CELL, CELL_HEAD, REMARK)}
        self.note = note

    def page(self, entry: Entry, sketch: Sketch | None, *, is_first: bool) -> str:
        """One micro-grid: code and name, sketch beside key units and routes, people, doors."""
        return "".join(
            (
                self._head(entry, is_first=is_first),
                self._places(entry, sketch),
                self._gap(),
                self._people(entry),
                self._doors(entry),
                self._paragraph(_run(self.note, size_pt=9), REMARK),
            )
        )

    def _paragraph(self, runs: str, style: str, *, line_twips: int = 0, more: str = "") -> str:
        spacing = f'<w:spacing w:line="{line_twips}" w:lineRule="exact"/>' if line_twips else ""
        return f'<w:p><w:pPr><w:pStyle w:val="{self.styles[style]}"/>{more}{spacing}</w:pPr>{runs}</w:p>'

    def _gap(self) -> str:
        return self._paragraph("", REMARK, line_twips=160)

    def _head(self, entry: Entry, *, is_first: bool) -> str:
        facts = [
            t(f"grid_handbook.facts.{name}", n=value)
            for name, value in (
                ("tier", entry.tier),
                ("households", entry.households),
                ("residents", entry.residents),
            )
            if value is not None
        ]
        name = "" if entry.name == entry.code else entry.name
        second = "　".join(part for part in (name, entry.community) if part)
        # The page begins here; only the first one needs no break.
        start = "" if is_first else "<w:pageBreakBefore/>"
        return (
            self._paragraph(
                _run(entry.code, size_pt=_CODE_PT, font=HEAD_FONT, is_bold=True),
                CELL,
                line_twips=860,
                more=start,
            )
            + self._paragraph(
                _run(cut(second, 2 * TEXT_WIDTH_MM / 3), size_pt=_NAME_PT, font=SUB_FONT),
                CELL,
                line_twips=460,
            )
            + self._paragraph(_run(" · ".join(facts)), REMARK, line_twips=340)
        )

    def _places(self, entry: Entry, sketch: Sketch | None) -> str:
        """The sketch on the left, what stands in the micro-grid on the right."""
        right_mm = TEXT_WIDTH_MM - _SKETCH_MM
        lines = "".join(self._fact_lines(entry, right_mm))
        drawn = f"<w:r>{sketch.markup(entry.code)}</w:r>" if sketch else _run(t("grid_handbook.paper.no_map"))
        picture = (
            f'<w:p><w:pPr><w:pStyle w:val="{self.styles[REMARK]}"/>'
            f'<w:spacing w:line="240" w:lineRule="auto"/></w:pPr>{drawn}</w:p>'
        )
        return self._table((_SKETCH_MM, right_mm), [(picture, lines)], is_ruled=False)

    def _fact_lines(self, entry: Entry, width_mm: float) -> Iterator[str]:
        groups = (
            ("unit", [_joined(unit.name, unit.contact) for unit in entry.units]),
            ("estate", [_joined(one.name, _managed_words(one.is_managed)) for one in entry.estates]),
            (
                "route",
                [_joined(one.name, schema().label_of("zone_kind", one.zone_kind)) for one in entry.routes],
            ),
        )
        room = _MOST_FACTS
        for kind, names in groups:
            yield self._paragraph(
                _run(t(f"grid_handbook.kinds.{kind}"), font=HEAD_FONT, is_bold=True), CELL_HEAD
            )
            shown = names[: max(room, 1)]
            room -= len(shown)
            if len(names) > len(shown):
                shown[-1] += t("grid_handbook.paper.more", n=len(names) - len(shown))
            for words in shown or [t("grid_handbook.paper.none")]:
                yield self._paragraph(_run(cut(words, width_mm)), CELL)

    def _people(self, entry: Entry) -> str:
        heads = [t(f"grid_handbook.heads.{name}") for name in ("matter", "who", "phone")]
        heads += [t("grid_handbook.paper.where"), t("grid_handbook.paper.verified")]
        rows = list(_people_rows(entry))
        if len(rows) > _MOST_PEOPLE:
            more = t("grid_handbook.paper.more_people", n=len(rows) - _MOST_PEOPLE + 1)
            rows = [*rows[: _MOST_PEOPLE - 1], ("", more)]
        cells = [
            tuple(
                self._paragraph(_run(cut(text, width, size_pt=_SMALL_PT), size_pt=_SMALL_PT), CELL)
                for text, width in zip(row, _widths_of(row), strict=True)
            )
            for row in rows
        ]
        head = tuple(
            self._paragraph(_run(text, size_pt=_SMALL_PT, is_bold=True), CELL_HEAD) for text in heads
        )
        return self._table(_WIDTHS_MM, [head, *cells], is_ruled=True)

    def _doors(self, entry: Entry) -> str:
        words = t("grid_handbook.paper.doors", n=len(entry.doors), names="、".join(entry.doors))
        shown = (
            cut(words, _DOOR_LINES * (TEXT_WIDTH_MM - 6))
            if entry.doors
            else t("grid_handbook.paper.no_doors")
        )
        return self._gap() + self._paragraph(_run(shown), REMARK)

    def _table(self, widths_mm: Sequence[float], rows: Sequence[Sequence[str]], *, is_ruled: bool) -> str:
        twips = [round(width * _TWIPS_PER_MM) for width in widths_mm]
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
        sides = (("top", 8), ("bottom", 8), ("insideH", 4)) if is_ruled else ()
        rules = "".join(
            f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>' for side, size in sides
        )
        lines = "".join(
            f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(_cells(row, twips))}</w:tr>" for row in rows
        )
        borders = f"<w:tblBorders>{rules}</w:tblBorders>" if rules else ""
        return (
            f'<w:tbl><w:tblPr><w:tblW w:w="{sum(twips)}" w:type="dxa"/>{borders}'
            '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:top w:w="20" w:type="dxa"/><w:left w:w="50" '
            'w:type="dxa"/><w:bottom w:w="20" w:type="dxa"/><w:right w:w="50" w:type="dxa"/></w:tblCellMar>'
            f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{lines}</w:tbl>"
        )


def _cells(row: Sequence[str], twips: Sequence[int]) -> Iterator[str]:
    """The cells of a row; the last of a shorter one spans the columns that are left."""
    for place, cell in enumerate(row):
        span = len(twips) - place if place == len(row) - 1 else 1
        wide = sum(twips[place : place + span])
        over = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
        yield f'<w:tc><w:tcPr><w:tcW w:w="{wide}" w:type="dxa"/>{over}</w:tcPr>{cell}</w:tc>'


def _joined(*parts: str) -> str:
    return "　".join(part for part in parts if part)


def _managed_words(is_managed: bool | None) -> str:
    key = "unknown" if is_managed is None else "managed" if is_managed else "unmanaged"
    return t(f"grid_handbook.estate.{key}")


def _widths_of(row: Sequence[str]) -> tuple[float, ...]:
    """The widths of a row's cells: in a row of two, the second one takes the rest."""
    return _WIDTHS_MM if len(row) > 2 else (_WIDTHS_MM[0], sum(_WIDTHS_MM[1:]))


def _people_rows(entry: Entry) -> Iterable[tuple[str, ...]]:
    """Matter, who, number, where, verified; of a role nobody holds, the matter and why."""
    for role, named, more_n in people_by_role(entry.people):
        matter = t(f"grid_handbook.matters.{role}")
        if not named:
            yield matter, nobody_words(entry, role)
        for place, one in enumerate(named):
            more = t("grid_handbook.paper.more_here", n=more_n) if more_n and place == len(named) - 1 else ""
            yield (
                "" if place else matter,
                _who(one) + more,
                phone_words(one),
                scope_words(one),
                _verified(one),
            )


def _who(person: Person) -> str:
    return _joined(person.role or t(f"grid_handbook.roles.{person.role_code}"), name_words(person))


def _verified(person: Person) -> str:
    """The day of verification; ▲ before one too long ago, — where there is none."""
    return f"▲{day_words(person.verified_on)}" if person.is_stale else day_words(person.verified_on)
