"""Satisfaction with what was closed: who was rated, who was content, and what the silent could change.

Source of the interval: Wilson 1927.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.comparison import wilson_interval

if TYPE_CHECKING:
    from datetime import datetime

    from governance.metrics.windows import Span

# 满意 is 4 and 非常满意 5; 基本满意 and 一般 both come in as 3 and do not count.
SATISFIED_FROM = 4.0
LEAST_SCORE, TOP_SCORE = 1.0, 5.0


def satisfaction_marks(cases: pd.DataFrame, *, span: Span, as_of: datetime | None) -> pd.DataFrame:
    """For each case whether it was closed in the window, rated by as-of, and well.

    Columns, boolean: closed_n, rated_n (a score from 1 to 5, its stamp missing or not after
    as-of), satisfied_n (a score of 4 or 5).
    """
    closed = span.holds(cases["closed_at"]) & ~cases["status"].eq("voided").fillna(False).astype(bool)
    is_score = cases["satisfaction"].between(LEAST_SCORE, TOP_SCORE).fillna(False).astype(bool)
    if as_of is not None:
        is_score &= ~cases["rated_at"].gt(as_of).fillna(False).astype(bool)
    rated = closed & is_score
    return pd.DataFrame(
        {
            "closed_n": closed,
            "rated_n": rated,
            "satisfied_n": rated & cases["satisfaction"].ge(SATISFIED_FROM),
        }
    )


def satisfaction_table(marks: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Satisfaction per group, with its interval and bounds.

    Columns: group, closed_n, rated_n, satisfied_n, response_share (rated ÷ closed),
    satisfied_share (satisfied ÷ rated), lower, upper (Wilson 95 %), worst_share and best_share
    (of all closed, were all who did not answer unhappy, or happy). Missing at a zero denominator.
    Groups in order; cases without a group are left out.
    """
    counts = marks.astype("int64").groupby(group, sort=True).sum()
    counts = counts[counts["closed_n"] > 0]
    closed = counts["closed_n"].astype("float64")
    rated = counts["rated_n"].where(counts["rated_n"] > 0).astype("float64")
    pairs = zip(counts["satisfied_n"], counts["rated_n"], strict=True)
    interval = [wilson_interval(int(k), int(n)) or (np.nan, np.nan) for k, n in pairs]
    table = counts.assign(
        response_share=counts["rated_n"] / closed,
        satisfied_share=counts["satisfied_n"] / rated,
        lower=[low for low, _ in interval],
        upper=[high for _, high in interval],
        worst_share=counts["satisfied_n"] / closed,
        best_share=(counts["satisfied_n"] + counts["closed_n"] - counts["rated_n"]) / closed,
    )
    return table.rename_axis("group").reset_index()
