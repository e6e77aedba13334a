"""The nine stamps of every case, its end, level and rating, from the moment somebody arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import chinese_calendar
import numpy as np

from governance.sample import truth
from governance.sample.cases import DAY_S, PUBLIC
from governance.sample.roster import HOUR_S
from governance.sample.standards import LIMITS, SEVERITY_FACTOR, VERSIONS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from governance.sample.street import FloatArray

STAGES = ("reported", "accepted", "filed", "dispatched", "arrived", "resolved", "verified", "closed", "rated")
# Working hours of the limits' clock.
_WORK_FROM_H, _WORK_UNTIL_H = 9, 17


@dataclass(frozen=True)
class Pace:
    """Share settled on the spot with its median minutes, and the median hours of the rest."""

    spot_share: float
    spot_min: float
    rest_h: float


_PACES = {
    "市容环境": Pace(0.42, 14, 6.0),
    "街面秩序": Pace(0.52, 13, 4.5),
    "宣传广告": Pace(0.25, 20, 9.0),
    "施工管理": Pace(0.25, 30, 16.0),
    "突发事件": Pace(0.25, 45, 3.5),
    "公用设施": Pace(0.08, 30, 27.0),
    "安全隐患": Pace(0.26, 18, 14.0),
    "矛盾纠纷": Pace(0.0, 0, 0),
    "民生服务": Pace(0.2, 35, 22.0),
}
_BEFORE_REFORM_REST = 1.6
_BEFORE_REFORM_SPOT = 0.85
# Disputes: about a quarter settles within days, the rest take weeks, before the reform and after it.
_QUICK_SHARE, _QUICK_D, _SLOW_D = 0.28, 1.5, 26.0


def _lognormal(rng: np.random.Generator, median: FloatArray | float, spread: float, count: int) -> FloatArray:
    return np.asarray(median * np.exp(rng.normal(0.0, spread, count)))


def in_daytime(rng: np.random.Generator, second: FloatArray, *, from_h: float, until_h: float) -> FloatArray:
    """Moments outside the hours moved to the next morning."""
    hour = second % DAY_S / HOUR_S
    day = second // DAY_S
    late = hour >= until_h
    moved = (day + late) * DAY_S + (from_h + rng.gamma(1.5, 0.7, len(second))) * HOUR_S
    return np.where((hour < from_h) | late, moved, second)


def _resolution_s(rng: np.random.Generator, cases: pd.DataFrame, start: FloatArray) -> FloatArray:
    """When the matter itself was settled."""
    count = len(cases)
    before = start < truth.REFORM_S
    pace = [_PACES[name] for name in cases["category"]]
    spot_share = np.array([one.spot_share for one in pace]) * np.where(before, _BEFORE_REFORM_SPOT, 1.0)
    rest_h = np.array([one.rest_h for one in pace]) * np.where(before, _BEFORE_REFORM_REST, 1.0)
    on_spot = rng.random(count) < spot_share
    spot = start + 60 * _lognormal(rng, np.array([one.spot_min for one in pace]), 0.5, count)
    rest = in_daytime(rng, start + HOUR_S * _lognormal(rng, rest_h, 0.85, count), from_h=8.5, until_h=20.0)
    settled = np.where(on_spot, spot, rest)
    dispute = cases["category"].eq("矛盾纠纷").to_numpy()
    quick = rng.random(count) < _QUICK_SHARE
    days = np.where(quick, _lognormal(rng, _QUICK_D, 0.6, count), _lognormal(rng, _SLOW_D, 0.32, count))
    settled = np.where(dispute, in_daytime(rng, start + days * DAY_S, from_h=9.0, until_h=18.0), settled)
    absent = cases["is_absent"].to_numpy()
    return np.where(absent, start + rng.uniform(4, 14, count) * 60, settled)


def with_stages(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """The cases with `{stage}_s` for all nine stages as they will have happened in the end."""
    count = len(cases)
    reported = cases["reported_s"].to_numpy()
    by_patrol = cases["arrived_s"].notna().to_numpy()
    by_member = ~by_patrol & cases["source"].eq("member").to_numpy()
    arrival = np.where(
        by_patrol,
        cases["arrived_s"].to_numpy(),
        reported + 60 * _lognormal(rng, np.where(by_member, 8, 50), 0.5, count),
    )
    split = np.cumsum(rng.dirichlet((2.4, 2.2, 3.0, 8.0), count), axis=1)
    stamps = reported[:, None] + split[:, :3] * (arrival - reported)[:, None]
    resolved = _resolution_s(rng, cases, arrival)
    resolved = np.maximum(resolved, arrival + 60)
    absent = cases["is_absent"].to_numpy()
    verified = resolved + 60 * _lognormal(rng, np.where(absent, 4, 38), 0.6, count)
    closed = verified + 60 * _lognormal(rng, np.where(absent, 3, 16), 0.6, count)
    slow = (resolved - arrival > 2 * HOUR_S) & ~absent
    verified = np.where(slow, in_daytime(rng, verified, from_h=8.5, until_h=21.0), verified)
    closed = np.where(
        slow, in_daytime(rng, np.maximum(closed, verified + 120), from_h=8.5, until_h=21.5), closed
    )
    public = cases["source"].isin(PUBLIC).to_numpy()
    rated = in_daytime(rng, closed + rng.uniform(0.4, 2.8, count) * DAY_S, from_h=9.0, until_h=20.0)
    rated = np.where(public & (rng.random(count) < 0.5), rated, np.nan)
    on_foot = by_patrol | by_member
    table = cases.assign(
        accepted_s=stamps[:, 0], filed_s=stamps[:, 1], dispatched_s=stamps[:, 2],
        arrived_s=np.where(on_foot, arrival, np.nan), resolved_s=resolved, verified_s=verified,
        closed_s=closed, rated_s=rated, by_member=by_member,
    )  # fmt: skip
    return _with_ends(rng, table)


def _with_ends(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """Ends other than closing, suspensions, rework, level, rating and the limit."""
    count = len(table)
    closed = table["closed_s"].to_numpy()
    filed = table["filed_s"].to_numpy()
    long_case = closed - filed > 6 * HOUR_S
    drawn = rng.random(count)
    ordinary = table["plant"].eq("").to_numpy() & ~table["is_absent"].to_numpy()
    end = np.where(ordinary & (drawn < 0.014), "voided", "closed").astype(object)
    end[ordinary & long_case & (drawn > 0.955)] = "transferred"
    ended = np.where(end == "closed", closed, filed + rng.uniform(0.3, 5, count) * HOUR_S)
    suspended = np.where(
        (end == "closed") & (closed - filed > 3 * DAY_S) & (rng.random(count) < 0.06),
        filed + rng.uniform(0.2, 0.6, count) * (closed - filed),
        np.nan,
    )
    rework = np.where((end == "closed") & long_case & (rng.random(count) < 0.09), 1, 0)
    petition = table["source"].eq("petition").to_numpy()
    rank = rng.random(count) + 0.25 * petition + 0.08 * (closed - filed > 2 * DAY_S)
    level = np.where(rank < 0.83, "community", np.where(rank < 0.965, "street", "above"))
    score = rng.choice([5, 4, 3, 2, 1], count, p=[0.55, 0.26, 0.11, 0.05, 0.03])
    return table.assign(
        end=end,
        ended_s=ended,
        suspended_s=suspended,
        resumed_s=suspended + (closed - suspended) * 0.7,
        rework_n=rework,
        level_closed=level,
        satisfaction=np.where(table["rated_s"].notna(), score, np.nan),
        due_s=due_s(table["category"].to_numpy(), table["severity"].to_numpy(), filed),
    )


def due_s(category: NDArray[np.object_], severity: NDArray[np.object_], filed: FloatArray) -> FloatArray:
    """When each case is due by the sample's limits in force when it was filed."""
    scale = np.full(len(filed), VERSIONS[0][2])
    for _, valid_from, factor in VERSIONS[1:]:
        scale[filed >= truth.seconds_of_day(valid_from)] = factor
    limit_h = np.array(
        [LIMITS[name].hours * SEVERITY_FACTOR[level] for name, level in zip(category, severity, strict=True)]
    )
    limit_s = np.round(limit_h * scale, 1) * HOUR_S
    working = np.array([LIMITS[name].clock == "working" for name in category])
    return np.where(working, _after_working_s(filed, limit_s), filed + limit_s)


def _after_working_s(start: FloatArray, limit: FloatArray) -> FloatArray:
    """The moment when `limit` seconds of working time have passed since `start`."""
    days = np.arange((truth.LAST_DAY - truth.FIRST_DAY).days + 80)
    workday = np.array(
        [chinese_calendar.is_workday(truth.FIRST_DAY + timedelta(days=int(day))) for day in days]
    )
    clock = np.column_stack(
        [days * DAY_S + _WORK_FROM_H * HOUR_S, days * DAY_S + _WORK_UNTIL_H * HOUR_S]
    ).ravel()
    worked = np.cumsum(
        np.column_stack([np.zeros(len(days)), workday * (_WORK_UNTIL_H - _WORK_FROM_H) * HOUR_S]).ravel()
    )
    total = np.interp(start, clock, worked) + limit
    # Idle stretches share one value: the limit ends at the first moment that reaches it.
    after = np.searchsorted(worked, total, side="left").clip(1, len(worked) - 1)
    return np.asarray(clock[after] - (worked[after] - total), dtype=float)
