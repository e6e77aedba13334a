"""What the feeder of the meeting screen sends: all slides of one state of store and ledger."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from governance.records.presented import manifest_behind
from governance.schema import kind_named
from governance.text import t
from governance.ui.cache import cached, current_dataset, presented_dataset
from governance.ui.ledger_data import commitments_until
from governance.ui.presented_banner import PRESENTED
from governance.ui.shell import log_failure
from governance.workdays import Week, default_week, now_in_shanghai

if TYPE_CHECKING:
    from governance.meeting.commitments import Commitment
    from governance.records.dataset import Dataset
    from governance.report.model import Slide, WeekModel

_CADENCES_UNTIL_OLD = 2
_CADENCE = timedelta(days=7)


@dataclass(frozen=True)
class State:
    """What the slides are made of; other slides follow only from another state."""

    dataset: Dataset
    week: Week
    commitments: tuple[Commitment, ...]

    @property
    def key(self) -> str:
        """Differs whenever one of its parts does."""
        parts = (self.dataset.fingerprint, self.dataset.settings, self.dataset.chart_notes, self.week)
        return hashlib.sha256(repr((parts, self.commitments)).encode()).hexdigest()


def current_state() -> State:
    """The store as it stands (or a frozen week), the week under review, what was decided.

    Raises
    ------
    GovernanceError
        When the address names no week, or the store or the ledger cannot be read.
    """
    frozen = st.query_params.get(PRESENTED)
    dataset = presented_dataset(Week.parse(frozen)) if frozen else current_dataset()
    asked = frozen or st.query_params.get("week")
    as_of = dataset.as_of.get("incidents") or min(dataset.as_of.values(), default=now_in_shanghai())
    week = Week.parse(asked) if asked else default_week(as_of)
    return State(dataset, week, tuple(commitments_until(dataset, week)))


def fresh_since(
    as_of: datetime | None,
    imported_at: datetime | None,
    *,
    is_old_on_purpose: bool,
    cadence: timedelta = _CADENCE,
) -> datetime | None:
    """Since when the data wait for newer ones; None where none are expected.

    That is the as-of. An archive, already older than two cadences on the day it was read, waits from
    that day on; the demonstration and a frozen week wait for nothing.
    """
    if is_old_on_purpose or as_of is None:
        return None
    if imported_at is not None and imported_at - as_of > _CADENCES_UNTIL_OLD * cadence:
        return imported_at
    return as_of


def _newest_import_at(dataset: Dataset) -> datetime | None:
    stamps = (entry.imported_at for entry in manifest_behind(dataset).imports if not entry.is_undone)
    return max((datetime.fromisoformat(stamp) for stamp in stamps), default=None)


def _stamp(state: State, model: WeekModel) -> dict[str, Any]:
    cadence = timedelta(days=kind_named("incidents").cadence_d) or _CADENCE
    since = fresh_since(
        model.as_of,
        _newest_import_at(state.dataset),
        is_old_on_purpose=model.is_sample or state.dataset.presented is not None,
        cadence=cadence,
    )
    badge = t("screen.sample") if model.is_sample else ""
    return {
        "words": "　".join(part for part in (badge, model.as_of_words) if part),
        "fresh_ms": since.timestamp() * 1000 if since else None,
        "cadence_ms": cadence.total_seconds() * 1000,
    }


def _model(dataset: Dataset, week: Week, commitments: tuple[Commitment, ...]) -> WeekModel:
    """`report.week.week_model`, for the cache."""
    from governance.report.week import week_model  # it brings every metric along

    return week_model(dataset, week, commitments=commitments)


def slides_data(state: State) -> dict[str, Any]:
    """All slides of a state as the stage takes them; one that cannot be drawn says so, the others stand."""
    model = cached(_model, state.dataset, state.week, state.commitments)
    head = f"{model.street}　{model.week_words}"
    return {
        "slides": [{"key": slide.key, "html": _html(slide, head)} for slide in model.slides],
        "stamp": _stamp(state, model),
    }


def _html(slide: Slide, head: str) -> str:
    from governance.report.slides import quiet_html, slide_html

    try:
        return slide_html(slide, head=head)
    except Exception as error:  # one slide must not take the meeting down; the log has everything
        log_failure(error)
        return quiet_html(t("screen.undrawn"), head=head)
