"""Suspended time: what a limit's clock leaves out, by the calendar or by working hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.stages import MISSING, us_of
from governance.workdays import OFFICE_HOURS, WorkHours, working_deadline_us, working_us

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.metrics.stages import Mask, Stamps

HOUR_US = 3_600_000_000
_FOREVER = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Held:
    """When cases were suspended, one entry a suspension, ordered by case and start.

    `case` is the place of the case; a running suspension ends never.
    """

    case: NDArray[np.int64]
    from_us: Stamps
    to_us: Stamps

    def of_rows(self, keep: Mask) -> Held:
        """The suspensions of the cases that `keep` marks, numbered among these."""
        place = np.cumsum(keep) - 1
        chosen = keep[self.case]
        return Held(place[self.case[chosen]], self.from_us[chosen], self.to_us[chosen])


def held_of(incidents: pd.DataFrame, suspensions: pd.DataFrame) -> Held:
    """The suspensions (of `Dataset.suspensions`) of the cases of a frame."""
    if suspensions.empty:
        none = np.empty(0, dtype=np.int64)
        return Held(none, none, none)
    ids = incidents["incident_id"]
    rows = np.flatnonzero(ids.isin(suspensions["incident_id"]))
    places = pd.DataFrame({"incident_id": ids.iloc[rows].array, "case": rows})
    spells = places.merge(suspensions, on="incident_id")
    case, start = spells["case"].to_numpy(dtype=np.int64), us_of(spells["from_at"])
    end = us_of(spells["to_at"])
    end = np.where(end == MISSING, _FOREVER, end)
    order = np.lexsort((end, start, case))
    return Held(case[order], start[order], end[order])


def clock_us(
    start_us: Stamps, end_us: Stamps, is_working: Mask, *, hours: WorkHours = OFFICE_HOURS
) -> NDArray[np.int64]:
    """Time from one stamp to another on each case's own clock, microseconds."""
    passed = end_us - start_us
    if is_working.any():
        passed[is_working] = working_us(start_us[is_working], end_us[is_working], hours=hours)
    return passed


def held_us(
    held: Held, start_us: Stamps, end_us: Stamps, is_working: Mask, *, hours: WorkHours = OFFICE_HOURS
) -> NDArray[np.int64]:
    """How long each case was suspended between two stamps, on its own clock, microseconds."""
    low = np.maximum(held.from_us, start_us[held.case])
    high = np.maximum(np.minimum(held.to_us, end_us[held.case]), low)
    total = np.zeros(len(start_us), dtype=np.int64)
    np.add.at(total, held.case, clock_us(low, high, is_working[held.case], hours=hours))
    return total


def deadline_us(
    start_us: Stamps, limit_h: NDArray[np.float64], is_working: Mask, *, hours: WorkHours = OFFICE_HOURS
) -> Stamps:
    """When a limit that starts at a stamp is used up on each case's own clock."""
    due: Stamps = start_us + np.round(limit_h * HOUR_US).astype(np.int64)
    if is_working.any():
        due[is_working] = working_deadline_us(start_us[is_working], limit_h[is_working], hours=hours)
    return due


def extended_deadline_us(
    start_us: Stamps,
    limit_h: NDArray[np.float64],
    is_working: Mask,
    held: Held,
    *,
    hours: WorkHours = OFFICE_HOURS,
) -> Stamps:
    """When a limit is used up if the clock stands while a case is suspended.

    A suspension that begins after the limit was used up changes nothing, and neither does one that
    still runs: until it ends nobody knows when the case is due, and it stands apart.
    """
    due = deadline_us(start_us, limit_h, is_working, hours=hours)
    extra_h = np.zeros(len(due))
    numbers = np.arange(len(held.case))
    first = np.searchsorted(held.case, held.case, side="left")
    for turn in range(int((numbers - first).max(initial=-1)) + 1):
        spell = np.flatnonzero((numbers - first == turn) & (held.to_us < _FOREVER))
        case = held.case[spell]
        counts = (held.from_us[spell] < due[case]) & (held.to_us[spell] > start_us[case])
        spell, case = spell[counts], case[counts]
        low = np.maximum(held.from_us[spell], start_us[case])
        stood = clock_us(low, held.to_us[spell], is_working[case], hours=hours)
        extra_h[case] += stood / HOUR_US
        due[case] = deadline_us(start_us[case], limit_h[case] + extra_h[case], is_working[case], hours=hours)
    return due
