"""The command room's evidence beside the devices: roll calls, check-ins and the roster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.sample import truth
from governance.sample.roster import (
    FORCES,
    HOUR_S,
    SLOTS_A_WEEK,
    Roster,
    is_together,
    person_code,
    shift_table,
    slot_of,
)
from governance.sample.walks import TOGETHER, Walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.sample.street import IntArray

_MINUTE_S = 60
# Minutes after the start of a shift; at night the room calls several times.
_CALLS = {"day": (5,), "night": (5, 150, 270, 330, 390)}
_CHECKIN_SHARE = {True: 0.6, False: 0.3}
_BLIND_CHECKIN_SHARE = 0.08


def person_on_duty(roster: Roster) -> IntArray:
    """The first person of a force out in a slot, −1 for none: team × force × slot (last index: slot −1)."""
    people = np.full((len(truth.TEAM_IDS), len(FORCES), truth.WEEKS_N * SLOTS_A_WEEK + 1), -1, dtype=np.int64)
    here = ~roster.is_absent
    people[roster.team[here], roster.force[here], roster.slot[here]] = roster.person[here]
    return people


def _blind(team: IntArray, at: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the team's devices were off."""
    return np.asarray(
        (team == truth.DEVICES_OFF_TEAM) & (at >= truth.DEVICES_OFF_S[0]) & (at < truth.DEVICES_OFF_S[1])
    )


def shifts(roster: Roster) -> pd.DataFrame:
    """The roster as published; start and end in seconds."""
    table = shift_table(roster)
    return table[table["start_s"] < truth.AS_OF_S].reset_index(drop=True)


def rollcalls(roster: Roster) -> pd.DataFrame:
    """Who answered: team, force, at (seconds), present_n.

    A force that did not come is called every hour; during the planted night gap nobody
    answers; while the devices are off the room calls only at the start of a shift.
    """
    table = pd.DataFrame(
        {"team": roster.team, "force": roster.force, "start_s": roster.start_s, "here": ~roster.is_absent}
    )
    grouped = table.groupby(["team", "force", "start_s"])["here"].agg(["size", "sum"]).reset_index()
    is_night = grouped["start_s"] % 86_400 == 22 * HOUR_S
    parts = [grouped.assign(at_s=grouped["start_s"] + minute * _MINUTE_S) for minute in _CALLS["day"]]
    parts += [
        grouped[is_night].assign(at_s=grouped["start_s"][is_night] + minute * _MINUTE_S)
        for minute in _CALLS["night"][1:]
    ]
    missing = grouped[grouped["sum"] == 0]
    parts += [missing.assign(at_s=missing["start_s"] + (60 * hour + 5) * _MINUTE_S) for hour in range(1, 8)]
    calls = pd.concat(parts, ignore_index=True)
    empty = (calls["team"] == truth.NIGHT_GAP_COMMUNITY) & truth.in_night_gap(
        calls["at_s"].to_numpy(), margin_s=0
    )
    calls["present_n"] = calls["sum"].where(~empty, 0).astype(int)
    kept = (calls["at_s"] >= 0) & (calls["at_s"] < truth.AS_OF_S)
    return calls[kept].sort_values(["at_s", "team", "force"], ignore_index=True)[
        ["team", "force", "at_s", "present_n"]
    ]


def checkins(rng: np.random.Generator, roster: Roster, walks: dict[tuple[int, int], Walk]) -> pd.DataFrame:
    """Check-ins of those on duty where the walk stopped at a point: point, person, at (seconds)."""
    people = person_on_duty(roster)
    parts = []
    for (team, force), walk in walks.items():
        at = walk.point_at
        slot = np.clip(slot_of(at), -1, people.shape[2] - 2)
        forces = rng.integers(0, len(FORCES), len(at)) if force == TOGETHER else np.full(len(at), force)
        person = people[team, forces, slot]
        share = np.where(
            _blind(np.full(len(at), team), at), _BLIND_CHECKIN_SHARE, _CHECKIN_SHARE[force == TOGETHER]
        )
        gone = (team == truth.NIGHT_GAP_COMMUNITY) & truth.in_night_gap(at, margin_s=0)
        kept = (person >= 0) & (rng.random(len(at)) < share) & ~gone & (at >= 0) & (at < truth.AS_OF_S)
        kept &= is_together(slot) == (force == TOGETHER)
        parts.append(
            pd.DataFrame({"point": walk.point[kept], "person": person[kept], "at_s": np.floor(at[kept])})
        )
    table = pd.concat(parts, ignore_index=True).sort_values(["at_s", "point", "person"], ignore_index=True)
    return table.assign(person_id=person_code(table["person"].to_numpy()))
