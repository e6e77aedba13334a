"""A roster file's difference: masked, nothing stored before it is taken, the import's own counts."""

from __future__ import annotations

import pytest

from governance.records import store
from governance.records.intake import ImportRequest, import_files
from governance.records.roster_changes import roster_changes
from tests.builders import write_csv
from tests.handbook_builders import ROSTER, import_small_handbook, member

NEW = (
    ROSTER[0] | {"联系电话": "10055550031"},
    ROSTER[1] | {"联系电话": "10099990032", "核实日期": "2023-09-15"},
    ROSTER[2],
    member("P1", "M12"),
    member("P9", "M22", phone="10000000039", name="新来的"),
    member("", "M22"),
)


@pytest.fixture
def street(tmp_path):
    import_small_handbook(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def roster(tmp_path):
    return write_csv(tmp_path / "新名册.csv", NEW)


def state(data_dir):
    files = sorted(str(path.relative_to(data_dir)) for path in data_dir.rglob("*") if path.is_file())
    return store.fingerprint(data_dir), [file for file in files if not file.endswith("lock")]


def test_the_difference_is_entry_by_entry_and_field_by_field(street, roster):
    found = roster_changes(street, roster)
    assert [(one.member_id, one.microgrid_code) for one in found.added] == [("P1", "M12"), ("P9", "M22")]
    assert [(one.member_id, one.field, one.old, one.new) for one in found.changed] == [
        ("P1", "phone", "100＊＊＊＊31", "100＊＊＊＊31"),
        ("P2", "phone", "100＊＊＊＊32", "100＊＊＊＊32"),
        ("P2", "verified_on", "2023-09-01", "2023-09-15"),
    ]
    assert [one.is_hidden for one in found.changed] == [True, True, False]
    assert [one.member_id for one in found.gone] == ["P4", "P5"]
    assert [(entry.member_id, entry.microgrid_code, other) for entry, other in found.elsewhere] == [
        ("P1", "M12", "M11")
    ]


def test_nothing_personal_leaves_unmasked(street, roster):
    told = repr(roster_changes(street, roster))
    assert not any(secret in told for secret in ("新来的", "甲某某", "10055550031", "10000000039"))


def test_looking_stores_nothing(street, roster):
    before = state(street)
    roster_changes(street, roster)
    assert state(street) == before


def test_what_is_shown_is_what_taking_it_does(street, roster):
    found = roster_changes(street, roster)
    taken = import_files(ImportRequest(kind="members", paths=(roster,)), street)
    counts = ("rows_read", "accepted", "replaced", "unchanged", "refused", "refusals", "flags")
    assert {name: getattr(taken, name) for name in counts} == {
        name: getattr(found.result, name) for name in counts
    }
    assert (taken.accepted, taken.replaced, taken.unchanged, taken.refused) == (2, 2, 1, 1)
    assert len(found.added) == taken.accepted
    assert found.changed_entries_n == taken.replaced
    assert taken.rows_read == taken.accepted + taken.replaced + taken.unchanged + taken.refused
    assert roster_changes(street, roster).is_empty
    store.undo_last_import(street)
    assert roster_changes(street, roster).added == found.added


def test_a_file_that_is_no_roster_changes_nothing_and_says_so(street, tmp_path):
    path = tmp_path / "别的.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    found = roster_changes(street, path)
    assert found.is_empty
    assert len(found.result.files_refused) == 1
    assert found.result.rows_read == 0
