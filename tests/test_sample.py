"""The demonstration street: its counts, its partition, its planted truth in the raw files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from pyarrow import csv as arrow_csv

from governance.geo import Plane
from governance.sample import roster as rosters
from governance.sample import truth as planted
from governance.sample.exports import RawExport, write_raw_exports
from governance.sample.reference import Reference, build_reference
from governance.sample.walks import stopping_points

SEED = 2023


@pytest.fixture(scope="module")
def sample(sample_exports) -> tuple[Path, tuple[RawExport, ...]]:
    return sample_exports


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_reference(np.random.default_rng(SEED))


@pytest.fixture(scope="module")
def truth(sample) -> dict:
    return json.loads((sample[0] / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def last_week(sample) -> pd.DataFrame:
    path = next(one.path for one in sample[1] if one.kind == "pings" and "W37" in one.path.name)
    fixes = arrow_csv.read_csv(path).to_pandas()
    fixes.columns = ["person", "device", "team", "force", "at", "lon", "lat", "accuracy_m"]
    return fixes[(fixes["at"].dt.year == 2023) & fixes["lon"].between(106.5, 106.6)]


def test_the_street_has_the_reported_counts(reference) -> None:
    tables = reference.tables
    counts = [len(tables[kind]) for kind in ("communities", "grids", "microgrids", "members", "teams")]
    assert counts == [7, 61, 294, 475, 9]
    assert (tables["care_register"]["risk"] == "high").sum() == 190
    assert set(tables["routes"]["zone_kind"]) == {
        "main_road", "secondary_road", "back_alley", "courtyard", "riverside",
    }  # fmt: skip
    assert tables["members"].loc[tables["members"]["phone"] != "", "phone"].str.startswith("100").all()


@pytest.mark.parametrize("seed", [SEED, 7])
def test_children_tile_their_parents_exactly(seed: int) -> None:
    reference = build_reference(np.random.default_rng(seed))
    partition, plane = reference.street.partition, Plane(lon0=106.5427, lat0=29.5625)
    for areas in (partition.communities, partition.grids, partition.microgrids):
        assert shapely.coverage_is_valid(areas)
        assert all(area.is_valid and area.geom_type == "Polygon" for area in areas)
    total = [sum(plane.project(area).area for area in areas)
             for areas in (partition.communities, partition.grids, partition.microgrids)]  # fmt: skip
    assert total == pytest.approx([total[0]] * 3, rel=1e-9)
    assert 1.55e6 < total[0] < 1.75e6
    for cell, grid in zip(partition.microgrids, partition.grid_of, strict=True):
        assert partition.grids[grid].covers(cell)
    for anchor, area in zip(reference.street.anchors, partition.communities, strict=True):
        assert area.contains(shapely.Point(anchor.lon, anchor.lat))


def test_a_person_works_at_most_44_hours_a_week_and_never_two_shifts_at_once() -> None:
    roster = rosters.build_roster(np.random.default_rng(SEED))
    table = pd.DataFrame({"person": roster.person, "slot": roster.slot, "team": roster.team})
    hours = table.groupby(["person", table["slot"] // rosters.SLOTS_A_WEEK]).size() * 8
    assert hours.max() <= 44
    assert not table.duplicated(["person", "slot"]).any()
    assert table.groupby("team")["person"].nunique().between(10, 12).all()
    on_duty = roster.on_duty()
    assert on_duty.any(axis=1).all()
    # Before the reform each force leaves hours uncovered, after it at least two walk together.
    shared = int((planted.REFORM_S - rosters.FIRST_START_S) // rosters.SHIFT_S) + 2
    assert not on_duty[:, 2, : shared - 21].all()
    assert on_duty[:, :, shared:-1].sum(axis=1).min() == 2


def test_same_seed_same_bytes(sample, tmp_path: Path) -> None:
    folder, _ = sample
    write_raw_exports(tmp_path, seed=SEED)

    def prints(where: Path) -> dict[str, str]:
        files = [where / "truth.json", *sorted((where / "sample" / "raw").iterdir())]
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    assert prints(tmp_path) == prints(folder)


def test_truth_names_what_was_planted(truth, reference) -> None:
    assert list(truth) == [
        "reform_on", "storm_on", "night_gap", "unvisited", "devices_off", "false_speedup_category",
        "repeat_place", "absent_team_id", "stale_handbook_community", "improving_estate_id",
    ]  # fmt: skip
    assert truth["unvisited"]["days"] == 9
    assert truth["unvisited"]["microgrid_code"] in reference.street.microgrid_codes
    estate = reference.tables["estates"].set_index("estate_id").loc[truth["improving_estate_id"]]
    assert not estate["is_managed"]


def test_nobody_enters_the_unvisited_microgrid_for_nine_days(last_week, reference) -> None:
    cell = reference.street.partition.microgrids[reference.truth.unvisited]
    inside = shapely.contains_xy(cell, last_week["lon"].to_numpy(), last_week["lat"].to_numpy())
    # Five decimals move a fix by half a metre.
    assert inside.sum() == 0
    stops = stopping_points(reference.street, avoid=reference.truth.unvisited)
    own = reference.street.polygons_m
    assert all(area.contains(shapely.Point(stop)) for area, stop in zip(own, stops, strict=True))


def test_only_the_planted_stretches_are_empty(last_week, truth) -> None:
    empty = {}
    for team, fixes in last_week.groupby("team"):
        at = fixes["at"].sort_values()
        gap = at.diff()
        empty[team] = at[gap > pd.Timedelta(minutes=60)]
    gap_team = planted.TEAM_IDS[planted.NIGHT_GAP_COMMUNITY]
    assert {team for team, ends in empty.items() if len(ends)} == {gap_team, truth["devices_off"]["team_id"]}
    assert set(empty[gap_team].dt.hour) == {truth["night_gap"]["hours"][-1] + 1}
    assert len(empty[gap_team]) == 7
    off_until = pd.Timestamp(truth["devices_off"]["to"]).tz_localize(None)
    (back,) = empty[truth["devices_off"]["team_id"]]
    assert pd.Timedelta(0) <= back - off_until < pd.Timedelta(minutes=15)


def test_the_room_called_in_the_night_gap_and_nobody_came(sample, truth) -> None:
    path = next(one.path for one in sample[1] if one.kind == "rollcalls")
    calls = pd.read_csv(path, parse_dates=["点名时间"])
    gap_team = planted.TEAM_IDS[planted.NIGHT_GAP_COMMUNITY]
    late = calls[(calls["队伍编号"] == gap_team) & (calls["点名时间"] >= "2023-08-08")]
    in_gap = late["点名时间"].dt.hour.isin(truth["night_gap"]["hours"])
    assert in_gap.any()
    assert (late.loc[in_gap, "到岗人数"] == 0).all()
    assert (late.loc[~in_gap, "到岗人数"] > 0).mean() > 0.95


def test_the_apparent_speed_up_is_only_unclosed_cases(sample, truth) -> None:
    cases = _platform_cases(sample)
    own = cases[cases["类别"] == truth["false_speedup_category"]]
    hours = (own["结案时间"] - own["上报时间"]).dt.total_seconds() / 3_600
    recent = own["上报时间"] >= "2023-08-28"
    earlier = own["上报时间"].between("2023-04-01", "2023-05-31")
    closed = own["结案时间"].notna()
    assert hours[recent & closed].median() < 0.3 * hours[earlier & closed].median()
    assert closed[earlier].mean() > 0.9
    assert closed[recent].mean() < 0.5


def test_response_steps_down_at_the_reform(sample) -> None:
    cases = _platform_cases(sample)
    told = cases[cases["来源"].isin(["居民", "微网格员"])]
    minutes = (told["到场时间"] - told["上报时间"]).dt.total_seconds() / 60
    before = minutes[told["上报时间"] < "2023-07-01"].median()
    after = minutes[told["上报时间"] >= "2023-07-01"].median()
    assert 8 < before < 12
    assert after < 0.8 * before
    repeats = cases["地址"].value_counts()
    assert repeats.index[0] == "大阳沟市场口"
    assert repeats.iloc[0] > 3 * repeats.iloc[1]


def _platform_cases(sample) -> pd.DataFrame:
    """The latest version of every case in the platform's plain text exports."""
    plain = [
        one.path for one in sample[1] if one.kind == "incidents" and one.path.name.startswith("事件_2023")
    ]
    frames = []
    for path in plain:
        if path.suffix == ".csv" and path.read_bytes()[:4].decode("utf-8-sig", "ignore").startswith("案"):
            table = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
            if table["上报时间"].iloc[0].count("+") == 0:
                frames.append(table)
    cases = pd.concat(frames).dropna(subset="案件编号").drop_duplicates("案件编号", keep="last")
    for stage in ("上报时间", "到场时间", "结案时间"):
        cases[stage] = pd.to_datetime(cases[stage])
    return cases
