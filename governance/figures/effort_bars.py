"""Where patrols were and where cases were, community by community; hours and kilometres of teams."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def effort_bars_html(shares: pd.DataFrame) -> str:
    """Two bars a community on one ruler: its share of patrol hours, its share of cases."""
    # A share of nothing (a week without cases) has no bar and no number.
    drawn = shares[["effort_share", "case_share"]].fillna(0.0)
    top = max(float(drawn.max().max()), 0.01)
    rows = []
    for row, effort, cases in zip(shares.to_dict("records"), *(drawn[name] for name in drawn), strict=True):
        name = str(row["name"]).removesuffix(t("map.community_suffix"))
        bars = (
            f'<rect y="2" width="{100 * effort / top:.1f}%" height="9" fill="{LIGHT.data}"/>'
            f'<rect y="13" width="{100 * cases / top:.1f}%" height="6" fill="{LIGHT.previous}"/>'
        )
        words = t(
            "effort.row",
            effort=_percent(row["effort_share"]),
            hours=f"{float(row['patrol_h']):,.0f}",
            cases=_percent(row["case_share"]),
            n=f"{int(row['reported_n']):,}",
        )
        rows.append(
            f'<div class="effort-row"><span>{escape(name)}</span>'
            f'<svg width="100%" height="21" aria-hidden="true">{bars}</svg><span>{escape(words)}</span></div>'
        )
    keys = "".join(
        f'<span><svg width="15" height="9" aria-hidden="true">'
        f'<rect width="15" height="{height}" fill="{fill}"/></svg>{escape(t(f"effort.key.{name}"))}</span>'
        for name, height, fill in (("effort", 9, LIGHT.data), ("cases", 6, LIGHT.previous))
    )
    return (
        f'<div class="cards-key">{keys}</div>'
        f'<div class="effort" role="img" aria-label="{escape(t("effort.alt"))}">{"".join(rows)}</div>'
    )


def _percent(share: float) -> str:
    return "—" if math.isnan(share) else f"{share * 100:.1f}%"


def encounter_table_html(shares: pd.DataFrame, *, least_h: float) -> str:
    """What patrols found per hour with its interval, and what the public had to report after them.

    Less than `least_h` hours give no rate; no hours at all are said as such.
    """
    heads = "".join(
        f"<th{' class=num' if place else ''}>{escape(t(f'effort.met.{key}'))}</th>"
        for place, key in enumerate(("community", "found", "rate", "missed"))
    )
    body = []
    for row in shares.to_dict("records"):
        name = str(row["name"]).removesuffix(t("map.community_suffix"))
        hours = float(row["patrol_h"])
        if hours <= 0:
            rate = t("effort.nobody")
        elif hours < least_h:
            rate = t("effort.low", h=f"{least_h:g}")
        else:
            told = {key: f"{float(row[key]):.3f}" for key in ("rate", "rate_lower", "rate_upper")}
            rate = t("effort.rate", **told)
        cells = (
            t("cards.of", k=int(row["missed_n"]), n=int(row["lasting_n"]), unit=t("units.case"))
            if row["lasting_n"]
            else t("effort.none_lasting")
        )
        body.append(
            f'<tr><td>{escape(name)}</td><td class="num">{int(row["found_n"]):,}</td>'
            f'<td class="num">{escape(rate)}</td><td class="num">{escape(cells)}</td></tr>'
        )
    return (
        f'<table class="coverage-table"><thead><tr>{heads}</tr></thead><tbody>{"".join(body)}</tbody></table>'
    )


def team_effort_html(effort: pd.DataFrame, teams: Mapping[str, str]) -> str:
    """Team-hours, person-hours and kilometres of each team, side by side and never added."""
    heads = "".join(
        f"<th{' class=num' if place else ''}>{escape(t(f'effort.head.{key}'))}</th>"
        for place, key in enumerate(("team", "team_h", "person_h", "km"))
    )
    body = "".join(
        f"<tr><td>{escape(teams.get(str(row['team_id']), str(row['team_id'])))}</td>"
        f'<td class="num">{float(row["team_h"]):,.0f}</td><td class="num">{float(row["person_h"]):,.0f}</td>'
        f'<td class="num">{float(row["km"]):,.1f}</td></tr>'
        for row in effort.to_dict("records")
    )
    return f'<table class="coverage-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
