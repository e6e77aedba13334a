"""The first start: a folder without any data gets the demonstration street, with its progress shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from governance.text import t

if TYPE_CHECKING:
    from pathlib import Path


def needs_sample(data_dir: Path) -> bool:
    """Whether the folder holds neither a store nor reference data of its own."""
    if (data_dir / "store" / "manifest.json").exists():
        return False
    from governance.demonstration import needs_demonstration  # it brings the whole intake along

    return needs_demonstration(data_dir)


def make_sample(data_dir: Path) -> None:
    """Make the demonstration street and show how far it is."""
    from governance.demonstration import make_demonstration

    st.html(f'<div class="page-name">{t("first_start.title")}</div>')
    st.html(f'<div class="conclusion">{t("first_start.why")}</div>')
    bar = st.progress(0.0)
    make_demonstration(
        data_dir, on_progress=lambda what, share: bar.progress(min(share, 1.0), text=what or None)
    )
