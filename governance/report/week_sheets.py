"""The rows behind a week's figures, as sheets: masked, Chinese headers, one topic a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.figures.case_table import cases_table
from governance.figures.metric_words import metric_label
from governance.metrics.containment import BANDS
from governance.metrics.coverage import walked_m
from governance.metrics.duty import NIGHT_HOURS
from governance.metrics.small_numbers import shown_counts
from governance.metrics.stages import us_at
from governance.metrics.windows import PUBLIC_SOURCES
from governance.report.week_cases import CURVE_WEEKS
from governance.report.week_place_slides import names_of
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from governance.meeting.ranking import Headline
    from governance.records.dataset import Dataset
    from governance.report.model import Slide
    from governance.report.week_cases import CaseFacts
    from governance.report.week_headlines import WeekFacts
    from governance.report.week_patrol import PatrolFacts
    from governance.report.week_people import PeopleFacts
    from governance.workdays import Week

_FIRST = 1


def _head(name: str) -> str:
    return t(f"slides.columns.{name}")


def _renamed(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """These columns under their Chinese names, stamps as text to the second."""
    columns = {}
    for name in names:
        values = frame[name]
        is_stamp = isinstance(values.dtype, pd.DatetimeTZDtype)
        columns[_head(name)] = values.dt.strftime("%Y-%m-%d %H:%M:%S").fillna("") if is_stamp else values
    return pd.DataFrame(columns).reset_index(drop=True)


def _yes_no(mask: pd.Series | NDArray[np.bool_]) -> pd.Series:
    words = np.where(np.asarray(mask, dtype=bool), _head("yes"), _head("no"))
    return pd.Series(words, dtype="string")


def _marked(cases: pd.DataFrame, **marks: pd.Series | NDArray[np.bool_]) -> pd.DataFrame:
    """Cases as they are handed out, with yes or no for each mark after their id."""
    table = cases_table(cases).reset_index(drop=True)
    for place, (name, mask) in enumerate(marks.items()):
        table.insert(_FIRST + place, _head(name), _yes_no(mask))
    return table


def sheets_of(
    dataset: Dataset, facts: WeekFacts, slides: Sequence[Slide], found: Sequence[Headline]
) -> dict[str, pd.DataFrame]:
    """Every row behind the slides' figures, by sheet name; sheets without a source are left out."""
    sheets = {"headlines": _headlines(found)} if found else {}
    promised = next((slide for slide in slides if slide.key == "commitments" and slide.tables), None)
    if promised is not None:
        sheets["commitments"] = _table(promised)
    if facts.cases is not None and facts.cases.has_week:
        sheets |= _case_sheets(dataset, facts.cases, facts.week)
    if facts.patrol is not None:
        sheets |= _patrol_sheets(dataset, facts.patrol)
    sheets |= _people_sheets(dataset, facts.people)
    return {t(f"slides.sheets.{name}"): table for name, table in sheets.items()}


def _headlines(found: Sequence[Headline]) -> pd.DataFrame:
    names = ("title", "sub", "value", "unit", "owner", "decide")
    rows = [tuple(getattr(one, name) for name in names) for one in found]
    return pd.DataFrame(rows, columns=[_head(name) for name in names], dtype="string")


def _table(slide: Slide) -> pd.DataFrame:
    table = slide.tables[0]
    return pd.DataFrame(list(table.rows), columns=list(table.heads), dtype="string")


# ----------------------------------------------------------------------------------- cases
def _case_sheets(dataset: Dataset, facts: CaseFacts, week: Week) -> dict[str, pd.DataFrame]:
    due, on_time = facts.marked("on_time_share", week)
    open_, late = facts.marked("open_n", week)
    live = facts.chronic[facts.chronic["week_n"].gt(0)]
    events = facts.chronic_events[facts.chronic_events["place_n"].isin(live["place_n"])]
    return {
        "reported": _reported(facts, week),
        "due": _marked(due.rows, is_on_time=on_time.mask[due.mask]),
        "settled": _settled(facts),
        "open": _marked(open_.rows, is_overdue=late.mask[open_.mask]),
        "closing": _closing(facts),
        "closing_cases": cases_table(_curve_cases(facts, week)).reset_index(drop=True),
        "chronic_places": _chronic(dataset, live),
        "chronic_cases": cases_table(events.sort_values(["place_n", "reported_at"])).reset_index(drop=True),
        "weeks": _weeks(facts.weeks),
    }


def _reported(facts: CaseFacts, week: Week) -> pd.DataFrame:
    """Everything reported in the week: which are the public's, and which the two clocks count."""
    everything, public = facts.parts.everything.frame, facts.parts.public.frame
    timed = {
        name: set(facts.marked(key, week)[0].rows["incident_id"].dropna())
        for name, key in (
            ("is_arrival_timed", "report_to_arrive_p90_min"),
            ("is_closing_timed", "report_to_close_median_min"),
        )
    }
    inside = everything["reported_at"].ge(week.start_at) & everything["reported_at"].lt(week.end_at)
    rows = everything[inside.fillna(False).astype(bool)]
    is_public = rows.index.isin(public.index) if not facts.parts.names_sources else _is_public(rows)
    marks = {name: rows["incident_id"].isin(ids) for name, ids in timed.items()}
    return _marked(rows, is_public=is_public, **marks)


def _is_public(rows: pd.DataFrame) -> pd.Series:
    return rows["source"].isin(PUBLIC_SOURCES).fillna(False).astype(bool)


def _settled(facts: CaseFacts) -> pd.DataFrame:
    """The cases of the ladder with their band."""
    inside = facts.bands["cases_n"].to_numpy(dtype=bool)
    rows, bands = facts.parts.everything.frame[inside], facts.bands[inside]
    table = _marked(rows, is_public=_is_public(rows))
    names = np.select([bands[band] for band in BANDS], list(BANDS), "")
    words = {band: t(f"case_escalation.bands.{band}") for band in BANDS} | {"": ""}
    table.insert(_FIRST, _head("band"), pd.Series([words[str(name)] for name in names], dtype="string"))
    return table


def _curve_cases(facts: CaseFacts, week: Week) -> pd.DataFrame:
    judged = facts.parts.public.judged
    first = us_at(week.shifted(1 - CURVE_WEEKS).start_at)
    inside = (judged.cases.first_us >= first) & (judged.cases.first_us < us_at(week.end_at))
    return judged.incidents[inside]


def _closing(facts: CaseFacts) -> pd.DataFrame:
    found = sorted(facts.closings.items())
    return pd.DataFrame(
        {
            _head("category"): pd.Series([name for name, _ in found], dtype="string"),
            _head("cases_n"): pd.Series([one.n for _, one in found], dtype="Int64"),
            _head("open_n"): pd.Series([one.open_n for _, one in found], dtype="Int64"),
            _head("median"): [one.median for _, one in found],
            _head("closed_only"): [one.closed_only_median for _, one in found],
        }
    )


def _chronic(dataset: Dataset, live: pd.DataFrame) -> pd.DataFrame:
    names = names_of(dataset)
    table = live.assign(
        community=live["community_code"].map(names).fillna(live["community_code"]).fillna(""),
        times=live["n"],
        week_times=live["week_n"],
    )
    columns = ("place", "category", "times", "week_times", "first_at", "last_at", "community")
    return _renamed(table, columns)


def _weeks(weeks: pd.DataFrame) -> pd.DataFrame:
    """The figures of the weeks with their limits; times in minutes, shares from 0 to 1."""
    table = weeks.assign(
        metric=weeks["metric"].map({str(key): metric_label(str(key)) for key in weeks["metric"].unique()})
    )
    names = ("week", "metric", "value", "centre", "lower", "upper", "numerator_n", "denominator_n", "n")
    return _renamed(table.replace({np.inf: np.nan}), names)


# ---------------------------------------------------------------------------------- patrols
def _patrol_sheets(dataset: Dataset, facts: PatrolFacts) -> dict[str, pd.DataFrame]:
    return {
        "cells": _cells(dataset, facts),
        "gaps": _gaps(dataset, facts),
        "points": _points(dataset, facts),
        "routes": _routes(dataset, facts),
        "night": _night(dataset, facts),
    }


def _teams(dataset: Dataset, codes: pd.Series) -> pd.Series:
    teams = dataset.frame("teams").dropna(subset=["team_id"]).drop_duplicates("team_id", keep="last")
    named = teams.set_index("team_id")["name"]
    return codes.map(named).fillna(codes).fillna("").astype("string")


def _cells(dataset: Dataset, facts: PatrolFacts) -> pd.DataFrame:
    since, visits = facts.since, facts.visits.visits
    certain = set(visits.loc[visits["sureness"].eq("certain"), "microgrid_code"])
    states = {name: t(f"slides.states.{name}") for name in ("visited", "never", "no_data")}
    table = since.assign(
        code=since["microgrid_code"],
        community=since["community_code"].map(names_of(dataset)).fillna(""),
        is_visited=_yes_no(since["microgrid_code"].isin(certain)).array,
        last_at=since["last_at"],
        since_h=since["h"].round(2),
        multiple=since["multiple"].round(3),
        state=since["state"].map(states),
        team=_teams(dataset, since["team_id"]),
    )
    names = ("code", "name", "community", "tier", "is_visited", "last_at", "since_h", "limit_h", "multiple")
    return _renamed(table, (*names, "state", "team"))


def _gaps(dataset: Dataset, facts: PatrolFacts) -> pd.DataFrame:
    gaps = facts.gaps
    table = gaps.assign(
        code=gaps["microgrid_code"],
        team=_teams(dataset, gaps["team_id"]),
        over_h=gaps["over_h"].round(2),
        last_at=gaps["last_gap_at"],
    )
    return _renamed(table, ("code", "name", "tier", "limit_h", "over_h", "gaps_n", "last_at", "team"))


def _points(dataset: Dataset, facts: PatrolFacts) -> pd.DataFrame:
    points = facts.ground.points
    table = points.assign(
        code=points["point_id"],
        community=points["community_code"].map(names_of(dataset)).fillna(""),
        is_visited=_yes_no(points["point_id"].isin(facts.visits.points)).array,
    )
    return _renamed(table, ("code", "name", "community", "is_visited"))


def _routes(dataset: Dataset, facts: PatrolFacts) -> pd.DataFrame:
    routes = facts.ground.routes
    table = routes.assign(
        code=routes["route_id"],
        community=routes["community_code"].map(names_of(dataset)).fillna(""),
        length_m=routes["length_m"].round(1),
        walked_m=walked_m(facts.visits.metres, routes).round(1),
    )
    return _renamed(table, ("code", "name", "community", "length_m", "walked_m"))


def _night(dataset: Dataset, facts: PatrolFacts) -> pd.DataFrame:
    """The unit-hours of the night and what is known of each."""
    units = facts.units[facts.units["hour_at"].dt.hour.isin(NIGHT_HOURS)]
    states = ("present", "absent", "unknown", "not_provided", "not_yet")
    table = units.assign(
        team=_teams(dataset, units["team_id"]),
        state=units["state"].map({name: t(f"slides.states.{name}") for name in states}),
    )
    return _renamed(table.sort_values(["team_id", "hour_at"]), ("team", "hour_at", "state"))


# ---------------------------------------------------------------------------------- people
def _people_sheets(dataset: Dataset, facts: PeopleFacts) -> dict[str, pd.DataFrame]:
    names, sheets = names_of(dataset), {}
    if len(facts.care):
        sheets["care"] = _care(facts, names)
    if len(facts.handbook):
        sheets["handbook"] = _by_community(facts.handbook, names, ("entries_n", "stale_n"))
    if len(facts.issued):
        counts = pd.DataFrame(
            {
                "points_n": [one.points_n for one in facts.warnings],
                "checked_n": [one.checked_n for one in facts.warnings],
            },
            index=facts.issued.index,
        )
        table = pd.concat([facts.issued, counts], axis=1)
        sheets["warnings"] = _renamed(table, ("kind", "level", "issued_at", "points_n", "checked_n"))
    return sheets


def _by_community(frame: pd.DataFrame, names: Mapping[str, str], columns: Sequence[str]) -> pd.DataFrame:
    table = frame.assign(community=frame["group"].map(names).fillna(frame["group"]).astype("string"))
    return _renamed(table.sort_values("group"), ("community", *columns))


def _care(facts: PeopleFacts, names: Mapping[str, str]) -> pd.DataFrame:
    """High risk by community; what must not be shown is empty, and says so."""
    counts = facts.care.set_index("group")
    due, overdue = shown_counts(counts["due_n"]), shown_counts(counts["overdue_n"], others=counts["done_n"])
    table = pd.DataFrame({"group": counts.index, "due_n": due.array, "overdue_n": overdue.array})
    is_hidden = table[["due_n", "overdue_n"]].isna().any(axis=1)
    table["remark"] = pd.Series(np.where(is_hidden, _head("hidden"), ""), dtype="string")
    return _by_community(table, names, ("due_n", "overdue_n", "remark"))
