"""Series for the control charts: the keys, how each is counted, and the printed rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from governance.errors import UsageError
from governance.metrics import control_counts as counting
from governance.metrics.control_window import ChartWindow, Drawn
from governance.metrics.patrol_series import (
    NIGHT,
    VISITED,
    behind,
    can_cut,
    patrol_charts,
    patrol_log,
    tells_patrols,
)
from governance.metrics.periods import WEEK
from governance.metrics.response import grouped
from governance.metrics.stages import STAMPS, cases_of, interval, us_at
from governance.metrics.survival import OPEN
from governance.metrics.windows import Scope, Span
from governance.workdays import WorkHours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from governance.metrics.control_counts import CaseTable, Counted
    from governance.metrics.periods import Period
    from governance.records.dataset import Dataset

Direction = Literal["higher", "lower", "none"]


@dataclass(frozen=True)
class ControlSeries:
    """A charted measure: how it is counted, its unit, which way is better, what it needs.

    `unit` is a share 0–1, minutes (`time`) or cases (`case`).
    `is_stock` says that it counts all that is under way, whoever reported it. `needs` names the
    columns of the cases, or the tables, that must hold something, or the series does not exist;
    one of several is written a/b. `stage` is set where a stage is timed. `count` is None for what
    patrols do, which `patrol_series` counts; `counts` is the unit of its k / n, a code of `units`.
    """

    count: Callable[[CaseTable], Counted] | None
    unit: Literal["share", "time", "case"]
    direction: Direction
    needs: tuple[str, ...] = ("reported_at",)
    is_stock: bool = False
    stage: str = ""
    counts: str = "case"

    @property
    def is_patrol(self) -> bool:
        """Whether it is about patrols, and not about cases."""
        return self.count is None

    @property
    def ceiling(self) -> float:
        """What is possible at most."""
        return 1.0 if self.unit == "share" else np.inf


def _time(stage: str, quantile: str, *needs: str) -> ControlSeries:
    return ControlSeries(counting.stage_quantile(stage, quantile), "time", "lower", needs, stage=stage)


DEFAULT_SERIES = "report_to_close_median_min"
_LEVEL = ("level_closed/incident_steps",)
SERIES: Mapping[str, ControlSeries] = {
    DEFAULT_SERIES: _time("report_to_close", "median_min", "reported_at"),
    "report_to_close_p90_min": _time("report_to_close", "p90_min", "reported_at"),
    "report_to_arrive_p90_min": _time("report_to_arrive", "p90_min", "reported_at", "arrived_at"),
    "report_to_accept_p90_min": _time("report_to_accept", "p90_min", "reported_at", "accepted_at"),
    "file_to_dispatch_p90_min": _time("file_to_dispatch", "p90_min", "filed_at", "dispatched_at"),
    "dispatch_to_arrive_p90_min": _time("dispatch_to_arrive", "p90_min", "dispatched_at", "arrived_at"),
    "on_time_share": ControlSeries(counting.on_time, "share", "higher", ("closed_at", "due_at/rules")),
    "community_share": ControlSeries(counting.in_community, "share", "higher", ("closed_at", *_LEVEL)),
    "suppressed_share": ControlSeries(
        counting.suppressed, "share", "lower", ("reported_at", "closed_at", *_LEVEL)
    ),
    "repeat_share": ControlSeries(counting.repeated, "share", "lower", ("reported_at", "category")),
    "rework_share": ControlSeries(counting.reworked, "share", "lower", ("closed_at", "rework_n")),
    "satisfied_share": ControlSeries(counting.satisfied, "share", "higher", ("closed_at", "satisfaction")),
    "straight_share": ControlSeries(counting.went_straight, "share", "higher", ("reported_at", "handoffs_n")),
    "reported_n": ControlSeries(counting.reported, "case", "none"),
    "closed_n": ControlSeries(counting.closed, "case", "none"),
    "open_n": ControlSeries(counting.under_way, "case", "lower", is_stock=True),
    "located_share": ControlSeries(counting.located, "share", "higher", ("reported_at", "microgrid_code")),
    VISITED: ControlSeries(None, "share", "higher", (), counts="place"),
    NIGHT: ControlSeries(None, "share", "higher", (), counts="hour"),
}


def series_named(key: str) -> ControlSeries:
    """The series of a key.

    Raises
    ------
    UsageError
        `unknown_control` when `key` is none of `SERIES`.
    """
    if key not in SERIES:
        raise UsageError("unknown_control", control=key, controls="、".join(SERIES))
    return SERIES[key]


def series_present(dataset: Dataset) -> tuple[str, ...]:
    """The series a data set can tell of: something stands in all they need.

    Those of patrols only once their results are computed (`Dataset.is_patrol_at_hand`).
    """
    cases = dataset.cases()
    has_patrols = tells_patrols(dataset) and dataset.is_patrol_at_hand()
    needed = {part for series in SERIES.values() for need in series.needs for part in need.split("/")}
    has = {
        name: bool(cases[name].notna().any()) if name in cases else not dataset.frame(name).empty
        for name in needed
    }
    return tuple(
        key
        for key, series in SERIES.items()
        if all(any(has[part] for part in need.split("/")) for need in series.needs)
        and (has_patrols or not series.is_patrol)
    )


def control_charts(
    dataset: Dataset,
    *,
    since: date | None = None,
    until: date | None = None,
    by: str | None = None,
    of: str | None = None,
    rebase_on: Sequence[date] | None = None,
    grain: str = WEEK,
    scope: Scope | None = None,
    with_partial: bool = False,
) -> dict[str, pd.DataFrame]:
    """The chart of a measure per group, as `control.control_frame` has it, and what it rests on.

    Further columns: n (cases reported in the period), hit_n and of_n (part and whole of a share;
    of_n also the cases timed; NaN where there is none). Only whole weeks, months or quarters
    (`grain`) count; `with_partial` adds the others, outside the limits and without signals.
    `rebase_on` is, unless given, the reform of the settings and what the data set's chart notes
    name for the measure; `scope` the part of the street. Limits rest on the periods of the window
    only.

    Raises
    ------
    UsageError
        `unknown_group`, `unknown_grain`, or `unknown_control` when `of` is no key of `SERIES`.
    """
    key = of or DEFAULT_SERIES
    window = ChartWindow(since, until, grain, with_partial)
    dates = None if rebase_on is None else {key: rebase_on}
    return charts_of(dataset, (key,), window, by=by, rebase_on=dates, scope=scope)[key]


def charts_of(
    dataset: Dataset,
    keys: Sequence[str],
    window: ChartWindow,
    *,
    by: str | None = None,
    rebase_on: Mapping[str, Sequence[date]] | None = None,
    scope: Scope | None = None,
) -> dict[str, dict[str, pd.DataFrame]]:
    """`control_charts` of several measures at once, by key and group; `rebase_on` by key.

    Raises
    ------
    UsageError
        As `control_charts`.
    """
    wanted = {key: series for key in keys if not (series := series_named(key)).is_patrol}
    patrols = [key for key in keys if key not in wanted]
    charts = _case_charts(dataset, wanted, window, by, rebase_on, scope)
    found = charts | patrol_charts(dataset, patrols, window, by, rebase_on, scope)
    return {key: found[key] for key in keys}


def _case_charts(
    dataset: Dataset,
    wanted: Mapping[str, ControlSeries],
    window: ChartWindow,
    by: str | None,
    rebase_on: Mapping[str, Sequence[date]] | None,
    scope: Scope | None,
) -> dict[str, dict[str, pd.DataFrame]]:
    if not wanted:
        return {}
    everything, as_of = dataset.cases(), dataset.as_of_for("incidents")
    frame = (scope.rows(everything) if scope else everything).reset_index(drop=True)
    numbers, names = grouped(frame, by)
    first_at = first_record_at(everything)
    if as_of is None or first_at is None or frame.empty:
        return {key: {} for key in wanted}
    periods, partial = window.periods(first_at=first_at, as_of=as_of)
    table = _case_table(dataset, frame, periods, numbers=numbers, groups_n=len(names), as_of=as_of)
    reported_n = counting.reported_table(table).astype(np.int64)
    charts: dict[str, dict[str, pd.DataFrame]] = {key: {} for key in wanted}
    for key, series in wanted.items():
        if series.count is None:
            continue
        counted = series.count(table)
        drawn = Drawn(dataset, key, periods, partial, rebase_on, series.ceiling)
        for place, name in enumerate(names):
            basis = {"hit_n": counted.hit_n[:, place], "of_n": counted.of_n[:, place]}
            charts[key][name] = drawn.chart(counted.value[:, place], basis).assign(n=reported_n[:, place])
    return charts


def _case_table(
    dataset: Dataset,
    frame: pd.DataFrame,
    periods: Sequence[Period],
    *,
    numbers: NDArray[np.int64],
    groups_n: int,
    as_of: datetime,
) -> CaseTable:
    return counting.CaseTable(
        frame=frame,
        cases=cases_of(frame, as_of=as_of, plausible_from=dataset.settings.day("plausible_from")),
        steps=dataset.frame("incident_steps"),
        rules=dataset.frame("rules"),
        suspensions=dataset.suspensions(),
        hours=WorkHours.parse(dataset.settings.text("office_hours")),
        numbers=numbers,
        groups_n=groups_n,
        as_of=as_of,
        edges_us=_edges_us(periods),
    )


def cases_behind(
    dataset: Dataset, key: str, period: Period, *, scope: Scope | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cases a series counts in one period, and those of them a share is about.

    Of a timed stage the second are the cases still in it, of a plain count there are none. Of patrols
    they are micro-grids and the visited ones, or unit-hours of the night and those with somebody there.

    Raises
    ------
    UsageError
        `unknown_control`.
    """
    series, as_of = series_named(key), dataset.as_of_for("incidents")
    if series.count is None:
        log, span = patrol_log(dataset), Span(period.start_at, period.end_at)
        own = Scope() if scope is None else scope
        if log is None or not can_cut(own):
            return pd.DataFrame(), pd.DataFrame()
        return behind(log.only(own), key, span)
    frame = (scope.rows(dataset.cases()) if scope else dataset.cases()).reset_index(drop=True)
    if as_of is None or frame.empty:
        return frame, frame
    each = np.arange(len(frame), dtype=np.int64)
    table = _case_table(dataset, frame, [period], numbers=each, groups_n=len(frame), as_of=as_of)
    if series.stage:
        inside = table.period(table.cases.first_us) >= 0
        timed = interval(table.cases.kept(inside), series.stage)
        rows = np.flatnonzero(inside)[timed.rows]
        return frame.iloc[rows], frame.iloc[rows[timed.how == OPEN]]
    counted = series.count(table)
    of = counted.value[0] if series.unit == "case" else counted.of_n[0]
    return frame[of > 0], frame[counted.hit_n[0] > 0]


def _edges_us(periods: Sequence[Period]) -> NDArray[np.int64]:
    edges = [period.start_at for period in periods] + [period.end_at for period in periods[-1:]]
    return np.array([us_at(edge) for edge in edges] or [0], dtype=np.int64)


def first_record_at(cases: pd.DataFrame) -> datetime | None:
    """The first stamp of the earliest case since 1970; None without one."""
    first = cases["reported_at"]
    if first.isna().any():
        for name in STAMPS[1:]:
            first = first.fillna(cases[name])
    known = first[first.ge(pd.Timestamp(0, tz="UTC"))].min()
    return None if pd.isna(known) else known.to_pydatetime()


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
    unit of the key `of`), n (what the value rests on: the whole of a share, the cases timed; else the
    cases reported), centre, lower, upper (None below 6 points in the
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
            row["n"] = int(point["n"] if pd.isna(point["of_n"]) else point["of_n"])
            row |= {line: _known(point[line]) for line in ("centre", "lower", "upper")}
            row["signal"] = None if pd.isna(point["signal"]) else point["signal"]
            rows.append(row | {"is_trial": bool(point["is_trial"]), "phase": int(point["phase"])})
    return rows


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
