"""The row of filters on top of a page, held in the address bar.

    selection = choose(page, "week", "community", "category", "team")
    selection.week, selection.community_code, selection.category, selection.team_id, selection.scope

The address holds codes (`?week=2023-W37&community=500103005011`), so a copied link opens the same
view; a value that is not there any more falls back to the default and says so. Beside the filters
stands the stamp. `choose` stops the page with one sentence when there is no week to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from governance.errors import UsageError
from governance.metrics.windows import FOUND, PUBLIC, UNRECORDED, Scope, is_complete
from governance.schema import schema
from governance.text import t
from governance.ui.cache import cached
from governance.ui.stamp import show_stamp
from governance.ui.words import days_words
from governance.workdays import Week, default_week

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.records.dataset import Dataset
    from governance.ui.shell import Page

ALL = ""
_MAX_WEEKS = 260
_WIDTHS = {"week": 236, "community": 176, "category": 168, "team": 190, "severity": 140, "demand": 190}
_WIDTHS |= {"force": 160, "tier": 132}
TIERS = ("1", "2", "3")


@dataclass(frozen=True)
class Selection:
    """What the filters say; None where everything is shown. Hashable, so it may key a cache."""

    week: Week
    community_code: str | None = None
    category: str | None = None
    team_id: str | None = None
    severity: str | None = None
    demand: str | None = None
    force: str | None = None
    tier: str | None = None

    @property
    def scope(self) -> Scope:
        """The part of the street the figures are for."""
        return Scope(self.community_code, self.category, self.team_id, self.severity, self.demand)


def week_options(dataset: Dataset) -> tuple[Week, ...]:
    """The weeks that records reach, newest first; none without a dated record."""
    as_of = dataset.as_of.get("incidents")
    first = dataset.frame("incidents")["reported_at"].min()
    if as_of is None or first is None or first != first:
        return ()
    newest = Week.of(as_of)
    oldest = max(Week.of(first.to_pydatetime()), newest.shifted(1 - _MAX_WEEKS))
    count = (newest.first_day - oldest.first_day).days // 7 + 1
    return tuple(newest.shifted(-offset) for offset in range(max(count, 1)))


def option_labels(dataset: Dataset, name: str) -> dict[str, str]:
    """The values a filter offers, by code, with the words on screen; the first is the default."""
    if name == "week":
        return _week_labels(dataset)
    if name == "community":
        return {ALL: t("filters.all_communities")} | _reference_labels(
            dataset, "communities", "community_code"
        )
    if name == "team":
        return _team_labels(dataset)
    if name == "demand":
        return {PUBLIC: t("filters.public"), FOUND: t("filters.found")}
    if name == "force":
        return {ALL: t("filters.all_forces")} | {
            code: words[0] for code, words in schema().values["force"].items()
        }
    if name == "tier":
        return {ALL: t("filters.all")} | {tier: t("filters.tier_option", tier=tier) for tier in TIERS}
    found = {str(value) for value in dataset.frame("incidents")[name].dropna().unique()}
    if name == "severity":
        known = {code: words[0] for code, words in schema().values[name].items() if code in found}
        return {ALL: t("filters.all")} | known | {value: value for value in sorted(found - set(known))}
    return {ALL: t("filters.all")} | {value: value for value in sorted(found)}


def _team_labels(dataset: Dataset) -> dict[str, str]:
    labels = {ALL: t("filters.all")} | _reference_labels(dataset, "teams", "team_id")
    is_missing = dataset.frame("incidents")["team_id"].isna().any()
    return labels | ({UNRECORDED: t("filters.no_team")} if is_missing else {})


def _week_labels(dataset: Dataset) -> dict[str, str]:
    as_of = dataset.as_of.get("incidents")
    weeks = week_options(dataset)
    if as_of is None or not weeks:
        return {}
    default = default_week(as_of)
    labels = {}
    for week in (default, *(week for week in weeks if week != default)):
        key = "filters.week_option" if is_complete(week, as_of) else "filters.week_option_partial"
        labels[str(week)] = t(key, number=week.number, days=days_words(week))
    return labels


def _reference_labels(dataset: Dataset, kind: str, code: str) -> dict[str, str]:
    """Codes of a reference kind and of the incidents that name no known one, with their names."""
    known = dataset.frame(kind).dropna(subset=[code]).drop_duplicates(code, keep="last").sort_values(code)
    names = {str(row[code]): str(row["name"]) for row in known[[code, "name"]].to_dict("records")}
    if names:
        return names
    return {str(value): str(value) for value in sorted(dataset.frame("incidents")[code].dropna().unique())}


def read_value(name: str, labels: Mapping[str, str]) -> str:
    """The filter's value in the address bar; its default, with a note on screen, when that is unknown."""
    default = next(iter(labels), ALL)
    given = st.query_params.get(name)
    if given is None or given == default or given in labels:
        return given if given is not None else default
    st.session_state.setdefault("filter-notes", []).append(
        t("filters.unknown_value", name=t(f"filters.{name}"), value=given, shown=labels.get(default, ""))
    )
    return default


def _write_value(name: str, default: str) -> None:
    value = st.session_state[f"filter-{name}"]
    if value == default and name != "week":
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value
    # A link that names a community also names its week, or it would show another one next Monday.
    if "filter-week" in st.session_state:
        st.query_params["week"] = st.session_state["filter-week"]


def _choose_one(dataset: Dataset, name: str) -> str:
    labels = cached(option_labels, dataset, name)
    options = list(labels)
    if name == "week":
        options.sort(reverse=True)
    value = read_value(name, labels)
    key = f"filter-{name}"
    st.session_state[key] = value
    st.selectbox(
        t(f"filters.{name}"),
        options,
        format_func=lambda option: labels.get(option, option),
        key=key,
        on_change=_write_value,
        args=(name, next(iter(labels), ALL)),
        placeholder=t("filters.none"),
        filter_mode=None,
        required=True,
        width=_WIDTHS[name],
    )
    return value


def choose(page: Page, *names: str) -> Selection:
    """Draw the filters `names` (week, community, …: the fields of `Selection`) and the stamp.

    The page stops here, with one sentence, when no record has a week.
    """
    st.session_state["filter-notes"] = []
    with st.container(key="top-row", horizontal=True, vertical_alignment="top"):
        with st.container(key="filters", horizontal=True, gap="small"):
            has_weeks = bool(cached(option_labels, page.dataset, "week"))
            values = {name: _choose_one(page.dataset, name) for name in names} if has_weeks else {}
        week = _week_of(values.get("week"), page.dataset)
        show_stamp(page, week)
    for note in st.session_state.pop("filter-notes"):
        st.html(f'<div class="note">{escape(note)}</div>')
    if week is None:
        st.html(f'<div class="empty">{escape(t("week_overview.no_data"))}</div>')
        st.stop()
    return Selection(
        week=week,
        community_code=values.get("community") or None,
        category=values.get("category") or None,
        team_id=values.get("team") or None,
        severity=values.get("severity") or None,
        demand=values.get("demand") or None,
        force=values.get("force") or None,
        tier=values.get("tier") or None,
    )


def scope_words(dataset: Dataset, selection: Selection) -> str:
    """What the filters narrow the page to, in words; empty for the whole street."""
    chosen = {
        "community": selection.community_code,
        "category": selection.category,
        "team": selection.team_id,
        "severity": selection.severity,
        "demand": selection.demand,
        "force": selection.force,
        "tier": selection.tier,
    }
    return " · ".join(
        cached(option_labels, dataset, name).get(code, code) for name, code in chosen.items() if code
    )


def _week_of(text: str | None, dataset: Dataset) -> Week | None:
    if text:
        try:
            return Week.parse(text)
        except UsageError:
            return None
    as_of = dataset.as_of.get("incidents")
    return default_week(as_of) if as_of else None
