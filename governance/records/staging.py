"""Staging: the files of one import, read, checked and written aside, not yet merged."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from governance.errors import UnreadableFileError
from governance.records.checks import (
    Checked,
    CheckRules,
    checked,
    is_plausible,
    stored_schema,
    tells_lossy_ids,
)
from governance.records.mapping import header_test, match_headers
from governance.records.readers import ReadOptions, read_tables
from governance.text import explain, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from governance.records.mapping import TableMapping
    from governance.records.raw_tables import RawTable
    from governance.schema import Kind

# Exports cut off at these counts are probably incomplete.
ROUND_CAPS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 65_535, 65_536, 100_000, 1_048_575)
_QUARANTINE_HEAD = ("文件", "行号", "列", "原因代码", "原因")


@dataclass
class Staged:
    """What one import holds before the merge."""

    paths: list[Path] = field(default_factory=list)
    present: dict[int, frozenset[str]] = field(default_factory=dict)
    files_read: list[str] = field(default_factory=list)
    files_refused: list[dict[str, str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    rows_read: int = 0
    latest_at: datetime | None = None

    @property
    def refused(self) -> int:
        """Rows refused."""
        return self.refusals.total()


@dataclass
class _FileRows:
    """Counts of one file, added to the import only when the whole file was read."""

    rows_read: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    refused_rows: list[list[str]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    present: dict[int, frozenset[str]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    latest_at: datetime | None = None


def staged_files(
    paths: Sequence[Path],
    rules: CheckRules,
    mapping: TableMapping | None,
    *,
    folder: Path,
    quarantine: Path,
    import_id: str,
    on_progress: Callable[[str, int], None],
) -> Staged:
    """Read and check every file; the usable rows go to Parquet files in `folder`.

    A file that cannot be read is refused as a whole and leaves no row. Refused rows are
    written, whole, to `quarantine` (CSV) with file, row number, column and reason.
    """
    staged = Staged()
    refused: list[_FileRows] = []
    lossy_seen: Counter[str] = Counter()
    for number, path in enumerate(paths):
        target = folder / f"{number:03d}.parquet"
        try:
            rows = _staged_file(
                path, rules, mapping, target, len(staged.present), import_id, on_progress, lossy_seen
            )
        except UnreadableFileError as error:
            target.unlink(missing_ok=True)
            staged.files_refused.append(
                {"file": path.name, "code": error.code, "reason": _sentence(error, path)}
            )
            continue
        _add(staged, rows, path, target)
        refused.append(rows)
    if any(rows.refused_rows for rows in refused):
        _write_quarantine(quarantine, refused)
    return staged


def _sentence(error: UnreadableFileError, path: Path) -> str:
    error.params.setdefault("file", path.name)
    return explain(error)


def _add(staged: Staged, rows: _FileRows, path: Path, target: Path) -> None:
    staged.files_read.append(path.name)
    staged.rows_read += rows.rows_read
    staged.flags += rows.flags
    staged.refusals += rows.refusals
    staged.present |= rows.present
    staged.dropped += [name for name in rows.dropped if name not in staged.dropped]
    if rows.rows_read in ROUND_CAPS:
        staged.warnings.append("row_cap")
    known = [stamp for stamp in (staged.latest_at, rows.latest_at) if stamp is not None]
    staged.latest_at = max(known, default=None)
    if target.exists():
        staged.paths.append(target)


def _staged_file(
    path: Path,
    rules: CheckRules,
    mapping: TableMapping | None,
    target: Path,
    first_part: int,
    import_id: str,
    on_progress: Callable[[str, int], None],
    lossy_seen: Counter[str],
) -> _FileRows:
    options = ReadOptions(
        is_header=header_test(rules.kind, mapping),
        encoding=mapping.encoding if mapping else None,
        delimiter=mapping.delimiter if mapping else None,
        sheet=mapping.sheet if mapping else None,
        max_line_bytes=rules.settings.integer("max_line_mb") * 2**20,
    )
    rows = _FileRows()
    columns = stored_schema(rules.kind).append(pa.field("part", pa.int32()))
    writer: pq.ParquetWriter | None = None
    try:
        for part, table in enumerate(read_tables(path, options), start=first_part):
            match = match_headers(table.headers, rules.kind, mapping)
            _require_key(rules.kind, match.fields, table, path)
            rows.present[part] = frozenset(match.fields)
            rows.dropped += match.dropped
            for chunk in table.chunks:
                found = checked(chunk, match.fields, rules)
                writer = writer or pq.ParquetWriter(target, columns, compression="snappy")
                usable = _with_provenance(found.rows, table.file, part, import_id, columns)
                if tells_lossy_ids(rules.kind) and "id_precision_lost" in _codes(found.rows):
                    usable = _with_variants(usable, rules.kind, lossy_seen)
                writer.write_table(usable)
                _count(rows, found, chunk, table, rules)
                on_progress(path.name, rows.rows_read)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _require_key(kind: Kind, fields: Mapping[str, int], table: RawTable, path: Path) -> None:
    """A table without a key column is of another kind, or needs a mapping."""
    missing = [name for name in kind.required if name not in fields]
    if kind.required_any and not any(name in fields for name in kind.required_any):
        missing += kind.required_any[:1]
    if missing:
        labels = "、".join(kind.by_name[name].label for name in missing)
        raise UnreadableFileError("no_key_column", file=path.name, columns=labels, kind=kind.label)


def _with_provenance(rows: pa.Table, file: str, part: int, import_id: str, columns: pa.Schema) -> pa.Table:
    size = len(rows)
    extra = {
        "file": pa.repeat(file, size),
        "import_id": pa.repeat(import_id, size),
        "part": pa.repeat(pa.scalar(part, pa.int32()), size),
    }
    arrays = [extra[name] if name in extra else rows.column(name) for name in columns.names]
    return pa.table(arrays, schema=columns)


def _count(rows: _FileRows, found: Checked, chunk: pa.Table, table: RawTable, rules: CheckRules) -> None:
    rows.rows_read += len(chunk)
    for entry in pc.value_counts(found.rows.column("flags")).to_pylist():
        for code in entry["values"].split():
            rows.flags[code] += entry["counts"]
    rows.refusals.update(refusal.code for refusal in found.refusals)
    rows.latest_at = max(
        (s for s in (rows.latest_at, latest_plausible(found.rows, rules)) if s is not None), default=None
    )
    if not found.refusals:
        return
    rows.headers = list(dict.fromkeys([*rows.headers, *_named(table.headers)]))
    cells = chunk.take(pa.array([refusal.index for refusal in found.refusals])).to_pylist()
    for refusal, cell in zip(found.refusals, cells, strict=True):
        label = rules.kind.by_name[refusal.column].label
        row = dict(
            zip(_named(table.headers), (cell[f"c{i}"] for i in range(len(table.headers))), strict=True)
        )
        head = [table.file, str(cell["row"]), label, refusal.code, reason(refusal.code)]
        rows.refused_rows.append([*head, *(row.get(name) or "" for name in rows.headers)])


def _named(headers: Sequence[str]) -> list[str]:
    """Headers made unique, so that every cell keeps its place."""
    seen: Counter[str] = Counter()
    names = []
    for header in headers:
        seen[header] += 1
        names.append(header if seen[header] == 1 else f"{header} ({seen[header]})")
    return names


def latest_plausible(rows: pa.Table, rules: CheckRules) -> datetime | None:
    """The latest observed stamp of typed rows that is not after the import."""
    latest = None
    for column in rules.kind.columns:
        if column.is_observed:
            stamps = rows.column(column.name)
            top = pc.max(pc.if_else(is_plausible(stamps, rules), stamps, None)).as_py()
            latest = max((stamp for stamp in (latest, top) if stamp is not None), default=None)
    return latest


def _write_quarantine(path: Path, files: Sequence[_FileRows]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for rows in files:
            if rows.refused_rows:
                writer.writerow([*_QUARANTINE_HEAD, *rows.headers])
                writer.writerows(rows.refused_rows)


def _codes(rows: pa.Table) -> set[str]:
    return {code for flags in pc.unique(rows.column("flags")).to_pylist() for code in flags.split()}


def _with_variants(rows: pa.Table, kind: Kind, seen: Counter[str]) -> pa.Table:
    """Tell apart rows whose id lost its digits, by their content and how often it stood.

    Such ids are never merged; the same row imported again is still recognised.
    """
    is_lossy = pc.match_substring(rows.column("flags"), "id_precision_lost").to_numpy(zero_copy_only=False)
    variants = np.full(len(rows), "", dtype=object)
    for place in np.flatnonzero(is_lossy):
        content = "\x1f".join(str(rows.column(column.name)[place].as_py()) for column in kind.columns)
        digest = hashlib.sha256(content.encode()).hexdigest()[:12]
        seen[digest] += 1
        variants[place] = f"{digest}-{seen[digest]}"
    position = rows.schema.get_field_index("variant")
    return rows.set_column(position, "variant", pa.array(variants, pa.string()))
