"""The slide of what the last meeting decided, and the slide of what this one has to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from governance.figures.control_words import series_label, series_scale
from governance.meeting.verdict import (
    LEAST_AFTER_N,
    Verdict,
    grouping_of,
    touched_by,
    verdict_on,
)
from governance.metrics.control_series import SERIES, control_charts
from governance.metrics.headline import names_sources
from governance.metrics.windows import PUBLIC, Scope
from governance.report.model import Item, Slide, Table
from governance.report.week_parts import item_of, title_of
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pandas as pd

    from governance.meeting.commitments import Commitment
    from governance.meeting.ranking import Headline
    from governance.records.dataset import Dataset
    from governance.report.model import Mark
    from governance.workdays import Week

# So many stand as lines with room for their course; more as a table.
_ITEMS_N, _ROWS_N = 4, 6
_MARKS: Mapping[str, Mark] = MappingProxyType({"supported": "better", "not_supported": "worse"})
_HEADS = ("what", "responsible_unit", "due_on", "status", "course", "verdict")


def commitments_slide(dataset: Dataset, week: Week, known: Sequence[Commitment]) -> Slide:
    """What was decided at the last meeting, with its course and verdict; then what is open from before.

    The last meeting sat on the Monday of `week`; the one that reviews it sits a week later.
    """
    past = [one for one in known if one.week <= week]
    last = [one for one in past if one.week == week]
    earlier = [one for one in past if one.week < week and one.status == "open"]
    shown = [*last, *sorted(earlier, key=lambda one: one.due_on)]
    if not shown:
        day = _day_words(week.first_day)
        empty = t("slides.commitments.empty", day=day)
        return Slide("commitments", t("slides.commitments.none"), empty=empty)
    rows = tuple(_row(dataset, week, one, past) for one in shown[:_ROWS_N])
    is_short = len(shown) <= _ITEMS_N
    more = t("slides.commitments.more", n=len(shown) - _ROWS_N) if len(shown) > _ROWS_N else ""
    note = "；".join(part for part in (more, t("slides.commitments.note")) if part)
    done = sum(one.status == "done" for one in last)
    title = t("slides.commitments.title", n=len(last), done=done)
    if not last:
        title = t("slides.commitments.title_earlier", n=len(earlier))
    heads = tuple(t(f"slides.commitments.heads.{name}") for name in _HEADS)
    return Slide(
        "commitments",
        title_of(title, t("slides.commitments.plain")),
        items=tuple(map(_item, rows)) if is_short else (),
        tables=() if is_short else (Table(heads, tuple(_flat(row) for row in rows), note=note),),
        notes=(t("slides.notes.commitments"),),
    )


@dataclass(frozen=True)
class _Row:
    """A commitment as the ledger's page writes it; `word` is the verdict's, of the kind `mark`."""

    what: str
    unit: str
    due: str
    status: str
    course: str
    word: str
    reason: str
    mark: Mark


def _flat(row: _Row) -> tuple[str, ...]:
    """A row of the table: a verdict that is none yet says why."""
    verdict = f"{row.word}（{row.reason}）" if row.reason else row.word
    return (row.what, row.unit, row.due, row.status, row.course, verdict)


def _item(row: _Row) -> Item:
    """A line of the slide: what was decided, how far it is, the metric's course, whom to ask."""
    said = (t("slides.commitments.due", day=row.due, status=row.status), row.course, row.reason)
    sub = "，".join(part for part in said if part)
    return Item(
        mark=row.mark, word=row.word, title=row.what, sub=sub, owner=row.unit, page="commitment_ledger"
    )


def _row(dataset: Dataset, week: Week, one: Commitment, known: Sequence[Commitment]) -> _Row:
    today = week.shifted(1).first_day
    state = "overdue" if one.status == "open" and one.due_on < today else one.status
    verdict = verdict_on(one, _charts(dataset, one, week), touched=touched_by(known, one))
    left = max(LEAST_AFTER_N - verdict.points_n, 0)
    word = t(f"commitment_ledger.verdicts.{verdict.word}")
    reason = t(f"commitment_ledger.short.{verdict.reason}", left=left)
    return _Row(
        what=one.what,
        unit=one.responsible_unit,
        due=_day_words(one.due_on),
        status=t(f"commitment_ledger.status.{state}"),
        course=_course_words(one, verdict),
        word=word,
        reason=reason if verdict.word == "undecided" else "",
        mark=_MARKS.get(verdict.word, "normal"),
    )


def _charts(dataset: Dataset, one: Commitment, week: Week) -> dict[str, pd.DataFrame]:
    """The weekly charts of its metric: of the public's demand where sources are told apart."""
    if one.metric is None or one.metric not in SERIES:
        return {}
    is_public = not SERIES[one.metric].is_stock and names_sources(dataset.cases())
    scope = Scope(demand=PUBLIC) if is_public else None
    return control_charts(dataset, of=one.metric, by=grouping_of(one.place), until=week.last_day, scope=scope)


def _course_words(one: Commitment, verdict: Verdict) -> str:
    """Its metric before and after: 到场用时 18.1 分钟 → 17.4 分钟."""
    if one.metric not in SERIES or math.isnan(verdict.before):
        return ""
    scale = series_scale(str(one.metric), [verdict.before, verdict.after])
    after = "—" if math.isnan(verdict.after) else scale.text(verdict.after)
    change = t("slides.commitments.course", before=scale.text(verdict.before), after=after)
    return f"{series_label(str(one.metric))} {change}"


def _day_words(day: date) -> str:
    return t("commitment_ledger.day", month=day.month, day=day.day)


# ---------------------------------------------------------------------- headlines, decisions
def headlines_slide(found: Sequence[Headline], *, has_records: bool) -> Slide:
    """The week in at most five headlines; one sentence when there is none."""
    if not found:
        key = "none" if has_records else "no_data"
        empty = t("slides.headlines.empty" if has_records else "slides.headlines.empty_no_data")
        return Slide("headlines", t(f"slides.headlines.{key}"), empty=empty)
    first, n = found[0].short, _numeral(len(found))
    key = "title_one" if len(found) == 1 else "title"
    return Slide(
        "headlines",
        title_of(t(f"slides.headlines.{key}", short=first, n=n), t("slides.headlines.title_plain", n=n)),
        items=tuple(item_of(one) for one in found),
        notes=(t("slides.headlines.note"), t("slides.notes.headlines")),
    )


def decisions_slide(found: Sequence[Headline]) -> Slide:
    """What to decide and whom to ask, from the headlines that leave something to decide."""
    open_ = [one for one in found if one.decide]
    if not open_:
        return Slide("decisions", t("slides.decisions.none"), empty=t("slides.decisions.empty"))
    items = tuple(
        Item(
            mark=one.mark,
            word=one.word,
            title=one.decide,
            sub=one.title,
            value="",
            unit="",
            owner=one.owner,
            page=one.page,
            params=dict(one.params),
        )
        for one in open_
    )
    title = t("slides.decisions.title", n=_numeral(len(open_)))
    return Slide("decisions", title, items=items, notes=(t("slides.decisions.note"),))


def _numeral(n: int) -> str:
    return t("week_overview.verdict.numbers")[n]
