"""What 巡逻覆盖 computes from a data set, one function a cache entry (see ui.cache.cached)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.coverage import Coverage, Patrolled, coverages
from governance.metrics.duty import duty_hours, longest_empty, presence_share, unit_hours
from governance.metrics.effort import TrackReceipt, efforts_by_team, patrol_hours, track_receipts
from governance.metrics.ground import Ground, ground_of
from governance.metrics.integration import Integration, integration
from governance.metrics.patrol_rows import patrolled_of, scenes_of
from governance.metrics.revisits import gap_register, intervals, joined_visits, time_since
from governance.metrics.scenes import closed_unseen, scenes
from governance.metrics.windows import Span
from governance.ui.cache import cached

if TYPE_CHECKING:
    from governance.metrics.duty import PresenceShare
    from governance.records.dataset import Dataset
    from governance.workdays import Week

_RECENT_WEEKS = 5
_NO_SCENES = pd.DataFrame(
    {
        **{name: pd.Series(dtype="string") for name in ("incident_id", "team_id", "force")},
        "first_at": pd.Series(dtype="datetime64[us, Asia/Shanghai]"),
    }
)


def _days(dataset: Dataset, name: str, week: Week) -> pd.DataFrame:
    """A patrol frame of a week's days and the day before, on which a night shift begins."""
    return dataset.patrol(name, since=week.first_day - timedelta(days=1), until=week.last_day)


def ground(dataset: Dataset) -> Ground:
    """What has to be patrolled."""
    return ground_of(dataset)


def known_until(dataset: Dataset, week: Week) -> datetime | None:
    """Until when the week's patrols are known: its end or the positions' as-of; None before the records."""
    as_of = dataset.as_of_for("pings") or dataset.as_of_for("checkins")
    if as_of is None or as_of <= week.start_at:
        return None
    return min(week.end_at, as_of)


def week_coverages(dataset: Dataset, week: Week, community_code: str | None) -> Coverage:
    """The four coverages of a week, of the street or one community."""
    own = cached(ground, dataset).of_community(community_code)
    return coverages(cached(_patrolled, dataset, week), own)[0]


def _patrolled(dataset: Dataset, week: Week) -> Patrolled:
    return patrolled_of(dataset, since=week.first_day, until=week.last_day)


def grouped_coverages(
    dataset: Dataset, week: Week, community_code: str | None, by: str
) -> tuple[Coverage, ...]:
    """The coverages of a week per group."""
    own = cached(ground, dataset).of_community(community_code)
    return tuple(coverages(cached(_patrolled, dataset, week), own, by=by))


def _recent_visits(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Visits up to the week's end: of five weeks where those tell of every micro-grid, else of all."""
    first = week.shifted(1 - _RECENT_WEEKS).first_day
    recent = dataset.patrol("visits", since=first, until=week.last_day)
    known = cached(ground, dataset).microgrids["microgrid_code"]
    return recent if known.isin(recent["microgrid_code"]).all() else dataset.patrol("visits")


def _recent_presence(dataset: Dataset, week: Week) -> pd.DataFrame:
    first = week.shifted(1 - _RECENT_WEEKS).first_day
    return dataset.patrol("presence", since=first, until=week.last_day)


def since(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Time since the last visit of every micro-grid at the end of the week; empty before the records."""
    at = known_until(dataset, week)
    if at is None:
        return pd.DataFrame()
    visits, presence = cached(_recent_visits, dataset, week), cached(_recent_presence, dataset, week)
    return time_since(visits, presence, cached(ground, dataset), at=at)


def gaps(dataset: Dataset, week: Week) -> pd.DataFrame:
    """The week's gap register, with h, multiple and state of `time_since`."""
    at = known_until(dataset, week)
    if at is None:
        return pd.DataFrame()
    between = intervals(joined_visits(cached(_recent_visits, dataset, week)), until=at)
    span = Span(week.start_at, week.end_at)
    register = gap_register(between, cached(ground, dataset), span=span, until=at)
    now = cached(since, dataset, week)[["microgrid_code", "h", "multiple", "state"]]
    return register.merge(now, on="microgrid_code", how="left")


@dataclass(frozen=True)
class Duty:
    """A week's duty: hours by team and force, unit-hours, shares, stretches with nobody there."""

    hours: pd.DataFrame
    units: pd.DataFrame
    whole: PresenceShare
    night: PresenceShare
    empty: pd.DataFrame


def duty(dataset: Dataset, week: Week) -> Duty | None:
    """The duty of a week; None where positions and roll calls do not reach it."""
    as_of = dataset.as_of_for("pings")
    presence = cached(_recent_presence, dataset, week)
    if as_of is None or presence.empty or as_of <= week.start_at:
        return None
    hours = duty_hours(presence, span=Span(week.start_at, week.end_at), as_of=as_of)
    units = unit_hours(hours)
    return Duty(
        hours, units, presence_share(units), presence_share(units, night_only=True), longest_empty(units)
    )


def found_scenes(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Who came to the cases reported in a week."""
    return scenes_of(dataset, Span(week.start_at, week.end_at))


def together(dataset: Dataset, week: Week) -> Integration:
    """Three forces together or apart in a week."""
    frame = dataset.patrol("together", since=week.first_day, until=week.last_day)
    span = Span(week.start_at, week.end_at)
    return integration(frame, cached(found_scenes, dataset, week), span=span)[0]


def before_and_after(dataset: Dataset) -> tuple[Integration, Integration]:
    """Together or apart before the reform and since, in all stored weeks; without scenes."""
    reform = dataset.settings.day("reform_on")
    spans = Span.of_days(None, reform - timedelta(days=1)), Span.of_days(reform, None)
    frame, none = dataset.patrol("together"), _NO_SCENES
    before, after = (integration(frame, none, span=span)[0] for span in spans)
    return before, after


def unseen(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Cases closed outdoors in a week, and whether anybody's track came near them."""
    as_of = dataset.as_of_for("pings", "incidents")
    span = Span(week.start_at, week.end_at)
    cases = dataset.cases()
    closed = cases[span.holds(cases["closed_at"])]
    since, until = week.first_day - timedelta(days=1), week.last_day
    positions = dataset.patrol("positions", since=since, until=until)
    if as_of is None or positions.empty:
        return closed_unseen(closed.head(0), _NO_SCENES, dataset.patrol("presence").head(0), span=span)
    near = scenes(closed, positions, as_of=as_of)
    presence = dataset.patrol("presence", since=since, until=until)
    return closed_unseen(closed, near, presence, span=span)


def receipt(dataset: Dataset, week: Week) -> TrackReceipt:
    """What became of the week's positions."""
    span = Span(week.start_at, week.end_at)
    return track_receipts(_days(dataset, "receipts", week), _days(dataset, "presence", week), span=span)[0]


def effort(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Hours and kilometres of each team in a week."""
    span = Span(week.start_at, week.end_at)
    return efforts_by_team(_days(dataset, "presence", week), _days(dataset, "efforts", week), span=span)


def effort_and_cases(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Where patrols were and where cases were, by community.

    Columns: community_code, name, patrol_h, reported_n, effort_share, case_share (of the street).
    """
    span = Span(week.start_at, week.end_at)
    own = cached(ground, dataset)
    place = own.microgrids.set_index("microgrid_code")["community_code"]
    hours = patrol_hours(_days(dataset, "visits", week), span=span, place=place)
    incidents = dataset.frame("incidents")
    reported = incidents[span.holds(incidents["reported_at"])].groupby("community_code").size()
    communities = dataset.frame("communities").drop_duplicates("community_code").sort_values("community_code")
    code = communities["community_code"]
    table = pd.DataFrame(
        {
            "community_code": code,
            "name": communities["name"],
            "patrol_h": code.map(hours).fillna(0.0).astype("float64"),
            "reported_n": code.map(reported).fillna(0).astype("int64"),
        }
    )
    return table.assign(
        effort_share=table["patrol_h"] / (table["patrol_h"].sum() or float("nan")),
        case_share=table["reported_n"] / (table["reported_n"].sum() or float("nan")),
    ).reset_index(drop=True)
