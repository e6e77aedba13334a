"""Contradictions are not passed up: mediation agreements reached and kept, petitions and their way.

The records carry no signed agreement and no petitioner, so a mediation that was closed in the
community or the street stands for an agreement, and the place for who signed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.containment import ABOVE_UNIT, suppression_marks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from governance.metrics.windows import Span

# The desk that registers everything says nothing of where a petition was handed in.
_DESK = "指挥中心"
_RECEIVED = ("report", "accept")
MARKS = (
    *("mediations_n", "agreed_n", "agreed_followed_n", "kept_n", "kept_address_n"),
    *("petitions_n", "first_n", "repeated_n", "received_known_n", "over_head_n"),
)


def dispute_marks(
    cases: pd.DataFrame, levels: pd.Series, steps: pd.DataFrame, *, span: Span, as_of: datetime | None
) -> pd.DataFrame:
    """For each case what it is among the disputes reported in a window.

    Columns, boolean: mediations_n; agreed_n (of those closed in community or street);
    agreed_followed_n (of those with 30 days of records after the closing); kept_n (of those, no
    case of the category, hotline call or petition from the place within 30 days) and
    kept_address_n (the same, the address alone being the place); petitions_n; first_n and
    repeated_n (whether the same address and category had a petition before);
    received_known_n (petitions whose log names the unit that received them, the command centre's
    desk apart) and over_head_n (of those, received by a unit of district or city).
    """
    inside = span.holds(cases["reported_at"])
    mediated = inside & _is(cases, "mediation")
    agreed = mediated & cases["closed_at"].notna() & levels.isin(["community", "street"])
    agreed = agreed.fillna(False).astype(bool)
    wide, narrow = (
        suppression_marks(cases, agreed, as_of=as_of, **rule) for rule in ({}, {"within_m": None})
    )
    petition = _is(cases, "petition")
    ordered = cases[petition].sort_values(["reported_at", "incident_id"])
    again = ordered["address"].notna() & ordered.duplicated(["address", "category"], keep="first")
    is_again = again.reindex(cases.index, fill_value=False).astype(bool)
    petitions = inside & petition
    known, above = _receivers(cases[petitions], steps)
    return pd.DataFrame(
        {
            "mediations_n": mediated,
            "agreed_n": agreed,
            "agreed_followed_n": wide["suppressible_n"],
            "kept_n": wide["suppressible_n"] & ~wide["suppressed_n"],
            "kept_address_n": narrow["suppressible_n"] & ~narrow["suppressed_n"],
            "petitions_n": petitions,
            "first_n": petitions & ~is_again,
            "repeated_n": petitions & is_again,
            "received_known_n": petitions & cases["incident_id"].isin(known),
            "over_head_n": petitions & cases["incident_id"].isin(above),
        }
    )


def _is(cases: pd.DataFrame, source: str) -> pd.Series:
    return cases["source"].eq(source).fillna(False).astype(bool)


def _receivers(petitions: pd.DataFrame, steps: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The petitions whose first unit is logged, and those that a unit above the street received."""
    taken = steps[steps["step"].isin(_RECEIVED)].dropna(subset=["unit", "at"])
    taken = taken[taken["incident_id"].isin(petitions["incident_id"].tolist())]
    taken = taken[~taken["unit"].str.contains(_DESK, regex=False)]
    first = taken.sort_values(["at", "step"]).drop_duplicates("incident_id")
    is_above = first["unit"].str.contains(ABOVE_UNIT, regex=True).astype(bool)
    return first["incident_id"].tolist(), first.loc[is_above, "incident_id"].tolist()


def dispute_figures(marks: pd.DataFrame) -> Mapping[str, int]:
    """The counts of `dispute_marks`."""
    return {name: int(marks[name].sum()) for name in MARKS}
