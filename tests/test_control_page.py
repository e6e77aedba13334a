"""过程监测 as a visitor gets it, and the series and named dates behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from governance.errors import UsageError
from governance.figures.control_chart import Drawn, control_figure
from governance.figures.control_words import (
    chart_scale,
    series_definition,
    series_label,
    signals_words,
    state_sentence,
)
from governance.metrics.control import control_frame, largest_step
from governance.metrics.control_series import (
    SERIES,
    cases_behind,
    charts_of,
    control_charts,
    series_present,
)
from governance.metrics.control_states import state_of
from governance.metrics.control_window import ChartWindow, rebase_days, set_aside_days
from governance.metrics.response import response_rows
from governance.metrics.windows import PUBLIC, Scope
from governance.records.chart_notes import ChartNote, add_chart_note, end_chart_note, load_chart_notes
from governance.workdays import SHANGHAI, Week
from tests.builders import case, import_small_street, imported

DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"
REFORM = date(2023, 7, 1)
NOW = datetime(2023, 9, 18, 9, 0, tzinfo=SHANGHAI)
ARRIVE = "report_to_arrive_p90_min"
PUBLIC_ONLY = Scope(demand=PUBLIC)


# ------------------------------------------------------------------------------- on the sample
@pytest.mark.parametrize("key", [ARRIVE, "dispatch_to_arrive_p90_min", "report_to_close_median_min"])
def test_the_reform_step_is_found_and_dated(sample_dataset, key):
    chart = control_charts(sample_dataset, of=key, scope=PUBLIC_ONLY, rebase_on=())["all"]
    step = largest_step(chart["value"])
    assert (chart["week"][step.position], step.is_signal, step.after < step.before) == (
        "2023-W27",
        True,
        True,
    )


def test_the_week_of_the_reform_belongs_to_the_old_phase(sample_dataset):
    chart = control_charts(sample_dataset, of=ARRIVE)["all"].set_index("week")
    assert (chart["phase"]["2023-W26"], chart["phase"]["2023-W27"]) == (1, 2)
    assert not chart["is_trial"]["2023-W26"]
    assert chart["is_trial"]["2023-W37"]


def test_a_week_counts_as_the_response_figures_do(sample_dataset):
    week = Week(2023, 30)
    for by in (None, "community"):
        charts = control_charts(sample_dataset, of=ARRIVE, by=by)
        for row in response_rows(sample_dataset, since=week.first_day, until=week.last_day, by=by):
            if row["stage"] == "report_to_arrive":
                point = charts[row["group"]].set_index("week").loc[str(week)]
                assert (point["value"], point["of_n"]) == (pytest.approx(row["p90_min"]), row["n"])


def test_the_cases_behind_a_point_are_its_n(sample_dataset):
    week = Week(2023, 30)
    charts = charts_of(sample_dataset, series_present(sample_dataset), ChartWindow(), scope=PUBLIC_ONLY)
    for key, found in charts.items():
        point = found["all"].set_index("week").loc[str(week)]
        cases, hit = cases_behind(sample_dataset, key, week, scope=PUBLIC_ONLY)
        assert len(cases) == (point["value"] if SERIES[key].unit == "case" else point["of_n"]), key
        if SERIES[key].unit == "share":
            assert len(hit) == point["hit_n"], key


def test_groups_add_up_to_the_street(sample_dataset):
    whole = control_charts(sample_dataset, of="open_n")["all"]["value"]
    parts = control_charts(sample_dataset, of="open_n", by="category").values()
    assert sum(part["value"] for part in parts).tolist() == whole.tolist()


def test_months_of_which_records_lack_a_week_are_partial(sample_dataset):
    window = ChartWindow(grain="month", with_partial=True)
    chart = charts_of(sample_dataset, ("reported_n",), window)["reported_n"]["all"]
    assert chart["week"][chart["is_partial"]].tolist() == ["2023-03", "2023-09"]
    whole = control_charts(sample_dataset, of="reported_n", grain="month")["all"]
    assert whole["week"].tolist() == ["2023-04", "2023-05", "2023-06", "2023-07", "2023-08"]
    assert whole["phase"].tolist() == [1, 1, 1, 2, 2]


def test_shares_that_need_thirty_days_have_no_value_before(sample_dataset):
    chart = control_charts(sample_dataset, of="repeat_share")["all"].set_index("week")
    assert chart["value"].last_valid_index() == "2023-W32"


def test_a_storm_set_aside_no_longer_drags_the_limits(sample_dataset):
    storm = ChartNote("set_aside", date(2023, 7, 21), "特大暴雨", NOW, metric=ARRIVE)
    with_note = replace(sample_dataset, chart_notes=(storm,))
    plain, aside = (
        control_charts(one, of=ARRIVE, scope=PUBLIC_ONLY)["all"] for one in (sample_dataset, with_note)
    )
    before, after = (state_of(chart, direction="lower", targets=(), day=REFORM) for chart in (plain, aside))
    assert (before.change, after.change) == ("better", "common")
    assert aside.set_index("week")["signal"]["2023-W29"] == "outside"
    assert set_aside_days(with_note, "on_time_share") == ()


def test_the_chart_is_drawn_with_its_break_and_words(sample_dataset):
    chart = control_charts(sample_dataset, of=ARRIVE, scope=PUBLIC_ONLY)["all"]
    scale = chart_scale(ARRIVE, chart)
    drawn = Drawn(ARRIVE, "week", chart, scale, "lower", breaks=("断点",), with_near=True)
    figure = control_figure(drawn)
    words = [note.text for note in figure.layout.annotations]
    assert "断点" in words
    assert "高于上限" in words
    assert any(word.startswith("均值 ") for word in words)
    assert "高于上限（第29周）" in signals_words(chart, "week")


# -------------------------------------------------------------------------------- named dates
def note(**more):
    return ChartNote(
        **({"kind": "rebase", "on": date(2023, 8, 1), "reason": "派遣时限改了", "added_at": NOW} | more)
    )


def test_notes_are_kept_with_their_history(tmp_path):
    first, second = note(), note(kind="set_aside", metric=ARRIVE, reason='暴雨 "7·21"\n')
    add_chart_note(tmp_path, first)
    add_chart_note(tmp_path, second)
    end_chart_note(tmp_path, first, at=NOW, reason=" 试行结束 ")
    ended, kept = load_chart_notes(tmp_path)
    assert (ended.is_active, ended.ended_reason, ended.ended_at) == (False, "试行结束", NOW)
    assert kept == replace(second, reason='暴雨 "7·21"')
    assert [kept.is_about(key) for key in (ARRIVE, "open_n")] == [True, False]


def test_a_note_needs_a_reason_and_stands_once(tmp_path):
    add_chart_note(tmp_path, note())
    for wrong, code in ((note(reason=" "), "chart_note_without_reason"), (note(), "chart_note_twice")):
        with pytest.raises(UsageError, match=code):
            add_chart_note(tmp_path, wrong)
    with pytest.raises(UsageError, match="chart_note_without_reason"):
        end_chart_note(tmp_path, note(), at=NOW, reason="")
    end_chart_note(tmp_path, note(), at=NOW, reason="改回")
    with pytest.raises(UsageError, match="chart_note_gone"):
        end_chart_note(tmp_path, note(), at=NOW, reason="改回")
    add_chart_note(tmp_path, note())
    assert len(load_chart_notes(tmp_path)) == 2


@pytest.mark.parametrize(
    "text", ["[[note]]", "note = 3", "[[note]]\nkind='x'\non=2023-01-01\nreason='r'", "?"]
)
def test_a_table_of_notes_that_makes_no_sense_says_so(tmp_path, text):
    (tmp_path / "chart_notes.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="bad_chart_notes"):
        load_chart_notes(tmp_path)


def test_a_rebase_counts_for_its_metric_beside_the_reform(sample_dataset):
    with_note = replace(sample_dataset, chart_notes=(note(metric=ARRIVE),))
    assert rebase_days(with_note, ARRIVE) == (REFORM, date(2023, 8, 1))
    assert rebase_days(with_note, "open_n") == (REFORM,)
    chart = control_charts(with_note, of=ARRIVE)["all"].set_index("week")
    assert chart["phase"][["2023-W26", "2023-W27", "2023-W31", "2023-W32"]].tolist() == [1, 2, 2, 3]


# ------------------------------------------------------------------------------------ the page
@pytest.fixture
def street(tmp_path, monkeypatch):
    """A data folder to open the page on."""
    data_dir = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(data_dir))
    return data_dir


def import_weeks(data_dir, weeks_n):
    """One case a day for some weeks up to 2023-W37, closed within 10 and 12 hours in turn."""
    import_small_street(data_dir)
    first = date(2023, 9, 18) - timedelta(weeks=weeks_n)
    rows = []
    for day in range(7 * weeks_n):
        at = datetime.combine(first + timedelta(days=day), datetime.min.time()) + timedelta(hours=9)
        hours = 10 + 2 * (day // 7 % 2)
        rows.append(
            case(
                f"A{day}",
                f"{at:%Y-%m-%d %H:%M}",
                结案时间=f"{at + timedelta(hours=hours):%Y-%m-%d %H:%M}",
                状态="已结案",
                社区="学田湾社区",
                来源="12345",
            )
        )
    imported(data_dir, "incidents", rows, as_of=datetime(2023, 9, 17, 23, 30, tzinfo=SHANGHAI))


def opened(**params):
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    app.run()
    for name, value in params.items():
        app.query_params[name] = value
    app.switch_page("pages/process_control.py").run()
    assert not app.exception
    return app


def screen(app):
    texts = [element.proto.body for element in app.get("html")] + [element.value for element in app.markdown]
    return "\n".join(text for text in texts if not text.startswith("<style"))


def test_the_page_says_what_the_chart_says(street):
    import_weeks(street, 10)
    text = screen(opened(of="report_to_close_median_min"))
    assert "failure" not in text
    assert "上报→结案（中位数）是正常波动：第37周 12.0 小时" in text
    assert "现在这一段只有 10 周，不足 12 个，是试用界限" in text
    assert "记录从2023年7月10日开始，没有去年同期。" in text
    assert "平均约有" in text


def test_a_rebase_is_added_with_a_reason_and_ended(street):
    import_weeks(street, 10)
    app = opened(of="report_to_close_median_min")
    app.text_input[0].input("2023-08-01")
    app.button[-1].click().run()
    assert "请写明原因" in screen(app)
    app.text_input[0].input("八月一日")
    app.text_input[1].input("改了派遣时限")
    app.button[-1].click().run()
    assert "日期“八月一日”认不出" in screen(app)
    app.text_input[0].input("2023-08-01")
    app.button[-1].click().run()
    text = screen(app)
    assert "已保存" in text
    assert "改了派遣时限" in text
    (saved,) = load_chart_notes(street)
    assert (saved.kind, saved.metric, saved.is_active) == ("rebase", "report_to_close_median_min", True)
    assert '"action": "chart_note"' in (street / "audit.jsonl").read_text(encoding="utf-8")
    app.text_input[2].input("试行结束")
    app.button[-1].click().run()
    assert "已停用：试行结束" in screen(app)
    assert not load_chart_notes(street)[0].is_active


@pytest.mark.parametrize("weeks_n", [1, 5])
def test_few_weeks_are_drawn_without_limits_and_it_is_said(street, weeks_n):
    import_weeks(street, weeks_n)
    text = screen(opened())
    assert "failure" not in text
    assert f"这一段只有 {weeks_n} 周，不足 6 个，还不能判断" in text


def test_without_a_record_the_page_says_so(street):
    import_small_street(street)
    text = screen(opened())
    assert "failure" not in text
    assert "empty" in text


@pytest.mark.parametrize("per", ["month", "quarter"])
def test_months_and_quarters_open_by_their_address(street, per):
    import_weeks(street, 10)
    text = screen(opened(of="reported_n", per=per))
    assert "failure" not in text
    assert "空心圆是不满期的" in text


def test_a_chosen_metric_that_is_not_there_falls_back(street):
    import_weeks(street, 8)
    app = opened(of="nonsense", per="decade")
    assert app.selectbox(key="control-of").value in SERIES
    assert "failure" not in screen(app)


def test_every_series_has_its_words():
    for key in SERIES:
        assert series_label(key)
        assert series_definition(key).endswith("。")


def test_the_sentence_without_a_point_says_there_is_none():
    chart = control_frame([Week(2023, 37)], [np.nan]).assign(hit_n=np.nan, of_n=np.nan)
    found = state_of(chart, direction="none", targets=(), day=REFORM)
    scale = chart_scale("reported_n", chart)
    words = state_sentence("reported_n", found, None, grain="week", scale=scale, label="上报")
    assert words == "上报没有一个完整的周期可看。"
