"""All response figures one page shows, as a benchmark counts them, and the curve beside lifelines."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from governance.metrics.deadlines import due_cohort, legacy_rates_of, stage_lights
from governance.metrics.judged import judged_cases
from governance.metrics.response import HEADLINE, response_figures
from governance.metrics.stages import interval, us_at
from governance.metrics.survival import CLOSED, product_limit, time_reached
from governance.metrics.windows import PUBLIC_SOURCES
from governance.metrics.workload import age_bands, overdue_stock, rework, straight_to_the_right, weekly_flow
from governance.workdays import default_week, weeks_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.metrics.judged import JudgedCases
    from governance.records.dataset import Dataset

FLOW_WEEKS = 12


@dataclass(frozen=True)
class Timed:
    """What was timed on one data set, seconds; a ratio only where lifelines is installed."""

    cases_n: int
    load_s: float
    fold_s: float
    page_s: tuple[float, ...]
    curve_s: float
    lifelines_s: float | None


def page_figures(dataset: Dataset) -> tuple[object, ...]:
    """Everything 响应时效 counts: stages, curves and P(on time), both demands, limits, stock, flow.

    Stages of four weeks and of all cases, all cases by community; due cohorts of a week and four;
    the upper level's rates; used shares and lights; age bands, flow, overdue stock, rework and
    hand-offs.

    Raises
    ------
    ValueError
        When the data set holds no incidents.
    """
    judged, as_of = judged_cases(dataset), dataset.as_of_for("incidents")
    if judged is None or as_of is None:
        raise ValueError("a benchmark needs incidents")
    weeks = weeks_until(default_week(as_of), FLOW_WEEKS)
    since, until = weeks[-4].first_day, weeks[-1].last_day
    start, end = us_at(weeks[-4].start_at), us_at(weeks[-1].end_at)
    cases, incidents = judged.cases, judged.incidents
    public = incidents["source"].isin(PUBLIC_SOURCES).to_numpy(dtype=bool)
    return (
        response_figures(dataset, judged=judged),
        response_figures(dataset, by="community", judged=judged),
        response_figures(dataset, since=since, until=until, judged=judged),
        *(_one_demand(judged.kept(mark), start, end) for mark in (public, ~public)),
        due_cohort(cases, judged.due_us, start_us=us_at(weeks[-1].start_at), end_us=end),
        stage_lights(cases, judged.used_share),
        age_bands(cases),
        weekly_flow(cases, weeks),
        overdue_stock(cases, judged.due_us),
        rework(cases, incidents["rework_n"], start_us=start, end_us=end),
        straight_to_the_right(incidents),
    )


def _one_demand(judged: JudgedCases, start: int, end: int) -> tuple[object, ...]:
    """The headline of one demand: the closing curve, P(on time), due cohort, legacy rates."""
    timed = interval(judged.cases, HEADLINE)
    return (
        product_limit(timed.used_us, timed.how == CLOSED),
        judged.on_time_probability(),
        due_cohort(judged.cases, judged.due_us, start_us=start, end_us=end),
        legacy_rates_of(judged.cases, judged.due_us, start_us=start, end_us=end),
    )


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def timed_figures(dataset: Dataset, *, runs: int) -> Timed:
    """Time the loading of frames, the folding of the log, the figures, and one curve of all cases."""
    kinds = ("incidents", "incident_steps", "rules")
    load_s = _seconds(lambda: [dataset.frame(kind) for kind in kinds])
    fold_s = _seconds(lambda: (dataset.cases(), dataset.suspensions()))
    page_figures(dataset)
    page_s = tuple(_seconds(lambda: page_figures(dataset)) for _ in range(runs))
    judged = judged_cases(dataset)
    if judged is None:
        raise ValueError("a benchmark needs incidents")
    timed = interval(judged.cases, HEADLINE)
    minutes, closed = timed.used_us / 60e6, timed.how == CLOSED
    curve_s = min(_seconds(lambda: time_reached(product_limit(minutes, closed), 0.5)) for _ in range(3))
    return Timed(len(judged.cases), load_s, fold_s, page_s, curve_s, _lifelines_s(minutes, closed))


def _lifelines_s(minutes: np.ndarray, closed: np.ndarray) -> float | None:
    if find_spec("lifelines") is None:
        return None
    import lifelines

    return min(_seconds(lambda: lifelines.KaplanMeierFitter().fit(minutes, closed)) for _ in range(3))
