"""Weekly series for the control charts: the keys, how each is counted, and the printed rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.errors import UsageError
from governance.metrics.containment import closing_levels, containment_marks, weekly_community_share
from governance.metrics.control import control_frame
from governance.metrics.deadlines import due_cohort, due_us_of
from governance.metrics.overview import incident_counts
from governance.metrics.response import grouped
from governance.metrics.stages import Cases, cases_of, interval, stage_times, us_at
from governance.metrics.windows import Span, is_complete
from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from governance.records.dataset import Dataset

    Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class _Source:
    """What every series is counted from; `numbers` are the cases' group numbers."""

    frame: pd.DataFrame
    cases: Cases
    due_us: NDArray[np.int64]
    levels: pd.Series
    numbers: NDArray[np.int64]
    groups_n: int
    as_of: datetime


@dataclass(frozen=True)
class ControlSeries:
    """A charted measure: its value per group for one week, and what is possible at most."""

    value: Callable[[_Source, Week], Numbers]
    ceiling: float = np.inf


def _stage(stage: str, quantile: str) -> Callable[[_Source, Week], Numbers]:
    """A quantile, minutes, of a stage of the cases first stamped in the week."""

    def value(source: _Source, week: Week) -> Numbers:
        first = source.cases.first_us
        inside = (first >= us_at(week.start_at)) & (first < us_at(week.end_at))
        timed = interval(source.cases.kept(inside), stage)
        times = stage_times(timed, source.numbers[inside], source.groups_n)
        return np.array([getattr(group, quantile) for group in times], dtype=np.float64)

    return value


def _count(name: str, of: str | None = None) -> Callable[[_Source, Week], Numbers]:
    """A count of the overview, or a share of two of them."""

    def value(source: _Source, week: Week) -> Numbers:
        group = pd.Series(source.numbers, index=source.frame.index)
        span = Span(week.start_at, week.end_at)
        counts = incident_counts(source.frame, group, span=span, as_of=source.as_of)
        counts = counts.reindex(range(source.groups_n), fill_value=0)
        n = counts[name].to_numpy(dtype=np.float64)
        if of is None:
            return n
        whole = counts[of].to_numpy(dtype=np.float64)
        return _shares(n, whole)

    return value


def _on_time(source: _Source, week: Week) -> Numbers:
    """Share of the cases due in the week that were closed in time."""
    due = due_cohort(source.cases, source.due_us, start_us=us_at(week.start_at), end_us=us_at(week.end_at))
    n, whole = (
        np.bincount(source.numbers[mark], minlength=source.groups_n).astype(np.float64)
        for mark in (due.is_on_time, due.is_due)
    )
    return _shares(n, whole)


def _community(source: _Source, week: Week) -> Numbers:
    """Share of the week's cohort settled in the community."""
    span = Span(week.start_at, week.end_at)
    marks = containment_marks(source.frame, source.levels, span=span, as_of=source.as_of)
    return weekly_community_share(marks, source.numbers, source.groups_n)


DEFAULT_SERIES = "report_to_close_median_min"
SERIES: Mapping[str, ControlSeries] = {
    DEFAULT_SERIES: ControlSeries(_stage("report_to_close", "median_min")),
    "report_to_arrive_p90_min": ControlSeries(_stage("report_to_arrive", "p90_min")),
    "reported_n": ControlSeries(_count("reported_n")),
    "closed_n": ControlSeries(_count("closed_n")),
    "open_n": ControlSeries(_count("open_n")),
    "located_share": ControlSeries(_count("located_n", "reported_n"), ceiling=1.0),
    "on_time_share": ControlSeries(_on_time, ceiling=1.0),
    "community_share": ControlSeries(_community, ceiling=1.0),
}


def whole_weeks(cases: Cases, *, as_of: datetime, since: date | None, until: date | None) -> list[Week]:
    """The weeks from the first record to as-of that lie wholly inside the window and are complete."""
    if not len(cases):
        return []
    known = cases.first_us[cases.first_us >= 0]
    if not len(known):
        return []
    first = pd.Timestamp(int(known.min()), unit="us", tz="Asia/Shanghai")
    week, found = Week.of(first.to_pydatetime()), []
    while is_complete(week, as_of) and (until is None or week.last_day <= until):
        if since is None or week.first_day >= since:
            found.append(week)
        week = week.shifted(1)
    return found


def control_charts(
    dataset: Dataset,
    *,
    since: date | None = None,
    until: date | None = None,
    by: str | None = None,
    of: str | None = None,
    rebase_on: Sequence[date] | None = None,
) -> dict[str, pd.DataFrame]:
    """The chart of a measure per group, as `control.control_frame` has it, with the column `n`.

    `n` counts the cases reported in the week. `rebase_on` is the reform of the settings unless
    given. Limits rest on the weeks of the window only.

    Raises
    ------
    UsageError
        `unknown_group`, or `unknown_control` when `of` is no key of `SERIES`.
    """
    key = of or DEFAULT_SERIES
    if key not in SERIES:
        raise UsageError("unknown_control", control=key, controls="、".join(SERIES))
    frame, as_of = dataset.cases().reset_index(drop=True), dataset.as_of_for("incidents")
    numbers, names = grouped(frame, by)
    if as_of is None or frame.empty:
        return {}
    cases = cases_of(frame, as_of=as_of, plausible_from=dataset.settings.day("plausible_from"))
    levels = closing_levels(frame, dataset.frame("incident_steps"))
    due_us = due_us_of(frame, dataset.frame("rules"))
    source = _Source(frame, cases, due_us, levels, numbers, len(names), as_of)
    weeks = whole_weeks(cases, as_of=as_of, since=since, until=until)
    values = [SERIES[key].value(source, week) for week in weeks]
    rest = [_count("reported_n")(source, week) for week in weeks]
    dates = (dataset.settings.day("reform_on"),) if rebase_on is None else tuple(rebase_on)
    charts: dict[str, pd.DataFrame] = {}
    for place, name in enumerate(names):
        line = [float(value[place]) for value in values]
        chart = control_frame(weeks, line, rebase_on=dates, floor=0.0, ceiling=SERIES[key].ceiling)
        charts[name] = chart.assign(n=[int(n[place]) for n in rest])
    return charts


def control_rows(
    dataset: Dataset,
    *,
    since: date | None = None,
    until: date | None = None,
    by: str | None = None,
    of: str | None = None,
) -> list[dict[str, object]]:
    """One row a group and complete ISO week, for the command line.

    Keys: group (`all` without `by`, `unknown` where the record names none), week, value (in the
    unit of the key `of`), n (cases reported), centre, lower, upper (None below 6 points in the
    phase), signal (None, outside, trend, two_of_three, shift), is_trial, phase.

    Raises
    ------
    UsageError
        `unknown_group` or `unknown_control`.
    """
    rows: list[dict[str, object]] = []
    for name, chart in control_charts(dataset, since=since, until=until, by=by, of=of).items():
        for point in chart.to_dict("records"):
            row: dict[str, object] = {"group": name, "week": point["week"]}
            row["value"] = _known(point["value"])
            row["n"] = int(point["n"])
            row |= {line: _known(point[line]) for line in ("centre", "lower", "upper")}
            row["signal"] = None if pd.isna(point["signal"]) else point["signal"]
            rows.append(row | {"is_trial": bool(point["is_trial"]), "phase": int(point["phase"])})
    return rows


def _shares(n: Numbers, whole: Numbers) -> Numbers:
    """N ÷ whole; NaN where whole is 0."""
    share: Numbers = np.divide(n, whole, out=np.full(len(n), np.nan), where=whole > 0)
    return share


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
