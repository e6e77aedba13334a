"""防汛应急 as a visitor gets it: a storm, no warning, no steps, steps alone, no points, bad order."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pytest
from docx import Document
from streamlit.testing.v1 import AppTest

from governance.figures.replay_map import replay_data as player_table
from governance.figures.storm_timeline import timeline_svg
from governance.records.store import open_dataset
from governance.report.storm_model import storm_view
from governance.report.week_people import people_facts
from governance.ui import replay_data, storm_data
from governance.workdays import SHANGHAI, Week
from tests.builders import import_small_street, imported

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"
AS_OF = datetime(2023, 7, 22, 8, 0, tzinfo=SHANGHAI)
WARNING = {
    "预警编号": "W1",
    "种类": "暴雨",
    "等级": "橙色",
    "发布时间": "2023-07-21 05:30",
    "成灾时间": "2023-07-21 06:50",
}
POINTS = [
    {"点位编号": "P1", "名称": "<b>高边坡</b>", "类型": "hazard", "经度": 106.5405, "纬度": 29.5605},
    {"点位编号": "P2", "名称": "低洼路口", "类型": "flood_prone", "经度": 106.5425, "纬度": 29.5605},
]


def step(name, clock, *, point="", cell="", households="", people="", warning="W1"):
    return {
        "预警编号": warning,
        "点位": point,
        "微网格": cell,
        "步骤": name,
        "时间": f"2023-07-21 {clock}" if clock else "",
        "户数": households,
        "人数": people,
    }


STEPS = [
    step("预警", "05:30"),
    step("叫应", "05:40", cell="M11"),
    step("发现", "06:20", point="P2"),
    step("设警戒", "06:35", point="P2"),
    step("清障", "07:00", point="P2"),
    step("恢复通行", "08:00", point="P2"),
    step("巡查", "06:20", point="P2"),
    step("转移", "06:40", cell="M12", households="2", people="3"),
    step("解除", "09:00"),
]
TARGETS = [{"指标": "storm_cordoned_min", "版本": "甲", "目标值": "10", "方向": "不高于", "依据": "示例"}]


@pytest.fixture
def street(tmp_path, monkeypatch):
    """A data folder with the small street, two points and a plan for cordons."""
    data_dir = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(data_dir))
    import_small_street(data_dir)
    imported(data_dir, "points", POINTS, name="points.csv", as_of=AS_OF)
    imported(data_dir, "targets", TARGETS, name="targets.csv", as_of=AS_OF)
    teams = [{"队伍编号": "T-1", "名称": "学田湾巡逻队", "类型": "community", "社区": "学田湾社区"}]
    imported(data_dir, "teams", teams, name="teams.csv", as_of=AS_OF)
    return data_dir


def store(data_dir, warnings=(WARNING,), steps=STEPS):
    if warnings:
        imported(data_dir, "warnings", list(warnings), name="warnings.csv", as_of=AS_OF)
    if steps:
        imported(data_dir, "warning_steps", list(steps), name="steps.csv", as_of=AS_OF)


def opened(**params):
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page("pages/storm_response.py").run()


def screen(app):
    assert not app.exception
    texts = [element.proto.body for element in app.get("html")] + [element.value for element in app.markdown]
    text = "\n".join(text for text in texts if not text.startswith("<style"))
    assert "failure" not in text
    return text


def test_a_storm_opens_with_its_figures(street):
    store(street)
    text = screen(opened())
    assert "7月21日暴雨橙色预警：06:20 报险，06:50 成灾，可用时间 30 分钟；" in text
    assert "2 个隐患点、易涝点查了 1 个；比预案晚的有 1 处。" in text
    assert "没查：&lt;b&gt;高边坡&lt;/b&gt;" in text
    assert "<b>高边坡" not in text
    # Three people are not written; two households are.
    assert "不足5" in text
    assert "转移 2 户" in text
    # Discovered 06:20, cordoned 06:35, the plan allows 10 minutes.
    assert "15 分钟" in text
    assert "学田湾巡逻队" in text


def test_without_any_warning_the_page_says_what_to_do(street):
    assert "还没有预警记录" in screen(opened())
    assert street.is_dir()


def test_a_warning_without_steps_is_asked_about_and_judged_late_in_nothing(street):
    store(street, steps=[])
    text = screen(opened())
    assert "预警发布后没有处置记录" in text
    assert "比预案晚的有" not in text


def test_steps_without_a_warning_stand_under_their_own_number(street):
    store(street, warnings=(), steps=[step("巡查", "06:00", point="P1", warning="W<9>")])
    text = screen(opened())
    assert "“W&lt;9&gt;”只有处置记录，没有对应的预警" in text
    assert "预警种类不详，不判该查哪些点位" in text


def test_a_step_before_the_warning_is_said_and_never_negative(street):
    store(street, steps=[*STEPS, step("巡查", "04:00", point="P1")])
    text = screen(opened())
    assert "有 1 条处置记录的时间在预警发布之前" in text
    assert "04:00（预警前）" in text
    assert "−90" not in text


def test_a_move_without_a_stamp_counts_and_leaves_the_lead_time_open(street):
    store(street, steps=[*STEPS[:-2], step("转移", "", cell="M12", households="20", people="79")])
    text = screen(opened())
    assert "有 1 条处置记录没有时间" in text
    assert "转移 20 户" in text
    assert "转移时间没有记录" in text


def test_a_folder_without_points_or_reference_data(tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(tmp_path / "data"))
    store(tmp_path / "data")
    text = screen(opened())
    assert "点位表里没有隐患点、易涝点" in text
    assert "没有设预案时限" in text


def test_the_warning_is_chosen_in_the_address(street):
    heat = {**WARNING, "预警编号": "W2", "种类": "高温", "等级": "红色", "发布时间": "2023-07-21 12:00"}
    store(street, warnings=(WARNING, heat))
    # The newest of water comes first, a newer heat warning does not hide it.
    assert opened().selectbox(key="storm-warning").value == "W1"
    app = opened(warning="W2")
    assert app.selectbox(key="storm-warning").value == "W2"
    assert "这类预警不要求查点位" in screen(app) or "没有处置记录" in screen(app)
    app.selectbox(key="storm-warning").select("W1").run()
    assert app.query_params["warning"] == "W1"
    assert "链接里的预警“W7”在现有数据里找不到" in screen(opened(warning="W7"))


# ---------------------------------------------------------------------------------- replay, paper
def test_the_replay_lists_what_happened_minute_by_minute(street):
    store(street, steps=[*STEPS, step("巡查", "06:00", point="P1", warning="W9")])
    rows = [
        {
            "案件编号": "1",
            "上报时间": "2023-07-21 06:25",
            "类别": "突发事件",
            "小类": "树木倒伏",
            "来源": "巡逻",
        }
    ]
    rows[0] |= {"经度": 106.5415, "纬度": 29.5605, "处置时间": "2023-07-21 07:25"}
    rows.append({**rows[0], "案件编号": "2", "类别": "市容环境", "小类": "暴露垃圾"})
    imported(street, "incidents", rows, name="cases.csv", as_of=AS_OF)
    dataset = open_dataset(street)
    turn = storm_data.turn(dataset, "W1")
    assert turn.hours == (5, 5)
    events = sorted(replay_data.events_of(dataset, turn), key=lambda event: event.minute)
    assert len(events) == len(STEPS) + 1
    told = {event.tip: event for event in events}
    tree = told["06:25 巡逻：树木倒伏"]
    assert (tree.minute, tree.kind, tree.done) == (85, "tree", 145)
    # The mark of a step goes when the next one at its place comes.
    assert told["06:35 设警戒：低洼路口"].until == 120
    assert told["08:00 恢复通行：低洼路口"].until is None
    assert told["09:00 结束（全街道）"].lat is None
    played = player_table(storm_data.replay(dataset, "W1"), ())
    minutes = [event["minute"] for event in played["events"]]
    assert minutes == sorted(minutes)
    assert "&lt;b&gt;" not in str([event["svg"] for event in played["events"]])


def test_the_timeline_draws_a_lane_a_place_and_escapes_names(street):
    store(street, steps=[*STEPS, step("发现", "06:30", point="P1")])
    view = storm_view(open_dataset(street), "W1")
    svg = timeline_svg(view.judged, view.event)
    assert "&lt;b&gt;高边坡" in svg
    assert svg.count("低洼路口") >= 2
    assert timeline_svg(view.judged.iloc[:0], view.event) == ""


def paper_text(view_bytes):
    document = Document(io.BytesIO(view_bytes))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_the_paper_tells_the_course_and_what_was_late(street):
    store(street, steps=[*STEPS, step("巡查", "04:00", point="P1")])
    text = paper_text(storm_data.paper(open_dataset(street), "W1"))
    assert "暴雨橙色预警处置复盘" in text
    assert "比预案晚的 1 处：" in text
    assert "设警戒 10 分钟" in text
    assert "叫应：1 处没有记录" in text
    assert "时间在预警发布之前" in text
    assert "不足5" in text
    assert "nan" not in text.lower()


def test_without_a_plan_the_paper_lists_times_and_judges_nothing(tmp_path):
    store(tmp_path / "data")
    text = paper_text(storm_data.paper(open_dataset(tmp_path / "data"), "W1"))
    assert "没有设各步的预案时限，只列时间，不判早晚" in text
    assert "06:20" in text


def test_the_same_warning_gives_the_same_paper(street):
    store(street)
    dataset = open_dataset(street)
    first, second = (Document(io.BytesIO(storm_data.paper(dataset, "W1"))) for _ in range(2))
    assert [one.text for one in first.paragraphs] == [one.text for one in second.paragraphs]
    assert first.core_properties.modified == second.core_properties.modified


def test_the_slide_s_count_of_checked_points_is_the_metric_s(sample_dataset):
    (warning,) = people_facts(sample_dataset, Week(2023, 29)).warnings
    event = storm_view(sample_dataset, warning.warning_id).event
    assert (warning.checked_n, warning.points_n) == (event["points_checked_n"], event["points_n"])
