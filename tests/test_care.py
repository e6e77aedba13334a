"""一老一小: the rule by hand, a second computation day by day, properties, entry and leaving, the surge."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.cli import main
from governance.metrics.care import (
    care_counts,
    care_due,
    care_window,
    in_register,
    left_register,
    uncounted_visits,
)
from governance.metrics.care_chain import (
    activity_kind,
    activity_list,
    chain_counts,
    chain_gaps,
    complete_n,
    elders,
)
from governance.metrics.care_rows import care_rows, high_risk_weeks
from governance.metrics.care_surge import care_surge, surge_counts
from governance.metrics.windows import Span
from governance.records.dataset import dataset_of_frames
from governance.settings import settings_of
from governance.workdays import SHANGHAI, Week
from tests.builders import import_small_street, imported
from tests.care_builders import framed, person, register, stamp, visits, warnings

AT = datetime(2023, 9, 18, tzinfo=SHANGHAI)
WEEK = Week(2023, 37)
SPAN = Span(WEEK.start_at, WEEK.end_at)
QUIET = warnings()


def states(people, seen, warned=QUIET, at=AT):
    return care_due(people, seen, warned, at=at).set_index("person_ref")["state"].to_dict()


def sums(people, seen, warned=QUIET, *, span=SPAN, at=AT):
    """Due, done, overdue, never of a window."""
    owed = care_window(people, seen, warned, span=span, at=at)
    counts = care_counts(owed, pd.Series("all", index=owed.index))
    return tuple(counts[["due_n", "done_n", "overdue_n", "never_n"]].sum().astype(int))


# -------------------------------------------------------------------------------- by hand
def test_each_risk_has_its_interval():
    people = register(person("h"), person("k", "key"), person("g", "general"), person("n"))
    seen = visits(("h", "2023-09-10 23:59"), ("k", "2023-08-18 10:00"), ("g", "2023-06-19 00:00"))
    assert states(people, seen) == {"h": "overdue", "k": "done", "g": "done", "n": "never"}
    assert sums(people, seen, span=Span.of_days(None, None)) == (4, 2, 2, 1)


def test_a_week_by_hand():
    """Who fell due in W37: high risk always, others when their turn came, whoever is late since before."""
    people = register(
        person("on time"),
        person("late, then seen"),
        person("key, turn this week", "key"),
        person("key, seen early", "key"),
        person("key, not yet", "key"),
        person("general, overdue for weeks", "general"),
    )
    seen = visits(
        ("on time", "2023-09-08 10:00"),
        ("on time", "2023-09-14 10:00"),
        ("late, then seen", "2023-08-20 10:00"),
        ("late, then seen", "2023-09-15 10:00"),
        ("key, turn this week", "2023-08-12 10:00"),
        ("key, seen early", "2023-08-14 10:00"),
        ("key, seen early", "2023-09-08 10:00"),
        ("key, not yet", "2023-09-01 10:00"),
        ("general, overdue for weeks", "2023-04-01 10:00"),
    )
    owed = care_window(people, seen, QUIET, span=SPAN, at=AT).set_index("person_ref")["state"]
    assert owed.to_dict() == {
        "on time": "done",
        "late, then seen": "done",
        "key, turn this week": "overdue",
        "key, seen early": "done",
        "general, overdue for weeks": "overdue",
    }


def test_a_warning_makes_high_risk_due_at_once_and_nobody_else():
    people = register(person("seen before"), person("seen after"), person("key", "key"))
    seen = visits(
        ("seen before", "2023-09-15 09:00"), ("seen after", "2023-09-16 11:00"), ("key", "2023-09-01 09:00")
    )
    warned = warnings(("暴雨", "2023-09-16 10:00"), ("大雾", "2023-09-17 10:00"))
    due = care_due(people, seen, warned, at=AT).set_index("person_ref")
    assert due["state"].to_dict() == {"seen before": "overdue", "seen after": "done", "key": "done"}
    assert due.loc["seen before", "due_at"] == stamp("2023-09-16 10:00")


def test_hours_overdue_run_from_the_first_warning_missed():
    people, seen = register(person("a")), visits(("a", "2023-09-14 09:00"))
    warned = warnings(("高温", "2023-09-15 08:00"), ("暴雨", "2023-09-17 08:00"))
    due = care_due(people, seen, warned, at=AT)
    assert due["due_at"].tolist() == [stamp("2023-09-15 08:00")]


def test_a_warning_before_somebody_s_entry_is_not_his():
    people = register(person("new", since="2023-09-17 12:00"))
    assert states(people, visits(("x", "2023-09-01")), warnings(("暴雨", "2023-09-16 10:00"))) == {
        "new": "not_yet"
    }


# ------------------------------------------------------------------------ entry and leaving
def test_a_visit_before_the_entry_is_kept_and_meets_nothing():
    people = register(person("raised", since="2023-09-16"), person("key", "key", since="2023-09-10"))
    seen = visits(
        ("raised", "2023-09-15 10:00"), ("key", "2023-09-09 10:00"), ("stranger", "2023-09-12 10:00")
    )
    due = care_due(people, seen, QUIET, at=AT).set_index("person_ref")
    assert due["state"].to_dict() == {"raised": "overdue", "key": "not_yet"}
    assert due.loc["raised", "last_at"] == stamp("2023-09-15 10:00")
    assert due.loc["raised", "due_at"] == stamp("2023-09-17")
    left_out = uncounted_visits(people, seen).set_index("person_ref")["why"]
    assert left_out.to_dict() == {
        "raised": "before_register",
        "key": "before_register",
        "stranger": "unknown_person",
    }


def test_whoever_leaves_leaves_with_the_date_and_is_due_until_then():
    people = register(
        person("moved", status="moved", status_on=stamp("2023-09-13")),
        person("hospital", status="hospital", risk_to=stamp("2023-09-12")),
        person("died", status="died"),
        person("ended", risk_to=stamp("2023-09-01")),
        person("stays", status="away"),
    )
    assert in_register(people, at=AT)["person_ref"].tolist() == ["stays"]
    before = in_register(people, at=WEEK.start_at)["person_ref"].tolist()
    assert before == ["moved", "hospital", "stays"]
    left = left_register(people, at=AT)
    assert left["person_ref"].tolist() == ["moved", "hospital", "ended", "died"]
    assert left["status"].tolist() == ["moved", "hospital", "ended", "died"]
    assert left["left_on"].isna().tolist() == [False, False, False, True]


def test_back_from_hospital_is_a_change_within_24_hours():
    people = register(person("back", status="active", status_on=stamp("2023-09-16")))
    due = care_due(people, visits(("back", "2023-09-14 10:00")), QUIET, at=AT)
    assert due["due_at"].tolist() == [stamp("2023-09-17")]
    assert due["state"].tolist() == ["overdue"]


def test_a_register_with_codes_alone_is_due_all_the_same():
    """No status, risk or date given: active, general, there since the records begin."""
    people = framed("care_register", [{"person_ref": "a"}, {"person_ref": "b"}])
    due = care_due(people, visits(("a", "2023-09-01 10:00")), QUIET, at=AT).set_index("person_ref")
    assert due["state"].to_dict() == {"a": "done", "b": "never"}
    assert due.loc["b", "due_at"] == stamp("2023-09-01 10:00")


def test_nobody_in_the_register_is_an_empty_list():
    due = care_due(register(), visits(), warnings(("暴雨", "2023-09-16")), at=AT)
    assert due.empty
    assert care_counts(due, pd.Series(dtype="string")).empty


# -------------------------------------------------------------------- a second computation
def overdue_by_days(people, seen, warned, at):
    """The rule once more, person by person, as one would with a calendar."""
    late = {}
    for row in people.to_dict("records"):
        mine = sorted(v for p, v in zip(seen["person_ref"], seen["visited_at"], strict=True)
                      if p == row["person_ref"] and row["risk_from"] <= v <= at)  # fmt: skip
        every = timedelta(days={"high": 7, "key": 31, "general": 92}[row["risk"]])
        limit = mine[-1] + every if mine else row["risk_from"] + (
            timedelta(hours=24) if row["risk"] == "high" else every
        )  # fmt: skip
        if row["risk"] == "high":
            for issued in warned["issued_at"]:
                is_his = row["risk_from"] <= issued <= at
                if is_his and not any(v >= issued for v in mine):
                    limit = min(limit, issued)
        late[row["person_ref"]] = limit < at
    return late


QUICKLY = settings(deadline=None, max_examples=25)
MOMENTS = st.integers(0, 180 * 24).map(lambda hour: stamp("2023-03-20") + pd.Timedelta(hours=hour))
PEOPLE = st.lists(st.tuples(st.sampled_from(["high", "key", "general"]), MOMENTS), min_size=1, max_size=6)
SEEN = st.lists(st.tuples(st.integers(0, 5), MOMENTS), max_size=30)
WARNED = st.lists(MOMENTS, max_size=3)


def built(people, seen, warned):
    rows = [person(f"p{n}", risk) | {"risk_from": at} for n, (risk, at) in enumerate(people)]
    return (
        register(*rows),
        framed("visits", [{"person_ref": f"p{n}", "visited_at": at} for n, at in seen]),
        framed("warnings", [{"warning_id": f"W{n}", "kind": "暴雨", "issued_at": at}
                            for n, at in enumerate(warned)]),
    )  # fmt: skip


@QUICKLY
@given(PEOPLE, SEEN, WARNED)
def test_the_rule_is_that_of_a_slow_loop(people, seen, warned):
    frames = built(people, seen, warned)
    at = datetime(2023, 8, 20, 12, tzinfo=SHANGHAI)
    due = care_due(*frames, at=at).set_index("person_ref")
    slow = overdue_by_days(*frames, at)
    assert {ref: state in ("overdue", "never") for ref, state in due["state"].items()} == {
        ref: slow[ref] for ref in due.index
    }


@QUICKLY
@given(PEOPLE, SEEN, WARNED, st.randoms())
def test_the_order_of_rows_changes_nothing(people, seen, warned, random):
    frames = built(people, seen, warned)
    mixed = [frame.sample(frac=1, random_state=random.randint(0, 99)) for frame in frames]
    expected, found = (care_due(*those, at=AT).sort_values("person_ref") for those in (frames, mixed))
    pd.testing.assert_frame_equal(expected.reset_index(drop=True), found.reset_index(drop=True))


@QUICKLY
@given(PEOPLE, SEEN, WARNED, st.integers(0, 5), MOMENTS)
def test_one_more_visit_never_lowers_the_share_and_a_later_one_changes_nothing(people, seen, warned, who, at):
    frames = built(people, seen, warned)
    more = built(people, [*seen, (who, at)], warned)
    end = datetime(2023, 8, 21, tzinfo=SHANGHAI)
    span = Span(datetime(2023, 8, 14, tzinfo=SHANGHAI), end)
    due, done, overdue, never = sums(*frames, span=span, at=end)
    due_2, done_2, overdue_2, never_2 = sums(*more, span=span, at=end)
    assert due == done + overdue
    if at > end:
        assert (due_2, done_2, overdue_2, never_2) == (due, done, overdue, never)
    elif at >= span.start_at:
        assert due_2 == due
    assert done_2 * due >= done * due_2
    assert overdue_2 <= overdue
    assert never_2 <= never


# ---------------------------------------------------------------------------- command line
def held(tmp_path, as_of=AT, **frames):
    return dataset_of_frames(
        frames, as_of={"visits": as_of}, settings=settings_of(tmp_path), data_dir=tmp_path
    )


def test_a_group_where_nobody_was_due_has_no_share(tmp_path):
    people = register(person("a"), person("b", "key", since="2023-09-10", cohort="困境儿童"))
    data = held(tmp_path, care_register=people, visits=visits(("a", "2023-09-14")))
    rows = care_rows(data, since=date(2023, 9, 11), until=date(2023, 9, 17), by="cohort")
    assert rows == [
        {"group": "困境儿童", "due_n": 0, "done_n": 0, "overdue_n": 0, "never_n": 0, "on_time_share": None},
        {"group": "高龄独居", "due_n": 1, "done_n": 1, "overdue_n": 0, "never_n": 0, "on_time_share": 1.0},
    ]


def test_no_record_of_visits_is_no_row_and_not_zero(tmp_path):
    assert care_rows(held(tmp_path, care_register=register(person("a")))) == []
    data = held(tmp_path, care_register=register(person("a")), visits=visits(("a", "2023-09-14")))
    assert care_rows(data, until=date(2023, 8, 1)) == []
    assert care_rows(data, since=date(2023, 10, 1)) == []


def test_weeks_without_records_are_missing(tmp_path):
    data = held(tmp_path, care_register=register(person("a")), visits=visits(("a", "2023-09-12")))
    weeks = high_risk_weeks(data, (Week(2023, 36), WEEK), None)
    assert weeks["due_n"].isna().tolist() == [True, False]
    assert int(weeks["done_n"].iloc[1]) == 1


def test_the_command_line_prints_the_contract_and_says_what_it_left_out(tmp_path):
    data_dir = tmp_path / "data"
    import_small_street(data_dir)
    rows = [
        {"对象代号": ref, "人群": "高龄独居", "风险等级": "高风险", "等级起始": since, "微网格编码": cell}
        for ref, since, cell in (
            ("C-1", "2023-03-20", "M11"),
            ("C-2", "2023-03-20", "M11"),
            ("C-3", "2023-09-15", "M21"),
        )
    ]
    imported(data_dir, "care_register", rows, name="r.csv")
    seen = [
        {"对象代号": ref, "走访时间": at}
        for ref, at in (("C-1", "2023-09-15 10:00"), ("C-3", "2023-09-10 10:00"), ("C-9", "2023-09-12 10:00"))
    ]
    result = imported(data_dir, "visits", seen, name="v.csv", as_of=AT)
    assert (result.rows_read, result.accepted, result.refused) == (3, 3, 0)
    told = CliRunner().invoke(
        main, ["metrics", "care", "--by", "community", "--json", "--data", str(data_dir)]
    )
    printed = json.loads(told.stdout)
    assert printed["as_of"] == AT.isoformat()
    assert printed["rows"] == [
        {"group": "C1", "due_n": 2, "done_n": 1, "overdue_n": 1, "never_n": 1, "on_time_share": 0.5},
        {"group": "C2", "due_n": 1, "done_n": 0, "overdue_n": 1, "never_n": 0, "on_time_share": 0.0},
    ]
    assert "1 次走访早于对象入册" in told.stderr
    assert "1 次走访的对象不在名册里" in told.stderr
    wrong = CliRunner().invoke(main, ["metrics", "care", "--by", "team", "--data", str(data_dir)])
    assert wrong.exit_code == 2


# ---------------------------------------------------------------------------------- surge
def test_the_surge_by_hand():
    people = register(
        person("5 h"),
        person("20 h"),
        person("nobody"),
        person("left", status="moved", status_on=stamp("2023-09-10")),
        person("key", "key"),
    )
    seen = visits(
        ("5 h", "2023-09-16 08:00"), ("5 h", "2023-09-16 15:00"), ("20 h", "2023-09-17 06:00"),
        ("key", "2023-09-16 11:00"),
    )  # fmt: skip
    surge = care_surge(people, seen, warnings(("暴雨", "2023-09-16 10:00")), as_of=AT)
    assert surge.set_index("person_ref")["after_h"].dropna().to_dict() == {"5 h": 5.0, "20 h": 20.0}
    (row,) = surge_counts(surge).to_dict("records")
    assert (row["due_n"], row["within_6h_n"], row["within_12h_n"], row["within_24h_n"]) == (3, 1, 1, 2)
    assert pd.isna(row["within_48h_n"])
    assert row["known_h"] == 38


def test_without_a_warning_there_is_no_surge():
    surge = care_surge(register(person("a")), visits(("a", "2023-09-14")), QUIET, as_of=AT)
    assert surge.empty
    assert surge_counts(surge).empty


# --------------------------------------------------------------------------- chain, activities
def test_the_chain_counts_what_is_noted_and_what_is_not():
    full = dict.fromkeys(("has_doctor", "has_nursing", "has_canteen", "has_university"), True)
    people = register(
        person("all", **full),
        person("two", **full | {"has_nursing": False, "has_university": False}),
        person("unknown"),
        person("child", cohort="留守儿童", **full),
    )
    old = elders(people, at=AT)
    assert old["person_ref"].tolist() == ["all", "two", "unknown"]
    assert complete_n(old) == 1
    counts = chain_counts(old).set_index("link")
    assert counts.loc["has_nursing"].to_dict() == {"has_n": 1, "lacks_n": 1, "unknown_n": 1}
    assert counts.sum(axis=1).eq(len(old)).all()
    gaps = chain_gaps(old)
    assert (gaps["person_ref"].tolist(), gaps["gaps_n"].tolist()) == (["two"], [2])


@pytest.mark.parametrize(
    ("name", "ages", "kind"),
    [
        ("水上安全", "6–12岁", "children"),
        ("暑期托管第一期", "6–12岁", "summer_care"),
        ("老年大学开课", "60岁以上", "elders"),
        ("邻里节", "18–70岁", "other"),
        (pd.NA, pd.NA, "other"),
    ],
)
def test_an_activity_is_for_whom_its_ages_say(name, ages, kind):
    assert activity_kind(name, ages) == kind


def test_activities_to_come_are_not_listed():
    rows = [
        {"activity_id": "A", "name": "a", "held_on": stamp("2023-09-17")},
        {"activity_id": "B", "name": "b", "held_on": stamp("2023-09-18")},
        {"activity_id": "C", "name": "c"},
    ]
    assert activity_list(framed("activities", rows), until=AT)["activity_id"].tolist() == ["A", "C"]
