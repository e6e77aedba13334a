"""The workbook: every row, numbers as numbers, no formulas."""

from __future__ import annotations

import io
from datetime import datetime

import pandas as pd
import pytest
from openpyxl import load_workbook

from governance.report import workbook
from governance.report.workbook import number_of, workbook_paper, workbook_sheets
from tests.report_models import empty_model, sheets, week_model


def opened(model=None):
    return load_workbook(io.BytesIO(workbook_paper(model or week_model())))


def column(sheet, head):
    place = [cell.value for cell in sheet[1]].index(head)
    return [row[place] for row in sheet.iter_rows(min_row=2)]


def test_the_first_sheet_states_the_rows_that_are_there():
    book = opened()
    contents = book["目录"]
    assert book.sheetnames[0] == "目录"
    stated = {
        row[0].value: row[2].value for row in contents.iter_rows(min_row=5) if row[0].value in book.sheetnames
    }
    assert stated == {name: book[name].max_row - 1 for name in book.sheetnames[1:]}
    assert stated["事件"] == 40
    assert stated["空表"] == 0
    said = [cell.value for row in contents.iter_rows() for cell in row]
    assert "群防不提供轨迹" in said
    assert all(row[1] in said for row in week_model().definitions)


def test_no_cell_is_a_formula_and_none_becomes_one_when_edited():
    book = opened()
    for sheet in book.worksheets:
        assert [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"] == []
    for text, cell in zip(("=1+1", "+2", "-3", "@x"), column(book["事件"], "描述"), strict=False):
        assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)


def test_types_are_kept():
    cases = opened()["事件"]
    assert column(cases, "案件编号")[7].value == "0000007"
    stamp = column(cases, "上报时间")[1]
    assert stamp.value == datetime(2023, 9, 11, 8, 37)  # noqa: DTZ001 - Excel knows no zones
    assert stamp.is_date
    assert column(cases, "用时（分钟）")[3].value == 3
    assert column(cases, "用时（分钟）")[7].value is None
    share = column(cases, "已用时限占比")[10]
    assert (share.value, share.number_format) == (0.25, "0.0%")
    assert column(cases, "返工次数")[2].value == 2


def test_stamps_that_come_as_text_become_dates():
    gaps = opened()["缺口登记 巡逻"]
    last, day = column(gaps, "最近一次"), column(gaps, "到访日期")
    assert last[0].value == datetime(2023, 9, 8, 7, 15)  # noqa: DTZ001
    assert last[1].value is None
    assert day[1].number_format == "yyyy-mm-dd"


def test_sheets_are_easy_to_read():
    for sheet in opened().worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref
        assert all(one.width >= 8 for one in sheet.column_dimensions.values())


def test_the_figures_stand_as_numbers_with_their_words():
    figures = opened()["本周数字"]
    values = dict(
        zip(
            (cell.value for cell in column(figures, "指标或事项")),
            (cell.value for cell in column(figures, "数值")),
            strict=True,
        )
    )
    assert values["微网格到访"] == 95.6
    assert values["期末在办"] == 312


@pytest.mark.parametrize(
    ("text", "value"),
    [("95.6", 95.6), ("1,204", 1204), ("−2.7", -2.7), ("不足5", "不足5"), ("≥12", "≥12"), ("", "")],
)
def test_a_number_in_words_is_a_number(text, value):
    assert number_of(text) == value


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 15)
    made = [sheet for sheet in workbook_sheets(week_model()) if sheet.topic == "事件"]
    assert [sheet.name for sheet in made] == ["事件", "事件 2", "事件 3"]
    assert pd.concat([sheet.frame for sheet in made]).equals(sheets()["事件"])


def test_names_that_excel_refuses_are_mended():
    frame = sheets()["空表"]
    model = week_model(sheets={"甲/乙[1]": frame, "甲 乙 1": frame, "长" * 40: frame})
    names = [sheet.name for sheet in workbook_sheets(model)][2:]
    assert names == ["甲 乙 1", "甲 乙 1 2", "长" * 31]


def test_a_week_without_records_is_a_workbook_all_the_same():
    book = opened(empty_model())
    assert book.sheetnames == ["目录", "本周数字", "图表数据"]
    assert book["本周数字"].max_row == 8
