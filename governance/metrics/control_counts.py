"""Counting for the control charts: every period and group of a series in one pass over the cases.

A counter gives, per period and group, a value and what it rests on. Each counts as the page of its
metric does; the windows are whole periods that follow one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.containment import (
    closing_levels,
    containment_marks,
    ended_at,
    suppression_marks,
)
from governance.metrics.deadlines import due_cohort, due_us_of
from governance.metrics.places import UNCOUNTED_STATUSES
from governance.metrics.repeats import REPEAT_WITHIN_D, has_followup, is_repeated, merged_events
from governance.metrics.satisfaction import satisfaction_marks
from governance.metrics.stages import MISSING, Interval, interval, stage_times, us_at, us_of
from governance.metrics.suspended import held_of
from governance.metrics.windows import Span

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from numpy.typing import NDArray

    from governance.metrics.stages import Cases
    from governance.workdays import WorkHours

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_EVER = Span.of_days(None, None)
_FOLLOWED_US = REPEAT_WITHIN_D * 86_400_000_000


@dataclass(frozen=True)
class Counted:
    """A series as tables of period × group; `of_n` is what a value rests on, `hit_n` a share's part.

    Both are NaN where they do not apply.
    """

    value: Numbers
    hit_n: Numbers
    of_n: Numbers


@dataclass(frozen=True)
class CaseTable:
    """The cases a series is counted from, their group numbers, and the edges of the periods.

    `edges_us` has one entry more than there are periods: each begins where the one before ends.
    """

    frame: pd.DataFrame
    cases: Cases
    steps: pd.DataFrame
    rules: pd.DataFrame
    suspensions: pd.DataFrame
    hours: WorkHours
    numbers: Places
    groups_n: int
    as_of: datetime
    edges_us: Places

    @property
    def periods_n(self) -> int:
        """How many periods there are."""
        return len(self.edges_us) - 1

    @cached_property
    def levels(self) -> pd.Series:
        """The level at which each case was settled."""
        return closing_levels(self.frame, self.steps)

    @cached_property
    def bands(self) -> pd.DataFrame:
        """The containment band of each case, whenever it came due or ended."""
        return containment_marks(self.frame, self.levels, self.due_us, span=_EVER, as_of=self.as_of)

    @cached_property
    def due_us(self) -> Places:
        """When each case is due, by its record or its rule."""
        held = held_of(self.frame, self.suspensions)
        return due_us_of(self.frame, self.rules, held=held, hours=self.hours)

    @cached_property
    def reported_us(self) -> Places:
        """The report stamps known at as-of."""
        return self.known_us("reported_at")

    def known_us(self, name: str) -> Places:
        """The stamps of a column; `MISSING` where there is none by as-of."""
        at = us_of(self.frame[name])
        return np.where(at > us_at(self.as_of), MISSING, at)

    def mask(self, marks: pd.Series) -> Mask:
        """Marks of the frame's rows as an array; missing is no."""
        return marks.to_numpy(dtype=bool, na_value=False)

    def period(self, at_us: Places) -> Places:
        """The place of each stamp's period, −1 outside all of them."""
        place = np.searchsorted(self.edges_us, at_us, side="right") - 1
        return np.where(place == self.periods_n, -1, place)

    def cells(self, period: Places, numbers: Places | None = None) -> Places:
        """Period and group packed into one number, −1 outside."""
        group = self.numbers if numbers is None else numbers
        return np.where(period < 0, -1, period * self.groups_n + group)

    def table(self, cells: Places, mark: Mask) -> Numbers:
        """How many marked cases stand in each period and group."""
        size = self.periods_n * self.groups_n
        counts = np.bincount(cells[mark & (cells >= 0)], minlength=size)
        return counts.reshape(self.periods_n, self.groups_n).astype(np.float64)

    def share(self, cells: Places, hit: Mask, of: Mask) -> Counted:
        """The share of `of` that `hit` marks; NaN without cases."""
        return _share(self.table(cells, hit & of), self.table(cells, of))


def _share(hit: Numbers, of: Numbers) -> Counted:
    value = np.divide(hit, of, out=np.full(of.shape, np.nan), where=of > 0)
    return Counted(value, hit, of)


def _count(n: Numbers) -> Counted:
    missing = np.full(n.shape, np.nan)
    return Counted(n, missing, missing)


# --------------------------------------------------------------------------------- stages
def stage_quantile(stage: str, quantile: str) -> Callable[[CaseTable], Counted]:
    """A quantile, minutes, of a stage of the cases first stamped in the period."""

    def count(table: CaseTable) -> Counted:
        period = table.period(table.cases.first_us)
        rows = np.flatnonzero(period >= 0)
        timed: Interval = interval(table.cases.kept(period >= 0), stage)
        cells = table.cells(period)[rows]
        found = stage_times(timed, cells, table.periods_n * table.groups_n)
        shape = table.periods_n, table.groups_n
        value = np.array([getattr(group, quantile) for group in found], dtype=np.float64).reshape(shape)
        n = np.array([group.n for group in found], dtype=np.float64).reshape(shape)
        return Counted(value, np.full(shape, np.nan), n)

    return count


# --------------------------------------------------------------------------------- counts
def _is_counted(table: CaseTable) -> Mask:
    return ~table.mask(table.frame["status"].isin(UNCOUNTED_STATUSES))


def reported(table: CaseTable) -> Counted:
    """Cases reported in the period."""
    return _count(reported_table(table))


def reported_table(table: CaseTable) -> Numbers:
    """Cases reported, per period and group."""
    return table.table(table.cells(table.period(table.reported_us)), np.ones(len(table.frame), dtype=bool))


def closed(table: CaseTable) -> Counted:
    """Cases closed in the period, neither voided nor transferred."""
    cells = table.cells(table.period(table.known_us("closed_at")))
    return _count(table.table(cells, _is_counted(table)))


def under_way(table: CaseTable) -> Counted:
    """Cases reported and neither closed nor voided nor transferred at the period's end (or as-of).

    A case counts as gone at its closing, as never come when it is closed by its status alone.
    """
    closed_us, came_us = us_of(table.frame["closed_at"]), table.reported_us
    is_gone = (closed_us == MISSING) & table.mask(table.frame["status"].eq("closed"))
    counted = _is_counted(table) & ~is_gone & (came_us != MISSING)
    left_us = np.where(closed_us == MISSING, np.iinfo(np.int64).max, np.maximum(closed_us, came_us))
    ends_us = np.minimum(table.edges_us[1:], us_at(table.as_of) + 1)
    came, left = (np.searchsorted(ends_us, at, side="right") for at in (came_us, left_us))
    flow = table.table(_inside(table, came), counted) - table.table(_inside(table, left), counted)
    return _count(np.cumsum(flow, axis=0))


def _inside(table: CaseTable, period: Places) -> Places:
    """Cells of periods counted from 0, where the number of periods stands for none."""
    return table.cells(np.where(period >= table.periods_n, -1, period))


def located(table: CaseTable) -> Counted:
    """Share of the reported cases that lie in a known micro-grid."""
    frame = table.frame
    is_located = frame["microgrid_code"].notna() & frame["located_by"].ne("none").fillna(True)
    cells = table.cells(table.period(table.reported_us))
    return table.share(cells, table.mask(is_located), np.ones(len(frame), dtype=bool))


# --------------------------------------------------------------------------------- shares
def on_time(table: CaseTable) -> Counted:
    """Share of the cases due in the period, by as-of, that were closed in time."""
    due_us = table.due_us
    start, end = int(table.edges_us[0]), int(table.edges_us[-1])
    due = due_cohort(table.cases, due_us, start_us=start, end_us=end)
    return table.share(table.cells(table.period(due_us)), due.is_on_time, due.is_due)


def _in_cohorts(table: CaseTable, mark: Mask) -> Numbers:
    """Marked cases in each period's containment cohort: due in it or ended in it, once."""
    due = table.period(np.where(table.due_us > us_at(table.as_of), MISSING, table.due_us))
    over_us = us_of(ended_at(table.frame))
    over = table.period(np.where(over_us > us_at(table.as_of), MISSING, over_us))
    return table.table(table.cells(due), mark) + table.table(table.cells(over), mark & (over != due))


def in_community(table: CaseTable) -> Counted:
    """Share of the period's containment cohort settled in the community."""
    whole, hit = (table.mask(table.bands[name]) for name in ("cases_n", "community_n"))
    return _share(_in_cohorts(table, hit), _in_cohorts(table, whole))


def reworked(table: CaseTable) -> Counted:
    """返工率: of the cases closed in the period those sent back at least once."""
    closed_us = table.cases.stamp("closed_at")
    sent_back = table.frame["rework_n"].fillna(0).to_numpy(dtype=np.int64) > 0
    cells = table.cells(table.period(closed_us))
    return table.share(cells, sent_back, (closed_us != MISSING) & ~table.cases.is_stopped)


def satisfied(table: CaseTable) -> Counted:
    """Of the cases closed in the period and rated by as-of, those rated 4 or 5."""
    marks = satisfaction_marks(table.frame, span=_EVER, as_of=table.as_of)
    hit, of = (table.mask(marks[name]) for name in ("satisfied_n", "rated_n"))
    return table.share(table.cells(table.period(us_of(table.frame["closed_at"]))), hit, of)


def went_straight(table: CaseTable) -> Counted:
    """Of the cases reported in the period whose hand-offs are logged, those without any."""
    handoffs = table.frame["handoffs_n"]
    cells = table.cells(table.period(table.reported_us))
    return table.share(cells, table.mask(handoffs.eq(0)), handoffs.notna().to_numpy())


# -------------------------------------------------------------------- with 30 days after
def _matured(table: CaseTable, counted: Counted) -> Counted:
    """Periods with less than 30 days of records after them have no value."""
    young = table.edges_us[1:] + _FOLLOWED_US > us_at(table.as_of) + 1
    value = counted.value.copy()
    value[young] = np.nan
    return Counted(value, counted.hit_n, counted.of_n)


def repeated(table: CaseTable) -> Counted:
    """Of the events reported in the period those that came again at their place within 30 days."""
    events = merged_events(table.frame)
    followed = has_followup(events["reported_at"], table.as_of).to_numpy()
    rows = events.index.to_numpy()
    cells = table.cells(table.period(table.reported_us))[rows]
    again = is_repeated(events).to_numpy(dtype=bool)
    return _matured(table, table.share(cells, again, followed))


def suppressed(table: CaseTable) -> Counted:
    """Of the cases settled in the community those that came back within 30 days of closing."""
    back = suppression_marks(table.frame, table.bands["community_n"], as_of=table.as_of)
    hit, of = (table.mask(back[name]) for name in ("suppressed_n", "suppressible_n"))
    return _matured(table, _share(_in_cohorts(table, hit), _in_cohorts(table, of)))
