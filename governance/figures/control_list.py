"""Which chart to look at: every metric with its two states; the communities in small; the named dates."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from governance.figures.control_words import (
    basis_words,
    series_definition,
    series_scale,
    short_period_words,
    target_words,
    value_words,
)
from governance.figures.sparkline import Spark, change_mark, sparkline_svg, standing_mark
from governance.metrics.control_series import series_named
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd

    from governance.metrics.control_states import ChartState


def change_words(state: ChartState) -> str:
    """The change as mark and word."""
    word = escape(t(f"cards.change.{state.change}"))
    return f'<span class="state">{change_mark(state.change)} {word}</span>'


def standing_words(state: ChartState) -> str:
    """The target's state as mark and word; a dash without a target."""
    if state.assurance is None:
        return '<span class="quiet">—</span>'
    word = escape(t(f"cards.standing.{state.assurance}"))
    return f'<span class="state">{standing_mark(state.assurance)} {word}</span>'


def state_list_html(
    states: Mapping[str, ChartState],
    *,
    chosen: str,
    grain: str,
    links: Mapping[str, str],
    labels: Mapping[str, str],
    hanging: Collection[str] = (),
) -> str:
    """Every metric in one row: its name as a link, last value, change, target.

    A value of an older period than the others' says so; `hanging` are the metrics whose state
    hangs on one point.
    """
    latest = max((state.week for state in states.values()), default="")
    heads = "".join(
        f"<th>{escape(t(f'process_control.list_head_{name}'))}</th>"
        for name in ("metric", "value", "change", "target")
    )
    rows = []
    for key, state in states.items():
        whose = t("process_control.all_sources") if series_named(key).is_stock else ""
        link = f'<a href="{escape(links[key])}" target="_self">{escape(labels[key])}</a>{escape(whose)}'
        change = change_words(state) + (" ※" if key in hanging else "")
        rows.append(_state_row(key, state, link, change, _older(state, latest, grain), key == chosen))
    return (
        f'<table class="control-list"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _older(state: ChartState, latest: str, grain: str) -> str:
    if not state.week or state.week == latest:
        return ""
    return t("process_control.list_older", period=short_period_words(state.week, grain))


def _state_row(key: str, state: ChartState, link: str, change: str, older: str, is_chosen: bool) -> str:
    scale = series_scale(key, [state.value])
    target = target_words(state.target, scale) if state.target else ""
    note = f'<span class="quiet">{escape(older)}</span>' if older else ""
    return (
        f"<tr{' class=chosen' if is_chosen else ''}>"
        f'<td title="{escape(series_definition(key))}">{link}</td>'
        f'<td class="num" title="{escape(basis_words(key, state.hit_n, state.of_n))}">'
        f"{note}{escape(value_words(key, scale, state.value))}</td><td>{change}</td>"
        f'<td title="{escape(target)}">{standing_words(state)}</td></tr>'
    )


@dataclass(frozen=True)
class Multiple:
    """One community's small chart: its name, rows and state."""

    name: str
    chart: pd.DataFrame
    state: ChartState


def multiples_html(key: str, multiples: Sequence[Multiple], *, small_n: int) -> str:
    """The communities' charts side by side in the order given, one unit for all.

    What rests on fewer than `small_n` cases is not written as a share or time, and not judged.
    """
    scale = series_scale(key, [multiple.state.value for multiple in multiples])
    cells = []
    for multiple in multiples:
        state, rows = multiple.state, multiple.chart[~multiple.chart["is_partial"]]
        target = float("nan") if state.target is None else state.target.value
        spark = Spark.of_weeks(rows, target=target, change=state.change) if len(rows) else Spark(())
        basis, value = basis_words(key, state.hit_n, state.of_n), value_words(key, scale, state.value)
        states = f"{change_words(state)}{standing_words(state)}"
        if state.of_n < small_n and not series_named(key).is_patrol:
            value, states = t("process_control.too_few"), ""
        cells.append(
            f'<div class="multiple"><div class="multiple-head"><b>{escape(multiple.name)}</b>'
            f"<span>{escape(value)}</span></div>"
            f"{sparkline_svg(spark)}"
            f'<div class="multiple-foot"><span>{escape(basis)}</span></div>'
            f'<div class="multiple-foot">{states}</div></div>'
        )
    return f'<div class="multiples">{"".join(cells)}</div>'


@dataclass(frozen=True)
class NotedDate:
    """One named date in words."""

    on: str
    what: str
    metric: str
    reason: str
    since: str
    ended: str = ""


def notes_html(notes: Iterable[NotedDate]) -> str:
    """The named dates, ended ones struck out with the reason."""
    names = ("on", "what", "for", "reason", "since")
    heads = "".join(f"<th>{escape(t(f'process_control.notes_head_{name}'))}</th>" for name in names)
    rows = "".join(_note_row(note) for note in notes)
    return f'<table class="control-notes"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _note_row(note: NotedDate) -> str:
    cells = (note.on, note.what, note.metric, note.reason, note.since)
    shown = (f"<s>{escape(cell)}</s>" if note.ended else escape(cell) for cell in cells)
    ended = f'<div class="quiet">{escape(note.ended)}</div>' if note.ended else ""
    first, second, third, reason, since = shown
    return (
        f"<tr><td>{first}</td><td>{second}</td><td>{third}</td>"
        f'<td class="reason">{reason}{ended}</td><td>{since}</td></tr>'
    )
