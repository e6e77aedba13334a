"""What did not simply go in: files refused whole, the rows that were refused, the rows that carry a flag."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.records import store
from governance.records.quality import flagged_rows
from governance.records.quarantine import read_refused
from governance.schema import kind_named
from governance.text import reason, t
from governance.ui import blocks

if TYPE_CHECKING:
    from governance.records.intake import ImportResult
    from governance.ui.shell import Page

_FLAGGED_SHOWN = 200
_REFUSED_SHOWN = 20


def show_table(frame: pd.DataFrame, *, is_whole: bool = False) -> None:
    """A table as wide as its panel; a long one scrolls, unless it is to stand there whole."""
    st.dataframe(frame, hide_index=True, width="stretch", height="content" if is_whole else "auto")


def show_refused_files(result: ImportResult) -> None:
    """Why a file was refused whole, a full sentence for each."""
    for refused in result.files_refused:
        st.html(f'<div class="note">{escape(refused["reason"])}</div>')


# ------------------------------------------------------------------------- refused rows
def show_refused_rows(page: Page, result: ImportResult) -> None:
    """The first refused rows with their reasons, and all of them to take away."""
    if result.quarantine is None:
        return
    path = Path(result.quarantine)
    if not path.is_file():
        return
    rows = refused_table(path)
    words = t("data_intake.refused_sub", n=len(rows), total=f"{result.refused:,}")
    st.html(f'<div class="panel-sub">{escape(words)}</div>')
    show_table(rows, is_whole=True)
    st.download_button(
        t("data_intake.download_refused", n=f"{result.refused:,}"),
        path.read_bytes(),
        file_name=path.name,
        mime="text/csv",
        on_click=blocks.log_export,
        args=(page.dataset, path.name, result.refused),
    )


def refused_table(quarantine: Path) -> pd.DataFrame:
    """The first refused rows of a quarantine file: file, row, column, reason."""
    heads = [t(f"data_intake.head_{name}") for name in ("file", "row", "column", "reason")]
    return pd.DataFrame(read_refused(quarantine, most=_REFUSED_SHOWN), columns=heads)


# ------------------------------------------------------------------------- flagged rows
def show_flagged_rows(page: Page, result: ImportResult) -> None:
    """The stored rows of an import that carry a flag."""
    data_dir = page.dataset.data_dir
    manifest = store.read_manifest(data_dir)
    rows = flagged_rows(data_dir, manifest, result.kind, result.import_id, most=_FLAGGED_SHOWN)
    if rows.empty:
        return
    kind = kind_named(result.kind)
    words = rows["flags"].map(lambda codes: "、".join(reason(code) for code in codes.split()))
    shown = rows.assign(flags=words).rename(
        columns={name: kind.by_name[name].label for name in kind.key}
        | {name: t(f"data_intake.head_{name}") for name in ("file", "row", "flags")}
    )
    st.html(f'<div class="panel-sub">{escape(flagged_words(len(rows), flagged_in_files(result)))}</div>')
    show_table(shown)


def flagged_in_files(result: ImportResult) -> int:
    """Flagged rows as the files held them, repeats among them."""
    return sum(item.flagged for item in result.files_read)


def flagged_words(listed: int, in_files: int) -> str:
    """How many flagged rows are listed, and why fewer than the files held."""
    words = t("data_intake.flagged_sub", n=listed, total=f"{max(listed, in_files):,}")
    if listed >= in_files:
        return words
    if listed == _FLAGGED_SHOWN:
        return words + t("data_intake.flagged_most", n=listed)
    return words + t("data_intake.flagged_repeats", n=f"{in_files - listed:,}")
