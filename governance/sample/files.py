"""The file formats a street's systems really export, written so that equal tables give equal bytes.

Archives carry no time of writing: workbooks are packed again with fixed stamps.
"""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pandas as pd
import shapely
from openpyxl.utils import get_column_letter

from governance.schema import kind_named, schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PACKED = (2023, 9, 18, 8, 0, 0)
_CORE_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms)")


@dataclass(frozen=True)
class Sheet:
    """How a table looks as a worksheet: title rows above, a merged title, a 合计 row below."""

    title: str = ""
    note: str = ""
    totals: Mapping[str, float] = field(default_factory=dict)


def with_words(kind: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with codes as the Chinese words people read; unknown words stay."""
    spec, known = kind_named(kind), schema()
    words = {}
    for name in frame.columns:
        column = spec.by_name.get(name)
        if column is not None and column.values:
            codes = known.values[column.values]
            words[name] = (
                frame[name].map({code: entry[0] for code, entry in codes.items()}).fillna(frame[name])
            )
        elif column is not None and column.type == "boolean":
            words[name] = frame[name].map({True: "是", False: "否"})
    return frame.assign(**words)


def with_headers(kind: str, frame: pd.DataFrame, other: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The frame under Chinese headers: the schema's label, or the one `other` gives a field."""
    labels = {column.name: column.label for column in kind_named(kind).columns}
    return frame.rename(columns=labels | dict(other or {}))


def write_csv(path: Path, frame: pd.DataFrame, *, encoding: str = "utf-8-sig", delimiter: str = ",") -> None:
    """A text table; stamps must be text already."""
    text = frame.to_csv(index=False, sep=delimiter, lineterminator="\r\n")
    path.write_bytes(text.encode(encoding))


def write_html(path: Path, frame: pd.DataFrame, *, title: str) -> None:
    """An HTML table, as older systems write it under the name .xls."""
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in frame.columns)
    cells = frame.astype(object).where(frame.notna(), "")
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(value))}</td>" for value in row) + "</tr>\n"
        for row in cells.itertuples(index=False)
    )
    span = len(frame.columns)
    path.write_text(
        '<html><head><meta charset="utf-8"></head><body><table border="1">\n'
        f'<tr><td colspan="{span}">{html.escape(title)}</td></tr>\n'
        f"<tr>{head}</tr>\n{rows}</table></body></html>\n",
        encoding="utf-8",
    )


def _cell(value: object) -> object:
    """What a cell holds; nothing where the value is missing."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime().replace(tzinfo=None)
    return value.item() if isinstance(value, np.generic) else value


def write_workbook(path: Path, sheets: Mapping[str, tuple[pd.DataFrame, Sheet]]) -> None:
    """A workbook with one sheet a table."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, (frame, look) in sheets.items():
        sheet = book.create_sheet(name)
        for text in (look.title, look.note):
            if text:
                sheet.append([text])
                last = get_column_letter(len(frame.columns))
                sheet.merge_cells(f"A{sheet.max_row}:{last}{sheet.max_row}")
        sheet.append([str(column) for column in frame.columns])
        for row in frame.astype(object).itertuples(index=False):
            sheet.append([_cell(value) for value in row])
        if look.totals:
            sums = [look.totals.get(str(column)) for column in frame.columns]
            sheet.append(["合计", *sums[1:]])
        for cells in sheet.iter_rows(min_row=1, max_row=sheet.max_row):
            for cell in cells:
                if isinstance(cell.value, datetime):
                    cell.number_format = "yyyy-mm-dd hh:mm"
                elif isinstance(cell.value, date):
                    cell.number_format = "yyyy-mm-dd"
    packed = io.BytesIO()
    book.save(packed)
    path.write_bytes(_repacked(packed.getvalue()))


def _repacked(archive: bytes) -> bytes:
    """The archive without any trace of when it was written."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = _CORE_STAMP.sub(rb"\g<1>2023-09-18T00:00:00Z\g<2>", old.read(name))
            new.writestr(zipfile.ZipInfo(name, _PACKED), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    """An archive of files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _PACKED), content, zipfile.ZIP_DEFLATED)


def write_geojson(path: Path, frame: pd.DataFrame) -> None:
    """A FeatureCollection of the frame's `geometry`, its other columns as properties."""
    names = [name for name in frame.columns if name != "geometry"]
    features = [
        {
            "type": "Feature",
            "properties": {name: _cell(value) for name, value in zip(names, row, strict=True)},
            "geometry": json.loads(shapely.to_geojson(geometry)),
        }
        for row, geometry in zip(frame[names].itertuples(index=False), frame["geometry"], strict=True)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
