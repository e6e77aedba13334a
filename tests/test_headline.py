"""The six headline figures: counted by hand, equal to the other pages', and what they say."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from governance.metrics.communities import (
    community_figures,
    known_weeks,
    overdue_comparison,
)
from governance.metrics.containment import containment_rows
from governance.metrics.control_series import control_charts
from governance.metrics.definitions import COMPARED, HEADLINES
from governance.metrics.headline import (
    ELSEWHERE,
    STREET,
    all_cases,
    headline_marks,
    headline_parts,
    headline_weeks,
    window_figures,
)
from governance.metrics.headline_states import change_of, is_few, signal_since, standing_of, verdict
from governance.metrics.response import response_rows
from governance.metrics.windows import PUBLIC, Scope, Span
from governance.records.dataset import dataset_of_frames, empty_frame
from governance.settings import settings_of
from governance.workdays import SHANGHAI, Week, weeks_until

WEEK = Week(2023, 37)
SPAN = Span(WEEK.start_at, WEEK.end_at)
AS_OF = pd.Timestamp("2023-09-17 23:00", tz=SHANGHAI)


def stamp(text):
    return pd.Timestamp(text, tz=SHANGHAI) if text else pd.NaT


def frame(kind, rows):
    types = empty_frame(kind).dtypes.drop("row")
    columns = {name: pd.Series([row.get(name) for row in rows], dtype=t) for name, t in types.items()}
    return pd.DataFrame(columns).assign(row=1)


def case(number, reported, arrived=None, closed=None, **more):
    stamps = {"reported_at": reported, "arrived_at": arrived, "closed_at": closed}
    return {
        "incident_id": f"A{number}",
        **{name: stamp(text) for name, text in stamps.items()},
        "status": "closed" if closed else "open",
        "community_code": "C1",
        "category": "市容环境",
        "severity": "normal",
        "source": "hotline",
        "level_closed": "community" if closed else None,
        "flags": "",
    } | more


CASES = [
    case(1, "2023-09-11 08:00", "2023-09-11 08:10", "2023-09-11 10:00", due_at=stamp("2023-09-11 12:00")),
    case(2, "2023-09-12 08:00", "2023-09-12 08:30", "2023-09-12 20:00", due_at=stamp("2023-09-12 12:00")),
    case(3, "2023-09-13 08:00", "2023-09-13 08:20", due_at=stamp("2023-09-14 12:00")),
    case(4, "2023-09-17 22:00", due_at=stamp("2023-09-19 12:00"), community_code="C9"),
    case(5, "2023-09-12 09:00", "2023-09-12 09:01", "2023-09-12 09:02", source="patrol"),
    case(6, "2023-09-05 08:00", "2023-09-05 08:05", "2023-09-06 08:00", due_at=stamp("2023-09-06 09:00")),
]
COMMUNITIES = frame(
    "communities", [{"community_code": "C2", "name": "乙社区"}, {"community_code": "C1", "name": "甲社区"}]
)


def dataset(tmp_path, rows=CASES, as_of=AS_OF):
    tables = {"incidents": frame("incidents", rows), "communities": COMMUNITIES}
    settings = settings_of(tmp_path)
    return dataset_of_frames(tables, as_of={"incidents": as_of}, settings=settings, data_dir=tmp_path)


def parts_of(data, scope=Scope()):  # noqa: B008 (frozen)
    return headline_parts(data, all_cases(data), scope)


def many(tmp_path, seed=5, weeks_n=20):
    """A street of noise: some thirty cases a week over many weeks."""
    rng = np.random.default_rng(seed)
    first, rows = pd.Timestamp("2023-05-01", tz=SHANGHAI), []
    for number in range(30 * weeks_n):
        at = first + pd.Timedelta(minutes=float(rng.uniform(0, weeks_n * 7 * 1440)))
        hours = float(rng.exponential(20))
        is_closed = at + pd.Timedelta(hours=hours) < AS_OF
        row = case(
            number,
            "2023-01-01",
            community_code=str(rng.choice(["C1", "C2"])),
            source=str(rng.choice(["hotline", "resident", "patrol"])),
        )
        row |= {"reported_at": at, "arrived_at": at + pd.Timedelta(minutes=float(rng.exponential(9)))}
        row |= {"due_at": at + pd.Timedelta(hours=40), "status": "closed" if is_closed else "open"}
        row["closed_at"] = at + pd.Timedelta(hours=hours) if is_closed else pd.NaT
        row["level_closed"] = str(rng.choice(["community", "street"])) if is_closed else None
        rows.append(row)
    return dataset(tmp_path, rows)


# ------------------------------------------------------------------------------ by hand
def test_the_week_counted_by_hand(tmp_path):
    figures = window_figures(parts_of(dataset(tmp_path)), SPAN).set_index("metric")
    # Arrivals after 10, 20 and 30 min, one case not reached for an hour: the p90 is not reached.
    assert math.isnan(figures["value"]["report_to_arrive_p90_min"])
    assert figures["n"]["report_to_arrive_p90_min"] == 4
    assert (figures["numerator_n"]["on_time_share"], figures["denominator_n"]["on_time_share"]) == (1, 3)
    assert figures["value"]["community_share"] == pytest.approx(2 / 3)
    assert figures["value"]["report_to_close_median_min"] == 12 * 60
    # All that is under way, and of it the one past its limit.
    assert (figures["value"]["open_n"], figures["numerator_n"]["open_n"]) == (2, 1)
    # The public's demand, and beside it what was found.
    assert (figures["value"]["reported_n"], figures["numerator_n"]["reported_n"]) == (4, 1)


def test_the_cases_behind_a_figure_are_as_many_as_it_says(tmp_path):
    parts = parts_of(dataset(tmp_path))
    figures = window_figures(parts, SPAN).set_index("metric")
    for key in HEADLINES:
        whole, hit, _ = headline_marks(key, parts, SPAN)
        assert len(whole.rows) == figures["n"][key]
        if not pd.isna(figures["numerator_n"][key]):
            assert len(hit.rows) == figures["numerator_n"][key]
    late = headline_marks("open_n", parts, SPAN)[1]
    assert late.rows["incident_id"].tolist() == ["A3"]


def test_a_window_the_records_do_not_hold_is_missing_and_not_zero(tmp_path):
    parts = parts_of(dataset(tmp_path))
    for week in (Week(2023, 30), Week(2023, 40)):
        figures = window_figures(parts, Span(week.start_at, week.end_at))
        assert figures["value"].isna().all()
        assert figures["n"].isna().all()


def test_a_table_without_sources_arrivals_or_levels_says_so(tmp_path):
    plain = [
        row | {"source": None, "arrived_at": pd.NaT, "level_closed": None, "due_at": pd.NaT} for row in CASES
    ]
    parts = parts_of(dataset(tmp_path, plain))
    assert not parts.names_sources
    figures = window_figures(parts, SPAN).set_index("metric")
    assert figures["value"]["reported_n"] == 5
    assert figures["n"][["report_to_arrive_p90_min", "community_share", "on_time_share"]].isna().all()
    weeks = headline_weeks(parts, weeks_until(WEEK, 12))
    assert len(weeks) == 12 * len(HEADLINES)
    assert weeks[weeks["metric"] == "community_share"]["value"].isna().all()


def test_no_incidents_are_no_parts(tmp_path):
    assert parts_of(dataset(tmp_path, [])) is None


# -------------------------------------------------------------------- as the other pages
def test_the_weeks_are_those_of_the_control_charts(tmp_path):
    data = many(tmp_path)
    weeks = headline_weeks(parts_of(data), weeks_until(WEEK, 12))
    for key in HEADLINES:
        scope = None if key == "open_n" else Scope(demand=PUBLIC)
        chart = control_charts(data, of=key, until=WEEK.last_day, scope=scope)["all"].tail(12)
        mine = weeks[weeks["metric"] == key]
        for column in ("value", "centre", "lower", "upper"):
            assert mine[column].tolist() == pytest.approx(chart[column].tolist(), nan_ok=True)
        assert mine["signal"].fillna("").tolist() == chart["signal"].fillna("").tolist()


def test_the_last_week_is_the_same_counted_as_a_window(tmp_path):
    parts = parts_of(many(tmp_path))
    weeks = headline_weeks(parts, weeks_until(WEEK, 12))
    last = weeks[weeks["week"] == str(WEEK)].set_index("metric")
    window = window_figures(parts, SPAN).set_index("metric")
    assert last["value"].tolist() == pytest.approx(window["value"].tolist())
    assert last["n"].tolist() == window["n"].tolist()
    assert last["numerator_n"].fillna(-1).tolist() == window["numerator_n"].fillna(-1).tolist()


def test_response_and_containment_figures_say_the_same(tmp_path):
    data = many(tmp_path)
    by_source = dict.fromkeys(["since", "until"], WEEK.first_day) | {"until": WEEK.last_day}
    public = dataset(tmp_path, data.frame("incidents").query("source != 'patrol'").to_dict("records"))
    figures = window_figures(parts_of(data), SPAN).set_index("metric")
    rows = {row["stage"]: row for row in response_rows(public, **by_source)}
    assert figures["value"]["report_to_arrive_p90_min"] == rows["report_to_arrive"]["p90_min"]
    assert figures["value"]["report_to_close_median_min"] == rows["report_to_close"]["median_min"]
    assert figures["value"]["on_time_share"] == rows["report_to_close"]["on_time_share"]
    (ladder,) = containment_rows(public, **by_source)
    assert figures["value"]["community_share"] == ladder["community_share"]


def test_a_week_not_over_is_provisional_and_has_no_signal(tmp_path):
    data = dataset(tmp_path, CASES, as_of=pd.Timestamp("2023-09-14 12:00", tz=SHANGHAI))
    weeks = headline_weeks(parts_of(data), weeks_until(WEEK, 3))
    last = weeks[weeks["week"] == str(WEEK)]
    assert last["is_provisional"].all()
    assert not last["is_complete"].any()
    assert last["signal"].isna().all()


# ---------------------------------------------------------------------------- communities
def test_communities_stand_in_code_order_with_the_unlocated_on_a_line_of_their_own(tmp_path):
    parts = parts_of(dataset(tmp_path))
    figures = community_figures(parts, COMMUNITIES, WEEK)
    assert list(dict.fromkeys(figures["community_code"])) == ["C1", "C2", ELSEWHERE, STREET]
    due = figures[figures["metric"] == "on_time_share"].set_index("community_code")
    assert due["n"].to_dict() == {"C1": 4, "C2": 0, ELSEWHERE: 0, STREET: 4}
    assert due["value"]["C1"] == 0.5
    assert due["low"]["C1"] < 0.5 < due["high"]["C1"]
    assert due["name"]["C2"] == "乙社区"
    assert set(figures["metric"]) == set(COMPARED)


def test_the_four_weeks_before_show_only_when_the_records_hold_them(tmp_path):
    parts = parts_of(many(tmp_path))
    assert known_weeks(parts, WEEK) == 4
    assert community_figures(parts, COMMUNITIES, WEEK)["previous"].notna().any()
    early = Week(2023, 19)
    assert known_weeks(parts, early) == 2
    assert community_figures(parts, COMMUNITIES, early)["previous"].isna().all()


def test_overdue_cases_are_held_against_the_other_communities(tmp_path):
    table = overdue_comparison(parts_of(many(tmp_path)), COMMUNITIES, WEEK)
    assert table["group"].tolist() == ["C1", "C2"]
    assert table["name"].tolist() == ["甲社区", "乙社区"]
    assert not table["is_marked"].any()
    assert overdue_comparison(parts_of(dataset(tmp_path, CASES[4:5])), COMMUNITIES, WEEK).empty


# --------------------------------------------------------------------------------- states
def chart(values, *, signal=None, centre=10.0, lower=5.0, upper=15.0, is_complete=True):
    n = len(values)
    return pd.DataFrame(
        {
            "week": [str(week) for week in weeks_until(WEEK, n)],
            "value": values,
            "centre": centre,
            "lower": lower,
            "upper": upper,
            "near_lower": lower,
            "near_upper": upper,
            "signal": pd.array([None] * (n - 1) + [signal], dtype="string"),
            "is_trial": False,
            "is_complete": is_complete,
        }
    )


@pytest.mark.parametrize(
    ("key", "values", "signal", "said"),
    [
        ("report_to_arrive_p90_min", [10, 20], "outside", "worse"),
        ("report_to_arrive_p90_min", [10, 2], "outside", "better"),
        ("on_time_share", [10, 20], "shift", "better"),
        ("on_time_share", [10, 2], "two_of_three", "worse"),
        ("reported_n", [10, 20], "outside", "up"),
        ("reported_n", [10, 2], "outside", "down"),
        # A falling run is worse for a share even above its mean.
        ("on_time_share", [14, 13, 12], "trend", "worse"),
        # A tie in a rising run does not turn it.
        ("on_time_share", [12, 13, 13], "trend", "better"),
        ("on_time_share", [10, 20], None, "common"),
    ],
)
def test_a_signal_is_worse_or_better_by_the_metrics_direction(key, values, signal, said):
    assert change_of(key, chart([float(value) for value in values], signal=signal)) == said


def test_nothing_is_judged_without_a_value_limits_or_a_whole_week():
    assert change_of("open_n", chart([10.0, math.nan])) == "unknown"
    assert change_of("open_n", chart([10.0, 20.0], centre=math.nan)) == "unknown"
    assert change_of("open_n", chart([10.0, 20.0], signal="outside", is_complete=False)) == "unknown"


@pytest.mark.parametrize(
    ("target", "said"), [(16, "consistently_met"), (10, "sometimes"), (4, "consistently_missed")]
)
def test_a_target_is_met_by_the_process_and_not_by_one_week(target, said):
    row = chart([10.0, 10.0]).iloc[-1]
    assert standing_of(row, float(target), "at_most") == said


def test_without_limits_the_one_week_counts():
    row = chart([10.0, 10.0], centre=math.nan).iloc[-1]
    assert standing_of(row, 10.0, "at_least") == "met"
    assert standing_of(row, 10.5, "at_least") == "missed"
    assert standing_of(row, math.nan, "at_least") == "none"
    assert standing_of(chart([math.nan]).iloc[-1], 1.0, "at_least") == "unknown"


def test_few_cases_are_few_for_rates_and_never_for_counts():
    assert is_few("on_time_share", 19, 20)
    assert not is_few("on_time_share", 20, 20)
    assert not is_few("open_n", 3, 20)
    assert not is_few("on_time_share", None, 20)


def test_the_sentence_names_what_lies_furthest_out():
    weeks = pd.concat(
        [
            chart([10.0, 16.0], signal="outside").assign(metric="open_n"),
            chart([10.0, 30.0], signal="outside").assign(metric="report_to_arrive_p90_min"),
            chart([10.0, 40.0], signal="outside").assign(metric="on_time_share"),
        ]
    )
    changes = {"open_n": "worse", "report_to_arrive_p90_min": "worse", "on_time_share": "better"}
    said = verdict(weeks, changes, {"open_n": "consistently_missed"})
    assert said.worse == ("open_n", "report_to_arrive_p90_min")
    assert said.named == "report_to_arrive_p90_min"
    assert said.missed == ("open_n",)
    assert verdict(weeks, dict.fromkeys(changes, "common"), {}).named == ""


def test_a_signal_tells_since_when_it_stands():
    values, signals = [5.0, 9.0, 1.0, 1.0, 1.0], [None, "outside", "outside", "shift", "outside"]
    weeks = pd.DataFrame(
        {
            "week": [f"2023-W{n}" for n in range(33, 38)],
            "metric": "night",
            "value": values,
            "centre": 5.0,
            "signal": signals,
        }
    )
    assert signal_since(weeks, "night") == "2023-W35"
    assert signal_since(weeks[:2], "night") == "2023-W34"
    assert signal_since(weeks[:1], "night") == ""
