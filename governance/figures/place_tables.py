"""Beside the map, as words and tables: the headline, an area's figures, its parts, its cases."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.place_words import (
    Reading,
    measure_definition,
    measure_label,
    readings_of,
    scale_of,
)
from governance.metrics.areas import STREET_KEY, children_of
from governance.metrics.places import MEASURES
from governance.schema import schema
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from governance.figures.place_map import Choice
    from governance.metrics.areas import AreaKey

LATEST_N = 10
RATE = "reported_per_100_households"


def area_name(areas: pd.DataFrame, key: AreaKey) -> str:
    """The name of an area; the whole street has its own word."""
    return t("grid_map.whole_street") if key == STREET_KEY else str(areas["name"].loc[[key]].iloc[0])


def _reading(measures: pd.DataFrame, key: AreaKey, measure: str) -> Reading:
    return readings_of(_of_area(measures, key), measure).get(key, Reading(measure, float("nan"), None, None))


def _of_area(measures: pd.DataFrame, key: AreaKey) -> pd.DataFrame:
    level, code = key
    return measures[(measures["code"] == code) & (measures["level"] == level)]


def headline_text(
    this_week: pd.DataFrame, last_week: pd.DataFrame, areas: pd.DataFrame, shown: AreaKey
) -> str:
    """The page's one sentence: how many, last week, still open; for an area also per household."""
    reported = _reading(this_week, shown, "reported_n")
    if reported.numerator_n is None:
        return t("grid_map.headline_unknown")
    before, still_open = _reading(last_week, shown, "reported_n"), _reading(this_week, shown, "open_n")
    is_known = before.numerator_n is not None
    words = t("grid_map.headline_before", n=_count(before)) if is_known else ""
    counts = {"n": _count(reported), "before": words, "open": _count(still_open)}
    if shown == STREET_KEY:
        # No place is named without limits.
        return t("grid_map.headline_street", **counts) + t("grid_map.stop")
    sentence = t("grid_map.headline_area", name=area_name(areas, shown), **counts)
    rate, street_rate = (_reading(this_week, key, RATE).value for key in (shown, STREET_KEY))
    if pd.isna(rate) or pd.isna(street_rate):
        return sentence + t("grid_map.stop")
    return sentence + t("grid_map.headline_rate", rate=f"{rate:.1f}", street=f"{street_rate:.1f}")


def _count(reading: Reading) -> str:
    return "—" if reading.numerator_n is None else f"{reading.numerator_n:,}"


def _table_html(heads: Sequence[str], rows: Iterable[str], *, css: str) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f'<table class="{css}"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def figures_html(this_week: pd.DataFrame, last_week: pd.DataFrame, shown: AreaKey, *, small_n: int) -> str:
    """All measures of an area: this week, last week, what this week's value rests on."""
    lines = []
    own = [_of_area(table, shown) for table in (this_week, last_week)]
    for measure in MEASURES:
        now, before = (_reading(table, shown, measure.key) for table in own)
        scale = scale_of(measure.key, (now.value, before.value))
        words = now.words(scale, small_n=small_n)
        earlier = before.words(scale, small_n=small_n) if measure.is_weekly else ""
        counts = now.counts if now.counts != words else ""
        lines.append(
            f'<tr title="{escape(measure_definition(measure.key))}">'
            f"<td>{escape(measure_label(measure.key))}</td><td><b>{escape(words)}</b></td>"
            f"<td>{escape(earlier)}</td><td>{escape(counts)}</td></tr>"
        )
    heads = (t("grid_map.measure"), t("grid_map.this_week"), t("grid_map.last_week"), t("grid_map.rests_on"))
    return _table_html(heads, lines, css="area-figures")


def parts_table(measures: pd.DataFrame, areas: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """The parts of the shown area in code order: name, the chosen measure and three more.

    Every cell is text; columns carry their Chinese heads.
    """
    parts = children_of(areas, choice.shown)
    table = parts[["name"]].reset_index(drop=True)
    measures = measures[measures["level"].isin(parts["level"]) & measures["code"].isin(parts["code"])]
    for key in dict.fromkeys((choice.measure, "reported_n", RATE, "open_n")):
        found = readings_of(measures, key)
        readings = [found[(str(level), str(code))] for level, code in parts.index]
        scale = scale_of(key, [one.value for one in readings])
        table[measure_label(key)] = [one.words(scale, small_n=choice.small_n) for one in readings]
    return table.rename(columns={"name": t("grid_map.name")})


def cases_html(cases: pd.DataFrame) -> str:
    """The latest cases: when, what, from whom, where, closed or still open at the week's end."""
    lines = []
    for row in cases.head(LATEST_N).to_dict("records"):
        at = row["reported_at"]
        what = row["subcategory"] if isinstance(row["subcategory"], str) else row["category"]
        source = schema().label_of("source", row["source"]) if isinstance(row["source"], str) else ""
        state = t("map.open_case") if row["is_open"] else t("map.closed_case")
        texts = (f"{at.month}月{at.day}日 {at:%H:%M}", what, source, row["address"], state)
        cells = "".join(f"<td>{escape(text) if isinstance(text, str) else ''}</td>" for text in texts)
        lines.append(f"<tr>{cells}</tr>")
    heads = ("case_at", "case_what", "case_source", "case_where", "case_state")
    return _table_html([t(f"grid_map.{head}") for head in heads], lines, css="area-cases")
