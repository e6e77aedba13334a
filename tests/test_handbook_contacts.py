"""Full numbers: closed by default, one at a time, every look logged by id; persons who stand there twice."""

from __future__ import annotations

import json

import pytest

from governance.errors import UsageError
from governance.records.contacts import full_number, persons_twice
from governance.records.store import open_dataset
from tests.builders import imported
from tests.handbook_builders import AS_OF, PHONE, import_small_handbook, member


@pytest.fixture
def street(tmp_path):
    import_small_handbook(tmp_path / "data")
    return tmp_path / "data"


def looks(data_dir):
    lines = (data_dir / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    return [line for line in map(json.loads, lines) if line["action"] == "contact"]


def test_a_number_is_not_shown_where_the_setting_is_off(street):
    with pytest.raises(UsageError, match="contacts_hidden"):
        full_number(open_dataset(street), "P1")
    assert looks(street) == []


def test_every_look_is_logged_by_the_member_and_never_the_number(street):
    (street / "settings.toml").write_text("show_contacts = true\n", encoding="utf-8")
    dataset = open_dataset(street)
    assert full_number(dataset, "P1") == PHONE
    assert full_number(dataset, "P4") == full_number(dataset, "nobody") == ""
    assert [line["member_id"] for line in looks(street)] == ["P1", "P4", "nobody"]
    assert PHONE not in (street / "audit.jsonl").read_text(encoding="utf-8")


def test_what_cannot_be_logged_is_not_shown(street):
    (street / "settings.toml").write_text("show_contacts = true\n", encoding="utf-8")
    (street / "audit.jsonl").unlink()
    (street / "audit.jsonl").mkdir()
    with pytest.raises(OSError, match="audit"):
        full_number(open_dataset(street), "P1")


def test_no_frame_of_the_data_set_holds_a_number(street):
    members = open_dataset(street).frame("members")
    assert not any(
        members[column].astype("string").str.contains("10000000", na=False).any() for column in members
    )


def test_a_person_in_two_micro_grids_is_found_by_id_and_by_name_with_phone(street):
    more = [
        member("P1", "M12"),
        member("Q5", "M11", "社区干部", phone="10000000035"),
        # Another person with the same switchboard number, and one of the same name.
        member("Q6", "M12", phone="10000000032", name="乙某"),
        member("Q7", "M22", phone="10000000099"),
    ]
    imported(street, "members", more, name="more.csv", as_of=AS_OF)
    found = persons_twice(open_dataset(street))
    assert [tuple(row) for row in found[["member_id", "microgrid_code", "is_same_id"]].to_numpy()] == [
        ("P1", "M11", True),
        ("P1", "M12", True),
        ("P5", "M21", False),
        ("Q5", "M11", False),
    ]
    assert found["person_n"].tolist() == [1, 1, 2, 2]


def test_nobody_stands_twice_in_an_empty_roster(tmp_path):
    assert persons_twice(open_dataset(tmp_path)).empty
