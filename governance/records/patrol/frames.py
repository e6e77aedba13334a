"""The parts of single days put together: stays over midnight joined, the counted device chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.records.patrol.columns import typed
from governance.records.patrol.duty import UNIT
from governance.records.patrol.parts import passes_of
from governance.records.patrol.rules import DAY_US, MINUTE_US, REENTRY_US, SHANGHAI_US
from governance.records.patrol.stretches import day_stamps, places_in_order, stamps
from governance.records.patrol.visits import BORDER, CERTAIN, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.records.patrol.rules import PatrolRules

# What is computed together, and kept as a file each.
PARTS: Mapping[str, tuple[str, ...]] = {
    "presence": ("visits", "passes", "point_visits", "presence", "together", "efforts", "receipts"),
    "ways": ("route_metres", "swept"),
    "places": ("positions",),
}
GROUP_OF: Mapping[str, str] = {name: group for group, names in PARTS.items() for name in names}
# The surest first.
_SURENESS = np.array([CERTAIN, BORDER, UNKNOWN], dtype=object)
_SURENESS_RANK = {word: rank for rank, word in enumerate(_SURENESS)}
# The parts a frame is made from, where it is not its own alone.
MADE_FROM: Mapping[str, tuple[str, ...]] = {
    "visits": ("visits", "efforts"),
    "passes": ("passes", "visits"),
    "point_visits": ("point_visits", "efforts"),
}


def assembled(name: str, parts: Mapping[str, pd.DataFrame], rules: PatrolRules) -> pd.DataFrame:
    """A frame from the parts of its days; empty parts may lack columns."""
    own = parts[name]
    if name == "visits":
        own = _visits(own, rules)
        own = _with_units(own[own["is_valid"]], parts["efforts"])
    elif name == "passes":
        own = _passes(own, _visits(parts["visits"], rules))
    elif name == "point_visits":
        own = _with_units(_stamped(_joined_over_midnight(own, "point_id")), parts["efforts"])
    elif name == "efforts":
        own = _efforts(own)
    order = [column for column in ("enter_at", "hour_at", "at", "day", "shift_at") if column in own.columns][
        :1
    ]
    # What was written in order needs no sorting.
    is_sorted = not order or own[order[0]].is_monotonic_increasing
    return typed(name, own if is_sorted else own.sort_values(order, kind="stable", ignore_index=True))


def _joined_over_midnight(stays: pd.DataFrame, named: str) -> pd.DataFrame:
    """Stays with those that go on after midnight as one."""
    if stays.empty:
        return stays
    local_enter, local_exit = stays["enter"] + SHANGHAI_US, stays["exit"] + SHANGHAI_US
    is_edge = (local_enter % DAY_US <= REENTRY_US) | (-local_exit % DAY_US <= REENTRY_US)
    is_edge &= stays["enter"] < stays["exit"]
    rows = stays[is_edge]
    if rows.empty:
        return stays
    by = [named, *UNIT, "person_id", "device_id"]
    key = rows.groupby(by, dropna=False, sort=False).ngroup().to_numpy()
    order = places_in_order(np.asarray(key, dtype=np.int64), rows["enter"].to_numpy())
    rows, key = rows.take(order), key[order]
    enter, leave = rows["enter"].to_numpy(), rows["exit"].to_numpy()
    goes_on = (key[1:] == key[:-1]) & (enter[1:] - leave[:-1] <= REENTRY_US)
    first = np.flatnonzero(np.r_[True, ~goes_on])
    last = np.r_[first[1:], len(rows)] - 1
    inside_us = np.add.reduceat(rows["inside_us"].to_numpy(), first)
    joined = rows.take(first).assign(exit=leave[last], inside_us=inside_us)
    if "source" in rows.columns:
        # A check-in outranks GPS.
        is_called = np.logical_or.reduceat(rows["source"].eq("checkin").to_numpy(dtype=bool), first)
        joined["source"] = joined["source"].mask(is_called, "checkin")
    if "sureness" in rows.columns:
        # A stay is as sure as its surest part.
        surest = np.minimum.reduceat(rows["sureness"].map(_SURENESS_RANK).to_numpy(dtype=np.int64), first)
        joined["sureness"] = pd.array(_SURENESS.take(surest), dtype="string")
    return pd.concat([stays[~is_edge], joined], ignore_index=True)


def _stamped(stays: pd.DataFrame) -> pd.DataFrame:
    """Stays with their day, stamps and minutes instead of microseconds."""
    if stays.empty:
        return stays
    return stays.assign(
        day=day_stamps(stays["enter"]),
        enter_at=stamps(stays["enter"]),
        exit_at=stamps(stays["exit"]),
        stay_min=(stays["exit"] - stays["enter"]) / MINUTE_US,
        inside_min=stays["inside_us"] / MINUTE_US,
    )


def _visits(parts: pd.DataFrame, rules: PatrolRules) -> pd.DataFrame:
    """All stays of the parts of `visits`, with whether each `is_valid`."""
    rows = _stamped(_joined_over_midnight(parts, "microgrid_code"))
    if rows.empty:
        return rows.assign(is_valid=pd.Series(dtype=bool))
    return rows.assign(is_valid=(rows["stay_min"] >= rules.visit_min_min) | rows["source"].eq("checkin"))


def _with_units(stays: pd.DataFrame, efforts: pd.DataFrame) -> pd.DataFrame:
    """Stays of persons without a track on the day get the unit of their tracks on other days."""
    is_open = stays["team_id"].isna() & stays["person_id"].notna() if len(stays) else pd.Series(dtype=bool)
    if not is_open.any() or efforts.empty:
        return stays
    usual = efforts.groupby(["person_id", *UNIT], dropna=False)["kept_min"].sum().reset_index()
    usual = usual.sort_values("kept_min").drop_duplicates("person_id", keep="last").set_index("person_id")
    units = {name: stays[name].mask(is_open, stays["person_id"].map(usual[name])) for name in UNIT}
    return stays.assign(**units)


def _passes(counted: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """Passes with the stays around midnight that turned out short."""
    short = visits[~visits["is_valid"]]
    if short.empty:
        return counted
    by = ["day", "microgrid_code", *UNIT]
    both = pd.concat([counted, passes_of(short)], ignore_index=True)
    return both.groupby(by, dropna=False, as_index=False)[["passes_n", "passed_min"]].sum()


def _efforts(parts: pd.DataFrame) -> pd.DataFrame:
    """Devices by shift, the parts of both its days added, and which one counts for the patrol."""
    if parts.empty:
        return parts
    by = ["day", "shift_at", *UNIT, "person_id", "device_id"]
    rows = parts.groupby(by, dropna=False, as_index=False)[["kept_min", "walked_km"]].sum()
    ranked = rows.sort_values(["kept_min", "walked_km"], ascending=False, kind="stable")
    counted = ranked.drop_duplicates(["shift_at", "team_id"]).index
    return rows.assign(is_counted=rows.index.isin(counted))
