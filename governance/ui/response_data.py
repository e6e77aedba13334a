"""What 响应时效 computes: its part of the street, stages, verdicts and closing curves; for the cache.

Every function takes the data set and a `Selection`, and returns numbers and codes, no sentences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from governance.metrics.closing import (
    Change,
    Closing,
    change_of,
    closing_of,
    closings_by,
    most_misleading,
)
from governance.metrics.control_series import control_charts
from governance.metrics.judged import JudgedCases, judged_cases
from governance.metrics.on_time import OnTimeProbability
from governance.metrics.response import UNKNOWN, grouped
from governance.metrics.stages import MINUTE_US, STAGES, interval, stage_times, stages_present, us_at
from governance.metrics.windows import is_complete
from governance.ui.cache import cached

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from governance.metrics.stages import Mask, Receipt, StageTimes
    from governance.metrics.windows import Scope
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.workdays import Week

PERIOD_WEEKS = 4
_SERIES_WEEKS = 52
_MOST_OUTSIDE = 0.25
CURVE_GROUPS = ("category", "community", "team", "source")
Verdict = Literal["usual", "better", "worse", "more", "less", "same", "partial", "unknown"]


# --------------------------------------------------------------------------------- the part
def all_judged(dataset: Dataset) -> JudgedCases | None:
    """All cases with their limits, as known today."""
    return judged_cases(dataset)


def names_sources(dataset: Dataset) -> bool:
    """Whether any record names where it came from; else demand is not told apart."""
    return bool(dataset.frame("incidents")["source"].notna().any())


def scope_of(dataset: Dataset, selection: Selection) -> Scope:
    """The scope of the page; without demand where no record names a source."""
    scope = selection.scope
    return scope if cached(names_sources, dataset) else replace(scope, demand=None)


def scope_mask(frame: pd.DataFrame, scope: Scope) -> Mask:
    """Which rows of a frame lie in the scope."""
    places = pd.Series(np.arange(len(frame)), index=frame.index)
    mask: Mask = np.zeros(len(frame), dtype=bool)
    mask[places[scope.rows(frame).index].to_numpy()] = True
    return mask


def part(dataset: Dataset, selection: Selection) -> JudgedCases | None:
    """The cases of the scope, whatever their week."""
    judged = cached(all_judged, dataset)
    return judged.kept(scope_mask(judged.incidents, scope_of(dataset, selection))) if judged else None


def window_us(first: Week, last: Week) -> tuple[int, int]:
    """A window of whole weeks in microseconds, its end excluded."""
    return us_at(first.start_at), us_at(last.end_at)


def inside(judged: JudgedCases, first: Week, last: Week) -> Mask:
    """The cases whose first stamp lies in the weeks."""
    start, end = window_us(first, last)
    mask: Mask = (judged.cases.first_us >= start) & (judged.cases.first_us < end)
    return mask


def period(week: Week, *, back: int = 0) -> tuple[Week, Week]:
    """First and last week of the four weeks that end with a week, or of the four before."""
    last = week.shifted(-PERIOD_WEEKS * back)
    return last.shifted(1 - PERIOD_WEEKS), last


# ----------------------------------------------------------------------------------- stages
@dataclass(frozen=True)
class StageFigures:
    """A stage this week and the week before, what it left out, and which cases it timed."""

    stage: str
    now: StageTimes
    before: StageTimes
    receipt: Receipt
    rows: NDArray[np.int64]
    used_min: NDArray[np.float64]
    how: NDArray[np.int64]


def stages(dataset: Dataset, selection: Selection) -> tuple[StageFigures, ...]:
    """The stages the table can tell of, of the cases of the week; `rows` are places in `part`."""
    judged = cached(part, dataset, selection)
    if judged is None:
        return ()
    found = []
    week = selection.week
    masks = [inside(judged, one, one) for one in (week, week.shifted(-1))]
    both = [judged.cases.kept(mask) for mask in masks]
    places = np.flatnonzero(masks[0])
    for stage in stages_present(dataset.cases()):
        timed = [interval(cases, stage) for cases in both]
        now, before = (
            stage_times(one, np.zeros(len(cases), dtype=np.int64), 1)[0]
            for one, cases in zip(timed, both, strict=True)
        )
        first = timed[0]
        rows, minutes = places[first.rows], first.used_us / MINUTE_US
        found.append(StageFigures(stage, now, before, first.receipt, rows, minutes, first.how))
    return tuple(found)


def missing_stages(dataset: Dataset) -> tuple[str, ...]:
    """The stages without stamps anywhere in the table."""
    present = stages_present(dataset.cases())
    return tuple(stage for stage in STAGES if stage not in present)


# ----------------------------------------------------------------------------------- verdict
@dataclass(frozen=True)
class Judgement:
    """One measure of the week against its limits, else against the week before."""

    key: str
    verdict: Verdict
    value: float
    previous: float
    signal: str
    lower: float
    upper: float
    is_trial: bool
    weeks_n: int


def _narrowed(dataset: Dataset, selection: Selection) -> Dataset:
    """The same data set with the incidents of the scope only."""
    scope = scope_of(dataset, selection)
    frame = scope.rows(dataset.cases()).reset_index(drop=True)
    frames = {kind: dataset.frame(kind) for kind in ("rules", "incident_steps")}
    frames |= {"incidents": frame, "cases": frame, "suspensions": dataset.suspensions()}
    return replace(dataset, fingerprint=f"{dataset.fingerprint}:{scope}", _frames=frames)


def series(dataset: Dataset, selection: Selection, key: str) -> pd.DataFrame:
    """The weekly series of a measure up to the week, with its limits; empty without cases."""
    week = selection.week
    charts = control_charts(
        _narrowed(dataset, selection),
        since=week.shifted(1 - _SERIES_WEEKS).first_day,
        until=week.last_day,
        of=key,
    )
    return next(iter(charts.values()), pd.DataFrame())


def judgement(dataset: Dataset, selection: Selection, key: str, *, is_lower_better: bool) -> Judgement:
    """What may be said of a measure: a signal has a direction, without limits only more or less."""
    chart, week = cached(series, dataset, selection, key), selection.week
    values = dict(zip(chart["week"], chart["value"], strict=True)) if len(chart) else {}
    value, previous = (float(values.get(str(w), math.nan)) for w in (week, week.shifted(-1)))
    blank = Judgement(key, "unknown", value, previous, "", math.nan, math.nan, True, 0)
    if not is_complete(week, dataset.as_of_for("incidents")):
        return replace(blank, verdict="partial")
    row = chart.set_index("week").loc[str(week)] if str(week) in values else pd.Series(dtype="object")
    if math.isnan(value) or row.get("of_n", row.get("n", 0)) < dataset.settings.integer("small_n"):
        return blank
    same_phase = chart[chart["phase"].eq(row["phase"]) & chart["value"].notna()]
    weeks_n = int((~same_phase["is_set_aside"]).sum())
    # A process hardly ever leaves its own limits: where many points do, one wild week set them.
    is_unsettled = same_phase["signal"].eq("outside").fillna(False).mean() > _MOST_OUTSIDE
    if pd.isna(row["centre"]) or is_unsettled:
        if math.isnan(previous) or chart["is_set_aside"].iloc[-2]:
            return replace(blank, weeks_n=weeks_n)
        verdict: Verdict = "same" if value == previous else "more" if value > previous else "less"
        return replace(blank, verdict=verdict, weeks_n=weeks_n)
    signal = "" if pd.isna(row["signal"]) else str(row["signal"])
    known = same_phase["value"].to_numpy()
    rises = value > (known[-7] if signal == "trend" and len(known) >= 7 else float(row["centre"]))
    verdict = "usual" if not signal else "worse" if rises == is_lower_better else "better"
    return Judgement(
        key, verdict, value, previous, signal, float(row["lower"]), float(row["upper"]),
        bool(row["is_trial"]), weeks_n,
    )  # fmt: skip


def judgement_of_on_time(dataset: Dataset, selection: Selection) -> Judgement:
    """The on-time rate against its limits."""
    return judgement(dataset, selection, "on_time_share", is_lower_better=False)


# ------------------------------------------------------------------------------------ curves
@dataclass(frozen=True)
class Closings:
    """The closing curves of the four weeks and of the four before, of all and by group."""

    now: Closing
    before: Closing
    by_group: Mapping[str, Closing]
    by_group_before: Mapping[str, Closing]
    misleading: str | None

    def change(self, group: str) -> Change:
        """Whether a group is closed sooner than in the four weeks before."""
        before = self.by_group_before.get(group)
        return change_of(self.by_group[group], before) if before else "unknown"


def closings(dataset: Dataset, selection: Selection, by: str) -> Closings | None:
    """The closing curves of the cases reported in the four weeks that end with the week."""
    judged = cached(part, dataset, selection)
    if judged is None:
        return None
    whole, by_group = [], []
    for back in (0, 1):
        chosen = judged.kept(inside(judged, *period(selection.week, back=back)))
        numbers, names = grouped(chosen.incidents, by)
        whole.append(closing_of(chosen.cases))
        by_group.append(closings_by(chosen.cases, numbers, names))
    known = {name: one for name, one in by_group[0].items() if name != UNKNOWN}
    return Closings(whole[0], whole[1], by_group[0], by_group[1], misleading=most_misleading(known))


def on_time_chance(dataset: Dataset, selection: Selection) -> OnTimeProbability | None:
    """P(on time) of the cases of the four weeks."""
    judged = cached(part, dataset, selection)
    if judged is None:
        return None
    return judged.kept(inside(judged, *period(selection.week))).on_time_probability()
