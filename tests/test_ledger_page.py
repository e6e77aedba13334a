"""督办清单 as a visitor gets it: form, list, status, the way from other pages, and the workbook."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from governance.meeting.commitments import Draft, Place, Source
from governance.meeting.ledger import FILE, open_ledger
from governance.meeting.ledger_workbook import ledger_workbook
from governance.records import store
from governance.ui import ledger_data
from governance.ui.ledger_form import commitment_link_params
from governance.workdays import SHANGHAI, Week
from tests.builders import case, import_small_street, imported

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"
AS_OF = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)
AT = datetime(2023, 9, 11, 10, 0, tzinfo=SHANGHAI)
MEETING = Week(2023, 38)
DRAFT = Draft(
    week=Week(2023, 37),
    what="夜里<b>补</b>一班",
    responsible_unit="综合科",
    due_on=date(2023, 9, 15),
    metric="report_to_close_median_min",
    place=Place("community", "C1"),
)
LAST_WEEK = """
from governance.ui.filters import choose
from governance.ui.ledger_panels import commit_button, commitment_link_params, show_last_week
from governance.ui.shell import open_page
with open_page("week_overview") as page:
    show_last_week(page, choose(page, "week"))
    commit_button(page, "gap", commitment_link_params(what="补一班"))
"""


@pytest.fixture
def street(tmp_path, monkeypatch):
    """The small street with ten weeks of incidents from two communities."""
    data_dir = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(data_dir))
    import_small_street(data_dir)
    rows = [
        case(
            f"{number}-{name}",
            f"{Week(2023, 28).shifted(number).first_day} 09:00",
            结案时间=f"{Week(2023, 28).shifted(number).first_day} {10 + number % 3}:00",
            状态="已结案",
            社区=name,
            类别="市容环境",
        )
        for number in range(10)
        for name in ("学田湾社区", "春森路社区")
    ]
    imported(data_dir, "incidents", rows, as_of=AS_OF)
    return data_dir


@pytest.fixture
def ledger(street):
    return open_ledger(street)


def opened(**params):
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    app.run()
    # A page is switched to with its parameters only as a link does it.
    app.switch_page("pages/commitment_ledger.py")
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def screen(app):
    texts = [element.proto.body for element in app.get("html")] + [element.value for element in app.markdown]
    return "\n".join(text for text in texts if not text.startswith("<style"))


@pytest.mark.usefixtures("street")
def test_an_empty_ledger_says_so_and_makes_no_file(street):
    text = screen(opened())
    assert "到9月18日例会，还没有记过督办事项。" in text
    assert "failure" not in text
    assert not (street / FILE).exists()


def test_the_form_records_a_commitment_of_the_next_meeting(ledger):
    app = opened()
    app.text_input(key="ledger-what").input("嘉西村补一班")
    app.selectbox(key="ledger-unit").select("学田湾社区")
    app.button(key="ledger-record").click().run()
    assert not app.exception
    made = ledger.commitments()[0]
    assert (made.week, made.what, made.responsible_unit) == (MEETING, "嘉西村补一班", "学田湾社区")
    assert (made.due_on, made.metric, made.source) == (date(2023, 9, 25), None, Source())
    text = screen(app)
    assert "已记下 2023-W38-01：嘉西村补一班。" in text
    assert "到9月18日例会共定 1 件，到期 0 件；1 件尚不能判断。" in text
    assert not app.text_input(key="ledger-what").value


def test_what_cannot_be_recorded_stays_in_the_form(ledger):
    app = opened()
    app.text_input(key="ledger-what").input("补一班")
    app.button(key="ledger-record").click().run()
    assert "请写明责任单位" in screen(app)
    assert app.text_input(key="ledger-what").value == "补一班"
    assert ledger.commitments() == ()


def test_a_link_from_elsewhere_fills_the_form(ledger):
    params = commitment_link_params(
        what="补一班",
        unit="夜班组",
        metric="report_to_close_median_min",
        place=Place("community", "C1"),
        source=Source("gap", "patrol_coverage:M11"),
    )
    assert params["place"] == "community:C1"
    app = opened(**params)
    assert "来自缺口：patrol_coverage:M11" in screen(app)
    app.button(key="ledger-record").click().run()
    made = ledger.commitments()[0]
    assert (made.what, made.responsible_unit) == ("补一班", "夜班组")
    assert (made.metric, made.place) == ("report_to_close_median_min", Place("community", "C1"))
    assert made.source == Source("gap", "patrol_coverage:M11")
    assert "what" not in app.query_params
    assert not app.text_input(key="ledger-what").value


def test_a_link_with_nonsense_leaves_the_form_empty(ledger):
    app = opened(metric="<i>", place="moon:1", source="elsewhere:1", due="soon")
    assert "<i>" not in screen(app)
    app.text_input(key="ledger-what").input("补一班")
    app.selectbox(key="ledger-unit").select("学田湾社区")
    app.button(key="ledger-record").click().run()
    made = ledger.commitments()[0]
    assert (made.metric, made.place, made.due_on) == (None, None, date(2023, 9, 25))


def test_the_list_shows_status_course_and_verdict(ledger):
    ledger.add(DRAFT, at=AT, who="x")
    text = screen(opened())
    assert "夜里&lt;b&gt;补&lt;/b&gt;一班" in text
    assert "超期 3 天" in text
    assert "学田湾社区 · 上报→结案（中位数）" in text
    assert 'class="course"' in text
    assert "尚不能判断" in text
    assert "还差 3 周" in text
    assert "nan" not in text.lower()


def test_a_status_is_changed_with_one_click_and_a_note(ledger):
    made = ledger.add(DRAFT, at=AT, who="x")
    app = opened()
    state = f"{made.id}-open-2023-09-15"
    app.text_input(key=f"ledger-note-of-{state}").input("已补")
    app.button(key=f"ledger-set-done-{state}").click().run()
    assert ledger.commitments()[0].status == "done"
    line = ledger.history(made.id)[-1]
    assert (line.field, line.new, line.note) == ("status", "done", "已补")
    assert "定了的事：办成 1 件，在办 0 件" in screen(app)
    app.button(key=f"ledger-history-{made.id}").click().run()
    text = screen(app)
    assert "新定" in text
    assert "<td>在办</td><td>办成</td><td>已补</td>" in text


def test_a_status_changed_meanwhile_is_not_overwritten(ledger):
    made = ledger.add(DRAFT, at=AT, who="x")
    app = opened()
    ledger.change(made.id, {"status": "dropped"}, at=AT, who="y")
    app.button(key=f"ledger-set-done-{made.id}-open-2023-09-15").click().run()
    assert ledger.commitments()[0].status == "dropped"
    assert "刚被别人改过" in screen(app)


def test_the_list_is_narrowed_by_meeting_and_status(ledger):
    ledger.add(DRAFT, at=AT, who="x")
    done = ledger.add(Draft(Week(2023, 36), "早先的事", "综合科", date(2023, 9, 8)), at=AT, who="x")
    ledger.change(done.id, {"status": "done"}, at=AT, who="x")
    app = opened()
    app.selectbox(key="ledger-meeting").select("2023-W36").run()
    assert "早先的事" in screen(app)
    assert "一班" not in screen(app)
    app.segmented_control(key="ledger-state").set_value("open").run()
    assert "没有符合条件的事项" in screen(app)


def test_a_week_shows_what_was_known_at_its_meeting(ledger):
    ledger.add(DRAFT, at=AT, who="x")
    assert "到9月4日例会，还没有记过督办事项。" in screen(opened(week="2023-W35"))


def test_a_broken_ledger_is_one_sentence(street):
    (street / FILE).write_bytes(b"no database " * 100)
    app = opened()
    assert "督办清单" in screen(app)
    assert "错误编号 E-" in screen(app)


def test_the_box_of_the_overview_shows_last_weeks_commitments(ledger):
    ledger.add(DRAFT, at=AT, who="x")
    ledger.add(Draft(Week(2023, 36), "早先的事", "综合科", date(2023, 9, 8)), at=AT, who="x")
    app = AppTest.from_string(LAST_WEEK, default_timeout=60).run()
    assert not app.exception
    text = screen(app)
    assert "上周定的 1 件，管用吗" in text
    assert "夜里&lt;b&gt;补" in text
    assert "更早的还有 1 件，其中 0 件数据支持、1 件在办" in text
    assert app.button(key="commit-gap").label == "定为督办 ›"


def test_a_broken_ledger_leaves_the_overview_standing(street):
    (street / FILE).write_bytes(b"no database " * 100)
    app = AppTest.from_string(LAST_WEEK, default_timeout=60).run()
    assert "督办清单" in screen(app)
    assert app.button(key="commit-gap").label == "定为督办 ›"


def test_the_page_writes_a_workbook_that_reads_back(ledger, street):
    ledger.add(DRAFT, at=AT, who="x")
    names = ledger_data.place_names(store.open_dataset(street))
    content = ledger_workbook(ledger.commitments(), ledger.history(), places=names)
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert sheet["J2"].value == "学田湾社区"
