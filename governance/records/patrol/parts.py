"""Stays, check-ins and receipts of a span of days as parts of the patrol frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.records.patrol.duty import UNIT
from governance.records.patrol.legs import REASONS
from governance.records.patrol.rules import DAY_US, MINUTE_US, REENTRY_US, SHANGHAI_US
from governance.records.patrol.stretches import day_stamps, micros_of, stamps
from governance.records.patrol.visits import CERTAIN, sureness, with_evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas.api.extensions import ExtensionArray

    from governance.records.patrol.ground import Ground
    from governance.records.patrol.legs import Legs
    from governance.records.patrol.rules import PatrolRules, Span

_WHOSE = ["person_id", "device_id", *UNIT]


def checkins_of(
    checkins: pd.DataFrame, tracks: pd.DataFrame, microgrid_of: Mapping[str, str], span: Span
) -> pd.DataFrame:
    """Check-ins of a span of days with the team and force of the person's track and the micro-grid."""
    known = checkins.dropna(subset=["at", "point_id"])
    at = micros_of(known["at"])
    own = known[["point_id", "person_id"]].assign(at=at)[at.between(span.since_us, span.until_us - 1)]
    whose = tracks.dropna(subset=["person_id"]).drop_duplicates("person_id").set_index("person_id")[UNIT]
    own = own.join(whose, on="person_id").reset_index(drop=True)
    return own.assign(microgrid_code=own["point_id"].map(microgrid_of).astype("string"))


def visit_parts(
    found: pd.DataFrame,
    blocks: pd.DataFrame,
    checkins: pd.DataFrame,
    *,
    legs: Legs,
    ground: Ground | None,
    rules: PatrolRules,
) -> dict[str, pd.DataFrame]:
    """Stays (`visits.stays`) and check-ins as parts of `visits`, `point_visits` and `passes`.

    A part of `visits` is long enough by itself, or ends or begins so close to midnight that it may
    go on beyond; how sure it is, `blocks` say.
    """
    is_point = found["area"] >= (ground.microgrids_n if ground else 0)
    since_midnight = (found["enter"] + SHANGHAI_US) % DAY_US
    to_midnight = -(found["exit"] + SHANGHAI_US) % DAY_US
    is_long = found["exit"] - found["enter"] >= rules.visit_min_min * MINUTE_US
    is_long |= (since_midnight <= REENTRY_US) | (to_midnight <= REENTRY_US)
    codes = pd.array(ground.codes if ground else (), dtype="string")
    long = with_evidence(found[~is_point & is_long], blocks)
    by_gps = _stays("microgrid_code", long, legs, codes).assign(
        sureness=pd.array(sureness(long), dtype="string"), source="gps"
    )
    called = checkins.dropna(subset=["microgrid_code"])
    by_call = _calls("microgrid_code", called).assign(sureness=CERTAIN, source="checkin")
    at_points = _stays("point_id", found[is_point], legs, codes).assign(source="gps")
    checked = _calls("point_id", checkins).assign(source="checkin")
    return {
        "visits": _confirmed(pd.concat([by_gps, by_call], ignore_index=True)),
        "point_visits": pd.concat([at_points, checked], ignore_index=True),
        "passes": _passes(found[~is_point & ~is_long], legs, codes),
    }


def _stays(named: str, rows: pd.DataFrame, legs: Legs, codes: ExtensionArray) -> pd.DataFrame:
    """Stays under the codes of their areas, with the person and unit of their tracks."""
    whose = legs.tracks[_WHOSE].take(rows["track"].to_numpy())
    times = {name: rows[name].to_numpy() for name in ("enter", "exit", "inside_us")}
    stays = whose.reset_index(drop=True).assign(**times)
    stays.insert(0, named, pd.Series(codes.take(rows["area"].to_numpy())))
    return stays


def _calls(named: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Check-ins as stays that take no time."""
    device = pd.Series(pd.NA, index=rows.index, dtype="string")
    stays = rows.assign(device_id=device, enter=rows["at"], exit=rows["at"], inside_us=0)
    return stays[[named, *_WHOSE, "enter", "exit", "inside_us"]].reset_index(drop=True)


def _confirmed(visits: pd.DataFrame) -> pd.DataFrame:
    """Visits with those of a check-in by the same person made certain; the others stand alone."""
    is_call = visits["source"].eq("checkin")
    calls, gps = visits[is_call], visits[~is_call]
    if calls.empty:
        return visits
    who = ["microgrid_code", "person_id"]
    rows = calls.reset_index(names="call")[["call", *who, "enter"]].rename(columns={"enter": "at"})
    rows = rows[rows["person_id"].notna()]
    pairs = rows.merge(gps.reset_index(names="visit")[["visit", *who, "enter", "exit"]], on=who)
    met = pairs[(pairs["at"] >= pairs["enter"] - REENTRY_US) & (pairs["at"] <= pairs["exit"] + REENTRY_US)]
    is_met = gps.index.isin(met["visit"])
    gps = gps.assign(
        sureness=gps["sureness"].mask(is_met, CERTAIN), source=gps["source"].mask(is_met, "checkin")
    )
    return pd.concat([gps, calls[~calls.index.isin(met["call"])]], ignore_index=True)


def _passes(short: pd.DataFrame, legs: Legs, codes: ExtensionArray) -> pd.DataFrame:
    """Short stays counted by day, micro-grid, team and force."""
    keyed = pd.DataFrame(
        {
            "on_day": (short["enter"].to_numpy() + SHANGHAI_US) // DAY_US,
            "area": short["area"].to_numpy(),
            "unit": legs.unit_of[short["track"].to_numpy()],
            "inside_us": short["inside_us"].to_numpy(),
        }
    )
    counted = keyed.groupby(["on_day", "area", "unit"])["inside_us"].agg(["size", "sum"]).reset_index()
    return pd.DataFrame(
        {
            "day": stamps(counted["on_day"] * DAY_US - SHANGHAI_US),
            "microgrid_code": codes.take(counted["area"].to_numpy()),
            **{name: legs.units[name].take(counted["unit"].to_numpy()).array for name in UNIT},
            "passes_n": counted["size"].astype("Int64"),
            "passed_min": counted["sum"] / MINUTE_US,
            "on_day": counted["on_day"],
        }
    )


def passes_of(short: pd.DataFrame) -> pd.DataFrame:
    """Stays of a frame (`enter`, `inside_us`, …) counted by day, micro-grid, team and force."""
    rows = short.assign(day=day_stamps(short["enter"]))
    by = ["day", "microgrid_code", *UNIT]
    counted = rows.groupby(by, dropna=False)["inside_us"].agg(["size", "sum"]).reset_index()
    passes = {"passes_n": counted["size"].astype("Int64"), "passed_min": counted["sum"] / MINUTE_US}
    return counted[by].assign(**passes)


def receipts_of(legs: Legs) -> pd.DataFrame:
    """The frame `receipts` of a span of days."""
    return receipts_of_counts(legs.receipts.join(legs.tracks[UNIT], on="track"))


def receipts_of_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts with `day` (whole days), `team_id`, `force`, `reason`, `n` as the frame `receipts`."""
    by = ["day", *UNIT]
    summed = counts.groupby([*by, "reason"], dropna=False, as_index=False)["n"].sum()
    names = ("kept_n", *(f"{reason}_n" for reason in REASONS))
    columns = {name: summed["n"].where(summed["reason"] == code, 0) for code, name in enumerate(names)}
    spread = summed[by].assign(pings_n=summed["n"], **columns)
    rows: pd.DataFrame = spread.groupby(by, dropna=False).sum().reset_index()
    number = rows["day"].astype("int64")
    return rows.assign(day=stamps(number * DAY_US - SHANGHAI_US), on_day=number)
