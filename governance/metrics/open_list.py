"""The cases under way one by one: light, age, what they wait for, who holds them, what was last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.deadlines import (
    NO_LIMIT,
    ON_COURSE,
    OVERDUE,
    PRESSING,
    SUSPENDED,
    stage_lights,
)
from governance.metrics.stages import MISSING, STAMPS
from governance.metrics.suspended import clock_us, held_us
from governance.metrics.workload import AGE_BANDS_D, DAY_US, is_under_way

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from governance.metrics.judged import JudgedCases
    from governance.records.dataset import Dataset

LIGHTS = (OVERDUE, PRESSING, ON_COURSE, NO_LIMIT, SUSPENDED)
# The stage a case waits for; a rating is never waited for.
WAITS = ("accept", "file", "dispatch", "arrive", "resolve", "verify", "close")
_TOOK_OVER = ("arrive", "resolve", "escalate", "transfer")
_STAMP = pd.DatetimeTZDtype("us", "Asia/Shanghai")


def known_at(dataset: Dataset, at: datetime) -> Dataset:
    """The incidents as they stood at an earlier moment; the same data set from their as-of on.

    Stamps after the moment are ignored by whoever reads `as_of`; here the states are turned back:
    closed, voided or transferred later was open, and suspended is who was so by the log. Who holds a case
    and its category are those of the last record.
    """
    as_of = dataset.as_of_for("incidents")
    if as_of is None or at >= as_of:
        return dataset
    cases, held = dataset.cases(), dataset.suspensions()
    running = held[held["from_at"].le(at) & ~held["to_at"].le(at).fillna(False).astype(bool)]
    was_held = cases["incident_id"].isin(running["incident_id"])
    stopped_at = cases["stopped_at"].fillna(cases["updated_at"])
    stopped_later = cases["status"].isin(["voided", "transferred"]) & stopped_at.gt(at)
    closed_later = cases["status"].eq("closed") & cases["closed_at"].gt(at)
    undone = stopped_later.fillna(False) | closed_later.fillna(False)
    back = (undone | cases["status"].eq("suspended").fillna(False)).astype(bool)
    status = cases["status"].mask(back, "open").mask(was_held & ~stopped_later.fillna(False), "suspended")
    frames = {kind: dataset.frame(kind) for kind in ("rules", "incident_steps", "targets", "teams")}
    frames |= {"cases": cases.assign(status=status), "suspensions": held}
    moment = f"{dataset.fingerprint}@{at.isoformat()}"
    return replace(dataset, as_of={**dataset.as_of, "incidents": at}, fingerprint=moment, _frames=frames)


def open_cases(judged: JudgedCases, steps: pd.DataFrame) -> pd.DataFrame:
    """The cases under way at as-of, most of the limit used first, suspended ones last.

    Columns: those of `Dataset.cases`, and light (of `LIGHTS`), used_share, used_h and limit_h
    (hours on the case's own clock; missing without a limit), is_working (working hours),
    age_d (days since the report), band (place in the age bands), waits_for (of `WAITS`, or
    suspended), holder (the unit that last took it over, by the flow log; missing when nobody did)
    and last_action_at (its last stamp or step).
    """
    stages = stages_known(judged.incidents)
    judged = judged.kept(is_under_way(judged.cases, judged.cases.as_of_us))
    cases, whole_us = judged.cases, _limit_us(judged)
    ages_d = (cases.as_of_us - cases.first_us) / DAY_US
    log = steps[steps["incident_id"].isin(judged.incidents["incident_id"])].dropna(subset=["at"])
    log = log[log["at"].le(_moment(cases.as_of_us))]
    share = judged.used_share
    table = judged.incidents.assign(
        light=pd.array(stage_lights(cases, share), dtype="string"),
        used_share=share,
        used_h=share * whole_us / 3.6e9,
        limit_h=np.where(np.isnan(share), np.nan, whole_us / 3.6e9),
        is_working=judged.limits["is_working"].to_numpy(),
        age_d=ages_d,
        band=np.searchsorted(AGE_BANDS_D, ages_d, side="right"),
        waits_for=pd.array(_waits_for(judged, stages), dtype="string"),
        holder=_holders(judged.incidents, log),
        last_action_at=_last_action_at(judged, log),
    )
    rank = table["light"].map({light: place for place, light in enumerate(LIGHTS)})
    order = table.assign(rank=rank, share=-table["used_share"].fillna(-1), age=-ages_d)
    return table.loc[order.sort_values(["rank", "share", "age"], kind="stable").index]


def _moment(us: int) -> pd.Timestamp:
    return pd.Timestamp(us, unit="us", tz="Asia/Shanghai")


def _limit_us(judged: JudgedCases) -> NDArray[np.int64]:
    """Each case's whole limit on its own clock, suspended time left out as `used_shares` does."""
    start = judged.limits["started_us"].to_numpy()
    has = (start != MISSING) & (judged.due_us != MISSING) & (judged.due_us > start)
    start, due = np.where(has, start, 0), np.where(has, judged.due_us, 1)
    working = judged.limits["is_working"].to_numpy() & has
    whole = clock_us(start, due, working, hours=judged.hours)
    if len(judged.held.case):
        stood = held_us(judged.held, start, due, working, hours=judged.hours)
        whole = whole - np.where(stood < whole, stood, 0)
    return whole


def stages_known(incidents: pd.DataFrame) -> list[bool]:
    """Which stages a table stamps at all, in their order; closing always counts."""
    return [name == "closed_at" or bool(incidents[name].notna().any()) for name in STAMPS]


def _waits_for(judged: JudgedCases, is_known: list[bool]) -> list[str]:
    """The next stage that the table knows at all; arrivals only where somebody has to go."""
    cases = judged.cases
    last = np.zeros(len(cases), dtype=np.int64)
    for place, at in enumerate(cases.stamps):
        last[at != MISSING] = place
    found = []
    for row, stage in enumerate(last.tolist()):
        following = (
            place
            for place in range(stage + 1, len(WAITS) + 1)
            if is_known[place] and not (STAMPS[place] == "arrived_at" and cases.is_unattended[row])
        )
        waits = WAITS[next(following, len(WAITS)) - 1]
        found.append("suspended" if cases.is_suspended[row] else waits)
    return found


def _holders(incidents: pd.DataFrame, log: pd.DataFrame) -> pd.Series:
    took = log[log["step"].isin(_TOOK_OVER) & log["unit"].notna()].sort_values("at", kind="stable")
    last = took.drop_duplicates("incident_id", keep="last").set_index("incident_id")["unit"]
    return _of(last, incidents).astype("string")


def _of(values: pd.Series, incidents: pd.DataFrame) -> pd.Series:
    """Values by incident_id, for each row."""
    return values.reindex(incidents["incident_id"]).set_axis(incidents.index)


def _last_action_at(judged: JudgedCases, log: pd.DataFrame) -> pd.Series:
    stamped_us = pd.Series(np.maximum.reduce(judged.cases.stamps), index=judged.incidents.index)
    stamped = pd.to_datetime(stamped_us, unit="us", utc=True).dt.tz_convert("Asia/Shanghai")
    logged = _of(log.groupby("incident_id")["at"].max(), judged.incidents)
    latest: pd.Series = pd.concat([stamped.astype(_STAMP), logged.astype(_STAMP)], axis=1).max(axis=1)
    return latest.astype(_STAMP)


def first_rows(table: pd.DataFrame, *, rows_n: int = 10) -> tuple[pd.DataFrame, Mapping[str, int]]:
    """The rows to look at first, in order, and how many of each light they are.

    Overdue ones first; but of every other light that occurs one is kept, of the pressing two.
    """
    counts = table["light"].value_counts()
    have = {light: int(counts.get(light, 0)) for light in LIGHTS}
    shown = {light: min(have[light], 2 if light == PRESSING else 1) for light in LIGHTS}
    for light in LIGHTS:
        shown[light] = min(have[light], shown[light] + max(rows_n - sum(shown.values()), 0))
    parts = [table[table["light"].eq(light)].head(shown[light]) for light in LIGHTS]
    return pd.concat(parts).head(rows_n), shown
