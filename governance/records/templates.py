"""Excel templates: a header row, one example row, and a sheet that explains each column."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from governance.records.mapping import GEOMETRY_FIELD
from governance.schema import kind_named, schema
from governance.text import t

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from governance.schema import Column, Kind

EXAMPLE_GEOMETRY = {
    "polygon": "POLYGON ((106.546 29.562, 106.549 29.562, 106.549 29.564, 106.546 29.564, 106.546 29.562))",
    "line": "LINESTRING (106.5465 29.562, 106.5478 29.5631, 106.549 29.564)",
}
MAX_WIDTH = 60
CHOICE_ROWS = 5_000
_TEXT_FORMAT = "@"
_HEADER_FONT = Font(bold=True, color="FFFFFF")
_HEADER_FILL = PatternFill("solid", fgColor="12436D")
_OPTIONAL_FILL = PatternFill("solid", fgColor="5B7A99")
_EXAMPLE_FONT = Font(italic=True, color="666666")
_STAMPED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms)")
_FIXED_STAMP = b"2023-09-18T00:00:00Z"


@dataclass(frozen=True)
class TemplateColumn:
    """One column of a template, in the words of the screen; `choices` are the values offered."""

    header: str
    needed: str
    type: str
    unit: str
    choices: tuple[str, ...]
    help: str
    also: tuple[str, ...]
    example: str | float
    is_text: bool


def template_columns(kind_name: str) -> tuple[TemplateColumn, ...]:
    """What the template of a kind explains, a column a row.

    Raises
    ------
    UsageError
        `unknown_kind`.
    """
    kind = kind_named(kind_name)
    columns = [_template_column(column, kind) for column in kind.columns]
    if kind.geometry:
        columns.append(_geometry_column(kind))
    return tuple(columns)


def _template_column(column: Column, kind: Kind) -> TemplateColumn:
    choices = tuple(words[0] for words in schema().values.get(column.values, {}).values())
    is_number = column.type in ("number", "integer")
    number = float(column.example) if is_number and column.example else None
    return TemplateColumn(
        header=column.label,
        needed=t(f"templates.{need_of(column, kind)}"),
        type=t(f"templates.types.{column.type}"),
        unit=column.unit,
        choices=choices,
        help=column.help,
        also=(column.name, *column.aliases),
        example=column.example if number is None else int(number) if number.is_integer() else number,
        is_text=not is_number,
    )


def _geometry_column(kind: Kind) -> TemplateColumn:
    return TemplateColumn(
        header=t(f"templates.geometry.{kind.geometry}"),
        needed=t("templates.optional" if kind.is_geometry_optional else "templates.required"),
        type=t("templates.geometry.type"),
        unit="",
        choices=(),
        help=t(f"templates.geometry.{kind.geometry}_help"),
        also=(GEOMETRY_FIELD, "WKT"),
        example=EXAMPLE_GEOMETRY[kind.geometry],
        is_text=True,
    )


def need_of(column: Column, kind: Kind) -> str:
    """How much a column is needed: key, one_of (of several), required (else flagged) or optional."""
    if column.name in kind.required:
        return "key"
    if column.name in kind.required_any:
        return "one_of"
    return "required" if column.required else "optional"


def template_workbook(kind_name: str) -> bytes:
    """The template of a kind as an xlsx file; the same bytes every time.

    Its first sheet can be imported as it stands: the example row is a valid one.

    Raises
    ------
    UsageError
        `unknown_kind`.
    """
    kind, columns = kind_named(kind_name), template_columns(kind_name)
    book = Workbook()
    sheet = book.active
    sheet.title = kind.label
    _fill_table(sheet, columns)
    _fill_guide(book.create_sheet(t("templates.guide_sheet")), kind, columns)
    made = io.BytesIO()
    book.save(made)
    return _without_clock(made.getvalue())


def _fill_table(sheet: Worksheet, columns: tuple[TemplateColumn, ...]) -> None:
    sheet.append([column.header for column in columns])
    sheet.append([column.example if column.example != "" else None for column in columns])
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns, start=1):
        letter = get_column_letter(place)
        header, example = sheet.cell(1, place), sheet.cell(2, place)
        header.font = _HEADER_FONT
        header.fill = _OPTIONAL_FILL if column.needed == t("templates.optional") else _HEADER_FILL
        header.alignment = Alignment(horizontal="center")
        example.font = _EXAMPLE_FONT
        if column.is_text:
            sheet.column_dimensions[letter].number_format = _TEXT_FORMAT
            example.number_format = _TEXT_FORMAT
        sheet.column_dimensions[letter].width = _width((column.header, str(column.example)))
        if column.choices:
            _offer(sheet, letter, column.choices)


def _offer(sheet: Worksheet, letter: str, choices: tuple[str, ...]) -> None:
    """A drop-down list; other words may still be typed."""
    listed = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
    listed.showErrorMessage = False
    listed.add(f"{letter}2:{letter}{CHOICE_ROWS}")
    sheet.add_data_validation(listed)


def _fill_guide(sheet: Worksheet, kind: Kind, columns: tuple[TemplateColumn, ...]) -> None:
    heads = [t(f"templates.{key}") for key in ("column", "needed", "type", "unit", "values", "about", "also")]
    sheet.append(heads)
    for column in columns:
        texts = [column.header, column.needed, column.type, column.unit]
        sheet.append([*texts, "、".join(column.choices), column.help, "、".join(column.also)])
    sheet.append([])
    sheet.append([t("templates.note", about=kind.about)])
    sheet.freeze_panes = "A2"
    for place in range(1, len(heads) + 1):
        sheet.cell(1, place).font = _HEADER_FONT
        sheet.cell(1, place).fill = _HEADER_FILL
        rows = sheet.iter_rows(1, len(columns) + 1, place, place, values_only=True)
        sheet.column_dimensions[get_column_letter(place)].width = _width([text or "" for (text,) in rows])


def _width(texts: tuple[str, ...] | list[str]) -> int:
    """A column's width in characters: Chinese ones take two."""
    widths = [sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text) for text in texts]
    return min(max(widths) + 3, MAX_WIDTH)


def _without_clock(data: bytes) -> bytes:
    """The same workbook with fixed times in its archive and its properties."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _STAMPED.sub(rb"\g<1>" + _FIXED_STAMP + rb"\g<3>", content)
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return made.getvalue()
