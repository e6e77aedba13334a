"""Fair comparison of communities: observed against expected, funnel limits, small numbers.

Sources: Spiegelhalter 2005 (funnel plots, over-dispersion); Wilson 1927.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import bdtrik

from governance.metrics.survival import time_reached

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.metrics.survival import Curve

MARK_Z = 3.090232306167813
BAND_Z = 1.959963984540054
MARK_SHARE = 0.002
LEAST_N = 20
SMALL_N = 5
POOLED_AS = 10
_STRATA = ("category", "severity", "hour")


def wilson_interval(k: int, n: int, *, z: float = BAND_Z) -> tuple[float, float] | None:
    """The Wilson score interval of k of n, 95 % by default; None without cases."""
    if not n:
        return None
    share, weight = k / n, z * z / n
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * np.sqrt(share * (1 - share) / n + weight / (4 * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def quantile_interval(curve: Curve, share: float, *, level: float = 0.95) -> tuple[float, float]:
    """The distribution-free interval of a quantile of times, by order statistics.

    `share` is 0.9 for the p90. The ranks that hold the quantile with the given probability are
    read off the closing curve, so that cases under way count as such; without them the bounds are
    observed times. 0 below the first rank, infinite beyond what was observed, missing without
    cases.
    """
    n = int(curve.at_risk_n[0]) if len(curve.at_risk_n) else 0
    if not n:
        return float("nan"), float("nan")
    # The binomial's quantiles; scipy.stats has them too, and takes half a second to load.
    low, high = (int(np.ceil(bdtrik(p, n, share))) for p in ((1 - level) / 2, (1 + level) / 2))
    high += 1
    bounds = time_reached(curve, 1 - low / n), time_reached(curve, 1 - high / n) if high <= n else np.inf
    return bounds[0] if low else 0.0, float(np.nan_to_num(bounds[1], nan=np.inf, posinf=np.inf))


def suppressed(counts: pd.Series, *, least: int = SMALL_N) -> pd.Series:
    """Which counts must not be shown: those from 1 to 4, and a second one when only one is so.

    The second is the smallest other count above 0 (else a 0), so that the total gives nothing
    away.
    """
    hidden = (counts > 0) & (counts < least)
    if int(hidden.sum()) == 1:
        others = counts[~hidden].sort_values(kind="stable")
        positive = others[others > 0]
        chosen = positive.index[:1] if len(positive) else others.index[:1]
        hidden.loc[chosen] = True
    return hidden.fillna(False).astype(bool)


def expected_shares(cases: pd.DataFrame, outcome: pd.Series, group: pd.Series) -> pd.Series:
    """For each case the outcome's share among like cases of all other groups.

    Like: same category, severity and hour of the report. An hour of one category holds a few
    cases at most, so the share is pooled step by step: that of all others, then of the category,
    of the severity in it, of the hour, each step drawn to the one before as by `POOLED_AS` cases.
    Missing where there are no others.
    """
    hour = cases["reported_at"].dt.hour
    strata = cases[["category", "severity"]].assign(hour=hour).astype("string").fillna("")
    hit = outcome.astype("float64")
    expected: pd.Series | None = None
    for depth in range(len(_STRATA) + 1):
        keys = [strata[name] for name in _STRATA[:depth]] or [pd.Series("", index=cases.index)]
        parts = []
        for by in (keys, [*keys, group]):
            grouped = hit.groupby(by)
            parts.append((grouped.transform("sum"), grouped.transform("size")))
        hits, n = parts[0][0] - parts[1][0], parts[0][1] - parts[1][1]
        if expected is None:
            expected = hits / n.where(n > 0)
        else:
            expected = (hits + POOLED_AS * expected) / (n + POOLED_AS)
    return expected if expected is not None else pd.Series(np.nan, index=cases.index)


def _dispersion(z: NDArray[np.float64]) -> float:
    """Mean squared z, winsorised at 10 % on either side; never below 1."""
    if len(z) < 2:
        return 1.0
    low, high = np.quantile(z, [0.1, 0.9])
    return max(1.0, float(np.mean(np.clip(z, low, high) ** 2)))


def comparison_table(cases: pd.DataFrame, outcome: pd.Series, group: pd.Series) -> pd.DataFrame:
    """Observed against expected per group, with funnel limits; never ranked.

    `outcome` says of each case whether it had it (closed in time, came back); cases without a
    group, a report stamp or with nothing to compare with are left out.

    Columns: group, n, observed_n, expected_n, ratio (observed ÷ expected, missing at 0 expected),
    variance (of observed_n where the group does as the others), lower, upper (99.8 % funnel limits of
    the ratio), share, share_lower, share_upper (Wilson 95 %), dispersion (the factor on the variance),
    is_marked (beyond the limits, never below 20 cases), false_marks_n (marks to be expected by
    chance in the whole table). By group.
    """
    kept = group.notna() & outcome.notna() & cases["reported_at"].notna()
    cases, outcome, group = cases[kept], outcome[kept].astype(bool), group[kept]
    like = expected_shares(cases, outcome, group)
    table = pd.DataFrame({"group": group, "hit": outcome, "like": like, "spread": like * (1 - like)})
    grouped = table.dropna(subset=["like"]).groupby("group", sort=True)
    result = pd.DataFrame(
        {
            "n": grouped.size(),
            "observed_n": grouped["hit"].sum().astype("int64"),
            "expected_n": grouped["like"].sum(),
        }
    )
    result["variance"] = grouped["spread"].sum()
    sd = np.sqrt(result["variance"])
    z = (result["observed_n"] - result["expected_n"]) / sd.where(sd > 0)
    can_mark = (result["n"] >= LEAST_N) & z.notna()
    dispersion = _dispersion(z[can_mark].to_numpy(dtype=np.float64))
    expected = result["expected_n"].where(result["expected_n"] > 0)
    reach = MARK_Z * np.sqrt(dispersion) * sd / expected
    wilson = [wilson_interval(int(k), int(n)) for k, n in zip(result["observed_n"], result["n"], strict=True)]
    result = result.assign(
        ratio=result["observed_n"] / expected,
        lower=(1 - reach).clip(lower=0.0),
        upper=1 + reach,
        share=result["observed_n"] / result["n"],
        share_lower=[low_high[0] if low_high else np.nan for low_high in wilson],
        share_upper=[low_high[1] if low_high else np.nan for low_high in wilson],
        dispersion=dispersion,
        is_marked=can_mark & (z.abs() > MARK_Z * np.sqrt(dispersion)),
        false_marks_n=MARK_SHARE * int(can_mark.sum()),
    )
    return result.reset_index()
