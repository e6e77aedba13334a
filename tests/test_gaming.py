"""Gaming signals: each on cases counted by hand, and the planted absent team among the sample's."""

from __future__ import annotations

import pandas as pd
import pytest

from governance.figures.gaming_table import SignalLine, gaming_html
from governance.metrics.gaming import (
    STREET,
    closed_before_limit,
    closed_on_the_spot,
    closed_without_track,
    many_in_an_hour,
    member_reports,
    regraded_before_limit,
)
from governance.metrics.judged import judged_cases
from governance.metrics.windows import Span
from governance.workdays import Week
from tests.test_response import at, incident, street, typed

WEEK = Span(Week(2023, 37).start_at, Week(2023, 37).end_at)


def test_closings_bunched_before_the_limit_stand_out(tmp_path):
    """Team T-1 closes 12 cases 5 minutes before the limit and 3 in the half hour before: 1 expected."""
    before = [(5, "T-1")] * 12 + [
        (15, "T-1"),
        (25, "T-1"),
        (35, "T-1"),
        (10, "T-2"),
        (-1, "T-2"),
        (90, "T-2"),
    ]
    rows = [
        incident(str(n), 0, 300 - minutes, due_at=300, team_id=team)
        for n, (minutes, team) in enumerate(before)
    ]
    found = closed_before_limit(judged_cases(street(rows, tmp_path)), span=WEEK, within_min=10)
    table = found.set_index("group")
    assert table["hit_n"].to_dict() == {STREET: 12, "T-1": 12, "T-2": 0}
    assert table["of_n"].to_dict() == {STREET: 18, "T-1": 15, "T-2": 3}
    assert table["expected_n"].tolist() == pytest.approx([4 / 3, 1, 1 / 3])
    assert table["is_marked"].to_dict() == {STREET: True, "T-1": True, "T-2": False}
    assert table.loc["T-1", "incident_ids"] == tuple(str(n) for n in range(12))


def test_self_found_cases_closed_on_the_spot_are_compared_with_the_other_units(tmp_path):
    """T-1 closes 6 of 10 within 20 minutes, the other 39 none: (0 + ½) ÷ 40 of 10 expected."""
    rows = [incident(f"a{n}", 0, 15 if n < 6 else 60, source="patrol", team_id="T-1") for n in range(10)]
    rows += [incident(f"b{n}", 0, 60, source="member", community_code="C1") for n in range(39)]
    rows += [incident("public", 0, 5, source="hotline", team_id="T-2"), incident("open", 0, source="patrol")]
    found = closed_on_the_spot(street(rows, tmp_path).cases(), span=WEEK, within_min=20).set_index("group")
    assert found["hit_n"].to_dict() == {STREET: 6, "C1": 0, "T-1": 6}
    assert found.loc["T-1", "expected_n"] == pytest.approx(10 * 0.5 / 40)
    assert found["is_marked"].to_dict() == {STREET: False, "C1": False, "T-1": True}


def test_many_reports_count_within_any_hour_and_name_no_member():
    """Twelve wishes in 55 minutes across the full hour, then one more at the 60th."""
    asked = [{"request_id": f"Q{n}", "member_id": "M-1", "microgrid_code": "W-1"} for n in range(13)]
    minutes = [30 + 5 * n for n in range(12)] + [90]
    requests = typed(
        "requests", [row | {"collected_at": at(m)} for row, m in zip(asked, minutes, strict=True)]
    )
    reports = member_reports(typed("incidents", []), requests)
    found = many_in_an_hour(reports, span=WEEK, most=10)
    assert found[["group", "kind", "hit_n", "of_n"]].values.tolist() == [["W-1", "requests", 12, 13]]
    assert found["from_at"].tolist() == [at(30)]
    assert "M-1" not in found.to_csv()


def test_regraded_just_before_the_limit_counts_the_hour_before_it(tmp_path):
    cases = street([incident(str(n), 0, team_id="T-1") for n in range(4)], tmp_path).cases()
    regraded = pd.DataFrame(
        {
            "incident_id": ["0", "1", "2", "3"],
            "changed_at": pd.Series([at(0)] * 4),
            "before_limit_min": [10.0, 59.9, 60.0, -5.0],
        }
    )
    found = regraded_before_limit(regraded, cases, span=WEEK).set_index("group")
    assert found["hit_n"].to_dict() == {STREET: 2, "T-1": 2}
    assert found["of_n"].tolist() == [4, 4]
    assert not found["is_marked"].any()


def test_nothing_to_count_is_no_finding(tmp_path):
    empty = street([], tmp_path).cases()
    assert closed_on_the_spot(empty, span=WEEK, within_min=20)["of_n"].tolist() == [0]
    assert many_in_an_hour(member_reports(empty, typed("requests", [])), span=WEEK, most=10).empty
    words = {"limit_min": "10", "spot_min": "20", "most": "10", "regraded_min": "60"}
    html = gaming_html([SignalLine("before_limit", 0, 0, 0.0, ())], words)
    assert "没有可看的件" in html


def test_the_names_of_units_are_escaped():
    words = {"limit_min": "10", "spot_min": "20", "most": "10", "regraded_min": "60"}
    line = SignalLine("on_the_spot", 6, 10, float("nan"), (("<b>", 6, 0.1),))
    assert "<b>" not in gaming_html([line], words)


def test_closed_where_nobody_was_seen_is_held_against_the_other_teams():
    """T-1 leaves 9 of 20 unseen, T-2 one of 20; of T-3 too little is known."""
    rows = [("T-1", n < 9, True) for n in range(20)] + [("T-2", n < 1, True) for n in range(20)]
    rows += [("T-3", True, False)] * 8
    closed = pd.DataFrame(rows, columns=["team_id", "is_unseen", "is_known"])
    closed = closed.assign(incident_id=[f"A{n}" for n in closed.index]).astype(
        {"team_id": "string", "incident_id": "string"}
    )
    table = closed_without_track(closed).set_index("group")
    assert table["of_n"].to_dict() == {STREET: 40, "T-1": 20, "T-2": 20}
    assert table["hit_n"].to_dict() == {STREET: 10, "T-1": 9, "T-2": 1}
    assert table["expected_n"]["T-1"] == pytest.approx(20 * 1.5 / 21)
    assert table["is_marked"].to_dict() == {STREET: False, "T-1": True, "T-2": False}
    assert len(table["incident_ids"]["T-1"]) == 9


def test_cases_set_apart_are_named_beside_the_counted():
    line = SignalLine("unseen", 9, 40, float("nan"), (("甲队", 9, 1.4),), apart_n=8)
    words = {"unseen_weeks": "4"}
    assert "9 / 40 件（另 8 件当天轨迹不足，不算）" in gaming_html([line], words)
