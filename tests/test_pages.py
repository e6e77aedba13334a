"""The pages as a visitor gets them: on normal data, on an empty week, on nothing, on a broken store."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from governance.ui import shell
from governance.ui.blocks import csv_bytes
from governance.ui.navigation import PAGES
from governance.workdays import SHANGHAI
from tests.builders import case, import_small_street, imported

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"
LOG = logging.getLogger("governance.dashboard")
AS_OF = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)


@pytest.fixture
def street(tmp_path, monkeypatch):
    """A data folder with the small street and two weeks of incidents."""
    data_dir = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(data_dir))
    import_small_street(data_dir)
    near = {"社区": "学田湾社区", "微网格": "M11", "类别": "市容环境"}
    rows = [
        case("1", "2023-09-04 09:00", 结案时间="2023-09-04 11:00", 状态="已结案", **near),
        case("2", "2023-09-12 09:00", 结案时间="2023-09-12 12:00", 状态="已结案", **near),
        case("3", "2023-09-13 09:00", 状态="在办", 类别="<b>公用设施</b>"),
    ]
    imported(data_dir, "incidents", rows, as_of=AS_OF)
    return data_dir


@pytest.fixture(autouse=True)
def own_log():
    """Each test's dashboard writes its own log."""
    yield
    for handler in [handler for handler in LOG.handlers if handler.name == LOG.name]:
        LOG.removeHandler(handler)
        handler.close()


def opened(page=None, **params):
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    if page is not None:
        app.switch_page(f"pages/{page}.py").run()
    return app


def screen(app):
    """Everything written on the page, the style sheet left out."""
    texts = [element.proto.body for element in app.get("html")] + [element.value for element in app.markdown]
    return "\n".join(text for text in texts if not text.startswith("<style"))


@pytest.mark.usefixtures("street")
def test_the_overview_says_what_the_week_brought():
    app = opened()
    text = screen(app)
    assert not app.exception
    assert "本周上报 2 件，比上周多 1 件；结案 1 件，期末在办 1 件，比上周多 1 件。" in text
    assert "数据截至 9月17日（周日）23:00" in text
    assert "未设登录" in text
    assert "学田湾" in text
    assert "failure" not in text


@pytest.mark.usefixtures("street")
def test_text_from_data_is_escaped_wherever_it_stands():
    assert "<b>公用设施" not in screen(opened(category="<b>公用设施</b>"))


@pytest.mark.usefixtures("street")
def test_a_copied_link_opens_the_same_view():
    app = opened(week="2023-W36", community="C1")
    assert app.selectbox(key="filter-week").value == "2023-W36"
    assert app.selectbox(key="filter-community").value == "C1"
    assert "2023年第36周" in screen(app)


@pytest.mark.usefixtures("street")
def test_a_choice_is_written_into_the_address():
    app = opened()
    app.selectbox(key="filter-community").select("C1").run()
    assert app.query_params["community"] == "C1"
    assert app.query_params["week"] == "2023-W37"
    assert "本周上报 1 件，与上周持平" in screen(app)
    assert "2023年第37周 · 学田湾社区" in screen(app)
    app.selectbox(key="filter-community").select("").run()
    assert "community" not in app.query_params


@pytest.mark.usefixtures("street")
def test_a_link_to_something_that_is_gone_falls_back_and_says_so():
    app = opened(week="1999-W01", team="<i>T</i>")
    text = screen(app)
    assert app.selectbox(key="filter-week").value == "2023-W37"
    assert "链接里的周“1999-W01”在现有数据里找不到" in text
    assert "<i>T</i>" not in text


def test_an_empty_week_says_so_and_shows_no_share(street):
    imported(street, "incidents", [case("9", "2023-08-14 09:00")], name="later.csv", as_of=AS_OF)
    text = screen(opened(week="2023-W34"))
    assert "这一周没有上报事件；期末在办 1 件。" in text
    assert "nan" not in text.lower()


@pytest.mark.parametrize("page", ["week_overview", "grid_map"])
def test_a_page_without_any_incident_says_what_to_do(page, tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(tmp_path / "data"))
    import_small_street(tmp_path / "data")
    app = opened(page)
    assert not app.exception
    assert "还没有事件记录" in screen(app)


def test_incidents_without_reference_data_are_shown_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(tmp_path / "data"))
    imported(tmp_path / "data", "incidents", [case("1", 社区="外地社区")], as_of=AS_OF)
    text = screen(opened())
    assert "本周上报 1 件" in text
    assert "还没有导入社区资料" in text
    assert "failure" not in text


# The meeting screen says it in the browser alone: browser/test_browser_screen.py holds it there.
@pytest.mark.parametrize("page", [page.file for page in PAGES if not page.is_hidden])
def test_a_broken_store_is_one_sentence_and_a_number(page, street, capsys):
    (street / "store" / "manifest.json").write_text("{", encoding="utf-8")
    app = opened(page)
    text = screen(app)
    assert not app.exception
    assert "错误编号 E-" in text
    assert "Traceback" not in text
    assert "Traceback" in (street / "dashboard.log").read_text(encoding="utf-8")
    assert "Traceback" in capsys.readouterr().err


def test_a_page_that_cannot_be_loaded_ends_as_a_sentence(monkeypatch):
    def run():
        raise ImportError

    monkeypatch.setattr(shell, "start_navigation", lambda: SimpleNamespace(run=run))
    app = AppTest.from_file(DASHBOARD, default_timeout=60).run()
    assert not app.exception
    assert "没能画出来" in screen(app)


@pytest.mark.usefixtures("street")
def test_a_panel_that_fails_leaves_the_rest_standing(monkeypatch):
    def fail(*_args, **_kwargs):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("governance.figures.panels.sources_html", fail)
    text = screen(opened())
    assert "错误编号 E-" in text
    assert "secret detail" not in text
    assert "本周上报 2 件" in text
    assert "学田湾" in text


def test_an_import_shows_at_the_next_rerun(street):
    app = opened()
    imported(street, "incidents", [case("4", "2023-09-14 09:00")], name="more.csv", as_of=AS_OF)
    app.run()
    assert "本周上报 3 件" in screen(app)


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "data").write_text("a file, not a folder", encoding="utf-8")
    shell.start_log(tmp_path / "data")
    own = [handler for handler in LOG.handlers if handler.name == LOG.name]
    assert [type(handler) for handler in own] == [logging.StreamHandler]


def test_a_download_cannot_run_a_formula():
    text = csv_bytes(pd.DataFrame({"name": pd.array(["=1+1", "-2", "甲"], dtype="string"), "n": [-1, 2, 3]}))
    assert text.decode("utf-8-sig").splitlines() == ["名称,n", "'=1+1,-1", "'-2,2", "甲,3"]


def test_every_page_is_in_the_table_once_and_has_a_title():
    files = [page.file for page in PAGES]
    assert len(files) == len(set(files))
    assert all(page.title for page in PAGES)
    assert PAGES[0].file == "week_overview"
