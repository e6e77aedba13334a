"""What followed a warning, as tables: the steps, the flooded places, what is missing, what was late.

Frames are of `storm_steps` with the units' names (`report.storm_model`); every text from data is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.figures.map_marks import LOOKS, look_svg, step_svg
from governance.figures.storm_words import clock_words, minutes_words, place_words, step_words
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

_NUM = ' class="num"'


@dataclass(frozen=True)
class StormCard:
    """One figure: its metric's name and definition, the number with unit, what it rests on, a note."""

    label: str
    definition: str
    value: str
    unit: str
    basis: str
    note: str
    is_alarm: bool = False


def storm_cards_html(cards: Sequence[StormCard]) -> str:
    """The figures in a row; plum where something is missing or was late."""
    return f'<div class="cards storm-cards">{"".join(_card(card) for card in cards)}</div>'


def _card(card: StormCard) -> str:
    alarm = " worse" if card.is_alarm else ""
    unit = f'<span class="unit">{escape(card.unit)}</span>' if card.unit else ""
    alt = " ".join(part for part in (card.label, card.value, card.unit, card.basis, card.note) if part)
    return (
        f'<div class="card{alarm}" role="img" aria-label="{escape(alt)}"><div class="card-label">'
        f'<span title="{escape(card.definition)}">{escape(card.label)}</span></div>'
        f'<div class="card-figure"><span class="figure">{escape(card.value)}{unit}</span>'
        f'<span class="basis">{escape(card.basis)}</span></div>'
        f'<div class="card-previous">{escape(card.note)}</div></div>'
    )


def _table(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> str:
    """Rows of markup under heads of text."""
    head = "".join(f"<th{_NUM if n in right else ''}>{escape(word)}</th>" for n, word in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(f"<td{_NUM if n in right else ''}>{cell}</td>" for n, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="storm-scroll"><table class="gap-table storm-table {name}">{table}</table></div>'


def _heads(*names: str) -> list[str]:
    return [t(f"storm_response.head.{name}") for name in names]


# ------------------------------------------------------------------------------------ steps
def steps_table_html(summary: pd.DataFrame, plan: Mapping[str, float], start: pd.Timestamp | None) -> str:
    """The steps in order: first and last stamp, minutes since the warning, how many of how many."""
    rows = [_step_row(row, plan, start) for row in summary.to_dict("records")]
    heads = _heads("step", "first", "last", "since", "done", "limit", "late", "missing")
    return _table("steps", heads, rows, right=(3, 4, 5, 6, 7))


def _step_row(
    row: Mapping[Hashable, Any], plan: Mapping[str, float], start: pd.Timestamp | None
) -> tuple[str, ...]:
    step = str(row["step"])
    first, last = clock_words(row["first_at"], start), clock_words(row["last_at"], start)
    if row["early_n"]:
        first += t("storm_response.before_warning")
    dash = "—"
    limit = plan.get(step)
    return (
        f"{step_svg(step, size_px=18)} {escape(step_words(step))}",
        escape(first) or dash,
        escape(last if row["last_at"] != row["first_at"] else "") or dash,
        escape(_since(row)) or dash,
        escape(_done(row)),
        escape(minutes_words(limit)) or dash,
        f"<b>{row['late_n']}</b>" if row["late_n"] else dash,
        f"<b>{row['missing_n']}</b>" if row["missing_n"] else dash,
    )


def _since(row: Mapping[Hashable, Any]) -> str:
    """From the first to the last minute since the warning: 5–29 分钟."""
    first, last = row["first_min"], row["last_min"]
    if pd.isna(last):
        return ""
    if pd.isna(first) or first == last:
        return minutes_words(last)
    return t("storm_response.range", first=f"{first:,.0f}", last=minutes_words(last))


def _done(row: Mapping[Hashable, Any]) -> str:
    """K / n 处 where it is known how many are owed, with those that were not owed beside."""
    if pd.isna(row["expected_n"]):
        return t("storm_response.places", n=row["places_n"]) if row["places_n"] else t("storm_response.none")
    said = t("storm_response.of_places", k=row["expected_done_n"], n=row["expected_n"])
    others = row["places_n"] - row["expected_done_n"]
    return said + (t("storm_response.and_others", n=others) if others else "")


# ----------------------------------------------------------------------------------- places
def flood_table_html(points: pd.DataFrame, start: pd.Timestamp | None) -> str:
    """The points at which something was discovered: discovered → cordoned → cleared → reopened."""
    rows = []
    for row in points[points["discovered_at"].notna()].sort_values("discovered_at").to_dict("records"):
        stages = [
            _stage(row, name, minutes, start)
            for name, minutes in (
                ("cordoned", "cordon_min"),
                ("cleared", "clear_min"),
                ("reopened", "reopen_min"),
            )
        ]
        rows.append(
            (
                f"{look_svg(str(row['state']), size_px=16)} {escape(str(row['name']))}",
                escape(t(f"storm_response.kinds.{row['kind']}")),
                escape(clock_words(row["discovered_at"], start)),
                *stages,
                escape(minutes_words(row["shut_min"])) or "—",
                escape(t(f"storm_response.states.{row['state']}")),
                escape(_text(row["team"])),
            )
        )
    heads = _heads("place", "kind", "discovered", "cordoned", "cleared", "reopened", "shut", "state", "team")
    return _table("floods", heads, rows, right=(3, 4, 5, 6))


def _stage(row: Mapping[Hashable, Any], name: str, minutes: str, start: pd.Timestamp | None) -> str:
    """+8 分钟（06:29）; what is not stamped says so."""
    if pd.isna(row[f"{name}_at"]):
        return f"<b>{escape(t('storm_response.not_done'))}</b>"
    at = escape(clock_words(row[f"{name}_at"], start))
    used = minutes_words(row[minutes])
    return f"<b>{escape(used)}</b> <span>{at}</span>" if used else f"<span>{at}</span>"


def missing_table_html(missing: pd.DataFrame, *, rows_n: int) -> str:
    """Who or what is missing: step, place, since when, against which limit, whose."""
    rows = [
        (
            f"{step_svg(str(row['step']), size_px=18)} {escape(step_words(str(row['step'])))}",
            escape(place_words(row)),
            escape(_waited(row)),
            escape(_text(row["team"])),
            escape(_text(row["on_duty"])) or "—",
        )
        for row in missing.head(rows_n).to_dict("records")
    ]
    return _table("missing", _heads("step", "place", "waited", "team", "on_duty"), rows, right=(2,))


def _waited(row: Mapping[Hashable, Any]) -> str:
    used, limit = minutes_words(row["used_min"]), minutes_words(row["limit_min"])
    if not used:
        return "—"
    return t("storm_response.of_limit", used=used, limit=limit) if limit else used


def late_table_html(late: pd.DataFrame, start: pd.Timestamp | None, *, rows_n: int) -> str:
    """What took longer than the plan allows, the worst first; the clock time is that of the minutes."""
    rows = [
        (
            f"{step_svg(str(row['step']), size_px=18)} {escape(step_words(str(row['step'])))}",
            escape(place_words(row)),
            escape(clock_words(row["done_at"], start)) or escape(t("storm_response.not_done")),
            escape(minutes_words(row["used_min"])),
            escape(minutes_words(row["limit_min"])),
            f"<b>{escape(minutes_words(row['over_min']))}</b>",
            escape(_text(row["team"])),
        )
        for row in late.head(rows_n).to_dict("records")
    ]
    return _table(
        "late", _heads("step", "place", "at", "used", "limit", "over", "team"), rows, right=(3, 4, 5)
    )


def _text(value: object) -> str:
    return t("storm_response.no_team") if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]


# ------------------------------------------------------------------------------------- keys
def states_key_html(counts: Mapping[str, int]) -> str:
    """The key of the points on the map: mark, word, how many."""
    parts = [
        f"<span>{look_svg(state, size_px=16)} {escape(t(f'storm_response.states.{state}'))}"
        f" {escape(t('storm_response.points_n', n=n))}</span>"
        for state, n in counts.items()
        if state in LOOKS
    ]
    return f'<div class="cards-key">{"".join(parts)}</div>'
