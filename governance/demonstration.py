"""Making the demonstration street: its raw exports, entered through the same intake as real ones."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from governance.errors import UsageError
from governance.records import store
from governance.records.chart_notes import ChartNote, add_chart_note, load_chart_notes
from governance.records.coverage import Coverage
from governance.records.intake import ImportRequest, import_files
from governance.schema import kind_named
from governance.settings import BUNDLED_REFERENCE_DIR
from governance.text import t
from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from governance.sample.exports import RawExport

_GENERATION_SHARE = 0.4


def needs_demonstration(data_dir: Path) -> bool:
    """Whether a data folder holds neither a store nor reference data of its own."""
    if (data_dir / "store" / "manifest.json").exists():
        return False
    reference = data_dir / "reference"
    bundled = {path.name for path in BUNDLED_REFERENCE_DIR.iterdir()}
    own = {path.name for path in reference.iterdir()} if reference.is_dir() else set()
    return not own - bundled


def make_demonstration(
    data_dir: Path, *, seed: int = 2023, on_progress: Callable[[str, float], None] | None = None
) -> None:
    """Write the demonstration street's raw exports and import them.

    `on_progress` gets a step's name and the share done so far. Made again over itself, the
    street changes nothing.

    Raises
    ------
    UsageError
        `folder_has_other_imports` when something else than the sample was imported there.
    """
    from governance.sample.exports import write_raw_exports  # a second to load, for a first start only

    report = on_progress or (lambda *_: None)
    manifest = store.read_manifest(data_dir)
    if any(entry.origin != "sample" and not entry.is_undone for entry in manifest.imports):
        raise UsageError("folder_has_other_imports", folder=str(data_dir))
    exports = write_raw_exports(
        data_dir, seed=seed, on_progress=lambda step, share: report(step, share * _GENERATION_SHARE)
    )
    import_exports(
        exports,
        data_dir,
        on_progress=lambda step, share: report(step, _GENERATION_SHARE + (1 - _GENERATION_SHARE) * share),
    )
    _set_storm_aside(data_dir)
    report("", 1.0)


def _set_storm_aside(data_dir: Path) -> None:
    """The note a street would write on the Monday after: the storm's week does not move the limits."""
    from governance.sample.truth import STORM_ON

    monday = Week.of(STORM_ON).shifted(1).start_at
    note = ChartNote(
        "set_aside", STORM_ON, t("demonstration.storm_note"), added_at=monday + timedelta(hours=9)
    )
    if note not in load_chart_notes(data_dir):
        add_chart_note(data_dir, note)


def import_exports(
    exports: Sequence[RawExport],
    data_dir: Path,
    *,
    on_progress: Callable[[str, float], None] | None = None,
) -> None:
    """Import raw exports of the demonstration street in their order; `on_progress` as above."""
    groups = _together(exports)
    sizes = [sum(export.path.stat().st_size for export in group) for group in groups]
    done = 0
    for group, size in zip(groups, sizes, strict=True):
        if on_progress is not None:
            on_progress(kind_named(group[0].kind).label, done / sum(sizes))
        import_files(_request(group), data_dir)
        done += size


def _together(exports: Sequence[RawExport]) -> list[tuple[RawExport, ...]]:
    """Exports in order, those that are read alike in one import; a full list stands alone."""

    def likeness(export: RawExport) -> tuple[object, ...]:
        full_list = export.path if export.coverage == "all_open" else None
        return export.kind, export.crs, export.mapping, export.coverage, full_list

    return [tuple(group) for _, group in groupby(exports, key=likeness)]


def _request(group: Sequence[RawExport]) -> ImportRequest:
    """The import of a group; it knows the street through its latest export."""
    last = group[-1]
    return ImportRequest(
        kind=last.kind,
        paths=tuple(export.path for export in group),
        mapping=last.mapping,
        crs=last.crs,
        as_of=max(export.as_of for export in group),
        coverage=Coverage.parse(last.coverage) if last.coverage else Coverage(),
        origin="sample",
    )
