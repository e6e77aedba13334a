"""What 巡逻轨迹 computes: one turn of duty, who walked where, what was visited and what was missed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.replay_map import Replay, Walk
from governance.metrics.effort import efforts_by_team
from governance.metrics.storm import is_water
from governance.metrics.windows import Span
from governance.ui import coverage_data
from governance.ui.cache import cached
from governance.ui.replay_events import events_of, minutes_since
from governance.workdays import start_of_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from governance.records.dataset import Dataset

# The turns one can choose: first hour and length; a night belongs to the day it starts.
TURNS: Mapping[str, tuple[int, int]] = {"night": (22, 8), "early": (6, 8), "late": (14, 8), "day": (0, 24)}
LEG_GAP_MIN = 15.0


@dataclass(frozen=True)
class Turn:
    """What is looked at: a day, a turn of it, a team (None for all). Hashable, so it may key a cache.

    `hours` are first hour and length of a turn that is none of `TURNS`: that of the warning `warning_id`.
    """

    day: date
    name: str = "night"
    team_id: str | None = None
    hours: tuple[int, int] | None = None
    warning_id: str | None = None

    @property
    def _hours(self) -> tuple[int, int]:
        return self.hours or TURNS[self.name]

    @property
    def span(self) -> Span:
        """From its first to its last minute."""
        hour, length = self._hours
        start = start_of_day(self.day) + timedelta(hours=hour)
        return Span(start, start + timedelta(hours=length))

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return self._hours[1] * 60

    def rows(self, frame: pd.DataFrame, column: str) -> pd.DataFrame:
        """The rows of the turn by a stamp column, of the team if one is chosen."""
        inside = frame[self.span.holds(frame[column])]
        if self.team_id is None:
            return inside
        return inside[inside["team_id"].eq(self.team_id).fillna(False).astype(bool)]


def _frame(dataset: Dataset, name: str, turn: Turn) -> pd.DataFrame:
    """A patrol frame of the days a turn touches, with the day before."""
    since, until = turn.day - timedelta(days=1), turn.span.end_at.date()
    return dataset.patrol(name, since=since, until=until)


def _walks(positions: pd.DataFrame, start: datetime) -> tuple[Walk, ...]:
    """The tracks as legs of (minute, lat, lon), split where nothing was heard for 15 minutes."""
    keys = ["team_id", "force", "person_id", "device_id"]
    rows = positions.sort_values([*keys, "at"]).assign(minute=lambda frame: minutes_since(frame["at"], start))
    walks = []
    for key, own in rows.groupby(keys, dropna=False, sort=True):
        leg = own["minute"].diff().gt(LEG_GAP_MIN).cumsum()
        points = list(
            zip(own["minute"], own["lat"].round(6), own["lon"].round(6), strict=True)  # as Leaflet wants them
        )
        numbers = leg.to_list()
        legs = tuple(
            tuple(point for point, number in zip(points, numbers, strict=True) if number == wanted)
            for wanted in dict.fromkeys(numbers)
        )
        walks.append(Walk(key[1] if isinstance(key[1], str) else "", legs))
    return tuple(walks)


def expected(dataset: Dataset, team_id: str | None) -> pd.DataFrame:
    """The micro-grids a team answers for; all for none and for a mobile team."""
    own = cached(coverage_data.ground, dataset)
    teams = own.teams.set_index("team_id")["community_code"]
    code = teams.get(team_id) if team_id is not None else None
    return own.of_community(None if code is None or pd.isna(code) else str(code)).microgrids


def first_visits(dataset: Dataset, turn: Turn) -> pd.Series:
    """The minute of the first visit to each micro-grid in the turn; stays that began before count from 0."""
    visits = _frame(dataset, "visits", turn)
    if turn.team_id is not None:
        visits = visits[visits["team_id"].eq(turn.team_id).fillna(False).astype(bool)]
    touching = visits[(visits["exit_at"] > turn.span.start_at) & (visits["enter_at"] < turn.span.end_at)]
    minute = minutes_since(touching["enter_at"], turn.span.start_at).clip(lower=0)
    return minute.groupby(touching["microgrid_code"]).min()


def replay(dataset: Dataset, turn: Turn) -> Replay:
    """Everything the player needs for a turn."""
    start = turn.span.start_at
    positions = turn.rows(_frame(dataset, "positions", turn), "at")
    visited = cached(first_visits, dataset, turn)
    return Replay(
        start_at=start,
        minutes=turn.minutes,
        walks=_walks(positions, start),
        visited={str(code): float(minute) for code, minute in visited.items()},
        expected=frozenset(expected(dataset, turn.team_id)["microgrid_code"].astype(str)),
        events=events_of(dataset, turn),
    )


def missed(dataset: Dataset, turn: Turn) -> pd.DataFrame:
    """The expected micro-grids nobody visited in the turn.

    Columns: microgrid_code, name, community_code, tier, limit_h, team_id.
    """
    own, been = expected(dataset, turn.team_id), cached(first_visits, dataset, turn)
    return own[~own["microgrid_code"].isin(been.index)].reset_index(drop=True)


def turn_summary(dataset: Dataset, turn: Turn) -> pd.DataFrame:
    """One row a team: what was planned, what is known, what was visited.

    Columns: team_id, name, planned_h (person-free hours planned, forces added), covered_h (of these with a
    track), person_h, km, visited_n, expected_n, three_min, patrol_min.
    """
    presence = turn.rows(_frame(dataset, "presence", turn), "hour_at")
    together = turn.rows(_frame(dataset, "together", turn), "hour_at")
    efforts = efforts_by_team(presence, together, _frame(dataset, "efforts", turn), span=turn.span)
    hours = presence.groupby("team_id")[["planned_min", "covered_min"]].sum() / 60
    shared = together.groupby("team_id")[["three_min", "patrol_min"]].sum()
    teams = cached(coverage_data.ground, dataset).teams
    if turn.team_id is not None:
        teams = teams[teams["team_id"].eq(turn.team_id)]
    rows = []
    for team in teams.to_dict("records"):
        code = str(team["team_id"])
        own = expected(dataset, code)
        been = cached(first_visits, dataset, replace(turn, team_id=code))
        rows.append(
            {
                "team_id": code,
                "name": str(team["name"]),
                "visited_n": int(own["microgrid_code"].isin(been.index).sum()),
                "expected_n": len(own),
            }
        )
    table = pd.DataFrame(rows, columns=["team_id", "name", "visited_n", "expected_n"]).set_index("team_id")
    table = table.join(hours.rename(columns={"planned_min": "planned_h", "covered_min": "covered_h"}))
    table = table.join(efforts.set_index("team_id")[["person_h", "km"]]).join(shared)
    return table.fillna({name: 0.0 for name in table.columns if name != "name"}).reset_index()


def last_day(dataset: Dataset) -> date | None:
    """The last day whose night is in the records."""
    as_of = dataset.as_of.get("pings")
    return None if as_of is None else (as_of - timedelta(hours=30)).date()


def storm_days(dataset: Dataset) -> tuple[date, ...]:
    """The days of warnings of rain, floods or slopes, newest first."""
    warnings = dataset.frame("warnings")
    issued = warnings.loc[is_water(warnings["kind"]), "issued_at"].dropna()
    return tuple(sorted({stamp.date() for stamp in issued}, reverse=True))
