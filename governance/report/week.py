"""The week as one model: seven slides from what the pages compute, and every row behind them.

    week_model(dataset, Week(2023, 37), commitments=open_ledger(data_dir).commitments())

The way of a number: facts (`week_cases`, `week_patrol`, `week_people`) → headlines → slides → sheets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.figures.time_words import days_words, stamp_words
from governance.metrics.windows import is_complete
from governance.report.model import WeekModel
from governance.report.week_case_slides import containment_slide, response_slide
from governance.report.week_commitments import commitments_slide, decisions_slide, headlines_slide
from governance.report.week_headlines import room_headlines, week_facts
from governance.report.week_place_slides import care_slide, coverage_slide
from governance.report.week_sheets import sheets_of
from governance.schema import kind_named, schema
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from governance.meeting.commitments import Commitment
    from governance.records.dataset import Dataset
    from governance.report.model import Slide
    from governance.report.week_headlines import WeekFacts
    from governance.workdays import Week

# The record kinds each slide rests on, the first of them for its figures' as-of.
SOURCES = {
    "response": ("incidents",),
    "containment": ("incidents",),
    "coverage": ("pings", "checkins", "rollcalls", "shifts"),
    "care_storm": ("visits", "care_register"),
}
# Figures that rest on something else than the rest of their slide.
_OWN_SOURCES = {"stale_entries_n": ("members",)}
_WANTED = ("incidents", "pings", "checkins", "visits")


def week_model(dataset: Dataset, week: Week, *, commitments: Sequence[Commitment] = ()) -> WeekModel:
    """The week for the meeting; `commitments` are those of the ledger, of all meetings."""
    facts = week_facts(dataset, week)
    found = room_headlines(dataset, facts)
    is_struck = "incidents" in facts.poor_kinds
    slides = (
        commitments_slide(dataset, week, commitments),
        headlines_slide(found, has_records=_has_records(facts)),
        coverage_slide(dataset, facts.patrol, week, found, is_struck="pings" in facts.poor_kinds),
        response_slide(dataset, facts.cases, week, is_struck=is_struck),
        containment_slide(dataset, facts.cases, week, is_struck=is_struck),
        care_slide(dataset, facts.people, week, found, is_struck="visits" in facts.poor_kinds),
        decisions_slide(found),
    )
    as_of = _as_of(dataset, slides)
    return WeekModel(
        week=week,
        street=dataset.settings.text("street_name"),
        as_of=as_of,
        as_of_words=t("stamp.as_of", stamp=stamp_words(as_of)) if as_of else t("stamp.no_as_of"),
        week_words=t("slides.head", number=week.number, days=days_words(week)),
        is_sample=dataset.is_sample,
        slides=slides,
        sheets=sheets_of(dataset, facts, slides, found),
        definitions=_definitions(dataset, slides),
        missing=_missing(dataset, facts),
    )


def _has_records(facts: WeekFacts) -> bool:
    return bool((facts.cases and facts.cases.has_week) or facts.patrol or len(facts.people.care))


def _kinds(slides: Sequence[Slide]) -> list[str]:
    """The kinds that figures of the slides rest on."""
    return [kind for slide in slides if slide.figures for kind in SOURCES.get(slide.key, ())[:1]]


def _as_of(dataset: Dataset, slides: Sequence[Slide]) -> datetime | None:
    """Through when everything on the slides is known: the earliest of the sources shown."""
    stamps = [dataset.as_of[kind] for kind in _kinds(slides) if kind in dataset.as_of]
    stamps = stamps or [dataset.as_of[kind] for kind in _WANTED if kind in dataset.as_of]
    return min(stamps) if stamps else None


def _definitions(dataset: Dataset, slides: Sequence[Slide]) -> tuple[tuple[str, str, str, str, str], ...]:
    """What each figure is, its unit, through when it is known and what it rests on."""
    rows = []
    for slide in slides:
        for one in slide.figures:
            wanted = _OWN_SOURCES.get(one.key, SOURCES.get(slide.key, ()))
            kinds = [kind for kind in wanted if kind in dataset.as_of]
            stamps = [dataset.as_of[kind] for kind in kinds]
            words = stamp_words(min(stamps)) if stamps else ""
            sources = "、".join(kind_named(kind).label for kind in kinds)
            rows.append((one.label, one.definition, one.unit, words, sources))
    return tuple(dict.fromkeys(rows))


def _missing(dataset: Dataset, facts: WeekFacts) -> tuple[str, ...]:
    """What the records lack, one clause each."""
    found = [
        t("slides.missing.kind", kind=kind_named(kind).label) for kind in _WANTED if kind not in dataset.as_of
    ]
    if facts.cases is not None and not facts.cases.parts.names_sources:
        found.append(t("slides.missing.sources"))
    if not is_complete(facts.week, dataset.as_of.get("incidents")) and facts.cases is not None:
        found.append(t("slides.missing.partial"))
    found += _missing_patrols(dataset, facts)
    found += [t("slides.missing.grade", kind=kind_named(kind).label) for kind in sorted(facts.poor_kinds)]
    if dataset.is_schematic:
        found.append(t("slides.missing.schematic"))
    return tuple(found)


def _missing_patrols(dataset: Dataset, facts: WeekFacts) -> list[str]:
    """Forces without tracks, hours without evidence, micro-grids without data."""
    patrol = facts.patrol
    if patrol is None:
        return [t("slides.missing.no_tracks")] if "pings" in dataset.as_of else []
    words = schema()
    found = [t("slides.missing.force", force=words.label_of("force", force)) for force in patrol.not_provided]
    unknown_n = int(patrol.units["state"].eq("unknown").sum())
    if unknown_n:
        found.append(t("slides.missing.unknown_hours", n=unknown_n))
    blind_n = int(patrol.since["state"].eq("no_data").sum()) if len(patrol.since) else 0
    if blind_n:
        found.append(t("slides.missing.no_data_cells", n=blind_n))
    return found
