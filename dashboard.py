"""The dashboard: page configuration, navigation table, run."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from governance.text import t
from governance.ui.navigation import PAGES

st.set_page_config(page_title=t("shell.product"), layout="wide", initial_sidebar_state="expanded")
pages = {
    page.file: st.Page(page.path, title=page.title, default=page.is_default)
    for page in PAGES
    if Path(page.path).is_file()
}
st.session_state["pages"] = pages
st.navigation(list(pages.values()), position="hidden").run()
