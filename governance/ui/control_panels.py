"""The parts of 过程监测: choice, conclusion, the XmR chart, every metric's states, the communities."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from governance.figures import control_list
from governance.figures.control_chart import Drawn, control_figure
from governance.figures.control_words import (
    chart_scale,
    period_words,
    series_definition,
    series_label,
    short_period_words,
    signals_words,
    state_sentence,
    step_words,
    target_words,
)
from governance.metrics.control import FALSE_SIGNAL_SHARE, NONE_BELOW_N, TRIAL_BELOW_N
from governance.metrics.control_series import series_named, series_present
from governance.metrics.periods import GRAINS, WEEK
from governance.text import has, t
from governance.ui import blocks
from governance.ui import control_data as data
from governance.ui.cache import cached
from governance.ui.case_lists import PATROL_COLUMNS, show_case_lists
from governance.ui.control_notes import break_words, show_lines
from governance.ui.filters import option_labels, scope_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.figures.control_chart import Figure
    from governance.metrics.control_states import ChartState
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

_CONFIG = {"displayModeBar": False}
_FIRST = "on_time_share"


# --------------------------------------------------------------------------------- choice
def _series_present(dataset: Dataset) -> tuple[str, ...]:
    return series_present(dataset)


def _remember(name: str) -> None:
    st.query_params[name] = st.session_state[f"control-{name}"]


def choose_chart(page: Page, selection: Selection) -> data.Choice:
    """Draw the two choices of this page, held in the address bar as `of` and `per`."""
    keys = cached(_series_present, page.dataset)
    if not keys:
        blocks.show_empty(t("process_control.nothing"))
        st.stop()
    given = {"of": st.query_params.get("of"), "per": st.query_params.get("per")}
    first = _FIRST if _FIRST in keys else keys[0]
    st.session_state["control-of"] = given["of"] if given["of"] in keys else first
    st.session_state["control-per"] = given["per"] if given["per"] in GRAINS else WEEK
    with st.container(key="control-choice", horizontal=True, gap="small", vertical_alignment="center"):
        key = st.selectbox(
            t("process_control.choose_metric"),
            keys,
            format_func=series_label,
            key="control-of",
            on_change=_remember,
            args=("of",),
            filter_mode=None,
            label_visibility="collapsed",
            width=300,
        )
        grain = st.segmented_control(
            t("process_control.choose_grain"),
            GRAINS,
            format_func=lambda name: t(f"process_control.grain.{name}"),
            key="control-per",
            on_change=_remember,
            args=("per",),
            required=True,
            label_visibility="collapsed",
        )
        st.toggle(t("process_control.show_near"), key="control-near")
    return data.Choice(key, grain or WEEK, selection)


# ----------------------------------------------------------------------------- conclusion
def _place(dataset: Dataset, choice: data.Choice) -> str:
    code = choice.selection.community_code
    return cached(option_labels, dataset, "community").get(code, code) if code else ""


def _sentence(dataset: Dataset, choice: data.Choice) -> str:
    table, state = cached(data.chart, dataset, choice), cached(data.state, dataset, choice)
    if table is None or state is None:
        return t("process_control.sentence.nothing", label=series_label(choice.key))
    scale = chart_scale(choice.key, table)
    label = _place(dataset, choice) + series_label(choice.key)
    pull = cached(data.pull, dataset, choice)
    return state_sentence(choice.key, state, pull, grain=choice.grain, scale=scale, label=label)


def part_words(dataset: Dataset, choice: data.Choice) -> str:
    """The part of the street that is counted; where demand is not told apart it says so."""
    selection = choice.selection
    if data.scope_of(dataset, choice).demand == selection.demand:
        return scope_words(dataset, selection)
    place = scope_words(dataset, replace(selection, demand=None))
    return " · ".join(part for part in (place, t("process_control.all_demand")) if part)


def show_conclusion(page: Page, choice: data.Choice) -> None:
    """The page's name, week and scope, and the sentence that says what the chart says."""
    words = cached(_sentence, page.dataset, choice)
    scope = part_words(page.dataset, choice)
    blocks.show_conclusion(page.spec.title, choice.selection.week, words, scope=scope)


# ---------------------------------------------------------------------------------- chart
def _drawn(dataset: Dataset, choice: data.Choice, with_near: bool) -> Drawn:
    table = cached(data.chart, dataset, choice)
    if table is None:
        raise ValueError(choice.key)
    return Drawn(
        key=choice.key,
        grain=choice.grain,
        chart=table,
        scale=chart_scale(choice.key, table),
        direction=series_named(choice.key).direction,
        year_ago=cached(data.year_ago, dataset, choice),
        targets=data.target_rows(dataset, choice, table["week"]),
        breaks=break_words(dataset, choice, table),
        with_near=with_near,
    )


def _figure(dataset: Dataset, choice: data.Choice, with_near: bool) -> Figure:
    return control_figure(_drawn(dataset, choice, with_near))


def _year_ago_words(dataset: Dataset, choice: data.Choice) -> str:
    if pd.Series(cached(data.year_ago, dataset, choice), dtype="float64").notna().any():
        return t("process_control.year_ago_some")
    first = cached(data.began_on, dataset)
    if first is None:
        return ""
    day = t("process_control.day", year=first.year, month=first.month, day=first.day)
    return t("process_control.year_ago_none", day=day)


def _how_to_read(dataset: Dataset, choice: data.Choice, table: pd.DataFrame, state: ChartState) -> str:
    counted, n = t(f"process_control.counted.{choice.grain}"), state.points_n
    trial = "no_limits" if n < NONE_BELOW_N else "trial" if n < TRIAL_BELOW_N else ""
    partial = t("process_control.partial_note") if table["is_partial"].any() else ""
    return t(
        "process_control.chart_sub",
        unit=chart_scale(choice.key, table).unit,
        scope=f"{scope}，" if (scope := part_words(dataset, choice)) else "",
        n=len(table),
        counted=counted,
        trial=t(f"process_control.{trial}", n=n, counted=counted) if trial else "",
        year_ago=partial + _year_ago_words(dataset, choice),
    )


def _title(dataset: Dataset, choice: data.Choice, state: ChartState) -> str:
    label = series_label(choice.key)
    if state.is_signal and cached(data.pull, dataset, choice) is not None:
        return t("process_control.title_hangs", label=label, change=t(f"cards.change.{state.change}"))
    if state.change == "unknown":
        return t("process_control.title_unknown", label=label)
    if state.change == "common":
        return t("process_control.title_common", label=label)
    return t("process_control.title_signal", label=label, change=t(f"cards.change.{state.change}"))


def _lists(dataset: Dataset, choice: data.Choice, week: str) -> dict[str, pd.DataFrame]:
    """The cases behind the last whole point of the chart."""
    cases, hit = data.behind(dataset, choice, week)
    period = period_words(week, choice.grain)
    unit = t(f"units.{series_named(choice.key).counts}")
    about = {"label": series_label(choice.key), "period": period, "unit": unit}
    name = t("process_control.list_behind", n=len(cases), **about)
    what = "stage" if series_named(choice.key).stage else choice.key
    if not has(f"process_control.hit.{what}"):
        return {name: cases}
    words = t("process_control.list_hit", what=t(f"process_control.hit.{what}"), n=len(hit), unit=unit)
    return {name: cases, words: hit}


def show_chart(page: Page, choice: data.Choice) -> None:
    """The XmR chart, its step, the list behind its last point."""
    dataset = page.dataset
    table, state = cached(data.chart, dataset, choice), cached(data.state, dataset, choice)
    if table is None or state is None or table.empty:
        with blocks.panel("control", title=series_label(choice.key)):
            blocks.show_empty(t("process_control.sentence.nothing", label=series_label(choice.key)))
        return
    suffix = str(choice.selection.week)
    sub = _how_to_read(dataset, choice, table, state)
    with blocks.panel(
        "control", title=_title(dataset, choice, state), sub=sub, page=page, data=table, week=suffix
    ):
        if state.week:
            lists = partial(_lists, dataset, choice, state.week)
            show_case_lists(page, "control", lists, suffix=suffix, extra=PATROL_COLUMNS)
        sentence = cached(_sentence, dataset, choice)
        alt = t("process_control.alt", label=series_label(choice.key), n=len(table), sentence=sentence)
        figure = cached(_figure, dataset, choice, bool(st.session_state.get("control-near")))
        st.plotly_chart(figure, theme=None, alt=alt, config=_CONFIG, key="control-chart")
        notes = [signals_words(table, choice.grain), _pull_hint(dataset, choice)]
        notes += [_step_words(dataset, choice, table), *_target_notes(dataset, choice, table)]
        notes.append(series_definition(choice.key))
        show_lines([note for note in notes if note])


def _pull_hint(dataset: Dataset, choice: data.Choice) -> str:
    pull = cached(data.pull, dataset, choice)
    if pull is None:
        return ""
    return t("process_control.pulled_hint", period=short_period_words(pull.week, choice.grain))


def _step_words(dataset: Dataset, choice: data.Choice, table: pd.DataFrame) -> str:
    found = cached(data.step, dataset, choice)
    if found is None:
        return ""
    step, before, after = found
    scale = chart_scale(choice.key, table)
    return step_words(choice.key, step, before, after, grain=choice.grain, scale=scale)


def _target_notes(dataset: Dataset, choice: data.Choice, table: pd.DataFrame) -> list[str]:
    """Every version of the target that was in force on the chart, with its source."""
    versions = data.versions(dataset, choice.key)
    if not versions:
        return [t("process_control.target_none")]
    if not data.has_target(choice):
        return [t("process_control.target_count_whole")]
    scale = chart_scale(choice.key, table)
    used = [target for target in dict.fromkeys(data.target_rows(dataset, choice, table["week"])) if target]
    return [
        t(
            "process_control.target_version",
            version=target.version,
            words=target_words(target, scale),
            since=target.valid_from.isoformat()
            if target.valid_from
            else t("process_control.target_since_ever"),
            source=target.source,
        )
        for target in used
    ]


# ------------------------------------------------------------------------------ all metrics
def _links(keys: tuple[str, ...]) -> dict[str, str]:
    """The address of each metric's chart with all else as it is."""
    kept = {name: value for name, value in st.query_params.items() if name != "of"}
    return {key: "?" + urlencode({**kept, "of": key}) for key in keys}


def _state_table(states: Mapping[str, ChartState]) -> pd.DataFrame:
    rows = [
        {
            "series": series_label(key),
            "week": state.week,
            "value": state.value,
            "hit_n": state.hit_n,
            "of_n": state.of_n,
            "change": t(f"cards.change.{state.change}"),
            "rule": state.rule,
            "standing": t(f"cards.standing.{state.assurance}") if state.assurance else "",
        }
        for key, state in states.items()
    ]
    return pd.DataFrame(rows)


def show_metrics(page: Page, choice: data.Choice) -> None:
    """Every metric with its two states; the name chooses the chart."""
    every = cached(data.all_states, page.dataset, choice.of(_FIRST))
    states = every.states
    signals = sum(state.is_signal for state in states.values())
    common = sum(state.change == "common" for state in states.values())
    title = t("process_control.list_title", signals=signals, common=common)
    unknown = len(states) - signals - common
    title += t("process_control.list_unknown", n=unknown) if unknown else ""
    scope = part_words(page.dataset, choice.of(_FIRST))
    period = period_words(str(data.last_period(choice)), choice.grain)
    with blocks.panel(
        "control_all",
        title=title,
        sub=t("process_control.list_sub", scope=f"{scope}，" if scope else "", period=period),
        page=page,
        data=_state_table(states),
        week=str(choice.selection.week),
    ):
        links = _links(tuple(states))
        labels = {key: series_label(key) for key in states}
        drawn = control_list.state_list_html(
            states,
            chosen=choice.key,
            grain=choice.grain,
            links=links,
            labels=labels,
            hanging=every.hanging,
        )
        blocks.show_svg(drawn)
        expected = f"{len(states) * FALSE_SIGNAL_SHARE:.1f}"
        counted = t(f"process_control.grain.{choice.grain}")
        words = [t("process_control.list_hangs")] if every.hanging else []
        words.append(t("process_control.false_signals", n=len(states), counted=counted, expected=expected))
        show_lines(words)


# ------------------------------------------------------------------------------ communities
def _multiples(dataset: Dataset, choice: data.Choice) -> str:
    charts = cached(data.community_charts, dataset, choice)
    states = cached(data.community_states, dataset, choice)
    names = cached(option_labels, dataset, "community")
    cells = [
        control_list.Multiple(names.get(code, code), charts[code], states[code]) for code in sorted(charts)
    ]
    return control_list.multiples_html(choice.key, cells, small_n=dataset.settings.integer("small_n"))


def show_communities(page: Page, choice: data.Choice) -> None:
    """The chosen metric in each community, by its own limits, in the order of the codes."""
    charts = cached(data.community_charts, page.dataset, choice)
    n = len(charts)
    title = t("process_control.communities_title_n", n=n) if n else series_label(choice.key)
    expected = f"{n * FALSE_SIGNAL_SHARE:.1f}"
    sub = t(
        "process_control.communities_sub",
        label=series_label(choice.key),
        unit=t(f"process_control.grain.{choice.grain}"),
        chance=t("process_control.communities_chance", n=n, expected=expected),
    )
    with blocks.panel("control_communities", title=title, sub=sub if n else ""):
        if n:
            blocks.show_svg(cached(_multiples, page.dataset, choice))
        else:
            blocks.show_empty(t("process_control.communities_none"))


def show_footer() -> None:
    """The rules in their order."""
    blocks.show_footer(t("process_control.footer_how"), t("week_overview.footer_how"))
