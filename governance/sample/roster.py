"""Who is on duty when: three eight-hour shifts, at most five a person and week (40 of 44 hours).

Before the reform the three forces keep hours of their own, after it they share every shift as
far as their numbers allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.sample import truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    IntArray = NDArray[np.int64]

HOUR_S = 3_600
SHIFT_S = 8 * HOUR_S
FIRST_START_S = 6 * HOUR_S
SLOTS_A_WEEK = 21
SHIFTS_A_WEEK = 5
FORCES = ("police", "urban", "mass")
# Members by team and force: 10 to 12 a team.
HEADCOUNT = (
    (4, 4, 3), (3, 4, 3), (4, 4, 3), (4, 4, 4), (4, 3, 4), (4, 4, 4), (4, 4, 4), (4, 4, 4), (4, 4, 4),
)  # fmt: skip
MORNING, AFTERNOON, NIGHT = range(3)
_ABSENT_SHARE = 0.012


@dataclass(frozen=True)
class Roster:
    """One row a person and shift; seconds of the sample's own clock.

    `slot` counts shifts from Monday 20 March 06:00; `is_absent` marks who did not come.
    """

    team: IntArray
    force: IntArray
    slot: IntArray
    start_s: IntArray
    end_s: IntArray
    person: IntArray
    is_absent: NDArray[np.bool_]

    def on_duty(self) -> NDArray[np.bool_]:
        """Whether a force of a team is out in a slot: team × force × slot (last index: slot −1)."""
        out = np.zeros((len(truth.TEAM_IDS), len(FORCES), truth.WEEKS_N * SLOTS_A_WEEK + 1), dtype=bool)
        here = ~self.is_absent
        out[self.team[here], self.force[here], self.slot[here]] = True
        return out


def slot_of(second: NDArray[np.float64] | IntArray) -> IntArray:
    """The slot a moment falls into; −1 is the night before the first Monday."""
    return np.asarray((second - FIRST_START_S) // SHIFT_S).astype(np.int64)


def is_together(slot: IntArray) -> NDArray[np.bool_]:
    """Whether the three forces walk together: shifts that begin on the day of the reform or later."""
    return np.asarray(FIRST_START_S + slot * SHIFT_S >= truth.REFORM_S)


def _planned(week: int, force: int, heads: int) -> IntArray:
    """Persons of a force in each of the week's 21 slots; the sum is five a head."""
    part = np.arange(SLOTS_A_WEEK) % 3
    day = np.arange(SLOTS_A_WEEK) // 3
    planned = np.ones(SLOTS_A_WEEK, dtype=np.int64)
    is_reformed = FIRST_START_S + (week + 1) * SLOTS_A_WEEK * SHIFT_S > truth.REFORM_S
    if is_reformed or force == 0:
        skipped_part = (MORNING, NIGHT, AFTERNOON)[force]
        count = SLOTS_A_WEEK - SHIFTS_A_WEEK * heads
        skipped_days = (week + 2 * force + np.arange(count)) % 7
        planned[(part == skipped_part) & np.isin(day, skipped_days)] = 0
        return planned
    off, doubled = (NIGHT, AFTERNOON) if force == 1 else (MORNING, NIGHT)
    planned[part == off] = 0
    spare = SHIFTS_A_WEEK * heads - int(planned.sum())
    planned[np.flatnonzero((part == doubled) & (day < spare))] = 2
    return planned


def build_roster(rng: np.random.Generator) -> Roster:
    """The roster of all nine units for the 26 weeks and the night before them."""
    rows: list[IntArray] = []
    first_person = 0
    for team, heads_by_force in enumerate(HEADCOUNT):
        for force, heads in enumerate(heads_by_force):
            planned = np.concatenate([_planned(week, force, heads) for week in range(truth.WEEKS_N)])
            slots = np.repeat(np.arange(len(planned)), planned)
            if force != 1:
                slots = np.concatenate([[-1], slots])
            turn = first_person + np.arange(len(slots)) % heads
            rows.append(np.column_stack([np.full(len(slots), team), np.full(len(slots), force), slots, turn]))
            first_person += heads
    table = np.vstack(rows)
    start = FIRST_START_S + table[:, 2] * SHIFT_S
    return Roster(
        team=table[:, 0],
        force=table[:, 1],
        slot=table[:, 2],
        start_s=start,
        end_s=start + SHIFT_S,
        person=table[:, 3],
        is_absent=_absences(rng, table),
    )


def _absences(rng: np.random.Generator, table: IntArray) -> NDArray[np.bool_]:
    """A few whole forces that did not come, never where fewer than two others are planned."""
    unit = table[:, 0] * 10_000 + table[:, 2] + 1
    forces = pd.Series(table[:, 1]).groupby(unit).nunique()
    full = forces.index.to_numpy()[forces.to_numpy() == len(FORCES)]
    chosen = full[rng.random(len(full)) < _ABSENT_SHARE]
    who = dict(zip(chosen.tolist(), rng.integers(0, len(FORCES), len(chosen)).tolist(), strict=True))
    absent_force = pd.Series(unit).map(who).fillna(-1).to_numpy()
    return np.asarray(absent_force == table[:, 1])


def person_code(person: IntArray) -> NDArray[np.object_]:
    """Codes of persons: K-0001 and so on."""
    return np.array([f"K-{number + 1:04d}" for number in person], dtype=object)


def device_code(person: IntArray) -> NDArray[np.object_]:
    """Codes of the devices; every person carries one of their own."""
    return np.array([f"D-{number + 1:03d}" for number in person], dtype=object)


def shift_table(roster: Roster) -> pd.DataFrame:
    """The published roster: team, force, start, end (seconds), planned persons."""
    table = pd.DataFrame({"team": roster.team, "force": roster.force, "start_s": roster.start_s})
    grouped = table.groupby(["team", "force", "start_s"], sort=True).size().rename("planned_n").reset_index()
    return grouped.assign(end_s=grouped["start_s"] + SHIFT_S)
