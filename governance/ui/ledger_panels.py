"""The parts of 督办清单, and its box on 本周总览: what was decided, who, by when, and did it work."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from governance.errors import GovernanceError
from governance.figures import ledger_table
from governance.meeting.commitments import STATUSES
from governance.meeting.ledger import open_ledger
from governance.meeting.ledger_workbook import value_words
from governance.text import explain, t
from governance.ui import blocks
from governance.ui import ledger_data as data
from governance.ui.cache import cached
from governance.ui.ledger_excel import show_workbook
from governance.ui.ledger_form import commit_button, commitment_link_params, say, show_form
from governance.ui.shell import LOG, error_boundary, link_params
from governance.workdays import now_in_shanghai

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from governance.meeting.commitments import Commitment, Place, Status
    from governance.ui.filters import Selection
    from governance.ui.ledger_data import Followed
    from governance.ui.shell import Page
    from governance.workdays import Week

__all__ = (
    "commit_button", "commitment_link_params", "show_conclusion", "show_footer", "show_form",
    "show_last_week", "show_list", "show_workbook",
)  # fmt: skip

_SHOWN_N = 30
_LAST_WEEK_N = 6
_STATES = ("all", "open", "overdue", "done", "dropped")
_ALL = "all"


def _found(page: Page, selection: Selection) -> tuple[Followed, ...]:
    known = data.commitments_until(page.dataset, selection.week)
    return data.followed(page.dataset, selection.week, known)


def show_conclusion(page: Page, selection: Selection) -> None:
    """How many were decided, how many came due, how many worked."""
    found = _found(page, selection)
    sentence = data.conclusion_words(found, data.meeting_of(selection.week))
    blocks.show_conclusion(page.spec.title, selection.week, sentence)


# ----------------------------------------------------------------------------------- list
def show_list(page: Page, selection: Selection) -> None:
    """What was decided, newest first, each with its status, course and verdict."""
    found = _found(page, selection)
    counts = {f"{name}_n": sum(one.commitment.status == name for one in found) for name in STATUSES}
    title = t("commitment_ledger.list_title" if found else "commitment_ledger.list_title_none", **counts)
    with blocks.panel("ledger-list", title=title, sub=t("commitment_ledger.list_sub")):
        if not found:
            blocks.show_empty(t("commitment_ledger.list_none"))
            return
        shown = _chosen(found)[::-1]
        if not shown:
            blocks.show_empty(t("commitment_ledger.list_none_left"))
            return
        names, today = cached(data.place_names, page.dataset), data.meeting_of(selection.week).first_day
        blocks.show_svg(ledger_table.ledger_head_html())
        for one in shown[:_SHOWN_N]:
            _show_line(page, one, names, today)
        if len(shown) > _SHOWN_N:
            more = t("commitment_ledger.more", n=len(shown) - _SHOWN_N)
            st.html(f'<div class="panel-sub">{escape(more)}</div>')


def _chosen(found: Sequence[Followed]) -> list[Followed]:
    """The commitments of the meeting and status chosen."""
    counts: dict[str, int] = {}
    for one in found:
        week = str(one.commitment.week)
        counts[week] = counts.get(week, 0) + 1
    labels = {_ALL: t("commitment_ledger.all_meetings")} | {
        str(week): t("commitment_ledger.meeting_option", day=data.meeting_words(week), n=counts[str(week)])
        for week in sorted({one.commitment.week for one in found}, reverse=True)
    }
    with st.container(key="ledger-filters", horizontal=True, vertical_alignment="center"):
        meeting = st.selectbox(
            t("commitment_ledger.meeting"),
            list(labels),
            format_func=lambda week: labels.get(week, week),
            key="ledger-meeting",
            label_visibility="collapsed",
            filter_mode=None,
            width=210,
        )
        state = st.segmented_control(
            t("commitment_ledger.which"),
            _STATES,
            default=_ALL,
            required=True,
            format_func=lambda name: t(f"commitment_ledger.status.{name}"),
            key="ledger-state",
            label_visibility="collapsed",
        )
    return [
        one
        for one in found
        if meeting in (_ALL, str(one.commitment.week)) and (state == _ALL or _is_in(one, str(state)))
    ]


def _is_in(one: Followed, state: str) -> bool:
    return one.state == state or (state == "open" and one.commitment.status == "open")


def _show_line(page: Page, one: Followed, names: Mapping[Place, str], today: date) -> None:
    commitment = one.commitment
    with st.container(key=f"ledger-row-{commitment.id}", horizontal=True, vertical_alignment="center"):
        blocks.show_svg(ledger_table.ledger_line_html(data.ledger_line(one, names, today)))
        _show_change(page, commitment)
        if st.button(t("commitment_ledger.history"), key=f"ledger-history-{commitment.id}", type="tertiary"):
            _show_history(page, commitment)


def _show_change(page: Page, commitment: Commitment) -> None:
    """One click for the status, a note beside it, another day."""
    # A changed commitment gets a new key, so that its pop-up closes.
    state = f"{commitment.id}-{commitment.status}-{commitment.due_on}"
    with st.popover(t("commitment_ledger.change"), key=f"ledger-change-{state}"):
        st.html(
            f'<div class="panel-title">{escape(t("commitment_ledger.change_title", id=commitment.id))}</div>'
        )
        note = f"ledger-note-of-{state}"
        st.text_input(t("commitment_ledger.note"), key=note, placeholder=t("commitment_ledger.note_hint"))
        with st.container(horizontal=True):
            for status in STATUSES:
                if status != commitment.status:
                    st.button(
                        t(f"commitment_ledger.status.{status}"),
                        key=f"ledger-set-{status}-{state}",
                        on_click=_set_status,
                        args=(page, commitment, status, note),
                    )
        due = f"ledger-due-of-{state}"
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.date_input(
                t("commitment_ledger.new_due"), commitment.due_on, key=due, format="YYYY-MM-DD", width=150
            )
            st.button(
                t("commitment_ledger.change_due"),
                key=f"ledger-set-due-{state}",
                on_click=_set_due,
                args=(page, commitment, due, note),
            )


def _set_status(page: Page, seen: Commitment, status: Status, note: str) -> None:
    _change(page, seen, {"status": status}, note)


def _set_due(page: Page, seen: Commitment, due: str, note: str) -> None:
    _change(page, seen, {"due_on": st.session_state[due]}, note)


def _change(page: Page, seen: Commitment, changes: Mapping[str, object], note: str) -> None:
    try:
        open_ledger(page.dataset.data_dir).change(
            seen.id,
            changes,
            at=now_in_shanghai(),
            who=t("commitment_ledger.who"),
            note=str(st.session_state.get(note) or "").strip(),
            seen=seen,
        )
    except GovernanceError as error:  # a callback has no boundary around it
        LOG.error("commitment %s was not changed: %s", seen.id, error)
        say(explain(error), is_error=True)


def _show_history(page: Page, commitment: Commitment) -> None:
    @st.dialog(t("commitment_ledger.history_title", id=commitment.id), width="large")
    def dialog() -> None:
        with error_boundary():
            changes = open_ledger(page.dataset.data_dir).history(commitment.id)
            heads = ("at", "who", "field", "old", "new", "note")
            head = "".join(f"<th>{escape(t(f'commitment_ledger.columns.{name}'))}</th>" for name in heads)
            rows = (
                (
                    f"{change.at:%Y-%m-%d %H:%M}",
                    change.who,
                    t(f"commitment_ledger.columns.{change.field}"),
                    value_words(change.field, change.old),
                    value_words(change.field, change.new),
                    change.note,
                )
                for change in changes
            )
            body = "".join(
                "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for cells in rows
            )
            blocks.show_svg(
                f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
            )

    dialog()


def show_footer() -> None:
    """Where the ledger is kept, and how its verdicts are told."""
    blocks.show_footer(t("commitment_ledger.footer"), t("commitment_ledger.footer_how"))


# ------------------------------------------------------------------------------ last week
def show_last_week(page: Page, selection: Selection) -> None:
    """The box of 本周总览: what the last meeting decided, and whether it helped.

    The last meeting sat in the week under review and reviewed the one before. A ledger that cannot
    be read is a sentence in the box.
    """
    with error_boundary():
        _show_last_week(page, selection, _found(page, selection))


def _show_last_week(page: Page, selection: Selection, found: Sequence[Followed]) -> None:
    meeting = selection.week
    mine = [one for one in found if one.commitment.week == meeting]
    name = "title" if mine else "title_none"
    with blocks.panel("last-week", title=t(f"commitment_ledger.last_week.{name}", n=len(mine))):
        st.page_link(
            st.session_state["pages"]["commitment_ledger"],
            label=t("commitment_ledger.open"),
            query_params=link_params(),
        )
        if mine:
            names, today = cached(data.place_names, page.dataset), data.meeting_of(meeting).first_day
            lines = [data.ledger_line(one, names, today) for one in mine[:_LAST_WEEK_N]]
            blocks.show_svg(ledger_table.last_week_html(lines))
        else:
            blocks.show_empty(t("commitment_ledger.last_week.none", day=data.meeting_words(meeting)))
        _show_earlier(found, meeting)


def _show_earlier(found: Sequence[Followed], meeting: Week) -> None:
    earlier = [one for one in found if one.commitment.week < meeting]
    if earlier:
        supported_n = sum(one.verdict.word == "supported" for one in earlier)
        open_n = sum(one.commitment.status == "open" for one in earlier)
        words = t("commitment_ledger.last_week.earlier", n=len(earlier), supported=supported_n, open=open_n)
        st.html(f'<div class="panel-sub">{escape(words)}</div>')
