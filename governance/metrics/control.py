"""Is this week different, or noise? XmR charts with named rules, phases and assurance.

Sources: Wheeler, Understanding Variation (limits 2.66 and 3.267); NHS England, Making Data Count
(runs of seven, assurance against a target).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from governance.metrics.periods import Period

    Numbers = NDArray[np.float64]

Signal = Literal["outside", "trend", "two_of_three", "shift"]
Assurance = Literal["consistently_met", "consistently_missed", "sometimes"]

LIMIT_FACTOR, NEAR_FACTOR, SCREEN_FACTOR = 2.66, 1.773, 3.267
# Mean moving range of two normal values, in standard deviations.
_RANGE_PER_SIGMA = 1.128
# Medians of the best split of noise lie closer in 99 of 100 series of 14 to 52 points, by simulation
# in standard errors of a difference of means.
_STEP_Z = 4.0
# How often a point of pure noise completes one of the four rules, by simulation.
FALSE_SIGNAL_SHARE = 0.02
RUN_N = 7
TRIAL_BELOW_N, NONE_BELOW_N = 12, 6
# Two values or a value and a limit are equal up to rounding.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Limits:
    """Centre, natural limits and near limits of one phase, clamped to what is possible."""

    centre: float
    lower: float
    upper: float
    near_lower: float
    near_upper: float
    is_trial: bool


@dataclass(frozen=True)
class Step:
    """The split of a series that explains most of its spread; `position` is the first point after it.

    `before` and `after` are the medians on either side. `is_signal`: the points after it leave the
    limits of the points before it, or lie seven in a row on one side of their centre, and the
    medians lie so far apart that about one series in a hundred without a step shows as much.
    """

    position: int
    before: float
    after: float
    is_signal: bool


def mean_range(series: Numbers) -> float:
    """The mean moving range, the large ones screened once; NaN below two points."""
    ranges = np.abs(np.diff(series))
    if not len(ranges):
        return float("nan")
    kept = ranges[ranges < SCREEN_FACTOR * ranges.mean()]
    return float(kept.mean() if kept.any() else ranges.mean())


def xmr_limits(values: ArrayLike, *, floor: float = -np.inf, ceiling: float = np.inf) -> Limits | None:
    """The limits of a series in time order; None below 6 points. Missing values are left out.

    Moving ranges of 3.267 times their mean and more are screened once; then the limits are set.
    Nothing is screened where that would leave no spread at all.
    """
    series = np.asarray(values, dtype=np.float64)
    series = series[~np.isnan(series)]
    if len(series) < NONE_BELOW_N:
        return None
    spread, centre = mean_range(series), float(series.mean())

    def clamped(factor: float) -> float:
        return float(np.clip(centre + factor * spread, floor, ceiling))

    return Limits(
        centre=centre,
        lower=clamped(-LIMIT_FACTOR),
        upper=clamped(LIMIT_FACTOR),
        near_lower=clamped(-NEAR_FACTOR),
        near_upper=clamped(NEAR_FACTOR),
        is_trial=len(series) < TRIAL_BELOW_N,
    )


def _sides(values: Numbers, lower: float, upper: float) -> NDArray[np.int64]:
    """1 above `upper`, -1 below `lower`, else 0; equal up to rounding is not beyond."""
    slack = _TOLERANCE * max(1.0, abs(lower), abs(upper))
    return np.where(values > upper + slack, 1, np.where(values < lower - slack, -1, 0)).astype(np.int64)


def _long_runs(signs: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    """Where a run of one sign has reached `length`; a zero neither adds to nor breaks a run."""
    hit = np.zeros(len(signs), dtype=bool)
    told = np.flatnonzero(signs)
    run, before = 0, 0
    for place in told:
        run = run + 1 if signs[place] == before else 1
        before = signs[place]
        hit[place] = run >= length
    return hit


def signals(values: ArrayLike, limits: Limits) -> list[Signal | None]:
    """The first rule each point completes: outside, trend, two_of_three, shift; None for noise.

    The order is that of METRICS: a point that completes two rules carries the first. Values must
    not be missing.
    """
    series = np.asarray(values, dtype=np.float64)
    outside = _sides(series, limits.lower, limits.upper) != 0
    steps = np.diff(series, prepend=series[:1])
    trend = _long_runs(_sides(steps, 0.0, 0.0), RUN_N - 1)
    near = _sides(series, limits.near_lower, limits.near_upper)
    two = np.zeros(len(series), dtype=bool)
    for place in range(1, len(series)):
        two[place] = near[place] != 0 and bool((near[max(0, place - 2) : place] == near[place]).any())
    shift = _long_runs(_sides(series, limits.centre, limits.centre), RUN_N)
    found: list[Signal | None] = []
    for is_outside, is_trend, is_two, is_shift in zip(outside, trend, two, shift, strict=True):
        found.append(
            "outside"
            if is_outside
            else "trend"
            if is_trend
            else "two_of_three"
            if is_two
            else "shift"
            if is_shift
            else None
        )
    return found


def phases(periods: Sequence[Period], rebase_on: Sequence[date]) -> list[int]:
    """The phase of each period, from 1; the one that holds a rebase date belongs to the old phase.

    A month or quarter that begins on the date is wholly of the new phase.
    """
    return [1 + sum(_is_after(period, day) for day in rebase_on) for period in periods]


def _is_after(period: Period, day: date) -> bool:
    return period.first_day > day or (period.first_day == day and not isinstance(period, Week))


def _holds(period: Period, days: Sequence[date]) -> bool:
    return any(period.first_day <= day <= period.last_day for day in days)


def control_frame(
    periods: Sequence[Period],
    values: ArrayLike,
    *,
    rebase_on: Sequence[date] = (),
    floor: float = -np.inf,
    ceiling: float = np.inf,
    is_partial: ArrayLike | None = None,
    set_aside_on: Sequence[date] = (),
) -> pd.DataFrame:
    """The chart of one series, one row a week, month or quarter in the order given.

    Periods marked `is_partial` keep their value, but move no limits and have no signal. The
    period that holds a date of `set_aside_on` moves no limits either; it is judged by them.

    Columns: week (2023-W37; 2023-09, 2023-Q3), value, centre, lower, upper, near_lower, near_upper
    (in the unit of the value; missing below 6 points in the phase), signal (missing for noise or
    no value), is_trial (fewer than 12 points in the phase), phase (from 1), is_partial, is_set_aside.
    """
    series = np.asarray(values, dtype=np.float64)
    partial = np.zeros(len(series), dtype=bool) if is_partial is None else np.asarray(is_partial, dtype=bool)
    aside = np.array([_holds(period, set_aside_on) for period in periods], dtype=bool)
    judged = np.where(partial, np.nan, series)
    phase = np.asarray(phases(periods, rebase_on), dtype=np.int64)
    names = ("centre", "lower", "upper", "near_lower", "near_upper")
    lines = {name: np.full(len(series), np.nan) for name in names}
    signal: list[Signal | None] = [None] * len(series)
    is_trial = np.ones(len(series), dtype=bool)
    for number in np.unique(phase):
        inside = phase == number
        limits = xmr_limits(judged[inside & ~aside], floor=floor, ceiling=ceiling)
        if limits is None:
            continue
        for name in names:
            lines[name][inside] = getattr(limits, name)
        is_trial[inside] = limits.is_trial
        known = np.flatnonzero(inside & ~np.isnan(judged))
        for place, found in zip(known, signals(series[known], limits), strict=True):
            signal[int(place)] = found
    return pd.DataFrame(
        {
            "week": pd.array([str(period) for period in periods], dtype="string"),
            "value": series,
            **lines,
            "signal": pd.array(signal, dtype="string"),
            "is_trial": is_trial,
            "phase": phase,
            "is_partial": partial,
            "is_set_aside": aside,
        }
    )


def moving_ranges(chart: pd.DataFrame) -> pd.DataFrame:
    """The moving ranges of a chart (of `control_frame`), within each phase, row by row.

    Columns: range (to the whole period with a value before it, missing for the first), mean (of
    those that move the limits, screened once), upper (3.267 times the mean).
    """
    lines = {name: np.full(len(chart), np.nan) for name in ("range", "mean", "upper")}
    values, aside = chart["value"].to_numpy(), chart["is_set_aside"].to_numpy(dtype=bool)
    is_known = ~np.isnan(values) & ~chart["is_partial"].to_numpy(dtype=bool)
    for number in chart["phase"].unique():
        inside = chart["phase"].eq(number).to_numpy(dtype=bool)
        known = np.flatnonzero(inside & is_known)
        lines["range"][known[1:]] = np.abs(np.diff(values[known]))
        if chart.loc[inside, "centre"].notna().any():
            mean = mean_range(values[known[~aside[known]]])
            lines["mean"][inside], lines["upper"][inside] = mean, SCREEN_FACTOR * mean
    return pd.DataFrame(lines, index=chart.index)


def largest_step(values: ArrayLike, *, least_n: int = NONE_BELOW_N) -> Step | None:
    """Where a series steps: the split with the least absolute deviations from the two medians.

    Medians, so that one wild week does not draw the split to itself. None when fewer than
    `least_n` points would stand on either side. Values must not be missing.
    """
    series = np.asarray(values, dtype=np.float64)
    places = range(least_n, len(series) - least_n + 1)
    if not len(places):
        return None

    def spread(part: Numbers) -> float:
        return float(np.abs(part - np.median(part)).sum())

    at = min(places, key=lambda place: spread(series[:place]) + spread(series[place:]))
    before, after = series[:at], series[at:]
    limits = xmr_limits(before)
    found = signals(after, limits) if limits else []
    first, second = float(np.median(before)), float(np.median(after))
    error = mean_range(series) / _RANGE_PER_SIGMA * float(np.sqrt(1 / len(before) + 1 / len(after)))
    is_signal = any(name in ("outside", "shift") for name in found) and abs(second - first) > _STEP_Z * error
    return Step(position=at, before=first, after=second, is_signal=is_signal)


def assurance(limits: Limits | None, target: float, *, is_lower_better: bool) -> Assurance | None:
    """Whether the process as it runs meets its target: always, never, or by chance; None without limits."""
    if limits is None:
        return None
    lower, upper = (limits.lower, limits.upper) if is_lower_better else (-limits.upper, -limits.lower)
    wanted = target if is_lower_better else -target
    if upper <= wanted:
        return "consistently_met"
    return "consistently_missed" if lower > wanted else "sometimes"
