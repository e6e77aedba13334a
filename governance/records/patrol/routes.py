"""Metres of routes walked, and the cells a track swept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from governance.records.patrol.crossings import cell_of, pieces_of
from governance.records.patrol.duty import UNIT
from governance.records.patrol.ground import CELL_STRIDE, near_cells
from governance.records.patrol.legs import day_of
from governance.records.patrol.rules import DAY_US, HOUR_US, ROUTE_M, SHANGHAI_US
from governance.records.patrol.stretches import day_stamps, stamps, united

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from governance.geo import Plane
    from governance.records.engine import Engine
    from governance.records.patrol.duty import Duty
    from governance.records.patrol.legs import Legs
    from governance.records.patrol.rules import Span

    IntArray = NDArray[np.int64]
    FloatArray = NDArray[np.float64]

_CELL_M, _PIECE_M = 5.0, 20.0
_BIN_M = 0.25
SWEPT_CELL_M = 5.0
# What a stretch is told by, besides its route. Each day by itself: it is computed again by itself.
_WALK = ["on_day", "shift", *UNIT]


@dataclass(frozen=True)
class RouteCuts:
    """Routes in short straight cuts.

    `cuts` has `route_id`, `along_m` (of the cut's start, from the route's first vertex), `cut_m` (its
    length), `ax`, `ay` (m) and `ux`, `uy` (its direction); `length_m` is by `route_id`.
    """

    cuts: pd.DataFrame
    length_m: pd.Series[float]

    @cached_property
    def by_cell(self) -> pa.Table:
        """The cuts near each cell a piece's middle may lie in: `ax`, `ay`, `ux`, `uy`, `cut`, `cell`."""
        cuts = self.cuts
        ends = cuts[["ax", "ay"]].to_numpy() + cuts[["ux", "uy"]].to_numpy() * cuts[["cut_m"]].to_numpy()
        lines = np.column_stack([cuts[["ax", "ay"]].to_numpy(), ends])
        cut, cell = near_cells(lines, _CELL_M, within_m=ROUTE_M + _PIECE_M / 2)
        near = cuts[["ax", "ay", "ux", "uy"]].take(cut).assign(cut=cut.astype(np.int32), cell=cell)
        return pa.Table.from_pandas(near, preserve_index=False)


def route_cuts(routes: pd.DataFrame, plane: Plane) -> RouteCuts:
    """The routes with a line, cut; lengths on the metric plane."""
    drawn = routes.dropna(subset=["geometry"]).sort_values("route_id", ignore_index=True)
    shapes = shapely.from_wkt(drawn["geometry"].to_numpy(object))
    lines = np.array([plane.project(shape) for shape in shapes], dtype=object)
    parts, route = shapely.get_parts(lines, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    same = part[1:] == part[:-1]
    a, way = xy[:-1][same], (xy[1:] - xy[:-1])[same]
    cut_m = np.hypot(*way.T)
    cuts = pd.DataFrame({"place": route[part[1:][same]], "cut_m": cut_m, "ax": a[:, 0], "ay": a[:, 1]})
    unit = way / np.maximum(cut_m, 1e-9)[:, None]
    cuts = cuts.assign(
        ux=unit[:, 0], uy=unit[:, 1], route_id=drawn["route_id"].take(cuts["place"].to_numpy()).to_numpy()
    )
    cuts = cuts[cuts["cut_m"] > 1e-6].reset_index(drop=True)
    grouped = cuts.groupby("route_id")["cut_m"]
    cuts = cuts.assign(along_m=grouped.cumsum() - cuts["cut_m"])
    return RouteCuts(cuts.drop(columns="place"), grouped.sum())


def route_metres_of(db: Engine, legs: Legs, routes: RouteCuts, duty: Duty, span: Span) -> pd.DataFrame:
    """The frame `route_metres` of a span of days (see the package), with `on_day`, when they were walked."""
    columns = [*_WALK, "route_id"]
    empty = pd.DataFrame(columns=[*columns, "start", "end"])
    if routes.cuts.empty or legs.legs.empty:
        return _named(empty, routes)
    walked = _walked(db.arrow(_near(db, legs, routes, span)), legs, routes.cuts, duty)
    return _named(united(walked, columns) if len(walked) else empty, routes)


def _near(db: Engine, legs: Legs, routes: RouteCuts, span: Span) -> ir.Table:
    """Pieces of tracks beside cuts, seen from the cut: `track`, `hour`, `cut`, `s0`, `d0`, `s1`, `d1`.

    `s` counts metres along the cut's line, `d` metres to its left, of the piece's two ends.
    """
    held = db.of_arrow(routes.by_cell)
    pieces = pieces_of(legs.steps, piece_m=_PIECE_M)
    # A step over midnight is of both days, each of its pieces of one.
    pieces = pieces.filter((pieces["at"] > span.since_us) & (pieces["at"] <= span.until_us))
    middle = cell_of((pieces.x + pieces.from_x) / 2, (pieces.y + pieces.from_y) / 2, cell_m=_CELL_M)
    hour = ((pieces["at"] - 1) // HOUR_US).cast("int64")
    pairs = pieces.mutate(cell=middle, hour=hour).join(held, "cell")
    seen = {}
    for number, (x, y) in enumerate(((pairs.from_x, pairs.from_y), (pairs.x, pairs.y))):
        seen[f"s{number}"] = (x - pairs.ax) * pairs.ux + (y - pairs.ay) * pairs.uy
        seen[f"d{number}"] = (y - pairs.ay) * pairs.ux - (x - pairs.ax) * pairs.uy
    rows = pairs.select("track", "hour", "cut", **seen)
    return rows.filter(
        ((rows.d0 <= ROUTE_M) | (rows.d1 <= ROUTE_M)) & ((rows.d0 >= -ROUTE_M) | (rows.d1 >= -ROUTE_M))
    )


def _walked(near: pa.Table, legs: Legs, cuts: pd.DataFrame, duty: Duty) -> pd.DataFrame:
    """Stretches of routes within 15 m of the pieces, by day, shift, team and force, in metres."""
    columns = {name: near.column(name).to_numpy() for name in near.column_names}
    cut_m = cuts["cut_m"].to_numpy()[columns["cut"]]
    low, high = within_reach(*(columns[name] for name in ("s0", "d0", "s1", "d1")))
    low, high = np.maximum(low, 0.0), np.minimum(high, cut_m)
    hit = high > low
    unit = legs.unit_of[columns["track"][hit]]
    known, place = duty.unit_hours(unit, columns["hour"][hit], legs.units)
    known = known.assign(on_day=(known["hour"] * HOUR_US + SHANGHAI_US) // DAY_US)
    walk_of = known.groupby(_WALK, dropna=False, sort=False).ngroup().to_numpy()
    named = known.drop_duplicates(_WALK, ignore_index=True)[_WALK]
    found = _covered(walk_of[place].astype(np.int64), columns["cut"][hit], low[hit], high[hit], cuts)
    return found.join(named, on="group").join(cuts["route_id"], on="cut")


def _covered(
    group: IntArray, cut: IntArray, low: FloatArray, high: FloatArray, cuts: pd.DataFrame
) -> pd.DataFrame:
    """The union of intervals on cuts by group: `group`, `cut`, `start`, `end` (m along the route).

    Each cut is counted in bins of a quarter metre: how many intervals begin and end in each.
    """
    cut_m, cuts_n = cuts["cut_m"].to_numpy(), len(cuts)
    # Only the cuts a group came to take room: one column of bins a pair of group and cut.
    code = group * cuts_n + cut
    met = np.zeros((int(group.max(initial=-1)) + 1) * cuts_n, dtype=bool)
    met[code] = True
    pairs = np.flatnonzero(met)
    bins = np.maximum(np.round(cut_m[pairs % cuts_n] / _BIN_M), 1).astype(np.int64)
    first_bin = np.cumsum(bins + 1) - (bins + 1)
    column = (np.cumsum(met) - 1)[code]
    scale, size = bins[column] / cut_m[cut], int((bins + 1).sum())
    begin = first_bin[column] + np.round(low * scale).astype(np.int64)
    end = first_bin[column] + np.round(high * scale).astype(np.int64)
    open_n = np.cumsum(np.bincount(begin, minlength=size) - np.bincount(end, minlength=size))
    change = np.diff((open_n > 0).astype(np.int8), prepend=0, append=0)
    start, stop = np.flatnonzero(change > 0), np.flatnonzero(change < 0)
    which = np.searchsorted(first_bin, start, "right") - 1
    own = pairs[which] % cuts_n
    back, along = cut_m[own] / bins[which], cuts["along_m"].to_numpy()[own]
    return pd.DataFrame(
        {
            "group": pairs[which] // cuts_n,
            "cut": own,
            "start": along + (start - first_bin[which]) * back,
            # Cuts that follow each other touch up to rounding.
            "end": along + (stop - first_bin[which]) * back + 1e-6,
        }
    )


def within_reach(
    s0: FloatArray, d0: FloatArray, s1: FloatArray, d1: FloatArray, *, reach_m: float = ROUTE_M
) -> tuple[FloatArray, FloatArray]:
    """From where to where a line runs within `reach_m` of a segment from (s0, d0) to (s1, d1).

    The line is the axis d = 0. It runs through a capsule: between its discs and straight sides.
    Nowhere: the first is greater than the second.
    """
    low, high = np.full(len(s0), np.inf), np.full(len(s0), -np.inf)

    def reached(where: NDArray[np.bool_], begin: FloatArray, end: FloatArray) -> None:
        np.minimum(low, np.where(where, begin, np.inf), out=low)
        np.maximum(high, np.where(where, end, -np.inf), out=high)

    for s, d in ((s0, d0), (s1, d1)):
        half = np.sqrt(np.maximum(reach_m**2 - d * d, 0.0))
        reached(np.abs(d) <= reach_m, s - half, s + half)
    ds, dd = s1 - s0, d1 - d0
    aside = reach_m / np.maximum(np.hypot(ds, dd), 1e-9)
    for side in (aside, -aside):
        begin, end = d0 + ds * side, d1 + ds * side
        is_cut = (begin > 0) != (end > 0)
        share = begin / np.where(is_cut, begin - end, 1.0)
        crossed = s0 - dd * side + ds * share
        reached(is_cut, crossed, crossed)
    return low, high


def _named(walked: pd.DataFrame, routes: RouteCuts) -> pd.DataFrame:
    length = walked["route_id"].map(routes.length_m).astype("float64")
    shift = walked["shift"].astype("int64")
    return pd.DataFrame(
        {
            "day": day_stamps(shift),
            "shift_at": stamps(shift),
            "route_id": walked["route_id"],
            "team_id": walked["team_id"],
            "force": walked["force"],
            "from_m": walked["start"].astype("float64"),
            "to_m": np.minimum(walked["end"].astype("float64"), length),
            "length_m": length,
            "on_day": walked["on_day"].astype("int64"),
        }
    )


def swept_of(db: Engine, legs: Legs, span: Span) -> pd.DataFrame:
    """The frame `swept` of a span of days (see the package), less what its reader adds."""
    pieces = pieces_of(legs.steps, piece_m=SWEPT_CELL_M)
    pieces = pieces.filter((pieces["at"] > span.since_us) & (pieces["at"] <= span.until_us))
    middle = cell_of((pieces.x + pieces.from_x) / 2, (pieces.y + pieces.from_y) / 2, cell_m=SWEPT_CELL_M)
    number = np.arange(len(legs.unit_of), dtype=np.int32)
    coded = db.of_arrow(pa.table({"track": number, "unit": legs.unit_of}))
    placed = pieces.select("track", cell=middle, day=day_of(pieces["at"] - 1)).join(coded, "track")
    found = db.arrow(placed.select("day", "unit", "cell").distinct()).to_pandas()
    column = (found["cell"] + CELL_STRIDE // 2) // CELL_STRIDE
    rows = found.assign(cell_x=column, cell_y=found["cell"] - column * CELL_STRIDE)
    rows = rows.assign(start=rows["cell_x"], end=rows["cell_x"] + 1)
    runs = united(rows, ["day", "unit", "cell_y"])
    named = runs.join(legs.units, on="unit")
    return pd.DataFrame(
        {
            "day": stamps(named["day"].astype("int64") * DAY_US - SHANGHAI_US),
            "team_id": named["team_id"],
            "force": named["force"],
            "cell_y": named["cell_y"].astype("Int64"),
            "first_x": named["start"].astype("Int64"),
            "last_x": (named["end"] - 1).astype("Int64"),
        }
    )
