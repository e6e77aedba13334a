"""After a storm or heat warning: how many of high risk became due at once, and how soon somebody came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.care import HIGH, in_register, looked_up, urgent_warnings

if TYPE_CHECKING:
    from datetime import datetime

WITHIN_H = (6, 12, 24, 48)


def care_surge(
    register: pd.DataFrame, visits: pd.DataFrame, warnings: pd.DataFrame, *, as_of: datetime
) -> pd.DataFrame:
    """One row a warning and a high-risk person of the register at its issue.

    Columns: warning_id, kind, level, issued_at, person_ref, cohort, microgrid_code, visited_at (the
    first visit from the issue on), after_h (hours from the issue to it), known_h (hours from the issue
    to as_of, through which no visit means nobody came).
    """
    seen = visits[visits["visited_at"].le(as_of).fillna(False).astype(bool)]
    parts = []
    for warning in urgent_warnings(warnings, at=as_of).to_dict("records"):
        issued = warning["issued_at"]
        people = in_register(register, at=issued)
        high = people[people["risk"].eq(HIGH).fillna(False).astype(bool)]
        first = seen[seen["visited_at"].ge(issued)].groupby("person_ref")["visited_at"].min()
        visited = looked_up(high["person_ref"], first)
        parts.append(
            high[["person_ref", "cohort", "microgrid_code"]].assign(
                **{name: warning[name] for name in ("warning_id", "kind", "level", "issued_at")},
                visited_at=visited,
                after_h=(visited - issued).dt.total_seconds() / 3_600,
                known_h=(pd.Timestamp(as_of) - issued).total_seconds() / 3_600,
            )
        )
    columns = ["warning_id", "kind", "level", "issued_at", "person_ref", "cohort", "microgrid_code",
               "visited_at", "after_h", "known_h"]  # fmt: skip
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def surge_counts(surge: pd.DataFrame) -> pd.DataFrame:
    """Per warning, the earliest first: how many became due, and how many were visited within 6 … 48 hours.

    Columns: warning_id, kind, level, issued_at, due_n, within_6h_n, …, within_48h_n (missing while as_of
    lies before that hour), known_h.
    """
    rows = []
    for _, people in surge.groupby("warning_id", sort=False):
        head = people.iloc[0]
        known = float(head["known_h"])
        within = {
            f"within_{hours}h_n": int(people["after_h"].le(hours).sum()) if known >= hours else pd.NA
            for hours in WITHIN_H
        }
        named = {name: head[name] for name in ("warning_id", "kind", "level", "issued_at")}
        rows.append({**named, "due_n": len(people), **within, "known_h": known})
    counts = [f"within_{hours}h_n" for hours in WITHIN_H]
    table = pd.DataFrame(
        rows, columns=["warning_id", "kind", "level", "issued_at", "due_n", *counts, "known_h"]
    )
    return table.astype(dict.fromkeys(["due_n", *counts], "Int64"))
