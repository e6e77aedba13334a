"""The overview's six figures: of a week, by community, against their control limits, with their cases.

Each is counted as the response, containment and control figures count it, so that every page says
the same of the same week. Rates are of the public's demand alone; what was under way is all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.comparison import quantile_interval, wilson_interval
from governance.metrics.containment import closing_levels, containment_marks
from governance.metrics.control_series import charts_of, first_record_at, series_present
from governance.metrics.control_window import ChartWindow
from governance.metrics.deadlines import due_cohort
from governance.metrics.definitions import HEADLINES
from governance.metrics.headline_patrols import patrol_figure_rows
from governance.metrics.judged import JudgedCases, judged_cases
from governance.metrics.overview import incident_marks
from governance.metrics.patrol_series import PATROL_SERIES
from governance.metrics.stages import MINUTE_US, MISSING, interval, stage_times, us_at
from governance.metrics.survival import CLOSED, OPEN, OTHER, product_limit
from governance.metrics.windows import PUBLIC, PUBLIC_SOURCES, Scope, Span, is_complete

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from governance.metrics.stages import Interval
    from governance.records.dataset import Dataset
    from governance.workdays import Week

    Numbers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

STREET, ELSEWHERE = "", "-"
QUANTILES: Mapping[str, tuple[str, str, float]] = {
    "report_to_arrive_p90_min": ("report_to_arrive", "p90_min", 0.9),
    "report_to_close_median_min": ("report_to_close", "median_min", 0.5),
}
SHARES = frozenset({"on_time_share", "community_share"})
# A stock is of everything; all other figures are of the public's demand.
_OF_ALL = frozenset({"open_n"})
_COLUMNS = ["value", "low", "high", "numerator_n", "denominator_n", "n", "is_provisional"]
_LIMITS = ["value", "centre", "lower", "upper", "near_lower", "near_upper", "signal", "is_trial", "phase"]
_NOTHING = (None,) * 6 + (False,)


@dataclass(frozen=True)
class Part:
    """The cases of one part of the street, judged by their limits, with the level that settled them."""

    scope: Scope
    judged: JudgedCases
    levels: pd.Series

    @property
    def frame(self) -> pd.DataFrame:
        """Their rows of `Dataset.cases`."""
        return self.judged.incidents

    def only(self, scope: Scope) -> Part:
        """The cases of a narrower scope."""
        kept = pd.Series(True, index=scope.rows(self.frame).index).reindex(self.frame.index, fill_value=False)
        mask = kept.to_numpy(dtype=bool)
        return Part(scope, self.judged.kept(mask), self.levels[mask])


@dataclass(frozen=True)
class HeadlineParts:
    """The same part of the street twice: the public's demand, and everything.

    `names_sources` says whether any record names where it came from; where none does, both are
    everything. `first_at` is the first stamp of all records, `present` the figures that the records
    can tell at all.
    """

    dataset: Dataset
    public: Part
    everything: Part
    as_of: datetime
    first_at: datetime
    names_sources: bool
    present: frozenset[str]

    def of(self, metric: str) -> Part:
        """The part a figure is counted on."""
        return self.everything if metric in _OF_ALL else self.public

    def holds(self, span: Span) -> bool:
        """Whether the records know anything of a window."""
        return self.first_at < span.end_at and self.as_of > span.start_at


def names_sources(frame: pd.DataFrame) -> bool:
    """Whether any record names its source; else demand is not told apart."""
    return bool(frame["source"].notna().any())


def all_cases(dataset: Dataset) -> Part | None:
    """All cases of a data set; None where no incidents were brought."""
    judged = judged_cases(dataset)
    if judged is None:
        return None
    levels = closing_levels(judged.incidents, dataset.frame("incident_steps"))
    return Part(Scope(), judged, levels)


def headline_parts(dataset: Dataset, cases: Part | None, scope: Scope) -> HeadlineParts | None:
    """The parts of a scope, from `all_cases`; None where no record has a stamp."""
    as_of = dataset.as_of_for("incidents")
    if cases is None or as_of is None:
        return None
    first_at = first_record_at(cases.frame)
    if first_at is None:
        return None
    everything = cases.only(replace(scope, demand=None))
    is_named = names_sources(cases.frame)
    public = everything.only(replace(scope, demand=PUBLIC)) if is_named else everything
    return HeadlineParts(
        dataset, public, everything, as_of, first_at, is_named, frozenset(series_present(dataset))
    )


# ------------------------------------------------------------------------------- measuring
@dataclass(frozen=True)
class Marked:
    """Some cases of a part."""

    part: Part
    mask: Mask

    @property
    def rows(self) -> pd.DataFrame:
        """These cases, of `Dataset.cases`."""
        return self.part.frame[self.mask]

    def counts(self, codes: Sequence[str] | None) -> list[int]:
        """How many there are, in all or by community."""
        numbers, groups_n = _groups(self.part.frame, codes)
        return [int(n) for n in np.bincount(numbers[self.mask], minlength=groups_n)]


def _groups(frame: pd.DataFrame, codes: Sequence[str] | None) -> tuple[Numbers, int]:
    """Each case's place in `codes`, those of no known community after the last; and how many groups."""
    if codes is None:
        return np.zeros(len(frame), dtype=np.int64), 1
    place = pd.Index(codes).get_indexer(pd.Index(frame["community_code"].fillna("")))
    return np.where(place < 0, len(codes), place).astype(np.int64), len(codes) + 1


def headline_marks(key: str, parts: HeadlineParts, span: Span) -> tuple[Marked, Marked, bool]:
    """The cases a figure counts, those of them it is about, and whether more are still to come due.

    On time: due, of them on time. In the community: settled or due, of them in the community.
    Under way: at the window's end, of them overdue and not suspended. Reported: by the public,
    and beside it what was found. Quantiles: timed by the stage, of them not ended yet.
    """
    part = parts.of(key)
    start_us, end_us = us_at(span.start_at), us_at(span.end_at)
    if key == "on_time_share":
        due = due_cohort(part.judged.cases, part.judged.due_us, start_us=start_us, end_us=end_us)
        return Marked(part, due.is_due), Marked(part, due.is_on_time), due.is_provisional
    if key == "community_share":
        bands = containment_marks(part.frame, part.levels, part.judged.due_us, span=span, as_of=parts.as_of)
        whole, hit = (bands[name].to_numpy(dtype=bool) for name in ("cases_n", "community_n"))
        return Marked(part, whole), Marked(part, hit), False
    if key in QUANTILES:
        timed = timed_cases(part, key, span)
        whole, hit = np.zeros((2, len(part.frame)), dtype=bool)
        whole[timed.rows], hit[timed.rows[timed.how == OPEN]] = True, True
        return Marked(part, whole), Marked(part, hit), False
    whole = incident_marks(part.frame, span=span, as_of=parts.as_of)[key].to_numpy(dtype=bool)
    if key == "open_n":
        seen_us = min(end_us, part.judged.cases.as_of_us)
        is_late = (
            whole
            & ~part.judged.cases.is_suspended
            & (part.judged.due_us != MISSING)
            & (part.judged.due_us < seen_us)
        )
        return Marked(part, whole), Marked(part, is_late), False
    other = parts.everything
    is_found = (
        ~other.frame["source"].isin(PUBLIC_SOURCES)
        & other.frame["source"].notna()
        & span.holds(other.frame["reported_at"])
    )
    return Marked(part, whole), Marked(other, is_found.to_numpy(dtype=bool)), False


def timed_cases(part: Part, key: str, span: Span) -> Interval:
    """The timed cases of a stage that began in a window; `rows` are places in the part's frame."""
    first = part.judged.cases.first_us
    inside = np.flatnonzero((first >= us_at(span.start_at)) & (first < us_at(span.end_at)))
    is_inside = np.zeros(len(part.frame), dtype=bool)
    is_inside[inside] = True
    timed = interval(part.judged.cases.kept(is_inside), QUANTILES[key][0])
    return replace(timed, rows=inside[timed.rows])


def window_figures(
    parts: HeadlineParts,
    span: Span,
    *,
    metrics: Sequence[str] = HEADLINES,
    codes: Sequence[str] | None = None,
    is_over: bool = True,
) -> pd.DataFrame:
    """The figures of a window, for the part as a whole or by community.

    Columns: group (`STREET`, or the code, `ELSEWHERE` last), metric, value (minutes, a share 0–1
    or cases; missing where not reached, not recorded or nothing to count), low, high (95 %:
    Wilson for shares, order statistics read off the closing curve for quantiles, else missing),
    numerator_n, denominator_n (of a share; numerator_n of open_n are the overdue, of reported_n
    the found), n, is_provisional (the window is not over, or cases of it are still to come due).
    Of patrols low and high are what is sure and what is possible (`patrol_figure_rows`).
    """
    names = [STREET] if codes is None else [*codes, ELSEWHERE]
    tables = []
    for key in metrics:
        is_known = parts.holds(span) and key in parts.present
        if key in PATROL_SERIES:
            scope = parts.everything.scope
            rows = patrol_figure_rows(parts.dataset, scope, key, span, codes, rest=ELSEWHERE)
        else:
            rows = _figure_rows(key, parts, span, codes) if is_known else [_NOTHING] * len(names)
        tables.append(pd.DataFrame(rows, columns=_COLUMNS).assign(metric=key, group=names))
    figures = pd.concat(tables, ignore_index=True)[["group", "metric", *_COLUMNS]]
    figures["is_provisional"] |= not is_over
    types: dict[str, str] = dict.fromkeys(("numerator_n", "denominator_n", "n"), "Int64")
    types |= dict.fromkeys(("value", "low", "high"), "float64")
    return figures.astype(types | {"group": "string", "metric": "string"})


def _figure_rows(
    key: str, parts: HeadlineParts, span: Span, codes: Sequence[str] | None
) -> list[tuple[object, ...]]:
    """One figure per group, as rows of `_COLUMNS`."""
    if key in QUANTILES:
        return _quantile_rows(key, parts, span, codes)
    whole, hit, is_provisional = headline_marks(key, parts, span)
    pairs = list(zip(whole.counts(codes), hit.counts(codes), strict=True))
    if key not in SHARES:
        return [(float(n), None, None, k, None, n, is_provisional) for n, k in pairs]
    bounds = [wilson_interval(k, n) or (None, None) for n, k in pairs]
    return [
        (k / n if n else None, low, high, k, n, n, is_provisional)
        for (n, k), (low, high) in zip(pairs, bounds, strict=True)
    ]


def _quantile_rows(
    key: str, parts: HeadlineParts, span: Span, codes: Sequence[str] | None
) -> list[tuple[object, ...]]:
    """A stage's quantile per group, minutes, with its interval."""
    _, name, share = QUANTILES[key]
    part = parts.of(key)
    numbers, groups_n = _groups(part.frame, codes)
    timed = timed_cases(part, key, span)
    rows: list[tuple[object, ...]] = []
    group = numbers[timed.rows]
    for place, times in enumerate(stage_times(timed, numbers, groups_n)):
        mine = group == place
        used, how = timed.used_us[mine] / MINUTE_US, timed.how[mine]
        low, high = quantile_interval(product_limit(used, how == CLOSED, how == OTHER), share)
        rows.append((getattr(times, name), low, high, None, None, times.n, False))
    return rows


# ---------------------------------------------------------------------------------- weeks
def headline_weeks(
    parts: HeadlineParts, weeks: Sequence[Week], *, metrics: Sequence[str] = HEADLINES
) -> pd.DataFrame:
    """The figures of weeks in order, each against the control limits known by the last of them.

    Columns: week (2023-W37), metric, is_complete (the records reach over the whole week), value,
    centre, lower, upper, near_lower, near_upper, signal, is_trial, phase, is_set_aside (of
    `control.control_frame`), numerator_n, denominator_n, n and is_provisional (of
    `window_figures`; numerator_n of a count and is_provisional only for the last week). Weeks
    that are not over have no signal; weeks without records are missing.
    """
    charts: dict[str, pd.DataFrame] = {}
    for part in (parts.everything, parts.public):
        keys = [key for key in metrics if (key in _OF_ALL) == (part is not parts.public)]
        if part is parts.everything and part is parts.public:
            keys = list(metrics)
        keys = [key for key in keys if key in parts.present]
        window = ChartWindow(until=weeks[-1].last_day, with_partial=True)
        found = charts_of(parts.dataset, keys, window, scope=part.scope)
        charts |= {key: chart for key, by_group in found.items() for chart in by_group.values()}
    empty = pd.DataFrame(columns=["week", *_LIMITS, "hit_n", "of_n", "is_partial", "is_set_aside"])
    known = {key: chart for key, chart in charts.items() if key in parts.present}
    tables = [_of_weeks(key, known.get(key, empty), weeks) for key in metrics]
    figures = pd.concat(tables, ignore_index=True)
    last, span = weeks[-1], Span(weeks[-1].start_at, weeks[-1].end_at)
    is_over = is_complete(last, parts.as_of)
    now = window_figures(parts, span, metrics=metrics, is_over=is_over).set_index("metric")
    is_last = figures["week"].eq(str(last))
    figures["is_provisional"] = is_last & figures["metric"].map(now["is_provisional"])
    beside = figures["metric"].map(now["numerator_n"])
    figures["numerator_n"] = figures["numerator_n"].mask(is_last, beside)
    return figures


def _of_weeks(key: str, chart: pd.DataFrame, weeks: Sequence[Week]) -> pd.DataFrame:
    """A chart's points of the weeks, a missing one where it has none."""
    named = chart.set_index("week").reindex([str(week) for week in weeks])
    is_share = key in SHARES or key in PATROL_SERIES
    is_count = not is_share and key not in QUANTILES
    table = pd.DataFrame(
        {
            "metric": key,
            "is_complete": named["is_partial"].eq(False),
            **{name: named[name] for name in _LIMITS},
            "numerator_n": named["hit_n"] if is_share else np.nan,
            "denominator_n": named["of_n"] if is_share else np.nan,
            "n": named["value"] if is_count else named["of_n"],
        }
    )
    types: dict[str, str] = dict.fromkeys(("numerator_n", "denominator_n", "n", "phase"), "Int64")
    types |= dict.fromkeys(_LIMITS[:6], "float64") | {"signal": "string", "metric": "string"}
    table["is_trial"] = named["is_trial"].ne(False)
    table["is_set_aside"] = named["is_set_aside"].eq(True)
    table["phase"] = named["phase"].bfill().fillna(1)
    return table.astype(
        types | {"is_trial": "bool", "is_complete": "bool", "is_set_aside": "bool"}
    ).reset_index()
