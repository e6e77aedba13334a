"""The line on top of every page while it shows a frozen week, and the way back to the latest data."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from governance.text import t
from governance.ui.words import week_words
from governance.workdays import SHANGHAI

if TYPE_CHECKING:
    from datetime import datetime

    from governance.records.dataset import Dataset
    from governance.workdays import Week

PRESENTED = "presented"


def frozen_day_words(frozen_at: datetime, week: Week) -> str:
    """The day a week was frozen, with its year where that is another than the week's."""
    day = frozen_at.astimezone(SHANGHAI).date()
    key = "day" if day.year == week.last_day.year else "day_of_year"
    return t(f"presented.{key}", year=day.year, month=day.month, day=day.day)


def show_banner(dataset: Dataset) -> None:
    """Say which frozen week the page shows; on a page of the live store, that it does not."""
    if dataset.presented is not None:
        from governance.records.presented import read_presented

        kept = read_presented(dataset.data_dir, dataset.presented)
        sentence = t(
            "presented.banner",
            week=week_words(kept.week),
            day=frozen_day_words(kept.frozen_at, kept.week),
        )
    elif PRESENTED in st.query_params:
        sentence = t("presented.live_page")
    else:
        return
    with st.container(key="presented-banner", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<div role="status">{escape(sentence)}</div>', width="content")
        show_way_back()


def show_way_back() -> None:
    """A button that shows the same page on the latest data."""
    st.button(t("presented.way_back"), key="presented-back", type="tertiary", on_click=_leave)


def open_frozen(week: Week) -> None:
    """Show this page as it was when a week was frozen; for a button's callback."""
    # A link to the page itself would leave the old address in the browser.
    st.query_params.update({"week": str(week), PRESENTED: str(week)})


def _leave() -> None:
    st.query_params.pop(PRESENTED, None)
