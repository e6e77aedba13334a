"""When a micro-grid was last walked: a patrol's members counted as one walk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from datetime import datetime

_SAME_WALK = timedelta(minutes=15)
_FORCES = ("police", "urban", "mass")


@dataclass(frozen=True)
class Walk:
    """One walk of a team through a micro-grid; `sureness` is the best of its members'."""

    team_id: str
    forces: tuple[str, ...]
    enter_at: datetime
    exit_at: datetime
    sureness: str


def last_walks(visits: pd.DataFrame, microgrid_code: str, *, most: int) -> tuple[Walk, ...]:
    """The last walks through a micro-grid, the latest first.

    `visits` is the patrol frame of that name; members of a team whose stays lie within a quarter
    of an hour of each other walk together.
    """
    own = visits[visits["microgrid_code"].eq(microgrid_code).fillna(False).astype(bool)]
    own = own.assign(team_id=own["team_id"].fillna("")).sort_values(["team_id", "enter_at"])
    if own.empty:
        return ()
    known_until = own.groupby("team_id")["exit_at"].cummax().shift()
    is_new = own["team_id"].ne(own["team_id"].shift()) | own["enter_at"].gt(known_until + _SAME_WALK)
    walks = [_walk(rows) for _, rows in own.groupby(is_new.fillna(True).astype("int64").cumsum())]
    return tuple(sorted(walks, key=lambda one: one.exit_at, reverse=True)[:most])


def _walk(rows: pd.DataFrame) -> Walk:
    forces = set(rows["force"].dropna())
    return Walk(
        team_id=str(rows["team_id"].iloc[0]),
        forces=tuple(force for force in _FORCES if force in forces),
        enter_at=rows["enter_at"].min(),
        exit_at=rows["exit_at"].max(),
        sureness="certain" if rows["sureness"].eq("certain").any() else str(rows["sureness"].iloc[0]),
    )
