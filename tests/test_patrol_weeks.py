"""A street with two weeks of positions: the weeks add up, the pages open, the job beside them goes on."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from governance.figures.duty_matrix import duty_matrix_svg
from governance.metrics.patrol_rows import coverage_rows, scenes_of
from governance.metrics.windows import Span
from governance.records import store
from governance.records.patrol import keeping
from governance.settings import PROJECT_DIR
from governance.ui import coverage_data, patrol_job
from governance.ui.cache import current_dataset
from governance.workdays import SHANGHAI, Week
from tests.builders import case, import_small_street, imported
from tests.test_pages import screen

FIRST, SECOND = Week(2023, 36), Week(2023, 37)
SUNDAY = datetime(2023, 9, 17, 23, 50, tzinfo=SHANGHAI)
# To and fro through the two micro-grids of the first community.
_FROM, _TO, _LAT = 106.5402, 106.5418, 29.5605


def walk(start, minutes, *, force="公安"):
    """Fixes every 30 s of somebody who goes to and fro, once in 40 minutes."""
    rows = []
    for number in range(minutes * 2):
        share = 1 - abs(number / 40 % 2 - 1)
        at = pd.Timestamp(start) + timedelta(seconds=30 * number)
        rows.append(
            {
                "人员编号": f"K-{force}",
                "终端编号": f"D-{force}",
                "队伍编号": "T-1",
                "力量": force,
                "定位时间": f"{at:%Y-%m-%d %H:%M:%S}",
                "经度": round(_FROM + share * (_TO - _FROM), 7),
                "纬度": _LAT,
                "精度米": 8,
            }
        )
    return rows


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def street(data_dir):
    """Police on the evenings of twelve days and over the midnight between two weeks.

    城管 on the first half of an hour of one morning, police on the second.
    """
    import_small_street(data_dir)
    teams = [{"队伍编号": "T-1", "名称": "学田湾巡逻队", "社区": "学田湾社区", "队伍类型": "社区队"}]
    imported(data_dir, "teams", teams)
    days = [date(2023, 9, 4) + timedelta(days=n) for n in range(14)]
    rows = [row for day in days if day.weekday() < 6 for row in walk(f"{day} 20:00", 60)]
    rows += walk("2023-09-10 23:00", 180)
    rows += walk("2023-09-04 09:00", 30, force="城管") + walk("2023-09-04 09:30", 30)
    imported(data_dir, "pings", rows, as_of=SUNDAY)
    shifts = [
        {
            "队伍编号": "T-1",
            "力量": force,
            "计划人数": 1,
            "开始时间": f"{day} 22:00",
            "结束时间": f"{day + timedelta(days=1)} 06:00",
        }
        for day in days
        for force in ("公安", "城管")
    ]
    imported(data_dir, "shifts", shifts, as_of=SUNDAY)
    imported(
        data_dir, "incidents", [case("1", "2023-09-05 09:00"), case("2", "2023-09-12 09:00")], as_of=SUNDAY
    )
    return data_dir


def opened(page, **params):
    app = AppTest.from_file(PROJECT_DIR / "dashboard.py", default_timeout=120)
    app.run()
    for name, value in params.items():
        app.query_params[name] = value
    return app.switch_page(f"pages/{page}.py").run()


def test_a_night_over_the_weeks_end_is_of_the_week_it_began_in(street):
    data = store.open_dataset(street)
    first, second = (coverage_data.effort(data, week)["km"].sum() for week in (FIRST, SECOND))
    every = data.patrol("efforts")
    km = every[every["is_counted"]].groupby(every["day"].dt.date)["walked_km"].sum()
    assert first + second == pytest.approx(km.sum())
    assert km[date(2023, 9, 10)] == pytest.approx(3 * km[date(2023, 9, 9)], rel=0.05)


def test_team_hours_are_of_any_force(street):
    hours = coverage_data.effort(store.open_dataset(street), FIRST).set_index("team_id")["team_h"]
    # Six evenings, one morning, and Sunday from 23 to midnight, of an hour each.
    assert hours["T-1"] == pytest.approx(8, abs=0.15)


def test_a_force_that_gave_tracks_once_is_unknown_later_and_not_left_out(street):
    late = datetime(2023, 10, 29, 23, 0, tzinfo=SHANGHAI)
    shift = {"队伍编号": "T-1", "力量": "城管", "计划人数": 1}
    night = {**shift, "开始时间": "2023-10-24 22:00", "结束时间": "2023-10-25 06:00"}
    imported(street, "shifts", [night], name="october.csv", as_of=late)
    imported(street, "pings", walk("2023-10-24 20:00", 60), name="october.csv", as_of=late)
    found = coverage_data.duty(store.open_dataset(street), Week.of(date(2023, 10, 24)))
    assert set(found.hours.set_index("force")["state"]["urban"]) == {"unknown"}
    assert found.night.unknown_n == 8


def test_stays_too_short_for_a_visit_are_listed_as_passes(street):
    # Three minutes are asked for; eight kilometres an hour cross a micro-grid in less than one.
    quick = walk("2023-09-12 09:00", 2)
    for number, row in enumerate(quick):
        row["经度"] = round(106.5422 + number * 0.0006, 7)
    imported(street, "pings", quick, name="quick.csv", as_of=SUNDAY)
    places = coverage_data.covered_places(store.open_dataset(street), SECOND, coverage_data.Part())
    rows = places["microgrids"].set_index("microgrid_code")
    assert rows.loc["M21", ["is_certain", "is_border"]].tolist() == [False, False]
    assert rows.loc["M21", "passes_n"] == 1


def test_a_window_beyond_the_records_has_no_coverage(street):
    data = store.open_dataset(street)
    assert coverage_rows(data, since=date(2024, 1, 1), until=date(2024, 1, 7)) == []
    row = coverage_rows(data, since=SECOND.first_day, until=SECOND.last_day)[0]
    assert row["microgrids_visited_n"] == 2


def test_who_came_to_an_open_case_does_not_depend_on_the_other_cases(street):
    place = {"社区": "学田湾社区", "经度": 106.5410, "纬度": _LAT}
    under_way = case("open", "2023-09-05 09:00", 状态="在办", **place)
    closed = case("closed", "2023-09-05 10:00", 状态="已结案", 结案时间="2023-09-05 21:00", **place)
    imported(street, "incidents", [under_way, closed], as_of=SUNDAY)
    imported(street, "pings", walk("2023-09-17 20:00", 30), name="sunday.csv", as_of=SUNDAY)
    found = scenes_of(store.open_dataset(street), Span(FIRST.start_at, FIRST.end_at))
    assert set(found["incident_id"]) == {"open", "closed"}


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("week", [FIRST, SECOND])
def test_the_coverage_page_tells_a_small_street(week):
    app = opened("patrol_coverage", week=str(week))
    text = screen(app)
    assert not app.exception
    assert "4 个微网格到访 2 个；从未到访 2 个。" in text
    assert "记录里没有到访过的 2 个没有上一次，算不出缺口" in text
    assert "failure" not in text
    assert "nan" not in text.lower()


def test_the_matrix_names_hours_over_midnight_by_both_days(street):
    found = coverage_data.duty(store.open_dataset(street), FIRST)
    matrix = duty_matrix_svg(found.hours, found.units, {"T-1": "一队"}, FIRST)
    # The nights without evidence, of a force that gave tracks: planned from 22 to 6.
    assert "城管 周一 22时–周二 6时 没有凭据" in matrix
    assert "公安 周一 20–21时 在岗" in matrix


@pytest.mark.usefixtures("street")
def test_places_without_tracks_to_tell_are_not_called_within_their_limit():
    text = screen(opened("patrol_coverage", week=str(SECOND), force="mass"))
    assert "4 个微网格到访 0 个；没有轨迹可判断 4 个。" in text
    assert "failure" not in text


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("page", ["patrol_coverage", "patrol_replay"])
def test_a_page_says_that_patrols_are_being_computed_and_stands_when_they_are(page, monkeypatch):
    monkeypatch.setattr(keeping, "_SOON_COMPUTED_N", 0)
    with monkeypatch.context() as patched:
        patched.setattr(patrol_job.PatrolJob, "run", lambda _: None)
        app = opened(page)
        assert "正在后台计算" in screen(app)
        assert "微网格到访" not in screen(app)
    app.run()
    patrol_job._running(current_dataset()).join()
    app.run()
    assert "正在后台计算" not in screen(app)


@pytest.mark.usefixtures("street")
def test_the_replay_page_tells_an_evening():
    app = opened("patrol_replay", day="2023-09-08", turn="evening")
    assert not app.exception
    assert "failure" not in screen(app)


def test_a_first_day_of_positions_has_a_replay_page(data_dir):
    import_small_street(data_dir)
    imported(
        data_dir, "pings", walk("2023-09-11 09:00", 60), as_of=datetime(2023, 9, 11, 12, tzinfo=SHANGHAI)
    )
    app = opened("patrol_replay")
    assert not app.exception
    assert "failure" not in screen(app)


def test_the_job_runs_again_after_a_failure_and_only_over_weeks_with_positions(street, monkeypatch):
    wrong = [
        {**walk("2023-09-11 09:00", 1)[0], "定位时间": f"{year}-05-05 10:00:00"} for year in (1971, 2098)
    ]
    imported(street, "pings", wrong, name="wrong.csv", as_of=SUNDAY)
    data = store.open_dataset(street)
    job = patrol_job.PatrolJob(data)
    assert [first for first, _ in job._weeks()] == [SECOND.first_day, FIRST.first_day]
    tried = []
    monkeypatch.setattr(patrol_job.PatrolJob, "run", lambda self: tried.append(self.dataset.fingerprint))
    for _ in range(2):
        patrol_job._running(data).join()
    assert tried == [data.fingerprint] * 2
