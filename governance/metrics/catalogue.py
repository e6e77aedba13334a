"""The metrics the command line prints: name, how to count it, and by what it may be grouped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance.errors import UsageError
from governance.metrics.care_rows import CARE_GROUPS, care_rows
from governance.metrics.containment import containment_rows
from governance.metrics.control_series import SERIES, control_rows
from governance.metrics.coverage import COVERAGE_GROUPS
from governance.metrics.handbook import GROUPS as HANDBOOK_GROUPS
from governance.metrics.handbook import handbook_rows
from governance.metrics.overview import overview_rows
from governance.metrics.patrol_rows import (
    REVISIT_GROUPS,
    TRACK_GROUPS,
    coverage_rows,
    duty_rows,
    gap_rows,
    integration_rows,
    revisit_rows,
    track_rows,
)
from governance.metrics.response import GROUPS as RESPONSE_GROUPS
from governance.metrics.response import response_rows
from governance.metrics.storm import storm_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from governance.records.dataset import Dataset


@dataclass(frozen=True)
class PrintedMetric:
    """A metric of the command line; `sources` are the kinds its as-of depends on.

    `takes_key` says that `rows` also takes `of`, the key of a weekly series.
    """

    rows: Callable[..., list[dict[str, Any]]]
    groups: tuple[str, ...]
    sources: tuple[str, ...]
    takes_key: bool = False


PRINTED: Mapping[str, PrintedMetric] = {
    "overview": PrintedMetric(overview_rows, ("community", "category", "team", "source"), ("incidents",)),
    "response": PrintedMetric(response_rows, tuple(RESPONSE_GROUPS), ("incidents",)),
    "containment": PrintedMetric(containment_rows, tuple(RESPONSE_GROUPS), ("incidents",)),
    "control": PrintedMetric(control_rows, tuple(RESPONSE_GROUPS), ("incidents",), takes_key=True),
    "care": PrintedMetric(care_rows, CARE_GROUPS, ("visits",)),
    "coverage": PrintedMetric(coverage_rows, COVERAGE_GROUPS, ("pings",)),
    "revisit": PrintedMetric(revisit_rows, REVISIT_GROUPS, ("pings",)),
    "gaps": PrintedMetric(gap_rows, (), ("pings",)),
    "duty": PrintedMetric(duty_rows, (), ("pings",)),
    "integration": PrintedMetric(integration_rows, ("team",), ("pings", "incidents")),
    "tracks": PrintedMetric(track_rows, TRACK_GROUPS, ("pings",)),
    "storm": PrintedMetric(storm_rows, (), ("warnings", "warning_steps")),
    "handbook": PrintedMetric(handbook_rows, HANDBOOK_GROUPS, ("members",)),
}


def metric_table(
    name: str,
    dataset: Dataset,
    *,
    since: date | None,
    until: date | None,
    by: str | None,
    of: str | None = None,
) -> dict[str, Any]:
    """The object that `metrics NAME --json` prints: metric, as_of, since, until, by, rows.

    Raises
    ------
    UsageError
        `unknown_metric`, `unknown_group`, `unknown_control` (also when the metric takes no `of`),
        or `bad_period` when since lies after until.
    """
    if name not in PRINTED:
        raise UsageError("unknown_metric", metric=name, metrics="、".join(PRINTED))
    metric = PRINTED[name]
    if by is not None and by not in metric.groups:
        raise UsageError("unknown_group", group=by, groups="、".join(metric.groups))
    if of is not None and not metric.takes_key:
        raise UsageError("unknown_control", control=of, controls="、".join(SERIES))
    if since and until and since > until:
        raise UsageError("bad_period", since=since, until=until)
    as_of = dataset.as_of_for(*metric.sources)
    return {
        "metric": name,
        "as_of": as_of.isoformat() if as_of else None,
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
        "by": by,
        "rows": metric.rows(
            dataset, since=since, until=until, by=by, **({"of": of} if metric.takes_key else {})
        ),
    }
