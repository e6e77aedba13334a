"""The grid map as a visitor gets it: drilled by address, on one area, on a week without cases."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from governance.figures.case_table import cases_table
from governance.metrics.areas import STREET_KEY, area_table
from governance.records.dataset import empty_frame
from governance.ui.map_block import area_address, area_of_address
from governance.ui.map_panel import cases_in
from governance.workdays import SHANGHAI
from tests.builders import case, import_small_street, imported
from tests.test_places import frame, street

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(folder))
    return folder


def import_cases(folder, as_of=datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)):
    first = {"社区": "学田湾社区", "微网格": "M11", "地址": "学田湾正街48号3栋2-1", "来源": "12345"}
    rows = [
        case("1", "2023-09-12 09:00", 结案时间="2023-09-12 12:00", 状态="已结案", **first),
        case("2", "2023-09-13 09:00", 状态="在办", **first),
        case("3", "2023-09-06 09:00", 状态="在办", 社区="春森路社区", 微网格="M21"),
    ]
    imported(folder, "incidents", rows, as_of=as_of)


def opened(**params):
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    app.run()
    for name, value in params.items():
        app.query_params[name] = value
    return app.switch_page("pages/grid_map.py").run()


def text(app):
    assert not app.exception
    pieces = [*(one.value for one in app.markdown), *(one.proto.body for one in app.get("html"))]
    return re.sub(r"<[^>]+>", " ", " ".join(piece for piece in pieces if "<style>" not in piece))


def test_the_headline_counts_and_names_no_place_without_limits(data_dir):
    import_small_street(data_dir)
    import_cases(data_dir)
    shown = text(opened())
    assert "本周上报 2 件，上周 1 件；期末在办" in shown
    assert "学田湾正街48号" in shown
    assert "3栋" not in shown


def test_an_address_opens_the_area_and_the_breadcrumb_leads_back(data_dir):
    import_small_street(data_dir)
    import_cases(data_dir)
    app = opened(area="M11")
    assert "本周上报 2 件，上周 0 件；期末在办 1 件" in text(app)
    crumbs = [one for one in app.button if one.key.startswith("crumb-")]
    assert [one.label for one in crumbs] == ["全街道 ›", "学田湾社区 ›", "第1网格 ›", "M11"]
    app = crumbs[1].click().run()
    assert app.query_params["area"] == "C1"
    assert "学田湾社区本周上报 2 件" in text(app)


def test_the_first_week_is_compared_with_none(data_dir):
    import_small_street(data_dir)
    import_cases(data_dir)
    assert "本周上报 1 件；期末在办 1 件。" in text(opened(week="2023-W36"))


def test_an_address_that_names_no_area_opens_the_street(data_dir):
    import_small_street(data_dir)
    import_cases(data_dir)
    assert "本周上报 2 件，上周 1 件" in text(opened(area="nowhere", measure="nothing", level="moon"))


def test_a_week_without_cases_says_so(data_dir):
    import_small_street(data_dir)
    import_cases(data_dir, as_of=datetime(2023, 9, 24, 23, 0, tzinfo=SHANGHAI))
    shown = text(opened(week="2023-W38"))
    assert "本周上报 0 件，上周 2 件；" in shown
    assert "最近一次有上报是2023年第37周。" in shown
    assert "共 0 件" in shown


def test_one_area_alone_is_a_street(data_dir):
    rows = [{"微网格编码": "M11", "户数": 10}]
    imported(data_dir, "microgrids", rows, name="one.csv")
    import_cases(data_dir)
    shown = text(opened())
    assert "没有界线" in shown
    assert "1 个微网格" in shown


def test_no_reference_data_still_shows_cases(data_dir):
    import_cases(data_dir)
    shown = text(opened())
    assert "没有界线" in shown
    assert "本周上报 2 件，上周" in shown


def test_addresses_name_areas_even_where_codes_repeat():
    areas = street()
    assert area_of_address(areas, area_address(areas, ("grid", "A1"))) == ("grid", "A1")
    assert area_of_address(areas, "") == STREET_KEY
    twins = area_table(
        frame("communities", [{"community_code": "1", "name": "一"}]),
        frame("grids", [{"grid_code": "1", "name": "一", "community_code": "1"}]),
        empty_frame("microgrids"),
    )
    for key in (("community", "1"), ("grid", "1")):
        assert area_of_address(twins, area_address(twins, key)) == key


def test_the_download_holds_every_case_of_the_area_and_nobody_by_name():
    cases = frame("incidents", [{"incident_id": "007", "handler": "某"}, {"incident_id": "008"}])
    cases = cases.assign(community=["A", "B"], grid=None, microgrid=None, is_reported=True)
    table = cases_table(cases_in(cases, ("community", "A")))
    assert table["案件编号"].tolist() == ["007"]
    assert "处置人" not in table.columns
    assert len(cases_in(cases, STREET_KEY)) == 2
