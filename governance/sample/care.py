"""一老一小 and 所需所愿: visits by the rule's rhythm, activities of the summer, requests."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.sample import truth
from governance.sample.roster import HOUR_S

if TYPE_CHECKING:
    from governance.sample.reference import Reference
    from governance.sample.street import FloatArray

DAY_S = 86_400
# Days between visits: usual shortest and longest, by risk.
_RHYTHM_D = {"high": (4.5, 6.9), "key": (21, 30), "general": (62, 90)}
_LATE_SHARE = 0.035
_NEVER_N, _OVERDUE_N = 5, 14
_OUTCOMES = ("平安", "平安", "平安", "平安", "代购药品", "陪同就医", "反映漏水，已转报", "未在家，次日补访")
_WARNING_DAYS = (truth.STORM_ON, truth.HEAT_ON)
_REQUESTS_N = 1_500
_SUBJECTS = ("加装扶手", "增设路灯", "楼道清理", "电动车充电桩", "管道老化", "社区食堂用餐",
             "就近看病", "儿童托管", "晾衣杆",
             "停车秩序", "加装电梯", "垃圾投放点", "健身器材", "夜间噪声")  # fmt: skip
_SILENT_SHARE = 0.08

# Name, place, day, ages, how many came. The first six are the reported ones; the water trip
# with its day, ages and number too, the rest is constructed.
_OUTSIDE = ("水上安全",)
_ACTIVITIES: tuple[tuple[str, str, date, str, int], ...] = (
    ("水上安全", "储奇门—朝天门—洪崖洞", date(2023, 8, 18), "6–12岁", 21),
    ("自然与亲子", "牛角沱滨水公园", date(2023, 7, 15), "4–10岁", 26),
    ("博物馆美育", "中国三峡博物馆", date(2023, 7, 22), "7–12岁", 30),
    ("儿童安全成长", "儿童友好馆", date(2023, 7, 29), "6–12岁", 24),
    ("传统非遗", "学田湾社区活动室", date(2023, 8, 5), "7–14岁", 22),
    ("现代科技探索", "人民小学", date(2023, 8, 12), "8–14岁", 28),
    ("夏日阅读", "儿童友好馆", date(2023, 8, 24), "5–10岁", 19),
    ("邻里小运动会", "桂花园体育文化公园", date(2023, 8, 27), "6–12岁", 35),
    ("暑期托管第一期", "美专校社区活动室", date(2023, 7, 10), "6–12岁", 32),
    ("暑期托管第二期", "美专校社区活动室", date(2023, 8, 7), "6–12岁", 34),
    ("老年大学开课", "曾家岩社区活动室", date(2023, 5, 11), "60岁以上", 41),
    ("家庭医生义诊", "春森路社区", date(2023, 6, 8), "65岁以上", 57),
    ("社区食堂助餐日", "新都巷社区食堂", date(2023, 9, 7), "70岁以上", 63),
    ("护理到家培训", "嘉西村社区", date(2023, 4, 20), "60岁以上", 18),
)  # fmt: skip


def activity_table() -> pd.DataFrame:
    """Activities, those of the summer first."""
    table = pd.DataFrame(_ACTIVITIES, columns=["name", "place", "held_on", "ages", "attended_n"])
    table.insert(0, "activity_id", [f"A-{number:02d}" for number in range(1, len(table) + 1)])
    table["is_outside"] = table["name"].isin(_OUTSIDE)
    return table


def visit_table(rng: np.random.Generator, reference: Reference) -> pd.DataFrame:
    """Visits to everybody on the register: person_ref, member_id, microgrid_code, at_s, outcome.

    A few of the high risk were never visited or are overdue at the end; a warning brings nearly
    all of them a visit within a day.
    """
    register = reference.tables["care_register"]
    member_of = (
        reference.tables["members"].drop_duplicates("microgrid_code").set_index("microgrid_code")["member_id"]
    )
    start = np.array([truth.seconds_of_day(day) for day in register["risk_from"]], dtype=float)
    until = np.array(
        [truth.AS_OF_S if day is None else truth.seconds_of_day(day) for day in register["risk_to"]],
        dtype=float,
    )
    high = np.flatnonzero((register["risk"] == "high") & (register["status"] == "active"))
    chosen = rng.permutation(high)
    never, overdue = chosen[:_NEVER_N], chosen[_NEVER_N : _NEVER_N + _OVERDUE_N]
    start[never] = np.inf
    until[overdue] = truth.AS_OF_S - rng.uniform(8.5, 21, len(overdue)) * DAY_S
    people, moments = [], []
    for person, risk in enumerate(register["risk"]):
        shortest, longest = _RHYTHM_D[risk]
        if not np.isfinite(start[person]):
            continue
        count = int((until[person] - start[person]) / DAY_S / shortest) + 2
        gaps = rng.uniform(shortest, longest, count) * np.where(rng.random(count) < _LATE_SHARE, 1.45, 1.0)
        at = start[person] + np.cumsum(gaps) * DAY_S - rng.uniform(0, 0.8) * shortest * DAY_S
        surge = [truth.seconds_of_day(day) + rng.uniform(9, 26) * HOUR_S for day in _WARNING_DAYS]
        if risk == "high" and rng.random() < 0.86:
            at = np.concatenate([at, surge])
        at = at[(at > start[person]) & (at < until[person])]
        people += [person] * len(at)
        moments += [at]
    at = _daytime(rng, np.concatenate(moments))
    table = register.iloc[people][["person_ref", "microgrid_code"]].assign(
        at_s=at, outcome=rng.choice(_OUTCOMES, len(people))
    )
    table["member_id"] = table["microgrid_code"].map(member_of)
    table = table[table["at_s"] < truth.AS_OF_S].sort_values(["at_s", "person_ref"], ignore_index=True)
    return table.drop_duplicates(["person_ref", "at_s"], ignore_index=True)


def _daytime(rng: np.random.Generator, second: FloatArray) -> FloatArray:
    """The same days, between nine and half past seven in the evening, to the minute."""
    moved = second // DAY_S * DAY_S + rng.uniform(9, 19.5, len(second)) * HOUR_S
    return np.asarray(moved // 60 * 60)


def request_table(rng: np.random.Generator, reference: Reference) -> pd.DataFrame:
    """Opinions and wishes: collected, answered, done, revisited (seconds, missing where not yet)."""
    members = reference.tables["members"]
    codes = reference.street.microgrid_codes
    silent = set(rng.choice(codes, int(len(codes) * _SILENT_SHARE), replace=False))
    speaking = np.flatnonzero(~members["microgrid_code"].isin(silent))
    who = rng.choice(speaking, _REQUESTS_N)
    collected = np.sort(rng.uniform(0, truth.AS_OF_S, _REQUESTS_N))
    collected = _daytime(rng, collected)
    answered = collected + rng.gamma(1.6, 0.9, _REQUESTS_N) * DAY_S
    done = np.where(
        rng.random(_REQUESTS_N) < 0.82, answered + rng.gamma(1.4, 6.0, _REQUESTS_N) * DAY_S, np.nan
    )
    revisited = np.where(rng.random(_REQUESTS_N) < 0.7, done + rng.uniform(1, 9, _REQUESTS_N) * DAY_S, np.nan)
    stamps = {
        name: np.where(value <= truth.AS_OF_S, value // 60 * 60, np.nan)
        for name, value in (("answered_s", answered), ("done_s", done), ("revisited_s", revisited))
    }
    table = pd.DataFrame(
        {
            "request_id": [f"Q-{number:05d}" for number in range(1, _REQUESTS_N + 1)],
            "collected_s": collected,
            **stamps,
            "member_id": members["member_id"].to_numpy()[who],
            "microgrid_code": members["microgrid_code"].to_numpy()[who],
            "subject": rng.choice(_SUBJECTS, _REQUESTS_N),
        }
    )
    return table[table["collected_s"] < truth.AS_OF_S].reset_index(drop=True)
