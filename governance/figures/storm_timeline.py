"""Who did what when after a warning: a lane a place, a mark a step, on one axis of clock time (SVG)."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.map_marks import STEP_SIGNS, step_svg
from governance.figures.storm_words import clock_words, minutes_words, place_words, step_words
from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from typing import Any

LEFT, RIGHT, TOP, LANE, WIDTH = 196, 30, 46, 30, 1240
_MARK_PX, _LEAST_MIN = 20, 60
_STEPS_MIN = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
_MOMENTS = ("start_at", "first_report_at", "harm_at", "peak_at", "closed_at")


def _lanes(judged: pd.DataFrame, lanes_n: int) -> list[tuple[str, pd.DataFrame]]:
    """The places with steps, the busiest first; calls and checks alone are one lane each."""
    done = judged[judged["first_at"].notna()]
    lanes: list[tuple[str, pd.DataFrame]] = []
    street = done[done["place_kind"].eq("street")]
    if len(street):
        lanes.append((t("storm_response.street"), street))
    placed = done[done["place_kind"].ne("street")]
    busy = placed[~placed["step"].isin(["called", "checked"])]["place"].drop_duplicates()
    own = placed[placed["place"].isin(busy)]
    ordered = own.groupby("place").agg(n=("step", "size"), at=("first_at", "min"))
    ordered = ordered.sort_values(["n", "at"], ascending=[False, True])
    for place in ordered.index[:lanes_n]:
        rows = own[own["place"].eq(place)]
        lanes.append((place_words(rows.iloc[0].to_dict()), rows))
    rest = placed[~placed["place"].isin(ordered.index[:lanes_n])]
    for step in ("called", "checked"):
        rows = rest[rest["step"].eq(step)]
        if len(rows):
            lanes.append((t("storm_response.lane", step=step_words(step), n=len(rows)), rows))
    left = rest[~rest["step"].isin(["called", "checked"])]
    if len(left):
        lanes.append((t("storm_response.other_places", n=left["place"].nunique()), left))
    return lanes


class _Axis:
    """Clock time along the picture."""

    def __init__(self, stamps: Iterable[pd.Timestamp]) -> None:
        known = list(stamps)
        low, high = min(known), max(known)
        span_min = max((high - low).total_seconds() / 60, _LEAST_MIN)
        self.step_min = next((one for one in _STEPS_MIN if span_min / one <= 11), span_min / 10)
        grain = pd.Timedelta(minutes=self.step_min)
        self.low = low.floor(grain) if self.step_min <= 60 else low.floor("h")
        self.span_min = max((high - self.low).total_seconds() / 60, _LEAST_MIN) * 1.02

    def x(self, at: pd.Timestamp) -> float:
        """Where a stamp stands."""
        share = (at - self.low).total_seconds() / 60 / self.span_min
        return float(LEFT + share * (WIDTH - LEFT - RIGHT))

    def ticks(self) -> list[pd.Timestamp]:
        """The round times along it."""
        count = int(self.span_min // self.step_min)
        return [self.low + pd.Timedelta(minutes=self.step_min * n) for n in range(count + 1)]


def timeline_svg(judged: pd.DataFrame, event: Mapping[Hashable, Any], *, lanes_n: int = 8) -> str:
    """The picture; empty where no step has a stamp."""
    lanes = _lanes(judged, lanes_n)
    if not lanes:
        return ""
    moments = {name: event[name] for name in _MOMENTS if not pd.isna(event[name])}
    stamps = [stamp for _, rows in lanes for stamp in (*rows["first_at"], *rows["last_at"])]
    axis = _Axis([*stamps, *moments.values()])
    start = None if pd.isna(event["start_at"]) else event["start_at"]
    height = TOP + LANE * len(lanes) + 26
    parts = [_grid(axis, height, start), _moments(moments, axis, height)]
    parts += [
        _lane(name, rows, axis, TOP + LANE * number, start) for number, (name, rows) in enumerate(lanes)
    ]
    alt = t("storm_response.timeline_alt", lanes=len(lanes), steps=len(stamps) // 2)
    return (
        f'<svg class="storm-timeline" viewBox="0 0 {WIDTH} {height}" width="100%" role="img"'
        f' aria-label="{escape(alt)}">{"".join(parts)}</svg>'
    )


def _grid(axis: _Axis, height: float, start: pd.Timestamp | None) -> str:
    parts = []
    for at in axis.ticks():
        x, y = axis.x(at), height - 6
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 22}" stroke="{LIGHT.hairline}"/>'
            f'<text x="{x:.1f}" y="{y}" font-size="15" text-anchor="middle" fill="{LIGHT.ink_3}">'
            f"{escape(clock_words(at, start if axis.span_min < 2880 else None))}</text>"
        )
    return "".join(parts)


def _moments(moments: Mapping[str, pd.Timestamp], axis: _Axis, height: float) -> str:
    """Warning, first report, harm, peak and end as dashed lines with their names, two rows of names."""
    parts, ends = [], [-1e9, -1e9]
    for name, at in sorted(moments.items(), key=lambda one: one[1]):
        x, word = axis.x(at), t(f"storm_response.moments.{name}", at=f"{at:%H:%M}")
        wide = 8.6 * len(word) + 28
        from_x = min(max(x - wide / 2, LEFT - 60), WIDTH - wide)
        row = 0 if from_x > ends[0] else 1
        ends[row] = from_x + wide
        colour = LIGHT.plum if name == "harm_at" else LIGHT.ink_2
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{14 + 16 * row + 3}" y2="{height - 22}" stroke="{colour}"'
            f' stroke-width="1.4" stroke-dasharray="5 3"/><text x="{from_x + wide / 2:.1f}"'
            f' y="{13 + 16 * row}" font-size="15" text-anchor="middle" fill="{LIGHT.ink}">{escape(word)}'
            "</text>"
        )
    return "".join(parts)


def _lane(name: str, rows: pd.DataFrame, axis: _Axis, y: float, start: pd.Timestamp | None) -> str:
    middle = y + LANE / 2
    first, last = axis.x(rows["first_at"].min()), axis.x(rows["last_at"].max())
    shown = name if len(name) <= 12 else name[:11] + "…"
    parts = [
        f'<text x="0" y="{middle + 5}" font-size="15" fill="{LIGHT.ink}">{escape(shown)}'
        f"<title>{escape(name)}</title></text>",
        f'<line x1="{LEFT - 12}" x2="{WIDTH - RIGHT}" y1="{y + LANE}" y2="{y + LANE}"'
        f' stroke="{LIGHT.hairline}"/>',
        f'<line x1="{first:.1f}" x2="{last:.1f}" y1="{middle}" y2="{middle}" stroke="{LIGHT.previous}"'
        ' stroke-width="2"/>',
    ]
    is_one_step = rows["step"].nunique() == 1 and len(rows) > 1
    for row, x in _spread(rows.sort_values("done_at"), axis, is_free=is_one_step):
        parts.append(_mark(row, x, middle, start, is_small=is_one_step))
    return "".join(parts)


def _spread(rows: pd.DataFrame, axis: _Axis, *, is_free: bool) -> list[tuple[Mapping[Hashable, Any], float]]:
    """Each step and where its mark stands: beside the one before where they would cover each other."""
    placed: list[tuple[Mapping[Hashable, Any], float]] = []
    for row in rows.to_dict("records"):
        x = axis.x(row["done_at"])
        if placed and not is_free:
            x = max(x, placed[-1][1] + _MARK_PX + 1)
        placed.append((row, x))
    return placed


def _mark(
    row: Mapping[Hashable, Any], x: float, y: float, start: pd.Timestamp | None, *, is_small: bool
) -> str:
    tip = _tip(row, start)
    if is_small:
        late = row["state"] == "late"
        fill, radius = (LIGHT.orange, 5.5) if late else (LIGHT.data, 4.5)
        edge = LIGHT.ink_2 if late else LIGHT.card
        return (
            f'<circle cx="{x:.1f}" cy="{y}" r="{radius}" fill="{fill}" stroke="{edge}">'
            f"<title>{escape(tip)}</title></circle>"
        )
    box = step_svg(str(row["step"]), size_px=_MARK_PX)
    late = f'<path d="M{x - 4:.1f},{y - 15}h8l-4,5z" fill="{LIGHT.plum}"/>' if row["state"] == "late" else ""
    inner = box.replace("<svg ", f'<svg x="{x - _MARK_PX / 2:.1f}" y="{y - _MARK_PX / 2:.1f}" ', 1)
    return f"<g>{inner}{late}<title>{escape(tip)}</title></g>"


def _tip(row: Mapping[Hashable, Any], start: pd.Timestamp | None) -> str:
    words: Sequence[str] = (
        f"{clock_words(row['done_at'], start)} {step_words(str(row['step']))}",
        place_words(row),
        minutes_words(row["used_min"]),
        t(f"storm_response.judged.{row['state']}"),
    )
    return " · ".join(word for word in words if word)


def timeline_key_html() -> str:
    """What the marks of the timeline mean."""
    steps = "".join(
        f"<span>{step_svg(step, size_px=16)} {escape(step_words(step))}</span>" for step in STEP_SIGNS
    )
    late = (
        f'<svg width="12" height="10" aria-hidden="true"><path d="M2,1h8l-4,7z" fill="{LIGHT.plum}"/></svg>'
    )
    dots = (
        f'<svg width="12" height="12" aria-hidden="true"><circle cx="6" cy="6" r="5" fill="{LIGHT.orange}"'
        f' stroke="{LIGHT.ink_2}"/></svg>'
    )
    words = escape(t("storm_response.key_late"))
    return f'<div class="cards-key">{steps}<span>{late} {dots} {words}</span></div>'
