"""Do police, urban management and mass prevention patrol together (三方联勤), or apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from governance.metrics.windows import Span

ALL = "all"
JOINT_WITHIN_MIN = 10
_MINUTES = ["patrol_min", "three_min", "two_min", "one_min", "present_three_min", "planned_three_min"]


@dataclass(frozen=True)
class Integration:
    """One group's patrol minutes by how many forces walked together, and its joint scenes.

    Together means within 50 m of each other for at least 10 min; three + two + one = patrol. The
    `staffed_share` is the most that staffing allows: minutes in which all three forces were planned ÷
    patrol minutes, no more than 1. A joint scene is a case at which at least two forces came; shares are None
    without minutes.
    """

    group: str
    patrol_min: float
    three_min: float
    two_min: float
    one_min: float
    present_three_min: float
    planned_three_min: float
    joint_scenes_n: int
    joint_within_10min_n: int

    @property
    def three_share(self) -> float | None:
        """Patrol minutes with all three together ÷ patrol minutes."""
        return self.three_min / self.patrol_min if self.patrol_min else None

    @property
    def staffed_share(self) -> float | None:
        """Minutes in which all three were planned ÷ patrol minutes; None without a plan."""
        if not self.patrol_min or not self.planned_three_min:
            return None
        return min(self.planned_three_min / self.patrol_min, 1.0)


def joint_scenes(scenes: pd.DataFrame) -> pd.DataFrame:
    """The cases at which at least two forces came, with how long the second took after the first.

    `scenes` has one row a case and force: incident_id, team_id, force, first_at (its first kept
    position near the case while it was under way).

    Columns: incident_id, team_id (of the first), forces_n, gap_min.
    """
    rows = scenes.dropna(subset=["force", "first_at"]).sort_values(["incident_id", "first_at"])
    firsts = rows.drop_duplicates(["incident_id", "force"])
    number = firsts.groupby("incident_id").cumcount()
    one = firsts[number == 0].set_index("incident_id")
    two = firsts[number == 1].set_index("incident_id")["first_at"]
    joint = one.loc[two.index]
    forces_n = firsts.groupby("incident_id").size().reindex(two.index)
    gap_min = (two - joint["first_at"]).dt.total_seconds() / 60
    return pd.DataFrame(
        {"team_id": joint["team_id"], "forces_n": forces_n, "gap_min": gap_min}, index=two.index
    ).reset_index()


def integration(
    together: pd.DataFrame, scenes: pd.DataFrame, *, span: Span, by_team: bool = False
) -> list[Integration]:
    """Together or apart in a window, of the street or per team in the order of codes.

    `together` is the frame of `Dataset.patrol`, `scenes` as in `joint_scenes`, those of the window.
    """
    rows = together[span.holds(together["hour_at"])]
    joint = joint_scenes(scenes)
    names = sorted(rows["team_id"].dropna().unique()) if by_team else [ALL]
    found = []
    for name in names:
        own = rows[rows["team_id"].eq(name).fillna(False).astype(bool)] if by_team else rows
        met = joint[joint["team_id"].eq(name).fillna(False).astype(bool)] if by_team else joint
        sums = own[_MINUTES].sum()
        found.append(
            Integration(
                group=str(name),
                patrol_min=float(sums["patrol_min"]),
                three_min=float(sums["three_min"]),
                two_min=float(sums["two_min"]),
                one_min=float(sums["one_min"]),
                present_three_min=float(sums["present_three_min"]),
                planned_three_min=float(sums["planned_three_min"]),
                joint_scenes_n=len(met),
                joint_within_10min_n=int(met["gap_min"].le(JOINT_WITHIN_MIN).sum()),
            )
        )
    return found
