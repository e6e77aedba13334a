"""The cases under way: a mark each by age and stage light, and the list of those to look at first.

Pure builders; every text is escaped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from governance.figures.theme import LIGHT
from governance.metrics.workload import AGE_BANDS_D
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Up to so many cases a mark each, beyond it numbers with bars.
MARKS_UNTIL_N = 100
_MARKS_A_LINE = 16
# The columns of lights must fit into the narrowest panel.
_LEAST_WIDTH_PX = 385
LIGHTS_SHOWN = ("on_course", "pressing", "overdue", "suspended", "no_limit")
_SHAPES: Mapping[str, str] = {
    "on_course": f'<circle cx="6" cy="6" r="4.6" fill="{LIGHT.teal}"/>',
    "pressing": f'<path d="M6,1L11.2,10.2L.8,10.2Z" fill="{LIGHT.orange}"/>',
    "overdue": f'<rect x="1.4" y="1.4" width="9.2" height="9.2" fill="{LIGHT.plum}"/>',
    "suspended": f'<path d="M2.6,1.8h2.6v8.6h-2.6zM7,1.8h2.6v8.6h-2.6z" fill="{LIGHT.ink_3}"/>',
    "no_limit": (
        f'<circle cx="6" cy="6" r="4" fill="{LIGHT.card}" stroke="{LIGHT.ink_3}" stroke-width="1.4"/>'
    ),
}
_COLOURS: Mapping[str, str] = {
    "on_course": LIGHT.teal,
    "pressing": LIGHT.orange,
    "overdue": LIGHT.plum,
    "suspended": LIGHT.ink_3,
    "no_limit": LIGHT.no_data,
}


def light_mark(light: str, *, size: int = 11) -> str:
    """The mark of a stage light: its shape and colour."""
    return (
        f'<svg width="{size}" height="{size}" viewBox="0 0 12 12" aria-hidden="true">{_SHAPES[light]}</svg>'
    )


def band_words(band: int) -> str:
    """The name of an age band."""
    if band == 0:
        return t("incident_response.age_first", to=AGE_BANDS_D[0])
    if band == len(AGE_BANDS_D):
        return t("incident_response.age_last", since=AGE_BANDS_D[-1])
    return t("incident_response.age_band", since=AGE_BANDS_D[band - 1], to=AGE_BANDS_D[band])


def open_grid_html(counts: Mapping[tuple[int, str], int]) -> str:
    """Age bands in rows, stage lights in columns, from counts by (band, light).

    One mark a case up to `MARKS_UNTIL_N` cases, else the number with a bar in proportion. A light
    that no case shows keeps its column, but for cases without a limit.
    """
    whole = sum(counts.values())
    lights = [light for light in LIGHTS_SHOWN if light != "no_limit" or _of_light(counts, light)]
    widest = {light: max(counts.get((band, light), 0) for band in _bands()) for light in lights}
    top = max(counts.values(), default=0)
    is_marked = whole <= MARKS_UNTIL_N
    needs = [max(60, min(widest[light], _MARKS_A_LINE) * 12 + 8) if is_marked else 60 for light in lights]
    least = needs if sum(needs) <= _LEAST_WIDTH_PX else [60] * len(lights)
    shares = " ".join(
        f"minmax({px}px,{max(widest[light], 4) if is_marked else 1}fr)"
        for light, px in zip(lights, least, strict=True)
    )
    heads = "".join(
        f'<div class="open-head">{light_mark(light)} <b>{escape(t(f"incident_response.lights.{light}"))}'
        f" {_of_light(counts, light):,}</b></div>"
        for light in lights
    )
    rows = "".join(
        f'<div class="open-band">{escape(band_words(band))}</div>'
        + "".join(_cell(counts.get((band, light), 0), light, whole, top) for light in lights)
        for band in _bands()
    )
    alt = t("incident_response.open_alt", n=whole, overdue_n=_of_light(counts, "overdue"))
    return (
        f'<div class="open-grid" role="img" aria-label="{escape(alt)}"'
        f' style="grid-template-columns:70px {shares}"><div class="open-head"></div>{heads}{rows}</div>'
    )


def _bands() -> range:
    return range(len(AGE_BANDS_D) + 1)


def _of_light(counts: Mapping[tuple[int, str], int], light: str) -> int:
    return sum(n for (_, shown), n in counts.items() if shown == light)


def _cell(n: int, light: str, whole: int, top: int) -> str:
    if not n:
        return '<div class="open-cell"></div>'
    if whole <= MARKS_UNTIL_N:
        return f'<div class="open-cell">{light_mark(light) * n}</div>'
    bar = f'<i style="width:{n / top * 100:.1f}%;background:{_COLOURS[light]}"></i>'
    return f'<div class="open-cell open-number"><b>{n:,}</b><span>{bar}</span></div>'


@dataclass(frozen=True)
class OpenRow:
    """One case of the list, in words; `used_share` is NaN without a limit."""

    light: str
    number: str
    kind: str
    severity: str
    place: str
    used: str
    used_share: float
    used_words: str
    stage: str
    holder: str
    last: str


_BAR_PX, _MOST = 132.0, 4.0


def _used_bar(row: OpenRow) -> str:
    """Used time on a ruler of four limits; what lies beyond the limit is plum."""
    if math.isnan(row.used_share):
        return f'<span class="quiet">{escape(row.used_words)}</span>'
    limit = _BAR_PX / _MOST
    inside = min(row.used_share, 1.0) * limit
    beyond = min(max(row.used_share - 1, 0.0), _MOST - 1) * limit
    return (
        f'<svg width="{_BAR_PX:g}" height="20" viewBox="0 0 {_BAR_PX:g} 20" aria-hidden="true">'
        f'<rect y="6" width="{limit:g}" height="8" fill="{LIGHT.interval}"/>'
        f'<rect y="6" width="{inside:.1f}" height="8" fill="{LIGHT.data}"/>'
        f'<rect x="{limit:g}" y="6" width="{beyond:.1f}" height="8" fill="{LIGHT.plum}"/>'
        f'<line x1="{limit:g}" x2="{limit:g}" y1="2" y2="18" stroke="{LIGHT.ink}" stroke-width="1.4"/></svg>'
        f"<span>{escape(row.used_words)}</span>"
    )


def _list_row(row: OpenRow) -> str:
    state = f"{light_mark(row.light, size=13)}{escape(t(f'incident_response.lights.{row.light}'))}"
    severity = f'<span class="quiet"> · {escape(row.severity)}</span>' if row.severity else ""
    return (
        f'<tr><td class="state">{state}</td><td>{escape(row.number)}</td>'
        f"<td>{escape(row.kind)}{severity}</td>"
        f'<td class="place" title="{escape(row.place)}">{escape(row.place)}</td>'
        f'<td class="right">{escape(row.used)}</td><td class="used">{_used_bar(row)}</td>'
        f"<td>{escape(row.stage)}</td><td>{escape(row.holder)}</td>"
        f'<td class="right quiet">{escape(row.last)}</td></tr>'
    )


def open_list_html(rows: Sequence[OpenRow]) -> str:
    """The cases to look at first, as a table."""
    names = ("state", "number", "kind", "place", "used", "used_bar", "stage", "holder", "last")
    right = {"used", "last"}
    heads = "".join(
        f"<th{' class=right' if name in right else ''}>{escape(t(f'incident_response.list.{name}'))}</th>"
        for name in names
    )
    body = "".join(_list_row(row) for row in rows)
    return (
        f'<div class="open-scroll"><table class="open-list"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
