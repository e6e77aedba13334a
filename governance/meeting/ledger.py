"""The commitments of the weekly meeting: `DIR/commitments.sqlite`, beside the store.

    ledger = open_ledger(data_dir)
    made = ledger.add(Draft(week=Week(2023, 38), what="…", responsible_unit="…", due_on=…), at=…, who="…")
    ledger.change(made.id, {"status": "done"}, at=…, who="…", note="…", seen=made)
    ledger.commitments(week=Week(2023, 38)); ledger.history(made.id)

One row a commitment and one line a change; neither is ever deleted, and the history cannot be
rewritten. Every write is one transaction that waits for another writer; what a killed process left
half done is rolled back by the next one to open the file. The rollback journal is kept, not a
write-ahead log: writes are rare, and the ledger stays one file that can be copied. Imports, their
undo and a rebuild of the store do not touch it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING

from governance.errors import LockedError, StoreError, UsageError
from governance.meeting.commitments import (
    CHANGEABLE,
    COLUMNS,
    Amendment,
    Change,
    Commitment,
    Draft,
    as_stored,
    checked,
    commitment_of,
    row_of,
)
from governance.records.store import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from governance.workdays import Week

FILE = "commitments.sqlite"
_WAIT_S = 10.0
_VERSION = 1
_SCHEMA = (
    """CREATE TABLE commitments (
        id TEXT PRIMARY KEY, week TEXT NOT NULL, what TEXT NOT NULL, responsible_unit TEXT NOT NULL,
        due_on TEXT NOT NULL, metric TEXT, place_level TEXT, place_code TEXT, baseline_week TEXT NOT NULL,
        source_kind TEXT NOT NULL, source_key TEXT NOT NULL, status TEXT NOT NULL,
        created_at TEXT NOT NULL) STRICT""",
    """CREATE TABLE history (
        number INTEGER PRIMARY KEY AUTOINCREMENT, commitment_id TEXT NOT NULL REFERENCES commitments (id),
        at TEXT NOT NULL, who TEXT NOT NULL, field TEXT NOT NULL, old TEXT, new TEXT,
        note TEXT NOT NULL) STRICT""",
    "CREATE INDEX history_of ON history (commitment_id, number)",
    """CREATE TRIGGER commitments_stay BEFORE DELETE ON commitments
        BEGIN SELECT RAISE(ABORT, 'commitments are not deleted'); END""",
    """CREATE TRIGGER history_stays BEFORE DELETE ON history
        BEGIN SELECT RAISE(ABORT, 'history is not deleted'); END""",
    """CREATE TRIGGER history_stands BEFORE UPDATE ON history
        BEGIN SELECT RAISE(ABORT, 'history is not rewritten'); END""",
)
# The statements that lead from each version of the file to the next.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (_SCHEMA,)


# ----------------------------------------------------------------------------- the file
@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    """What SQLite says, as one clear error."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise LockedError("ledger_busy", seconds=int(_WAIT_S)) from error
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            raise StoreError("read_only_folder", file=str(path)) from error
        if name.startswith("SQLITE_FULL"):
            raise StoreError("disk_full", file=str(path)) from error
        if name.startswith("SQLITE_IOERR"):
            raise StoreError("disk_error", detail=str(error)) from error
        raise StoreError("damaged_ledger", file=str(path)) from error


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to today's form, within the transaction under way."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > _VERSION:
        raise StoreError("ledger_of_other_version", file=str(path))
    for statements in _MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    if version < _VERSION:
        connection.execute(f"PRAGMA user_version = {_VERSION}")


@dataclass(frozen=True)
class Ledger:
    """The ledger in one file; every call opens it, so that one object serves all threads."""

    path: Path

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with _file_errors(self.path), closing(self._connect()) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing."""
        with disk_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                _migrate(connection, self.path)
                yield connection
            except BaseException:
                # A full disk has ended the transaction already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _read(self, query: str, values: Sequence[str] = ()) -> list[tuple[str, ...]]:
        if not self.path.is_file():
            return []
        with self._connected() as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > _VERSION:
                raise StoreError("ledger_of_other_version", file=str(self.path))
            return connection.execute(query, values).fetchall() if version else []

    # --------------------------------------------------------------------------- reading
    def commitments(self, *, week: Week | None = None) -> tuple[Commitment, ...]:
        """All commitments, or those of the meeting of one week, in the order they were made.

        Raises
        ------
        StoreError
            `damaged_ledger` or `ledger_of_other_version`.
        """
        where, values = ("", ()) if week is None else ("WHERE week = ?", (str(week),))
        query = f"SELECT {', '.join(COLUMNS)} FROM commitments {where} ORDER BY week, rowid"
        return tuple(commitment_of(row) for row in self._read(query, values))

    def history(self, commitment_id: str | None = None) -> tuple[Change, ...]:
        """Every change, or those of one commitment, oldest first.

        Raises
        ------
        StoreError
            As `commitments`.
        """
        where, values = ("", ()) if commitment_id is None else ("WHERE commitment_id = ?", (commitment_id,))
        names = ", ".join(field.name for field in fields(Change))
        rows = self._read(f"SELECT {names} FROM history {where} ORDER BY number", values)
        return tuple(Change(row[0], datetime.fromisoformat(row[1]), *row[2:]) for row in rows)

    # --------------------------------------------------------------------------- writing
    def add(self, draft: Draft, *, at: datetime, who: str, note: str = "") -> Commitment:
        """Record one commitment of a meeting; it is open.

        Raises
        ------
        UsageError
            `commitment_without_what`, `commitment_without_unit`, `commitment_too_long`,
            `commitment_names_person` or `bad_place`.
        LockedError
            `ledger_busy` when another writer does not end in time.
        StoreError
            `read_only_folder`, `disk_full`, `damaged_ledger` or `ledger_of_other_version`.
        """
        return self.take((draft,), (), at=at, who=who, note=note)[0]

    def change(
        self,
        commitment_id: str,
        changes: Mapping[str, object],
        *,
        at: datetime,
        who: str,
        note: str = "",
        seen: Commitment | None = None,
    ) -> Commitment:
        """Change fields (of `CHANGEABLE`) of one commitment; what stays the same leaves no line.

        `seen` is the state the change was decided on: where a field to be changed is another by
        now, nothing is written.

        Raises
        ------
        UsageError
            `unknown_commitment`, `changed_meanwhile`, `unknown_field_of_commitment`, or as `add`.
        LockedError, StoreError
            As `add`.
        """
        amendment = Amendment(commitment_id, changes, seen)
        return self.take((), (amendment,), at=at, who=who, note=note)[0]

    def take(
        self,
        drafts: Iterable[Draft],
        amendments: Iterable[Amendment],
        *,
        at: datetime,
        who: str,
        note: str = "",
    ) -> tuple[Commitment, ...]:
        """Record new commitments and change known ones, all of it or nothing.

        Raises
        ------
        UsageError, LockedError, StoreError
            As `add` and `change`.
        """
        at = at.replace(microsecond=0)
        stamp = (at.isoformat(), who, note)
        with self._writing() as connection:
            added = [_insert(connection, draft, at, stamp) for draft in drafts]
            changed = [_amend(connection, amendment, stamp) for amendment in amendments]
        return (*added, *changed)


def open_ledger(data_dir: Path) -> Ledger:
    """The ledger of a data folder; its file is made by the first write."""
    return Ledger(data_dir / FILE)


def _insert(
    connection: sqlite3.Connection, draft: Draft, at: datetime, stamp: tuple[str, str, str]
) -> Commitment:
    taken = connection.execute("SELECT count(*) FROM commitments WHERE week = ?", (str(draft.week),))
    commitment = checked(
        Commitment(
            id=f"{draft.week}-{int(taken.fetchone()[0]) + 1:02d}",
            week=draft.week,
            what=draft.what,
            responsible_unit=draft.responsible_unit,
            due_on=draft.due_on,
            metric=draft.metric,
            place=draft.place,
            baseline_week=draft.baseline_week or draft.week.shifted(-1),
            source=draft.source,
            status="open",
            created_at=at,
        )
    )
    marks = ", ".join("?" * len(COLUMNS))
    connection.execute(f"INSERT INTO commitments VALUES ({marks})", row_of(commitment))
    _log(connection, commitment.id, stamp, ("created", None, commitment.what))
    return commitment


def _amend(connection: sqlite3.Connection, amendment: Amendment, stamp: tuple[str, str, str]) -> Commitment:
    query = f"SELECT {', '.join(COLUMNS)} FROM commitments WHERE id = ?"
    row = connection.execute(query, (amendment.commitment_id,)).fetchone()
    if row is None:
        raise UsageError("unknown_commitment", commitment=amendment.commitment_id)
    known, changes = commitment_of(row), dict(amendment.changes)
    for name in changes:
        if name not in CHANGEABLE:
            raise UsageError("unknown_field_of_commitment", field=name)
        if amendment.seen is not None and getattr(amendment.seen, name) != getattr(known, name):
            raise UsageError("changed_meanwhile", commitment=known.id)
    wanted = checked(replace(known, **changes))  # type: ignore[arg-type]
    told = [(name, getattr(known, name), getattr(wanted, name)) for name in CHANGEABLE]
    lines = [(name, as_stored(old), as_stored(new)) for name, old, new in told if old != new]
    if lines:
        sets = ", ".join(f"{name} = ?" for name in COLUMNS[1:])
        connection.execute(f"UPDATE commitments SET {sets} WHERE id = ?", (*row_of(wanted)[1:], known.id))
    for line in lines:
        _log(connection, known.id, stamp, line)
    return wanted


def _log(
    connection: sqlite3.Connection,
    commitment_id: str,
    stamp: tuple[str, str, str],
    line: tuple[str, str | None, str | None],
) -> None:
    at, who, note = stamp
    connection.execute(
        "INSERT INTO history (commitment_id, at, who, field, old, new, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (commitment_id, at, who, *line, note),
    )
