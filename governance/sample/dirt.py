"""The flaws of exports: rows without id, repeats, totals, broken ids, bad clocks, far points.

Each kind stands somewhere in the raw files, none so often that the week's data would be poor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.sample import truth
from governance.sample.cases import DAY_S, WEEK_S
from governance.sample.tracks import Fixes

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Shares of a week's fixes.
_REPEATED = 0.003
_FAR = 0.0008
_NOWHERE = 0.0004
_BAD_CLOCK = 0.0003
_VAGUE = 0.004
_TWO_DEVICES_PERSON = 23
_SECOND_DEVICE = 900


def with_repeats(rng: np.random.Generator, table: pd.DataFrame, share: float) -> pd.DataFrame:
    """Some rows twice, the second time further down."""
    chosen = table[rng.random(len(table)) < share]
    return pd.concat([table, chosen], ignore_index=True)


def without_ids(rng: np.random.Generator, table: pd.DataFrame, column: str, count: int) -> pd.DataFrame:
    """A few rows whose id the export lost; they are copies, so no case is lost with them."""
    lost = table.iloc[rng.choice(len(table), count, replace=False)].copy()
    lost[column] = ""
    return pd.concat([table, lost], ignore_index=True)


def scientific(ids: pd.Series[str]) -> list[str]:
    """17-digit ids as Excel shows the number it made of them: 2.02309E+16."""
    return [f"{float(text):.5E}" for text in ids]


def dirty_fixes(rng: np.random.Generator, fixes: Fixes, week: int) -> Fixes:
    """The week's fixes with repeats, (0, 0), points far away, clocks gone wrong, vague points.

    In the last week one person carries two devices for a day.
    """
    count = len(fixes.at_s)
    lon, lat = fixes.lon.copy(), fixes.lat.copy()
    at, accuracy = fixes.at_s.copy(), fixes.accuracy_m.copy()
    far = _drawn(rng, count, _FAR)
    lon[far] = np.round(lon[far] + rng.uniform(1, 4, len(far)), 5)
    lat[far] = np.round(lat[far] - rng.uniform(0.5, 2, len(far)), 5)
    nowhere = _drawn(rng, count, _NOWHERE)
    lon[nowhere], lat[nowhere] = 0.0, 0.0
    late = _drawn(rng, count, _BAD_CLOCK)
    at[late] += np.where(rng.random(len(late)) < 0.5, -30 * 365 * DAY_S, 3 * 365 * DAY_S)
    vague = _drawn(rng, count, _VAGUE)
    accuracy[vague] = rng.integers(110, 400, len(vague))
    repeated = _drawn(rng, count, _REPEATED)
    order = np.insert(np.arange(count), repeated, repeated)
    device = fixes.person[order]
    made = Fixes(
        fixes.person[order], fixes.team[order], fixes.force[order], at[order], lon[order], lat[order],
        accuracy[order], device,
    )  # fmt: skip
    return _with_second_device(made, week)


def _drawn(rng: np.random.Generator, count: int, share: float) -> NDArray[np.int64]:
    return np.sort(rng.choice(count, max(int(count * share), 1), replace=False))


def _with_second_device(fixes: Fixes, week: int) -> Fixes:
    """Adds, in the last week, the fixes of a second device of one person, half a step later."""
    if week != truth.WEEKS_N - 1:
        return fixes
    day = week * WEEK_S + 2 * DAY_S
    rows = np.flatnonzero(
        (fixes.person == _TWO_DEVICES_PERSON) & (fixes.at_s > day) & (fixes.at_s < day + DAY_S)
    )[::8]
    join = np.concatenate
    return Fixes(
        join([fixes.person, fixes.person[rows]]),
        join([fixes.team, fixes.team[rows]]),
        join([fixes.force, fixes.force[rows]]),
        join([fixes.at_s, fixes.at_s[rows] + 7]),
        join([fixes.lon, fixes.lon[rows]]),
        join([fixes.lat, fixes.lat[rows]]),
        join([fixes.accuracy_m, fixes.accuracy_m[rows]]),
        join([fixes.device, np.full(len(rows), _SECOND_DEVICE)]),
    )
