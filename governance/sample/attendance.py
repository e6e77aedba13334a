"""Who went to which case and when they arrived; cases are placed where the patrols really were.

One team is planted to close cases without being there: its cases lie far from every walk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from governance.sample import truth
from governance.sample.roster import Roster, is_together, slot_of
from governance.sample.walks import DRIVING_M_S, TOGETHER, WALKING_M_S, Call, Walk, answered

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from governance.sample.cases import Doors
    from governance.sample.street import FloatArray, IntArray, Street

Walks = dict[tuple[int, int], Walk]
POLICE, URBAN, MASS = range(3)
# Whom the street sent for what while the three forces were apart.
_SENT = {
    "矛盾纠纷": (POLICE, MASS, URBAN),
    "突发事件": (POLICE, MASS, URBAN),
    "安全隐患": (MASS, POLICE, URBAN),
    "民生服务": (MASS, POLICE, URBAN),
}
_SENT_ELSE = (URBAN, MASS, POLICE)
# Median minutes from report to arrival and spread, before and after the reform.
_RESPONSE_BEFORE = (9.6, 0.52)
_RESPONSE_AFTER = (6.3, 0.46)
_ABSENT_SHARE = 0.8
_FAR_M = 135.0
_FLOOD_STAY_S = 110 * 60


def _walk_of(
    team: IntArray, category: NDArray[np.object_], at: FloatArray, duty: NDArray[np.bool_]
) -> IntArray:
    """The force whose walk answers; −1 for the shared walk."""
    slot = np.clip(slot_of(at), -1, duty.shape[2] - 2)
    chosen = np.full(len(team), TOGETHER)
    apart = ~is_together(slot)
    order = np.array([_SENT.get(name, _SENT_ELSE) for name in category])
    for rank in (2, 1, 0):
        force = order[:, rank]
        out = duty[team, force, slot] & apart
        chosen[out] = force[out]
    return chosen


def _is_planted(rng: np.random.Generator, cases: pd.DataFrame) -> NDArray[np.bool_]:
    """Cases the absent team will say it has attended."""
    drawn = rng.random(len(cases)) < _ABSENT_SHARE
    fits = (cases["team"] == truth.ABSENT_TEAM) & cases["is_attended"] & (cases["plant"] == "")
    fits &= (cases["reported_s"] > truth.ABSENT_FROM_S) & (cases["reported_s"] < truth.AS_OF_S - 7_200)
    fits &= ~cases["category"].isin(["矛盾纠纷", "突发事件", "民生服务"])
    return np.asarray(drawn & fits.to_numpy())


def attend(
    rng: np.random.Generator,
    street: Street,
    cases: pd.DataFrame,
    doors: Doors,
    walks: Walks,
    roster: Roster,
    *,
    avoid: int,
) -> pd.DataFrame:
    """The cases with `arrived_s` (patrols only, else missing), `force`, final place and door.

    Walks are bent to the cases they attend.
    """
    count = len(cases)
    reported = cases["reported_s"].to_numpy()
    team = cases["team"].to_numpy()
    before = reported < truth.REFORM_S
    median = np.where(before, _RESPONSE_BEFORE[0], _RESPONSE_AFTER[0])
    spread = np.where(before, _RESPONSE_BEFORE[1], _RESPONSE_AFTER[1])
    wanted = reported + 60 * np.exp(rng.normal(np.log(median), spread)).clip(1.5, 120)
    wanted = np.where(cases["source"].eq("patrol"), reported + rng.uniform(20, 120, count), wanted)
    force = _walk_of(team, cases["category"].to_numpy(), wanted, roster.on_duty())
    planted = _is_planted(rng, cases)
    found = cases["is_found"].to_numpy() & ~planted
    called = cases["is_attended"].to_numpy() & ~planted & ~found
    stay = np.where(cases["plant"].eq("flood"), _FLOOD_STAY_S, rng.uniform(5, 13, count) * 60)
    xy = cases[["x", "y"]].to_numpy(copy=True)
    arrived = np.full(count, np.nan)
    arrived[found] = wanted[found]
    for key, walk in walks.items():
        mine = np.flatnonzero(called & (team == key[0]) & (force == key[1]))
        calls = [
            Call(int(row), float(wanted[row]), float(xy[row, 0]), float(xy[row, 1]), float(stay[row]))
            for row in mine
        ]
        if key == (truth.ZJY, TOGETHER):
            x, y = street.centre_m[avoid]
            calls.append(Call(-1, truth.LAST_VISIT_S, float(x), float(y), 14 * 60))
        speed = DRIVING_M_S if key[0] in truth.MOBILE_TEAMS else WALKING_M_S
        for row, at in answered(walk, calls, speed_m_s=speed).items():
            if row >= 0:
                arrived[row] = at
    for key, walk in walks.items():
        mine = np.flatnonzero(found & (team == key[0]) & (force == key[1]))
        xy[mine] = walk.at(wanted[mine]) + rng.normal(0, 6.0, (len(mine), 2))
    door = cases["door"].to_numpy(copy=True)
    door[found] = cKDTree(doors.xy).query(xy[found])[1]
    planted, door = _far_away(rng, planted, reported, doors, door, walks)
    xy[planted] = doors.xy[door[planted]] + rng.normal(0, 4.0, (int(planted.sum()), 2))
    arrived[planted] = reported[planted] + rng.uniform(90, 330, int(planted.sum()))
    return cases.assign(
        x=xy[:, 0], y=xy[:, 1], door=door, force=force, arrived_s=arrived, is_absent=planted, is_found=found
    )


def _far_away(
    rng: np.random.Generator,
    planted: NDArray[np.bool_],
    reported: FloatArray,
    doors: Doors,
    door: IntArray,
    walks: Walks,
) -> tuple[NDArray[np.bool_], IntArray]:
    """Doors of the absent team's community far from every walk while a case was open.

    A case for which there is no such door is not planted.
    """
    own = np.flatnonzero(doors.community == truth.ABSENT_TEAM)
    near = [key for key in walks if key[1] == TOGETHER]
    kept = planted.copy()
    for row in np.flatnonzero(planted):
        t = np.arange(reported[row] - 300, reported[row] + 45 * 60, 30.0)
        tree = cKDTree(np.vstack([walks[key].at(t) for key in near]))
        candidates = rng.choice(own, 40, replace=False)
        away = tree.query(doors.xy[candidates])[0]
        best = int(np.argmax(away))
        kept[row] = away[best] > _FAR_M
        if kept[row]:
            door[row] = candidates[best]
    return kept, door
