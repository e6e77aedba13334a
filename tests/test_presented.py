"""A frozen week: opened as it was, spared by imports, undo and rebuild, refused when damaged."""

from __future__ import annotations

import json
import os
from datetime import date, datetime

import pytest
from click.testing import CliRunner

from governance.cli import main
from governance.errors import GovernanceError, StoreError, UsageError
from governance.metrics.revisions import week_figures
from governance.records import intake, presented, store
from governance.records.chart_notes import ChartNote, add_chart_note
from governance.text import explain
from governance.workdays import SHANGHAI, Week
from tests.builders import case, imported
from tests.test_pages import opened, screen

WEEK = Week(2023, 37)
SUNDAY = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)
NEXT_SUNDAY = datetime(2023, 9, 24, 23, 0, tzinfo=SHANGHAI)
DONE = {"状态": "已结案", "结案时间": "2023-09-12 12:00"}


@pytest.fixture
def data(tmp_path):
    """A folder with two cases of W37, one of them open."""
    folder = tmp_path / "data"
    rows = [case("1", "2023-09-12 09:00", 来源="12345", **DONE), case("2", "2023-09-13 09:00", 来源="12345")]
    imported(folder, "incidents", rows, as_of=SUNDAY)
    return folder


def later(folder, *rows, name="later.csv"):
    return imported(folder, "incidents", rows, name=name, as_of=NEXT_SUNDAY)


def closing(number, at="2023-09-19 10:00"):
    return case(number, "2023-09-13 09:00", 来源="12345", 状态="已结案", 结案时间=at)


def closed_n(dataset):
    return int(dataset.frame("incidents")["closed_at"].notna().sum())


def test_what_was_presented_stays_whatever_comes_in_later(data):
    before = store.open_dataset(data).frame("incidents")
    kept = presented.freeze_week(data, WEEK, figures_of=week_figures)
    for turn in range(4):
        later(data, closing("2", f"2023-09-{19 + turn} 10:00"), case(f"9{turn}"), name=f"{turn}.csv")
    frozen, today = presented.open_presented(data, WEEK), store.open_dataset(data)
    assert frozen.frame("incidents").equals(before)
    assert frozen.as_of["incidents"] == SUNDAY
    assert (closed_n(frozen), closed_n(today)) == (1, 2)
    assert len(today.frame("incidents")) == 6
    assert frozen.presented == WEEK
    assert frozen.fingerprint == kept.fingerprint
    assert frozen.fingerprint != today.fingerprint
    assert {row["metric"]: row["value"] for row in kept.figures}["reported_n"] == 2


def test_settings_and_chart_notes_are_those_of_the_day(data):
    (data / "settings.toml").write_text("small_n = 7\nreform_on = 2023-08-01\n", encoding="utf-8")
    note = ChartNote("rebase", date(2023, 8, 1), "试行", added_at=SUNDAY, metric="on_time_share")
    add_chart_note(data, note)
    presented.freeze_week(data, WEEK)
    (data / "settings.toml").write_text("small_n = 30\n", encoding="utf-8")
    (data / "chart_notes.toml").unlink()
    frozen = presented.open_presented(data, WEEK)
    assert frozen.settings.integer("small_n") == 7
    assert frozen.settings.day("reform_on") == date(2023, 8, 1)
    assert frozen.chart_notes == (note,)
    assert store.open_dataset(data).settings.integer("small_n") == 30


def test_undo_and_rebuild_leave_a_frozen_week_alone(data):
    later(data, closing("2"))
    presented.freeze_week(data, WEEK)
    store.undo_last_import(data)
    later(data, case("3", "2023-09-14 09:00"), name="other.csv")
    intake.rebuild(data)
    later(data, case("4", "2023-09-14 09:00"), name="again.csv")
    assert closed_n(presented.open_presented(data, WEEK)) == 2
    assert closed_n(store.open_dataset(data)) == 1


def test_a_week_is_frozen_once_and_only_with_data(data):
    first = presented.freeze_week(data, WEEK)
    later(data, closing("2"))
    with pytest.raises(UsageError, match="already_presented"):
        presented.freeze_week(data, WEEK)
    assert presented.read_presented(data, WEEK) == first
    for week in (Week(2023, 30), Week(2024, 1)):
        with pytest.raises(UsageError, match="nothing_to_present"):
            presented.freeze_week(data, week)
    with pytest.raises(UsageError, match="not_presented"):
        presented.open_presented(data, Week(2023, 36))
    assert [one.week for one in presented.presented_weeks(data)] == [WEEK]


def test_a_freeze_that_cannot_be_written_leaves_nothing(data, monkeypatch):
    def full(*_):
        raise OSError(28, os.strerror(28), "W37")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="disk_full"):
            presented.freeze_week(data, WEEK)
    assert presented.presented_weeks(data) == ()
    assert presented.freeze_week(data, WEEK).week == WEEK


@pytest.mark.parametrize("text", ["{", "[]", "", '{"format": 1}', '{"format": 9, "week": "2023-W37"}'])
def test_a_damaged_frozen_week_is_a_sentence_and_costs_no_segment(data, text):
    kept = presented.freeze_week(data, WEEK)
    path = presented.presented_path(data, WEEK)
    path.write_text(text, encoding="utf-8")
    for turn in range(3):
        later(data, closing("2", f"2023-09-{19 + turn} 10:00"), name=f"{turn}.csv")
    assert all((data / segment.path).is_file() for segment in kept.manifest.segments())
    with pytest.raises(StoreError, match="damaged_presented") as caught:
        presented.open_presented(data, WEEK)
    assert "定稿有损坏" in explain(caught.value)
    assert presented.presented_weeks(data) == ()
    assert presented.damaged_presented(data) == ("2023-W37.json",)


def test_a_frozen_segment_that_is_not_as_it_was_is_refused(data):
    kept = presented.freeze_week(data, WEEK)
    segment = data / kept.manifest.segments()[0].path
    segment.write_bytes(segment.read_bytes() + b"x")
    with pytest.raises(StoreError, match="damaged_presented"):
        presented.open_presented(data, WEEK)


# ------------------------------------------------------------------------- command line
def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_command_line_freezes_and_prints_the_frozen_state(data):
    assert run("freeze", "2023-W37", "--data", data).exit_code == 0
    later(data, closing("2"), case("3", "2023-09-14 09:00", 来源="12345"))
    words = (
        "metrics",
        "overview",
        "--data",
        data,
        "--since",
        "2023-09-11",
        "--until",
        "2023-09-17",
        "--json",
    )
    today, then = run(*words), run(*words, "--presented", "2023-W37")
    assert [json.loads(one.stdout)["rows"][0]["reported_n"] for one in (today, then)] == [3, 2]
    assert json.loads(then.stdout)["as_of"] == SUNDAY.isoformat()
    assert run("freeze", "2023-W37", "--data", data).exit_code == 2
    assert run("freeze", "37", "--data", data).exit_code == 2
    assert run(*words, "--presented", "2023-W36").exit_code == 2


# -------------------------------------------------------------------------------- pages
def test_the_overview_freezes_a_week_and_tells_what_changed(data, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(data))
    app = opened(week="2023-W37")
    button = next(one for one in app.button if one.label == "定稿第37周")
    assert button.disabled
    app.checkbox(key="presented-sure-2023-W37").check().run()
    next(one for one in app.button if one.label == "定稿第37周").click().run()
    assert "之后数字没有变" in screen(app)
    later(data, closing("2"), case("3", "2023-09-14 09:00", 来源="12345"))
    text = screen(app.run())
    assert not app.exception
    assert "个数字变了" in text
    assert "后来补进 1 件，后来结案 1 件" in text
    assert "数据截至 9月17日（周日）23:00，现在截至 9月24日（周日）23:00" in text


def test_a_frozen_address_shows_every_page_as_it_was(data, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(data))
    presented.freeze_week(data, WEEK, figures_of=week_figures)
    later(data, case("3", "2023-09-14 09:00", 来源="12345"))
    frozen, live = (screen(opened(week="2023-W37", **more)) for more in ({"presented": "2023-W37"}, {}))
    assert "定稿版：2023年第37周" in frozen
    assert "数据截至 9月17日" in frozen
    assert "本周上报 2 件" in frozen
    assert "定稿版" not in live
    assert "本周上报 3 件" in live
    app = opened(week="2023-W37", presented="2023-W37")
    app.button(key="presented-back").click().run()
    assert "presented" not in app.query_params
    assert "本周上报 3 件" in screen(app)
    app.query_params["presented"] = "2023-W37"
    app.switch_page("pages/data_intake.py").run()
    assert not app.exception


@pytest.mark.parametrize("week", ["2023-W20", "../../etc", "<b>", "2023-W37"])
def test_a_frozen_week_that_is_not_there_is_a_sentence_and_a_way_back(data, monkeypatch, week):
    monkeypatch.setenv("GOVERNANCE_DATA", str(data))
    app = opened(presented=week)
    text = screen(app)
    assert not app.exception
    assert "错误编号 E-" in text
    assert "<b>" not in text.replace("<b>数据截至", "")
    app.button(key="presented-back").click().run()
    assert "错误编号" not in screen(app)


def test_every_error_of_freezing_has_its_sentence():
    for code in ("already_presented", "nothing_to_present", "not_presented"):
        assert "2023-W37" in explain(GovernanceError(code, week="2023-W37"))
