"""Forces together: where the members of a team were at every whole minute, and how close."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from governance.records.engine import counting, squared
from governance.records.patrol.legs import is_step
from governance.records.patrol.rules import HOUR_US, MINUTE_US, TOGETHER_M, TOGETHER_MIN
from governance.records.patrol.stretches import day_stamps, minutes_by_hour, stamps

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from governance.records.engine import Engine
    from governance.records.patrol.duty import Duty
    from governance.records.patrol.legs import Legs
    from governance.records.patrol.rules import Span

FORCES = ("police", "urban", "mass")
_ALL = 2 ** len(FORCES) - 1
_TEAM_MINUTE = ["team", "minute"]


def together_of(db: Engine, legs: Legs, duty: Duty, span: Span) -> pd.DataFrame:
    """The frame `together` of a span of days (see the package)."""
    teams = legs.tracks["team_id"].dropna().drop_duplicates().sort_values(ignore_index=True)
    minutes = _minutes(db, legs, teams)
    three = _long_enough(minutes, minutes["close_n"].to_numpy() >= 3)
    two = _long_enough(minutes, minutes["close_n"].to_numpy() >= 2) & ~three
    rows = minutes.assign(
        three=three, two=two, one=~three & ~two, all_three=minutes["forces"].eq(_ALL), patrol=True
    )
    # A whole minute stands for the minute before it.
    rows = rows.assign(at=rows["minute"] * MINUTE_US - 1)
    rows = rows[rows["at"].between(span.since_us, span.until_us - 1)]
    counted = rows.groupby([rows["team"], rows["at"] // HOUR_US])[
        ["patrol", "three", "two", "one", "all_three"]
    ].sum()
    counted.index.names = ["team", "hour"]
    found = counted.reset_index()
    return _named(found.assign(team_id=teams.take(found["team"].to_numpy()).to_numpy()), duty)


def _minutes(db: Engine, legs: Legs, teams: pd.Series[str]) -> pd.DataFrame:
    """Minutes of teams, sorted: `team`, `minute`, `forces` (a bit each), `close_n` (the most close by)."""
    number = {name: place for place, name in enumerate(FORCES)}
    units = pd.DataFrame(
        {
            "track": np.arange(len(legs.tracks), dtype=np.int32),
            "team": legs.tracks["team_id"].map({team: n for n, team in enumerate(teams)}).astype("Int32"),
            "force": legs.tracks["force"].map(number).astype("Int8"),
        }
    ).dropna(subset=["team"])
    coded = db.of_arrow(pa.Table.from_pandas(units, preserve_index=False))
    places = db.computed(_places(legs.steps).join(coded, "track").select(*_TEAM_MINUTE, "force", "x", "y"))
    seen = places.group_by(_TEAM_MINUTE).agg(
        forces=places.force.cast("int64").cases((0, 1), (1, 2), (2, 4), else_=0).bit_or()
    )
    minutes = db.plain(seen).sort_values(_TEAM_MINUTE, ignore_index=True)
    pairs, triples = _close(db, places)
    key = _minute_keys(minutes)
    close_n = np.ones(len(minutes), dtype=np.int8)
    close_n[np.isin(key, _minute_keys(pairs))] = 2
    close_n[np.isin(key, _minute_keys(triples))] = 3
    return minutes.assign(close_n=close_n)


def _places(steps: ir.Table) -> ir.Table:
    """Where every track was at each whole minute: `track`, `minute` (since 1970), `x`, `y`."""
    first, last = steps.from_at // MINUTE_US + 1, steps["at"] // MINUTE_US
    moves = steps.mutate(first=first, end=last + 1).filter(is_step(steps) & (last >= first))
    moves = moves.mutate(minute=counting(moves.first, moves.end))
    share = (moves.minute * MINUTE_US - moves.from_at) / (moves["at"] - moves.from_at)
    places = {
        name: moves[f"from_{name}"] + (moves[name] - moves[f"from_{name}"]) * share for name in ("x", "y")
    }
    return moves.select("track", "minute", **places)


def _close(db: Engine, places: ir.Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Team minutes with members of two, and of all three forces within 50 m of each other."""
    by_force = [
        places.filter(places.force == number).select(
            *_TEAM_MINUTE, **{f"x{number}": places.x, f"y{number}": places.y}
        )
        for number in range(len(FORCES))
    ]

    def near(table: ir.Table, one: int, other: int) -> ir.BooleanValue:
        away_2 = [squared(table[f"{axis}{one}"] - table[f"{axis}{other}"]) for axis in ("x", "y")]
        return away_2[0] + away_2[1] <= TOGETHER_M**2

    pairs = []
    for one, other in ((0, 1), (0, 2), (1, 2)):
        both = by_force[one].join(by_force[other], _TEAM_MINUTE)
        pairs.append(both.filter(near(both, one, other)))
    found = pairs[0].select(*_TEAM_MINUTE).union(*(pair.select(*_TEAM_MINUTE) for pair in pairs[1:]))
    three = pairs[0].join(by_force[2], _TEAM_MINUTE)
    three = three.filter(near(three, 0, 2) & near(three, 1, 2)).select(*_TEAM_MINUTE)
    return db.plain(found.distinct()), db.plain(three.distinct())


def _minute_keys(rows: pd.DataFrame) -> NDArray[np.int64]:
    team, minute = (rows[name].to_numpy(dtype=np.int64) for name in _TEAM_MINUTE)
    return np.asarray(team * (1 << 40) + minute)


def _long_enough(minutes: pd.DataFrame, is_close: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which minutes lie in an unbroken run of at least ten close ones of a team."""
    key = _minute_keys(minutes)
    run = np.cumsum(np.r_[True, np.diff(key) != 1] | np.r_[True, is_close[1:] != is_close[:-1]])[: len(key)]
    length = np.bincount(run, minlength=run.max(initial=0) + 1)
    return np.asarray(is_close & (length[run] >= TOGETHER_MIN))


def _named(rows: pd.DataFrame, duty: Duty) -> pd.DataFrame:
    by_force = minutes_by_hour(duty.planned, ["team_id", "force"]).rename("minutes").reset_index()
    by_force = by_force[by_force["force"].isin(FORCES)]
    least = by_force.groupby(["team_id", "hour"])["minutes"].agg(["min", "size"])
    planned = least["min"].where(least["size"] == len(FORCES), 0.0).rename("planned_three")
    rows = rows.assign(force=pd.Series(pd.NA, index=rows.index, dtype="string"))
    # Hours planned without any track stay too: they are what staffing would have allowed.
    rows = rows.merge(planned[planned > 0].reset_index(), on=["team_id", "hour"], how="outer")
    shift = duty.shift_at(rows)
    times = {
        "patrol_min": "patrol",
        "three_min": "three",
        "two_min": "two",
        "one_min": "one",
        "present_three_min": "all_three",
    }
    return pd.DataFrame(
        {
            "day": day_stamps(shift),
            "shift_at": stamps(shift),
            "hour_at": stamps(rows["hour"] * HOUR_US),
            "team_id": rows["team_id"],
            **{name: rows[column].fillna(0).astype("float64") for name, column in times.items()},
            "planned_three_min": rows["planned_three"].fillna(0.0),
        }
    ).sort_values(["hour_at", "team_id"], ignore_index=True)
