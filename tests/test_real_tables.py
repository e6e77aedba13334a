"""Real exports of other cities, read from the folder named by GOVERNANCE_REAL_DATA."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from governance.records import store
from governance.records.intake import ImportRequest, ImportResult, import_files
from governance.records.plain_grid import make_plain_grid

pytestmark = pytest.mark.real_data
MAPPINGS = Path(__file__).parent / "mappings"


def real(kind: str, file: str, mapping: str, data_dir: Path) -> ImportResult:
    path = Path(os.environ["GOVERNANCE_REAL_DATA"]) / file
    result = import_files(ImportRequest(kind, (path,), mapping=MAPPINGS / mapping), data_dir)
    assert result.accepted + result.replaced + result.unchanged + result.refused == result.rows_read
    return result


def test_fire_service_calls(tmp_path: Path) -> None:
    result = real("incidents", "incidents/sffd_service_calls.csv", "sffd_service_calls.toml", tmp_path)
    assert (result.rows_read, result.accepted, result.refused) == (10_000, 10_000, 0)
    assert result.flags["stage_order"] == 64
    assert result.warnings == ("row_cap",)
    frame = store.open_dataset(tmp_path).frame("incidents")
    assert frame["reported_at"].min().isoformat() == "2000-04-13T15:51:29+08:00"
    assert frame["external_id"].duplicated().sum() == 1011


def test_boston_requests(tmp_path: Path) -> None:
    result = real("incidents", "incidents/boston311_100.csv", "boston311.toml", tmp_path)
    assert (result.rows_read, result.accepted) == (100, 100)
    assert result.flags == {"default_point": 19, "unknown_area": 100}
    frame = store.open_dataset(tmp_path).frame("incidents").set_index("incident_id")
    assert frame["closed_at"].isna().sum() == 15
    assert frame.loc["101004143000", "due_at"].isoformat() == "2022-02-05T02:47:30+08:00"


def test_gps_tracks(tmp_path: Path) -> None:
    result = real("pings", "tracks/geolife_demodata.csv", "geolife.toml", tmp_path)
    assert (result.rows_read, result.accepted, result.refused) == (5_908, 5_908, 0)
    assert store.open_dataset(tmp_path).frame("pings")["at"].min().isoformat() == "2008-12-11T12:42:14+08:00"


def test_gps_tracks_through_the_patrol_chain(tmp_path: Path) -> None:
    """Two people in Beijing, most of the time on wheels, over plain squares."""
    make_plain_grid("116.25,39.88,116.45,40.02", cell_m=250, data_dir=tmp_path)
    real("pings", "tracks/geolife_demodata.csv", "geolife.toml", tmp_path)
    data = store.open_dataset(tmp_path)
    receipts = data.patrol("receipts")
    assert receipts["pings_n"].sum() == 5_908
    dropped = receipts[["duplicate_n", "bad_time_n", "bad_place_n", "accuracy_n", "speed_n"]].sum(axis=1)
    assert (receipts["kept_n"] + dropped == receipts["pings_n"]).all()
    assert receipts["kept_n"].sum() > 5_000
    visits, presence = data.patrol("visits"), data.patrol("presence")
    assert len(visits) > 10
    assert set(visits["sureness"]) == {"unknown"}
    assert (visits["stay_min"] >= 3).all()
    assert presence["tracked_min"].sum() > visits["stay_min"].sum()
    assert data.patrol("route_metres").empty
    assert len(data.patrol("swept")) > 0
