"""Limits and targets of the sample: all 示例 until the street confirms its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

SAMPLE_SOURCE = "示例，待街道确认"


@dataclass(frozen=True)
class Limit:
    """The normal limit of a category in hours, on the working or the calendar clock."""

    hours: float
    clock: str


LIMITS: dict[str, Limit] = {
    "市容环境": Limit(20, "calendar"),
    "街面秩序": Limit(16, "calendar"),
    "宣传广告": Limit(12, "working"),
    "施工管理": Limit(16, "working"),
    "突发事件": Limit(10, "calendar"),
    "公用设施": Limit(24, "working"),
    "安全隐患": Limit(36, "calendar"),
    "矛盾纠纷": Limit(240, "working"),
    "民生服务": Limit(24, "working"),
}
SEVERITY_FACTOR = {"minor": 1.5, "normal": 1.0, "serious": 0.75, "urgent": 0.5}
# The first version was a little slower; cases filed before July keep it.
VERSIONS: tuple[tuple[str, date, float], ...] = (
    ("示例1", date(2023, 1, 1), 1.25),
    ("示例2", date(2023, 7, 1), 1.0),
)
_TARGETS: tuple[tuple[str, float, str], ...] = (
    ("located_share", 0.95, "at_least"),
    ("open_n", 220, "at_most"),
    ("on_time_share", 0.85, "at_least"),
    ("microgrids_visited_share", 0.98, "at_least"),
    ("night_presence_share", 0.98, "at_least"),
    ("report_to_arrive_p90_min", 15, "at_most"),
    ("community_share", 0.80, "at_least"),
    ("care_on_time_share", 0.95, "at_least"),
    ("storm_called_min", 30, "at_most"),
    ("storm_arrived_min", 60, "at_most"),
    ("storm_checked_min", 180, "at_most"),
    ("storm_cordoned_min", 10, "at_most"),
    ("storm_cleared_min", 90, "at_most"),
    ("storm_moved_min", 75, "at_most"),
    ("storm_reopened_min", 180, "at_most"),
)


def rule_table() -> pd.DataFrame:
    """Limits by version, category and severity."""
    rows = [
        (version, valid_from, category, severity, round(limit.hours * factor * scale, 1), limit.clock)
        for version, valid_from, scale in VERSIONS
        for category, limit in LIMITS.items()
        for severity, factor in SEVERITY_FACTOR.items()
    ]
    return pd.DataFrame(rows, columns=["version", "valid_from", "category", "severity", "limit_h", "clock"])


def target_table() -> pd.DataFrame:
    """One target for each headline that has one."""
    rows = [(metric, "示例1", date(2023, 1, 1), value, direction) for metric, value, direction in _TARGETS]
    table = pd.DataFrame(rows, columns=["metric", "version", "valid_from", "value", "direction"])
    return table.assign(source=SAMPLE_SOURCE)
