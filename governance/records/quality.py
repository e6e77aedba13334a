"""The quality report of what is stored: rows, as-of and flags, per kind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from governance.records import store
from governance.records.engine import frame_of
from governance.schema import kind_named, schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from governance.records.manifest import Manifest


def flag_counts(data_dir: Path, manifest: Manifest, kind: str) -> Mapping[str, int]:
    """Stored rows of a kind that carry each flag; a row with two flags counts under both."""
    counts: Counter[str] = Counter()
    for segment in manifest.tables.get(kind, ()):
        column = pq.read_table(data_dir / segment.path, columns=["flags"]).column(0)
        for entry in pc.value_counts(column).to_pylist():
            for code in (entry["values"] or "").split():
                counts[code] += entry["counts"]
    return dict(sorted(counts.items()))


def flagged_rows(data_dir: Path, manifest: Manifest, kind: str, import_id: str, *, most: int) -> pd.DataFrame:
    """Up to `most` flagged rows that an import stored: key columns, `file`, `row`, `flags`."""
    columns = ["file", "row", *kind_named(kind).key, "flags"]
    found = []
    for segment in manifest.tables.get(kind, ()):
        table = pq.read_table(data_dir / segment.path, columns=[*columns, "import_id"])
        is_ours = pc.and_(pc.equal(table["import_id"], import_id), pc.not_equal(table["flags"], ""))
        found.append(table.filter(is_ours).select(columns).slice(0, most))
    frames = [frame_of(table) for table in found]
    joined = pd.concat(frames) if frames else pd.DataFrame(columns=columns)
    return joined.sort_values(["file", "row"]).head(most).reset_index(drop=True)


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
        "lost_cases_n": len(store.lost_cases(data_dir, manifest)),
        "fingerprint": store.fingerprint(data_dir),
    }
