"""A visit or a status entered in one line goes through the intake: sums, log, undo, rebuild."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest

from governance.errors import UsageError
from governance.metrics.care import care_due, in_register, left_register
from governance.records.care_entries import StatusEntry, VisitEntry, record_status, record_visit
from governance.records.intake import rebuild
from governance.records.store import open_dataset, undo_last_import
from governance.workdays import SHANGHAI, now_in_shanghai
from tests.builders import import_small_street, imported
from tests.care_builders import stamp

AT = datetime(2023, 9, 18, tzinfo=SHANGHAI)


@pytest.fixture
def street(tmp_path):
    data_dir = tmp_path / "data"
    import_small_street(data_dir)
    rows = [
        {
            "对象代号": ref, "人群": "高龄独居", "风险等级": "高风险", "等级起始": "2023-03-20",
            "在册状态": "在册", "微网格编码": "M11", "家庭医生": "有", "护理到家": "无",
        }
        for ref in ("C-1", "C-2")
    ]  # fmt: skip
    imported(data_dir, "care_register", rows, name="register.csv")
    imported(data_dir, "visits", [{"对象代号": "C-1", "走访时间": "2023-09-01 10:00"}], name="visits.csv")
    return data_dir


def due(street):
    data = open_dataset(street)
    frames = [data.frame(kind) for kind in ("care_register", "visits", "warnings")]
    return care_due(*frames, at=AT).set_index("person_ref")["state"].to_dict()


def test_a_visit_of_one_line_counts_is_logged_and_can_be_taken_back(street):
    assert due(street) == {"C-1": "overdue", "C-2": "never"}
    at = datetime(2023, 9, 16, 15, 30, tzinfo=SHANGHAI)
    result = record_visit(street, VisitEntry("Ｃ-2 ", at, "M-1", "=平安，\n电话 13800000000"))
    assert (result.rows_read, result.accepted, result.refused) == (1, 1, 0)
    visit = open_dataset(street).frame("visits").set_index("person_ref").loc["C-2"]
    assert (visit["visited_at"], visit["member_id"], visit["microgrid_code"]) == (at, "M-1", "M11")
    assert "138" not in visit["outcome"]
    assert due(street) == {"C-1": "overdue", "C-2": "done"}
    log = [json.loads(line) for line in (street / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["action"] for line in log[-2:]] == ["import", "entry"]
    undo_last_import(street)
    assert due(street) == {"C-1": "overdue", "C-2": "never"}


def test_the_same_line_twice_is_one_visit(street):
    entry = VisitEntry("C-2", datetime(2023, 9, 16, 15, 30, tzinfo=SHANGHAI), "M-1", "平安")
    first, second = record_visit(street, entry), record_visit(street, entry)
    assert (first.accepted, second.accepted, second.unchanged) == (1, 0, 1)


def test_a_visit_to_a_stranger_is_kept(street):
    record_visit(street, VisitEntry("X-9", datetime(2023, 9, 16, tzinfo=SHANGHAI)))
    assert "X-9" in set(open_dataset(street).frame("visits")["person_ref"])


def test_who_moved_leaves_with_the_date_and_comes_back(street):
    record_status(street, StatusEntry("C-2", "hospital", date(2023, 9, 10)))
    register = open_dataset(street).frame("care_register")
    assert in_register(register, at=AT)["person_ref"].tolist() == ["C-1"]
    (left,) = left_register(register, at=AT).to_dict("records")
    assert (left["person_ref"], left["status"], left["left_on"]) == ("C-2", "hospital", stamp("2023-09-10"))
    row = register.set_index("person_ref").loc["C-2"]
    assert (row["has_doctor"], row["has_nursing"], row["cohort"]) == (True, False, "高龄独居")
    rebuild(street)
    record_status(street, StatusEntry("C-2", "active", date(2023, 9, 15)))
    assert due(street) == {"C-1": "overdue", "C-2": "never"}


def test_what_cannot_be_is_said_and_nothing_is_stored(street):
    before = open_dataset(street).fingerprint
    tomorrow = now_in_shanghai() + timedelta(days=1)
    for wrong, code in (
        (lambda: record_visit(street, VisitEntry(" ", AT)), "care_no_person"),
        (lambda: record_visit(street, VisitEntry("C-1", tomorrow)), "care_in_future"),
        (lambda: record_status(street, StatusEntry("X", "moved", AT.date())), "care_unknown_person"),
        (lambda: record_status(street, StatusEntry("C-1", "away", AT.date())), "care_unknown_status"),
        (lambda: record_status(street, StatusEntry("C-1", "moved", tomorrow.date())), "care_in_future"),
    ):
        with pytest.raises(UsageError) as raised:
            wrong()
        assert raised.value.code == code
    assert open_dataset(street).fingerprint == before
