"""The named dates of the control charts: shown, added with a reason, ended with a reason."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from governance import access
from governance.errors import UsageError
from governance.figures import control_list
from governance.figures.control_words import series_label
from governance.metrics.periods import parse_period
from governance.records.chart_notes import KINDS, ChartNote, NoteKind, add_chart_note, end_chart_note
from governance.text import explain, t
from governance.ui import blocks
from governance.ui import control_data as data
from governance.workdays import now_in_shanghai

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from governance.records.dataset import Dataset
    from governance.ui.shell import Page


def show_lines(lines: Sequence[str]) -> None:
    """Short notes under a figure, one a line."""
    blocks.show_svg("".join(f'<div class="panel-sub">{escape(line)}</div>' for line in lines))


def _day_words(day: date) -> str:
    return t("process_control.day", year=day.year, month=day.month, day=day.day)


def break_words(dataset: Dataset, choice: data.Choice, table: pd.DataFrame) -> tuple[str, ...]:
    """Why each phase of a chart but the first begins, in order."""
    reform = dataset.settings.day("reform_on")
    reasons = {note.on: note.reason for note in dataset.chart_notes if _rebases(note, choice.key)}
    days = sorted({reform, *reasons})
    periods = [parse_period(week) for week in table["week"]]
    words = []
    phase = table["phase"].tolist()
    for place in range(1, len(phase)):
        if phase[place] == phase[place - 1]:
            continue
        begun = [day for day in days if periods[place - 1].first_day <= day <= periods[place].first_day]
        words.append("；".join(_one_break(day, reform, reasons) for day in begun))
    return tuple(words)


def _rebases(note: ChartNote, key: str) -> bool:
    return note.kind == "rebase" and note.is_about(key)


def _one_break(day: date, reform: date, reasons: dict[date, str]) -> str:
    if day == reform and day not in reasons:
        return t("process_control.break_reform", day=_day_words(day))
    return t("process_control.break_note", day=_day_words(day), reason=reasons.get(day, ""))


# --------------------------------------------------------------------------------- shown
def _noted(note: ChartNote) -> control_list.NotedDate:
    return control_list.NotedDate(
        on=note.on.isoformat(),
        what=t(f"process_control.kind.{note.kind}"),
        metric=t("process_control.for_all") if note.metric is None else series_label(note.metric),
        reason=note.reason,
        since=f"{note.added_at:%Y-%m-%d}",
        ended=t("process_control.ended", reason=note.ended_reason) if note.ended_at else "",
    )


def show_notes(page: Page, choice: data.Choice) -> None:
    """The named dates, and the two forms."""
    dataset = page.dataset
    reform = control_list.NotedDate(
        on=dataset.settings.day("reform_on").isoformat(),
        what=t("process_control.kind.rebase"),
        metric=t("process_control.for_all"),
        reason=t("process_control.reform_reason"),
        since=t("process_control.from_settings"),
    )
    title, sub = t("process_control.notes_title"), t("process_control.notes_sub")
    with blocks.panel("control_notes", title=title, sub=sub):
        blocks.show_svg(control_list.notes_html([reform, *map(_noted, dataset.chart_notes)]))
        if st.session_state.pop("control-note-saved", False):
            show_lines([t("process_control.saved")])
        if dataset.presented is not None:  # a frozen week keeps the notes it had
            return
        _show_add(dataset, choice)
        active = [note for note in dataset.chart_notes if note.is_active]
        if active:
            _show_end(dataset, active)


def _show_add(dataset: Dataset, choice: data.Choice) -> None:
    scopes = {"this": series_label(choice.key), "all": t("process_control.for_all")}
    with st.expander(t("process_control.add")), st.form("control-add", clear_on_submit=False, border=False):
        kind = st.radio(
            t("process_control.add_kind"), KINDS, format_func=lambda name: t(f"process_control.kind.{name}")
        )
        about = st.radio(t("process_control.add_metric"), list(scopes), format_func=scopes.__getitem__)
        day = st.text_input(t("process_control.add_day"), max_chars=10)
        reason = st.text_input(t("process_control.add_reason"), max_chars=60)
        is_sent = st.form_submit_button(t("process_control.save"))
    if is_sent:
        metric = choice.key if about == "this" else None
        _save(lambda: _add(dataset, kind, metric, day, reason))


def _add(dataset: Dataset, kind: NoteKind, metric: str | None, day: str, reason: str) -> None:
    try:
        on = date.fromisoformat(day.strip())
    except ValueError as error:
        raise UsageError("bad_note_day", day=day) from error
    add_chart_note(dataset.data_dir, ChartNote(kind, on, reason, now_in_shanghai(), metric))
    access.record_access(
        dataset.data_dir, "chart_note", what=kind, metric=metric or "*", on=on, reason=reason.strip()
    )


def _show_end(dataset: Dataset, active: list[ChartNote]) -> None:
    with st.expander(t("process_control.end")), st.form("control-end", border=False):
        which = st.selectbox(
            t("process_control.end_which"),
            range(len(active)),
            format_func=lambda place: f"{active[place].on.isoformat()} {active[place].reason}",
            filter_mode=None,
        )
        reason = st.text_input(t("process_control.end_reason"), max_chars=60)
        is_sent = st.form_submit_button(t("process_control.end_save"))
    if is_sent:
        _save(lambda: _end(dataset, active[which], reason))


def _end(dataset: Dataset, note: ChartNote, reason: str) -> None:
    end_chart_note(dataset.data_dir, note, at=now_in_shanghai(), reason=reason)
    access.record_access(
        dataset.data_dir, "chart_note_end", metric=note.metric or "*", on=note.on, reason=reason.strip()
    )


def _save(write: Callable[[], None]) -> None:
    """Write and draw anew; what cannot be written is said in place."""
    try:
        write()
    except UsageError as error:
        show_lines([explain(error)])
        return
    st.session_state["control-note-saved"] = True
    st.rerun()
