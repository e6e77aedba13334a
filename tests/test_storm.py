"""Warnings: available and lead time, points checked, who was moved, steps before their warning."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.metrics.catalogue import metric_table
from governance.metrics.storm import StormRecords, moved_of, storm_events, storm_rows
from governance.records.dataset import dataset_of_frames, empty_frame
from governance.records.store import open_dataset
from governance.settings import settings_of
from governance.workdays import SHANGHAI
from tests.builders import imported

GOLDEN = Path(__file__).parent / "golden" / "wanzhou_2023.csv"
DAY = "2023-07-21"


def at(clock, day=DAY):
    return pd.Timestamp(f"{day} {clock}", tz=SHANGHAI)


def framed(kind, rows):
    """Rows of a kind with its columns and types."""
    empty = empty_frame(kind)
    table = pd.DataFrame(rows).reindex(columns=empty.columns)
    return table.astype({name: kind_ for name, kind_ in empty.dtypes.items() if name != "row"})


def step(name, clock, *, point=None, cell=None, households=None, people=None, warning="W1"):
    return {
        "warning_id": warning,
        "microgrid_code": cell,
        "point_id": point,
        "step": name,
        "at": at(clock) if clock else pd.NaT,
        "households_n": households,
        "people_n": people,
    }


POINTS = [
    {"point_id": "P1", "name": "甲", "kind": "hazard"},
    {"point_id": "P2", "name": "乙", "kind": "flood_prone"},
    {"point_id": "P3", "name": "丙", "kind": "required"},
]
WARNING = {
    "warning_id": "W1",
    "kind": "暴雨",
    "level": "橙色",
    "issued_at": at("05:30"),
    "harm_at": at("06:50"),
}
STEPS = [
    step("warned", "05:30"),
    step("called", "05:40", cell="M11"),
    step("discovered", "06:20", point="P2"),
    step("checked", "06:10", point="P1"),
    step("checked", "07:10", point="P1"),
    step("checked", "06:15", point="P3"),
    step("moved", "06:30", cell="M11", households=2, people=5),
    step("moved", "06:40", cell="M12", households=1, people=3),
    step("closed", "09:00"),
]


def records(steps=STEPS, *, warnings=(WARNING,), points=POINTS, incidents=(), **as_of):
    return StormRecords(
        warnings=framed("warnings", list(warnings)),
        steps=framed("warning_steps", list(steps)),
        points=framed("points", list(points)),
        incidents=framed("incidents", list(incidents)),
        **as_of,
    )


def only(one):
    """The one row of the events."""
    table = storm_events(one)
    assert len(table) == 1
    return table.iloc[0]


def dataset(one, tmp_path):
    frames = {"warnings": one.warnings, "warning_steps": one.steps, "points": one.points}
    frames["incidents"] = one.incidents
    now = datetime(2023, 7, 22, tzinfo=UTC)
    return dataset_of_frames(
        frames,
        as_of={"warnings": now, "warning_steps": now},
        settings=settings_of(tmp_path),
        data_dir=tmp_path,
    )


# ----------------------------------------------------------------------------- by hand, golden
def test_a_storm_small_enough_to_count_by_hand():
    row = only(records())
    assert row["first_report_at"] == at("06:20")
    assert row["available_min"] == 30
    assert row["lead_min"] == 10
    # P1 was checked twice and P3 is neither a hazard nor flood-prone.
    assert (row["points_checked_n"], row["points_n"]) == (1, 2)
    assert (row["households_moved_n"], row["people_moved_n"]) == (3, 8)
    assert list(row["steps"]) == ["warned", "called", "discovered", "checked", "moved", "closed"]
    assert row["steps"]["checked"] == at("06:10")


def test_wanzhou_is_as_it_was_published(tmp_path):
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    warning = next(row for row in rows if row["kind"] == "warning")
    steps = [row for row in rows if row["kind"] == "step"]
    data_dir = tmp_path / "data"
    points = [
        {"点位编号": row["point_id"], "名称": row["point_id"], "类型": "hazard"}
        for row in steps
        if row["point_id"]
    ]
    imported(data_dir, "points", points, name="points.csv")
    imported(
        data_dir,
        "warnings",
        [
            {
                "预警编号": warning["warning_id"],
                "预警种类": "地质灾害",
                "发布时间": warning["at"],
                "成灾时间": warning["harm_at"],
            }
        ],
        name="warnings.csv",
    )
    heads = {"预警编号": "warning_id", "点位编号": "point_id", "步骤": "step", "时间": "at"}
    heads |= {"转移户数": "households_n", "转移人数": "people_n"}
    told = imported(
        data_dir,
        "warning_steps",
        [{head: row[name] for head, name in heads.items()} for row in steps],
        name="s.csv",
    )
    assert told.refused == 0
    table = metric_table("storm", open_dataset(data_dir), since=None, until=None, by=None)
    (row,) = table["rows"]
    assert row["first_report_at"] == "2023-07-04T05:13:00+08:00"
    assert row["harm_at"] == "2023-07-04T06:00:00+08:00"
    assert row["available_min"] == 47
    assert row["lead_min"] is None
    assert (row["households_moved_n"], row["people_moved_n"]) == (20, 79)
    assert (row["points_checked_n"], row["points_n"]) == (7, 7)
    assert row["flags"] == ["step_without_stamp"]


# -------------------------------------------------------------------------------- first report
def case(clock, what="内涝积水", day=DAY):
    return {"incident_id": clock, "category": "突发事件", "subcategory": what, "reported_at": at(clock, day)}


def test_without_a_discovery_the_first_flood_case_of_the_warning_s_time_is_the_report():
    steps = [one for one in STEPS if one["step"] != "discovered"]
    cases = [case("05:10"), case("06:05", "暴露垃圾"), case("06:08", "树木倒伏"), case("06:20")]
    row = only(records(steps, incidents=cases))
    assert row["first_report_at"] == at("06:08")
    assert row["first_report_from"] == "case"
    assert row["available_min"] == 42


def test_a_case_after_the_as_of_of_the_cases_is_not_known_yet():
    steps = [one for one in STEPS if one["step"] != "discovered"]
    row = only(records(steps, incidents=[case("06:20")], incidents_as_of=at("06:00")))
    assert pd.isna(row["first_report_at"])
    assert pd.isna(row["available_min"])


def test_a_heat_warning_takes_no_flood_for_its_report():
    row = only(records([], warnings=[{**WARNING, "kind": "高温"}], incidents=[case("06:20")]))
    assert pd.isna(row["first_report_at"])


# --------------------------------------------------------------------------------- bad input
def test_a_step_before_its_warning_is_kept_and_flagged(tmp_path):
    one = records([*STEPS, step("discovered", "05:13", point="P1")])
    row = only(one)
    assert row["early_n"] == 1
    assert row["available_min"] == 97
    (printed,) = storm_rows(dataset(one, tmp_path))
    assert printed["flags"] == ["step_before_warning"]
    assert printed["steps"]["discovered"] == "2023-07-21T05:13:00+08:00"


def test_a_step_after_the_as_of_is_not_known_yet():
    row = only(records(steps_as_of=at("06:35")))
    assert "closed" not in row["steps"]
    assert row["people_moved_n"] == 5
    assert row["lead_min"] == 20


def test_steps_without_a_warning_make_a_row_of_their_own():
    table = storm_events(records([*STEPS, step("checked", "06:00", point="P1", warning="W9")]))
    orphan = table.set_index("warning_id").loc["W9"]
    assert bool(orphan["is_unlisted"])
    assert orphan["points_checked_n"] == 1
    assert pd.isna(orphan["start_at"])


def test_a_warning_without_steps_owes_everything_and_says_so(tmp_path):
    one = records([])
    row = only(one)
    assert row["points_checked_n"] == 0
    assert pd.isna(row["people_moved_n"])
    assert storm_rows(dataset(one, tmp_path))[0]["flags"] == ["no_steps"]


def test_without_hazard_points_the_denominator_is_missing_and_checks_still_count():
    row = only(records(points=POINTS[2:]))
    assert pd.isna(row["points_n"])
    assert row["points_checked_n"] == 2


def test_no_warning_at_all_is_no_row(tmp_path):
    assert storm_rows(dataset(records([], warnings=[]), tmp_path)) == []


def test_a_window_takes_the_warnings_issued_in_it(tmp_path):
    data = dataset(records(), tmp_path)
    assert len(storm_rows(data, since=date(2023, 7, 21), until=date(2023, 7, 21))) == 1
    assert storm_rows(data, since=date(2023, 7, 22)) == []


# ------------------------------------------------------------------------------------- moved
def test_a_total_of_the_street_is_not_added_to_its_parts():
    parts = [step("moved", "06:30", cell="M11", households=12, people=47)]
    parts.append(step("moved", "06:40", cell="M12", households=8, people=32))
    both = [*parts, step("moved", "06:45", households=20, people=79)]
    assert (
        moved_of(framed("warning_steps", both)).households_n,
        moved_of(framed("warning_steps", both)).people_n,
    ) == (
        20,
        79,
    )
    again = [*parts, parts[0]]
    assert moved_of(framed("warning_steps", again)).people_n == 79


def test_counts_told_at_another_step_count_where_no_move_is_on_record():
    moved = moved_of(framed("warning_steps", [step("closed", "08:00", households=20, people=79)]))
    assert (moved.households_n, moved.people_n, moved.last_at) == (20, 79, None)


def test_one_move_without_a_stamp_leaves_the_lead_time_open():
    row = only(records([*STEPS, step("moved", None, cell="M21", households=1, people=2)]))
    assert pd.isna(row["lead_min"])
    assert row["people_moved_n"] == 10


# ------------------------------------------------------------------- properties, second computation
CLOCKS = st.integers(0, 8 * 60).map(lambda minute: f"{4 + minute // 60:02d}:{minute % 60:02d}")
DRAWN = st.lists(
    st.builds(
        step,
        st.sampled_from(["called", "arrived", "discovered", "checked", "moved", "reopened"]),
        CLOCKS,
        point=st.sampled_from([None, "P1", "P2", "P3"]),
        cell=st.sampled_from([None, "M11", "M12"]),
        households=st.sampled_from([None, 1, 2]),
        people=st.sampled_from([None, 3, 4]),
    ),
    max_size=12,
    unique_by=lambda one: (one["step"], one["at"], one["point_id"], one["microgrid_code"]),
)
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(DRAWN, st.randoms(use_true_random=False))
def test_order_and_the_steps_of_another_warning_change_nothing(steps, random):
    before = only(records(steps))
    shuffled = list(steps)
    random.shuffle(shuffled)
    strange = [{**one, "warning_id": "W2"} for one in STEPS]
    other = {**WARNING, "warning_id": "W2", "issued_at": at("04:00")}
    after = storm_events(records([*strange, *shuffled], warnings=[other, WARNING]))
    pd.testing.assert_series_equal(
        before, after[after["warning_id"].eq("W1")].iloc[0], check_names=False, check_index=False
    )


@QUICK
@given(DRAWN)
def test_counted_row_by_row_it_is_the_same(steps):
    row = only(records(steps))
    found = [one["at"] for one in steps if one["step"] == "discovered"]
    harm = WARNING["harm_at"]
    moves = [one for one in steps if one["step"] == "moved"]
    checked = {one["point_id"] for one in steps if one["step"] == "checked"} & {"P1", "P2"}
    expected = {
        "available_min": (harm - min(found)).total_seconds() / 60 if found else None,
        "lead_min": (harm - max(one["at"] for one in moves)).total_seconds() / 60 if moves else None,
        "points_checked_n": len(checked),
        "early_n": sum(one["at"] < WARNING["issued_at"] for one in steps),
    }
    got = {name: None if pd.isna(row[name]) else float(row[name]) for name in expected}
    assert got == pytest.approx(expected) if None not in expected.values() else got == expected
    firsts = {}
    for one in steps:
        firsts[one["step"]] = min(firsts.get(one["step"], one["at"]), one["at"])
    assert row["steps"] == firsts
