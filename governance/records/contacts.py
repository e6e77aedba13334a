"""The narrow door to full phone numbers, and who stands in the roster twice.

The data set that pages read is masked. Here, and nowhere else, the roster is read unmasked: for one number
that the access rules allow, and to find that two entries are one person, of which only ids come out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance import access

if TYPE_CHECKING:
    from governance.records.dataset import Dataset


def full_number(dataset: Dataset, member_id: str) -> str:
    """The full phone number of a member, empty where none is recorded; the look is logged.

    Raises
    ------
    UsageError
        `contacts_hidden` where the setting `show_contacts` is off.
    OSError
        When the log cannot be written.
    """

    def read() -> str:
        members = dataset.load("members")
        phones = members.loc[members["member_id"].eq(member_id), "phone"].dropna()
        return str(phones.iloc[-1]) if len(phones) else ""

    return access.full_number(dataset.data_dir, dataset.settings, member_id, read)


def persons_twice(dataset: Dataset) -> pd.DataFrame:
    """Entries of one person in several micro-grids: the same id, or the same name and phone.

    Columns: person_n (a running number that ties a person's entries together), member_id,
    microgrid_code, is_same_id. Neither name nor phone comes out.
    """
    columns = ["person_n", "member_id", "microgrid_code", "is_same_id"]
    members = dataset.load("members").dropna(subset=["member_id", "microgrid_code"])
    members = members.drop_duplicates(["member_id", "microgrid_code"], keep="last")
    if members.empty:
        return pd.DataFrame(columns=columns)
    named = members["name"].str.strip() + "\x1f" + members["phone"]
    # An id in several rows is one person, whatever else is written there.
    first_named = members.groupby(named)["member_id"].transform("first")
    person = first_named.fillna(members["member_id"]).groupby(members["member_id"]).transform("first")
    cells_n = members.groupby(person)["microgrid_code"].transform("nunique")
    ids_n = members.groupby(person)["member_id"].transform("nunique")
    found = members.assign(person=person, is_same_id=ids_n.eq(1))[cells_n.gt(1)]
    found = found.sort_values(["person", "member_id", "microgrid_code"], ignore_index=True)
    return found.assign(person_n=found.groupby("person").ngroup() + 1)[columns]
