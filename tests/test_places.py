from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely

from governance.metrics.areas import (
    STREET_KEY,
    area_at,
    area_table,
    children_of,
    drilled,
    levels_of,
    path_to,
    points_located,
)
from governance.metrics.classes import classified
from governance.metrics.places import (
    MEASURES,
    PlaceRecords,
    closed_medians,
    is_too_few,
    place_measures,
)
from governance.records.dataset import empty_frame
from governance.workdays import SHANGHAI, Week

WEEK = Week(2023, 37)
AS_OF = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)


def frame(kind: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    empty = empty_frame(kind)
    full = pd.DataFrame(rows, columns=empty.columns)
    return full.astype({name: type_ for name, type_ in empty.dtypes.items() if name != "row"})


def square(column: int, row: int) -> str:
    return shapely.box(column, row, column + 1, row + 1).wkt


def street() -> pd.DataFrame:
    """Community A with grids A1 (two micro-grids side by side) and A2; community B with B1, named only."""
    microgrids = [
        {
            "microgrid_code": "A1-1",
            "grid_code": "A1",
            "households": 100,
            "residents": 240,
            "geometry": square(0, 0),
        },
        {
            "microgrid_code": "A1-2",
            "grid_code": "A1",
            "households": 50,
            "residents": 60,
            "geometry": square(1, 0),
        },
        {
            "microgrid_code": "A2-1",
            "grid_code": "A2",
            "households": None,
            "residents": 90,
            "geometry": square(2, 0),
        },
        {
            "microgrid_code": "B1-1",
            "grid_code": "B1",
            "households": 200,
            "residents": 400,
            "geometry": square(0, 1),
        },
    ]
    grids = [
        {"grid_code": "A1", "name": "甲一", "community_code": "A"},
        {"grid_code": "A2", "name": "甲二", "community_code": "A"},
        {"grid_code": "B1", "name": "乙一", "community_code": "B"},
    ]
    communities = [{"community_code": "A", "name": "甲社区"}]
    return area_table(
        frame("communities", communities), frame("grids", grids), frame("microgrids", microgrids)
    )


def incident(number: int, microgrid: str | None, reported: str, closed: str | None = None, **more: object):
    at = pd.Timestamp(f"2023-{reported}", tz="Asia/Shanghai")
    closed_at = pd.Timestamp(f"2023-{closed}", tz="Asia/Shanghai") if closed else None
    status = "closed" if closed else "open"
    row = {"incident_id": str(number), "microgrid_code": microgrid, "reported_at": at, "closed_at": closed_at}
    return row | {"status": status, "source": "patrol"} | more


def records(incidents: list[dict[str, object]]) -> PlaceRecords:
    points = [
        {"point_id": "P1", "lon": 0.5, "lat": 0.5},
        {"point_id": "P2", "lon": 1.5, "lat": 0.5},
        {"point_id": "P9", "lon": 9.0, "lat": 9.0},
    ]
    checkins = [
        {"point_id": "P1", "person_id": "K1", "at": pd.Timestamp("2023-09-11 08:00", tz="Asia/Shanghai")},
        {"point_id": "P1", "person_id": "K1", "at": pd.Timestamp("2023-09-12 08:00", tz="Asia/Shanghai")},
        {"point_id": "P9", "person_id": "K1", "at": pd.Timestamp("2023-09-12 09:00", tz="Asia/Shanghai")},
        {"point_id": "P2", "person_id": "K1", "at": pd.Timestamp("2023-09-10 23:59", tz="Asia/Shanghai")},
    ]
    members = [
        {"member_id": f"M{i}", "microgrid_code": code} for i, code in enumerate(("A1-1", "A1-1", "B1-1"))
    ]
    return PlaceRecords(
        frame("incidents", incidents),
        frame("checkins", checkins),
        frame("points", points),
        frame("members", members),
        AS_OF,
        AS_OF,
    )


def value(table: pd.DataFrame, level: str, code: str, measure: str) -> tuple[float | None, object, object]:
    rows = table[(table["level"] == level) & (table["code"] == code) & (table["measure"] == measure)]
    assert len(rows) == 1
    row = rows.iloc[0]
    return tuple(
        None if pd.isna(row[name]) else row[name] for name in ("value", "numerator_n", "denominator_n")
    )


FIVE = [
    incident(1, "A1-1", "09-11 00:00", "09-11 01:00", source="hotline"),
    incident(2, "A1-1", "09-12 08:00", "09-12 08:10"),
    incident(3, "A1-2", "09-17 22:00"),
    incident(4, "A1-2", "08-21 00:00", "09-14 00:00", source="resident"),
    incident(5, "B1-1", "08-20 23:59", "09-18 10:00"),
    incident(6, None, "09-13 10:00", status="voided"),
    incident(7, "A2-1", "09-10 23:59", status="closed"),
]


def test_each_measure_of_the_small_street_is_what_one_counts_by_hand():
    table = place_measures(records(FIVE), street(), week=WEEK)
    assert value(table, "microgrid", "A1-1", "reported_n") == (2, 2, None)
    assert value(table, "community", "A", "reported_n") == (3, 3, None)
    assert value(table, "community", "B", "reported_n") == (0, 0, None)
    assert value(table, "street", "", "reported_n") == (4, 4, None)
    assert value(table, "grid", "A1", "reported_4w_n") == (4, 4, None)
    assert value(table, "grid", "A1", "reported_per_100_households") == (pytest.approx(4 / 150 * 100), 4, 150)
    assert value(table, "community", "A", "reported_per_100_households") == (None, 5, None)
    # Open at as_of: the unclosed one and the one closed later; not the voided, not the one closed undated.
    assert value(table, "grid", "A1", "open_n") == (1, 1, None)
    assert value(table, "microgrid", "B1-1", "open_n") == (1, 1, None)
    assert value(table, "street", "", "open_n") == (2, 2, None)
    # Closed in the week after 10 min, 60 min and 24 d: the middle one, no mid-point.
    assert value(table, "grid", "A1", "closed_median_min") == (60, 3, None)
    assert value(table, "microgrid", "A1-1", "closed_median_min") == (10, 2, None)
    assert value(table, "community", "A", "public_share") == (pytest.approx(1 / 3), 1, 3)
    assert value(table, "community", "B", "public_share") == (None, 0, 0)
    # P1 twice; P2 only the week before; no point in B1-1; the street counts P9 outside every area too.
    assert value(table, "microgrid", "A1-1", "checkins_n") == (2, 2, None)
    assert value(table, "microgrid", "A1-2", "checkins_n") == (0, 0, None)
    assert value(table, "microgrid", "B1-1", "checkins_n") == (None, None, None)
    assert value(table, "street", "", "checkins_n") == (3, 3, None)
    assert value(table, "grid", "A1", "households_n") == (150, 150, None)
    assert value(table, "grid", "A1", "members_per_microgrid") == (1, 2, 2)
    assert value(table, "community", "B", "residents_per_member") == (400, 400, 1)


def test_every_area_has_every_measure_once():
    areas = street()
    table = place_measures(records(FIVE), areas, week=WEEK)
    assert len(table) == (len(areas) + 1) * len(MEASURES)
    assert not table.duplicated(["level", "code", "measure"]).any()
    named = table[table["level"] != "street"]
    assert named["name"].notna().all()


def test_a_week_no_source_reaches_is_missing_and_not_zero():
    late = place_measures(records(FIVE), street(), week=Week(2023, 38))
    empty = place_measures(records([]), street(), week=WEEK)
    assert late.loc[late["measure"].isin(["reported_n", "open_n", "checkins_n"]), "value"].isna().all()
    assert empty.loc[empty["measure"] == "reported_n", "value"].isna().all()
    assert value(empty, "grid", "A1", "households_n")[0] == 150


def test_order_of_rows_changes_nothing():
    areas = street()
    expected = place_measures(records(FIVE), areas, week=WEEK)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(FIVE))
        shuffled = place_measures(records([FIVE[i] for i in order]), areas, week=WEEK)
        pd.testing.assert_frame_equal(shuffled, expected)


def test_parts_of_a_count_add_up_to_the_whole():
    table = place_measures(records(FIVE), street(), week=WEEK).query("measure == 'reported_4w_n'")
    of_level = table.groupby("level")["value"].sum()
    assert of_level["microgrid"] == of_level["grid"] == of_level["community"] == 5
    assert of_level["street"] == 6


def test_medians_take_an_observed_value():
    medians = closed_medians(pd.Series([4.0, 1.0, 3.0, 2.0, 9.0]), pd.Series(["a", "a", "a", "a", "b"]))
    assert medians["median"].to_dict() == {"a": 2.0, "b": 9.0}
    assert medians["n"].to_dict() == {"a": 4, "b": 1}


def test_unions_of_micro_grids_tile_their_grid_and_community():
    areas = street()
    polygon = areas["geometry"]
    assert polygon[("grid", "A1")].equals(shapely.box(0, 0, 2, 1))
    assert polygon[("community", "A")].equals(shapely.box(0, 0, 3, 1))
    for level in ("community", "grid", "microgrid"):
        assert shapely.area(areas.loc[areas["level"] == level, "geometry"].to_numpy()).sum() == 4.0


def test_an_area_known_only_by_its_children_gets_a_row():
    areas = street()
    assert areas.loc[("community", "B"), "name"] == "B"
    assert areas.loc[("community", "B"), "households"] == 200
    assert pd.isna(areas.loc[("community", "A"), "households"])


def test_a_street_without_polygons_has_areas_but_nothing_to_draw():
    microgrids = frame("microgrids", [{"microgrid_code": "A1-1", "grid_code": "A1"}])
    areas = area_table(empty_frame("communities"), empty_frame("grids"), microgrids)
    assert levels_of(areas) == ("grid", "microgrid")
    assert levels_of(areas, drawn=True) == ()
    assert area_at(areas, lon=0.5, lat=0.5) == STREET_KEY
    nothing = area_table(empty_frame("communities"), empty_frame("grids"), empty_frame("microgrids"))
    assert nothing.empty
    table = place_measures(records(FIVE), nothing, week=WEEK)
    assert set(table["level"]) == {"street"}
    assert value(table, "street", "", "reported_n") == (4, 4, None)


def test_clicks_lead_down_to_the_neighbour_and_never_outside():
    areas = street()
    micro = area_at(areas, lon=1.5, lat=0.5)
    assert path_to(areas, micro) == (STREET_KEY, ("community", "A"), ("grid", "A1"), ("microgrid", "A1-2"))
    assert drilled(areas, shown=STREET_KEY, clicked=micro) == ("community", "A")
    assert drilled(areas, shown=("community", "A"), clicked=micro) == ("grid", "A1")
    assert drilled(areas, shown=("grid", "A1"), clicked=micro) == micro
    assert drilled(areas, shown=micro, clicked=micro) == micro
    assert drilled(areas, shown=("grid", "A2"), clicked=micro) == ("grid", "A1")
    assert drilled(areas, shown=("grid", "B1"), clicked=micro) == ("community", "A")
    assert drilled(areas, shown=("grid", "A1"), clicked=area_at(areas, lon=9, lat=9)) == ("grid", "A1")
    assert children_of(areas, ("community", "A"))["code"].tolist() == ["A1", "A2"]
    assert children_of(areas, STREET_KEY)["code"].tolist() == ["A", "B"]


def test_points_are_located_up_to_the_community_and_border_points_once():
    located = points_located(pd.Series([0.5, 1.0, 9.0]), pd.Series([1.5, 0.5, 9.0]), street())
    assert located["microgrid"].tolist()[:2] == ["B1-1", "A1-1"]
    assert located["community"].tolist()[:2] == ["B", "A"]
    assert located.iloc[2].isna().all()


def test_few_cases_are_marked_only_for_shares_and_medians():
    table = place_measures(records(FIVE), street(), week=WEEK)
    few = table[is_too_few(table, small_n=20)]
    assert set(few["measure"]) == {"closed_median_min", "public_share"}
    assert not is_too_few(table, small_n=1).any()


def test_every_area_is_in_exactly_one_class():
    rng = np.random.default_rng(4)
    values = pd.Series(rng.poisson(3, 294).astype(float)).mask(rng.random(294) < 0.05)
    is_few = pd.Series(rng.random(294) < 0.1) & values.notna()
    number, classes = classified(values, is_few)
    assert sum(class_.areas_n for class_ in classes) == 294
    assert number.value_counts().sort_index().tolist() == [class_.areas_n for class_ in classes]
    ranges = [class_ for class_ in classes if class_.kind == "range"]
    assert len(ranges) <= 5
    assert all(a.high < b.low and a.shade < b.shade for a, b in pairwise(ranges))
    assert [class_.kind for class_ in classes] == ["zero", *["range"] * len(ranges), "few", "none"]


@pytest.mark.parametrize("values", [[], [np.nan], [0.0, 0.0], [7.0], [1.0, 1.0, 2.0]])
def test_few_areas_make_few_classes(values: list[float]):
    series = pd.Series(values, dtype="float64")
    number, classes = classified(series, pd.Series(False, index=series.index))
    assert sum(class_.areas_n for class_ in classes) == len(values)
    assert (number >= 0).all()
