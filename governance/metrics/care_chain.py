"""The home-care chain of elders, four links, and the activities for the old and the young."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.care import in_register

if TYPE_CHECKING:
    from datetime import datetime

# 四环: family doctor, nursing at home, community canteen, university of the elderly.
LINKS = ("has_doctor", "has_nursing", "has_canteen", "has_university")
_CHILD = "儿童|孩|未成年|学生"
_SUMMER_CARE = "托管"
_GROWN_UP, _ELDER_FROM = 18, 50
_NUMBER = re.compile(r"\d+")


def elders(register: pd.DataFrame, *, at: datetime) -> pd.DataFrame:
    """Who of the register is no child (by the words of the cohort) at a moment."""
    people = in_register(register, at=at)
    return people[~people["cohort"].fillna("").str.contains(_CHILD, regex=True).astype(bool)]


def chain_counts(people: pd.DataFrame) -> pd.DataFrame:
    """Per link: link, has_n, lacks_n, unknown_n (nothing noted); together all of `people`."""
    rows = [
        {
            "link": link,
            "has_n": int(people[link].eq(True).fillna(False).sum()),
            "lacks_n": int(people[link].eq(False).fillna(False).sum()),
            "unknown_n": int(people[link].isna().sum()),
        }
        for link in LINKS
    ]
    return pd.DataFrame(rows)


def chain_gaps(people: pd.DataFrame) -> pd.DataFrame:
    """Who lacks which link, those with most gaps first.

    Columns: person_ref, cohort, risk, microgrid_code, the four links, gaps_n (links said to be missing).
    """
    gaps = people[list(LINKS)].eq(False).fillna(False).sum(axis=1).astype("int64")
    table = people[["person_ref", "cohort", "risk", "microgrid_code", *LINKS]].assign(gaps_n=gaps)
    lacking = table[table["gaps_n"] > 0]
    return lacking.sort_values(["gaps_n", "person_ref"], ascending=[False, True], ignore_index=True)


def complete_n(people: pd.DataFrame) -> int:
    """How many have all four links."""
    return int(people[list(LINKS)].eq(True).fillna(False).all(axis=1).sum())


def activity_kind(name: object, ages: object) -> str:
    """What an activity is, by its name and ages: summer_care, children, elders or other."""
    if isinstance(name, str) and _SUMMER_CARE in name:
        return "summer_care"
    numbers = [int(number) for number in _NUMBER.findall(ages)] if isinstance(ages, str) else []
    if numbers and max(numbers) < _GROWN_UP:
        return "children"
    return "elders" if numbers and min(numbers) >= _ELDER_FROM else "other"


def activity_list(activities: pd.DataFrame, *, until: datetime) -> pd.DataFrame:
    """The activities held by a moment, the latest first, without a date last.

    Columns: activity_id, name, place, held_on, ages, attended_n, is_outside, kind (see `activity_kind`).
    """
    rows = activities[activities["held_on"].isna() | activities["held_on"].lt(until).fillna(False)]
    names = ["activity_id", "name", "place", "held_on", "ages", "attended_n", "is_outside"]
    kinds = [activity_kind(name, ages) for name, ages in zip(rows["name"], rows["ages"], strict=True)]
    table = rows[names].assign(kind=pd.array(kinds, dtype="string"))
    return table.sort_values(["held_on", "activity_id"], ascending=[False, True], ignore_index=True)
