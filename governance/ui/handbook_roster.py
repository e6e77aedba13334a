"""The roster comes in as a file, its difference shown first; the handbook goes out as Word."""

from __future__ import annotations

import hashlib
import tempfile
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from governance.errors import GovernanceError
from governance.figures.handbook_tables import plain_table
from governance.records.intake import ImportRequest, import_files
from governance.records.roster_changes import KIND, roster_changes
from governance.records.templates import template_workbook
from governance.schema import kind_named
from governance.text import explain, reason, t
from governance.ui import blocks
from governance.ui import handbook_data as data
from governance.ui.cache import cached
from governance.ui.intake_panels import result_words
from governance.ui.shell import LOG, error_boundary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from governance.records.dataset import Dataset
    from governance.records.roster_changes import FieldChange, RosterChanges, RosterEntry
    from governance.ui.shell import Page

_UPLOADS, _SAID, _SEEN = "roster-uploads", "roster-said", "roster-seen"
_SHOWN_N = 12


# ------------------------------------------------------------------------------------- paper
def _paper(dataset: Dataset) -> bytes:
    # The writer's library takes a moment to load: only at the first click.
    from governance.report.handbook_paper import handbook_paper

    return handbook_paper(dataset)


def _made(page: Page) -> bytes:
    return cached(_paper, page.dataset)


def show_paper(page: Page) -> None:
    """The handbook to print: one page a micro-grid."""
    codes_n = len(cached(data.handbook, page.dataset).codes)
    with blocks.panel(
        "handbook-paper", title=t("grid_handbook.paper_title"), sub=t("grid_handbook.paper_sub", n=codes_n)
    ):
        st.download_button(
            t("grid_handbook.paper_take"),
            partial(_made, page),
            file_name=t("grid_handbook.paper_file", street=page.dataset.settings.text("street_name")),
            mime="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            key="paper-handbook",
            on_click=blocks.log_export,
            args=(page.dataset, "handbook", codes_n),
            disabled=not codes_n,
        )


# ------------------------------------------------------------------------------------ roster
def show_roster(page: Page) -> None:
    """A roster file: what it would change, then the button that takes it."""
    with blocks.panel(
        "handbook-roster", title=t("grid_handbook.roster_title"), sub=t("grid_handbook.roster_sub")
    ):
        if said := st.session_state.pop(_SAID, ""):
            st.html(f'<div class="note said">{escape(said)}</div>')
        with st.container(key="roster-upload", horizontal=True, vertical_alignment="center"):
            st.download_button(
                t("grid_handbook.roster_template"),
                partial(template_workbook, KIND),
                file_name=f"{kind_named(KIND).label}模板.xlsx",
                key="roster-template",
            )
            file = st.file_uploader(
                t("grid_handbook.roster_label"),
                key=f"roster-file-{st.session_state.get(_UPLOADS, 0)}",
                max_upload_size=page.dataset.settings.integer("max_upload_mb"),
                label_visibility="collapsed",
            )
        if file is not None:
            with error_boundary():
                _show_changes(page, file, _changes(page, file))


def _written(folder: str, file: UploadedFile) -> Path:
    path = Path(folder) / Path(file.name).name
    path.write_bytes(file.getbuffer())
    return path


def _changes(page: Page, file: UploadedFile) -> RosterChanges:
    """What the file would change, compared once for a state of the store."""
    key = (hashlib.sha256(file.getbuffer()).hexdigest(), file.name, page.dataset.fingerprint)
    seen = st.session_state.get(_SEEN)
    if seen is None or seen[0] != key:
        with tempfile.TemporaryDirectory() as folder:
            seen = (key, roster_changes(page.dataset.data_dir, _written(folder, file)))
        st.session_state[_SEEN] = seen
    found: RosterChanges = seen[1]
    return found


def _show_changes(page: Page, file: UploadedFile, found: RosterChanges) -> None:
    """The difference, masked, and what cannot be taken; nothing is stored before the click."""
    for refused in found.result.files_refused:
        st.html(f'<div class="note">{escape(refused["reason"])}</div>')
    counts = t(
        "grid_handbook.roster_counts",
        added=len(found.added),
        changed=found.changed_entries_n,
        unchanged=found.result.unchanged,
        gone=len(found.gone),
        refused=found.result.refused,
    )
    st.html(f'<div class="panel-sub"><b>{escape(counts)}</b></div>')
    for code, n in found.result.refusals.items():
        st.html(
            f'<div class="note">{escape(t("grid_handbook.roster_refused", reason=reason(code), n=n))}</div>'
        )
    for code, n in found.result.flags.items():
        st.html(
            f'<div class="note">{escape(t("grid_handbook.roster_flagged", reason=reason(code), n=n))}</div>'
        )
    _show_lines(tuple(_lines(found)))
    if found.gone:
        st.html(f'<div class="panel-sub">{escape(_gone_words(found.gone))}</div>')
    st.button(
        t("grid_handbook.roster_take"),
        type="primary",
        key="roster-take",
        disabled=found.is_empty,
        on_click=_take,
        args=(page, file),
    )


def _lines(found: RosterChanges) -> Iterator[tuple[str, str, str]]:
    """A line for each person in two micro-grids, each new entry and each changed field."""
    elsewhere = {(entry.member_id, entry.microgrid_code) for entry, _ in found.elsewhere}
    for entry, other in found.elsewhere:
        words = t("grid_handbook.roster_elsewhere", new=entry.microgrid_code, other=other)
        yield t("grid_handbook.roster_both"), entry.member_id, words
    for entry in found.added:
        if (entry.member_id, entry.microgrid_code) not in elsewhere:
            words = "　".join(part for part in (entry.role, entry.name, entry.phone) if part)
            yield t("grid_handbook.roster_added"), f"{entry.member_id}　{entry.microgrid_code}", words
    for change in found.changed:
        yield (
            t("grid_handbook.roster_changed"),
            f"{change.member_id}　{change.microgrid_code}",
            _change_words(change),
        )


def _change_words(change: FieldChange) -> str:
    label, blank = kind_named(KIND).by_name[change.field].label, t("grid_handbook.blank")
    if change.is_hidden:
        return t("grid_handbook.roster_hidden", field=label, new=change.new or blank)
    return t("grid_handbook.roster_change", field=label, old=change.old or blank, new=change.new or blank)


def _gone_words(gone: Sequence[RosterEntry]) -> str:
    ids = "、".join(entry.member_id for entry in gone[:_SHOWN_N])
    more = t("grid_handbook.and_more") if len(gone) > _SHOWN_N else ""
    return t("grid_handbook.roster_gone", n=len(gone), ids=ids + more)


def _show_lines(lines: Sequence[tuple[str, str, str]]) -> None:
    if not lines:
        return
    rows = [[escape(cell) for cell in line] for line in lines[:_SHOWN_N]]
    blocks.show_svg(plain_table((), rows))
    if len(lines) > _SHOWN_N:
        with st.expander(t("grid_handbook.roster_more", n=len(lines) - _SHOWN_N)):
            blocks.show_svg(plain_table((), [[escape(cell) for cell in line] for line in lines[_SHOWN_N:]]))


def _take(page: Page, file: UploadedFile) -> None:
    """The roster goes through the intake like every other file: counted, quarantined, undone by undo."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            request = ImportRequest(kind=KIND, paths=(_written(folder, file),))
            result = import_files(request, page.dataset.data_dir)
    except GovernanceError as error:  # a callback has no boundary around it
        LOG.error("a roster was not taken: %s", error)
        st.session_state[_SAID] = explain(error)
        return
    st.session_state[_SAID] = result_words(result) + t("grid_handbook.roster_undo")
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1
