"""What a week's slides take from patrols: coverages, time since last visit, gaps, nights.

Counted as 巡逻覆盖 counts them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.control import control_frame
from governance.metrics.coverage import Coverage, Patrolled, coverages
from governance.metrics.duty import duty_hours, is_provided, presence_share, unit_hours
from governance.metrics.ground import Ground, ground_of
from governance.metrics.last_visits import visits_until
from governance.metrics.patrol_rows import by_shift, known_until, on_duty_until
from governance.metrics.revisits import gap_register, intervals, joined_visits, time_since
from governance.metrics.windows import Span, is_complete
from governance.records.patrol.columns import empty_patrol_frame
from governance.workdays import Week, weeks_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from governance.metrics.duty import PresenceShare
    from governance.records.dataset import Dataset

NIGHT = "night_presence_share"
_NIGHT_WEEKS = 3


@dataclass(frozen=True)
class PatrolFacts:
    """The patrols of a week.

    `this` and `before` are the coverages of the week and the one before (None where the records do
    not reach it); swept area is left out. `since` is of `revisits.time_since` at the week's end,
    `gaps` of `revisits.gap_register`, both empty without positions or check-ins. `units` are the
    unit-hours of the week (`duty.unit_hours`), `night` and `night_before` the night's share,
    `night_chart` its weeks (`control.control_frame`), `empty_nights` the unit-hours of the last three
    weeks that a roll call says nobody was there (team_id, week, night_on, hour_at), `dark` per team
    and week (team_id, week, share) the planned minutes without evidence. `visits`
    holds what was visited and walked in the week.
    """

    ground: Ground
    at: datetime
    this: Coverage
    before: Coverage | None
    since: pd.DataFrame
    gaps: pd.DataFrame
    units: pd.DataFrame
    night: PresenceShare | None
    night_before: PresenceShare | None
    night_chart: pd.DataFrame
    empty_nights: pd.DataFrame
    dark: pd.DataFrame
    not_provided: tuple[str, ...]
    visits: Patrolled


def patrol_facts(dataset: Dataset, week: Week) -> PatrolFacts | None:
    """The facts of a week; None where no position or check-in reaches it, or nothing is to be patrolled."""
    at, ground = known_until(dataset, Span(week.start_at, week.end_at)), ground_of(dataset)
    if at is None or ground.microgrids.empty:
        return None
    visits = visits_until(dataset, ground, week)
    patrolled = _patrolled(dataset, visits, week)
    if patrolled.visits.empty and patrolled.point_visits.empty:
        return None
    presence = dataset.patrol("presence")
    since, gaps = _since_and_gaps(visits, ground, presence, week, at)
    weeks = weeks_until(week, dataset.settings.integer("trend_weeks"))
    units = _unit_hours(dataset, presence, weeks)
    own = units[Span(week.start_at, week.end_at).holds(units["hour_at"])]
    last_week = Span(week.shifted(-1).start_at, week.start_at)
    has_duty = len(own) > 0
    return PatrolFacts(
        ground=ground,
        at=at,
        this=coverages(patrolled, ground)[0],
        before=_before(dataset, visits, ground, week),
        since=since,
        gaps=gaps,
        units=own,
        night=presence_share(own, night_only=True) if has_duty else None,
        night_before=presence_share(units[last_week.holds(units["hour_at"])], night_only=True)
        if has_duty
        else None,
        night_chart=_night_chart(dataset, units, weeks),
        empty_nights=_empty_nights(units, week),
        dark=_dark(presence, week),
        not_provided=_not_provided(presence),
        visits=patrolled,
    )


def _patrolled(dataset: Dataset, visits: pd.DataFrame, week: Week) -> Patrolled:
    """What patrols visited and walked in a week, each place once; without the swept area."""
    first, last = week.first_day, week.last_day
    patrolled = Patrolled(
        visits=visits,
        point_visits=dataset.patrol("point_visits", since=first, until=last),
        route_metres=by_shift(dataset, "route_metres", since=first, until=last),
        swept=empty_patrol_frame("swept"),
        cells=empty_patrol_frame("cells"),
    ).within(Span(week.start_at, week.end_at))
    # Whether a place was visited is asked, not how often.
    return replace(
        patrolled,
        visits=patrolled.visits.drop_duplicates(["microgrid_code", "sureness"]),
        point_visits=patrolled.point_visits.drop_duplicates("point_id"),
    )


def _before(dataset: Dataset, visits: pd.DataFrame, ground: Ground, week: Week) -> Coverage | None:
    last = week.shifted(-1)
    if known_until(dataset, Span(last.start_at, last.end_at)) is None:
        return None
    patrolled = _patrolled(dataset, visits, last)
    return None if patrolled.visits.empty else coverages(patrolled, ground)[0]


def _since_and_gaps(
    visits: pd.DataFrame, ground: Ground, presence: pd.DataFrame, week: Week, at: datetime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Time since the last visit at the week's end, and the week's gap register."""
    span = Span(week.start_at, week.end_at)
    since = time_since(visits, presence, ground, at=at)
    between = intervals(joined_visits(visits), until=at)
    return since, gap_register(between, ground, span=span, until=at)


# ---------------------------------------------------------------------------------- nights
def _unit_hours(dataset: Dataset, presence: pd.DataFrame, weeks: Sequence[Week]) -> pd.DataFrame:
    as_of = on_duty_until(dataset)
    if as_of is None or presence.empty:
        return pd.DataFrame(
            {
                "team_id": pd.Series(dtype="string"),
                "hour_at": pd.Series(dtype="datetime64[us, Asia/Shanghai]"),
                "state": pd.Series(dtype="string"),
            }
        )
    span = Span(weeks[0].start_at, weeks[-1].end_at)
    return unit_hours(duty_hours(presence, span=span, as_of=as_of))


def _night_chart(dataset: Dataset, units: pd.DataFrame, weeks: tuple[Week, ...]) -> pd.DataFrame:
    """The night's share by week against its limits; empty without duty."""
    as_of = dataset.as_of_for("pings")
    if units.empty:
        return pd.DataFrame()
    shares = []
    for week in weeks:
        inside = units[Span(week.start_at, week.end_at).holds(units["hour_at"])]
        share = presence_share(inside, night_only=True).worst_share
        shares.append(float("nan") if share is None else share)
    return control_frame(
        weeks,
        shares,
        rebase_on=(dataset.settings.day("reform_on"),),
        floor=0.0,
        ceiling=1.0,
        is_partial=[not is_complete(week, as_of) for week in weeks],
    )


def _empty_nights(units: pd.DataFrame, week: Week) -> pd.DataFrame:
    """Unit-hours of the night that a roll call says nobody was there, of three weeks."""
    first = week.shifted(1 - _NIGHT_WEEKS)
    hour = units["hour_at"]
    is_night = hour.dt.hour.isin((22, 23, 0, 1, 2, 3, 4, 5))
    rows = units[units["state"].eq("absent") & is_night & Span(first.start_at, week.end_at).holds(hour)]
    night = (rows["hour_at"] - pd.Timedelta(hours=6)).dt.floor("D")
    written = {day: str(Week.of(day.to_pydatetime())) for day in rows["hour_at"].dt.floor("D").unique()}
    weeks = rows["hour_at"].dt.floor("D").map(written).astype("string")
    kept: pd.DataFrame = rows[["team_id", "hour_at"]].assign(night_on=night, week=weeks)
    return kept.reset_index(drop=True)


# ------------------------------------------------------------------------------- evidence
def _given(presence: pd.DataFrame) -> pd.DataFrame:
    """The rows of forces that give tracks or roll calls at all."""
    return presence[is_provided(presence)] if len(presence) else presence


def _dark(presence: pd.DataFrame, week: Week) -> pd.DataFrame:
    """The share of a team's planned minutes without any evidence, in the week and the one before."""
    given = _given(presence)
    rows = []
    for one in (week.shifted(-1), week):
        inside = given[Span(one.start_at, one.end_at).holds(given["hour_at"])]
        sums = inside.groupby("team_id")[["unknown_min", "planned_min"]].sum()
        share = sums["unknown_min"] / sums["planned_min"].where(sums["planned_min"] > 0)
        rows.append(pd.DataFrame({"team_id": share.index, "week": str(one), "share": share.to_numpy()}))
    return pd.concat(rows, ignore_index=True).dropna(subset=["share"])


def _not_provided(presence: pd.DataFrame) -> tuple[str, ...]:
    """The forces that give neither tracks nor roll calls."""
    if presence.empty:
        return ()
    missing = presence.loc[~is_provided(presence), "force"].dropna().unique()
    return tuple(sorted(str(force) for force in missing))
