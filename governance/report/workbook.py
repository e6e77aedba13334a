"""The week as an Excel workbook: every row behind every figure, a sheet a topic.

The first sheet lists the others with their row counts, the definitions and what is missing. Numbers
are numbers, dates are dates, shares are percentages. A text stays a text: one that begins like a
formula is marked as Excel marks what is typed behind an apostrophe.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from governance.report.wording import width_of
from governance.text import t
from governance.workdays import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

    from governance.report.model import WeekModel

MAX_ROWS = 1_048_575
_MAX_TEXT, _MAX_NAME, _LEAST_WIDTH, _MOST_WIDTH, _WIDTH_SAMPLE = 32_767, 31, 8, 48, 200
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_NUMBER = re.compile(r"^[−-]?\d[\d,]*(\.\d+)?$")
_STAMP = r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}(?::\d{2})?)?"
_SHARE_HEAD = re.compile(r"(率|占比|比例|份额)(（.*）)?$")
_DATE_FORMAT, _STAMP_FORMAT, _SHARE_FORMAT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "0.0%"
_HEAD_FONT, _HEAD_FILL = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="12436D")
_BOLD, _WRAPPED = Font(bold=True), Alignment(wrap_text=True, vertical="top")


@dataclass(frozen=True)
class Sheet:
    """One sheet to be written: its name in the workbook, its frame, the topic it is a part of."""

    name: str
    topic: str
    frame: pd.DataFrame


def workbook_paper(model: WeekModel) -> bytes:
    """The workbook as an xlsx file."""
    book = Workbook(write_only=True)
    book.properties.title = t("report.title", street=model.street)
    book.properties.creator, book.properties.subject = model.street, model.week_words
    made_at = (model.as_of or model.week.end_at).astimezone(SHANGHAI).replace(tzinfo=None)
    book.properties.created = book.properties.modified = made_at
    sheets = workbook_sheets(model)
    _write_contents(book.create_sheet(t("report.book.contents")), model, sheets)
    for sheet in sheets:
        _write_frame(book.create_sheet(sheet.name), sheet.frame)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def workbook_sheets(model: WeekModel) -> tuple[Sheet, ...]:
    """The sheets behind the first: the figures, the charts' values, then every topic's rows.

    A topic with more rows than a sheet holds goes on in the next.
    """
    topics = {
        t("report.book.figures"): figure_rows(model),
        t("report.book.charts"): chart_rows(model),
        **model.sheets,
    }
    taken = {t("report.book.contents")}
    sheets: list[Sheet] = []
    for topic, frame in topics.items():
        for start in range(0, max(len(frame), 1), MAX_ROWS):
            name = _free_name(topic, taken)
            taken.add(name)
            sheets.append(Sheet(name, topic, frame.iloc[start : start + MAX_ROWS]))
    return tuple(sheets)


def _free_name(topic: str, taken: set[str]) -> str:
    """A name Excel takes, not yet used."""
    plain = re.sub(r"[\[\]:*?/\\：]", " ", topic).strip(" '")[:_MAX_NAME] or t("report.book.sheet")
    name, number = plain, 2
    while name.lower() in {one.lower() for one in taken}:
        end = f" {number}"
        name, number = plain[: _MAX_NAME - len(end)] + end, number + 1
    return name


# ----------------------------------------------------------------------------- figures
def _heads(*names: str) -> list[str]:
    return [t(f"report.book.heads.{name}") for name in names]


def figure_rows(model: WeekModel) -> pd.DataFrame:
    """Every figure and every line of the slides, in their order, values as numbers where they are."""
    heads = _heads(
        *("slide", "title", "figure", "value", "unit", "basis", "previous", "target"),
        *("state", "owner", "definition", "remark"),
    )
    rows = []
    for slide in model.slides:
        name = t(f"report.slides.{slide.key}")
        for one in slide.figures:
            remark = t("report.struck") if one.is_struck else ""
            parts = (one.basis, one.previous, one.target, one.word, "", one.definition, remark)
            rows.append((name, slide.title, one.label, number_of(one.value), one.unit, *parts))
        for item in slide.items:
            parts = (item.sub, "", "", item.word, item.owner, "", "")
            rows.append((name, slide.title, item.title, number_of(item.value), item.unit, *parts))
        if slide.empty:
            rows.append((name, slide.title, "", "", "", "", "", "", "", "", "", slide.empty))
    return pd.DataFrame(rows, columns=heads, dtype=object)


def chart_rows(model: WeekModel) -> pd.DataFrame:
    """Every value of every chart, one a row."""
    heads = _heads("slide", "chart", "category", "series", "value", "unit")
    rows = [
        (t(f"report.slides.{slide.key}"), chart.title, category, one.name, value, chart.unit)
        for slide in model.slides
        for chart in slide.charts
        for one in chart.series
        for category, value in zip(chart.categories, one.values, strict=True)
    ]
    return pd.DataFrame(rows, columns=heads, dtype=object)


def number_of(text: str) -> float | int | str:
    """A figure's words as a number; the words themselves where they are none (≥12, 不足5人)."""
    if not _NUMBER.match(text):
        return text
    plain = text.replace(",", "").replace("−", "-")
    return float(plain) if "." in plain else int(plain)


# ---------------------------------------------------------------------------- contents
def _write_contents(sheet: WriteOnlyWorksheet, model: WeekModel, sheets: Sequence[Sheet]) -> None:
    """Title, as-of, the list of sheets with links, definitions, what is missing."""
    for column, width in zip("ABCDE", (26, 60, 14, 26, 40), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A4"
    sheet.append([_cell(sheet, t("report.title", street=model.street), font=_BOLD), model.week_words])
    sample = t("report.deck.sample") if model.is_sample else ""
    sheet.append([model.as_of_words, sample])
    sheet.append([])
    sheet.append([_head(sheet, text) for text in _heads("sheet", "columns", "rows")])
    for one in sheets:
        link = _cell(sheet, one.name)
        link.hyperlink = f"#'{one.name}'!A1"
        link.font = Font(color="12436D", underline="single")
        columns = _cell(sheet, "、".join(str(name) for name in one.frame.columns), alignment=_WRAPPED)
        sheet.append([link, columns, len(one.frame)])
    sheet.append([t("report.book.total"), "", sum(len(one.frame) for one in sheets)])
    sheet.append([])
    sheet.append([_head(sheet, text) for text in _heads("figure", "definition", "unit", "as_of", "source")])
    for row in model.definitions:
        sheet.append([_cell(sheet, text, alignment=_WRAPPED) for text in row])
    sheet.append([])
    sheet.append([_head(sheet, t("report.book.missing"))])
    for text in model.missing or (t("report.book.nothing_missing"),):
        sheet.append([_cell(sheet, text)])


# -------------------------------------------------------------------------------- rows
def _write_frame(sheet: WriteOnlyWorksheet, frame: pd.DataFrame) -> None:
    """One table: frozen header, filter, widths by what stands in it, every row."""
    columns = [_column(sheet, str(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]
    for place, (name, values) in enumerate(zip(frame.columns, columns, strict=True), 1):
        sheet.column_dimensions[get_column_letter(place)].width = _width(str(name), values)
    sheet.freeze_panes = "A2"
    if columns:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(frame) + 1}"
    sheet.append([_head(sheet, str(name)) for name in frame.columns])
    for row in zip(*columns, strict=True):
        sheet.append(row)


def _column(sheet: WriteOnlyWorksheet, name: str, values: pd.Series) -> list[object]:
    """The cells of one column: plain values where Excel needs no more, cells where it does."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return _stamps(sheet, values.dt.tz_convert(SHANGHAI).dt.tz_localize(None))
    if pd.api.types.is_datetime64_any_dtype(values):
        return _stamps(sheet, values)
    if pd.api.types.is_bool_dtype(values.dtype):
        words = {True: t("report.book.yes"), False: t("report.book.no")}
        return [None if pd.isna(one) else words[bool(one)] for one in values]
    if pd.api.types.is_numeric_dtype(values):
        return _numbers(sheet, name, values)
    if values.dtype != object and _is_stamps(values):
        return _stamps(sheet, pd.to_datetime(values.where(values != ""), format="ISO8601"))
    return [_value(sheet, one) for one in values]


def _is_stamps(values: pd.Series) -> bool:
    said = values.dropna()
    said = said[said != ""]
    return len(said) > 0 and bool(said.astype("string").str.fullmatch(_STAMP).all())


def _stamps(sheet: WriteOnlyWorksheet, values: pd.Series) -> list[object]:
    known = values.dropna()
    is_date = bool((known == known.dt.normalize()).all())
    form = _DATE_FORMAT if is_date else _STAMP_FORMAT
    stamps: Sequence[object] = values.dt.to_pydatetime() if known.empty else list(values.dt.round("s"))
    return [None if pd.isna(one) else _cell(sheet, one, form=form) for one in stamps]  # type: ignore[call-overload]


def _numbers(sheet: WriteOnlyWorksheet, name: str, values: pd.Series) -> list[object]:
    known = values.dropna()
    is_share = bool(_SHARE_HEAD.search(name)) and len(known) > 0 and known.between(0, 1).all()
    plain = values.astype(object).where(values.notna() & (values.abs() != float("inf")), None).tolist()
    if not is_share:
        return plain
    return [None if one is None else _cell(sheet, one, form=_SHARE_FORMAT) for one in plain]


def _value(sheet: WriteOnlyWorksheet, value: object) -> object:
    if isinstance(value, str):
        return _text(sheet, value)
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return None
    return value if isinstance(value, int | float) else _text(sheet, str(value))


def _text(sheet: WriteOnlyWorksheet, text: str) -> object:
    """A text as it is; one that begins like a formula stays a text also when it is edited."""
    plain = ILLEGAL_CHARACTERS_RE.sub("", text)[:_MAX_TEXT]
    if not plain:
        return None
    return _cell(sheet, plain) if _FORMULA.match(plain) else plain


def _cell(
    sheet: WriteOnlyWorksheet,
    value: object,
    *,
    form: str = "",
    font: Font | None = None,
    alignment: Alignment | None = None,
) -> Cell:
    """A cell of its own, never a formula."""
    cell = WriteOnlyCell(sheet)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:_MAX_TEXT]
        cell.data_type = "s"
        cell.quotePrefix = bool(_FORMULA.match(value))
    else:
        cell.value = value
    if form:
        cell.number_format = form
    if font is not None:
        cell.font = font
    if alignment is not None:
        cell.alignment = alignment
    return cell


def _head(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    cell = _cell(sheet, text, font=_HEAD_FONT, alignment=Alignment(horizontal="center", vertical="center"))
    cell.fill = _HEAD_FILL
    return cell


def _width(name: str, values: Sequence[object]) -> float:
    """A column's width by its header and its first rows."""
    texts = (_shown(value) for value in values[:_WIDTH_SAMPLE])
    widest = max((width_of(text) for text in (name, *texts)), default=0)
    return min(max(2 * widest + 3, _LEAST_WIDTH), _MOST_WIDTH)


def _shown(value: object) -> str:
    plain = value.value if isinstance(value, Cell) else value
    if isinstance(plain, float):
        return f"{plain:.2f}"
    return "" if plain is None else str(plain)
