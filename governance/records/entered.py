"""Rows entered in the dashboard: written as the table a street would send, and imported like one.

So what is typed stands in `raw/`, counts in the sums, is logged and taken back by undo like every file.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from governance.records.intake import ImportRequest, import_files
from governance.schema import kind_named, schema

if TYPE_CHECKING:
    from governance.records.intake import ImportResult
    from governance.schema import Column

_YES, _NO = "是", "否"


def import_rows(data_dir: Path, kind: str, rows: pd.DataFrame, *, stem: str, origin: str) -> ImportResult:
    """Import rows with canonical columns; codes become words, stamps text, columns missing stay empty.

    Raises
    ------
    LockedError
        An import runs and does not end.
    StoreError
        The store is damaged, read-only or full.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{stem}.csv"
        _write(path, kind, rows)
        return import_files(ImportRequest(kind=kind, paths=(path,), origin=origin), data_dir)


def _write(path: Path, kind: str, rows: pd.DataFrame) -> None:
    columns = kind_named(kind).columns
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.label for column in columns])
        for row in rows.reindex(columns=[column.name for column in columns]).to_dict("records"):
            writer.writerow([_cell(column, row[column.name]) for column in columns])


def _cell(column: Column, value: object) -> object:
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    if column.values:
        words = schema().values[column.values].get(str(value))
        return words[0] if words else value
    if column.type == "boolean":
        return _YES if value else _NO
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d" if column.type == "date" else "%Y-%m-%d %H:%M:%S")
    return value
