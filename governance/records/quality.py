"""The quality report of what is stored: rows, as-of and flags, per kind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from governance.records import store
from governance.records.coverage import lost_cases
from governance.schema import schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def flag_counts(data_dir: Path, manifest: store.Manifest, kind: str) -> Mapping[str, int]:
    """Stored rows of a kind that carry each flag; a row with two flags counts under both."""
    counts: Counter[str] = Counter()
    for segment in manifest.tables.get(kind, ()):
        column = pq.read_table(data_dir / segment.path, columns=["flags"]).column(0)
        for entry in pc.value_counts(column).to_pylist():
            for code in (entry["values"] or "").split():
                counts[code] += entry["counts"]
    return dict(sorted(counts.items()))


def quality_report(data_dir: Path) -> dict[str, Any]:
    """What is stored, how fresh it is and what ails it.

    Returns `kinds` (per stored kind: kind, label, rows, as_of, flags {code: n}), `imports_n`,
    `lost_cases_n` (open cases a full list no longer showed) and `fingerprint`.

    Raises
    ------
    StoreError
        `damaged_store` when the manifest or a segment cannot be read.
    """
    manifest = store.read_manifest(data_dir)
    kinds = [
        {
            "kind": kind.name,
            "label": kind.label,
            "rows": manifest.rows(kind.name),
            "as_of": manifest.as_of.get(kind.name),
            "flags": flag_counts(data_dir, manifest, kind.name),
        }
        for kind in schema().kinds.values()
        if manifest.rows(kind.name)
    ]
    return {
        "kinds": kinds,
        "imports_n": sum(not entry.is_undone for entry in manifest.imports),
        "lost_cases_n": len(lost_cases(data_dir, manifest)),
        "fingerprint": store.fingerprint(data_dir),
    }
