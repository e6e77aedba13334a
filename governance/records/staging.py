"""Staging: the files of one import, read, checked and written aside, not yet merged."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
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
    repetitive_columns,
    stored_schema,
    tells_lossy_ids,
)
from governance.records.mapping import header_test, match_headers
from governance.records.quarantine import RefusedRows, refused_rows
from governance.records.readers import ReadOptions, read_tables
from governance.text import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from governance.records.mapping import HeaderMatch, TableMapping
    from governance.records.raw_tables import RawTable
    from governance.schema import Kind

_TABLE_ENDINGS = (".xlsx", ".xls", ".xlsm", ".csv", ".geojson")
# Exports cut off at these counts are probably incomplete.
ROUND_CAPS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 65_535, 65_536, 100_000, 1_048_575)


@dataclass(frozen=True)
class StagingJob:
    """What one import reads with and where it writes aside."""

    rules: CheckRules
    mapping: TableMapping | None
    folder: Path
    import_id: str
    on_progress: Callable[[str, int], None]


@dataclass(frozen=True)
class FileCounts:
    """What one file held: rows read, rows refused, rows with a flag."""

    file: str
    rows_read: int
    refused: int
    flagged: int


@dataclass
class Staged:
    """What an import, or one of its files, holds before the merge.

    `paths` are Parquet files of usable rows; `present` the columns of the kind each part (a
    table of a file) had; `latest_at` the latest plausible observed stamp.
    """

    paths: list[Path] = field(default_factory=list)
    present: dict[int, frozenset[str]] = field(default_factory=dict)
    refused_rows: list[RefusedRows] = field(default_factory=list)
    files_read: list[FileCounts] = field(default_factory=list)
    files_refused: list[dict[str, str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    rows_read: int = 0
    flagged: int = 0
    latest_at: datetime | None = None
    first_stamps: tuple[datetime, datetime] | None = None

    @property
    def refused(self) -> int:
        """Rows refused."""
        return self.refusals.total()

    def add(self, other: Staged) -> None:
        """Take in what another file holds."""
        self.paths += other.paths
        self.files_read += other.files_read
        self.present |= other.present
        self.refused_rows += other.refused_rows
        self.files_refused += other.files_refused
        self.dropped += [name for name in other.dropped if name not in self.dropped]
        self.skipped += other.skipped
        self.warnings += other.warnings
        self.flags += other.flags
        self.refusals += other.refusals
        self.rows_read += other.rows_read
        self.flagged += other.flagged
        self.see(other.latest_at)
        self.span(other.first_stamps)

    def see(self, stamp: datetime | None) -> None:
        """Note the latest stamp of some rows."""
        if stamp is not None and (self.latest_at is None or stamp > self.latest_at):
            self.latest_at = stamp

    def span(self, stamps: tuple[datetime, datetime] | None) -> None:
        """Note the earliest and latest first stamp (report, collection, …) of some rows."""
        if stamps is not None:
            known = (*stamps, *(self.first_stamps or ()))
            self.first_stamps = (min(known), max(known))


def staged_files(paths: Sequence[Path], job: StagingJob) -> Staged:
    """Read and check every file; a file that cannot be read is refused and leaves no row."""
    staged = Staged()
    for number, path in enumerate(paths):
        target = job.folder / f"{number:03d}.parquet"
        try:
            staged.add(_staged_file(path, job, target, first_part=len(staged.present)))
        except UnreadableFileError as error:
            target.unlink(missing_ok=True)
            error.params.setdefault("file", path.name)
            staged.files_refused.append(_refused_file(path.name, error))
    return staged


def _staged_file(path: Path, job: StagingJob, target: Path, *, first_part: int) -> Staged:
    rules, mapping = job.rules, job.mapping
    options = ReadOptions(
        is_header=header_test(rules.kind, mapping),
        encoding=mapping.encoding if mapping else None,
        delimiter=mapping.delimiter if mapping else None,
        sheet=mapping.sheet if mapping else None,
        max_line_bytes=rules.settings.integer("max_line_mb") * 2**20,
    )
    columns = stored_schema(rules.kind).append(pa.field("part", pa.int32()))
    staged = Staged()
    lossy_seen: Counter[str] = Counter()
    unfit: list[UnreadableFileError] = []
    dictionaries = repetitive_columns(rules.kind)
    with pq.ParquetWriter(target, columns, compression="snappy", use_dictionary=dictionaries) as writer:
        for part, table in enumerate(read_tables(path, options), start=first_part):
            match = _matched(table, job, unfit)
            if match is None:
                continue
            staged.present[part] = frozenset(match.fields)
            staged.dropped += match.dropped
            staged.skipped += [name for name in table.skipped if name not in staged.skipped]
            for chunk, found in _ahead(table.chunks, partial(checked, fields=match.fields, rules=rules)):
                rows = _with_provenance(found.rows, table.file, part, job.import_id, columns)
                writer.write_table(_with_variants(rows, rules.kind, lossy_seen))
                _count(staged, found, chunk, table, rules)
                job.on_progress(path.name, staged.rows_read)
    if unfit and not staged.present:
        raise unfit[0]
    staged.files_refused += [_refused_file(str(error.params["file"]), error) for error in unfit]
    staged.files_refused += [
        _refused_file(name, UnreadableFileError("not_a_table", file=name))
        for name in staged.skipped
        if name.lower().endswith(_TABLE_ENDINGS)
    ]
    if staged.rows_read in ROUND_CAPS:
        staged.warnings.append("row_cap")
    staged.paths.append(target)
    staged.files_read.append(FileCounts(path.name, staged.rows_read, staged.refused, staged.flagged))
    return staged


def _ahead(
    chunks: Iterable[pa.Table], check: Callable[[pa.Table], Checked]
) -> Iterator[tuple[pa.Table, Checked]]:
    """Chunks with their check, in order, two being checked at a time (Arrow frees the lock)."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        waiting: deque[tuple[pa.Table, Future[Checked]]] = deque()
        for chunk in chunks:
            waiting.append((chunk, pool.submit(check, chunk)))
            if len(waiting) > 2:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


def _refused_file(name: str, error: UnreadableFileError) -> dict[str, str]:
    return {"file": name, "code": error.code, "reason": explain(error)}


def _matched(table: RawTable, job: StagingJob, unfit: list[UnreadableFileError]) -> HeaderMatch | None:
    """The fields of a table; one of several tables of a file that does not fit is left out."""
    try:
        match = match_headers(table.headers, job.rules.kind, job.mapping)
        _require_key(job.rules.kind, match.fields, table.file)
    except UnreadableFileError as error:
        error.params.setdefault("file", table.file)
        unfit.append(error)
        return None
    return match


def _require_key(kind: Kind, fields: Mapping[str, int], file: str) -> None:
    """A table without a key column is of another kind, or needs a mapping."""
    missing = [name for name in kind.required if name not in fields]
    if kind.required_any and not any(name in fields for name in kind.required_any):
        missing += kind.required_any[:1]
    if missing:
        labels = "、".join(kind.by_name[name].label for name in missing)
        raise UnreadableFileError("no_key_column", file=file, columns=labels, kind=kind.label)


def _with_provenance(rows: pa.Table, file: str, part: int, import_id: str, columns: pa.Schema) -> pa.Table:
    size = len(rows)
    extra = {
        "file": pa.repeat(file, size),
        "import_id": pa.repeat(import_id, size),
        "part": pa.repeat(pa.scalar(part, pa.int32()), size),
    }
    arrays = [extra[name] if name in extra else rows.column(name) for name in columns.names]
    return pa.table(arrays, schema=columns)


def _with_variants(rows: pa.Table, kind: Kind, seen: Counter[str]) -> pa.Table:
    """Tell apart rows whose id lost its digits, by their content and how often it stood.

    Such ids are never merged; the same row imported again is still recognised.
    """
    if not tells_lossy_ids(kind):
        return rows
    is_lossy = pc.match_substring(rows.column("flags"), "id_precision_lost").to_numpy()
    if not is_lossy.any():
        return rows
    variants = np.full(len(rows), "", dtype=object)
    for place in np.flatnonzero(is_lossy):
        content = "\x1f".join(str(rows.column(column.name)[place].as_py()) for column in kind.columns)
        digest = hashlib.sha256(content.encode()).hexdigest()[:12]
        seen[digest] += 1
        variants[place] = f"{digest}-{seen[digest]}"
    position = rows.schema.get_field_index("variant")
    return rows.set_column(position, "variant", pa.array(variants, pa.string()))


def _count(staged: Staged, found: Checked, chunk: pa.Table, table: RawTable, rules: CheckRules) -> None:
    staged.rows_read += len(chunk)
    for entry in pc.value_counts(found.rows.column("flags")).to_pylist():
        staged.flagged += entry["counts"] if entry["values"] else 0
        for code in entry["values"].split():
            staged.flags[code] += entry["counts"]
    staged.refusals.update(refusal.code for refusal in found.refusals)
    staged.see(latest_plausible(found.rows, rules))
    staged.span(_first_stamps(found.rows, rules))
    if found.refusals:
        staged.refused_rows.append(
            refused_rows(chunk, found.refusals, file=table.file, headers=table.headers, kind=rules.kind)
        )


def _first_stamps(rows: pa.Table, rules: CheckRules) -> tuple[datetime, datetime] | None:
    if rules.kind.is_reference or rules.kind.first_stamp is None:
        return None
    stamps = rows.column(rules.kind.first_stamp)
    span = pc.min_max(pc.if_else(is_plausible(stamps, rules), stamps, None)).as_py()
    return (span["min"], span["max"]) if span["min"] is not None else None


def latest_plausible(rows: pa.Table, rules: CheckRules) -> datetime | None:
    """The latest observed stamp of typed rows that is not after the import."""
    latest = None
    for column in rules.kind.columns:
        if column.is_observed:
            stamps = rows.column(column.name)
            top = pc.max(pc.if_else(is_plausible(stamps, rules), stamps, None)).as_py()
            latest = max((stamp for stamp in (latest, top) if stamp is not None), default=None)
    return latest
