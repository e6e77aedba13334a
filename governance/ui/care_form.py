"""记一笔 on 一老一小: a visit in one line, or that somebody moved, is in hospital, died or came back."""

from __future__ import annotations

from datetime import date, datetime, time
from html import escape
from typing import TYPE_CHECKING, Literal

import streamlit as st

from governance.errors import GovernanceError
from governance.metrics.care import uncounted_visits
from governance.records.care_entries import StatusEntry, VisitEntry, record_status, record_visit
from governance.records.store import open_dataset
from governance.schema import schema
from governance.text import explain, t
from governance.ui import blocks
from governance.ui.cache import cached
from governance.ui.shell import LOG
from governance.workdays import SHANGHAI, now_in_shanghai

if TYPE_CHECKING:
    from governance.records.dataset import Dataset
    from governance.records.intake import ImportResult
    from governance.ui.shell import Page

What = Literal["visit", "status"]
_WHATS: tuple[What, ...] = ("visit", "status")
_NOTE = "care-note"
_KEYS = ("person", "member", "outcome")
_AT = time(10, 0)
_FIRST_DAY = date(2000, 1, 1)


def _people(dataset: Dataset) -> tuple[str, ...]:
    return tuple(sorted(dataset.frame("care_register")["person_ref"].dropna().astype(str).unique()))


def _members(dataset: Dataset) -> tuple[str, ...]:
    return tuple(sorted(dataset.frame("members")["member_id"].dropna().astype(str).unique()))


def _key(name: str) -> str:
    return f"care-entry-{name}"


def _today(dataset: Dataset) -> date:
    """The day offered: today, in the demonstration the last of its records."""
    as_of = dataset.as_of.get("visits")
    return as_of.astimezone(SHANGHAI).date() if dataset.is_sample and as_of else now_in_shanghai().date()


def _say(sentence: str, *, is_error: bool = False) -> None:
    st.session_state[_NOTE] = (sentence, is_error)


def _show_said() -> None:
    sentence, is_error = st.session_state.pop(_NOTE, ("", False))
    if sentence:
        look = "failure" if is_error else "note said"
        st.html(f'<div class="{look}" role="status">{escape(sentence)}</div>')


def show_form(page: Page) -> None:
    """One line for a visit or a status; a frozen week takes none."""
    with blocks.panel("care-form", title=t("care_visits.form_title"), sub=t("care_visits.form_sub")):
        if page.dataset.presented is not None:
            blocks.show_empty(t("care_visits.form_frozen"))
            return
        if not cached(_people, page.dataset):
            blocks.show_empty(t("care_visits.no_register"))
            return
        what: What = st.segmented_control(
            t("care_visits.form_what"), _WHATS, default="visit", key="care-what", required=True,
            format_func=lambda name: t(f"care_visits.form_whats.{name}"), label_visibility="collapsed",
        )  # fmt: skip
        with st.form(f"care-form-{what}", border=False):
            _draw(page.dataset, what)
        _show_said()


def _draw(dataset: Dataset, what: What) -> None:
    with st.container(key=f"care-fields-{what}", horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            t("care_visits.person"), cached(_people, dataset), index=None, key=_key("person"), width=150,
            placeholder=t("care_visits.person_hint"),
        )  # fmt: skip
        label = t("care_visits.day_visited" if what == "visit" else "care_visits.day_since")
        st.date_input(
            label, value=_today(dataset), min_value=_FIRST_DAY, key=_key(f"day-{what}"),
            format="YYYY-MM-DD", width=140,
        )  # fmt: skip
        if what == "visit":
            st.time_input(t("care_visits.clock"), value=_AT, step=300, key=_key("clock"), width=104)
            st.selectbox(
                t("care_visits.member"), cached(_members, dataset), index=None, key=_key("member"), width=140,
                placeholder=t("care_visits.member_hint"),
            )  # fmt: skip
            st.text_input(
                t("care_visits.outcome"), key=_key("outcome"), max_chars=200,
                placeholder=t("care_visits.outcome_hint"), width="stretch",
            )  # fmt: skip
        else:
            words = {code: known[0] for code, known in schema().values["care_status"].items()}
            st.selectbox(
                t("care_visits.status"), list(words), format_func=lambda code: words.get(code, code),
                index=None, key=_key("status"), width=140, placeholder=t("care_visits.status_hint"),
                filter_mode=None,
            )  # fmt: skip
        st.form_submit_button(
            t("care_visits.record"), type="primary", key=f"care-record-{what}",
            on_click=_record, args=(dataset, what),
        )  # fmt: skip


def _value(name: str) -> str:
    return str(st.session_state.get(_key(name)) or "")


def _record(dataset: Dataset, what: What) -> None:
    """Take the line in; what is refused stays in the form, with its reason."""
    day = st.session_state.get(_key(f"day-{what}")) or _today(dataset)
    try:
        if what == "visit":
            clock = st.session_state.get(_key("clock")) or _AT
            at = datetime.combine(day, clock, tzinfo=SHANGHAI)
            entry = VisitEntry(_value("person"), at, _value("member"), _value("outcome"))
            result = record_visit(dataset.data_dir, entry)
            sentence = _visit_words(dataset, entry, result)
        else:
            status = StatusEntry(_value("person"), _value("status"), day)
            record_status(dataset.data_dir, status)
            word = schema().label_of("care_status", status.status)
            sentence = t("care_visits.recorded_status", person=status.person_ref, status=word, day=day)
    except GovernanceError as error:  # a callback has no boundary around it
        LOG.error("a line of care was not recorded: %s", error)
        _say(explain(error), is_error=True)
        return
    _say(sentence)
    for name in _KEYS:
        st.session_state.pop(_key(name), None)


def _visit_words(dataset: Dataset, entry: VisitEntry, result: ImportResult) -> str:
    """What became of the visit, and whether it counts."""
    stamp = f"{entry.visited_at:%Y-%m-%d %H:%M}"
    if not result.accepted + result.replaced:
        return t("care_visits.recorded_before", person=entry.person_ref, stamp=stamp)
    data = open_dataset(dataset.data_dir)
    visits = data.frame("visits")
    mine = visits[visits["import_id"].eq(result.import_id).fillna(False).astype(bool)]
    is_counted = uncounted_visits(data.frame("care_register"), mine).empty
    key = "recorded" if is_counted else "recorded_uncounted"
    return t(f"care_visits.{key}", person=entry.person_ref, stamp=stamp)
