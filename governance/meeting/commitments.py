"""What a commitment is: its fields, what must hold of them, and how they are kept as texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, cast

from governance.errors import UsageError
from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Status = Literal["open", "done", "dropped"]
Level = Literal["street", "community", "team", "category", "microgrid"]
SourceKind = Literal["hand", "page", "gap", "headline", "file"]
STATUSES: tuple[Status, ...] = ("open", "done", "dropped")
LEVELS: tuple[Level, ...] = ("street", "community", "team", "category", "microgrid")
SOURCE_KINDS: tuple[SourceKind, ...] = ("hand", "page", "gap", "headline", "file")

MAX_CHARS = 200
# Phones and identity numbers have no place in a ledger the room reads.
_PERSONAL_NUMBER = re.compile(r"(?<!\d)(?:1\d{2}[ -]?\d{4}[ -]?\d{4}|\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx])(?!\d)")


@dataclass(frozen=True)
class Place:
    """What a commitment is to move: a level and its code; the whole street has none."""

    level: Level
    code: str = ""


@dataclass(frozen=True)
class Source:
    """Where a commitment came from: typed by hand, a page, a gap, a headline or a workbook, and its key."""

    kind: SourceKind = "hand"
    key: str = ""


@dataclass(frozen=True)
class Draft:
    """A commitment as the meeting states it.

    `week` is the week in which the meeting sits; `responsible_unit` a post or a team, never a
    person; `metric` a key of `control_series.SERIES`. `baseline_week` is the last week before the
    decision, the one before the meeting's unless said otherwise.
    """

    week: Week
    what: str
    responsible_unit: str
    due_on: date
    metric: str | None = None
    place: Place | None = None
    baseline_week: Week | None = None
    source: Source = Source()


@dataclass(frozen=True)
class Commitment:
    """One line of the ledger; `id` is the meeting's week and a running number, 2023-W38-01."""

    id: str
    week: Week
    what: str
    responsible_unit: str
    due_on: date
    metric: str | None
    place: Place | None
    baseline_week: Week
    source: Source
    status: Status
    created_at: datetime


@dataclass(frozen=True)
class Change:
    """One line of the history: who changed which field when, from what to what.

    The first line of a commitment has the field `created`. Values are texts as stored, None where
    there was none; `place` reads level:code.
    """

    commitment_id: str
    at: datetime
    who: str
    field: str
    old: str | None
    new: str | None
    note: str


@dataclass(frozen=True)
class Amendment:
    """Changes to one known commitment, and the state they were decided on."""

    commitment_id: str
    changes: Mapping[str, object]
    seen: Commitment | None = None


CHANGEABLE = ("what", "responsible_unit", "due_on", "metric", "place", "baseline_week", "status")


# ------------------------------------------------------------------------------ texts
def as_stored(value: object) -> str | None:
    """A field's value as one text, as the history keeps it."""
    if value is None:
        return None
    if isinstance(value, Place):
        return f"{value.level}:{value.code}"
    return value.isoformat() if isinstance(value, date) else str(value)


def stated(what: str, unit: str) -> tuple[str, str]:
    """The matter and the responsible unit as one line each.

    Raises
    ------
    UsageError
        `commitment_without_what`, `commitment_without_unit`, `commitment_too_long` or
        `commitment_names_person`.
    """
    what, unit = " ".join(what.split()), " ".join(unit.split())
    if not what:
        raise UsageError("commitment_without_what")
    if not unit:
        raise UsageError("commitment_without_unit")
    if max(len(what), len(unit)) > MAX_CHARS:
        raise UsageError("commitment_too_long", most=MAX_CHARS)
    if _PERSONAL_NUMBER.search(what) or _PERSONAL_NUMBER.search(unit):
        raise UsageError("commitment_names_person")
    return what, unit


def checked(commitment: Commitment) -> Commitment:
    """A commitment whose texts are trimmed.

    Raises
    ------
    UsageError
        As `stated`, `unknown_status` or `bad_place`.
    """
    what, unit = stated(commitment.what, commitment.responsible_unit)
    if commitment.status not in STATUSES:
        raise UsageError("unknown_status", status=commitment.status)
    place = commitment.place
    if place is not None and (place.level not in LEVELS or (place.level != "street") != bool(place.code)):
        raise UsageError("bad_place", place=as_stored(place))
    return replace(commitment, what=what, responsible_unit=unit, metric=commitment.metric or None)


COLUMNS = (
    *("id", "week", "what", "responsible_unit", "due_on", "metric", "place_level", "place_code"),
    *("baseline_week", "source_kind", "source_key", "status", "created_at"),
)


def row_of(commitment: Commitment) -> tuple[str | None, ...]:
    """The texts of a commitment, in the order of `COLUMNS`."""
    place = commitment.place
    return (
        *(commitment.id, str(commitment.week), commitment.what, commitment.responsible_unit),
        *(commitment.due_on.isoformat(), commitment.metric),
        *((None, None) if place is None else (place.level, place.code)),
        *(str(commitment.baseline_week), commitment.source.kind, commitment.source.key),
        *(commitment.status, commitment.created_at.isoformat(timespec="seconds")),
    )


def commitment_of(row: Sequence[str]) -> Commitment:
    """The commitment of the texts of `COLUMNS`."""
    found = dict(zip(COLUMNS, row, strict=True))
    level = cast("Level | None", found["place_level"])
    return Commitment(
        id=found["id"],
        week=Week.parse(found["week"]),
        what=found["what"],
        responsible_unit=found["responsible_unit"],
        due_on=date.fromisoformat(found["due_on"]),
        metric=found["metric"],
        place=None if level is None else Place(level, found["place_code"]),
        baseline_week=Week.parse(found["baseline_week"]),
        source=Source(cast("SourceKind", found["source_kind"]), found["source_key"]),
        status=cast("Status", found["status"]),
        created_at=datetime.fromisoformat(found["created_at"]),
    )
