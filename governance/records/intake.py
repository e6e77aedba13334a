"""Intake: files in, rows accepted, replaced, unchanged or refused, and a new state of the store.

One import is one change: it holds the write lock, stages and checks its files, merges them and
commits. Killed at any moment, it leaves the old state or the new one.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from governance import access
from governance.errors import UsageError
from governance.geo import DATUMS
from governance.records import store
from governance.records.checks import CheckRules
from governance.records.coverage import Coverage, coverage_from, seen_cases, with_lost_cases
from governance.records.locate import REFERENCE_FOR_PLACES, Gazetteer, gazetteer_of
from governance.records.manifest import ImportEntry, Manifest, Segment
from governance.records.mapping import TableMapping, load_mapping
from governance.records.merge import merged
from governance.records.quarantine import write_quarantine
from governance.records.staging import FileCounts, StagingJob, staged_files
from governance.schema import kind_named
from governance.settings import settings_of
from governance.workdays import now_in_shanghai

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from governance.geo import Datum
    from governance.schema import Kind


@dataclass(frozen=True)
class ImportRequest:
    """What to import and how to read it.

    `mapping` adapts foreign headers; `crs` overrides its datum; `as_of` is the time the export
    was made, where it is known; `coverage` what the export held; `origin` is import, sample, grid,
    version (limits and targets edited in the dashboard) or entry (a line of care typed there).
    """

    kind: str
    paths: tuple[Path, ...]
    mapping: Path | None = None
    crs: str | None = None
    as_of: datetime | None = None
    coverage: Coverage = field(default_factory=Coverage)
    origin: str = "import"


@dataclass(frozen=True)
class ImportResult:
    """What became of an import: accepted + replaced + unchanged + refused = rows_read."""

    kind: str
    files: tuple[str, ...]
    rows_read: int
    accepted: int
    replaced: int
    unchanged: int
    refused: int
    flags: dict[str, int]
    refusals: dict[str, int]
    quarantine: str | None
    files_refused: tuple[dict[str, str], ...]
    as_of: str | None
    import_id: str
    files_read: tuple[FileCounts, ...] = ()
    dropped_columns: tuple[str, ...] = ()
    skipped_parts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    lost_cases: int = 0

    @classmethod
    def failed(cls, request: ImportRequest, reason: str) -> ImportResult:
        """The result of an import that could not begin: every file refused for one reason."""
        refused = tuple({"file": path.name, "reason": reason} for path in request.paths)
        names = tuple(path.name for path in request.paths)
        return cls(request.kind, names, 0, 0, 0, 0, 0, {}, {}, None, refused, None, "")

    @property
    def is_refused_whole(self) -> bool:
        """As `ImportEntry.is_refused_whole`."""
        return bool(self.files_refused) and not self.rows_read

    @property
    def exit_code(self) -> int:
        """0 nothing refused, 3 some rows or files refused and others stored, 1 nothing done."""
        if not self.refused and not self.files_refused:
            return 0
        return 3 if self.accepted + self.replaced + self.unchanged else 1

    def as_json(self) -> dict[str, Any]:
        """The object that `import --json` prints."""
        return asdict(self)


def import_files(
    request: ImportRequest, data_dir: Path, *, on_progress: Callable[[str, int], None] | None = None
) -> ImportResult:
    """Import files of one kind into the store of `data_dir`.

    Raises
    ------
    UsageError
        Unknown kind, datum or mapping.
    LockedError
        Another import runs and does not end.
    StoreError
        The store is damaged, read-only or full; what was stored stays.
    """
    validated(request)
    with store.locked(data_dir), store.disk_errors():
        store.sweep(data_dir)
        manifest, result = imported_state(request, data_dir, store.read_manifest(data_dir), on_progress)
        store.commit(data_dir, manifest, is_change=not manifest.imports[-1].is_refused_whole)
    access.record_access(
        data_dir, "import", kind=request.kind, import_id=result.import_id, files=list(result.files)
    )
    return result


def rebuild(data_dir: Path, *, on_progress: Callable[[str, int], None] | None = None) -> Manifest:
    """Make the tables anew from the raw files of every import that was not taken back.

    Reference tables come first, so that every record is located by today's reference. Needed
    after the reference data changed (areas are resolved at import) or when a segment was lost.
    The ledger keeps its order; the old state stays until the new one is whole.
    """
    with store.locked(data_dir), store.disk_errors():
        before = store.read_manifest(data_dir, verify=False)
        state = replace(before, tables={}, as_of={}, imports=())
        replayed = [entry for entry in before.imports if entry.files and not entry.is_undone]
        for entry in sorted(replayed, key=lambda entry: not kind_named(entry.kind).is_reference):
            state, _ = imported_state(_request_of(entry, data_dir), data_dir, state, on_progress, again=entry)
        anew = {entry.import_id: entry for entry in state.imports}
        ledger = tuple(anew.get(entry.import_id, entry) for entry in before.imports)
        return store.commit(data_dir, replace(state, imports=ledger))


def _request_of(entry: ImportEntry, data_dir: Path) -> ImportRequest:
    raw = data_dir / "raw" / entry.import_id
    mapping = entry.options.get("mapping")
    return ImportRequest(
        kind=entry.kind,
        paths=tuple(raw / name for name in entry.files),
        mapping=raw / mapping if mapping else None,
        crs=entry.options.get("crs"),
        as_of=datetime.fromisoformat(entry.as_of) if entry.as_of and entry.is_as_of_told else None,
        coverage=coverage_from(entry.coverage),
        origin=entry.origin,
    )


def validated(request: ImportRequest) -> tuple[Kind, TableMapping | None]:
    """The kind and the mapping of a request.

    Raises
    ------
    UsageError
        Unknown kind, datum or mapping, or no file.
    """
    kind = kind_named(request.kind)
    mapping = load_mapping(request.mapping) if request.mapping else None
    if mapping is not None and mapping.kind != kind.name:
        raise UsageError("mapping_of_other_kind", mapping=mapping.kind, kind=kind.name)
    if request.crs is not None and request.crs not in DATUMS:
        raise UsageError("bad_crs", crs=request.crs)
    if not request.paths:
        raise UsageError("no_files")
    return kind, mapping


def _rules(request: ImportRequest, data_dir: Path, manifest: Manifest, now: datetime) -> CheckRules:
    kind, mapping = validated(request)
    crs: Datum = request.crs or (mapping.crs if mapping else "wgs84")  # type: ignore[assignment]
    return CheckRules(
        kind=kind,
        now=now,
        settings=settings_of(data_dir),
        gazetteer=_gazetteer(data_dir, manifest),
        timezone=mapping.timezone if mapping else "Asia/Shanghai",
        crs=crs,
        values=mapping.values if mapping else {},
    )


def _gazetteer(data_dir: Path, manifest: Manifest) -> Gazetteer:
    segments = tuple(
        (kind, segment, (data_dir / segment.path).stat().st_mtime_ns)
        for kind in REFERENCE_FOR_PLACES
        for segment in manifest.tables.get(kind, ())
    )
    return _gazetteer_of(data_dir, segments) if segments else Gazetteer()


@lru_cache(maxsize=1)
def _gazetteer_of(data_dir: Path, segments: tuple[tuple[str, Segment, int], ...]) -> Gazetteer:
    """The gazetteer of reference segments; a segment never changes, so it may be kept."""
    tables: dict[str, tuple[Segment, ...]] = {}
    for kind, segment, _ in segments:
        tables[kind] = (*tables.get(kind, ()), segment)
    state = Manifest(tables=tables)
    return gazetteer_of({kind: store.read_frame(data_dir, state, kind) for kind in REFERENCE_FOR_PLACES})


def imported_state(
    request: ImportRequest,
    data_dir: Path,
    manifest: Manifest,
    on_progress: Callable[[str, int], None] | None,
    *,
    again: ImportEntry | None = None,
) -> tuple[Manifest, ImportResult]:
    """The state after an import, and its result; nothing is committed."""
    now = datetime.fromisoformat(again.imported_at) if again else now_in_shanghai()
    import_id = again.import_id if again else f"{manifest.generation + 1:06d}-{request.kind}"
    tag = f"{manifest.generation + 1:06d}-{len(manifest.imports):05d}"
    kind, mapping = validated(request)
    rules = _rules(request, data_dir, manifest, now)
    folder = data_dir / "store" / f"staging-{tag}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report = on_progress or (lambda *_: None)
    quarantine = data_dir / "quarantine" / f"{import_id}.csv"
    try:
        staged = staged_files(request.paths, StagingJob(rules, mapping, folder, import_id, report))
        if staged.refused:
            write_quarantine(quarantine, staged.refused_rows)
        seen = seen_cases(kind, staged.paths)
        outcome = merged(staged, rules, data_dir=data_dir, manifest=manifest, folder=folder, tag=tag)
        # A list of which a file was refused is not full: what stood in that file is not lost.
        listed = Coverage() if staged.files_refused else request.coverage
        state, lost = with_lost_cases(listed, data_dir, outcome.manifest, seen)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    as_of = request.as_of or staged.latest_at
    names, mapping_name = _kept_raw(request, data_dir, import_id, keep_link=request.origin == "sample")
    result = ImportResult(
        kind=kind.name,
        files=tuple(path.name for path in request.paths),
        rows_read=staged.rows_read,
        accepted=outcome.accepted,
        replaced=outcome.replaced,
        unchanged=outcome.unchanged,
        refused=staged.refused,
        flags=dict(sorted((staged.flags + Counter(older_version=outcome.older)).items())),
        refusals=dict(sorted(staged.refusals.items())),
        quarantine=str(quarantine) if staged.refused else None,
        files_refused=tuple(staged.files_refused),
        as_of=as_of.isoformat() if as_of else None,
        import_id=import_id,
        files_read=tuple(staged.files_read),
        dropped_columns=tuple(staged.dropped),
        skipped_parts=tuple(staged.skipped),
        warnings=tuple(staged.warnings),
        lost_cases=lost,
    )
    coverage = request.coverage.or_seen(staged.first_stamps, as_of=as_of)
    entry = _ledger_entry(result, replace(request, coverage=coverage), now, names, mapping_name)
    as_ofs = _as_ofs(manifest, kind.name, as_of) if staged.rows_read else manifest.as_of
    return replace(state, as_of=as_ofs, imports=(*manifest.imports, entry)), result


def _as_ofs(manifest: Manifest, kind: str, as_of: datetime | None) -> Mapping[str, str]:
    """Through when each kind is known, after an import of one: never earlier than before."""
    latest = [stamp for stamp in (as_of, _as_of(manifest, kind)) if stamp is not None]
    return {**manifest.as_of, kind: max(latest).isoformat()} if latest else manifest.as_of


def _as_of(manifest: Manifest, kind: str) -> datetime | None:
    stamp = manifest.as_of.get(kind)
    return datetime.fromisoformat(stamp) if stamp else None


def _ledger_entry(
    result: ImportResult, request: ImportRequest, now: datetime, names: Sequence[str], mapping: str | None
) -> ImportEntry:
    return ImportEntry(
        import_id=result.import_id,
        imported_at=now.isoformat(),
        kind=result.kind,
        origin=request.origin,
        files=tuple(names),
        rows_read=result.rows_read,
        accepted=result.accepted,
        replaced=result.replaced,
        unchanged=result.unchanged,
        refused=result.refused,
        flags=result.flags,
        refusals=result.refusals,
        files_refused=result.files_refused,
        as_of=result.as_of,
        is_as_of_told=request.as_of is not None,
        quarantine=result.quarantine,
        warnings=result.warnings,
        coverage=asdict(request.coverage),
        options={"mapping": mapping, "crs": request.crs},
    )


def _kept_raw(
    request: ImportRequest, data_dir: Path, import_id: str, *, keep_link: bool
) -> tuple[list[str], str | None]:
    """Keep the files as they came, so that the store can be rebuilt; returns their names."""
    folder = data_dir / "raw" / import_id
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number, path in enumerate(request.paths):
        if not path.is_file():
            continue
        name = (
            path.name
            if not (folder / path.name).exists() or path.parent == folder
            else f"{number}-{path.name}"
        )
        _kept(path, folder / name, as_link=keep_link)
        names.append(name)
    if request.mapping is None:
        return names, None
    _kept(request.mapping, folder / request.mapping.name, as_link=False)
    return names, request.mapping.name


def _kept(path: Path, target: Path, *, as_link: bool) -> None:
    if path.resolve() == target.resolve():
        return
    if as_link:
        try:
            os.link(path, target)
        except OSError:
            as_link = False
    if not as_link:
        shutil.copyfile(path, target)
