"""Did a decision work? The weeks after it against the weeks before, and against like places.

The place's change is compared with the median change of similar places where nothing was decided:
what all of them share (a season, a reform) drops out, and so does that the worst places improve by
themselves (regression to the mean), since the similar ones are those that stood nearest before.
Until four weeks after the decision are known there is no verdict, unless a week lies beyond the
natural limits of the weeks before. A signal whose run began before the decision says nothing of it,
and the weeks before are then those since it began. The charts are those of
`control_series.control_charts`.

Sources: Wheeler (natural limits); Card and Krueger 1994 (difference in differences); Galton 1886
(regression to the mean).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from governance.meeting.signal_runs import signals_around
from governance.metrics.control import NONE_BELOW_N, mean_range, xmr_limits
from governance.metrics.control_series import SERIES
from governance.metrics.response import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from governance.meeting.commitments import Commitment, Place
    from governance.meeting.signal_runs import Around
    from governance.metrics.control import Signal
    from governance.metrics.control_series import Direction
    from governance.workdays import Week

    Numbers = NDArray[np.float64]

Word = Literal["supported", "not_supported", "undecided"]
Reason = Literal[
    "no_metric", "dropped", "no_direction", "no_values", "few_before", "rebased", "too_early", "too_few",
    "no_comparison", "already", "within_noise", "beyond_limits", "shifted", "improved_more", "held_up",
    "worse", "others_too", "back_to_usual", "no_change",
]  # fmt: skip

BEFORE_N, AFTER_N = 12, 12
LEAST_AFTER_N = 4
# From so many weeks on a difference that does not show is taken as none.
SETTLED_N = 8
LEAST_OTHERS_N, MOST_OTHERS_N = 3, 12
# A difference of medians of pure noise stays below so many standard errors in 19 of 20 series of
# 8 to 12 weeks before and 4 to 8 after, by simulation; below 6 before no limits are drawn at all.
_NOISE_Z = 2.7
# Mean moving range of two normal values, in standard deviations.
_RANGE_PER_SIGMA = 1.128


@dataclass(frozen=True)
class Question:
    """What is asked of the charts of one metric.

    `place` is the decision's group in the charts, `baseline` the last week before it, `touched`
    the groups where something was decided on the same metric.
    """

    place: str
    baseline: Week
    direction: Direction
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """What the data say of one decision, and the numbers it rests on, in the metric's unit.

    `baseline` is the value of the last week before, `before` and `after` the medians of the weeks
    on either side (the last `before_n` before, `points_n` after), `others_change` the median change
    of the `others_n` similar places, `gain` how much more the place improved than they did (positive
    is better whichever way the metric points), `noise` what such a gain comes to by chance in one of
    twenty cases. Missing is NaN.
    """

    word: Word
    reason: Reason
    points_n: int = 0
    before_n: int = 0
    baseline: float = float("nan")
    before: float = float("nan")
    after: float = float("nan")
    gain: float = float("nan")
    noise: float = float("nan")
    others_change: float = float("nan")
    others_n: int = 0


@dataclass(frozen=True)
class _Weeks:
    """The values of a place and of similar ones, before and after, by week; `others` a column each."""

    before: pd.Series
    after: pd.Series
    others_before: pd.DataFrame
    others_after: pd.DataFrame
    has_left_phase: bool

    @property
    def is_compared(self) -> bool:
        """Whether there are similar places enough."""
        return self.others_before.shape[1] >= LEAST_OTHERS_N

    def apart(self) -> tuple[pd.Series, pd.Series]:
        """The weeks before and after without what similar places did in the same week."""
        if not self.is_compared:
            return self.before, self.after
        before = (self.before - self.others_before.median(axis=1)).dropna()
        return before, (self.after - self.others_after.median(axis=1)).dropna()


def _values(charts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Whole weeks by row, groups by column."""
    return pd.DataFrame(
        {
            name: chart["value"].mask(chart["is_partial"]).set_axis(chart["week"].astype(object))
            for name, chart in charts.items()
        }
    ).astype("float64")


def _weeks(charts: Mapping[str, pd.DataFrame], question: Question) -> _Weeks:
    values = _values(charts)
    mine, baseline = values[question.place], str(question.baseline)
    chart = charts[question.place]
    phase = pd.Series(chart["phase"].to_numpy(), index=values.index)
    is_before = np.asarray(values.index <= baseline)
    own_phase = phase[is_before].iloc[-1] if is_before.any() else 0
    before = mine[is_before & phase.eq(own_phase).to_numpy()].dropna().iloc[-BEFORE_N:]
    after = mine[~is_before].dropna().iloc[:AFTER_N]
    others = _similar(values.drop(columns=[question.place]), before, after, question.touched)
    compared = len(others.columns) >= LEAST_OTHERS_N
    in_phase = phase.loc[after.index].eq(own_phase)
    return _Weeks(
        before=before,
        # A rebase moves all places alike: it matters only where there is nothing to compare with.
        after=after if compared else after[in_phase],
        others_before=others.loc[before.index],
        others_after=others.loc[after.index],
        has_left_phase=not compared and bool((~in_phase).any()),
    )


def _similar(
    values: pd.DataFrame, before: pd.Series, after: pd.Series, touched: frozenset[str]
) -> pd.DataFrame:
    """The untouched places known in most of the weeks, nearest in what they came to before."""
    names = [name for name in values.columns if name not in touched and name != UNKNOWN]
    earlier, later = values.loc[before.index, names], values.loc[after.index, names]
    is_known = (earlier.notna().sum() >= NONE_BELOW_N) & (later.notna().sum() >= max(1, len(after) / 2))
    distance = (earlier.median() - before.median()).abs()[is_known]
    nearest = distance.sort_values(kind="stable").index[:MOST_OTHERS_N]
    return values[list(nearest)]


def verdict_of(charts: Mapping[str, pd.DataFrame], question: Question) -> Verdict:
    """The verdict on one decision, from the charts of its metric by place."""
    if question.direction == "none":
        return Verdict("undecided", "no_direction")
    if question.place not in charts:
        return Verdict("undecided", "no_values")
    weeks = _weeks(charts, question)
    if weeks.before.empty:
        return Verdict("undecided", "no_values")
    before, after = weeks.apart()
    limits = xmr_limits(before)
    found = signals_around(before.to_numpy(), after.to_numpy(), limits, level_n=LEAST_AFTER_N)
    numbers = _numbers(weeks, question, since="" if found.level is None else str(before.index[found.level]))
    sign = 1.0 if question.direction == "higher" else -1.0
    if not numbers.points_n:
        return _because(numbers, "undecided", "rebased" if weeks.has_left_phase else "too_early")
    if limits is None:
        return _because(numbers, "undecided", "few_before")
    if numbers.points_n < LEAST_AFTER_N:
        return _early(numbers, found, sign)
    if not weeks.is_compared:
        return _alone(numbers, found, sign)
    return _compared(numbers, weeks, sign)


def _because(numbers: Verdict, word: Word, reason: Reason) -> Verdict:
    return replace(numbers, word=word, reason=reason)


def _numbers(weeks: _Weeks, question: Question, *, since: str) -> Verdict:
    """What a verdict rests on, still without its word; the weeks before are those from `since` on."""
    sign = 1.0 if question.direction == "higher" else -1.0
    level = weeks.before.loc[since:] if since else weeks.before
    before, after = level.median(), weeks.after.median()
    others_change = float("nan")
    if weeks.is_compared and len(weeks.after):
        earlier = weeks.others_before.loc[level.index].median()
        others_change = float((weeks.others_after.median() - earlier).median())
    apart, _ = weeks.apart()
    baseline = str(question.baseline)
    return Verdict(
        word="undecided",
        reason="too_early",
        points_n=len(weeks.after),
        before_n=len(level),
        baseline=float(weeks.before[baseline]) if baseline in weeks.before.index else float("nan"),
        before=float(before),
        after=float(after),
        gain=sign * (float(after - before) - (others_change if weeks.is_compared else 0.0)),
        noise=_noise(apart.to_numpy(), len(level), len(weeks.after)),
        others_change=others_change,
        others_n=weeks.others_before.shape[1] if weeks.is_compared else 0,
    )


def _noise(before: Numbers, before_n: int, after_n: int) -> float:
    """What a difference of the medians comes to by chance in one of twenty cases."""
    if len(before) < NONE_BELOW_N or not after_n:
        return float("nan")
    return float(_NOISE_Z * mean_range(before) / _RANGE_PER_SIGMA * np.sqrt(1 / before_n + 1 / after_n))


def _early(numbers: Verdict, signals: Around, sign: float) -> Verdict:
    """Before there are weeks enough: only what lies beyond the limits, and did not before, counts."""
    sides = signals.sides("outside", sign)
    if len(sides) != 1:
        is_already = signals.is_already and not sides
        return _because(numbers, "undecided", "already" if is_already else "too_few")
    return _because(numbers, "supported" if sides == {1.0} else "not_supported", "beyond_limits")


def _alone(numbers: Verdict, signals: Around, sign: float) -> Verdict:
    """Without like places: only the limits of the weeks before speak."""
    found: tuple[tuple[Signal, Reason], ...] = (("outside", "beyond_limits"), ("shift", "shifted"))
    for rule, reason in found:
        sides = signals.sides(rule, sign)
        if len(sides) == 1:
            return _because(numbers, "supported" if sides == {1.0} else "not_supported", reason)
    return _because(numbers, "undecided", "already" if signals.is_already else "no_comparison")


def _compared(numbers: Verdict, weeks: _Weeks, sign: float) -> Verdict:
    """With weeks and places enough: the gain against what chance would bring."""
    own_gain = sign * (numbers.after - numbers.before)
    if numbers.gain > numbers.noise:
        return _because(numbers, "supported", "improved_more" if own_gain > 0 else "held_up")
    if numbers.gain < -numbers.noise:
        return _because(numbers, "not_supported", "worse")
    own = weeks.before.to_numpy()
    if own_gain > _noise(own, numbers.before_n, numbers.points_n):
        return _because(numbers, "not_supported", "others_too")
    if _was_worst(numbers, own[-numbers.before_n :], sign):
        return _because(numbers, "not_supported", "back_to_usual")
    if numbers.gain <= 0 or numbers.points_n >= SETTLED_N:
        return _because(numbers, "not_supported", "no_change")
    return _because(numbers, "undecided", "within_noise")


def _was_worst(numbers: Verdict, before: Numbers, sign: float) -> bool:
    """Whether the decision followed the worst of the weeks before, and it has passed."""
    is_worst = sign * numbers.baseline <= float((sign * before).min()) and np.ptp(before) > 0
    return bool(is_worst and sign * (numbers.after - numbers.baseline) > 0)


# ------------------------------------------------------------------------- commitments
# The group of the charts that stands for the whole street.
STREET = "all"


def group_of(place: Place | None) -> str:
    """The group of the charts a commitment is about; the street where it names no place."""
    return STREET if place is None or place.level == "street" else place.code


def grouping_of(place: Place | None) -> str | None:
    """By what the charts must be cut (`by` of `control_charts`); None for the street."""
    return None if place is None or place.level == "street" else place.level


def verdict_on(
    commitment: Commitment, charts: Mapping[str, pd.DataFrame], *, touched: frozenset[str] = frozenset()
) -> Verdict:
    """The verdict on a commitment, from the charts of its metric cut by `grouping_of` its place."""
    if commitment.metric is None:
        return Verdict("undecided", "no_metric")
    if commitment.status == "dropped":
        return Verdict("undecided", "dropped")
    if commitment.metric not in SERIES:
        return Verdict("undecided", "no_values")
    return verdict_of(
        charts,
        Question(
            place=group_of(commitment.place),
            baseline=commitment.baseline_week,
            direction=SERIES[commitment.metric].direction,
            touched=touched,
        ),
    )


def touched_by(commitments: Iterable[Commitment], one: Commitment) -> frozenset[str]:
    """The other places where something was decided on the same metric, at the same level and time.

    The same time: not so far apart that neither decision reaches into the weeks of the other.
    """
    reach = timedelta(weeks=BEFORE_N)
    return frozenset(
        group_of(other.place)
        for other in commitments
        if other.metric == one.metric
        and grouping_of(other.place) == grouping_of(one.place)
        and other.status != "dropped"
        and abs(other.baseline_week.first_day - one.baseline_week.first_day) <= reach
        and group_of(other.place) != group_of(one.place)
    )
