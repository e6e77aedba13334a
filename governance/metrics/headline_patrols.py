"""The patrol figures among the headlines: of a window, by community, with what stands behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from governance.metrics.patrol_series import (
    PATROL_SERIES,
    behind,
    can_cut,
    figure_of,
    patrol_log,
    tells_patrols,
)
from governance.metrics.windows import Scope, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from governance.metrics.patrol_series import PatrolLog
    from governance.records.dataset import Dataset

_NOTHING = (None,) * 6 + (False,)


def patrol_headlines(dataset: Dataset, scope: Scope) -> tuple[str, ...]:
    """The patrol figures that can be told of a part of the street at all."""
    return PATROL_SERIES if tells_patrols(dataset) and can_cut(scope) else ()


def _log(dataset: Dataset, scope: Scope) -> PatrolLog | None:
    if not dataset.is_patrol_at_hand() or not can_cut(scope):
        return None
    log = patrol_log(dataset)
    return None if log is None else log.only(scope)


def patrol_figure_rows(
    dataset: Dataset, scope: Scope, key: str, span: Span, codes: Sequence[str] | None, *, rest: str
) -> list[tuple[object, ...]]:
    """A patrol figure per group, as rows of `headline.window_figures`: value to is_provisional.

    `codes` are communities (None: the part as a whole); the group `rest` after them has no patrols.
    The interval is not one of chance, as everything is counted: it reaches from what is sure to
    what is possible, and is missing where both are the same.
    """
    log = _log(dataset, scope)
    names = [None] if codes is None else [*codes, rest]
    if log is None or not log.holds(span):
        return [_NOTHING] * len(names)
    rows: list[tuple[object, ...]] = []
    for name in names:
        if name == rest or (name is not None and scope.community_code not in (None, name)):
            rows.append(_NOTHING)
            continue
        part = log if name is None else log.only(Scope(community_code=name))
        one = figure_of(part, key, span)
        low = one.value if one.high is not None else None
        is_running = log.as_of < span.end_at - timedelta(days=1)
        rows.append((one.value, low, one.high, one.hit_n, one.of_n, one.of_n, is_running))
    return rows


def patrol_lists(dataset: Dataset, scope: Scope, key: str, span: Span) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All that a patrol figure counts in a window, and what of it is not done or not known."""
    log = _log(dataset, replace(scope, demand=None))
    if log is None or not log.holds(span):
        nothing = dataset.frame("microgrids").head(0)
        return nothing, nothing
    whole, done = behind(log, key, span)
    return whole, whole[~whole.index.isin(done.index)]
