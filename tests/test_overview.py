"""The overview's figures on cases small enough to count by hand."""

from __future__ import annotations

import math
from datetime import date

import pandas as pd
import pytest

from governance.errors import UsageError
from governance.metrics.estates import estate_comparison
from governance.metrics.overview import (
    ELSEWHERE,
    STREET,
    community_figures,
    conclusion,
    overview_rows,
    weekly_figures,
)
from governance.metrics.places import incident_flags
from governance.metrics.repeats import is_repeated
from governance.metrics.trust import completeness, heaped_share, source_status
from governance.metrics.windows import Scope, Span
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


def figures_of(incidents=INCIDENTS, scope=None):
    return weekly_figures(incidents, CHECKINS, [BEFORE, WEEK], scope=scope, as_of=AS_OF)


def row(figures, metric, week=WEEK):
    return figures[(figures["metric"] == metric) & (figures["week"] == str(week))].iloc[0]


@pytest.mark.parametrize(
    ("metric", "value", "previous"),
    [
        ("reported_n", 3, 7),
        ("closed_n", 4, 1),
        ("open_n", 3, 3),
        ("closed_median_min", 120, 60),
        ("located_share", 2 / 3, 1),
        ("checkins_n", 2, 1),
    ],
)
def test_a_week_is_what_was_counted_by_hand(metric, value, previous):
    figures = figures_of()
    assert row(figures, metric)["value"] == pytest.approx(value)
    assert row(figures, metric, BEFORE)["value"] == pytest.approx(previous)


def test_a_median_is_an_observed_time_and_a_share_carries_its_counts():
    even = frame(
        "incidents",
        [case(n, "2023-09-11 08:00", f"2023-09-11 {8 + n:02d}:00") for n in (1, 2, 3, 4)],
    )
    median = row(figures_of(even), "closed_median_min")
    assert (median["value"], median["n"]) == (120, 4)
    share = row(figures_of(), "located_share")
    assert (share["numerator_n"], share["denominator_n"]) == (2, 3)


def test_an_empty_week_has_no_share_and_no_median_but_counts_nothing():
    quiet = INCIDENTS[INCIDENTS["incident_id"].isin(["A5", "A11"])]
    figures = figures_of(quiet)
    assert row(figures, "reported_n")["value"] == 0
    assert math.isnan(row(figures, "located_share")["value"])
    assert math.isnan(row(figures, "closed_median_min")["value"])
    assert conclusion(figures, WEEK).code == "empty"


def test_a_week_no_source_reaches_is_missing_and_not_zero():
    later, early = Week(2023, 39), Week(2023, 30)
    figures = weekly_figures(INCIDENTS, CHECKINS, [early, later], as_of=AS_OF)
    assert figures["value"].isna().all()
    assert conclusion(figures, later).code == "no_data"


def test_a_week_is_complete_once_its_last_day_has_begun_in_the_data():
    assert row(figures_of(), "reported_n")["is_complete"]
    sunday_missing = {"incidents": stamp("2023-09-16 23:00")}
    figures = weekly_figures(INCIDENTS, CHECKINS, [WEEK], as_of=sunday_missing)
    assert not row(figures, "reported_n")["is_complete"]


def test_check_ins_follow_the_community_but_have_no_category():
    assert row(figures_of(scope=Scope(community_code="C1")), "checkins_n")["value"] == 1
    by_category = figures_of(scope=Scope(category="公用设施"))
    assert math.isnan(row(by_category, "checkins_n")["value"])
    assert row(by_category, "open_n")["value"] == 1


def test_a_scope_without_any_row_counts_zero_and_not_missing():
    assert row(figures_of(scope=Scope(team_id="T-9")), "reported_n")["value"] == 0


def test_communities_stand_in_code_order_with_the_unlocated_on_a_line_of_their_own():
    figures = community_figures(INCIDENTS, CHECKINS, COMMUNITIES, WEEK, as_of=AS_OF)
    assert list(dict.fromkeys(figures["community_code"])) == ["C1", "C2", ELSEWHERE, STREET]
    reported = figures[figures["metric"] == "reported_n"].set_index("community_code")
    assert reported["value"].to_dict() == {"C1": 1, "C2": 1, ELSEWHERE: 1, STREET: 3}
    assert reported["previous"].to_dict() == {"C1": 7, "C2": 0, ELSEWHERE: 0, STREET: 7}
    assert reported["name"].to_dict()["C2"] == "乙社区"


def test_the_order_of_rows_changes_nothing():
    shuffled = INCIDENTS.sample(frac=1, random_state=7)
    pd.testing.assert_frame_equal(figures_of(shuffled), figures_of())


@pytest.mark.parametrize("week", [BEFORE, WEEK])
def test_the_map_counts_the_same_reports_and_open_cases(week):
    flags = incident_flags(INCIDENTS, week=week, as_of=AS_OF["incidents"])
    figures = figures_of()
    assert flags["reported"].sum() == row(figures, "reported_n", week)["value"]
    assert flags["open"].sum() == row(figures, "open_n", week)["value"]


def test_the_conclusion_says_fewer_and_by_how_many():
    said = conclusion(figures_of(), WEEK)
    assert said.code == "fewer"
    assert said.numbers["reported_n_change"] == -4
    assert conclusion(weekly_figures(INCIDENTS, CHECKINS, [WEEK], as_of=AS_OF), WEEK).code == "first"


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
    figures = weekly_figures(at_the_end, CHECKINS, [WEEK], as_of=seen)
    assert row(figures, "closed_n")["value"] == 1
    assert row(figures, "open_n")["value"] == 1


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
