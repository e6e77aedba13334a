"""会议大屏: the stage that stands on the wall, and the feeder behind it that brings the slides.

The page's own address draws only the stage (`screen.js`, `screen.css`): a layer over the whole
window, outside Streamlit's tree, that reads no data and so cannot fail with them. It opens this
page once more in a hidden frame (`?frame=1`): the feeder, a session that looks every
`screen_refresh_s` for new data, sends all seven slides when they changed and else a beat. The stage
replaces a feeder that fell silent, or is `screen_renew_h` old, by a fresh one; so a restarted server
or a network that was away shows as nothing but the last slide, a little longer.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import streamlit as st

from governance.errors import GovernanceError
from governance.figures.theme import DARK, FONT_FAMILY, LIGHT
from governance.report.slide_parts import patterns_svg
from governance.settings import SETTINGS, Settings, settings_of
from governance.text import t
from governance.ui import first_start
from governance.ui.cache import data_dir
from governance.ui.screen_data import current_state, slides_data
from governance.ui.shell import LOG, log_failure, start_log, start_navigation

if TYPE_CHECKING:
    from pathlib import Path

    from governance.figures.theme import Palette

FRAME = "frame"
_WORDS = ("preparing", "lost", "unread", "late", "old", "held", "turning", "leaving")
_ASK_S = 5
_RETRY_S = 30
_STUCK_S = 600
# In the session of a feeder: the state sent last (None: a problem), and when to try again at the latest.
_SENT, _RETRY_AT = "screen-sent", "screen-retry-at"


def _package_text(name: str) -> str:
    return resources.files("governance.ui").joinpath(name).read_text(encoding="utf-8")


_SCRIPT = _package_text("screen.js")
# Inline markup needs a line break, or it is taken for the name of a file.
_mount = st.components.v2.component("meeting_screen", html="<div>\n</div>", js=_SCRIPT)


def show_screen() -> None:
    """Draw the stage, or feed it where the address says so."""
    if "pages" not in st.session_state:
        # A server fresh from its start runs the first address opened without dashboard.py.
        start_navigation()
        st.rerun()
    folder = data_dir()
    start_log(folder)
    settings = _settings(folder)
    if FRAME in st.query_params:
        st.fragment(_beat, run_every=settings.number("screen_refresh_s"))()
        _feed(folder)
    else:
        _mount(key="screen-stage", data=stage_data(settings))


# ------------------------------------------------------------------------------ the stage
def _settings(folder: Path) -> Settings:
    try:
        return settings_of(folder)
    except GovernanceError as error:  # the feeder tells; the stage stands all the same
        LOG.error("%s", error)
        return Settings(items=tuple((setting.name, setting.default) for setting in SETTINGS))


def _colours(palette: Palette) -> str:
    return "".join(f"--{name.replace('_', '-')}:{colour};" for name, colour in asdict(palette).items())


@cache
def stage_css() -> str:
    """The style sheet of the layer: both palettes, then `screen.css`."""
    light = f":host{{{_colours(LIGHT)}--font:{FONT_FAMILY};}}"
    return f'{light}:host([data-theme="dark"]){{{_colours(DARK)}}}{_package_text("screen.css")}'


@cache
def _version() -> str:
    """Tells a stage of older code from one of newer."""
    return hashlib.sha256((_SCRIPT + stage_css()).encode()).hexdigest()[:16]


def stage_data(settings: Settings) -> dict[str, Any]:
    """What the stage is told: its look, its words, and how long things take."""
    return {
        "role": "stage",
        "css": stage_css(),
        "patterns": patterns_svg(),
        "version": _version(),
        "words": {word: t(f"screen.{word}") for word in _WORDS},
        "slide_s": settings.number("screen_slide_s"),
        "idle_s": settings.number("screen_idle_s"),
        "pause_s": settings.number("screen_pause_s"),
        "beat_s": settings.number("screen_refresh_s"),
        "renew_s": settings.number("screen_renew_h") * 3600,
        "ask_s": _ASK_S,
    }


# ----------------------------------------------------------------------------- the feeder
def _beat() -> None:
    """A sign of life; draws the page anew when other slides are due."""
    is_working = _SENT not in st.session_state
    _mount(
        key="screen-beat", data={"role": "beat", "server_ms": time.time() * 1000, "is_working": is_working}
    )
    if _is_due():
        # Without both the run that follows would find the same and never end.
        st.session_state.pop(_SENT, None)
        st.session_state[_RETRY_AT] = time.monotonic() + _STUCK_S
        st.rerun()


def _is_due() -> bool:
    """Whether what was sent last is no longer what the store and the ledger say."""
    is_time = time.monotonic() >= float(st.session_state.get(_RETRY_AT, float("inf")))
    sent = st.session_state.get(_SENT)
    if sent is None:
        return is_time
    try:
        return current_state().key != str(sent)
    except GovernanceError:
        return True


def _feed(folder: Path) -> None:
    """Send the slides, or that they cannot be made."""
    st.session_state[_RETRY_AT] = time.monotonic() + _STUCK_S
    data: dict[str, Any] = {"role": "slides", "version": _version()}
    try:
        if first_start.needs_sample(folder):
            first_start.make_sample(folder)
        state = current_state()
        data |= slides_data(state)
        st.session_state[_SENT] = state.key
    except Exception as error:  # the room sees one calm sentence; the log has everything
        number = t("shell.error_number", number=log_failure(error))
        data = {"role": "problem", "problem": {"sentence": t("screen.unreadable"), "number": number}}
        st.session_state[_SENT] = None
        st.session_state[_RETRY_AT] = time.monotonic() + _RETRY_S
    _mount(key="screen-slides", data=data)
