"""What a control chart says of its last period: noise or signal, for better or worse, and the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from governance.metrics.control import Limits, assurance, signals, xmr_limits
from governance.metrics.targets import in_force

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from governance.metrics.control import Assurance
    from governance.metrics.targets import Target

Change = Literal["common", "worse", "better", "up", "down", "unknown"]


@dataclass(frozen=True)
class ChartState:
    """The two states of a chart and what they rest on.

    `change` is `up` or `down` where neither way is better, `unknown` without a value or limits.
    `rule` is the rule the last whole period completes, `side` which way (1 up, −1 down), `since`
    the first period of the run behind it and `run_n` its length (1 for a point outside).
    `points_n` counts the points the limits rest on. `week`, `value`, `hit_n`, `of_n` are the last
    whole period's, NaN and empty without one. `assurance` judges the process as it runs against
    `target`, None where either is missing.
    """

    week: str
    value: float
    hit_n: float
    of_n: float
    limits: Limits | None
    points_n: int
    phase: int
    change: Change
    rule: str
    side: int
    since: str
    run_n: int
    target: Target | None
    assurance: Assurance | None

    @property
    def is_signal(self) -> bool:
        """Whether the last period is different."""
        return bool(self.rule)


_NOTHING = ChartState(
    week="",
    value=float("nan"),
    hit_n=float("nan"),
    of_n=float("nan"),
    limits=None,
    points_n=0,
    phase=0,
    change="unknown",
    rule="",
    side=0,
    since="",
    run_n=0,
    target=None,
    assurance=None,
)


def signal_sides(chart: pd.DataFrame) -> NDArray[np.int64]:
    """Which way each signal of a chart (of `control.control_frame`) points: 1 up, −1 down, 0 no signal.

    A trend points as its last step, every other rule to the side of the centre.
    """
    sides = np.zeros(len(chart), dtype=np.int64)
    values, centre = chart["value"].to_numpy(), chart["centre"].to_numpy()
    for place in np.flatnonzero(chart["signal"].notna()):
        if chart["signal"].iloc[place] == "trend":
            earlier = values[:place][~np.isnan(values[:place])]
            other = earlier[earlier != values[place]]
            base = other[-1] if len(other) else centre[place]
        else:
            base = centre[place]
        sides[place] = 1 if values[place] > base else -1
    return sides


def change_of(side: int, direction: str) -> Change:
    """What a signal that points to a side means where higher, lower or neither is better."""
    if side == 0:
        return "common"
    if direction == "none":
        return "up" if side > 0 else "down"
    return "better" if (side > 0) == (direction == "higher") else "worse"


def last_whole(chart: pd.DataFrame) -> int:
    """The place of the last whole period with a value; −1 without one."""
    known = np.flatnonzero(chart["value"].notna() & ~chart["is_partial"])
    return int(known[-1]) if len(known) else -1


def state_of(chart: pd.DataFrame, *, direction: str, targets: Sequence[Target], day: date) -> ChartState:
    """The state of a chart at its last whole period, judged by the target in force on `day`."""
    at = last_whole(chart)
    if at < 0:
        return _NOTHING
    row = chart.iloc[at]
    limits = limits_at(row)
    side = int(signal_sides(chart)[at])
    rule = "" if side == 0 else str(row["signal"])
    run = _run(chart.iloc[: at + 1], rule, side)
    target = in_force(targets, day)
    inside = chart["phase"].eq(row["phase"]) & ~chart["is_partial"] & ~chart["is_set_aside"]
    return ChartState(
        week=str(row["week"]),
        value=float(row["value"]),
        hit_n=float(row["hit_n"]),
        of_n=float(row["of_n"]),
        limits=limits,
        points_n=int((inside & chart["value"].notna()).sum()),
        phase=int(row["phase"]),
        change="unknown" if limits is None else change_of(side, direction),
        rule=rule,
        side=side,
        since=str(run["week"].iloc[0]) if rule else "",
        run_n=len(run) if rule else 0,
        target=target,
        assurance=None
        if target is None
        else assurance(limits, target.value, is_lower_better=target.is_lower_better),
    )


@dataclass(frozen=True)
class Pull:
    """The one point that moves the limits so far that the last period reads otherwise without it."""

    week: str
    value: float
    change: Change


def pulled_by(chart: pd.DataFrame, *, direction: str, ceiling: float) -> Pull | None:
    """Whether the state of the last whole period hangs on one earlier point outside the limits.

    That point is taken out of the limits of its phase, the rules run again; None where there is
    none, or the state stays the same.
    """
    at = last_whole(chart)
    if at < 0 or pd.isna(chart["centre"].iloc[at]):
        return None
    inside = chart[chart["phase"].eq(chart["phase"].iloc[at]) & ~chart["is_partial"]].dropna(subset="value")
    others = inside[inside["signal"].eq("outside").fillna(False) & ~inside["is_set_aside"]]
    others = others[others.index != chart.index[at]]
    if others.empty:
        return None
    far = (others["value"] - others["centre"]).abs().idxmax()
    kept = inside["is_set_aside"].to_numpy(dtype=bool) | (inside.index == far)
    limits = xmr_limits(inside["value"].to_numpy()[~kept], floor=0.0, ceiling=ceiling)
    if limits is None:
        return None
    signal = pd.array(signals(inside["value"], limits), dtype="string")
    again = inside.assign(centre=limits.centre, signal=signal)
    before = change_of(int(signal_sides(inside)[-1]), direction)
    after = change_of(int(signal_sides(again)[-1]), direction)
    if before == after:
        return None
    return Pull(str(inside["week"][far]), float(inside["value"][far]), after)


def limits_at(row: pd.Series) -> Limits | None:
    """The limits of one row of a chart; None where it has none."""
    if pd.isna(row["centre"]):
        return None
    names = ("centre", "lower", "upper", "near_lower", "near_upper")
    return Limits(**{name: float(row[name]) for name in names}, is_trial=bool(row["is_trial"]))


def _run(points: pd.DataFrame, rule: str, side: int) -> pd.DataFrame:
    """The points behind the last one's signal, ties left out: its run, or the two of three."""
    same = points[points["phase"].eq(points["phase"].iloc[-1]) & ~points["is_partial"]].dropna(subset="value")
    values = same["value"].to_numpy()
    if rule == "trend":
        steps = np.sign(np.diff(values))
        against = np.flatnonzero(steps == -side)
        run = same.iloc[(int(against[-1]) + 1) if len(against) else 0 :]
        return run[run["value"].diff().ne(0)]
    if rule == "shift":
        sides = np.sign(values - same["centre"].to_numpy())
        against = np.flatnonzero(sides == -side)
        run = same.iloc[(int(against[-1]) + 1) if len(against) else 0 :]
        return run[run["value"].ne(run["centre"])]
    if rule == "two_of_three":
        last = same.iloc[-3:]
        near = last["near_upper" if side > 0 else "near_lower"]
        return last[(last["value"] - near) * side > 0]
    return same.iloc[-1:]
