"""What a week's slides take from the cases: figures, charts, closing curves, stock, ladder, chronic places.

Everything is counted as the pages count it: the six figures as 本周总览, the curves as 响应时效, the
ladder and the chronic places as 逐级化解.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.figures.cards import Card, headline_cards
from governance.metrics import communities, headline, repeats
from governance.metrics.closing import Closing, closings_by, most_misleading
from governance.metrics.containment import containment_marks, ladder_table
from governance.metrics.control import control_frame
from governance.metrics.response import UNKNOWN, grouped
from governance.metrics.stages import us_at
from governance.metrics.windows import Scope, Span, is_complete
from governance.workdays import weeks_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.metrics.headline import HeadlineParts, Marked
    from governance.records.dataset import Dataset
    from governance.workdays import Week

CURVE_WEEKS = 4


@dataclass(frozen=True)
class CaseFacts:
    """The cases of a week as its slides need them.

    `weeks` are those of `headline.headline_weeks`, `cards` its six figures in words by key;
    `closings` the curves of the public's demand of four weeks by category, `misleading` the category
    whose closed cases alone mislead most. `overdue` is the chart of overdue cases under way
    (`control.control_frame`), `ladder` of `containment.ladder_table` by community (of all cases),
    `compared` of `communities.overdue_comparison`, `chronic` of `repeats.chronic_places` with week_n
    and community_code, `chronic_events` the cases behind it. `has_week` says whether anything was
    reported by anybody in the week.
    """

    parts: HeadlineParts
    weeks: pd.DataFrame
    cards: Mapping[str, Card]
    closings: Mapping[str, Closing]
    misleading: str | None
    overdue: pd.DataFrame
    ladder: pd.DataFrame
    bands: pd.DataFrame
    compared: pd.DataFrame
    chronic: pd.DataFrame
    chronic_events: pd.DataFrame
    is_over: bool
    has_week: bool

    def marked(self, key: str, week: Week) -> tuple[Marked, Marked]:
        """The cases a figure counts in a week, and those of them it is about."""
        whole, hit, _ = headline.headline_marks(key, self.parts, Span(week.start_at, week.end_at))
        return whole, hit


def case_facts(dataset: Dataset, week: Week) -> CaseFacts | None:
    """The facts of a week; None where no incidents were brought or none has a stamp."""
    parts = headline.headline_parts(dataset, headline.all_cases(dataset), Scope())
    if parts is None:
        return None
    shown = weeks_until(week, dataset.settings.integer("trend_weeks"))
    figures = headline.headline_weeks(parts, shown)
    drawn = headline_cards(
        figures,
        week,
        targets=dataset.frame("targets"),
        names_sources=parts.names_sources,
        small_n=dataset.settings.integer("small_n"),
    )
    closings = _closings(parts, week)
    span = Span(week.start_at, week.end_at)
    whole = parts.everything
    bands = containment_marks(
        whole.frame, whole.levels, whole.judged.due_us, span=span, as_of=min(parts.as_of, week.end_at)
    )
    events = _chronic_events(parts, week)
    return CaseFacts(
        parts=parts,
        weeks=figures,
        cards={card.key: card for card in drawn},
        closings=closings,
        misleading=most_misleading(closings),
        overdue=_overdue_chart(dataset, parts, shown),
        ladder=ladder_table(bands, whole.frame["community_code"]),
        bands=bands,
        compared=communities.overdue_comparison(parts, dataset.frame("communities"), week),
        chronic=_chronic(events, week),
        chronic_events=events,
        is_over=is_complete(week, parts.as_of),
        has_week=bool(span.holds(parts.everything.frame["reported_at"]).any()),
    )


def _closings(parts: HeadlineParts, week: Week) -> dict[str, Closing]:
    """The closing curves of the public's demand reported in four weeks, by category."""
    judged = parts.public.judged
    first = week.shifted(1 - CURVE_WEEKS)
    inside = (judged.cases.first_us >= us_at(first.start_at)) & (judged.cases.first_us < us_at(week.end_at))
    chosen = judged.kept(inside)
    numbers, names = grouped(chosen.incidents, "category")
    found = closings_by(chosen.cases, numbers, names)
    return {name: one for name, one in found.items() if name != UNKNOWN}


def _overdue_chart(dataset: Dataset, parts: HeadlineParts, weeks: tuple[Week, ...]) -> pd.DataFrame:
    """Cases under way past their limit at the end of each week, with control limits."""
    values, partial = [], []
    for week in weeks:
        span = Span(week.start_at, week.end_at)
        is_known = parts.holds(span) and "open_n" in parts.present
        counted = headline.headline_marks("open_n", parts, span)[1].counts(None)[0] if is_known else np.nan
        values.append(float(counted))
        partial.append(not is_complete(week, parts.as_of))
    return control_frame(
        weeks, values, rebase_on=(dataset.settings.day("reform_on"),), floor=0.0, is_partial=partial
    )


def chronic_span(week: Week) -> Span:
    """The 90 days up to the end of a week."""
    days = pd.Timedelta(days=repeats.CHRONIC_WITHIN_D)
    return Span((pd.Timestamp(week.end_at) - days).to_pydatetime(), week.end_at)


def _chronic_events(parts: HeadlineParts, week: Week) -> pd.DataFrame:
    return repeats.chronic_events(parts.everything.frame, span=chronic_span(week))


def _chronic(events: pd.DataFrame, week: Week) -> pd.DataFrame:
    """The places of the events, with how many came in the week and the community they are in."""
    places = repeats.places_of(events)
    in_week = Span(week.start_at, week.end_at).holds(events["reported_at"]).astype("int64")
    counts = in_week.groupby(events["place_n"]).sum()
    return places.assign(week_n=places["place_n"].map(counts).fillna(0).astype("int64"))
