"""The lower parts of 数据接入: the history of imports with undo, and the mapping editor."""

from __future__ import annotations

import re
import tempfile
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from governance import access
from governance.errors import GovernanceError
from governance.geo import DATUMS
from governance.records import store
from governance.records.mapping import TableMapping, match_headers, save_mapping
from governance.records.readers import ReadOptions, read_tables
from governance.schema import kind_named, schema
from governance.text import explain, t
from governance.ui import blocks
from governance.ui.shell import error_boundary
from governance.ui.words import stamp_words

if TYPE_CHECKING:
    from governance.geo import Datum
    from governance.records.manifest import ImportEntry, Manifest
    from governance.schema import Kind
    from governance.ui.shell import Page

_STATE_PX = 130
_SAFE_NAME = re.compile(r"^[\w\-一-鿿]{1,40}$")


def show_history(page: Page) -> None:
    """Every import with what it covered, newest first; the last one can be taken back."""
    data_dir = page.dataset.data_dir
    manifest, before = store.read_manifest(data_dir), store.previous_manifest(data_dir)
    entries = manifest.imports
    frame = pd.DataFrame([_history_row(entry) for entry in reversed(entries)])
    with blocks.panel("history", title=t("data_intake.history_title"), sub=t("data_intake.history_sub")):
        if not entries:
            blocks.show_empty(t("data_intake.history_empty"))
            return
        # Left to itself, the table cuts the longer words of this column.
        state = {t("data_intake.head_state"): st.column_config.TextColumn(width=_STATE_PX)}
        st.dataframe(frame, hide_index=True, width="stretch", height=320, column_config=state)
        place = manifest.undoable_place(before)
        if place is None or before is None:
            return
        kind = kind_named(entries[place].kind).label
        if is_same_data(before, manifest):
            st.html(f'<div class="note">{escape(t("data_intake.undo_nothing", kind=kind))}</div>')
            return
        first, second = st.columns([3, 9])
        # What was refused whole since then is passed over.
        key = "undo_sure" if place == len(entries) - 1 else "undo_sure_before"
        stamp = stamp_words(datetime.fromisoformat(entries[place].imported_at))
        is_sure = second.checkbox(t(f"data_intake.{key}", kind=kind, stamp=stamp))
        if first.button(t("data_intake.undo"), disabled=not is_sure):
            with error_boundary():
                entry = store.undo_last_import(data_dir)
                access.record_access(data_dir, "undo", import_id=entry.import_id)
                st.session_state.pop("intake_result", None)
                st.rerun()


def is_same_data(before: Manifest, after: Manifest) -> bool:
    """Whether two states hold the same data, whatever their ledgers say."""
    return (before.tables, before.as_of) == (after.tables, after.as_of)


def state_words(entry: ImportEntry) -> str:
    """Whether an import is in force, was taken back, or never stored anything."""
    if entry.is_undone:
        return t("data_intake.undone")
    if entry.is_refused_whole:
        return t("data_intake.refused_whole")
    if entry.files_refused:
        return t("data_intake.in_force_in_part", n=len(entry.files_refused))
    return t("data_intake.in_force")


def _history_row(entry: ImportEntry) -> dict[str, object]:
    counts = ("rows_read", "accepted", "replaced", "unchanged", "refused")
    cells = {
        "imported_at": stamp_words(datetime.fromisoformat(entry.imported_at)),
        "kind": kind_named(entry.kind).label,
        **{name.removeprefix("rows_"): f"{getattr(entry, name):,}" for name in counts},
        "state": state_words(entry),
        "as_of": stamp_words(datetime.fromisoformat(entry.as_of)) if entry.as_of else "—",
        "coverage": coverage_words(entry),
        "file": "、".join(entry.files),
    }
    return {t(f"data_intake.head_{name}"): cell for name, cell in cells.items()}


def coverage_words(entry: ImportEntry) -> str:
    """What an export covered, in words."""
    name = entry.coverage.get("filter") or "unknown"
    if entry.coverage.get("since"):
        return t(f"data_intake.covered_{name}", since=entry.coverage["since"], until=entry.coverage["until"])
    return t(f"data_intake.coverage_{name}") if name == "all_open" else "—"


# ------------------------------------------------------------------------------ mapping
def show_mapping_editor(page: Page) -> None:
    """Match a foreign table's headers to our fields and save that as a mapping."""
    with blocks.panel("mapping", title=t("data_intake.editor_title"), sub=t("data_intake.editor_sub")):
        first, second = st.columns([3, 6])
        name = first.selectbox(
            t("data_intake.kind"), list(schema().kinds), index=list(schema().kinds).index("incidents"),
            format_func=lambda kind: schema().kinds[kind].label, key="editor-kind",
        )  # fmt: skip
        file = second.file_uploader(t("data_intake.editor_file"), key="editor-file")
        if file is None:
            return
        kind = kind_named(name)
        try:
            headers = _headers_of(file)
        except GovernanceError as error:
            blocks.show_empty(explain(error))
            return
        chosen = _chosen_headers(kind, headers)
        _save(page, kind, chosen)


def _headers_of(file: Any) -> tuple[str, ...]:  # noqa: ANN401 - Streamlit's uploaded file
    """The first row of cells that looks like a header, whatever its words."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(file.name).name
        path.write_bytes(file.getbuffer())
        table = next(iter(read_tables(path, ReadOptions(is_header=lambda text: not text.isdigit()))))
        return tuple(header for header in table.headers if header)


def _chosen_headers(kind: Kind, headers: tuple[str, ...]) -> dict[str, str]:
    """One row a field: ours, its meaning, and their header to choose."""
    guess = {field: headers[place] for field, place in match_headers(headers, kind, None).fields.items()}
    frame = pd.DataFrame(
        {
            "field": [column.name for column in kind.columns],
            "label": [column.label for column in kind.columns],
            "help": [column.help for column in kind.columns],
            "header": [guess.get(column.name, t("data_intake.editor_none")) for column in kind.columns],
        }
    )
    edited = st.data_editor(
        frame,
        hide_index=True,
        width="stretch",
        disabled=["field", "label", "help"],
        column_config={
            "field": None,
            "label": st.column_config.TextColumn(t("data_intake.editor_label")),
            "help": st.column_config.TextColumn(t("data_intake.editor_help")),
            "header": st.column_config.SelectboxColumn(
                t("data_intake.editor_header"),
                options=[t("data_intake.editor_none"), *dict.fromkeys(headers)],
            ),
        },
    )
    return {
        str(field): str(header)
        for field, header in zip(edited["field"], edited["header"], strict=True)
        if header in headers
    }


def _save(page: Page, kind: Kind, columns: dict[str, str]) -> None:
    first, second, third = st.columns([3, 3, 3])
    name = first.text_input(t("data_intake.editor_name"), placeholder=t("data_intake.editor_name_hint"))
    crs: Datum = second.selectbox(
        t("data_intake.crs"),
        DATUMS,
        format_func=lambda datum: t(f"data_intake.crs_{datum}"),
        key="editor-crs",
    )
    missing = [kind.by_name[field].label for field in kind.required if field not in columns]
    if missing:
        st.html(
            f'<div class="note">{escape(t("data_intake.editor_missing", names="、".join(missing)))}</div>'
        )
    is_ready = bool(_SAFE_NAME.match(name)) and not missing
    if third.button(t("data_intake.editor_save"), disabled=not is_ready):
        path = page.dataset.data_dir / "mappings" / f"{name}.toml"
        save_mapping(path, TableMapping(kind=kind.name, crs=crs, columns=columns))
        st.html(f'<div class="note">{escape(t("data_intake.editor_saved", name=path.name))}</div>')
