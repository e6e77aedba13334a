"""Response times of a data set: the rows of the command line, and what the page draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.errors import UsageError
from governance.metrics.deadlines import due_cohort
from governance.metrics.judged import judged_cases
from governance.metrics.stages import interval, stage_times, stages_of, us_at
from governance.metrics.windows import Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from governance.metrics.deadlines import DueCohort
    from governance.metrics.judged import JudgedCases
    from governance.metrics.stages import Receipt, StageTimes
    from governance.records.dataset import Dataset

ALL, UNKNOWN = "all", "unknown"
HEADLINE = "report_to_close"
GROUPS: Mapping[str, str] = {
    "community": "community_code",
    "grid": "grid_code",
    "microgrid": "microgrid_code",
    "estate": "estate_id",
    "category": "category",
    "subcategory": "subcategory",
    "severity": "severity",
    "source": "source",
    "status": "status",
    "team": "team_id",
    "handler": "handler",
}


def grouped(incidents: pd.DataFrame, by: str | None) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Each case's group number, and the groups' names in order, `unknown` (no value) last.

    Raises
    ------
    UsageError
        `unknown_group` when cases cannot be grouped by `by`.
    """
    if by is None:
        return np.zeros(len(incidents), dtype=np.int64), (ALL,)
    if by not in GROUPS:
        raise UsageError("unknown_group", group=by, groups="、".join(GROUPS))
    codes, values = pd.factorize(incidents[GROUPS[by]], sort=True)
    names = tuple(str(value) for value in values)
    if (codes < 0).any():
        codes, names = np.where(codes < 0, len(names), codes), (*names, UNKNOWN)
    return codes.astype(np.int64), names


@dataclass(frozen=True)
class GroupTimes:
    """One group's figures of one stage; the due counts are None but on report_to_close."""

    group: str
    stage: str
    times: StageTimes
    due_n: int | None = None
    closed_due_n: int | None = None
    on_time_n: int | None = None

    def row(self) -> dict[str, object]:
        """The row the command line prints; missing is None."""
        return {
            "group": self.group,
            "stage": self.stage,
            "n": int(self.times.n),
            "open_n": self.times.open_n,
            "median_min": _known(self.times.median_min),
            "p90_min": _known(self.times.p90_min),
            "closed_only_median_min": _known(self.times.closed_only_median_min),
            "due_n": self.due_n,
            "closed_due_n": self.closed_due_n,
            "on_time_n": self.on_time_n,
            "on_time_share": self.on_time_n / self.due_n
            if self.due_n and self.on_time_n is not None
            else None,
        }


@dataclass(frozen=True)
class ResponseFigures:
    """All stages of all groups, what each stage left out, and the cohort of the due cases."""

    groups: tuple[GroupTimes, ...]
    receipts: Mapping[str, Receipt]
    due: DueCohort


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def response_figures(
    dataset: Dataset,
    *,
    since: date | None = None,
    until: date | None = None,
    by: str | None = None,
    judged: JudgedCases | None = None,
) -> ResponseFigures | None:
    """The stage intervals and the on-time cohort of a window; None where no incidents were brought.

    Stages count the cases whose first stamp lies in the window, the due cohort those whose due
    stamp does; both as known at the incidents' as-of. `judged` are the data set's own
    (`judged_cases`), where they are known already.

    Raises
    ------
    UsageError
        `unknown_group` when cases cannot be grouped by `by`.
    """
    numbers, names = grouped(dataset.cases(), by)
    judged = judged_cases(dataset) if judged is None else judged
    if judged is None:
        return None
    span = Span.of_days(since, until)
    window = us_at(span.start_at), us_at(span.end_at)
    first_us = judged.cases.first_us
    is_inside = (first_us >= window[0]) & (first_us < window[1])
    inside, inside_numbers = judged.cases.kept(is_inside), numbers[is_inside]
    due = due_cohort(judged.cases, judged.due_us, start_us=window[0], end_us=window[1])
    counts = [
        np.bincount(numbers[mark], minlength=len(names)).tolist()
        for mark in (due.is_due, due.is_closed, due.is_on_time)
    ]
    found, receipts = [], {}
    for stage in stages_of(judged.cases):
        timed = interval(inside, stage)
        receipts[stage] = timed.receipt
        for place, times in enumerate(stage_times(timed, inside_numbers, len(names))):
            tail = [column[place] for column in counts] if stage == HEADLINE else [None] * 3
            if times.n or tail[0]:
                found.append((place, GroupTimes(names[place], stage, times, *tail)))
    ordered = sorted(found, key=lambda pair: pair[0])
    return ResponseFigures(tuple(figures for _, figures in ordered), receipts, due)


def response_receipts(
    dataset: Dataset, *, since: date | None = None, until: date | None = None
) -> Mapping[str, Receipt]:
    """What each stage of a window counted and what it left out for which reason, by stage."""
    judged, span = judged_cases(dataset), Span.of_days(since, until)
    if judged is None:
        return {}
    inside = judged.cases.inside(us_at(span.start_at), us_at(span.end_at))
    return {stage: interval(inside, stage).receipt for stage in stages_of(judged.cases)}


def response_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """One row a group and stage, for the command line.

    Keys: group (`all` without `by`, `unknown` where the record names none), stage, n, open_n,
    median_min, p90_min (Kaplan–Meier; with voided and transferred cases Aalen–Johansen),
    closed_only_median_min, due_n, closed_due_n, on_time_n, on_time_share (the last four None but
    on report_to_close). None is missing or not reached. Stages without stamps are absent.

    Raises
    ------
    UsageError
        `unknown_group` when cases cannot be grouped by `by`.
    """
    figures = response_figures(dataset, since=since, until=until, by=by)
    return [group.row() for group in figures.groups] if figures else []
