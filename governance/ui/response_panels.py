"""The upper part of 响应时效: its conclusion, the stages and the closing curves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.figures import closing_curves, stage_bars
from governance.figures.durations import duration_scale, duration_text
from governance.metrics.response import UNKNOWN, grouped
from governance.metrics.survival import OPEN
from governance.text import t
from governance.ui import blocks
from governance.ui import response_data as data
from governance.ui.cache import cached
from governance.ui.case_lists import show_case_lists
from governance.ui.filters import scope_words
from governance.ui.response_words import (
    ARRIVE,
    group_names,
    sentence,
    small_n_of,
    stage_words,
    stamp_labels,
    target_value,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.metrics.closing import Closing
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

_BEFORE = ("report_to_accept", "accept_to_file", "file_to_dispatch", "dispatch_to_arrive")
_AFTER = ("arrive_to_resolve", "resolve_to_verify", "verify_to_close", "close_to_rate")
_TIMES = ("n", "open_n", "median_min", "p90_min")
_CONFIG = {"displayModeBar": False}


# ----------------------------------------------------------------------------- conclusion
def show_conclusion(page: Page, selection: Selection) -> None:
    """The page's name, week and scope, and the sentence."""
    words = cached(sentence, page.dataset, selection)
    has_sources = cached(data.names_sources, page.dataset)
    shown = selection if has_sources else replace(selection, demand=None)
    scope = scope_words(page.dataset, shown)
    blocks.show_conclusion(page.spec.title, selection.week, words, scope=scope)
    if not has_sources:
        blocks.show_svg(f'<div class="panel-sub">{t("incident_response.no_sources")}</div>')


# --------------------------------------------------------------------------------- stages
def _basis(figures: data.StageFigures) -> str:
    words = f"n = {figures.now.n:,}"
    return words + t("incident_response.open_of_n", n=figures.now.open_n) if figures.now.open_n else words


def _hover(figures: data.StageFigures) -> str:
    start, stop = stamp_labels(figures.stage)
    left_out = "，".join(
        t(f"incident_response.left_out.{reason}", n=n) for reason, n in figures.receipt.left_out().items()
    )
    words = t("incident_response.clock", start=start, stop=stop)
    if figures.stage == "close_to_rate":
        words += t("incident_response.rated_only")
    return words + (t("incident_response.left_out_words", words=left_out) if left_out else "")


def _panel(
    found: Mapping[str, data.StageFigures], names: tuple[str, ...], side: str, head: str, small_n: int
) -> stage_bars.StagePanel:
    unit_min = 1.0 if side == "before" else 60.0
    bars = tuple(
        stage_bars.StageBar(
            label=stage_words(stage),
            basis=_basis(one),
            hover=_hover(one),
            median=one.now.median_min / unit_min,
            p90=one.now.p90_min / unit_min,
            previous_median=one.before.median_min / unit_min if one.before.n >= small_n else math.nan,
            previous_p90=one.before.p90_min / unit_min if one.before.n >= small_n else math.nan,
            is_few=one.now.n < small_n,
        )
        for stage in names
        if (one := found.get(stage)) is not None
    )
    name = t(f"incident_response.side_{side}")
    return stage_bars.StagePanel(name, head, t("units.minute" if side == "before" else "units.hour"), bars)


def _head(dataset: Dataset, selection: Selection, found: Mapping[str, data.StageFigures]) -> tuple[str, str]:
    """The figures of both heads: report to arrival this week, report to close over four weeks."""
    small_n, heads = small_n_of(dataset), ["", ""]
    whole = found.get("report_to_arrive")
    if whole is not None and whole.now.n >= small_n:
        scale = duration_scale(whole.now.median_min)
        heads[0] = t(
            "incident_response.head_arrive",
            median=scale.number(whole.now.median_min),
            p90=duration_text(whole.now.p90_min),
        )
        target = target_value(dataset, selection, ARRIVE)
        if not math.isnan(target):
            heads[0] += t("incident_response.target_at_most", value=f"{target:g}")
    curves = cached(data.closings, dataset, selection, "category")
    if curves is not None and curves.now.n >= small_n:
        heads[1] = t(
            "incident_response.head_close",
            median=duration_text(curves.now.median),
            p90=duration_text(curves.now.p90),
        )
    return heads[0], heads[1]


def stages_html(dataset: Dataset, selection: Selection) -> str:
    """Both sides with their heads, and what was left out."""
    found = {one.stage: one for one in cached(data.stages, dataset, selection)}
    small_n, heads = small_n_of(dataset), _head(dataset, selection, found)
    sides = [
        _panel(found, names, side, head, small_n)
        for names, side, head in ((_BEFORE, "before", heads[0]), (_AFTER, "after", heads[1]))
    ]
    drawn = "".join(stage_bars.stage_panel_html(side) for side in sides if side.bars)
    notes = []
    missing = [stage_words(stage) for stage in cached(_missing, dataset) if stage in _BEFORE + _AFTER]
    if missing:
        notes.append(t("incident_response.stages_missing", stages="、".join(missing)))
    left_out: dict[str, int] = {}
    for stage in _BEFORE + _AFTER:
        for reason, n in found[stage].receipt.left_out().items() if stage in found else ():
            if stage != "close_to_rate" or reason in ("negative", "implausible"):
                left_out[reason] = left_out.get(reason, 0) + n
    if left_out:
        words = "，".join(t(f"incident_response.left_out.{reason}", n=n) for reason, n in left_out.items())
        notes.append(t("incident_response.left_out_all", words=words))
    below = f'<div class="panel-sub">{" ".join(notes)}</div>' if notes else ""
    return f'{stage_bars.stages_key_html()}<div class="stage-sides">{drawn}</div>{below}'


def _missing(dataset: Dataset) -> tuple[str, ...]:
    return data.missing_stages(dataset)


def stages_title(dataset: Dataset, selection: Selection) -> str:
    """What takes longest before and after arrival, by the medians."""
    found = {one.stage: one for one in cached(data.stages, dataset, selection)}
    small_n, slowest = small_n_of(dataset), []
    for names in (_BEFORE, _AFTER[:-1]):
        timed = [found[name] for name in names if name in found and found[name].now.n >= small_n]
        known = [one for one in timed if not math.isnan(one.now.median_min)]
        if len(known) > 1:
            slowest.append(stage_words(max(known, key=lambda one: one.now.median_min).stage))
    if len(slowest) == len((_BEFORE, _AFTER)):
        return t("incident_response.stages_title_slow", before=slowest[0], after=slowest[1])
    return t("incident_response.stages_title")


def stages_table(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """The panel's figures to take away, minutes."""
    rows = []
    for one in cached(data.stages, dataset, selection):
        row: dict[str, object] = {"stage": stage_words(one.stage)}
        for prefix, times in (("", one.now), ("previous_", one.before)):
            row |= {
                f"{prefix}{name}": getattr(times, name) for name in ("n", "open_n", "median_min", "p90_min")
            }
        row["closed_only_median_min"] = one.now.closed_only_median_min
        row |= {
            f"left_out_{reason}_n": getattr(one.receipt, f"{reason}_n")
            for reason in ("no_start", "implausible", "negative", "not_recorded", "unattended")
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _stage_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    judged = cached(data.part, dataset, selection)
    lists: dict[str, pd.DataFrame] = {}
    if judged is None:
        return lists
    week = judged.incidents[data.inside(judged, selection.week, selection.week)]
    for one in cached(data.stages, dataset, selection):
        words = stage_words(one.stage)
        timed = judged.incidents.iloc[one.rows].assign(stage_min=one.used_min.round(1))
        lists[t("incident_response.list_timed", stage=words, n=one.now.n)] = timed
        if one.now.open_n:
            lists[t("incident_response.list_open", stage=words, n=one.now.open_n)] = timed[one.how == OPEN]
        out = week[~week.index.isin(timed.index)]
        if len(out) and one.stage != "close_to_rate":
            lists[t("incident_response.list_left_out", stage=words, n=len(out))] = out
    return lists


def show_stages(page: Page, selection: Selection) -> None:
    """Nine stamps, eight intervals."""
    dataset, week = page.dataset, str(selection.week)
    table = cached(stages_table, dataset, selection)
    title = cached(stages_title, dataset, selection)
    with blocks.panel("stages", title=title, page=page, data=table, week=week):
        show_case_lists(
            page, "stages", lambda: _stage_lists(dataset, selection), suffix=week, extra=("stage_min",)
        )
        if not len(table) or not table["n"].sum():
            blocks.show_empty(t("incident_response.empty_stages"))
            return
        blocks.show_svg(cached(stages_html, dataset, selection))


# --------------------------------------------------------------------------------- curves
def _curve_figure(dataset: Dataset, selection: Selection, by: str, group: str | None) -> object:
    found = cached(data.closings, dataset, selection, by)
    if found is None:
        return None
    now = found.now if group is None else found.by_group[group]
    before = found.before if group is None else found.by_group_before.get(group)
    return closing_curves.closing_figure(now, before, is_small=now.n < small_n_of(dataset))


def _one_curve(page: Page, selection: Selection, by: str, group: str | None, one: Closing) -> None:
    words = t("incident_response.period_counts", n=f"{one.n:,}", open_n=f"{one.open_n:,}")
    as_of = page.dataset.as_of_for("incidents")
    if as_of is not None and as_of >= selection.week.end_at:
        words += t("incident_response.known_by", month=as_of.month, day=as_of.day)
    if one.n < small_n_of(page.dataset):
        words += t("incident_response.too_few_curve")
    blocks.show_svg(f'<div class="panel-sub">{words}</div>')
    alt = t(
        "incident_response.curve_alt",
        n=one.n,
        median=duration_text(one.median),
        only=duration_text(one.closed_only_median),
    )
    figure = cached(_curve_figure, page.dataset, selection, by, group)
    st.plotly_chart(
        figure, theme=None, alt=alt, config=_CONFIG, key=f"curve-{'all' if group is None else 'group'}"
    )


def _chosen_group(page: Page, selection: Selection) -> tuple[str, str | None]:
    """Both selects above the right curve; the most misleading group first."""
    with st.container(key="curve-choice", horizontal=True, gap="small"):
        by = st.selectbox(
            t("incident_response.by"),
            data.CURVE_GROUPS,
            format_func=lambda name: t(f"incident_response.by_{name}"),
            key="curve-by",
            label_visibility="collapsed",
            filter_mode=None,
            width=92,
        )
        found = cached(data.closings, page.dataset, selection, by)
        if found is None or not found.by_group:
            return by, None
        names, groups = group_names(page.dataset, by), list(found.by_group)
        largest = max(groups, key=lambda name: (name != UNKNOWN, found.by_group[name].n))
        first = found.misleading or largest
        group = st.selectbox(
            t("incident_response.group"),
            groups,
            index=groups.index(first),
            format_func=lambda name: names.get(name, name),
            key=f"curve-group-{by}-{first}-{len(groups)}",
            label_visibility="collapsed",
            filter_mode=None,
            width=150,
        )
    return by, group


def curves_table(dataset: Dataset, selection: Selection, by: str) -> pd.DataFrame:
    """The panel's figures to take away, minutes."""
    found = cached(data.closings, dataset, selection, by)
    if found is None:
        return pd.DataFrame()
    names = group_names(dataset, by)
    rows = []
    for name, one in {t("incident_response.all_cases"): found.now, **found.by_group}.items():
        before = found.by_group_before.get(name) if name in found.by_group else found.before
        rows.append(
            {
                "group": names.get(name, name),
                "n": one.n,
                "open_n": one.open_n,
                "median_min": one.median,
                "p90_min": one.p90,
                "closed_only_median_min": one.closed_only_median,
                "previous_median_min": before.median if before else math.nan,
            }
        )
    return pd.DataFrame(rows)


def _curve_lists(dataset: Dataset, selection: Selection, by: str) -> dict[str, pd.DataFrame]:
    judged = cached(data.part, dataset, selection)
    if judged is None:
        return {}
    chosen = judged.kept(data.inside(judged, *data.period(selection.week)))
    numbers, names = grouped(chosen.incidents, by)
    words = group_names(dataset, by)
    rows = chosen.incidents.assign(used_share=chosen.used_share.round(2))
    lists = {t("incident_response.list_period", group=t("incident_response.all_cases"), n=len(rows)): rows}
    for place, name in enumerate(names):
        own = rows[numbers == place]
        lists[t("incident_response.list_period", group=words.get(name, name), n=len(own))] = own
    return lists


def _curves_title(found: data.Closings | None) -> str:
    if found is None or found.misleading is None:
        return t("incident_response.curves_title")
    key = "curves_title_gap" if found.change(found.misleading) != "shorter" else "curves_title_gap_shorter"
    return t(f"incident_response.{key}", group=found.misleading)


def show_curves(page: Page, selection: Selection) -> None:
    """How many days until how many are closed, open ones counted as open."""
    dataset, week = page.dataset, str(selection.week)
    by = st.session_state.get("curve-by", data.CURVE_GROUPS[0])
    found = cached(data.closings, dataset, selection, "category")
    table = cached(curves_table, dataset, selection, by)
    with blocks.panel("curves", title=_curves_title(found), page=page, data=table, week=week):
        show_case_lists(
            page,
            "curves",
            lambda: _curve_lists(dataset, selection, by),
            suffix=week,
            extra=("used_share",),
        )
        if found is None or not found.now.n:
            blocks.show_empty(t("incident_response.empty_curves"))
            return
        blocks.show_svg(closing_curves.curves_key_html())
        left, right = st.columns(2, gap="small")
        with left:
            blocks.show_svg(f'<div class="curve-name">{t("incident_response.all_cases")}</div>')
            _one_curve(page, selection, "category", None, found.now)
        with right:
            by, group = _chosen_group(page, selection)
            shown = cached(data.closings, dataset, selection, by)
            if group is not None and shown is not None:
                _one_curve(page, selection, by, group, shown.by_group[group])
