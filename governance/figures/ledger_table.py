"""The ledger of commitments, drawn: one line a commitment with its course, and the box of last week.

A line's marks are shape and word: what became of it, and what the data say of it. The sheet
governance/ui/theme.css places the parts (`.ledger-line`, `.ledger-head`, …).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from governance.figures.place_words import Scale

State = Literal["open", "overdue", "done", "dropped"]
Word = Literal["supported", "not_supported", "undecided"]

_WIDTH, _HEIGHT, _PAD = 168, 40, 5
HEADS = ("status", "what", "responsible_unit", "due_on", "course", "", "verdict")


@dataclass(frozen=True)
class Course:
    """The weeks around a decision in one unit; the decision lies before the place `decided_at`.

    `before` and `after` are the medians on either side, NaN where there is none; `before` is that of
    the weeks from the place `before_from` on.
    """

    values: tuple[float, ...]
    decided_at: int
    before: float
    after: float
    before_from: int = 0


@dataclass(frozen=True)
class LedgerLine:
    """One commitment in words.

    `metric` is what it is to move and where, `scale` how its values are written; both are empty
    and None where it names no metric. `reason` stands under the verdict, `why` on hover.
    """

    id: str
    state: State
    what: str
    unit: str
    due: str
    metric: str
    course: Course | None
    scale: Scale | None
    verdict: Word
    reason: str
    why: str

    @property
    def change(self) -> str:
        """What the metric did, from before to after."""
        if self.course is None or self.scale is None or math.isnan(self.course.before):
            return ""
        key = "course_none" if math.isnan(self.course.after) else "course"
        before, after = (self.scale.text(value) for value in (self.course.before, self.course.after))
        return t(f"commitment_ledger.{key}", before=before, after=after)


# ------------------------------------------------------------------------------- marks
def _mark(drawn: str) -> str:
    return f'<svg width="14" height="14" aria-hidden="true">{drawn}</svg>'


_DISC = f'<circle cx="7" cy="7" r="5.5" fill="{LIGHT.teal}"/>'
_SQUARE = f'<rect x="2" y="2" width="10" height="10" fill="{LIGHT.plum}"/>'


def state_mark(state: State) -> str:
    """A ring under way, a plum square overdue, a teal disc done, grey bars given up."""
    ring = f'<circle cx="7" cy="7" r="4.6" fill="{LIGHT.card}" stroke="{LIGHT.data}" stroke-width="1.8"/>'
    bars = f'<path d="M4.5,2.5V11.5M9.5,2.5V11.5" stroke="{LIGHT.ink_3}" stroke-width="2.4"/>'
    return _mark({"open": ring, "overdue": _SQUARE, "done": _DISC, "dropped": bars}[state])


def verdict_mark(word: Word) -> str:
    """A teal disc supported, a plum square not supported, a dashed ring while it cannot be told."""
    ring = (
        f'<circle cx="7" cy="7" r="5" fill="none" stroke="{LIGHT.ink_3}" stroke-width="1.6"'
        ' stroke-dasharray="2.6 2.2"/>'
    )
    return _mark({"supported": _DISC, "not_supported": _SQUARE, "undecided": ring}[word])


# ------------------------------------------------------------------------------- course
def course_svg(course: Course, *, label: str) -> str:
    """The weeks before lighter, those after solid, the decision a dotted line, medians as bars."""
    known = [value for value in course.values if not math.isnan(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    weeks_n = max(len(course.values), 2)

    def x(place: float) -> float:
        return _PAD + place * (_WIDTH - 2 * _PAD) / (weeks_n - 1)

    def y(value: float) -> float:
        share = 0.5 if high == low else (value - low) / (high - low)
        return _HEIGHT - _PAD - share * (_HEIGHT - 2 * _PAD)

    points = [(x(place), y(value)) for place, value in enumerate(course.values)]
    at = course.decided_at
    drawn = _median(x(course.before_from), x(at - 1), y(course.before)) + _median(
        x(at), x(weeks_n - 1), y(course.after)
    )
    drawn += _line(points[:at], LIGHT.previous) + _line(points[at:], LIGHT.data)
    middle = x(at - 0.5)
    drawn += (
        f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="1" y2="{_HEIGHT - 1}" stroke="{LIGHT.ink_2}"'
        ' stroke-width="1.3" stroke-dasharray="1.5 2.5"/>'
    )
    after = [point for point in points[at:] if not math.isnan(point[1])]
    drawn += "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.2" fill="{LIGHT.data}"/>' for a, b in after)
    return (
        f'<svg class="course" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{drawn}</svg>"
    )


def _median(left: float, right: float, level: float) -> str:
    if math.isnan(level):
        return ""
    return (
        f'<line x1="{left:.1f}" x2="{max(right, left + 4):.1f}" y1="{level:.1f}" y2="{level:.1f}"'
        f' stroke="{LIGHT.interval}" stroke-width="5"/>'
    )


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    drawn, is_open = "", False
    for a, b in points:
        drawn += "" if math.isnan(b) else f"{'L' if is_open else 'M'}{a:.1f},{b:.1f}"
        is_open = not math.isnan(b)
    return f'<path d="{drawn}" fill="none" stroke="{colour}" stroke-width="1.6"/>' if drawn else ""


# --------------------------------------------------------------------------------- lines
def _said(mark: str, word: str) -> str:
    return f'<span class="said">{mark}{escape(word)}</span>'


def ledger_head_html() -> str:
    """The names of the columns."""
    cells = (t(f"commitment_ledger.columns.{name}") if name else "" for name in HEADS)
    return '<div class="ledger-head">' + "".join(f"<span>{escape(cell)}</span>" for cell in cells) + "</div>"


def ledger_line_html(line: LedgerLine) -> str:
    """One commitment: what became of it, what, who, by when, its metric's course and the verdict."""
    status = _said(state_mark(line.state), t(f"commitment_ledger.status.{line.state}"))
    verdict = _said(verdict_mark(line.verdict), t(f"commitment_ledger.verdicts.{line.verdict}"))
    drawn = ""
    if line.course is not None and line.scale is not None:
        before, after = (line.scale.text(value) for value in (line.course.before, line.course.after))
        label = t("commitment_ledger.course_alt", label=line.metric, before=before, after=after)
        drawn = course_svg(line.course, label=label)
    metric = escape(line.metric or t("commitment_ledger.no_metric"))
    due = f"<b>{escape(line.due)}</b>" if line.state == "overdue" else escape(line.due)
    return (
        f'<div class="ledger-line {line.state}"><div>{status}</div>'
        f"<div><b>{escape(line.what)}</b><small>{escape(line.id)}</small></div>"
        f"<div>{escape(line.unit)}</div><div>{due}</div>"
        f"<div>{escape(line.change)}<small>{metric}</small></div><div>{drawn}</div>"
        f'<div class="verdict" title="{escape(line.why)}">{verdict}<small>{escape(line.reason)}</small></div>'
        "</div>"
    )


def last_week_html(lines: Iterable[LedgerLine]) -> str:
    """A short list: the verdict's mark and word, what, and what its metric did."""
    rows = (
        f'<div class="last-week-line" title="{escape(line.why)}">'
        f"{_said(verdict_mark(line.verdict), t(f'commitment_ledger.verdicts.{line.verdict}'))}"
        f"<span>{escape(line.what)}</span><span>{escape(line.change or line.due)}</span></div>"
        for line in lines
    )
    return f'<div class="last-week">{"".join(rows)}</div>'
