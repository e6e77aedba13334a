"""Presence by team, force and hour: tracked, planned, answered, and what stays unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.records.patrol.blocks import TEN_US
from governance.records.patrol.duty import UNIT
from governance.records.patrol.rules import DAY_US, HOUR_US, MINUTE_US, SHANGHAI_US
from governance.records.patrol.stretches import (
    clipped,
    day_stamps,
    hourly,
    minutes_by_hour,
    stamps,
    united,
)

if TYPE_CHECKING:
    from governance.records.patrol.duty import Duty
    from governance.records.patrol.legs import Legs
    from governance.records.patrol.rules import PatrolRules, Span

# An hour with less of a track says nothing about standing still.
_STILL_FROM_MIN = 30.0
_HOUR = [*UNIT, "hour"]


def presence_of(
    legs: Legs, tens: pd.DataFrame, duty: Duty, *, rules: PatrolRules, span: Span
) -> pd.DataFrame:
    """The frame `presence` of a span of days (see the package)."""
    known = legs.legs.join(legs.tracks, on="track")
    tracked = clipped(known[[*UNIT, "person_id", "device_id", "start", "end"]], span)
    who = tracked.assign(person=tracked["person_id"].fillna(tracked["device_id"]))
    persons = hourly(united(who, [*UNIT, "person"])).groupby(_HOUR, dropna=False)["minutes"].sum()
    planned = duty.planned
    columns = {
        "tracked_min": minutes_by_hour(tracked, UNIT),
        "planned_min": minutes_by_hour(planned, UNIT),
        "person_min": persons,
        "either_min": minutes_by_hour(pd.concat([tracked[[*UNIT, "start", "end"]], planned]), UNIT),
        "planned_n": hourly(planned).groupby(_HOUR, dropna=False)["planned_n"].max(),
    }
    called = duty.calls.set_index(_HOUR)
    rows = _joined([*(values.to_frame(name) for name, values in columns.items()), called])
    times = ["tracked_min", "planned_min", "person_min", "either_min"]
    rows = rows.fillna(dict.fromkeys([*times, "rollcalls_n"], 0))
    rows = rows.assign(is_still=_still(tens, legs, rows, rules))
    return _judged(rows, duty)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables by unit and hour side by side; missing forces are a value of their own."""
    keyed = [part.reset_index() for part in parts]
    rows = keyed[0]
    for other in keyed[1:]:
        rows = rows.merge(other, on=_HOUR, how="outer")
    return rows.sort_values(["hour", *UNIT], ignore_index=True)


def _still(tens: pd.DataFrame, legs: Legs, rows: pd.DataFrame, rules: PatrolRules) -> pd.Series[bool]:
    """Whether nobody of the unit moved in the hour, as far as enough of it has a track."""
    placed = tens.assign(hour=tens["ten"] * TEN_US // HOUR_US)
    reach = placed.groupby(["track", "hour"])[["x", "y"]].agg(["min", "max"])
    spread = [(reach[axis, "max"] - reach[axis, "min"]).to_numpy() for axis in ("x", "y")]
    moved = pd.DataFrame({"moved_m": np.hypot(*spread)}, index=reach.index).reset_index()
    own = moved.assign(unit=legs.unit_of[moved["track"].to_numpy()])
    most = own.groupby(["unit", "hour"])["moved_m"].max().reset_index().join(legs.units, on="unit")
    moved_m = rows[_HOUR].merge(most, on=_HOUR, how="left")["moved_m"]
    return (moved_m < rules.still_m) & (rows["tracked_min"] >= _STILL_FROM_MIN)


def _judged(rows: pd.DataFrame, duty: Duty) -> pd.DataFrame:
    """The planned minutes as present, absent or unknown, and the shift of every hour."""
    # What is both tracked and planned, from what is either.
    covered = (rows["tracked_min"] + rows["planned_min"] - rows["either_min"]).clip(lower=0)
    rest = (rows["planned_min"] - covered).clip(lower=0)
    answered = rows["answered_n"].astype("Float64")
    is_answered = (answered > 0).fillna(False).astype(bool)
    is_missed = (answered == 0).fillna(False).astype(bool)
    shift = duty.shift_at(rows)
    return pd.DataFrame(
        {
            "day": day_stamps(shift),
            "shift_at": stamps(shift),
            "hour_at": stamps(rows["hour"] * HOUR_US),
            "team_id": rows["team_id"],
            "force": rows["force"],
            "planned_min": rows["planned_min"],
            "planned_n": rows["planned_n"].astype("Int64"),
            "tracked_min": rows["tracked_min"],
            "covered_min": covered,
            "person_min": rows["person_min"],
            "still_min": rows["tracked_min"].where(rows["is_still"], 0.0),
            "rollcalls_n": rows["rollcalls_n"].astype("Int64"),
            "answered_n": rows["answered_n"].astype("Int64"),
            "present_min": covered + rest.where(is_answered, 0.0),
            "absent_min": rest.where(is_missed, 0.0),
            "unknown_min": rest.where(~is_answered & ~is_missed, 0.0),
        }
    )


def efforts_of(legs: Legs, tens: pd.DataFrame, duty: Duty) -> pd.DataFrame:
    """What each device recorded on each shift of a span of days: a part of the frame `efforts`."""
    own = tens[tens["kept_us"] > 0]
    at, track = own["ten"].to_numpy() * TEN_US, own["track"].to_numpy()
    known, place = duty.unit_hours(legs.unit_of[track], at // HOUR_US, legs.units)
    rows = own.assign(on_day=(at + SHANGHAI_US) // DAY_US, shift=known["shift"].to_numpy()[place])
    summed = rows.groupby(["on_day", "shift", "track"], as_index=False)[["kept_us", "walked_m"]].sum()
    whose = legs.tracks.take(summed["track"].to_numpy()).reset_index(drop=True)
    return pd.DataFrame(
        {
            "on_day": summed["on_day"],
            "day": day_stamps(summed["shift"]),
            "shift_at": stamps(summed["shift"]),
            **{name: whose[name] for name in (*UNIT, "person_id", "device_id")},
            "kept_min": summed["kept_us"] / MINUTE_US,
            "walked_km": summed["walked_m"] / 1000,
        }
    )
