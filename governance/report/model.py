"""What the meeting sees of a week: seven slides, their figures and every row behind them.

The screen, the Word paper, the PowerPoint and the workbook are four ways to draw this one model, so
they cannot say different numbers. Everything in it is already written as it is to be read; what
draws it decides on place, size and colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd

    from governance.workdays import Week

# The marks of the design: shape, word and colour always together.
Mark = Literal[
    "normal", "worse", "better",  # change: ○ ◆ ◇
    "met", "sometimes", "missed",  # target: ● ◐ ■
    "pressing", "overdue", "suspended",  # stage lights: ▲ ■ ‖
    "unverified", "no_data", "never", "none",
]  # fmt: skip
# What a part of a stack means, as in `figures.ladder.BAND_LOOKS`; `report.marks.PARTS` says how it looks.
Part = Literal["community", "street", "required", "other", "open", "unknown"]
SLIDES = ("commitments", "headlines", "coverage", "response", "containment", "care_storm", "decisions")


@dataclass(frozen=True)
class Figure:
    """One number as it is read: value and unit apart, with what it rests on and is compared with.

    `basis` (249 / 288 件, n = 308 件), `previous` (上周 85.4（+1.1）), `target` (目标 ≥85) may be empty;
    `mark` and `word` say its state; `definition` one sentence; `is_struck` rests on D data: 不作考核.
    `short` names it where the label leaves no room for its state and basis.
    """

    key: str
    label: str
    value: str
    unit: str
    basis: str = ""
    previous: str = ""
    target: str = ""
    mark: Mark = "none"
    word: str = ""
    definition: str = ""
    is_struck: bool = False
    short: str = ""


@dataclass(frozen=True)
class Item:
    """One line of a slide: state, what is so, what it rests on, whom to ask, one big number.

    `owner` is a post or team, never a person; `page` and `params` lead to the evidence.
    """

    mark: Mark
    word: str
    title: str
    sub: str
    value: str = ""
    unit: str = ""
    owner: str = ""
    page: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Series:
    """One line or bar series of a chart, or one part of its stacks; None where there is no value."""

    name: str
    values: tuple[float | None, ...]
    role: Literal["actual", "previous", "target", "centre", "lower", "upper"] | Part = "actual"


@dataclass(frozen=True)
class Chart:
    """A native chart: categories along one axis, series, the unit of the other.

    `breaks` are positions in `categories` before which a named break is drawn.
    """

    kind: Literal["line", "bar", "stacked_bar"]
    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str
    breaks: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table of texts; `right` names the columns (by position) that hold numbers."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Area:
    """One area of a map: code, name, rings in degrees (outer first), class of the legend."""

    code: str
    name: str
    rings: tuple[tuple[tuple[float, float], ...], ...]
    class_: str


@dataclass(frozen=True)
class AreaMap:
    """A map as shapes: areas with their class, community borders, names, legend with counts.

    `legend` gives (class, words, count) in order; `note` says 示意 and the datum.
    """

    areas: tuple[Area, ...]
    borders: tuple[Area, ...]
    names: tuple[tuple[str, float, float], ...]
    legend: tuple[tuple[str, str, int], ...]
    note: str
    water: tuple[tuple[tuple[float, float], ...], ...] = ()


@dataclass(frozen=True)
class Slide:
    """One of the seven: one message of at most 15 characters, five to seven items, no more.

    `notes` are the figures' sources, for the speaker and the papers' footnotes. `empty` says in one
    sentence why there is nothing, when there is nothing.
    """

    key: str
    title: str
    items: tuple[Item, ...] = ()
    figures: tuple[Figure, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    map: AreaMap | None = None
    notes: tuple[str, ...] = ()
    empty: str = ""


@dataclass(frozen=True)
class WeekModel:
    """The week for the meeting.

    `sheets` are the rows behind every figure, by sheet name, masked, with Chinese headers;
    `definitions` rows of (figure, definition, unit, as-of, source); `missing` what the records lack.
    """

    week: Week
    street: str
    as_of: datetime | None
    as_of_words: str
    week_words: str
    is_sample: bool
    slides: tuple[Slide, ...]
    sheets: Mapping[str, pd.DataFrame]
    definitions: tuple[tuple[str, str, str, str, str], ...]
    missing: tuple[str, ...]

    def slide(self, key: str) -> Slide:
        """The slide of a key of `SLIDES`.

        Raises
        ------
        KeyError
            When there is none.
        """
        for slide in self.slides:
            if slide.key == key:
                return slide
        raise KeyError(key)
