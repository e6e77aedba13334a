"""One state of the store: which segments make up each table, as-of, and the ledger of imports."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from governance.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMAT = 1


@dataclass(frozen=True)
class Segment:
    """One immutable Parquet file; `path` is relative to the data folder."""

    path: str
    rows: int


@dataclass(frozen=True)
class ImportEntry:
    """One line of the import ledger."""

    import_id: str
    imported_at: str
    kind: str
    origin: str
    files: tuple[str, ...]
    rows_read: int
    accepted: int
    replaced: int
    unchanged: int
    refused: int
    flags: Mapping[str, int]
    refusals: Mapping[str, int]
    files_refused: tuple[Mapping[str, str], ...]
    as_of: str | None
    is_as_of_told: bool
    quarantine: str | None
    warnings: tuple[str, ...] = ()
    coverage: Mapping[str, str | None] = field(default_factory=dict)
    options: Mapping[str, str | None] = field(default_factory=dict)
    is_undone: bool = False

    @property
    def is_refused_whole(self) -> bool:
        """Whether no row was read because every file was refused whole."""
        return bool(self.files_refused) and not self.rows_read


@dataclass(frozen=True)
class Manifest:
    """One state of the store: segments a table, as-of a kind, and the ledger."""

    generation: int = 0
    tables: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    as_of: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[ImportEntry, ...] = ()

    def undoable_place(self, before: Manifest | None) -> int | None:
        """The place in the ledger of the import that an undo takes back: the last not refused whole.

        None where there is none, or where `before`, the state before the last change, holds it already.
        """
        place = max((n for n, one in enumerate(self.imports) if not one.is_refused_whole), default=None)
        return None if place is None or before is None or len(before.imports) > place else place

    def rows(self, kind: str) -> int:
        """Rows stored of a kind."""
        return sum(segment.rows for segment in self.tables.get(kind, ()))

    def segments(self) -> tuple[Segment, ...]:
        """Every segment of every table."""
        return tuple(segment for segments in self.tables.values() for segment in segments)

    def with_table(self, name: str, segments: tuple[Segment, ...]) -> Manifest:
        """The same state with other segments for one table."""
        return replace(self, tables={**self.tables, name: segments})


def decoded(text: str, path: Path) -> Manifest:
    """A manifest from the text of its file, which `path` names.

    Raises
    ------
    StoreError
        `store_of_other_version` or `damaged_store`.
    """
    try:
        return manifest_from(json.loads(text), path)
    except ValueError as error:
        raise StoreError("damaged_store", file=str(path)) from error


def manifest_from(raw: Mapping[str, Any], path: Path) -> Manifest:
    """A manifest from what `manifest_content` gave; `path` is the file to name when it is none.

    Raises
    ------
    StoreError
        `store_of_other_version` or `damaged_store`.
    """
    try:
        if raw["format"] != _FORMAT:
            raise StoreError("store_of_other_version", file=str(path))
        tables = {name: tuple(Segment(**s) for s in segments) for name, segments in raw["tables"].items()}
        imports = tuple(
            ImportEntry(**{**entry, **{k: tuple(entry[k]) for k in ("files", "files_refused", "warnings")}})
            for entry in raw["imports"]
        )
        return Manifest(generation=raw["generation"], tables=tables, as_of=raw["as_of"], imports=imports)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError("damaged_store", file=str(path)) from error


def manifest_content(manifest: Manifest) -> dict[str, Any]:
    """A manifest as plain values that JSON can hold."""
    return {"format": _FORMAT, **asdict(manifest)}
