"""Weekly figures of patrols: micro-grids visited, nights with somebody there, for charts and headlines.

Both are counted as 巡逻覆盖 counts them, from small sums that are made once for a state of the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.areas import area_table
from governance.metrics.control_window import Drawn
from governance.metrics.duty import NIGHT_HOURS, duty_hours, unit_hours
from governance.metrics.ground import Ground, ground_of
from governance.metrics.windows import Scope, Span
from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from governance.metrics.control_window import ChartWindow
    from governance.metrics.periods import Period
    from governance.records.dataset import Dataset

    Numbers = NDArray[np.float64]

VISITED, NIGHT = "microgrids_visited_share", "night_presence_share"
PATROL_SERIES = (VISITED, NIGHT)
ALL = "all"
_WEEKS_AT_ONCE = 13
_VISITED_BY = ["day", "microgrid_code", "team_id"]
# A patrol has a place and a team; it has no category, severity or source.
_CUTS = frozenset({"community_code", "team_id"})


def tells_patrols(dataset: Dataset) -> bool:
    """Whether there are positions and micro-grids to visit at all."""
    return dataset.as_of_for("pings") is not None and not dataset.frame("microgrids").empty


def can_cut(scope: Scope) -> bool:
    """Whether patrols can be narrowed to a part of the street, whoever's demand it names."""
    return set(scope.chosen()) - {"demand"} <= _CUTS


@dataclass(frozen=True)
class PatrolLog:
    """What patrols did, summed up by day and by hour.

    visited: one row a day, micro-grid and team (missing where positions name none): day,
    microgrid_code, team_id, is_certain. units: of `duty.unit_hours` with community_code (missing for a
    mobile team). Days before `first_at` and from `as_of` on are not known; a week without any row
    of both is not either.
    """

    visited: pd.DataFrame
    units: pd.DataFrame
    ground: Ground
    first_at: datetime
    as_of: datetime

    def only(self, scope: Scope) -> PatrolLog:
        """The part of a community, or of a team: its own community by its own visits and hours.

        `can_cut` says which scopes there are.
        """
        visited, units, ground = self.visited, self.units, self.ground
        if scope.community_code is not None:
            ground = ground.of_community(scope.community_code)
            units = units[_is(units["community_code"], scope.community_code)]
        if scope.team_id is not None:
            homes = ground.teams.set_index("team_id")["community_code"]
            home = homes.get(scope.team_id)
            ground = ground.of_community(None if home is None or pd.isna(home) else str(home))
            visited = visited[_is(visited["team_id"], scope.team_id)]
            units = units[_is(units["team_id"], scope.team_id)]
        return PatrolLog(visited, units, ground, self.first_at, self.as_of)

    def holds(self, span: Span) -> bool:
        """Whether anything is known of a window."""
        known = span.start_at < self.as_of and self.first_at < span.end_at
        return known and bool(
            span.holds(self.visited["day"]).any() or span.holds(self.units["hour_at"]).any()
        )


def _is(values: pd.Series, wanted: str) -> pd.Series:
    return values.eq(wanted).fillna(False).astype(bool)


def patrol_log(dataset: Dataset) -> PatrolLog | None:
    """The log of a data set; None where it tells no patrols."""
    return dataset.derived("patrol log", lambda: _patrol_log(dataset))


def _patrol_log(dataset: Dataset) -> PatrolLog | None:
    as_of = dataset.as_of_for("pings")
    if as_of is None or not tells_patrols(dataset):
        return None
    presence, ground = dataset.patrol("presence"), ground_of(dataset)
    first = presence["hour_at"].min()
    if pd.isna(first):
        return None
    visited = _visited_days(dataset, first, as_of)
    units = _unit_hours(presence, ground, as_of)
    there = units.loc[units["state"].eq("present"), "hour_at"]
    known = pd.concat([visited["day"], there]).min()
    first_at = (first if pd.isna(known) else known).to_pydatetime()
    return PatrolLog(visited, units, ground, first_at, as_of)


def _visited_days(dataset: Dataset, first: pd.Timestamp, as_of: datetime) -> pd.DataFrame:
    """Who visited what on which day, read a quarter at a time: a year of visits is never held at once.

    A stay that goes on after midnight for as long as a visit takes counts on both days.
    """
    least = pd.Timedelta(minutes=dataset.settings.number("visit_min_min"))
    parts, week = [], Week.of(first.to_pydatetime())
    while week <= Week.of(as_of):
        last = week.shifted(_WEEKS_AT_ONCE - 1)
        visits = dataset.patrol("visits", since=week.first_day, until=last.last_day)
        visits = visits[Span(week.start_at, last.end_at).holds(visits["enter_at"])]
        entered, left = visits["enter_at"].dt.floor("D"), visits["exit_at"].dt.floor("D")
        goes_on = left.gt(entered) & (visits["exit_at"] - left).ge(least)
        for rows, day in ((visits, entered), (visits[goes_on], left[goes_on])):
            is_certain = rows["sureness"].eq("certain").fillna(False).astype(bool)
            marked = rows[["microgrid_code", "team_id"]].assign(day=day, is_certain=is_certain)
            parts.append(marked.groupby(_VISITED_BY, dropna=False, as_index=False)["is_certain"].any())
        week = last.shifted(1)
    days: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return days


def _unit_hours(presence: pd.DataFrame, ground: Ground, as_of: datetime) -> pd.DataFrame:
    hours = duty_hours(presence, span=Span.of_days(None, None), as_of=as_of)
    units = unit_hours(hours)
    homes = ground.teams.set_index("team_id")["community_code"]
    return units.assign(community_code=units["team_id"].map(homes).astype("string"))


# -------------------------------------------------------------------------------- windows
@dataclass(frozen=True)
class PatrolFigure:
    """One figure of a window: hit ÷ of, and the lowest and highest it can be by what is not known.

    Of micro-grids the hits are certain visits and `high` adds those at the border; of nights the
    hits are hours with somebody there, `low` counts unknown hours as absent (as the value does),
    `high` as present. Missing where nothing is known.
    """

    hit_n: int
    of_n: int
    open_n: int

    @property
    def value(self) -> float | None:
        """Hit ÷ of, unknown counted as not done."""
        return self.hit_n / self.of_n if self.of_n else None

    @property
    def high(self) -> float | None:
        """The most it can be; None where nothing is open."""
        return (self.hit_n + self.open_n) / self.of_n if self.of_n and self.open_n else None


def figure_of(log: PatrolLog, key: str, span: Span) -> PatrolFigure:
    """A figure of `PATROL_SERIES` in a window."""
    if key == VISITED:
        places = visited_places(log, span)
        return PatrolFigure(int(places["is_certain"].sum()), len(places), int(places["is_border"].sum()))
    states = night_hours(log, span)["state"].value_counts()
    present, absent, unknown = (int(states.get(name, 0)) for name in ("present", "absent", "unknown"))
    return PatrolFigure(present, present + absent + unknown, unknown)


def visited_places(log: PatrolLog, span: Span) -> pd.DataFrame:
    """The micro-grids of the ground with is_certain and is_border: visited, and how surely."""
    inside = log.visited[span.holds(log.visited["day"])]
    code = log.ground.microgrids["microgrid_code"]
    is_certain = code.isin(inside.loc[inside["is_certain"], "microgrid_code"].drop_duplicates())
    is_border = code.isin(inside["microgrid_code"].drop_duplicates()) & ~is_certain
    return log.ground.microgrids.assign(is_certain=is_certain, is_border=is_border)


def night_hours(log: PatrolLog, span: Span) -> pd.DataFrame:
    """The planned unit-hours of the nights 22–6 that are over: team_id, hour_at, state, …."""
    hour = log.units["hour_at"]
    is_told = log.units["state"].isin(["present", "absent", "unknown"])
    hours: pd.DataFrame = log.units[span.holds(hour) & hour.dt.hour.isin(NIGHT_HOURS) & is_told]
    return hours


def behind(log: PatrolLog, key: str, span: Span) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a figure counts in a window, and those of it that count as done."""
    if key == VISITED:
        places = visited_places(log, span).drop(columns=["is_border"])
        return places, places[places["is_certain"]]
    hours = night_hours(log, span)
    return hours, hours[hours["state"].eq("present")]


# -------------------------------------------------------------------------------- periods
@dataclass(frozen=True)
class PatrolCounts:
    """A figure of one group over periods in order; NaN where nothing is known."""

    hit_n: Numbers
    of_n: Numbers

    @property
    def value(self) -> Numbers:
        """Hit ÷ of; NaN for nothing to count."""
        value: Numbers = np.full(len(self.of_n), np.nan)
        np.divide(self.hit_n, self.of_n, out=value, where=self.of_n > 0)
        return value


def period_counts(
    dataset: Dataset, log: PatrolLog, key: str, periods: Sequence[Period], *, by: str | None = None
) -> Mapping[str, PatrolCounts]:
    """A figure over periods per group: the street (`all`), by community, team, grid or micro-grid.

    Nights have no grids; other groups have no patrols of their own and give nothing.
    """
    if not periods:
        return {}
    edges = pd.DatetimeIndex([*(one.start_at for one in periods), periods[-1].end_at])
    known = _known(log, edges)
    counted = _visited_counts(dataset, log, edges, by) if key == VISITED else _night_counts(log, edges, by)
    return {
        name: PatrolCounts(np.where(known, hit_n, np.nan), np.where(known, of_n, np.nan))
        for name, (hit_n, of_n) in counted.items()
    }


def _place(stamps: pd.Series, edges: pd.DatetimeIndex) -> NDArray[np.int64]:
    """The number of each stamp's period, −1 before the first, as many as there are after the last."""
    found: NDArray[np.int64] = edges.as_unit("us").searchsorted(stamps, side="right") - 1
    return found


def _known(log: PatrolLog, edges: pd.DatetimeIndex) -> NDArray[np.bool_]:
    known = np.zeros(len(edges), dtype=bool)
    there = log.units.loc[log.units["state"].eq("present"), "hour_at"]
    for stamps in (log.visited["day"], there):
        known[_place(stamps, edges)] = True
    return known[:-1]


def _visited_counts(
    dataset: Dataset, log: PatrolLog, edges: pd.DatetimeIndex, by: str | None
) -> dict[str, tuple[Numbers, Numbers]]:
    rows = log.visited[log.visited["is_certain"]]
    seen = rows.assign(period=_place(rows["day"], edges))
    seen = seen[seen["period"].between(0, len(edges) - 2)]
    if by == "team":
        teams = [str(team) for team in log.ground.teams["team_id"].dropna()]
        parts = {team: log.only(Scope(team_id=team)) for team in teams}
        return {
            team: next(
                iter(_distinct(seen[_is(seen["team_id"], team)], _whole(part.ground), edges).values()),
                (np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)),
            )
            for team, part in parts.items()
        }
    groups = _groups(dataset, log.ground, by)
    return {} if groups is None else _distinct(seen, groups, edges)


def _whole(ground: Ground) -> pd.Series:
    return pd.Series(ALL, index=ground.microgrids["microgrid_code"], dtype="string")


def _groups(dataset: Dataset, ground: Ground, by: str | None) -> pd.Series | None:
    """The group of each micro-grid, by its code; None where places cannot be grouped so."""
    codes = ground.microgrids["microgrid_code"]
    if by is None:
        return _whole(ground)
    if by == "microgrid":
        return pd.Series(codes.to_numpy(), index=codes, dtype="string")
    if by == "community":
        return pd.Series(ground.microgrids["community_code"].to_numpy(), index=codes).dropna()
    if by == "grid":
        areas = area_table(*(dataset.frame(kind) for kind in ("communities", "grids", "microgrids")))
        parents = areas[areas["level"] == "microgrid"].set_index("code")["parent_code"]
        return pd.Series(codes.map(parents).to_numpy(), index=codes).dropna()
    return None


def _distinct(
    seen: pd.DataFrame, groups: pd.Series, edges: pd.DatetimeIndex
) -> dict[str, tuple[Numbers, Numbers]]:
    """Micro-grids seen in each period and how many there are, per group in the order of names."""
    pairs = seen[["period", "microgrid_code"]].drop_duplicates()
    pairs = pairs.assign(group=pairs["microgrid_code"].map(groups)).dropna(subset=["group"])
    found = {}
    for name in sorted(groups.unique()):
        own = pairs.loc[pairs["group"].eq(name).to_numpy(dtype=bool), "period"].to_numpy(dtype=np.int64)
        hit_n = np.bincount(own, minlength=len(edges) - 1).astype(np.float64)
        found[str(name)] = (hit_n, np.full(len(edges) - 1, float(_is(groups, name).sum())))
    return found


def _night_counts(
    log: PatrolLog, edges: pd.DatetimeIndex, by: str | None
) -> dict[str, tuple[Numbers, Numbers]]:
    column = {"team": "team_id", "community": "community_code"}.get(by or "")
    if by is not None and column is None:
        return {}
    rows = night_hours(log, Span(edges[0].to_pydatetime(), edges[-1].to_pydatetime()))
    names = rows[column] if column else pd.Series(ALL, index=rows.index, dtype="string")
    period, is_there = _place(rows["hour_at"], edges), rows["state"].eq("present").to_numpy(dtype=bool)
    found = {}
    for name in sorted(names.dropna().unique()):
        own = _is(names, name).to_numpy()
        hit_n, of_n = (
            np.bincount(period[own & mark], minlength=len(edges) - 1).astype(np.float64)
            for mark in (is_there, np.ones(len(rows), dtype=bool))
        )
        found[str(name)] = (hit_n, of_n)
    return found


def patrol_charts(
    dataset: Dataset,
    keys: Sequence[str],
    window: ChartWindow,
    by: str | None,
    rebase_on: Mapping[str, Sequence[date]] | None,
    scope: Scope | None,
) -> dict[str, dict[str, pd.DataFrame]]:
    """The control charts of `PATROL_SERIES` by key and group, as `control_series.charts_of` has them.

    `n` is the whole of the share. None for a part of the street that patrols do not know.
    """
    found: dict[str, dict[str, pd.DataFrame]] = {key: {} for key in keys}
    if not keys or (scope is not None and not can_cut(scope)):
        return found
    log = patrol_log(dataset)
    if log is None:
        return found
    own = log if scope is None else log.only(scope)
    periods, partial = window.periods(first_at=log.first_at, as_of=log.as_of)
    for key in keys:
        drawn = Drawn(dataset, key, periods, partial, rebase_on)
        for name, counted in period_counts(dataset, own, key, periods, by=by).items():
            basis = {"hit_n": counted.hit_n, "of_n": counted.of_n}
            chart = drawn.chart(counted.value, basis)
            found[key][name] = chart.assign(n=np.nan_to_num(counted.of_n).astype(np.int64))
    return found
