"""The cases that came due: one stacked bar, and a dot with its interval per group.

Pure builders; every text is escaped. Shares stand on one ruler from 0 to 100 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from governance.figures.theme import LIGHT
from governance.metrics.comparison import wilson_interval
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

_RAIL = "#F1EDE5"


@dataclass(frozen=True)
class DueGroup:
    """How many cases of a group came due, and how many of them were closed in time."""

    name: str
    due_n: int
    on_time_n: int


def due_bar_html(*, on_time_n: int, late_n: int, open_n: int) -> str:
    """Closed in time, closed late, still open, as parts of one bar; small parts show their number."""
    whole = on_time_n + late_n + open_n
    if not whole:
        return ""
    parts = [
        (on_time_n, LIGHT.data, LIGHT.card, t("incident_response.on_time_part", n=f"{on_time_n:,}")),
        (late_n, LIGHT.orange, LIGHT.ink, f"{late_n:,}"),
        (open_n, LIGHT.plum, LIGHT.card, f"{open_n:,}"),
    ]
    drawn = "".join(
        f'<div style="flex:{n} 0 0;min-width:{22 if place else 0}px;background:{fill};color:{ink}">'
        f"<span>{escape(word)}</span></div>"
        for place, (n, fill, ink, word) in enumerate(parts)
        if n
    )
    alt = t("incident_response.due_alt", on_time_n=on_time_n, late_n=late_n, open_n=open_n)
    return f'<div class="due-bar" role="img" aria-label="{escape(alt)}">{drawn}</div>'


def _at(share: float) -> str:
    return f"{1 + share * 98:.2f}%"


def _marks(group: DueGroup, target: float, *, is_few: bool) -> str:
    share = group.on_time_n / group.due_n
    low, high = wilson_interval(group.on_time_n, group.due_n) or (0.0, 0.0)
    interval = (
        f'<line x1="{_at(low)}" x2="{_at(high)}" y1="50%" y2="50%" stroke="{LIGHT.previous}"'
        ' stroke-width="5" opacity=".55"/>'
    )
    if is_few:
        ring = f'fill="{LIGHT.card}" stroke="{LIGHT.data}" stroke-width="1.8"'
        return f'{interval}<circle cx="{_at(share)}" cy="50%" r="4.6" {ring}/>'
    if share < target:
        square = '<svg x="{x}" y="50%" overflow="visible"><rect x="-5.5" y="-5.5" width="11" height="11"'
        return interval + square.format(x=_at(share)) + f' fill="{LIGHT.plum}"/></svg>'
    return f'{interval}<circle cx="{_at(share)}" cy="50%" r="5" fill="{LIGHT.data}"/>'


def _row_html(group: DueGroup, target: float, small_n: int) -> str:
    is_few = group.due_n < small_n
    share = t("cards.missing") if is_few else f"{group.on_time_n / group.due_n:.1%}"
    counts = f"{group.on_time_n:,} / {group.due_n:,} {t('units.case')}"
    few = f"<i>{escape(t('incident_response.too_few'))}</i>" if is_few else ""
    line = ""
    if not math.isnan(target):
        line = (
            f'<line x1="{_at(target)}" x2="{_at(target)}" y1="0" y2="100%" stroke="{LIGHT.ink_2}"'
            ' stroke-width="1.3" stroke-dasharray="5 3"/>'
        )
    is_below = not is_few and group.on_time_n / group.due_n < target
    return (
        f'<div class="due-row{" below" if is_below else ""}">'
        f'<div class="due-name" title="{escape(group.name)}">{escape(group.name)}</div>'
        f'<svg width="100%" height="19" aria-hidden="true"><rect x="{_at(0)}" width="98%" y="5.5"'
        f' height="8" fill="{_RAIL}"/>{line}{_marks(group, target, is_few=is_few)}</svg>'
        f'<div class="due-share">{escape(share)}</div>'
        f'<div class="due-counts">{escape(counts)}{few}</div></div>'
    )


def due_rows_html(groups: Sequence[DueGroup], *, target: float, small_n: int) -> str:
    """One line a group: interval and dot on the ruler, share, k / n; the target dashed (NaN without)."""
    rows = "".join(_row_html(group, target, small_n) for group in groups if group.due_n)
    return f'<div class="due-rows">{rows}</div>'
