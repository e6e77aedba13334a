"""The flow log folded: stamps the incidents lack, suspensions, hand-offs, who acted first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

# The stage a step stamps. A case that goes back runs to its last closing, so what comes after the
# arrival takes the last stamp, what comes before it the first.
FIRST_STAMPS: Mapping[str, str] = {
    "report": "reported_at",
    "accept": "accepted_at",
    "file": "filed_at",
    "dispatch": "dispatched_at",
    "arrive": "arrived_at",
}
LAST_STAMPS: Mapping[str, str] = {
    "resolve": "resolved_at",
    "verify": "verified_at",
    "close": "closed_at",
    "rate": "rated_at",
}
_ACTS = ("arrive", "resolve")
_PASSED_ON = ("transfer", "escalate")
_STOPS = ("void", "transfer")
_SUSPENSION_ENDS = ("resume", "close", *_STOPS)
# Steps in the order they count at one stamp: what suspends comes before what ends it.
_STEPS = (*FIRST_STAMPS, *LAST_STAMPS, "rework", "escalate", "suspend", "resume", "void", "transfer")
_STAMP = pd.DatetimeTZDtype("us", "Asia/Shanghai")
_MISSING = int(np.iinfo(np.int64).min)
CASE_TYPES: Mapping[str, str] = {
    "handoffs_n": "Int64",
    "first_acted_at": str(_STAMP),
    "first_actor": "string",
    "stopped_at": str(_STAMP),
    "suspended_since": str(_STAMP),
    "suspended_h": "float64",
    "needs_attendance": "boolean",
}


@dataclass(frozen=True)
class _Log:
    """The steps of known cases with a stamp, ordered by case, stamp and step.

    `case` is the place of the case among the incidents, `step` a place in `_STEPS` (−1 others),
    `at_us` microseconds since 1970, `row` the step's place in its frame.
    """

    case: Numbers
    step: Numbers
    at_us: Numbers
    row: Numbers
    cases_n: int

    @classmethod
    def of(cls, steps: pd.DataFrame, incident_ids: pd.Series) -> _Log:
        case = _places(steps["incident_id"], incident_ids)
        step = _places(steps["step"], pd.Series(_STEPS, dtype="string"))
        at_us = _us(steps["at"])
        row = np.flatnonzero((case >= 0) & (at_us != _MISSING) & steps["step"].notna().to_numpy())
        order = row[np.lexsort((step[row], at_us[row], case[row]))]
        return cls(case[order], step[order], at_us[order], order, len(incident_ids))

    def where(self, *steps: str) -> Mask:
        """Which entries are of these steps."""
        return np.isin(self.step, [_STEPS.index(step) for step in steps])

    def first_us(self, *steps: str) -> Numbers:
        """The first stamp of these steps, by case; missing where there is none."""
        chosen = self.where(*steps)
        return self._placed(self.case[chosen][::-1], self.at_us[chosen][::-1])

    def last_us(self, *steps: str) -> Numbers:
        """The last stamp of these steps, by case; missing where there is none."""
        chosen = self.where(*steps)
        return self._placed(self.case[chosen], self.at_us[chosen])

    def counted(self, *steps: str) -> Numbers:
        """How many of these steps each case has."""
        return np.bincount(self.case[self.where(*steps)], minlength=self.cases_n)

    def _placed(self, case: Numbers, values: Numbers) -> Numbers:
        # Of several values for one case the last assigned stays.
        column = np.full(self.cases_n, _MISSING)
        column[case] = values
        return column


def _us(stamps: pd.Series) -> Numbers:
    return np.asarray(stamps.to_numpy("datetime64[us]")).view(np.int64)


def _stamps(us: Numbers, index: pd.Index) -> pd.Series:
    stamps = pd.Series(us.view("datetime64[us]"), index=index)
    return stamps.dt.tz_localize("UTC").astype(_STAMP)


def _places(values: pd.Series, among: pd.Series) -> Numbers:
    """The place of each text in `among`, the first of several; −1 where it is not there."""
    found = pc.index_in(_arrow(values), value_set=_arrow(among))
    places: Numbers = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def _arrow(texts: pd.Series) -> pa.Array:
    held = pa.array(texts.astype("string"), type=pa.large_string(), from_pandas=True)
    return held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held


def suspensions(steps: pd.DataFrame) -> pd.DataFrame:
    """The intervals during which a case was suspended.

    A suspension runs from a suspend step to the next resume, closing, voiding or transfer of the
    case; a second suspend inside it changes nothing.

    Columns: incident_id, from_at, to_at (missing while it runs).
    """
    held = steps.loc[steps["step"].eq("suspend").fillna(False).astype(bool), "incident_id"].dropna()
    ids = pd.Series(held.unique(), dtype="string")
    log = _Log.of(steps, ids)
    turns = np.flatnonzero(log.where("suspend", *_SUSPENSION_ENDS))
    case, at_us, is_start = log.case[turns], log.at_us[turns], log.where("suspend")[turns]
    was_held = np.zeros(len(turns), dtype=bool)
    was_held[1:] = is_start[:-1] & (case[1:] == case[:-1])
    turning = is_start != was_held
    case, at_us, is_start = case[turning], at_us[turning], is_start[turning]
    to_us = np.full(len(case), _MISSING)
    to_us[:-1] = np.where(case[1:] == case[:-1], at_us[1:], _MISSING)
    rows = pd.RangeIndex(int(is_start.sum()))
    return pd.DataFrame(
        {
            "incident_id": ids.iloc[case[is_start]].set_axis(rows),
            "from_at": _stamps(at_us[is_start], rows),
            "to_at": _stamps(to_us[is_start], rows),
        }
    )


def _facts(log: _Log, steps: pd.DataFrame, ids: pd.Series) -> dict[str, pd.Series]:
    """What the flow log says of each case; the cases in the order of `ids`.

    Columns: handoffs_n (dispatches after the first, transfers and escalations), first_acted_at
    and first_actor (stamp and unit of the first arrival or handling), stopped_at (last voiding
    or transfer), suspended_since (start of the running suspension), suspended_h (hours of the
    ended ones). Missing for cases without steps.
    """
    index = pd.RangeIndex(log.cases_n)
    is_logged = np.bincount(log.case, minlength=log.cases_n) > 0
    handoffs = log.counted(*_PASSED_ON) + np.maximum(log.counted("dispatch") - 1, 0)
    acts = log.where(*_ACTS)
    row = np.full(log.cases_n, -1)
    row[log.case[acts][::-1]] = log.row[acts][::-1]
    units = steps["unit"].astype("string").array.take(row, allow_fill=True)
    held = suspensions(steps)
    place = _places(held["incident_id"], ids)
    runs = held["to_at"].isna().to_numpy()
    since = np.full(log.cases_n, _MISSING)
    since[place[runs]] = _us(held["from_at"])[runs]
    hours = ((held["to_at"] - held["from_at"]).dt.total_seconds() / 3600).to_numpy()
    ended = ~runs & (place >= 0)
    total_h = np.bincount(place[ended], weights=hours[ended], minlength=log.cases_n)
    return {
        "handoffs_n": pd.Series(handoffs, index=index).where(is_logged).astype("Int64"),
        "first_acted_at": _stamps(log.first_us(*_ACTS), index),
        "first_actor": pd.Series(units, index=index, dtype="string"),
        "stopped_at": _stamps(log.last_us(*_STOPS), index),
        "suspended_since": _stamps(since, index),
        "suspended_h": pd.Series(np.where(is_logged, total_h, np.nan), index=index),
    }


def needs_attendance(incidents: pd.DataFrame) -> pd.Series:
    """Which cases somebody has to go to.

    Those with an arrival, a team or a handler, and those nobody has passed on yet. A case sent on
    or dealt with that names neither was settled from the desk (a consultation, a mediation at the
    office) and has no arrival to miss. Where a table names teams and handlers nowhere, all of them.
    """
    is_named = incidents["team_id"].notna() | incidents["handler"].notna()
    if not is_named.any():
        return pd.Series(True, index=incidents.index, dtype="boolean")
    passed = incidents[["dispatched_at", *LAST_STAMPS.values()]].notna().any(axis=1)
    return (is_named | incidents["arrived_at"].notna() | ~passed).astype("boolean")


def completed_incidents(incidents: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """The incidents with the stamps and facts the flow log adds.

    A stage the incident lacks is taken from its steps: the first up to the arrival, the last
    after it. `closed_at` becomes the last closing when the log knows a later one, and missing
    when an open case went back after it. Adds the columns of `CASE_TYPES`: see `_facts` (missing for
    cases without steps) and `needs_attendance`. Rows, their order and their index stay.
    """
    ids = pd.Series(incidents["incident_id"].unique() if len(steps) else [], dtype="string")
    log = _Log.of(steps, ids)
    if not len(log.case):
        none = {name: pd.Series(index=incidents.index, dtype=t) for name, t in CASE_TYPES.items()}
        return incidents.assign(**none | {"needs_attendance": needs_attendance(incidents)})
    place = np.arange(len(ids)) if len(ids) == len(incidents) else _places(incidents["incident_id"], ids)
    stamps = {name: log.first_us(step) for step, name in FIRST_STAMPS.items()}
    stamps |= {name: log.last_us(step) for step, name in LAST_STAMPS.items()}
    added = {}
    for name, logged in stamps.items():
        told, known = _us(incidents[name]), logged[place]
        is_later = (name == "closed_at") & (known > told)
        added[name] = np.where((told == _MISSING) | is_later, known, told)
    went_back = log.last_us("rework")[place] > added["closed_at"]
    is_open = incidents["status"].eq("open").fillna(False).to_numpy(dtype=bool)
    added["closed_at"] = np.where(went_back & is_open, _MISSING, added["closed_at"])
    stamped = incidents.assign(**{name: _stamps(us, incidents.index) for name, us in added.items()})
    facts = {
        name: column.iloc[place].set_axis(incidents.index) for name, column in _facts(log, steps, ids).items()
    }
    return stamped.assign(**facts, needs_attendance=needs_attendance(stamped))
