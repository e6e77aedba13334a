"""The end of 本周总览: freeze the week as it was presented, and what changed since."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from governance.figures.metric_words import change_text, metric_label, metric_scale
from governance.metrics.definitions import HEADLINES
from governance.metrics.revisions import DUE_CLOSED, LEGACY_CLOSED, LEGACY_ON_TIME, revision, week_figures
from governance.metrics.windows import is_complete
from governance.records import presented
from governance.schema import kind_named
from governance.text import t
from governance.ui import blocks
from governance.ui.cache import cached, current_dataset, presented_dataset
from governance.ui.case_lists import show_case_lists
from governance.ui.presented_banner import frozen_day_words, open_frozen
from governance.ui.response_words import stage_words
from governance.ui.shell import error_boundary
from governance.ui.words import stamp_words, week_words

if TYPE_CHECKING:
    from governance.metrics.revisions import Revision
    from governance.records.dataset import Dataset
    from governance.records.presented import Presented
    from governance.ui.filters import Selection
    from governance.ui.shell import Page
    from governance.workdays import Week

_ALWAYS = (*HEADLINES, DUE_CLOSED, LEGACY_CLOSED, LEGACY_ON_TIME)
_CASES = ("added", "closed", "changed", "gone")
# A metric written in each unit, for figures that are declared nowhere.
_LIKE = {"share": "on_time_share", "time": "report_to_close_median_min", "case": "open_n"}
_MOST_LINKS = 8


# ------------------------------------------------------------------------------- computed
def _revision(dataset: Dataset, week: Week, _fingerprint: str) -> Revision:
    """A frozen week against the store as it stands; the fingerprint of the frozen state is a key."""
    kept = presented.read_presented(dataset.data_dir, week)
    return revision(presented_dataset(week), dataset, week, published=kept.figures)


def figure_words(metric: str) -> str:
    """The name of a figure of `revisions.week_figures`."""
    if metric in HEADLINES:
        return metric_label(metric)
    for statistic in ("median", "p90"):
        stage = metric.removesuffix(f"_{statistic}_min")
        if stage != metric:
            return t(f"presented.figures.{statistic}", stage=stage_words(stage))
    return t(f"presented.figures.{metric}")


def named_figures(figures: pd.DataFrame) -> pd.DataFrame:
    """The table as it is handed out, with the figures' names."""
    return figures.assign(metric=figures["metric"].map(figure_words))


def _rows(figures: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in figures.to_dict("records")]


def _is_moved(row: dict[str, Any]) -> bool:
    values = [float(row[f"{state}_value"]) for state in ("presented", "today")]
    if any(map(math.isnan, values)):
        return not all(map(math.isnan, values))
    return not math.isclose(*values, rel_tol=1e-9, abs_tol=1e-9)


def _value_words(row: dict[str, Any], state: str, small_n: int) -> str:
    """One figure with its unit and basis, as it was known in one state."""
    value, of, n = (row[f"{state}_{name}"] for name in ("value", "denominator_n", "n"))
    if math.isnan(value):
        return t("presented.not_reached") if not pd.isna(n) and n else "—"
    basis = ""
    if row["unit"] == "share":
        basis = t("cards.of", k=f"{row[f'{state}_numerator_n']:,}", n=f"{of:,}", unit=t("units.case"))
        if of < small_n:
            return basis
    elif row["unit"] == "time":
        basis = t("cards.n", n=f"{n:,}", unit=t("units.case"))
    scale = _scale(row)
    unit = scale.unit if scale.unit == t("units.share") else f" {scale.unit}"
    is_early = row["unit"] == "share" and row[f"{state}_is_provisional"]
    note = t("presented.provisional") if not pd.isna(is_early) and is_early else ""
    return f"{scale.number(value)}{unit}{note}" + (f"　{basis}" if basis else "")


def _scale(row: dict[str, Any]) -> Any:  # noqa: ANN401 - a Scale of figures.place_words
    """The scale the presented value was written in, so that it reads as it was presented."""
    values = [row[f"{state}_value"] for state in ("presented", "today")]
    return metric_scale(_LIKE[row["unit"]], [value for value in values if not math.isnan(value)][:1])


def _row_html(row: dict[str, Any], small_n: int) -> str:
    change = "—" if math.isnan(row["change"]) else change_text(_scale(row), row["change"])
    is_few = row["unit"] == "share" and any(
        row[f"{state}_denominator_n"] < small_n for state in ("presented", "today")
    )
    cells = [
        figure_words(row["metric"]),
        _value_words(row, "presented", small_n),
        _value_words(row, "today", small_n),
        "—" if is_few else change,
    ]
    mark = ' class="moved"' if _is_moved(row) else ""
    return f"<tr{mark}>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def revision_html(figures: pd.DataFrame, small_n: int) -> str:
    """The overview's figures and whatever else moved, presented beside today."""
    shown = [row for row in _rows(figures) if row["metric"] in _ALWAYS or _is_moved(row)]
    heads = "".join(
        f"<th>{escape(t(f'presented.head.{name}'))}</th>"
        for name in ("figure", "presented", "today", "change")
    )
    body = "".join(_row_html(row, small_n) for row in shown)
    return f'<table class="revision"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def changed_cases(found: Revision) -> dict[str, pd.DataFrame]:
    """The cases behind what changed, by the words of their number."""
    labels = {column.name: column.label for column in kind_named("incidents").columns}
    lists = {}
    for name in _CASES:
        cases: pd.DataFrame = getattr(found, name)
        if name == "changed":
            words = cases["changed_fields"].map(
                lambda codes: "、".join(labels.get(code, code) for code in codes.split())
            )
            cases = cases.assign(changed_fields=words)
        if len(cases):
            lists[t(f"presented.cases.{name}", n=f"{len(cases):,}")] = cases
    return lists


# ----------------------------------------------------------------------------------- shown
def show_presented(page: Page, selection: Selection) -> None:
    """Freeze the week, or what changed in it since; and the weeks that are frozen."""
    kept = {one.week: one for one in presented.presented_weeks(page.dataset.data_dir)}
    with error_boundary():
        if selection.week in kept:
            _show_revision(page, kept[selection.week])
        else:
            _show_freeze(page, selection.week)
        _show_frozen_weeks(page, tuple(kept.values()))


def _show_freeze(page: Page, week: Week) -> None:
    if page.dataset.presented is not None:
        return
    with blocks.panel("presented", title=t("presented.title_open", number=week.number)):
        with st.container(key="presented-freeze", horizontal=True, vertical_alignment="center"):
            is_sure = st.checkbox(t("presented.sure", number=week.number), key=f"presented-sure-{week}")
            is_asked = st.button(t("presented.freeze", number=week.number), disabled=not is_sure)
        is_over = is_complete(week, page.dataset.as_of.get("incidents"))
        words = t("presented.sub") + ("" if is_over else t("presented.not_over"))
        st.html(f'<div class="panel-sub">{escape(words)}</div>')
        if is_asked:
            with st.spinner(t("presented.freezing")):
                presented.freeze_week(page.dataset.data_dir, week, figures_of=week_figures)
            st.rerun()


def _show_revision(page: Page, kept: Presented) -> None:
    today, week = current_dataset(), kept.week
    found = cached(_revision, today, week, kept.fingerprint)
    moved_n = sum(_is_moved(row) for row in _rows(found.figures))
    title = t(
        "presented.title_moved" if moved_n else "presented.title_same",
        week=week_words(week),
        day=frozen_day_words(kept.frozen_at, week),
        n=moved_n,
    )
    data = named_figures(found.figures)
    with blocks.panel(
        "presented", title=title, sub=_cases_words(found, kept, today), page=page, data=data, week=str(week)
    ):
        show_case_lists(
            page, "presented", lambda: changed_cases(found), suffix=str(week), extra=("changed_fields",)
        )
        blocks.show_svg(revision_html(found.figures, today.settings.integer("small_n")))
        for note in _notes(found, moved_n):
            st.html(f'<div class="panel-sub">{escape(note)}</div>')


def _cases_words(found: Revision, kept: Presented, today: Dataset) -> str:
    """Through when both states know, and how many cases came, closed, changed or went."""
    then = presented_dataset(kept.week).as_of["incidents"]
    counts = {name: len(getattr(found, name)) for name in _CASES}
    parts = [t(f"presented.cases.{name}", n=f"{n:,}") for name, n in counts.items() if n]
    if found.backdated_n:
        parts.append(t("presented.backdated", n=f"{found.backdated_n:,}"))
    return t(
        "presented.since",
        then=stamp_words(then),
        now=stamp_words(today.as_of.get("incidents", then)),
        cases="，".join(parts) or t("presented.cases.none"),
    )


def _notes(found: Revision, moved_n: int) -> list[str]:
    """What the table leaves out, and figures that are counted otherwise today."""
    rest = sum(row["metric"] not in _ALWAYS and not _is_moved(row) for row in _rows(found.figures))
    notes = [t("presented.rest", n=rest)] if rest else []
    if found.recounted:
        names = "、".join(figure_words(metric) for metric in found.recounted)
        notes.append(t("presented.recounted", names=names))
    return notes + ([t("presented.matured")] if moved_n else [])


def _show_frozen_weeks(page: Page, kept: tuple[Presented, ...]) -> None:
    damaged = presented.damaged_presented(page.dataset.data_dir)
    if damaged:
        st.html(f'<div class="note">{escape(t("presented.damaged", names="、".join(damaged)))}</div>')
    if not kept:
        return
    with st.container(key="presented-weeks", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f"<div>{escape(t('presented.frozen', n=len(kept)))}</div>", width="content")
        for one in kept[:_MOST_LINKS]:
            words = t("presented.open", number=one.week.number, day=frozen_day_words(one.frozen_at, one.week))
            key = f"presented-open-{one.week}"
            st.button(words, key=key, type="tertiary", on_click=open_frozen, args=(one.week,))
