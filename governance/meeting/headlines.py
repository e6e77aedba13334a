"""The week in at most five sentences, each made by a rule from signals; none when nothing happened.

    headlines(signals)        # for the screen, the papers and the desk
    desk_headlines(signals)   # for the secretary alone: what names a team on unverified or D data

Three kinds of certainty:

- *fact*: counted in the records at hand (an hour nobody was there, a place over its limit);
- *estimate*: what could be chance. Every comparison made is a test, whether it shows something or
  not: each chart of the week (the p-value of the rule it completes, times four, as four rules are
  looked at) and each community against the others. The procedure of Benjamini and Hochberg at
  q = 0.10 runs over all of them, so that in a week of pure noise anything is told in at most one of
  ten. Estimates without a p-value (a false speed-up, a chronic place) ask for as many cases as
  METRICS asks of them;
- *unverified*: rests on data of grade D, or on tracks that are missing.

Within a certainty the larger stands first: how many times the limit, the target or the usual, on a
ruler of doublings that ends at eight times. Each rule has its foremost headline before any has its
second.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from governance.meeting import case_rules, place_rules
from governance.meeting.ranking import MOST_N, found_by, ranked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.meeting.ranking import Headline, Rule
    from governance.meeting.signals import Signals

__all__ = ["MOST_N", "desk_headlines", "headlines"]

_RULES = (
    *(place_rules.warnings, place_rules.nights, place_rules.gaps, place_rules.care, place_rules.dark),
    *(case_rules.speed_up, case_rules.chronic, case_rules.grades, case_rules.unseen),
)
# What each rule rests on; where that is of grade D it is unverified.
_SOURCES: Mapping[Rule, tuple[str, ...]] = {
    **dict.fromkeys(("speedup", "chart", "community", "stock", "chronic", "unseen"), ("incidents",)),
    "night": ("rollcalls", "shifts"),
    "gap": ("pings", "checkins"),
    "care": ("visits",),
    "warning": ("warning_steps",),
}
_TESTED = (case_rules.charts, case_rules.communities, place_rules.handbook)


def headlines(signals: Signals, *, most_n: int = MOST_N) -> tuple[Headline, ...]:
    """The foremost headlines of a week, fit for everybody's eyes."""
    return ranked((one for one in _found(signals) if not one.is_for_desk_only), most_n=most_n)


def desk_headlines(signals: Signals, *, most_n: int = MOST_N) -> tuple[Headline, ...]:
    """What names a team on unverified or D data, and so stays on the secretary's desk."""
    return ranked((one for one in _found(signals) if one.is_for_desk_only), most_n=most_n)


def _found(signals: Signals) -> list[Headline]:
    found = [one for rule in _RULES for one in rule(signals)]
    found += found_by([test for rule in _TESTED for test in rule(signals)])
    return [_verified(one, signals) for one in found]


def _verified(one: Headline, signals: Signals) -> Headline:
    """The headline; unverified and for the desk only where its source is of grade D."""
    if signals.poor_kinds.isdisjoint(_SOURCES.get(one.rule, ())):
        return one
    return replace(one, certainty="unverified", is_for_desk_only=True)
