"""逐级化解 as a visitor gets it, and its figures on rows small enough to read."""

from __future__ import annotations

import logging
import math
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from governance.figures.escalation_tables import hours_text, limit_text, regraded_html, shares_svg
from governance.figures.ladder import ladder_html
from governance.figures.share_rows import ShareRow, share_rows_html
from governance.metrics.containment import share_change_z
from governance.metrics.targets import Target
from governance.records import store
from governance.ui import escalation_data, wish_data
from governance.ui.escalation_panels import sentence
from governance.ui.filters import Selection
from governance.workdays import SHANGHAI, Week
from tests.builders import case, import_small_street, imported

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"
LOG = logging.getLogger("governance.dashboard")
AS_OF = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)
WEEK = Week.parse("2023-W37")


@pytest.fixture(autouse=True)
def own_log():
    """Each test's dashboard writes its own log."""
    yield
    for handler in [handler for handler in LOG.handlers if handler.name == LOG.name]:
        LOG.removeHandler(handler)
        handler.close()


@pytest.fixture
def street(tmp_path, monkeypatch):
    """The small street with three closed cases of the week, one passed up, one open, and wishes."""
    data_dir = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(data_dir))
    import_small_street(data_dir)
    near = {"社区": "学田湾社区", "微网格": "M11", "类别": "市容环境", "等级": "一般"}
    closed = {"结案时间": "2023-09-13 11:00", "状态": "已结案"} | near
    rows = [
        case("1", "2023-09-12 09:00", 办结层级="社区", 来源="12345", 满意度="5", **closed),
        case("2", "2023-09-12 09:00", 办结层级="街道", 来源="居民", **closed),
        case("3", "2023-09-12 09:00", 办结层级="上级", 来源="巡逻", **closed),
        case("4", "2023-09-12 09:00", 状态="在办", 截止时间="2023-09-14 09:00", 来源="巡逻", **near),
    ]
    imported(data_dir, "incidents", rows, as_of=AS_OF)
    wishes = [
        {"需求编号": "Q1", "收集时间": "2023-09-12 09:00", "答复时间": "2023-09-13 09:00", "微网格": "M11"}
    ]
    imported(data_dir, "requests", wishes, name="wishes.csv", as_of=AS_OF)
    members = [{"人员编号": f"P{n}", "姓名": "某某", "微网格": code} for n, code in enumerate(("M11", "M12"))]
    imported(data_dir, "members", members, name="members.csv", as_of=AS_OF)
    return data_dir


def opened(**params):
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    return app.run().switch_page("pages/case_escalation.py").run()


def screen(app):
    texts = [element.proto.body for element in app.get("html")] + [element.value for element in app.markdown]
    return "\n".join(text for text in texts if not text.startswith("<style"))


@pytest.mark.usefixtures("street")
def test_the_page_counts_the_ladder_and_the_wishes():
    app = opened()
    text = screen(app)
    assert not app.exception
    assert "failure" not in text
    assert "4 件：社区办结 1，街道 1，上交 0 + 1（按规定 + 非规定），仍未结 1" in text
    assert "群众诉求 1/2 件在社区办结，太少不算占比；主动发现 0/2 件" in text
    assert "所需所愿 1 条" in text
    assert "没收到所需所愿的微网格：近四周 1 个，近十二周 1 个，共 2 个" in text
    assert "没有发现等级改动" in text
    assert "nan" not in text.lower()


@pytest.mark.usefixtures("street")
def test_a_chosen_community_is_not_called_the_street():
    text = screen(opened(community="C1"))
    assert '<span class="ladder-name">全街道' not in text
    assert '<span class="share-name">全街道' not in text
    assert text.count('<span class="ladder-name">学田湾<i>4</i></span>') == 2


@pytest.mark.usefixtures("street")
def test_every_panel_hands_out_its_data_and_its_cases():
    app = opened()
    keys = {button.proto.id.rsplit("-", 1)[-1] for button in app.get("download_button")}
    lists = {
        button.key.removeprefix("open-list-") for button in app.button if "open-list" in (button.key or "")
    }
    panels = {"ladder", "suppression", "repeats", "disputes", "satisfaction", "chronic"}
    panels |= {"opinions", "silent", "drift", "regraded"}
    assert lists == panels
    assert panels <= keys
    app.button(key="open-list-ladder").click().run()
    assert not app.exception
    assert app.selectbox(key="list-of-ladder").options[0] == "全街道 · 社区办结 1 件"


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("params", [{"week": "2023-W30"}, {"community": "C2"}, {"category": "市容环境"}])
def test_an_empty_part_says_so_and_shows_no_share(params):
    app = opened(**params)
    text = screen(app)
    assert not app.exception
    assert "failure" not in text
    assert "nan" not in text.lower()


def test_a_table_without_levels_says_that_it_cannot_tell(tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(tmp_path / "data"))
    rows = [case(n, "2023-09-12 09:00", 结案时间="2023-09-13 09:00", 社区="<b>外地</b>") for n in ("1", "2")]
    imported(tmp_path / "data", "incidents", rows, as_of=AS_OF)
    app = opened()
    text = screen(app)
    assert not app.exception
    assert "本周 2 件都没有写明办结层级" in text
    assert "<b>外地" not in text
    assert "failure" not in text


def test_a_changed_severity_is_found_in_what_an_import_replaced(street):
    near = {"社区": "学田湾社区", "等级": "较重", "更新时间": "2023-09-15 10:00"}
    imported(
        street, "incidents", [case("4", "2023-09-12 09:00", 状态="在办", **near)], name="b.csv", as_of=AS_OF
    )
    found = wish_data.regraded(store.open_dataset(street), Selection(WEEK))
    assert found[["incident_id", "direction"]].to_numpy().tolist() == [["4", "up"]]
    # 25 hours after the limit it had: 14 September 9:00.
    assert found["before_limit_min"].tolist() == [-25 * 60.0]
    assert "等级改动 1 次" in screen(opened())


def test_the_bands_of_a_week_are_those_known_at_its_end(street):
    """A case closed on the Monday after was open when last week was presented."""
    late = case(
        "9", "2023-09-06 09:00", 截止时间="2023-09-08 09:00", 结案时间="2023-09-11 09:00", 办结层级="社区"
    )
    imported(street, "incidents", [late], name="late.csv", as_of=AS_OF)
    dataset = store.open_dataset(street)
    before = escalation_data.ladder(dataset, Selection(WEEK.shifted(-1)), 1).iloc[0]
    assert (before["cases_n"], before["open_n"], before["community_n"]) == (1, 1, 0)
    now = escalation_data.ladder(dataset, Selection(WEEK), 1).iloc[0]
    assert (now["cases_n"], now["community_n"], now["previous_n"], now["previous_community_n"]) == (
        5,
        2,
        1,
        0,
    )


# -------------------------------------------------------------------------------- figures
def ladder_row(kind="street", group="street", n=100, community=80, **more):
    base = {"kind": kind, "group": group, "name": group, "is_chosen": False, "cases_n": n}
    bands = {"community_n": community, "street_n": n - community, "above_required_n": 0, "above_other_n": 0}
    past = {"open_n": 0, "unknown_level_n": 0, "previous_n": 100, "previous_community_n": 80}
    return base | bands | past | more


def test_the_sentence_puts_the_public_first_and_says_what_noise_is():
    target = Target("community_share", 0.8, "at_least", "示例1", "示例", None)
    rows = [
        ladder_row(n=200, community=140, above_other_n=3),
        ladder_row("demand", "public", 100, 70, name="群众诉求"),
        ladder_row("demand", "found", 100, 70, name="主动发现"),
    ]
    words = sentence(pd.DataFrame(rows), few=20, target=target)
    assert words.startswith("群众诉求 70.0% 在社区办结（100 件，和上周分不出高低），没到目标 80%；")
    assert words.endswith("主动发现 70.0%；非规定上交 3 件。")
    rows[1] |= {"community_n": 60, "street_n": 40}
    assert "上周 80.0%，降了" in sentence(pd.DataFrame(rows), few=20, target=None)
    assert share_change_z(60, 100, 80, 100) == pytest.approx(-0.2 / math.sqrt(0.7 * 0.3 * 0.02))
    assert math.isnan(share_change_z(0, 0, 1, 2))


def test_the_ladder_draws_shares_from_twenty_cases_on():
    html = ladder_html(
        pd.DataFrame([ladder_row(), ladder_row("community", "<C>", 19, 10)]), small_n=20, target=0.8
    )
    assert "width:80.000%" in html
    assert "left:80.00%" in html
    assert "19 件，太少" in html
    assert "10/19" in html
    assert "<C>" not in html
    assert html.count("ladder-bar") == 1


def test_few_cases_have_no_interval_and_bounds_are_drawn():
    rows = [ShareRow("甲", 5, 10, bounds=(0.2, 0.9), note="x"), ShareRow("乙", 50, 100, other_k=10)]
    html = share_rows_html(rows, heads=("suppression_wide", "suppression_address"), small_n=20, alt="a")
    first, second = html.split('class="share-row"')[1:3]
    assert 'stroke-width="7"' not in first
    assert 'stroke-dasharray="1.5 3"' in first
    assert 'stroke-width="7"' in second
    assert "50.0%" in second
    assert "5/10" in first


def test_times_are_written_in_the_unit_that_fits():
    assert hours_text(5.25) == "5.2 小时"
    assert hours_text(30) == "30 小时"
    assert hours_text(72) == "3.0 天"
    assert hours_text(math.nan) == "未过半"
    assert limit_text(25) == "提前 25 分钟"
    assert limit_text(-1500) == "超过 25 小时"
    assert "circle" not in shares_svg([math.nan], expected=math.nan)


def test_a_regraded_case_is_escaped():
    row = {"incident_id": "<i>", "from_severity": "normal", "to_severity": "urgent", "changed_at": pd.NaT}
    html = regraded_html(
        pd.DataFrame([row | {"before_limit_min": 10.0}]),
        labels={"normal": "一般", "urgent": "紧急"},
        rows_n=5,
    )
    assert "一般 → 紧急" in html
    assert "<i>" not in html
