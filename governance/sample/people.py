"""Reference tables about people, by code only: members, teams and the care register.

Names are numbers and phones begin with 100, a prefix no operator has been given.
"""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.sample.truth import LAST_DAY, STALE_COMMUNITY, TEAM_IDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.sample.street import Street

MEMBERS_N = 475
CARE_N = 600
_HIGH_N = 190
_KEY_N = 150
_ATTACHED = (("民警", 14), ("医生", 14), ("律师", 7))
_PART_TIME = ("微网格员", "微网格员", "退休职工", "物业人员", "商户", "志愿者")
_ELDERS = ("高龄独居", "高龄空巢", "失能老人", "特困老人")
_CHILDREN = ("困境儿童", "留守儿童")
# The four links of home care: the share of elders who have each, and of whom nothing is noted.
_LINKS = {"has_doctor": 0.88, "has_nursing": 0.41, "has_canteen": 0.56, "has_university": 0.27}
_UNNOTED_SHARE = 0.04


def member_table(rng: np.random.Generator, street: Street) -> pd.DataFrame:
    """475 micro-grid members: cadres, building heads, part-timers, and those attached.

    Every micro-grid has one; in the stale community nobody was verified for four months.
    """
    micro_n = len(street.microgrid_codes)
    first_of_grid = np.unique(np.array(street.partition.grid_of), return_index=True)[1]
    extra = np.sort(rng.choice(micro_n, MEMBERS_N - micro_n, replace=False))
    cell = np.concatenate([np.arange(micro_n), extra])
    role = np.array(["楼栋长"] * micro_n + list(rng.choice(_PART_TIME, len(extra))), dtype=object)
    role[first_of_grid] = "社区干部"
    position = micro_n
    for name, count in _ATTACHED:
        role[position : position + count] = name
        position += count
    attached = sum(count for _, count in _ATTACHED)
    cell[micro_n : micro_n + attached] = rng.choice(micro_n, attached, replace=False)
    community = street.community_of_microgrid[cell]
    age_d = np.where(
        rng.random(len(cell)) < 0.96, rng.integers(4, 86, len(cell)), rng.integers(95, 150, len(cell))
    )
    age_d = np.where(community == STALE_COMMUNITY, rng.integers(125, 190, len(cell)), age_d)
    phones = [f"100{rng.integers(0, 10**8):08d}" for _ in range(len(cell))]
    for missing in rng.choice(len(cell), 9, replace=False):
        phones[int(missing)] = ""
    return pd.DataFrame(
        {
            "member_id": [f"M-{number:04d}" for number in range(1, len(cell) + 1)],
            "name": [f"微网格员{number:03d}" for number in range(1, len(cell) + 1)],
            "phone": phones,
            "role": role,
            "microgrid_code": [street.microgrid_codes[at] for at in cell],
            "is_party_member": rng.random(len(cell)) < 0.46,
            "verified_on": [LAST_DAY - timedelta(days=int(days)) for days in age_d],
        }
    )


def team_table(street: Street) -> pd.DataFrame:
    """One team a community and two mobile ones: the nine units of the duty matrix."""
    names = [f"{anchor.name.removesuffix('社区')}巡逻队" for anchor in street.anchors]
    return pd.DataFrame(
        {
            "team_id": TEAM_IDS,
            "name": [*names, "机动一队", "机动二队"],
            "kind": ["community"] * len(names) + ["mobile"] * 2,
            "community_code": [anchor.code for anchor in street.anchors] + [None, None],
        }
    )


def care_table(rng: np.random.Generator, street: Street) -> pd.DataFrame:
    """The register of the very old and of children in need, some of them moved, in hospital or dead."""
    risk = np.array(["high"] * _HIGH_N + ["key"] * _KEY_N + ["general"] * (CARE_N - _HIGH_N - _KEY_N))
    is_child = rng.random(CARE_N) < np.where(risk == "high", 0.08, 0.25)
    cohort = np.where(is_child, rng.choice(_CHILDREN, CARE_N), rng.choice(_ELDERS, CARE_N))
    start_d = np.where(rng.random(CARE_N) < 0.9, 0, rng.integers(10, 150, CARE_N))
    status = rng.choice(["active", "moved", "hospital", "died"], CARE_N, p=[0.925, 0.03, 0.03, 0.015])
    left_d = np.maximum(start_d + 14, rng.integers(60, 180, CARE_N))
    table = pd.DataFrame(
        {
            "person_ref": [f"C-{number:04d}" for number in range(1, CARE_N + 1)],
            "cohort": cohort,
            "risk": risk,
            "risk_from": [date(2023, 3, 20) + timedelta(days=int(days)) for days in start_d],
            "risk_to": [
                date(2023, 3, 20) + timedelta(days=int(days)) if state != "active" else None
                for days, state in zip(left_d, status, strict=True)
            ],
            "status": status,
            "microgrid_code": rng.choice(street.microgrid_codes, CARE_N),
        }
    )
    table["status_on"] = table["risk_to"]
    table = table.join(_link_table(rng, is_child))
    return table.sort_values("person_ref", ignore_index=True)


def _link_table(rng: np.random.Generator, is_child: NDArray[np.bool_]) -> pd.DataFrame:
    """Who has which link of home care; none for children, a few not noted.

    Drawn from a stream of its own, so that what comes after in the seed's stream stays as it was.
    """
    (own,) = copy.deepcopy(rng).spawn(1)
    columns = {}
    for name, share in _LINKS.items():
        has, is_noted = own.random(len(is_child)) < share, own.random(len(is_child)) >= _UNNOTED_SHARE
        columns[name] = [
            bool(one) if noted and not child else None
            for one, noted, child in zip(has, is_noted, is_child, strict=True)
        ]
    return pd.DataFrame(columns, dtype="object")
