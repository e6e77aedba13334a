"""Who was forgotten: time since the last visit, intervals between visits, the register of gaps.

Every valid visit counts here, at the border too: what nobody claims to have visited is left over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from governance.metrics.survival import MEDIAN, P90, product_limit, time_reached
from governance.unions import unions

if TYPE_CHECKING:
    from datetime import datetime

    from governance.metrics.ground import Ground
    from governance.metrics.windows import Span

State = Literal["visited", "never", "no_data"]
# No data: kept positions cover less than this share of the planned time since the last visit.
LEAST_COVERED_SHARE = 0.5
_STAY = ("enter_at", "exit_at")


def _hours(later: pd.Series | pd.Timestamp, earlier: pd.Series) -> pd.Series:
    gap: pd.Series = later - earlier
    hours: pd.Series = gap.dt.total_seconds() / 3600
    return hours


def _not_after(stamps: pd.Series, latest: datetime) -> pd.Series:
    return stamps.mask(stamps > latest, pd.Timestamp(latest))


def _not_before(stamps: pd.Series, earliest: datetime) -> pd.Series:
    return stamps.mask(stamps < earliest, pd.Timestamp(earliest))


def joined_visits(visits: pd.DataFrame) -> pd.DataFrame:
    """The times a micro-grid had somebody: visits of several people at once made one.

    Columns: microgrid_code, enter_at, exit_at; by micro-grid and time.
    """
    code, _ = pd.factorize(visits["microgrid_code"], sort=True)
    enter, leave = (visits[name].astype("datetime64[us, UTC]").astype("int64") for name in _STAY)
    first, end = unions(code, enter.to_numpy(), leave.to_numpy())
    rows = visits[["microgrid_code", "enter_at"]].take(first).reset_index(drop=True)
    left = pd.Series(end, dtype="datetime64[us, UTC]")
    return rows.assign(exit_at=left.dt.tz_convert(visits["exit_at"].dt.tz))


def intervals(joined: pd.DataFrame, *, until: datetime) -> pd.DataFrame:
    """The hours between visits to the same micro-grid; the last one runs to `until` and is open.

    Columns: microgrid_code, from_at (end of a visit), to_at (start of the next, or `until`), h, is_open.
    """
    rows = joined[joined["enter_at"] < until]
    following = rows.groupby("microgrid_code")["enter_at"].shift(-1)
    from_at = _not_after(rows["exit_at"], until)
    to_at = following.fillna(pd.Timestamp(until))
    return pd.DataFrame(
        {
            "microgrid_code": rows["microgrid_code"],
            "from_at": from_at,
            "to_at": to_at,
            "h": _hours(to_at, from_at),
            "is_open": following.isna(),
        }
    ).reset_index(drop=True)


@dataclass(frozen=True)
class Revisit:
    """Hours between visits in a window; NaN where not reached, `open_h` the longest still open."""

    group: str
    n: int
    median_h: float
    p90_h: float
    longest_h: float
    open_h: float


def revisit(group: str, between: pd.DataFrame, *, span: Span) -> Revisit:
    """The intervals that ended in the window, and those still open at its end (censored)."""
    inside = between["is_open"] | span.holds(between["to_at"])
    rows = between[inside]
    curve = product_limit(rows["h"].to_numpy(), ~rows["is_open"].to_numpy(dtype=bool))
    still = rows.loc[rows["is_open"], "h"]
    return Revisit(
        group=group,
        n=len(rows),
        median_h=time_reached(curve, MEDIAN),
        p90_h=time_reached(curve, P90),
        longest_h=float(rows["h"].max()) if len(rows) else np.nan,
        open_h=float(still.max()) if len(still) else np.nan,
    )


def covered_since(presence: pd.DataFrame, since: pd.Series, team: pd.Series, *, until: datetime) -> pd.Series:
    """Share of a team's planned minutes since a stamp with kept positions; NaN without a plan.

    One force with positions tells where the team was: of each hour the force that was planned, and
    the one that was tracked, longest count. `since` (missing = from the beginning) and `team` are
    rows alike; forces without any track in the stored period are left out. `until` ends the time
    looked at.
    """
    known = presence[presence["hour_at"] < until]
    gives = known.groupby("force", dropna=False)["tracked_min"].transform("sum") > 0
    hourly = known[gives].groupby(["team_id", "hour_at"])[["planned_min", "covered_min"]].max().sort_index()
    shares = []
    for start, name in zip(since, team, strict=True):
        if pd.isna(name) or name not in hourly.index.get_level_values(0):
            shares.append(np.nan)
            continue
        own = hourly.loc[name]
        rest = own if pd.isna(start) else own[own.index >= start.floor("h")]
        planned = float(rest["planned_min"].sum())
        shares.append(float(rest["covered_min"].sum()) / planned if planned else np.nan)
    return pd.Series(shares, index=since.index, dtype="float64")


def time_since(visits: pd.DataFrame, presence: pd.DataFrame, ground: Ground, *, at: datetime) -> pd.DataFrame:
    """How long ago every micro-grid was last visited, as known at a moment.

    Columns: microgrid_code, name, community_code, team_id (responsible), tier, limit_h, last_at (end of
    the last visit), h (since then), multiple (h ÷ limit_h), covered_share (of the responsible unit's
    planned time since), state: *visited*, *never* (no visit in the stored period though there were
    data), *no_data* (over the limit or never, and kept positions cover less than half of the planned
    time since; within the limit a visit is a visit).
    """
    last = visits[visits["enter_at"] < at].groupby("microgrid_code")["exit_at"].max()
    table = ground.microgrids.copy()
    stamps = pd.Series(last.reindex(table["microgrid_code"]).array, index=table.index)
    table["last_at"] = _not_after(stamps, at)
    table["h"] = _hours(pd.Timestamp(at), table["last_at"])
    table["multiple"] = table["h"] / table["limit_h"]
    is_late = table["last_at"].isna() | (table["multiple"] > 1)
    covered = covered_since(presence, table.loc[is_late, "last_at"], table.loc[is_late, "team_id"], until=at)
    table["covered_share"] = covered.reindex(table.index)
    has_any = bool((presence["tracked_min"] > 0).any())
    blind = is_late & (table["covered_share"].lt(LEAST_COVERED_SHARE) | (not has_any))
    state = np.where(blind, "no_data", np.where(table["last_at"].isna(), "never", "visited"))
    return table.assign(state=pd.array(state, dtype="string"))


def gap_register(between: pd.DataFrame, ground: Ground, *, span: Span, until: datetime) -> pd.DataFrame:
    """Hours beyond the limit between visits, clipped to the window, by hours lost.

    An interval of 80 h under a limit of 72 h loses 8 h, from the limit to the next visit.

    Columns: microgrid_code, name, community_code, team_id (responsible), tier, limit_h, over_h, gaps_n
    (intervals with hours lost in the window), last_gap_at (when the latest began: last visit + limit).
    """
    known = ground.microgrids.dropna(subset=["limit_h"])
    rows = between.merge(known[["microgrid_code", "limit_h"]], on="microgrid_code")
    begins_at = rows["from_at"] + pd.to_timedelta(rows["limit_h"], unit="h")
    first = _not_before(begins_at, span.start_at)
    last = _not_after(rows["to_at"], min(span.end_at, until))
    over_h = _hours(last, first).clip(lower=0)
    lost = rows.assign(over_h=over_h, begins_at=begins_at)[over_h > 0]
    sums = lost.groupby("microgrid_code").agg(
        over_h=("over_h", "sum"), gaps_n=("over_h", "size"), last_gap_at=("begins_at", "max")
    )
    table = known.merge(sums, left_on="microgrid_code", right_index=True)
    return table.sort_values(["over_h", "microgrid_code"], ascending=[False, True]).reset_index(drop=True)
