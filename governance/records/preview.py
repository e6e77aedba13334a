"""An import of a reference table as it would be: same checks, same merge, nothing committed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from governance.records import store
from governance.records.intake import imported_state, validated

if TYPE_CHECKING:
    import pandas as pd

    from governance.records.intake import ImportRequest, ImportResult


@dataclass(frozen=True)
class Preview:
    """What an import would do: its result, the rows before and after it, and the file's own rows.

    Frames are unmasked and typed like `store.read_frame`: they stay in this layer.
    """

    result: ImportResult
    before: pd.DataFrame
    after: pd.DataFrame
    given: pd.DataFrame


def preview_import(request: ImportRequest, data_dir: Path) -> Preview:
    """The import of a reference table without committing it: same checks, same merge, nothing stays.

    Raises
    ------
    UsageError, LockedError, StoreError
        As `import_files`.
    """
    validated(request)
    with store.locked(data_dir), store.disk_errors():
        store.sweep(data_dir)
        manifest = store.read_manifest(data_dir)
        state, result = imported_state(request, data_dir, manifest, None)
        after = store.read_frame(data_dir, state, request.kind)
        bare = replace(manifest, tables={k: v for k, v in manifest.tables.items() if k != request.kind})
        alone, _ = imported_state(request, data_dir, bare, None)
        given = store.read_frame(data_dir, alone, request.kind)
        before = store.read_frame(data_dir, manifest, request.kind)
        if result.quarantine:
            Path(result.quarantine).unlink(missing_ok=True)
        store.sweep(data_dir)
    return Preview(result, before, after, given)
