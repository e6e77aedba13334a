"""The cases of the sample before anybody has acted: when, where, what, from whom.

Frames have one row a case; times are seconds of the sample's own clock, places metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.sample import truth
from governance.sample.geometry import STREET_PLANE
from governance.sample.roster import HOUR_S
from governance.sample.street import NAMED_PLACES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.sample.reference import Reference
    from governance.sample.street import FloatArray, IntArray

DAY_S = 86_400
WEEK_S = 7 * DAY_S
CASES_A_WEEK = 408
_LAST_WEEK_CASES = 428
CATEGORIES = (
    "市容环境",
    "街面秩序",
    "宣传广告",
    "施工管理",
    "突发事件",
    "公用设施",
    "安全隐患",
    "矛盾纠纷",
    "民生服务",
)
SUBCATEGORIES: dict[str, tuple[str, ...]] = {
    "市容环境": ("暴露垃圾", "道路不洁", "噪声扰民", "焚烧纸钱"),
    "街面秩序": ("占道经营", "乱停放"),
    "宣传广告": ("非法小广告", "破损标语"),
    "施工管理": ("施工扰民", "建渣堆放"),
    "突发事件": ("内涝积水", "树木倒伏"),
    "公用设施": ("路灯", "井盖", "护栏"),
    "安全隐患": ("消防通道", "电动车充电", "燃气", "高空坠物"),
    "矛盾纠纷": ("邻里", "物业", "租赁"),
    "民生服务": ("适老改造", "就业帮扶", "证照代办"),
}
_SUBCATEGORY_SHARES = {
    "市容环境": (0.46, 0.3, 0.22, 0.02),
    "街面秩序": (0.55, 0.45),
    "公用设施": (0.5, 0.3, 0.2),
}
# Share of sources, share attended by a patrol, and categories by source.
SOURCES: dict[str, tuple[float, float, tuple[float, ...]]] = {
    "patrol": (0.35, 1.0, (33, 33, 6, 3, 1, 8, 13, 2, 1)),
    "member": (0.24, 0.45, (25, 11, 4, 2, 1, 15, 20, 9, 13)),
    "hotline": (0.14, 0.65, (22, 18, 2, 9, 1, 16, 11, 7, 14)),
    "resident": (0.15, 0.8, (25, 16, 2, 6, 1, 16, 14, 9, 11)),
    "petition": (0.015, 0.0, (0, 0, 0, 10, 0, 5, 5, 60, 20)),
    "mediation": (0.035, 0.0, (0, 0, 0, 0, 0, 0, 0, 1, 0)),
    "video": (0.05, 0.9, (36, 50, 5, 2, 1, 2, 4, 0, 0)),
    "other": (0.02, 0.5, (20, 15, 5, 10, 1, 20, 15, 4, 10)),
}
PUBLIC = ("hotline", "resident", "petition")
_UNATTENDED_SHARE = {"矛盾纠纷": 0.5, "公用设施": 0.4, "民生服务": 0.6, "施工管理": 0.3}
_SEVERITIES = {"minor": 0.28, "normal": 0.57, "serious": 0.12, "urgent": 0.03}
# Weight of each hour of the day: what people report, and what a patrol around the clock finds.
_PEOPLE_HOURS = (3, 2, 1, 1, 1, 2, 6, 14, 30, 42, 44, 36, 26, 25, 32, 38, 40, 38, 34, 36, 34, 26, 16, 8)
_PATROL_HOURS = (12, 9, 7, 6, 6, 9, 16, 26, 34, 36, 34, 28, 24, 24, 30, 32, 34, 34, 34, 36, 34, 28, 24, 18)
_STORM_CASES = 46
_REPEATS_A_WEEK = 5.0
_IMPROVING_A_WEEK = (7.0, 1.0)
_PAPER_CASES = 34
_ALLEY_CASES = 12


@dataclass(frozen=True)
class Doors:
    """The addresses cases happen at: text, metres, micro-grid, estate (or empty) and weight."""

    address: NDArray[np.object_]
    xy: FloatArray
    micro: IntArray
    community: IntArray
    estate: NDArray[np.object_]
    weight: FloatArray


def doors_of(rng: np.random.Generator, reference: Reference) -> Doors:
    """All addresses, likelier in populous micro-grids and in estates without a manager."""
    street = reference.street
    table = reference.tables["addresses"].drop_duplicates("address")
    position = {code: place for place, code in enumerate(street.microgrid_codes)}
    micro = np.asarray(table["microgrid_code"].map(position), dtype=np.int64)
    residents = reference.tables["microgrids"]["residents"].to_numpy(dtype=float)
    heat = residents * np.exp(rng.normal(0, 0.35, len(residents)))
    estates = reference.tables["estates"].set_index("estate_id")["is_managed"]
    unmanaged = table["estate_id"].map(estates).eq(False).to_numpy(dtype=bool)
    planted = table["estate_id"].eq(reference.truth.improving_estate_id).to_numpy(dtype=bool)
    weight = heat[micro] / np.bincount(micro, minlength=len(heat))[micro] * np.where(unmanaged, 1.7, 1.0)
    weight = np.where(planted | (micro == reference.truth.unvisited), 0.05, weight)
    lon, lat = table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float)
    return Doors(
        address=table["address"].to_numpy(dtype=object),
        xy=np.column_stack([STREET_PLANE.x_m(lon), STREET_PLANE.y_m(lat)]),
        micro=micro,
        community=street.community_of_microgrid[micro],
        estate=table["estate_id"].fillna("").to_numpy(dtype=object),
        weight=weight / weight.sum(),
    )


def _moments(rng: np.random.Generator, week: IntArray, hours: tuple[int, ...]) -> FloatArray:
    share = np.array(hours) / sum(hours)
    day = rng.choice(7, len(week), p=np.array([1.06, 1.02, 1, 1, 1.02, 0.97, 0.93]) / 7)
    hour = rng.choice(24, len(week), p=share)
    return np.asarray(
        week * WEEK_S + day * DAY_S + hour * HOUR_S + rng.integers(0, HOUR_S, len(week)), dtype=float
    )


def _ordinary(rng: np.random.Generator, doors: Doors) -> pd.DataFrame:
    """The steady stream of cases."""
    level = CASES_A_WEEK * (1 + 0.03 * np.sin(np.arange(truth.WEEKS_N) / 4.0))
    counts = rng.poisson(level)
    counts[-1] = _LAST_WEEK_CASES
    week = np.repeat(np.arange(truth.WEEKS_N), counts)
    shares = np.array([entry[0] for entry in SOURCES.values()])
    source = rng.choice(list(SOURCES), len(week), p=shares / shares.sum())
    category = np.empty(len(week), dtype=object)
    is_attended = np.zeros(len(week), dtype=bool)
    reported = np.empty(len(week))
    for name, (_, attended, weights) in SOURCES.items():
        rows = source == name
        odds = np.array(weights, dtype=float)
        category[rows] = rng.choice(CATEGORIES, int(rows.sum()), p=odds / odds.sum())
        is_attended[rows] = rng.random(int(rows.sum())) < attended
        hours = _PATROL_HOURS if name == "patrol" else _PEOPLE_HOURS
        reported[rows] = _moments(rng, week[rows], hours)
    left_alone = pd.Series(category).map(_UNATTENDED_SHARE).fillna(0).to_numpy(dtype=float)
    is_attended &= (source == "patrol") | (rng.random(len(week)) >= left_alone)
    door = rng.choice(len(doors.weight), len(week), p=doors.weight)
    return pd.DataFrame(
        {
            "reported_s": reported,
            "source": source,
            "category": category,
            "subcategory": _subcategories(rng, category),
            "door": door,
            "is_attended": is_attended,
            # What a patrol finds lies where the patrol is: the walk decides.
            "is_found": (source == "patrol") & (rng.random(len(week)) < 0.9),
            "plant": "",
        }
    )


def _subcategories(rng: np.random.Generator, category: NDArray[np.object_]) -> NDArray[np.object_]:
    subcategory = np.empty(len(category), dtype=object)
    for name, words in SUBCATEGORIES.items():
        rows = category == name
        odds = np.array(_SUBCATEGORY_SHARES.get(name, (1.0,) * len(words)))
        subcategory[rows] = rng.choice(words, int(rows.sum()), p=odds / odds.sum())
    return subcategory


def _planted(
    plant: str,
    reported: FloatArray,
    source: NDArray[np.object_] | str,
    kind: tuple[str, str],
    door: IntArray | int,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "reported_s": reported,
            "source": source,
            "category": kind[0],
            "subcategory": kind[1],
            "door": door,
            "is_attended": True,
            "is_found": False,
            "plant": plant,
        }
    )


def _special(rng: np.random.Generator, doors: Doors, estate_id: str) -> list[pd.DataFrame]:
    """The planted groups: the repeating place, the improving estate, the storm, 30 August."""
    at = {name: int(np.flatnonzero(doors.address == name)[0]) for name in NAMED_PLACES}
    week = np.repeat(np.arange(truth.WEEKS_N), rng.poisson(_REPEATS_A_WEEK, truth.WEEKS_N))
    sources = rng.choice(["resident", "hotline", "patrol", "member"], len(week), p=[0.4, 0.3, 0.2, 0.1])
    repeats = _planted(
        "repeat",
        _moments(rng, week, _PEOPLE_HOURS),
        sources,
        ("街面秩序", "占道经营"),
        at[truth.REPEAT_PLACE],
    )
    level = np.interp(np.arange(truth.WEEKS_N), (9, 24), _IMPROVING_A_WEEK)
    week = np.repeat(np.arange(truth.WEEKS_N), rng.poisson(level))
    own = np.flatnonzero(doors.estate == estate_id)
    improving = _planted(
        "estate",
        _moments(rng, week, _PEOPLE_HOURS),
        rng.choice(["resident", "member", "hotline"], len(week), p=[0.5, 0.35, 0.15]),
        ("市容环境", "暴露垃圾"),
        rng.choice(own, len(week)),
    )
    improving["subcategory"] = rng.choice(SUBCATEGORIES["市容环境"][:3], len(week))
    storm_day = truth.seconds_of_day(truth.STORM_ON)
    hours = rng.gamma(2.2, 1.1, _STORM_CASES).clip(0.9, 8)
    fallen = rng.random(_STORM_CASES) < 0.35
    storm = _planted(
        "storm",
        storm_day + (5.6 + hours) * HOUR_S,
        rng.choice(["resident", "member", "hotline", "patrol"], _STORM_CASES, p=[0.45, 0.3, 0.15, 0.1]),
        ("突发事件", "内涝积水"),
        rng.choice(len(doors.weight), _STORM_CASES, p=doors.weight),
    )
    storm.loc[fallen, "subcategory"] = "树木倒伏"
    first = np.array([storm_day + 6.35 * HOUR_S, storm_day + 6.6 * HOUR_S])
    floods = _planted(
        "flood",
        first,
        "patrol",
        ("突发事件", "内涝积水"),
        np.array([at[truth.REPEAT_PLACE], at["牛角沱立交"]]),
    )
    burning_day = truth.seconds_of_day(truth.PAPER_BURNING_ON)
    evening = burning_day + rng.uniform(19.1, 21.6, _ALLEY_CASES) * HOUR_S
    alley = _planted("alley", evening, "patrol", ("市容环境", "焚烧纸钱"), at["嘉陵西村小巷"])
    alley.loc[0, ["category", "subcategory"]] = ["街面秩序", "占道经营"]
    paper = _planted(
        "paper",
        burning_day + rng.uniform(18.5, 22.5, _PAPER_CASES) * HOUR_S,
        rng.choice(["resident", "member", "patrol"], _PAPER_CASES),
        ("市容环境", "焚烧纸钱"),
        rng.choice(len(doors.weight), _PAPER_CASES, p=doors.weight),
    )
    return [repeats, improving, storm, floods, alley, paper]


def draft_cases(rng: np.random.Generator, doors: Doors, *, estate_id: str, unvisited: int) -> pd.DataFrame:
    """All cases up to the sample's as-of, oldest first.

    Columns: reported_s, source, category, subcategory, severity, door, x, y, team (handling
    community team or mobile team), is_attended, is_found, plant.
    """
    table: pd.DataFrame = pd.concat(
        [_ordinary(rng, doors), *_special(rng, doors, estate_id)], ignore_index=True
    )
    table = table[table["reported_s"] < truth.AS_OF_S - 120].sort_values("reported_s", ignore_index=True)
    late = (doors.micro[table["door"].to_numpy()] == unvisited) & (
        table["reported_s"] > truth.LAST_VISIT_S - DAY_S
    )
    table = table[~late].reset_index(drop=True)
    table["severity"] = rng.choice(list(_SEVERITIES), len(table), p=list(_SEVERITIES.values()))
    table.loc[table["plant"].isin(["storm", "flood"]), "severity"] = "urgent"
    door = table["door"].to_numpy()
    spot = doors.xy[door] + rng.normal(0, 5.0, (len(table), 2))
    table["x"], table["y"] = spot[:, 0], spot[:, 1]
    mobile = (rng.random(len(table)) < 0.1) & (table["plant"] == "").to_numpy()
    team = np.where(mobile, rng.choice(truth.MOBILE_TEAMS, len(table)), doors.community[door])
    in_gap = (team == truth.NIGHT_GAP_COMMUNITY) & truth.in_night_gap(table["reported_s"].to_numpy())
    table["team"] = np.where(in_gap, truth.MOBILE_TEAMS[0], team)
    return table
