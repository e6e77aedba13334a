"""The dashboard: page configuration, navigation table, run."""

import streamlit as st

from governance.text import t
from governance.ui.shell import error_boundary, start_navigation

st.set_page_config(page_title=t("shell.product"), layout="wide", initial_sidebar_state="expanded")
# A page that cannot even be loaded (an update under a running server) also ends as a sentence.
with error_boundary():
    start_navigation().run()
