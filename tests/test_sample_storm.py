"""21 July in the sample: the product finds what was planted, in the order the report tells it."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from governance.metrics.storm import is_water_case, storm_rows
from governance.report.storm_model import storm_view
from governance.sample.storm import STORM_ID

PLACES = {"大阳沟市场口", "牛角沱立交"}


@pytest.fixture(scope="module")
def storm(sample_dataset):
    """The storm as the page tells it."""
    return storm_view(sample_dataset, STORM_ID)


def test_the_storm_is_one_row_of_the_metric(sample_dataset):
    rows = {row["warning_id"]: row for row in storm_rows(sample_dataset)}
    row = rows[STORM_ID]
    assert (row["available_min"], row["lead_min"]) == (29, -8)
    assert (row["points_checked_n"], row["points_n"]) == (15, 16)
    assert (row["households_moved_n"], row["people_moved_n"]) == (3, 7)
    assert len(row["steps"]) == 10
    assert row["flags"] == []


def test_the_patrol_found_both_places_first(sample_dataset, storm):
    cases = sample_dataset.frame("incidents")
    day = cases[cases["reported_at"].dt.date.eq(storm.start_at.date()) & is_water_case(cases)]
    after = day[day["reported_at"].ge(storm.start_at)].sort_values("reported_at")
    assert (after["source"].iloc[0], after["address"].iloc[0]) == ("patrol", "大阳沟市场口")
    for place in PLACES:
        assert after.loc[after["address"].eq(place), "source"].iloc[0] == "patrol"


def test_both_places_were_cordoned_cleared_and_reopened(storm):
    flooded = storm.points[storm.points["discovered_at"].notna()]
    assert set(flooded["name"]) == PLACES
    assert flooded["state"].eq("restored").all()
    stamps = [f"{name}_at" for name in ("discovered", "cordoned", "cleared", "reopened")]
    for earlier, later in pairwise(stamps):
        assert (flooded[earlier] < flooded[later]).all()
    trees = storm.judged[storm.judged["step"].eq("cleared") & storm.judged["place_kind"].eq("microgrid")]
    assert len(trees) == 2


def test_what_is_missing_and_late_has_its_unit(storm):
    missing = storm.missing
    assert list(missing["step"]) == ["called", "checked"]
    assert set(missing["team"]) == {"新都巷巡逻队"}
    assert missing["on_duty"].ne("").all()
    late = storm.late
    assert storm.plan_source == "示例，待街道确认"
    assert set(late["step"]) == {"called", "arrived", "checked", "cordoned", "moved"}
    assert late["over_min"].gt(0).all()


def test_no_step_of_the_sample_stands_before_its_warning(storm):
    assert not storm.judged["state"].isin(["early", "unstamped"]).any()
    assert storm.judged["used_min"].dropna().ge(0).all()
    assert pd.Timestamp(storm.event["closed_at"]) == storm.until
