"""On the demonstration street: the planted false speed-up shows, the absent team stands out."""

from __future__ import annotations

import json
from datetime import date

import pytest

from governance.metrics.gaming import closed_on_the_spot
from governance.metrics.response import HEADLINE, response_receipts, response_rows
from governance.metrics.stages import STAGES
from governance.metrics.trust import source_status
from governance.metrics.windows import Span
from governance.workdays import Week

BEFORE = {"since": date(2023, 5, 29), "until": date(2023, 6, 25)}
NOW = {"since": date(2023, 8, 21), "until": date(2023, 9, 17)}


@pytest.fixture(scope="module")
def truth(sample_exports):
    return json.loads((sample_exports[0] / "truth.json").read_text(encoding="utf-8"))


def test_the_false_speed_up_is_exposed(sample_dataset, truth):
    """Four weeks against four before the reform: the closed cases alone look twice as fast, all do not."""

    def medians(window):
        rows = response_rows(sample_dataset, by="category", **window)
        return {row["group"]: row for row in rows if row["stage"] == HEADLINE}

    before, now = medians(BEFORE), medians(NOW)
    exposed = [
        category
        for category, row in now.items()
        if row["closed_only_median_min"] < 0.5 * before[category]["closed_only_median_min"]
        and row["median_min"] > 0.8 * before[category]["median_min"]
    ]
    assert exposed == [truth["false_speedup_category"]]


def test_the_absent_team_closes_on_the_spot(sample_dataset, truth):
    span = Span(Week(2023, 26).start_at, Week(2023, 37).end_at)
    found = closed_on_the_spot(sample_dataset.cases(), span=span, within_min=20)
    assert found.loc[found["is_marked"], "group"].tolist() == [truth["absent_team_id"]]


def test_every_case_is_counted_or_left_out_for_a_reason(sample_dataset):
    receipts = response_receipts(sample_dataset)
    assert set(receipts) == set(STAGES)
    for receipt in receipts.values():
        assert receipt.read_n == receipt.kept_n + sum(receipt.left_out().values())
    arrive = receipts["report_to_arrive"]
    # A mediation at the office has no arrival to miss; the planted 1.2 % of missing stamps have.
    assert 0 < arrive.not_recorded_n < 0.02 * arrive.kept_n
    assert arrive.unattended_n > 0.1 * arrive.read_n


def test_the_records_of_a_week_earn_an_a_or_b(sample_dataset):
    for week in (Week(2023, 20), Week(2023, 37)):
        grades = source_status(sample_dataset, week).set_index("kind")["grade"].dropna()
        assert set(grades) <= {"A", "B"}
