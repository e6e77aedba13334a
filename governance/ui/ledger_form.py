"""How a commitment comes into the ledger: the form of 督办清单, and the buttons that lead to it.

    commit_button(page, "night-gap", commitment_link_params(what="…", metric="…", place=Place(…)))

A page shows such a button beside a gap or a headline; it opens the form filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING, TypeVar, cast

import streamlit as st

from governance.errors import GovernanceError
from governance.figures.control_words import series_label
from governance.meeting.commitments import MAX_CHARS, SOURCE_KINDS, Draft, Place, Source
from governance.meeting.ledger import open_ledger
from governance.metrics.windows import UNRECORDED
from governance.text import explain, has, t
from governance.ui import blocks
from governance.ui import ledger_data as data
from governance.ui.cache import cached
from governance.ui.filters import ALL, option_labels
from governance.ui.shell import LOG, link_params
from governance.workdays import now_in_shanghai

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page
    from governance.workdays import Week

Option = TypeVar("Option")
PARAMS = ("what", "unit", "due", "metric", "place", "source")
_DAYS_UNTIL_DUE = 7
_WIDTHS = {"unit": 178, "due": 132, "metric": 170, "place": 136}
_NOTE = "ledger-note"
_POSTS = ("centre", "emergency", "care", "data")
_FILLED = "ledger-filled-from"


# ---------------------------------------------------------------------------------- links
def commitment_link_params(
    *,
    what: str,
    unit: str = "",
    metric: str | None = None,
    place: Place | None = None,
    source: Source | None = None,
) -> dict[str, str]:
    """The query parameters that open 督办清单 with its form filled in."""
    given = {
        "what": what[:MAX_CHARS],
        "unit": unit,
        "metric": metric or "",
        "place": data.place_text(place) if place else "",
        "source": f"{source.kind}:{source.key}" if source else "",
    }
    return {name: value for name, value in given.items() if value}


def commit_button(page: Page, name: str, params: Mapping[str, str], *, label: str = "") -> None:
    """A small button that opens 督办清单 with its form filled in from `commitment_link_params`."""
    if st.button(label or t("commitment_ledger.commit"), key=f"commit-{name}", type="tertiary"):
        given = {"source": f"page:{page.spec.file}", **params}
        st.switch_page(st.session_state["pages"]["commitment_ledger"], query_params=link_params() | given)


# ----------------------------------------------------------------------------------- form
@dataclass(frozen=True)
class _Offers:
    """What the form offers: units, metrics and places, with their words."""

    units: tuple[str, ...]
    metrics: tuple[str, ...]
    places: Mapping[Place, str]


def _offers(dataset: Dataset) -> _Offers:
    teams, communities = (option_labels(dataset, name) for name in ("team", "community"))
    units = [label for code, label in (*teams.items(), *communities.items()) if code not in (ALL, UNRECORDED)]
    units += [t(f"headlines.posts.{post}") for post in _POSTS]
    units += [t("headlines.posts.category", category=category) for category in _categories(dataset)]
    return _Offers(tuple(dict.fromkeys(units)), data.metric_keys(dataset), data.place_names(dataset))


def _categories(dataset: Dataset) -> list[str]:
    return [code for code in option_labels(dataset, "category") if code != ALL]


def _key(name: str) -> str:
    return f"ledger-{name}"


def _fill(offers: _Offers, meeting: Week) -> None:
    """Fill the form from the address, once for each address; without one it starts empty."""
    given = {name: st.query_params[name] for name in PARAMS if name in st.query_params}
    token = (str(meeting), *sorted(given.items()))
    if st.session_state.get(_FILLED) == token and _key("what") in st.session_state:
        return
    place = data.place_of(given.get("place", ""))
    metric = given.get("metric")
    st.session_state[_FILLED] = token
    st.session_state[_key("what")] = given.get("what", "")[:MAX_CHARS]
    st.session_state[_key("unit")] = given.get("unit") or None
    st.session_state[_key("due")] = _due(given.get("due"), meeting)
    st.session_state[_key("metric")] = metric if metric in offers.metrics else None
    st.session_state[_key("place")] = place if place in offers.places else None


def _due(given: str | None, meeting: Week) -> date:
    """The day the address names, else the next meeting's."""
    try:
        return date.fromisoformat(given or "")
    except ValueError:
        return meeting.first_day + timedelta(days=_DAYS_UNTIL_DUE)


def _source() -> Source:
    kind, _, key = st.query_params.get("source", "").partition(":")
    known = next((known for known in SOURCE_KINDS if known == kind), None)
    return Source(known, key) if known else Source()


def _record(page: Page, meeting: Week) -> None:
    """Take the form into the ledger; what is refused stays in the form, with its reason."""
    value = {name: st.session_state.get(_key(name)) for name in ("what", "unit", "due", "metric", "place")}
    draft = Draft(
        week=meeting,
        what=str(value["what"] or ""),
        responsible_unit=str(value["unit"] or ""),
        due_on=cast("date", value["due"] or _due(None, meeting)),
        metric=value["metric"],
        place=value["place"],
        source=_source(),
    )
    try:
        made = open_ledger(page.dataset.data_dir).add(
            draft, at=now_in_shanghai(), who=t("commitment_ledger.who")
        )
    except GovernanceError as error:  # a callback has no boundary around it
        LOG.error("a commitment was not recorded: %s", error)
        say(explain(error), is_error=True)
        return
    say(t("commitment_ledger.recorded", id=made.id, what=made.what))
    st.session_state.pop(_FILLED, None)
    for name in PARAMS:
        st.query_params.pop(name, None)


def say(sentence: str, *, is_error: bool = False) -> None:
    """Keep a sentence for the next run: what was done, or why not."""
    st.session_state[_NOTE] = (sentence, is_error)


def show_said() -> None:
    """The sentence kept by `say`, once."""
    sentence, is_error = st.session_state.pop(_NOTE, ("", False))
    if sentence:
        look = "failure" if is_error else "note said"
        st.html(f'<div class="{look}" role="status">{escape(sentence)}</div>')


def show_form(page: Page, selection: Selection) -> None:
    """Record what the meeting decides: what, who, by when, and what it should move."""
    meeting = data.meeting_of(selection.week)
    offers = cached(_offers, page.dataset)
    _fill(offers, meeting)
    sub = t("commitment_ledger.form_sub", day=data.meeting_words(meeting))
    with blocks.panel("ledger-form", title=t("commitment_ledger.form_title"), sub=sub):
        source = _source()
        if source.kind != "hand":
            words = t(f"commitment_ledger.sources.{source.kind}")
            key = t(f"pages.{source.key}") if has(f"pages.{source.key}") else source.key
            told = t("commitment_ledger.from_source", source=words, key=key)
            st.html(f'<div class="panel-sub">{escape(told)}</div>')
        with st.form("ledger-form", border=False):
            _draw(page, offers, meeting)
        show_said()


def _draw(page: Page, offers: _Offers, meeting: Week) -> None:
    with st.container(key="ledger-fields", horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            t("commitment_ledger.what"),
            key=_key("what"),
            max_chars=MAX_CHARS,
            placeholder=t("commitment_ledger.what_hint"),
        )
        st.selectbox(
            t("commitment_ledger.unit"),
            _with_own(offers.units),
            index=None,
            key=_key("unit"),
            placeholder=t("commitment_ledger.unit_hint"),
            width=_WIDTHS["unit"],
        )
        st.date_input(t("commitment_ledger.due"), key=_key("due"), format="YYYY-MM-DD", width=_WIDTHS["due"])
        _select("metric", offers.metrics, series_label)
        _select("place", tuple(offers.places), lambda place: offers.places.get(place, place.code))
        st.form_submit_button(
            t("commitment_ledger.record"),
            type="primary",
            key="ledger-record",
            on_click=_record,
            args=(page, meeting),
        )


def _with_own(units: Sequence[str]) -> list[str]:
    """The units offered, and the one the form holds already."""
    held = st.session_state.get(_key("unit"))
    return [*units, *([held] if held and held not in units else [])]


def _select(name: str, options: Sequence[Option], words: Callable[[Option], str]) -> None:
    st.selectbox(
        t(f"commitment_ledger.{name}"),
        options,
        index=None,
        format_func=words,
        key=_key(name),
        placeholder=t(f"commitment_ledger.{name}_hint"),
        width=_WIDTHS[name],
    )
