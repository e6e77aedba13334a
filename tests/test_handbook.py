"""The handbook's health: by hand, by its sums, and the planted truth; who stands in an entry."""

from __future__ import annotations

import json
from datetime import date, datetime

import pandas as pd
import pytest

from governance.errors import UsageError
from governance.metrics.catalogue import metric_table
from governance.metrics.handbook import (
    PARTS,
    handbook_at,
    handbook_health,
    handbook_rows,
    role_codes,
    shared_doors,
    unplaced_entries,
)
from governance.metrics.handbook_entry import handbook_of, points_with_microgrid
from governance.metrics.handbook_visits import last_walks
from governance.records.patrol.columns import typed
from governance.records.store import open_dataset
from governance.workdays import SHANGHAI
from tests.builders import imported
from tests.handbook_builders import AS_OF, ROSTER, import_small_handbook, member

KEYS = ["group", "microgrids_n", "complete_n", "fresh_n", "single_member_n", "stale_phone_n"]


@pytest.fixture
def street(tmp_path):
    import_small_handbook(tmp_path / "data")
    return tmp_path / "data"


# ------------------------------------------------------------------------------------- health
def test_the_health_of_a_street_counted_by_hand(street):
    """C1 has cadre, building head and police, one phone is stale; C2 has no police and an empty M22."""
    rows = handbook_rows(open_dataset(street), by="community")
    assert [tuple(row[key] for key in KEYS) for row in rows] == [
        ("C1", 2, 2, 1, 1, 1),
        ("C2", 2, 0, 1, 0, 0),
    ]
    assert [list(row) for row in rows] == [KEYS, KEYS]


def test_what_lacks_is_named(street):
    dataset = open_dataset(street)
    health = handbook_health(dataset, at=handbook_at(dataset)).set_index("microgrid_code")
    lacking = {
        code: [part for part in PARTS if not row[f"has_{part}"]]
        for code, row in health.to_dict("index").items()
    }
    assert lacking == {"M11": [], "M12": [], "M21": ["police"], "M22": ["phone", "police"]}
    assert health["no_phone_n"].to_dict() == {"M11": 0, "M12": 0, "M21": 1, "M22": 0}


def test_the_command_prints_the_contract(street):
    table = metric_table("handbook", open_dataset(street), since=None, until=None, by="community")
    assert table["as_of"] == AS_OF.isoformat()
    assert json.loads(json.dumps(table["rows"])) == table["rows"]
    with pytest.raises(UsageError):
        handbook_rows(open_dataset(street), by="team")


def test_it_is_judged_on_the_day_that_is_asked_for(street):
    dataset = open_dataset(street)
    (early,) = handbook_rows(dataset, until=date(2023, 7, 1))
    (late,) = handbook_rows(dataset, until=date(2030, 1, 1))
    assert (early["stale_phone_n"], late["stale_phone_n"]) == (0, 1)


def test_a_roster_nobody_brings_again_ages(street):
    imported(
        street,
        "incidents",
        [{"案件编号": "1", "上报时间": "2024-03-01 09:00"}],
        as_of=datetime(2024, 3, 1, 12, tzinfo=SHANGHAI),
    )
    (whole,) = handbook_rows(open_dataset(street))
    assert (whole["fresh_n"], whole["stale_phone_n"]) == (0, len(ROSTER))


def test_a_person_in_two_micro_grids_is_kept_in_both_and_who_left_is_not(street):
    more = [member("P1", "M22"), member("P9", "M22", "离任")]
    result = imported(street, "members", more, name="more.csv", as_of=AS_OF)
    assert (result.accepted, result.replaced, result.refused) == (2, 0, 0)
    book = handbook_of(open_dataset(street))
    own = {
        code: [one.member_id for one in book.entry(code).people if one.scope == "microgrid"]
        for code in book.codes
    }
    assert own == {"M11": ["P1", "P2"], "M12": ["P3"], "M21": ["P4", "P5"], "M22": ["P1"]}


def test_an_entry_that_names_no_micro_grid_still_counts(street):
    lost = [member("P7", "不知道", verified_on="2023-01-01"), member("P8", "", verified_on="2023-01-01")]
    imported(street, "members", lost, name="lost.csv", as_of=AS_OF)
    dataset = open_dataset(street)
    assert sorted(unplaced_entries(dataset)["member_id"]) == ["P7", "P8"]
    rows = {row["group"]: row for row in handbook_rows(dataset, by="community")}
    assert (rows["-"]["microgrids_n"], rows["-"]["stale_phone_n"]) == (0, 2)


def test_communities_add_up_to_the_street(sample_dataset):
    (whole,) = handbook_rows(sample_dataset)
    parts = handbook_rows(sample_dataset, by="community")
    assert {key: sum(row[key] for row in parts) for key in KEYS[1:]} == {key: whole[key] for key in KEYS[1:]}
    assert whole["microgrids_n"] == 294
    health = handbook_health(sample_dataset, at=handbook_at(sample_dataset))
    one_member = sample_dataset.frame("members")["microgrid_code"].value_counts().eq(1).sum()
    assert whole["single_member_n"] == health["is_single"].sum() == one_member


def test_the_stale_handbook_is_found(sample_exports, sample_dataset):
    """The planted community has no fresh micro-grid; nowhere else are two in ten stale."""
    truth = json.loads((sample_exports[0] / "truth.json").read_text(encoding="utf-8"))
    rows = handbook_rows(sample_dataset, by="community")
    stale = [row["group"] for row in rows if row["fresh_n"] < 0.8 * row["microgrids_n"]]
    assert stale == [truth["stale_handbook_community"]]
    assert max(rows, key=lambda row: row["stale_phone_n"])["group"] == truth["stale_handbook_community"]


def test_the_door_in_two_micro_grids_of_the_sample_is_found(sample_dataset):
    assert set(shared_doors(sample_dataset.frame("addresses"))["address"]) == {"美专校街10号"}


def test_without_anything_there_is_nothing_to_count(tmp_path):
    dataset = open_dataset(tmp_path)
    assert handbook_rows(dataset) == handbook_rows(dataset, by="community") == []
    assert handbook_of(dataset).codes == ()
    assert handbook_of(dataset).entry("X").is_known is False


def test_members_without_reference_data_are_told_of_all_the_same(tmp_path):
    imported(tmp_path / "data", "members", ROSTER, as_of=AS_OF)
    dataset = open_dataset(tmp_path / "data")
    assert handbook_rows(dataset, by="community") == [
        {
            "group": "-",
            "microgrids_n": 0,
            "complete_n": 0,
            "fresh_n": 0,
            "single_member_n": 0,
            "stale_phone_n": 1,
        }
    ]
    assert [one.member_id for one in handbook_of(dataset).entry("M11").people] == ["P1", "P2"]


def test_roles_are_known_by_their_words():
    roles = pd.Series(["社区民警", " 楼长", "商户", None], dtype="string")
    assert role_codes(roles).tolist() == ["police", "building_head", "other", "other"]


# -------------------------------------------------------------------------------------- entry
def test_who_answers_for_a_micro_grid_from_afar(street):
    """M12 has police of its own; cadre and building head come from its grid, doctors from nowhere."""
    entry = handbook_of(open_dataset(street)).entry("M12")
    assert [(one.role_code, one.member_id, one.scope) for one in entry.people] == [
        ("building_head", "P1", "grid"),
        ("cadre", "P2", "grid"),
        ("police", "P3", "microgrid"),
    ]
    assert entry.people[2].is_stale
    assert (entry.community, entry.grid, entry.tier) == ("学田湾社区", "第1网格", 2)


def test_what_stands_in_a_micro_grid(street):
    entry = handbook_of(open_dataset(street)).entry("M11")
    assert [unit.name for unit in entry.units] == ["人民小学"]
    assert "10000000031" not in entry.units[0].contact
    assert [(one.name, one.is_managed) for one in entry.estates] == [("鑫隆<b>花苑", False)]
    assert [route.route_id for route in entry.routes] == ["R1"]
    assert entry.doors == ("学田湾正街48号",)


def test_points_are_placed_in_their_micro_grid(street):
    points = [
        {"点位编号": "P-1", "点位名称": "路口", "点位类型": "必到点", "经度": 106.5435, "纬度": 29.5605}
    ]
    imported(street, "points", points, name="points.csv")
    dataset = open_dataset(street)
    placed = points_with_microgrid(dataset, handbook_of(dataset).areas)
    assert placed["microgrid_code"].tolist() == ["M22"]


def visit(team, force, start, end, sureness="certain"):
    day = "2023-09-17 "
    return {
        "microgrid_code": "M11",
        "team_id": team,
        "force": force,
        "enter_at": pd.Timestamp(day + start, tz=SHANGHAI),
        "exit_at": pd.Timestamp(day + end, tz=SHANGHAI),
        "sureness": sureness,
    }


def test_members_of_a_patrol_are_one_walk():
    rows = [
        visit("T-1", "mass", "08:00", "08:10", "border"),
        visit("T-1", "police", "08:02", "08:12"),
        visit("T-1", "urban", "09:00", "09:05", "unknown"),
        visit(None, None, "09:30", "09:31"),
    ]
    walks = last_walks(typed("visits", pd.DataFrame(rows)), "M11", most=3)
    assert [(walk.team_id, walk.forces, walk.sureness) for walk in walks] == [
        ("", (), "certain"),
        ("T-1", ("urban",), "unknown"),
        ("T-1", ("police", "mass"), "certain"),
    ]
    assert last_walks(typed("visits", pd.DataFrame(rows)), "M12", most=3) == ()
