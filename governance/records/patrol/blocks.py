"""A track in pieces of time: pings in each micro-grid and how deep inside, ways and places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from governance.records.patrol.crossings import cell_of, way_2
from governance.records.patrol.legs import is_step
from governance.records.patrol.rules import REENTRY_US

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from governance.records.engine import Engine
    from governance.records.patrol.ground import Ground
    from governance.records.patrol.legs import Legs
    from governance.records.patrol.rules import Span

# Two visits to one area lie further apart than a block is long: a block is of one visit.
BLOCK_US = REENTRY_US
# Places are averaged over this time before it is asked whether somebody moved.
TEN_US = 2 * BLOCK_US
# A track's number, an area's and a block's make one key that sorts like the three.
AREA_STRIDE, BLOCK_STRIDE = 1 << 18, 1 << 24


def blocks_of(db: Engine, legs: Legs, ground: Ground, span: Span) -> pd.DataFrame:
    """The kept pings of a span of days in each block of five minutes, by the micro-grid of their cell.

    `key` (of track, area and block since 1970), `pings_n`, `deep_n` (deeper inside than their
    accuracy), `told_n` (with an accuracy). What falls on the full five minutes counts before them.
    """
    cells = db.of_arrow(pa.Table.from_pandas(ground.cells, preserve_index=False))
    own = _of_span(legs.steps, span)
    placed = own.mutate(cell=cell_of(own.x, own.y, cell_m=ground.cell_m)).join(cells, "cell")
    # One number is grouped faster than three.
    pair = placed.track.cast("int64") * AREA_STRIDE + placed.area
    key = pair * BLOCK_STRIDE + (placed["at"] - 1) // BLOCK_US
    return db.plain(
        placed.group_by(key=key).agg(
            pings_n=placed.count(),
            deep_n=(placed.accuracy_m <= placed.depth_m).fill_null(False).sum(),
            told_n=placed.accuracy_m.count(),
        )
    )


def tens_of(db: Engine, legs: Legs, span: Span) -> pd.DataFrame:
    """Tracks in pieces of ten minutes: `track`, `ten` (since 1970), `x`, `y` (mean), `kept_us`, `walked_m`.

    The last two are of the steps that end there; what falls on the full ten minutes counts before them.
    """
    own = _of_span(legs.steps, span)
    pieces = own.group_by(track=own.track, ten=(own["at"] - 1) // TEN_US)
    return db.plain(
        pieces.agg(
            x=own.x.mean(),
            y=own.y.mean(),
            kept_us=is_step(own).ifelse(own["at"] - own.from_at, 0).sum(),
            walked_m=is_step(own).ifelse(way_2(own).sqrt(), 0.0).sum(),
        )
    )


def _of_span(steps: ir.Table, span: Span) -> ir.Table:
    return steps.filter((steps["at"] > span.since_us) & (steps["at"] <= span.until_us))
