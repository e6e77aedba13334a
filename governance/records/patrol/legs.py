"""Pings become legs: what is dropped and why, and where a track is split.

A track is what one device recorded for one person on one team. Its kept pings, in time, make steps
(from one ping to the next); a step longer than 15 min is none: a leg ends there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from governance.records.engine import micros, squared
from governance.records.patrol.duty import UNIT
from governance.records.patrol.rules import (
    ACCURACY_M,
    DAY_US,
    FOOT_KM_H,
    GAP_US,
    SHANGHAI_US,
    WHEELS_KM_H,
)
from governance.records.patrol.spikes import kept_pings

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from governance.geo import Plane
    from governance.records.engine import Engine
    from governance.records.patrol.rules import PatrolRules, Span

# In this order; a ping's reason code is its place here, counted from 1, and 0 when it is kept.
REASONS = ("duplicate", "bad_time", "bad_place", "accuracy", "speed")
KEPT, DUPLICATE, BAD_TIME, BAD_PLACE, INACCURATE, TOO_FAST = range(len(REASONS) + 1)
TRACK_OF = ("person_id", "device_id", "team_id", "force")
# Positions are moved aside by less than the width of a hair, so that none lies exactly on a border.
_ASIDE_M = (1.31e-5, 2.93e-5)
# No place on the earth is further from the plane's origin.
_EARTH_M = 3e7


@dataclass(frozen=True)
class PingArea:
    """Where pings may lie: the metric plane, and the box (west, south, east, north, m) not left."""

    plane: Plane
    box_m: tuple[float, float, float, float] = (-_EARTH_M, -_EARTH_M, _EARTH_M, _EARTH_M)


@dataclass(frozen=True)
class Legs:
    """Kept pings of a span of days and an hour around it.

    `tracks` has the columns of `TRACK_OF`, its index is the track's number. `steps` is a table of
    the engine, one row a kept ping: `track`, `at` (µs since 1970), `x`, `y` (m), `accuracy_m`, and the kept
    one before: `from_at`, `from_x`, `from_y`, however long ago (see `is_step`). `legs` are sorted by
    track and time: `track`, `start`, `end` (µs), `x`, `y` (of the first ping). `receipts` counts the span's
    own pings: `day` (whole days since 1970 in Shanghai), `track`, `reason` (code), `n`.
    """

    tracks: pd.DataFrame
    steps: ir.Table
    legs: pd.DataFrame
    receipts: pd.DataFrame

    @cached_property
    def unit_of(self) -> NDArray[np.int32]:
        """The number of each track's unit: its team and force, either of which may be missing."""
        return np.asarray(self.tracks.groupby(UNIT, dropna=False, sort=False).ngroup(), dtype=np.int32)

    @cached_property
    def units(self) -> pd.DataFrame:
        """Team and force by the unit's number."""
        return self.tracks[UNIT].drop_duplicates(ignore_index=True)


def day_of(at: ir.Value) -> ir.Value:
    """Whole days since 1970 in Shanghai of microseconds."""
    return ((at + SHANGHAI_US) // DAY_US).cast("int32")


def legs_of(
    db: Engine, pings: ir.Table, teams: pd.DataFrame, *, area: PingArea, rules: PatrolRules, span: Span
) -> Legs:
    """The legs of the pings of a span of days; every ping is kept or counted under one reason.

    `pings` may hold more than the span; a community's team walks, every other track is on wheels.
    """
    around = pings.filter(pings["at"].between(*span.with_context))
    tracks, foot_n = _tracks(db, around, teams)
    fixes = db.computed(_in_order(_fixes(db, around, tracks, area, rules)))
    steps, dropped = _without_spikes(db, fixes.filter(fixes.reason == KEPT).drop("reason"), foot_n)
    return Legs(tracks, steps, _legs(db, steps), _receipts(db, fixes, dropped, span))


def _tracks(db: Engine, pings: ir.Table, teams: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The tracks by number, those on foot first, and how many these are."""
    known = db.frame(pings.select(*TRACK_OF).distinct()).sort_values(list(TRACK_OF))
    on_foot = known["team_id"].isin(teams.loc[teams["kind"].eq("community").fillna(False), "team_id"])
    tracks = pd.concat([known[on_foot], known[~on_foot]], ignore_index=True)
    return tracks, int(on_foot.sum())


def _fixes(db: Engine, pings: ir.Table, tracks: pd.DataFrame, area: PingArea, rules: PatrolRules) -> ir.Table:
    """Every ping with its track, its place in metres and its reason code, as far as it alone tells."""
    plane = area.plane
    names = _telling(tracks)
    texts = {name: tracks[name].fillna("").astype("string[pyarrow]") for name in names}
    codes = pd.DataFrame({**texts, "track": np.arange(len(tracks), dtype=np.int32)})
    coded = db.of_arrow(pa.Table.from_pandas(codes, preserve_index=False))
    x_scale = float(plane.x_m(np.array([plane.lon0 + 1.0]))[0])
    y_scale = float(plane.y_m(np.array([plane.lat0 + 1.0]))[0])
    rows = pings.select(
        *(pings[name].fill_null("").name(name) for name in names),
        at=micros(pings["at"]),
        x=(pings["lon"] - plane.lon0) * x_scale + _ASIDE_M[0],
        y=(pings["lat"] - plane.lat0) * y_scale + _ASIDE_M[1],
        accuracy_m=pings["accuracy_m"].cast("float32"),
        is_doubted=pings["flags"].fill_null("").contains("implausible_time"),
    ).join(coded, names)
    is_time = rows["at"].between(rules.plausible_from_us, rules.as_of_us) & ~rows.is_doubted
    west, south, east, north = area.box_m
    is_place = rows.x.between(west, east) & rows.y.between(south, north)
    accurate = (rows.accuracy_m > ACCURACY_M).fill_null(False).ifelse(INACCURATE, KEPT)
    placed = is_place.fill_null(False).ifelse(accurate, BAD_PLACE)
    reason = is_time.ifelse(placed, BAD_TIME).cast("int8")
    return rows.select("track", "at", "x", "y", "accuracy_m", reason=reason)


def _telling(tracks: pd.DataFrame) -> list[str]:
    """The fewest columns that tell the tracks apart: often the device or the person does."""
    known = tracks[list(TRACK_OF)].fillna("")
    for names in (["device_id"], ["person_id"], ["person_id", "device_id"]):
        if not known.duplicated(names).any():
            return names
    return list(TRACK_OF)


def _in_order(fixes: ir.Table) -> ir.Table:
    """Pings with the one before on the same track, however long ago; those not kept are apart.

    Of pings of one moment the westernmost comes first, whatever order they were read in.
    """
    # One number is sorted faster than two.
    track = fixes.track.cast("int64") * (len(REASONS) + 1) + fixes.reason
    before = {"group_by": track, "order_by": ["at", "x"]}
    earlier = {f"from_{name}": fixes[name].lag().over(**before) for name in ("at", "x", "y")}
    return fixes.mutate(**earlier)


def is_step(steps: ir.Table) -> ir.BooleanValue:
    """Whether a ping and the one before lie on one leg."""
    return (steps["at"] - steps.from_at <= GAP_US).fill_null(False)


def _without_spikes(db: Engine, raw: ir.Table, foot_n: int) -> tuple[ir.Table, pd.DataFrame]:
    """Steps without repeated pings and spikes, and these: `track`, `at`, `reason`.

    Only the neighbourhoods of impossible steps are walked through: the quarter-hours of the ping
    before, of the faulty ping and the one after, with the ping that follows.
    """
    touched = _impossible(db, raw, foot_n)
    if touched.empty:
        return raw, pd.DataFrame({"track": [], "at": [], "reason": []}, dtype=np.int64)
    kept, dropped = kept_pings(touched, foot_n=foot_n)
    columns = raw.schema().to_pyarrow()
    anew = db.of_arrow(pa.Table.from_pandas(kept[columns.names], schema=columns, preserve_index=False))
    gone = db.of_arrow(pa.Table.from_pandas(touched[["track", "at"]], preserve_index=False))
    return db.computed(raw.anti_join(gone, ["track", "at"]).union(anew)), dropped


def _impossible(db: Engine, raw: ir.Table, foot_n: int) -> pd.DataFrame:
    """The neighbourhoods of steps that take no time or go too fast, as they are."""
    m_per_us = (raw.track < foot_n).ifelse(FOOT_KM_H / 3.6e6, WHEELS_KM_H / 3.6e6)
    way_2 = squared(raw.x - raw.from_x) + squared(raw.y - raw.from_y)
    is_faulty = is_step(raw) & (way_2 > squared(m_per_us * (raw["at"] - raw.from_at)))
    is_faulty |= (raw["at"] == raw.from_at).fill_null(False)
    faulty = raw.filter(is_faulty).select("track", block=raw["at"] // GAP_US, before=raw.from_at // GAP_US)
    found = db.plain(faulty.distinct())
    if found.empty:
        return found
    blocks = (found["before"], found["block"], found["block"] + 1)
    around = pd.concat([pd.DataFrame({"track": found["track"], "block": one}) for one in blocks])
    held = db.of_arrow(pa.Table.from_pandas(around.drop_duplicates(), preserve_index=False))
    own = raw.mutate(block=raw["at"] // GAP_US, from_block=raw.from_at // GAP_US)
    inside = own.semi_join(held, ["track", "block"])
    after = held.select("track", from_block=held.block)
    follows = own.anti_join(held, ["track", "block"]).semi_join(after, ["track", "from_block"])
    return db.plain(inside.union(follows).drop("block", "from_block"))


def _legs(db: Engine, steps: ir.Table) -> pd.DataFrame:
    """The legs: `track`, `start`, `end`, `x`, `y`, by track and time."""
    firsts = steps.filter(~is_step(steps)).select("track", "at", "x", "y", "from_at")
    legs = db.plain(firsts).sort_values(["track", "at"], ignore_index=True)
    lasts = db.plain(steps.group_by("track").agg(last=steps["at"].max()))
    # A leg ends at the ping before the track's next leg, the track's last leg with the track.
    ends = legs["from_at"].shift(-1).where(legs["track"].eq(legs["track"].shift(-1)))
    last = legs["track"].map(lasts.set_index("track")["last"])
    return pd.DataFrame(
        {
            "track": legs["track"],
            "start": legs["at"],
            "end": ends.fillna(last).astype("int64"),
            "x": legs["x"],
            "y": legs["y"],
        }
    )


def _receipts(db: Engine, fixes: ir.Table, dropped: pd.DataFrame, span: Span) -> pd.DataFrame:
    """How many pings of the span's own days were kept, and dropped for which reason."""
    own = fixes.filter((fixes["at"] >= span.since_us) & (fixes["at"] < span.until_us))
    by = ["day", "track", "reason"]
    counts = db.plain(
        own.group_by(day=day_of(own["at"]), track=own.track, reason=own.reason).agg(n=own.count())
    )
    again = (
        _repeated(db, fixes).assign(reason=DUPLICATE) if (counts["reason"] > KEPT).any() else dropped.head(0)
    )
    moved = pd.concat([dropped.assign(was=KEPT), again])
    moved = moved[moved["at"].between(span.since_us, span.until_us - 1)]
    moved = moved.assign(day=(moved["at"] + SHANGHAI_US) // DAY_US, n=1)
    less = moved.assign(reason=moved["was"], n=-1)
    whole = pd.concat([counts, moved[[*by, "n"]], less[[*by, "n"]]]).astype("int64")
    summed: pd.DataFrame = whole.groupby(by)["n"].sum().reset_index()
    return summed[summed["n"] > 0].reset_index(drop=True)


def _repeated(db: Engine, fixes: ir.Table) -> pd.DataFrame:
    """Bad pings that repeat another of their track and time: `track`, `at`, `was` (their reason).

    Of those with one track and time the first counts: a kept one, else the one with the first reason.
    """
    key = ["track", "at"]
    bad = fixes.filter(fixes.reason > KEPT)
    alike = db.plain(fixes.semi_join(bad, key).select(*key, was="reason"))
    alike = alike.sort_values([*key, "was"], ignore_index=True)
    return alike[alike.duplicated(key) & (alike["was"] > KEPT)]
