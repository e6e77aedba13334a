"""What 督办清单 shows: the commitments up to a meeting, their verdicts, and all of it in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from governance.figures.control_words import gap_words, series_label, series_scale
from governance.figures.ledger_table import Course, LedgerLine
from governance.meeting.commitments import LEVELS, Place
from governance.meeting.ledger import open_ledger
from governance.meeting.verdict import (
    AFTER_N,
    BEFORE_N,
    LEAST_AFTER_N,
    Verdict,
    group_of,
    grouping_of,
    touched_by,
    verdict_on,
)
from governance.metrics.control_series import SERIES, control_charts, series_present
from governance.metrics.headline import names_sources
from governance.metrics.windows import PUBLIC, UNRECORDED, Scope
from governance.text import t
from governance.ui.cache import cached
from governance.ui.filters import ALL, option_labels
from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pandas as pd

    from governance.figures.ledger_table import State
    from governance.figures.place_words import Scale
    from governance.meeting.commitments import Commitment, Level
    from governance.records.dataset import Dataset

_OFFERED: tuple[tuple[Level, str], ...] = (
    ("community", "community"),
    ("team", "team"),
    ("category", "category"),
)


@dataclass(frozen=True)
class Followed:
    """A commitment, what became of it by the meeting's day, and what the data say of it."""

    commitment: Commitment
    state: State
    is_due: bool
    verdict: Verdict
    course: Course | None


# ------------------------------------------------------------------------------- meetings
def meeting_of(week: Week) -> Week:
    """The week in which the meeting sits that reviews `week`: on the Monday after it."""
    return week.shifted(1)


def day_words(day: date) -> str:
    """9月18日."""
    return t("commitment_ledger.day", month=day.month, day=day.day)


def meeting_words(meeting: Week) -> str:
    """The day a meeting sits."""
    return day_words(meeting.first_day)


# --------------------------------------------------------------------------------- places
def place_text(place: Place) -> str:
    """A place as it stands in an address: community:500103005013, or street."""
    return f"{place.level}:{place.code}" if place.code else place.level


def place_of(text: str) -> Place | None:
    """The place an address names; None where it names none."""
    name, _, code = text.partition(":")
    level = next((level for level in LEVELS if level == name), None)
    return None if level is None or (level == "street") == bool(code) else Place(level, code)


def place_names(dataset: Dataset) -> dict[Place, str]:
    """The names of the places a commitment can be about, from the street down to micro-grids."""
    names = {Place("street"): t("commitment_ledger.levels.street")}
    for level, name in _OFFERED:
        labels = cached(option_labels, dataset, name)
        word = t(f"commitment_ledger.levels.{level}")
        names |= {
            # A bare code does not say what it is the code of.
            Place(level, code): f"{word} {label}" if label == code else label
            for code, label in labels.items()
            if code not in (ALL, UNRECORDED)
        }
    cells = dataset.frame("microgrids").dropna(subset=["microgrid_code"])
    for code, name in zip(
        cells["microgrid_code"], cells["name"].fillna(cells["microgrid_code"]), strict=True
    ):
        names[Place("microgrid", str(code))] = str(name)
    return names


def metric_keys(dataset: Dataset) -> tuple[str, ...]:
    """The metrics that tell better from worse and that the data can tell of."""
    return tuple(key for key in series_present(dataset) if SERIES[key].direction != "none")


# -------------------------------------------------------------------------------- verdicts
def charts(dataset: Dataset, metric: str, by: str | None, until: date) -> dict[str, pd.DataFrame]:
    """The weekly charts of a metric by place: of the public's demand where sources are told apart."""
    is_public = not SERIES[metric].is_stock and names_sources(dataset.cases())
    scope = Scope(demand=PUBLIC) if is_public else None
    return control_charts(dataset, of=metric, by=by, until=until, scope=scope)


def commitments_until(dataset: Dataset, week: Week) -> tuple[Commitment, ...]:
    """What was decided at meetings up to the one that reviews `week`; read anew at every rerun.

    Raises
    ------
    StoreError
        When the ledger is damaged.
    """
    known = open_ledger(dataset.data_dir).commitments()
    return tuple(one for one in known if one.week <= meeting_of(week))


def followed(dataset: Dataset, week: Week, commitments: Sequence[Commitment]) -> tuple[Followed, ...]:
    """What became of `commitments` (of `commitments_until`), with the data through `week`."""
    return tuple(_followed(dataset, week, one, commitments) for one in commitments)


def _followed(dataset: Dataset, week: Week, one: Commitment, known: Sequence[Commitment]) -> Followed:
    today = meeting_of(week).first_day
    found: Mapping[str, pd.DataFrame] = {}
    if one.metric in SERIES:
        found = cached(charts, dataset, str(one.metric), grouping_of(one.place), week.last_day)
    verdict = verdict_on(one, found, touched=touched_by(known, one))
    chart = found.get(group_of(one.place))
    is_open = one.status == "open"
    return Followed(
        commitment=one,
        state="overdue" if is_open and one.due_on < today else one.status,
        is_due=one.due_on <= today and one.status != "dropped",
        verdict=verdict,
        course=None if chart is None else _course(chart, one.baseline_week, verdict),
    )


def _course(chart: pd.DataFrame, baseline: Week, verdict: Verdict) -> Course | None:
    """The weeks around a decision, those before it of one phase."""
    first, last = str(baseline.shifted(1 - BEFORE_N)), str(baseline.shifted(AFTER_N))
    rows = chart[chart["week"].ge(first) & chart["week"].le(last)]
    is_after = rows["week"].gt(str(baseline))
    before = rows[~is_after]
    if before.empty:
        return None
    before = before[before["phase"].eq(before["phase"].iloc[-1])]
    after = rows[is_after]
    if before["value"].isna().all():
        return None

    def middle(known: float, values: pd.Series) -> float:
        return float(values.median()) if math.isnan(known) else known

    return Course(
        values=tuple(float(value) for value in (*before["value"], *after["value"])),
        decided_at=len(before),
        before=middle(verdict.before, before["value"]),
        after=middle(verdict.after, after["value"]),
        before_from=_before_from(before["value"], verdict.before_n),
    )


def _before_from(before: pd.Series, weeks_n: int) -> int:
    """The place of the first of the last `weeks_n` known weeks; the first of all without any."""
    known = np.flatnonzero(before.notna())
    return int(known[-min(weeks_n, len(known))]) if weeks_n and len(known) else 0


# ----------------------------------------------------------------------------------- words
def ledger_line(one: Followed, names: Mapping[Place, str], today: date) -> LedgerLine:
    """A commitment as it is written and drawn."""
    commitment, course = one.commitment, one.course
    scale = None
    if commitment.metric in SERIES and course is not None:
        scale = series_scale(str(commitment.metric), [course.before, course.after])
    reason = one.verdict.reason
    left = max(LEAST_AFTER_N - one.verdict.points_n, 0)
    return LedgerLine(
        id=commitment.id,
        state=one.state,
        what=commitment.what,
        unit=commitment.responsible_unit,
        due=_due_words(one, today),
        metric=_metric_words(commitment, names),
        course=course,
        scale=scale,
        verdict=one.verdict.word,
        reason=t(f"commitment_ledger.short.{reason}", left=left),
        why=why_words(one.verdict, scale),
    )


def _due_words(one: Followed, today: date) -> str:
    due_on = one.commitment.due_on
    if one.state == "overdue":
        return t("commitment_ledger.overdue", n=(today - due_on).days)
    if one.state == "open" and due_on == today:
        return t("commitment_ledger.due_today")
    return t("commitment_ledger.due_on", day=day_words(due_on))


def _metric_words(commitment: Commitment, names: Mapping[Place, str]) -> str:
    if commitment.metric is None:
        return ""
    label = series_label(commitment.metric) if commitment.metric in SERIES else commitment.metric
    place = commitment.place or Place("street")
    return f"{names.get(place, place.code)} · {label}"


def why_words(verdict: Verdict, scale: Scale | None) -> str:
    """The verdict's reason in one sentence, with its numbers."""
    words: dict[str, object] = {"points": verdict.points_n, "others": verdict.others_n}
    if scale is not None:
        words |= {name: scale.text(getattr(verdict, name)) for name in ("before", "after", "baseline")}
        words |= {"gain": gap_words(scale, abs(verdict.gain)), "loss": gap_words(scale, abs(verdict.gain))}
        words |= {"noise": gap_words(scale, verdict.noise), "change": _change(scale, verdict.others_change)}
    return t(f"commitment_ledger.long.{verdict.reason}", **words)


def _change(scale: Scale, change: float) -> str:
    shown = gap_words(scale, abs(change))
    return shown if math.isnan(change) else f"{'−' if change < 0 else '+'}{shown}"


def conclusion_words(found: Sequence[Followed], meeting: Week) -> str:
    """The page's one sentence: how many were decided, came due, and worked."""
    day = meeting_words(meeting)
    if not found:
        return t("commitment_ledger.conclusion.none", day=day)
    sentence = t(
        "commitment_ledger.conclusion.head", day=day, n=len(found), due=sum(one.is_due for one in found)
    )
    overdue_n = sum(one.state == "overdue" for one in found)
    if overdue_n:
        sentence += t("commitment_ledger.conclusion.overdue", n=overdue_n)
    counts = dict.fromkeys(("supported", "not_supported", "undecided"), 0)
    for one in found:
        counts[one.verdict.word] += 1
    parts = "、".join(t(f"commitment_ledger.parts.{word}", n=n) for word, n in counts.items() if n)
    return sentence + t("commitment_ledger.conclusion.words", parts=parts)
