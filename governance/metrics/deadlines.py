"""Limits and on time: the rule in force at filing, the headline rate, the upper level's variants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.stages import MISSING, marked_n, us_of
from governance.metrics.suspended import clock_us, deadline_us, extended_deadline_us, held_us
from governance.workdays import OFFICE_HOURS, WorkHours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.metrics.stages import Cases, Mask, Stamps
    from governance.metrics.suspended import Held

ON_COURSE, PRESSING, OVERDUE, SUSPENDED, NO_LIMIT = (
    "on_course",
    "pressing",
    "overdue",
    "suspended",
    "no_limit",
)
LIGHTS = (ON_COURSE, PRESSING, OVERDUE, SUSPENDED, NO_LIMIT)
_PRESSING_FROM, _OVERDUE_FROM = 0.8, 1.0
_MOST_NUMBERS = 100_000


def limits_of(incidents: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """The limit of each case by the rule version in force when it was filed (else reported).

    The version with the latest valid_from not after the filing is in force (of two that begin on
    the same day the one named last); within it the row of the case's subcategory, else category,
    with its severity, else without one, counts. Rows without a version's name make one version a
    day they begin on. A version that begins later never reaches a case filed before.

    Columns: limit_h (hours, missing without a rule), is_working (the clock runs on working hours
    only), started_us (when the clock starts). Rows as in `incidents`.
    """
    filed = us_of(incidents["filed_at"])
    started = np.where(filed == MISSING, us_of(incidents["reported_at"]), filed)
    limit, working = np.full(len(incidents), np.nan), np.zeros(len(incidents), dtype=bool)
    known = rules.dropna(subset=["limit_h", "category"])
    if len(known):
        place, starts = _versions(known)
        version = np.searchsorted(starts, started, side="right") - 1
        version[started == MISSING] = -1
        table = {
            (int(v), str(c), "" if pd.isna(s) else str(s)): (float(h), clock == "working")
            for v, c, s, h, clock in zip(
                place,
                known["category"],
                known["severity"],
                known["limit_h"],
                known["clock"].fillna("calendar"),
                strict=True,
            )
        }
        limit, working = _looked_up(incidents, version, table)
    return pd.DataFrame(
        {"limit_h": limit, "is_working": working, "started_us": started}, index=incidents.index
    )


def _versions(rules: pd.DataFrame) -> tuple[NDArray[np.int64], Stamps]:
    """Each rule's place among the versions, ordered by when they begin, and when each begins."""
    begins_us = us_of(rules["valid_from"])
    name = rules["version"].astype("object").where(rules["version"].notna(), begins_us)
    named = pd.DataFrame({"name": name.astype(str), "begins_us": begins_us})
    begins = named.groupby("name", sort=True)["begins_us"].min().sort_values(kind="stable")
    places = pd.Series(np.arange(len(begins)), index=begins.index)
    return named["name"].map(places).to_numpy(dtype=np.int64), begins.to_numpy(dtype=np.int64)


def _looked_up(
    incidents: pd.DataFrame, version: NDArray[np.int64], table: dict[tuple[int, str, str], tuple[float, bool]]
) -> tuple[NDArray[np.float64], Mask]:
    """One look-up per combination that occurs, spread over its cases."""
    names = ("subcategory", "category", "severity")
    coded = [pd.factorize(incidents[name], use_na_sentinel=True) for name in names]
    packed, sizes = version + 1, [int(version.max(initial=0)) + 2]
    for codes, values in coded:
        packed = packed * (len(values) + 1) + codes + 1
        sizes.append(len(values) + 1)
    numbers, place = _numbered(packed, math.prod(sizes))
    found = []
    for parts in zip(*np.unravel_index(numbers, sizes), strict=True):
        sub, category, severity = (
            values[part - 1] if part else "" for part, (_, values) in zip(parts[1:], coded, strict=True)
        )
        wanted = ((int(parts[0]) - 1, c, s) for c in (sub, category) if c for s in (severity, ""))
        found.append(next((table[key] for key in wanted if key in table), (np.nan, False)))
    limits = np.array([limit for limit, _ in found], dtype=np.float64)[place]
    return limits, np.array([working for _, working in found], dtype=bool)[place]


def _numbered(packed: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers that occur, in order, and the place of each case's among them."""
    if size > max(len(packed), _MOST_NUMBERS):
        return np.unique(packed, return_inverse=True)
    # Counting is many times faster than sorting where the numbers are few.
    numbers = np.flatnonzero(np.bincount(packed, minlength=size))
    places = np.zeros(size, dtype=np.int64)
    places[numbers] = np.arange(len(numbers))
    return numbers, places.take(packed)


def due_us_of(
    incidents: pd.DataFrame,
    rules: pd.DataFrame,
    *,
    limits: pd.DataFrame | None = None,
    held: Held | None = None,
    hours: WorkHours = OFFICE_HOURS,
) -> Stamps:
    """When each case is due: by its record, else by its rule; `MISSING` without either.

    A limit by rule stands still while the case is suspended (`held`, see `held_of`); a recorded
    due stamp is taken as it is. `limits` are those of `limits_of`, where they are known already.
    """
    due = us_of(incidents["due_at"])
    open_rows = due == MISSING
    if not open_rows.any() or rules.empty:
        return due
    limits = limits_of(incidents[open_rows], rules) if limits is None else limits[open_rows]
    start, limit = limits["started_us"].to_numpy(), limits["limit_h"].to_numpy()
    has_limit = ~np.isnan(limit) & (start != MISSING)
    start, limit = np.where(has_limit, start, 0), np.where(has_limit, limit, 0.0)
    working = limits["is_working"].to_numpy()
    by_rule = (
        deadline_us(start, limit, working, hours=hours)
        if held is None
        else extended_deadline_us(start, limit, working, held.of_rows(open_rows), hours=hours)
    )
    full = due.copy()
    full[open_rows] = np.where(has_limit, by_rule, MISSING)
    return full


@dataclass(frozen=True)
class DueCohort:
    """Which cases came due in the window by as-of, and of them which closed, and in time.

    Voided, transferred and suspended cases stand apart. `undated_n` of the closed ones have no
    believable closing stamp and so cannot be shown to be in time. `is_provisional`: cases of the
    window are still to come due.
    """

    is_due: Mask
    is_closed: Mask
    is_on_time: Mask
    stopped_n: int
    suspended_n: int
    is_provisional: bool
    undated_n: int = 0


def due_cohort(cases: Cases, due_us: Stamps, *, start_us: int, end_us: int) -> DueCohort:
    """The headline cohort: due_at in the window (end excluded) and not after as-of."""
    inside = (due_us >= start_us) & (due_us < end_us) & (due_us != MISSING)
    counted = inside & ~cases.is_stopped & ~cases.is_suspended
    is_due = counted & (due_us <= cases.as_of_us)
    closed_at = cases.closed_us()
    is_dated = is_due & (closed_at != MISSING)
    is_undated = is_due & cases.is_end_unknown
    return DueCohort(
        is_due=is_due,
        is_closed=is_dated | is_undated,
        is_on_time=is_dated & (closed_at <= due_us),
        stopped_n=marked_n(inside & cases.is_stopped),
        suspended_n=marked_n(inside & cases.is_suspended),
        is_provisional=bool((counted & (due_us > cases.as_of_us)).any()),
        undated_n=marked_n(is_undated),
    )


@dataclass(frozen=True)
class LegacyRates:
    """The upper level's counting: 应结案, 结案率, 按期结案率; shares None without cases."""

    due_to_close_n: int
    closed_n: int
    on_time_n: int
    closed_share: float | None
    on_time_share: float | None


def legacy_rates(filed_n: int, open_not_due_n: int, closed_n: int, on_time_n: int) -> LegacyRates:
    """应结案 = filed − still open and not yet due; both rates over it."""
    due_n = filed_n - open_not_due_n
    shares = (closed_n / due_n, on_time_n / due_n) if due_n > 0 else (None, None)
    return LegacyRates(due_n, closed_n, on_time_n, *shares)


def legacy_rates_of(cases: Cases, due_us: Stamps, *, start_us: int, end_us: int) -> LegacyRates:
    """The upper level's rates of the cases filed (else first stamped) in a window."""
    filed = cases.stamp("filed_at")
    filed = np.where(filed == MISSING, cases.first_us, filed)
    counted = (filed >= start_us) & (filed < end_us) & ~cases.is_stopped & ~cases.is_suspended
    closed_at = cases.closed_us()
    is_closed = counted & ((closed_at != MISSING) | cases.is_end_unknown)
    is_waiting = counted & ~is_closed & ((due_us > cases.as_of_us) | (due_us == MISSING))
    on_time = is_closed & (closed_at != MISSING) & (due_us != MISSING) & (closed_at <= due_us)
    return legacy_rates(*(marked_n(mark) for mark in (counted, is_waiting, is_closed, on_time)))


def used_shares(
    cases: Cases,
    due_us: Stamps,
    limits: pd.DataFrame,
    *,
    held: Held | None = None,
    hours: WorkHours = OFFICE_HOURS,
) -> NDArray[np.float64]:
    """Share of its limit each case has used, until its end or as-of; NaN without a limit.

    The clock runs from filing (else report) to the due stamp, on working hours where the rule
    says so, and stands still while the case is suspended. NaN also for cases that ended at an
    unknown time.
    """
    start, closed_at = limits["started_us"].to_numpy(), cases.closed_us()
    end = np.where(cases.is_stopped, cases.stopped_us, cases.seen_us)
    end = np.where(closed_at == MISSING, end, closed_at)
    has_limit = (start != MISSING) & (due_us != MISSING) & (due_us > start) & ~cases.is_end_unknown
    start, due = np.where(has_limit, start, 0), np.where(has_limit, due_us, 1)
    end = np.maximum(np.where(has_limit, end, 0), start)
    working = limits["is_working"].to_numpy() & has_limit
    used, whole = clock_us(start, end, working, hours=hours), clock_us(start, due, working, hours=hours)
    if held is not None and len(held.case):
        stood = held_us(held, start, due, working, hours=hours)
        # A recorded due stamp inside a suspension was set without it.
        counts = stood < whole
        whole = whole - np.where(counts, stood, 0)
        used = used - np.where(counts, held_us(held, start, end, working, hours=hours), 0)
    has_limit &= whole > 0
    share: NDArray[np.float64] = np.where(has_limit, used / np.where(whole > 0, whole, 1), np.nan)
    return share


def stage_lights(cases: Cases, shares: NDArray[np.float64]) -> NDArray[np.object_]:
    """The light of each case: on_course to 80 % of its limit, pressing to 100 %, then overdue."""
    state = (shares > _PRESSING_FROM).astype(np.int64) + (shares > _OVERDUE_FROM)
    state[np.isnan(shares)] = LIGHTS.index(NO_LIMIT)
    state[cases.is_suspended] = LIGHTS.index(SUSPENDED)
    lights: NDArray[np.object_] = np.array(LIGHTS, dtype=object)[state]
    return lights
