"""The cases of a data set with all that limits say of them, computed once for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from governance.metrics.deadlines import due_us_of, limits_of, used_shares
from governance.metrics.on_time import on_time_of_shares
from governance.metrics.stages import MISSING, cases_of, us_at
from governance.metrics.suspended import held_of
from governance.workdays import OFFICIAL_YEARS, WorkHours, start_of_day

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from governance.metrics.on_time import OnTimeProbability
    from governance.metrics.stages import Cases, Mask, Stamps
    from governance.metrics.suspended import Held
    from governance.records.dataset import Dataset


@dataclass(frozen=True)
class JudgedCases:
    """Cases, their limits and how much of them is used; all of one length and order.

    `rows` are the cases' places in `whole` (all rows of `Dataset.cases`; all of them when None),
    `incidents` these rows, `limits` those of `limits_of`, `due_us` when each case is due,
    `used_share` the share of its limit used (NaN without one), suspended time left out; `held` the
    suspensions; `hours` the office hours of working-time limits. `beyond_calendar` marks
    working-time limits that run in a year the official calendar does not know: there Monday to
    Friday were taken, and the page must say so.
    """

    whole: pd.DataFrame
    cases: Cases
    limits: pd.DataFrame
    due_us: Stamps
    used_share: NDArray[np.float64]
    beyond_calendar: Mask
    held: Held
    hours: WorkHours
    rows: NDArray[np.int64] | None = None

    @cached_property
    def incidents(self) -> pd.DataFrame:
        """The rows of the cases; cut out only when somebody asks."""
        return self.whole if self.rows is None else self.whole.iloc[self.rows]

    def kept(self, keep: Mask) -> JudgedCases:
        """The cases that `keep` marks."""
        if keep.all():
            return self
        places = np.flatnonzero(keep)
        return JudgedCases(
            whole=self.whole,
            cases=self.cases.kept(keep),
            limits=self.limits.take(places),
            due_us=self.due_us.take(places),
            used_share=self.used_share.take(places),
            beyond_calendar=self.beyond_calendar.take(places),
            held=self.held.of_rows(keep),
            hours=self.hours,
            rows=places if self.rows is None else self.rows.take(places),
        )

    def on_time_probability(self) -> OnTimeProbability:
        """P(on time) of these cases."""
        started_us = self.limits["started_us"].to_numpy()
        return on_time_of_shares(self.cases, self.due_us, started_us, self.used_share)


def judged_cases(dataset: Dataset) -> JudgedCases | None:
    """All cases of a data set judged by their limits; None where no incidents were brought.

    Raises
    ------
    UsageError
        `bad_office_hours` when the setting is no span of a day.
    """
    incidents, as_of = dataset.cases(), dataset.as_of_for("incidents")
    if as_of is None or incidents.empty:
        return None
    rules, hours = dataset.frame("rules"), WorkHours.parse(dataset.settings.text("office_hours"))
    cases = cases_of(incidents, as_of=as_of, plausible_from=dataset.settings.day("plausible_from"))
    limits, held = limits_of(incidents, rules), held_of(incidents, dataset.suspensions())
    due_us = due_us_of(incidents, rules, limits=limits, held=held, hours=hours)
    return JudgedCases(
        whole=incidents,
        cases=cases,
        limits=limits,
        due_us=due_us,
        used_share=used_shares(cases, due_us, limits, held=held, hours=hours),
        beyond_calendar=_beyond_calendar(limits, due_us),
        held=held,
        hours=hours,
    )


def _beyond_calendar(limits: pd.DataFrame, due_us: Stamps) -> Mask:
    years = (OFFICIAL_YEARS[0], OFFICIAL_YEARS[1] + 1)
    first, last = (us_at(start_of_day(date(year, 1, 1))) for year in years)
    start = limits["started_us"].to_numpy()
    is_known = (start >= first) & (np.maximum(start, due_us) < last)
    beyond: Mask = limits["is_working"].to_numpy() & (start != MISSING) & ~is_known
    return beyond
