"""Which signals of the weeks after a decision are its own: those whose run began after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from governance.metrics.control import signals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.metrics.control import Limits, Signal

    Numbers = NDArray[np.float64]

# Two values are equal up to rounding.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Run:
    """What stands behind a signal: its side (1 up, −1 down), and the places where its run begins.

    `since` is the first week of the run, `told` the first from which on every week is a signal to
    that side.
    """

    side: int
    since: int
    told: int


def signal_runs(values: Numbers, limits: Limits) -> list[Run | None]:
    """The run behind the signal of each week, in time order; None for noise."""
    found: list[Run | None] = []
    centred = _signs(values - limits.centre)
    steps = _signs(np.diff(values, prepend=values[:1]))
    for place, rule in enumerate(signals(values, limits)):
        if rule is None:
            found.append(None)
            continue
        signs = steps if rule == "trend" else centred
        side = int(signs[: place + 1][np.flatnonzero(signs[: place + 1])[-1]])
        since, before = _begin(rule, signs, place, values, limits), found[-1] if found else None
        told = place
        if before is not None and before.side == side:
            since, told = min(since, before.since), before.told
        found.append(Run(side, since, told))
    return found


@dataclass(frozen=True)
class Around:
    """What the limits of the weeks before a decision say of the weeks on either side of it.

    `own` are the rule and side of each week after, of signals that began after the decision, None
    for others; `is_already` says that one of these others began before it. `level` is the place of
    the week before in which a signal that stood at the decision began, None without one or where it
    is too young to be a level.
    """

    own: tuple[tuple[Signal, int] | None, ...] = ()
    is_already: bool = False
    level: int | None = None

    def sides(self, rule: Signal, sign: float) -> set[float]:
        """To which sides the weeks after leave what is usual by a rule: 1 better, −1 worse."""
        return {one[1] * sign for one in self.own if one is not None and one[0] == rule}


def signals_around(before: Numbers, after: Numbers, limits: Limits | None, *, level_n: int) -> Around:
    """The signals of a decision, of the weeks before and after it.

    A signal is the decision's own when its rule holds on the weeks after alone, none to its side
    stood when the decision was taken, and fewer than `level_n` weeks of its run lie before: so few
    are chance, so many a level of their own.
    """
    if limits is None:
        return Around()
    first = len(before)
    runs = signal_runs(np.concatenate([before, after]), limits)
    is_own = [run is not None and run.told >= first and first - run.since < level_n for run in runs[first:]]
    own = tuple(
        (rule, run.side) if rule is not None and run is not None and mine else None
        for rule, run, mine in zip(signals(after, limits), runs[first:], is_own, strict=True)
    )
    last = runs[first - 1]
    return Around(
        own=own,
        is_already=any(run is not None and not mine for run, mine in zip(runs[first:], is_own, strict=True)),
        level=last.since if last is not None and first - last.since >= level_n else None,
    )


def _signs(differences: Numbers) -> NDArray[np.int64]:
    slack = _TOLERANCE * max(1.0, float(np.abs(differences).max(initial=0.0)))
    return np.where(np.abs(differences) > slack, np.sign(differences), 0).astype(np.int64)


def _begin(rule: Signal, signs: NDArray[np.int64], place: int, values: Numbers, limits: Limits) -> int:
    """The place of the first week behind a signal, ties at its beginning left out."""
    if rule == "outside":
        return place
    side = int(signs[: place + 1][np.flatnonzero(signs[: place + 1])[-1]])
    if rule == "two_of_three":
        near = values > limits.near_upper if side > 0 else values < limits.near_lower
        return max(0, place - 2) + int(np.flatnonzero(near[max(0, place - 2) : place + 1])[0])
    against = np.flatnonzero(signs[: place + 1] == -side)
    first = int(against[-1]) + 1 if len(against) else 0
    start = first + int(np.flatnonzero(signs[first : place + 1])[0])
    # The first step of a trend begins at the week before it.
    return max(0, start - 1) if rule == "trend" else start
