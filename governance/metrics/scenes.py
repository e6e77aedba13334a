"""Who came to a case: kept positions near it while it was under way.

Positions are those of `Dataset.patrol("positions")`, one a minute and track; near is 100 m, what a
position may err in a street of towers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.geo import METRES_PER_DEGREE
from governance.metrics.nearness import has_flag

if TYPE_CHECKING:
    from datetime import datetime

    from governance.metrics.windows import Span

NEAR_M = 100.0
# Who passed days before a case was settled did not come to settle it.
_WITHIN = pd.Timedelta(hours=24)
# Settled at a desk or behind a door: nobody has to be seen there.
INDOOR_CATEGORIES = ("矛盾纠纷", "民生服务")
_NO_PLACE = ("default_point", "zero_point", "bad_point")
_COLUMNS = {"incident_id": "string", "team_id": "string", "force": "string"}


def no_scenes() -> pd.DataFrame:
    """No rows, with the columns of `scenes`."""
    columns = {**_COLUMNS, "first_at": "datetime64[us, Asia/Shanghai]"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


def looked_at(cases: pd.DataFrame, as_of: datetime) -> tuple[pd.Series, pd.Series]:
    """When somebody may have come to each case: from its report, no longer than 24 h before its end.

    Its end is the closing, or as-of for cases under way.
    """
    end = cases["closed_at"].fillna(pd.Timestamp(as_of))
    start = cases["reported_at"].where(cases["reported_at"] > end - _WITHIN, end - _WITHIN)
    return start, end


def scenes(cases: pd.DataFrame, positions: pd.DataFrame, *, as_of: datetime) -> pd.DataFrame:
    """Every team and force that came near a case between its report and its closing.

    Only the last 24 hours before the closing (as-of for open ones) are looked at.

    Columns: incident_id, team_id, force, first_at (the first position near it). Cases without a place
    have no rows.
    """
    placed = cases[cases["lon"].notna() & cases["lat"].notna() & cases["reported_at"].notna()]
    rows = (
        positions if positions["at"].is_monotonic_increasing else positions.sort_values("at", kind="stable")
    )
    start, end = looked_at(placed, as_of)
    first = rows["at"].searchsorted(start, side="left")
    last = rows["at"].searchsorted(end, side="right")
    lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
    wide = np.cos(np.radians(float(np.median(lat)) if len(lat) else 0.0)) * METRES_PER_DEGREE
    near, of_case = [], []
    places = zip(placed["lon"], placed["lat"], first, last, strict=True)
    for number, (x, y, low, high) in enumerate(places):
        dx, dy = (lon[low:high] - x) * wide, (lat[low:high] - y) * METRES_PER_DEGREE
        hits = np.flatnonzero(dx * dx + dy * dy <= NEAR_M * NEAR_M) + low
        near.append(hits)
        of_case.append(np.full(len(hits), number))
    at = np.concatenate(near) if near else np.empty(0, dtype=np.int64)
    whose = np.concatenate(of_case) if of_case else np.empty(0, dtype=np.int64)
    found = rows.iloc[at][["team_id", "force", "at"]].reset_index(drop=True)
    found.insert(0, "incident_id", placed["incident_id"].to_numpy()[whose])
    keys = ["incident_id", "team_id", "force"]
    firsts = found.sort_values("at", kind="stable").drop_duplicates(keys).rename(columns={"at": "first_at"})
    return firsts.astype(_COLUMNS).reset_index(drop=True)


def closed_unseen(
    cases: pd.DataFrame, found: pd.DataFrame, presence: pd.DataFrame, *, span: Span
) -> pd.DataFrame:
    """Cases closed outdoors in a window, and whether anybody's track came within 100 m.

    Disputes, services and mediations are settled indoors and left out, and so are cases without a
    team, a place of their own or any attendance. `presence` is the frame of `Dataset.patrol`.

    Columns: incident_id, team_id, is_unseen (no position of any team near it), is_known (the team's
    kept positions cover at least half of its planned time on the day of the closing).
    """
    is_outdoor = ~cases["category"].isin(INDOOR_CATEGORIES) & cases["source"].ne("mediation").fillna(True)
    is_placed = cases["lon"].notna() & ~has_flag(cases, *_NO_PLACE) & cases["team_id"].notna()
    attended = cases["needs_attendance"].fillna(True).astype(bool) if "needs_attendance" in cases else True
    chosen = cases[is_outdoor & is_placed & attended & span.holds(cases["closed_at"])]
    day = chosen["closed_at"].dt.floor("D")
    hours = presence.assign(on=presence["hour_at"].dt.floor("D"))
    known = hours.groupby(["team_id", "on"])[["planned_min", "covered_min"]].sum()
    share = known["covered_min"] / known["planned_min"].where(known["planned_min"] > 0)
    keys = pd.MultiIndex.from_arrays([chosen["team_id"], day])
    covered = share.reindex(keys).to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "incident_id": chosen["incident_id"].to_numpy(),
            "team_id": chosen["team_id"].to_numpy(),
            "is_unseen": ~chosen["incident_id"].isin(found["incident_id"]).to_numpy(),
            "is_known": covered >= 0.5,
        }
    ).astype({"incident_id": "string", "team_id": "string"})
