"""Named dates that change how a control chart is read: `DIR/chart_notes.toml`, a note a table.

    [[note]]
    kind = "rebase"                    # or "set_aside"
    metric = "on_time_share"           # left out: every metric
    on = 2023-08-01
    reason = "派遣时限改为 3 分钟"
    added_at = 2023-08-07T09:12:00+08:00
    ended_at = 2023-09-04T10:00:00+08:00   # the note no longer counts
    ended_reason = "试行结束，恢复原时限"

A rebase begins a new phase with its own limits after its day. What is set aside (a storm) stays
on the chart and is judged, but does not move the limits. Notes are added and ended, never erased.
The reform of the settings is a rebase too and stands in no file.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from governance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "chart_notes.toml"
NoteKind = Literal["rebase", "set_aside"]
KINDS: tuple[NoteKind, ...] = ("rebase", "set_aside")


@dataclass(frozen=True)
class ChartNote:
    """One named date: what it does, for which metric (None for all), since when it is written down."""

    kind: NoteKind
    on: date
    reason: str
    added_at: datetime
    metric: str | None = None
    ended_at: datetime | None = None
    ended_reason: str = ""

    @property
    def is_active(self) -> bool:
        """Whether it counts."""
        return self.ended_at is None

    def is_about(self, metric: str) -> bool:
        """Whether it counts for a metric."""
        return self.is_active and self.metric in (None, metric)


def load_chart_notes(data_dir: Path) -> tuple[ChartNote, ...]:
    """The notes of a data folder, ended ones too, in the order they were added.

    Raises
    ------
    UsageError
        `bad_chart_notes` when the file cannot be read as such.
    """
    path = data_dir / FILE
    if not path.is_file():
        return ()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("note", [])
        return tuple(_note_of(table) for table in tables)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise UsageError("bad_chart_notes", file=str(path), detail=str(error)) from error


def _note_of(table: dict[str, object]) -> ChartNote:
    kind, on, added_at, ended_at = (table.get(name) for name in ("kind", "on", "added_at", "ended_at"))
    metric, reason = table.get("metric"), str(table["reason"]).strip()
    if kind not in KINDS or not reason or not isinstance(on, date) or isinstance(on, datetime):
        raise ValueError(f"kind={kind!r} on={on!r} reason={reason!r}")
    if not isinstance(added_at, datetime) or not isinstance(ended_at, datetime | None):
        raise TypeError(f"added_at={added_at!r} ended_at={ended_at!r}")
    return ChartNote(
        kind=kind,
        on=on,
        reason=reason,
        added_at=added_at,
        metric=None if metric is None else str(metric),
        ended_at=ended_at,
        ended_reason=str(table.get("ended_reason", "")),
    )


def add_chart_note(data_dir: Path, note: ChartNote) -> None:
    """Write one more note down.

    Raises
    ------
    UsageError
        `chart_note_without_reason`, `chart_note_twice` when an active one of the kind stands for the
        day and metric already, or `bad_chart_notes`.
    """
    if not note.reason.strip():
        raise UsageError("chart_note_without_reason")
    known = load_chart_notes(data_dir)
    mine = (note.kind, note.on, note.metric)
    if any(mine == (other.kind, other.on, other.metric) for other in known if other.is_active):
        raise UsageError("chart_note_twice", day=note.on.isoformat())
    _write(data_dir, [*known, replace(note, reason=note.reason.strip())])


def end_chart_note(data_dir: Path, note: ChartNote, *, at: datetime, reason: str) -> None:
    """Let a note count no longer; it stays in the file.

    Raises
    ------
    UsageError
        `chart_note_without_reason`, `chart_note_gone` when it does not stand there any more, or
        `bad_chart_notes`.
    """
    if not reason.strip():
        raise UsageError("chart_note_without_reason")
    known = list(load_chart_notes(data_dir))
    if note not in known or not note.is_active:
        raise UsageError("chart_note_gone", day=note.on.isoformat())
    known[known.index(note)] = replace(note, ended_at=at, ended_reason=reason.strip())
    _write(data_dir, known)


def _write(data_dir: Path, notes: Iterable[ChartNote]) -> None:
    lines: list[str] = []
    for note in notes:
        lines += ["[[note]]", f"kind = {_quoted(note.kind)}"]
        lines += [f"metric = {_quoted(note.metric)}"] if note.metric is not None else []
        lines += [f"on = {note.on.isoformat()}", f"reason = {_quoted(note.reason)}"]
        lines += [f"added_at = {note.added_at.isoformat(timespec='seconds')}"]
        if note.ended_at is not None:
            lines += [f"ended_at = {note.ended_at.isoformat(timespec='seconds')}"]
            lines += [f"ended_reason = {_quoted(note.ended_reason)}"]
        lines.append("")
    data_dir.mkdir(parents=True, exist_ok=True)
    aside = data_dir / f".{FILE}.new"
    aside.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    aside.replace(data_dir / FILE)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes, and DEL, which TOML forbids to stand bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
