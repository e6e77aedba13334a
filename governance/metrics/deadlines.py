"""Limits and on time: the rule in force at filing, the headline rate, the upper level's variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.stages import MISSING, us_of
from governance.workdays import OFFICE_HOURS, WorkHours, working_deadline_us, working_us

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.metrics.stages import Cases, Mask, Stamps

HOUR_US = 3_600_000_000
ON_COURSE, PRESSING, OVERDUE, SUSPENDED, NO_LIMIT = (
    "on_course",
    "pressing",
    "overdue",
    "suspended",
    "no_limit",
)
_PRESSING_FROM, _OVERDUE_FROM = 0.8, 1.0


def limits_of(incidents: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """The limit of each case by the rule version in force when it was filed (else reported).

    The version with the latest valid_from not after the filing is in force; within it the row of
    the case's subcategory, else category, with its severity, else without one, counts.

    Columns: limit_h (hours, missing without a rule), is_working (the clock runs on working hours
    only), started_us (when the clock starts). Rows as in `incidents`.
    """
    filed = us_of(incidents["filed_at"])
    started = np.where(filed == MISSING, us_of(incidents["reported_at"]), filed)
    limit, working = np.full(len(incidents), np.nan), np.zeros(len(incidents), dtype=bool)
    known = rules.dropna(subset=["limit_h", "category"])
    if len(known):
        valid = known["valid_from"].groupby(known["version"].fillna("")).transform("min")
        valid_us = us_of(valid)
        starts = np.unique(valid_us)
        version = np.searchsorted(starts, started, side="right") - 1
        version[started == MISSING] = -1
        table = {
            (int(v), str(c), "" if pd.isna(s) else str(s)): (float(h), clock == "working")
            for v, c, s, h, clock in zip(
                np.searchsorted(starts, valid_us),
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


def _looked_up(
    incidents: pd.DataFrame, version: NDArray[np.int64], table: dict[tuple[int, str, str], tuple[float, bool]]
) -> tuple[NDArray[np.float64], Mask]:
    """One look-up per combination that occurs, spread over its cases."""
    names = ("subcategory", "category", "severity")
    coded = [pd.factorize(incidents[name], use_na_sentinel=True) for name in names]
    packed = version + 1
    for codes, values in coded:
        packed = packed * (len(values) + 1) + codes + 1
    _, rows, place = np.unique(packed, return_index=True, return_inverse=True)
    found = []
    for row in rows:
        sub, category, severity = (
            "" if codes[row] < 0 else str(values[codes[row]]) for codes, values in coded
        )
        wanted = ((int(version[row]), c, s) for c in (sub, category) if c for s in (severity, ""))
        found.append(next((table[key] for key in wanted if key in table), (np.nan, False)))
    limits = np.array([limit for limit, _ in found], dtype=np.float64)[place]
    return limits, np.array([working for _, working in found], dtype=bool)[place]


def due_us_of(incidents: pd.DataFrame, rules: pd.DataFrame, *, hours: WorkHours = OFFICE_HOURS) -> Stamps:
    """When each case is due: by its record, else by its rule; `MISSING` without either."""
    due = us_of(incidents["due_at"])
    open_rows = due == MISSING
    if not open_rows.any() or rules.empty:
        return due
    limits = limits_of(incidents[open_rows], rules)
    start, limit = limits["started_us"].to_numpy(), limits["limit_h"].to_numpy()
    has_limit = ~np.isnan(limit) & (start != MISSING)
    start, limit = np.where(has_limit, start, 0), np.where(has_limit, limit, 0.0)
    by_rule = np.where(
        limits["is_working"].to_numpy(),
        working_deadline_us(start, limit, hours=hours),
        start + np.round(limit * HOUR_US).astype(np.int64),
    )
    full = due.copy()
    full[open_rows] = np.where(has_limit, by_rule, MISSING)
    return full


@dataclass(frozen=True)
class DueCohort:
    """Which cases came due in the window by as-of, and of them which closed, and in time.

    Voided, transferred and suspended cases stand apart. `is_provisional`: cases of the window are
    still to come due.
    """

    is_due: Mask
    is_closed: Mask
    is_on_time: Mask
    stopped_n: int
    suspended_n: int
    is_provisional: bool


def due_cohort(cases: Cases, due_us: Stamps, *, start_us: int, end_us: int) -> DueCohort:
    """The headline cohort: due_at in the window (end excluded) and not after as-of."""
    inside = (due_us >= start_us) & (due_us < end_us) & (due_us != MISSING)
    counted = inside & ~cases.is_stopped & ~cases.is_suspended
    is_due = counted & (due_us <= cases.as_of_us)
    closed_at = cases.stamp("closed_at")
    is_closed = is_due & (closed_at != MISSING) & (closed_at <= cases.as_of_us)
    return DueCohort(
        is_due=is_due,
        is_closed=is_closed,
        is_on_time=is_closed & (closed_at <= due_us),
        stopped_n=int((inside & cases.is_stopped).sum()),
        suspended_n=int((inside & cases.is_suspended).sum()),
        is_provisional=bool((counted & (due_us > cases.as_of_us)).any()),
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
    closed_at = cases.stamp("closed_at")
    is_closed = counted & (closed_at != MISSING) & (closed_at <= cases.as_of_us)
    is_waiting = counted & ~is_closed & ((due_us > cases.as_of_us) | (due_us == MISSING))
    on_time = is_closed & (due_us != MISSING) & (closed_at <= due_us)
    return legacy_rates(*(int(mark.sum()) for mark in (counted, is_waiting, is_closed, on_time)))


def used_shares(
    cases: Cases, due_us: Stamps, limits: pd.DataFrame, *, hours: WorkHours = OFFICE_HOURS
) -> NDArray[np.float64]:
    """Share of its limit each case has used, until its closing or as-of; NaN without a limit.

    The clock runs from filing (else report) to the due stamp, on working hours where the rule
    says so.
    """
    start, closed_at = limits["started_us"].to_numpy(), cases.stamp("closed_at")
    end = np.where(closed_at == MISSING, cases.seen_us, np.minimum(closed_at, cases.as_of_us))
    has_limit = (start != MISSING) & (due_us != MISSING) & (due_us > start)
    safe_start, safe_due = np.where(has_limit, start, 0), np.where(has_limit, due_us, 1)
    used, whole = np.maximum(end - safe_start, 0), safe_due - safe_start
    working = limits["is_working"].to_numpy() & has_limit
    if working.any():
        used[working] = working_us(safe_start[working], end[working], hours=hours)
        whole[working] = working_us(safe_start[working], safe_due[working], hours=hours)
    has_limit &= whole > 0
    share: NDArray[np.float64] = np.where(has_limit, used / np.where(whole > 0, whole, 1), np.nan)
    return share


def stage_lights(cases: Cases, shares: NDArray[np.float64]) -> NDArray[np.object_]:
    """The light of each case: on_course to 80 % of its limit, pressing to 100 %, then overdue."""
    light = np.select(
        [cases.is_suspended, np.isnan(shares), shares > _OVERDUE_FROM, shares > _PRESSING_FROM],
        [SUSPENDED, NO_LIMIT, OVERDUE, PRESSING],
        ON_COURSE,
    )
    return light.astype(object)
