"""What to check before concluding, one line a signal; pure builder, every text is escaped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNALS = ("before_limit", "on_the_spot", "unseen", "many_reports", "regraded")
_UNITS_SHOWN = 3


@dataclass(frozen=True)
class SignalLine:
    """One signal: cases, what they are of, what was to be expected, and the units that stand out.

    `of_n` is 0 where nothing could be counted; `expected_n` NaN where nothing says what to expect;
    `apart_n` cases are not counted because too little is known of them.
    """

    signal: str
    hit_n: int
    of_n: int
    expected_n: float
    units: tuple[tuple[str, int, float], ...]
    apart_n: int = 0


def gaming_html(lines: Sequence[SignalLine], words: dict[str, str]) -> str:
    """A table: what was seen, how many of how many, expected, who stands out, what to check.

    `words` are the numbers that definitions name (minutes, reports).
    """
    heads = ("signal", "seen", "expected", "units", "check")
    head = "".join(f"<th>{escape(t(f'gaming.head_{name}'))}</th>" for name in heads)
    body = "".join(_line(line, words) for line in lines)
    return f'<table class="plain gaming"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _line(line: SignalLine, words: dict[str, str]) -> str:
    name = t(f"gaming.{line.signal}.name", **words)
    seen = (
        t("gaming.of", hit=f"{line.hit_n:,}", of=f"{line.of_n:,}") if line.of_n else t("gaming.none_counted")
    )
    if line.apart_n:
        seen += t("gaming.apart", n=f"{line.apart_n:,}")
    is_told = line.of_n and not math.isnan(line.expected_n)
    expected = t("gaming.expected", n=f"{line.expected_n:.0f}") if is_told else ""
    units = "、".join(_unit(*unit) for unit in line.units[:_UNITS_SHOWN]) or t("gaming.no_unit")
    if len(line.units) > _UNITS_SHOWN:
        units += t("gaming.more_units", n=len(line.units) - _UNITS_SHOWN)
    cells = (seen, expected, units, t(f"gaming.{line.signal}.check", **words))
    told = escape(t(f"gaming.{line.signal}.definition", **words), quote=True)
    return (
        f'<tr><td title="{told}">{escape(name)}</td>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _unit(name: str, hit_n: int, expected_n: float) -> str:
    if math.isnan(expected_n):
        return t("gaming.unit", name=name, hit=hit_n)
    expected = f"{expected_n:.0f}" if expected_n >= 1 else t("gaming.below_one")
    return t("gaming.unit_expected", name=name, hit=hit_n, expected=expected)
