"""The parts of 网格手册 that answer a search: the box, the sentence, the map, who solves what."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from governance.errors import GovernanceError
from governance.figures import handbook_map, handbook_tables
from governance.figures.maps import Tiles, base_map, changing_layers
from governance.figures.place_tables import cases_html
from governance.records.contacts import full_number
from governance.text import explain, t
from governance.ui import blocks, map_data
from governance.ui import handbook_data as data
from governance.ui.cache import cached
from governance.ui.leaflet import leaflet_files
from governance.ui.patrol_job import compute_beside
from governance.ui.shell import LOG
from governance.ui.stamp import show_stamp

if TYPE_CHECKING:
    from governance.figures.maps import Layers
    from governance.metrics.handbook_entry import Entry, Person
    from governance.metrics.handbook_search import Hit
    from governance.ui.handbook_data import Look
    from governance.ui.shell import Page

MAP_HEIGHT_PX = 500
_BOX, _NUMBER = "handbook-query", "handbook-number"


# ------------------------------------------------------------------------------ the search
def choose_look(page: Page) -> Look:
    """The box to type in, the stamp beside it, and what the address bar leads to."""
    with st.container(key="top-row", horizontal=True, vertical_alignment="top"):
        with st.container(key="filters", horizontal=True, gap="small"):
            st.session_state[_BOX] = st.query_params.get(data.QUERY, "")
            st.text_input(
                t("grid_handbook.search"),
                key=_BOX,
                placeholder=t("grid_handbook.search_hint"),
                label_visibility="collapsed",
                on_change=lambda: data.write_query(st.session_state[_BOX]),
                width=520,
            )
            is_asked = any(name in st.query_params for name in (data.QUERY, data.CHOSEN, data.POINT))
            if is_asked:
                st.button(
                    t("grid_handbook.clear"), key="handbook-clear", on_click=data.write_query, args=("",)
                )
        show_stamp(page, None)
    return data.look(page.dataset)


def show_conclusion(page: Page, look: Look) -> None:
    """The page's name and the one sentence: where it is and whom to ask, or why it is not found."""
    entry = cached(data.handbook, page.dataset).entry(look.code) if look.code else None
    parts = [page.spec.title, *([entry.name, entry.code] if entry else [])]
    name = " · ".join(dict.fromkeys(part for part in parts if part))
    sentence = _entry_sentence(look, entry) if entry else _search_sentence(page, look)
    st.html(f'<div class="page-name">{escape(name)}</div><h1 class="conclusion">{escape(sentence)}</h1>')
    if look.point is not None and look.code and look.away_m > 0:
        _note(t("grid_handbook.point_near", m=f"{look.away_m:.0f}", name=entry.name if entry else ""))
    if look.answer is not None and look.answer.is_near and look.code and look.place:
        _note(t("grid_handbook.near_note", query=look.query, place=look.place.text))
    if entry is not None and not entry.is_known:
        _note(t("grid_handbook.unknown_code", code=entry.code))


def _note(sentence: str) -> None:
    st.html(f'<div class="note">{escape(sentence)}</div>')


def _entry_sentence(look: Look, entry: Entry) -> str:
    """Where the place lies, and whom to ask first."""
    place = look.place.text if look.place and look.place.text not in (entry.name, entry.code) else ""
    where = t("grid_handbook.conclusion.place", place=place, name=entry.name) if place else entry.name
    if not entry.people:
        return t("grid_handbook.conclusion.nobody", where=where)
    first = next((one for one in entry.people if one.scope == "microgrid"), entry.people[0])
    words = {"where": where, "role": first.role or t(f"grid_handbook.roles.{first.role_code}")}
    words |= {"name": handbook_tables.name_words(first), "phone": handbook_tables.phone_words(first)}
    return t("grid_handbook.conclusion.stale" if first.is_stale else "grid_handbook.conclusion.ask", **words)


def _search_sentence(page: Page, look: Look) -> str:
    if look.point is not None:
        return _point_sentence(page, look)
    answer = look.answer
    if answer is None:
        return _health_sentence(page)
    if not answer.hits:
        return t("grid_handbook.conclusion.none", query=look.query)
    if answer.is_near:
        return t("grid_handbook.conclusion.near", query=look.query, n=len(answer.hits))
    cells_n = len({hit.place.microgrid_code for hit in answer.hits})
    if answer.hits[0].tier == "exact":
        return t("grid_handbook.conclusion.shared", query=look.query, n=cells_n)
    key = "several_more" if answer.places_n > len(answer.hits) else "several"
    return t(f"grid_handbook.conclusion.{key}", query=look.query, n=answer.places_n, shown=len(answer.hits))


def _point_sentence(page: Page, look: Look) -> str:
    if not look.nearest:
        return t("grid_handbook.conclusion.no_boundaries")
    tolerance = page.dataset.settings.number("area_tolerance_m")
    name = cached(data.handbook, page.dataset).entry(look.nearest).name
    return t("grid_handbook.conclusion.outside", m=f"{look.away_m:,.0f}", name=name, most=f"{tolerance:.0f}")


def _health_sentence(page: Page) -> str:
    counts = cached(data.counts, page.dataset)
    if counts.empty:
        return t("grid_handbook.conclusion.no_handbook")
    columns = ["microgrids_n", "complete_n", "fresh_n", "stale_phone_n"]
    whole = counts[columns].sum()
    sentence = t(
        "grid_handbook.conclusion.health",
        n=whole["microgrids_n"],
        complete=whole["complete_n"],
        fresh=whole["fresh_n"],
    )
    worst = counts.sort_values(["stale_phone_n", "group"], ascending=[False, True]).iloc[0]
    if not worst["stale_phone_n"]:
        return sentence + t("grid_handbook.conclusion.stop")
    name = data.community_names(page.dataset).get(str(worst["group"]), t("grid_handbook.no_community"))
    return sentence + t(
        "grid_handbook.conclusion.worst", n=whole["stale_phone_n"], name=name, k=worst["stale_phone_n"]
    )


# ---------------------------------------------------------------------------------- the map
def _follow_click(map_key: str) -> None:
    """Turn to the place that was clicked; runs only when the map reports something new."""
    clicked = (st.session_state.get(map_key) or {}).get("last_clicked")
    if clicked:
        data.choose_point(clicked["lng"], clicked["lat"])


def show_map(page: Page, look: Look) -> None:
    """The micro-grid in its community, the ones to choose from, or the handbook's health."""
    dataset = page.dataset
    shapes = cached(map_data.shapes, dataset)
    names = cached(data.handbook, dataset).names
    table = cached(data.health, dataset)
    is_drawn = "microgrid" in shapes.features
    layers: Layers | None = None
    if look.code and is_drawn:
        entry = cached(data.handbook, dataset).entry(look.code)
        layers = handbook_map.entry_layers(shapes, names, entry, look.at)
        title, key = (
            t("grid_handbook.map_entry", name=entry.community),
            handbook_map.entry_key_html(is_placed=look.at is not None),
        )
    elif look.answer is not None and look.answer.hits and is_drawn:
        codes = {hit.place.microgrid_code for hit in look.answer.hits}
        layers = handbook_map.choice_layers(shapes, names, codes)
        title, key = t("grid_handbook.map_choice", n=len(codes)), ""
    elif is_drawn and len(table):
        layers = handbook_map.health_layers(shapes, table)
        title, key = t("grid_handbook.map_health"), handbook_map.health_key_html(table)
    else:
        title, key = t("grid_handbook.map_health"), ""
    with blocks.panel("handbook-map", title=title, sub=t("grid_handbook.map_sub")):
        if layers is None:
            blocks.show_empty(t("grid_map.no_boundaries"))
            return
        map_key = f"handbook-map-{dataset.fingerprint[:16]}"
        url = dataset.settings.text("tile_url")
        st_folium(
            base_map(
                shapes.ground,
                leaflet=leaflet_files(),
                tiles=Tiles(url, dataset.settings.text("tile_attribution")) if url else None,
            ),
            key=map_key,
            height=MAP_HEIGHT_PX,
            use_container_width=True,
            returned_objects=["last_clicked"],
            feature_group_to_add=changing_layers(layers),
            on_change=lambda: _follow_click(map_key),
            render=False,
        )
        if key:
            blocks.show_svg(key)


# ------------------------------------------------------------------------------------ people
def show_people(page: Page, look: Look) -> None:
    """Who solves what kind of problem, masked; one full number at a time where the setting allows."""
    entry = cached(data.handbook, page.dataset).entry(look.code)
    facts = [
        t(f"grid_handbook.facts.{name}", n=value)
        for name, value in (
            ("tier", entry.tier),
            ("households", entry.households),
            ("residents", entry.residents),
        )
        if value is not None
    ]
    sub = " · ".join(part for part in (entry.community, entry.grid, *facts) if part)
    with blocks.panel("handbook-people", title=t("grid_handbook.people_title", name=entry.name), sub=sub):
        blocks.show_svg(handbook_tables.people_html(entry))
        if page.dataset.settings.flag("show_contacts"):
            _show_numbers(page, entry)
        else:
            st.html(f'<div class="panel-sub">{escape(t("grid_handbook.masked"))}</div>')


def _show_numbers(page: Page, entry: Entry) -> None:
    """A button for each person of the table, and the one number that was asked for."""
    shown = [
        one for _, named, _ in handbook_tables.people_by_role(entry.people) for one in named if one.phone
    ]
    with st.container(key="handbook-numbers", horizontal=True, gap="small"):
        for one in shown:
            st.button(
                t(
                    "grid_handbook.see_number",
                    role=one.role or t(f"grid_handbook.roles.{one.role_code}"),
                    id=one.member_id,
                ),
                key=f"number-{one.member_id}-{one.microgrid_code}",
                type="tertiary",
                on_click=_look_up,
                args=(page, one),
            )
    # Taken out as it is shown: the next rerun does not show it again without being logged again.
    if told := st.session_state.pop(_NUMBER, ""):
        _note(told)
    st.html(f'<div class="panel-sub">{escape(t("grid_handbook.logged"))}</div>')


def _look_up(page: Page, person: Person) -> None:
    try:
        number = full_number(page.dataset, person.member_id)
    except (GovernanceError, OSError) as error:  # a callback has no boundary around it
        LOG.error("a number could not be shown: %s", error)
        told = explain(error) if isinstance(error, GovernanceError) else t("grid_handbook.not_logged")
        st.session_state[_NUMBER] = told
        return
    st.session_state[_NUMBER] = t(
        "grid_handbook.number",
        role=person.role,
        id=person.member_id,
        name=handbook_tables.name_words(person),
        number=number or t("grid_handbook.no_phone"),
    )


# -------------------------------------------------------------------------------- candidates
def show_candidates(page: Page, look: Look) -> None:
    """What may be meant, best first: a click opens it; nothing before a search."""
    if look.answer is None:
        return
    names = cached(data.handbook, page.dataset).names
    hits: tuple[Hit, ...] = look.answer.hits
    if not hits:
        with blocks.panel("handbook-candidates", title=t("grid_handbook.no_candidates")):
            blocks.show_empty(t("grid_handbook.none_how"))
        return
    title = t("grid_handbook.candidates_title", n=len(hits))
    with blocks.panel("handbook-candidates", title=title, sub=t("grid_handbook.candidates_sub")):
        for place, hit in enumerate(hits):
            st.button(
                t(
                    "grid_handbook.candidate",
                    place=hit.place.text,
                    of=""
                    if hit.place.of in (hit.place.text, "")
                    else t("grid_handbook.alias_of", of=hit.place.of),
                    kind=t(f"grid_handbook.place_kinds.{hit.place.kind}"),
                    code=hit.place.microgrid_code,
                    name=names.get(("microgrid", hit.place.microgrid_code), ""),
                ),
                key=f"candidate-{place}",
                type="tertiary",
                on_click=data.choose_code,
                args=(hit.place.microgrid_code,),
            )


# ----------------------------------------------------------------------------------- records
def show_facts(page: Page, look: Look) -> None:
    """Key units, estates and routes of the micro-grid."""
    entry = cached(data.handbook, page.dataset).entry(look.code)
    title = t("grid_handbook.facts_title", units=len(entry.units), routes=len(entry.routes))
    with blocks.panel("handbook-facts", title=title):
        blocks.show_svg(handbook_tables.facts_html(entry))


def show_visits(page: Page, look: Look) -> None:
    """When patrols, check-ins and care visits were last there."""
    code = look.code
    dataset = page.dataset
    with blocks.panel(
        "handbook-visits",
        title=t("grid_handbook.visits_title"),
        sub=t("grid_handbook.visits_sub", days=data.RECENT_D),
    ):
        if not dataset.is_patrol_at_hand():
            blocks.show_empty(t("cards.waiting"))
            compute_beside(dataset)
        elif walks := cached(data.walks, dataset, code):
            blocks.show_svg(handbook_tables.walks_html(walks, data.team_names(dataset)))
        else:
            blocks.show_empty(t("grid_handbook.no_walks", days=data.RECENT_D))
        lines = [
            t("grid_handbook.checkin", point=name, day=handbook_tables.day_words(at))
            if not pd.isna(at)
            else t("grid_handbook.no_checkin", point=name)
            for name, at in cached(data.last_checkins, dataset, code)
        ]
        care = cached(data.last_care_visit, dataset, code)
        if care is not None:
            lines.append(t("grid_handbook.care_visit", day=handbook_tables.day_words(care)))
        if lines:
            st.html(f'<div class="panel-sub">{"<br>".join(escape(line) for line in lines)}</div>')


def show_cases(page: Page, look: Look) -> None:
    """The open cases of the micro-grid, masked."""
    cases = cached(data.open_cases, page.dataset, look.code)
    with blocks.panel("handbook-cases", title=t("grid_handbook.cases_title", n=len(cases))):
        if cases.empty:
            blocks.show_empty(t("grid_handbook.no_cases"))
        else:
            blocks.show_svg(cases_html(cases))


def show_footer(page: Page) -> None:
    """What the handbook rests on, and where contacts are masked."""
    dataset = page.dataset
    counts = {
        kind: f"{len(dataset.frame(kind)):,}" for kind in ("members", "addresses", "key_units", "routes")
    }
    blocks.show_footer(t("grid_handbook.footer", **counts), t("grid_handbook.footer_how"))
