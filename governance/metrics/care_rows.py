"""一老一小 as the command line prints it, and week by week for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.errors import UsageError
from governance.metrics.areas import community_of_microgrids
from governance.metrics.care import HIGH, care_counts, care_due, care_window, uncounted_visits
from governance.metrics.windows import Span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from governance.records.dataset import Dataset
    from governance.workdays import Week

CARE_GROUPS = ("community", "cohort", "risk")
_NOTHING = "\0"


def care_end(dataset: Dataset, span: Span) -> datetime | None:
    """Until when a window is known: its end, or the visits' as-of inside it; None outside the records."""
    as_of, first = dataset.as_of_for("visits"), dataset.frame("visits")["visited_at"].min()
    if as_of is None or pd.isna(first) or as_of <= span.start_at:
        return None
    at = min(span.end_at, as_of)
    return None if first > at or dataset.frame("care_register").empty else at


def care_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """Persons of the register to whom a visit fell due in a window of days, one row a group.

    Keys: group (`all` without `by`; None where the register names none), due_n (persons, see
    `care.care_window`), done_n (nothing overdue at the window's end), overdue_n (due_n = done_n +
    overdue_n), never_n (of the overdue: never visited), on_time_share (done_n ÷ due_n, None where nobody
    was due). The window ends with as_of where that comes first. Groups of the register where nobody was
    due stay, with 0.

    Raises
    ------
    UsageError
        `unknown_group`.
    """
    if by is not None and by not in CARE_GROUPS:
        raise UsageError("unknown_group", group=by, groups="、".join(CARE_GROUPS))
    span = Span.of_days(since, until)
    at = care_end(dataset, span)
    if at is None:
        return []
    register, visits, warnings = (dataset.frame(kind) for kind in ("care_register", "visits", "warnings"))
    everybody = care_due(register, visits, warnings, at=at)
    group = group_of(dataset, everybody, by)
    owed = care_window(register, visits, warnings, span=span, at=at)
    counts = care_counts(owed, group.reindex(owed.index)).set_index("group")
    counts = counts.reindex(sorted(group.unique()), fill_value=0)
    rows: list[dict[str, object]] = []
    for name, row in counts.iterrows():
        due_n, done_n = int(row["due_n"]), int(row["done_n"])
        rows.append(
            {
                "group": None if name == _NOTHING else name,
                "due_n": due_n,
                "done_n": done_n,
                "overdue_n": int(row["overdue_n"]),
                "never_n": int(row["never_n"]),
                "on_time_share": done_n / due_n if due_n else None,
            }
        )
    return rows


def group_of(dataset: Dataset, people: pd.DataFrame, by: str | None) -> pd.Series:
    """The group of each person of the register."""
    if by is None:
        return pd.Series("all", index=people.index, dtype="string")
    if by != "community":
        return people[by].astype("string").fillna(_NOTHING)
    held = community_of_microgrids(dataset.frame("grids"), dataset.frame("microgrids"))
    return people["microgrid_code"].map(held).astype("string").fillna(_NOTHING)


def high_risk_weeks(
    dataset: Dataset, weeks: Iterable[Week], microgrids: Iterable[str] | None
) -> pd.DataFrame:
    """The state of the high-risk persons at each week's end, of all micro-grids or of some.

    Columns: week, at, due_n, done_n, overdue_n, never_n; counts missing where no record reaches.
    """
    register, visits, warnings = (dataset.frame(kind) for kind in ("care_register", "visits", "warnings"))
    if microgrids is not None:
        register = register[register["microgrid_code"].isin(list(microgrids)).fillna(False).astype(bool)]
    rows = []
    for week in weeks:
        at = care_end(dataset, Span(week.start_at, week.end_at))
        found: dict[str, object] = {"week": str(week), "at": at}
        if at is not None:
            due = care_due(register, visits, warnings, at=at)
            high = due[due["risk"].eq(HIGH).fillna(False).astype(bool)]
            counts = care_counts(high, pd.Series("all", index=high.index)).drop(columns="group")
            found |= {str(name): int(n) for name, n in counts.sum().items()}
        rows.append(found)
    table = pd.DataFrame(rows).reindex(columns=["week", "at", "due_n", "done_n", "overdue_n", "never_n"])
    return table.astype(dict.fromkeys(["due_n", "done_n", "overdue_n", "never_n"], "Int64"))


def uncounted_counts(dataset: Dataset) -> dict[str, int]:
    """How many stored visits meet nothing, by why (see `care.uncounted_visits`)."""
    found = uncounted_visits(dataset.frame("care_register"), dataset.frame("visits"))
    return {str(why): int(n) for why, n in found["why"].value_counts().sort_index().items()}
