"""What happened in a turn, minute by minute: cases reported and settled, steps after a warning."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from governance.figures.replay_map import Event
from governance.figures.storm_words import step_words
from governance.metrics.storm import is_water_case, known_steps
from governance.metrics.storm_steps import STREET
from governance.schema import schema
from governance.text import t
from governance.ui import map_data
from governance.ui.cache import cached

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import datetime

    from governance.records.dataset import Dataset
    from governance.ui.replay_data import Turn

# A call leaves the map after so many minutes: dozens of them would cover what is done on the spot.
_CALL_SHOWN_MIN = 15.0
# Of two steps at one place in one minute the one that stands later here keeps its mark.
_MARKED_LAST = ("checked", "arrived", "discovered", "cordoned", "moved", "cleared", "reopened", "closed")
_TREE_WORDS = "倒伏|倒树|树木"


def minutes_since(stamps: pd.Series, start: datetime) -> pd.Series:
    """Minutes from a turn's start, to a tenth."""
    gone: pd.Series = stamps - pd.Timestamp(start)
    minutes: pd.Series = (gone.dt.total_seconds() / 60).round(1)
    return minutes


def events_of(dataset: Dataset, turn: Turn) -> tuple[Event, ...]:
    """The cases of a turn that have a place and, for all teams together, the steps after warnings.

    Of a warning's turn only its own steps, and cases that water, wind or a slope made.
    """
    steps = () if turn.team_id is not None else _steps(dataset, turn)
    return (*_cases(dataset, turn), *steps)


# ------------------------------------------------------------------------------------ cases
def _look(row: Mapping[Hashable, object]) -> str:
    said = str(row["subcategory"])
    return "tree" if any(word in said for word in _TREE_WORDS.split("|")) else "flood"


def _case_words(row: Mapping[Hashable, object]) -> str:
    what = row["subcategory"] if isinstance(row["subcategory"], str) else str(row["category"])
    who = (
        schema().label_of("source", row["source"])
        if isinstance(row["source"], str)
        else t("patrol_replay.who")
    )
    at = row["reported_at"]
    return t("patrol_replay.case", at=f"{at:%H:%M}", who=who, what=what)


def _cases(dataset: Dataset, turn: Turn) -> tuple[Event, ...]:
    cases = turn.rows(dataset.frame("incidents"), "reported_at").dropna(subset=["lon", "lat"])
    is_water = is_water_case(cases)
    if turn.warning_id is not None:
        cases, is_water = cases[is_water], is_water[is_water]
    at = minutes_since(cases["reported_at"], turn.span.start_at)
    settled = minutes_since(cases["resolved_at"], turn.span.start_at)
    return tuple(
        Event(
            float(minute),
            float(row["lat"]),
            float(row["lon"]),
            _look(row) if is_wet else "case",
            _case_words(row),
            done=None if pd.isna(done) else float(done),
        )
        for row, minute, done, is_wet in zip(cases.to_dict("records"), at, settled, is_water, strict=True)
    )


# ------------------------------------------------------------------------------------ steps
def places(dataset: Dataset) -> dict[str, tuple[str, float | None, float | None]]:
    """Points and micro-grids by code: name, longitude, latitude (of a micro-grid a point inside)."""
    found: dict[str, tuple[str, float | None, float | None]] = {}
    areas = cached(map_data.areas, dataset)
    for row in areas[areas["level"].eq("microgrid")].to_dict("records"):
        inside = None if row["geometry"].is_empty else shapely.point_on_surface(row["geometry"])
        at = (None, None) if inside is None else (inside.x, inside.y)
        found[str(row["code"])] = (str(row["name"]), *at)
    points = dataset.frame("points").dropna(subset=["point_id"]).drop_duplicates("point_id", keep="last")
    for row in points.to_dict("records"):
        name = str(row["point_id"] if pd.isna(row["name"]) else row["name"])
        at = (None, None) if pd.isna(row["lon"]) or pd.isna(row["lat"]) else (row["lon"], row["lat"])
        found[str(row["point_id"])] = (name, *at)
    return found


def _step_tip(row: Mapping[Hashable, object], name: str) -> str:
    at = row["at"]
    key = "step" if name else "step_street"
    return t(f"patrol_replay.{key}", at=f"{at:%H:%M}", step=step_words(str(row["step"])), place=name)


def _steps(dataset: Dataset, turn: Turn) -> tuple[Event, ...]:
    steps = known_steps(dataset.frame("warning_steps"), dataset.as_of.get("warning_steps"))
    steps = steps[turn.span.holds(steps["at"])].dropna(subset=["step"])
    if turn.warning_id is not None:
        steps = steps[steps["warning_id"].eq(turn.warning_id)]
    order = steps["step"].map({name: number for number, name in enumerate(_MARKED_LAST)}).fillna(-1)
    steps = steps.assign(_order=order).sort_values(["at", "_order"], kind="stable")
    place = steps["point_id"].fillna(steps["microgrid_code"]).fillna(STREET)
    known = cached(places, dataset) if len(steps) else {}
    minutes = [float(one) for one in minutes_since(steps["at"], turn.span.start_at)]
    later = _next_minutes(list(place), minutes)
    made = []
    for row, code, minute, until in zip(steps.to_dict("records"), place, minutes, later, strict=True):
        name, lon, lat = known.get(str(code), (str(code), None, None))
        if row["step"] == "called":
            until = min(until or minute + _CALL_SHOWN_MIN, minute + _CALL_SHOWN_MIN)
        made.append(Event(minute, lat, lon, str(row["step"]), _step_tip(row, name), until=until))
    return tuple(made)


def _next_minutes(places_: list[str], minutes: list[float]) -> list[float | None]:
    """For each step the minute of the next one at its place; two in one minute share the later one's."""
    upcoming: dict[str, float] = defaultdict(lambda: float("inf"))
    found: list[float | None] = []
    for code, minute in zip(reversed(places_), reversed(minutes), strict=True):
        found.append(None if upcoming[code] == float("inf") else upcoming[code])
        upcoming[code] = minute
    return found[::-1]
