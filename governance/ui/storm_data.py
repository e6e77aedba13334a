"""What 防汛应急 computes: the warnings to choose from, one of them, its replay, its paper."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from governance.errors import UsageError
from governance.figures.storm_words import day_words
from governance.report.storm_model import StormView, storm_list, storm_view
from governance.text import t
from governance.ui import replay_data
from governance.ui.cache import cached
from governance.workdays import Week

if TYPE_CHECKING:
    from governance.figures.replay_map import Replay
    from governance.records.dataset import Dataset

_DAY_H = 24
# Columns that say how many people stand behind a place are not handed out by place.
_PEOPLE = ("households_n", "people_n", "community_code", "team_id", "on_duty")


def events(dataset: Dataset) -> pd.DataFrame:
    """All warnings, the newest first (those without a time last)."""
    return storm_list(dataset).sort_values("start_at", ascending=False, na_position="last", kind="stable")


def default_warning(dataset: Dataset, week: str | None = None) -> str | None:
    """The newest warning of a week where the address names one, else the newest of water, else the newest."""
    known = cached(events, dataset)
    if known.empty:
        return None
    if week:
        try:
            asked = Week.parse(week)
        except UsageError:
            asked = None
        own = known[known["start_at"].map(lambda at: not pd.isna(at) and Week.of(at) == asked)]
        known = own if len(own) else known
    wet = known[known["is_water"]]
    return str((wet if len(wet) else known)["warning_id"].iloc[0])


def warning_labels(dataset: Dataset) -> dict[str, str]:
    """The warnings by number: 2023-07-21 暴雨橙色预警."""
    labels = {}
    for row in cached(events, dataset).to_dict("records"):
        code = str(row["warning_id"])
        at = row["start_at"]
        kind, level = ("" if pd.isna(row[name]) else str(row[name]) for name in ("kind", "level"))
        name = (
            t("storm_response.named", kind=kind, level=level)
            if kind
            else t("storm_response.unnamed", id=code)
        )
        date_ = t("storm_response.undated") if pd.isna(at) else f"{at:%Y-%m-%d}"
        labels[code] = t("storm_response.option", date=date_, name=name)
    return labels


def view(dataset: Dataset, warning_id: str) -> StormView:
    """One warning, for the cache."""
    return storm_view(dataset, warning_id)


def turn(dataset: Dataset, warning_id: str) -> replay_data.Turn | None:
    """The hours to replay: from the full hour before the warning to the one after its end, at most a day.

    None without any time.
    """
    own = cached(view, dataset, warning_id)
    stamps = [*own.judged["first_at"].dropna(), *own.judged["last_at"].dropna()]
    known = [own.start_at, own.event["peak_at"], own.event["harm_at"], own.event["closed_at"], *stamps]
    moments = [one for one in known if one is not None and not pd.isna(one)]
    if not moments:
        return None
    start = (own.start_at or min(moments)).floor("h")
    hours = math.ceil((max(moments) - start).total_seconds() / 3600 + 0.01)
    span = (start.hour, min(max(hours, 1), _DAY_H))
    return replay_data.Turn(start.date(), "storm", hours=span, warning_id=warning_id)


def replay(dataset: Dataset, warning_id: str) -> Replay | None:
    """What is replayed; None where nothing happened that has a time."""
    hours = cached(turn, dataset, warning_id)
    if hours is None:
        return None
    made = cached(replay_data.replay, dataset, hours)
    # Nobody missed anything in a storm: the micro-grids fill in, none is held against a team.
    return replace(made, expected=frozenset())


def paper(dataset: Dataset, warning_id: str) -> bytes:
    """The after-action paper, made at the click."""
    from governance.report.storm_word import storm_paper

    return storm_paper(cached(view, dataset, warning_id))


def paper_name(own: StormView) -> str:
    """What the paper's file is called."""
    return f"{t('storm_response.paper', day=day_words(own.start_at), name=own.name)}.docx"


def taken_away(judged: pd.DataFrame) -> pd.DataFrame:
    """The rows of a download: places and minutes, no counts of people by place."""
    return judged.drop(columns=[*_PEOPLE, "place_kind"], errors="ignore")
