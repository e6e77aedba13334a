"""防汛应急 played back and looked at afterwards: the replay, what was late, the Word paper."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st
from streamlit_folium import st_folium

from governance.figures.map_marks import STEP_SIGNS, look_svg, step_svg
from governance.figures.maps import base_map, changing_layers
from governance.figures.replay_map import CASE_LOOKS, add_player, border_layers
from governance.figures.storm_tables import late_table_html
from governance.figures.storm_words import step_words
from governance.report.storm_words import plan_words
from governance.text import t
from governance.ui import blocks, map_data
from governance.ui import storm_data as data
from governance.ui.cache import cached
from governance.ui.leaflet import leaflet_files
from governance.ui.replay_panels import forces_key_html

if TYPE_CHECKING:
    from governance.report.storm_model import StormView
    from governance.ui.shell import Page

MAP_HEIGHT_PX = 620
LATE_SHOWN_N = 10
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def show_replay(page: Page, own: StormView) -> None:
    """The day minute by minute: patrols, cases and steps, with what has happened beside the clock."""
    dataset, code = page.dataset, str(own.event["warning_id"])
    title, sub = t("storm_response.replay_title"), t("storm_response.replay_sub")
    with blocks.panel("storm-replay", title=title, sub=sub):
        played = data.replay(dataset, code)
        if played is None or not (played.events or played.walks):
            blocks.show_empty(t("storm_response.replay_none"))
            return
        shapes = cached(map_data.shapes, dataset)
        blocks.show_svg(forces_key_html(_key_html()))
        map_ = base_map(shapes.ground, leaflet=leaflet_files())
        key = f"storm-replay-{code}-{dataset.fingerprint[:12]}-{len(played.walks)}"
        st_folium(
            add_player(map_, played, shapes.features.get("microgrid", ())),
            key=key.upper(),
            height=MAP_HEIGHT_PX,
            use_container_width=True,
            returned_objects=[],
            feature_group_to_add=changing_layers(border_layers(shapes)),
            render=False,
        )


def _key_html() -> str:
    """What the marks of the replay mean: cases by look, steps by their character."""
    looks = [(name, t(f"patrol_replay.looks.{name}")) for name in CASE_LOOKS if name != "case"]
    looks.append(("done", t("patrol_replay.looks.done")))
    cases = "".join(f"<span>{look_svg(name, size_px=14)} {word}</span>" for name, word in looks)
    steps = "".join(f"<span>{step_svg(name, size_px=16)} {step_words(name)}</span>" for name in STEP_SIGNS)
    return cases + steps


def show_after(page: Page, own: StormView) -> None:
    """What took longer than the plan allows, and the paper to take away."""
    late, code = own.late, str(own.event["warning_id"])
    key = "after_title_no_plan" if not own.plan else "after_title" if len(late) else "after_title_none"
    if not own.is_recorded:
        key = "after_title_unrecorded"
    sub = t("storm_response.after_sub_none")
    if own.plan:
        sub = t("storm_response.after_sub", source=own.plan_source, plan=plan_words(own))
    with blocks.panel(
        "storm-after",
        title=t(f"storm_response.{key}", n=len(late)),
        sub=sub,
        page=page,
        data=data.taken_away(own.judged),
        week=code,
    ):
        if len(late):
            blocks.show_svg(late_table_html(late, own.start_at, rows_n=LATE_SHOWN_N))
        elif not own.is_recorded:
            blocks.show_empty(t("storm_response.steps_none"))
        elif own.plan:
            blocks.show_empty(t("storm_response.after_none"))
        if len(late) > LATE_SHOWN_N:
            blocks.show_empty(t("storm_response.after_more", n=len(late), rows=LATE_SHOWN_N))
        st.download_button(
            t("storm_response.take_word"),
            partial(cached, data.paper, page.dataset, code),
            file_name=data.paper_name(own),
            mime=_WORD,
            key="storm-paper",
            type="primary",
            on_click=blocks.log_export,
            args=(page.dataset, f"storm docx {code}", len(own.judged)),
        )
