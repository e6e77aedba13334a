"""The parts of 数据接入: what is stored, the upload, what became of it, the Friday recipe."""

from __future__ import annotations

import tempfile
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from governance.errors import UsageError
from governance.geo import DATUMS
from governance.records import store
from governance.records.coverage import FILTERS, Coverage
from governance.records.intake import ImportRequest, ImportResult, import_files
from governance.records.templates import template_workbook
from governance.schema import kind_named, schema
from governance.text import explain, reason, t
from governance.ui import blocks
from governance.ui.intake_result import (
    show_flagged_rows,
    show_refused_files,
    show_refused_rows,
    show_table,
)
from governance.ui.shell import error_boundary
from governance.ui.stamp import show_stamp
from governance.ui.words import stamp_words
from governance.workdays import stamp_from

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from governance.records.manifest import ImportEntry
    from governance.ui.shell import Page

_RESULT = "intake_result"
_NONE = ""


def columns() -> tuple[DeltaGenerator, DeltaGenerator]:
    """The work on the left, what helps with it on the right."""
    main, side = st.columns([1105, 506], gap="small")
    return main, side


# ------------------------------------------------------------------------------- stored
def show_state(page: Page) -> None:
    """One sentence: what is stored and what the last import did."""
    with st.container(key="filters", horizontal=True):
        show_stamp(page, None)
    manifest = store.read_manifest(page.dataset.data_dir)
    kinds = [kind for kind in schema().kinds if manifest.rows(kind)]
    counts = {
        "kinds": len(kinds),
        "rows": f"{sum(manifest.rows(kind) for kind in kinds):,}",
        "refused": f"{sum(entry.refused for entry in manifest.imports if not entry.is_undone):,}",
    }
    last = next((entry for entry in reversed(manifest.imports) if not entry.is_undone), None)
    name = " · ".join((page.spec.title, *([last_import_words(last)] if last else [])))
    sentence = t("data_intake.stored", **counts) if kinds else t("data_intake.nothing")
    st.html(f'<div class="page-name">{escape(name)}</div><h1 class="conclusion">{escape(sentence)}</h1>')


def last_import_words(entry: ImportEntry) -> str:
    """What the last import did."""
    stamp = stamp_words(datetime.fromisoformat(entry.imported_at))
    kind = kind_named(entry.kind).label
    if entry.is_refused_whole:
        n = len(entry.files_refused)
        return t("data_intake.last_import_refused_whole", stamp=stamp, kind=kind, n=n)
    rows, refused = f"{entry.rows_read:,}", f"{entry.refused:,}"
    return t("data_intake.last_import", stamp=stamp, kind=kind, rows=rows, refused=refused)


# ------------------------------------------------------------------------------- upload
def show_upload(page: Page) -> None:
    """Choose a kind and files, say what the export covers, import."""
    with blocks.panel("upload", title=t("data_intake.upload_title"), sub=t("data_intake.upload_sub")):
        first, second, third = st.columns([3, 3, 3])
        kind = first.selectbox(
            t("data_intake.kind"), list(schema().kinds), index=list(schema().kinds).index("incidents"),
            format_func=lambda name: schema().kinds[name].label,
        )  # fmt: skip
        mapping = second.selectbox(
            t("data_intake.mapping"), [_NONE, *_saved_mappings(page)],
            format_func=lambda name: name or t("data_intake.no_mapping"), help=t("data_intake.mapping_help"),
        )  # fmt: skip
        crs = third.selectbox(
            t("data_intake.crs"), [_NONE, *DATUMS],
            format_func=lambda name: t(f"data_intake.crs_{name or 'mapping'}"),
        )  # fmt: skip
        coverage = _chosen_coverage(kind)
        files = st.file_uploader(
            t("data_intake.files"),
            accept_multiple_files=True,
            max_upload_size=page.dataset.settings.integer("max_upload_mb"),
        )
        as_of = _chosen_as_of()
        if st.button(t("data_intake.start"), type="primary", disabled=not files):
            with error_boundary():
                _import_uploads(page, kind, files, mapping, crs, coverage, as_of)


def _saved_mappings(page: Page) -> list[str]:
    return sorted(path.name for path in (page.dataset.data_dir / "mappings").glob("*.toml"))


def _chosen_coverage(kind: str) -> Coverage:
    """What the export held; asked for incidents only."""
    if kind != "incidents":
        return Coverage()
    first, second = st.columns([3, 6])
    name = first.selectbox(
        t("data_intake.coverage"), FILTERS, format_func=lambda name: t(f"data_intake.coverage_{name}"),
        help=t("data_intake.coverage_help"),
    )  # fmt: skip
    if name not in ("reported", "closed"):
        return Coverage(name)
    period = second.text_input(t("data_intake.period"), placeholder=t("data_intake.period_hint"))
    try:
        return Coverage.parse(f"{name}:{period.strip()}") if period.strip() else Coverage()
    except UsageError as error:
        second.html(f'<div class="note">{escape(explain(error))}</div>')
        return Coverage()


def _chosen_as_of() -> datetime | None:
    """The time the export was made, where the clerk knows it."""
    first, second = st.columns([3, 6], vertical_alignment="bottom")
    text = first.text_input(
        t("data_intake.as_of"), placeholder=t("data_intake.as_of_hint"), help=t("data_intake.as_of_help")
    )
    if not text.strip():
        return None
    try:
        return stamp_from(text.strip())
    except UsageError as error:
        second.html(f'<div class="note">{escape(explain(error))}</div>')
        return None


def _import_uploads(
    page: Page,
    kind: str,
    files: list[Any],
    mapping: str,
    crs: str,
    coverage: Coverage,
    as_of: datetime | None,
) -> None:
    data_dir = page.dataset.data_dir
    bar = st.progress(0.0, text=t("data_intake.reading"))
    with tempfile.TemporaryDirectory() as folder:
        paths = tuple(_written(Path(folder), file) for file in files)
        names = [path.name for path in paths]

        def report(name: str, rows: int) -> None:
            done = (names.index(name) + 0.5) / len(names)
            bar.progress(done, text=t("data_intake.progress", file=name, rows=f"{rows:,}"))

        request = ImportRequest(
            kind=kind,
            paths=paths,
            mapping=data_dir / "mappings" / mapping if mapping else None,
            crs=crs or None,
            as_of=as_of,
            coverage=coverage,
        )
        result = import_files(request, data_dir, on_progress=report)
    st.session_state[_RESULT] = result
    st.rerun()


def _written(folder: Path, file: Any) -> Path:  # noqa: ANN401 - Streamlit's uploaded file
    path = folder / Path(file.name).name
    path.write_bytes(file.getbuffer())
    return path


# ------------------------------------------------------------------------------- result
def show_result(page: Page) -> None:
    """What became of the rows of the last upload, file by file and reason by reason."""
    result: ImportResult | None = st.session_state.get(_RESULT)
    if result is None:
        return
    sub = "result_sub_refused_whole" if result.is_refused_whole else "result_sub"
    with blocks.panel("result", title=result_words(result), sub=t(f"data_intake.{sub}")):
        show_refused_files(result)
        for code in result.warnings:
            st.html(f'<div class="note">{escape(t(f"data_intake.warning_{code}"))}</div>')
        if result.lost_cases:
            st.html(f'<div class="note">{escape(t("data_intake.lost", n=result.lost_cases))}</div>')
        if result.files_read:
            show_table(_file_rows(result))
        if result.flags or result.refusals:
            show_table(_reason_rows(result))
        for name, found in (("dropped", result.dropped_columns), ("skipped", result.skipped_parts)):
            if found:
                words = t(f"data_intake.{name}", names="、".join(found))
                st.html(f'<div class="note">{escape(words)}</div>')
        show_refused_rows(page, result)
        show_flagged_rows(page, result)


def result_words(result: ImportResult) -> str:
    """The sum that must hold, read = accepted + replaced + unchanged + refused, and files refused whole."""
    kind, files_n = kind_named(result.kind).label, len(result.files_refused)
    if result.is_refused_whole:
        return t("data_intake.result_refused_whole", kind=kind, n=files_n)
    counts = {
        name: f"{getattr(result, name):,}"
        for name in ("rows_read", "accepted", "replaced", "unchanged", "refused")
    }
    words = t("data_intake.result", kind=kind, **counts)
    return words + t("data_intake.result_some_refused", n=files_n) if files_n else words


def _file_rows(result: ImportResult) -> pd.DataFrame:
    read = [
        (
            item.file,
            f"{item.rows_read:,}",
            f"{item.flagged:,}",
            f"{item.refused:,}",
            t("data_intake.file_read"),
        )
        for item in result.files_read
    ]
    refused = [(item["file"], "—", "—", "—", t("data_intake.file_refused")) for item in result.files_refused]
    heads = [t(f"data_intake.head_{name}") for name in ("file", "read", "flagged", "refused", "state")]
    return pd.DataFrame([*read, *refused], columns=heads)


def _reason_rows(result: ImportResult) -> pd.DataFrame:
    flagged = [(reason(code), f"{n:,}", t("data_intake.kept")) for code, n in result.flags.items()]
    refused = [(reason(code), f"{n:,}", t("data_intake.refused_word")) for code, n in result.refusals.items()]
    heads = [t(f"data_intake.head_{name}") for name in ("reason", "rows", "fate")]
    return pd.DataFrame([*refused, *flagged], columns=heads)


# -------------------------------------------------------------------------------- help
def show_recipe() -> None:
    """What to export every Friday, and why."""
    with blocks.panel("recipe", title=t("data_intake.recipe_title"), sub=t("data_intake.recipe_sub")):
        items = "".join(
            f"<li><b>{escape(t(f'data_intake.recipe_{n}_what'))}</b><br>{escape(t(f'data_intake.recipe_{n}_why'))}</li>"
            for n in range(1, 5)
        )
        st.html(f'<ol class="recipe">{items}</ol>')


def show_templates() -> None:
    """An Excel template of any kind."""
    with blocks.panel(
        "templates", title=t("data_intake.templates_title"), sub=t("data_intake.templates_sub")
    ):
        kind = st.selectbox(
            t("data_intake.template_kind"), list(schema().kinds),
            format_func=lambda name: schema().kinds[name].label, label_visibility="collapsed",
        )  # fmt: skip
        st.html(f'<div class="panel-sub">{escape(kind_named(kind).about)}</div>')
        st.download_button(
            t("data_intake.template_download"),
            template_workbook(kind),
            file_name=f"{kind_named(kind).label}模板.xlsx",
        )
