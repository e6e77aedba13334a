"""逐级化解: what came back, repeats, disputes, and the places where it never ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from governance.figures import chronic_map, escalation_tables, ladder, share_rows
from governance.figures.maps import Tiles, base_map, changing_layers
from governance.metrics.areas import STREET_KEY
from governance.text import t
from governance.ui import blocks, map_data
from governance.ui import escalation_data as data
from governance.ui.cache import cached
from governance.ui.case_lists import show_case_lists
from governance.ui.escalation_panels import case_groups, columns, small_n, trend_words
from governance.ui.leaflet import leaflet_files
from governance.ui.shell import error_boundary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

LIST_ROWS, MAP_HEIGHT_PX = 15, 380


# -------------------------------------------------------------------- came back, repeats
def _rows_of(table: pd.DataFrame, selection: Selection) -> list[share_rows.ShareRow]:
    return [
        share_rows.ShareRow(
            str(row["name"]),
            int(row["wide_n"]),
            int(row["n"]),
            other_k=int(row["address_n"]),
            look="total" if row["group"] == data.STREET else _chosen(row["group"], selection),
        )
        for row in table.to_dict("records")
        if row["n"] or row["group"] == data.STREET
    ]


def _chosen(group: object, selection: Selection) -> str:
    return "chosen" if group == selection.community_code else ""


def show_check(page: Page, selection: Selection, name: str) -> None:
    """One check by both rules of a place: `suppression` (closed, then back) or `repeats`."""
    table = cached(data.both_rules, page.dataset, selection, name)
    street = table.iloc[0]
    n, few = int(street["n"]), small_n(page)
    shares = {key: ladder.share_text(int(street[f"{key}_n"]), n) for key in ("wide", "address")}
    title = t(f"case_escalation.{name}.title" if n >= few else f"case_escalation.{name}.title_few", **shares)
    sub = t(f"case_escalation.{name}.sub", weeks=trend_words(page.dataset, selection.week), n=f"{n:,}")
    with blocks.panel(name, title=title, sub=sub, page=page, data=table, week=str(selection.week)):
        show_case_lists(page, name, lambda: _check_lists(page, selection, name), suffix=str(selection.week))
        if not n:
            blocks.show_empty(t("case_escalation.no_followup"))
            return
        heads = (f"{name}_wide", f"{name}_address")
        alt = t(f"case_escalation.{name}.alt", n=len(table) - 1)
        blocks.show_svg(
            share_rows.share_rows_html(_rows_of(table, selection), heads=heads, small_n=few, alt=alt)
        )
        if name == "suppression":
            st.html(f'<div class="panel-sub">{t("case_escalation.share_key")}</div>')


def _check_lists(page: Page, selection: Selection, name: str) -> Mapping[str, pd.DataFrame]:
    compute, whole, part = data.CHECKS[name]
    dataset, week = page.dataset, selection.week
    cases, inside = dataset.cases(), cached(data.scoped, dataset, selection)
    codes = data.community_group(cases["community_code"], cached(data.community_names, dataset))
    wide, narrow = (cached(compute, dataset, week, rule) for rule in (data.WIDE, data.NARROW))
    groups = [
        (t(f"case_escalation.{name}.list_all"), inside & wide[whole]),
        (t(f"case_escalation.{name}.list_address"), inside & narrow[part]),
        (t(f"case_escalation.{name}.list_wide"), inside & wide[part]),
    ]
    everywhere = cached(data.scoped_everywhere, dataset, selection)
    for code, words in cached(data.community_names, dataset).items():
        mark = everywhere & narrow[part] & codes.eq(code)
        groups.append((f"{words} · {t(f'case_escalation.{name}.list_address')}", mark))
    return case_groups(cases, groups)


# -------------------------------------------------------------------------------- disputes
def show_disputes(page: Page, selection: Selection) -> None:
    """Mediation agreements reached and kept; petitions first, again, over the level's head."""
    counts = cached(data.dispute_counts, page.dataset, selection)
    title = t(
        "case_escalation.disputes.title",
        agreed=counts["agreed_n"],
        mediations=counts["mediations_n"],
        petitions=counts["petitions_n"],
        repeated=counts["repeated_n"],
    )
    table = pd.DataFrame(
        {"name": [t(f"case_escalation.disputes.{key}") for key in counts], "n": list(counts.values())}
    )
    sub = t("case_escalation.disputes.sub", weeks=trend_words(page.dataset, selection.week))
    with blocks.panel("disputes", title=title, sub=sub, page=page, data=table, week=str(selection.week)):
        show_case_lists(page, "disputes", lambda: _dispute_lists(page, selection), suffix=str(selection.week))
        if not counts["mediations_n"] and not counts["petitions_n"]:
            blocks.show_empty(t("case_escalation.disputes.none"))
            return
        blocks.show_svg(escalation_tables.facts_html(_dispute_facts(counts, small_n(page))))


def _dispute_facts(counts: Mapping[str, int], few: int) -> list[tuple[str, str, str]]:
    def share(k: str, n: str) -> tuple[str, str]:
        of = ladder.of_text(counts[k], counts[n])
        return (of, "") if counts[n] < few else (ladder.share_text(counts[k], counts[n]), of)

    words = "case_escalation.disputes."
    facts = [
        (t(words + "agreed_n"), *share("agreed_n", "mediations_n")),
        (t(words + "kept_address_n"), *share("kept_address_n", "agreed_followed_n")),
        (t(words + "kept_n"), *share("kept_n", "agreed_followed_n")),
        (t(words + "first_n"), f"{counts['first_n']:,}", t(words + "of_petitions", n=counts["petitions_n"])),
        (t(words + "repeated_n"), f"{counts['repeated_n']:,}", t(words + "repeated_how")),
    ]
    known = counts["received_known_n"]
    over = (f"{counts['over_head_n']:,}", t(words + "over_head_of", n=known)) if known else None
    facts.append((t(words + "over_head_n"), *(over or (t("cards.missing"), t(words + "over_head_unknown")))))
    return facts


def _dispute_lists(page: Page, selection: Selection) -> Mapping[str, pd.DataFrame]:
    marks = cached(data.dispute_marks, page.dataset, selection.week)
    inside = cached(data.scoped, page.dataset, selection)
    groups = [(t(f"case_escalation.disputes.{name}"), inside & marks[name]) for name in marks.columns]
    return case_groups(page.dataset.cases(), groups)


# -------------------------------------------------------------------------- chronic places
@st.fragment
def chronic_block(page: Page, selection: Selection) -> None:
    """Chronic places on the map, and the list beside it."""
    with error_boundary():
        _chronic_block(page, selection)


def _chronic_block(page: Page, selection: Selection) -> None:
    dataset = page.dataset
    rule = str(st.session_state.get("chronic-rule") or data.WIDE)
    places = cached(data.chronic, dataset, selection, rule)
    span = data.chronic_span(selection.week)
    words = {
        "n": f"{len(places):,}",
        "first": chronic_map.day_text(pd.Timestamp(span.start_at)),
        "last": chronic_map.day_text(pd.Timestamp(selection.week.last_day)),
        "drawn": chronic_map.DRAWN_N,
    }
    main, side = columns("chronic", 800, 811)
    with (
        main,
        blocks.panel(
            "chronic-map", title=_chronic_title(places), sub=t("case_escalation.chronic.sub", **words)
        ),
    ):
        _rule_choice(dataset, selection)
        if places.empty:
            blocks.show_empty(t("case_escalation.chronic.none"))
        else:
            _draw(dataset, places)
    csv = places.drop(columns=["place_n"])
    title = t("case_escalation.chronic.list_title", n=min(len(places), LIST_ROWS), of=words["n"])
    sub = t("case_escalation.chronic.list_sub")
    with side, blocks.panel("chronic", title=title, sub=sub, page=page, data=csv, week=str(selection.week)):
        show_case_lists(
            page, "chronic", lambda: _chronic_lists(dataset, selection, rule), suffix=str(selection.week)
        )
        if len(places):
            blocks.show_svg(escalation_tables.chronic_table_html(places, rows_n=LIST_ROWS))
        else:
            blocks.show_empty(t("case_escalation.chronic.none"))


def _chronic_title(places: pd.DataFrame) -> str:
    if places.empty:
        return t("case_escalation.chronic.title_none")
    top = places.iloc[0]
    return t(
        "case_escalation.chronic.title",
        place=chronic_map.place_text(top["place"]),
        category=top["category"],
        n=f"{top['n']:,}",
    )


def _rule_choice(dataset: Dataset, selection: Selection) -> None:
    counts = {rule: len(cached(data.chronic, dataset, selection, rule)) for rule in (data.WIDE, data.NARROW)}
    st.segmented_control(
        t("case_escalation.chronic.rule"),
        list(counts),
        format_func=lambda rule: t(f"case_escalation.chronic.rule_{rule}", n=f"{counts[rule]:,}"),
        default=data.WIDE,
        key="chronic-rule",
        label_visibility="collapsed",
        required=True,
    )


def _draw(dataset: Dataset, places: pd.DataFrame) -> None:
    shapes = cached(map_data.shapes, dataset)
    url = dataset.settings.text("tile_url")
    tiles = Tiles(url, dataset.settings.text("tile_attribution")) if url else None
    st_folium(
        base_map(shapes.ground, leaflet=leaflet_files(), tiles=tiles),
        key=f"chronic-map-{dataset.fingerprint[:16]}",
        height=MAP_HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=changing_layers(chronic_map.chronic_layers(places, shapes, STREET_KEY)),
        render=False,
    )


def _chronic_lists(dataset: Dataset, selection: Selection, rule: str) -> Mapping[str, pd.DataFrame]:
    """The cases of every place, in the list's order, then of all together."""
    places = cached(data.chronic, dataset, selection, rule)
    events = cached(data.chronic_cases, dataset, selection, rule)
    lists = {}
    for number, row in enumerate(places.head(chronic_map.DRAWN_N).to_dict("records"), start=1):
        place = f"{number} {chronic_map.place_text(row['place'])} · {row['category']}"
        rows = events[events["place_n"].eq(row["place_n"])]
        lists[t("case_escalation.list_case", name=place, n=len(rows))] = rows
    if len(events):
        lists[t("case_escalation.list_case", name=t("case_escalation.chronic.all"), n=f"{len(events):,}")] = (
            events
        )
    return lists
