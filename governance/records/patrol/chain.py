"""The chain for a span of days: records in, the parts of the patrol frames out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from governance.geo import Plane
from governance.records.patrol.blocks import blocks_of, tens_of
from governance.records.patrol.crossings import crossings
from governance.records.patrol.duty import Duty, duty_of
from governance.records.patrol.ground import Ground, ground_of
from governance.records.patrol.legs import (
    BAD_TIME,
    Legs,
    PingArea,
    day_of,
    legs_of,
)
from governance.records.patrol.parts import checkins_of, receipts_of, receipts_of_counts, visit_parts
from governance.records.patrol.positions import positions_of
from governance.records.patrol.presence import efforts_of, presence_of
from governance.records.patrol.routes import RouteCuts, route_cuts, route_metres_of, swept_of
from governance.records.patrol.rules import DAY_US, SHANGHAI_US
from governance.records.patrol.stretches import micros_of
from governance.records.patrol.together import together_of
from governance.records.patrol.visits import stays

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from governance.records.engine import Engine
    from governance.records.patrol.rules import PatrolRules, Span


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

    def cuts(self, plane: Plane) -> RouteCuts:
        """The routes cut on the plane the legs lie on; once for the ground's."""
        return self._cuts if self.ground else route_cuts(self.routes, plane)

    @cached_property
    def _cuts(self) -> RouteCuts:
        return route_cuts(self.routes, self.plane((0.0, 0.0)))

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
    _legs: dict[Span, Legs] = field(default_factory=dict, repr=False, compare=False)

    def legs(self, span: Span) -> Legs:
        """The legs of a span of days, computed once."""
        if span not in self._legs:
            self._legs[span] = self._legs_of(span)
        return self._legs[span]

    def _legs_of(self, span: Span) -> Legs:
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
        together = together_of(self.db, legs, duty, span)
        return {
            **self.visits_and_hours(legs, duty, span),
            "together": together.assign(on_day=_number(together["hour_at"])),
            "receipts": receipts_of(legs),
        }

    def visits_and_hours(self, legs: Legs, duty: Duty, span: Span) -> dict[str, pd.DataFrame]:
        """Visits to micro-grids and points, passes, presence by the hour, and efforts."""
        ground = self.street.ground if len(legs.legs) else None
        with ThreadPoolExecutor(1) as beside:
            crossed = crossings(self.db, legs, ground) if ground is not None else _NO_CROSSINGS
            # The engine counts on while the crossings are worked on here.
            counted = beside.submit(self._counted, legs, ground, span)
            found = stays(crossed, legs.legs, ground, span) if ground is not None else _NO_STAYS
        blocks, tens = counted.result()
        microgrid_of = self.street.microgrid_of_point
        checkins = checkins_of(self.records.checkins, legs.tracks, microgrid_of, span)
        stayed = visit_parts(found, blocks, checkins, legs=legs, ground=ground, rules=self.rules)
        presence = presence_of(legs, tens, duty, rules=self.rules, span=span)
        return {
            "visits": _on_day(stayed["visits"], stayed["visits"]["enter"]),
            "point_visits": _on_day(stayed["point_visits"], stayed["point_visits"]["enter"]),
            "passes": stayed["passes"],
            "presence": presence.assign(on_day=_number(presence["hour_at"])),
            "efforts": efforts_of(legs, tens, duty),
        }

    def _counted(self, legs: Legs, ground: Ground | None, span: Span) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The tracks in pieces of five minutes, by micro-grid, and of ten."""
        blocks = blocks_of(self.db, legs, ground, span) if ground is not None else _NO_BLOCKS
        return blocks, tens_of(self.db, legs, span)

    def places(self, span: Span) -> dict[str, pd.DataFrame]:
        """The part computed when somebody asks: where everybody was, minute by minute."""
        found = positions_of(self.db, self.legs(span), self.street.plane(self._middle()), span)
        return {"positions": _on_day(found, found["at_us"])}

    def ways(self, span: Span) -> dict[str, pd.DataFrame]:
        """The parts computed when somebody asks: routes walked and cells swept."""
        legs = self.legs(span)
        cuts = self.street.cuts(self.street.plane(self._middle()))
        metres = route_metres_of(self.db, legs, cuts, self.duty(span), span)
        swept = swept_of(self.db, legs, span)
        return {"route_metres": metres, "swept": swept.assign(on_day=_number(swept["day"]))}

    def misdated(self, days: list[int]) -> dict[str, pd.DataFrame]:
        """The receipts of days on which no stamp is believed (whole days since 1970)."""
        from governance.records.engine import micros

        day = day_of(micros(self.pings["at"]))
        rows = self.pings.filter(day.isin(days))
        counts = self.db.frame(
            rows.group_by(day=day, team_id=rows.team_id, force=rows.force).agg(n=rows.count())
        )
        counts = counts.assign(reason=BAD_TIME, n=counts["n"].astype("int64"))
        return {"receipts": receipts_of_counts(counts)}


def _number(stamped: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    """The whole days since 1970 in Shanghai that hold some stamps."""
    return (micros_of(stamped) + SHANGHAI_US) // DAY_US


def _on_day(rows: pd.DataFrame, us: pd.Series[int]) -> pd.DataFrame:
    return rows.assign(on_day=(us + SHANGHAI_US) // DAY_US)


_NO_CROSSINGS = pd.DataFrame(columns=["track", "at", "edge"], dtype="int64")
_NO_STAYS = pd.DataFrame(columns=["track", "area", "enter", "exit", "inside_us"], dtype="int64")
_NO_BLOCKS = pd.DataFrame(columns=["key", "pings_n", "deep_n", "told_n"], dtype="int64")
