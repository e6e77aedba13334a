"""The parts of 巡逻覆盖: conclusion, four coverages, map of time since last visit, duty, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.figures.coverage_bars import coverage_cards_html, coverage_table_html, rulers_of
from governance.figures.duty_matrix import duty_key_html, duty_matrix_svg
from governance.figures.forces_bar import forces_bar_html
from governance.figures.gap_table import gap_table_html
from governance.figures.place_words import short_name
from governance.figures.since_map import class_of, duration_words
from governance.meeting.commitments import Place
from governance.metrics.coverage import COVERAGE_GROUPS
from governance.metrics.patrol_series import VISITED
from governance.metrics.targets import target_of
from governance.metrics.trust import TRACKS, poor_kinds
from governance.schema import schema
from governance.text import t
from governance.ui import blocks
from governance.ui import coverage_data as data
from governance.ui.cache import cached
from governance.ui.coverage_lists import show_duty_lists, show_effort_lists
from governance.ui.filters import scope_words
from governance.ui.ledger_form import commit_button, commitment_link_params
from governance.ui.stamp import week_receipt, week_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.metrics.coverage import Coverage
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

GAPS_SHOWN_N = 8
_LATE = ("up_to_2", "over_2")


def _names(dataset: Dataset, kind: str, code: str) -> Mapping[str, str]:
    known = dataset.frame(kind).dropna(subset=[code]).drop_duplicates(code, keep="last").sort_values(code)
    return dict(zip(known[code].astype(str), known["name"].fillna(known[code]).astype(str), strict=True))


# ----------------------------------------------------------------------------- conclusion
def conclusion_words(dataset: Dataset, selection: Selection) -> str:
    """The one sentence: how many were visited, how many are over the limit and where, empty hours."""
    if data.known_until(dataset, selection.week) is None:
        return t("patrol_coverage.no_data")
    figures = cached(data.week_coverages, dataset, selection.week, data.Part.of(selection))
    visited = "visited_border" if figures.microgrids_border_n else "visited"
    parts = [
        t(
            f"patrol_coverage.conclusion.{visited}",
            k=figures.microgrids_visited_n,
            n=figures.microgrids_n,
            border=figures.microgrids_border_n,
        )
    ]
    parts.append(_late_words(dataset, selection))
    if words := _empty_words(dataset, selection):
        parts.append(words)
    return t("patrol_coverage.conclusion.joint").join(parts) + t("patrol_coverage.conclusion.end")


def _late_words(dataset: Dataset, selection: Selection) -> str:
    """How many are over their limit at the week's end, the one that waits longest, and what is not known."""
    part = data.Part.of(selection)
    table = cached(data.since, dataset, selection.week, part)
    state = class_of(table)
    late = table[state.isin(_LATE)]
    counts = {name: int(state.eq(name).sum()) for name in ("never", "no_data")}
    others = [t(f"patrol_coverage.conclusion.{name}", n=n) for name, n in counts.items() if n]
    if not late.empty:
        longest = late.sort_values(["h", "microgrid_code"], ascending=[False, True]).iloc[0]
        ago = duration_words(float(longest["h"]))
        said = t("patrol_coverage.conclusion.late", n=len(late), name=longest["name"], ago=ago)
    elif others:
        said = ""
    else:
        gaps = cached(data.gaps, dataset, selection.week, part)
        said = t("patrol_coverage.conclusion.none_late")
        said += t("patrol_coverage.conclusion.but_gaps", n=len(gaps)) if len(gaps) else ""
    return t("patrol_coverage.conclusion.joint").join([*([said] if said else []), *others])


def _empty_words(dataset: Dataset, selection: Selection) -> str:
    """How many unit-hours nobody was there, and which unit has most of them; of a community its own team's.

    Nothing for a force or a tier: an hour is a unit's, whichever force is there.
    """
    week_duty = cached(data.duty, dataset, selection.week)
    if week_duty is None or selection.force or selection.tier:
        return ""
    units = week_duty.units
    if selection.community_code:
        teams = dataset.frame("teams")
        is_own = teams["community_code"].eq(selection.community_code).fillna(False).astype(bool)
        units = units[units["team_id"].isin(teams.loc[is_own, "team_id"])]
    empty = units[units["state"].eq("absent")]
    if empty.empty:
        return ""
    counts = empty["team_id"].value_counts()
    team, most = str(counts.index[0]), int(counts.iloc[0])
    key = "empty_all" if most == len(empty) else "empty_most"
    name = _unit_name(_names(dataset, "teams", "team_id").get(team, team))
    words = t(f"patrol_coverage.conclusion.{key}", n=len(empty), unit=name, k=most)
    dark_n = int(units["state"].eq("unknown").sum())
    return words + (t("patrol_coverage.conclusion.dark", n=dark_n) if dark_n else "")


def _unit_name(name: str) -> str:
    return name.replace(t("patrol_coverage.team_suffix"), "") or name


# ---------------------------------------------------------------------------------- cards
def _cards(dataset: Dataset, selection: Selection) -> str:
    part, last = data.Part.of(selection), selection.week.shifted(-1)
    this = cached(data.week_coverages, dataset, selection.week, part)
    before = None
    if data.known_until(dataset, last) is not None:
        before = cached(data.week_coverages, dataset, last, part)
    target = target_of(dataset.frame("targets"), "microgrids_visited_share", selection.week.last_day)
    # The target is set for all forces together.
    aim = target.value if target and part.force is None else None
    is_struck = TRACKS in poor_kinds(cached(week_status, dataset, selection.week))
    rulers = rulers_of(this, before, target=aim)
    if data.known_until(dataset, selection.week) is None:
        return coverage_cards_html(ruler.unmeasured for ruler in rulers)
    return coverage_cards_html(rulers, is_struck=is_struck)


def show_cards(page: Page, selection: Selection) -> None:
    """The conclusion and the four coverages on one ruler."""
    dataset = page.dataset
    scope = scope_words(dataset, selection)
    sentence = cached(conclusion_words, dataset, selection)
    blocks.show_conclusion(page.spec.title, selection.week, sentence, scope=scope)
    blocks.show_svg(cached(_cards, dataset, selection))


# ----------------------------------------------------------------------------------- duty
def _matrix(dataset: Dataset, selection: Selection) -> str:
    week_duty = cached(data.duty, dataset, selection.week)
    if week_duty is None:
        return ""
    names = {team: _unit_name(name) for team, name in _names(dataset, "teams", "team_id").items()}
    return duty_matrix_svg(week_duty.hours, week_duty.units, names, selection.week)


def show_duty(page: Page, selection: Selection) -> None:
    """168 hours × units × three forces, and whether the forces walk together."""
    dataset = page.dataset
    week_duty = cached(data.duty, dataset, selection.week)
    if week_duty is None:
        with blocks.panel("duty", title=t("patrol_coverage.duty_title_none")):
            blocks.show_empty(t("patrol_coverage.no_duty"))
        return
    whole, night = week_duty.whole, week_duty.night
    units_n = dataset.frame("teams")["team_id"].nunique()
    title = t("patrol_coverage.duty_title", n=units_n, empty=whole.absent_n)
    sub = t(
        "patrol_coverage.duty_sub" if night.unknown_n else "patrol_coverage.duty_sub_known",
        known=_percent(night.known_share),
        worst=_percent(night.worst_share),
        present=night.present_n,
        told=night.present_n + night.absent_n,
        unknown=night.unknown_n,
    )
    with blocks.panel(
        "duty", title=title, sub=sub, page=page, data=week_duty.hours, week=str(selection.week)
    ):
        show_duty_lists(page, selection)
        blocks.show_svg(duty_key_html())
        blocks.show_svg(cached(_matrix, dataset, selection))
        now = cached(data.together, dataset, selection.week)
        blocks.show_svg(forces_bar_html(now, cached(data.before_and_after, dataset)))


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share * 100:.1f}%"


# ----------------------------------------------------------------------------------- gaps
def show_gaps(page: Page, selection: Selection) -> None:
    """The gap register, by hours lost, with the responsible unit."""
    dataset = page.dataset
    part = data.Part.of(selection)
    register = cached(data.gaps, dataset, selection.week, part)
    is_known = data.known_until(dataset, selection.week) is not None
    never_n = (
        int(cached(data.since, dataset, selection.week, part)["last_at"].isna().sum()) if is_known else 0
    )
    never = t("patrol_coverage.gaps_never", n=never_n) if never_n else ""
    if register.empty:
        with blocks.panel("gaps", title=t("patrol_coverage.gaps_title_none")):
            blocks.show_empty(never or t(f"patrol_coverage.{'no_gaps' if is_known else 'no_data'}"))
        return
    title = t(
        "patrol_coverage.gaps_title",
        places=len(register),
        gaps=int(register["gaps_n"].sum()),
        hours=f"{register['over_h'].sum():,.0f}",
    )
    sub = t("patrol_coverage.gaps_sub", n=min(GAPS_SHOWN_N, len(register)), all=len(register)) + never
    with blocks.panel("gaps", title=title, sub=sub, page=page, data=register, week=str(selection.week)):
        teams = _names(dataset, "teams", "team_id")
        blocks.show_svg(gap_table_html(register, teams, rows_n=GAPS_SHOWN_N))
        _show_commit(page, register, teams)


def _show_commit(page: Page, register: pd.DataFrame, teams: Mapping[str, str]) -> None:
    """A gap of the register, and the click that takes it to the commitment list."""
    rows = register.set_index("microgrid_code")
    with st.container(key="gap-commit", horizontal=True, vertical_alignment="center", gap="small"):
        code = st.selectbox(
            t("patrol_coverage.commit_which"),
            list(rows.index),
            format_func=lambda one: str(rows["name"].get(one, one)),
            key="gap-to-commit",
            label_visibility="collapsed",
            filter_mode=None,
            width=260,
        )
        if code not in rows.index:
            return
        row = rows.loc[code]
        what = t(
            "patrol_coverage.commit_what",
            name=row["name"],
            hours=f"{row['over_h']:,.0f}",
            limit=duration_words(float(row["limit_h"])),
        )
        unit = "" if pd.isna(row["team_id"]) else teams.get(str(row["team_id"]), "")
        place = Place("microgrid", str(code))
        params = commitment_link_params(what=what, unit=unit, metric=VISITED, place=place)
        commit_button(page, "gap", params)


# --------------------------------------------------------------------------------- groups
def _group_names(dataset: Dataset, by: str) -> Mapping[str, str]:
    if by in ("community", "team"):
        kind, code = ("communities", "community_code") if by == "community" else ("teams", "team_id")
        return {key: short_name(name) for key, name in _names(dataset, kind, code).items()}
    if by in ("force", "zone_kind"):
        return {key: words[0] for key, words in schema().values[by].items()}
    return {}


def _label(name: str, by: str, names: Mapping[str, str]) -> str:
    if by in ("hour", "shift"):
        return t("patrol_coverage.clock", hours=name)
    return names.get(name, name)


def show_groups(page: Page, selection: Selection) -> None:
    """The coverages by community, team, force, zone kind, shift or hour."""
    dataset = page.dataset
    with blocks.panel("groups", title=t("patrol_coverage.groups_title"), sub=t("patrol_coverage.groups_sub")):
        if data.known_until(dataset, selection.week) is None:
            blocks.show_empty(t("patrol_coverage.no_data"))
            return
        by = st.segmented_control(
            t("patrol_coverage.by"),
            COVERAGE_GROUPS,
            default=COVERAGE_GROUPS[0],
            format_func=lambda one: t(f"patrol_coverage.groups.{one}"),
            key="coverage-by",
            label_visibility="collapsed",
            required=True,
        )
        args = (selection.week, data.Part.of(selection), by or COVERAGE_GROUPS[0])
        rows: tuple[Coverage, ...] = cached(data.grouped_coverages, dataset, *args)
        names = _group_names(dataset, args[2])
        blocks.show_download(page, "coverage", pd.DataFrame(rows), suffix=str(selection.week))
        labelled = [(_label(one.group, args[2], names), one) for one in rows]
        blocks.show_svg(coverage_table_html(labelled, first=t(f"patrol_coverage.groups.{args[2]}")))


def show_effort(page: Page, selection: Selection) -> None:
    """Where patrols were against where cases were; hours and kilometres of each team."""
    from governance.figures.effort_bars import effort_bars_html, encounter_table_html, team_effort_html

    dataset = page.dataset
    shares = cached(data.effort_and_cases, dataset, selection.week)
    with blocks.panel(
        "effort",
        title=t("patrol_coverage.effort_title"),
        sub=t("patrol_coverage.effort_sub"),
        page=page,
        data=shares,
        week=str(selection.week),
    ):
        if shares.empty or not shares["patrol_h"].sum():
            blocks.show_empty(t("patrol_coverage.no_data"))
            return
        show_effort_lists(page, selection)
        blocks.show_svg(effort_bars_html(shares))
        least_h = dataset.settings.number("low_effort_h")
        blocks.show_svg(encounter_table_html(shares, least_h=least_h))
        teams = _names(dataset, "teams", "team_id")
        blocks.show_svg(team_effort_html(cached(data.effort, dataset, selection.week), teams))


def show_footer(page: Page, selection: Selection) -> None:
    """What became of the positions, and the one caveat that matters."""
    if data.known_until(page.dataset, selection.week) is None:
        blocks.show_footer("", t("patrol_coverage.footer_how"))
        return
    one = cached(week_receipt, page.dataset, selection.week)
    dropped = "、".join(t(f"tracks.{reason}", n=f"{n:,}") for reason, n in one.dropped.items() if n)
    left = t(
        "patrol_coverage.footer",
        read=f"{one.pings_n:,}",
        kept=f"{one.kept_n:,}",
        dropped=f"{one.pings_n - one.kept_n:,}",
        why=dropped or t("tracks.none"),
        covered=_percent(one.covered_share),
    )
    blocks.show_footer(left, t("patrol_coverage.footer_how"))
