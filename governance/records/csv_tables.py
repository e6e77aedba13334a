"""Delimited text: UTF-8, UTF-16 or GB18030; comma, semicolon, tab or bar; quoted newlines.

A sound file streams through Arrow's parser. What that parser cannot take without losing
something (NUL bytes, stray quotes, broken encodings, rows of megabytes) is read by the standard
library instead, from the last row already handed over.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from governance.errors import UnreadableFileError
from governance.records.raw_tables import (
    BAD_ENCODING,
    BLANKS,
    EXTRA_CELLS,
    HEADER_SEARCH_ROWS,
    NUL_BYTES,
    UNCLOSED_QUOTE,
    HeaderRow,
    RawRow,
    RawTable,
    ReadOptions,
    chunks_of,
    column_names,
    find_header,
    rechunked,
)
from governance.records.text_files import BLOCK_BYTES, TextLines, encoding_of, records, text_facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

DELIMITERS = (",", ";", "\t", "|")
HEAD_LINES = 2_000
MAX_CONTROL_SHARE = 0.02
_CONTROLS = frozenset(map(chr, range(32))) - set("\t\r\n\x1a")


@dataclass(frozen=True)
class TextLayout:
    """How the text is encoded and cut into cells, and where its rows begin.

    `header_records` and `header_lines` count what stands up to the header's end; `cells_n` is
    the number of cells rows have, by the first one below, never fewer than names.
    """

    path: Path
    encoding: str
    is_strict: bool
    has_nul: bool
    delimiter: str
    header: HeaderRow
    header_records: int
    header_lines: int
    cells_n: int


def read_csv_table(path: Path, name: str, options: ReadOptions) -> RawTable:
    """The one table of a delimited text file.

    Raises
    ------
    UnreadableFileError
        `line_too_long`, `unknown_encoding`, `empty_file`, `not_a_table` or `no_known_header`.
    """
    facts = text_facts(path, name, options.max_line_bytes)
    encoding, is_strict = encoding_of(path, name, options.encoding)
    layout = _layout_of(path, name, options, encoding=encoding, is_strict=is_strict, has_nul=facts.has_nul)
    is_plain = is_strict and encoding in ("utf-8", "gb18030") and not facts.has_nul
    if is_plain and facts.has_sound_quotes:
        tables = _fast_tables(layout, options, has_quote=facts.has_quote)
    else:
        tables = _careful_tables(layout, options, after_row=layout.header_records)
    headers = layout.header.headers[: layout.header.width]
    return RawTable(file=name, headers=headers, chunks=rechunked(tables, options.chunk_rows))


def _layout_of(
    path: Path, name: str, options: ReadOptions, *, encoding: str, is_strict: bool, has_nul: bool
) -> TextLayout:
    """The delimiter under which the first rows hold the most known headers, and that header."""
    with TextLines(path, encoding, is_strict=is_strict) as text:
        head = [line.replace("\0", "") for line in islice(text, HEAD_LINES)]
    if not any(line.strip() for line in head):
        raise UnreadableFileError("empty_file", file=name)
    csv.field_size_limit(max(options.max_line_bytes, csv.field_size_limit()))
    best: TextLayout | None = None
    for delimiter in (options.delimiter,) if options.delimiter else DELIMITERS:
        rows = list(islice(records(head, delimiter), HEADER_SEARCH_ROWS + 1))
        header = find_header([row.cells for row in rows], options.is_header)
        if header and (best is None or header.hits > best.header.hits):
            above, below = rows[: header.index + 1], rows[header.index + 1 :]
            best = TextLayout(
                path=path,
                encoding=encoding,
                is_strict=is_strict,
                has_nul=has_nul,
                delimiter=delimiter,
                header=header,
                header_records=len(above),
                header_lines=sum(row.lines for row in above),
                cells_n=max(header.width, len((below or above[-1:])[0].cells)),
            )
    if best is None:
        raise UnreadableFileError("not_a_table" if _is_binary(head) else "no_known_header", file=name)
    return best


def _is_binary(head: list[str]) -> bool:
    controls = sum(1 for line in head for char in line if char in _CONTROLS or char == "\ufffd")
    return controls > MAX_CONTROL_SHARE * sum(map(len, head))


# ---------------------------------------------------------------- Arrow's parser
def _fast_tables(layout: TextLayout, options: ReadOptions, *, has_quote: bool) -> Iterator[pa.Table]:
    """The rows below the header, streamed; ragged ones are set aside by the parser and read alone."""
    ragged = _RaggedRows(layout)
    number = layout.header_records + 1
    try:
        with _arrow_reader(layout, ragged, has_quote=has_quote) as reader:
            for batch in reader:
                numbers, aside = ragged.around(number, batch.num_rows)
                number += batch.num_rows + len(aside)
                table = _numbered(pa.Table.from_batches([batch]), layout.header.width, numbers)
                if aside:
                    extra = chunks_of(aside, layout.header.width, options.chunk_rows)
                    table = pa.concat_tables([table, *extra]).sort_by("row")
                yield table
    except pa.ArrowInvalid:
        yield from _careful_tables(layout, options, after_row=number - 1)
    else:
        yield from chunks_of(ragged.rest(), layout.header.width, options.chunk_rows)


class _RaggedRows:
    """Rows with too few or too many cells, kept in their order while the parser runs ahead."""

    def __init__(self, layout: TextLayout) -> None:
        self._delimiter = layout.delimiter
        # Arrow counts the skipped lines; a header cell of two lines makes them more than rows.
        self._shift = layout.header_records - layout.header_lines
        self._waiting: deque[tuple[int, str]] = deque()

    def take(self, row: pa_csv.InvalidRow) -> str:
        """Called by the parser for each ragged row."""
        self._waiting.append((row.number + self._shift, row.text))
        return "skip"

    def around(self, first: int, rows: int) -> tuple[NDArray[np.int64], list[RawRow]]:
        """The numbers of the next `rows` sound rows, and the ragged ones between them."""
        aside: list[RawRow] = []
        while self._waiting and self._waiting[0][0] < first + rows + len(aside):
            aside.append(self._parsed(*self._waiting.popleft()))
        numbers = np.arange(first, first + rows + len(aside), dtype=np.int64)
        return np.delete(numbers, [row.number - first for row in aside]), aside

    def rest(self) -> Iterator[RawRow]:
        """The ragged rows after the last sound one."""
        while self._waiting:
            yield self._parsed(*self._waiting.popleft())

    def _parsed(self, number: int, text: str) -> RawRow:
        record = next(records(io.StringIO(text, newline=""), self._delimiter))
        return RawRow(number, [None if cell in BLANKS else cell for cell in record.cells])


def _arrow_reader(layout: TextLayout, ragged: _RaggedRows, *, has_quote: bool) -> pa_csv.CSVStreamingReader:
    names = column_names(layout.cells_n)
    return pa_csv.open_csv(
        str(layout.path),
        read_options=pa_csv.ReadOptions(
            block_size=BLOCK_BYTES,
            column_names=names,
            skip_rows=layout.header_lines,
            encoding=layout.encoding.replace("utf-8", "utf8"),
            use_threads=False,  # else ragged rows have no number
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=layout.delimiter,
            quote_char='"' if has_quote else False,
            newlines_in_values=has_quote,
            ignore_empty_lines=False,  # they count as rows of a sheet
            invalid_row_handler=ragged.take,
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            null_values=sorted(BLANKS),
            check_utf8=False,
        ),
    )


def _numbered(table: pa.Table, width: int, numbers: NDArray[np.int64]) -> pa.Table:
    """The named columns with row numbers and flags, without the rows that are empty."""
    extra = _any_filled(table.columns[width:])
    flags = pa.repeat("", table.num_rows) if extra is None else pc.if_else(extra, EXTRA_CELLS, "")
    filled = _any_filled(table.columns)
    table = table.select(range(width)).append_column("row", pa.array(numbers))
    table = table.append_column("row_flags", flags)
    return table if filled is None or pc.all(filled).as_py() else table.filter(filled)


def _any_filled(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray | None:
    """Per row, whether any of the columns has a value; None when there are no columns."""
    filled: pa.ChunkedArray | None = None
    for column in columns:
        if column.null_count == 0:
            return pa.chunked_array([pa.repeat(True, len(column))])
        filled = column.is_valid() if filled is None else pc.or_(filled, column.is_valid())
    return filled


# ---------------------------------------------------------------- the standard library's parser
def _careful_tables(layout: TextLayout, options: ReadOptions, *, after_row: int) -> Iterator[pa.Table]:
    """The rows after a record, whatever they look like."""
    return chunks_of(_careful_rows(layout, after_row), layout.header.width, options.chunk_rows)


def _careful_rows(layout: TextLayout, after_row: int) -> Iterator[RawRow]:
    with TextLines(layout.path, layout.encoding, is_strict=layout.is_strict) as lines:
        for number, record in enumerate(records(lines, layout.delimiter), start=1):
            flags = (BAD_ENCODING,) if lines.take_broken() else ()
            if record.has_open_quote:
                flags = (*flags, UNCLOSED_QUOTE)
            cells = record.cells
            if layout.has_nul and "\0" in "".join(cells):
                cells = [cell.replace("\0", "") for cell in cells]
                flags = (*flags, NUL_BYTES)
            if number > after_row:
                yield RawRow(number, [None if cell in BLANKS else cell for cell in cells], flags)
