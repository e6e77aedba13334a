"""The week as one model: seven slides from what the pages compute, and every row behind them.

week_model(dataset, Week(2023, 37), commitments=open_ledger(data_dir).commitments())
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.figures.time_words import days_words, stamp_words
from governance.metrics.trust import source_status
from governance.report.model import Slide, WeekModel
from governance.report.week_case_slides import containment_slide, response_slide
from governance.report.week_cases import case_facts
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from governance.meeting.commitments import Commitment
    from governance.records.dataset import Dataset
    from governance.workdays import Week

SOURCES = ("incidents", "pings")


def week_model(dataset: Dataset, week: Week, *, commitments: Sequence[Commitment] = ()) -> WeekModel:
    """The week for the meeting; `commitments` are those of the ledger, of all meetings."""
    cases = case_facts(dataset, week)
    status = source_status(dataset, week)
    poor = set(status.loc[status["grade"].eq("D").fillna(False), "kind"])
    is_struck = "incidents" in poor
    slides = (
        Slide("commitments", t("slides.commitments.none")),
        Slide("headlines", t("slides.headlines.none")),
        Slide("coverage", t("slides.coverage.none"), empty=t("slides.coverage.empty")),
        response_slide(dataset, cases, week, is_struck=is_struck),
        containment_slide(dataset, cases, week, is_struck=is_struck),
        Slide("care_storm", t("slides.care_storm.none"), empty=t("slides.care_storm.empty")),
        Slide("decisions", t("slides.decisions.none"), empty=t("slides.decisions.empty")),
    )
    as_of = _as_of(dataset)
    return WeekModel(
        week=week,
        street=dataset.settings.text("street_name"),
        as_of=as_of,
        as_of_words=t("stamp.as_of", stamp=stamp_words(as_of)) if as_of else t("stamp.no_as_of"),
        week_words=t("slides.head", number=week.number, days=days_words(week)),
        is_sample=dataset.is_sample,
        slides=slides,
        sheets={},
        definitions=(),
        missing=(),
    )


def _as_of(dataset: Dataset) -> datetime | None:
    """Through when everything on the slides is known: the earliest of the sources there are."""
    known = [dataset.as_of[kind] for kind in SOURCES if kind in dataset.as_of]
    return min(known) if known else None
