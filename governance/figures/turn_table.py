"""One turn of duty on paper: team by team, and the micro-grids nobody visited."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from governance.text import t

if TYPE_CHECKING:
    import pandas as pd

_HEADS = ("team", "planned", "covered", "person_h", "km", "visited", "three")


def turn_table_html(table: pd.DataFrame) -> str:
    """A row a team: planned and covered hours, person-hours, kilometres, visited, three forces together."""
    heads = "".join(
        f"<th{' class=num' if place else ''}>{escape(t(f'patrol_replay.head.{key}'))}</th>"
        for place, key in enumerate(_HEADS)
    )
    lines = []
    for row in table.to_dict("records"):
        share = f"{100 * row['three_min'] / row['patrol_min']:.0f}%" if row["patrol_min"] else "—"
        cells = (
            f"{row['planned_h']:,.0f}",
            f"{row['covered_h']:,.1f}",
            f"{row['person_h']:,.1f}",
            f"{row['km']:,.1f}",
            f"{int(row['visited_n'])} / {int(row['expected_n'])}",
            share,
        )
        tail = "".join(f'<td class="num">{cell}</td>' for cell in cells)
        lines.append(f"<tr><td>{escape(str(row['name']))}</td>{tail}</tr>")
    head, body = f"<thead><tr>{heads}</tr></thead>", f"<tbody>{''.join(lines)}</tbody>"
    return f'<table class="coverage-table">{head}{body}</table>'


def missed_html(missed: pd.DataFrame) -> str:
    """The names of the micro-grids nobody visited, by tier, the shortest limit first."""
    parts = []
    for tier, rows in missed.groupby(missed["tier"].fillna(0)):
        key = "tier" if tier else "no_tier"
        head = t(f"patrol_replay.{key}", tier=int(tier), n=len(rows))
        names = "、".join(escape(str(name)) for name in rows["name"])
        parts.append(f'<div class="missed"><b>{escape(head)}</b>　{names}</div>')
    return "".join(parts)
