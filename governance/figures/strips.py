"""Evidence panels as HTML: communities side by side, estates, sources.

Pure builders; every text is escaped. A strip's marks are placed in per cent of its box, so that
panels stretch without distorting them.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.metric_words import basis_text, metric_definition, metric_label, metric_scale
from governance.figures.theme import LIGHT
from governance.metrics.definitions import metric_named
from governance.metrics.overview import ELSEWHERE, STREET
from governance.schema import kind_named
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from governance.figures.place_words import Scale

STRIP_METRICS = ("reported_n", "open_n", "closed_median_min", "located_share")
_PAD = 4.0


# --------------------------------------------------------------------------- communities
def _is_rate(key: str) -> bool:
    return metric_named(key).unit in ("share", "time")


def strip_axis(key: str, values: Sequence[float]) -> tuple[float, float]:
    """Both ends of a strip's axis in the metric's unit: counts from 0, rates around what is shown."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return 0.0, 1.0
    if not _is_rate(key):
        return 0.0, _round_up(max(known))
    if metric_named(key).unit == "share":
        return math.floor(max(min(known) - 0.02, 0.0) * 20) / 20, 1.0
    scale = metric_scale(key, known)
    return 0.0, _round_up(max(known) / scale.divisor) * scale.divisor


def _round_up(value: float) -> float:
    """The next number with one digit that is 1, 2, 3, 4, 5, 6 or 8 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value)


def _strip_cell(value: float, previous: float, street: float, place: Callable[[float], float], *, is_few: bool) -> str:
    marks = []
    if not math.isnan(street):
        marks.append(
            f'<line x1="{place(street):.2f}%" x2="{place(street):.2f}%" y1="0" y2="100%" stroke="{LIGHT.ink_3}"/>'
        )
    if not math.isnan(previous):
        marks.append(
            f'<circle cx="{place(previous):.2f}%" cy="50%" r="4" fill="{LIGHT.card}" stroke="{LIGHT.data}"'
            ' stroke-width="1.5"/>'
        )
    if not math.isnan(value):
        fill = f'fill="{LIGHT.card}" stroke="{LIGHT.ink_3}" stroke-dasharray="2 2"' if is_few else f'fill="{LIGHT.data}"'
        marks.append(f'<circle cx="{place(value):.2f}%" cy="50%" r="5" {fill}/>')
    return f'<svg class="strip" width="100%" height="100%" aria-hidden="true">{"".join(marks)}</svg>'


def _value_cell(row: pd.Series, scale: Scale, *, is_few: bool) -> str:
    key = str(row["metric"])
    counts = [None if pd.isna(row[c]) else int(row[c]) for c in ("numerator_n", "denominator_n", "n")]
    figure = "—" if is_few else scale.number(float(row["value"]))
    basis = basis_text(key, *counts).replace(" ", "") if not math.isnan(float(row["value"])) else ""
    return f'<div class="strip-value"><b>{escape(figure)}</b><span>{escape(basis)}</span></div>'


def community_strips_html(figures: pd.DataFrame, *, small_n: int) -> str:
    """The communities in rows, the figures in columns, from `overview.community_figures`.

    A share or duration that rests on fewer than `small_n` cases gets a dashed ring and no
    number. Both ends of every axis are printed.
    """
    rows = [code for code in dict.fromkeys(figures["community_code"]) if code != STREET]
    keyed = figures.set_index(["community_code", "metric"], drop=False)
    head, foot = ["<div></div>"], ["<div></div>"]
    cells: dict[str, list[str]] = {code: [f'<div class="strip-name">{escape(_name(keyed, code))}</div>'] for code in rows}
    for key in STRIP_METRICS:
        of_key = figures[(figures["metric"] == key) & (figures["community_code"] != STREET)]
        shown = [float(v) for v in pd.concat([of_key["value"], of_key["previous"]])]
        low, high = strip_axis(key, shown)
        scale = metric_scale(key, [high])

        def place(value: float, low: float = low, high: float = high) -> float:
            return _PAD + (value - low) / (high - low) * (100 - 2 * _PAD)

        street = float(keyed.loc[(STREET, key), "value"]) if _is_rate(key) else math.nan
        ends = [scale.number(low), scale.number(high)]
        head.append(
            f'<div class="strip-head"><b title="{escape(metric_definition(key))}">{escape(metric_label(key))}</b>'
            f"<span>{escape(scale.unit)}</span></div>"
        )
        foot.append(f'<div class="strip-axis"><span>{escape(ends[0])}</span><span>{escape(ends[1])}</span></div>')
        for code in rows:
            row = keyed.loc[(code, key)]
            is_few = _is_rate(key) and not pd.isna(row["n"]) and int(row["n"]) < small_n
            values = (float(row["value"]), float(row["previous"]), street)
            cells[code].append(
                f'<div class="strip-cell">{_strip_cell(*values, place, is_few=is_few)}'
                f"{_value_cell(row, scale, is_few=is_few)}</div>"
            )
    body = "".join(f'<div class="strip-row">{"".join(cells[code])}</div>' for code in rows)
    label = t("week_overview.communities_alt", n=len([code for code in rows if code != ELSEWHERE]))
    return (
        f'<div class="strips" role="img" aria-label="{escape(label)}"><div class="strip-row strip-heads">{"".join(head)}</div>'
        f'{body}<div class="strip-row strip-axes">{"".join(foot)}</div></div>'
    )


def _name(keyed: pd.DataFrame, code: str) -> str:
    if code == ELSEWHERE:
        return t("week_overview.elsewhere")
    name = keyed.loc[(code, STRIP_METRICS[0]), "name"]
    text = code if pd.isna(name) else str(name)
    return text.removesuffix(t("map.community_suffix")) or text


# ------------------------------------------------------------------------------- estates
def estates_html(comparison: pd.DataFrame) -> str:
    """Two bars from 0 on one ruler, each with its counts, from `estates.estate_comparison`."""
    rates = {bool(row.is_managed): float(row.per_100_households) for row in comparison.itertuples()}
    top = max((rate for rate in rates.values() if not math.isnan(rate)), default=0.0) or 1.0
    lines = []
    for row in comparison.sort_values("is_managed").itertuples():
        rate = float(row.per_100_households)
        name = t("week_overview.estates_managed" if row.is_managed else "week_overview.estates_unmanaged")
        counts = t(
            "week_overview.estates_of",
            complaints=f"{row.complaints_n:,}",
            households=f"{row.households_n:,}",
            estates=row.estates_n,
        )
        figure = "—" if math.isnan(rate) else f"{rate:.1f}"
        width = 0.0 if math.isnan(rate) else rate / top * 100
        lines.append(
            f'<div class="estate"><div class="estate-name">{escape(name)}</div><div class="estate-bar">'
            f'<div style="width:{width:.1f}%"></div></div><div class="estate-value"><b>{figure}</b> '
            f'{escape(t("week_overview.estates_rate_unit"))}</div><div class="estate-note">{escape(counts)}</div>'
            f'<div class="estate-note right">{escape(_repeat_text(row))}</div></div>'
        )
    alt = t("week_overview.estates_alt", **{k: _one(rates, v) for k, v in (("managed", True), ("unmanaged", False))})
    return f'<div class="estates" role="img" aria-label="{escape(alt)}">{"".join(lines)}</div>'


def _one(rates: dict[bool, float], is_managed: bool) -> str:
    rate = rates.get(is_managed, math.nan)
    return "—" if math.isnan(rate) else f"{rate:.1f}"


def _repeat_text(row: object) -> str:
    followed, repeats = int(row.followed_n), int(row.repeats_n)  # type: ignore[attr-defined]
    share = f" {repeats / followed:.1%}" if followed else ""
    return f"{t('week_overview.estates_repeat')} {repeats:,} / {followed:,}{share}"


def estates_ratio(comparison: pd.DataFrame) -> float:
    """How many times the rate of managed estates the others have; missing when it cannot be said."""
    rates = comparison.set_index("is_managed")["per_100_households"]
    managed, unmanaged = float(rates.get(True, math.nan)), float(rates.get(False, math.nan))
    return unmanaged / managed if managed > 0 else math.nan


# ------------------------------------------------------------------------------- sources
def sources_html(status: pd.DataFrame) -> str:
    """One line a source: as-of, rows of the week, flagged rows, grade, from `trust.source_status`."""
    heads = ("kind", "as_of", "rows", "flagged", "grade")
    head = "".join(f"<th>{escape(t(f'week_overview.sources_{name}'))}</th>" for name in heads)
    lines = "".join(_source_line(row) for row in status.to_dict("records"))
    return f'<table class="sources"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'


def _source_line(row: dict[str, object]) -> str:
    grade = t("cards.missing") if pd.isna(row["grade"]) else str(row["grade"])
    rows_n = row["rows_n"]
    if pd.isna(rows_n):
        rows, flagged = t("week_overview.sources_unsummed"), ""
    elif rows_n == 0:
        rows, flagged = t("week_overview.sources_weekless"), ""
    else:
        rows, flagged = f"{rows_n:,}", f"{row['flagged_n']:,}"
    if row["is_stale"]:
        worst = t("week_overview.sources_stale")
    elif pd.isna(row["defect"]) or not row["defect_share"]:
        worst = ""
    else:
        worst = f"{t(f'defects.{row["defect"]}')} {row['defect_share']:.1%}"
    label = kind_named(str(row["kind"])).label
    cells = (label, short_stamp(row["as_of"]), rows, flagged)
    plain = "".join(f"<td>{escape(str(cell))}</td>" for cell in cells)
    return f'<tr>{plain}<td title="{escape(worst)}"><b>{escape(grade)}</b> <span>{escape(worst)}</span></td></tr>'


def short_stamp(stamp: object) -> str:
    """A stamp in Shanghai as 9月17日 23:52; — when missing."""
    if pd.isna(stamp):
        return t("cards.missing")
    local = pd.Timestamp(stamp).tz_convert("Asia/Shanghai")
    return t("stamp.day_short", month=local.month, day=local.day, time=f"{local:%H:%M}")
