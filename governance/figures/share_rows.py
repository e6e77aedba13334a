"""Shares in rows on one ruler from 0 to 100 %: a dot, its interval, a second measure, bounds.

Pure builders; every text is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from governance.figures.ladder import explained, of_text, share_text
from governance.figures.theme import LIGHT
from governance.metrics.comparison import wilson_interval
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class ShareRow:
    """One row: k of n, and beside it `other_k` of the same n by another rule.

    `bounds` are the lowest and highest share possible, `note` stands after the numbers, `look`
    is total, chosen or empty.
    """

    name: str
    k: int
    n: int
    other_k: int | None = None
    bounds: tuple[float, float] | None = None
    note: str = ""
    look: str = ""


def share_rows_html(
    rows: Sequence[ShareRow], *, heads: Sequence[str], small_n: int, alt: str, top: float = 1.0
) -> str:
    """The rows on a ruler from 0 to `top`; `heads` names the columns (texts `case_escalation.share`).

    The dot is k ÷ n with its Wilson 95 % bar, a ring the other rule's share, a dotted line the
    bounds. Fewer than `small_n` cases get a dashed ring and counts alone.
    """
    head = "".join(explained("span", f"case_escalation.share.{{}}_{name}") for name in heads)
    body = "".join(_row(row, small_n, top, numbers_n=len(heads)) for row in rows)
    ends = f'<span class="share-axis"><i>0</i><i>{top:.0%}</i></span>'
    axis = f'<div class="share-row axis"><span></span>{ends}</div>'
    return (
        f'<div class="share-rows n{len(heads)}" role="img" aria-label="{escape(alt)}">'
        f'<div class="share-row heads"><span></span><span></span>{head}</div>{body}{axis}</div>'
    )


def _row(row: ShareRow, small_n: int, top: float, *, numbers_n: int) -> str:
    is_few = row.n < small_n
    numbers = [_number(row.k, row.n, is_few)]
    if row.other_k is not None:
        numbers.append(_number(row.other_k, row.n, is_few))
    if row.note or len(numbers) < numbers_n:
        numbers.append(f"<span><i>{escape(row.note)}</i></span>")
    look = f"share-row {row.look}".strip()
    name = f'<span class="share-name">{escape(row.name)}</span>'
    marks = (
        f'<svg class="share-marks" width="100%" height="100%" aria-hidden="true">{_marks(row, is_few, top)}'
    )
    return f'<div class="{look}">{name}{marks}</svg>{"".join(numbers)}</div>'


def _number(k: int, n: int, is_few: bool) -> str:
    if is_few:
        return f"<span><b>{of_text(k, n) if n else t('cards.missing')}</b></span>"
    return f"<span><b>{share_text(k, n)}</b> <i>{of_text(k, n)}</i></span>"


def _at(share: float, top: float) -> str:
    return f"{2 + min(share / top, 1.0) * 96:.2f}%"


def _marks(row: ShareRow, is_few: bool, top: float) -> str:
    parts = [f'<rect x="2%" width="96%" y="50%" height="1" fill="{LIGHT.hairline}"/>']
    if row.bounds is not None:
        low, high = (_at(share, top) for share in row.bounds)
        dotted = f'stroke="{LIGHT.ink_3}" stroke-width="1.5" stroke-dasharray="1.5 3"'
        parts.append(f'<line x1="{low}" x2="{high}" y1="50%" y2="50%" {dotted}/>')
    interval = wilson_interval(row.k, row.n)
    if interval is not None and not is_few:
        low, high = (_at(share, top) for share in interval)
        line = f'stroke="{LIGHT.previous}" stroke-width="7" opacity="0.6"'
        parts.append(f'<line x1="{low}" x2="{high}" y1="50%" y2="50%" {line}/>')
    if row.other_k is not None and row.n and not is_few:
        ring = f'fill="{LIGHT.card}" stroke="{LIGHT.data}" stroke-width="1.5"'
        parts.append(f'<circle cx="{_at(row.other_k / row.n, top)}" cy="50%" r="4" {ring}/>')
    if row.n:
        dashed = f'fill="{LIGHT.card}" stroke="{LIGHT.ink_3}" stroke-dasharray="2 2"'
        look = dashed if is_few else f'fill="{LIGHT.data}"'
        parts.append(f'<circle cx="{_at(row.k / row.n, top)}" cy="50%" r="5" {look}/>')
    return "".join(parts)
