"""Who was on duty: 168 hours × units × three forces, and the share of nights with somebody there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from governance.workdays import Week

if TYPE_CHECKING:
    from datetime import datetime

    from governance.metrics.windows import Span

State = Literal["present", "still", "absent", "unknown", "not_provided", "not_yet"]
STATES: tuple[State, ...] = ("present", "still", "absent", "unknown", "not_provided", "not_yet")
FORCES = ("police", "urban", "mass")
NIGHT_HOURS = (22, 23, 0, 1, 2, 3, 4, 5)
_MINUTES = ["planned_min", "tracked_min", "present_min", "still_min", "absent_min", "unknown_min"]


def is_provided(presence: pd.DataFrame) -> pd.Series:
    """Whether a row's force gives tracks or roll calls at all, in the whole stored period."""
    evidence = presence["tracked_min"].gt(0) | presence["rollcalls_n"].fillna(0).gt(0)
    provided: pd.Series = evidence.groupby(presence["force"], dropna=False).transform("any").astype(bool)
    return provided


def duty_hours(presence: pd.DataFrame, *, span: Span, as_of: datetime) -> pd.DataFrame:
    """One row a team, force and hour of the window that was planned or had somebody there.

    `presence` is the whole stored frame: whether a force gives tracks is read from all of it.

    Columns: team_id, force, hour_at, the minutes planned, tracked, present, still, absent and
    unknown, state: *present* (positions or a roll call), *still* (present, but nobody moved 30 m in
    the hour), *absent* (a roll call says so), *unknown* (no evidence either way), *not_provided*
    (a force that gives neither), *not_yet* (after as-of). The state is that with the most minutes.
    """
    rows = presence.assign(is_provided=is_provided(presence))[span.holds(presence["hour_at"])]
    keys = ["team_id", "force", "hour_at"]
    hourly = rows.groupby(keys, dropna=False)[_MINUTES].sum()
    hourly["is_provided"] = rows.groupby(keys, dropna=False)["is_provided"].any()
    table = hourly.reset_index()
    there = np.maximum(table["present_min"], np.where(table["planned_min"] > 0, 0, table["tracked_min"]))
    choices = np.column_stack([there, table["absent_min"], table["unknown_min"]])
    state = np.array(["present", "absent", "unknown"], dtype=object)[choices.argmax(axis=1)]
    state[(state == "present") & (table["still_min"] > 0)] = "still"
    state[~table["is_provided"].to_numpy(dtype=bool)] = "not_provided"
    state[(table["hour_at"] >= as_of).to_numpy(dtype=bool)] = "not_yet"
    is_shown = (table["planned_min"] > 0) | (there > 0)
    return table.assign(state=pd.array(state, dtype="string"))[is_shown].reset_index(drop=True)


def hour_of_week(hour_at: pd.Series) -> pd.Series:
    """0 is Monday 00–01, 167 Sunday 23–24."""
    number: pd.Series = hour_at.dt.day_of_week * 24 + hour_at.dt.hour
    return number


def weeks_of(hour_at: pd.Series) -> pd.Series:
    """The ISO week of each stamp, as 2023-W37."""
    days = hour_at.dt.floor("D")
    names = {day: str(Week.of(day.to_pydatetime())) for day in days.drop_duplicates()}
    weeks: pd.Series = days.map(names).astype("string")
    return weeks


def unit_hours(duty: pd.DataFrame) -> pd.DataFrame:
    """One row a team and hour: what its forces together say.

    Columns: team_id, hour_at, planned_n (forces planned), state: *present* when any force is (also
    still), *absent* when every planned one that is known is absent, *unknown* when none is present
    and one is unknown, *not_provided*, *not_yet*.
    """
    planned = duty[duty["planned_min"] > 0]
    flags = pd.DataFrame({name: planned["state"].eq(name) for name in STATES})
    flags["is_there"] = flags["present"] | flags["still"]
    keys = [planned["team_id"], planned["hour_at"]]
    found = flags.astype("int64").groupby(keys).sum()
    state = np.select(
        [found["not_yet"] > 0, found["is_there"] > 0, found["unknown"] > 0, found["absent"] > 0],
        ["not_yet", "present", "unknown", "absent"],
        "not_provided",
    )
    sizes = flags.groupby(keys).size()
    table = pd.DataFrame({"planned_n": sizes, "state": pd.array(state, dtype="string")}, index=found.index)
    return table.reset_index()


@dataclass(frozen=True)
class PresenceShare:
    """Unit-hours with somebody there among the planned ones; shares None without a plan.

    `worst_share` counts unknown hours as absent, `known_share` leaves them out.
    """

    present_n: int
    absent_n: int
    unknown_n: int
    planned_n: int

    @property
    def worst_share(self) -> float | None:
        """Present ÷ planned."""
        return self.present_n / self.planned_n if self.planned_n else None

    @property
    def known_share(self) -> float | None:
        """Present ÷ (present + absent)."""
        known_n = self.present_n + self.absent_n
        return self.present_n / known_n if known_n else None


def presence_share(units: pd.DataFrame, *, night_only: bool = False) -> PresenceShare:
    """Of the planned unit-hours by as-of, those with at least one force present (22–06 for nights)."""
    rows = units[units["hour_at"].dt.hour.isin(NIGHT_HOURS)] if night_only else units
    counts = rows["state"].value_counts()
    present, absent, unknown = (int(counts.get(name, 0)) for name in ("present", "absent", "unknown"))
    return PresenceShare(present, absent, unknown, present + absent + unknown)


def longest_empty(units: pd.DataFrame, *, night_only: bool = False) -> pd.DataFrame:
    """Stretches of consecutive planned hours with nobody there, longest first.

    Columns: team_id, from_at, to_at, hours_n, unknown_n (hours of it without evidence).
    """
    rows = units[units["hour_at"].dt.hour.isin(NIGHT_HOURS)] if night_only else units
    empty = rows[rows["state"].isin(["absent", "unknown"])].sort_values(["team_id", "hour_at"])
    step = empty["hour_at"].diff().ne(pd.Timedelta(hours=1)) | empty["team_id"].ne(empty["team_id"].shift())
    number = step.astype(bool).cumsum()
    grouped = empty.assign(is_unknown=empty["state"].eq("unknown")).groupby(number)
    table = grouped.agg(
        team_id=("team_id", "first"),
        from_at=("hour_at", "min"),
        to_at=("hour_at", "max"),
        hours_n=("hour_at", "size"),
        unknown_n=("is_unknown", "sum"),
    )
    table["to_at"] += pd.Timedelta(hours=1)
    return table.sort_values(["hours_n", "from_at"], ascending=[False, True]).reset_index(drop=True)
