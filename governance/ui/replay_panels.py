"""The parts of 巡逻轨迹: what to replay, the map that plays it, what was missed, a sheet to print."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import TYPE_CHECKING

import streamlit as st
from streamlit_folium import st_folium

from governance.figures.duty_matrix import FORCE_COLOURS
from governance.figures.maps import base_map, changing_layers
from governance.figures.replay_map import add_player, areas_key_html, border_layers
from governance.figures.turn_table import missed_html, turn_table_html
from governance.schema import schema
from governance.text import t
from governance.ui import blocks, map_data
from governance.ui import replay_data as data
from governance.ui.cache import cached
from governance.ui.leaflet import leaflet_files
from governance.ui.stamp import show_stamp
from governance.workdays import Week

if TYPE_CHECKING:
    from governance.records.dataset import Dataset
    from governance.ui.replay_data import Turn
    from governance.ui.shell import Page

MAP_HEIGHT_PX = 600
_ALL = ""


def _given_day(latest: date, first: date) -> date:
    """The day in the address bar, else the last one; never outside the records."""
    given = st.query_params.get("day", "")
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return latest
    return min(max(day, first), latest)


def _write() -> None:
    for name in ("day", "turn", "team"):
        value = st.session_state.get(f"replay-{name}")
        if value in (None, _ALL):
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = str(value)


def choose_turn(page: Page) -> Turn:
    """The row of choices: day, turn, team, and the storm days as a shortcut; stops without tracks."""
    dataset = page.dataset
    latest = data.last_day(dataset)
    with st.container(key="top-row", horizontal=True, vertical_alignment="top"):
        with st.container(key="filters", horizontal=True, gap="small"):
            turn = None if latest is None else _choices(page, latest)
        show_stamp(page, None if turn is None else Week.of(turn.day))
    if turn is None:
        blocks.show_empty(t("patrol_replay.no_tracks"))
        st.stop()
    return turn


def _choices(page: Page, latest: date) -> Turn:
    dataset = page.dataset
    known = cached(_teams, dataset)
    presence = dataset.patrol("presence")
    # On a street's first day no night is over yet.
    first = min(presence["hour_at"].min().date(), latest) if len(presence) else latest
    given_team, given_turn = st.query_params.get("team", _ALL), st.query_params.get("turn", "night")
    st.session_state["replay-day"] = _given_day(latest, first)
    st.session_state["replay-turn"] = given_turn if given_turn in data.TURNS else "night"
    st.session_state["replay-team"] = given_team if given_team in known else _ALL
    day = st.date_input(
        t("patrol_replay.choose_day"),
        key="replay-day",
        min_value=first,
        max_value=latest,
        format="YYYY-MM-DD",
        on_change=_write,
        width=180,
    )
    turn = st.selectbox(
        t("patrol_replay.choose_turn"),
        list(data.TURNS),
        format_func=lambda one: t(f"patrol_replay.turns.{one}"),
        key="replay-turn",
        on_change=_write,
        filter_mode=None,
        width=190,
    )
    team = st.selectbox(
        t("patrol_replay.choose_team"),
        list(known),
        format_func=lambda one: known[one],
        key="replay-team",
        on_change=_write,
        filter_mode=None,
        width=190,
    )
    for storm in data.storm_days(dataset)[:1]:
        if first <= storm <= latest:
            words = t("patrol_replay.storm", month=storm.month, day=storm.day)
            st.button(words, key=f"storm-{storm}", on_click=_turn_to, args=(storm,))
    return data.Turn(day if isinstance(day, date) else latest, turn, team or None)


def _turn_to(day: date) -> None:
    st.query_params["day"], st.query_params["turn"] = day.isoformat(), "day"


def _teams(dataset: Dataset) -> dict[str, str]:
    frame = dataset.frame("teams").drop_duplicates("team_id", keep="last").sort_values("team_id")
    names = dict(zip(frame["team_id"].astype(str), frame["name"].astype(str), strict=True))
    return {_ALL: t("patrol_replay.all_teams")} | names


def show_replay(page: Page, turn: Turn) -> None:
    """The conclusion, and the map that plays the turn."""
    dataset = page.dataset
    replay = cached(data.replay, dataset, turn)
    shapes = cached(map_data.shapes, dataset)
    done = len(replay.expected & set(replay.visited))
    sentence = t(
        "patrol_replay.conclusion" if replay.walks else "patrol_replay.conclusion_none",
        month=turn.day.month,
        day=turn.day.day,
        turn=t(f"patrol_replay.turns.{turn.name}"),
        walks=len(replay.walks),
        k=done,
        n=len(replay.expected),
        missed=len(replay.expected) - done,
    )
    team = cached(_teams, dataset).get(turn.team_id or _ALL, "")
    blocks.show_conclusion(page.spec.title, Week.of(turn.day), sentence, scope=team)
    with blocks.panel("replay", title=t("patrol_replay.map_title"), sub=t("patrol_replay.map_sub")):
        blocks.show_svg(forces_key_html(areas_key_html()))
        key = f"replay-{turn.day}-{turn.name}-{turn.team_id or 'ALL'}-{dataset.fingerprint[:12]}"
        map_ = base_map(shapes.ground, leaflet=leaflet_files())
        st_folium(
            add_player(map_, replay, shapes.features.get("microgrid", ())),
            key=key.upper(),
            height=MAP_HEIGHT_PX,
            use_container_width=True,
            returned_objects=[],
            feature_group_to_add=changing_layers(border_layers(shapes)),
            render=False,
        )


def forces_key_html(more: str) -> str:
    """The key of a replay: the three forces' dots, then what `more` (markup) adds."""
    dots = "".join(
        f'<span><svg width="12" height="12" aria-hidden="true"><circle cx="6" cy="6" r="5" fill="{colour}"/>'
        f"</svg> {escape(schema().label_of('force', force))}</span>"
        for force, colour in FORCE_COLOURS.items()
    )
    return f'<div class="cards-key">{dots}{more}</div>'


def show_summary(page: Page, turn: Turn) -> None:
    """What was planned, walked and visited, team by team; what was missed. Made to be printed."""
    table = cached(data.turn_summary, page.dataset, turn)
    with blocks.panel(
        "turn",
        title=t("patrol_replay.summary_title"),
        sub=t("patrol_replay.summary_sub"),
        page=page,
        data=table,
        week=f"{turn.day}-{turn.name}",
    ):
        blocks.show_svg(turn_table_html(table))
    missed = cached(data.missed, page.dataset, turn)
    with blocks.panel(
        "missed",
        title=t("patrol_replay.missed_title", n=len(missed)),
        sub=t("patrol_replay.missed_sub"),
        page=page,
        data=missed,
        week=f"{turn.day}-{turn.name}",
    ):
        if missed.empty:
            blocks.show_empty(t("patrol_replay.none_missed"))
        else:
            blocks.show_svg(missed_html(missed))
