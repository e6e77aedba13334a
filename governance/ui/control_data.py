"""What 过程监测 computes: the chosen chart, all communities, the states of every metric; for the cache.

Every function takes the data set and a `Choice`, and returns numbers and codes, no sentences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.control import largest_step
from governance.metrics.control_series import (
    cases_behind,
    charts_of,
    first_record_at,
    series_named,
    series_present,
)
from governance.metrics.control_states import last_whole, pulled_by, state_of
from governance.metrics.control_window import ChartWindow
from governance.metrics.periods import MONTH, QUARTER, WEEK, a_year_before, parse_period, period_of
from governance.metrics.response import UNKNOWN
from governance.metrics.targets import in_force, target_versions
from governance.metrics.windows import PUBLIC_SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.metrics.control import Step
    from governance.metrics.control_states import ChartState, Pull
    from governance.metrics.periods import Period
    from governance.metrics.targets import Target
    from governance.metrics.windows import Scope
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection

# Limits rest on at most so many periods, those the chart shows.
SHOWN_N: Mapping[str, int] = {WEEK: 52, MONTH: 36, QUARTER: 20}


@dataclass(frozen=True)
class Choice:
    """What the page shows. Hashable, so it may key a cache."""

    key: str
    grain: str
    selection: Selection

    def of(self, key: str) -> Choice:
        """The same for another metric."""
        return replace(self, key=key)


def names_public(dataset: Dataset) -> bool:
    """Whether any record is named as the public's demand; else demand is not told apart."""
    return bool(dataset.cases()["source"].isin(PUBLIC_SOURCES).any())


def scope_of(dataset: Dataset, choice: Choice) -> Scope:
    """The part of the street a metric is counted on; a stock is of all demand."""
    scope = choice.selection.scope
    is_pooled = series_named(choice.key).is_stock or not names_public(dataset)
    return replace(scope, demand=None) if is_pooled else scope


def last_period(choice: Choice) -> Period:
    """The period that holds the last day of the chosen week."""
    return period_of(choice.selection.week.last_day, choice.grain)


def window_of(choice: Choice) -> ChartWindow:
    """The periods of the chart, partial ones too: the latest of them up to the chosen week."""
    last = last_period(choice)
    first = last.shifted(1 - SHOWN_N[choice.grain])
    return ChartWindow(first.first_day, last.last_day, choice.grain, with_partial=True)


def chart(dataset: Dataset, choice: Choice) -> pd.DataFrame | None:
    """The chart of the chosen metric; None without any case."""
    scope = scope_of(dataset, choice)
    return charts_of(dataset, (choice.key,), window_of(choice), scope=scope)[choice.key].get("all")


def community_charts(dataset: Dataset, choice: Choice) -> dict[str, pd.DataFrame]:
    """The chart of each known community by code; cases of no known one are left out."""
    scope = replace(scope_of(dataset, choice), community_code=None)
    found = charts_of(dataset, (choice.key,), window_of(choice), by="community", scope=scope)[choice.key]
    known = set(dataset.frame("communities")["community_code"].dropna())
    return {code: table for code, table in found.items() if code != UNKNOWN and (not known or code in known)}


def versions(dataset: Dataset, key: str) -> tuple[Target, ...]:
    """The versions of a metric's target, the earliest first."""
    return target_versions(dataset.frame("targets"), key)


def target_rows(dataset: Dataset, choice: Choice, weeks: pd.Series) -> tuple[Target | None, ...]:
    """The target in force at the end of each period of a chart; none on a count of a part."""
    if not has_target(choice):
        return (None,) * len(weeks)
    known = versions(dataset, choice.key)
    return tuple(in_force(known, parse_period(week).last_day) for week in weeks)


def has_target(choice: Choice) -> bool:
    """Whether a target can apply: one on a count is set for a week of the whole street."""
    is_count = series_named(choice.key).unit == "case"
    return not is_count or (choice.selection.community_code is None and choice.grain == WEEK)


def state(dataset: Dataset, choice: Choice) -> ChartState | None:
    """The two states of the chosen metric."""
    table = chart(dataset, choice)
    return None if table is None else _state_of(dataset, choice, table)


def _state_of(dataset: Dataset, choice: Choice, table: pd.DataFrame) -> ChartState:
    at = last_whole(table)
    day = last_period(choice).last_day if at < 0 else parse_period(table["week"].iloc[at]).last_day
    return state_of(
        table,
        direction=series_named(choice.key).direction,
        targets=versions(dataset, choice.key) if has_target(choice) else (),
        day=day,
    )


def pull(dataset: Dataset, choice: Choice) -> Pull | None:
    """The one point on which the state of the chosen metric hangs, if any."""
    table, series = chart(dataset, choice), series_named(choice.key)
    return None if table is None else pulled_by(table, direction=series.direction, ceiling=series.ceiling)


@dataclass(frozen=True)
class AllStates:
    """The states of every metric, and the metrics whose state hangs on one point."""

    states: Mapping[str, ChartState]
    hanging: frozenset[str]


def all_states(dataset: Dataset, choice: Choice) -> AllStates:
    """The states of every metric the records can tell of, for the chosen part and period."""
    groups: dict[Scope, list[str]] = {}
    for key in series_present(dataset):
        groups.setdefault(scope_of(dataset, choice.of(key)), []).append(key)
    found: dict[str, ChartState] = {}
    hanging = set()
    for scope, keys in groups.items():
        for key, tables in charts_of(dataset, keys, window_of(choice), scope=scope).items():
            if "all" not in tables:
                continue
            found[key], series = _state_of(dataset, choice.of(key), tables["all"]), series_named(key)
            if pulled_by(tables["all"], direction=series.direction, ceiling=series.ceiling):
                hanging.add(key)
    in_order = {key: found[key] for key in series_present(dataset) if key in found}
    return AllStates(in_order, frozenset(hanging))


def community_states(dataset: Dataset, choice: Choice) -> dict[str, ChartState]:
    """The states of the chosen metric in each community."""
    found = {}
    for code, table in community_charts(dataset, choice).items():
        part = replace(choice, selection=replace(choice.selection, community_code=code))
        found[code] = _state_of(dataset, part, table)
    return found


def year_ago(dataset: Dataset, choice: Choice) -> tuple[float, ...]:
    """The value of each period's like of the year before; all NaN where records do not reach."""
    table = chart(dataset, choice)
    if table is None or table.empty:
        return ()
    wanted = [a_year_before(parse_period(week)) for week in table["week"]]
    window = ChartWindow(wanted[0].first_day, wanted[-1].last_day, choice.grain)
    scope = scope_of(dataset, choice)
    before = charts_of(dataset, (choice.key,), window, scope=scope)[choice.key].get("all")
    if before is None:
        return (math.nan,) * len(wanted)
    values = dict(zip(before["week"], before["value"], strict=True))
    return tuple(float(values.get(str(period), math.nan)) for period in wanted)


def began_on(dataset: Dataset) -> pd.Timestamp | None:
    """When records begin."""
    first = first_record_at(dataset.cases())
    return None if first is None else pd.Timestamp(first)


def step(dataset: Dataset, choice: Choice) -> tuple[Step, str, str] | None:
    """The largest step of the chart with the periods on its sides, where it is a signal."""
    table = chart(dataset, choice)
    if table is None:
        return None
    known = table[table["value"].notna() & ~table["is_partial"]]
    found = largest_step(known["value"])
    if found is None or not found.is_signal:
        return None
    weeks = known["week"].tolist()
    return found, weeks[found.position - 1], weeks[found.position]


def behind(dataset: Dataset, choice: Choice, week: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cases behind one point of the chart, and those of them a share is about."""
    return cases_behind(dataset, choice.key, parse_period(week), scope=scope_of(dataset, choice))
