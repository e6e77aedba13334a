"""Merging: staged rows become segments, and known keys are replaced.

Most rows are new and go straight into a segment, inside the engine. Only contested keys
(known already, or standing more than once in the import) are folded, in pandas, a bounded
number at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from governance.records import store
from governance.records.checks import stored_schema
from governance.records.engine import engine
from governance.records.folding import Folded, folded, key_columns
from governance.records.manifest import Manifest, Segment
from governance.workdays import start_of_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from governance.records.checks import CheckRules
    from governance.records.engine import Engine
    from governance.records.staging import Staged
    from governance.schema import Kind

_MAX_SEGMENTS = 24
_KEYS_AT_ONCE = 200_000
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Merged:
    """The state after the merge, and how many rows were new, replaced one or said nothing new."""

    manifest: Manifest
    accepted: int = 0
    replaced: int = 0
    unchanged: int = 0
    older: int = 0


def merged(
    staged: Staged, rules: CheckRules, *, data_dir: Path, manifest: Manifest, folder: Path, tag: str
) -> Merged:
    """The state of `manifest` with the staged rows merged in; `tag` begins new segments' names."""
    if not staged.paths:
        return Merged(manifest)
    with engine(scratch_dir=folder) as db:
        return _Merge(db, staged, rules, data_dir, manifest, folder, tag).done()


@dataclass(frozen=True)
class _Merge:
    """One merge in progress."""

    db: Engine
    staged: Staged
    rules: CheckRules
    data_dir: Path
    manifest: Manifest
    folder: Path
    tag: str

    @property
    def kind(self) -> Kind:
        return self.rules.kind

    @cached_property
    def target(self) -> Path:
        path = store.folder_of(self.data_dir, self.kind.name)
        path.mkdir(parents=True, exist_ok=True)
        return path

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        return self.manifest.tables.get(self.kind.name, ())

    @cached_property
    def incoming(self) -> ir.Table:
        return self.db.parquet(self.staged.paths)

    @cached_property
    def stored(self) -> ir.Table:
        """Stored rows that can share a key with the import: for stamped keys, those of its time."""
        paths = [self.data_dir / segment.path for segment in self.segments]
        stamps = [name for name in self.kind.required if self.kind.by_name[name].is_stamp]
        if stamps and paths:
            low, high = _range(self.staged.paths, stamps[0])
            spans = [(path, *_range([path], stamps[0])) for path in paths]
            paths = [path for path, first, last in spans if first <= high and last >= low]
        return self.db.parquet(paths) if paths else self.incoming.limit(0)

    def done(self) -> Merged:
        """Merge, and name the new state."""
        keys = self._contested_keys()
        contested_n = self.db.count(keys)
        if not contested_n:
            fresh = self._moved()
            return Merged(self._state((*self.segments, *fresh)), accepted=sum(s.rows for s in fresh))
        plain = self._write(self._split(self.incoming, keys, inside=False), "new")
        outcomes = list(self._folded(keys, contested_n))
        removed = pd.concat([outcome.removed_keys for outcome in outcomes])
        current = pd.concat([outcome.current for outcome in outcomes])
        superseded = pd.concat([outcome.superseded for outcome in outcomes])
        segments = [*self._without(removed), *plain, *self._written(self.kind.name, current, "merged")]
        history = f"{self.kind.name}.history"
        older = (*self.manifest.tables.get(history, ()), *self._written(history, superseded, "history"))
        state = self._state(segments)
        return Merged(
            manifest=state.with_table(history, older) if older else state,
            accepted=sum(s.rows for s in plain) + sum(outcome.accepted for outcome in outcomes),
            replaced=sum(outcome.replaced for outcome in outcomes),
            unchanged=sum(outcome.unchanged for outcome in outcomes),
            older=sum(outcome.older for outcome in outcomes),
        )

    # ------------------------------------------------------------------------------ keys
    def _key_values(self, table: ir.Table) -> dict[str, ir.Value]:
        """Key columns of a table; an empty optional part counts as empty text, so that it joins."""
        loose = self.kind.optional_key
        names = key_columns(self.kind)
        return {n: table[n].cast("string").fill_null("") if n in loose else table[n] for n in names}

    def _contested_keys(self) -> ir.Table:
        names = key_columns(self.kind)
        incoming = self.incoming.select(**self._key_values(self.incoming))
        counts = incoming.group_by(names).agg(times=lambda table: table.count())
        repeated = counts.filter(counts.times > 1).select(*names)
        known = self.stored.select(**self._key_values(self.stored))
        return self.db.computed(repeated.union(incoming.semi_join(known, names), distinct=True))

    def _split(self, table: ir.Table, keys: ir.Table, *, inside: bool) -> ir.Table:
        """The rows of a table whose key is (or is not) among `keys`."""
        matches = [value == keys[name] for name, value in self._key_values(table).items()]
        return table.semi_join(keys, matches) if inside else table.anti_join(keys, matches)

    def _folded(self, keys: ir.Table, contested_n: int) -> Iterator[Folded]:
        """Contested keys folded; a key's versions always meet in the same turn."""
        turns = -(-contested_n // _KEYS_AT_ONCE)
        plausible = (start_of_day(self.rules.settings.day("plausible_from")), self.rules.now)
        first = keys[key_columns(self.kind)[0]]
        for turn in range(turns):
            some = keys if turns == 1 else keys.filter(first.hash().abs() % turns == turn)
            yield folded(
                self.kind,
                self.db.frame(self._split(self.incoming, some, inside=True)),
                self.db.frame(self._split(self.stored, some, inside=True)),
                present=self.staged.present,
                plausible=plausible,
            )

    # -------------------------------------------------------------------------- segments
    def _segment(self, path: Path) -> list[Segment]:
        rows = pq.read_metadata(path).num_rows
        return [Segment(path=path.relative_to(self.data_dir).as_posix(), rows=rows)] if rows else []

    def _moved(self) -> list[Segment]:
        """Staged files become segments as they are."""
        segments = []
        for number, path in enumerate(self.staged.paths):
            segments += self._segment(path.replace(self.target / f"{self.tag}-{number:03d}.parquet"))
        return segments

    def _write(self, rows: ir.Table, name: str) -> list[Segment]:
        path = self.target / f"{self.tag}-{name}.parquet"
        self.db.write(rows.select(*stored_schema(self.kind).names), path)
        return self._segment(path)

    def _written(self, table: str, frame: pd.DataFrame, name: str) -> list[Segment]:
        folder = store.folder_of(self.data_dir, table)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.tag}-{name}.parquet"
        columns = stored_schema(self.kind)
        pq.write_table(pa.Table.from_pandas(frame[columns.names], schema=columns, preserve_index=False), path)
        return self._segment(path)

    def _without(self, removed: pd.DataFrame) -> list[Segment]:
        """The stored segments without the replaced rows; untouched segments stay as they are."""
        if removed.empty:
            return list(self.segments)
        columns = stored_schema(self.kind)
        types = pa.schema([columns.field(name) for name in key_columns(self.kind)])
        path = self.folder / "removed.parquet"
        pq.write_table(pa.Table.from_pandas(removed, schema=types, preserve_index=False), path)
        keys = self.db.parquet([path])
        keys = self.db.computed(keys.select(**self._key_values(keys)))
        kept: list[Segment] = []
        for number, segment in enumerate(self.segments):
            rows = self.db.parquet([self.data_dir / segment.path])
            is_touched = self.db.count(self._split(rows, keys, inside=True)) > 0
            rest = self._split(rows, keys, inside=False)
            kept += self._write(rest, f"kept-{number:03d}") if is_touched else [segment]
        return kept

    def _state(self, segments: Sequence[Segment]) -> Manifest:
        """The state with these segments; many small ones are joined, unless time tells them apart."""
        is_by_time = any(self.kind.by_name[name].is_stamp for name in self.kind.key)
        if len(segments) > _MAX_SEGMENTS and not is_by_time:
            columns = stored_schema(self.kind).names
            parts = [self.db.parquet([self.data_dir / s.path]).select(*columns) for s in segments]
            joined = parts[0].union(*parts[1:])
            segments = self._write(joined, "joined")
        return self.manifest.with_table(self.kind.name, tuple(segments))


def _range(paths: Sequence[Path], column: str) -> tuple[datetime, datetime]:
    """The first and last stamp of a column, from the files' own statistics."""
    lows, highs = [], []
    for path in paths:
        metadata = pq.read_metadata(path)
        place = metadata.schema.names.index(column)
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(place).statistics
            if statistics is not None and statistics.has_min_max:
                lows.append(statistics.min)
                highs.append(statistics.max)
    return (min(lows), max(highs)) if lows else (_NEVER, _NEVER)
