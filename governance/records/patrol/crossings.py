"""Where steps cross borders: pieces of steps meet the edges of their cell, tested exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from governance.records.engine import counting
from governance.records.patrol.ground import CELL_STRIDE
from governance.records.patrol.legs import is_step

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from governance.records.engine import Engine
    from governance.records.patrol.ground import Ground
    from governance.records.patrol.legs import Legs


def pieces_of(steps: ir.Table, *, piece_m: float) -> ir.Table:
    """Steps as pieces no longer than `piece_m`: `track`, `at`, `x`, `y` (its end) and `from_*`.

    Times are µs, those inside a step fractional.
    """
    moves = steps.filter(is_step(steps))
    way = ((moves.x - moves.from_x) ** 2 + (moves.y - moves.from_y) ** 2).sqrt()
    columns = ("track", "at", "x", "y", "from_at", "from_x", "from_y")
    short = moves.filter(way <= piece_m).select(*columns)
    n = (way / piece_m).ceil().cast("int64")
    long = moves.filter(way > piece_m).mutate(n=n)
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
    cut = long.select("track", **ends, **starts, **times).select(*columns)
    return short.union(cut)


def cell_of(x: ir.Value, y: ir.Value, *, cell_m: float) -> ir.Value:
    """The number of the cell a place lies in (see `ground.cell_of`)."""
    return (x / cell_m).floor().cast("int64") * CELL_STRIDE + (y / cell_m).floor().cast("int64")


def crossings(db: Engine, legs: Legs, ground: Ground) -> pd.DataFrame:
    """Where kept tracks cross borders: `track`, `at` (µs), `edge`."""
    pieces = pieces_of(legs.steps, piece_m=ground.piece_m)
    middle = cell_of((pieces.x + pieces.from_x) / 2, (pieces.y + pieces.from_y) / 2, cell_m=ground.cell_m)
    edges = db.of_arrow(pa.Table.from_pandas(ground.cell_edges, preserve_index=False))
    pairs = pieces.mutate(cell=middle).join(edges, "cell")
    dx, dy = pairs.bx - pairs.ax, pairs.by - pairs.ay
    from_side = dx * (pairs.from_y - pairs.ay) - dy * (pairs.from_x - pairs.ax)
    to_side = dx * (pairs.y - pairs.ay) - dy * (pairs.x - pairs.ax)
    px, py = pairs.x - pairs.from_x, pairs.y - pairs.from_y
    a_side = px * (pairs.ay - pairs.from_y) - py * (pairs.ax - pairs.from_x)
    b_side = px * (pairs.by - pairs.from_y) - py * (pairs.bx - pairs.from_x)
    hits = pairs.filter(((from_side > 0) != (to_side > 0)) & ((a_side > 0) != (b_side > 0)))
    share = from_side / (from_side - to_side)
    at = pairs.from_at + (share * (pairs["at"] - pairs.from_at)).round().cast("int64")
    found = hits.select("track", "edge", at=at)
    return db.plain(found)
