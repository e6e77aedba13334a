"""What a week's figures say: different or noise, target met or not, and what to name first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from governance.metrics.control import Limits, assurance
from governance.metrics.definitions import metric_named

if TYPE_CHECKING:
    from collections.abc import Mapping

Change = Literal["common", "worse", "better", "up", "down", "unknown"]
Standing = Literal["consistently_met", "consistently_missed", "sometimes", "met", "missed", "unknown", "none"]
_RATES = ("share", "time")


def is_few(key: str, n: float | None, small_n: int) -> bool:
    """Whether a share or duration rests on too few cases to be written or judged; never of a full count."""
    metric = metric_named(key)
    return metric.unit in _RATES and not metric.is_census and n is not None and not pd.isna(n) and n < small_n


def signal_side(rows: pd.DataFrame) -> int:
    """Which way the signal of the last of some weeks points: 1 up, −1 down, 0 without a signal.

    A trend points as its last step, every other rule to the side of the centre.
    """
    last = rows.iloc[-1]
    if pd.isna(last["signal"]):
        return 0
    base = float(last["centre"])
    if last["signal"] == "trend":
        earlier = rows["value"].iloc[:-1].dropna()
        differing = earlier[earlier.ne(last["value"])]
        base = float(differing.iloc[-1]) if len(differing) else base
    return 1 if last["value"] > base else -1


def change_of(key: str, rows: pd.DataFrame) -> Change:
    """Whether the last of a figure's weeks (of `headline_weeks`) differs, and for better or worse.

    `unknown` without a value or limits and while the week is not over; `up` and `down` where
    neither is better.
    """
    last = rows.iloc[-1]
    if pd.isna(last["value"]) or pd.isna(last["centre"]) or not last["is_complete"]:
        return "unknown"
    side = signal_side(rows)
    if side == 0:
        return "common"
    direction = metric_named(key).direction
    if direction == "none":
        return "up" if side > 0 else "down"
    return "better" if (side > 0) == (direction == "higher") else "worse"


def standing_of(row: pd.Series, target: float, direction: str) -> Standing:
    """Whether the process as it runs meets its target; by the one week where it has no limits.

    `none` without a target, `unknown` without a value.
    """
    if math.isnan(target):
        return "none"
    if pd.isna(row["value"]):
        return "unknown"
    is_lower = direction == "at_most"
    if pd.isna(row["centre"]):
        return "met" if (row["value"] <= target if is_lower else row["value"] >= target) else "missed"
    limits = Limits(
        centre=float(row["centre"]),
        lower=float(row["lower"]),
        upper=float(row["upper"]),
        near_lower=float(row["near_lower"]),
        near_upper=float(row["near_upper"]),
        is_trial=bool(row["is_trial"]),
    )
    return assurance(limits, target, is_lower_better=is_lower) or "unknown"


def distance(row: pd.Series) -> float:
    """How far a value lies from its centre, in widths from the centre to the limit on that side."""
    edge = row["upper"] if row["value"] > row["centre"] else row["lower"]
    width = abs(float(edge) - float(row["centre"]))
    return abs(float(row["value"]) - float(row["centre"])) / width if width else 0.0


@dataclass(frozen=True)
class Verdict:
    """What the overview's sentence says: the figures by their change, the one to name, and targets.

    `named` is the worst of those that worsened, else the foremost of those that improved, else of
    those that moved; one that meets its target all the same is named last. Empty where nothing
    moved. `missed` never meet their target as they run.
    """

    worse: tuple[str, ...]
    better: tuple[str, ...]
    moved: tuple[str, ...]
    common: tuple[str, ...]
    unknown: tuple[str, ...]
    missed: tuple[str, ...]
    named: str


def signal_since(weeks: pd.DataFrame, metric: str) -> str:
    """The first of the weeks up to the last in which a figure signals on the same side of its centre."""
    rows = weeks[weeks["metric"].eq(metric)].sort_values("week")
    since = ""
    side = 0.0
    for row in rows.iloc[::-1].to_dict("records"):
        own = math.copysign(1, row["value"] - row["centre"]) if isinstance(row["signal"], str) else 0.0
        if not own or (side and own != side):
            break
        since, side = str(row["week"]), own
    return since


def verdict(weeks: pd.DataFrame, changes: Mapping[str, Change], standings: Mapping[str, Standing]) -> Verdict:
    """The rule behind the sentence, from `headline_weeks` and the states of its last week."""
    last = {str(row["metric"]): row for _, row in weeks[weeks["week"] == weeks["week"].iloc[-1]].iterrows()}

    def those(*wanted: str) -> tuple[str, ...]:
        return tuple(key for key, change in changes.items() if change in wanted)

    worse, better, moved = those("worse"), those("better"), those("up", "down")
    first = worse or better or moved
    named = ""
    if first:
        named = max(first, key=lambda key: (standings.get(key) != "consistently_met", distance(last[key])))
    missed = tuple(key for key, standing in standings.items() if standing == "consistently_missed")
    return Verdict(worse, better, moved, those("common"), those("unknown"), missed, named)
