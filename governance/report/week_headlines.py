"""The signals of a week, gathered from its facts, and its headlines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.metric_words import metric_label, metric_scale
from governance.figures.place_words import Scale, short_name
from governance.figures.since_map import duration_words
from governance.meeting.case_rules import STOCK
from governance.meeting.headlines import desk_headlines, headlines
from governance.meeting.signals import CareCount, Signals, SpeedUp, WeeklyChart
from governance.metrics.definitions import HEADLINES, metric_named
from governance.metrics.scenes import closed_unseen, scenes
from governance.metrics.targets import target_of
from governance.metrics.trust import source_status
from governance.metrics.windows import Span
from governance.report.week_cases import case_facts
from governance.report.week_patrol import NIGHT, patrol_facts
from governance.report.week_people import people_facts
from governance.text import t

if TYPE_CHECKING:
    from governance.meeting.ranking import Headline
    from governance.records.dataset import Dataset
    from governance.report.week_cases import CaseFacts
    from governance.report.week_patrol import PatrolFacts
    from governance.report.week_people import PeopleFacts
    from governance.workdays import Week

D_GRADE = "D"


@dataclass(frozen=True)
class WeekFacts:
    """Everything a week's slides are made of.

    `grades` (kind, week, grade) are those of the week's sources, and of the week before for those
    that are D now.
    """

    week: Week
    cases: CaseFacts | None
    patrol: PatrolFacts | None
    people: PeopleFacts
    grades: pd.DataFrame

    @property
    def poor_kinds(self) -> frozenset[str]:
        """The sources whose data of the week are of grade D."""
        now = self.grades[self.grades["week"].eq(str(self.week)) & self.grades["grade"].eq(D_GRADE)]
        return frozenset(str(kind) for kind in now["kind"])


def week_facts(dataset: Dataset, week: Week) -> WeekFacts:
    """The facts of a week."""
    return WeekFacts(
        week=week,
        cases=case_facts(dataset, week),
        patrol=patrol_facts(dataset, week),
        people=people_facts(dataset, week),
        grades=_grades(dataset, week),
    )


def _grades(dataset: Dataset, week: Week) -> pd.DataFrame:
    """The grades of the week's sources; of those that are D also the week before's."""
    now = source_status(dataset, week)[["kind", "grade"]].assign(week=str(week)).dropna(subset=["grade"])
    poor = now.loc[now["grade"].eq(D_GRADE), "kind"]
    if poor.empty:
        return now
    before = source_status(dataset, week.shifted(-1))[["kind", "grade"]].assign(week=str(week.shifted(-1)))
    return pd.concat([now, before[before["kind"].isin(poor)]], ignore_index=True).dropna(subset=["grade"])


def week_headlines(dataset: Dataset, week: Week) -> tuple[Headline, ...]:
    """The headlines of the slides, and after them those that only the secretary's desk shows.

    The latter have `is_for_desk_only`: cases closed outdoors without a track near, teams without
    tracks, and what rests on data of grade D.
    """
    signals = signals_of(dataset, week_facts(dataset, week), unseen=_unseen(dataset, week))
    return with_names((*headlines(signals), *desk_headlines(signals)), signals)


def room_headlines(dataset: Dataset, facts: WeekFacts) -> tuple[Headline, ...]:
    """The headlines that stand on the meeting screen and in the papers."""
    signals = signals_of(dataset, facts)
    return with_names(headlines(signals), signals)


def with_names(found: tuple[Headline, ...], signals: Signals) -> tuple[Headline, ...]:
    """The headlines, micro-grids called by their names: the last row cannot read a code."""
    return tuple(_gap_named(one, signals) if one.rule == "gap" else one for one in found)


def _gap_named(one: Headline, signals: Signals) -> Headline:
    since = signals.since
    never = since.loc[since["state"].eq("never") & since["limit_h"].notna(), "microgrid_code"]
    code = str(never.min()) if one.place is None else one.place.code
    row = since[since["microgrid_code"].eq(code)].iloc[0]
    name = str(row["name"]) if isinstance(row["name"], str) else code
    if one.place is None:
        return replace(one, sub=t("slides.gap.never_sub", name=name), short=t("slides.gap.never_short"))
    community = signals.community(row["community_code"])
    place = short_name(community)
    # The title has said the community.
    rest = name.removeprefix(community).removeprefix(place) or name
    late_n = int((since["state"].eq("visited") & since["multiple"].gt(1)).sum())
    return replace(
        one,
        title=t("slides.gap.title", place=place, ago=f"{one.value} {one.unit}"),
        sub=t("slides.gap.sub", name=rest, limit=duration_words(float(row["limit_h"])), n=late_n),
        short=t("slides.gap.short"),
        decide=t("slides.gap.decide", name=name),
    )


def signals_of(dataset: Dataset, facts: WeekFacts, *, unseen: pd.DataFrame | None = None) -> Signals:
    """What the rules look at."""
    cases, patrol = facts.cases, facts.patrol
    teams = dataset.frame("teams").dropna(subset=["team_id"]).drop_duplicates("team_id", keep="last")
    own = teams.dropna(subset=["community_code"]).drop_duplicates("community_code")
    communities = dataset.frame("communities").dropna(subset=["community_code"])
    communities = communities.drop_duplicates("community_code", keep="last")
    nothing = pd.DataFrame()
    return Signals(
        week=facts.week,
        charts=(*_case_charts(facts), *_night_charts(facts)),
        communities=cases.compared if cases else nothing,
        since=patrol.since if patrol else nothing,
        night=patrol.empty_nights if patrol else nothing,
        speedup=_speed_up(cases),
        chronic=cases.chronic if cases else nothing,
        care=_care(dataset, facts),
        warnings=facts.people.warnings,
        handbook=facts.people.handbook,
        grades=facts.grades,
        dark=patrol.dark if patrol else nothing,
        unseen=nothing if unseen is None else unseen,
        teams=_texts(teams, "team_id", "name"),
        community_names=_texts(communities, "community_code", "name"),
        community_teams=_texts(own, "community_code", "team_id"),
    )


def _texts(frame: pd.DataFrame, key: str, value: str) -> dict[str, str]:
    values = frame[value].fillna(frame[key])
    return {str(one): str(other) for one, other in zip(frame[key], values, strict=True)}


def _case_charts(facts: WeekFacts) -> list[WeeklyChart]:
    """The headline figures of which one way is better, and overdue cases."""
    cases = facts.cases
    if cases is None:
        return []
    charts = []
    for key in HEADLINES:
        rows = cases.weeks[cases.weeks["metric"].eq(key)].reset_index(drop=True)
        if metric_named(key).direction == "none" or rows.empty:
            continue
        last = rows["value"].iloc[-1]
        scale = metric_scale(key, [float(last)] if not pd.isna(last) else [])
        chart = rows.assign(is_partial=~rows["is_complete"])
        direction = metric_named(key).direction
        charts.append(WeeklyChart(key, metric_label(key), direction, scale, chart, "process_control", key))
    label, scale = t("slides.short.overdue_n"), Scale(t("units.case"), 1, 0)
    stock = WeeklyChart(STOCK, label, "lower", scale, cases.overdue, "incident_response")
    return [*charts, stock]


def _night_charts(facts: WeekFacts) -> list[WeeklyChart]:
    if facts.patrol is None or facts.patrol.night_chart.empty:
        return []
    label, scale = t("slides.short.night_presence_share"), Scale("%", 0.01, 1)
    rows = facts.patrol.night_chart
    return [WeeklyChart(NIGHT, label, "higher", scale, rows, "patrol_coverage")]


def _speed_up(cases: CaseFacts | None) -> SpeedUp | None:
    if cases is None or cases.misleading is None:
        return None
    one = cases.closings[cases.misleading]
    return SpeedUp(
        category=cases.misleading,
        closed_only_min=one.closed_only_median,
        median_min=one.median,
        watched_min=one.watched,
        n=one.n,
        open_n=one.open_n,
    )


def _care(dataset: Dataset, facts: WeekFacts) -> CareCount | None:
    table = facts.people.care
    if table.empty:
        return None
    target = target_of(dataset.frame("targets"), "care_on_time_share", facts.week.last_day)
    due, overdue, never = (int(table[name].sum()) for name in ("due_n", "overdue_n", "never_n"))
    return CareCount(due, overdue, never, target.value if target else None)


def _unseen(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Cases closed outdoors in the week per team, and those of them without any track near.

    Columns: team_id, closed_n, unseen_n; empty without tracks.
    """
    as_of, cases = dataset.as_of_for("pings", "incidents"), dataset.cases()
    span = Span(week.start_at, week.end_at)
    closed = cases[span.holds(cases["closed_at"])]
    since, until = week.shifted(-1).last_day, week.last_day
    positions = dataset.patrol("positions", since=since, until=until)
    if as_of is None or positions.empty or closed.empty:
        return pd.DataFrame(columns=["team_id", "closed_n", "unseen_n"])
    near = scenes(closed, positions, as_of=as_of)
    presence = dataset.patrol("presence", since=since, until=until)
    found = closed_unseen(closed, near, presence, span=span)
    known = found[found["is_known"]]
    counts = known["is_unseen"].astype("int64").groupby(known["team_id"]).agg(["size", "sum"])
    return counts.set_axis(["closed_n", "unseen_n"], axis=1).rename_axis("team_id").reset_index()
