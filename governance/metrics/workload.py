"""What is under way: inflow and outflow, the open stock by age, what is overdue, who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from governance.metrics.stages import MISSING, us_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from governance.metrics.stages import Cases, Mask, Stamps
    from governance.workdays import Week

DAY_US = 24 * 3_600_000_000
# Upper ends of the age bands in days; the last band is open.
AGE_BANDS_D = (1, 3, 7, 15, 30)
_Z95 = 1.959963984540054


def left_us(cases: Cases) -> Stamps:
    """When each case left the stock: closed, voided or transferred; `MISSING` while under way.

    A case that is closed by its status alone left as it came, so that it is never under way.
    """
    closed = cases.closed_us()
    left = np.where(cases.is_stopped & (closed == MISSING), cases.stopped_us, closed)
    return np.where(cases.is_end_unknown, cases.first_us, left)


def is_under_way(cases: Cases, at_us: int) -> Mask:
    """Cases reported by a moment that had not left by then; suspended ones included."""
    left = left_us(cases)
    came: Mask = (cases.first_us != MISSING) & (cases.first_us <= at_us)
    stayed: Mask = came & ((left == MISSING) | (left > at_us))
    return stayed


def poisson_bounds(count: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact bounds of a Poisson mean behind a count (Garwood 1936)."""
    tail = (1 - level) / 2
    lower = float(gammaincinv(count, tail)) if count else 0.0
    return lower, float(gammaincinv(count + 1, 1 - tail))


def _before(stamps: Stamps, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many known stamps lie before each of a few edges."""
    place = np.searchsorted(edges, stamps, side="right")
    counts = np.cumsum(np.bincount(place, minlength=len(edges) + 1))[: len(edges)]
    known: NDArray[np.int64] = counts - np.count_nonzero(stamps == MISSING)
    return known


def weekly_flow(cases: Cases, weeks: Sequence[Week]) -> pd.DataFrame:
    """What came, what left and what was under way, week by week.

    Columns: week (2023-W37), inflow_n (first stamp in the week), outflow_n (closed, voided or
    transferred in it), under_way_n (at its end, or at as-of inside it; missing after as-of),
    net_n (inflow − outflow).
    """
    left, now = left_us(cases), cases.as_of_us
    bounds = [(us_at(week.start_at), us_at(week.end_at)) for week in weeks]
    edges = np.unique([now + 1, *(edge for pair in bounds for edge in pair)])
    came, gone = _before(cases.first_us, edges), _before(left, edges)
    # A case that left before it came was never under way.
    stock = came - _before(np.where(left == MISSING, MISSING, np.maximum(left, cases.first_us)), edges)
    rows: list[tuple[object, ...]] = []
    for week, pair in zip(weeks, bounds, strict=True):
        start, end = np.searchsorted(edges, pair)
        at = np.searchsorted(edges, min(pair[1], now + 1))
        came_n, gone_n = int(came[end] - came[start]), int(gone[end] - gone[start])
        flow = (came_n, gone_n, int(stock[at]), came_n - gone_n) if now >= pair[0] else (pd.NA,) * 4
        rows.append((str(week), *flow))
    table = pd.DataFrame(rows, columns=["week", "inflow_n", "outflow_n", "under_way_n", "net_n"])
    return table.astype({"week": "string"} | dict.fromkeys(table.columns[1:], "Int64"))


@dataclass(frozen=True)
class Clearing:
    """Whether a backlog clears: net flow a week with its noise, and a date only beyond that noise."""

    net_per_week: float
    noise_per_week: float
    clears_at: datetime | None


def clearing(under_way_n: int, flow: pd.DataFrame, *, as_of: datetime) -> Clearing:
    """When the stock is gone at the net flow of the given complete weeks.

    No date is given while the net flow lies within its Poisson noise (variance of a difference of
    two counts: their sum) or the stock grows.
    """
    known = flow.dropna(subset=["inflow_n", "outflow_n"])
    if known.empty:
        return Clearing(float("nan"), float("nan"), None)
    came_n, left_n, weeks_n = int(known["inflow_n"].sum()), int(known["outflow_n"].sum()), len(known)
    net, noise = (came_n - left_n) / weeks_n, _Z95 * float(np.sqrt(came_n + left_n)) / weeks_n
    is_clearing = -net > noise and under_way_n > 0
    return Clearing(net, noise, as_of + pd.Timedelta(weeks=under_way_n / -net) if is_clearing else None)


def age_bands(cases: Cases) -> pd.DataFrame:
    """The open stock at as-of by age.

    Columns: from_d, to_d (days, the end excluded; missing for the last band), n.
    """
    open_cases = is_under_way(cases, cases.as_of_us)
    ages_d = (cases.as_of_us - cases.first_us[open_cases]) / DAY_US
    counts = np.bincount(np.searchsorted(AGE_BANDS_D, ages_d, side="right"), minlength=len(AGE_BANDS_D) + 1)
    ends = pd.array([*AGE_BANDS_D, pd.NA], dtype="Int64")
    return pd.DataFrame({"from_d": [0, *AGE_BANDS_D], "to_d": ends, "n": counts})


@dataclass(frozen=True)
class OverdueStock:
    """Cases under way past their due stamp at as-of, with Poisson bounds; suspended ones apart."""

    overdue_n: int
    lower: float
    upper: float
    under_way_n: int
    suspended_n: int
    no_limit_n: int


def overdue_stock(cases: Cases, due_us: Stamps) -> OverdueStock:
    """The overdue part of what is under way at as-of."""
    under_way = is_under_way(cases, cases.as_of_us)
    counted = under_way & ~cases.is_suspended
    overdue_n = int((counted & (due_us != MISSING) & (due_us < cases.as_of_us)).sum())
    return OverdueStock(
        overdue_n,
        *poisson_bounds(overdue_n),
        under_way_n=int(under_way.sum()),
        suspended_n=int((under_way & cases.is_suspended).sum()),
        no_limit_n=int((counted & (due_us == MISSING)).sum()),
    )


@dataclass(frozen=True)
class Rework:
    """返工率: reworked ÷ closed; the share is None when nothing was closed."""

    reworked_n: int
    closed_n: int
    share: float | None


def rework(cases: Cases, rework_n: pd.Series, *, start_us: int, end_us: int) -> Rework:
    """Of the cases closed in a window (end excluded), those sent back at least once.

    `rework_n` counts the returns of each case, in the order of `cases`; a missing count is none.
    """
    closed_at = cases.closed_us()
    is_closed = (closed_at >= start_us) & (closed_at < end_us) & (closed_at != MISSING) & ~cases.is_stopped
    sent_back = rework_n.fillna(0).to_numpy(dtype=np.int64) > 0
    closed_n, reworked_n = int(is_closed.sum()), int((is_closed & sent_back).sum())
    return Rework(reworked_n, closed_n, reworked_n / closed_n if closed_n else None)


@dataclass(frozen=True)
class StraightToTheRight:
    """扁平化: minutes from report to whoever acted first, and hand-offs a case; NaN without any."""

    timed_n: int
    median_min: float
    p90_min: float
    logged_n: int
    handoffs_per_case: float
    straight_share: float | None


def straight_to_the_right(frame: pd.DataFrame) -> StraightToTheRight:
    """How soon and how directly cases reached whoever acted, from `Dataset.cases`.

    `straight_share` is the share of logged cases without any hand-off. Quantiles are of cases
    somebody acted on, by the inverted distribution.
    """
    minutes = (frame["first_acted_at"] - frame["reported_at"]).dt.total_seconds().to_numpy() / 60
    ordered = np.sort(minutes[minutes >= 0])
    handoffs = frame["handoffs_n"].dropna().to_numpy(dtype=np.int64)
    return StraightToTheRight(
        timed_n=len(ordered),
        median_min=_quantile(ordered, 0.5),
        p90_min=_quantile(ordered, 0.9),
        logged_n=len(handoffs),
        handoffs_per_case=float(handoffs.mean()) if len(handoffs) else float("nan"),
        straight_share=float((handoffs == 0).mean()) if len(handoffs) else None,
    )


def _quantile(ordered: NDArray[np.float64], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    if not len(ordered):
        return float("nan")
    return float(ordered[int(np.ceil(share * len(ordered) - 1e-9)) - 1])
