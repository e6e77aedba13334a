"""The panels beside the communities, as HTML: estates with and without a manager, sources.

Pure builders; every text is escaped.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.schema import kind_named
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping


def estates_html(comparison: pd.DataFrame, *, small_n: int) -> str:
    """Two bars from 0 on one ruler, each with its counts, from `estates.estate_comparison`.

    A rate or share on fewer than `small_n` cases is not written, only its counts.
    """
    rows = comparison.sort_values("is_managed").to_dict("records")
    for row in rows:
        if row["complaints_n"] < small_n:
            row["per_100_households"] = math.nan
    rates = {bool(row["is_managed"]): float(row["per_100_households"]) for row in rows}
    top = max((rate for rate in rates.values() if not math.isnan(rate)), default=0.0) or 1.0
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
    followed, repeats = int(row["followed_n"]), int(row["repeats_n"])
    share = f"（{repeats / followed:.1%}）" if followed >= small_n else ""
    repeat = f"{t('week_overview.estates_repeat')} {repeats:,} / {followed:,}{share}"
    width = 0.0 if math.isnan(rate) else rate / top * 100
    return (
        f'<div class="estate"><div class="estate-name">{escape(name)}</div>'
        f'<div class="estate-bar"><div style="width:{width:.1f}%"></div></div>'
        f'<div class="estate-value"><b>{_rate(rate)}</b> {escape(t("week_overview.estates_rate_unit"))}</div>'
        f'<div class="estate-note">{escape(counts)}</div>'
        f'<div class="estate-note right">{escape(repeat)}</div></div>'
    )


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
