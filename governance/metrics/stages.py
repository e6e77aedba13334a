"""The ten stage intervals of a case, with open cases counted as open.

Every interval prints which stamps start and stop its clock; what cannot be timed is left out and
counted in a receipt.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.survival import CLOSED, OPEN, OTHER, closed_places, sorted_times_reached

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from numpy.typing import NDArray

    Stamps = NDArray[np.int64]
    Mask = NDArray[np.bool_]

STAMPS = (
    "reported_at",
    "accepted_at",
    "filed_at",
    "dispatched_at",
    "arrived_at",
    "resolved_at",
    "verified_at",
    "closed_at",
    "rated_at",
)
# Which stamps start and stop each clock.
STAGES: Mapping[str, tuple[str, str]] = {
    "report_to_accept": ("reported_at", "accepted_at"),
    "accept_to_file": ("accepted_at", "filed_at"),
    "file_to_dispatch": ("filed_at", "dispatched_at"),
    "dispatch_to_arrive": ("dispatched_at", "arrived_at"),
    "arrive_to_resolve": ("arrived_at", "resolved_at"),
    "resolve_to_verify": ("resolved_at", "verified_at"),
    "verify_to_close": ("verified_at", "closed_at"),
    "close_to_rate": ("closed_at", "rated_at"),
    "report_to_arrive": ("reported_at", "arrived_at"),
    "report_to_close": ("reported_at", "closed_at"),
}
MINUTE_US = 60_000_000
MISSING = int(np.iinfo(np.int64).min)
STOPPED = ("voided", "transferred")
_EPOCH = pd.Timestamp(0, tz="UTC")


def us_of(stamps: pd.Series) -> Stamps:
    """Stamps as microseconds since 1970 (UTC); `MISSING` where there is none."""
    return np.asarray(stamps.to_numpy("datetime64[us]")).view(np.int64)


def us_at(stamp: datetime) -> int:
    """One stamp as microseconds since 1970 (UTC)."""
    return int((pd.Timestamp(stamp) - _EPOCH) // pd.Timedelta(microseconds=1))


def marked_n(mark: Mask) -> int:
    """How many cases are marked."""
    return int(np.count_nonzero(mark))


def _is(column: pd.Series, *codes: str) -> Mask:
    return column.isin(codes).to_numpy(dtype=bool, na_value=False)


@dataclass(frozen=True)
class Cases:
    """The stamps of cases as they were known at `as_of_us`, as arrays of one length.

    `stamps` holds one array per stage in order; a stamp after as-of has not happened yet and is
    missing. `first_us` is the record's first stamp, `stopped_us` when a voided or transferred
    case left, `seen_us` until when an open case was watched. `is_bad` marks, per stage,
    implausible stamps; `is_later` says whether a later stage is stamped. `is_end_unknown`: closed
    by its status, but no believable stamp says when; `is_unattended`: settled from the desk,
    nobody had to go there.
    """

    as_of_us: int
    stamps: tuple[Stamps, ...]
    is_bad: tuple[Mask, ...]
    is_later: tuple[Mask, ...]
    first_us: Stamps
    stopped_us: Stamps
    seen_us: Stamps
    is_stopped: Mask
    is_suspended: Mask
    is_end_unknown: Mask
    is_unattended: Mask
    # A page asks for the same interval again and again, of the street and of each of its parts.
    _intervals: dict[str, Interval] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.first_us)

    def stamp(self, name: str) -> Stamps:
        """The stamps of one stage, `MISSING` where there is none."""
        return self.stamps[STAMPS.index(name)]

    def closed_us(self) -> Stamps:
        """The closing stamps that can be believed, none after as-of; `MISSING` for the others."""
        last = STAMPS.index("closed_at")
        is_bad = self.is_bad[last]
        return np.where(is_bad, MISSING, self.stamps[last]) if is_bad.any() else self.stamps[last]

    def kept(self, keep: Mask) -> Cases:
        """The cases that `keep` marks."""
        if keep.all():
            return self
        # Taking by place is several times faster than by mask; equal columns are taken once.
        rows, taken = np.flatnonzero(keep), dict[int, object]()

        def of(column: object) -> object:
            if isinstance(column, np.ndarray) and id(column) not in taken:
                taken[id(column)] = column.take(rows)
            return taken.get(id(column), column)

        parts: dict[str, object] = {}
        for part in (part for part in fields(self) if part.init):
            value = getattr(self, part.name)
            parts[part.name] = tuple(map(of, value)) if isinstance(value, tuple) else of(value)
        return Cases(**parts)  # type: ignore[arg-type]

    def inside(self, start_us: int, end_us: int) -> Cases:
        """The cases whose first stamp lies in a window, its end excluded."""
        return self.kept((self.first_us >= start_us) & (self.first_us < end_us))


def cases_of(frame: pd.DataFrame, *, as_of: datetime, plausible_from: date) -> Cases:
    """The cases of an incidents frame (of `Dataset.cases`), as known at `as_of`.

    A stamp of a row flagged `implausible_time` is implausible when it lies after as-of or before
    `plausible_from`.
    """
    end_us, start_us = us_at(as_of), us_at(pd.Timestamp(plausible_from, tz="Asia/Shanghai"))
    flags = frame["flags"]
    noted = flags.ne("").to_numpy(dtype=bool, na_value=False)
    is_flagged = np.zeros(len(frame), dtype=bool)
    is_flagged[noted] = flags[noted].str.contains("implausible_time", regex=False).to_numpy(dtype=bool)
    stamps, bad = [], []
    none_bad = np.zeros(len(frame), dtype=bool)
    for name in STAMPS:
        at = us_of(frame[name])
        is_early, is_late = (at < start_us) & (at != MISSING), at > end_us
        is_bad = is_flagged & (is_early | is_late) if noted.any() else none_bad
        is_bad = is_bad if is_bad.any() else none_bad
        stamps.append(np.where(is_late & ~is_bad, MISSING, at) if is_late.any() else at)
        bad.append(is_bad)
    later = [np.zeros(len(frame), dtype=bool)]
    for at in stamps[:0:-1]:
        later.append(later[-1] | (at != MISSING))
    first = stamps[0]
    for at in stamps[1:]:
        if not (first == MISSING).any():
            break
        first = np.where(first == MISSING, at, first)
    latest = np.maximum.reduce(stamps)
    seen = us_of(frame["last_seen_at"])
    last = STAMPS.index("closed_at")
    is_undated = frame["closed_at"].isna().to_numpy() | bad[last]
    is_stopped = _is(frame["status"], *STOPPED)
    return Cases(
        as_of_us=end_us,
        stamps=tuple(stamps),
        is_bad=tuple(bad),
        is_later=tuple(reversed(later)),
        first_us=first,
        stopped_us=_stopped_us(frame, is_stopped, latest, end_us),
        seen_us=np.where(seen == MISSING, end_us, np.minimum(seen, end_us)),
        is_stopped=is_stopped,
        is_suspended=_is(frame["status"], "suspended"),
        is_end_unknown=is_undated & _is(frame["status"], "closed") if is_undated.any() else is_undated,
        is_unattended=_unattended(frame),
    )


def _unattended(frame: pd.DataFrame) -> Mask:
    if "needs_attendance" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return ~frame["needs_attendance"].to_numpy(dtype=bool, na_value=True)


def _stopped_us(frame: pd.DataFrame, is_stopped: Mask, latest: Stamps, end_us: int) -> Stamps:
    """When a stopped case left: by its log, else its last update, else its last stamp."""
    at = latest.copy()
    for name in ("updated_at", "stopped_at"):
        if name in frame and is_stopped.any():
            known = us_of(frame[name])
            at = np.where(is_stopped & (known != MISSING), known, at)
    return np.minimum(at, end_us)


@dataclass(frozen=True)
class Receipt:
    """What one interval left out, each case for one reason, and how many it kept.

    `no_start_n` have no start stamp by as-of, `implausible_n` a stamp that cannot be true,
    `negative_n` end before they start, `not_recorded_n` passed the end unstamped (also those that
    are closed by their status alone), `unattended_n` were settled without going there.
    """

    read_n: int
    kept_n: int
    no_start_n: int
    implausible_n: int
    negative_n: int
    not_recorded_n: int
    unattended_n: int = 0

    def left_out(self) -> dict[str, int]:
        """How many cases were left out for each reason that occurred."""
        reasons = ("no_start", "implausible", "negative", "not_recorded", "unattended")
        counts = {reason: int(getattr(self, f"{reason}_n")) for reason in reasons}
        return {reason: count for reason, count in counts.items() if count}


@dataclass(frozen=True)
class Interval:
    """The cases of one stage: their place among all cases, microseconds, and how they left it."""

    stage: str
    rows: NDArray[np.int64]
    used_us: Stamps
    how: Stamps
    receipt: Receipt


def interval(cases: Cases, stage: str) -> Interval:
    """The timed cases of one stage.

    A case counts when it has the start stamp and its end is missing or not before the start. One
    with a missing end but a later stamp, or closed by its status, is not recorded and leaves; one
    without is open, censored when last watched. Arrivals count cases that need attendance.
    Voided and transferred cases end as such, also when their closing is stamped. `close_to_rate`
    knows rated cases only: nobody has to rate.
    """
    if stage not in cases._intervals:
        cases._intervals[stage] = _interval(cases, stage)
    return cases._intervals[stage]


def _interval(cases: Cases, stage: str) -> Interval:
    first, last = (STAMPS.index(name) for name in STAGES[stage])
    start, end = cases.stamps[first], cases.stamps[last]
    has_start, has_end = start != MISSING, end != MISSING
    is_bad = has_start & (cases.is_bad[first] | cases.is_bad[last])
    usable = has_start & ~is_bad
    is_negative = usable & has_end & (end < start)
    unstamped = usable & ~has_end
    is_unattended = unstamped & cases.is_unattended & (STAGES[stage][1] == "arrived_at")
    is_passed = cases.is_later[last] | cases.is_end_unknown | (stage == "close_to_rate")
    is_unrecorded = unstamped & is_passed & ~is_unattended
    rows = np.flatnonzero(usable & ~(is_negative | is_unrecorded | is_unattended))
    # Taking by place is the dearest step: what can be said of all cases is said before it.
    how = None
    if unstamped.any():
        how, end = np.where(has_end, CLOSED, OPEN), np.where(has_end, end, cases.seen_us)
    if cases.is_stopped.any():
        is_other = cases.is_stopped & (~has_end | (STAGES[stage][1] == "closed_at"))
        how = np.where(is_other, OTHER, CLOSED if how is None else how)
        end = np.where(is_other & ~has_end, cases.stopped_us, end)
    used_us = np.maximum((end - start).take(rows), 0)
    left = np.full(len(rows), CLOSED) if how is None else how.take(rows)
    receipt = Receipt(
        read_n=len(cases),
        kept_n=len(rows),
        no_start_n=len(cases) - marked_n(has_start),
        implausible_n=marked_n(is_bad),
        negative_n=marked_n(is_negative),
        not_recorded_n=marked_n(is_unrecorded),
        unattended_n=marked_n(is_unattended),
    )
    return Interval(stage, rows, used_us, left, receipt)


@dataclass(frozen=True)
class StageTimes:
    """One group's figures of one stage, minutes; NaN where not reached."""

    n: int
    open_n: int
    median_min: float
    p90_min: float
    closed_only_median_min: float


def stage_times(timed: Interval, groups: NDArray[np.int64], groups_n: int) -> list[StageTimes]:
    """The figures of a stage for each group; `groups` holds each case's group number."""
    if groups_n == 1 and len(timed.rows) and not timed.how.any():
        return [_all_closed(timed.used_us)]
    group = groups[timed.rows]
    ordered, how = _sorted_within(timed, group)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=groups_n))])
    found = []
    for low, high in pairwise(bounds.tolist()):
        used, left = ordered[low:high], how[low:high]
        median, p90 = sorted_times_reached(used, left)
        closed = used[left == CLOSED]
        middle = closed[(len(closed) - 1) // 2] / MINUTE_US if len(closed) else float("nan")
        open_n = marked_n(left == OPEN)
        found.append(StageTimes(high - low, open_n, median / MINUTE_US, p90 / MINUTE_US, float(middle)))
    return found


def _all_closed(used_us: Stamps) -> StageTimes:
    """The figures of one group whose cases all closed: two order statistics, without a sort."""
    places = closed_places(len(used_us))
    chosen = np.partition(used_us, places)
    median, p90 = (float(chosen[place] / MINUTE_US) for place in places)
    return StageTimes(len(used_us), 0, median, p90, median)


def _sorted_within(timed: Interval, group: NDArray[np.int64]) -> tuple[Stamps, Stamps]:
    """Times and ways out, ordered by group, time, way out.

    All three are packed into one integer and sorted at once where they fit, which is several
    times faster than ordering by three keys.
    """
    if not len(group):
        return timed.used_us, timed.how
    time_bits = int(timed.used_us.max()).bit_length()
    if time_bits + int(group.max()).bit_length() + 2 < 63:
        key = np.sort((((group << time_bits) | timed.used_us) << 2) | timed.how)
        return (key >> 2) & ((1 << time_bits) - 1), key & 3
    order = np.lexsort((timed.how, timed.used_us, group))
    return timed.used_us[order], timed.how[order]


def stages_present(frame: pd.DataFrame) -> tuple[str, ...]:
    """The stages a table can tell of: both stamps occur; report to close also when all are open."""
    return _told_by({name: bool(frame[name].notna().any()) for name in STAMPS})


def stages_of(cases: Cases) -> tuple[str, ...]:
    """The stages that cases can tell of, as `stages_present` of a table."""
    stamped = [bool(at.max(initial=MISSING) != MISSING) for at in cases.stamps]
    return _told_by(dict(zip(STAMPS, stamped, strict=True)))


def _told_by(has: Mapping[str, bool]) -> tuple[str, ...]:
    return tuple(
        stage
        for stage, (start, end) in STAGES.items()
        if has[start] and (has[end] or stage == "report_to_close")
    )
