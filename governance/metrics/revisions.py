"""A week as it was presented and as it is known now: its figures, and the cases between the two.

The first published rate and the matured one stand side by side. Figures kept with a frozen week are
compared with what today's rules give for that same state, so that a change of counting cannot pass
for a change of the street.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from governance.metrics.deadlines import due_cohort, legacy_rates_of
from governance.metrics.definitions import HEADLINES, metric_named
from governance.metrics.headline import all_cases, headline_parts, window_figures
from governance.metrics.stages import STAMPS, interval, stage_times, stages_present, us_at
from governance.metrics.windows import Scope, Span, is_complete
from governance.schema import kind_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.metrics.headline import HeadlineParts
    from governance.records.dataset import Dataset
    from governance.workdays import Week

DUE_CLOSED, LEGACY_CLOSED, LEGACY_ON_TIME = "due_closed_share", "legacy_closed_share", "legacy_on_time_share"
_STATISTICS = ("median_min", "p90_min")
_COLUMNS = ["metric", "unit", "value", "numerator_n", "denominator_n", "n", "is_provisional"]
# What an import adds to a row, and when the row was written, says nothing about the case.
_NOT_CONTENT = frozenset({"incident_id", "updated_at"})


# -------------------------------------------------------------------------------- figures
def week_figures(dataset: Dataset, week: Week) -> list[dict[str, Any]]:
    """The figures of a week as plain values, of the public's demand where sources are named.

    Keys of a row: metric, unit (share 0–1, time in minutes, case), value, numerator_n,
    denominator_n, n, is_provisional; missing is None. The six of the overview; of each stage the
    table can tell of its median and p90 over the cases reported in the week
    (`<stage>_median_min`); the cases due that closed; the upper level's two rates. No rows without
    any incident.
    """
    parts = headline_parts(dataset, all_cases(dataset), Scope())
    if parts is None:
        return []
    span, is_over = Span(week.start_at, week.end_at), is_complete(week, parts.as_of)
    headlines = window_figures(parts, span, is_over=is_over)
    units = headlines["metric"].map(lambda key: metric_named(key).unit)
    rows: list[Mapping[Any, Any]] = [*headlines.assign(unit=units).to_dict("records")]
    rows += _stage_rows(parts, span, is_over) + _due_rows(parts, span, is_over)
    return [{name: _plain(row.get(name)) for name in _COLUMNS} for row in rows]


def _plain(value: object) -> object:
    """A value that JSON can hold: no NaN, nothing of numpy."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if value is None or value is pd.NA:
        return None
    return int(value) if isinstance(value, (int, np.integer)) else str(value)


def _stage_rows(parts: HeadlineParts, span: Span, is_over: bool) -> list[dict[str, Any]]:
    cases = parts.public.judged.cases
    inside = (cases.first_us >= us_at(span.start_at)) & (cases.first_us < us_at(span.end_at))
    reported = cases.kept(inside)
    rows = []
    for stage in stages_present(parts.everything.frame):
        groups = np.zeros(len(reported), dtype=np.int64)
        times = stage_times(interval(reported, stage), groups, 1)[0]
        for statistic in _STATISTICS:
            key = f"{stage}_{statistic}"
            if key not in HEADLINES:
                value = getattr(times, statistic)
                row = {"metric": key, "unit": "time", "value": value, "n": times.n}
                rows.append({**row, "is_provisional": not is_over})
    return rows


def _due_rows(parts: HeadlineParts, span: Span, is_over: bool) -> list[dict[str, Any]]:
    judged = parts.public.judged
    start_us, end_us = us_at(span.start_at), us_at(span.end_at)
    due = due_cohort(judged.cases, judged.due_us, start_us=start_us, end_us=end_us)
    legacy = legacy_rates_of(judged.cases, judged.due_us, start_us=start_us, end_us=end_us)
    counts = {
        DUE_CLOSED: (int(due.is_closed.sum()), int(due.is_due.sum())),
        LEGACY_CLOSED: (legacy.closed_n, legacy.due_to_close_n),
        LEGACY_ON_TIME: (legacy.on_time_n, legacy.due_to_close_n),
    }
    return [
        {
            "metric": key,
            "unit": "share",
            "value": k / n if n > 0 else None,
            "numerator_n": k,
            "denominator_n": n,
            "n": n,
            "is_provisional": due.is_provisional or not is_over,
        }
        for key, (k, n) in counts.items()
    ]


# ----------------------------------------------------------------------------------- cases
@dataclass(frozen=True)
class Revision:
    """A week then and now.

    `figures`: metric, unit, and for both states presented_/today_ value, numerator_n,
    denominator_n, n, is_provisional; change (today − presented, missing where one is). The cases
    that concern the week (reported before its end, not closed before its start), each once:
    `added` were not known then; `closed` were open then and are closed now; `changed` differ
    otherwise; `gone` are known no more. The first three as they are now, `changed` with
    `changed_fields` (columns, joined by blanks). `backdated_n` of the closed were closed by the
    week's end already. `recounted`: figures today's rules no longer count as presented.
    """

    figures: pd.DataFrame
    added: pd.DataFrame
    closed: pd.DataFrame
    changed: pd.DataFrame
    gone: pd.DataFrame
    backdated_n: int
    recounted: tuple[str, ...]


def revision(
    presented: Dataset, today: Dataset, week: Week, *, published: Sequence[Mapping[str, Any]] = ()
) -> Revision:
    """What changed in a week since it was presented.

    `published` are the rows of `week_figures` as they were kept; without them the presented state
    is counted anew.
    """
    counted = week_figures(presented, week)
    before, after = presented.cases(), today.cases()
    then, now = _keyed(before), _keyed(after)
    both = now.index[now.index.isin(then.index)]
    touches = _concerns(then, week).reindex(now.index, fill_value=False) | _concerns(now, week)
    both = both[touches.loc[both].to_numpy()]
    old, new = then.loc[both], now.loc[both]
    is_closed = ~_is_closed(old) & _is_closed(new)
    fields = _changed_fields(old, new)
    changed = ~is_closed & fields.ne("")
    closed = new[is_closed]
    is_gone = ~then.index.isin(now.index) & _concerns(then, week)
    is_added = ~now.index.isin(then.index) & _concerns(now, week)
    return Revision(
        figures=_side_by_side(list(published) or counted, week_figures(today, week)),
        added=now[is_added].reset_index(drop=True),
        closed=closed.reset_index(drop=True),
        changed=new[changed].assign(changed_fields=fields[changed]).reset_index(drop=True),
        gone=then[is_gone].reset_index(drop=True),
        backdated_n=int(closed["closed_at"].lt(week.end_at).sum()),
        recounted=_recounted(published, counted),
    )


def _keyed(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases by their id; ids that stand more than once (destroyed by a spreadsheet) are numbered."""
    nth = cases.groupby("incident_id", dropna=False).cumcount()
    return cases.set_index(pd.MultiIndex.from_arrays([cases["incident_id"], nth]), drop=False)


def _concerns(cases: pd.DataFrame, week: Week) -> pd.Series:
    first = cases[list(STAMPS)].min(axis=1)
    is_over = cases["closed_at"].lt(week.start_at)
    return (first.lt(week.end_at) & ~is_over).fillna(False).astype(bool)


def _is_closed(cases: pd.DataFrame) -> pd.Series:
    return cases["closed_at"].notna() | cases["status"].eq("closed").fillna(False).astype(bool)


def _changed_fields(old: pd.DataFrame, new: pd.DataFrame) -> pd.Series:
    """Which columns of each case differ, joined by blanks; empty where none does."""
    found = pd.Series("", index=new.index, dtype="object")
    for column in kind_named("incidents").columns:
        name = column.name
        if name in _NOT_CONTENT or name not in old or name not in new:
            continue
        is_same = (old[name] == new[name]).fillna(False) | (old[name].isna() & new[name].isna())
        found = found.where(is_same.astype(bool), found + " " + name)
    return found.str.strip().astype("string")


def _side_by_side(then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Both states' figures, in the order of the first."""
    tables = []
    for name, rows in (("presented", then), ("today", now)):
        table = pd.DataFrame(list(rows), columns=_COLUMNS).set_index("metric").drop(columns="unit")
        types: dict[str, str] = dict.fromkeys(("numerator_n", "denominator_n", "n"), "Int64")
        types |= {"value": "float64", "is_provisional": "boolean"}
        tables.append(table.astype(types).add_prefix(f"{name}_"))
    units = {str(row["metric"]): str(row["unit"]) for row in (*then, *now)}
    joined = pd.concat([table.reindex(list(units)) for table in tables], axis=1)
    joined.insert(0, "unit", pd.Series(units, dtype="string"))
    joined["change"] = joined["today_value"] - joined["presented_value"]
    return joined.rename_axis("metric").reset_index()


def _recounted(
    published: Sequence[Mapping[str, Any]], counted: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """The figures the presented state no longer gives."""
    values = {row["metric"]: row["value"] for row in counted}
    return tuple(
        str(row["metric"]) for row in published if not _is_near(row["value"], values.get(row["metric"]))
    )


def _is_near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
