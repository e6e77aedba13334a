"""网格手册 as a visitor gets it: before a search, found, ambiguous, unknown, a point, numbers, a roster."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from governance.records import store
from tests.builders import case, imported, write_csv
from tests.handbook_builders import AS_OF, PHONE, ROSTER, import_small_handbook, member
from tests.test_pages import screen

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"


@pytest.fixture
def street(tmp_path, monkeypatch):
    data_dir = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(data_dir))
    import_small_handbook(data_dir)
    return data_dir


def opened(**params):
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    app.run()
    app.switch_page("pages/grid_handbook.py")
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert "failure" not in screen(app)
    return app


@pytest.mark.usefixtures("street")
def test_before_a_search_the_page_says_how_the_handbook_is():
    text = screen(opened())
    assert "4 个微网格的手册，齐全 2 个，人人 90 天内核实过的 2 个；过期电话 1 个，学田湾占 1 个。" in text
    assert "3 个微网格要补；另外只有一人的 1 个" in text
    assert "缺民警" in text
    assert "两处登记：门牌 1 个，人员 0 名；没有落到微网格的 0 条" in text


@pytest.mark.usefixtures("street")
def test_an_address_leads_to_the_people_and_the_search_stands_in_the_address_bar():
    app = opened()
    app.text_input(key="handbook-query").set_value("人和大院").run()
    assert app.query_params["q"] in ("人和大院", ["人和大院"])
    text = screen(app)
    assert "人和大院在M11：有事先找楼栋长 甲＊＊，100＊＊＊＊31。" in text
    assert "人民小学" in text
    assert "鑫隆&lt;b&gt;花苑没有物业" in text
    assert "鑫隆<b>花苑" not in text
    assert PHONE not in text


@pytest.mark.usefixtures("street")
def test_a_copied_link_opens_the_same_micro_grid():
    assert "M12：有事先找" in screen(opened(at="M12"))
    assert "人民支路72号在M12" in screen(opened(q="rmzl72"))


@pytest.mark.usefixtures("street")
def test_a_door_in_two_micro_grids_is_asked_back_and_a_click_decides():
    app = opened(q="中山四路10号")
    assert "“中山四路10号”登记在 2 个微网格里，请选一个；两处都保留着。" in screen(app)
    app.button(key="candidate-1").click().run()
    assert "M22" in screen(app)
    assert "中山四路10号在M22" in screen(app)
    app.button(key="handbook-clear").click().run()
    assert "4 个微网格的手册" in screen(app)


@pytest.mark.usefixtures("street")
def test_what_is_unknown_is_said_plainly_and_escaped():
    text = screen(opened(q="<b>火星</b>大道"))
    assert "没有找到“&lt;b&gt;火星&lt;/b&gt;大道”" in text
    assert "<b>火星</b>" not in text
    assert "不在微网格边界资料里" in screen(opened(at="NO-1"))


@pytest.mark.usefixtures("street")
def test_a_slip_says_what_is_shown_instead():
    text = screen(opened(q="学填湾正街48号"))
    assert "没有“学填湾正街48号”，按最接近的“学田湾正街48号”看。" in text


@pytest.mark.usefixtures("street")
def test_a_point_leads_to_its_micro_grid_the_nearest_or_none():
    assert "M21" in screen(opened(point="106.5425,29.5605"))
    near = screen(opened(point="106.5425,29.56110"))
    assert "界外 11 米，按最近的M21看" in near
    assert "点的地方在界外，离最近的M21有 " in screen(opened(point="106.5425,29.57"))
    assert "4 个微网格的手册" in screen(opened(point="x,y"))


def test_open_cases_of_the_micro_grid_stand_there(street):
    rows = [case("1", "2023-09-13 09:00", 状态="在办", 微网格="M11", 类别="市容环境", 地址="学田湾正街48号")]
    imported(street, "incidents", rows, name="cases.csv", as_of=AS_OF)
    text = screen(opened(at="M11"))
    assert "在办事件 1 件" in text
    assert "在办事件 0 件" in screen(opened(at="M12"))


# ------------------------------------------------------------------------------------ numbers
@pytest.mark.usefixtures("street")
def test_without_the_setting_there_is_no_button_for_a_number():
    app = opened(at="M11")
    assert not [button for button in app.button if (button.key or "").startswith("number-")]


def test_with_the_setting_one_number_is_shown_once_and_logged(street):
    (street / "settings.toml").write_text("show_contacts = true\n", encoding="utf-8")
    app = opened(at="M11")
    assert PHONE not in screen(app)
    app.button(key="number-P1-M11").click().run()
    text = screen(app)
    assert PHONE in text
    assert "10000000032" not in text
    app.run()
    assert PHONE not in screen(app)
    lines = [json.loads(line) for line in (street / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["member_id"] for line in lines if line["action"] == "contact"] == ["P1"]


# ------------------------------------------------------------------------------------- roster
def test_a_roster_shows_its_difference_and_is_taken_through_the_intake(street, tmp_path):
    rows = [*ROSTER[:2], member("P1", "M12"), member("P9", "M22", name="新来的")]
    path = write_csv(tmp_path / "名册.csv", rows)
    app = opened()
    app.file_uploader[0].upload(path.name, path.read_bytes(), "text/csv").run()
    text = screen(app)
    assert "新增 2 条，改动 0 条，未变 2 条，拒收 0 行；文件里没有、库里保留 3 条" in text
    assert "新增在 M12，库里还在 M11，两条都保留" in text
    assert "新来的" not in text
    assert len(store.open_dataset(street).frame("members")) == len(ROSTER)
    app.button(key="roster-take").click().run()
    assert "收错了可以在“数据接入”的导入历史里撤销" in screen(app)
    assert "人员 1 名" in screen(app)
    assert len(store.open_dataset(street).frame("members")) == len(ROSTER) + 2


@pytest.mark.usefixtures("street")
def test_a_file_that_is_no_roster_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "别的.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    app = opened()
    app.file_uploader[0].upload(path.name, path.read_bytes(), "text/csv").run()
    assert "找不到认识的表头" in screen(app)
    assert app.button(key="roster-take").disabled


# ------------------------------------------------------------------------------- little or none
def test_without_any_data_the_page_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(tmp_path / "data"))
    imported(tmp_path / "data", "incidents", [case("1")], as_of=AS_OF)
    for params in ({}, {"q": "人民支路"}, {"at": "M11"}, {"point": "106.54,29.56"}):
        text = screen(opened(**params))
        assert not re.search(r"\bnan\b|\bNone\b|<NA>", text)
    assert "还没有导入微网格和名册" in screen(opened())


def test_a_roster_alone_can_be_searched_by_code(tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(tmp_path / "data"))
    imported(tmp_path / "data", "members", ROSTER, as_of=AS_OF)
    assert "有事先找楼栋长" in screen(opened(at="M11"))
