"""The gap register: who was left alone longest, by hours lost, with the responsible unit."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.since_map import duration_words
from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_MULTIPLE = 4.0
_RIGHT = ' class="num"'


def _bar(multiple: float) -> str:
    """The multiple of the limit as a bar with a tick at 1."""

    def x(value: float) -> float:
        return 100 * min(value, MAX_MULTIPLE) / MAX_MULTIPLE

    parts = [f'<rect y="5" width="{x(min(multiple, 1)):.1f}%" height="9" fill="{LIGHT.interval}"/>']
    if multiple > 1:
        wide = x(min(multiple, 2)) - x(1)
        parts.append(f'<rect x="{x(1):.1f}%" y="5" width="{wide:.1f}%" height="9" fill="{LIGHT.orange}"/>')
    if multiple > 2:
        wide = x(multiple) - x(2)
        parts.append(f'<rect x="{x(2):.1f}%" y="5" width="{wide:.1f}%" height="9" fill="{LIGHT.plum}"/>')
    tick = x(1)
    parts.append(f'<line x1="{tick}%" x2="{tick}%" y1="1" y2="18" stroke="{LIGHT.ink}" stroke-width="1.4"/>')
    return f'<svg width="110" height="19" aria-hidden="true">{"".join(parts)}</svg>'


def stamp_text(stamp: pd.Timestamp) -> str:
    """9月16日 5时."""
    return t("gaps.stamp", month=stamp.month, day=stamp.day, hour=stamp.hour)


def _row(row: Mapping[Any, Any], teams: Mapping[str, str]) -> str:
    multiple = row["multiple"]
    known = not pd.isna(multiple)
    team = teams.get(str(row["team_id"]), t("gaps.no_team"))
    lost = t("since.hours", n=f"{float(row['over_h']):,.0f}")
    cells = (
        escape(str(row["name"])),
        escape(t("gaps.tier", tier=int(row["tier"]), limit=duration_words(float(row["limit_h"])))),
        escape(duration_words(float(row["h"]))) if not pd.isna(row["h"]) else "—",
        _bar(float(multiple)) if known else "",
        escape(t("gaps.multiple", n=f"{float(multiple):.1f}")) if known else "—",
        escape(t("gaps.n", n=int(row["gaps_n"]))),
        f"<b>{escape(lost)}</b>",
        escape(stamp_text(row["last_gap_at"])),
        escape(team),
    )
    right = (2, 4, 5, 6)
    return "".join(
        f'<td class="num">{cell}</td>' if place in right else f"<td>{cell}</td>"
        for place, cell in enumerate(cells)
    )


def gap_table_html(register: pd.DataFrame, teams: Mapping[str, str], *, rows_n: int) -> str:
    """The first rows of the register; `register` has the columns h and multiple of `time_since` too."""
    keys = ("place", "tier_limit", "since", "bar", "", "gaps", "over", "last", "team")
    heads = "".join(
        f"<th{_RIGHT if place in (2, 5, 6) else ''}>{escape(t(f'gaps.head.{key}')) if key else ''}</th>"
        for place, key in enumerate(keys)
    )
    body = "".join(f"<tr>{_row(row, teams)}</tr>" for row in register.head(rows_n).to_dict("records"))
    return f'<table class="gap-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
