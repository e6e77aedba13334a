"""一老一小 as a visitor gets it: figures, lists, small numbers, the line typed, empty and broken data."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from governance.records import presented
from governance.records.store import open_dataset
from governance.report.week_people import people_facts
from governance.ui import care_data, care_more, care_panels
from governance.ui.filters import Selection
from governance.workdays import SHANGHAI, Week
from tests.builders import case, import_small_street, imported

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"
AS_OF = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)
WEEK = Week(2023, 37)
LINKS = {"家庭医生": "有", "护理到家": "有", "社区食堂": "有", "老年大学": "无"}


def people():
    """Six in C1, three of high risk; three in C2; one without a place; one who moved."""
    rows = [(f"A-{n}", "高风险" if n < 3 else "一般", "M11", "在册") for n in range(6)]
    rows += [(f"B-{n}", "高风险", "M21", "在册") for n in range(3)]
    rows += [("X-1", "重点", "", "在册"), ("A-9", "高风险", "M12", "迁出")]
    return [
        {"对象代号": ref, "人群": "高龄<b>独居</b>", "风险等级": risk, "等级起始": "2023-03-20",
         "在册状态": status, "状态日期": "2023-09-05" if status == "迁出" else "", "微网格编码": cell}
        | LINKS
        for ref, risk, cell, status in rows
    ]  # fmt: skip


def seen():
    """A-0 on time, A-1 late, A-2 never; B all on time; the general ones lately; two that meet nothing."""
    days = [("A-0", "2023-09-15"), ("A-1", "2023-09-01"), ("X-1", "2023-09-01"), ("Z-9", "2023-09-12")]
    days += [(f"A-{n}", "2023-09-02") for n in range(3, 6)] + [(f"B-{n}", "2023-09-14") for n in range(3)]
    days += [("A-4", "2023-03-01")]
    return [{"对象代号": ref, "走访时间": f"{day} 10:00", "人员编号": "M-1"} for ref, day in days]


@pytest.fixture
def street(tmp_path, monkeypatch):
    data_dir = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(data_dir))
    import_small_street(data_dir)
    imported(data_dir, "incidents", [case("1", "2023-09-12 09:00", 社区="学田湾社区")], as_of=AS_OF)
    return data_dir


@pytest.fixture
def cared(street):
    members = [
        {
            "人员编号": "M-1",
            "姓名": "某某某",
            "联系电话": "10000000001",
            "角色": "楼栋长",
            "微网格编码": "M11",
        }
    ]
    imported(street, "members", members, name="members.csv")
    imported(street, "care_register", people(), name="register.csv")
    imported(street, "visits", seen(), name="visits.csv", as_of=AS_OF)
    return street


def opened(**params):
    app = AppTest.from_file(DASHBOARD, default_timeout=90)
    app.run()
    app.switch_page("pages/care_visits.py")
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def screen(app):
    texts = [element.proto.body for element in app.get("html")] + [element.value for element in app.markdown]
    return "\n".join(text for text in texts if not text.startswith("<style"))


# ------------------------------------------------------------------------------- what is said
@pytest.mark.usefixtures("cared")
def test_the_page_says_who_was_visited_and_who_waits():
    text = screen(opened())
    assert "高风险 6 人，4 人按时走到；2 人超期，其中 1 人从未走访。" in text
    assert "4 / 6 人" in text
    assert text.index("A-2</b>") < text.index("A-1</b>")
    assert "M-1 楼栋长" in text
    assert "早于入册 1 次，留着不算" in text
    assert "对象不在名册 1 次，留着不算" in text
    assert "不再列入 1 人" in text
    assert "2023-09-05" in text
    assert "居家养老四环：0 / 10 位老人齐全" in text
    assert "failure" not in text
    assert "nan" not in text.lower()


def test_nobody_is_named_and_text_from_data_is_escaped(cared):
    text = screen(opened())
    assert "某某某" not in text
    assert "10000000001" not in text
    assert "<b>独居" not in text
    rows = care_panels.due_download(open_dataset(cared), Selection(WEEK))
    assert not set(rows.columns) & {"name", "phone"}
    assert len(rows) == 10


# ------------------------------------------------------------------------------ small numbers
@pytest.mark.usefixtures("cared")
def test_a_community_with_fewer_than_five_is_not_shown_nor_what_gives_it_away():
    app = opened()
    app.segmented_control(key="care-view").set_value("community").run()
    text = screen(app)
    assert text.count("不足5人") >= 5
    assert "只有本社区自己能看" in screen(opened(community="C2"))
    narrowed = screen(opened(community="C2"))
    assert "B-0" not in narrowed
    assert "3 人" not in narrowed
    assert "没有超期的<" not in narrowed
    assert "没有不再列入的人" not in narrowed


def test_the_own_community_is_shown_down_to_the_micro_grid(cared):
    (cared / "settings.toml").write_text('own_community = "春森路社区"\n', encoding="utf-8")
    dataset = open_dataset(cared)
    assert care_data.own_community(dataset) == "C2"
    assert "C2" not in care_data.hidden_communities(dataset, WEEK)
    keys = set(care_data.map_places(dataset, WEEK))
    assert {("microgrid", "M21"), ("microgrid", "M22")} <= keys
    assert ("community", "C2") not in keys
    assert not any(key == ("microgrid", "M11") for key in keys)
    rows = care_panels.due_download(dataset, Selection(WEEK)).set_index("person_ref")["microgrid_code"]
    assert rows["B-0"] == "M21"
    assert rows["A-0"] == ""
    assert "高风险 3 人，3 人按时走到；没有超期。" in screen(opened(community="C2"))


# ------------------------------------------------------------------------------- one line more
def test_a_visit_typed_on_the_page_counts_at_once(cared):
    app = opened()
    app.selectbox(key="care-entry-person").set_value("A-2")
    app.date_input(key="care-entry-day-visit").set_value(date(2023, 9, 17))
    app.time_input(key="care-entry-clock").set_value(time(15, 0))
    app.text_input(key="care-entry-outcome").set_value("平安")
    app.button(key="care-record-visit").click().run()
    text = screen(app)
    assert "记下了：A-2，2023-09-17 15:00。" in text
    assert "高风险 6 人，5 人按时走到" in text
    visit = open_dataset(cared).frame("visits").set_index("person_ref").loc["A-2"]
    assert (visit["outcome"], visit["microgrid_code"]) == ("平安", "M11")


@pytest.mark.usefixtures("cared")
def test_a_visit_without_a_person_is_refused_in_a_sentence():
    app = opened()
    app.button(key="care-record-visit").click().run()
    assert "请先选对象代号。" in screen(app)


@pytest.mark.usefixtures("cared")
def test_who_is_taken_to_hospital_leaves_the_list_with_the_date():
    app = opened()
    app.segmented_control(key="care-what").set_value("status").run()
    app.selectbox(key="care-entry-person").set_value("A-2")
    app.date_input(key="care-entry-day-status").set_value(date(2023, 9, 16))
    app.selectbox(key="care-entry-status").set_value("hospital")
    app.button(key="care-record-status").click().run()
    text = screen(app)
    assert "记下了：A-2 从 2023-09-16 起住院。" in text
    assert "高风险 5 人，4 人按时走到；1 人超期。" in text
    assert "不再列入 2 人" in text


def test_a_frozen_week_takes_no_line(cared):
    assert [button for button in opened().button if button.key == "care-record-visit"]
    presented.freeze_week(cared, WEEK)
    app = opened(week="2023-W37", presented="2023-W37")
    assert "这是定稿的周，不能补记" in screen(app)
    assert not [button for button in app.button if button.key == "care-record-visit"]


# ------------------------------------------------------------------------------ without data
@pytest.mark.usefixtures("street")
def test_without_a_register_it_says_what_to_do():
    text = screen(opened())
    assert "还没有一老一小名册" in text
    assert "没有超期的<" not in text
    assert "failure" not in text


def test_a_week_before_the_visits_is_not_zero(cared):
    earlier = [case("0", "2023-02-14 09:00")]
    imported(cared, "incidents", earlier, name="earlier.csv", as_of=AS_OF)
    text = screen(opened(week="2023-W08"))
    assert "这一周没有走访记录，算不出谁该访、谁访过。" in text
    assert "没有暴雨或高温预警" not in text
    assert "没有超期的<" not in text
    assert "failure" not in text


def test_a_register_without_the_four_links_is_not_noted_and_not_zero(street):
    bare = [{name: value for name, value in row.items() if name not in LINKS} for row in people()]
    imported(street, "care_register", bare, name="register.csv")
    imported(street, "visits", seen(), name="visits.csv", as_of=AS_OF)
    text = screen(opened())
    assert "没有登记。名册里加上家庭医生" in text
    assert "failure" not in text


def test_visits_without_reference_data_are_shown(tmp_path, monkeypatch):
    data_dir = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(data_dir))
    imported(data_dir, "incidents", [case("1", "2023-09-12 09:00")], as_of=AS_OF)
    imported(data_dir, "care_register", [{"对象代号": "a"}, {"对象代号": "b"}], name="register.csv")
    imported(
        data_dir, "visits", [{"对象代号": "a", "走访时间": "2023-05-01 10:00"}], name="v.csv", as_of=AS_OF
    )
    text = screen(opened())
    assert "重点和一般另有 2 人超期" in text
    assert "2 人没有写风险等级，按一般算" in text
    assert "failure" not in text


# --------------------------------------------------------------------------------- the sample
def test_the_page_says_the_numbers_of_the_meeting_screen(sample_dataset):
    for number in (25, 29, 33, 36, 37):
        week = Week(2023, number)
        facts = people_facts(sample_dataset, week).care
        page = care_data.counts_of(sample_dataset, week, None, "high")
        assert page is not None
        for name in ("due_n", "done_n", "overdue_n", "never_n"):
            assert getattr(page, name) == int(facts[name].sum())
        table = care_data.by_community(sample_dataset, week).set_index("community_code")
        expected = facts.set_index("group")
        assert table["high_due_n"].to_dict() == expected["due_n"].to_dict()
        assert table["high_done_n"].to_dict() == expected["done_n"].to_dict()


def test_the_sample_holds_the_reported_care(sample_dataset):
    activities = sample_dataset.frame("activities")
    found = care_more.care_chain.activity_list(activities, until=WEEK.end_at)
    children = found[found["kind"].eq("children")]
    assert len(children) == 8
    assert {"水上安全", "自然与亲子", "博物馆美育", "儿童安全成长", "传统非遗", "现代科技探索"} <= set(
        children["name"]
    )
    water = found.set_index("name").loc["水上安全"]
    assert (water["attended_n"], water["ages"], bool(water["is_outside"])) == (21, "6–12岁", True)
    assert water["place"] == "储奇门—朝天门—洪崖洞"
    assert water["held_on"] == pd.Timestamp("2023-08-18", tz=SHANGHAI)
    assert found["kind"].eq("summer_care").sum() == 2
    assert children["held_on"].dt.month.isin([7, 8]).all()


def test_the_sample_s_planted_care_is_found(sample_dataset):
    high = care_data.counts_of(sample_dataset, WEEK, None, "high")
    assert high is not None
    assert high.never_n == 5
    assert high.overdue_n >= 5 + 14
    left = care_data.left(sample_dataset, WEEK)
    assert set(left["status"]) == {"moved", "hospital", "died"}
    assert left["left_on"].notna().all()
    surge = care_data.surge(sample_dataset, WEEK, None)
    last = surge[surge["warning_id"].eq("W-20230813")]
    assert last["after_h"].le(24).mean() > 0.7
    elders = care_data.elders(sample_dataset, WEEK)
    assert elders["has_doctor"].mean() == pytest.approx(0.88, abs=0.05)
    assert not elders["cohort"].str.contains("儿童").any()
