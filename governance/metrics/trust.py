"""How far the records of a week can be trusted: freshness, completeness and a grade A–D a source."""

from __future__ import annotations

import math
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import pandas as pd

from governance.metrics.duty import is_provided
from governance.metrics.nearness import has_flag
from governance.metrics.stages import STAMPS
from governance.metrics.windows import Span
from governance.schema import kind_named, schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.records.dataset import Dataset
    from governance.settings import Settings
    from governance.workdays import Week

Grade = Literal["A", "B", "C", "D"]

# What lowers a grade, and the flags that show it.
DEFECTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stage_order": ("stage_order",),
        "missing_stamp": ("missing_reported_at", "unreadable_time", "implausible_time", "ambiguous_date"),
        "location_mismatch": (
            "location_mismatch",
            "unknown_area",
            "zero_point",
            "bad_point",
            "default_point",
        ),
    }
)
# The kinds whose stamps somebody sets as things happen, with their stages in order. Rosters and
# roll calls are planned on round hours.
STAMPED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "incidents": STAMPS,
        "requests": ("collected_at", "answered_at", "done_at", "revisited_at"),
        "checkins": ("at",),
        "visits": ("visited_at",),
    }
)
TRACKS = "pings"
_CADENCES_UNTIL_STALE = 2
_NOISE_SE = 3
# Of evenly spread minutes two in sixty are :00 or :30.
_ROUND_SHARE = 2 / 60


def grade_of(share: float, settings: Settings) -> Grade:
    """The grade of the worst affected share."""
    if share <= settings.number("grade_a_max"):
        return "A"
    if share <= settings.number("grade_b_max"):
        return "B"
    return "C" if share <= settings.number("grade_c_max") else "D"


def heaped_share(stamps: pd.Series) -> float:
    """The share of stamps on the full or half hour beyond what evenly spread minutes would give.

    0 without stamps, for stamps that are whole days (all at one minute of the hour), and where
    chance explains it: up to three standard errors, as many columns are looked at.
    """
    known = stamps.dropna()
    minutes = known.dt.hour * 60 + known.dt.minute
    if len(known) == 0 or minutes.nunique() == 1:
        return 0.0
    observed = float(known.dt.minute.isin((0, 30)).mean())
    noise = _NOISE_SE * math.sqrt(_ROUND_SHARE * (1 - _ROUND_SHARE) / len(known))
    excess = observed - _ROUND_SHARE
    return excess / (1 - _ROUND_SHARE) if excess > noise else 0.0


def unstamped_shares(rows: pd.DataFrame, stamps: Sequence[str]) -> dict[str, float]:
    """Of the records that passed each stage, the share without its stamp.

    A record passed a stage when a later one is stamped, or when its status says closed. Arrivals
    count cases that need attendance (`Dataset.cases`). The first stage has no say here, the last
    can only be passed by status.
    """
    shares = {}
    for place, name in enumerate(stamps[1:], start=1):
        passed = rows[list(stamps[place + 1 :])].notna().any(axis=1)
        if "status" in rows and name != "rated_at":
            passed |= rows["status"].eq("closed").fillna(False).astype(bool)
        if name == "arrived_at" and "needs_attendance" in rows:
            passed &= rows["needs_attendance"].fillna(True).astype(bool)
        passed_n = int(passed.sum())
        if passed_n:
            shares[name] = float((passed & rows[name].isna()).sum()) / passed_n
    return shares


def defect_shares(rows: pd.DataFrame, *, kind: str, kept: Sequence[str]) -> dict[str, float]:
    """The share of rows with each kind of defect; empty without rows.

    `kept` are the stages the street stamps at all: what nobody ever stamps is not missing.
    Heaping and missing stamps are those of the worst column.
    """
    if rows.empty:
        return {}
    shares = {name: float(has_flag(rows, *codes).mean()) for name, codes in DEFECTS.items()}
    missing = unstamped_shares(rows, kept)
    shares["missing_stamp"] = max(shares["missing_stamp"], *missing.values(), 0.0)
    shares["heaping"] = max((heaped_share(rows[name]) for name in kept), default=0.0)
    return shares if kind in STAMPED else {name: shares[name] for name in DEFECTS}


def completeness(incidents: pd.DataFrame, week: Week) -> float:
    """The share of the week's reported incidents that carry no flag at all; missing without any."""
    rows = incidents[Span(week.start_at, week.end_at).holds(incidents["reported_at"])]
    return float(rows["flags"].fillna("").eq("").mean()) if len(rows) else float("nan")


def source_status(dataset: Dataset, week: Week) -> pd.DataFrame:
    """What is known of each record kind in a week, and how far to trust it.

    The grade is that of the worst of: stages out of order, stamps missing in the middle or
    unusable, place and area that disagree, heaping on round minutes (kinds of `STAMPED`); D when
    the source ends more than two cadences before the week does; missing when the week has no rows.

    Columns: kind, as_of, rows_n (of the week), flagged_n, defect (the worst one), defect_share,
    is_stale, grade. Kinds without any import are left out. Tracks are graded by `track_line`, once
    they are computed; until then they come with as_of only.
    """
    span = Span(week.start_at, week.end_at)
    rows = []
    for kind in schema().kinds.values():
        as_of = dataset.as_of.get(kind.name)
        if kind.is_reference or as_of is None:
            continue
        if kind.name == TRACKS:
            line = track_line(dataset, week) if dataset.is_patrol_at_hand() else {}
        else:
            line = _status_line(dataset, kind.name, span) if not kind.partition else {}
        stale_after = timedelta(days=_CADENCES_UNTIL_STALE * kind.cadence_d)
        is_stale = bool(kind.cadence_d) and as_of + stale_after < week.end_at
        rows.append({"kind": kind.name, "as_of": as_of, **line, "is_stale": is_stale})
    columns = ["kind", "as_of", "rows_n", "flagged_n", "defect", "defect_share", "is_stale"]
    status = pd.DataFrame(rows, columns=columns)
    grades = [
        "D" if is_stale else None if math.isnan(share) else grade_of(share, dataset.settings)
        for is_stale, share in zip(status["is_stale"], status["defect_share"].astype("float64"), strict=True)
    ]
    return status.astype({"rows_n": "Int64", "flagged_n": "Int64", "defect_share": "float64"}).assign(
        grade=pd.array(grades, dtype="string")
    )


def track_line(dataset: Dataset, week: Week) -> dict[str, object]:
    """The positions of a week as a line of `source_status`: read, dropped, and what is worse of two.

    `dropped` is the share of positions that cannot be used, `dark` the share of planned minutes of
    which nothing tells whether somebody was there, of the forces that give tracks or roll calls.
    Repeats of a position are dropped but no fault.
    """
    span = Span(week.start_at, week.end_at)
    receipts, presence = (
        dataset.patrol(name, since=week.first_day, until=week.last_day) for name in ("receipts", "presence")
    )
    counts = receipts.loc[span.holds(receipts["day"]), ["pings_n", "kept_n", "duplicate_n"]].sum()
    hours = presence[span.holds(presence["hour_at"]) & is_provided(presence)]
    planned = float(hours["planned_min"].sum())
    shares = {}
    if counts["pings_n"]:
        dropped = counts["pings_n"] - counts["kept_n"] - counts["duplicate_n"]
        shares["dropped"] = float(dropped / counts["pings_n"])
    if planned:
        shares["dark"] = float(hours["unknown_min"].sum()) / planned
    worst = max(shares, key=lambda name: shares[name], default=None)
    return {
        "rows_n": int(counts["pings_n"]),
        "flagged_n": int(counts["pings_n"] - counts["kept_n"]),
        "defect": worst,
        "defect_share": shares[worst] if worst else float("nan"),
    }


def poor_kinds(status: pd.DataFrame) -> frozenset[str]:
    """The kinds of `source_status` whose data are of grade D: figures that rest on them are struck out."""
    return frozenset(str(kind) for kind in status.loc[status["grade"].eq("D").fillna(False), "kind"])


def _status_line(dataset: Dataset, kind: str, span: Span) -> dict[str, object]:
    frame = dataset.cases() if kind == "incidents" else dataset.frame(kind)
    first_stamp = kind_named(kind).first_stamp
    if first_stamp is None:
        return {}
    kept = [name for name in STAMPED.get(kind, ()) if frame[name].notna().any()]
    names = [name for name in ("flags", "status", "needs_attendance", *kept) if name in frame]
    rows = frame.loc[span.holds(frame[first_stamp]), names]
    shares = defect_shares(rows, kind=kind, kept=kept)
    worst = max(shares, key=lambda name: shares[name], default=None)
    return {
        "rows_n": len(rows),
        "flagged_n": int(rows["flags"].fillna("").ne("").sum()),
        "defect": worst,
        "defect_share": shares[worst] if worst else float("nan"),
    }
