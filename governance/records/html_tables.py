"""HTML tables and XML spreadsheets, which export systems like to name .xls."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from governance.errors import UnreadableFileError
from governance.records.raw_tables import (
    BLANKS,
    NUL_BYTES,
    RawRow,
    RawTable,
    ReadOptions,
    chunks_of,
    find_header,
)
from governance.records.text_files import TextLines, encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_SPAN = 1_000
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_ROW_TAGS, _CELL_TAGS = frozenset({"tr", "row", "ss:row"}), frozenset({"td", "th", "cell", "ss:cell"})
_TABLE_TAGS = frozenset({"table", "ss:table"})
_SILENT_TAGS = frozenset({"style", "script", "title"})


def read_html_tables(path: Path, name: str, options: ReadOptions) -> list[RawTable]:
    """The tables of an HTML page (or of an XML spreadsheet) whose header is known.

    Raises
    ------
    UnreadableFileError
        `unknown_encoding` or `no_known_header`.
    """
    parser = _TableParser()
    with path.open("rb") as file:
        named = _CHARSET.search(file.read(4096))
    encoding, is_strict = encoding_of(path, name, options.encoding)
    if options.encoding is None and not is_strict and named:
        encoding, is_strict = encoding_of(path, name, named.group(1).decode("ascii"))
    with TextLines(path, encoding, is_strict=is_strict) as lines:
        for line in lines:
            parser.feed(line)
    parser.close()
    found = [(grid, header) for grid in parser.grids if (header := find_header(grid, options.is_header))]
    if not found:
        raise UnreadableFileError("no_known_header", file=name)
    most = max(header.hits for _, header in found)
    kept = [(grid, header) for grid, header in found if 2 * header.hits >= most]
    return [
        RawTable(
            file=f"{name}[{place}]" if len(kept) > 1 else name,
            headers=header.headers[: header.width],
            chunks=chunks_of(_rows(grid, header.index + 1), header.width, options.chunk_rows),
        )
        for place, (grid, header) in enumerate(kept, start=1)
    ]


def _rows(grid: list[list[str | None]], above: int) -> Iterator[RawRow]:
    for number, cells in enumerate(grid[above:], start=above + 1):
        has_nul = any(cell and "\0" in cell for cell in cells)
        cleaned = [cell and (cell.replace("\0", "") or None) for cell in cells] if has_nul else cells
        yield RawRow(number, cleaned, (NUL_BYTES,) if has_nul else ())


class _TableParser(HTMLParser):
    """Collects the cells of every table; spanned cells repeat their text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.grids: list[list[list[str | None]]] = []
        self._open: list[list[list[str | None]]] = []
        self._row: list[str | None] | None = None
        self._text: list[str] | None = None
        self._span = (1, 1)
        self._below: dict[int, tuple[int, str | None]] = {}
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a table, row or cell; what was left open of the same rank is closed first."""
        if tag in _TABLE_TAGS:
            self._end_row()
            self._open.append([])
            self.grids.append(self._open[-1])
            self._below = {}
        elif tag in _ROW_TAGS:
            self._end_row()
            self._row = [] if self._open else None
        elif tag in _CELL_TAGS and self._row is not None:
            self._end_cell()
            self._begin_cell(dict(attrs))
        elif tag == "br" and self._text is not None:
            self._text.append("\n")
        elif tag in _SILENT_TAGS:
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        """Close a table, row or cell."""
        if tag in _CELL_TAGS:
            self._end_cell()
        elif tag in _ROW_TAGS:
            self._end_row()
        elif tag in _TABLE_TAGS and self._open:
            self._end_row()
            self._open.pop()
        elif tag in _SILENT_TAGS:
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        """Text of the open cell."""
        if self._text is not None and not self._silent:
            self._text.append(data)

    def close(self) -> None:
        """End of the page: an unfinished row still counts."""
        super().close()
        self._end_row()

    def _begin_cell(self, attrs: dict[str, str | None]) -> None:
        self._text = []
        across = _span_of(attrs.get("colspan")) + _span_of(attrs.get("ss:mergeacross"), least=0)
        down = _span_of(attrs.get("rowspan")) + _span_of(attrs.get("ss:mergedown"), least=0)
        self._span = (across, down)
        index = attrs.get("ss:index")
        if index and index.isdigit() and self._row is not None:
            self._row.extend([None] * (min(int(index), MAX_SPAN) - 1 - len(self._row)))

    def _end_cell(self) -> None:
        if self._text is None or self._row is None:
            return
        text = re.sub(r"[ \t\r\n\xa0]*\n[ \t\r\n\xa0]*|[ \t\xa0]+", " ", "".join(self._text)).strip()
        value = None if text in BLANKS else text
        self._text = None
        across, down = self._span
        self._take_spanned()
        for _ in range(across):
            if down > 1:
                self._below[len(self._row)] = (down - 1, value)
            self._row.append(value)

    def _take_spanned(self) -> None:
        """Fill the places that cells of the rows above reach into."""
        while self._row is not None and len(self._row) in self._below:
            place = len(self._row)
            left, value = self._below[place]
            self._row.append(value)
            self._below[place] = (left - 1, value)
            if left <= 1:
                del self._below[place]

    def _end_row(self) -> None:
        self._end_cell()
        if self._row is not None and self._open:
            self._take_spanned()
            self._open[-1].append(self._row)
        self._row = None


def _span_of(text: str | None, *, least: int = 1) -> int:
    return max(least, min(int(text), MAX_SPAN)) if text and text.isdigit() else least
