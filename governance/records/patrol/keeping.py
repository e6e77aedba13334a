"""Patrol results kept beside the store, and computed where they are missing or old.

`store/patrol/` holds one folder a computation (a batch) with a Parquet file a frame, and the index.
A batch is written aside and named by the index last, so that a reader sees whole results only.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from governance.errors import GovernanceError, LockedError, StoreError
from governance.records import store
from governance.records.checks import stored_schema
from governance.records.dataset import empty_frame
from governance.records.engine import engine, frame_of
from governance.records.patrol.chain import Chain, DutyRecords, Street
from governance.records.patrol.columns import typed
from governance.records.patrol.frames import GROUP_OF, MADE_FROM, assembled
from governance.records.patrol.index import (
    RECORDS,
    REFERENCE,
    Days,
    Index,
    day_of_number,
    days_of,
    number_of,
    spans,
    with_digests,
)
from governance.records.patrol.rules import PatrolRules, Span, us_of
from governance.schema import kind_named
from governance.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from governance.records.manifest import Manifest
    from governance.settings import Settings

# Frames computed together: presence of all days at intake, ways and places of the days under review
# as well; of older days when somebody asks for them.
PRESENCE, WAYS, PLACES = "presence", "ways", "places"
# No more pings than this are held at once.
_PINGS_AT_ONCE = 3_000_000
_WAYS_AT_ONCE = 500_000
# A page reads a week out of months: only the groups that hold it are read.
_ROWS_A_GROUP = 16_384
_LOCK_WAIT_S = 600
# The week under review and the one before it, with the day after.
_REVIEWED_D = 15
# Results of no more pings than this are made while a page waits.
_SOON_COMPUTED_N = 150_000


def _read(folder: Path, batches: dict[str, list[int]], name: str) -> pd.DataFrame:
    """A part of the days that some batches hold."""
    tables = []
    for batch, days in sorted(batches.items(), key=lambda held: min(held[1])):
        path = folder / batch / f"{name}.parquet"
        if not path.is_file():  # days on which no stamp is believed have receipts only
            continue
        on_day = pc.field("on_day")
        # The span first: it tells which parts of the file need not be read.
        wanted = (on_day >= min(days)) & (on_day <= max(days)) & on_day.isin(days)
        try:
            tables.append(pq.read_table(path, partitioning=None, filters=wanted))
        except (OSError, pa.ArrowInvalid) as error:
            raise _DamagedResultsError("damaged_store", file=str(path)) from error
    tables = [table for table in tables if len(table)]
    frame = frame_of(pa.concat_tables(tables, promote_options="permissive")) if tables else None
    return typed(name, pd.DataFrame()) if frame is None else frame


class _DamagedResultsError(StoreError):
    """A file of the results cannot be read."""


def keep_after_import(data_dir: Path, kind: str) -> None:
    """Compute what an import of a kind made old; what hinders it leaves the work to the next reader."""
    manifest = store.read_manifest(data_dir, verify=False)
    if kind in (*RECORDS, *REFERENCE) and manifest.rows("pings"):
        try:
            results = PatrolResults(data_dir, store.read_manifest(data_dir), settings_of(data_dir))
            results.keep({PRESENCE: None, WAYS: _REVIEWED_D, PLACES: _REVIEWED_D})
        except GovernanceError:
            return
        except Exception:  # the import itself stands, and says so
            logging.getLogger(__name__).exception("patrol results after an import of %s", kind)


def keep(data_dir: Path, *, groups: Sequence[str] = (PRESENCE,), days_n: int | None = None) -> int:
    """Compute what is missing or old of some groups; returns how many days that were.

    With `days_n` only the newest days, as many as that.
    """
    results = PatrolResults(data_dir, store.read_manifest(data_dir), settings_of(data_dir))
    return results.keep(dict.fromkeys(groups, days_n))


@cache
def _apart(of: Path) -> Path:
    """A folder of this process for results of a data folder that cannot be written."""
    name = hashlib.sha256(str(of).encode()).hexdigest()[:8]
    return Path(tempfile.mkdtemp(prefix=f"governance-patrol-{name}-"))


def _folder(data_dir: Path) -> Path:
    folder = data_dir / "store" / "patrol"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _apart(data_dir)
    return folder if os.access(folder, os.W_OK) else _apart(data_dir)


@dataclass
class PatrolResults:
    """The patrol results of one state of the store, under its settings."""

    data_dir: Path
    manifest: Manifest
    settings: Settings
    # What was last read of the index, and its version.
    _seen: tuple[object, Index, Days] | None = None
    _at_hand: tuple[object, bool] | None = None

    def frame(self, name: str, since: date | None = None, until: date | None = None) -> pd.DataFrame:
        """A frame of `governance.records.patrol`, what is missing of it computed first.

        `since` and `until` (both included) bound the days whose records it is made from.

        Raises
        ------
        KeyError
            There is no frame of that name.
        StoreError
            The store is damaged.
        """
        if name == "cells":
            ground = self._street.ground
            return typed("cells", ground.named_cells() if ground else pd.DataFrame())
        group = GROUP_OF[name]
        try:
            parts = self._parts(group, MADE_FROM.get(name, (name,)), since, until)
        except _DamagedResultsError:
            # Somebody meddled with the results; they can always be made again.
            self._forget()
            parts = self._parts(group, MADE_FROM.get(name, (name,)), since, until)
        return assembled(name, parts, self._rules)

    def is_at_hand(self) -> bool:
        """Whether the frames computed at intake can be read without a wait worth naming.

        So it is when every day of them is kept, and with few positions in any case. Nothing is
        computed and no lock is waited for.

        Raises
        ------
        StoreError
            The store is damaged.
        """
        if self.manifest.rows("pings") <= _SOON_COMPUTED_N:
            return True
        version = Index.version(self._folder)
        if self._at_hand is None or self._at_hand[0] != version:
            self._at_hand = version, self._is_kept(PRESENCE)
        return self._at_hand[1]

    @cached_property
    def _folder(self) -> Path:
        return _folder(self.data_dir)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the results' own lock: one computation at a time, imports go on beside it."""
        lock = FileLock(self._folder / "lock", timeout=_LOCK_WAIT_S)
        try:
            with store.disk_errors(), lock:
                yield
        except Timeout as error:
            raise LockedError("import_running", seconds=_LOCK_WAIT_S) from error

    @cached_property
    def _rules(self) -> PatrolRules:
        stated = self.manifest.as_of.get("pings")
        return PatrolRules.of(self.settings, datetime.fromisoformat(stated) if stated else None)

    @cached_property
    def _street(self) -> Street:
        return Street(*(self._frame(kind) for kind in REFERENCE))

    def _frame(self, kind: str) -> pd.DataFrame:
        is_there = kind in self.manifest.tables
        return store.read_frame(self.data_dir, self.manifest, kind) if is_there else empty_frame(kind)

    def _parts(
        self, group: str, names: Sequence[str], since: date | None, until: date | None
    ) -> dict[str, pd.DataFrame]:
        """Parts of the days of a window, computed first where they are missing or old."""
        with self._held():
            index, days = self._known()
            low = number_of(since) if since else min(days.keys, default=0)
            high = number_of(until) if until else max(days.keys, default=0)
            keys = {day: key for day, key in days.keys.items() if low <= day <= high}
            self._compute(index, days, {group: keys})
            batches = index.batches(group, keys)
            return {name: _read(self._folder, batches, name) for name in names}

    def _forget(self) -> None:
        """Delete all results."""
        with self._held():
            (self._folder / "index.json").unlink(missing_ok=True)
            for path in self._folder.glob("[0-9]*-*"):
                shutil.rmtree(path, ignore_errors=True)

    def keep(self, days_n: Mapping[str, int | None]) -> int:
        """Compute what is missing or old of groups: so many newest days of each, or all (None).

        Returns how many days that were, each group's counted.
        """
        with self._held():
            index, days = self._known()
            newest = [day for day in sorted(days.keys, reverse=True) if self._is_believed(day)]
            wanted = {group: days.keys if n is None else newest[:n] for group, n in days_n.items()}
            return self._compute(index, days, wanted)

    def _is_kept(self, group: str) -> bool:
        """Whether no day is missing or old, by the index as it stands."""
        index = Index.read(self._folder)
        if index.unknown_segments(self.manifest):
            return False
        keys = days_of(index, self.manifest, self._rules).keys
        return all(index.batch_of(group, day, key) is not None for day, key in keys.items())

    @cached_property
    def _known_until_us(self) -> int:
        """The latest as-of of the records: check-ins and roll calls may go on when positions do not."""
        stated = [self.manifest.as_of.get(kind) for kind in RECORDS]
        latest = [us_of(datetime.fromisoformat(stamp)) for stamp in stated if stamp]
        return max(latest, default=self._rules.as_of_us)

    def _is_believed(self, day: int) -> bool:
        span = Span(day_of_number(day), day_of_number(day))
        return span.until_us > self._rules.plausible_from_us and span.since_us <= self._known_until_us

    def _known(self) -> tuple[Index, Days]:
        """The index with the digests of today's segments, and the days with their keys."""
        batches = {path.name for path in self._folder.glob("[0-9]*-*")}
        if self._seen is not None and self._seen[0] == (Index.version(self._folder), batches):
            return self._seen[1:]
        index = Index.read(self._folder)
        index.forget_without(batches)
        if index.unknown_segments(self.manifest):
            with tempfile.TemporaryDirectory() as scratch, engine(scratch_dir=Path(scratch)) as db:
                with_digests(db, index, self.manifest, self.data_dir)
            index.write(self._folder)
        days = days_of(index, self.manifest, self._rules)
        self._seen = (Index.version(self._folder), batches), index, days
        return index, days

    def _compute(self, index: Index, days: Days, wanted: Mapping[str, Iterable[int]]) -> int:
        """Compute the days of groups that are missing or old, newest first; how many that were."""
        stale = {
            group: [day for day in own if index.batch_of(group, day, days.keys[day]) is None]
            for group, own in wanted.items()
        }
        work: dict[tuple[int, ...], list[str]] = {}
        for group, own in stale.items():
            for batch in self._batches(group, own, days):
                work.setdefault(batch, []).append(group)
        if work:
            self._clear()
            records = DutyRecords(*(self._frame(kind) for kind in ("checkins", "rollcalls", "shifts")))
            for batch, groups in work.items():
                for group, name in self._written(groups, batch, records):
                    index.add(group, {day: days.keys[day] for day in batch}, name)
                    index.write(self._folder)
            self._sweep(index)
        return sum(len(own) for own in stale.values())

    def _batches(self, group: str, stale: Sequence[int], days: Days) -> list[tuple[int, ...]]:
        """Days in batches that are computed at once; days on which no stamp is believed by themselves."""
        good = [day for day in stale if self._is_believed(day)]
        limit = _WAYS_AT_ONCE if group == WAYS else _PINGS_AT_ONCE
        batches = [*spans(good, days.pings_n, limit=limit), sorted(set(stale) - set(good))]
        return [tuple(batch) for batch in batches if batch]

    def _written(
        self, groups: Sequence[str], days: tuple[int, ...], records: DutyRecords
    ) -> Iterator[tuple[str, str]]:
        """Compute groups of some days, which share their legs, and write each: pairs with the batch."""
        paths = [self.data_dir / segment.path for segment in self.manifest.tables.get("pings", ())]
        with (
            tempfile.TemporaryDirectory(dir=self._folder) as scratch,
            engine(scratch_dir=Path(scratch)) as db,
        ):
            pings = (
                db.parquet(paths) if paths else db.of_arrow(stored_schema(kind_named("pings")).empty_table())
            )
            chain = Chain(db, pings, self._street, records, self._rules)
            span = Span(day_of_number(days[0]), day_of_number(days[-1]))
            compute = {PRESENCE: chain.presence, WAYS: chain.ways, PLACES: chain.places}
            for group in groups:
                is_believed = self._is_believed(days[0])
                parts = compute[group](span) if is_believed else chain.misdated(list(days))
                yield group, self._put(parts, group, Path(scratch) / group)

    def _put(self, parts: Mapping[str, pd.DataFrame], group: str, aside: Path) -> str:
        """Write the parts of a group aside and put them among the batches; returns the batch's name."""
        aside.mkdir()
        for name, frame in parts.items():
            table = pa.Table.from_pandas(frame.sort_values("on_day", kind="stable"), preserve_index=False)
            file = aside / f"{name}.parquet"
            pq.write_table(table, file, compression="zstd", row_group_size=_ROWS_A_GROUP)
        number = max((int(path.name.split("-")[0]) for path in self._folder.glob("[0-9]*-*")), default=0)
        batch = f"{number + 1:06d}-{group}"
        aside.replace(self._folder / batch)
        return batch

    def _clear(self) -> None:
        """Delete what a computation that was killed left aside; the lock is held, so nobody uses it."""
        for path in self._folder.glob("tmp*"):
            shutil.rmtree(path, ignore_errors=True)

    def _sweep(self, index: Index) -> None:
        """Delete batches that hold no day any more."""
        named = index.named_batches()
        for path in self._folder.glob("[0-9]*-*"):
            if path.name not in named:
                shutil.rmtree(path, ignore_errors=True)
