"""Every metric, declared once.

Hover texts, report footnotes and the data dictionary print this table; its words (label and
definition) stand in the text file under `metrics.<key>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from governance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Direction = Literal["higher", "lower", "none"]
Unit = Literal["case", "time", "share", "checkin"]


@dataclass(frozen=True)
class Metric:
    """One metric's declaration.

    `unit` is a code of the text file's `units`: cases, check-ins, a share 0–1 or minutes
    (`time`, shown as minutes, hours or days); `counts` is the unit of what a share is made of.
    `is_census` says that everything is counted, so that few are not too few. `direction` says which
    way is better, `none` where neither is. `sources` are the record kinds it rests on, `numerator`
    and `denominator` the columns a share is made of, `dimensions` the filters it can be cut by.
    """

    key: str
    unit: Unit
    direction: Direction
    sources: tuple[str, ...]
    origin: str
    numerator: str = ""
    denominator: str = ""
    dimensions: tuple[str, ...] = ("community_code", "category", "team_id")
    counts: str = "case"
    is_census: bool = False

    @property
    def label_key(self) -> str:
        """Where its Chinese name stands."""
        return f"metrics.{self.key}.label"

    @property
    def definition_key(self) -> str:
        """Where its definition in one Chinese sentence stands."""
        return f"metrics.{self.key}.definition"


_OWN = "指标约定"
_STORM = ("warnings", "warning_steps")
# Available and lead time, and what the plan after a warning sets a target for, step by step.
_STORM_TIMES: Mapping[str, Direction] = {
    **dict.fromkeys(("available", "lead"), "higher"),
    **dict.fromkeys(("called", "arrived", "checked", "cordoned", "cleared", "moved", "reopened"), "lower"),
}

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.key: metric
        for metric in (
            Metric("report_to_arrive_p90_min", "time", "lower", ("incidents",), _OWN),
            Metric(
                "on_time_share",
                "share",
                "higher",
                ("incidents", "rules"),
                _OWN,
                numerator="on_time_n",
                denominator="due_n",
            ),
            Metric(
                "community_share",
                "share",
                "higher",
                ("incidents", "incident_steps"),
                _OWN,
                numerator="community_n",
                denominator="cases_n",
            ),
            Metric("report_to_close_median_min", "time", "lower", ("incidents",), _OWN),
            Metric("open_n", "case", "lower", ("incidents",), _OWN),
            Metric("reported_n", "case", "none", ("incidents",), _OWN),
            Metric("closed_n", "case", "none", ("incidents",), _OWN),
            Metric("closed_median_min", "time", "lower", ("incidents",), _OWN, denominator="closed_n"),
            Metric(
                "located_share",
                "share",
                "higher",
                ("incidents", "microgrids"),
                _OWN,
                numerator="located_n",
                denominator="reported_n",
            ),
            Metric("checkins_n", "checkin", "none", ("checkins",), _OWN, dimensions=("community_code",)),
            Metric(
                "microgrids_visited_share",
                "share",
                "higher",
                ("pings", "checkins", "microgrids"),
                _OWN,
                numerator="microgrids_visited_n",
                denominator="microgrids_n",
                dimensions=("community_code", "team_id"),
                counts="place",
                is_census=True,
            ),
            Metric(
                "night_presence_share",
                "share",
                "higher",
                ("pings", "rollcalls", "shifts"),
                _OWN,
                numerator="present_n",
                denominator="planned_n",
                dimensions=("community_code", "team_id"),
                counts="hour",
                is_census=True,
            ),
            Metric(
                "care_on_time_share",
                "share",
                "higher",
                ("visits", "care_register"),
                _OWN,
                numerator="done_n",
                denominator="due_n",
                dimensions=("community_code",),
                counts="person",
                is_census=True,
            ),
            *(
                Metric(f"storm_{name}_min", "time", direction, _STORM, _OWN, dimensions=())
                for name, direction in _STORM_TIMES.items()
            ),
            Metric(
                "storm_checked_share",
                "share",
                "higher",
                (*_STORM, "points"),
                _OWN,
                numerator="points_checked_n",
                denominator="points_n",
                dimensions=(),
                counts="place",
                is_census=True,
            ),
            *(
                Metric(
                    f"handbook_{name}_share",
                    "share",
                    "higher",
                    ("members", "microgrids"),
                    _OWN,
                    numerator=f"{name}_n",
                    denominator="microgrids_n",
                    dimensions=("community_code",),
                    counts="place",
                    is_census=True,
                )
                for name in ("complete", "fresh")
            ),
        )
    }
)

# The six figures of the cases, in this order, and what of them is compared between communities.
HEADLINES: tuple[str, ...] = tuple(METRICS)[:6]
COMPARED: tuple[str, ...] = HEADLINES[:4]


def overview_keys(patrols: Sequence[str]) -> tuple[str, ...]:
    """The six figures of the overview: those of patrols first, then as many of the cases."""
    return (*patrols, *HEADLINES)[: len(HEADLINES)]


def compared_keys(patrols: Sequence[str]) -> tuple[str, ...]:
    """What the overview compares between communities: those of patrols first, then rates of cases."""
    return (*patrols, *COMPARED)[: len(COMPARED)]


def metric_named(key: str) -> Metric:
    """The declaration of `key`.

    Raises
    ------
    UsageError
        `unknown_metric` when there is none.
    """
    if key not in METRICS:
        raise UsageError("unknown_metric", metric=key, metrics="、".join(METRICS))
    return METRICS[key]
