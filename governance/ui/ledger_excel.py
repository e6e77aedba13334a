"""The ledger of commitments to take away as Excel, and a changed one to bring back."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from governance.errors import GovernanceError
from governance.meeting.ledger import open_ledger
from governance.meeting.ledger_workbook import amendment_words, compared, ledger_workbook, read_rows
from governance.text import explain, t
from governance.ui import blocks
from governance.ui import ledger_data as data
from governance.ui.cache import cached
from governance.ui.ledger_form import say
from governance.ui.shell import LOG, error_boundary
from governance.workdays import now_in_shanghai

if TYPE_CHECKING:
    from governance.meeting.ledger_workbook import Difference
    from governance.ui.shell import Page

_UPLOADS = "ledger-uploads"


def show_workbook(page: Page) -> None:
    """The ledger to take away as Excel, and a changed one to bring back."""
    ledger = open_ledger(page.dataset.data_dir)
    known, history = ledger.commitments(), ledger.history()
    with blocks.panel(
        "ledger-excel", title=t("commitment_ledger.excel_title"), sub=t("commitment_ledger.excel_sub")
    ):
        with st.container(key="ledger-excel", horizontal=True, vertical_alignment="center"):
            places = cached(data.place_names, page.dataset)
            st.download_button(
                t("commitment_ledger.export"),
                partial(ledger_workbook, known, history, places=places),
                file_name=t("commitment_ledger.import_file"),
                on_click=blocks.log_export,
                args=(page.dataset, "commitments", len(known)),
                disabled=not known,
            )
            number = st.session_state.get(_UPLOADS, 0)
            file = st.file_uploader(
                t("commitment_ledger.import_label"),
                type=["xlsx"],
                key=f"ledger-upload-{number}",
                max_upload_size=page.dataset.settings.integer("max_upload_mb"),
                label_visibility="collapsed",
            )
        if file is not None:
            with error_boundary():
                _show_difference(page, compared(known, read_rows(file.getvalue(), file=file.name)))


def _show_difference(page: Page, found: Difference) -> None:
    """What the workbook would change, before it is taken."""
    if found.is_empty and not found.refused:
        st.html(f'<div class="note">{escape(t("commitment_ledger.import_none"))}</div>')
        return
    counts = t(
        "commitment_ledger.import_difference",
        added=len(found.added),
        amended=len(found.amended),
        unchanged=found.unchanged_n,
        refused=len(found.refused),
    )
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for cells in _lines(found)
    )
    blocks.show_svg(
        f'<div class="panel-sub">{escape(counts)}</div><table class="plain"><tbody>{body}</tbody></table>'
    )
    st.button(
        t("commitment_ledger.import_take"),
        type="primary",
        key="ledger-take",
        disabled=found.is_empty,
        on_click=_take,
        args=(page, found),
    )


def _lines(found: Difference) -> list[tuple[str, str, str]]:
    """What is new, what changes and what cannot be taken, a line each."""
    blank, added = t("commitment_ledger.blank"), t("commitment_ledger.import_added")
    lines = [(added, draft.what, draft.responsible_unit) for draft in found.added]
    for amendment in found.amended:
        words = "；".join(
            t("commitment_ledger.import_change", field=field, old=old or blank, new=new or blank)
            for field, old, new in amendment_words(amendment)
        )
        lines.append((amendment.commitment_id, amendment.seen.what if amendment.seen else "", words))
    for refused in found.refused:
        number = t("commitment_ledger.import_refused", row=refused.row)
        lines.append((number, explain(refused.error), ""))
    return lines


def _take(page: Page, found: Difference) -> None:
    try:
        open_ledger(page.dataset.data_dir).take(
            found.added,
            found.amended,
            at=now_in_shanghai(),
            who=t("commitment_ledger.who"),
            note=t("commitment_ledger.import_note"),
        )
    except GovernanceError as error:  # a callback has no boundary around it
        LOG.error("a workbook was not taken into the ledger: %s", error)
        say(explain(error), is_error=True)
        return
    say(t("commitment_ledger.import_taken", added=len(found.added), amended=len(found.amended)))
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1
