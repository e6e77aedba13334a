"""The XmR chart: values with their limits phase by phase, signals by shape and word, moving ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.figures.control_words import basis_words, period_words, short_rule, value_words
from governance.figures.theme import LIGHT, plotly_template
from governance.metrics.control import moving_ranges
from governance.metrics.control_states import change_of, signal_sides
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure as Figure

    from governance.figures.place_words import Scale
    from governance.metrics.targets import Target

# Labels under the axis, at most.
_TICKS = 14
_HEIGHT, _TOP, _FOOT = 440, 34, 44
_SHARE_OF_VALUES, _GAP = 0.78, 0.07
_PLOT_PX = (_HEIGHT - _TOP - _FOOT) * _SHARE_OF_VALUES * (1 - _GAP)
_LABEL_PX = 18
# Of the chart's width: the room a rule's name takes beside its point.
_LABEL_WIDTH = 0.12
_LOOKS = {
    "worse": ("diamond", LIGHT.plum, LIGHT.plum),
    "better": ("diamond", LIGHT.card, LIGHT.teal),
    "up": ("diamond", LIGHT.card, LIGHT.data),
    "down": ("diamond", LIGHT.card, LIGHT.data),
}


@dataclass(frozen=True)
class Drawn:
    """What one chart shows: its rows, unit and direction, last year's values, targets, breaks.

    `targets` holds the target in force per row; `breaks` says by phase why it begins.
    """

    key: str
    grain: str
    chart: pd.DataFrame
    scale: Scale
    direction: str
    year_ago: tuple[float, ...] = ()
    targets: tuple[Target | None, ...] = ()
    breaks: tuple[str, ...] = ()
    with_near: bool = False

    def y(self, values: pd.Series) -> list[float]:
        """Values in the unit of the chart."""
        return [float(value) / self.scale.divisor for value in values]


def control_figure(drawn: Drawn) -> Figure:
    """The chart of values above, the moving ranges small below."""
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        row_heights=[_SHARE_OF_VALUES, 1 - _SHARE_OF_VALUES],
        vertical_spacing=_GAP,
    )
    for _, rows in drawn.chart.groupby("phase"):
        _add_limits(figure, drawn, rows)
    _add_targets(figure, drawn)
    _add_values(figure, drawn)
    _add_signals(figure, drawn)
    _add_breaks(figure, drawn)
    _add_ranges(figure, drawn)
    _add_right_labels(figure, drawn, *_value_range(drawn))
    _lay_out(figure, drawn)
    return figure


def _add_limits(figure: Figure, drawn: Drawn, rows: pd.DataFrame) -> None:
    """The band of one phase, its mean, and the near limits where wanted."""
    if rows["centre"].isna().all():
        return
    first = rows.iloc[0]
    lower, centre, upper, near_lower, near_upper = (
        float(first[name]) / drawn.scale.divisor
        for name in ("lower", "centre", "upper", "near_lower", "near_upper")
    )
    left, right = rows.index[0] - 0.45, rows.index[-1] + 0.45
    shape = {"x0": left, "x1": right, "row": 1, "col": 1}
    figure.add_shape(
        type="rect", y0=lower, y1=upper, fillcolor=LIGHT.band, line_width=0, layer="below", **shape
    )
    figure.add_shape(type="line", y0=centre, y1=centre, line={"color": LIGHT.ink_3, "width": 1}, **shape)
    for near in (near_lower, near_upper) if drawn.with_near else ():
        line = {"color": LIGHT.rule, "width": 1, "dash": "dot"}
        figure.add_shape(type="line", y0=near, y1=near, line=line, **shape)


def _note(figure: Figure, x: float, y: float, text: str, anchor: str, **more: object) -> None:
    """A direct label of 13 px."""
    font = {"size": 13, "color": LIGHT.ink_2}
    figure.add_annotation(
        x=x,
        y=y,
        text=text,
        showarrow=False,
        xanchor=anchor,
        font=font,
        row=1,
        col=1,
        **({"xshift": 6} | more),
    )


def _add_targets(figure: Figure, drawn: Drawn) -> None:
    """The target in force, dashed; a step where its version changes."""
    if not any(drawn.targets):
        return
    x, y = [], []
    for place, target in enumerate(drawn.targets):
        level = math.nan if target is None else target.value / drawn.scale.divisor
        x += [place - 0.5, place + 0.5]
        y += [level, level]
    line = {"color": LIGHT.ink_2, "width": 1.4, "dash": "5px 3px"}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", row=1, col=1)


def _right_labels(drawn: Drawn) -> list[tuple[float, str]]:
    """What stands at the right end: the limits and the mean of the last phase, the target."""
    last = drawn.chart.iloc[-1]
    found = [
        (float(last[name]), f"{t(f'process_control.lines.{name}')} {drawn.scale.number(float(last[name]))}")
        for name in ("upper", "centre", "lower")
        if not pd.isna(last[name])
    ]
    target = drawn.targets[-1] if drawn.targets else None
    if target is not None:
        words = t(f"cards.{target.direction}", value=drawn.scale.number(target.value))
        found.append((target.value, f"{t('process_control.lines.target')} {words}"))
    return sorted((value / drawn.scale.divisor, words) for value, words in found)


def _add_right_labels(figure: Figure, drawn: Drawn, low: float, high: float) -> None:
    """The labels beside the right end, moved apart where they would touch."""
    per_px, taken = (high - low) / _PLOT_PX, -math.inf
    for value, words in _right_labels(drawn):
        y = max(value, taken + _LABEL_PX * per_px)
        taken = y
        _note(figure, len(drawn.chart) - 0.5, y, words, "left")


def _add_values(figure: Figure, drawn: Drawn) -> None:
    """Last year's values thin, then the line of each phase; a partial period is a hollow dot apart."""
    chart = drawn.chart
    if any(not math.isnan(value) for value in drawn.year_ago):
        line = {"color": LIGHT.previous, "width": 1.2}
        y = [value / drawn.scale.divisor for value in drawn.year_ago]
        figure.add_scatter(x=list(chart.index), y=y, mode="lines", line=line, hoverinfo="skip", row=1, col=1)
    whole = chart[~chart["is_partial"]]
    for _, rows in whole.groupby("phase"):
        figure.add_scatter(
            x=list(rows.index),
            y=drawn.y(rows["value"]),
            mode="lines+markers",
            line={"color": LIGHT.data, "width": 1.8},
            marker={"size": 6, "color": LIGHT.data},
            text=hover_words(drawn).loc[rows.index].tolist(),
            hovertemplate="%{text}<extra></extra>",
            row=1,
            col=1,
        )
    hollow = chart[chart["is_partial"] | chart["is_set_aside"]]
    marker = {"size": 9, "color": LIGHT.card, "line": {"color": LIGHT.data, "width": 1.8}}
    figure.add_scatter(
        x=list(hollow.index),
        y=drawn.y(hollow["value"]),
        mode="markers",
        marker=marker,
        text=hover_words(drawn).loc[hollow.index].tolist(),
        hovertemplate="%{text}<extra></extra>",
        row=1,
        col=1,
    )


def hover_words(drawn: Drawn) -> pd.Series:
    """What stands in the hover of each point: period, value, what it rests on, its rule."""
    sides = signal_sides(drawn.chart)
    words = []
    for place, row in enumerate(drawn.chart.to_dict("records")):
        rule = "" if pd.isna(row["signal"]) else short_rule(str(row["signal"]), int(sides[place]))
        partial = t("process_control.partial") if row["is_partial"] else ""
        aside = t("process_control.set_aside") if row["is_set_aside"] else ""
        parts = (
            period_words(str(row["week"]), drawn.grain),
            f"<b>{value_words(drawn.key, drawn.scale, float(row['value']))}</b>",
            basis_words(drawn.key, float(row["hit_n"]), float(row["of_n"])),
            rule,
            partial,
            aside,
        )
        words.append("<br>".join(part for part in parts if part))
    return pd.Series(words, index=drawn.chart.index, dtype="string")


def _add_signals(figure: Figure, drawn: Drawn) -> None:
    """A diamond for every signal, with its rule in words where there is room; all stand in the hover."""
    sides = signal_sides(drawn.chart)
    apart, labelled = len(sides) * _LABEL_WIDTH, {1: -math.inf, -1: -math.inf}
    for place in np.flatnonzero(sides).tolist():
        row, side = drawn.chart.iloc[place], int(sides[place])
        symbol, fill, edge = _LOOKS[change_of(side, drawn.direction)]
        y = float(row["value"]) / drawn.scale.divisor
        marker = {"symbol": symbol, "size": 12, "color": fill, "line": {"color": edge, "width": 2}}
        x = int(drawn.chart.index[place])
        figure.add_scatter(x=[x], y=[y], mode="markers", marker=marker, hoverinfo="skip", row=1, col=1)
        if x - labelled[side] >= apart:
            at = {"yanchor": "bottom", "yshift": 8} if side > 0 else {"yanchor": "top", "yshift": -8}
            _note(figure, x, y, short_rule(str(row["signal"]), side), "center", **at, xshift=0)
            labelled[side] = x


def _add_breaks(figure: Figure, drawn: Drawn) -> None:
    """A dotted line where a phase begins, with its date and reason."""
    starts = drawn.chart.index[drawn.chart["phase"].diff().fillna(0).ne(0)]
    for start, words in zip(starts, drawn.breaks, strict=False):
        line = {"color": LIGHT.ink_3, "width": 1.4, "dash": "dot"}
        figure.add_vline(x=start - 0.5, line=line)
        figure.add_annotation(
            x=start - 0.5,
            y=1,
            yref="paper",
            text=words,
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            font={"size": 13, "color": LIGHT.ink_2},
            xshift=-4,
            yshift=8,
        )


def _add_ranges(figure: Figure, drawn: Drawn) -> None:
    """The moving ranges and, by phase, what they seldom exceed."""
    ranges = moving_ranges(drawn.chart) / drawn.scale.divisor
    for number, rows in ranges.groupby(drawn.chart["phase"]):
        del number
        figure.add_scatter(
            x=list(rows.index),
            y=rows["range"].tolist(),
            mode="lines+markers",
            line={"color": LIGHT.previous, "width": 1.2},
            marker={"size": 4, "color": LIGHT.previous},
            hoverinfo="skip",
            row=2,
            col=1,
        )
        upper = float(rows["upper"].iloc[0])
        if not math.isnan(upper):
            shape = {"x0": rows.index[0] - 0.45, "x1": rows.index[-1] + 0.45, "y0": upper, "y1": upper}
            figure.add_shape(
                type="line", line={"color": LIGHT.ink_3, "width": 1, "dash": "dot"}, row=2, col=1, **shape
            )


def tick_words(weeks: Sequence[str], grain: str) -> tuple[list[int], list[str]]:
    """Places and words of the axis: every n-th period from the last back, the year where it changes."""
    step = max(1, math.ceil(len(weeks) / _TICKS))
    places = sorted(range(len(weeks) - 1, -1, -step))
    words, year = [], ""
    for place in places:
        written = weeks[place]
        short = t(f"process_control.tick_{grain}", number=int(written.split("-")[1].lstrip("WQ")))
        is_new = written[:4] != year
        year = written[:4]
        words.append(f"{short}<br>{t('process_control.tick_year', year=year)}" if is_new else short)
    return places, words


def _value_range(drawn: Drawn) -> tuple[float, float]:
    """The ends of the value axis: all values, limits and targets, with some air."""
    edges = drawn.chart[["value", "lower", "upper"]].to_numpy().ravel().tolist()
    edges += [*drawn.year_ago, *(target.value for target in drawn.targets if target)]
    known = [edge / drawn.scale.divisor for edge in edges if not math.isnan(edge)] or [0.0, 1.0]
    air = (max(known) - min(known) or abs(max(known)) or 1.0) * 0.1
    return min(known) - air, max(known) + air


def _lay_out(figure: Figure, drawn: Drawn) -> None:
    places, words = tick_words(drawn.chart["week"].tolist(), drawn.grain)
    last = len(drawn.chart) - 1
    share = {"ticksuffix": "%"} if drawn.scale.unit == "%" else {}
    figure.update_layout(
        template=plotly_template(),
        height=_HEIGHT,
        margin={"l": 52, "r": 104, "t": _TOP, "b": _FOOT},
        hovermode="closest",
        dragmode=False,
    )
    figure.update_xaxes(range=[-0.7, last + 0.7], tickvals=places, ticktext=words, fixedrange=True)
    low, high = _value_range(drawn)
    figure.update_yaxes(fixedrange=True, nticks=6, **share)
    figure.update_yaxes(range=[low, high], row=1, col=1)
    figure.update_yaxes(nticks=3, rangemode="tozero", row=2, col=1)
    figure.add_annotation(
        x=0,
        y=0.2,
        xref="paper",
        yref="paper",
        text=t("process_control.ranges"),
        showarrow=False,
        xanchor="left",
        yanchor="bottom",
        font={"size": 13, "color": LIGHT.ink_3},
    )
