"""How patrols stay and come: minutes against the 10–16 that are said to work best, spread over the day.

Told in the download only: the band (Koper) was found on other streets and not replicated everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.revisits import joined_visits

if TYPE_CHECKING:
    from governance.metrics.windows import Span

BAND_MIN = (10.0, 16.0)
_HOURS_A_DAY = 24
_LEAST_VISITS_N = 2


def visit_habits(visits: pd.DataFrame, *, span: Span) -> pd.DataFrame:
    """How micro-grids were visited in a window; visits of several people at once are one.

    Columns: microgrid_code, visits_n, stay_median_min, in_band_share (of the stays those of 10 to 16
    minutes; check-ins have no length and are left out), hour_entropy (of the hours of the day at which
    visits began, 0 always the same to 1 all alike; missing below two visits).
    """
    rows = joined_visits(visits[span.holds(visits["enter_at"])])
    stay_min = (rows["exit_at"] - rows["enter_at"]).dt.total_seconds() / 60
    stays = stay_min.where(stay_min > 0)
    is_in_band = stays.between(*BAND_MIN).astype("float64").where(stays.notna())
    code = rows["microgrid_code"]
    table = pd.DataFrame(
        {
            "visits_n": code.groupby(code).size(),
            "stay_median_min": stays.groupby(code).median(),
            "in_band_share": is_in_band.groupby(code).mean(),
            "hour_entropy": hour_entropy(code, rows["enter_at"].dt.hour),
        }
    )
    return table.rename_axis("microgrid_code").reset_index()


def hour_entropy(code: pd.Series, hour: pd.Series) -> pd.Series:
    """The entropy of the hours of each code, as a share of the most that 24 hours can have."""
    counts = pd.crosstab(code, hour).to_numpy(dtype=np.float64)
    names = pd.Index(sorted(code.dropna().unique()))
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    terms = share * np.log(share, out=np.zeros_like(share), where=share > 0)
    found = pd.Series(-terms.sum(axis=1) / np.log(_HOURS_A_DAY), index=names, dtype="float64")
    return found.abs().where(total[:, 0] >= _LEAST_VISITS_N)
