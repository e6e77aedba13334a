"""What all control charts share: their periods, when they begin anew, what is set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.metrics.control import control_frame
from governance.metrics.periods import WEEK, is_whole, periods_between

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from governance.metrics.periods import Period
    from governance.records.dataset import Dataset


@dataclass(frozen=True)
class ChartWindow:
    """The periods of a chart: whole ones between two days, both included, or the partial ones too."""

    since: date | None = None
    until: date | None = None
    grain: str = WEEK
    with_partial: bool = False

    def periods(self, *, first_at: datetime, as_of: datetime) -> tuple[list[Period], list[bool]]:
        """The periods in order, and which of them records do not reach over.

        Raises
        ------
        UsageError
            `unknown_grain`.
        """
        touched = periods_between(
            first_at=first_at, as_of=as_of, grain=self.grain, since=self.since, until=self.until
        )
        partial = [not is_whole(period, first_at=first_at, as_of=as_of) for period in touched]
        if self.with_partial:
            return touched, partial
        whole = [period for period, is_partial in zip(touched, partial, strict=True) if not is_partial]
        return whole, [False] * len(whole)


@dataclass(frozen=True)
class Drawn:
    """What the charts of a series have in common, whatever the group; shares end at `ceiling`."""

    dataset: Dataset
    key: str
    periods: Sequence[Period]
    partial: Sequence[bool]
    rebase_on: Mapping[str, Sequence[date]] | None
    ceiling: float = 1.0

    def chart(self, values: NDArray[np.float64], basis: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
        """The chart of a group, with what its values rest on."""
        own = self.rebase_on
        chart = control_frame(
            self.periods,
            values,
            rebase_on=rebase_days(self.dataset, self.key) if own is None else own.get(self.key, ()),
            floor=0.0,
            ceiling=self.ceiling,
            is_partial=self.partial,
            set_aside_on=set_aside_days(self.dataset, self.key),
        )
        return chart.assign(**basis)


def rebase_days(dataset: Dataset, key: str) -> tuple[date, ...]:
    """When a series begins anew: at the reform of the settings and at its rebases."""
    noted = {note.on for note in dataset.chart_notes if note.kind == "rebase" and note.is_about(key)}
    return tuple(sorted({dataset.settings.day("reform_on"), *noted}))


def set_aside_days(dataset: Dataset, key: str) -> tuple[date, ...]:
    """Days whose period does not move the limits of a series."""
    return tuple(note.on for note in dataset.chart_notes if note.kind == "set_aside" and note.is_about(key))
