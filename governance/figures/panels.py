"""The panels beside the communities, as HTML: estates with and without a manager, sources.

Pure builders; every text is escaped.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.figures.theme import LIGHT
from governance.metrics.estates import TOOK_PART
from governance.schema import kind_named
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping


def side_by_side_html(left: tuple[str, str], right: tuple[str, str]) -> str:
    """Two drawings of one panel, each below the words that say how to read it; the right is wider."""
    columns = "".join(
        f'<div class="compare-part"><div class="panel-sub">{escape(words)}</div>{drawn}</div>'
        for words, drawn in (left, right)
    )
    return f'<div class="compare">{columns}</div>'


def estates_html(comparison: pd.DataFrame, *, small_n: int) -> str:
    """Two bars from 0 on one ruler with their intervals, counts, repeats, and who took part.

    The rows of `estates.estate_comparison` and `estates.who_took_part`, joined. A rate or share on
    fewer than `small_n` cases is not written, only its counts.
    """
    rows = comparison.sort_values("is_managed").to_dict("records")
    for row in rows:
        if row["complaints_n"] < small_n:
            row["per_100_households"] = math.nan
    rates = {bool(row["is_managed"]): float(row["per_100_households"]) for row in rows}
    highs = (float(row["high"]) for row in rows if not math.isnan(row["per_100_households"]))
    top = max(highs, default=0.0) or 1.0
    lines = "".join(_estate_line(row, top, small_n) for row in rows)
    alt = t("week_overview.estates_alt", managed=_rate(rates[True]), unmanaged=_rate(rates[False]))
    return f'<div class="estates" role="img" aria-label="{escape(alt)}">{lines}</div>'


def _rate(rate: float) -> str:
    return t("cards.missing") if math.isnan(rate) else f"{rate:.1f}"


def _estate_line(row: Mapping[Hashable, Any], top: float, small_n: int) -> str:
    rate = float(row["per_100_households"])
    name = t("week_overview.estates_managed" if row["is_managed"] else "week_overview.estates_unmanaged")
    counts = t(
        "week_overview.estates_of",
        complaints=f"{row['complaints_n']:,}",
        households=f"{row['households_n']:,}",
        estates=row["estates_n"],
    )
    notes = [counts, _repeat_words(row, small_n), _part_words(row, small_n)]
    return (
        f'<div class="estate"><div class="estate-name">{escape(name)}</div>{_estate_bar(row, top)}'
        f'<div class="estate-value"><b>{_rate(rate)}</b> {escape(t("week_overview.estates_rate_unit"))}</div>'
        + "".join(f'<div class="estate-note">{escape(note)}</div>' for note in notes if note)
        + "</div>"
    )


def _estate_bar(row: Mapping[Hashable, Any], top: float) -> str:
    """The rate from 0, its 95 % interval pale over the end of the bar."""
    rate = float(row["per_100_households"])
    if math.isnan(rate):
        return '<svg class="estate-bar" width="100%" height="16" aria-hidden="true"></svg>'
    width, low, high = (f"{value / top * 100:.1f}%" for value in (rate, row["low"], row["high"]))
    return (
        '<svg class="estate-bar" width="100%" height="16" aria-hidden="true">'
        f'<rect width="{width}" height="16" fill="{LIGHT.data}"/>'
        f'<line x1="{low}" x2="{high}" y1="8" y2="8" stroke="{LIGHT.previous}" stroke-width="3"/>'
        f'<line x1="{low}" x2="{low}" y1="3" y2="13" stroke="{LIGHT.previous}" stroke-width="2"/>'
        f'<line x1="{high}" x2="{high}" y1="3" y2="13" stroke="{LIGHT.previous}" stroke-width="2"/></svg>'
    )


def _repeat_words(row: Mapping[Hashable, Any], small_n: int) -> str:
    """Repeats per 100 households with their interval; on few cases the counts alone."""
    followed, repeats = int(row["followed_n"]), int(row["repeats_n"])
    words = t("week_overview.estates_repeat", repeats=f"{repeats:,}", followed=f"{followed:,}")
    rate = float(row["repeats_per_100_households"])
    if followed < small_n or math.isnan(rate):
        return words
    low, high = (f"{row[name]:.2f}" for name in ("repeats_low", "repeats_high"))
    return words + t("week_overview.estates_repeat_rate", rate=f"{rate:.2f}", low=low, high=high)


def _part_words(row: Mapping[Hashable, Any], small_n: int) -> str:
    """Who took part in solving, in a fixed order; only those who did."""
    logged = int(row["logged_n"])
    if not logged:
        return ""
    found = [(name, int(row[name])) for name in TOOK_PART if row[name]]
    words = (
        t("week_overview.took_part." + name) + (f" {n / logged:.0%}" if logged >= small_n else f" {n}")
        for name, n in found
    )
    return t("week_overview.estates_part", who=" · ".join(words), n=f"{logged:,}")


def sources_html(status: pd.DataFrame) -> str:
    """One line a source: as-of, rows of the week, flagged rows, grade, from `trust.source_status`."""
    heads = ("kind", "as_of", "rows", "flagged", "grade")
    head = "".join(f"<th>{escape(t(f'week_overview.sources_{name}'))}</th>" for name in heads)
    lines = "".join(_source_line(row) for row in status.to_dict("records"))
    return f'<table class="sources"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'


def _source_line(row: Mapping[Hashable, Any]) -> str:
    grade = t("cards.missing") if pd.isna(row["grade"]) else str(row["grade"])
    if pd.isna(row["rows_n"]):
        rows, flagged = t("week_overview.sources_unsummed"), ""
    elif row["rows_n"] == 0:
        rows, flagged = t("week_overview.sources_weekless"), ""
    else:
        rows, flagged = f"{row['rows_n']:,}", f"{row['flagged_n']:,}"
    cells = (kind_named(row["kind"]).label, short_stamp(row["as_of"]), rows, flagged)
    plain = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr>{plain}<td><b>{escape(grade)}</b> <span>{escape(_worst_words(row))}</span></td></tr>"


def _worst_words(row: Mapping[Hashable, Any]) -> str:
    """What lowers a source's grade most, with its share."""
    if row["is_stale"]:
        return t("week_overview.sources_stale")
    if pd.isna(row["defect"]) or not row["defect_share"]:
        return ""
    return f"{t('defects.' + row['defect'])} {row['defect_share']:.1%}"


def short_stamp(stamp: pd.Timestamp) -> str:
    """A stamp in Shanghai as 9月17日 23:52."""
    local = stamp.tz_convert("Asia/Shanghai")
    return t("stamp.day_short", month=local.month, day=local.day, time=f"{local:%H:%M}")
