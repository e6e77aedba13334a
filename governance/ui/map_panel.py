"""Beside the map: the shown area's figures, its parts (a row turns to it), its cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from governance.figures.case_table import cases_table
from governance.figures.place_tables import LATEST_N, area_name, cases_html, figures_html, parts_table
from governance.metrics.areas import STREET_KEY, children_of
from governance.text import t
from governance.ui.blocks import panel, show_svg
from governance.ui.cache import cached
from governance.ui.map_data import measures

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from governance.figures.place_map import Choice
    from governance.metrics.areas import AreaKey
    from governance.records.dataset import Dataset
    from governance.ui.shell import Page
    from governance.workdays import Week

_ROW_PX = 27
_HEAD_PX = 38
_MAX_ROWS_SHOWN = 9


def cases_in(cases: pd.DataFrame, shown: AreaKey) -> pd.DataFrame:
    """The reported cases in an area; all of them for the street."""
    level, code = shown
    reported = cases[cases["is_reported"]]
    return reported if shown == STREET_KEY else reported[reported[level] == code]


def _parts(
    figures: pd.DataFrame, areas: pd.DataFrame, choice: Choice, turn_to: Callable[[AreaKey], None]
) -> None:
    parts = children_of(areas, choice.shown)
    if parts.empty:
        return
    key = f"parts-{choice.shown[0]}-{choice.shown[1]}"

    def follow() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            turn_to(tuple(parts.index[rows[0]]))

    level = parts["level"].iloc[0]
    with panel("parts", title=t(f"grid_map.parts.{level}", n=len(parts)), sub=t("grid_map.parts_how")):
        table = parts_table(figures, areas, choice)
        st.dataframe(
            table,
            column_config={
                name: st.column_config.TextColumn(alignment="right") for name in table.columns[1:]
            },
            key=key,
            hide_index=True,
            row_height=_ROW_PX,
            height=_ROW_PX * min(len(parts), _MAX_ROWS_SHOWN) + _HEAD_PX,
            on_select=follow,
            selection_mode="single-row",
        )


def _figures(dataset: Dataset, week: Week, shown: AreaKey, small_n: int) -> str:
    this_week, last_week = (cached(measures, dataset, one) for one in (week, week.shifted(-1)))
    return figures_html(this_week, last_week, shown, small_n=small_n)


def map_panel(
    page: Page, week: Week, areas: pd.DataFrame, choice: Choice, turn_to: Callable[[AreaKey], None]
) -> None:
    """The shown area's figures of this week and last, and its parts; a row of them leads there."""
    this_week = cached(measures, page.dataset, week)
    level, code = choice.shown
    own = this_week[(this_week["level"] == level) & (this_week["code"] == code)]
    title = area_name(areas, choice.shown)
    with panel("area", title=title, sub=t("grid_map.figures_how"), page=page, data=own):
        show_svg(cached(_figures, page.dataset, week, choice.shown, choice.small_n))
    _parts(this_week, areas, choice, turn_to)


def case_list(page: Page, cases: pd.DataFrame, choice: Choice, week: Week) -> None:
    """The week's latest cases in the shown area, masked, with all rows to download."""
    inside = cases_in(cases, choice.shown)
    sub = t("grid_map.cases_how", n=f"{len(inside):,}", latest=min(LATEST_N, len(inside)))
    data = cases_table(inside)
    with panel("cases", title=t("grid_map.cases_title"), sub=sub, page=page, data=data, week=str(week)):
        if len(inside):
            show_svg(cases_html(inside))
