"""The chain for a span of days: records in, the parts of the patrol frames out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from governance.geo import Plane
from governance.records.patrol.duty import UNIT, Duty, duty_of
from governance.records.patrol.ground import Ground, ground_of
from governance.records.patrol.index import number_of
from governance.records.patrol.legs import (
    BAD_TIME,
    REASONS,
    TRACK_OF,
    Legs,
    PingArea,
    day_of,
    legs_of,
)
from governance.records.patrol.positions import positions_of
from governance.records.patrol.presence import efforts_of, presence_of, tens_of
from governance.records.patrol.routes import RouteCuts, route_cuts, route_metres_of, swept_of
from governance.records.patrol.rules import DAY_US, MINUTE_US, REENTRY_US, SHANGHAI_US
from governance.records.patrol.stretches import day_stamps, micros_of, stamps
from governance.records.patrol.together import together_of
from governance.records.patrol.visits import CERTAIN, evidence, stays, sureness, with_evidence

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from governance.records.engine import Engine
    from governance.records.patrol.rules import PatrolRules, Span

_TRACK_KEY = ["person_id", "device_id", *UNIT]


@dataclass(frozen=True)
class Street:
    """The reference the chain stands on, as frames of `Dataset.frame`."""

    microgrids: pd.DataFrame
    points: pd.DataFrame
    routes: pd.DataFrame
    teams: pd.DataFrame

    @cached_property
    def ground(self) -> Ground | None:
        """The areas and their borders; None without boundaries and points."""
        return ground_of(self.microgrids, self.points)

    def plane(self, pings: tuple[float, float]) -> Plane:
        """The metric plane: around the areas, else around the middle of the pings (lon, lat)."""
        return self.ground.plane if self.ground else Plane(*pings)

    @cached_property
    def cuts(self) -> RouteCuts | None:
        """The routes on the ground's plane."""
        return route_cuts(self.routes, self.ground.plane) if self.ground and len(self.routes) else None

    @cached_property
    def microgrid_of_point(self) -> dict[str, str]:
        """The micro-grid a point lies in."""
        if self.ground is None:
            return {}
        count = self.ground.microgrids_n
        tree = shapely.STRtree(self.ground.shapes[:count])
        point, cell = tree.query(shapely.centroid(self.ground.shapes[count:]), predicate="intersects")
        return {self.ground.codes[count + p]: self.ground.codes[c] for p, c in zip(point, cell, strict=True)}


@dataclass(frozen=True)
class DutyRecords:
    """The small records of the chain, as frames of `Dataset.frame`."""

    checkins: pd.DataFrame
    rollcalls: pd.DataFrame
    shifts: pd.DataFrame


@dataclass(frozen=True)
class Chain:
    """What the chain computes with; `pings` may hold more than the days asked for."""

    db: Engine
    pings: ir.Table
    street: Street
    records: DutyRecords
    rules: PatrolRules

    def legs(self, span: Span) -> Legs:
        """The legs of a span of days."""
        ground, plane = self.street.ground, self.street.plane(self._middle())
        box = ground.box_m(beyond_m=self.rules.far_km * 1000) if ground else None
        area = PingArea(plane, box) if box else PingArea(plane)
        return legs_of(self.db, self.pings, self.street.teams, area=area, rules=self.rules, span=span)

    def _middle(self) -> tuple[float, float]:
        if self.street.ground is not None:
            return 0.0, 0.0
        placed = self.pings.filter(self.pings["lon"].notnull() & self.pings["lat"].notnull())
        found = self.db.arrow(placed.agg(lon=placed["lon"].median(), lat=placed["lat"].median()))
        row = found.to_pylist()[0]
        return float(row["lon"] or 0.0), float(row["lat"] or 0.0)

    def duty(self, span: Span) -> Duty:
        """Plan and roll calls of a span of days."""
        return duty_of(self.records.shifts, self.records.rollcalls, span)

    def presence(self, span: Span) -> dict[str, pd.DataFrame]:
        """The parts computed at intake: where patrols were, and when."""
        legs, duty = self.legs(span), self.duty(span)
        tens = tens_of(self.db, legs, span)
        found = self._stays(legs, span)
        checkins = _checkins(self.records.checkins, legs.tracks, self.street, span)
        stayed = visit_parts(found, checkins, self.rules)
        presence = presence_of(legs, tens, duty, rules=self.rules, span=span)
        together = together_of(self.db, legs, duty, span)
        parts = {name: _on_day(rows, rows["enter"]) for name, rows in stayed.items() if name != "passes"}
        return {
            **parts,
            "passes": stayed["passes"].assign(on_day=_number(stayed["passes"]["day"])),
            "presence": presence.assign(on_day=_number(presence["hour_at"])),
            "together": together.assign(on_day=_number(together["hour_at"])),
            "efforts": efforts_of(legs, tens, duty),
            "receipts": receipts_of(legs),
            "positions": self._positions(legs, span),
        }

    def _positions(self, legs: Legs, span: Span) -> pd.DataFrame:
        found = positions_of(self.db, legs, self.street.plane(self._middle()), span)
        return _on_day(found, found["at_us"])

    def _stays(self, legs: Legs, span: Span) -> pd.DataFrame:
        """Stays in micro-grids and near points, with their evidence and whose they are."""
        ground = self.street.ground
        if ground is None or legs.legs.empty:
            return _NO_STAYS
        found = stays(self.db, legs, ground, span)
        found = with_evidence(found, evidence(self.db, legs, ground))
        named = found.join(legs.tracks, on="track")
        codes = np.array(ground.codes, dtype=object)[found["area"]]
        return named.assign(code=codes, is_point=found["area"] >= ground.microgrids_n)

    def ways(self, span: Span) -> dict[str, pd.DataFrame]:
        """The parts computed when somebody asks: routes walked and cells swept."""
        legs = self.legs(span)
        cuts = self.street.cuts or RouteCuts(_NO_CUTS, pd.Series(dtype="float64"))
        duty = self.duty(span)
        metres = [
            route_metres_of(self.db, legs, cuts, duty, day).assign(on_day=number_of(day.first))
            for day in span.days
        ]
        swept = swept_of(self.db, legs, span)
        return {"route_metres": pd.concat(metres), "swept": swept.assign(on_day=_number(swept["day"]))}

    def misdated(self, days: list[int]) -> dict[str, pd.DataFrame]:
        """The receipts of days on which no stamp is believed (whole days since 1970)."""
        from governance.records.engine import micros

        day = day_of(micros(self.pings["at"]))
        rows = self.pings.filter(day.isin(days))
        counts = self.db.frame(
            rows.group_by(day=day, team_id=rows.team_id, force=rows.force).agg(n=rows.count())
        )
        counts = counts.assign(reason=BAD_TIME, n=counts["n"].astype("int64"))
        return {"receipts": _receipts(counts)}


def _number(stamped: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    """The whole days since 1970 in Shanghai that hold some stamps."""
    return (micros_of(stamped) + SHANGHAI_US) // DAY_US


def _on_day(rows: pd.DataFrame, us: pd.Series[int]) -> pd.DataFrame:
    return rows.assign(on_day=(us + SHANGHAI_US) // DAY_US)


_NO_CUTS = pd.DataFrame(
    {name: pd.Series(dtype="float64") for name in ("ax", "ay", "ux", "uy", "cut_m", "along_m")}
)
_NO_STAYS = pd.DataFrame(
    {
        **{name: pd.Series(dtype="string") for name in (*TRACK_OF, "code")},
        **{
            name: pd.Series(dtype="int64")
            for name in ("enter", "exit", "inside_us", "pings_n", "deep_n", "told_n")
        },
        "is_point": pd.Series(dtype=bool),
    }
)


def _checkins(checkins: pd.DataFrame, tracks: pd.DataFrame, street: Street, span: Span) -> pd.DataFrame:
    """Check-ins of a span of days with the team and force of the person's track and the micro-grid."""
    known = checkins.dropna(subset=["at", "point_id"])
    at = micros_of(known["at"])
    own = known[["point_id", "person_id"]].assign(at=at)[at.between(span.since_us, span.until_us - 1)]
    whose = tracks.dropna(subset=["person_id"]).drop_duplicates("person_id").set_index("person_id")[UNIT]
    own = own.join(whose, on="person_id").reset_index(drop=True)
    return own.assign(microgrid_code=own["point_id"].map(street.microgrid_of_point).astype("string"))


def visit_parts(found: pd.DataFrame, checkins: pd.DataFrame, rules: PatrolRules) -> dict[str, pd.DataFrame]:
    """Stays as parts of `visits`, `point_visits` and `passes`.

    A part of `visits` is long enough by itself, or ends or begins so close to midnight that it may
    go on beyond.
    """
    points, cells = found[found["is_point"]], found[~found["is_point"]]
    stay_us = cells["exit"] - cells["enter"]
    since_midnight = (cells["enter"] + SHANGHAI_US) % DAY_US
    to_midnight = -(cells["exit"] + SHANGHAI_US) % DAY_US
    is_edge = (since_midnight <= REENTRY_US) | (to_midnight <= REENTRY_US)
    is_kept = (stay_us >= rules.visit_min_min * MINUTE_US) | is_edge
    long = cells[is_kept]
    by_gps = _stay_columns(long, "microgrid_code").assign(
        sureness=pd.array(sureness(long), dtype="string"), source="gps"
    )
    called = checkins.dropna(subset=["microgrid_code"])
    by_call = _call_columns(called, "microgrid_code").assign(sureness=CERTAIN, source="checkin")
    at_points = _stay_columns(points, "point_id").assign(source="gps")
    checked = _call_columns(checkins, "point_id").assign(source="checkin")
    return {
        "visits": _confirmed(pd.concat([by_gps, by_call], ignore_index=True)),
        "point_visits": pd.concat([at_points, checked], ignore_index=True),
        "passes": passes_of(_stay_columns(cells[~is_kept], "microgrid_code")),
    }


def _stay_columns(rows: pd.DataFrame, named: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            named: rows["code"].astype("string"),
            **{name: rows[name] for name in _TRACK_KEY},
            "enter": rows["enter"],
            "exit": rows["exit"],
            "inside_us": rows["inside_us"],
        }
    ).reset_index(drop=True)


def _call_columns(rows: pd.DataFrame, named: str) -> pd.DataFrame:
    device = pd.Series(pd.NA, index=rows.index, dtype="string")
    columns = rows.assign(code=rows[named], device_id=device, enter=rows["at"], exit=rows["at"], inside_us=0)
    return _stay_columns(columns, named)


def _confirmed(visits: pd.DataFrame) -> pd.DataFrame:
    """Visits with those of a check-in by the same person made certain; the others stand alone."""
    is_call = visits["source"].eq("checkin")
    calls, gps = visits[is_call], visits[~is_call]
    who = ["microgrid_code", "person_id"]
    rows = calls.reset_index(names="call")[["call", *who, "enter"]].rename(columns={"enter": "at"})
    pairs = rows.merge(gps.reset_index(names="visit")[["visit", *who, "enter", "exit"]], on=who)
    pairs = pairs[pairs["person_id"].notna()]
    met = pairs[(pairs["at"] >= pairs["enter"] - REENTRY_US) & (pairs["at"] <= pairs["exit"] + REENTRY_US)]
    certain = gps["sureness"].mask(gps.index.isin(met["visit"]), CERTAIN)
    source = gps["source"].mask(gps.index.isin(met["visit"]), "checkin")
    gps = gps.assign(sureness=certain, source=source)
    return pd.concat([gps, calls[~calls.index.isin(met["call"])]], ignore_index=True)


def passes_of(short: pd.DataFrame) -> pd.DataFrame:
    """Short stays counted by day, micro-grid, team and force."""
    rows = short.assign(day=day_stamps(short["enter"]))
    by = ["day", "microgrid_code", *UNIT]
    counted = rows.groupby(by, dropna=False, as_index=False).agg(
        passes_n=("enter", "size"), passed_us=("inside_us", "sum")
    )
    return counted.assign(
        passed_min=counted.pop("passed_us") / MINUTE_US, passes_n=counted["passes_n"].astype("Int64")
    )


def receipts_of(legs: Legs) -> pd.DataFrame:
    """The frame `receipts` of a span of days."""
    return _receipts(legs.receipts.join(legs.tracks[UNIT], on="track"))


def _receipts(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts with `day` (whole days), `team_id`, `force`, `reason`, `n` as the frame `receipts`."""
    by = ["day", *UNIT]
    summed = counts.groupby([*by, "reason"], dropna=False, as_index=False)["n"].sum()
    names = ("kept_n", *(f"{reason}_n" for reason in REASONS))
    columns = {name: summed["n"].where(summed["reason"] == code, 0) for code, name in enumerate(names)}
    spread = summed[by].assign(pings_n=summed["n"], **columns)
    rows: pd.DataFrame = spread.groupby(by, dropna=False).sum().reset_index()
    number = rows["day"].astype("int64")
    return rows.assign(day=stamps(number * DAY_US - SHANGHAI_US), on_day=number)
