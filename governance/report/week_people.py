"""What a week's slides take from the care register, the handbook and the warnings: counts, no persons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from governance.meeting.signals import WarningOf
from governance.metrics import areas
from governance.metrics.care import HIGH, care_counts, care_due
from governance.metrics.handbook import handbook_freshness
from governance.metrics.storm import StormRecords, checked_points, danger_points
from governance.metrics.windows import Span

if TYPE_CHECKING:
    from datetime import datetime

    from governance.records.dataset import Dataset
    from governance.workdays import Week


@dataclass(frozen=True)
class PeopleFacts:
    """Counts of a week's end; `care` and `care_before` are of high risk, one row a community.

    care: of `care.care_counts` (group is the community's code, `-` where none is known), empty
    without a register. handbook: of `handbook.handbook_freshness`. `points_n` counts hazard and
    flood-prone points.
    """

    care: pd.DataFrame
    care_before: pd.DataFrame
    handbook: pd.DataFrame
    warnings: tuple[WarningOf, ...]
    issued: pd.DataFrame
    points_n: int


def people_facts(dataset: Dataset, week: Week) -> PeopleFacts:
    """The facts of a week's end."""
    at = min(week.end_at, dataset.as_of_for("visits") or week.end_at)
    is_reached = at > week.start_at
    issued = _issued(dataset, week)
    return PeopleFacts(
        care=_care(dataset, at if is_reached else None),
        care_before=_care(dataset, week.start_at if is_reached else None),
        handbook=_handbook(dataset, week.end_at),
        warnings=_warnings(dataset, issued, week.end_at),
        issued=issued,
        points_n=len(danger_points(dataset.frame("points"))),
    )


def community_of_microgrids(dataset: Dataset) -> pd.Series:
    """The community code of each micro-grid, by micro-grid code."""
    return areas.community_of_microgrids(dataset.frame("grids"), dataset.frame("microgrids"))


def _care(dataset: Dataset, at: datetime | None) -> pd.DataFrame:
    """The high-risk persons by community; empty where no register or no visit reaches the moment."""
    register, visits = dataset.frame("care_register"), dataset.frame("visits")
    first = visits["visited_at"].min()
    if at is None or register.empty or pd.isna(first) or first > at:
        return pd.DataFrame(columns=["group", "due_n", "done_n", "overdue_n", "never_n"])
    due = care_due(register, visits, dataset.frame("warnings"), at=at)
    high = due[due["risk"].eq(HIGH).fillna(False).astype(bool)]
    group = high["microgrid_code"].map(community_of_microgrids(dataset)).fillna("-")
    return care_counts(high, group)


def _handbook(dataset: Dataset, at: datetime) -> pd.DataFrame:
    members = dataset.frame("members")
    group = members["microgrid_code"].map(community_of_microgrids(dataset))
    if members["verified_on"].isna().all():
        return pd.DataFrame(columns=["group", "entries_n", "stale_n"])
    return handbook_freshness(members, group, at=at)


def _issued(dataset: Dataset, week: Week) -> pd.DataFrame:
    warnings = dataset.frame("warnings")
    return warnings[Span(week.start_at, week.end_at).holds(warnings["issued_at"])].sort_values("issued_at")


def _warnings(dataset: Dataset, issued: pd.DataFrame, at: datetime) -> tuple[WarningOf, ...]:
    """The warnings of the week, with how many hazard and flood-prone points were checked by its end."""
    records = replace(StormRecords.of(dataset), steps_as_of=at)
    points = danger_points(records.points)
    return tuple(
        WarningOf(
            warning_id=str(row["warning_id"]),
            kind="" if pd.isna(row["kind"]) else str(row["kind"]),
            level="" if pd.isna(row["level"]) else str(row["level"]),
            points_n=len(points),
            checked_n=len(checked_points(records.steps_of(str(row["warning_id"])), points)),
        )
        for row in issued.to_dict("records")
    )
