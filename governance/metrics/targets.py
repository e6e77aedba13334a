"""Targets as they were in force: the past is judged by the target of its own time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from governance.workdays import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

Sense = Literal["at_least", "at_most"]


@dataclass(frozen=True)
class Target:
    """One version of a metric's target: its value in the metric's unit, sense, origin and first day.

    `valid_from` is None for a version in force since ever.
    """

    metric: str
    value: float
    direction: Sense
    version: str
    source: str
    valid_from: date | None

    @property
    def is_lower_better(self) -> bool:
        """Whether values at or below the target meet it."""
        return self.direction == "at_most"

    def is_met(self, value: float) -> bool:
        """Whether one value meets it."""
        return value <= self.value if self.is_lower_better else value >= self.value


def target_versions(targets: pd.DataFrame, metric: str) -> tuple[Target, ...]:
    """Every usable version of a metric's target (of the kind `targets`), the earliest first.

    Rows without a value or a known sense are no targets.
    """
    rows = targets[
        targets["metric"].eq(metric).fillna(False).astype(bool)
        & targets["value"].notna()
        & targets["direction"].isin(["at_least", "at_most"])
    ]
    ordered = rows.sort_values(["valid_from", "version"], na_position="first")
    return tuple(
        Target(
            metric=metric,
            value=float(row["value"]),
            direction=row["direction"],
            version="" if pd.isna(row["version"]) else str(row["version"]),
            source="" if pd.isna(row["source"]) else str(row["source"]),
            valid_from=None if pd.isna(row["valid_from"]) else row["valid_from"].astimezone(SHANGHAI).date(),
        )
        for row in ordered.to_dict("records")
    )


def target_of(targets: pd.DataFrame, metric: str, day: date) -> Target | None:
    """The target of a metric in force on a day: the latest version valid by then; None without one.

    A week is judged by the target of its last day.
    """
    return in_force(target_versions(targets, metric), day)


def in_force(versions: Iterable[Target], day: date) -> Target | None:
    """Of the versions of one target, earliest first, the one in force on a day."""
    found = None
    for target in versions:
        if target.valid_from is None or target.valid_from <= day:
            found = target
    return found
