"""The week's figures: for the street, by community, by any group; and what to say about them.

The counting rules are those of `places.incident_flags` for any window, so that the overview, the
map and the command line give the same number for the same week.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from governance.errors import UsageError
from governance.metrics.areas import area_table, points_located
from governance.metrics.definitions import METRICS, OVERVIEW
from governance.metrics.places import UNCOUNTED_STATUSES, closed_medians
from governance.metrics.windows import Scope, Span, is_complete, sources_reaching

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from governance.records.dataset import Dataset
    from governance.workdays import Week

STREET = ""
ELSEWHERE = "-"
# What the command line may group by, and the column that holds it.
GROUPS: Mapping[str, str] = {
    "community": "community_code",
    "grid": "grid_code",
    "microgrid": "microgrid_code",
    "estate": "estate_id",
    "category": "category",
    "subcategory": "subcategory",
    "severity": "severity",
    "source": "source",
    "status": "status",
    "team": "team_id",
}
_COUNTS = ["reported_n", "closed_n", "open_n", "located_n", "timed_n"]
_LONG = ["metric", "value", "numerator_n", "denominator_n", "n"]


def checkins_by_community(dataset: Dataset) -> pd.DataFrame:
    """The check-ins with the community of their point, missing where the point lies in none."""
    points = dataset.frame("points").drop_duplicates("point_id").set_index("point_id")
    areas = area_table(*(dataset.frame(kind) for kind in ("communities", "grids", "microgrids")))
    checkins = dataset.frame("checkins")
    community = points_located(points["lon"], points["lat"], areas)["community"]
    return checkins.assign(community_code=checkins["point_id"].map(community).astype("string"))


def incident_counts(
    incidents: pd.DataFrame, group: pd.Series, *, span: Span, as_of: datetime | None
) -> pd.DataFrame:
    """Counts of incidents for one window, per value of `group` (missing values left out).

    Columns: reported_n (reported_at in the window), closed_n (closed_at in the window, neither voided nor
    transferred), open_n
    (reported before its end or as_of, and neither closed by then nor voided or transferred),
    located_n (of the reported, placed in a known micro-grid), timed_n and closed_median_min
    (median minutes report → close of those closed in the window and not before their report).
    """
    reported_at, closed_at, status = incidents["reported_at"], incidents["closed_at"], incidents["status"]
    # As-of is the last moment that is known, so what happened then has happened.
    end_at = span.end_at if as_of is None else min(span.end_at, as_of + timedelta(microseconds=1))
    is_reported = span.holds(reported_at)
    is_closed = span.holds(closed_at) & ~status.isin(UNCOUNTED_STATUSES)
    is_unclosed = closed_at.ge(end_at) | (closed_at.isna() & status.ne("closed").fillna(True))
    is_located = incidents["microgrid_code"].notna() & incidents["located_by"].ne("none").fillna(True)
    is_timed = is_closed & closed_at.ge(reported_at)
    marks = {
        "reported_n": is_reported,
        "closed_n": is_closed,
        "open_n": reported_at.lt(end_at) & is_unclosed & ~status.isin(UNCOUNTED_STATUSES),
        "located_n": is_reported & is_located,
        "timed_n": is_timed,
    }
    counts = pd.DataFrame(marks).fillna(False).astype("int64").groupby(group).sum()
    minutes = (closed_at - reported_at)[is_timed].dt.total_seconds() / 60
    medians = closed_medians(minutes, group[is_timed])["median"]
    return counts.assign(closed_median_min=medians.reindex(counts.index).astype("float64"))


def _incident_values(counts: pd.DataFrame) -> list[pd.DataFrame]:
    """The long rows of the incident metrics from counts per group."""
    missing = pd.Series(pd.NA, index=counts.index, dtype="Int64")
    share = counts["located_n"] / counts["reported_n"].where(counts["reported_n"] > 0)
    rows = [
        (key, counts[key].astype("float64"), missing, missing, counts[key])
        for key in ("reported_n", "closed_n", "open_n")
    ]
    rows.append(("closed_median_min", counts["closed_median_min"], missing, missing, counts["timed_n"]))
    rows.append(("located_share", share, counts["located_n"], counts["reported_n"], counts["reported_n"]))
    return [_long(counts.index, *row) for row in rows]


def _long(
    index: pd.Index, metric: str, value: pd.Series, numerator: pd.Series, denominator: pd.Series, n: pd.Series
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": pd.array(list(index), dtype="string"),
            "metric": metric,
            "value": value.astype("float64").to_numpy(),
            "numerator_n": numerator.astype("Int64").array,
            "denominator_n": denominator.astype("Int64").array,
            "n": n.astype("Int64").array,
        }
    )


def _missing_values(groups: pd.Index, metrics: Sequence[str]) -> list[pd.DataFrame]:
    none = pd.Series(pd.NA, index=groups, dtype="Float64")
    return [_long(groups, metric, none, none, none, none) for metric in metrics]


@dataclass(frozen=True)
class _Cut:
    """The records of a scope, each with the group it counts for."""

    incidents: pd.DataFrame
    checkins: pd.DataFrame
    incident_group: pd.Series
    checkin_group: pd.Series
    groups: pd.Index
    unknown_metrics: frozenset[str] = frozenset()

    def values(self, span: Span, as_of: Mapping[str, datetime]) -> pd.DataFrame:
        """The long rows of every overview metric for one window.

        `as_of` holds the sources that reach the window; the metrics of the others are missing.
        A group that no row names counts 0.
        """
        keys = [key for key in OVERVIEW if METRICS[key].sources[0] == "incidents"]
        if "incidents" in as_of:
            counts = incident_counts(
                self.incidents, self.incident_group, span=span, as_of=as_of["incidents"]
            ).reindex(self.groups)
            parts = _incident_values(counts.fillna(dict.fromkeys(_COUNTS, 0)))
        else:
            parts = _missing_values(self.groups, keys)
        if "checkins" in as_of and "checkins_n" not in self.unknown_metrics:
            inside = self.checkin_group[span.holds(self.checkins["at"])]
            n = inside.value_counts().reindex(self.groups, fill_value=0)
            none = pd.Series(pd.NA, index=self.groups, dtype="Int64")
            parts.append(_long(self.groups, "checkins_n", n, none, none, n))
        else:
            parts.extend(_missing_values(self.groups, ["checkins_n"]))
        return pd.concat(parts, ignore_index=True)


def _all_in(frame: pd.DataFrame, group: str) -> pd.Series:
    return pd.Series(group, index=frame.index, dtype="string")


def weekly_figures(
    incidents: pd.DataFrame,
    checkins: pd.DataFrame,
    weeks: Sequence[Week],
    *,
    scope: Scope | None = None,
    as_of: Mapping[str, datetime],
) -> pd.DataFrame:
    """Every overview metric for each of `weeks`, in the order given.

    `checkins` needs the column community_code (see `checkins_by_community`) when the scope
    names a community. A metric that cannot be cut by the scope is missing.

    Columns: week (2023-W37), metric, value (cases, check-ins, minutes, or a share 0–1; missing
    for a zero denominator and where the source does not reach the week), numerator_n,
    denominator_n (of a share), n (what the value rests on), is_complete (whether the source
    reaches the week's last day).
    """
    scope = scope or Scope()
    inside = scope.rows(incidents)
    checked = scope.rows(checkins) if scope.allows("checkins_n") else checkins.iloc[:0]
    cut = _Cut(
        inside,
        checked,
        _all_in(inside, STREET),
        _all_in(checked, STREET),
        pd.Index([STREET]),
        frozenset(key for key in OVERVIEW if not scope.allows(key)),
    )
    parts = []
    for week in weeks:
        span = Span(week.start_at, week.end_at)
        part = cut.values(span, sources_reaching(incidents, checkins, span, as_of))
        complete = {key: is_complete(week, as_of.get(METRICS[key].sources[0])) for key in OVERVIEW}
        parts.append(part.assign(week=str(week), is_complete=part["metric"].map(complete)))
    columns = ["week", *_LONG, "is_complete"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def community_figures(
    incidents: pd.DataFrame,
    checkins: pd.DataFrame,
    communities: pd.DataFrame,
    week: Week,
    *,
    scope: Scope | None = None,
    as_of: Mapping[str, datetime],
) -> pd.DataFrame:
    """Every overview metric of every community in a week, beside the week before.

    Rows stand in the order of the community codes, never by value; what lies in no known
    community follows as `ELSEWHERE` when there is any, the street as a whole as `STREET`.

    Columns: community_code, name (missing for the last two), metric, value, previous,
    numerator_n, denominator_n, n as in `weekly_figures`.
    """
    scope = scope or Scope()
    inside, checked = scope.rows(incidents), scope.rows(checkins) if scope.allows("checkins_n") else checkins
    known = communities.dropna(subset=["community_code"]).drop_duplicates("community_code", keep="last")
    known = known.sort_values("community_code")
    groups = pd.Index([*known["community_code"], ELSEWHERE])
    unknown = frozenset(key for key in OVERVIEW if not scope.allows(key))

    def grouped(frame: pd.DataFrame) -> pd.Series:
        code = frame["community_code"]
        return code.where(code.isin(groups[:-1]), ELSEWHERE).astype("string")

    cuts = (
        _Cut(inside, checked, grouped(inside), grouped(checked), groups, unknown),
        _Cut(inside, checked, _all_in(inside, STREET), _all_in(checked, STREET), pd.Index([STREET]), unknown),
    )

    def of_week(shown: Week) -> pd.DataFrame:
        span = Span(shown.start_at, shown.end_at)
        reached = sources_reaching(incidents, checkins, span, as_of)
        return pd.concat([cut.values(span, reached) for cut in cuts], ignore_index=True)

    before = of_week(week.shifted(-1)).set_index(["group", "metric"])["value"].rename("previous")
    figures = of_week(week).join(before, on=["group", "metric"])
    elsewhere = figures[figures["group"] == ELSEWHERE]
    if not elsewhere["n"].fillna(0).gt(0).any():
        figures = figures[figures["group"] != ELSEWHERE]
    names = known.set_index("community_code")["name"]
    named = figures.assign(name=figures["group"].map(names).astype("string"))
    columns = ["community_code", "name", "metric", "value", "previous", "numerator_n", "denominator_n", "n"]
    return named.rename(columns={"group": "community_code"})[columns].reset_index(drop=True)


def overview_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """The overview's figures for a window of days, one row a group; for the command line.

    Keys of a row: group (`all` without `by`; None where the record names none), reported_n,
    closed_n, open_n (at the window's end), closed_median_min, located_n, located_share,
    checkins_n (None where check-ins cannot be grouped so or none were brought). Groups with
    nothing to count are left out.

    Raises
    ------
    UsageError
        `unknown_group` when records cannot be grouped by `by`.
    """
    if by is not None and by not in GROUPS:
        raise UsageError("unknown_group", group=by, groups="、".join(GROUPS))
    incidents, checkins = dataset.frame("incidents"), checkins_by_community(dataset)
    nothing = "\0"
    if by is None:
        group, checked = _all_in(incidents, "all"), _all_in(checkins, "all")
    else:
        group = incidents[GROUPS[by]].astype("string").fillna(nothing)
        checked = checkins["community_code"].fillna(nothing) if by == "community" else checkins["at"].iloc[:0]
    span = Span.of_days(since, until)
    counts = incident_counts(incidents, group, span=span, as_of=dataset.as_of.get("incidents"))
    checkins_n = checked[span.holds(checkins["at"]).reindex(checked.index)].value_counts()
    table = counts.reindex(counts.index.union(checkins_n.index)).fillna(dict.fromkeys(_COUNTS, 0))
    table = table[table[_COUNTS].sum(axis=1).gt(0) | table.index.isin(checkins_n.index)]
    has_checkins = by in (None, "community") and "checkins" in dataset.as_of
    rows: list[dict[str, object]] = []
    for name, row in table.iterrows():
        reported_n, median = int(row["reported_n"]), row["closed_median_min"]
        rows.append(
            {
                "group": None if name == nothing else name,
                "reported_n": reported_n,
                "closed_n": int(row["closed_n"]),
                "open_n": int(row["open_n"]),
                "closed_median_min": None if pd.isna(median) else round(float(median), 4),
                "located_n": int(row["located_n"]),
                "located_share": int(row["located_n"]) / reported_n if reported_n else None,
                "checkins_n": int(checkins_n.get(name, 0)) if has_checkins else None,
            }
        )
    return rows


@dataclass(frozen=True)
class Conclusion:
    """What the one sentence says: a code of the text file and its numbers.

    `no_data` (the week is not in the records), `empty` (nothing reported), `first` (no week
    before to compare with), `more`, `fewer`, `same` (reported against the week before).
    """

    code: str
    numbers: Mapping[str, float]


def conclusion(figures: pd.DataFrame, week: Week) -> Conclusion:
    """What to say of a week, from `weekly_figures` that hold it and the week before.

    Says more or fewer, never better or worse: that takes limits, and limits take twelve weeks.
    """
    values = figures.set_index(["week", "metric"])["value"]

    def value(shown: Week, metric: str) -> float:
        return float(values.get((str(shown), metric), float("nan")))

    reported, before = value(week, "reported_n"), value(week.shifted(-1), "reported_n")
    numbers = {key: value(week, key) for key in OVERVIEW}
    numbers |= {f"{key}_change": value(week, key) - value(week.shifted(-1), key) for key in OVERVIEW}
    if pd.isna(reported):
        code = "no_data"
    elif reported == 0:
        code = "empty"
    elif pd.isna(before):
        code = "first"
    else:
        code = "same" if reported == before else "more" if reported > before else "fewer"
    return Conclusion(code, numbers)
