"""A template can be filled in, and imported as it stands."""

from __future__ import annotations

import io

import openpyxl
import pytest

from governance.errors import UsageError
from governance.records.intake import ImportRequest, import_files
from governance.records.mapping import header_test, match_headers
from governance.records.readers import ReadOptions, read_tables
from governance.records.store import open_dataset
from governance.records.templates import template_columns, template_workbook
from governance.schema import kind_named, schema
from tests.builders import import_small_street

KINDS = list(schema().kinds)


@pytest.mark.parametrize("name", KINDS)
def test_the_table_sheet_is_read_back_and_the_guide_is_not(tmp_path, name):
    kind = kind_named(name)
    path = tmp_path / "t.xlsx"
    path.write_bytes(template_workbook(name))
    (table,) = read_tables(path, ReadOptions(is_header=header_test(kind, None)))
    match = match_headers(table.headers, kind)
    assert match.dropped == ()
    assert list(match.fields.values()) == sorted(match.fields.values())
    assert set(match.fields) == {*kind.by_name, *(["geometry"] if kind.geometry else [])}
    (chunk,) = table.chunks
    examples = [column.example for column in kind.columns]
    assert [chunk[f"c{place}"][0].as_py() or "" for place in range(len(examples))] == examples


def test_every_example_row_is_accepted(tmp_path):
    import_small_street(tmp_path / "data")
    for name in KINDS:
        path = tmp_path / f"{name}.xlsx"
        path.write_bytes(template_workbook(name))
        result = import_files(ImportRequest(kind=name, paths=(path,)), tmp_path / "data")
        assert (name, result.rows_read, result.refused, result.dropped_columns) == (name, 1, 0, ())
        wrong = {"unreadable_time", "unreadable_number", "unknown_value", "id_precision_lost", "bad_geometry"}
        assert not wrong & set(result.flags), name
    cases = open_dataset(tmp_path / "data").frame("incidents")
    assert "20230907000123456" in set(cases["incident_id"])


def test_a_template_is_explained_and_has_no_formula():
    book = openpyxl.load_workbook(io.BytesIO(template_workbook("incidents")))
    assert book.sheetnames == ["事件", "说明"]
    table, guide = book["事件"], book["说明"]
    assert table.freeze_panes == "A2"
    assert table["A2"].number_format == table.column_dimensions["A"].number_format == "@"
    assert [cell.value for cell in guide[1]] == [
        "列名",
        "是否必填",
        "类型",
        "单位",
        "可填的值",
        "说明",
        "也认这些列名",
    ]
    rows = {row[0]: row for row in guide.iter_rows(2, values_only=True)}
    assert rows["案件编号"][1] == "必填"
    assert rows["等级"][4] == "轻微、一般、较重、紧急"
    assert rows["经度"][3] == "°"
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)


def test_what_is_needed_is_said():
    needed = {column.header: column.needed for column in template_columns("pings")}
    assert needed["人员编号"] == needed["终端编号"] == "至少填一项"
    assert (needed["定位时间"], needed["经度"]) == ("必填", "选填")
    assert {c.header: c.needed for c in template_columns("routes")}["线路走向"] == "应填，空着会标记"


def test_the_same_bytes_every_time():
    assert template_workbook("grids") == template_workbook("grids")
    assert b"2023-09-18T00:00:00Z" in _core(template_workbook("grids"))
    with pytest.raises(UsageError):
        template_workbook("grid")


def _core(data: bytes) -> bytes:
    import zipfile

    return zipfile.ZipFile(io.BytesIO(data)).read("docProps/core.xml")
