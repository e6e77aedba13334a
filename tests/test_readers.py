"""Whatever a clerk may drop: read without losing a row, or refused with one clear reason."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import struct
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.errors import UnreadableFileError
from governance.records.raw_tables import (
    BAD_ENCODING,
    BAD_GEOMETRY,
    BLANKS,
    EXTRA_CELLS,
    FORMULA_WITHOUT_VALUE,
    NUL_BYTES,
    UNCLOSED_QUOTE,
)
from governance.records.readers import ReadOptions, read_tables
from governance.text import explain, reason

if TYPE_CHECKING:
    from pathlib import Path

HEADERS = ("案件编号", "上报时间", "类别", "地址", "经度", "纬度")
OPTIONS = ReadOptions(is_header=lambda text: text in HEADERS)
TEXT = "案件编号,上报时间,地址\n001,2023-09-07 15:04,学田湾正街48号\n002,2023-09-08 09:00,\n"


def tables(path: Path, options: ReadOptions = OPTIONS):
    """(file, headers, rows) of each table; a row is (number, flags, cells)."""
    found = []
    for table in read_tables(path, options):
        rows = []
        for chunk in table.chunks:
            columns = [chunk.column(f"c{place}").to_pylist() for place in range(len(table.headers))]
            cells = zip(*columns, strict=True)
            rows += list(zip(chunk["row"].to_pylist(), chunk["row_flags"].to_pylist(), cells, strict=True))
        found.append((table.file, table.headers, rows))
    return found


def only(path: Path, options: ReadOptions = OPTIONS):
    """Header and rows of the file's one table."""
    ((_, headers, rows),) = tables(path, options)
    return headers, rows


def refusal(path: Path, options: ReadOptions = OPTIONS) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        tables(path, options)
    assert path.name in explain(caught.value)
    return caught.value.code


def written(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def workbook(path: Path, rows, *, title="案件", change=None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if change:
        change(book, sheet)
    book.save(path)
    return path


# ---------------------------------------------------------------- delimited text
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_found(tmp_path, encoding, delimiter):
    path = written(tmp_path / "a.csv", TEXT.replace(",", delimiter).encode(encoding))
    headers, rows = only(path)
    assert headers == ("案件编号", "上报时间", "地址")
    assert rows == [
        (2, "", ("001", "2023-09-07 15:04", "学田湾正街48号")),
        (3, "", ("002", "2023-09-08 09:00", None)),
    ]


def test_title_rows_blank_lines_and_quoted_newlines_keep_the_row_numbers_of_a_sheet(tmp_path):
    text = '上清寺街道案件表\n\n案件编号,地址\n001,"一\n二"\n\n002, \n  ,\n"0""3",x\n\n'
    assert only(written(tmp_path / "a.csv", text)) == (
        ("案件编号", "地址"),
        [(4, "", ("001", "一\n二")), (6, "", ("002", None)), (8, "", ('0"3', "x"))],
    )


@pytest.mark.parametrize("nul", ["", "\0"])  # the careful parser must agree with Arrow's
def test_ragged_rows_are_padded_or_flagged_and_none_is_lost(tmp_path, nul):
    text = f"案件编号,地址{nul}\n1,a\n2\n3,c,乱,码\n4,d,\n\n5,e\n6\n"
    assert only(written(tmp_path / "a.csv", text))[1] == [
        (2, "", ("1", "a")),
        (3, "", ("2", None)),
        (4, "extra_cells", ("3", "c")),
        (5, "", ("4", "d")),
        (7, "", ("5", "e")),
        (8, "", ("6", None)),
    ]


def test_every_row_may_end_in_a_delimiter(tmp_path):
    text = "案件编号,地址\n1,a,\n2,b,x\n3,c,\n"
    assert only(written(tmp_path / "a.csv", text))[1] == [
        (2, "", ("1", "a")),
        (3, "extra_cells", ("2", "b")),
        (4, "", ("3", "c")),
    ]


def test_an_unclosed_quote_costs_no_other_row(tmp_path):
    text = '案件编号,地址\n1,a\n2,"没有关\n3,c\n4,"好"\n5,管径5"的水管\n'
    assert only(written(tmp_path / "a.csv", text))[1] == [
        (2, "", ("1", "a")),
        (3, "unclosed_quote", ("2", "没有关")),
        (4, "", ("3", "c")),
        (5, "", ("4", "好")),
        (6, "", ("5", '管径5"的水管')),
    ]


def test_mixed_encodings_are_read_line_by_line(tmp_path):
    data = "案件编号,地址\n1,学田湾\n".encode() + "2,嘉陵西村\n".encode("gb18030") + b"3,\xff\xff\xff\n"
    assert only(written(tmp_path / "a.csv", data))[1] == [
        (2, "", ("1", "学田湾")),
        (3, "", ("2", "嘉陵西村")),
        (4, "bad_encoding", ("3", "\ufffd\ufffd\ufffd")),
    ]


def test_nul_bytes_are_dropped_and_flagged(tmp_path):
    assert only(written(tmp_path / "a.csv", "案件编号,地址\n1,a\0b\n2,c\n"))[1] == [
        (2, "nul_bytes", ("1", "ab")),
        (3, "", ("2", "c")),
    ]


def test_old_line_ends_and_missing_last_line_end(tmp_path):
    for ends in ("\r", "\r\n"):
        path = written(tmp_path / "a.csv", "案件编号,地址\n1,a\n2,b".replace("\n", ends))
        assert [cells for _, _, cells in only(path)[1]] == [("1", "a"), ("2", "b")]


def test_header_only_duplicates_and_a_thousand_columns(tmp_path):
    assert only(written(tmp_path / "a.csv", "案件编号,地址\n")) == (("案件编号", "地址"), [])
    headers, rows = only(written(tmp_path / "b.csv", "案件编号,地址,案件编号\n1,a,2\n"))
    assert headers == ("案件编号", "地址", "案件编号")
    assert rows == [(2, "", ("1", "a", "2"))]
    wide = ",".join(["案件编号", *(f"列{n}" for n in range(999))])
    text = wide + "\n" + ",".join(map(str, range(1000))) + "\n"
    headers, rows = only(written(tmp_path / "c.csv", text))
    assert len(headers) == 1000
    assert rows[0][2][999] == "999"


def test_chunks_have_the_wanted_size_across_blocks(tmp_path):
    lines = [f"{n},{'x' * 200}" if n % 20_000 else f"{n}" for n in range(1, 60_001)]
    path = written(tmp_path / "a.csv", "案件编号,地址\n" + "\n".join(lines))
    options = ReadOptions(is_header=OPTIONS.is_header, chunk_rows=25_000)
    (table,) = read_tables(path, options)
    chunks = list(table.chunks)
    assert [chunk.num_rows for chunk in chunks] == [25_000, 25_000, 10_000]
    pairs = {(i, r) for c in chunks for i, r in zip(c["c0"].to_pylist(), c["row"].to_pylist(), strict=True)}
    assert pairs == {(str(n), n + 1) for n in range(1, 60_001)}


def test_a_line_without_end_is_refused_after_its_limit(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write("案件编号,地址\n".encode())
        file.truncate(200 << 20)
    assert refusal(path) == "line_too_long"


def test_named_encoding_and_delimiter_win(tmp_path):
    path = written(tmp_path / "a.csv", "案件编号:地址\n1:é\n".encode("utf-16-le"))
    options = ReadOptions(is_header=OPTIONS.is_header, encoding="utf-16-le", delimiter=":")
    assert only(path, options)[1] == [(2, "", ("1", "é"))]
    path = written(tmp_path / "b.csv", TEXT)
    assert refusal(path, ReadOptions(is_header=OPTIONS.is_header, encoding="klingon")) == "unknown_encoding"


CELL = st.text(alphabet=st.sampled_from(list("ab01 ,;|\t\"'\n学—\u3000\u2028")), max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read(tmp_path, rows, delimiter, quoting, ends):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    writer.writerows([HEADERS[:3], *rows])
    path = written(tmp_path / "a.csv", text.getvalue())
    wanted = [tuple(None if cell in BLANKS else cell for cell in row) for row in rows]
    assert [cells for _, _, cells in only(path)[1]] == [row for row in wanted if any(row)]


# ---------------------------------------------------------------- workbooks
def test_workbook_cells_become_the_text_a_clerk_sees(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx",
        [
            ["案件表"],
            HEADERS,
            ["001", dt.datetime.fromisoformat("2023-09-07 15:04"), "x", True, 106.547927, 29],
            [2.02309012345679e16, dt.date(2023, 9, 7), "#N/A", False, 0.1 + 0.2, -1.5],
            [],
            [10000000031.0, 45176.5, " ", "a\nb", 1e-5, 123456789012345],
        ],
    )
    assert only(path) == (
        HEADERS,
        [
            (3, "", ("001", "2023-09-07 15:04:00", "x", "TRUE", "106.547927", "29")),
            (4, "", ("2.02309012345679E+16", "2023-09-07 00:00:00", None, "FALSE", "0.3", "-1.5")),
            (6, "", ("10000000031", "45176.5", None, "a\nb", "1e-05", "123456789012345")),
        ],
    )


def test_merged_cells_fill_and_two_row_headers_join(tmp_path):
    def merge(_, sheet):
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:C1")
        sheet.merge_cells("A3:A4")

    rows = [
        ["案件编号", "时间和类别", None],
        [None, "上报时间", "类别"],
        ["001", "一", "x"],
        [None, "二", "y"],
    ]
    assert only(workbook(tmp_path / "a.xlsx", rows, change=merge)) == (
        ("案件编号", "上报时间", "类别"),
        [(3, "", ("001", "一", "x")), (4, "", ("001", "二", "y"))],
    )
    text = "案件编号,时间和类别,\n,上报时间,类别\n001,一,x\n"  # merged cells as a CSV export leaves them
    assert only(written(tmp_path / "a.csv", text)) == (
        ("案件编号", "上报时间", "类别"),
        [(3, "", ("001", "一", "x"))],
    )


def test_sheets_without_known_header_are_skipped_and_named(tmp_path):
    def add(book, _):
        for title, row in {"二月": HEADERS, "说明": ["类别", "怎么填"], "空": [], "隐藏": HEADERS}.items():
            sheet = book.create_sheet(title)
            sheet.append(row)
            sheet.append(["9", "x"] if row else [])
        book["隐藏"].sheet_state = "hidden"

    path = workbook(tmp_path / "a.xlsx", [HEADERS, ["1", "x"]], title="一月", change=add)
    assert [(file, len(rows)) for file, _, rows in tables(path)] == [("a.xlsx[一月]", 1), ("a.xlsx[二月]", 1)]
    assert next(iter(read_tables(path, OPTIONS))).skipped == ("a.xlsx[说明]",)
    named = ReadOptions(is_header=OPTIONS.is_header, sheet="隐藏")
    assert [file for file, _, _ in tables(path, named)] == ["a.xlsx"]
    assert refusal(path, ReadOptions(is_header=OPTIONS.is_header, sheet="三月")) == "sheet_not_found"


def test_a_formula_that_was_never_computed_is_flagged(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [HEADERS[:2], ["1", "=NOW()"], ["2", "x"], ["=A2", None]])
    assert only(path)[1] == [
        (2, "formula_without_value", ("1", None)),
        (3, "", ("2", "x")),
        (4, "formula_without_value", (None, None)),
    ]


def test_old_workbooks_are_read_under_any_name(tmp_path):
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("案件")
    stamp = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM")
    for place, header in enumerate(HEADERS[:3], start=1):
        sheet.write(1, place, header)
    sheet.write(2, 1, "007")
    sheet.write(2, 2, dt.datetime.fromisoformat("2023-09-07 15:04"), stamp)
    sheet.write_merge(2, 3, 3, 3, "并")
    sheet.write(3, 1, 8)
    book.save(str(tmp_path / "a.csv"))
    assert only(tmp_path / "a.csv") == (
        HEADERS[:3],
        [(3, "", ("007", "2023-09-07 15:04:00", "并")), (4, "", ("8", None, "并"))],
    )


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_html_named_xls_is_read(tmp_path, encoding):
    page = f"""<html><head><meta charset={encoding}><style>td {{}}</style></head><table>
    <tr><td colspan=3>案件表</td></tr>
    <tr><th>案件编号<th>上报时间</th><th> 地址 </th></tr>
    <tr><td>001</td><td rowspan="2">2023-09-07</td><td>A&amp;B<br>二楼</td></tr>
    <tr><td>002</td><td>&nbsp;</td></tr></table></html>"""
    assert only(written(tmp_path / "a.xls", page.encode(encoding))) == (
        ("案件编号", "上报时间", "地址"),
        [(3, "", ("001", "2023-09-07", "A&B 二楼")), (4, "", ("002", "2023-09-07", None))],
    )


def test_xml_spreadsheet_is_read(tmp_path):
    page = """<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
    xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="s"><Table>
    <Row><Cell><Data ss:Type="String">案件编号</Data></Cell><Cell ss:Index="3"><Data>地址</Data></Cell></Row>
    <Row><Cell><Data>1</Data></Cell><Cell ss:Index="3"><Data>a</Data></Cell></Row>
    </Table></Worksheet></Workbook>"""
    assert only(written(tmp_path / "a.xls", page)) == (
        ("案件编号", "", "地址"),
        [(2, "", ("1", None, "a"))],
    )


# ---------------------------------------------------------------- archives
def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def test_an_archive_gives_the_tables_of_its_members(tmp_path):
    inner = workbook(tmp_path / "b.xlsx", [HEADERS, ["9"]])
    members = {"案件/一.csv": TEXT.encode(), "二.xlsx": inner.read_bytes(), "照片.jpg": b"\xff\xd8\xff\xe0"}
    path = archive(tmp_path / "a.zip", members | {"__MACOSX/._一.csv": b"x"})
    assert [(file, len(rows)) for file, _, rows in tables(path)] == [
        ("a.zip/案件/一.csv", 2),
        ("a.zip/二.xlsx", 1),
    ]
    assert next(iter(read_tables(path, OPTIONS))).skipped == ("a.zip/照片.jpg",)


def test_member_names_in_gbk_are_understood(tmp_path):
    name = "案件.csv".encode("gbk")
    path = archive(tmp_path / "a.zip", {"x" * len(name): TEXT.encode()})
    written(path, path.read_bytes().replace(b"x" * len(name), name))
    assert [file for file, _, _ in tables(path)] == ["a.zip/案件.csv"]


def test_archives_that_cannot_be_trusted_are_refused(tmp_path):
    inner = archive(tmp_path / "in.zip", {"a.csv": TEXT.encode()})
    nested = archive(tmp_path / "a.zip", {"in.zip": inner.read_bytes()})
    with pytest.raises(UnreadableFileError) as caught:
        tables(nested)
    assert (caught.value.code, caught.value.params["file"]) == ("nested_zip", "a.zip/in.zip")
    bomb = archive(tmp_path / "bomb.zip", {"a.csv": bytes(80 << 20)})
    assert refusal(bomb) == "zip_too_large"
    assert refusal(archive(tmp_path / "none.zip", {})) == "empty_file"
    locked = bytearray(inner.read_bytes())
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableFileError) as caught:
        tables(written(tmp_path / "locked.zip", bytes(locked)))
    assert caught.value.code == "password_protected"
    assert refusal(written(tmp_path / "cut.zip", inner.read_bytes()[:-10])) == "damaged_file"


# ---------------------------------------------------------------- GeoJSON
def test_geojson_features_become_rows_with_wkt(tmp_path):
    square = [[[106.12345678, 29], [107, 29], [107, 30], [106.12345678, 29]]]
    features = [
        {"type": "Feature", "properties": {"案件编号": 20230907000123456, "名": "甲"}, "geometry": None},
        {"properties": {"案件编号": "2", "多": [1]}, "geometry": {"type": "Polygon", "coordinates": square}},
        {"properties": {"案件编号": "3"}, "geometry": {"type": "Polygon", "coordinates": [[1, 2]]}},
        {"properties": {"案件编号": "4"}, "geometry": {"type": "Point", "coordinates": [106.5, 29.5, 200]}},
    ]
    path = tmp_path / "a.geojson"
    written(path, json.dumps({"type": "FeatureCollection", "features": features}))
    wkt = "POLYGON ((106.123457 29, 107 29, 107 30, 106.123457 29))"
    assert only(path) == (
        ("案件编号", "名", "多", "geometry"),
        [
            (1, "", ("20230907000123456", "甲", None, None)),
            (2, "", ("2", None, "[1]", wkt)),
            (3, "bad_geometry", ("3", None, None, None)),
            (4, "", ("4", None, None, "POINT (106.5 29.5)")),
        ],
    )
    assert refusal(written(path, '{"type": "Topology"}')) == "not_geojson"
    assert refusal(written(path, '{"type": "FeatureColl')) == "damaged_file"


# ---------------------------------------------------------------- files refused as a whole
def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(512)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.csv", b"", "empty_file"),
        ("a.csv", b"\xef\xbb\xbf \r\n", "empty_file"),
        ("a.csv", "姓,名\n张,三\n", "no_known_header"),
        ("a.csv", struct.pack("<500I", *range(500)), "not_a_table"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(100), "not_a_table"),
        ("a.pdf", b"%PDF-1.7 ...", "not_a_table"),
        ("a.xlsx", ole("EncryptedPackage"), "password_protected"),
        ("a.doc", ole("WordDocument"), "not_a_table"),
        ("a.xls", ole("Workbook"), "damaged_file"),
        ("a.xlsx", b"PK\x03\x04" + bytes(50), "damaged_file"),
        ("a.xls", "<html><table><tr><td>姓名</table></html>", "no_known_header"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_reason(tmp_path, name, data, code):
    assert refusal(written(tmp_path / name, data)) == code


def test_missing_files_and_other_papers_are_refused(tmp_path):
    assert refusal(tmp_path / "no.csv") == "file_not_found"
    paper = archive(tmp_path / "a.docx", {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"})
    assert refusal(paper) == "not_a_table"
    assert refusal(workbook(tmp_path / "a.xlsx", [])) == "empty_file"
    assert refusal(workbook(tmp_path / "b.xlsx", [["姓名"], ["x"]])) == "no_known_header"


def test_every_row_flag_has_a_word():
    flags = (EXTRA_CELLS, NUL_BYTES, BAD_ENCODING, UNCLOSED_QUOTE, FORMULA_WITHOUT_VALUE, BAD_GEOMETRY)
    assert all(reason(flag) for flag in flags)
