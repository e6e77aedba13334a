"""Series for the control charts: the keys, how each is counted, and the printed rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from governance.errors import UsageError
from governance.metrics import control_counts as counting
from governance.metrics.control import control_frame
from governance.metrics.periods import WEEK, is_whole, periods_between
from governance.metrics.response import grouped
from governance.metrics.stages import STAMPS, cases_of, us_at
from governance.workdays import WorkHours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from governance.metrics.control_counts import CaseTable, Counted
    from governance.metrics.periods import Period
    from governance.metrics.windows import Scope
    from governance.records.dataset import Dataset

Direction = Literal["higher", "lower", "none"]


@dataclass(frozen=True)
class ControlSeries:
    """A charted measure: how it is counted, its unit, which way is better, what it needs.

    `unit` is a share 0–1, minutes (`time`) or cases (`case`); `ceiling` what is possible at most.
    `is_stock` says that it counts all that is under way, whoever reported it. `needs` names the
    columns that must hold something, `needs_kinds` the tables, or the series does not exist.
    """

    count: Callable[[CaseTable], Counted]
    unit: Literal["share", "time", "case"]
    direction: Direction
    needs: tuple[str, ...] = ("reported_at",)
    is_stock: bool = False

    @property
    def ceiling(self) -> float:
        """What is possible at most."""
        return 1.0 if self.unit == "share" else np.inf


def _time(stage: str, quantile: str, *needs: str) -> ControlSeries:
    return ControlSeries(counting.stage_quantile(stage, quantile), "time", "lower", needs)


DEFAULT_SERIES = "report_to_close_median_min"
_CLOSED = ("reported_at", "closed_at")
SERIES: Mapping[str, ControlSeries] = {
    DEFAULT_SERIES: _time("report_to_close", "median_min", "reported_at"),
    "report_to_close_p90_min": _time("report_to_close", "p90_min", "reported_at"),
    "report_to_arrive_p90_min": _time("report_to_arrive", "p90_min", "reported_at", "arrived_at"),
    "report_to_accept_p90_min": _time("report_to_accept", "p90_min", "reported_at", "accepted_at"),
    "file_to_dispatch_p90_min": _time("file_to_dispatch", "p90_min", "filed_at", "dispatched_at"),
    "dispatch_to_arrive_p90_min": _time("dispatch_to_arrive", "p90_min", "dispatched_at", "arrived_at"),
    "on_time_share": ControlSeries(counting.on_time, "share", "higher", ("closed_at",)),
    "community_share": ControlSeries(counting.in_community, "share", "higher", ("closed_at",)),
    "suppressed_share": ControlSeries(counting.suppressed, "share", "lower", _CLOSED),
    "repeat_share": ControlSeries(counting.repeated, "share", "lower", ("reported_at", "category")),
    "rework_share": ControlSeries(counting.reworked, "share", "lower", ("closed_at", "rework_n")),
    "satisfied_share": ControlSeries(counting.satisfied, "share", "higher", ("closed_at", "satisfaction")),
    "straight_share": ControlSeries(counting.went_straight, "share", "higher", ("reported_at", "handoffs_n")),
    "reported_n": ControlSeries(counting.reported, "case", "none"),
    "closed_n": ControlSeries(counting.closed, "case", "none"),
    "open_n": ControlSeries(counting.under_way, "case", "lower", is_stock=True),
    "located_share": ControlSeries(counting.located, "share", "higher", ("reported_at", "microgrid_code")),
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
    """The series a data set can tell of: something stands in every column they need."""
    frame = dataset.cases()
    needed = {name for series in SERIES.values() for name in series.needs}
    has = {name: bool(frame[name].notna().any()) for name in needed}
    return tuple(key for key, series in SERIES.items() if all(has[name] for name in series.needs))


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
    of_n also the cases timed; NaN where there is none), is_partial (records do not reach over the
    period). Only whole weeks, months or quarters (`grain`) count; `with_partial` adds the others,
    outside the limits and without signals. `rebase_on` is the reform of the settings unless
    given; `scope` the part of the street. Limits rest on the periods of the window only.

    Raises
    ------
    UsageError
        `unknown_group`, `unknown_grain`, or `unknown_control` when `of` is no key of `SERIES`.
    """
    key = of or DEFAULT_SERIES
    dates = None if rebase_on is None else {key: tuple(rebase_on)}
    charts = charts_of(
        dataset,
        (key,),
        since=since,
        until=until,
        by=by,
        rebase_on=dates,
        grain=grain,
        scope=scope,
        with_partial=with_partial,
    )
    return charts[key]


def charts_of(
    dataset: Dataset,
    keys: Sequence[str],
    *,
    since: date | None = None,
    until: date | None = None,
    by: str | None = None,
    rebase_on: Mapping[str, Sequence[date]] | None = None,
    grain: str = WEEK,
    scope: Scope | None = None,
    with_partial: bool = False,
) -> dict[str, dict[str, pd.DataFrame]]:
    """`control_charts` of several measures at once; `rebase_on` by key, the reform where it has none.

    Raises
    ------
    UsageError
        As `control_charts`.
    """
    wanted = {key: series_named(key) for key in keys}
    frame, as_of = dataset.cases(), dataset.as_of_for("incidents")
    frame = (scope.rows(frame) if scope else frame).reset_index(drop=True)
    numbers, names = grouped(frame, by)
    first_at = first_record_at(dataset)
    if as_of is None or first_at is None or frame.empty:
        return {key: {} for key in wanted}
    periods = periods_between(first_at=first_at, as_of=as_of, grain=grain, since=since, until=until)
    partial = np.array([not is_whole(period, first_at=first_at, as_of=as_of) for period in periods])
    if not with_partial:
        periods = [period for period, is_partial in zip(periods, partial, strict=True) if not is_partial]
        partial = np.zeros(len(periods), dtype=bool)
    if not periods:
        return {key: {name: _empty_chart() for name in names} for key in wanted}
    table = counting.CaseTable(
        frame=frame,
        cases=cases_of(frame, as_of=as_of, plausible_from=dataset.settings.day("plausible_from")),
        steps=dataset.frame("incident_steps"),
        rules=dataset.frame("rules"),
        suspensions=dataset.suspensions(),
        hours=WorkHours.parse(dataset.settings.text("office_hours")),
        numbers=numbers,
        groups_n=len(names),
        as_of=as_of,
        edges_us=np.array([us_at(period.start_at) for period in periods] + [us_at(periods[-1].end_at)]),
    )
    reported_n = counting.reported_table(table).astype(np.int64)
    reform = (dataset.settings.day("reform_on"),)
    charts: dict[str, dict[str, pd.DataFrame]] = {}
    for key, series in wanted.items():
        counted = series.count(table)
        dates = reform if rebase_on is None else tuple(rebase_on.get(key, reform))
        charts[key] = {
            name: _chart(periods, counted, place, partial, dates, series.ceiling).assign(
                n=reported_n[:, place]
            )
            for place, name in enumerate(names)
        }
    return charts


def _chart(
    periods: Sequence[Period],
    counted: Counted,
    place: int,
    partial: np.ndarray[tuple[int], np.dtype[np.bool_]],
    dates: Sequence[date],
    ceiling: float,
) -> pd.DataFrame:
    chart = control_frame(
        periods,
        counted.value[:, place],
        rebase_on=dates,
        floor=0.0,
        ceiling=ceiling,
        is_partial=partial,
    )
    return chart.assign(hit_n=counted.hit_n[:, place], of_n=counted.of_n[:, place])


def _empty_chart() -> pd.DataFrame:
    empty = control_frame((), ())
    return empty.assign(hit_n=np.empty(0), of_n=np.empty(0), n=np.empty(0, dtype=np.int64))


def first_record_at(dataset: Dataset) -> datetime | None:
    """The first stamp of the earliest case since 1970; None without one."""
    if dataset.cases().empty:
        return None
    frame = dataset.cases()
    first = frame["reported_at"]
    if first.isna().any():
        for name in STAMPS[1:]:
            first = first.fillna(frame[name])
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


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
