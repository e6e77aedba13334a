"""How fast cases are closed when some are still open: the curve, its band, what closed ones hide.

Sources: Aalen & Johansen 1978; the variance of an incidence with competing ends after Marubini &
Valsecchi 1995, which is Greenwood's without them; bounds log-minus-log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from governance.metrics.stages import MINUTE_US, interval, stage_times
from governance.metrics.survival import (
    CLOSED,
    OTHER,
    TOLERANCE,
    closed_incidence,
    other_incidence,
    product_limit,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from governance.metrics.stages import Cases
    from governance.metrics.survival import Curve

    Numbers = NDArray[np.float64]

Change = Literal["unclear", "shorter", "longer", "unknown"]
LEAST_N, LEAST_OPEN_N = 20, 5
# Below this ratio the closed-only median does not mislead anybody.
_GAP_RATIO = 1.25
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Closing:
    """The closing curve of some cases, minutes from report to close.

    `low` and `high` bound the share closed at each time of `curve` (95 %). `median`, `p90` and the
    bounds of the median are NaN where not reached; `closed_only_median` is that of the closed ones,
    which is too short while others are open.
    """

    curve: Curve
    low: Numbers
    high: Numbers
    n: int
    open_n: int
    median: float
    p90: float
    closed_only_median: float
    median_low: float
    median_high: float

    @property
    def watched(self) -> float:
        """How long the longest case was watched; 0 without cases."""
        return float(self.curve.times[-1]) if len(self.curve.times) else 0.0

    @property
    def gap(self) -> float:
        """Minutes by which the closed-only median is too short, at least; NaN without both."""
        median = self.watched if np.isnan(self.median) else self.median
        return median - self.closed_only_median

    @property
    def is_misleading(self) -> bool:
        """Whether the closed cases alone look markedly faster than all of them."""
        return bool(
            self.n >= LEAST_N
            and self.open_n >= LEAST_OPEN_N
            and self.gap > (_GAP_RATIO - 1) * self.closed_only_median
        )


def incidence_variance(curve: Curve) -> Numbers:
    """Variance of the share closed at each time, voided and transferred cases being other ends."""
    closed, at_risk = curve.closed_n.astype(np.float64), curve.at_risk_n.astype(np.float64)
    share, other = closed_incidence(curve), other_incidence(curve)
    before = np.concatenate([[1.0], (1 - share - other)[:-1]]) if len(share) else share
    ended = closed + curve.other_n
    left = at_risk * (at_risk - ended)
    first = np.divide(ended, left, out=np.zeros(len(left)), where=left > 0)
    second = before**2 * (at_risk - closed) * closed / at_risk**3
    third = before * closed / at_risk**2
    # (F(t) − Fᵢ)² and F(t) − Fᵢ are spread out, so that one pass of sums is enough.
    sums = [np.cumsum(first * share**power) for power in (0, 1, 2)]
    variance: Numbers = (
        share**2 * sums[0]
        - 2 * share * sums[1]
        + sums[2]
        + np.cumsum(second)
        - 2 * (share * np.cumsum(third) - np.cumsum(third * share))
    )
    return np.maximum(variance, 0.0)


def closed_band(curve: Curve) -> tuple[Numbers, Numbers]:
    """Lower and upper bound of the share closed at each time, 95 %."""
    share = curve.open_share
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    spread = np.sqrt(incidence_variance(curve)) / (safe * np.abs(np.log(safe)))
    low = np.where(inside, 1 - safe ** np.exp(-_Z95 * spread), 1 - share)
    high = np.where(inside, 1 - safe ** np.exp(_Z95 * spread), 1 - share)
    return low, high


def _first_at(times: Numbers, share: Numbers, level: float) -> float:
    hit = share >= level - TOLERANCE
    return float(times[int(hit.argmax())]) if hit.any() else float("nan")


def closing_of(cases: Cases) -> Closing:
    """The closing curve of cases, from report to (last) closing; open ones are open."""
    timed = interval(cases, "report_to_close")
    curve = product_limit(timed.used_us / MINUTE_US, timed.how == CLOSED, timed.how == OTHER)
    times = stage_times(timed, np.zeros(len(cases), dtype=np.int64), 1)[0]
    low, high = closed_band(curve)
    return Closing(
        curve=curve,
        low=low,
        high=high,
        n=times.n,
        open_n=times.open_n,
        median=times.median_min,
        p90=times.p90_min,
        closed_only_median=times.closed_only_median_min,
        median_low=_first_at(curve.times, high, 0.5),
        median_high=_first_at(curve.times, low, 0.5),
    )


def closings_by(cases: Cases, numbers: NDArray[np.int64], names: Sequence[str]) -> dict[str, Closing]:
    """The closing curve of each group that has cases; `numbers` holds each case's group."""
    found = {name: closing_of(cases.kept(numbers == place)) for place, name in enumerate(names)}
    return {name: closing for name, closing in found.items() if closing.n}


def most_misleading(closings: Mapping[str, Closing]) -> str | None:
    """The group whose closed cases alone mislead most; None where none does."""
    gaps = {name: closing.gap for name, closing in closings.items() if closing.is_misleading}
    return max(gaps, key=lambda name: gaps[name]) if gaps else None


def change_of(now: Closing, before: Closing) -> Change:
    """Whether cases are closed sooner than in the period before, by their medians.

    `unclear` where the median before lies within the 95 % bounds of the one now (an upper bound
    that was not reached is infinite); `unknown` on fewer than 20 cases or without a median before.
    """
    if min(now.n, before.n) < LEAST_N or np.isnan(before.median) or np.isnan(now.median_low):
        return "unknown"
    high = np.inf if np.isnan(now.median_high) else now.median_high
    if before.median < now.median_low:
        return "longer"
    return "shorter" if before.median > high else "unclear"
