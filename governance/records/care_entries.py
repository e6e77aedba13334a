"""A visit, or that somebody moved, is in hospital or died, entered in one line on the page 一老一小."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from governance import access
from governance.errors import UsageError
from governance.records import store
from governance.records.entered import import_rows
from governance.schema import schema
from governance.workdays import SHANGHAI, now_in_shanghai, start_of_day

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from governance.records.intake import ImportResult

ORIGIN = "entry"
ACTIVE = "active"
_MAX_CHARS = 200


@dataclass(frozen=True)
class VisitEntry:
    """One visit: whom, when, by whom, what was found."""

    person_ref: str
    visited_at: datetime
    member_id: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class StatusEntry:
    """Since when somebody has which status (a code of `care_status`)."""

    person_ref: str
    status: str
    status_on: date


def record_visit(data_dir: Path, entry: VisitEntry) -> ImportResult:
    """Store one visit through the intake; somebody who is not in the register is kept all the same.

    Raises
    ------
    UsageError
        `care_no_person` or `care_in_future`.
    LockedError, StoreError
        As for every import.
    """
    ref = _folded(entry.person_ref)
    if not ref:
        raise UsageError("care_no_person")
    if entry.visited_at > now_in_shanghai():
        raise UsageError("care_in_future", stamp=f"{entry.visited_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
    people = store.open_dataset(data_dir).frame("care_register")
    own = people.loc[people["person_ref"].eq(ref).fillna(False).astype(bool), "microgrid_code"]
    row = {
        "person_ref": ref,
        "member_id": _folded(entry.member_id) or None,
        "microgrid_code": own.iloc[-1] if len(own) else None,
        "visited_at": pd.Timestamp(entry.visited_at).tz_convert(SHANGHAI),
        "outcome": _folded(entry.outcome)[:_MAX_CHARS] or None,
    }
    return _stored(data_dir, "visits", pd.DataFrame([row]), ref)


def record_status(data_dir: Path, entry: StatusEntry) -> ImportResult:
    """Store somebody's status with its date; the rest of the register's row stays as it is.

    Who comes back loses an end of the risk that lies before the return.

    Raises
    ------
    UsageError
        `care_unknown_person`, `care_unknown_status` or `care_in_future`.
    LockedError, StoreError
        As for every import.
    """
    if entry.status not in schema().values["care_status"]:
        raise UsageError("care_unknown_status", status=entry.status)
    if start_of_day(entry.status_on) > now_in_shanghai():
        raise UsageError("care_in_future", stamp=entry.status_on.isoformat())
    ref = _folded(entry.person_ref)
    people = store.open_dataset(data_dir).frame("care_register")
    rows = people[people["person_ref"].eq(ref).fillna(False).astype(bool)].tail(1)
    if rows.empty:
        raise UsageError("care_unknown_person", person=ref)
    day = pd.Timestamp(start_of_day(entry.status_on))
    changed = rows.assign(status=entry.status, status_on=day)
    if entry.status == ACTIVE:
        is_past = changed["risk_to"].le(day).fillna(False).astype(bool)
        changed = changed.assign(risk_to=changed["risk_to"].mask(is_past))
    return _stored(data_dir, "care_register", changed, ref)


def _stored(data_dir: Path, kind: str, rows: pd.DataFrame, ref: str) -> ImportResult:
    result = import_rows(data_dir, kind, rows, stem=f"entry-{_file_part(ref)}", origin=ORIGIN)
    access.record_access(data_dir, "entry", kind=kind, person_ref=ref, import_id=result.import_id)
    return result


def _file_part(ref: str) -> str:
    """A code as it may stand in the name of a file."""
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in ref)[:40]


def _folded(text: str) -> str:
    """A text as the intake will read it: width-folded and trimmed, on one line."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
