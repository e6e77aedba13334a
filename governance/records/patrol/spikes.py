"""Spikes: pings that nobody could have reached in time, found by walking through a leg.

A ping too far from the last kept one is dropped, and its neighbours are joined. Where it is the
leg's first ping that disagrees with the two after it, that one is dropped instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.records.patrol.rules import FOOT_KM_H, GAP_US, WHEELS_KM_H

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Reason codes, as in `legs.REASONS`.
_REPEATED, _SPIKE = 1, 5
_FOOT_M_US, _WHEELS_M_US = FOOT_KM_H / 3.6e6, WHEELS_KM_H / 3.6e6


def kept_pings(pings: pd.DataFrame, *, foot_n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The kept ones of some pings, each with the kept one before it, and the dropped ones.

    `pings` are stretches of tracks: `track`, `at`, `x`, `y`, `accuracy_m` and the ping before, `from_at`,
    `from_x`, `from_y`, however long ago. Tracks below `foot_n` walk. The dropped ones come as
    `track`, `at`, `reason` (code).
    """
    # Of pings of one moment only the first has an earlier one before it, or none.
    rows = pings.sort_values(["track", "at", "from_at"], na_position="first", ignore_index=True)
    before, reason = _walked(rows, foot_n)
    # The ping before lies in the table, or it is the one that stood before the stretch.
    inside = before >= 0
    stretch = np.where(inside, 0, -1 - before)
    joined = {}
    for name in ("at", "x", "y"):
        own = rows[name].take(np.maximum(before, 0)).array
        outside = rows[f"from_{name}"].take(stretch).array
        joined[f"from_{name}"] = pd.Series(own).astype("object").where(inside, outside)
    dropped = rows.loc[reason > 0, ["track", "at"]].assign(reason=reason[reason > 0])
    return rows.assign(**joined)[reason == 0], dropped


def _walked(rows: pd.DataFrame, foot_n: int) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """The place of the kept ping before each one, and the reason it is dropped for (0: it is kept).

    −1 − n stands for the ping that lies before the stretch that begins at n.
    """
    track, times = rows["track"].to_numpy(), rows["at"].to_numpy()
    from_at = rows["from_at"].fillna(-1).to_numpy(dtype=np.int64)
    follows = np.r_[False, (track[1:] == track[:-1]) & (from_at[1:] == times[:-1])].tolist()
    starts_leg = ((from_at < 0) | (times - from_at > GAP_US)).tolist()
    at, x, y = times.tolist(), rows["x"].tolist(), rows["y"].tolist()
    limit = np.where(track < foot_n, _FOOT_M_US, _WHEELS_M_US).tolist()
    before, reason = [0] * len(at), [0] * len(at)

    def agree(one: int, other: int) -> bool:
        way = (x[other] - x[one]) ** 2 + (y[other] - y[one]) ** 2
        return bool(way <= (limit[other] * (at[other] - at[one])) ** 2)

    last, is_leg_first = 0, False
    for place in range(len(at)):
        if not follows[place]:
            before[place], last, is_leg_first = -1 - place, place, starts_leg[place]
        elif at[place] == at[last]:
            reason[place] = _REPEATED
        elif at[place] - at[last] > GAP_US:
            before[place], last, is_leg_first = last, place, True
        elif agree(last, place):
            before[place], last, is_leg_first = last, place, False
        else:
            after = place + 1
            is_next = after < len(at) and follows[after] and at[after] - at[place] <= GAP_US
            if is_leg_first and is_next and agree(place, after) and not agree(last, after):
                reason[last], before[place], last = _SPIKE, before[last], place
            else:
                reason[place] = _SPIKE
    return np.array(before, dtype=np.int64), np.array(reason, dtype=np.int8)
