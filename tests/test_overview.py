"""The overview's figures on cases small enough to count by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from governance.errors import UsageError
from governance.metrics.estates import estate_comparison, estate_complaints, who_took_part
from governance.metrics.overview import incident_counts, overview_rows
from governance.metrics.places import incident_flags
from governance.metrics.repeats import is_repeated
from governance.metrics.trust import completeness, heaped_share, source_status
from governance.metrics.windows import Span
from governance.records.dataset import dataset_of_frames, empty_frame
from governance.settings import settings_of
from governance.workdays import SHANGHAI, Week

WEEK = Week(2023, 37)
BEFORE = WEEK.shifted(-1)
SPAN = Span(WEEK.start_at, WEEK.end_at)


def stamp(text):
    return pd.Timestamp(text, tz=SHANGHAI)


AS_OF = {"incidents": stamp("2023-09-17 23:00"), "checkins": stamp("2023-09-17 22:00")}


def frame(kind, rows):
    types = empty_frame(kind).dtypes.drop("row")
    values = {name: [row.get(name) for row in rows] for name in types.index}
    columns = {name: pd.Series(values[name], dtype=dtype) for name, dtype in types.items()}
    return pd.DataFrame(columns).assign(row=1)


def case(number, reported, closed=None, **more):
    return {
        "incident_id": f"A{number}",
        "reported_at": stamp(reported) if reported else pd.NaT,
        "closed_at": stamp(closed) if closed else pd.NaT,
        "status": "closed" if closed else "open",
        "community_code": "C1",
        "category": "市容环境",
        "team_id": "T-1",
        "microgrid_code": "M11",
        "located_by": "code",
        "source": "hotline",
        "flags": "",
    } | more


# Week 37 runs from 11 to 17 September: three reported, four closed, three open at its end.
INCIDENTS = frame(
    "incidents",
    [
        case(1, "2023-09-10 23:59", "2023-09-11 00:59"),
        case(2, "2023-09-11 00:00", "2023-09-11 02:00", community_code="C2"),
        case(3, "2023-09-12 08:00", "2023-09-12 12:00"),
        case(4, "2023-09-17 21:00", microgrid_code=None, located_by="none", community_code=None),
        case(5, "2023-09-05 08:00"),
        case(6, "2023-09-06 08:00", status="suspended", category="公用设施"),
        case(7, "2023-09-06 09:00", status="voided"),
        case(8, "2023-09-06 10:00", status="transferred"),
        case(9, "2023-09-06 11:00", status="closed"),
        case(10, "2023-09-15 12:00", "2023-09-15 11:00", reported_at=pd.NaT),
        case(11, "2023-09-07 08:00", "2023-09-07 09:00"),
    ],
)
CHECKINS = frame(
    "checkins",
    [
        {"point_id": "P1", "person_id": "K1", "at": stamp("2023-09-04 09:00")},
        {"point_id": "P1", "person_id": "K1", "at": stamp("2023-09-11 09:00")},
        {"point_id": "P2", "person_id": "K1", "at": stamp("2023-09-17 22:00")},
    ],
).assign(community_code=pd.array(["C1", "C1", None], dtype="string"))
COMMUNITIES = frame(
    "communities", [{"community_code": "C2", "name": "乙社区"}, {"community_code": "C1", "name": "甲社区"}]
)


def counts(week=WEEK, incidents=INCIDENTS, as_of=AS_OF["incidents"]):
    group = pd.Series("all", index=incidents.index, dtype="string")
    span = Span(week.start_at, week.end_at)
    return incident_counts(incidents, group, span=span, as_of=as_of).loc["all"]


@pytest.mark.parametrize(
    ("metric", "value", "previous"),
    [
        ("reported_n", 3, 7),
        ("closed_n", 4, 1),
        ("open_n", 3, 3),
        ("closed_median_min", 120, 60),
        ("located_n", 2, 7),
        ("timed_n", 3, 1),
    ],
)
def test_a_week_is_what_was_counted_by_hand(metric, value, previous):
    assert counts()[metric] == pytest.approx(value)
    assert counts(BEFORE)[metric] == pytest.approx(previous)


def test_a_median_is_an_observed_time():
    even = [case(n, "2023-09-11 08:00", f"2023-09-11 {8 + n:02d}:00") for n in (1, 2, 3, 4)]
    assert counts(incidents=frame("incidents", even))["closed_median_min"] == 120


def test_the_order_of_rows_changes_nothing():
    shuffled = INCIDENTS.sample(frac=1, random_state=7)
    pd.testing.assert_series_equal(counts(incidents=shuffled), counts())


@pytest.mark.parametrize("week", [BEFORE, WEEK])
def test_the_map_counts_the_same_reports_and_open_cases(week):
    flags = incident_flags(INCIDENTS, week=week, as_of=AS_OF["incidents"])
    assert flags["reported"].sum() == counts(week)["reported_n"]
    assert flags["open"].sum() == counts(week)["open_n"]


# ----------------------------------------------------------------------- the command line
def dataset(tmp_path, **frames):
    tables = {"incidents": INCIDENTS, "communities": COMMUNITIES} | frames
    return dataset_of_frames(tables, as_of=AS_OF, settings=settings_of(tmp_path), data_dir=tmp_path)


def test_the_command_line_gets_one_row_a_group_with_missing_as_none(tmp_path):
    data = dataset(tmp_path, checkins=CHECKINS.drop(columns="community_code"))
    since, until = date(2023, 9, 11), date(2023, 9, 17)
    (all_row,) = overview_rows(data, since=since, until=until)
    assert all_row == {
        "group": "all",
        "reported_n": 3,
        "closed_n": 4,
        "open_n": 3,
        "closed_median_min": 120.0,
        "located_n": 2,
        "located_share": 2 / 3,
        "checkins_n": 2,
    }
    by_category = {r["group"]: r for r in overview_rows(data, since=since, until=until, by="category")}
    assert by_category["公用设施"]["reported_n"] == 0
    assert by_category["公用设施"]["located_share"] is None
    assert by_category["公用设施"]["checkins_n"] is None
    groups = [r["group"] for r in overview_rows(data, since=since, until=until, by="community")]
    assert None in groups
    with pytest.raises(UsageError, match="unknown_group"):
        overview_rows(data, by="weather")


def test_what_happened_at_the_very_as_of_is_counted_once():
    at_the_end = frame(
        "incidents",
        [
            case(1, "2023-09-13 08:00", "2023-09-14 12:00"),
            case(2, "2023-09-14 12:00"),
            case(3, "2023-09-14 12:01"),
        ],
    )
    seen = {"incidents": stamp("2023-09-14 12:00")}
    seen_then = counts(incidents=at_the_end, as_of=seen["incidents"])
    assert (seen_then["closed_n"], seen_then["open_n"]) == (1, 1)


def test_no_records_give_no_rows(tmp_path):
    empty = dataset_of_frames({}, as_of={}, settings=settings_of(tmp_path), data_dir=tmp_path)
    assert overview_rows(empty) == []


# -------------------------------------------------------------------------------- estates
def complaint(number, reported, estate, **more):
    return case(number, reported, estate_id=estate, **more)


def test_complaints_are_counted_per_hundred_households_by_manager():
    incidents = frame(
        "incidents",
        [
            complaint(1, "2023-08-01 08:00", "E1", address="甲路1号"),
            complaint(2, "2023-08-20 08:00", "E1", address="甲路1号"),
            complaint(3, "2023-09-11 08:00", "E1", address="乙路2号"),
            complaint(4, "2023-08-01 08:00", "E2", source="patrol"),
            complaint(5, "2023-08-02 08:00", "E2", external_id="X"),
            complaint(6, "2023-08-03 08:00", "E2", external_id="X"),
            complaint(7, "2023-08-03 08:00", "E9"),
        ],
    )
    estates = frame(
        "estates",
        [
            {"estate_id": "E1", "is_managed": False, "households": 50},
            {"estate_id": "E2", "is_managed": True, "households": 200},
            {"estate_id": "E3", "is_managed": True, "households": None},
        ],
    )
    span = Span(Week(2023, 26).start_at, WEEK.end_at)
    table = estate_comparison(incidents, estates, span=span, as_of=AS_OF["incidents"]).set_index("is_managed")
    assert table["complaints_n"].to_dict() == {False: 3, True: 1}
    assert table["per_100_households"].to_dict() == {False: 6.0, True: 0.5}
    assert (table["repeats_n"][False], table["followed_n"][False]) == (1, 1)
    assert (table["repeats_n"][True], table["followed_n"][True]) == (0, 1)
    # Exact Poisson bounds of 3: 0.6187 to 8.7673, of 0: 0 to 3.6889; per 50 and 200 households.
    assert table.loc[False, ["low", "high"]].tolist() == pytest.approx([1.2374, 17.5345], abs=1e-3)
    assert table.loc[True, ["repeats_low", "repeats_high"]].tolist() == pytest.approx([0, 1.8444], abs=1e-3)
    steps = frame(
        "incident_steps",
        [
            {"incident_id": "A1", "step": "arrive", "unit": "甲队"},
            {"incident_id": "A1", "step": "resolve", "unit": "甲社区"},
            {"incident_id": "A1", "step": "close", "unit": "街道指挥中心"},
            {"incident_id": "A2", "step": "resolve", "unit": "楼栋长"},
            {"incident_id": "A2", "step": "escalate", "unit": "甲区城管局"},
            {"incident_id": "A3", "step": "accept", "unit": "街道指挥中心"},
            {"incident_id": "A5", "step": "escalate", "unit": "甲街道"},
        ],
    )
    complaints = estate_complaints(incidents, estates, span=span)
    part = who_took_part(complaints, steps, pd.Series(["甲队"])).set_index("is_managed")
    assert part.loc[False].to_dict() == {
        "logged_n": 2,
        "manager_n": 0,
        "residents_n": 1,
        "patrol_n": 1,
        "community_n": 1,
        "street_n": 0,
        "above_n": 1,
    }
    assert part.loc[True, ["logged_n", "street_n"]].tolist() == [1, 1]


def test_estates_without_households_give_no_rate():
    table = estate_comparison(INCIDENTS, empty_frame("estates"), span=SPAN, as_of=None)
    assert table["per_100_households"].isna().all()
    assert table["repeat_share"].isna().all()


@pytest.mark.parametrize(
    ("more", "hit"),
    [
        ({"lat": 29.5604}, True),  # 44 m to the north
        ({"lat": 29.5606}, False),  # 67 m
        ({"lat": 29.5604, "category": "公用设施"}, False),
        ({"lat": 29.5604, "flags": "stage_order default_point"}, False),
        ({"lat": 29.5604, "reported_at": stamp("2023-10-12 08:00")}, False),
    ],
)
def test_a_repeat_is_near_in_place_kind_and_time(more, hit):
    here = {"lon": 106.54, "lat": 29.56}
    incidents = frame(
        "incidents", [case(1, "2023-09-11 08:00", **here), case(2, "2023-09-20 08:00", **(here | more))]
    )
    assert list(is_repeated(incidents)) == [hit, False]


# ---------------------------------------------------------------------------------- trust
def test_a_source_is_graded_by_its_worst_defect_and_d_when_stale(tmp_path):
    flagged = INCIDENTS.assign(flags=["", "stage_order", *[""] * 9]).astype({"flags": "string"})
    visits = frame("visits", [{"person_ref": "C-1", "visited_at": stamp("2023-08-01 10:00")}])
    data = dataset_of_frames(
        {"incidents": flagged, "visits": visits},
        as_of=AS_OF | {"visits": stamp("2023-08-01 12:00")},
        settings=settings_of(tmp_path),
        data_dir=tmp_path,
    )
    status = source_status(data, WEEK).set_index("kind")
    assert status.loc["incidents", "defect"] in ("stage_order", "heaping")
    assert status.loc["incidents", "grade"] == "D"
    assert bool(status.loc["visits", "is_stale"])
    assert status.loc["visits", "grade"] == "D"
    assert status.loc["visits", "rows_n"] == 0
    assert completeness(flagged, WEEK) == pytest.approx(2 / 3)


def test_heaping_is_what_even_minutes_would_not_give():
    even = pd.Series(pd.date_range("2023-09-11", periods=600, freq="7min", tz=SHANGHAI))
    assert heaped_share(even) == pytest.approx(0, abs=0.001)
    round_hours = pd.Series(pd.date_range("2023-09-11", periods=48, freq="30min", tz=SHANGHAI))
    assert heaped_share(round_hours) == 1
    assert heaped_share(pd.Series([], dtype="datetime64[us, Asia/Shanghai]")) == 0
