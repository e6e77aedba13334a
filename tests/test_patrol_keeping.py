"""What is kept: only new and changed days are computed again, and a reader never fails."""

from __future__ import annotations

import gc
import shutil
import weakref
from datetime import date, datetime, timedelta

import pandas as pd
import pytest

from governance.cli import main
from governance.metrics.patrol_rows import known_until
from governance.metrics.revisions import week_figures
from governance.metrics.windows import Span
from governance.records import presented, store
from governance.records.patrol import keeping
from governance.records.patrol.index import spans
from governance.records.patrol.keeping import keep
from governance.workdays import SHANGHAI, Week
from tests.builders import case, import_small_street, imported, write_csv

DAY = date(2023, 9, 11)
SUNDAY = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)


def export(days, *, person="K-1", minutes=60, lon=106.5405):
    """Pings every minute from 09:00, in the first micro-grid of the small street."""
    stamps = [pd.Timestamp(day) + timedelta(hours=9, minutes=n) for day in days for n in range(minutes)]
    return [
        {
            "人员编号": person,
            "终端编号": person,
            "队伍编号": "T-1",
            "力量": "公安",
            "定位时间": f"{stamp:%Y-%m-%d %H:%M:%S}",
            "经度": lon,
            "纬度": 29.5605,
            "精度米": 10,
        }
        for stamp in stamps
    ]


@pytest.fixture
def street(tmp_path):
    data_dir = tmp_path / "data"
    import_small_street(data_dir)
    imported(data_dir, "pings", export([DAY, DAY + timedelta(days=4)]), name="first.csv")
    return data_dir


@pytest.fixture
def computed(monkeypatch):
    """The days computed, as they are."""
    days = []
    original = keeping.PatrolResults._written

    def noted(self, groups, batch, records):
        days.extend(day for _ in groups for day in batch)
        return original(self, groups, batch, records)

    monkeypatch.setattr(keeping.PatrolResults, "_written", noted)
    return days


def visits(data_dir):
    return store.open_dataset(data_dir).patrol("visits")


def test_a_frame_is_computed_once_and_again_only_for_new_days(street, computed):
    assert visits(street)["day"].dt.day.tolist() == [11, 15]
    assert len(computed) == 2
    visits(street)
    assert len(computed) == 2
    imported(street, "pings", export([DAY + timedelta(days=8)]), name="later.csv")
    computed.clear()
    assert visits(street)["day"].dt.day.tolist() == [11, 15, 19]
    # The new one, and the last day before, whose evening is now known to be over.
    assert len(computed) == 2


def test_the_day_before_is_computed_again_for_its_midnight(street, computed):
    visits(street)
    computed.clear()
    imported(street, "pings", export([DAY + timedelta(days=5)]), name="later.csv")
    visits(street)
    assert len(computed) == 2


def test_repeated_rows_change_nothing_and_changed_ones_their_day(street, computed):
    visits(street)
    computed.clear()
    imported(street, "pings", export([DAY]), name="again.csv")
    visits(street)
    assert computed == []
    imported(street, "pings", export([DAY], person="K-2", lon=106.5415), name="other.csv")
    found = visits(street)
    assert len(computed) == 1
    assert found["microgrid_code"].tolist() == ["M11", "M12", "M11"]


def test_missing_and_damaged_results_are_computed_anew(street):
    expected = visits(street)
    shutil.rmtree(street / "store" / "patrol")
    pd.testing.assert_frame_equal(visits(street), expected)
    (street / "store" / "patrol" / "index.json").write_text("{", encoding="utf-8")
    pd.testing.assert_frame_equal(visits(street), expected)
    for path in (street / "store" / "patrol").glob("*/visits.parquet"):
        path.write_bytes(b"no table")
    pd.testing.assert_frame_equal(visits(street), expected)
    for path in (street / "store" / "patrol").glob("0*"):
        shutil.rmtree(path)
    pd.testing.assert_frame_equal(visits(street), expected)


def test_a_window_computes_its_own_days_only(street, computed):
    found = store.open_dataset(street).patrol("visits", since=DAY, until=DAY)
    assert found["day"].dt.day.tolist() == [11]
    assert len(computed) == 1


def test_a_window_does_not_stay_in_memory(street):
    data = store.open_dataset(street)
    read = weakref.ref(data.patrol("visits", since=DAY, until=DAY))
    gc.collect()
    assert read() is None
    assert data.patrol("presence") is data.patrol("presence")


def test_other_boundaries_and_settings_compute_all_again(street, computed):
    assert len(visits(street)) == 2
    computed.clear()
    (street / "settings.toml").write_text("visit_min_min = 90\n", encoding="utf-8")
    assert visits(street).empty
    assert len(computed) == 2


def test_undo_goes_back_to_what_is_still_kept(street, computed):
    visits(street)
    imported(street, "pings", export([DAY], person="K-2"), name="other.csv")
    assert len(visits(street)) == 3
    computed.clear()
    store.undo_last_import(street)
    assert len(visits(street)) == 2
    assert computed == []


def test_old_batches_and_what_was_left_half_done_are_swept(street):
    folder = street / "store" / "patrol"
    keep(street)
    first = {path.name for path in folder.glob("0*")}
    (folder / "tmpkilled").mkdir()
    for number in range(4):
        imported(street, "pings", export([DAY], person=f"K-{number + 2}"), name=f"other-{number}.csv")
        keep(street)
    kept = {path.name for path in folder.glob("0*")}
    # A day is kept under its last three keys; the fifteenth has not changed since the first.
    assert len(kept) == 4
    assert len(kept & first) == 1
    assert not list(folder.glob("tmp*"))


def test_a_day_off_the_ground_has_tracks_and_no_visits(street):
    imported(street, "pings", export([DAY + timedelta(days=1)], lon=106.55), name="beside.csv")
    data = store.open_dataset(street)
    window = {"since": DAY + timedelta(days=1), "until": DAY + timedelta(days=1)}
    assert data.patrol("visits", **window).empty
    assert data.patrol("presence", **window)["tracked_min"].sum() == pytest.approx(59)


def test_a_day_with_a_plan_and_positions_of_the_next_only(street):
    shift = {
        "队伍编号": "T-1",
        "力量": "公安",
        "开始时间": "2023-09-10 08:00",
        "结束时间": "2023-09-10 12:00",
    }
    imported(street, "shifts", [{**shift, "计划人数": 2}])
    night = [
        {**row, "定位时间": row["定位时间"].replace(" 09:", " 00:")} for row in export([DAY], minutes=30)
    ]
    imported(street, "pings", night, name="night.csv")
    day = date(2023, 9, 10)
    presence = store.open_dataset(street).patrol("presence", since=day, until=day)
    assert presence["planned_min"].sum() == 240
    assert presence["tracked_min"].sum() == 0


def test_another_person_on_the_same_way_is_another_day(street):
    imported(street, "pings", export([DAY], person="K-8"), name="eight.csv")
    assert "K-8" in visits(street)["person_id"].tolist()
    store.undo_last_import(street)
    imported(street, "pings", export([DAY], person="K-77"), name="eight.csv")
    assert set(visits(street)["person_id"]) == {"K-1", "K-77"}


def test_a_frozen_week_keeps_its_settings(street):
    imported(street, "incidents", [case("1", "2023-09-12 09:00")], as_of=SUNDAY)
    presented.freeze_week(street, Week(2023, 37), figures_of=week_figures)
    (street / "settings.toml").write_text("visit_min_min = 90\n", encoding="utf-8")
    assert visits(street).empty
    assert len(presented.open_presented(street, Week(2023, 37)).patrol("visits")) == 2


def test_check_ins_go_on_where_positions_stopped(street):
    point = {"点位编号": "P-1", "名称": "门口", "经度": 106.5405, "纬度": 29.5605, "必到": "是"}
    imported(street, "points", [point])
    call = {"打卡编号": "A", "点位编号": "P-1", "人员编号": "K-1", "打卡时间": "2023-09-22 10:00"}
    imported(street, "checkins", [call], as_of=SUNDAY + timedelta(days=7))
    data = store.open_dataset(street)
    assert data.patrol("visits")["day"].dt.day.tolist() == [11, 15, 22]
    later = Week(2023, 38)
    assert known_until(data, Span(later.start_at, later.end_at)) == SUNDAY + timedelta(days=7)
    after = Week(2023, 40)
    assert known_until(data, Span(after.start_at, after.end_at)) is None


def test_stamps_nobody_believes_are_counted_on_their_own_day(street):
    rows = [{**export([DAY], person="K-3", minutes=1)[0], "定位时间": "1993-05-05 10:00:00"}]
    imported(street, "pings", rows, name="old.csv")
    receipts = store.open_dataset(street).patrol("receipts").set_index("day")
    assert receipts.loc["1993-05-05", ["pings_n", "kept_n", "bad_time_n"]].tolist() == [1, 0, 1]
    assert (receipts["pings_n"] == receipts.filter(regex="_n$").drop(columns="pings_n").sum(axis=1)).all()


def test_an_empty_folder_gives_empty_frames(tmp_path):
    data = store.open_dataset(tmp_path)
    for name in ("visits", "passes", "point_visits", "presence", "together", "efforts", "receipts"):
        assert data.patrol(name).empty
    assert data.patrol("route_metres").columns.tolist()[:3] == ["day", "shift_at", "route_id"]
    assert data.patrol("cells").empty


def test_days_are_computed_in_runs_newest_first():
    assert spans([1, 2, 3, 7, 8], {1: 5, 2: 5, 3: 5, 7: 5, 8: 5}, limit=10) == [[7, 8], [2, 3], [1]]


def test_the_command_computes_what_an_import_made_old(street, computed):
    path = write_csv(street.parent / "exports" / "more.csv", export([DAY + timedelta(days=9)]))
    with pytest.raises(SystemExit) as ended:
        main(["import", "pings", str(path), "--data", str(street)])
    assert ended.value.code == 0
    # Presence, ways and places of the three days made old, the newest first.
    assert computed == sorted(computed, reverse=True)
    assert len(computed) == 9


def test_a_folder_that_cannot_be_written_is_read_all_the_same(street, monkeypatch):
    expected = visits(street)
    shutil.rmtree(street / "store" / "patrol")
    monkeypatch.setattr(keeping.os, "access", lambda *_: False)
    pd.testing.assert_frame_equal(visits(street), expected)
    assert not list((street / "store" / "patrol").glob("0*"))
