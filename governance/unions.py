"""Stretches on a line, of time or of a route: the union of those that overlap or touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Number = TypeVar("Number", np.integer, np.floating)


def unions(
    group: NDArray[np.integer], start: NDArray[Number], end: NDArray[Number]
) -> tuple[NDArray[np.int64], NDArray[Number]]:
    """Where each union of a group's stretches begins and how far it reaches: places in `start`, and ends.

    By group (numbers from 0) and start. Stretches that touch are one, also those without length.
    """
    order = np.lexsort([start, group])
    if not len(order):
        return order, end
    group, start, end = group[order], start[order], end[order]
    # Groups lie one after another on one line.
    shift = group * (end.max() - start.min() + 1)
    reach = np.maximum.accumulate(end + shift)
    first = np.flatnonzero(np.r_[True, (start + shift)[1:] > reach[:-1]])
    return order[first], np.maximum.reduceat(end, first)
