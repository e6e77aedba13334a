"""一老一小 as charts: the share on time week by week, and how soon somebody came after a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from governance.figures.theme import LIGHT, plotly_template
from governance.metrics.care_surge import WITHIN_H
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

WEEKS_HEIGHT_PX, SURGE_HEIGHT_PX = 356, 236
_SURGE_END_H = 72
# The height of a label in the chart, as a share.
_LABEL_GAP = 0.09
_LINES = (
    {"color": LIGHT.previous, "width": 1.8, "dash": "dot"},
    {"color": LIGHT.previous, "width": 2.2},
    {"color": LIGHT.data, "width": 2.8},
)


def weeks_figure(
    weeks: pd.DataFrame, *, target: float | None, warned: Sequence[tuple[str, str]]
) -> go.Figure:
    """The share of high risk on time at each week's end; the target dashed, weeks with a warning named.

    `weeks` is the table of `care_rows.high_risk_weeks`; `warned` are weeks and words.
    """
    import plotly.graph_objects as go

    figure = go.Figure(layout={"template": plotly_template()})
    names = [t("care_visits.week_short", n=int(week[-2:])) for week in weeks["week"]]
    share = (weeks["done_n"].astype("float64") / weeks["due_n"].astype("float64").replace(0, np.nan)).tolist()
    places = list(range(len(names)))
    counts = [
        t("care_visits.of_people", k=done, n=due) if due is not None else t("care_visits.no_records")
        for done, due in zip(_ints(weeks["done_n"]), _ints(weeks["due_n"]), strict=True)
    ]
    if target is not None:
        figure.add_hline(y=target, line={"color": LIGHT.ink_2, "width": 1.3, "dash": "5px,3px"})
    figure.add_scatter(
        x=places, y=share, mode="lines+markers", customdata=list(zip(names, counts, strict=True)),
        line={"color": LIGHT.data, "width": 2}, marker={"size": 5, "color": LIGHT.data},
        hovertemplate="%{customdata[0]}　%{y:.1%}<br>%{customdata[1]}<extra></extra>",
    )  # fmt: skip
    _mark_warned(figure, list(weeks["week"]), share, warned)
    known = [(place, value) for place, value in enumerate(share) if value == value]
    if known:
        place, value = known[-1]
        figure.add_scatter(x=[place], y=[value], mode="markers", hoverinfo="skip",
                           marker={"size": 10, "color": LIGHT.data})  # fmt: skip
    step = 1 if len(names) <= 14 else 3
    figure.update_layout(
        height=WEEKS_HEIGHT_PX, margin={"l": 46, "r": 22, "t": 14, "b": 26},
        xaxis={"tickvals": places[::-step][::-1], "ticktext": names[::-step][::-1], "fixedrange": True,
               "range": [-0.6, len(names) - 0.4]},
        yaxis={"range": [0, 1.06], "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%",
               "fixedrange": True},
    )  # fmt: skip
    return figure


def _ints(values: pd.Series) -> list[int | None]:
    return [
        None if value is None or value != value else int(value)
        for value in values.astype("object").where(values.notna(), None)
    ]


def _mark_warned(
    figure: go.Figure, weeks: Sequence[str], share: Sequence[float], warned: Sequence[tuple[str, str]]
) -> None:
    """A hollow diamond and the warning's name at each week that had one."""
    for week, words in warned:
        place = weeks.index(week)
        if share[place] != share[place]:
            continue
        figure.add_scatter(
            x=[place], y=[share[place]], mode="markers", hoverinfo="skip",
            marker={"symbol": "diamond", "size": 11, "color": LIGHT.card,
                    "line": {"color": LIGHT.data, "width": 1.8}},
        )  # fmt: skip
        is_low = share[place] < 0.55
        figure.add_annotation(
            x=place, y=share[place], text=words, showarrow=False, font={"size": 13, "color": LIGHT.ink_2},
            xanchor="left" if is_low else "center", xshift=10 if is_low else 0,
            yshift=0 if is_low else -16, bgcolor="rgba(255,255,255,.75)",
        )  # fmt: skip


def surge_figure(surge: pd.DataFrame) -> go.Figure:
    """Per warning the share of high risk visited so many hours after it, the latest warning darkest.

    `surge` is the table of `care_surge.care_surge`; a curve ends where as_of does.
    """
    import plotly.graph_objects as go

    figure = go.Figure(layout={"template": plotly_template()})
    groups = list(surge.groupby("warning_id", sort=False))[-len(_LINES) :]
    looks = _LINES[-len(groups) :] if groups else ()
    ends: list[tuple[float, str, str]] = []
    for (_, people), look in zip(groups, looks, strict=True):
        head, whole = people.iloc[0], len(people)
        end = min(_SURGE_END_H, float(head["known_h"]))
        hours = np.sort(people["after_h"].dropna().to_numpy(dtype=np.float64))
        hours = hours[hours <= end]
        x = np.concatenate([[0.0], hours, [end]])
        y = np.concatenate([[0.0], np.arange(1, len(hours) + 1) / whole, [len(hours) / whole]])
        name = warning_words(head)
        figure.add_scatter(
            x=x, y=y, mode="lines", line={**look, "shape": "hv"}, name=name,
            hovertemplate=t("care_visits.surge_hover", name=name),
        )  # fmt: skip
        ends.append((float(y[-1]), name, LIGHT.ink if look is _LINES[-1] else LIGHT.ink_2))
    for height, name, colour in _apart(ends):
        figure.add_annotation(
            x=_SURGE_END_H, y=height, text=name, showarrow=False, xanchor="left", xshift=6,
            font={"size": 13, "color": colour},
        )  # fmt: skip
    figure.update_layout(
        height=SURGE_HEIGHT_PX, margin={"l": 46, "r": 118, "t": 12, "b": 28},
        xaxis={"range": [0, _SURGE_END_H], "tickvals": [0, *WITHIN_H, _SURGE_END_H], "fixedrange": True,
               "ticktext": ["", *(str(hours) for hours in WITHIN_H), t("care_visits.hours", n=_SURGE_END_H)],
               "showgrid": True},
        yaxis={"range": [0, 1.04], "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%",
               "fixedrange": True},
    )  # fmt: skip
    return figure


def _apart(labels: list[tuple[float, str, str]]) -> list[tuple[float, str, str]]:
    """Labels at the ends of lines, moved down where they would cover one another."""
    placed: list[tuple[float, str, str]] = []
    for height, name, colour in sorted(labels, reverse=True):
        free = placed[-1][0] - _LABEL_GAP if placed else height
        placed.append((min(height, free), name, colour))
    return placed


def warning_words(row: pd.Series) -> str:
    """7月21日 暴雨."""
    issued = row["issued_at"]
    kind = row["kind"] if isinstance(row["kind"], str) else ""
    return t("care_visits.warning", month=issued.month, day=issued.day, kind=kind).strip()
