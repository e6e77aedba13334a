"""Making the demonstration street: its raw exports, entered through the same intake as real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.errors import UsageError
from governance.records import store
from governance.records.coverage import Coverage
from governance.records.intake import ImportRequest, import_files
from governance.sample.exports import write_raw_exports
from governance.settings import BUNDLED_REFERENCE_DIR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    report = on_progress or (lambda *_: None)
    manifest = store.read_manifest(data_dir)
    if any(entry.origin != "sample" and not entry.is_undone for entry in manifest.imports):
        raise UsageError("folder_has_other_imports", folder=str(data_dir))
    exports = write_raw_exports(
        data_dir, seed=seed, on_progress=lambda step, share: report(step, share * _GENERATION_SHARE)
    )
    sizes = [export.path.stat().st_size for export in exports]
    done = 0
    for export, size in zip(exports, sizes, strict=True):
        share = _GENERATION_SHARE + (1 - _GENERATION_SHARE) * done / sum(sizes)
        report(export.path.name, share)
        import_files(
            ImportRequest(
                kind=export.kind,
                paths=(export.path,),
                mapping=export.mapping,
                crs=export.crs,
                as_of=export.as_of,
                coverage=Coverage.parse(export.coverage) if export.coverage else Coverage(),
                origin="sample",
            ),
            data_dir,
        )
        done += size
    report("", 1.0)
