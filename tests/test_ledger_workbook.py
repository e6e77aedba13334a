"""The ledger as a workbook: what was written comes back, and what was changed shows first."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime

import pytest
from openpyxl import Workbook, load_workbook

from governance.errors import UnreadableFileError
from governance.meeting.commitments import Draft, Place, Source
from governance.meeting.ledger import open_ledger
from governance.meeting.ledger_workbook import amendment_words, compared, ledger_workbook, read_rows
from governance.workdays import SHANGHAI, Week

AT = datetime(2023, 9, 18, 10, 0, tzinfo=SHANGHAI)
DRAFT = Draft(
    week=Week(2023, 38),
    what="滨江傍晚加一趟巡逻",
    responsible_unit="曾家岩巡逻队",
    due_on=date(2023, 9, 25),
    metric="on_time_share",
    place=Place("community", "0500103"),
    source=Source("gap", "ZJY-10-01"),
)
FORMULA = '=HYPERLINK("x","领奖")'
DRAFTS = (
    DRAFT,
    replace(DRAFT, what=FORMULA, responsible_unit="+10", metric=None, place=None),
    replace(DRAFT, what="-1", responsible_unit="@综合科", place=Place("street"), metric="of_another_version"),
)


@pytest.fixture
def ledger(tmp_path):
    made = open_ledger(tmp_path)
    made.take(DRAFTS, (), at=AT, who="x")
    return made


def written(ledger):
    places = {Place("community", "0500103"): "曾家岩社区"}
    return ledger_workbook(ledger.commitments(), ledger.history(), places=places)


def edited(content, **cells):
    book = load_workbook(io.BytesIO(content))
    for name, value in cells.items():
        book.worksheets[0][name] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def difference(ledger, content):
    return compared(ledger.commitments(), read_rows(content, file="x.xlsx"))


def test_what_was_written_comes_back_unchanged(ledger):
    found = difference(ledger, written(ledger))
    assert found.is_empty
    assert (found.unchanged_n, found.refused) == (3, ())


def test_no_cell_is_a_formula(ledger):
    book = load_workbook(io.BytesIO(written(ledger)))
    types = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert types <= {"s", "d", "n"}
    assert book.worksheets[0]["C3"].value == FORMULA
    assert book.worksheets[0]["C3"].quotePrefix


def test_dates_are_dates_and_codes_texts(ledger):
    sheet = load_workbook(io.BytesIO(written(ledger))).worksheets[0]
    assert sheet["E2"].value == datetime(2023, 9, 25)  # noqa: DTZ001
    assert sheet["H2"].value == "0500103"
    assert sheet["J2"].value == "曾家岩社区"
    assert sheet.freeze_panes == "A2"


def test_the_history_is_the_second_sheet(ledger):
    ledger.change("2023-W38-01", {"status": "done"}, at=AT, who="综合科", note="已补")
    sheet = load_workbook(io.BytesIO(written(ledger))).worksheets[1]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(rows) == 4
    assert rows[-1][2:] == ("综合科", "状态", "在办", "办成", "已补")


def test_what_was_changed_shows_before_it_is_taken(ledger):
    content = edited(written(ledger), I2="办成", E2="2023/10/9", D3="综合科", F3="按期结案率", G3="全街道")
    found = difference(ledger, content)
    assert amendment_words(found.amended[0]) == (
        ("期限", "2023-09-25", "2023-10-09"),
        ("状态", "在办", "办成"),
    )
    assert [commitment.status for commitment in ledger.commitments()] == ["open"] * 3
    ledger.take(found.added, found.amended, at=AT, who="x")
    first, second, _ = ledger.commitments()
    assert (first.status, first.due_on) == ("done", date(2023, 10, 9))
    assert (second.responsible_unit, second.metric, second.place) == (
        "综合科",
        "on_time_share",
        Place("street"),
    )
    assert difference(ledger, content).is_empty


def test_a_row_without_a_number_is_new(ledger):
    content = edited(
        written(ledger), B5="2023-W38", C5="新事", D5="综合科", E5=datetime(2023, 9, 25)  # noqa: DTZ001
    )  # fmt: skip
    found = difference(ledger, content)
    ledger.take(found.added, found.amended, at=AT, who="x")
    made = ledger.commitments()[-1]
    assert (made.id, made.what, made.source, made.metric) == ("2023-W38-04", "新事", Source("file"), None)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"A2": "2023-W01-01"}, "unknown_commitment"),
        ({"A2": "2023-W38-02"}, "commitment_twice"),
        ({"C2": " "}, "commitment_without_what"),
        ({"E2": "月底"}, "bad_date"),
        ({"F2": "好不好"}, "unknown_metric_name"),
        ({"H2": None}, "bad_place"),
        ({"I2": "差不多"}, "unknown_status"),
        ({"A2": None, "B2": "38周"}, "bad_week"),
        ({"A2": None, "I2": "办成"}, "new_commitment_not_open"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(ledger, cells, code):
    found = difference(ledger, edited(written(ledger), **cells))
    assert {refused.error.code for refused in found.refused} == {code}
    assert found.is_empty
    assert found.unchanged_n == 3 - len(found.refused)


def test_a_change_made_meanwhile_is_not_overwritten(ledger):
    found = difference(ledger, edited(written(ledger), I2="办成"))
    ledger.change("2023-W38-01", {"status": "dropped"}, at=AT, who="y")
    with pytest.raises(Exception, match="changed_meanwhile"):
        ledger.take(found.added, found.amended, at=AT, who="x")
    assert ledger.commitments()[0].status == "dropped"


def test_another_file_is_refused_as_a_whole():
    with pytest.raises(UnreadableFileError, match="damaged_file"):
        read_rows(b"no workbook")
    out = io.BytesIO()
    Workbook().save(out)
    with pytest.raises(UnreadableFileError, match="no_ledger_header"):
        read_rows(out.getvalue())
