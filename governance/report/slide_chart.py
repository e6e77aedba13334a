"""The charts of a slide: lines of weeks, bars and stacked bars, labelled where they stand.

Bars lie, since their names are Chinese words; shares share one ruler from 0 to 100.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from governance.report.marks import PARTS
from governance.report.slide_parts import colour_variable, fitted, line_html, note_html, room_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from governance.report.marks import PartLook
    from governance.report.model import Chart, Series

    _Point = Callable[[int, float], tuple[float, float]]

_HEAD, _NOTE = 62, 46
_AXIS, _LABEL = 36, 40
_KEY_LINE, _KEY_GAP = 50, 20
_LINES_LEAST, _ROW_LEAST = 210, 45


def number_text(value: float | None) -> str:
    """A value as it stands beside its mark: whole from 100, else with one decimal where it has one."""
    if value is None:
        return "—"
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.1f}"


def _note(chart: Chart, width: int) -> tuple[str, int]:
    note = note_html(chart.note, width, (36, 34)) if chart.note else ""
    return note, note.count("<div") * _NOTE


def least_height(chart: Chart, width: int) -> int:
    """The height below which a chart cannot be read from the last row."""
    body = _LINES_LEAST if chart.kind == "line" else _ROW_LEAST * max(len(chart.categories), 1)
    return _HEAD + _key(chart, width)[1] + _note(chart, width)[1] + body


def chart_html(chart: Chart, *, width: int, height: int) -> str:
    """One chart with its title, unit and note."""
    note, note_high = _note(chart, width)
    key, key_high = _key(chart, width)
    high = height - _HEAD - key_high - note_high
    body = {"line": _line_svg, "bar": _bars_svg, "stacked_bar": _stack_svg}[chart.kind](chart, width, high)
    before = next((s.name for s in chart.series if s.role == "previous"), "") if chart.kind == "bar" else ""
    unit = f'<span class="soft">{escape(chart.unit)}</span>' if chart.unit else ""
    taken = room_of(chart.unit, _AXIS) + 20 + (room_of(before, _AXIS) + 50 if before else 0)
    title = line_html(chart.title, width - taken, (44, 40, 36), css="strong")
    swatch = _swatch("fill:var(--previous)")
    last = f'<span class="key soft">{swatch}{escape(before)}</span>' if before else ""
    head = f'<div class="chart-head">{title}{unit}{last}</div>'
    return f'<div class="chart" style="--h:{height}">{head}{key}{body}{note}</div>'


def _svg(width: float, height: float, body: str) -> str:
    return (
        f'<svg class="drawn" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' style="--w:{width:.0f};--h:{height:.0f}" aria-hidden="true">{body}</svg>'
    )


def _text(x: float, y: float, words: str, *, css: str = "", anchor: str = "start", size: int = _AXIS) -> str:
    return (
        f'<text x="{x:.1f}" y="{y + size * 0.36:.1f}" text-anchor="{anchor}" class="{css}"'
        f' style="font-size:{size}px">{escape(words)}</text>'
    )


# ---------------------------------------------------------------------------------- lines
def _line_svg(chart: Chart, width: int, height: int) -> str:
    known = [value for series in chart.series for value in series.values if value is not None]
    if not known or not chart.categories:
        return ""
    low, high = min(known), max(known)
    spread = (high - low) or max(abs(high), 1.0)
    left = max(room_of(number_text(value), _AXIS) for value in (low, high)) + 16
    right, top, bottom = _end_room(chart), 30, height - 64
    step = (width - left - right) / max(len(chart.categories) - 1, 1)

    def point(place: int, value: float) -> tuple[float, float]:
        return left + place * step, bottom - (value - low) / spread * (bottom - top)

    parts = [
        _text(left - 14, point(0, value)[1], number_text(value), css="soft", anchor="end")
        for value in {low, high}
    ]
    parts.append(f'<path d="M{left:.1f},{height - 52}H{width - right}" class="hairline"/>')
    parts.append(_band_svg(chart, point))
    parts += [
        f'<path d="M{left + (place - 0.5) * step:.1f},{top - 20}V{height - 52}" class="break"/>'
        for place in chart.breaks
    ]
    ends: list[tuple[float, str, str]] = []
    for series in chart.series:
        if series.role in ("lower", "upper"):
            continue
        parts.append(_course_svg(series, chart.breaks, point))
        last = next((p for p in range(len(series.values) - 1, -1, -1) if series.values[p] is not None), None)
        if last is not None:
            value = series.values[last] or 0.0
            is_actual = series.role == "actual"
            ends.append((point(last, value)[1], _end_words(series, value), "strong" if is_actual else "soft"))
    parts.append(_ends_svg(ends, width - right + 22, right - 22, height - 52))
    for place in dict.fromkeys((0, len(chart.categories) - 1)):
        anchor = "start" if place == 0 else "end"
        x = left if place == 0 else left + place * step
        parts.append(_text(x, height - 22, chart.categories[place], css="soft", anchor=anchor))
    return _svg(width, height, "".join(parts))


def _end_words(series: Series, value: float) -> str:
    number = number_text(value)
    return number if series.role == "actual" else f"{series.name} {number}"


def _end_room(chart: Chart) -> float:
    """The room right of the lines for what stands at their ends."""
    ends = [
        room_of(_end_words(series, series.values[-1] or 0), 44 if series.role == "actual" else _AXIS)
        for series in chart.series
        if series.values and series.role not in ("lower", "upper")
    ]
    return min(max(ends, default=0) + 26, 260)


def _band_svg(chart: Chart, point: _Point) -> str:
    """The band between the limits."""
    by_role = {series.role: series.values for series in chart.series}
    if "lower" not in by_role or "upper" not in by_role:
        return ""
    pairs = list(enumerate(zip(by_role["lower"], by_role["upper"], strict=True)))
    known = [(place, low, up) for place, (low, up) in pairs if low is not None and up is not None]
    if len(known) < 2:
        return ""
    edge = [point(place, up) for place, _, up in known] + [point(place, low) for place, low, _ in known[::-1]]
    return f'<path d="M{" ".join(f"{x:.1f},{y:.1f}" for x, y in edge)}Z" class="band"/>'


def _course_svg(series: Series, breaks: Sequence[int], point: _Point) -> str:
    """A series as lines between its known points; it does not run across a break."""
    runs: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(series.values):
        if value is None or place in breaks:
            runs.append([])
        if value is not None:
            runs[-1].append(point(place, value))
    lines = "".join(
        f'<path d="M{" ".join(f"{x:.1f},{y:.1f}" for x, y in run)}" class="course {series.role}"/>'
        for run in runs
        if len(run) > 1
    )
    if series.role != "actual":
        return lines
    dots = [spot for run in runs for spot in run]
    alone = "".join(
        f'<circle cx="{run[0][0]:.1f}" cy="{run[0][1]:.1f}" r="8" class="ring"/>'
        for run in runs
        if len(run) == 1
    )
    last = f'<circle cx="{dots[-1][0]:.1f}" cy="{dots[-1][1]:.1f}" r="12" class="actual"/>' if dots else ""
    return lines + alone + last


def _dot(x: float, y: float, radius: int, css: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" class="{css}"/>'


def _ends_svg(ends: list[tuple[float, str, str]], x: float, room: float, floor: float) -> str:
    """The words at the ends of the lines, none on another."""
    gap, parts, last = 46.0, [], -1e9
    ends = sorted(ends)
    overflow = max(0.0, (len(ends) - 1) * gap + (ends[0][0] if ends else 0) - floor)
    for y, words, css in ends:
        last = max(y - overflow, last + gap)
        kept, size = fitted(words, room, (44, 40, 36, 34) if css == "strong" else (36, 34))
        parts.append(_text(x, last, kept, css=css, size=size))
    return "".join(parts)


# ----------------------------------------------------------------------------------- bars
def _top_of(chart: Chart, sums: Sequence[float]) -> float:
    return 100.0 if chart.unit == "%" and max(sums, default=0) <= 100.5 else max(sums, default=0) or 1.0


def _names(chart: Chart, tall: float, width: int) -> tuple[float, int]:
    """The room of the names and their size."""
    size = 44 if tall >= 62 else 36
    longest = max((room_of(name, size) for name in chart.categories), default=0)
    return min(longest + 18, width * 0.4), size


def _bars_svg(chart: Chart, width: int, height: int) -> str:
    if not chart.categories:
        return ""
    by_role = {series.role: series.values for series in chart.series}
    actual, previous, target = (by_role.get(role) for role in ("actual", "previous", "target"))
    known = [v for values in (actual, previous, target) if values for v in values if v is not None]
    most, tall = _top_of(chart, known), height / len(chart.categories)
    left, size = _names(chart, tall, width)
    room = width - left - max((room_of(number_text(v), size) for v in known), default=0) - 24
    parts = []
    for n, name in enumerate(chart.categories):
        y, value = n * tall, actual[n] if actual else None
        kept, at = fitted(name, left - 14, (size, 36, 34))
        parts.append(_text(0, y + tall / 2, kept, size=at))
        thick = tall * (0.4 if previous else 0.56)
        if previous and previous[n] is not None:
            low = room * (previous[n] or 0) / most
            parts.append(_rect(left, y + tall * 0.66, low, tall * 0.14, "previous"))
        wide = room * (value or 0) / most
        parts.append(_rect(left, y + tall * 0.2, wide, thick, "actual"))
        if target and target[n] is not None:
            x = left + room * (target[n] or 0) / most
            parts.append(_rect(x - 5, y + tall * 0.12, 10, thick + tall * 0.16, "open-box"))
        parts.append(_text(left + wide + 14, y + tall * 0.4, number_text(value), css="strong", size=size))
    return _svg(width, height, "".join(parts))


def _rect(x: float, y: float, wide: float, tall: float, css: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0):.1f}" height="{tall:.1f}" class="{css}"/>'


def _stack_svg(chart: Chart, width: int, height: int) -> str:
    if not chart.categories:
        return ""
    tall = height / len(chart.categories)
    left, size = _names(chart, tall, width)
    sums = [sum(series.values[n] or 0 for series in chart.series) for n in range(len(chart.categories))]
    most, room = _top_of(chart, sums), width - left
    parts = []
    for n, name in enumerate(chart.categories):
        y, x = n * tall, left
        kept, at = fitted(name, left - 14, (size, 36, 34))
        parts.append(_text(0, y + tall / 2, kept, size=at))
        for series in chart.series:
            value, on = series.values[n], _part(series).words
            wide = room * (value or 0) / most
            parts.append(_part_rect(x, y + tall * 0.16, wide, tall * 0.68, series))
            words = number_text(value)
            if value and room_of(words, _LABEL) + 12 <= wide and tall * 0.68 >= _LABEL:
                parts.append(_text(x + wide / 2, y + tall / 2, words, css=on, anchor="middle", size=_LABEL))
            x += wide
    return _svg(width, height, "".join(parts))


def _part(series: Series) -> PartLook:
    return PARTS[series.role]  # type: ignore[index]


def _paint(series: Series) -> str:
    """Fill and edge of a part; the edge of most is the gap to the next."""
    look = _part(series)
    fill = "url(#slide-no-data)" if look.is_dotted else colour_variable(look.colour)
    return f"fill:{fill};stroke:var(--{'ink-2' if look.is_outlined else 'page'})"


def _part_rect(x: float, y: float, wide: float, tall: float, series: Series) -> str:
    """A part; an outline stands inside of it."""
    edge = 1 if _part(series).is_outlined else 0
    if wide <= 2 * edge:
        return ""
    return (
        f'<rect x="{x + edge:.1f}" y="{y + edge:.1f}" width="{wide - 2 * edge:.1f}"'
        f' height="{tall - 2 * edge:.1f}" class="part" style="{_paint(series)}"/>'
    )


def _key(chart: Chart, width: int) -> tuple[str, int]:
    """What the parts of a stack are, and its height; other charts are labelled where they stand."""
    if chart.kind != "stacked_bar":
        return "", 0
    rooms = [room_of(series.name, _AXIS) + 38 + _KEY_GAP for series in chart.series]
    high = _KEY_LINE * (2 if sum(rooms) > width + _KEY_GAP else 1)
    parts = "".join(f"<span>{_swatch(_paint(series))}{escape(series.name)}</span>" for series in chart.series)
    return f'<div class="legend" style="--s:{_AXIS};--h:{high}">{parts}</div>', high


def _swatch(paint: str) -> str:
    return (
        '<svg class="drawn" viewBox="0 0 28 28" style="--w:28;--h:28" aria-hidden="true">'
        f'<rect x="1" y="1" width="26" height="26" class="part" style="{paint}"/></svg>'
    )
