"""The stamp on the right of every page: data through when, how complete, how far to trust it."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.metrics.effort import track_receipts
from governance.metrics.trust import TRACKS, completeness, source_status
from governance.metrics.windows import Span
from governance.schema import kind_named
from governance.text import t
from governance.ui.cache import cached
from governance.ui.words import stamp_words

if TYPE_CHECKING:
    from governance.metrics.effort import TrackReceipt
    from governance.records.dataset import Dataset
    from governance.ui.shell import Page
    from governance.workdays import Week


# The sources whose grades fit beside the filters; the overview's panel lists all.
STAMPED = ("incidents", "shifts", "pings", "visits")


def week_status(dataset: Dataset, week: Week) -> pd.DataFrame:
    """`trust.source_status`, for the cache."""
    return source_status(dataset, week)


def week_completeness(dataset: Dataset, week: Week) -> float:
    """`trust.completeness` of the incidents, for the cache."""
    return completeness(dataset.frame("incidents"), week)


def _badge(dataset: Dataset) -> str:
    word = t("stamp.sample") if dataset.is_sample else t("stamp.no_login")
    return f'<span class="badge">{escape(word)}</span>'


def week_receipt(dataset: Dataset, week: Week) -> TrackReceipt:
    """What became of a week's positions, for the cache."""
    receipts, presence = (
        dataset.patrol(name, since=week.first_day, until=week.last_day) for name in ("receipts", "presence")
    )
    return track_receipts(receipts, presence, span=Span(week.start_at, week.end_at))[0]


def _tracks_line(dataset: Dataset, week: Week) -> str:
    """Positions read = kept + dropped, and their grade."""
    if dataset.as_of.get(TRACKS) is None:
        return ""
    one = cached(week_receipt, dataset, week)
    words = t(
        "stamp.tracks",
        read=f"{one.pings_n:,}",
        kept=f"{one.kept_n:,}",
        dropped=f"{one.pings_n - one.kept_n:,}",
    )
    parts = [f'<span title="{escape(t("stamp.tracks_help"))}">{escape(words)}</span>']
    status = cached(week_status, dataset, week).set_index("kind")["grade"]
    if not pd.isna(grade := status.get(TRACKS)):
        told = escape(t("stamp.track_grade", grade=grade))
        parts.append(f'<span title="{escape(t("stamp.grades_help"))}">{told}</span>')
    return "　".join(parts)


def _trust_line(dataset: Dataset, week: Week) -> str:
    parts = []
    share = cached(week_completeness, dataset, week)
    if not math.isnan(share):
        words = t("stamp.completeness", share=f"{share:.1%}")
        parts.append(f'<span title="{escape(t("stamp.completeness_help"))}">{escape(words)}</span>')
    status = cached(week_status, dataset, week).dropna(subset=["grade"])
    graded = status[status["kind"].isin(STAMPED)]
    grades = " · ".join(
        t("stamp.grade", kind=kind_named(kind).label, grade=grade)
        for kind, grade in zip(graded["kind"], graded["grade"], strict=True)
    )
    if grades:
        parts.append(f'<span title="{escape(t("stamp.grades_help"))}">{escape(grades)}</span>')
    return "　".join(parts)


def show_stamp(page: Page, week: Week | None) -> None:
    """As-of of the sources this page uses, completeness and grades of the week, the badge."""
    dataset = page.dataset
    known = [dataset.as_of[kind] for kind in page.spec.sources or dataset.as_of if kind in dataset.as_of]
    as_of = t("stamp.as_of", stamp=stamp_words(min(known))) if known else t("stamp.no_as_of")
    about = _tracks_line if page.spec.sources == (TRACKS,) else _trust_line
    trust = about(dataset, week) if week is not None else ""
    st.html(
        f'<div class="stamp"><b>{escape(as_of)}</b>　{_badge(dataset)}<br>{trust}</div>',
        width="stretch",
    )
