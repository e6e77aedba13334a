"""Repeats and chronic places on cases small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from governance.metrics.nearness import near_pairs
from governance.metrics.repeats import (
    came_again,
    chronic_events,
    chronic_places,
    is_repeated,
    merged_events,
    repeat_figures,
)
from governance.metrics.windows import Span
from governance.records.dataset import empty_frame
from governance.workdays import SHANGHAI

ALWAYS = Span.of_days(None, None)
DEGREE_M = 111_319.49


def stamp(text):
    return pd.Timestamp(text, tz=SHANGHAI)


def frame(rows):
    types = empty_frame("incidents").dtypes.drop("row")
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], dtype=dtype) for name, dtype in types.items()}
    )


def case(number, day, north_m=0.0, **more):
    at = {"lon": 106.54, "lat": 29.56 + north_m / DEGREE_M, "flags": "", "category": "街面秩序"}
    return {"incident_id": f"A{number}", "reported_at": stamp(day)} | at | more


def test_a_repeat_lies_within_fifty_metres_and_thirty_days():
    rows = [
        case(1, "2023-06-01"),
        case(2, "2023-06-20", 49),
        case(3, "2023-07-21", 49),
        case(4, "2023-07-22", 101),
    ]
    assert is_repeated(frame(rows)).tolist() == [True, False, False, False]


def test_a_default_point_is_no_place_but_an_address_is():
    rows = [case(n, f"2023-06-0{n}", flags="default_point") for n in (1, 2)]
    assert not is_repeated(frame(rows)).any()
    rows = [row | {"address": "学田湾正街1号"} for row in rows]
    assert is_repeated(frame(rows)).tolist() == [True, False]


def test_shares_use_followed_events_only_and_one_event_counts_once():
    rows = [
        case(1, "2023-06-01", external_id="E1"),
        case(2, "2023-06-01 01:00", external_id="E1"),
        case(3, "2023-06-05"),
        case(4, "2023-08-30"),
    ]
    table = frame(rows)
    assert merged_events(table)["incident_id"].tolist() == ["A1", "A3", "A4"]
    group = pd.Series("all", index=table.index)
    row = repeat_figures(table, group, span=ALWAYS, as_of=stamp("2023-09-01")).loc["all"]
    assert (row["events_n"], row["followed_n"], row["repeats_n"], row["repeat_share"]) == (3, 2, 1, 0.5)


def test_coming_again_is_after_the_closing_and_not_the_same_event():
    cases = frame([case(1, "2023-06-01", external_id="E1"), case(2, "2023-06-01", 500)])
    after = pd.Series([stamp("2023-06-02")] * 2)
    early, twin = case(3, "2023-06-01 12:00"), case(4, "2023-06-03", external_id="E1")
    assert came_again(cases, frame([early, twin]), after=after).tolist() == [False, False]
    assert came_again(cases, frame([case(5, "2023-07-02")]), after=after).tolist() == [True, False]
    assert came_again(cases, frame([case(5, "2023-07-03")]), after=after).tolist() == [False, False]
    assert came_again(cases, cases.iloc[:0], after=after).tolist() == [False, False]


def test_three_in_ninety_days_are_chronic_in_any_row_order():
    place = {"address": "市场口"}
    days = ("2023-01-01", "2023-05-01", "2023-05-20", "2023-07-30")
    rows = [case(n, day, **place) for n, day in enumerate(days)]
    rows += [case(9, "2023-05-02", 500), case(10, "2023-05-03", 500)]
    table = frame(rows)
    found = chronic_places(table, span=ALWAYS)
    assert found[["place", "category", "n"]].to_numpy().tolist() == [["市场口", "街面秩序", 3]]
    assert (found["first_at"][0], found["last_at"][0]) == (stamp("2023-05-01"), stamp("2023-07-30"))
    mixed = chronic_places(table.sample(frac=1, random_state=2), span=ALWAYS)
    pd.testing.assert_frame_equal(mixed, found)
    assert chronic_places(table.iloc[:0], span=ALWAYS).empty


def test_the_address_alone_may_be_the_place():
    rows = [case(1, "2023-06-01"), case(2, "2023-06-02", 20), case(3, "2023-06-03", 20, address="市场口")]
    rows.append(case(4, "2023-06-04", 900, address="市场口"))
    table = frame(rows)
    assert is_repeated(table).tolist() == [True, True, True, False]
    assert is_repeated(table, within_m=None).tolist() == [False, False, True, False]
    assert len(chronic_places(table, span=ALWAYS, within_m=None)) == 0


def test_the_events_of_a_chronic_place_are_named():
    rows = [case(n, f"2023-06-0{n}", microgrid_code=f"M{n}") for n in (1, 2, 3)]
    rows += [case(n, f"2023-06-0{n}", 5000) for n in (4, 5)]
    events = chronic_events(frame(rows), span=ALWAYS)
    assert sorted(events["incident_id"]) == ["A1", "A2", "A3"]
    place = chronic_places(frame(rows), span=ALWAYS).iloc[0]
    assert (place["n"], place["place_n"]) == (3, events["place_n"].iloc[0])


def test_pairs_are_those_of_a_plain_double_loop():
    rng = np.random.default_rng(4)
    lon, lat = 106.54 + rng.uniform(-2e-3, 2e-3, 300), 29.56 + rng.uniform(-2e-3, 2e-3, 300)
    group = rng.integers(0, 3, 300)
    side = (lon, lat, group)
    found = {tuple(pair) for pair in near_pairs(side, side, within_m=50).tolist()}
    east = (lon[:, None] - lon) * DEGREE_M * np.cos(np.radians((lat[:, None] + lat) / 2))
    north = (lat[:, None] - lat) * DEGREE_M
    near = (np.hypot(east, north) <= 50) & (group[:, None] == group)
    assert found == set(zip(*np.nonzero(near), strict=True))
