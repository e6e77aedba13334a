"""Five minutes of a track in one micro-grid: how many pings, how deep inside, how far walked."""

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
# Ten-minute pieces are two blocks.
BLOCKS_A_TEN = 2
NO_AREA = -1


def blocks_of(db: Engine, legs: Legs, ground: Ground | None, span: Span) -> pd.DataFrame:
    """The kept pings of a span of days, counted by track, block and the micro-grid of their cell.

    `track`, `block` (since 1970), `area` (`NO_AREA` outside all), `pings_n`, `deep_n` (deeper inside than
    their accuracy), `told_n` (with an accuracy), `x_sum`, `y_sum` (m), `kept_us`, `walked_m` (of the steps
    that end there). What falls on the full five minutes counts before them.
    """
    steps = legs.steps
    own = steps.filter((steps["at"] > span.since_us) & (steps["at"] <= span.until_us))
    placed = _placed(db, own, ground)
    counted = placed.group_by(track=placed.track, block=(placed["at"] - 1) // BLOCK_US, area=placed.area)
    return db.plain(
        counted.agg(
            pings_n=placed.count(),
            deep_n=(placed.accuracy_m <= placed.depth_m).fill_null(False).sum(),
            told_n=placed.accuracy_m.count(),
            x_sum=placed.x.sum(),
            y_sum=placed.y.sum(),
            kept_us=is_step(placed).ifelse(placed["at"] - placed.from_at, 0).sum(),
            walked_m=is_step(placed).ifelse(way_2(placed).sqrt(), 0.0).sum(),
        )
    )


def _placed(db: Engine, steps: ir.Table, ground: Ground | None) -> ir.Table:
    """Pings with the micro-grid of their cell and how deep it lies inside."""
    if ground is None:
        return steps.mutate(area=NO_AREA, depth_m=float("nan"))
    cells = db.of_arrow(pa.Table.from_pandas(ground.cells, preserve_index=False))
    found = steps.mutate(cell=cell_of(steps.x, steps.y, cell_m=ground.cell_m)).left_join(cells, "cell")
    return found.mutate(area=found.area.fill_null(NO_AREA))


def tens_of(blocks: pd.DataFrame) -> pd.DataFrame:
    """Tracks in ten-minute pieces: `track`, `ten` (since 1970), `x`, `y` (mean), `kept_us`, `walked_m`."""
    by = [blocks["track"], (blocks["block"] // BLOCKS_A_TEN).rename("ten")]
    sums = blocks.groupby(by)[["pings_n", "x_sum", "y_sum", "kept_us", "walked_m"]].sum().reset_index()
    mean = {axis: sums[f"{axis}_sum"] / sums["pings_n"] for axis in ("x", "y")}
    return sums[["track", "ten", "kept_us", "walked_m"]].assign(**mean)
