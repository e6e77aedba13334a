"""防汛应急, step by step: what was done where, what is missing, what was late against the plan.

The plan is a target per step (of the kind `targets`): at most so many minutes from the warning, or for
what follows a discovery from that discovery, at each place.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.storm import STEPS, as_stamps, danger_points
from governance.metrics.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import date
    from typing import Any

# Where the minutes of a step begin: at the warning, or at the discovery in the same place.
BASES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("called", "arrived", "discovered", "checked", "moved"), "warned"),
        **dict.fromkeys(("cordoned", "cleared", "reopened"), "discovered"),
    }
)
AFTER_DISCOVERY = ("arrived", "cordoned", "cleared", "reopened", "closed")
PLANNED_STEPS = ("called", "arrived", "checked", "cordoned", "cleared", "moved", "reopened")
LATE_STATES = ("late", "missing_late")
STREET = ""


@dataclass(frozen=True)
class StormGround:
    """Where things can happen: `danger` points with microgrid_code, and the plan in minutes by step."""

    danger: pd.DataFrame
    plan: Mapping[str, float]


def plan_of(targets: pd.DataFrame, day: date) -> dict[str, float]:
    """The minutes each step may take on a day, by the targets `storm_<step>_min`; others left out."""
    found = {step: target_of(targets, f"storm_{step}_min", day) for step in PLANNED_STEPS}
    return {step: target.value for step, target in found.items() if target is not None}


def located_danger(points: pd.DataFrame, located: pd.DataFrame) -> pd.DataFrame:
    """The hazard and flood-prone points with the micro-grid and community they lie in.

    `located` is of `areas.points_located` for `points`. Columns: point_id, name, kind, tier, lon, lat,
    microgrid_code, community_code.
    """
    named = points.assign(microgrid_code=located["microgrid"], community_code=located["community"])
    columns = ["point_id", "name", "kind", "tier", "lon", "lat", "microgrid_code", "community_code"]
    return danger_points(named)[columns]


def place_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """The steps of a warning by place: first and last stamp.

    A point outranks the micro-grid it stands with; a step without a place is the whole street's.
    Columns: step, place_kind (point, microgrid, street), place (its code, empty for the street),
    first_at, last_at, records_n, households_n, people_n.
    """
    place = steps["point_id"].fillna(steps["microgrid_code"]).fillna(STREET)
    kind = pd.Series("street", index=steps.index, dtype="string")
    kind = kind.mask(steps["microgrid_code"].notna(), "microgrid").mask(steps["point_id"].notna(), "point")
    rows = steps.assign(place_kind=kind, place=place.astype("string")).dropna(subset=["step"])
    grouped = rows.groupby(["step", "place_kind", "place"], sort=True)
    table = grouped.agg(
        first_at=("at", "min"),
        last_at=("at", "max"),
        records_n=("step", "size"),
        households_n=("households_n", "sum"),
        people_n=("people_n", "sum"),
    )
    return table.reset_index()


def expected_places(done: pd.DataFrame, ground: StormGround, *, is_water: bool) -> pd.DataFrame:
    """Where each step has to be taken, done or not; columns step, place_kind, place.

    After a warning of water or slopes: every hazard and flood-prone point is checked and the micro-grid
    it lies in called; where something was discovered somebody arrives, cordons, clears, reopens, closes.
    """
    rows: list[tuple[str, str, str]] = []
    if is_water:
        rows += [("checked", "point", str(code)) for code in ground.danger["point_id"]]
        cells = ground.danger["microgrid_code"].dropna().drop_duplicates().sort_values()
        rows += [("called", "microgrid", str(code)) for code in cells]
    found = done[done["step"].eq("discovered") & done["place_kind"].ne("street")]
    for row in found.to_dict("records"):
        rows += [(step, str(row["place_kind"]), str(row["place"])) for step in AFTER_DISCOVERY]
    return pd.DataFrame(rows, columns=["step", "place_kind", "place"], dtype="string")


def judged_steps(
    event: Mapping[Hashable, Any], steps: pd.DataFrame, ground: StormGround, until: pd.Timestamp
) -> pd.DataFrame:
    """Every step at every place, done or owed, with its minutes and its judgement.

    `event` is a row of `storm.storm_events`, `until` through when the steps are known. Columns: those of
    `place_steps`, is_expected, done_at (the stamp a place is judged by: the first, of moves the last, since
    who was moved is out when the last one is), base (warned, discovered or missing), base_at, used_min (base
    to `done_at`; of what is missing, base to `until`; missing where the stamp lies before its base),
    limit_min, over_min (used − limit where that is positive), state: *on_time*, *late*, *done* (no
    limit, or no minutes to judge), *early* (stamped before the warning), *unstamped*, *missing* (owed, still
    within its limit or without one) and *missing_late*. In the order of the steps, then of time.
    """
    done = place_steps(steps)
    owed = expected_places(done, ground, is_water=bool(event["is_water"]))
    if not pd.isna(event["closed_at"]):
        # The end of the whole event ends it everywhere.
        owed = owed[owed["step"].ne("closed")]
    keys = ["step", "place_kind", "place"]
    table = done.merge(owed.assign(is_expected=True), on=keys, how="outer")
    table["is_expected"] = table["is_expected"].eq(True).fillna(False).astype(bool)
    table["base"] = table["step"].map(BASES).astype("string")
    table["base_at"] = _bases(table, event)
    table["done_at"] = table["last_at"].where(table["step"].eq("moved"), table["first_at"])
    at = table["done_at"].fillna(until).where(table["records_n"].isna() | table["first_at"].notna())
    used = (at - table["base_at"]).dt.total_seconds() / 60
    table["used_min"] = used.where(used.ge(0)).round(1)
    table["limit_min"] = table["step"].map(dict(ground.plan)).astype("float64")
    over = table["used_min"] - table["limit_min"]
    # Where nothing but the warning is on record, nobody knows whether anything was late.
    table["over_min"] = over.where(over.gt(0) & bool(event["acted_n"]))
    table["state"] = _states(table, event)
    order = {name: place for place, name in enumerate(STEPS)}
    placed = table.assign(_order=table["step"].map(order).fillna(len(STEPS)))
    return placed.sort_values(["_order", "step", "first_at", "place"], ignore_index=True).drop(
        columns="_order"
    )


def _bases(table: pd.DataFrame, event: Mapping[Hashable, object]) -> pd.Series:
    """When the minutes of each row begin."""
    found = table[table["step"].eq("discovered")].set_index(["place_kind", "place"])["first_at"]
    at_place = pd.MultiIndex.from_frame(table[["place_kind", "place"]])
    discovered = pd.Series(found.reindex(at_place).array, index=table.index)
    warned = pd.Series(event["start_at"], index=table.index, dtype=discovered.dtype)
    none = pd.Series(pd.NaT, index=table.index, dtype=discovered.dtype)
    return none.mask(table["base"].eq("warned").fillna(False), warned).mask(
        table["base"].eq("discovered").fillna(False), discovered
    )


def _states(table: pd.DataFrame, event: Mapping[Hashable, object]) -> pd.Series:
    is_done = table["records_n"].notna()
    start = pd.Series(event["start_at"], index=table.index, dtype=table["first_at"].dtype)
    is_early = (table["first_at"] < start).fillna(False)
    is_over, is_judged = table["over_min"].notna(), table["used_min"].notna() & table["limit_min"].notna()
    state = pd.Series("done", index=table.index, dtype="string")
    state = state.mask(is_judged, "on_time").mask(is_over, "late")
    state = state.mask(is_early, "early").mask(is_done & table["first_at"].isna(), "unstamped")
    return state.mask(~is_done, "missing").mask(~is_done & is_over, "missing_late")


def step_summary(judged: pd.DataFrame, event: Mapping[Hashable, object]) -> pd.DataFrame:
    """A row per step of METRICS' list, and of foreign ones that occur.

    Columns: step, places_n (where it was done), expected_n (of how many owed; missing where nobody can say),
    expected_done_n, first_at, last_at (of its stamps), first_min, last_min (since the warning; missing
    before it), early_n, late_n, missing_n.
    """
    foreign = [name for name in judged["step"].drop_duplicates() if name not in STEPS]
    start = event["start_at"]
    rows = []
    for step in (*STEPS, *foreign):
        own = judged[judged["step"].eq(step)]
        done, owed = own[own["records_n"].notna()], own[own["is_expected"]]
        first, last = done["first_at"].min(), done["last_at"].max()
        minutes = [(at - start).total_seconds() / 60 for at in (first, last)]
        rows.append(
            {
                "step": step,
                "places_n": len(done),
                "expected_n": len(owed) or None,
                "expected_done_n": int(owed["records_n"].notna().sum()),
                "first_at": first,
                "last_at": last,
                **{
                    name: None if pd.isna(value) or value < 0 else round(value, 1)
                    for name, value in zip(("first_min", "last_min"), minutes, strict=True)
                },
                "early_n": int(own["state"].eq("early").sum()),
                "late_n": int(own["state"].isin(LATE_STATES).sum()),
                "missing_n": int(owed["records_n"].isna().sum()),
            }
        )
    table = pd.DataFrame(rows)
    stamps = {name: as_stamps(table[name]) for name in ("first_at", "last_at")}
    numbers = dict.fromkeys(("first_min", "last_min"), "float64")
    return table.assign(**stamps).astype({"step": "string", "expected_n": "Int64", **numbers})


# --------------------------------------------------------------------------------- points
POINT_STATES = ("unchecked", "discovered", "cordoned", "cleared", "restored", "checked", "unasked")


def point_states(judged: pd.DataFrame, ground: StormGround, *, is_water: bool) -> pd.DataFrame:
    """Every hazard and flood-prone point, with its stamps and where it stands.

    Columns: those of `located_danger`, the first stamps discovered_at, checked_at, cordoned_at, cleared_at,
    reopened_at, closed_at, and cordon_min, clear_min, reopen_min (from the discovery), shut_min (how long
    the way was shut: from `closed` to `reopened` where the closing comes first, else from the cordon),
    state: *unchecked*, *checked* (nothing found), *discovered*, *cordoned*, *cleared*, *restored* (reopened
    or closed); *unasked* where the warning is not of water.
    """
    at_points = judged[judged["place_kind"].eq("point")]
    first = at_points.pivot_table(index="place", columns="step", values="first_at", aggfunc="min")
    names = ("discovered", "checked", "cordoned", "cleared", "reopened", "closed")
    table = ground.danger.copy()
    for name in names:
        known = first[name].to_dict() if name in first else {}
        table[f"{name}_at"] = as_stamps(table["point_id"].map(known))
    found = table["discovered_at"]
    for name, step in (("cordon_min", "cordoned"), ("clear_min", "cleared"), ("reopen_min", "reopened")):
        table[name] = _forward_min(found, table[f"{step}_at"])
    is_shut_first = (table["closed_at"] <= table["reopened_at"]).fillna(False)
    shut_at = table["cordoned_at"].mask(is_shut_first, table["closed_at"])
    table["shut_min"] = _forward_min(shut_at, table["reopened_at"])
    state = pd.Series("unchecked" if is_water else "unasked", index=table.index, dtype="string")
    for name in ("checked", "discovered", "cordoned", "cleared"):
        state = state.mask(table[f"{name}_at"].notna(), name)
    is_over = table["reopened_at"].notna() | (table["closed_at"].notna() & ~is_shut_first)
    table["state"] = state.mask(is_over & found.notna(), "restored")
    return table


def _forward_min(start: pd.Series, end: pd.Series) -> pd.Series:
    """Minutes from one stamp to a later one; missing where either is, or where they run backwards."""
    used: pd.Series = (end - start).dt.total_seconds() / 60
    return used.where(used.ge(0)).round(1)
