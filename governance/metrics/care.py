"""一老一小: who is due a visit, from the register, and whether somebody came.

The denominator is the register, not the visits. Due: high risk at least every 7 days, key persons
every month, general ones every quarter; whoever became high risk within 24 hours; a storm or heat
warning makes everybody of high risk due at once.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

State = Literal["done", "not_yet", "overdue", "never"]
HIGH = "high"
# The longest time between two visits, days.
VISIT_EVERY_D: Mapping[str, int] = MappingProxyType({HIGH: 7, "key": 31, "general": 92})
CHANGE_WITHIN_H = 24
# Warnings that make high risk due at once, by the words in their kind.
_URGENT_WARNINGS = "雨|洪|涝|高温|热"


def _in_register(register: pd.DataFrame, at: pd.Timestamp) -> pd.DataFrame:
    """Who is active, at a risk that held at the moment; one row a person."""
    known = register.dropna(subset=["person_ref"])
    holds = known["risk_from"].isna() | known["risk_from"].le(at)
    holds &= known["risk_to"].isna() | known["risk_to"].gt(at)
    rows = known[holds & known["status"].eq("active").fillna(False).astype(bool)]
    return rows.drop_duplicates("person_ref", keep="last")


def warned_at(warnings: pd.DataFrame, *, at: datetime) -> pd.Timestamp | None:
    """The last storm or heat warning up to a moment; None without one."""
    urgent = warnings["kind"].fillna("").str.contains(_URGENT_WARNINGS, regex=True)
    issued = warnings.loc[urgent & warnings["issued_at"].le(at), "issued_at"]
    return None if issued.empty else issued.max()


def care_due(
    register: pd.DataFrame, visits: pd.DataFrame, warnings: pd.DataFrame, *, at: datetime
) -> pd.DataFrame:
    """Everybody of the register, and whether a visit is overdue at a moment.

    Columns: person_ref, cohort, risk, microgrid_code, last_at (of the last visit by then), due_at
    (by when the next had to be made), state: *done* (not due again yet), *not_yet* (never visited,
    but in the register for less than the interval), *overdue*, *never* (overdue and never visited).
    """
    now = pd.Timestamp(at)
    table = _in_register(register, now)[["person_ref", "cohort", "risk", "risk_from", "microgrid_code"]]
    seen = visits[visits["visited_at"].le(now)].groupby("person_ref")["visited_at"].max()
    last = table["person_ref"].map(seen)
    every = pd.to_timedelta(table["risk"].map(VISIT_EVERY_D), unit="D")
    start = table["risk_from"].fillna(now)
    due = last.fillna(start) + every
    is_high = table["risk"].eq(HIGH).fillna(False).astype(bool)
    is_changed = is_high & table["risk_from"].notna() & ~last.gt(table["risk_from"])
    due = due.mask(is_changed, start + pd.Timedelta(hours=CHANGE_WITHIN_H))
    warned = warned_at(warnings, at=at)
    if warned is not None:
        since = is_high & ~last.ge(warned).fillna(False).astype(bool)
        due = due.mask(since & due.gt(warned), warned)
    is_late = due.lt(now).fillna(False).to_numpy(dtype=bool)
    never = last.isna().to_numpy(dtype=bool)
    state = np.select([is_late & never, is_late, never], ["never", "overdue", "not_yet"], "done")
    columns = ["person_ref", "cohort", "risk", "microgrid_code"]
    return table[columns].assign(last_at=last, due_at=due, state=pd.array(state, dtype="string"))


def care_counts(due: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Due, done and overdue per group; columns group, due_n, done_n, overdue_n, never_n (of them)."""
    marks = pd.DataFrame(
        {
            "due_n": True,
            "done_n": due["state"].isin(["done", "not_yet"]),
            "overdue_n": due["state"].isin(["overdue", "never"]),
            "never_n": due["state"].eq("never"),
        },
        index=due.index,
    )
    return marks.astype("int64").groupby(group, sort=True).sum().rename_axis("group").reset_index()
