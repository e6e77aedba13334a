"""The flow log folded: stamps the incidents lack, suspensions, hand-offs, who acted first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_STAMP = pd.DatetimeTZDtype("us", "Asia/Shanghai")
CASE_TYPES: Mapping[str, str] = {
    "handoffs_n": "Int64",
    "first_acted_at": str(_STAMP),
    "first_actor": "string",
    "stopped_at": str(_STAMP),
    "suspended_since": str(_STAMP),
    "suspended_h": "float64",
}


def suspensions(steps: pd.DataFrame) -> pd.DataFrame:
    """The intervals during which a case was suspended.

    A suspension runs from a suspend step to the next resume, closing, voiding or transfer of the
    case; a second suspend inside it changes nothing.

    Columns: incident_id, from_at, to_at (missing while it runs).
    """
    ends = ["resume", "close", *_STOPS]
    marks = steps.loc[steps["step"].isin(["suspend", *ends]), ["incident_id", "step", "at"]].dropna()
    marks = marks.sort_values(["incident_id", "at", "step"], kind="stable")
    is_start = marks["step"].eq("suspend")
    same_case = marks["incident_id"].eq(marks["incident_id"].shift())
    opens = is_start & ~(is_start.shift(fill_value=False) & same_case)
    closes = ~is_start & is_start.shift(fill_value=False) & same_case
    turning = marks[opens | closes]
    follows = turning["incident_id"].eq(turning["incident_id"].shift(-1))
    to_at = turning["at"].shift(-1).where(follows)
    starts = turning["step"].eq("suspend")
    return pd.DataFrame(
        {
            "incident_id": turning.loc[starts, "incident_id"].astype("string"),
            "from_at": turning.loc[starts, "at"].astype(_STAMP),
            "to_at": to_at[starts].astype(_STAMP),
        }
    ).reset_index(drop=True)


def _stamps(steps: pd.DataFrame) -> pd.DataFrame:
    """First and last stamp of every step of a case: columns first_<step>, last_<step>."""
    grouped = steps.groupby(["incident_id", "step"], sort=False, observed=True)["at"]
    first, last = grouped.min().unstack("step"), grouped.max().unstack("step")
    return first.add_prefix("first_").join(last.add_prefix("last_"))


def _latest(table: pd.DataFrame, names: list[str]) -> pd.Series:
    known = [name for name in names if name in table]
    none = pd.Series(pd.NaT, index=table.index, dtype=_STAMP)
    return table[known].max(axis=1).astype(_STAMP) if known else none


def case_facts(steps: pd.DataFrame) -> pd.DataFrame:
    """What the flow log says of each case, by incident_id.

    Columns: handoffs_n (dispatches after the first, transfers and escalations), first_acted_at
    and first_actor (stamp and unit of the first arrival or handling), stopped_at (last voiding
    or transfer), suspended_since (start of the running suspension), suspended_h (hours of the
    ended ones).
    """
    counts = pd.crosstab(steps["incident_id"], steps["step"])
    passed = sum((counts[name] for name in _PASSED_ON if name in counts), pd.Series(0, index=counts.index))
    again = counts["dispatch"].sub(1).clip(lower=0) if "dispatch" in counts else 0
    acts = steps[steps["step"].isin(_ACTS)].sort_values(["at", "step"], kind="stable")
    acted = acts.drop_duplicates("incident_id").set_index("incident_id")
    stops = steps[steps["step"].isin(_STOPS)].groupby("incident_id")["at"].max()
    held = suspensions(steps)
    running = held[held["to_at"].isna()].groupby("incident_id")["from_at"].max()
    hours = (held["to_at"] - held["from_at"]).dt.total_seconds() / 3600
    facts = pd.DataFrame(
        {
            "handoffs_n": passed + again,
            "first_acted_at": acted["at"].reindex(counts.index),
            "first_actor": acted["unit"].reindex(counts.index),
            "stopped_at": stops.reindex(counts.index),
            "suspended_since": running.reindex(counts.index),
            "suspended_h": hours.groupby(held["incident_id"]).sum().reindex(counts.index).fillna(0.0),
        }
    )
    return facts.astype(dict(CASE_TYPES))


def completed_incidents(incidents: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """The incidents with the stamps and facts the flow log adds.

    A stage the incident lacks is taken from its steps: the first up to the arrival, the last
    after it. `closed_at` becomes the last closing when the log knows a later one, and missing
    when an open case went back after it. Adds the columns of `case_facts`, missing for cases
    without steps. Rows, their order and their index stay.
    """
    known = steps[steps["incident_id"].isin(incidents["incident_id"])].dropna(subset=["step", "at"])
    if known.empty:
        none = {name: pd.Series(index=incidents.index, dtype=t) for name, t in CASE_TYPES.items()}
        return incidents.assign(**none)
    rows = incidents["incident_id"]
    place = pd.Index(rows.unique())
    table = _stamps(known).reindex(place)
    at = np.asarray(place.get_indexer(pd.Index(rows)))

    def of(column: pd.Series) -> pd.Series:
        return column.iloc[at].set_axis(incidents.index)

    added: dict[str, pd.Series] = {}
    for prefix, stages in (("first_", FIRST_STAMPS), ("last_", LAST_STAMPS)):
        for step, stage in stages.items():
            if prefix + step in table:
                added[stage] = incidents[stage].fillna(of(table[prefix + step]))
    if "last_close" in table:
        closings = pd.concat([added["closed_at"], of(table["last_close"])], axis=1)
        added["closed_at"] = closings.max(axis=1).astype(_STAMP)
    if "last_rework" in table:
        closed_at = added.get("closed_at", incidents["closed_at"])
        went_back = of(_latest(table, ["last_rework"])).gt(closed_at) & incidents["status"].eq("open")
        added["closed_at"] = closed_at.mask(went_back.fillna(False).astype(bool))
    facts = case_facts(known).reindex(place)
    return incidents.assign(**added, **{name: of(facts[name]) for name in CASE_TYPES})
