"""一老一小 as tables and bars: who is due, communities, members, the four links, activities, who left.

Pure builders; every text is escaped. A count that may not be shown comes as None.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from governance.metrics.care import State

_STRIPES = (
    '<pattern id="care-never" width="5" height="5" patternUnits="userSpaceOnUse"'
    f' patternTransform="rotate(45)"><rect width="5" height="5" fill="{LIGHT.card}"/>'
    f'<rect width="2.4" height="5" fill="{LIGHT.plum}"/></pattern>'
)


def table_html(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """A dense table; `heads` and the cells of `rows` are markup already, `right` the columns of numbers."""

    def line(cells: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} class="num">{cell}</{tag}>' if place in right else f"<{tag}>{cell}</{tag}>"
            for place, cell in enumerate(cells)
        )

    body = "".join(f"<tr>{line(cells, 'td')}</tr>" for cells in rows)
    return (
        f'<div class="care-table"><table class="gap-table"><thead><tr>{line(heads, "th")}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def heads_of(*names: str) -> list[str]:
    """The words of column heads, under `care_visits.head`."""
    return [escape(t(f"care_visits.head.{name}")) if name else "" for name in names]


def state_html(state: State | str) -> str:
    """A mark and its word: striped never, square overdue, ring not yet, disc done."""
    drawn = {
        "never": f'<defs>{_STRIPES}</defs><rect x="1.5" y="1.5" width="11" height="11"'
        f' fill="url(#care-never)" stroke="{LIGHT.plum}"/>',
        "overdue": f'<rect x="2" y="2" width="10" height="10" fill="{LIGHT.plum}"/>',
        "not_yet": f'<circle cx="7" cy="7" r="5" fill="none" stroke="{LIGHT.ink_3}" stroke-width="1.6"/>',
        "done": f'<circle cx="7" cy="7" r="5" fill="{LIGHT.teal}"/>',
    }[str(state)]
    word = escape(t(f"care_visits.state.{state}"))
    return f'<svg width="14" height="14" aria-hidden="true" style="vertical-align:-2px">{drawn}</svg> {word}'


def count_html(count: int | None) -> str:
    """A count, or 不足5人 where it must not be shown."""
    return escape(t("care_visits.few")) if count is None else f"{count:,}"


def of_html(count: int | None, whole: int | None) -> str:
    """The share with k / n, or 不足5人."""
    if count is None or whole is None:
        return escape(t("care_visits.few"))
    share = "—" if not whole else f"{count / whole:.1%}"
    return f"<b>{share}</b> <span>{count:,} / {whole:,}</span>"


def overdue_card_html(never_n: int | None, overdue_n: int | None, due_n: int | None, *, foot: str) -> str:
    """How many are overdue of all in the register, the never visited apart, on a bar of all."""
    label, about = t("care_visits.overdue_label"), t("care_visits.overdue_definition")
    if never_n is None or overdue_n is None or due_n is None:
        figure, unit, basis, bar = t("care_visits.few"), "", "", ""
    else:
        figure, unit = f"{overdue_n:,}", t("units.person")
        basis, bar = t("care_visits.of_register", n=f"{due_n:,}"), _overdue_bar(never_n, overdue_n, due_n)
    return (
        f'<div class="card coverage-card" title="{escape(about)}"><div class="card-head">'
        f'<b>{escape(label)}</b></div><div class="card-figure"><span class="figure">{escape(figure)}'
        f'<span class="unit">{escape(unit)}</span></span><span class="basis">{escape(basis)}</span></div>'
        f'{bar}<div class="coverage-foot"><span>{escape(foot)}</span></div></div>'
    )


def _overdue_bar(never_n: int, overdue_n: int, due_n: int) -> str:
    whole = due_n or 1
    never, late = 100 * never_n / whole, 100 * overdue_n / whole
    return (
        f'<svg width="100%" height="31" aria-hidden="true"><defs>{_STRIPES}</defs>'
        f'<rect y="6" width="100%" height="16" fill="{LIGHT.band}"/>'
        f'<rect y="6" width="{never:.2f}%" height="16" fill="url(#care-never)"/>'
        f'<rect x="{never:.2f}%" y="6" width="{late - never:.2f}%" height="16" fill="{LIGHT.plum}"/></svg>'
    )


def chain_bars_html(rows: Iterable[tuple[str, int, int, int]]) -> str:
    """The four links: has, lacks, not noted, on one ruler from 0 to all elders."""
    lines = []
    for name, has, lacks, unknown in rows:
        whole = (has + lacks + unknown) or 1
        parts, start = [], 0.0
        for count, fill in ((has, LIGHT.data), (lacks, LIGHT.orange), (unknown, LIGHT.band)):
            wide = 100 * count / whole
            parts.append(f'<rect x="{start:.2f}%" width="{wide:.2f}%" height="18" fill="{fill}"/>')
            start += wide
        words = t("care_visits.link_counts", has=f"{has:,}", lacks=f"{lacks:,}", unknown=f"{unknown:,}")
        lines.append(
            f'<div class="chain-row"><span>{escape(name)}</span><svg width="100%" height="18"'
            f' aria-hidden="true">{"".join(parts)}</svg><span>{escape(words)}</span></div>'
        )
    return f'<div class="chain">{"".join(lines)}</div>{_chain_key()}'


def _chain_key() -> str:
    marks = ((LIGHT.data, "has"), (LIGHT.orange, "lacks"), (LIGHT.band, "unknown"))
    parts = (
        f'<span><svg width="14" height="12" aria-hidden="true"><rect width="14" height="12" fill="{fill}"/>'
        f"</svg> {escape(t(f'care_visits.chain_key.{name}'))}</span>"
        for fill, name in marks
    )
    return f'<div class="figure-key">{"".join(parts)}</div>'


def day_text(stamp: datetime | None) -> str:
    """9月17日, with the year where it is not `this` one; a dash without a date."""
    if stamp is None or stamp != stamp:
        return "—"
    return t("care_visits.day", month=stamp.month, day=stamp.day)


def moment_text(stamp: datetime | None) -> str:
    """9月17日 15:30; a dash without one."""
    if stamp is None or stamp != stamp:
        return "—"
    return t("care_visits.moment", month=stamp.month, day=stamp.day, clock=f"{stamp:%H:%M}")
