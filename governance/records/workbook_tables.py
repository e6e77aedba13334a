"""Excel workbooks: xlsx, xls, xlsb and ods, every visible sheet a table."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import python_calamine as calamine

from governance.errors import UnreadableFileError
from governance.records.raw_tables import (
    BLANKS,
    FORMULA_WITHOUT_VALUE,
    HEADER_SEARCH_ROWS,
    NUL_BYTES,
    RawRow,
    RawTable,
    ReadOptions,
    chunks_of,
    find_header,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from governance.records.raw_tables import HeaderRow

    MergedRange = tuple[tuple[int, int], tuple[int, int]]

# From here on Excel has dropped digits: 15 are kept.
LOST_PRECISION_FROM = 1e15
XML_BLOCK_BYTES = 4 << 20
GUIDE_WORD = "说明"
_REL_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# A formula whose result is an empty text (t="str") has been computed.
_CELL_WITHOUT_VALUE = re.compile(
    rb'<c r="[A-Z]+(\d+)"(?![^>]* t="str")[^>]*>\s*'
    rb"<f(?:/>|\s[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>|</c>)"
)


def read_workbook_tables(path: Path, name: str, options: ReadOptions) -> list[RawTable]:
    """The tables of a workbook, one for each sheet whose header is known.

    A sheet called 说明, or with less than half the known headers of the best one (a list of
    choices), is skipped where another has a table.

    Raises
    ------
    UnreadableFileError
        `password_protected`, `damaged_file`, `sheet_not_found`, `empty_file` or `no_known_header`.
    """
    sheets = _sheets_of(path, name, options.sheet)
    found: list[tuple[calamine.CalamineSheet, HeaderRow]] = []
    is_empty = True
    for sheet in sheets:
        head = list(islice(_filled_rows(sheet), HEADER_SEARCH_ROWS + 1))
        is_empty = is_empty and not any(cell is not None for row in head for cell in row)
        header = find_header(head, options.is_header)
        if header:
            found.append((sheet, header))
    if not found:
        raise UnreadableFileError("empty_file" if is_empty else "no_known_header", file=name)
    found = [entry for entry in found if GUIDE_WORD not in entry[0].name] or found
    most = max(header.hits for _, header in found)
    kept = [(sheet, header) for sheet, header in found if 2 * header.hits >= most]
    names = {sheet.name for sheet, _ in kept}
    skipped = tuple(f"{name}[{sheet.name}]" for sheet in sheets if sheet.name not in names and sheet.height)
    blank_formulas = _rows_of_blank_formulas(path, names)
    return [
        RawTable(
            file=f"{name}[{sheet.name}]" if len(kept) > 1 else name,
            headers=header.headers[: header.width],
            chunks=chunks_of(
                _rows(sheet, header, blank_formulas.get(sheet.name, frozenset())),
                header.width,
                options.chunk_rows,
            ),
            skipped=skipped,
        )
        for sheet, header in kept
    ]


def _sheets_of(path: Path, name: str, wanted: str | None) -> list[calamine.CalamineSheet]:
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        visible = [
            entry.name
            for entry in book.sheets_metadata
            if entry.typ == calamine.SheetTypeEnum.WorkSheet
            and (entry.visible == calamine.SheetVisibleEnum.Visible or entry.name == wanted)
        ]
        if wanted is not None and wanted not in visible:
            raise UnreadableFileError("sheet_not_found", file=name, sheet=wanted, sheets="、".join(visible))
        return [book.get_sheet_by_name(sheet) for sheet in visible if wanted in (None, sheet)]
    except calamine.PasswordError as error:
        raise UnreadableFileError("password_protected", file=name) from error
    except calamine.CalamineError as error:
        raise UnreadableFileError("damaged_file", file=name) from error


def _rows(
    sheet: calamine.CalamineSheet, header: HeaderRow, blank_formulas: frozenset[int]
) -> Iterator[RawRow]:
    for number, cells in enumerate(_filled_rows(sheet), start=1):
        if number <= header.index + 1:
            continue
        flags: tuple[str, ...] = (FORMULA_WITHOUT_VALUE,) if number in blank_formulas else ()
        if any(type(cell) is str and "\0" in cell for cell in cells):
            cells = [cell and (cell.replace("\0", "") or None) for cell in cells]
            flags = (*flags, NUL_BYTES)
        yield RawRow(number, cells, flags)
    last = max(header.index + 1, sheet.total_height)
    for number in sorted(row for row in blank_formulas if row > last):
        yield RawRow(number, (), (FORMULA_WITHOUT_VALUE,))


def _filled_rows(sheet: calamine.CalamineSheet) -> Iterator[list[str | None]]:
    """The rows from the sheet's first one, as texts; merged cells repeat their top-left one."""
    if sheet.start is None:
        return
    left = sheet.start[1]
    merged: dict[int, list[MergedRange]] = {}
    for area in sheet.merged_cell_ranges or ():
        merged.setdefault(area[0][0], []).append(area)
    if not merged:
        for row in sheet.iter_rows():
            yield [cell_text(cell) for cell in row]
        return
    active: list[tuple[MergedRange, str | None]] = []
    for number, row in enumerate(sheet.iter_rows()):
        cells = [cell_text(cell) for cell in row]
        active = [(area, text) for area, text in active if area[1][0] >= number]
        for area in merged.get(number, ()):
            place = area[0][1] - left
            active.append((area, cells[place] if 0 <= place < len(cells) else None))
        for ((_, first), (_, last)), text in active:
            for place in range(max(0, first - left), min(last - left + 1, len(cells))):
                cells[place] = text
        yield cells


def cell_text(cell: object) -> str | None:
    """A cell's value as text, as the clerk sees it: dates in ISO, whole numbers without ".0".

    A number of 16 or more digits comes as `2.02309012345679E+16`: its last digits are lost.
    """
    if type(cell) is str:
        return None if cell in BLANKS else cell
    if type(cell) is float:
        if abs(cell) >= LOST_PRECISION_FROM:
            return f"{cell:.15G}"
        return str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
    return _other_text(cell)


def _other_text(cell: object) -> str | None:
    if isinstance(cell, datetime):
        near = cell + timedelta(microseconds=500)
        return near.isoformat(sep=" ", timespec="milliseconds" if near.microsecond >= 1000 else "seconds")
    if isinstance(cell, date):
        return f"{cell.isoformat()} 00:00:00"
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, time):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return None if cell is None else str(cell)


# ---------------------------------------------------------------- formulas that were never computed
def _rows_of_blank_formulas(path: Path, sheets: set[str]) -> dict[str, frozenset[int]]:
    """Rows, by sheet, with a formula that has no stored value; other formats than xlsx have none."""
    if not zipfile.is_zipfile(path):
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            parts = _parts_by_sheet(archive)
            found = {}
            for sheet in sheets & parts.keys():
                with archive.open(parts[sheet]) as part:
                    found[sheet] = _scan_formulas(part)
            return found
    except (KeyError, ElementTree.ParseError):
        return {}  # a workbook without these parts (ods, xlsb) keeps its values elsewhere


def _parts_by_sheet(archive: zipfile.ZipFile) -> dict[str, str]:
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {entry.get("Id"): entry.get("Target", "") for entry in relations}
    parts: dict[str, str] = {}
    for element in book.iter():
        target = targets.get(element.get(_REL_ID))
        if element.tag.endswith("}sheet") and target:
            parts[element.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return {sheet: part for sheet, part in parts.items() if part in archive.NameToInfo}


def _scan_formulas(part: IO[bytes]) -> frozenset[int]:
    rows: set[int] = set()
    kept = b""
    while block := part.read(XML_BLOCK_BYTES):
        text = kept + block
        if b"<f" in text:
            rows.update(int(found) for found in _CELL_WITHOUT_VALUE.findall(text))
        kept = text[max(0, text.rfind(b"<c ")) :][-XML_BLOCK_BYTES:]
    return frozenset(rows)
