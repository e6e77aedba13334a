"""Limits and targets by version: nothing old is judged anew, by whatever road a version comes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from governance.errors import UsageError
from governance.metrics.deadlines import due_us_of, limits_of
from governance.metrics.judged import judged_cases
from governance.metrics.stages import us_at
from governance.metrics.targets import target_of
from governance.records import store, versions
from governance.text import explain
from governance.ui.limits_panel import limit_rows, limits_grid, version_words
from governance.workdays import SHANGHAI
from tests.builders import case, imported
from tests.test_pages import opened, screen

AS_OF = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)
LATER = datetime(2023, 10, 8, 23, 0, tzinfo=SHANGHAI)
OLD, NEW = date(2023, 1, 1), date(2023, 9, 20)


def rule(hours, severity=None, category="市容环境", clock="calendar"):
    return {"category": category, "severity": severity, "limit_h": hours, "clock": clock}


def aim(value, metric="on_time_share", direction="at_least"):
    return {"metric": metric, "value": value, "direction": direction, "source": "示例"}


def frame(*rows):
    return pd.DataFrame(list(rows))


def filed(number, at, **more):
    return case(number, at, 立案时间=at, 类别="市容环境", 等级="一般", 来源="12345", **more)


@pytest.fixture
def data(tmp_path):
    """A folder with one version of limits and of targets, and cases filed up to 16 September."""
    folder = tmp_path / "data"
    done = {"状态": "已结案", "结案时间": "2023-09-15 05:00"}
    rows = [filed("early", "2023-09-14 09:00", **done), filed("late", "2023-09-16 09:00")]
    imported(folder, "incidents", rows, as_of=AS_OF)
    add(folder, "rules", rule(24.0), name="旧", begins=OLD)
    add(folder, "targets", aim(0.8), name="旧", begins=OLD)
    return folder


def add(folder, kind, *rows, name, begins):
    return versions.add_version(store.open_dataset(folder), kind, frame(*rows), name=name, valid_from=begins)


def limits(folder):
    judged = judged_cases(store.open_dataset(folder))
    named = judged.incidents["incident_id"].to_list()
    is_late = judged.cases.closed_us() > judged.due_us
    hours = dict(zip(named, judged.limits["limit_h"], strict=True))
    return hours, dict(zip(named, is_late.tolist(), strict=True))


# ---------------------------------------------------------------------------- never re-judged
def test_a_case_keeps_the_limit_and_the_verdict_it_was_filed_under(data):
    before = limits(data)
    assert before[0] == {"early": 24.0, "late": 24.0}
    assert before[1]["early"] is False
    result = add(data, "rules", rule(2.0), name="新", begins=NEW)
    assert (result.accepted, result.replaced, result.refused) == (1, 0, 0)
    assert limits(data) == before
    rows = [filed("on the day", "2023-09-20 00:00"), filed("the night before", "2023-09-19 23:59")]
    imported(data, "incidents", rows, name="next.csv", as_of=LATER)
    assert limits(data)[0] == {"early": 24.0, "late": 24.0, "on the day": 2.0, "the night before": 24.0}


def test_a_past_week_keeps_the_target_of_its_time(data):
    add(data, "targets", aim(0.95), name="新", begins=date(2023, 9, 18))
    table = store.open_dataset(data).frame("targets")
    sundays = (date(2023, 9, 10), date(2023, 9, 17), date(2023, 9, 24))
    assert [target_of(table, "on_time_share", day).value for day in sundays] == [0.8, 0.8, 0.95]


def test_old_versions_stay_and_undo_takes_the_new_one_back(data):
    add(data, "rules", rule(2.0), name="新", begins=NEW)
    known = versions.versions_of(store.open_dataset(data).frame("rules"))
    assert [(one.name, one.valid_from) for one in known] == [("旧", OLD), ("新", NEW)]
    entry = store.undo_last_import(data)
    assert (entry.kind, entry.origin) == ("rules", "version")
    assert (data / "raw" / entry.import_id / entry.files[0]).is_file()
    assert [one.name for one in versions.versions_of(store.open_dataset(data).frame("rules"))] == ["旧"]
    assert '"action": "version"' in (data / "audit.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "name", "begins", "code"),
    [
        ("rules", "旧", NEW, "version_exists"),
        ("rules", " 旧 ", NEW, "version_exists"),
        ("rules", "", NEW, "version_unnamed"),
        ("rules", "=1+1", NEW, "version_unnamed"),
        ("rules", "2.02E+16", NEW, "version_unnamed"),
        ("rules", "新", date(2023, 9, 16), "version_rejudges_rules"),
        ("rules", "新", date(2022, 1, 1), "version_rejudges_rules"),
        ("targets", "新", date(2023, 9, 17), "version_rejudges_targets"),
        ("targets", "新", date(2022, 12, 31), "version_rejudges_targets"),
    ],
)
def test_what_would_change_the_past_is_refused(data, kind, name, begins, code):
    row = rule(2.0) if kind == "rules" else aim(0.9)
    before = store.fingerprint(data)
    with pytest.raises(UsageError, match=code) as caught:
        add(data, kind, row, name=name, begins=begins)
    assert explain(caught.value)
    assert store.fingerprint(data) == before


def test_a_version_begins_after_the_stored_ones_even_when_nothing_was_filed(data):
    add(data, "rules", rule(2.0), name="新", begins=NEW)
    with pytest.raises(UsageError, match="version_too_early"):
        add(data, "rules", rule(3.0), name="再新", begins=NEW)
    dataset = store.open_dataset(data)
    assert versions.earliest_start(dataset, "rules") == NEW + timedelta(days=1)
    assert versions.earliest_start(dataset, "targets") == date(2023, 9, 18)


def test_the_first_day_follows_the_last_case_filed_whatever_a_typo_says(data):
    imported(data, "incidents", [filed("typo", "2031-01-01 09:00")], name="typo.csv", as_of=AS_OF)
    assert versions.earliest_start(store.open_dataset(data), "rules") == date(2023, 9, 17)
    assert versions.judged_since(store.open_dataset(data), "rules", date(2023, 9, 15)) == 1
    assert versions.judged_since(store.open_dataset(data), "targets", date(2023, 9, 1)) == 1


@pytest.mark.parametrize(
    ("kind", "rows", "code"),
    [
        ("rules", [rule(0.0)], "version_bad_value"),
        ("rules", [rule(np.nan)], "version_bad_value"),
        ("rules", [rule(4.0, category=None)], "version_bad_value"),
        ("rules", [rule(4.0, clock="sometimes")], "version_bad_value"),
        ("rules", [rule(4.0), rule(5.0, category="市容环境 ")], "version_row_twice"),
        ("targets", [aim(80.0)], "version_bad_value"),
        ("targets", [aim(0.8, direction=None)], "version_bad_value"),
        ("targets", [aim(0.8), aim(0.9)], "version_row_twice"),
    ],
)
def test_a_version_that_says_nothing_clear_is_refused_whole(data, kind, rows, code):
    with pytest.raises(UsageError, match=code) as caught:
        add(data, kind, *rows, name="新", begins=NEW)
    assert explain(caught.value)
    with pytest.raises(UsageError, match="version_empty"):
        versions.add_version(store.open_dataset(data), kind, frame(*rows).iloc[:0], name="新", valid_from=NEW)


# -------------------------------------------------------------------------- the rule itself
def incidents(*stamps):
    at = pd.Series(pd.to_datetime(list(stamps)).tz_localize(SHANGHAI))
    plain = {"reported_at": at, "filed_at": at, "due_at": pd.Series(pd.NaT, index=at.index)}
    text = {"category": "A", "subcategory": None, "severity": None}
    return pd.DataFrame(plain).assign(**text, due_at=pd.to_datetime(plain["due_at"], utc=True))


def rules_table(*rows):
    table = pd.DataFrame(rows, columns=["version", "valid_from", "limit_h"])
    begins = pd.to_datetime(table["valid_from"]).dt.tz_localize(SHANGHAI)
    return table.assign(valid_from=begins, category="A", severity=None, clock="calendar")


def test_unnamed_versions_are_told_apart_by_their_first_day():
    rules = rules_table((None, "2023-01-01", 24.0), (None, "2023-07-01", 8.0))
    found = limits_of(incidents("2023-06-30 23:59", "2023-07-01 00:00", "2022-12-31 00:00"), rules)
    assert found["limit_h"].fillna(-1).to_list() == [24.0, 8.0, -1.0]


def test_of_two_versions_of_one_day_the_last_named_counts():
    rules = rules_table(("2", "2023-01-01", 8.0), ("1", "2023-01-01", 24.0))
    cases = incidents("2023-03-01 00:00")
    assert limits_of(cases, rules)["limit_h"].to_list() == [8.0]
    assert due_us_of(cases, rules)[0] == us_at(pd.Timestamp("2023-03-01 08:00", tz=SHANGHAI))


# -------------------------------------------------------------------------------- the panel
def test_the_grid_and_its_rows_are_the_same_table():
    rows = frame(
        rule(24.0, "minor"),
        rule(8.0, "urgent"),
        rule(30.0),
        rule(5.0, "minor", "B", "working"),
        rule(2.0, "外来", "B"),
    )
    back = limit_rows(limits_grid(rows))
    assert versions.differences("rules", rows, back).empty
    assert len(back) == len(rows)


def test_differences_name_what_is_new_changed_and_gone():
    before = frame(rule(24.0, "minor"), rule(8.0, "urgent"))
    after = frame(rule(24.0, "minor", clock="working"), rule(5.0, "normal"))
    found = versions.differences("rules", before, after).set_index("severity")
    assert sorted(found.index) == ["minor", "normal", "urgent"]
    assert found.loc["minor", "new_clock"] == "working"
    assert pd.isna(found.loc["normal", "old_limit_h"])
    assert pd.isna(found.loc["urgent", "new_limit_h"])


def test_the_page_shows_versions_in_force_past_and_to_come(data, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_DATA", str(data))
    add(data, "rules", rule(2.0), name="新", begins=NEW)
    known = versions.versions_of(store.open_dataset(data).frame("rules"))
    words = [version_words(one, known, AS_OF.date()) for one in known]
    assert words == ["旧（2023-01-01 起，现行）", "新（2023-09-20 起生效）"]
    assert version_words(known[0], known, NEW) == "旧（2023-01-01 至 2023-09-19）"
    app = opened("data_intake")
    assert not app.exception
    assert "时限与目标" in screen(app)
    assert app.selectbox(key="limits-version-rules").value == "旧"
