"""Patrol results computed beside the sessions, where no import has left them ready.

A page that needs years of them at once would keep its reader waiting; it shows the rest at once, says
that these are being computed, and runs again when they are there. The newest days come first, and
between two stretches others may read.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from governance.text import t
from governance.ui import blocks
from governance.ui.shell import log_failure
from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from governance.records.dataset import Dataset
    from governance.ui.shell import Page

_STRETCHES_D = (15, 50, 120)
# Frames that are kept apart from presence.
_AFTERWARDS = ("route_metres", "positions")
_LOOK_EVERY_S = 3.0
# Several times as long as who waits for the lock takes to ask again; without it they never got in between.
_PAUSE_S = 0.3


@dataclass
class PatrolJob:
    """The computing of one state of the store."""

    dataset: Dataset

    def run(self) -> None:
        """Compute all days, the newest first, then the ways week by week; what hinders it is logged."""
        as_of = self.dataset.as_of.get("pings")
        first_days = [as_of.date() - timedelta(days=days) for days in _STRETCHES_D] if as_of else []
        try:
            for since in (*first_days, None):
                self._have("receipts", since)
            for since, until in self._weeks():
                for name in _AFTERWARDS:
                    self._have(name, since, until)
        except Exception as error:  # it runs beside the sessions: nobody else would hear of it
            log_failure(error)

    def _have(self, name: str, since: date | None, until: date | None = None) -> None:
        """Have a frame's days computed, then let those go first who wait for the results."""
        self.dataset.patrol(name, since=since, until=until)
        time.sleep(_PAUSE_S)

    def _weeks(self) -> Iterator[tuple[date, date]]:
        """The first and last days of the weeks with kept positions, the newest first."""
        receipts = self.dataset.patrol("receipts")
        days = receipts.loc[receipts["kept_n"] > 0, "day"].drop_duplicates()
        for first in sorted({Week.of(day).first_day for day in days.dt.date}, reverse=True):
            yield first, first + timedelta(days=6)


@cache
def _threads() -> dict[str, threading.Thread]:
    """The thread of each state of the store that was asked for."""
    return {}


def _running(dataset: Dataset) -> threading.Thread:
    """The thread that computes; a new one where the last has failed."""
    threads = _threads()
    for state in [state for state, one in threads.items() if not one.is_alive()]:
        del threads[state]
    thread = threads.get(dataset.fingerprint)
    if thread is None:
        thread = threading.Thread(target=PatrolJob(dataset).run, name="patrols", daemon=True)
        threads[dataset.fingerprint] = thread
        thread.start()
    return thread


@st.fragment(run_every=_LOOK_EVERY_S)
def _look(dataset: Dataset, thread: threading.Thread) -> None:
    if dataset.is_patrol_at_hand():
        st.rerun()
    if not thread.is_alive():
        st.stop()


def compute_beside(dataset: Dataset) -> None:
    """Have patrol results computed where they are not at hand, and run the page again when they are."""
    if not dataset.is_patrol_at_hand():
        _look(dataset, _running(dataset))


def wait_for_patrols(page: Page) -> None:
    """Show that patrols are being computed, and nothing of the page that needs them."""
    if not page.dataset.is_patrol_at_hand():
        blocks.show_conclusion(page.spec.title, None, t("tracks.waiting"))
        compute_beside(page.dataset)
        st.stop()
