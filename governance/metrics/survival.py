"""Times to an end when some have not ended yet: product limit, quantiles, competing ends.

Sources: Kaplan & Meier 1958; Greenwood 1926; Aalen & Johansen 1978; the log-minus-log band after
Kalbfleisch & Prentice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]
    Counts = NDArray[np.int64]

TOLERANCE = 1e-12
MEDIAN, P90 = 0.5, 0.1


@dataclass(frozen=True)
class Curve:
    """A step function that falls at `times`, one entry a distinct time, in ascending order.

    `closed_n`, `other_n` (competing ends) and `censored_n` end at that time, `at_risk_n` were
    under way just before it. `open_share` is the share not closed after it: the Kaplan–Meier
    estimate, or with competing ends one minus the Aalen–Johansen estimate of being closed.
    """

    times: Numbers
    closed_n: Counts
    other_n: Counts
    censored_n: Counts
    at_risk_n: Counts
    open_share: Numbers


def curve_of_counts(
    times: ArrayLike, closed_n: ArrayLike, censored_n: ArrayLike, other_n: ArrayLike | None = None
) -> Curve:
    """The curve from counts per distinct, ascending time; at ties an end comes before a censoring."""
    at = np.asarray(times, dtype=np.float64)
    closed, censored = (np.asarray(n, dtype=np.int64) for n in (closed_n, censored_n))
    other = np.zeros_like(closed) if other_n is None else np.asarray(other_n, dtype=np.int64)
    left = closed + other + censored
    at_risk = left[::-1].cumsum()[::-1]
    weight = _weights(at_risk, closed + other, censored)
    open_share = 1 - np.cumsum(weight * closed) if other.any() else weight * (at_risk - closed)
    return Curve(at, closed, other, censored, at_risk, np.clip(open_share, 0.0, 1.0))


def _weights(at_risk: Counts, ended: Counts, censored: Counts) -> Numbers:
    """S(t−) / at risk: what one case still under way stands for.

    Between two censorings the product limit telescopes, so this changes only where cases are
    censored; curves without censoring are exact fractions.
    """
    if not len(at_risk):
        return np.empty(0)
    staying = at_risk - ended
    going_on = staying - censored
    factor = np.where(going_on > 0, staying / np.maximum(going_on, 1), 1.0)
    weight: Numbers = np.concatenate([[1.0], np.cumprod(factor)[:-1]]) / at_risk[0]
    return weight


def product_limit(durations: ArrayLike, is_closed: ArrayLike, is_other: ArrayLike | None = None) -> Curve:
    """The curve of single cases: how long each took, whether it closed or ended otherwise.

    Cases that did neither are censored at their duration. Negative durations must be left out
    before.
    """
    at = np.asarray(durations, dtype=np.float64)
    closed = np.asarray(is_closed, dtype=bool)
    other = np.zeros_like(closed) if is_other is None else np.asarray(is_other, dtype=bool) & ~closed
    times, left_n = np.unique(at, return_counts=True)
    # Most cases close: counting the others and taking them off is the fastest.
    other_n, censored_n = (_counts(at[mark], times) for mark in (other, ~closed & ~other))
    return curve_of_counts(times, left_n - other_n - censored_n, censored_n, other_n)


def _counts(values: Numbers, times: Numbers) -> Counts:
    """How many of the values each time has."""
    found, n = np.unique(values, return_counts=True)
    counts = np.zeros(len(times), dtype=np.int64)
    counts[np.searchsorted(times, found)] = n
    return counts


def time_reached(curve: Curve, open_share: float) -> float:
    """The smallest t with S(t) ≤ `open_share` (0.5 the median, 0.1 the p90); NaN when not reached."""
    hit = (curve.open_share <= open_share + TOLERANCE) & (curve.closed_n > 0)
    return float(curve.times[int(hit.argmax())]) if hit.any() else float("nan")


def closed_share_by(curve: Curve, limit: float) -> float:
    """P(closed ≤ limit); NaN without cases or when nobody was watched until the limit."""
    if not len(curve.times):
        return float("nan")
    place = int(np.searchsorted(curve.times, limit, side="right"))
    share = 1 - curve.open_share[place - 1] if place else 0.0
    is_known = curve.times[-1] >= limit or not curve.censored_n[-1]
    return float(share) if is_known else float("nan")


def restricted_mean(curve: Curve, limit: float) -> float:
    """Mean time open up to `limit`: the area under the curve from 0 to the limit; NaN without cases."""
    if not len(curve.times):
        return float("nan")
    inside = curve.times < limit
    edges = np.concatenate([[0.0], curve.times[inside], [limit]])
    heights = np.concatenate([[1.0], curve.open_share[inside]])
    return float(np.sum(np.diff(edges) * heights))


def greenwood_variance(curve: Curve) -> Numbers:
    """Greenwood's variance of S(t) at each time; for curves without competing ends."""
    left = curve.at_risk_n * (curve.at_risk_n - curve.closed_n)
    terms = np.divide(curve.closed_n, left, out=np.zeros(len(left)), where=left > 0)
    variance: Numbers = curve.open_share**2 * np.cumsum(terms)
    return variance


def band(curve: Curve, *, z: float = 1.959963984540054) -> tuple[Numbers, Numbers]:
    """Lower and upper bound of S(t) at each time, log-minus-log, 95 % by default, for drawing."""
    share = curve.open_share
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    spread = np.sqrt(greenwood_variance(curve)) / (safe * np.abs(np.log(safe)))
    lower = np.where(inside, safe ** np.exp(z * spread), share)
    upper = np.where(inside, safe ** np.exp(-z * spread), share)
    return lower, upper


def closed_incidence(curve: Curve) -> Numbers:
    """Aalen–Johansen share closed by each time, voided and transferred being ends of their own."""
    return 1 - curve.open_share


def other_incidence(curve: Curve) -> Numbers:
    """Aalen–Johansen share ended otherwise (voided, transferred) by each time."""
    weight = _weights(curve.at_risk_n, curve.closed_n + curve.other_n, curve.censored_n)
    share: Numbers = np.cumsum(weight * curve.other_n)
    return share


# How a case left its interval; the order breaks ties.
CLOSED, OTHER, OPEN = 0, 1, 2


def closed_places(n: int) -> tuple[int, int]:
    """The places of median and p90 among `n` sorted cases that all closed."""
    return (n - 1) // 2, (9 * n + 9) // 10 - 1


def sorted_times_reached(ends: Counts, how: Counts) -> tuple[float, float]:
    """Median and p90 of cases sorted by time, then by `how`, one by one; fast on large groups.

    Cases tied in time may be taken one after the other: the curve passes through values above
    its step, all of them at the same time.
    """
    n = len(ends)
    if not n:
        return float("nan"), float("nan")
    if not how.any():
        middle, ninth = closed_places(n)
        return float(ends[middle]), float(ends[ninth])
    place = np.arange(n)
    is_open = how == OPEN
    if is_open.any():
        going_on = np.maximum(n - place - 1, 1)
        factor = np.where(is_open, (n - place) / going_on, 1.0)
        weight = np.concatenate([[1.0], np.cumprod(factor)[:-1]]) / n
    else:
        weight = np.full(n, 1 / n)
    is_closed = how == CLOSED
    has_other = bool((how == OTHER).any())
    share = 1 - np.cumsum(weight * is_closed) if has_other else weight * (n - place - is_closed)
    reached = []
    for level in (MEDIAN, P90):
        hit = (share <= level + TOLERANCE) & is_closed
        first = int(hit.argmax())
        reached.append(float(ends[first]) if hit[first] else float("nan"))
    return reached[0], reached[1]
