"""Headlines in order: facts, then what is told from noise, then what is unverified; the larger first.

Comparisons that could be chance are tests; of all that were made those stay that pass the procedure
of Benjamini and Hochberg at q = 0.10, whatever they compare.

Source: Benjamini and Hochberg 1995.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from governance.meeting.commitments import Place

MOST_N = 5
FALSE_SHARE = 0.10
_MOST_DOUBLINGS = 3.0

Certainty = Literal["fact", "estimate", "unverified"]
Mark = Literal["worse", "better", "overdue", "pressing", "unverified", "never"]
Rule = Literal[
    "warning", "night", "gap", "care", "speedup", "chart", "community", "stock", "chronic", "handbook",
    "grade", "dark", "unseen",
]  # fmt: skip
# What comes first where certainty and size are alike: people, then places, then cases.
RULES: tuple[Rule, ...] = (
    *("warning", "night", "gap", "care", "speedup", "chart", "community", "stock", "chronic"),
    *("handbook", "grade", "dark", "unseen"),
)
_CERTAINTIES: tuple[Certainty, ...] = ("fact", "estimate", "unverified")


@dataclass(frozen=True)
class Headline:
    """One sentence, with its number, what that is compared with, place, unit and evidence.

    `title` says what is so, `sub` compares, `value` and `unit` are its one large number, `short`
    names it in a few characters, `decide` what there is to decide (empty where nothing is). `owner`
    is a post or team. `page` and `params` lead to the evidence. `size` is how many times the limit,
    the target or the usual it is; `p` the probability of as much by chance, NaN for facts. `metric`
    (a key of `control_series.SERIES`, or empty) and `place` are what a decision about it should move.
    """

    rule: Rule
    key: str
    mark: Mark
    title: str
    sub: str
    short: str
    size: float
    certainty: Certainty
    value: str = ""
    unit: str = ""
    owner: str = ""
    decide: str = ""
    page: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    p: float = math.nan
    is_for_desk_only: bool = False
    metric: str = ""
    place: Place | None = None

    @property
    def word(self) -> str:
        """The word beside its mark."""
        return t(f"headlines.words.{self.rule}_{self.mark}")


@dataclass(frozen=True)
class Test:
    """One comparison that was made: its p-value, and what it would say; None where it says nothing."""

    p: float
    headline: Headline | None = None


def held_back(p_values: Iterable[float], *, false_share: float = FALSE_SHARE) -> list[bool]:
    """Which tests pass the procedure of Benjamini and Hochberg; NaN never does."""
    values = np.array(list(p_values), dtype=np.float64)
    order = np.argsort(np.where(np.isnan(values), np.inf, values), kind="stable")
    limits = false_share * (np.arange(len(values)) + 1) / max(len(values), 1)
    passing = np.flatnonzero(values[order] <= limits)
    passed = np.zeros(len(values), dtype=bool)
    if len(passing):
        passed[order[: passing[-1] + 1]] = True
    return [bool(one) for one in passed]


def found_by(tests: Sequence[Test]) -> tuple[Headline, ...]:
    """The headlines of the tests that are told from noise."""
    kept = held_back(test.p for test in tests)
    return tuple(
        test.headline for test, is_kept in zip(tests, kept, strict=True) if is_kept and test.headline
    )


def _order(one: Headline) -> tuple[int, float, int, float, str]:
    size = max(one.size, 1.0) if not math.isnan(one.size) else 1.0
    doublings = min(math.log2(size), _MOST_DOUBLINGS)
    return _CERTAINTIES.index(one.certainty), -doublings, RULES.index(one.rule), -size, one.key


def ranked(found: Iterable[Headline], *, most_n: int = MOST_N) -> tuple[Headline, ...]:
    """The foremost headlines: facts first, larger first; the second of a rule after the first of all."""
    ordered = sorted(found, key=_order)
    firsts: dict[Rule, Headline] = {}
    for one in ordered:
        firsts.setdefault(one.rule, one)
    first = [one for one in ordered if firsts[one.rule] is one]
    second = [one for one in ordered if firsts[one.rule] is not one]
    return tuple((first + second)[:most_n])
