"""Quarantine: refused rows, written whole, with file, row number, column and reason."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from governance.text import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from governance.records.checks import Refusal
    from governance.schema import Kind

HEAD = ("文件", "行号", "列", "原因代码", "原因")


@dataclass(frozen=True)
class RefusedRows:
    """Refused rows of one table of a file; `rows` have the cells of HEAD, then those of `headers`."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def refused_rows(
    chunk: pa.Table, refusals: Sequence[Refusal], *, file: str, headers: Sequence[str], kind: Kind
) -> RefusedRows:
    """The refused rows of a text chunk with their reasons."""
    cells = chunk.take(pa.array([refusal.index for refusal in refusals])).to_pylist()
    rows = []
    for refusal, cell in zip(refusals, cells, strict=True):
        label = kind.by_name[refusal.column].label
        head = (file, str(cell["row"]), label, refusal.code, reason(refusal.code))
        rows.append((*head, *(cell[f"c{place}"] or "" for place in range(len(headers)))))
    return RefusedRows(headers=_unlike(headers), rows=tuple(rows))


def _unlike(headers: Sequence[str]) -> tuple[str, ...]:
    """Headers made unlike each other, so that every cell keeps its place."""
    seen: Counter[str] = Counter()
    names = []
    for header in headers:
        seen[header] += 1
        names.append(header if seen[header] == 1 else f"{header} ({seen[header]})")
    return tuple(names)


def write_quarantine(path: Path, tables: Iterable[RefusedRows]) -> None:
    """Write refused rows as CSV; a table with other headers than the one above gets its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    above: tuple[str, ...] | None = None
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for table in tables:
            if table.headers != above:
                writer.writerow([*HEAD, *table.headers])
                above = table.headers
            writer.writerows(table.rows)


def read_refused(path: Path, *, most: int) -> list[tuple[str, str, str, str]]:
    """The first refused rows of a quarantine file: file, row number, column and reason of each."""
    csv.field_size_limit(max(path.stat().st_size, csv.field_size_limit()))  # a cell may be very long
    return list(islice(_refused_places(path), most))


def _refused_places(path: Path) -> Iterator[tuple[str, str, str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for cells in csv.reader(lines):
            if tuple(cells[: len(HEAD)]) == HEAD:  # the header of the next table
                continue
            file, row, column, _, words = cells[: len(HEAD)]
            yield file, row, column, words
