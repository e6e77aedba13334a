"""The line of weeks on a card, and the marks of its two states.

Lines stretch with their box, marks keep their shape: lines are drawn in per cent of the width in
an inner box, marks stand on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.theme import LIGHT
from governance.metrics.control import NONE_BELOW_N

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.metrics.headline_states import Change, Standing

_TOP, _BOTTOM, HEIGHT = 8.0, 58.0, 66
_LEFT, _RIGHT = 2.0, 97.0


@dataclass(frozen=True)
class Spark:
    """Weekly values, oldest first, with the limits of the last phase, all in one unit.

    `break_at` is the place of the first week of that phase, None where all weeks are of one;
    `signals` are the places of the signals in it, `set_aside` those of weeks that do not move the
    limits, `trial_n` the weeks its limits rest on where those are too few for more than a trial,
    else 0.
    """

    values: tuple[float, ...]
    centre: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    target: float = math.nan
    break_at: int | None = None
    signals: tuple[int, ...] = ()
    trial_n: int = 0
    change: Change = "unknown"
    set_aside: tuple[int, ...] = ()

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where the line is drawn, NaN without a value.

        It holds the target, the limits and all weeks but those set aside before the last one: one
        storm would flatten the others.
        """
        last = len(self.values) - 1
        kept = [
            value for place, value in enumerate(self.values) if place == last or place not in self.set_aside
        ]
        known = [value for value in (*kept, self.target, self.lower, self.upper) if not math.isnan(value)]
        return (min(known), max(known)) if known else (math.nan, math.nan)

    @property
    def clipped(self) -> tuple[int, ...]:
        """The places of weeks set aside that lie beyond the reach."""
        low, high = self.reach
        return tuple(
            place for place in self.set_aside if self.values[place] < low or self.values[place] > high
        )

    @property
    def has_limits(self) -> bool:
        """Whether there are weeks enough for limits."""
        return not math.isnan(self.centre)

    @classmethod
    def of_weeks(cls, rows: pd.DataFrame, *, target: float, change: Change) -> Spark:
        """The line of one figure, from its rows of `headline.headline_weeks`."""
        phase = rows["phase"].to_numpy()
        in_phase = phase == phase[-1]
        start = int(in_phase.argmax())
        judged = rows[in_phase & rows["centre"].notna().to_numpy()]
        rests_on = judged["value"].notna() & ~judged["is_set_aside"] & judged.get("is_complete", True)
        if judged["value"].notna().sum() < NONE_BELOW_N:
            judged = judged.iloc[:0]
        limits = judged.iloc[-1] if len(judged) else None
        is_trial = limits is not None and bool(limits["is_trial"])
        has_older = bool(rows["value"].iloc[:start].notna().any())
        marks = rows["signal"].notna() & rows["value"].notna() & in_phase & (limits is not None)
        return cls(
            values=tuple(float(value) for value in rows["value"]),
            centre=float(limits["centre"]) if limits is not None else math.nan,
            lower=float(limits["lower"]) if limits is not None else math.nan,
            upper=float(limits["upper"]) if limits is not None else math.nan,
            target=target,
            break_at=start if start and has_older else None,
            signals=tuple(place for place, is_signal in enumerate(marks) if is_signal),
            trial_n=int(rests_on.sum()) if is_trial else 0,
            change=change,
            set_aside=tuple(place for place, is_aside in enumerate(rows["is_set_aside"]) if is_aside),
        )


@dataclass(frozen=True)
class _Ruler:
    """Where a value and a week stand."""

    low: float
    high: float
    weeks_n: int

    def y(self, value: float) -> float:
        if self.high == self.low:
            return (_TOP + _BOTTOM) / 2
        held = min(max(value, self.low), self.high)
        return _BOTTOM - (held - self.low) / (self.high - self.low) * (_BOTTOM - _TOP)

    def x(self, place: float) -> float:
        return _LEFT + place * (_RIGHT - _LEFT) / max(self.weeks_n - 1, 1)


def _runs(values: Sequence[float], start: int, end: int) -> list[list[int]]:
    """The stretches of known values between two places."""
    runs: list[list[int]] = [[]]
    for place in range(start, end):
        if math.isnan(values[place]):
            runs.append([])
        else:
            runs[-1].append(place)
    return [run for run in runs if len(run) > 1]


def sparkline_svg(spark: Spark) -> str:
    """The weeks as a line with its limits: last week a ring, this week solid, signals diamonds.

    The height holds the reach; a week beyond it is a triangle at the edge. Weeks before the break
    stand apart: hollow, lighter, without the limits of the new phase.
    """
    head = f'<svg class="spark" width="100%" height="{HEIGHT}" aria-hidden="true">'
    low, high = spark.reach
    if math.isnan(low):
        return f"{head}</svg>"
    ruler = _Ruler(low, high, len(spark.values))
    start = spark.break_at or 0
    lines = _polylines(spark, ruler, 0, start, LIGHT.previous, 1.2)
    lines += _polylines(spark, ruler, start, len(spark.values), LIGHT.data, 1.8)
    inner = (
        f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 100 {HEIGHT}" preserveAspectRatio="none">'
        f"{_band(spark, ruler)}{lines}</svg>"
    )
    marks = "".join(_mark(spark, ruler, place) for place in range(len(spark.values)))
    return f"{head}{inner}{_rules(spark, ruler)}{marks}</svg>"


def _polylines(spark: Spark, ruler: _Ruler, start: int, end: int, colour: str, width: float) -> str:
    runs = _runs(spark.values, start, end)
    points = (
        " ".join(f"{ruler.x(place):.2f},{ruler.y(spark.values[place]):.1f}" for place in run) for run in runs
    )
    return "".join(
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="{width}"'
        ' stroke-linejoin="round" vector-effect="non-scaling-stroke"/>'
        for line in points
    )


def _band(spark: Spark, ruler: _Ruler) -> str:
    """The limits of the last phase with its mean, from its first week on."""
    if not spark.has_limits:
        return ""
    known = [place for place, value in enumerate(spark.values) if not math.isnan(value)]
    left = ruler.x(max(spark.break_at or 0, min(known, default=0)) - 0.35)
    top, bottom, middle = (ruler.y(value) for value in (spark.upper, spark.lower, spark.centre))
    return (
        f'<rect x="{left:.2f}" y="{top:.1f}" width="{100 - left:.2f}" height="{max(bottom - top, 1):.1f}"'
        f' fill="{LIGHT.band}"/><line x1="{left:.2f}" x2="100" y1="{middle:.1f}" y2="{middle:.1f}"'
        f' stroke="{LIGHT.rule}" vector-effect="non-scaling-stroke"/>'
    )


def _rules(spark: Spark, ruler: _Ruler) -> str:
    """The target across, the break down."""
    drawn = ""
    if not math.isnan(spark.target):
        y = f"{ruler.y(spark.target):.1f}"
        drawn += (
            f'<line x1="0" x2="100%" y1="{y}" y2="{y}" stroke="{LIGHT.ink_2}" stroke-width="1.3"'
            ' stroke-dasharray="5 3"/>'
        )
    if spark.break_at is not None:
        x = f"{ruler.x(spark.break_at - 0.5):.2f}%"
        drawn += (
            f'<line x1="{x}" x2="{x}" y1="2" y2="{HEIGHT - 2}" stroke="{LIGHT.ink_3}"'
            ' stroke-dasharray="2 2"/>'
        )
    return drawn


def _mark(spark: Spark, ruler: _Ruler, place: int) -> str:
    """The mark of one week."""
    value, last = spark.values[place], len(spark.values) - 1
    if math.isnan(value):
        return ""
    x, y = ruler.x(place), ruler.y(value)
    at = f'cx="{x:.2f}%" cy="{y:.1f}"'
    if spark.break_at is not None and place < spark.break_at:
        return f'<circle {at} r="2.6" fill="{LIGHT.card}" stroke="{LIGHT.previous}" stroke-width="1.6"/>'
    if place in spark.clipped:
        tip = _triangle(0, 0, -1 if value > ruler.high else 1)
        return f'<svg x="{x:.2f}%" y="{y:.1f}" overflow="visible">{tip}</svg>'
    if place in spark.signals:
        look: Change = spark.change if place == last else "up"
        return f'<svg x="{x:.2f}%" y="{y:.1f}" overflow="visible">{_diamond(look, 0, 0, 5.6)}</svg>'
    if place == last:
        return f'<circle {at} r="4.4" fill="{LIGHT.data}"/>'
    if place == last - 1:
        return f'<circle {at} r="3.4" fill="{LIGHT.card}" stroke="{LIGHT.data}" stroke-width="1.8"/>'
    return f'<circle {at} r="1.7" fill="{LIGHT.data}"/>'


def signal_mark() -> str:
    """The mark of a week that was a signal, for the key."""
    return f'<svg width="12" height="12" aria-hidden="true">{_diamond("up", 6, 6, 4.8)}</svg>'


def clipped_mark() -> str:
    """The mark of a week set aside beyond the chart, for the key."""
    return f'<svg width="12" height="12" aria-hidden="true">{_triangle(6, 6, -1)}</svg>'


def _triangle(x: float, y: float, way: int) -> str:
    """A hollow triangle that points out of the chart: up where `way` is -1, down where it is 1."""
    path = f"M{x - 5},{y - 4 * way}L{x + 5},{y - 4 * way}L{x},{y + 4 * way}Z"
    return f'<path d="{path}" fill="{LIGHT.card}" stroke="{LIGHT.data}" stroke-width="1.8"/>'


def _diamond(change: Change, x: float, y: float, reach: float) -> str:
    """Solid plum is worse, hollow teal better, hollow blue neither or of an earlier week."""
    fill = LIGHT.plum if change == "worse" else LIGHT.card
    edge = {"worse": LIGHT.plum, "better": LIGHT.teal}.get(change, LIGHT.data)
    path = f"M{x},{y - reach}L{x + reach},{y}L{x},{y + reach}L{x - reach},{y}Z"
    return f'<path d="{path}" fill="{fill}" stroke="{edge}" stroke-width="1.8"/>'


def change_mark(change: Change) -> str:
    """The mark of a change: a ring for noise, a diamond for a signal, none where nothing is said."""
    if change == "unknown":
        return ""
    drawn = _diamond(change, 7.5, 7.5, 5.5)
    if change == "common":
        drawn = f'<circle cx="7.5" cy="7.5" r="5" fill="none" stroke="{LIGHT.ink_3}" stroke-width="1.6"/>'
    return f'<svg width="15" height="15" aria-hidden="true">{drawn}</svg>'


def standing_mark(standing: Standing) -> str:
    """The mark of a target: a teal disc met, an orange half sometimes, a plum square missed."""
    if standing in ("none", "unknown"):
        return ""
    if standing in ("consistently_met", "met"):
        drawn = f'<circle cx="7" cy="7" r="5.5" fill="{LIGHT.teal}"/>'
    elif standing == "sometimes":
        drawn = (
            f'<circle cx="7" cy="7" r="5" fill="{LIGHT.card}" stroke="{LIGHT.orange}" stroke-width="1.5"/>'
            f'<path d="M7,2A5,5 0 0 0 7,12Z" fill="{LIGHT.orange}"/>'
        )
    else:
        drawn = f'<rect x="2" y="2" width="10" height="10" fill="{LIGHT.plum}"/>'
    return f'<svg width="14" height="14" aria-hidden="true">{drawn}</svg>'
