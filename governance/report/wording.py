"""Words that the three papers share, so that a figure is written the same in all of them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from governance.text import t

if TYPE_CHECKING:
    from governance.report.model import Figure, WeekModel
    from governance.workdays import Week

_WIDTHS = {"W": 1.0, "F": 1.0, "A": 1.0}
_PREVIOUS, _TARGET = re.compile(r"^上周\s*"), re.compile(r"^目标\s*")


def width_of(text: str) -> float:
    """How wide a text is, in characters of the full width; a Latin one is little over half."""
    return sum(_WIDTHS.get(unicodedata.east_asian_width(one), 0.56) + 0.34 * (one == "%") for one in text)


def days_between(week: Week) -> str:
    """A week as 2023年第37周（9月11日至17日）."""
    first, last = week.first_day, week.last_day
    end = f"{last.day}日" if first.month == last.month else f"{last.month}月{last.day}日"
    return t("report.week", year=week.year, number=week.number, month=first.month, first=first.day, end=end)


def figure_words(figure: Figure) -> str:
    """The number with its unit: 95.6 %."""
    return f"{figure.value} {figure.unit}".strip()


def cells_without_heads(figure: Figure) -> tuple[str, str, str]:
    """Basis, last week, target, without the words that stand in a table's heads."""
    return figure.basis, _PREVIOUS.sub("", figure.previous), _TARGET.sub("", figure.target)


def definition_note(model: WeekModel, figure: Figure) -> str:
    """A figure's footnote: what it is, through when, and that it judges nobody where data are poor."""
    as_of = next((row[3] for row in model.definitions if row[0] == figure.label), "")
    parts = [figure.definition.rstrip("。"), t("report.through", as_of=as_of) if as_of else ""]
    if figure.is_struck:
        parts.append(t("report.struck"))
    said = "。".join(part for part in parts if part)
    return f"{said}。" if said else ""


def missing_words(model: WeekModel) -> str:
    """What the records lack, as one sentence."""
    return t("report.missing", what="；".join(one.rstrip("。") for one in model.missing))
