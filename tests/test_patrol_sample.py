"""The planted truth of the demonstration street, found by the patrol chain."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pandas as pd
import pytest

from governance.records import store
from governance.records.coverage import Coverage
from governance.records.intake import ImportRequest, import_files

REFERENCE = ("microgrids", "points", "routes", "teams", "grids", "communities")
DUTY = ("shifts", "rollcalls", "checkins")
SINCE, UNTIL = date(2023, 9, 3), date(2023, 9, 17)
LIMIT_H = {1: 24, 2: 48, 3: 72}


@pytest.fixture(scope="module")
def truth(sample_exports):
    return json.loads((sample_exports[0] / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data(sample_exports, tmp_path_factory):
    """The street with the positions of its last fifteen days."""
    data_dir = tmp_path_factory.mktemp("patrol") / "data"
    for kind in (*REFERENCE, *DUTY, "pings"):
        paths = tuple(
            one.path
            for one in sample_exports[1]
            if one.kind == kind and (kind != "pings" or one.path.stem.endswith(("W35", "W36", "W37")))
        )
        as_of = max(one.as_of for one in sample_exports[1] if one.kind == kind)
        import_files(ImportRequest(kind, paths, as_of=as_of, coverage=Coverage()), data_dir)
    return store.open_dataset(data_dir)


@pytest.fixture(scope="module")
def visits(data):
    return data.patrol("visits", since=SINCE, until=UNTIL)


def test_one_microgrid_was_not_visited_for_nine_days_and_no_other_beyond_twice_its_limit(data, visits, truth):
    as_of = data.as_of["pings"]
    tiers = data.frame("microgrids").set_index("microgrid_code")["tier"]
    last = visits.groupby("microgrid_code")["exit_at"].max().reindex(tiers.index)
    assert last.notna().all()
    since_h = (as_of - last).dt.total_seconds() / 3600
    limit_h = tiers.map(LIMIT_H).astype(float)
    beyond = since_h.index[since_h > 2 * limit_h]
    assert list(beyond) == [truth["unvisited"]["microgrid_code"]]
    assert since_h[beyond[0]] // 24 == truth["unvisited"]["days"]


def test_certain_visits_alone_leave_few_microgrids_out(visits, data):
    codes = data.frame("microgrids")["microgrid_code"]
    week = visits[visits["day"] >= pd.Timestamp("2023-09-11", tz="Asia/Shanghai")]
    all_n = week["microgrid_code"].nunique()
    certain_n = week.loc[week["sureness"].eq("certain"), "microgrid_code"].nunique()
    assert all_n == len(codes) - 1
    assert 0.8 * len(codes) < certain_n <= all_n


def test_the_night_gap_is_absent_and_the_devices_off_are_unknown(data, truth):
    presence = data.patrol("presence", since=SINCE, until=UNTIL)
    teams = data.frame("teams").set_index("community_code")["team_id"]
    gap = teams[truth["night_gap"]["community_code"]]
    is_gap = presence["hour_at"].dt.hour.isin(truth["night_gap"]["hours"])
    night = presence[is_gap & (presence["team_id"] == gap) & (presence["planned_min"] > 0)]
    assert night["absent_min"].sum() == night["planned_min"].sum() > 0
    off = truth["devices_off"]
    is_off = presence["hour_at"].between(pd.Timestamp(off["from"]), pd.Timestamp(off["to"]), inclusive="left")
    blind = presence[is_off & (presence["team_id"] == off["team_id"]) & (presence["planned_min"] > 0)]
    assert blind["tracked_min"].sum() == blind["absent_min"].sum() == 0
    assert blind["unknown_min"].sum() > 0.8 * blind["planned_min"].sum()


def test_no_other_unit_has_an_empty_hour(data, truth):
    """A team's hour is empty when none of its forces was tracked or answered."""
    presence = data.patrol("presence", since=SINCE, until=UNTIL)
    whole = presence[presence["hour_at"] < pd.Timestamp(data.as_of["pings"]) - timedelta(hours=1)]
    whole = whole[whole["hour_at"] >= pd.Timestamp(SINCE, tz="Asia/Shanghai")]
    by_hour = whole.groupby(["team_id", "hour_at"])[["planned_min", "present_min"]].max().reset_index()
    empty = by_hour[(by_hour["planned_min"] > 0) & (by_hour["present_min"] == 0)]
    teams = data.frame("teams").set_index("community_code")["team_id"]
    gap = teams[truth["night_gap"]["community_code"]]
    assert set(empty["team_id"]) == {gap, truth["devices_off"]["team_id"]}
    assert set(empty.loc[empty["team_id"] == gap, "hour_at"].dt.hour) == set(truth["night_gap"]["hours"])


def test_every_ping_is_kept_or_dropped_for_one_reason(data):
    receipts = data.patrol("receipts")
    reasons = [name for name in receipts.columns if name.endswith("_n") and name != "pings_n"]
    assert (receipts[reasons].sum(axis=1) == receipts["pings_n"]).all()
    assert receipts["pings_n"].sum() == len(data.frame("pings"))
    assert receipts[reasons].sum().drop(["kept_n", "duplicate_n"]).gt(0).all()


def test_three_forces_go_together_most_of_the_time_that_staffing_allows(data):
    together = data.patrol("together", since=SINCE, until=UNTIL)
    assert (together[["three_min", "two_min", "one_min"]].sum(axis=1) == together["patrol_min"]).all()
    assert together["three_min"].sum() > 0.85 * together["present_three_min"].sum()
