"""数据接入 after an upload: files refused whole, rows refused, rows flagged, what can be undone."""

from __future__ import annotations

import csv
import io

import pytest

from governance.records import store
from governance.records.quarantine import read_refused
from governance.ui.intake_history import is_same_data, state_words
from governance.ui.intake_panels import last_import_words, result_words
from governance.ui.intake_result import flagged_words, refused_table
from tests.builders import case, imported
from tests.test_pages import opened, screen

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
NO_HEADER = "甲,乙\n1,2\n".encode()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data folder with two imports; the second can be undone."""
    folder = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(folder))
    imported(folder, "incidents", [case("A0")])
    imported(folder, "incidents", [case("A1")])
    return folder


def as_csv(*rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, ["案件编号", "上报时间"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def uploaded(*files):
    """The page after these files, (name, content) each, were imported as incidents."""
    app = opened("data_intake")
    app.file_uploader[0].set_value([(name, content, "application/octet-stream") for name, content in files])
    app.run()
    next(button for button in app.button if button.label == "开始导入").click().run()
    assert not app.exception
    return app


def tables(app):
    """Every table of the page, by its first headers."""
    return {tuple(frame.value.columns): frame.value for frame in app.dataframe}


def history(app):
    heads, table = next((heads, table) for heads, table in tables(app).items() if "导入时间" in heads)
    return table[heads[heads.index("结果")]].to_list()


def last_entry(data):
    return store.read_manifest(data).imports[-1]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [("坏.xlsx", PICTURE, "坏.xlsx 不是表格"), ("别.csv", NO_HEADER, "别.csv 里找不到认识的表头")],
)
@pytest.mark.usefixtures("data")
def test_a_file_refused_whole_is_no_success_of_nothing(name, content, why):
    app = uploaded((name, content))
    text = screen(app)
    assert "事件：1 份文件整份没收下" in text
    assert "最近一次导入：" in text
    assert "事件，1 份文件整份没收下" in text
    assert why in text
    assert "读入 0 行" not in text
    assert "带标记的行已经收下" not in text
    assert history(app) == ["整份拒收", "有效", "有效"]


@pytest.mark.usefixtures("data")
def test_undo_passes_over_a_file_refused_whole():
    assert [box.label for box in opened("data_intake").checkbox] == ["确定撤销最近一次（事件）"]
    app = uploaded(("坏.xlsx", PICTURE))
    (label,) = [box.label for box in app.checkbox]
    assert label.startswith("确定撤销 ")
    assert label.endswith("的一次（事件）；之后的文件整份没收下，没有改动数据")


def test_undo_is_not_offered_for_an_import_that_changed_nothing(data):
    imported(data, "incidents", [case("")])
    app = opened("data_intake")
    assert [box.label for box in app.checkbox] == []
    assert "撤销最近一次导入" not in [button.label for button in app.button]
    assert "最近一次导入（事件）没有改动任何数据，不需要撤销" in screen(app)


def test_a_good_file_beside_a_bad_one_is_stored_and_both_are_told(data):
    app = uploaded(("好.csv", as_csv(case("A2"))), ("坏.xlsx", PICTURE))
    text = screen(app)
    assert "读入 1 行 = 新增 1 + 更新 0 + 未变 0 + 拒收 0；另有 1 份表整份没收下" in text
    assert "坏.xlsx 不是表格（可能是图片、文档或压缩程序包），请导出为 xlsx 或 csv 再导入。" in text
    files = tables(app)["文件", "读入行", "带标记行", "拒收行", "结果"]
    assert files["结果"].to_list() == ["已读完", "整份没收下"]
    assert history(app) == ["有效，1 份表拒收", "有效", "有效"]
    assert [box.label for box in app.checkbox] == ["确定撤销最近一次（事件）"]
    assert not last_entry(data).is_refused_whole


@pytest.mark.usefixtures("data")
def test_refused_rows_are_listed_up_to_twenty():
    rows = [case("", "2023-09-11 09:00") for _ in range(21)] + [case("A9", "")]
    app = uploaded(("表.csv", as_csv(*rows)))
    assert "拒收的行：现列 20 / 共 22 行" in screen(app)
    listed = tables(app)["文件", "行号", "列", "原因"]
    assert len(listed) == 20
    assert listed.iloc[0].to_list() == ["表.csv", "2", "案件编号", "缺少编号"]


def test_refused_rows_of_tables_with_other_headers_are_all_found(tmp_path):
    path = tmp_path / "quarantine.csv"
    head = "文件,行号,列,原因代码,原因"
    long_cell = "长" * 200_000
    lines = (
        f"{head},甲",
        f"a.csv,2,案件编号,missing_key,缺少编号,{long_cell}",
        f"{head},乙,丙",
        "b.csv,3,上报时间,no_usable_stamp,没有可用的时间,1,2",
    )
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    found = [("a.csv", "2", "案件编号", "缺少编号"), ("b.csv", "3", "上报时间", "没有可用的时间")]
    assert read_refused(path, most=9) == found
    assert read_refused(path, most=1) == found[:1]
    assert list(refused_table(path).columns) == ["文件", "行号", "列", "原因"]


@pytest.mark.usefixtures("data")
def test_fewer_flagged_rows_listed_than_counted_are_explained():
    app = uploaded(("表.csv", as_csv(case("A2"), case("A2"), case("A3"))))
    files = tables(app)["文件", "读入行", "带标记行", "拒收行", "结果"]
    assert files["带标记行"].to_list() == ["3"]
    assert "带标记的行：现列 2 / 共 3 行；其余 1 行是重复的" in screen(app)


def test_flagged_words():
    assert flagged_words(5, 5) == "带标记的行：现列 5 / 共 5 行"
    assert flagged_words(5, 6).startswith("带标记的行：现列 5 / 共 6 行；其余 1 行")
    assert flagged_words(200, 1500) == "带标记的行：现列 200 / 共 1,500 行，只列前 200 行"
    # A case completed from an earlier version may gain a flag that its row in the file had not.
    assert flagged_words(2, 1) == "带标记的行：现列 2 / 共 2 行"


def test_an_import_whose_rows_were_all_refused_is_told_by_its_rows(data):
    before = store.read_manifest(data)
    result = imported(data, "incidents", [case("")])
    assert result_words(result) == "事件：读入 1 行 = 新增 0 + 更新 0 + 未变 0 + 拒收 1"
    assert state_words(last_entry(data)) == "有效"
    assert last_import_words(last_entry(data)).endswith("事件 1 行，拒收 1 行")
    assert is_same_data(before, store.read_manifest(data))
    imported(data, "incidents", [case("A2")])
    assert not is_same_data(before, store.read_manifest(data))
