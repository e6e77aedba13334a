"""Coverages on one ruler from 0 to 100 %: this week, last week lighter below, the target as an open box."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from governance.metrics.coverage import Coverage

WIDTH = 100.0


@dataclass(frozen=True)
class Ruler:
    """One coverage: done of all, the part that is uncertain on top, last week, target (shares 0–1).

    `basis` is what it rests on as written (281 / 294 个), `note` how it is counted.
    """

    key: str
    share: float | None
    upper_share: float | None
    basis: str
    note: str
    previous: float | None = None
    target: float | None = None

    @property
    def label(self) -> str:
        """Its Chinese name."""
        return t(f"coverage.{self.key}.label")

    @property
    def unmeasured(self) -> Ruler:
        """The ruler of a time that no records reach: a dash, and not nothing done."""
        return replace(self, share=None, upper_share=None, basis="", note="")

    @property
    def is_met(self) -> bool | None:
        """Whether the certain share reaches the target; None without one."""
        if self.target is None or self.share is None:
            return None
        return self.share >= self.target


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _microgrids(one: Coverage) -> tuple[float | None, float | None, str]:
    done, border, whole = one.microgrids_visited_n, one.microgrids_border_n, one.microgrids_n
    if done is None or border is None or not whole:
        return None, None, ""
    return done / whole, (done + border) / whole, t("coverage.microgrids.basis", k=done, n=whole)


def rulers_of(this: Coverage, previous: Coverage | None, *, target: float | None = None) -> tuple[Ruler, ...]:
    """The four coverages side by side, from this week's and last week's figures."""
    share, upper, basis = _microgrids(this)
    border_n = this.microgrids_border_n or 0
    before = _microgrids(previous)[0] if previous else None
    points = _share(this.points_visited_n, this.points_n)
    routes = _share(this.route_walked_m, this.route_m)
    swept = _share(this.swept_km2, this.area_km2)
    return (
        Ruler("microgrids", share, upper, basis, t("coverage.microgrids.note", n=border_n), before, target),
        Ruler(
            "points",
            points,
            points,
            t("coverage.points.basis", k=this.points_visited_n or 0, n=this.points_n or 0),
            t("coverage.points.note", n=(this.points_n or 0) - (this.points_visited_n or 0)),
            _share(previous.points_visited_n, previous.points_n) if previous else None,
        ),
        Ruler(
            "routes",
            routes,
            routes,
            t(
                "coverage.routes.basis",
                k=f"{(this.route_walked_m or 0) / 1000:.1f}",
                n=f"{(this.route_m or 0) / 1000:.1f}",
            ),
            t("coverage.routes.note"),
            _share(previous.route_walked_m, previous.route_m) if previous else None,
        ),
        Ruler(
            "swept",
            swept,
            swept,
            t("coverage.swept.basis", k=f"{this.swept_km2 or 0:.2f}", n=f"{this.area_km2 or 0:.2f}"),
            t("coverage.swept.note"),
            _share(previous.swept_km2, previous.area_km2) if previous else None,
        ),
    )


def bar_svg(ruler: Ruler, *, height: int = 31) -> str:
    """The ruler: certain part solid, uncertain part hatched lighter, last week below, target outlined."""

    def rect(start: float, end: float, y: float, tall: float, fill: str, more: str = "") -> str:
        return (
            f'<rect x="{start:.2f}%" y="{y}" width="{max(end - start, 0):.2f}%" height="{tall}" '
            f'fill="{fill}" {more}/>'
        )

    parts = [rect(0, 100, 6, 16, LIGHT.band)]
    if ruler.share is not None:
        done = ruler.share * 100
        parts.append(rect(0, done, 6, 16, LIGHT.data))
        if ruler.upper_share is not None and ruler.upper_share > ruler.share:
            edge = f'stroke="{LIGHT.data}" stroke-width="1" stroke-dasharray="3 2"'
            parts.append(rect(done, ruler.upper_share * 100, 6.5, 15, LIGHT.interval, edge))
    if ruler.previous is not None:
        parts.append(rect(0, ruler.previous * 100, 24, 5, LIGHT.previous))
    if ruler.target is not None:
        parts.append(
            f'<rect x="{ruler.target * 100:.2f}%" y="1" width="5" height="26" fill="{LIGHT.card}" '
            f'stroke="{LIGHT.ink}" stroke-width="1.4" transform="translate(-2.5 0)"/>'
        )
    return f'<svg width="100%" height="{height}" aria-hidden="true">{"".join(parts)}</svg>'


def _state(ruler: Ruler) -> str:
    if ruler.is_met is None:
        return ""
    word, colour = ("met", LIGHT.teal) if ruler.is_met else ("missed", LIGHT.plum)
    shape = (
        f'<circle cx="7" cy="7" r="5" fill="{colour}"/>'
        if ruler.is_met
        else f'<rect x="2" y="2" width="10" height="10" fill="{colour}"/>'
    )
    mark = f'<svg width="14" height="14" aria-hidden="true" style="vertical-align:-2px">{shape}</svg>'
    return f'<span class="state">{mark} {escape(t(f"coverage.{word}"))}</span>'


def ruler_card_html(ruler: Ruler, *, is_struck: bool = False) -> str:
    """One figure with its basis, ruler, note, last week and target; struck out where it rests on D data."""
    figure = "—" if ruler.share is None else f"{ruler.share * 100:.1f}"
    state = _state(ruler)
    if is_struck and ruler.share is not None:
        figure = f"<s>{figure}</s>"
        state = f'<span class="state">{escape(t("cards.struck"))}</span>'
    upper = ""
    if ruler.share is not None and ruler.upper_share is not None and ruler.upper_share > ruler.share:
        upper = f'<span class="unit">–{ruler.upper_share * 100:.1f}</span>'
    unit = "" if ruler.share is None else '<span class="unit">%</span>'
    before = "" if ruler.previous is None else t("coverage.previous", share=f"{ruler.previous * 100:.1f}")
    target = "" if ruler.target is None else t("coverage.target", share=f"{ruler.target * 100:.0f}")
    tail = "　".join(part for part in (before, target) if part)
    about = escape(t(f"coverage.{ruler.key}.definition"))
    return (
        f'<div class="card coverage-card" title="{about}"><div class="card-head"><b>{escape(ruler.label)}</b>'
        f'{state}</div><div class="card-figure"><span class="figure">{figure}{upper}{unit}</span>'
        f'<span class="basis">{escape(ruler.basis)}</span></div>{bar_svg(ruler)}'
        f'<div class="coverage-foot"><span>{escape(ruler.note)}</span><span>{escape(tail)}</span></div></div>'
    )


def coverage_cards_html(rulers: Iterable[Ruler], *, is_struck: bool = False) -> str:
    """The four coverages side by side, never one number; struck out where they rest on D data."""
    cards = "".join(ruler_card_html(ruler, is_struck=is_struck) for ruler in rulers)
    return f'<div class="cards coverage-cards">{cards}</div>'


def coverage_table_html(rows: Sequence[tuple[str, Coverage]], *, first: str) -> str:
    """Coverages per group as a dense table: name, then each share with k / n; no ranking."""
    heads = [first, *(t(f"coverage.{key}.label") for key in ("microgrids", "points", "routes"))]
    lines = []
    for name, one in rows:
        cells = [f"<td>{escape(name)}</td>"]
        for ruler in rulers_of(one, None)[:3]:
            if ruler.share is None:
                cells.append('<td class="num">—</td>')
                continue
            wide = f"{ruler.share * 100:.1f}%"
            upper = f"–{(ruler.upper_share or 0) * 100:.1f}%" if ruler.upper_share != ruler.share else ""
            cells.append(
                f'<td><div class="ruler">{bar_svg(ruler, height=24)}</div>'
                f"<b>{wide}{upper}</b> <span>{escape(ruler.basis)}</span></td>"
            )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return (
        f'<table class="coverage-table"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )
