"""Where steps cross borders: pieces of steps meet the edges of their cell, tested exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from governance.records.engine import counting, squared
from governance.records.patrol.ground import CELL_STRIDE
from governance.records.patrol.legs import is_step

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from governance.records.engine import Engine
    from governance.records.patrol.ground import Ground
    from governance.records.patrol.legs import Legs


_COLUMNS = ("track", "at", "x", "y", "from_at", "from_x", "from_y")


def pieces_of(steps: ir.Table, *, piece_m: float) -> ir.Table:
    """Steps as pieces no longer than `piece_m`: `track`, `at` (µs), `x`, `y` (its end) and `from_*`."""
    return whole_pieces(steps, piece_m=piece_m).union(cut_pieces(steps, piece_m=piece_m))


def whole_pieces(steps: ir.Table, *, piece_m: float) -> ir.Table:
    """Steps no longer than `piece_m`, as they are."""
    return steps.filter(is_step(steps) & (way_2(steps) <= piece_m**2)).select(*_COLUMNS)


def cut_pieces(steps: ir.Table, *, piece_m: float) -> ir.Table:
    """Steps longer than `piece_m` in equal pieces up to so long."""
    long = steps.filter(is_step(steps) & (way_2(steps) > piece_m**2))
    long = long.mutate(n=(way_2(long).sqrt() / piece_m).ceil().cast("int64"))
    long = long.mutate(nth=counting(0, long.n))

    def between(name: str, nth: ir.Value) -> ir.Value:
        whole = (long[name] - long[f"from_{name}"]).cast("float64")
        return long[f"from_{name}"] + whole * (nth / long.n)

    ends = {name: between(name, long.nth + 1) for name in ("x", "y")}
    starts = {f"from_{name}": between(name, long.nth) for name in ("x", "y")}
    times = {
        "at": between("at", long.nth + 1).round().cast("int64"),
        "from_at": between("at", long.nth).round().cast("int64"),
    }
    return long.select("track", **ends, **starts, **times).select(*_COLUMNS)


def way_2(steps: ir.Table) -> ir.Value:
    """The squared metres of a step."""
    return squared(steps.x - steps.from_x) + squared(steps.y - steps.from_y)


def cell_of(x: ir.Value, y: ir.Value, *, cell_m: float) -> ir.Value:
    """The number of the cell a place lies in (see `ground.cell_of`)."""
    return (x / cell_m).floor().cast("int64") * CELL_STRIDE + (y / cell_m).floor().cast("int64")


def crossings(db: Engine, legs: Legs, ground: Ground) -> pd.DataFrame:
    """Where kept tracks cross borders: `track`, `at` (µs), `edge`."""
    held = db.of_arrow(pa.Table.from_pandas(ground.cell_edges, preserve_index=False))
    short_m, long_m = ground.pieces_m
    whole = whole_pieces(legs.steps, piece_m=long_m)
    is_long = (way_2(whole) > short_m**2).cast("int64")
    cut = cut_pieces(legs.steps, piece_m=long_m)
    found = _crossed(whole, is_long, held, cell_m=ground.cell_m)
    return db.plain(found.union(_crossed(cut, 1, held, cell_m=ground.cell_m)))


def _crossed(pieces: ir.Table, is_long: ir.Value | int, edges: ir.Table, *, cell_m: float) -> ir.Table:
    """The edges near the middle of a piece that it crosses, exactly."""
    middle = cell_of((pieces.x + pieces.from_x) / 2, (pieces.y + pieces.from_y) / 2, cell_m=cell_m)
    pairs = pieces.mutate(place=middle * 2 + is_long).join(edges, "place")
    dx, dy = pairs.bx - pairs.ax, pairs.by - pairs.ay
    from_side = dx * (pairs.from_y - pairs.ay) - dy * (pairs.from_x - pairs.ax)
    to_side = dx * (pairs.y - pairs.ay) - dy * (pairs.x - pairs.ax)
    px, py = pairs.x - pairs.from_x, pairs.y - pairs.from_y
    a_side = px * (pairs.ay - pairs.from_y) - py * (pairs.ax - pairs.from_x)
    b_side = px * (pairs.by - pairs.from_y) - py * (pairs.bx - pairs.from_x)
    hits = pairs.filter(((from_side > 0) != (to_side > 0)) & ((a_side > 0) != (b_side > 0)))
    share = from_side / (from_side - to_side)
    at = pairs.from_at + (share * (pairs["at"] - pairs.from_at)).round().cast("int64")
    return hits.select("track", "edge", at=at)
