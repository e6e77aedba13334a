"""Shifts and roll calls by the hour: who was planned, who answered, and which shift an hour is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.records.patrol.rules import DAY_US, HOUR_US
from governance.records.patrol.stretches import clipped, hourly, micros_of, turn_start

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.records.patrol.rules import Span

UNIT = ["team_id", "force"]


@dataclass(frozen=True)
class Duty:
    """The plan and the roll calls of a span of days.

    `planned` holds stretches on duty, one a shift: `team_id`, `force`, `start`, `end`, `shift` (its start,
    µs), `planned_n`, clipped to the span; `calls` one row a unit and hour called: `team_id`, `force`, `hour`,
    `rollcalls_n`, `answered_n` (at the hour's last call).
    """

    planned: pd.DataFrame
    calls: pd.DataFrame

    def shift_at(self, hours: pd.DataFrame) -> pd.Series[int]:
        """The start of the shift for rows with `team_id`, `force`, `hour` (µs).

        The unit's shift that fills most of the hour, else the team's, else the eight-hour turn.
        """
        cut = hourly(self.planned).sort_values(["minutes", "shift"], ascending=[False, True])
        turn = turn_start(hours["hour"].astype("int64") * HOUR_US).astype("float64")
        found = pd.Series(np.nan, index=hours.index)
        for by in (["team_id", "force", "hour"], ["team_id", "hour"]):
            shift = cut.drop_duplicates(by)[[*by, "shift"]].dropna(subset=by)
            own = hours[by].merge(shift, on=by, how="left")["shift"].to_numpy(dtype=float)
            found = found.fillna(pd.Series(own, index=hours.index))
        return found.where(found.notna(), turn).astype("int64")

    def unit_hours(
        self, unit: NDArray[np.integer], hour: NDArray[np.integer], units: pd.DataFrame
    ) -> tuple[pd.DataFrame, NDArray[np.integer]]:
        """Each pair of a unit's number and an hour once, with its `shift`, and the place of every pair given.

        Columns `unit`, `hour`, those of `units`, and `shift` (see `shift_at`).
        """
        rows = pd.DataFrame({"unit": unit, "hour": hour})
        place = rows.groupby(["unit", "hour"], sort=False).ngroup().to_numpy()
        known = rows.drop_duplicates(ignore_index=True).join(units, on="unit")
        return known.assign(shift=self.shift_at(known)), place


def duty_of(shifts: pd.DataFrame, rollcalls: pd.DataFrame, span: Span) -> Duty:
    """The duty of a span of days; shifts without an end are left out, longer ones end after a day."""
    known = shifts.dropna(subset=["start_at", "end_at"])
    start, end = micros_of(known["start_at"]), micros_of(known["end_at"])
    planned = pd.DataFrame(
        {
            "team_id": known["team_id"],
            "force": known["force"],
            "start": start,
            "end": end.clip(upper=start + DAY_US),
            "shift": start,
            "planned_n": known["planned_n"],
        }
    )
    called = rollcalls.dropna(subset=["at", "present_n"])
    at = micros_of(called["at"])
    rows = called[UNIT].assign(at=at, hour=at // HOUR_US, answered_n=called["present_n"])
    own = rows[at.between(span.since_us, span.until_us - 1)].sort_values("at")
    grouped = own.groupby([*UNIT, "hour"], dropna=False, as_index=False)
    calls = grouped.agg(rollcalls_n=("at", "size"), answered_n=("answered_n", "last"))
    return Duty(clipped(planned, span), calls)
