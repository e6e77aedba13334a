"""响应时效 as a visitor gets it: what it says on few, many, open and foreign cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from governance.metrics.control_series import control_charts
from governance.metrics.control_states import state_of
from governance.metrics.judged import judged_cases
from governance.metrics.open_list import first_rows, known_at, open_cases
from governance.records.chart_notes import ChartNote
from governance.ui import response_data as data
from governance.ui import response_stock_data as stock_data
from governance.ui.filters import Selection
from governance.ui.response_words import sentence
from governance.workdays import SHANGHAI, Week
from tests.builders import case, import_small_street, imported
from tests.test_response import AS_OF, START, incident, street

STORM = ChartNote("set_aside", date(2023, 7, 21), "暴雨", AS_OF)

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"
WEEK = Week(2023, 37)


def opened(**params):
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page("pages/incident_response.py").run()


def screen(app):
    texts = [element.proto.body for element in app.get("html")] + [element.value for element in app.markdown]
    return "\n".join(text for text in texts if not text.startswith("<style"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder with the small street."""
    monkeypatch.setenv("GOVERNANCE_DATA", str(tmp_path / "data"))
    import_small_street(tmp_path / "data")
    return tmp_path / "data"


def disputes(week, slow_n, *, is_closed):
    """Twenty disputes settled within hours, `slow_n` that take 20 days, reported on one day."""
    first = datetime.fromisocalendar(2023, week, 1)
    for number in range(20 + slow_n):
        at = first + timedelta(hours=9, minutes=number)
        closed = at + (timedelta(hours=3) if number < 20 else timedelta(days=20))
        end = {"结案时间": f"{closed:%Y-%m-%d %H:%M}", "状态": "已结案"} if number < 20 or is_closed else {}
        yield case(
            f"{week}-{number}",
            f"{at:%Y-%m-%d %H:%M}",
            来源="12345",
            类别="矛盾纠纷",
            **({"状态": "在办"} | end),
        )


def test_a_category_that_only_looks_fast_is_exposed(folder):
    rows = [*disputes(30, 30, is_closed=True), *disputes(36, 30, is_closed=False), case("w37", 来源="12345")]
    imported(folder, "incidents", rows, as_of=AS_OF)
    app = opened()
    text = screen(app)
    assert not app.exception
    assert "failure" not in text
    assert "矛盾纠纷只看已结是" in text
    assert "算上未结 30 件，13.6 天 还没结掉一半，看不出变快" in text
    assert "没有时刻、画不出的环节" in text
    assert "群众诉求" in text


def test_without_sources_and_limits_all_cases_are_shown(folder):
    imported(folder, "incidents", [case(str(n), 结案时间="2023-09-11 12:00") for n in range(25)], as_of=AS_OF)
    text = screen(opened())
    assert "记录没有写明来源" in text
    assert "没有期限落在本周的事件" in text
    assert "近 4 周上报 25 件，未结 0 件" in text
    assert "nan" not in text.lower()
    assert "failure" not in text


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([case("1", 来源="12345")], "在办 1 件，都没有时限"),
        ([case(str(n), 来源="12345") for n in range(120)], "在办 120 件，都没有时限"),
        ([case("1", 来源="12345", 结案时间="2023-09-10 09:00", 状态="已结案")], "在办 0 件"),
        ([case("1", "2023-08-14 09:00", 来源="12345")], "这一周没有上报的事件；周末在办 1 件。"),
    ],
)
def test_one_case_all_open_ends_before_starts_and_an_empty_week(folder, rows, said):
    imported(folder, "incidents", rows, as_of=AS_OF)
    text = screen(opened(week="2023-W37"))
    assert said in text
    assert "nan" not in text.lower()
    assert "failure" not in text


def test_every_panel_opens_its_cases(folder):
    rows = [
        case("1", 来源="12345", 结案时间="2023-09-11 12:00", 状态="已结案", 办理时限="2023-09-12 09:00"),
        case("2", 来源="12345", 状态="在办", 办理时限="2023-09-12 09:00"),
    ]
    imported(folder, "incidents", rows, as_of=AS_OF)
    app = opened(week="2023-W37")
    for name in ("stages", "curves", "due", "open", "open-all", "straight", "demand"):
        app.button(key=f"open-list-{name}").click().run()
        assert not app.exception
        assert app.selectbox(key=f"list-of-{name}").options
        assert "错误编号" not in screen(app)
    assert "应结案 2 件：按期 1 / 2，结案 1 / 2" in screen(app)


def steps(*rows):
    names = ("incident_id", "step", "at", "unit")
    return [
        dict(zip(names, (*row[:2], START + timedelta(minutes=row[2]), *row[3:]), strict=True)) for row in rows
    ]


def test_an_open_case_says_what_it_waits_for_and_who_holds_it(tmp_path):
    dataset = street(
        [
            incident("a", due_at=60, accepted_at=1, arrived_at=5, team_id="T"),
            incident("b", due_at=60 * 24 * 90, accepted_at=1, resolved_at=30, team_id="T"),
            incident("c", accepted_at=2),
            incident("d", 0, 50),
            incident("e", verified_at=1, status="suspended"),
        ],
        tmp_path,
        incident_steps=steps(
            ("a", "arrive", 5, "甲队"), ("a", "escalate", 90, "街道办"), ("c", "report", 0, "中心")
        ),
    )
    table = open_cases(judged_cases(dataset), dataset.frame("incident_steps")).set_index("incident_id")
    assert table.index.tolist() == ["a", "b", "c", "e"]
    assert table["light"].tolist() == ["overdue", "on_course", "no_limit", "suspended"]
    assert table["waits_for"].tolist() == ["resolve", "verify", "arrive", "suspended"]
    assert table.loc["a", ["holder", "limit_h"]].tolist() == ["街道办", 1.0]
    assert table.loc["a", "used_h"] == pytest.approx(159, abs=0.1)
    assert table.loc["a", "last_action_at"] == START + timedelta(minutes=90)
    assert table["holder"].isna().tolist() == [False, True, True, True]


def test_the_first_rows_show_something_of_every_state(tmp_path):
    rows = [incident(f"late{n}", due_at=60 + n) for n in range(15)]
    rows += [incident("soon", due_at=60 * 24 * 60), incident("free"), incident("held", status="suspended")]
    table = open_cases(judged_cases(street(rows, tmp_path)), street([], tmp_path).frame("incident_steps"))
    first, shown = first_rows(table)
    assert len(first) == 10
    assert shown == {"overdue": 7, "pressing": 0, "on_course": 1, "no_limit": 1, "suspended": 1}
    assert first["incident_id"].iloc[0] == "late0"


def test_a_past_week_is_shown_as_it_stood(tmp_path):
    then = datetime(2023, 9, 14, tzinfo=SHANGHAI)
    dataset = street(
        [
            incident("later", 0, 60 * 24 * 5),
            incident("left", status="voided", updated_at=60 * 24 * 5),
            incident("new", 60 * 24 * 4),
            incident("gone", status="voided", updated_at=60),
        ],
        tmp_path,
    )
    past = known_at(dataset, then)
    open_then = open_cases(judged_cases(past), past.frame("incident_steps"))
    assert sorted(open_then["incident_id"]) == ["later", "left"]
    assert known_at(dataset, AS_OF) is dataset


def test_the_sample_has_its_planted_speed_up_exposed(sample_dataset):
    selection = Selection(week=WEEK, demand="public")
    found = data.closings(sample_dataset, selection, "category")
    assert found.misleading == "矛盾纠纷"
    assert found.change("矛盾纠纷") == "unclear"
    group = found.by_group["矛盾纠纷"]
    assert group.closed_only_median < found.by_group_before["矛盾纠纷"].closed_only_median / 3
    assert "矛盾纠纷" in sentence(sample_dataset, selection)


def test_the_limits_rest_on_as_many_weeks_here_as_on_the_control_chart(sample_dataset):
    noted = replace(sample_dataset, fingerprint="noted", chart_notes=(STORM,))
    selection = Selection(week=WEEK, demand="public")
    here = data.judgement_of_on_time(noted, selection)
    charts = control_charts(noted, of="on_time_share", until=WEEK.last_day, scope=selection.scope)
    there = state_of(charts["all"], direction="higher", targets=(), day=WEEK.last_day)
    assert here.weeks_n == there.points_n == 10
    assert (here.lower, here.upper) == pytest.approx((there.limits.lower, there.limits.upper))


def test_without_limits_a_difference_is_not_called_faster(sample_dataset):
    plain = replace(sample_dataset, fingerprint="plain", chart_notes=())
    said = sentence(plain, Selection(week=Week(2023, 30), demand="public"))
    assert "比上周" in said
    assert "是不是偶然还不能判断" in said


def test_a_week_is_not_measured_by_one_that_was_set_aside(sample_dataset):
    noted = replace(sample_dataset, fingerprint="noted", chart_notes=(STORM,))
    said = sentence(noted, Selection(week=Week(2023, 30), demand="public"))
    assert "比上周" not in said
    assert "不判断快慢" in said


def test_stock_flow_and_demand_add_up_on_the_sample(sample_dataset):
    selection = Selection(week=WEEK, demand="public")
    stock = stock_data.open_stock(sample_dataset, selection)
    this = stock.flow.iloc[-1]
    assert (
        stock.before_n + this["inflow_n"] - this["outflow_n"] == stock.stock.under_way_n == len(stock.table)
    )
    sides = stock_data.demand_sides(sample_dataset, selection)
    assert [side.demand for side in sides] == ["public", "found"]
    due = stock_data.due(sample_dataset, selection)
    assert int(sides[0].due.is_due.sum()) == int(due.now.is_due.sum())
    assert due.legacy.due_to_close_n >= due.legacy.closed_n >= due.legacy.on_time_n
