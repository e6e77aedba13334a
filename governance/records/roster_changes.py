"""What a roster file would change, shown before it is taken: masked, entry by entry, field by field.

The file goes through the whole import without being committed (`preview.preview_import`), so what is shown is
what will happen. Entries of the store that the file does not have are named and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from governance.access import masked_frame
from governance.records.intake import ImportRequest
from governance.records.preview import preview_import
from governance.schema import kind_named

if TYPE_CHECKING:
    from pathlib import Path

    from governance.records.intake import ImportResult
    from governance.records.preview import Preview

KIND = "members"
_KEY = ["member_id", "microgrid_code"]
_FIELDS = tuple(column.name for column in kind_named(KIND).columns if column.name not in _KEY)


@dataclass(frozen=True)
class RosterEntry:
    """An entry of the roster, masked."""

    member_id: str
    microgrid_code: str
    name: str
    phone: str
    role: str


@dataclass(frozen=True)
class FieldChange:
    """One field of an entry before and after, masked.

    `is_hidden` says that it changes where the mask covers it, so that both look the same.
    """

    member_id: str
    microgrid_code: str
    field: str
    old: str
    new: str
    is_hidden: bool


@dataclass(frozen=True)
class RosterChanges:
    """What taking a file would do.

    `gone` are entries of the store that the file does not have: they stay. `elsewhere` are those
    added for a person who already stands in another micro-grid, with that other one. `result` is
    the import's own count.
    """

    result: ImportResult
    added: tuple[RosterEntry, ...]
    changed: tuple[FieldChange, ...]
    gone: tuple[RosterEntry, ...]
    elsewhere: tuple[tuple[RosterEntry, str], ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take."""
        return not self.added and not self.changed

    @property
    def changed_entries_n(self) -> int:
        """How many entries have a changed field."""
        return len({(one.member_id, one.microgrid_code) for one in self.changed})


def roster_changes(data_dir: Path, path: Path) -> RosterChanges:
    """What importing the roster file `path` would change.

    Raises
    ------
    UsageError, LockedError, StoreError
        As `intake.import_files`. A file that cannot be read is named in `result.files_refused`.
    """
    return changes_of(preview_import(ImportRequest(kind=KIND, paths=(path,)), data_dir))


def changes_of(preview: Preview) -> RosterChanges:
    """The masked difference between the rows before and after an import."""
    before, after, given = (_keyed(one) for one in (preview.before, preview.after, preview.given))
    added = after.loc[after.index.difference(before.index)]
    gone = before.loc[before.index.difference(given.index)]
    entries = _entries(added)
    held = preview.before.dropna(subset=["member_id"]).groupby("member_id")["microgrid_code"].agg(list)
    return RosterChanges(
        result=preview.result,
        added=entries,
        changed=tuple(_changed(before, after)),
        gone=_entries(gone),
        elsewhere=tuple(
            (entry, str(other))
            for entry in entries
            for other in held.get(entry.member_id, [])
            if pd.notna(other) and other != entry.microgrid_code
        ),
    )


def _keyed(frame: pd.DataFrame) -> pd.DataFrame:
    keys = frame[_KEY].astype("string").fillna("")
    rows = frame.set_index(pd.MultiIndex.from_frame(keys))
    return rows[~rows.index.duplicated(keep="last")].sort_index()


def _entries(rows: pd.DataFrame) -> tuple[RosterEntry, ...]:
    masked = masked_frame(rows, KIND)
    return tuple(
        RosterEntry(*key, *(_text(row[name]) for name in ("name", "phone", "role")))
        for key, row in zip(rows.index, masked.to_dict("records"), strict=True)
    )


def _text(value: object) -> str:
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return ""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> list[FieldChange]:
    both = before.index.intersection(after.index)
    old, new = before.loc[both], after.loc[both]
    changes = []
    shown_old, shown_new = masked_frame(old, KIND), masked_frame(new, KIND)
    for field in _FIELDS:
        was, now = old[field], new[field]
        differs = ~(was.eq(now).fillna(False).astype(bool) | (was.isna() & now.isna()))
        for place in map(int, differs.to_numpy().nonzero()[0]):
            member_id, code = both[place]
            before_text, after_text = _text(shown_old[field].iloc[place]), _text(shown_new[field].iloc[place])
            is_hidden = before_text == after_text
            changes.append(FieldChange(member_id, code, field, before_text, after_text, is_hidden))
    return sorted(changes, key=lambda one: (one.member_id, one.microgrid_code))
