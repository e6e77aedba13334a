"""One warning as the page and the Word paper tell it: the event, its steps, the points, what was late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.metrics.areas import area_table, points_located, with_parents
from governance.metrics.storm import StormRecords, event_flags, storm_events
from governance.metrics.storm_steps import (
    LATE_STATES,
    StormGround,
    judged_steps,
    located_danger,
    plan_of,
    point_states,
    step_summary,
)
from governance.metrics.targets import target_of
from governance.schema import schema
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import datetime

    from governance.records.dataset import Dataset


@dataclass(frozen=True)
class StormView:
    """One warning.

    `event` is a row of `storm.storm_events`; `until` is through when something can be missing: the end of
    the event, else the as-of of the steps.
    judged: of `storm_steps.judged_steps`, with name, team and on_duty of the place's unit. summary: of
    `step_summary`. points: of `point_states`, with team. plan: minutes by step; `plan_source` says whose.
    """

    street: str
    event: Mapping[Hashable, Any]
    judged: pd.DataFrame
    summary: pd.DataFrame
    points: pd.DataFrame
    plan: Mapping[str, float]
    plan_source: str
    until: pd.Timestamp
    as_of: datetime | None
    is_sample: bool

    @property
    def start_at(self) -> pd.Timestamp | None:
        """When the warning was issued, or its first step; None where neither is known."""
        start = self.event["start_at"]
        return None if pd.isna(start) else start

    @property
    def is_closed(self) -> bool:
        """Whether the whole event was ended."""
        return not pd.isna(self.event["closed_at"])

    @property
    def is_recorded(self) -> bool:
        """Whether any step besides the warning itself is on record."""
        return bool(self.event["acted_n"])

    @property
    def flags(self) -> tuple[str, ...]:
        """What is odd about its records, as codes."""
        return event_flags(self.event)

    @property
    def missing(self) -> pd.DataFrame:
        """What is owed and not done, of `judged`."""
        return self.judged[self.judged["records_n"].isna()].reset_index(drop=True)

    @property
    def late(self) -> pd.DataFrame:
        """What took longer than the plan allows, done or not, the worst first."""
        late = self.judged[self.judged["state"].isin(LATE_STATES)]
        return late.sort_values(["over_min", "place"], ascending=[False, True], ignore_index=True)

    @property
    def name(self) -> str:
        """暴雨橙色预警; its number where its kind is not known."""
        kind, level = ("" if pd.isna(self.event[key]) else str(self.event[key]) for key in ("kind", "level"))
        if not kind:
            return t("storm_response.unnamed", id=self.event["warning_id"])
        return t("storm_response.named", kind=kind, level=level)


def storm_list(dataset: Dataset) -> pd.DataFrame:
    """All warnings, and steps that name none, of `storm.storm_events`."""
    return storm_events(StormRecords.of(dataset))


def storm_view(dataset: Dataset, warning_id: str) -> StormView:
    """The warning of a number.

    Raises
    ------
    KeyError
        When neither a warning nor a step has the number.
    """
    records = StormRecords.of(dataset)
    events = storm_events(records)
    found = events[events["warning_id"].eq(warning_id)]
    if found.empty:
        raise KeyError(warning_id)
    event = found.iloc[0].to_dict()
    as_of = dataset.as_of.get("warning_steps") or dataset.as_of.get("warnings")
    until = _until(event, as_of)
    areas = area_table(dataset.frame("communities"), dataset.frame("grids"), dataset.frame("microgrids"))
    points = records.points
    danger = located_danger(points, points_located(points["lon"], points["lat"], areas))
    targets, day = dataset.frame("targets"), until.date()
    if not pd.isna(event["start_at"]):
        day = event["start_at"].date()
    # The plan is one for water and slopes.
    ground = StormGround(danger, plan_of(targets, day) if event["is_water"] else {})
    steps = records.steps_of(warning_id)
    judged = judged_steps(event, steps, ground, until)
    units = _units(dataset, judged, areas)
    judged = judged.join(units).assign(on_duty=_on_duty(dataset, units["team_id"], event["start_at"]))
    states = point_states(judged, ground, is_water=bool(event["is_water"]))
    teams = _teams(dataset)
    sources = [target_of(targets, f"storm_{step}_min", day) for step in ground.plan]
    named = dict.fromkeys(one.source for one in sources if one is not None and one.source)
    return StormView(
        street=dataset.settings.text("street_name"),
        event=event,
        judged=judged,
        summary=step_summary(judged, event),
        points=states.assign(team=states["community_code"].map(teams["name"]).astype("string")),
        plan=ground.plan,
        plan_source="、".join(named) or t("storm_response.no_source"),
        until=until,
        as_of=as_of,
        is_sample=dataset.is_sample,
    )


def _until(event: Mapping[Hashable, Any], as_of: datetime | None) -> pd.Timestamp:
    """Through when something can be missing: the event's end, else the steps' as-of, else its start."""
    known = [
        one for one in (event["closed_at"], as_of, event["start_at"]) if one is not None and not pd.isna(one)
    ]
    return pd.Timestamp(known[0]) if known else pd.Timestamp(0, tz="Asia/Shanghai")


def _teams(dataset: Dataset) -> pd.DataFrame:
    """Each community's own team, by community: team_id, name."""
    teams = dataset.frame("teams").dropna(subset=["community_code"])
    teams = teams.drop_duplicates("community_code", keep="last").set_index("community_code")
    return teams.assign(name=teams["name"].fillna(teams["team_id"]))[["team_id", "name"]]


def _units(dataset: Dataset, judged: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Of each judged row: name of the place, community_code, team_id, team (its name)."""
    points = dataset.frame("points").dropna(subset=["point_id"]).drop_duplicates("point_id", keep="last")
    located = points_located(points["lon"], points["lat"], areas)["community"]
    of_point = dict(zip(points["point_id"], located, strict=True))
    cells = areas[areas["level"].eq("microgrid")]
    held = with_parents(pd.DataFrame({"microgrid_code": cells["code"].array}), areas)["community"]
    of_cell = dict(zip(cells["code"], held, strict=True))
    names = dict(zip(points["point_id"], points["name"].fillna(points["point_id"]), strict=True))
    names |= dict(zip(cells["code"], cells["name"], strict=True))
    community = judged["place"].map({**of_cell, **of_point}).astype("string")
    teams = _teams(dataset)
    return pd.DataFrame(
        {
            "name": judged["place"].map(names).astype("string").fillna(judged["place"]),
            "community_code": community,
            "team_id": community.map(teams["team_id"]).astype("string"),
            "team": community.map(teams["name"]).astype("string"),
        }
    )


def _on_duty(dataset: Dataset, team_id: pd.Series, at: object) -> pd.Series:
    """Who of a team was rostered at a moment, in words: 公安1 城管1; empty where no roster says."""
    shifts = dataset.frame("shifts")
    if at is None or pd.isna(at) or shifts.empty:  # type: ignore[call-overload]  # a stamp or NaT
        return pd.Series("", index=team_id.index, dtype="string")
    now = shifts[shifts["start_at"].le(at) & shifts["end_at"].gt(at)]
    words: dict[str, str] = {}
    for team, rows in now.groupby("team_id"):
        counts = rows.groupby("force")["planned_n"].sum()
        named = [
            t("storm_response.force_n", force=schema().label_of("force", force), n=int(counts[force]))
            for force in schema().values["force"]
            if counts.get(force)
        ]
        words[str(team)] = " ".join(named)
    return team_id.map(words).astype("string").fillna("")
