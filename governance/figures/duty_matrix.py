"""168 hours × units × three forces: who was there, as one SVG.

Each unit is one row of three lanes in the order police, urban management, mass prevention; states
differ by shape and place, not by colour alone.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.theme import LIGHT
from governance.metrics.duty import FORCES, hour_of_week
from governance.schema import schema
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.workdays import Week

LANE, GAP, ROW = 7, 1.4, 32
LEFT, RIGHT, TOP, WIDTH = 84, 112, 40, 890
HOUR = (WIDTH - LEFT - RIGHT) / 168
FORCE_COLOURS: Mapping[str, str] = {"police": LIGHT.police, "urban": LIGHT.urban, "mass": LIGHT.mass}
_DEFS = (
    '<pattern id="duty-unknown" width="5" height="5" patternUnits="userSpaceOnUse">'
    f'<rect width="5" height="5" fill="{LIGHT.band}"/>'
    f'<circle cx="2.5" cy="2.5" r="1" fill="{LIGHT.no_data}"/></pattern>'
    '<pattern id="duty-none" width="5" height="5" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate(45)"><rect width="5" height="5" fill="{LIGHT.card}"/>'
    f'<rect width="1.2" height="5" fill="{LIGHT.rule}"/></pattern>'
)


def _runs(hours: pd.DataFrame) -> list[tuple[int, int, str]]:
    """Consecutive hours of one state: first hour, length, state."""
    runs: list[tuple[int, int, str]] = []
    for number, state in sorted(zip(hours["number"], hours["state"], strict=True)):
        if runs and runs[-1][2] == state and runs[-1][0] + runs[-1][1] == number:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1, state)
        else:
            runs.append((int(number), 1, str(state)))
    return runs


def _bar(first: int, length: int, y: float, height: float, fill: str, *, tip: str = "") -> str:
    x, wide = LEFT + first * HOUR, max(length * HOUR - 0.4, 0.8)
    title = f"<title>{escape(tip)}</title>" if tip else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{height}" fill="{fill}">{title}</rect>'


def _hour_words(first: int, length: int) -> str:
    """From one hour of the week to another: 周一 2–5时, over midnight 周一 22时–周二 6时."""
    weekdays = t("stamp.weekdays")
    day, hour = divmod(first, 24)
    until, last = divmod(first + length - 1, 24)
    if until == day:
        return t("patrol_coverage.hours", day=weekdays[day], first=hour, last=last + 1)
    return t(
        "patrol_coverage.hours_over", day=weekdays[day], first=hour, until=weekdays[until], last=last + 1
    )


def _lane(hours: pd.DataFrame, force: str, y: float) -> str:
    fills = {
        "present": FORCE_COLOURS[force],
        "still": FORCE_COLOURS[force],
        "unknown": "url(#duty-unknown)",
        "not_provided": "url(#duty-none)",
    }
    name, parts = schema().label_of("force", force), []
    for first, length, state in _runs(hours):
        if state in fills:
            words = f"{name} {_hour_words(first, length)} {t(f'duty.{state}')}"
            parts.append(_bar(first, length, y, LANE, fills[state], tip=words))
        if state == "still":
            parts.append(_bar(first, length, y + LANE - 1.6, 2.2, LIGHT.orange))
    return "".join(parts)


def _empty(units: pd.DataFrame, y: float) -> str:
    """空岗: a planned hour in which a roll call or log says that nobody was there."""
    height = 3 * LANE + 2 * GAP + 3
    rows, word = units[units["state"].eq("absent")], t("duty.empty")
    return "".join(
        _bar(first, length, y - 1.5, height, LIGHT.plum, tip=f"{_hour_words(first, length)} {word}")
        for first, length, _ in _runs(rows)
    )


def _unit(name: str, duty: pd.DataFrame, units: pd.DataFrame, y: float) -> str:
    lanes = "".join(
        _lane(duty[duty["force"].eq(force)], force, y + place * (LANE + GAP))
        for place, force in enumerate(FORCES)
    )
    counts = units["state"].value_counts()
    present, empty, unknown = (int(counts.get(state, 0)) for state in ("present", "absent", "unknown"))
    planned = present + empty + unknown
    middle = y + 1.5 * LANE + GAP + 5
    bold = ' font-weight="700"' if empty else ""
    tail = f"{present}/{planned}" if planned else "—"
    about = t("duty.unit_alt", name=name, present=present, planned=planned, empty=empty, unknown=unknown)
    return (
        f'<g role="img" aria-label="{escape(about)}">'
        f'<text x="0" y="{middle}" font-size="14"{bold} fill="{LIGHT.ink}">{escape(name)}</text>'
        f"{lanes}{_empty(units, y)}"
        f'<text x="{WIDTH - RIGHT + 62}" y="{middle}" font-size="14" text-anchor="end" '
        f'fill="{LIGHT.ink}">{tail}</text>'
        f'<text x="{WIDTH - 4}" y="{middle}" font-size="14" text-anchor="end"{bold} '
        f'fill="{LIGHT.ink}">{empty}</text></g>'
    )


def _heads(week: Week, height: float) -> str:
    parts = []
    for day in range(7):
        x = LEFT + day * 24 * HOUR
        date_ = week.first_day.fromordinal(week.first_day.toordinal() + day)
        label = t("duty.day", weekday=t("stamp.weekdays")[day], day=date_.day)
        parts.append(
            f'<text x="{x + 12 * HOUR:.1f}" y="13" font-size="13" text-anchor="middle" '
            f'fill="{LIGHT.ink_2}">{escape(label)}</text>'
        )
        for first, length in ((0, 6), (22, 2)):
            parts.append(
                f'<rect x="{x + first * HOUR:.1f}" y="{TOP - 6}" width="{length * HOUR:.1f}" '
                f'height="{height - TOP + 6:.1f}" fill="{LIGHT.page}"/>'
            )
        if day:
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height:.1f}" stroke="{LIGHT.rule}"/>')
        parts += [
            f'<text x="{x + hour * HOUR:.1f}" y="29" font-size="13" text-anchor="middle" '
            f'fill="{LIGHT.ink_3}">{hour}</text>'
            for hour in (6, 12, 18)
        ]
    heads = ((WIDTH - RIGHT + 62, "duty.present_planned"), (WIDTH - 4, "duty.empty"))
    for x, key in heads:
        parts.append(
            f'<text x="{x}" y="29" font-size="13" text-anchor="end" fill="{LIGHT.ink_3}">'
            f"{escape(t(key))}</text>"
        )
    return "".join(parts)


def duty_matrix_svg(duty: pd.DataFrame, units: pd.DataFrame, names: Mapping[str, str], week: Week) -> str:
    """The matrix of a week, one row a unit of `names` (team_id → name), in their order.

    `duty` as `duty.duty_hours`, `units` as `duty.unit_hours`, both of the week.
    """
    duty = duty.assign(number=hour_of_week(duty["hour_at"]))
    units = units.assign(number=hour_of_week(units["hour_at"]))
    height = TOP + len(names) * ROW
    rows = "".join(
        _unit(
            name,
            duty[duty["team_id"].eq(team).fillna(False).astype(bool)],
            units[units["team_id"].eq(team).fillna(False).astype(bool)],
            TOP + place * ROW,
        )
        for place, (team, name) in enumerate(names.items())
    )
    return (
        f'<svg class="duty" viewBox="0 0 {WIDTH} {height}" width="100%" role="img" '
        f'aria-label="{escape(t("duty.alt", n=len(names)))}"><defs>{_DEFS}</defs>'
        f"{_heads(week, height)}{rows}</svg>"
    )


def _swatch(body: str, key: str) -> str:
    return (
        f'<span><svg width="22" height="14" aria-hidden="true" style="vertical-align:-2px">{body}</svg> '
        f"{escape(t(key))}</span>"
    )


def duty_key_html() -> str:
    """What the marks of the matrix mean."""
    lanes = [
        f'<span><svg width="22" height="14" aria-hidden="true" style="vertical-align:-2px">'
        f'<rect y="3" width="22" height="8" fill="{FORCE_COLOURS[force]}"/></svg> '
        f"{escape(t(f'duty.{force}'))}</span>"
        for force in FORCES
    ]
    edge = f'stroke="{LIGHT.rule}"'
    whole = '<rect width="22" height="14"'
    marks = [
        _swatch(f'<rect x="7" width="7" height="14" fill="{LIGHT.plum}"/>', "duty.empty_key"),
        _swatch(f'<rect y="6" width="22" height="3" fill="{LIGHT.orange}"/>', "duty.still_key"),
        _swatch(f'{whole} fill="url(#duty-unknown)" {edge}/>', "duty.unknown"),
        _swatch(f'{whole} fill="url(#duty-none)" {edge}/>', "duty.not_provided"),
        _swatch(f'{whole} fill="{LIGHT.page}" {edge}/>', "duty.night"),
    ]
    return f'<div class="cards-key">{"".join(lanes + marks)}</div>'
