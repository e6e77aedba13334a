"""What patrols put in and what it met: receipts of positions, hours, kilometres, encounters, misses.

Team-hours, person-hours and kilometres stand side by side and are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.windows import PUBLIC_SOURCES
from governance.metrics.workload import poisson_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.metrics.windows import Span

ALL = "all"
DROPPED = ("duplicate", "bad_time", "bad_place", "accuracy", "speed")
# Faults that stay until somebody sees to them.
LASTING = ("路灯", "护栏", "井盖", "暴露垃圾")
SEEN_WITHIN = pd.Timedelta(hours=24)


@dataclass(frozen=True)
class TrackReceipt:
    """Positions read = kept + dropped, by reason; planned minutes and those with a track."""

    group: str
    pings_n: int
    kept_n: int
    dropped: Mapping[str, int]
    planned_min: float
    covered_min: float

    @property
    def covered_share(self) -> float | None:
        """Planned minutes with kept positions ÷ planned minutes; None without a plan."""
        return self.covered_min / self.planned_min if self.planned_min else None


def track_receipts(
    receipts: pd.DataFrame, presence: pd.DataFrame, *, span: Span, by: str | None = None
) -> list[TrackReceipt]:
    """The receipt of a window, of the street or by `team_id` or `force`, in the order of codes."""
    days = receipts[span.holds(receipts["day"])]
    hours = presence[span.holds(presence["hour_at"])]
    names = sorted(set(days[by].dropna()) | set(hours[by].dropna())) if by else [ALL]
    found = []
    for name in names:
        own, planned = (
            (part[part[by].eq(name).fillna(False).astype(bool)] if by else part) for part in (days, hours)
        )
        found.append(
            TrackReceipt(
                group=str(name),
                pings_n=int(own["pings_n"].sum()),
                kept_n=int(own["kept_n"].sum()),
                dropped={reason: int(own[f"{reason}_n"].sum()) for reason in DROPPED},
                planned_min=float(planned["planned_min"].sum()),
                covered_min=float(planned["covered_min"].sum()),
            )
        )
    return found


def efforts_by_team(
    presence: pd.DataFrame, together: pd.DataFrame, efforts: pd.DataFrame, *, span: Span
) -> pd.DataFrame:
    """Effort of each team in a window.

    Columns: team_id, team_h (hours with a track of any member of any force), person_h (person-hours of
    track), km (once a patrol: of the device with the most kept minutes in the shift).
    """
    hours = presence[span.holds(presence["hour_at"])]
    team_min = together[span.holds(together["hour_at"])].groupby("team_id")["patrol_min"].sum()
    person_min = hours.groupby("team_id")["person_min"].sum()
    counted = efforts[efforts["is_counted"].fillna(False).astype(bool) & span.holds(efforts["shift_at"])]
    km = counted.groupby("team_id")["walked_km"].sum()
    table = pd.DataFrame({"team_h": team_min / 60, "person_h": person_min / 60, "km": km}).fillna(0.0)
    return table.rename_axis("team_id").sort_index().reset_index()


@dataclass(frozen=True)
class Encounter:
    """Cases a patrol found per patrol hour with an exact Poisson interval.

    `rate` is None with low effort (masked); a zero effort is not low but nobody there.
    """

    group: str
    found_n: int
    patrol_h: float
    rate: float | None
    lower: float | None
    upper: float | None


def encounter(group: str, found_n: int, patrol_h: float, *, low_effort_h: float) -> Encounter:
    """The encounter rate of a place or team."""
    if patrol_h < low_effort_h or patrol_h <= 0:
        return Encounter(group, found_n, patrol_h, None, None, None)
    low, high = poisson_bounds(found_n)
    return Encounter(group, found_n, patrol_h, found_n / patrol_h, low / patrol_h, high / patrol_h)


def patrol_hours(visits: pd.DataFrame, *, span: Span, place: pd.Series) -> pd.Series:
    """Patrol hours (person-hours inside on visits) per value of `place`, a code per micro-grid."""
    rows = visits[span.holds(visits["enter_at"])]
    held = rows["microgrid_code"].map(place)
    hours: pd.Series = rows["inside_min"].groupby(held).sum() / 60
    return hours


def missed_by_patrols(incidents: pd.DataFrame, visits: pd.DataFrame, *, span: Span) -> pd.DataFrame:
    """Public reports of lasting faults, and whether a patrol was there in the 24 h before.

    Columns: incident_id, microgrid_code, is_missed. A stay that was still going on counts.
    """
    is_public = incidents["source"].isin(PUBLIC_SOURCES)
    is_lasting = incidents["subcategory"].fillna("").str.contains("|".join(LASTING))
    chosen = incidents[
        is_public & is_lasting & incidents["microgrid_code"].notna() & span.holds(incidents["reported_at"])
    ][["incident_id", "microgrid_code", "reported_at"]]
    near = chosen.merge(visits[["microgrid_code", "enter_at", "exit_at"]], on="microgrid_code")
    was_there = (near["enter_at"] <= near["reported_at"]) & (
        near["exit_at"] >= near["reported_at"] - SEEN_WITHIN
    )
    seen = near.loc[was_there, "incident_id"]
    missed = chosen[["incident_id", "microgrid_code"]].assign(is_missed=chosen["incident_id"].isin(seen))
    return missed.reset_index(drop=True)


def share_by(values: pd.Series) -> pd.Series:
    """Each part's share of the total; missing for a zero total."""
    total = float(values.sum())
    return values / total if total else values * float("nan")
