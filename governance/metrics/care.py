"""一老一小: who is due a visit, from the register, and whether somebody came.

The denominator is the register, not the visits. Due: high risk at least every 7 days, key persons
every month, general ones every quarter; whoever became high risk within 24 hours; a storm or heat
warning makes everybody of high risk due at once.

The register: everybody with a code whose risk holds at the moment; a missing status counts as active, a
missing risk as general. Who moved, is in hospital or died leaves on `status_on` (else `risk_to`, else at
once). A visit before somebody's entry (`risk_from`, or a later `status_on` of who came back) is kept but
meets nothing: the clock runs from the entry. Who was never visited at all is `never`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from governance.metrics.windows import Span

State = Literal["done", "not_yet", "overdue", "never"]
HIGH, GENERAL = "high", "general"
# The longest time between two visits, days.
VISIT_EVERY_D: Mapping[str, int] = MappingProxyType({HIGH: 7, "key": 31, GENERAL: 92})
CHANGE_WITHIN_H = 24
# Where somebody is who need not be visited any more; every other status stays on the list.
LEFT: tuple[str, ...] = ("moved", "hospital", "died")
ENDED = "ended"
# Warnings that make high risk due at once, by the words in their kind.
_URGENT_WARNINGS = "雨|洪|涝|高温|热"
_PERSON = ["person_ref", "cohort", "risk", "microgrid_code"]


def looked_up(keys: pd.Series, values: pd.Series) -> pd.Series:
    """The value of each key, missing where there is none; also where no value is known at all."""
    return pd.Series(values.reindex(keys).array, index=keys.index)


def _is(values: pd.Series, *wanted: str) -> pd.Series:
    return values.isin(list(wanted)).fillna(False).astype(bool)


# ------------------------------------------------------------------------------- register
def _with_ends(register: pd.DataFrame) -> pd.DataFrame:
    """The register's persons with `entered_at` and `left_at` (both may be missing) and `is_left`."""
    known = register.dropna(subset=["person_ref"])
    is_left = _is(known["status"], *LEFT)
    returned = known["status_on"].mask(is_left)
    entered = known[["risk_from"]].assign(returned=returned).max(axis=1)
    return known.assign(
        is_left=is_left,
        entered_at=entered.astype(known["risk_from"].dtype),
        left_at=known["status_on"].fillna(known["risk_to"]).where(is_left),
    )


def in_register(register: pd.DataFrame, *, at: datetime) -> pd.DataFrame:
    """Who has to be visited at a moment; the register's columns, entered_at, left_at, is_left."""
    now = pd.Timestamp(at)
    known = _with_ends(register)
    holds = known["risk_from"].isna() | known["risk_from"].le(now)
    holds &= known["risk_to"].isna() | known["risk_to"].gt(now)
    stays = ~known["is_left"] | known["left_at"].gt(now)
    rows = known[(holds & stays).fillna(False).astype(bool)]
    return rows.drop_duplicates("person_ref", keep="last")


def left_register(register: pd.DataFrame, *, at: datetime) -> pd.DataFrame:
    """Who was on the list and is not any more, the latest first.

    Columns: person_ref, cohort, risk, microgrid_code, status (moved, hospital, died, or `ended` where
    the risk's last day passed), left_on (missing where no date was given).
    """
    now = pd.Timestamp(at)
    known = _with_ends(register).drop_duplicates("person_ref", keep="last")
    left_on = known["left_at"].where(known["is_left"], known["risk_to"])
    is_gone = (known["is_left"] & left_on.isna()) | left_on.le(now)
    rows = known[is_gone.fillna(False).astype(bool)]
    table = rows[_PERSON].assign(
        status=rows["status"].where(rows["is_left"], ENDED), left_on=left_on.reindex(rows.index)
    )
    return table.sort_values(["left_on", "person_ref"], ascending=[False, True], ignore_index=True)


# ------------------------------------------------------------------------------- warnings
def urgent_warnings(warnings: pd.DataFrame, *, at: datetime) -> pd.DataFrame:
    """The storm and heat warnings issued by a moment, the earliest first."""
    urgent = warnings["kind"].fillna("").str.contains(_URGENT_WARNINGS, regex=True)
    issued = warnings[urgent.astype(bool) & warnings["issued_at"].le(at).fillna(False).astype(bool)]
    return issued.sort_values(["issued_at", "warning_id"])


# ------------------------------------------------------------------------------------ due
def _last(visits: pd.DataFrame, people: pd.DataFrame, *, since: pd.Series | None = None) -> pd.Series:
    """The last visit of each of some people, by their row; only visits from `since` on where given."""
    if since is not None:
        begins = looked_up(visits["person_ref"], pd.Series(since.array, index=people["person_ref"]))
        visits = visits[(begins.isna() | visits["visited_at"].ge(begins)).fillna(False).astype(bool)]
    return looked_up(people["person_ref"], visits.groupby("person_ref")["visited_at"].max())


def _first_after(moments: pd.DatetimeIndex, last: pd.Series, entered: pd.Series) -> pd.Series:
    """The first warning after a last visit, else from the entry on; missing where there is none."""
    after_visit = moments.searchsorted(pd.DatetimeIndex(last.fillna(moments.min())), side="right")
    after_entry = moments.searchsorted(pd.DatetimeIndex(entered.fillna(moments.min())), side="left")
    place = np.where(last.notna(), after_visit, after_entry)
    found = moments.append(pd.DatetimeIndex([pd.NaT]).tz_localize(moments.tz))[place]
    return pd.Series(found, index=last.index)


def _every(people: pd.DataFrame) -> pd.Series:
    """The longest time between two visits to each of some people."""
    days = people["risk"].map(VISIT_EVERY_D).fillna(VISIT_EVERY_D[GENERAL])
    return pd.to_timedelta(days.astype("int64"), unit="D")


def _due_at(
    people: pd.DataFrame, visits: pd.DataFrame, warnings: pd.DataFrame, first: pd.Timestamp
) -> pd.Series:
    """By when each of some people had to be visited next; `first` stands for an entry nobody noted."""
    last = _last(visits, people, since=people["entered_at"])
    is_high = _is(people["risk"], HIGH)
    every = _every(people)
    fresh = every.mask(is_high, pd.Timedelta(hours=CHANGE_WITHIN_H))
    due = (last + every).fillna(people["entered_at"] + fresh).fillna(first)
    if warnings.empty or not is_high.any():
        return due
    warned = _first_after(pd.DatetimeIndex(warnings["issued_at"]), last, people["entered_at"])
    return due.mask(is_high & warned.lt(due).fillna(False), warned)


def care_due(
    register: pd.DataFrame, visits: pd.DataFrame, warnings: pd.DataFrame, *, at: datetime
) -> pd.DataFrame:
    """Everybody of the register, and whether a visit is overdue at a moment.

    Columns: person_ref, cohort, risk, microgrid_code, last_at (of the last visit by then), due_at
    (by when the next had to be made), state: *done* (not due again yet), *not_yet* (not visited since
    the entry, which is less than the interval ago), *overdue*, *never* (overdue and never visited).
    """
    now = pd.Timestamp(at)
    people = in_register(register, at=at)
    by_now = visits[visits["visited_at"].le(now).fillna(False).astype(bool)]
    due = _due_at(people, by_now, urgent_warnings(warnings, at=at), _begin(by_now, now))
    last = _last(by_now, people)
    counted = _last(by_now, people, since=people["entered_at"])
    is_late = due.lt(now).to_numpy(dtype=bool)
    never = last.isna().to_numpy(dtype=bool)
    state = np.select(
        [is_late & never, is_late, counted.isna().to_numpy(dtype=bool)],
        ["never", "overdue", "not_yet"],
        "done",
    )
    return people[_PERSON].assign(last_at=last, due_at=due, state=pd.array(state, dtype="string"))


def _begin(visits: pd.DataFrame, now: pd.Timestamp) -> pd.Timestamp:
    """Where the records of visits begin; now without any."""
    first = visits["visited_at"].min()
    return now if pd.isna(first) else first


def care_window(
    register: pd.DataFrame, visits: pd.DataFrame, warnings: pd.DataFrame, *, span: Span, at: datetime
) -> pd.DataFrame:
    """`care_due` at the end of a window, of those to whom a visit fell due or was owed in it.

    `at` lies in the window. Fell due: the interval after a visit or an entry ended in the window, also
    where somebody came before that, or a warning was issued; owed: overdue since before. So visits of
    the window do not change who is counted, and whoever is visited early stays counted.
    """
    due = care_due(register, visits, warnings, at=at)
    people = in_register(register, at=at)
    by_now = visits[visits["visited_at"].le(at).fillna(False).astype(bool)]
    before = by_now[by_now["visited_at"].lt(span.start_at)]
    unmet = _due_at(people, before, urgent_warnings(warnings, at=at), _begin(by_now, pd.Timestamp(at)))
    is_owed = unmet.lt(at).to_numpy(dtype=bool) | _is(due["state"], "overdue", "never").to_numpy()
    found: pd.DataFrame = due[is_owed | _fell_due(people, before, span=span, at=at).to_numpy(dtype=bool)]
    return found


def _fell_due(people: pd.DataFrame, visits: pd.DataFrame, *, span: Span, at: datetime) -> pd.Series:
    """Of whom an interval after the entry or after one of some visits ended in a window."""
    rows = people.set_index("person_ref")
    every, is_high = _every(people).set_axis(rows.index), _is(people["risk"], HIGH).set_axis(rows.index)
    counted = visits[visits["person_ref"].isin(rows.index)]
    entered = looked_up(counted["person_ref"], rows["entered_at"])
    counted = counted[entered.isna() | counted["visited_at"].ge(entered)]
    ends = counted["visited_at"] + looked_up(counted["person_ref"], every)
    first = rows["entered_at"] + every.mask(is_high, pd.Timedelta(hours=CHANGE_WITHIN_H))
    fell = counted.loc[ends.ge(span.start_at) & ends.lt(at), "person_ref"]
    is_first = first.ge(span.start_at) & first.lt(at)
    return people["person_ref"].isin(fell) | is_first.set_axis(people.index).fillna(False)


def care_counts(due: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Due, done and overdue per group; columns group, due_n, done_n, overdue_n, never_n (of them)."""
    marks = pd.DataFrame(
        {
            "due_n": True,
            "done_n": _is(due["state"], "done", "not_yet"),
            "overdue_n": _is(due["state"], "overdue", "never"),
            "never_n": _is(due["state"], "never"),
        },
        index=due.index,
    )
    return marks.astype("int64").groupby(group, sort=True).sum().rename_axis("group").reset_index()


# --------------------------------------------------------------------------------- visits
def uncounted_visits(register: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """The visits that meet nothing: kept, and said why.

    The columns of visits, and why: *unknown_person* (not in the register), *before_register* (before
    the person's entry).
    """
    people = _with_ends(register).drop_duplicates("person_ref", keep="last").set_index("person_ref")
    is_known = visits["person_ref"].isin(people.index)
    entered = looked_up(visits["person_ref"], people["entered_at"])
    is_early = visits["visited_at"].lt(entered).fillna(False).astype(bool)
    why = np.select([~is_known.to_numpy(dtype=bool), is_early.to_numpy(dtype=bool)],
                    ["unknown_person", "before_register"], "")  # fmt: skip
    found: pd.DataFrame = visits.assign(why=pd.array(why, dtype="string"))[why != ""]
    return found
