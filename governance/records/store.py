"""The store: immutable Parquet segments and one manifest that names them.

A change writes new segments aside, then a new manifest, renamed into place: a reader sees the
old state or the new one. The manifest before the last change is kept for undo.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from governance.errors import LockedError, StoreError
from governance.records.chart_notes import load_chart_notes
from governance.records.checks import stored_schema
from governance.records.dataset import Dataset, empty_frame
from governance.records.engine import frame_of
from governance.records.manifest import Manifest, decoded, manifest_content, manifest_from
from governance.schema import kind_named
from governance.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from governance.records.chart_notes import ChartNote
    from governance.records.manifest import ImportEntry
    from governance.records.patrol.keeping import PatrolResults
    from governance.settings import Settings
    from governance.workdays import Week

LOST_CASES = "incidents.lost"


def folder_of(data_dir: Path, kind: str) -> Path:
    """Where segments of a table live: reference tables in reference/, the rest in store/."""
    base = kind.split(".")[0]
    top = "reference" if kind_named(base).is_reference else "store"
    return data_dir / top / kind


# ----------------------------------------------------------------------------- manifest
def _manifest_path(data_dir: Path) -> Path:
    return data_dir / "store" / "manifest.json"


def _previous_path(data_dir: Path) -> Path:
    return data_dir / "store" / "manifest.previous.json"


def read_manifest(data_dir: Path, *, verify: bool = True) -> Manifest:
    """The current state; an empty one where nothing was stored yet.

    `verify` also makes sure that every segment is there.

    Raises
    ------
    StoreError
        `damaged_store` when the manifest or a segment it names cannot be read.
    """
    path = _manifest_path(data_dir)
    try:
        manifest = decoded(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        return Manifest()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError("damaged_store", file=str(path)) from error
    for segment in manifest.segments() if verify else ():
        if not (data_dir / segment.path).is_file():
            raise StoreError("damaged_store", file=segment.path)
    return manifest


def fingerprint(data_dir: Path) -> str:
    """A short text that changes whenever anything stored changes; empty for no store."""
    try:
        content = _manifest_path(data_dir).read_bytes()
        settings = data_dir / "settings.toml"
        content += settings.read_bytes() if settings.is_file() else b""
    except OSError:
        return ""
    return hashlib.sha256(content).hexdigest()[:16]


def commit(data_dir: Path, manifest: Manifest, *, is_change: bool = True) -> Manifest:
    """Make `manifest` the current state, atomically; returns it with its new generation.

    What is no change adds to the ledger only: an undo still goes back to the state before the last one.
    """
    path = _manifest_path(data_dir)
    with disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        settled = replace(manifest, generation=read_manifest(data_dir, verify=False).generation + 1)
        if is_change and path.exists():
            write_durably(_previous_path(data_dir), path.read_text(encoding="utf-8"))
        write_durably(path, json.dumps(manifest_content(settled), ensure_ascii=False, indent=1))
    return settled


def write_durably(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, finds the old text or the new one."""
    aside = path.with_suffix(".new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def previous_manifest(data_dir: Path) -> Manifest | None:
    """The state before the last change, if it is still there."""
    path = _previous_path(data_dir)
    return decoded(path.read_text(encoding="utf-8"), path) if path.is_file() else None


def presented_paths(data_dir: Path) -> list[Path]:
    """The files of the frozen weeks (see `records.presented`), the earliest week first."""
    return sorted((data_dir / "store" / "presented").glob("*.json"))


def presented_manifest(path: Path) -> Manifest:
    """The state that the file of a frozen week names.

    Raises
    ------
    StoreError
        `damaged_store` when it cannot be read.
    """
    try:
        return manifest_from(json.loads(path.read_text(encoding="utf-8"))["manifest"], path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError("damaged_store", file=str(path)) from error


def undo_last_import(data_dir: Path) -> ImportEntry:
    """Take back the last import that was not refused whole and return its ledger entry.

    Raises
    ------
    StoreError
        `nothing_to_undo` when there was none, or the last one is already taken back.
    """
    with locked(data_dir):
        manifest = read_manifest(data_dir)
        before = previous_manifest(data_dir)
        place = manifest.undoable_place(before)
        if place is None or before is None:
            raise StoreError("nothing_to_undo")
        last = replace(manifest.imports[place], is_undone=True)
        ledger = (*manifest.imports[:place], last, *manifest.imports[place + 1 :])
        commit(data_dir, replace(before, imports=ledger))
        return last


# -------------------------------------------------------------------------- lock, space
@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the store's write lock; the system frees it when the process dies.

    Raises
    ------
    LockedError
        `import_running` when it is not free within the setting `lock_wait_s`.
    """
    wait_s = settings_of(data_dir).number("lock_wait_s")
    with disk_errors():
        (data_dir / "store").mkdir(parents=True, exist_ok=True)
    lock = FileLock(data_dir / "store" / "lock")
    try:
        with disk_errors():
            lock.acquire(timeout=wait_s)
    except Timeout as error:
        raise LockedError("import_running", seconds=int(wait_s)) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn a full disk or a read-only folder into one clear error."""
    try:
        yield
    except Timeout:
        raise
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise StoreError("read_only_folder", file=str(error.filename or "")) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StoreError("disk_full", file=str(error.filename or "")) from error
        raise StoreError("disk_error", detail=error.strerror or str(error)) from error


def sweep(data_dir: Path) -> None:
    """Delete what no manifest names: segments of killed imports and of states before the last.

    What a frozen week names stays. Where the file of one cannot be read, nobody knows what it
    names: then no segment is deleted.
    """
    manifest, before = read_manifest(data_dir), previous_manifest(data_dir)
    try:
        frozen = [presented_manifest(path) for path in presented_paths(data_dir)]
    except StoreError:
        segments = []
    else:
        segments = [p for top in ("reference", "store") for p in (data_dir / top).glob("*/*.parquet")]
    states = [manifest, *([before] if before else []), *frozen] if segments else []
    named = {data_dir / segment.path for state in states for segment in state.segments()}
    for path in segments:
        if path not in named:
            path.unlink(missing_ok=True)
    for folder in (data_dir / "store").glob("staging-*"):
        shutil.rmtree(folder, ignore_errors=True)
    known = {entry.import_id for entry in manifest.imports}
    for folder in (data_dir / "raw").glob("*"):
        if folder.is_dir() and folder.name not in known:
            shutil.rmtree(folder, ignore_errors=True)


# ------------------------------------------------------------------------------ reading
def read_table(data_dir: Path, manifest: Manifest, name: str) -> pa.Table:
    """All rows of a stored table, in Arrow.

    Raises
    ------
    StoreError
        `damaged_store` when a segment cannot be read.
    """
    columns = stored_schema(kind_named(name.split(".")[0]))
    tables = []
    for segment in manifest.tables.get(name, ()):
        try:
            table = pq.read_table(data_dir / segment.path, partitioning=None)
        except (OSError, pa.ArrowInvalid) as error:
            raise StoreError("damaged_store", file=segment.path) from error
        tables.append(_fitted(table, columns))
    return pa.concat_tables(tables) if tables else columns.empty_table()


def _fitted(table: pa.Table, columns: pa.Schema) -> pa.Table:
    """A segment with exactly today's columns, so that a new column needs no migration."""
    arrays = [
        table.column(column.name).cast(column.type)
        if column.name in table.column_names
        else pa.nulls(len(table), column.type)
        for column in columns
    ]
    return pa.table(arrays, schema=columns)


def lost_cases(data_dir: Path, manifest: Manifest) -> pa.Table:
    """Cases of unknown fate: `incident_id` and `last_seen_at` (ISO text)."""
    empty = pa.table({"incident_id": pa.array([], pa.string()), "last_seen_at": pa.array([], pa.string())})
    segments = manifest.tables.get(LOST_CASES, ())
    return pa.concat_tables([empty, *(pq.read_table(data_dir / segment.path) for segment in segments)])


def read_frame(data_dir: Path, manifest: Manifest, kind: str) -> pd.DataFrame:
    """All rows of a kind, unmasked, with the columns and types of `dataset.empty_frame`."""
    frame = frame_of(read_table(data_dir, manifest, kind))
    types = empty_frame(kind).dtypes
    if "last_seen_at" in types.index:
        lost = lost_cases(data_dir, manifest).to_pydict()
        seen_at = dict(zip(lost["incident_id"], lost["last_seen_at"], strict=True))
        stamps = pd.to_datetime(
            frame["incident_id"].map(seen_at).astype("object"), utc=True, format="ISO8601"
        )
        frame["last_seen_at"] = stamps.dt.tz_convert("Asia/Shanghai").astype(types["last_seen_at"])
    return frame.reindex(columns=types.index).astype({"row": "int64"})


def _origins(manifest: Manifest, kind: str | None = None) -> list[str]:
    """Where what is stored came from: the origins of the imports in force, of one kind or of all."""
    in_force = (entry for entry in manifest.imports if not entry.is_undone)
    return [entry.origin for entry in in_force if kind is None or entry.kind == kind]


def open_dataset(data_dir: Path) -> Dataset:
    """The data set of the current state, seen through the mask."""
    named = fingerprint(data_dir)  # first: what is committed in between must not be known by it
    return dataset_of(
        data_dir,
        read_manifest(data_dir),
        fingerprint=named,
        settings=settings_of(data_dir),
        chart_notes=load_chart_notes(data_dir),
    )


def dataset_of(
    data_dir: Path,
    manifest: Manifest,
    *,
    fingerprint: str,
    settings: Settings,
    chart_notes: tuple[ChartNote, ...],
    presented: Week | None = None,
) -> Dataset:
    """The data set of a state; `presented` is the week it was frozen for."""
    stated = {kind: datetime.fromisoformat(stamp) for kind, stamp in manifest.as_of.items()}
    patrols = _Patrols(data_dir, manifest, settings)
    return Dataset(
        data_dir=data_dir,
        fingerprint=fingerprint,
        as_of=MappingProxyType(stated),
        settings=settings,
        is_sample="sample" in _origins(manifest),
        is_schematic=_origins(manifest, "microgrids")[-1:] in (["sample"], ["grid"]),
        load=lambda kind: read_frame(data_dir, manifest, kind),
        load_patrol=patrols.frame,
        patrol_kept=patrols.is_at_hand,
        chart_notes=chart_notes,
        presented=presented,
    )


@dataclass(frozen=True)
class _Patrols:
    """The patrol results of a state; what reads them is loaded when they are asked for."""

    data_dir: Path
    manifest: Manifest
    settings: Settings

    @cached_property
    def _results(self) -> PatrolResults:
        from governance.records.patrol.keeping import PatrolResults  # it reads the store itself

        return PatrolResults(self.data_dir, self.manifest, self.settings)

    def frame(self, name: str, since: date | None, until: date | None) -> pd.DataFrame:
        return self._results.frame(name, since, until)

    def is_at_hand(self) -> bool:
        return self._results.is_at_hand()
