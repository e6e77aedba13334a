"""The ledger as an Excel workbook, and what a workbook would change in the ledger.

    content = ledger_workbook(ledger.commitments(), ledger.history(), places=names)
    difference = compared(ledger.commitments(), read_rows(content))
    ledger.take(difference.added, difference.amended, at=…, who=…)

A sheet of commitments with one row each, and one of the history, which is not read back. Texts are
written as texts, so that one beginning with `=` is never a formula.
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from python_calamine import CalamineError, CalamineWorkbook

from governance.errors import GovernanceError, UnreadableFileError, UsageError
from governance.meeting.commitments import (
    LEVELS,
    STATUSES,
    Amendment,
    Commitment,
    Draft,
    Place,
    Source,
    as_stored,
    stated,
)
from governance.metrics.control_series import SERIES
from governance.text import has, t
from governance.workdays import SHANGHAI, Week

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from governance.meeting.commitments import Change, Level, Status

# What a workbook may change; the other columns are there to be read.
READ_BACK = (
    "id",
    "week",
    "what",
    "responsible_unit",
    "due_on",
    "metric",
    "place_level",
    "place_code",
    "status",
)
_COLUMNS = (*READ_BACK, "place_name", "baseline_week", "source", "created_at")
_HISTORY = ("commitment_id", "at", "who", "field", "old", "new", "note")
_WIDTHS: Mapping[str, int] = {"what": 48, "responsible_unit": 24, "metric": 26, "source": 30, "at": 18,
                              "created_at": 18, "old": 36, "new": 36, "note": 36}  # fmt: skip
_WIDTH = 14
_HEADER_FONT = Font(bold=True, color="FFFFFF")
_HEADER_FILL = PatternFill("solid", fgColor="12436D")
_DATE, _STAMP = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"


def _head(name: str) -> str:
    return t(f"commitment_ledger.columns.{name}")


def _metric_words(key: str | None) -> str:
    """A metric's name; its key where another version made it."""
    return "" if key is None else t(f"metrics.{key}.label") if has(f"metrics.{key}.label") else key


# ----------------------------------------------------------------------------- writing
def ledger_workbook(
    commitments: Iterable[Commitment], history: Iterable[Change], *, places: Mapping[Place, str]
) -> bytes:
    """The commitments and their history as an xlsx file; `places` names the places."""
    book = Workbook()
    sheet = book.active
    sheet.title = t("commitment_ledger.sheet")
    _fill(sheet, _COLUMNS, (_cells(one, places) for one in commitments))
    _fill(book.create_sheet(t("commitment_ledger.history_sheet")), _HISTORY, map(_history_cells, history))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _cells(one: Commitment, places: Mapping[Place, str]) -> tuple[object, ...]:
    place = one.place
    source = t(f"commitment_ledger.sources.{one.source.kind}")
    return (
        *(one.id, str(one.week), one.what, one.responsible_unit, one.due_on, _metric_words(one.metric)),
        t(f"commitment_ledger.levels.{place.level}") if place else "",
        place.code if place else "",
        t(f"commitment_ledger.status.{one.status}"),
        places.get(place, "") if place else "",
        str(one.baseline_week),
        f"{source} {one.source.key}".strip(),
        one.created_at,
    )


def _history_cells(change: Change) -> tuple[object, ...]:
    field = t(f"commitment_ledger.columns.{change.field}")
    old, new = (value_words(change.field, value) for value in (change.old, change.new))
    return (change.commitment_id, change.at, change.who, field, old, new, change.note)


def value_words(field: str, value: str | None) -> str:
    """A stored value of a field in words, where it is a code; empty where there is none."""
    if value is None:
        return ""
    if field == "place":
        level, _, code = value.partition(":")
        return f"{t(f'commitment_ledger.levels.{level}')} {code}".strip()
    if field == "status":
        return t(f"commitment_ledger.status.{value}")
    return _metric_words(value) if field == "metric" else value


def _fill(sheet: Worksheet, names: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    sheet.append([_head(name) for name in names])
    for place, name in enumerate(names, start=1):
        head = sheet.cell(1, place)
        head.font, head.fill, head.alignment = _HEADER_FONT, _HEADER_FILL, Alignment(horizontal="center")
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(name, _WIDTH)
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            _write(sheet, number, place, value)
    sheet.auto_filter.ref = sheet.dimensions


def _write(sheet: Worksheet, row: int, column: int, value: object) -> None:
    cell = sheet.cell(row, column)
    if isinstance(value, datetime):
        cell.value, cell.number_format = value.astimezone(SHANGHAI).replace(tzinfo=None), _STAMP
    elif isinstance(value, date):
        cell.value, cell.number_format = value, _DATE
    elif value:
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", str(value))
        # A text whatever it begins with; the prefix keeps it one when it is edited.
        cell.data_type, cell.quotePrefix = "s", True
        cell.number_format = "@"
        cell.alignment = Alignment(wrap_text=True, vertical="top")


# ----------------------------------------------------------------------------- reading
@dataclass(frozen=True)
class WorkbookRow:
    """One row of a workbook as it stands there: `row` counts as Excel does, texts are trimmed."""

    row: int
    cells: Mapping[str, object]

    def text(self, name: str) -> str:
        """A cell as one text; empty when there is none."""
        value = self.cells.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return "" if value is None else str(value).strip()


@dataclass(frozen=True)
class RefusedRow:
    """A row that cannot be taken, and why."""

    row: int
    error: GovernanceError


@dataclass(frozen=True)
class Difference:
    """What a workbook would change; nothing is changed yet.

    `amended` names only the fields that differ and the state they were compared with.
    """

    added: tuple[Draft, ...]
    amended: tuple[Amendment, ...]
    unchanged_n: int
    refused: tuple[RefusedRow, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take."""
        return not (self.added or self.amended)


def read_rows(content: bytes, *, file: str = "") -> tuple[WorkbookRow, ...]:
    """The rows of a workbook's first sheet, blank ones left out.

    Raises
    ------
    UnreadableFileError
        `damaged_file` when it is no workbook, `no_ledger_header` when columns are missing.
    """
    try:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    except (CalamineError, IndexError) as error:
        raise UnreadableFileError("damaged_file", file=file) from error
    heads = [str(cell).strip() for cell in rows[0]] if rows else []
    missing = [_head(name) for name in READ_BACK if _head(name) not in heads]
    if missing:
        raise UnreadableFileError("no_ledger_header", file=file, columns="、".join(missing))
    places = {name: heads.index(_head(name)) for name in READ_BACK}
    found = (
        WorkbookRow(number, {name: cells[place] for name, place in places.items() if cells[place] != ""})
        for number, cells in enumerate(rows[1:], start=2)
    )
    return tuple(row for row in found if row.cells)


def compared(commitments: Iterable[Commitment], rows: Iterable[WorkbookRow]) -> Difference:
    """What the rows of a workbook would change in the ledger.

    A row without a number is a new commitment, one with a number changes what stands under it.
    """
    known = {one.id: one for one in commitments}
    keys = {*SERIES, *(one.metric for one in known.values() if one.metric)}
    metrics = {_metric_words(key): key for key in keys}
    added: list[Draft] = []
    amended: list[Amendment] = []
    refused: list[RefusedRow] = []
    rows, unchanged_n = tuple(rows), 0
    told = Counter(row.text("id") for row in rows)
    for row in rows:
        try:
            fields, identity = _fields(row, metrics), row.text("id")
            if not identity:
                added.append(_draft(row, fields))
                continue
            if identity not in known or told[identity] > 1:
                code = "unknown_commitment" if identity not in known else "commitment_twice"
                raise UsageError(code, commitment=identity)
        except GovernanceError as error:
            refused.append(RefusedRow(row.row, error))
            continue
        one = known[identity]
        changes = {name: value for name, value in fields.items() if getattr(one, name) != value}
        if changes:
            amended.append(Amendment(identity, changes, one))
        unchanged_n += not changes
    return Difference(tuple(added), tuple(amended), unchanged_n, tuple(refused))


def _draft(row: WorkbookRow, fields: Mapping[str, Any]) -> Draft:
    given = {name: value for name, value in fields.items() if name != "status"}
    if fields["status"] != "open":
        raise UsageError("new_commitment_not_open")
    return Draft(week=Week.parse(row.text("week")), source=Source("file"), **given)


def _fields(row: WorkbookRow, metrics: Mapping[str, str]) -> dict[str, Any]:
    """The fields a row states.

    Raises
    ------
    UsageError
        As `stated`, `bad_date`, `unknown_metric_name`, `bad_place` or `unknown_status`.
    """
    what, unit = stated(row.text("what"), row.text("responsible_unit"))
    return {
        "what": what,
        "responsible_unit": unit,
        "due_on": _day(row),
        "metric": _metric(row.text("metric"), metrics),
        "place": _place(row),
        "status": _status(row.text("status")),
    }


def _day(row: WorkbookRow) -> date:
    value = row.cells.get("due_on")
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        year, month, day = (int(part) for part in row.text("due_on").replace("/", "-").split("-"))
        return date(year, month, day)
    except ValueError as error:
        raise UsageError("bad_date", date=row.text("due_on")) from error


def _metric(words: str, metrics: Mapping[str, str]) -> str | None:
    if not words:
        return None
    if words not in metrics:
        raise UsageError("unknown_metric_name", metric=words)
    return metrics[words]


def _place(row: WorkbookRow) -> Place | None:
    words, code = row.text("place_level"), row.text("place_code")
    if not words:
        return None
    levels = {t(f"commitment_ledger.levels.{level}"): level for level in LEVELS}
    level = cast("Level", levels.get(words, words))
    if level not in LEVELS or (level != "street") != bool(code):
        raise UsageError("bad_place", place=f"{words} {code}".strip())
    return Place(level, code)


def _status(words: str) -> Status:
    found = {t(f"commitment_ledger.status.{status}"): status for status in STATUSES}
    if words and words not in found:
        raise UsageError("unknown_status", status=words)
    return found[words] if words else "open"


def amendment_words(amendment: Amendment) -> tuple[tuple[str, str, str], ...]:
    """Of each field an amendment changes: its name, the old and the new value in words."""
    seen = amendment.seen
    return tuple(
        (
            _head(name),
            value_words(name, as_stored(getattr(seen, name)) if seen else None),
            value_words(name, as_stored(value)),
        )
        for name, value in amendment.changes.items()
    )
