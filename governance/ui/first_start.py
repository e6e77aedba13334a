"""The first start: a folder without any data gets the demonstration street, with its progress shown.

The street is made beside the sessions, once, whoever opens a page: closing the browser does not
stop it, and a second visitor sees the same progress. A street left half made (the power went
off) is made again; that changes nothing in what already stands.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_EVERY_S = 0.25


def _unfinished(data_dir: Path) -> Path:
    return data_dir / "sample" / "unfinished"


def needs_sample(data_dir: Path) -> bool:
    """Whether the folder holds neither a store nor reference data of its own, or half a sample."""
    if _unfinished(data_dir).exists():
        return True
    if (data_dir / "store" / "manifest.json").exists():
        return False
    from governance.demonstration import needs_demonstration  # it brings the whole intake along

    return needs_demonstration(data_dir)


@dataclass
class SampleJob:
    """The making of the sample, running beside the sessions."""

    data_dir: Path
    step: str = ""
    share: float = 0.0
    error: Exception | None = None

    def run(self) -> None:
        """Make the sample; an error is kept for whoever waits."""
        from governance.demonstration import make_demonstration
        from governance.records import store

        marker = _unfinished(self.data_dir)
        try:
            with store.disk_errors():
                marker.parent.mkdir(parents=True, exist_ok=True)
                marker.touch()
            make_demonstration(self.data_dir, on_progress=self._reached)
            marker.unlink()
        except Exception as error:  # raised again in every session that waits
            self.error = error

    def _reached(self, step: str, share: float) -> None:
        self.step, self.share = step, share


@st.cache_resource(show_spinner=False)
def _started_job(data_dir: str) -> tuple[SampleJob, threading.Thread]:
    job = SampleJob(Path(data_dir))
    thread = threading.Thread(target=job.run, name="sample", daemon=True)
    thread.start()
    return job, thread


def make_sample(data_dir: Path) -> None:
    """Make the demonstration street and show how far it is; returns when it stands.

    Raises
    ------
    GovernanceError
        What hindered it; the next page view tries again.
    """
    st.html(f'<h1 class="conclusion">{escape(t("first_start.title"))}</h1>')
    st.html(f'<div class="panel-sub">{escape(t("first_start.why"))}</div>')
    bar = st.progress(0.0)
    job, thread = _started_job(str(data_dir))
    _wait(job, thread, bar.progress)
    _started_job.clear()
    if job.error is not None:
        raise job.error


def _wait(job: SampleJob, thread: threading.Thread, show: Callable[..., object]) -> None:
    while thread.is_alive():
        show(min(job.share, 1.0), text=t("first_start.progress", share=f"{job.share:.0%}", step=job.step))
        time.sleep(_LOOK_EVERY_S)
