"""Counts of people on shared screens: none below 5, and none that subtraction gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.metrics.comparison import SMALL_N, suppressed

if TYPE_CHECKING:
    import pandas as pd


def is_small(count: int) -> bool:
    """Whether a count of people must not be shown: 1 to 4."""
    return 0 < count < SMALL_N


def shown_counts(counts: pd.Series, *, others: pd.Series | None = None) -> pd.Series:
    """The counts that may stand beside their total, by group; missing where they must not.

    Hidden are counts from 1 to 4 and, as the total is known, so many of the smallest others that
    what is hidden adds up to at least 5. Where `others` are given (the rest of the same people,
    shown or told elsewhere) a group is hidden also when its rest is from 1 to 4.
    """
    hidden = suppressed(counts)
    if others is not None:
        hidden |= suppressed(others).reindex(counts.index, fill_value=False)
    rest = counts[~hidden & (counts > 0)].sort_values(kind="stable")
    for group in rest.index:
        if not 0 < int(counts[hidden].sum()) < SMALL_N:
            break
        hidden.loc[group] = True
    return counts.astype("Int64").mask(hidden)
