"""Is the handbook fresh: were the members' entries verified within 90 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from datetime import datetime

FRESH_WITHIN_D = 90


def handbook_freshness(members: pd.DataFrame, group: pd.Series, *, at: datetime) -> pd.DataFrame:
    """Entries of members per group, and those not verified within 90 days.

    An entry without a date of verification counts as stale. Columns: group, entries_n, stale_n.
    Entries without a group are left out.
    """
    known = members.dropna(subset=["member_id"]).drop_duplicates("member_id", keep="last")
    last = pd.Timestamp(at) - pd.Timedelta(days=FRESH_WITHIN_D)
    is_stale = ~known["verified_on"].ge(last).fillna(False).astype(bool)
    counts = is_stale.astype("int64").groupby(group.reindex(known.index)).agg(["size", "sum"])
    counts.columns = ["entries_n", "stale_n"]
    return counts.rename_axis("group").reset_index()
