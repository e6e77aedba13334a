"""What 响应时效 computes of limits and stock: the due cohort, open cases, hand-offs, both demands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from governance.metrics.closing import Closing, closing_of
from governance.metrics.deadlines import DueCohort, LegacyRates, due_cohort, legacy_rates_of
from governance.metrics.judged import JudgedCases, judged_cases
from governance.metrics.open_list import known_at, open_cases
from governance.metrics.stages import us_at
from governance.metrics.windows import FOUND, PUBLIC, is_complete
from governance.metrics.workload import (
    Clearing,
    OverdueStock,
    Rework,
    StraightToTheRight,
    clearing,
    is_under_way,
    overdue_stock,
    rework,
    straight_to_the_right,
    weekly_flow,
)
from governance.ui.cache import cached
from governance.ui.response_data import (
    PERIOD_WEEKS,
    inside,
    names_sources,
    part,
    period,
    scope_mask,
    scope_of,
    window_us,
)
from governance.workdays import Week, weeks_until

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from governance.metrics.stages import Mask
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection


# --------------------------------------------------------------------------------------- due
@dataclass(frozen=True)
class Due:
    """The cohort that came due in the week, the week before, as first known, and the upper level's."""

    now: DueCohort
    before: DueCohort
    first: DueCohort
    legacy: LegacyRates
    stopped: Mask
    suspended: Mask


def due(dataset: Dataset, selection: Selection) -> Due | None:
    """The on-time cohort of the week."""
    judged = cached(part, dataset, selection)
    first = cached(part_at, dataset, selection)
    if judged is None or first is None:
        return None
    week = selection.week
    start, end = window_us(week, week)
    falls = (judged.due_us >= start) & (judged.due_us < end)
    before = window_us(week.shifted(-1), week.shifted(-1))
    return Due(
        now=due_cohort(judged.cases, judged.due_us, start_us=start, end_us=end),
        before=due_cohort(judged.cases, judged.due_us, start_us=before[0], end_us=before[1]),
        first=due_cohort(first.cases, first.due_us, start_us=start, end_us=end),
        legacy=legacy_rates_of(judged.cases, judged.due_us, start_us=start, end_us=end),
        stopped=falls & judged.cases.is_stopped,
        suspended=falls & judged.cases.is_suspended & ~judged.cases.is_stopped,
    )


# --------------------------------------------------------------------------------- open stock
def shown_at(dataset: Dataset, week: Week) -> datetime | None:
    """The moment of the open stock: as-of, or the end of an earlier week."""
    as_of = dataset.as_of_for("incidents")
    return min(as_of, week.end_at) if as_of else None


def part_at(dataset: Dataset, selection: Selection) -> JudgedCases | None:
    """The cases of the scope as they stood at the end of the week (or at as-of inside it)."""
    at, as_of = shown_at(dataset, selection.week), dataset.as_of_for("incidents")
    if at is None or at == as_of:
        return cached(part, dataset, selection)
    judged = judged_cases(known_at(dataset, at))
    return judged.kept(scope_mask(judged.incidents, scope_of(dataset, selection))) if judged else None


@dataclass(frozen=True)
class OpenStock:
    """What is under way at the end of the week, what came and left, and whether it clears."""

    table: pd.DataFrame
    at: datetime
    stock: OverdueStock
    flow: pd.DataFrame
    before_n: int
    clearing: Clearing


def open_stock(dataset: Dataset, selection: Selection) -> OpenStock | None:
    """The open cases one by one, with the flow of the four weeks."""
    judged, at = cached(part_at, dataset, selection), shown_at(dataset, selection.week)
    if judged is None or at is None:
        return None
    week = selection.week
    flow = weekly_flow(judged.cases, weeks_until(week, PERIOD_WEEKS))
    stock = overdue_stock(judged.cases, judged.due_us)
    complete = flow[[is_complete(Week.parse(one), at) for one in flow["week"]]]
    return OpenStock(
        table=open_cases(judged, dataset.frame("incident_steps")),
        at=at,
        stock=stock,
        flow=flow,
        before_n=int(is_under_way(judged.cases, us_at(week.start_at) - 1).sum()),
        clearing=clearing(stock.under_way_n, complete, as_of=at),
    )


# ---------------------------------------------------------------------- the right person, demand
@dataclass(frozen=True)
class Straight:
    """How soon and directly the cases of the four weeks reached whoever acted, and what came back."""

    now: StraightToTheRight
    before: StraightToTheRight
    rework: Rework


def straight(dataset: Dataset, selection: Selection) -> Straight | None:
    """Of the cases reported in the four weeks; rework of those closed in them."""
    judged = cached(part, dataset, selection)
    if judged is None:
        return None
    now, before = (
        straight_to_the_right(judged.incidents[inside(judged, *period(selection.week, back=back))])
        for back in (0, 1)
    )
    start, end = window_us(*period(selection.week))
    sent_back = rework(judged.cases, judged.incidents["rework_n"], start_us=start, end_us=end)
    return Straight(now, before, sent_back)


@dataclass(frozen=True)
class DemandSide:
    """The headline of one kind of demand: due and on time in the week, closing over four weeks."""

    demand: str
    due: DueCohort
    closing: Closing
    reported_n: int
    open_n: int


def demand_sides(dataset: Dataset, selection: Selection) -> tuple[DemandSide, ...]:
    """The public's demand and what was found, never summed; none where no source is named."""
    if not cached(names_sources, dataset):
        return ()
    sides = []
    start, end = window_us(selection.week, selection.week)
    for demand in (PUBLIC, FOUND):
        judged = cached(part, dataset, replace(selection, demand=demand))
        if judged is None:
            return ()
        at_us = min(judged.cases.as_of_us, end - 1)
        sides.append(
            DemandSide(
                demand=demand,
                due=due_cohort(judged.cases, judged.due_us, start_us=start, end_us=end),
                closing=closing_of(judged.cases.kept(inside(judged, *period(selection.week)))),
                reported_n=int(inside(judged, selection.week, selection.week).sum()),
                open_n=int(is_under_way(judged.cases, at_us).sum()),
            )
        )
    return tuple(sides)
