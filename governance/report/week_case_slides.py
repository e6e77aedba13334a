"""The slides that are made of cases: response and backlog, containment and chronic places."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from governance.figures.chronic_map import place_text
from governance.figures.durations import duration_scale, same_unit
from governance.figures.ladder import BAND_LOOKS
from governance.figures.place_words import short_name
from governance.metrics.closing import LEAST_N
from governance.metrics.containment import BANDS
from governance.metrics.targets import target_of
from governance.report.model import Chart, Item, Series, Slide
from governance.report.week_parts import figure_of_card, known, title_of, weekly_chart
from governance.text import has, t

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from governance.metrics.closing import Closing
    from governance.records.dataset import Dataset
    from governance.report.model import Figure, Mark
    from governance.report.week_cases import CaseFacts
    from governance.workdays import Week

RESPONSE = ("report_to_arrive_p90_min", "on_time_share", "report_to_close_median_min", "open_n")
_CHRONIC_SHOWN_N = 3


# -------------------------------------------------------------------------------- response
def response_slide(dataset: Dataset, facts: CaseFacts | None, week: Week, *, is_struck: bool) -> Slide:
    """Arrival, on time, closing, what is open; the false speed-up where closed cases alone deceive."""
    if facts is None or not facts.has_week:
        return Slide("response", t("slides.response.none"), empty=t("slides.response.empty"))
    figures = tuple(
        _named(figure_of_card(facts.cards[key], is_struck=is_struck), facts, key) for key in RESPONSE
    )
    target = target_of(dataset.frame("targets"), "on_time_share", week.last_day)
    charts = [
        weekly_chart("on_time_share", facts.weeks, target=target.value if target else math.nan),
        closing_chart(facts.closings) if facts.misleading else weekly_chart(RESPONSE[0], facts.weeks),
    ]
    speed_up = [_speed_up_item(facts, week)] if facts.misleading else []
    return Slide(
        "response",
        _response_title(facts, is_struck=is_struck),
        items=(*speed_up, *_stock_items(facts, week)),
        figures=figures,
        charts=tuple(chart for chart in charts if chart is not None),
        notes=_notes(facts, "response"),
    )


def _named(figure: Figure, facts: CaseFacts, key: str) -> Figure:
    """The figure with its short name and whose cases it counts, where its neighbours leave that open."""
    if has(f"slides.short.{key}"):
        figure = replace(figure, short=t(f"slides.short.{key}"))
    whose = {"community_share": "public", "open_n": "all_sources"}.get(key)
    if whose is None or not figure.basis or not facts.parts.names_sources:
        return figure
    return replace(figure, basis=t(f"slides.basis.{whose}", basis=figure.basis))


def _response_title(facts: CaseFacts, *, is_struck: bool) -> str:
    if is_struck:
        return t("slides.response.struck")
    if facts.misleading:
        return title_of(t("slides.response.slow", name=facts.misleading), t("slides.response.slow_one"))
    for states in (("worse",), ("better",)):
        for key in RESPONSE:
            if facts.cards[key].change in states:
                name = t(f"slides.short.{key}")
                return title_of(t(f"slides.response.{states[0]}", name=name), t("slides.response.moved"))
    missed = [key for key in RESPONSE if facts.cards[key].standing in ("missed", "consistently_missed")]
    if missed:
        return title_of(t("slides.response.missed", name=t(f"slides.short.{missed[0]}")))
    has_limits = any(facts.cards[key].change == "common" for key in RESPONSE)
    return t("slides.response.common" if has_limits else "slides.response.unjudged")


def closing_chart(closings: Mapping[str, Closing]) -> Chart:
    """By category: the median with open cases counted, beside that of the closed ones alone."""
    shown = {name: one for name, one in sorted(closings.items()) if one.n >= LEAST_N}
    medians = [one.median for one in shown.values() if not math.isnan(one.median)]
    scale = duration_scale(max(medians, default=math.nan))

    def values(column: str) -> tuple[float | None, ...]:
        written = (known(getattr(one, column) / scale.divisor) for one in shown.values())
        return tuple(None if value is None else round(value, scale.decimals) for value in written)

    return Chart(
        kind="bar",
        title=t("slides.chart.closing"),
        categories=tuple(shown),
        series=(
            Series(t("slides.chart.all_cases"), values("median")),
            Series(t("slides.chart.closed_only"), values("closed_only_median"), "previous"),
        ),
        unit=scale.unit,
        note=t("slides.chart.closing_note", n=LEAST_N),
    )


def _speed_up_item(facts: CaseFacts, week: Week) -> Item:
    """The category whose closed cases alone mislead most."""
    name = str(facts.misleading)
    one = facts.closings[name]
    is_reached = not math.isnan(one.median)
    closed, median = same_unit(one.closed_only_median, one.median if is_reached else one.watched)
    key = "reached" if is_reached else "not_reached"
    value, _, unit = median.rpartition(" ")
    return Item(
        mark="overdue",
        word=t("headlines.words.speedup_overdue"),
        title=t("headlines.speedup.title", category=name),
        sub=t(f"headlines.speedup.{key}", closed=closed, open=one.open_n, n=one.n, median=median),
        value=value if is_reached else f"≥{value}",
        unit=unit,
        owner=t("headlines.posts.category", category=name),
        page="incident_response",
        params={"week": str(week), "category": name},
    )


def _stock_items(facts: CaseFacts, week: Week) -> list[Item]:
    """Overdue cases under way, as normal variation or not."""
    rows = facts.overdue.dropna(subset=["value"])
    if rows.empty or str(rows["week"].iloc[-1]) != str(week):
        return []
    now, earlier = rows.iloc[-1], rows["value"].iloc[:-1]
    is_signal = isinstance(now["signal"], str)
    is_worse = is_signal and now["value"] > now["centre"]
    mark: Mark = "worse" if is_worse else "better" if is_signal else "normal"
    has_limits = not math.isnan(float(now["centre"]))
    key = "common" if has_limits and not is_signal else "signal" if is_signal else "unjudged"
    previous = "—" if earlier.empty else f"{earlier.iloc[-1]:,.0f}"
    return [
        Item(
            mark=mark if has_limits else "none",
            word=t(f"cards.change.{'common' if mark == 'normal' else mark}") if has_limits else "",
            title=t("slides.stock.title", n=f"{now['value']:,.0f}"),
            sub=t(
                f"slides.stock.{key}",
                previous=previous,
                upper=f"{float(now['upper']):.0f}" if has_limits else "",
            ),
            value=f"{now['value']:,.0f}",
            unit=t("units.case"),
            owner=t("headlines.posts.centre"),
            page="incident_response",
            params={"week": str(week)},
        )
    ]


# ----------------------------------------------------------------------------- containment
def containment_slide(dataset: Dataset, facts: CaseFacts | None, week: Week, *, is_struck: bool) -> Slide:
    """Who settled the cases, by community, and the places where the same trouble comes back."""
    if facts is None or not facts.has_week:
        return Slide("containment", t("slides.containment.none"), empty=t("slides.containment.empty"))
    card = facts.cards["community_share"]
    share = _named(figure_of_card(card, is_struck=is_struck), facts, "community_share")
    figures = (share, figure_of_card(facts.cards["reported_n"]))
    chart = ladder_chart(dataset, facts)
    return Slide(
        "containment",
        _containment_title(facts, card.figure + card.unit, is_struck=is_struck),
        items=tuple(_chronic_items(dataset, facts, week)),
        figures=tuple(figure for figure in figures if figure.value != t("cards.missing")),
        charts=(chart,) if chart else (),
        notes=_notes(facts, "containment"),
    )


def _containment_title(facts: CaseFacts, share: str, *, is_struck: bool) -> str:
    card = facts.cards["community_share"]
    if is_struck or math.isnan(card.spark.values[-1] if card.spark.values else math.nan):
        return t("slides.containment.unknown")
    key = card.change if card.change in ("worse", "better") else card.standing
    known_key = {"missed": "missed", "consistently_missed": "missed", "met": "met", "consistently_met": "met"}
    usual = "common" if card.change == "common" else "unjudged"
    name = key if key in ("worse", "better") else known_key.get(key, usual)
    return title_of(t(f"slides.containment.{name}", share=share), t("slides.containment.plain"))


def ladder_chart(dataset: Dataset, facts: CaseFacts) -> Chart | None:
    """The bands of each community in the order of codes, percent of its cases; None without communities.

    They count all cases, the figure beside them the public's alone; the title says so.
    """
    table = facts.ladder.set_index("group")
    names = _community_names(dataset)
    codes = [code for code in names if code in table.index] or list(table.index[:12])
    rows = table.loc[codes]
    if rows.empty:
        return None
    bands, looks = [band for band in BANDS if rows[band].sum()], dict(BAND_LOOKS)
    whose = "ladder" if facts.parts.names_sources else "ladder_all"
    return Chart(
        kind="stacked_bar",
        title=t(f"slides.chart.{whose}", n=f"{int(rows['cases_n'].sum()):,}"),
        categories=tuple(names.get(str(code), str(code)) for code in codes),
        series=tuple(
            Series(
                t(f"case_escalation.bands.{band}"),
                tuple(_percents(rows[band], rows["cases_n"])),
                looks[band],  # type: ignore[arg-type]
            )
            for band in bands
        ),
        unit="%",
        note=t("slides.chart.ladder_note"),
    )


def _percents(part: pd.Series, whole: pd.Series) -> list[float]:
    return [round(100 * k / n, 1) for k, n in zip(part, whole, strict=True)]


def _community_names(dataset: Dataset) -> dict[str, str]:
    frame = dataset.frame("communities").dropna(subset=["community_code"])
    frame = frame.drop_duplicates("community_code", keep="last").sort_values("community_code")
    named = zip(frame["community_code"], frame["name"].fillna(frame["community_code"]), strict=True)
    return {str(code): short_name(str(name)) for code, name in named}


def _chronic_items(dataset: Dataset, facts: CaseFacts, week: Week) -> list[Item]:
    """The fullest places that came again in the week."""
    live = facts.chronic[facts.chronic["week_n"].gt(0)]
    names = _community_names(dataset)
    return [
        Item(
            mark="pressing",
            word=t("headlines.words.chronic_pressing"),
            title=t("slides.chronic.title", place=place_text(row["place"]), category=row["category"]),
            sub=t("slides.chronic.sub", week=int(row["week_n"])),
            value=f"{int(row['n']):,}",
            unit=t("units.checkin"),
            owner=_community_owner(names, row["community_code"]),
            page="case_escalation",
            params={"week": str(week)},
        )
        for row in live.head(_CHRONIC_SHOWN_N).to_dict("records")
    ]


def _community_owner(names: Mapping[str, str], code: object) -> str:
    """The community in full, as the responsible unit; empty where none is known."""
    name = names.get(str(code), "")
    return t("slides.care_storm.community_owner", place=name) if name else ""


def _notes(facts: CaseFacts, key: str) -> tuple[str, ...]:
    """What the figures rest on, in words."""
    sources = t("slides.notes.public" if facts.parts.names_sources else "slides.notes.all_sources")
    return t(f"slides.notes.{key}"), sources
