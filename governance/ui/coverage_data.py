"""What 巡逻覆盖 computes from a data set, one function a cache entry (see ui.cache.cached)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics import patrol_rows
from governance.metrics.coverage import Coverage, Patrolled, coverages, walked_m
from governance.metrics.duty import duty_hours, longest_empty, presence_share, unit_hours
from governance.metrics.dwell import visit_habits
from governance.metrics.effort import (
    efforts_by_team,
    encounter,
    missed_by_patrols,
    patrol_hours,
)
from governance.metrics.ground import Ground, ground_of
from governance.metrics.integration import Integration, integration, joint_scenes
from governance.metrics.last_visits import visits_until
from governance.metrics.revisits import gap_register, intervals, joined_visits, time_since
from governance.metrics.scenes import no_scenes
from governance.metrics.windows import Span
from governance.ui.cache import cached, cached_lately

if TYPE_CHECKING:
    from governance.metrics.duty import PresenceShare
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.workdays import Week


def _visits_around(dataset: Dataset, week: Week) -> pd.DataFrame:
    """The visits of a week and of the day before, which a report of Monday may follow."""
    return dataset.patrol("visits", since=week.first_day - timedelta(days=1), until=week.last_day)


def ground(dataset: Dataset) -> Ground:
    """What has to be patrolled."""
    return ground_of(dataset)


def known_until(dataset: Dataset, week: Week) -> datetime | None:
    """Until when the week's patrols are known (see `patrol_rows.known_until`)."""
    return patrol_rows.known_until(dataset, Span(week.start_at, week.end_at))


@dataclass(frozen=True)
class Part:
    """What of the street is looked at, by which force; None is all. Hashable, so it may key a cache."""

    community_code: str | None = None
    force: str | None = None
    tier: int | None = None

    @classmethod
    def of(cls, selection: Selection) -> Part:
        """The part that the filters name."""
        tier = int(selection.tier) if selection.tier else None
        return cls(selection.community_code, selection.force, tier)

    def ground(self, whole: Ground) -> Ground:
        """The micro-grids, points and routes of the part."""
        return whole.of_community(self.community_code).of_tier(self.tier)

    def places(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of micro-grids that lie in the part."""
        for column, value in (("community_code", self.community_code), ("tier", self.tier)):
            if value is not None:
                frame = frame[frame[column].eq(value).fillna(False).astype(bool)]
        return frame

    def by_force(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of the force."""
        if self.force is None:
            return frame
        return frame[frame["force"].eq(self.force).fillna(False).astype(bool)]


def week_coverages(dataset: Dataset, week: Week, part: Part) -> Coverage:
    """The four coverages of a week, of a part of the street."""
    return coverages(_patrolled_by(dataset, week, part), part.ground(cached(ground, dataset)))[0]


def _patrolled(dataset: Dataset, week: Week) -> Patrolled:
    return patrol_rows.patrolled_of(dataset, since=week.first_day, until=week.last_day)


def _patrolled_by(dataset: Dataset, week: Week, part: Part) -> Patrolled:
    patrolled = cached_lately(_patrolled, dataset, week)
    return patrolled if part.force is None else patrolled.where("force", part.force)


def grouped_coverages(dataset: Dataset, week: Week, part: Part, by: str) -> tuple[Coverage, ...]:
    """The coverages of a week per group."""
    patrolled, own = _patrolled_by(dataset, week, part), part.ground(cached(ground, dataset))
    return tuple(coverages(patrolled, own, by=by))


def covered_places(dataset: Dataset, week: Week, part: Part) -> dict[str, pd.DataFrame]:
    """The micro-grids, required points and routes behind the coverages.

    microgrids with is_certain, is_border and passes_n (stays too short for a visit), points with
    is_visited, routes with walked_m.
    """
    passes = part.by_force(dataset.patrol("passes", since=week.first_day, until=week.last_day))
    passed = passes.groupby("microgrid_code")["passes_n"].sum()
    patrolled, own = _patrolled_by(dataset, week, part), part.ground(cached(ground, dataset))
    code = own.microgrids["microgrid_code"]
    certain, visited = code.isin(patrolled.certain), code.isin(patrolled.visited)
    passes_n = code.map(passed).fillna(0).astype("int64")
    return {
        "microgrids": own.microgrids.assign(
            is_certain=certain, is_border=visited & ~certain, passes_n=passes_n
        ),
        "points": own.points.assign(is_visited=own.points["point_id"].isin(patrolled.points)),
        "routes": own.routes.assign(walked_m=walked_m(patrolled.metres, own.routes)),
    }


def _stays(dataset: Dataset, week: Week, force: str | None) -> pd.DataFrame:
    """The times micro-grids had somebody of a force, up to the week's end (see `visits_until`)."""
    return joined_visits(visits_until(dataset, cached(ground, dataset), week, force=force))


def since(dataset: Dataset, week: Week, part: Part) -> pd.DataFrame:
    """Time since the last visit of each micro-grid of a part at the end of the week.

    Empty before the records.
    """
    at = known_until(dataset, week)
    if at is None:
        return pd.DataFrame()
    stays = cached(_stays, dataset, week, part.force)
    presence = part.by_force(dataset.patrol("presence"))
    return time_since(stays, presence, part.ground(cached(ground, dataset)), at=at)


def since_with_habits(dataset: Dataset, week: Week, part: Part) -> pd.DataFrame:
    """`since`, with how the week's visits were made (`dwell.visit_habits`): for the download."""
    table = cached(since, dataset, week, part)
    if table.empty:
        return table
    visits = part.by_force(cached_lately(_patrolled, dataset, week).visits)
    habits = visit_habits(visits, span=Span(week.start_at, week.end_at))
    return table.merge(habits, on="microgrid_code", how="left").assign(
        visits_n=lambda rows: rows["visits_n"].fillna(0).astype("int64")
    )


def gaps(dataset: Dataset, week: Week, part: Part) -> pd.DataFrame:
    """The week's gap register of a part, with h, multiple and state of `time_since`."""
    at = known_until(dataset, week)
    if at is None:
        return pd.DataFrame()
    stays = cached(_stays, dataset, week, part.force)
    span, own = Span(week.start_at, week.end_at), part.ground(cached(ground, dataset))
    register = gap_register(intervals(stays, until=at), own, span=span, until=at)
    now = cached(since, dataset, week, part)[["microgrid_code", "h", "multiple", "state"]]
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
    as_of, presence = patrol_rows.on_duty_until(dataset), dataset.patrol("presence")
    if as_of is None or presence.empty or as_of <= week.start_at:
        return None
    hours = duty_hours(presence, span=Span(week.start_at, week.end_at), as_of=as_of)
    units = unit_hours(hours)
    return Duty(
        hours, units, presence_share(units), presence_share(units, night_only=True), longest_empty(units)
    )


def found_scenes(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Who came to the cases reported in a week."""
    return patrol_rows.scenes_of(dataset, Span(week.start_at, week.end_at))


def together(dataset: Dataset, week: Week) -> Integration:
    """Three forces together or apart in a week."""
    frame = dataset.patrol("together", since=week.first_day, until=week.last_day)
    span = Span(week.start_at, week.end_at)
    return integration(frame, cached(found_scenes, dataset, week), span=span)[0]


def before_and_after(dataset: Dataset) -> tuple[Integration, Integration]:
    """Together or apart before the reform and since, in all stored weeks; without scenes."""
    reform = dataset.settings.day("reform_on")
    spans = Span.of_days(None, reform - timedelta(days=1)), Span.of_days(reform, None)
    frame, none = dataset.patrol("together"), no_scenes()
    before, after = (integration(frame, none, span=span)[0] for span in spans)
    return before, after


def effort(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Hours and kilometres of each team in a week."""
    span = Span(week.start_at, week.end_at)
    efforts = patrol_rows.by_shift(dataset, "efforts", since=week.first_day, until=week.last_day)
    return efforts_by_team(dataset.patrol("presence"), dataset.patrol("together"), efforts, span=span)


def effort_and_cases(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Where patrols were, where cases were, what patrols found and missed, by community.

    Columns: community_code, name, patrol_h, reported_n, effort_share, case_share (of the street),
    found_n (cases patrols reported), rate, rate_lower, rate_upper (per patrol hour, with an exact
    Poisson interval; missing with low or no effort), lasting_n and missed_n (of
    `effort.missed_by_patrols`).
    """
    span, visits = Span(week.start_at, week.end_at), _visits_around(dataset, week)
    place = cached(ground, dataset).microgrids.set_index("microgrid_code")["community_code"]
    hours = patrol_hours(visits, span=span, place=place)
    reported = dataset.frame("incidents")
    reported = reported[span.holds(reported["reported_at"])]
    found = reported[reported["source"].eq("patrol").fillna(False).astype(bool)]
    lasting = missed_by_patrols(reported, visits, span=span)
    lasting = lasting.assign(community_code=lasting["microgrid_code"].map(place))
    known = dataset.frame("communities").dropna(subset=["community_code"])
    known = known.drop_duplicates("community_code", keep="last").sort_values("community_code")
    table = pd.DataFrame({"community_code": known["community_code"], "name": known["name"]})
    table["patrol_h"] = table["community_code"].map(hours).fillna(0.0).astype("float64")
    counts = {
        "reported_n": reported,
        "found_n": found,
        "lasting_n": lasting,
        "missed_n": lasting[lasting["is_missed"]],
    }
    for name, rows in counts.items():
        per_code = rows.groupby("community_code").size()
        table[name] = table["community_code"].map(per_code).fillna(0).astype("int64")
    least_h = dataset.settings.number("low_effort_h")
    met = [
        encounter(str(row["community_code"]), int(row["found_n"]), row["patrol_h"], low_effort_h=least_h)
        for row in table.to_dict("records")
    ]
    return table.assign(
        effort_share=table["patrol_h"] / (table["patrol_h"].sum() or float("nan")),
        case_share=table["reported_n"] / (table["reported_n"].sum() or float("nan")),
        rate=pd.Series([one.rate for one in met], index=table.index, dtype="float64"),
        rate_lower=pd.Series([one.lower for one in met], index=table.index, dtype="float64"),
        rate_upper=pd.Series([one.upper for one in met], index=table.index, dtype="float64"),
    ).reset_index(drop=True)


def met_and_missed(dataset: Dataset, week: Week) -> dict[str, pd.DataFrame]:
    """The cases behind what patrols found and missed: found, lasting (reported by the public), missed."""
    span, visits = Span(week.start_at, week.end_at), _visits_around(dataset, week)
    cases = dataset.cases()
    reported = cases[span.holds(cases["reported_at"])]
    lasting = missed_by_patrols(reported, visits, span=span)
    missed = lasting.loc[lasting["is_missed"], "incident_id"]
    return {
        "found": reported[reported["source"].eq("patrol").fillna(False).astype(bool)],
        "lasting": reported[reported["incident_id"].isin(lasting["incident_id"])],
        "missed": reported[reported["incident_id"].isin(missed)],
    }


def joint(dataset: Dataset, week: Week) -> pd.DataFrame:
    """The cases at which two forces came, with gap_min between the first and the second."""
    table = joint_scenes(cached(found_scenes, dataset, week)).drop(columns=["team_id"])
    return dataset.cases().merge(table, on="incident_id")
