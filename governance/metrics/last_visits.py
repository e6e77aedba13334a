"""The visits that tell when every micro-grid was last left: no more of the records than that takes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from governance.metrics.ground import Ground
    from governance.records.dataset import Dataset
    from governance.workdays import Week

# Weeks before the one asked for; what has no visit in them is looked for in all records.
_BACK_WEEKS = (2, 8)


def visits_until(dataset: Dataset, ground: Ground, week: Week, *, force: str | None = None) -> pd.DataFrame:
    """Visits up to a week's end, of a force or of all, back to one before the week for every micro-grid.

    All visits of the week and of the two before; of earlier ones only those to micro-grids without a
    visit since. Columns of the frame `visits`, in no order; a stay over a midnight may come as two.
    """
    wanted = set(ground.microgrids["microgrid_code"])
    parts: list[pd.DataFrame] = []
    until = week.last_day
    for weeks_n in (*_BACK_WEEKS, None):
        since = None if weeks_n is None else week.shifted(-weeks_n).first_day
        visits = dataset.patrol("visits", since=since, until=until)
        if force is not None:
            visits = visits[visits["force"].eq(force).fillna(False).astype(bool)]
        parts.append(visits[visits["microgrid_code"].isin(wanted)] if parts else visits)
        is_earlier = parts[-1]["enter_at"] < week.start_at
        wanted -= set(parts[-1].loc[is_earlier, "microgrid_code"].unique())
        if since is None or not wanted:
            break
        until = since - timedelta(days=1)
    return pd.concat(parts, ignore_index=True)
