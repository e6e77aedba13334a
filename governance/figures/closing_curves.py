"""The closing curve: share of cases closed after so many days, open ones counted as open."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.figures.durations import duration_scale, duration_text, same_unit
from governance.figures.place_words import MINUTES_PER_DAY
from governance.figures.theme import LIGHT, plotly_template
from governance.metrics.survival import closed_incidence, time_reached
from governance.text import t

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from governance.metrics.closing import Closing

    Numbers = NDArray[np.float64]

# Ends of the axis in days, and the distance of its marks.
HORIZONS_D = {0.25: 0.05, 0.5: 0.1, 1: 0.25, 2: 0.5, 3: 1, 5: 1, 7: 1, 10: 2, 14: 2, 21: 3, 28: 7}
HEIGHT_PX = 198
# The time by which four in five are closed; an axis beyond so many times it would show a tail only.
_MOST_OPEN_SHARE, _TAIL = 0.2, 3.0
_BINS = 500


def horizon_d(closing: Closing) -> float:
    """The end of the axis in days: a little beyond the p90, unless a long tail would squeeze the rest."""
    most = time_reached(closing.curve, _MOST_OPEN_SHARE)
    ends = [closing.median * 1.1, closing.closed_only_median * 1.5]
    ends.append(closing.watched if math.isnan(closing.p90) else closing.p90 * 1.25)
    if not math.isnan(most) and ends[-1] > _TAIL * most:
        ends[-1] = _TAIL * most
    days = max((end for end in ends if not math.isnan(end)), default=0.0) / MINUTES_PER_DAY
    return float(next((end for end in HORIZONS_D if end >= days), max(HORIZONS_D)))


def _step_points(times: Numbers, share: Numbers, end: float, watched: float) -> tuple[Numbers, Numbers]:
    """A step line from 0, thinned to what a screen can show, to the end of the axis or of watching."""
    days = times / MINUTES_PER_DAY
    inside = days <= end
    days, share = days[inside], share[inside]
    bins = np.floor(days / end * _BINS)
    last = np.append(bins[1:] != bins[:-1], True) if len(bins) else np.empty(0, dtype=bool)
    stop = min(end, watched / MINUTES_PER_DAY)
    x = np.concatenate([[0.0], days[last], [stop]])
    y = np.concatenate([[0.0], share[last], share[-1:] if len(share) else [0.0]])
    return x, y


def closing_figure(closing: Closing, before: Closing | None, *, is_small: bool = False) -> go.Figure:
    """The curve with its band, the period before as a thin line, both medians and the p90.

    `is_small` leaves out what may not be written on few cases: medians and p90.
    """
    import plotly.graph_objects as go

    end = horizon_d(closing)
    figure = go.Figure(layout={"template": plotly_template()})
    _band(figure, closing, end)
    if before is not None and before.n:
        _curve(figure, before, end, LIGHT.previous, 1.6, t("incident_response.key_period_before"))
    _curve(figure, closing, end, LIGHT.data, 2.6, t("incident_response.key_period"))
    for level in (0.5, 0.9):
        figure.add_hline(y=level, line={"color": LIGHT.rule, "width": 1, "dash": "dash"}, layer="below")
    if not is_small:
        _medians(figure, closing, end)
        _p90(figure, closing, end)
    unit = t("units.day")
    step = HORIZONS_D[end]
    ticks = [n * step for n in range(round(end / step) + 1)]
    words = [f"{tick:g}" for tick in ticks]
    words[-1] += f" {unit}"
    figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 46, "r": 24, "t": 10, "b": 26},
        hovermode="x",
        xaxis={
            "range": [0, end],
            "tickvals": ticks,
            "ticktext": words,
            "fixedrange": True,
            "ticks": "outside",
        },
        yaxis={
            "range": [0, 1.04],
            "tickvals": [0, 0.5, 0.9, 1],
            "tickformat": ".0%",
            "fixedrange": True,
            "showgrid": False,
        },
    )
    return figure


def _band(figure: go.Figure, closing: Closing, end: float) -> None:
    bounds: tuple[tuple[Numbers, str | None], ...] = ((closing.low, None), (closing.high, "tonexty"))
    for share, fill in bounds:
        x, y = _step_points(closing.curve.times, share, end, closing.watched)
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={"width": 0, "shape": "hv"},
            fill=fill,
            fillcolor=LIGHT.interval,
            hoverinfo="skip",
        )


def _curve(figure: go.Figure, closing: Closing, end: float, colour: str, width: float, name: str) -> None:
    x, y = _step_points(closing.curve.times, closed_incidence(closing.curve), end, closing.watched)
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": colour, "width": width, "shape": "hv"},
        name=name,
        hovertemplate=t("incident_response.curve_hover", name=name),
    )


def _is_right(x: float, end: float) -> bool:
    return x > 0.62 * end


def _note(figure: go.Figure, x: float, y: float, text: str, end: float, **look: Any) -> None:  # noqa: ANN401 (plotly's)
    """A direct label beside a point, turned inwards on the right half."""
    is_right = _is_right(x, end)
    at: dict[str, Any] = {"xanchor": "right" if is_right else "left", "xshift": -9 if is_right else 9}
    figure.add_annotation(
        x=x,
        y=y,
        text=text,
        showarrow=False,
        bgcolor="rgba(255,255,255,.75)",
        borderpad=1,
        font={"size": 13, "color": LIGHT.ink},
        **(at | look),
    )


def _medians(figure: go.Figure, closing: Closing, end: float) -> None:
    only, median = (v / MINUTES_PER_DAY for v in (closing.closed_only_median, closing.median))
    is_apart = closing.is_misleading
    reached = end if math.isnan(median) else median
    if is_apart:
        line = {"color": LIGHT.plum, "width": 2.4, "dash": "dot" if math.isnan(median) else "solid"}
        figure.add_scatter(x=[only, reached], y=[0.5, 0.5], mode="lines", line=line, hoverinfo="skip")
    for x, marker in (
        (only, {"size": 10, "color": LIGHT.card, "line": {"color": LIGHT.ink, "width": 1.8}}),
        (median, {"size": 10, "color": LIGHT.data}),
    ):
        if not math.isnan(x) and x <= end:
            figure.add_scatter(x=[x], y=[0.5], mode="markers", marker=marker, hoverinfo="skip")
    if not is_apart:
        if not math.isnan(median):
            _note(figure, median, 0.5, _one_median(closing), end, yanchor="top", yshift=-6)
        return
    shown = same_unit(closing.closed_only_median, closing.median)
    text = t("incident_response.only_closed", value=shown[0])
    # The curve runs below the line before its median and above it after: labels go where it is not.
    above, below = {"yanchor": "bottom", "yshift": 8}, {"yanchor": "top", "yshift": -7}
    is_late = _is_right(reached, end)
    _note(figure, only, 0.5, text, end, xanchor="left", xshift=-8, **(below if is_late else above))
    whole = "all_counted" if not math.isnan(median) else "all_counted_not_reached"
    words = t(f"incident_response.{whole}", value=shown[1], days=f"{end:g}")
    _note(figure, reached, 0.5, f"<b>{words}</b>", end, **(above if is_late else below))


def _one_median(closing: Closing) -> str:
    scale = duration_scale(closing.median)
    return t(
        "incident_response.both_medians",
        value=scale.text(closing.median),
        only=scale.number(closing.closed_only_median),
    )


def _p90(figure: go.Figure, closing: Closing, end: float) -> None:
    if math.isnan(closing.p90):
        words = t("incident_response.p90_not_reached", time=duration_text(closing.watched))
        _note(figure, end, 0.9, words, end, yanchor="top", yshift=-3, xshift=0)
        return
    x = closing.p90 / MINUTES_PER_DAY
    if x > end:
        words = t("incident_response.p90_beyond", value=duration_text(closing.p90))
        _note(figure, end, 0.9, words, end, yanchor="top", yshift=-6, xshift=0)
    else:
        figure.add_scatter(
            x=[x], y=[0.9], mode="markers", marker={"size": 10, "color": LIGHT.data}, hoverinfo="skip"
        )
        words = t("incident_response.p90_reached", value=duration_text(closing.p90))
        _note(figure, x, 0.9, words, end, yanchor="top", yshift=-6)


def curves_key_html() -> str:
    """What line, band, thin line and ring mean."""
    line = f'<svg width="30" height="14"><path d="M0,7H30" stroke="{LIGHT.data}" stroke-width="2.6"/></svg>'
    band = f'<svg width="30" height="14"><rect y="1" width="30" height="12" fill="{LIGHT.interval}"/></svg>'
    thin = (
        f'<svg width="30" height="14"><path d="M0,7H30" stroke="{LIGHT.previous}" stroke-width="1.8"/></svg>'
    )
    ring = (
        f'<svg width="14" height="14"><circle cx="7" cy="7" r="5" fill="{LIGHT.card}" stroke="{LIGHT.ink}"'
        ' stroke-width="1.8"/></svg>'
    )
    marks = [(line, "key_curve"), (band, "key_band"), (thin, "key_period_before"), (ring, "key_closed_only")]
    parts = [f"<span>{mark}{escape(t(f'incident_response.{key}'))}</span>" for mark, key in marks]
    return f'<div class="figure-key">{"".join(parts)}</div>'
