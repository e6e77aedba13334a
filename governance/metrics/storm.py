"""防汛应急: what a warning set in motion, how much time there was, who was moved out.

Available time = harm − first report; lead time = harm (or peak) − last person moved. Both keep their
sign: a report or a move after the harm is a fact. A step stamped before its warning is kept and
counted, and is never a duration since the warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.windows import Span

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import date, datetime
    from typing import Any

    from governance.records.dataset import Dataset

STEPS = (
    *("warned", "called", "arrived", "discovered", "checked"),
    *("cordoned", "cleared", "moved", "reopened", "closed"),
)
DANGER_KINDS = ("hazard", "flood_prone")
# A warning of water or of slopes, by its kind; a case that water, wind or a slope made, by its words.
WATER_WORDS = "雨|洪|汛|涝|台风|地质|滑坡|坍|塌"
_CASE_WORDS = "积水|内涝|淹|倒伏|滑坡|边坡|坍|塌|落石|泥石流"
# A warning that nobody closed and that names neither harm nor peak is looked at for a day.
_OPEN_H = 24
_COUNTS = ("households_n", "people_n")
_PLACE = ("microgrid_code", "point_id")


@dataclass(frozen=True)
class StormRecords:
    """What the figures of warnings rest on: frames of the kinds, and through when two are known."""

    warnings: pd.DataFrame
    steps: pd.DataFrame
    points: pd.DataFrame
    incidents: pd.DataFrame
    steps_as_of: datetime | None = None
    incidents_as_of: datetime | None = None

    @classmethod
    def of(cls, dataset: Dataset) -> StormRecords:
        """The records of a data set."""
        return cls(
            warnings=dataset.frame("warnings"),
            steps=dataset.frame("warning_steps"),
            points=dataset.frame("points"),
            incidents=dataset.frame("incidents"),
            steps_as_of=dataset.as_of.get("warning_steps"),
            incidents_as_of=dataset.as_of.get("incidents"),
        )

    def steps_of(self, warning_id: str) -> pd.DataFrame:
        """The known steps of a warning, in their order; those without a stamp stand last."""
        own = known_steps(self.steps, self.steps_as_of)
        own = own[own["warning_id"].eq(warning_id).fillna(False).astype(bool)]
        order = own["step"].map({name: place for place, name in enumerate(STEPS)})
        keyed = own.assign(_order=order.fillna(len(STEPS)))
        return keyed.sort_values(["at", "_order", *_PLACE], ignore_index=True).drop(columns="_order")


def is_water(kinds: pd.Series) -> pd.Series:
    """Which kinds of warnings are of rain, floods or slopes."""
    return kinds.fillna("").str.contains(WATER_WORDS, regex=True).astype(bool)


def is_water_case(incidents: pd.DataFrame) -> pd.Series:
    """Which cases water, wind or a slope made: flooding, fallen trees, landslides."""
    said = incidents["category"].fillna("") + incidents["subcategory"].fillna("")
    return said.str.contains(_CASE_WORDS, regex=True).astype(bool)


def known_steps(steps: pd.DataFrame, as_of: datetime | None) -> pd.DataFrame:
    """The steps stamped by `as_of`, and those that have no stamp; a later one is not known yet."""
    return steps if as_of is None else steps[steps["at"].isna() | steps["at"].le(as_of)]


def danger_points(points: pd.DataFrame) -> pd.DataFrame:
    """The hazard and flood-prone points, each once."""
    known = points.dropna(subset=["point_id"]).drop_duplicates("point_id", keep="last")
    return known[known["kind"].isin(DANGER_KINDS)].sort_values("point_id", ignore_index=True)


@dataclass(frozen=True)
class Moved:
    """Households and people moved out, None where nobody says; when the last one was, if known."""

    households_n: int | None
    people_n: int | None
    last_at: pd.Timestamp | None


def moved_of(steps: pd.DataFrame) -> Moved:
    """Who was moved out in the steps of one warning.

    Each record (micro-grid, point, stamp) counts once. A total of the street, told without a place, is
    not added to its parts: the larger of the two stands. Where no step is a move, what other
    steps tell of households and people moved is taken, and the last stamp is unknown; so it
    is where one of the moves has no stamp.
    """
    moves = steps[steps["step"].eq("moved").fillna(False).astype(bool)]
    told = moves if moves[list(_COUNTS)].notna().any(axis=None) else steps
    told = told.drop_duplicates([*_PLACE, "at"], keep="last")
    is_placed = told[list(_PLACE)].notna().any(axis=1)
    counts = []
    for name in _COUNTS:
        parts = told.loc[is_placed, name].sum(min_count=1), told.loc[~is_placed, name].sum(min_count=1)
        known = [int(part) for part in parts if not pd.isna(part)]
        counts.append(max(known) if known else None)
    last = None if moves.empty or moves["at"].isna().any() else moves["at"].max()
    return Moved(counts[0], counts[1], last)


def checked_points(steps: pd.DataFrame, danger: pd.DataFrame) -> frozenset[str]:
    """The points with a `checked` step: hazard and flood-prone ones, or all where none of these is known."""
    checked = steps.loc[steps["step"].eq("checked").fillna(False).astype(bool), "point_id"].dropna()
    known = checked if danger.empty else checked[checked.isin(danger["point_id"])]
    return frozenset(known.astype(str))


def _stamp(value: object) -> pd.Timestamp | None:
    return value if isinstance(value, pd.Timestamp) and not pd.isna(value) else None


def as_stamps(values: pd.Series) -> pd.Series:
    """A column of stamps or nothing as stamps of Shanghai, also where all of it is missing."""
    return pd.to_datetime(values, utc=True).dt.tz_convert("Asia/Shanghai").dt.as_unit("us")


def _minutes(later: pd.Timestamp | None, earlier: pd.Timestamp | None) -> float | None:
    if later is None or earlier is None:
        return None
    return round((later - earlier).total_seconds() / 60, 1)


def _first(steps: pd.DataFrame, name: str) -> pd.Timestamp | None:
    return _stamp(steps.loc[steps["step"].eq(name).fillna(False).astype(bool), "at"].min())


def _reported_case(
    records: StormRecords, start: pd.Timestamp | None, end: pd.Timestamp | None
) -> pd.Timestamp | None:
    """When the first case of flooding, fallen trees or a slope was reported in a warning's time."""
    if start is None:
        return None
    cases = records.incidents
    at = cases.loc[is_water_case(cases), "reported_at"]
    last = end or start + pd.Timedelta(hours=_OPEN_H)
    if records.incidents_as_of is not None:
        last = min(last, pd.Timestamp(records.incidents_as_of))
    return _stamp(at[at.ge(start) & at.le(last)].min())


def _event(
    warning: Mapping[Hashable, object], records: StormRecords, danger: pd.DataFrame
) -> dict[str, object]:
    """One row of `storm_events`."""
    steps = records.steps_of(str(warning["warning_id"]))
    issued, peak, harm = (_stamp(warning.get(name)) for name in ("issued_at", "peak_at", "harm_at"))
    start = issued or _first(steps, "warned")
    ends = steps[steps[list(_PLACE)].isna().all(axis=1)]
    closed = _first(ends, "closed")
    is_wet = bool(is_water(pd.Series([warning.get("kind")], dtype="string")).iloc[0])
    found = _first(steps, "discovered")
    reported = found or (_reported_case(records, start, closed or harm or peak) if is_wet else None)
    moved = moved_of(steps)
    timed = steps.dropna(subset=["at"])
    firsts = timed.groupby("step", dropna=True)["at"].min()
    named = [
        *(name for name in STEPS if name in firsts),
        *(name for name in firsts.index if name not in STEPS),
    ]
    return {
        "warning_id": str(warning["warning_id"]),
        **{name: warning.get(name) for name in ("kind", "level", "area")},
        "issued_at": issued,
        "start_at": start,
        "peak_at": peak,
        "harm_at": harm,
        "closed_at": closed,
        "is_water": is_wet,
        "is_unlisted": bool(warning.get("is_unlisted", False)),
        "first_report_at": reported,
        "first_report_from": "step" if found else "case" if reported else None,
        "available_min": _minutes(harm, reported),
        "lead_min": _minutes(harm or peak, moved.last_at),
        "last_moved_at": moved.last_at,
        "points_checked_n": len(checked_points(steps, danger)),
        "points_n": len(danger) or None,
        "households_moved_n": moved.households_n,
        "people_moved_n": moved.people_n,
        "steps_n": len(steps),
        "acted_n": int(steps["step"].ne("warned").fillna(True).sum()),
        "early_n": 0 if start is None else int(timed["at"].lt(start).sum()),
        "unstamped_n": len(steps) - len(timed),
        "steps": {str(name): firsts[name] for name in named},
    }


_EVENT_STAMPS = (
    *("issued_at", "start_at", "peak_at", "harm_at"),
    *("closed_at", "first_report_at", "last_moved_at"),
)


def storm_events(records: StormRecords) -> pd.DataFrame:
    """A row per warning, the earliest first; steps that name no known warning make a row of their own.

    Columns: warning_id, kind, level, area, issued_at, start_at (issued, else the first `warned`),
    peak_at, harm_at, closed_at (of the whole event), is_water, is_unlisted (known from steps alone),
    first_report_at and first_report_from (*step*: the first `discovered`; *case*: where there is none,
    the first case of flooding, fallen trees or a slope reported in the warning's time), available_min,
    lead_min, last_moved_at, points_checked_n, points_n (hazard and flood-prone; missing without any),
    households_moved_n, people_moved_n, steps_n, acted_n (steps other than `warned`), early_n (stamped
    before the warning), unstamped_n, steps (first stamp by step, in the steps' order).
    """
    listed = records.warnings.dropna(subset=["warning_id"]).drop_duplicates("warning_id", keep="last")
    known = known_steps(records.steps, records.steps_as_of)["warning_id"].dropna().drop_duplicates()
    orphans = known[~known.isin(listed["warning_id"])].sort_values()
    rows: list[Mapping[Hashable, object]] = [*listed.to_dict("records")]
    rows += [
        {"warning_id": code, "kind": pd.NA, "level": pd.NA, "area": pd.NA, "is_unlisted": True}
        for code in orphans
    ]
    danger = danger_points(records.points)
    table = pd.DataFrame([_event(row, records, danger) for row in rows], columns=list(_columns()))
    texts = dict.fromkeys(("warning_id", "kind", "level", "area", "first_report_from"), "string")
    counts = dict.fromkeys(("points_n", "households_moved_n", "people_moved_n"), "Int64")
    stamps = {name: as_stamps(table[name]) for name in _EVENT_STAMPS}
    numbers = dict.fromkeys(("available_min", "lead_min"), "float64")
    typed = table.assign(**stamps).astype({**texts, **counts, **numbers})
    return typed.sort_values(["start_at", "warning_id"], ignore_index=True)


def _columns() -> tuple[str, ...]:
    return (
        *("warning_id", "kind", "level", "area", "issued_at", "start_at", "peak_at", "harm_at", "closed_at"),
        *("is_water", "is_unlisted", "first_report_at", "first_report_from", "available_min", "lead_min"),
        *("last_moved_at", "points_checked_n", "points_n", "households_moved_n", "people_moved_n"),
        *("steps_n", "acted_n", "early_n", "unstamped_n", "steps"),
    )


def event_flags(event: Mapping[Hashable, object]) -> tuple[str, ...]:
    """What is odd about a row of `storm_events`, as codes."""
    marks = {
        "no_warning": bool(event["is_unlisted"]),
        "no_issued_at": not event["is_unlisted"] and _stamp(event["issued_at"]) is None,
        "no_steps": event["acted_n"] == 0,
        "step_before_warning": bool(event["early_n"]),
        "step_without_stamp": bool(event["unstamped_n"]),
    }
    return tuple(name for name, holds in marks.items() if holds)


# ------------------------------------------------------------------------------- command line
def _iso(value: object) -> str | None:
    stamp = _stamp(value)
    return stamp.isoformat() if stamp is not None else None


def _number(value: Any) -> float | None:  # noqa: ANN401 - a cell of a frame
    return None if pd.isna(value) else float(value)


def _count(value: Any) -> int | None:  # noqa: ANN401
    number = _number(value)
    return None if number is None else int(number)


def storm_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """What `metrics storm` prints: a row per warning issued in the window.

    Keys: warning_id, first_report_at, harm_at, available_min, lead_min, points_checked_n, points_n,
    households_moved_n, people_moved_n, steps {step: first_at}; besides kind, level, issued_at,
    first_report_from, flags. Missing is None. A warning without any time is printed where no window is asked
    for. `by` takes no group.
    """
    del by
    events = storm_events(StormRecords.of(dataset))
    if since is not None or until is not None:
        events = events[Span.of_days(since, until).holds(events["start_at"])]
    return [
        {
            "warning_id": str(row["warning_id"]),
            "first_report_at": _iso(row["first_report_at"]),
            "harm_at": _iso(row["harm_at"]),
            "available_min": _number(row["available_min"]),
            "lead_min": _number(row["lead_min"]),
            **{name: _count(row[name]) for name in ("points_checked_n", "points_n")},
            **{name: _count(row[name]) for name in ("households_moved_n", "people_moved_n")},
            "steps": {name: _iso(at) for name, at in row["steps"].items()},
            **{name: None if pd.isna(row[name]) else str(row[name]) for name in ("kind", "level")},
            "issued_at": _iso(row["issued_at"]),
            "first_report_from": None if pd.isna(row["first_report_from"]) else row["first_report_from"],
            "flags": list(event_flags(row)),
        }
        for row in events.to_dict("records")
    ]
