"""Tables as they stand in a file: texts by position, before anything is understood.

What the readers of every format share: the options, the table they yield, how a header row is
found and how rows become Arrow chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    Cells: TypeAlias = Sequence[str | None]

HEADER_SEARCH_ROWS = 20
ROWS_PER_BATCH = 10_000
# Cells of nothing but blanks mean "empty" in every export system that pads its columns.
BLANKS = frozenset(["", "\u3000", "\u3000\u3000", "\xa0", "\t"] + [" " * width for width in range(1, 33)])

EXTRA_CELLS = "extra_cells"
NUL_BYTES = "nul_bytes"
BAD_ENCODING = "bad_encoding"
UNCLOSED_QUOTE = "unclosed_quote"
FORMULA_WITHOUT_VALUE = "formula_without_value"
BAD_GEOMETRY = "bad_geometry"


@dataclass(frozen=True)
class ReadOptions:
    """How a file is to be read.

    `is_header` says whether a cell's text is a header known for the kind being imported;
    `encoding`, `delimiter` and `sheet` override what the content suggests. A line longer than
    `max_line_bytes` refuses the file.
    """

    is_header: Callable[[str], bool]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    chunk_rows: int = 100_000
    max_line_bytes: int = 8 << 20


@dataclass(frozen=True)
class RawTable:
    """One table of a file.

    `file` names it for the clerk (`周报.xlsx[案件]`, `一周.zip/案件.csv`). `headers` stand by
    position and may repeat or be empty. Each of `chunks` has the columns `c0` … `cN` (string,
    null where the cell is empty), `row` (int64, 1-based as Excel shows it) and `row_flags`
    (string, codes joined by blanks). `skipped` names the sheets and archive members of the same
    file that were passed over because they hold no table of this kind.
    """

    file: str
    headers: tuple[str, ...]
    chunks: Iterator[pa.Table]
    skipped: tuple[str, ...] = ()


class RawRow(NamedTuple):
    """One row before it joins a chunk: its number, its cells and the codes of what ails it."""

    number: int
    cells: Cells
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeaderRow:
    """Where the header stands among the first rows: `index` is its last row, 0-based."""

    index: int
    headers: tuple[str, ...]
    hits: int

    @property
    def width(self) -> int:
        """Number of columns up to the last one that has a name."""
        named = [place for place, text in enumerate(self.headers) if text]
        return named[-1] + 1 if named else 0


def find_header(rows: Sequence[Cells], is_header: Callable[[str], bool]) -> HeaderRow | None:
    """The row with the most known headers among the first ones; None when none has any.

    A header of two rows (groups above, or names continued below) is joined into one.
    """
    texts = [[(cell or "").strip() for cell in row] for row in rows[:HEADER_SEARCH_ROWS]]
    # Distinct ones: a row of crosses must not outvote the header for an alias X.
    hits = [len({text for text in row if text and is_header(text)}) for row in texts]
    if not hits or max(hits) == 0:
        return None
    best = hits.index(max(hits))
    headers, last = list(texts[best]), best
    if best and hits[best - 1]:
        headers = _filled_from(headers, texts[best - 1], is_header)
    if best + 1 < len(texts) and _continues(headers, texts[best + 1], is_header):
        headers, last = _filled_from(texts[best + 1], headers, lambda _: True), best + 1
    return HeaderRow(index=last, headers=tuple(headers), hits=sum(1 for h in headers if h and is_header(h)))


def _filled_from(lower: list[str], upper: list[str], is_header: Callable[[str], bool]) -> list[str]:
    """The lower header row, its empty cells taken from the row above where that one is known."""
    width = max(len(lower), len(upper))
    low = lower + [""] * (width - len(lower))
    high = upper + [""] * (width - len(upper))
    return [below or (above if is_header(above) else "") for below, above in zip(low, high, strict=True)]


def _continues(headers: list[str], below: list[str], is_header: Callable[[str], bool]) -> bool:
    """Whether the row below the best one is its second half: only headers, none over a known one."""
    named = [(place, text) for place, text in enumerate(below) if text]
    return bool(named) and all(
        is_header(text) and (place >= len(headers) or text == headers[place] or not is_header(headers[place]))
        for place, text in named
    )


def fitted(row: RawRow, width: int) -> RawRow:
    """The row padded or cut to `width` cells; cutting off a cell that is not empty is flagged."""
    cells = row.cells
    if len(cells) <= width:
        return RawRow(row.number, [*cells, *([None] * (width - len(cells)))], row.flags)
    flags = row.flags
    if any(cell is not None for cell in islice(cells, width, None)):
        flags = (*flags, EXTRA_CELLS)
    return RawRow(row.number, cells[:width], flags)


def chunks_of(rows: Iterable[RawRow], width: int, chunk_rows: int) -> Iterator[pa.Table]:
    """Arrow tables of at most `chunk_rows` rows; rows without any cell are left out."""
    filled = (row if len(row.cells) == width else fitted(row, width) for row in rows)
    kept = (row for row in filled if row.cells.count(None) < width or row.flags)
    step = min(ROWS_PER_BATCH, chunk_rows)
    return rechunked(_batches(kept, width, step), chunk_rows)


def _batches(rows: Iterator[RawRow], width: int, step: int) -> Iterator[pa.Table]:
    names = column_names(width)
    while batch := list(islice(rows, step)):
        cells = zip(*(row.cells for row in batch), strict=True)
        columns = [pa.array(column, pa.string()) for column in cells]
        columns.append(pa.array([row.number for row in batch], pa.int64()))
        columns.append(pa.array([" ".join(row.flags) if row.flags else "" for row in batch], pa.string()))
        yield pa.Table.from_arrays(columns, names=[*names, "row", "row_flags"])


def column_names(width: int) -> list[str]:
    """The names c0 … cN of the columns of a chunk."""
    return [f"c{place}" for place in range(width)]


def rechunked(tables: Iterable[pa.Table], chunk_rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of `chunk_rows` rows, the last one shorter."""
    held: list[pa.Table] = []
    held_rows = 0
    for table in tables:
        held.append(table)
        held_rows += table.num_rows
        while held_rows >= chunk_rows:
            joined = pa.concat_tables(held)
            yield joined.slice(0, chunk_rows)
            held, held_rows = [joined.slice(chunk_rows)], held_rows - chunk_rows
    if held_rows:
        yield pa.concat_tables(held)
