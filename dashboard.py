"""The dashboard: page configuration, navigation table, run."""

import streamlit as st

from governance.text import t
from governance.ui.shell import start_navigation

st.set_page_config(page_title=t("shell.product"), layout="wide", initial_sidebar_state="expanded")
start_navigation().run()
