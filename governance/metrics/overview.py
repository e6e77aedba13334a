"""Plain counts of a window: what each incident counts for, and the printed rows by any group.

The counting rules are those of `places.incident_flags` for any window, so that the overview, the
map and the command line give the same number for the same week.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from governance.errors import UsageError
from governance.metrics.areas import area_table, points_located
from governance.metrics.places import UNCOUNTED_STATUSES, closed_medians
from governance.metrics.windows import Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from governance.records.dataset import Dataset

# What the command line may group by, and the column that holds it.
GROUPS: Mapping[str, str] = {
    "community": "community_code",
    "grid": "grid_code",
    "microgrid": "microgrid_code",
    "estate": "estate_id",
    "category": "category",
    "subcategory": "subcategory",
    "severity": "severity",
    "source": "source",
    "status": "status",
    "team": "team_id",
}
_COUNTS = ["reported_n", "closed_n", "open_n", "located_n", "timed_n"]


def checkins_by_community(dataset: Dataset) -> pd.DataFrame:
    """The check-ins with the community of their point, missing where the point lies in none."""
    points = dataset.frame("points").drop_duplicates("point_id").set_index("point_id")
    areas = area_table(*(dataset.frame(kind) for kind in ("communities", "grids", "microgrids")))
    checkins = dataset.frame("checkins")
    community = points_located(points["lon"], points["lat"], areas)["community"]
    return checkins.assign(community_code=checkins["point_id"].map(community).astype("string"))


def incident_marks(incidents: pd.DataFrame, *, span: Span, as_of: datetime | None) -> pd.DataFrame:
    """What each incident counts for in a window.

    Columns, boolean: reported_n (reported_at in the window), closed_n (closed_at in the window,
    neither voided nor transferred), open_n (reported before its end or as_of, and neither closed
    by then nor voided or transferred), located_n (of the reported, placed in a known micro-grid),
    timed_n (of the closed, not closed before their report).
    """
    reported_at, closed_at, status = incidents["reported_at"], incidents["closed_at"], incidents["status"]
    # As-of is the last moment that is known, so what happened then has happened.
    end_at = span.end_at if as_of is None else min(span.end_at, as_of + timedelta(microseconds=1))
    is_reported = span.holds(reported_at)
    is_closed = span.holds(closed_at) & ~status.isin(UNCOUNTED_STATUSES)
    is_unclosed = closed_at.ge(end_at) | (closed_at.isna() & status.ne("closed").fillna(True))
    is_located = incidents["microgrid_code"].notna() & incidents["located_by"].ne("none").fillna(True)
    marks = {
        "reported_n": is_reported,
        "closed_n": is_closed,
        "open_n": reported_at.lt(end_at) & is_unclosed & ~status.isin(UNCOUNTED_STATUSES),
        "located_n": is_reported & is_located,
        "timed_n": is_closed & closed_at.ge(reported_at),
    }
    return pd.DataFrame(marks).fillna(False).astype(bool)


def incident_counts(
    incidents: pd.DataFrame, group: pd.Series, *, span: Span, as_of: datetime | None
) -> pd.DataFrame:
    """Counts of incidents for one window, per value of `group` (missing values left out).

    Columns: those of `incident_marks`, and closed_median_min (median minutes report → close of
    the timed_n).
    """
    marks = incident_marks(incidents, span=span, as_of=as_of)
    counts = marks.astype("int64").groupby(group).sum()
    is_timed = marks["timed_n"]
    minutes = (incidents["closed_at"] - incidents["reported_at"])[is_timed].dt.total_seconds() / 60
    medians = closed_medians(minutes, group[is_timed])["median"]
    return counts.assign(closed_median_min=medians.reindex(counts.index).astype("float64"))


def _all_in(frame: pd.DataFrame) -> pd.Series:
    return pd.Series("all", index=frame.index, dtype="string")


def overview_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """The overview's figures for a window of days, one row a group; for the command line.

    Keys of a row: group (`all` without `by`; None where the record names none), reported_n,
    closed_n, open_n (at the window's end), closed_median_min, located_n, located_share,
    checkins_n (None where check-ins cannot be grouped so or none were brought). Groups with
    nothing to count are left out.

    Raises
    ------
    UsageError
        `unknown_group` when records cannot be grouped by `by`.
    """
    if by is not None and by not in GROUPS:
        raise UsageError("unknown_group", group=by, groups="、".join(GROUPS))
    incidents, checkins = dataset.cases(), checkins_by_community(dataset)
    nothing = "\0"
    if by is None:
        group, checked = _all_in(incidents), _all_in(checkins)
    else:
        group = incidents[GROUPS[by]].astype("string").fillna(nothing)
        checked = checkins["community_code"].fillna(nothing) if by == "community" else checkins["at"].iloc[:0]
    span = Span.of_days(since, until)
    counts = incident_counts(incidents, group, span=span, as_of=dataset.as_of.get("incidents"))
    checkins_n = checked[span.holds(checkins["at"]).reindex(checked.index)].value_counts()
    table = counts.reindex(counts.index.union(checkins_n.index)).fillna(dict.fromkeys(_COUNTS, 0))
    table = table[table[_COUNTS].sum(axis=1).gt(0) | table.index.isin(checkins_n.index)]
    has_checkins = by in (None, "community") and "checkins" in dataset.as_of
    rows: list[dict[str, object]] = []
    for name, row in table.iterrows():
        reported_n, median = int(row["reported_n"]), row["closed_median_min"]
        rows.append(
            {
                "group": None if name == nothing else name,
                "reported_n": reported_n,
                "closed_n": int(row["closed_n"]),
                "open_n": int(row["open_n"]),
                "closed_median_min": None if pd.isna(median) else round(float(median), 4),
                "located_n": int(row["located_n"]),
                "located_share": int(row["located_n"]) / reported_n if reported_n else None,
                "checkins_n": int(checkins_n.get(name, 0)) if has_checkins else None,
            }
        )
    return rows
