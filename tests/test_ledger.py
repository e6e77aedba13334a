"""The ledger of commitments: what it keeps, two writers, a killed process, a foreign or broken file."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from governance.errors import LockedError, StoreError, UsageError
from governance.meeting import ledger as ledger_module
from governance.meeting.commitments import CHANGEABLE, Draft, Place, Source, as_stored
from governance.meeting.ledger import FILE, open_ledger
from governance.records import store
from governance.workdays import SHANGHAI, Week
from tests.builders import import_small_street

WEEK = Week(2023, 38)
AT = datetime(2023, 9, 18, 10, 0, tzinfo=SHANGHAI)
DRAFT = Draft(
    week=WEEK,
    what="滨江傍晚加一趟巡逻",
    responsible_unit="曾家岩巡逻队",
    due_on=date(2023, 9, 25),
    metric="on_time_share",
    place=Place("community", "500103005014"),
    source=Source("gap", "patrol_coverage:ZJY-10-01"),
)
WRITER = """
import sys
from datetime import date, datetime
from pathlib import Path
from governance.meeting.commitments import Draft
from governance.meeting.ledger import open_ledger
from governance.workdays import SHANGHAI, Week
ledger, name, most = open_ledger(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
at = datetime(2023, 9, 18, 10, 0, tzinfo=SHANGHAI)
print("ready", flush=True)
for number in range(most):
    draft = Draft(Week(2023, 38), f"{name}{number}", name, date(2023, 9, 25))
    made = ledger.add(draft, at=at, who=name)
    ledger.change(made.id, {"status": "done", "responsible_unit": name * 2}, at=at, who=name)
    print(made.id, flush=True)
"""


@pytest.fixture
def ledger(tmp_path):
    return open_ledger(tmp_path)


def writer(folder, name, most):
    command = [sys.executable, "-c", WRITER, str(folder), name, str(most)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_commitment_is_read_back_as_it_was_made(ledger):
    made = ledger.add(DRAFT, at=AT, who="街道办公室")
    assert made.id == "2023-W38-01"
    assert (made.status, made.baseline_week, made.created_at) == ("open", Week(2023, 37), AT)
    assert ledger.commitments() == (made,)
    assert ledger.commitments(week=WEEK) == (made,)
    assert ledger.commitments(week=Week(2023, 37)) == ()


def test_reading_makes_no_file(ledger, tmp_path):
    assert (ledger.commitments(), ledger.history()) == ((), ())
    assert list(tmp_path.iterdir()) == []


def test_numbers_run_within_a_meeting(ledger):
    other = replace(DRAFT, week=Week(2023, 37))
    ids = [ledger.add(draft, at=AT, who="x").id for draft in (DRAFT, DRAFT, other)]
    assert ids == ["2023-W38-01", "2023-W38-02", "2023-W37-01"]
    assert [found.id for found in ledger.commitments()] == [ids[2], *ids[:2]]


def test_the_history_says_who_changed_what_when(ledger):
    made = ledger.add(DRAFT, at=AT, who="街道办公室")
    later = AT + timedelta(days=7)
    due_on = date(2023, 10, 9)
    ledger.change(made.id, {"status": "done", "due_on": due_on}, at=later, who="综合科", note="已补")
    ledger.change(made.id, {"status": "done"}, at=later, who="综合科")
    told = [(c.at, c.who, c.field, c.old, c.new, c.note) for c in ledger.history(made.id)]
    assert told == [
        (AT, "街道办公室", "created", None, DRAFT.what, ""),
        (later, "综合科", "due_on", "2023-09-25", "2023-10-09", "已补"),
        (later, "综合科", "status", "open", "done", "已补"),
    ]


def test_from_the_history_every_earlier_state_can_be_told(ledger):
    made = ledger.add(DRAFT, at=AT, who="x")
    changes = [
        {"what": "换一件事", "metric": None, "place": None},
        {"place": Place("team", "T-1"), "metric": "open_n"},
        {"place": Place("street"), "baseline_week": Week(2023, 30), "status": "dropped"},
        {"status": "open", "what": DRAFT.what, "responsible_unit": "综合科", "due_on": date(2024, 1, 1)},
    ]
    for change in changes:
        ledger.change(made.id, change, at=AT, who="x")
    state = {name: as_stored(getattr(ledger.commitments()[0], name)) for name in CHANGEABLE}
    for line in reversed(ledger.history(made.id)[1:]):
        assert state[line.field] == line.new
        state[line.field] = line.old
    assert state == {name: as_stored(getattr(made, name)) for name in CHANGEABLE}


def test_nothing_can_be_deleted_and_no_line_rewritten(ledger):
    ledger.add(DRAFT, at=AT, who="x")
    with sqlite3.connect(ledger.path) as connection:
        for statement in ("DELETE FROM history", "UPDATE history SET who = 'y'", "DELETE FROM commitments"):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)
    connection.close()


def test_a_change_decided_on_an_older_state_is_not_made(ledger):
    seen = ledger.add(DRAFT, at=AT, who="x")
    ledger.change(seen.id, {"status": "done"}, at=AT, who="x")
    with pytest.raises(UsageError, match="changed_meanwhile"):
        ledger.change(seen.id, {"status": "dropped"}, at=AT, who="y", seen=seen)
    ledger.change(seen.id, {"what": "另写"}, at=AT, who="y", seen=seen)
    assert (ledger.commitments()[0].status, ledger.commitments()[0].what) == ("done", "另写")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("what", " \n", "commitment_without_what"),
        ("responsible_unit", "", "commitment_without_unit"),
        ("what", "长" * 201, "commitment_too_long"),
        ("responsible_unit", "网格员 100 1234 5678", "commitment_names_person"),
        ("what", "找 11010519491231002X 补材料", "commitment_names_person"),
        ("place", Place("community"), "bad_place"),
        ("place", Place("street", "X"), "bad_place"),
    ],
)
def test_what_cannot_stand_in_the_ledger_is_refused_and_leaves_no_trace(ledger, field, value, code):
    with pytest.raises(UsageError, match=code):
        ledger.add(replace(DRAFT, **{field: value}), at=AT, who="x")
    assert ledger.commitments() == ledger.history() == ()


def test_dates_and_doors_are_no_persons(ledger):
    assert ledger.add(replace(DRAFT, what="2023-09-18 查 3 栋 2 单元 20230918"), at=AT, who="x").what


def test_of_several_changes_all_are_made_or_none(ledger):
    with pytest.raises(UsageError, match="commitment_without_what"):
        ledger.take([DRAFT, replace(DRAFT, what="")], [], at=AT, who="x")
    with pytest.raises(UsageError, match="unknown_commitment"):
        ledger.change("2023-W38-01", {"status": "done"}, at=AT, who="x")
    with pytest.raises(UsageError, match="unknown_field_of_commitment"):
        ledger.change(ledger.add(DRAFT, at=AT, who="x").id, {"id": "y"}, at=AT, who="x")
    assert len(ledger.history()) == 1


def test_two_writers_at_once_lose_nothing(tmp_path):
    both = [writer(tmp_path, name, 20) for name in ("甲", "乙")]
    told = [process.communicate(timeout=60)[0].split()[1:] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    ids = sorted(told[0] + told[1])
    ledger = open_ledger(tmp_path)
    assert ids == [f"2023-W38-{number:02d}" for number in range(1, 41)]
    assert [found.id for found in ledger.commitments()] == ids
    assert len(ledger.history()) == 40 * 3


def test_a_killed_writer_leaves_whole_transactions_only(tmp_path):
    for _ in range(3):
        process = writer(tmp_path, "甲", 100_000)
        assert process.stdout.readline() == "ready\n"
        told = process.stdout.readline().strip()
        time.sleep(0.15)
        os.kill(process.pid, signal.SIGKILL)
        told = [told, *process.stdout.read().split()][-2]
        process.wait()
        process.stdout.close()
        ledger = open_ledger(tmp_path)
        found = {one.id: one for one in ledger.commitments()}
        assert found[told].status == "done"
        for one in found.values():
            lines = [line.field for line in ledger.history(one.id)]
            assert lines == ["created", "responsible_unit", "status"][: len(lines)]
            assert (one.status == "done") == (len(lines) == 3)
    made = ledger.add(DRAFT, at=AT, who="y")
    assert made.id == f"2023-W38-{len(found) + 1:02d}"


def test_a_file_that_stays_locked_is_one_clear_error(ledger, monkeypatch):
    ledger.add(DRAFT, at=AT, who="x")
    monkeypatch.setattr(ledger_module, "_WAIT_S", 0.1)
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LockedError, match="ledger_busy"):
        ledger.add(DRAFT, at=AT, who="y")
    assert len(ledger.commitments()) == 1
    other.close()


def test_a_broken_file_or_one_of_a_later_version_is_one_clear_error(ledger):
    ledger.path.write_bytes(b"no database " * 100)
    for call in (ledger.commitments, lambda: ledger.add(DRAFT, at=AT, who="x")):
        with pytest.raises(StoreError, match="damaged_ledger"):
            call()
    ledger.path.unlink()
    ledger.add(DRAFT, at=AT, who="x")
    connection = sqlite3.connect(ledger.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for call in (ledger.commitments, lambda: ledger.add(DRAFT, at=AT, who="x")):
        with pytest.raises(StoreError, match="ledger_of_other_version"):
            call()


def test_imports_and_their_undo_leave_the_ledger_alone(tmp_path):
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    open_ledger(data_dir).add(DRAFT, at=AT, who="x")
    before = (data_dir / FILE).read_bytes()
    import_small_street(data_dir)
    store.undo_last_import(data_dir)
    store.sweep(data_dir)
    assert (data_dir / FILE).read_bytes() == before
