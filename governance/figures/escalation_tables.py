"""Tables of 逐级化解 as HTML: disputes, chronic places, wishes and their way, severities.

Pure builders; every text is escaped.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.figures.chronic_map import day_text, place_text
from governance.figures.ladder import explained, of_text, share_text
from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[Any, Any]

_SPARK_W, _SPARK_H = 132, 26
HOURS_PER_DAY = 24


# ------------------------------------------------------------------------------- disputes
def facts_html(facts: Sequence[tuple[str, str, str]]) -> str:
    """Lines of a name, a figure and what it rests on or means."""
    lines = "".join(
        f'<div class="told"><span>{escape(name)}</span><b>{escape(figure)}</b><i>{escape(note)}</i></div>'
        for name, figure, note in facts
    )
    return f'<div class="tolds">{lines}</div>'


# --------------------------------------------------------------------------- chronic places
def chronic_table_html(places: pd.DataFrame, *, rows_n: int) -> str:
    """The fullest places: number, place, category, times, first and last, responsible unit (`owner`)."""
    heads = ("number", "place", "category", "times", "spell", "owner")
    head = "".join(explained("th", f"case_escalation.chronic.{{}}_{name}") for name in heads)
    lines = []
    for number, row in enumerate(places.head(rows_n).to_dict("records"), start=1):
        spell = t(
            "case_escalation.chronic.spell", first=day_text(row["first_at"]), last=day_text(row["last_at"])
        )
        cells = (
            str(number),
            place_text(row["place"]),
            str(row["category"]),
            f"{row['n']:,}",
            spell,
            str(row["owner"]),
        )
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return (
        f'<table class="plain chronic"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )


# ---------------------------------------------------------------------------------- wishes
def hours_text(hours: float) -> str:
    """Hours below 48, then days; in words when the median is not reached."""
    if math.isnan(hours):
        return t("case_escalation.opinions.not_reached")
    if hours < 2 * HOURS_PER_DAY:
        return t("case_escalation.hours", n=f"{hours:.1f}" if hours < 20 else f"{hours:.0f}")
    return t("case_escalation.days", n=f"{hours / HOURS_PER_DAY:.1f}")


def opinions_html(rows: pd.DataFrame, *, small_n: int) -> str:
    """One row a group: collected, answered, done, revisited, and the three medians.

    `rows` is `metrics.opinions.opinion_table` with name and look.
    """
    heads = ("collected", "answered", "done", "revisited", "to_answer", "to_done", "to_revisit")
    head = "".join(explained("th", f"case_escalation.opinions.{{}}_{name}") for name in heads)
    lines = "".join(_opinion_line(row, small_n) for row in rows.to_dict("records"))
    return (
        f'<table class="plain opinions"><thead><tr><th></th>{head}</tr></thead><tbody>{lines}</tbody></table>'
    )


def _opinion_line(row: Row, small_n: int) -> str:
    n = int(row["collected_n"])
    cells = [f"<td>{escape(str(row['name']))}</td><td><b>{n:,}</b></td>"]
    for column in ("answered_n", "done_n", "revisited_n"):
        k = int(row[column])
        if n < small_n:
            cells.append(f"<td><b>{of_text(k, n)}</b></td>")
        else:
            meter = f'<span class="meter"><i style="width:{k / n * 100:.1f}%"></i></span>'
            cells.append(f"<td><b>{share_text(k, n)}</b> <i>{k:,}</i>{meter}</td>")
    for clock in ("to_answer", "to_done", "to_revisit"):
        timed, open_n = int(row[f"{clock}_n"]), int(row[f"{clock}_open_n"])
        is_few = timed < small_n
        figure = t("cards.missing") if is_few else hours_text(float(row[f"{clock}_median_h"]))
        note = t("case_escalation.opinions.of", n=timed, open=open_n)
        cells.append(f"<td><b>{escape(figure)}</b><br><i>{escape(note)}</i></td>")
    look = f' class="{escape(str(row["look"]))}"' if row["look"] else ""
    return f"<tr{look}>{''.join(cells)}</tr>"


# ------------------------------------------------------------------------------ severities
def shares_svg(shares: Sequence[float], *, expected: float) -> str:
    """Weekly shares as a line from 0, the expected share dashed, the last week a solid point."""
    known = [share for share in (*shares, expected) if not math.isnan(share)]
    top = max(known, default=0.0) * 1.15 or 1.0
    step = (_SPARK_W - 10) / max(len(shares) - 1, 1)

    def y(share: float) -> float:
        return _SPARK_H - 4 - share / top * (_SPARK_H - 8)

    places = [(5 + n * step, share) for n, share in enumerate(shares) if not math.isnan(share)]
    points = " ".join(f"{x:.1f},{y(share):.1f}" for x, share in places)
    parts = [f'<polyline points="{points}" fill="none" stroke="{LIGHT.data}" stroke-width="1.6"/>']
    if not math.isnan(expected):
        dash = f'stroke="{LIGHT.ink_2}" stroke-width="1.2" stroke-dasharray="5 3"'
        parts.append(f'<line x1="0" x2="{_SPARK_W}" y1="{y(expected):.1f}" y2="{y(expected):.1f}" {dash}/>')
    if places:
        parts.append(
            f'<circle cx="{places[-1][0]:.1f}" cy="{y(places[-1][1]):.1f}" r="3.6" fill="{LIGHT.data}"/>'
        )
    return f'<svg width="{_SPARK_W}" height="{_SPARK_H}" aria-hidden="true">{"".join(parts)}</svg>'


def drift_html(drift: pd.DataFrame, weekly: pd.DataFrame, *, labels: Mapping[str, str], small_n: int) -> str:
    """One row a severity: weeks, share now and before, expected, difference, verdict."""
    heads = ("severity", "weeks", "now", "before", "expected", "difference", "verdict")
    head = "".join(explained("th", f"case_escalation.drift.{{}}_{name}") for name in heads)
    lines = []
    for row in drift.to_dict("records"):
        shares = weekly.loc[weekly["severity"].eq(row["severity"]), "share"].astype(float).tolist()
        lines.append(_drift_line(row, shares, labels.get(row["severity"], str(row["severity"])), small_n))
    return f'<table class="plain drift"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def _drift_line(row: Row, shares: Sequence[float], label: str, small_n: int) -> str:
    expected, of_n, before_n = float(row["expected_share"]), int(row["of_n"]), int(row["before_of_n"])
    is_few = min(of_n, before_n) < small_n

    def share(k: int, n: int) -> str:
        return (
            f"<b>{of_text(k, n)}</b>" if n < small_n else f"<b>{share_text(k, n)}</b> <i>{of_text(k, n)}</i>"
        )

    unknown = is_few or math.isnan(expected)
    gap = (row["share"] - expected) * 100 if not unknown else math.nan
    difference = t("cards.missing") if unknown else f"{gap:+.1f}".replace("-", "−")
    cells = [
        escape(label),
        shares_svg(shares, expected=expected if not unknown else math.nan),
        share(int(row["n"]), of_n),
        share(int(row["before_n"]), before_n),
        t("cards.missing") if unknown else f"{expected:.1%}",
        difference,
        _verdict(bool(row["is_marked"]), unknown),
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _verdict(is_marked: bool, is_unknown: bool) -> str:
    name = "unknown" if is_unknown else "marked" if is_marked else "same"
    shape = {
        "unknown": "",
        "marked": f'<svg width="12" height="12"><path d="M6,0l6,6l-6,6l-6,-6z" fill="{LIGHT.plum}"/></svg> ',
        "same": f'<svg width="12" height="12"><circle cx="6" cy="6" r="4" fill="none" stroke="{LIGHT.ink_3}"'
        ' stroke-width="1.5"/></svg> ',
    }[name]
    return shape + escape(t(f"case_escalation.drift.{name}"))


def regraded_html(found: pd.DataFrame, *, labels: Mapping[str, str], rows_n: int) -> str:
    """The latest changes of severity: case, from and to, when, minutes before the limit."""
    heads = ("case", "change", "when", "before_limit")
    head = "".join(explained("th", f"case_escalation.regraded.{{}}_{name}") for name in heads)
    lines = []
    for row in found.iloc[::-1].head(rows_n).to_dict("records"):
        grades = [labels.get(row[side], t("cards.missing")) for side in ("from_severity", "to_severity")]
        when = t("cards.missing") if pd.isna(row["changed_at"]) else day_text(row["changed_at"])
        cells = (str(row["incident_id"]), " → ".join(grades), when, limit_text(row["before_limit_min"]))
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return (
        f'<table class="plain regraded"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )


def limit_text(minutes: float) -> str:
    """Minutes before the limit in words; after it says so."""
    if math.isnan(minutes):
        return t("cards.missing")
    size = abs(minutes)
    span = t("case_escalation.minutes", n=f"{size:.0f}") if size < 100 else hours_text(size / 60)
    return t(
        "case_escalation.regraded.before" if minutes >= 0 else "case_escalation.regraded.after", span=span
    )


# ---------------------------------------------------------------------------------- silent
_CODES_SHOWN = 6


def silent_html(rows: pd.DataFrame) -> str:
    """Per community the silent micro-grids of 4 and of 12 weeks, and the codes of the latter."""
    heads = ("name", "n", "four", "twelve", "codes")
    head = "".join(explained("th", f"case_escalation.silent.{{}}_{name}") for name in heads)
    lines = []
    for row in rows.to_dict("records"):
        codes = row["codes"]
        more = t("case_escalation.silent.more", n=len(codes)) if len(codes) > _CODES_SHOWN else ""
        words = "、".join(codes[:_CODES_SHOWN]) + more
        cells = (row["name"], f"{row['n']:,}", f"{row['four_n']:,}", f"{row['twelve_n']:,}", words)
        look = f' class="{escape(row["look"])}"' if row["look"] else ""
        lines.append(f"<tr{look}>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    return (
        f'<table class="plain silent"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )
