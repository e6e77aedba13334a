"""What the headlines are made from: small frames and numbers of one week."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.figures.place_words import Scale
    from governance.workdays import Week

# Tracks that are missing in so much of a team's planned time make its data of the week D.
DARK_SHARE = 0.10


@dataclass(frozen=True)
class WeeklyChart:
    """One measure's control chart, its weeks in order and the last of them the one reviewed.

    `rows` are those of `control.control_frame`; `key` names the measure in the texts, `metric` is
    its key in `control_series.SERIES` or empty; `page` shows it.
    """

    key: str
    label: str
    direction: str
    scale: Scale
    rows: pd.DataFrame
    page: str
    metric: str = ""


@dataclass(frozen=True)
class SpeedUp:
    """A category that only looks faster because its slow cases are still open; minutes."""

    category: str
    closed_only_min: float
    median_min: float
    watched_min: float
    n: int
    open_n: int


@dataclass(frozen=True)
class CareCount:
    """The high-risk persons of the register: due, of them overdue, of those never visited."""

    due_n: int
    overdue_n: int
    never_n: int
    target_share: float | None = None


@dataclass(frozen=True)
class WarningOf:
    """A warning of the week: its kind and level, points to check and checked by the week's end."""

    warning_id: str
    kind: str
    level: str
    points_n: int
    checked_n: int


@dataclass(frozen=True)
class Signals:
    """Everything the rules look at. Empty frames and None mean that nothing is known of it.

    since: of `revisits.time_since`. night: team_id, week (2023-W37), night_on (day on which the night
    begins), hour_at of unit-hours that a roll call says nobody was there, of the week and the three
    before. communities: of `communities.overdue_comparison`.
    chronic: of `repeats.chronic_places`, and week_n (events of the week), community_code. handbook:
    of `handbook.handbook_freshness`, group the community's code. grades: kind, week, grade. dark:
    team_id, week, share of planned minutes without any evidence. unseen: team_id, closed_n, unseen_n.

    `teams` and `community_names` give names by code, `owners` the responsible unit of a team in words
    (with the leader on duty where a roster names one), `community_teams` each community's own team.
    """

    week: Week
    charts: tuple[WeeklyChart, ...] = ()
    communities: pd.DataFrame = field(default_factory=pd.DataFrame)
    since: pd.DataFrame = field(default_factory=pd.DataFrame)
    night: pd.DataFrame = field(default_factory=pd.DataFrame)
    speedup: SpeedUp | None = None
    chronic: pd.DataFrame = field(default_factory=pd.DataFrame)
    care: CareCount | None = None
    warnings: tuple[WarningOf, ...] = ()
    handbook: pd.DataFrame = field(default_factory=pd.DataFrame)
    grades: pd.DataFrame = field(default_factory=pd.DataFrame)
    dark: pd.DataFrame = field(default_factory=pd.DataFrame)
    unseen: pd.DataFrame = field(default_factory=pd.DataFrame)
    teams: Mapping[str, str] = field(default_factory=dict)
    community_names: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    community_teams: Mapping[str, str] = field(default_factory=dict)

    def owner_of_team(self, team_id: object) -> str:
        """The responsible unit of a team in words; empty where none is known."""
        code = team_id if isinstance(team_id, str) else ""
        return self.owners.get(code) or self.teams.get(code, "")

    def community(self, code: object) -> str:
        """A community's name, its code where it has none."""
        return self.community_names.get(str(code), str(code)) if isinstance(code, str) else ""

    @property
    def poor_kinds(self) -> frozenset[str]:
        """The sources whose data of the week are of grade D."""
        if self.grades.empty:
            return frozenset()
        now = self.grades[self.grades["week"].eq(str(self.week)) & self.grades["grade"].eq("D")]
        return frozenset(str(kind) for kind in now["kind"])

    def is_dark(self, team_id: object) -> bool:
        """Whether a team's tracks of the week are missing in so much of its time that they say nothing."""
        if self.dark.empty or not isinstance(team_id, str):
            return False
        own = self.dark[self.dark["team_id"].eq(team_id) & self.dark["week"].eq(str(self.week))]
        return bool(own["share"].gt(DARK_SHARE).any())

    @property
    def week_params(self) -> dict[str, str]:
        """The week in an address."""
        return {"week": str(self.week)}
