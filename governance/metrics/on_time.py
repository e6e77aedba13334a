"""P(on time): how likely a case keeps its own limit, with open cases counted as open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from governance.metrics.deadlines import used_shares
from governance.metrics.stages import MISSING, STAMPS
from governance.metrics.survival import closed_share_by, product_limit
from governance.workdays import OFFICE_HOURS, WorkHours

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from governance.metrics.stages import Cases, Stamps
    from governance.metrics.survival import Curve
    from governance.metrics.suspended import Held


@dataclass(frozen=True)
class OnTimeProbability:
    """P(closed within its own limit), and what it rests on.

    `curve` runs over the share of the limit used (1.0 is the limit), voided and transferred cases
    being ends of their own. `share` is None where nobody was watched until the limit. `n` cases
    count, `open_n` of them still open; left out: `no_limit_n`, `suspended_n` (their clock stands),
    `untimed_n` (closed before their clock began, or at an unknown time).
    """

    curve: Curve
    share: float | None
    n: int
    open_n: int
    no_limit_n: int
    suspended_n: int
    untimed_n: int


def on_time_probability(
    cases: Cases,
    due_us: Stamps,
    limits: pd.DataFrame,
    *,
    held: Held | None = None,
    hours: WorkHours = OFFICE_HOURS,
) -> OnTimeProbability:
    """Kaplan–Meier of time used ÷ own limit, read at 1.0.

    `due_us` and `limits` are those of the same cases (`due_us_of`, `limits_of`); suspended time
    (`held`) is no time used.
    """
    share = used_shares(cases, due_us, limits, held=held, hours=hours)
    return on_time_of_shares(cases, due_us, limits["started_us"].to_numpy(), share)


def on_time_of_shares(
    cases: Cases, due_us: Stamps, started_us: Stamps, share: NDArray[np.float64]
) -> OnTimeProbability:
    """P(on time) from shares of the limit that are known already (see `on_time_probability`)."""
    closed_at = cases.closed_us()
    has_end = closed_at != MISSING
    is_rated = cases.is_later[STAMPS.index("closed_at")]
    is_untimed = np.where(has_end, closed_at < started_us, is_rated | cases.is_end_unknown)
    untimed = is_untimed & (due_us != MISSING)
    no_limit = ~untimed & np.isnan(share)
    suspended = ~no_limit & ~untimed & cases.is_suspended & ~has_end
    counted = ~no_limit & ~suspended & ~untimed
    is_other = cases.is_stopped[counted]
    is_closed = has_end[counted] & ~is_other
    curve = product_limit(share[counted], is_closed, is_other)
    found = closed_share_by(curve, 1.0)
    return OnTimeProbability(
        curve=curve,
        share=None if np.isnan(found) else found,
        n=int(counted.sum()),
        open_n=int((~is_closed & ~is_other).sum()),
        no_limit_n=int(no_limit.sum()),
        suspended_n=int(suspended.sum()),
        untimed_n=int(untimed.sum()),
    )
