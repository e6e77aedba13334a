"""What 周报导出 shows: three papers to take away, what each holds, the figures in them."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from governance.report.marks import SIGNS
from governance.report.papers import FORMATS, contents, file_name, paper
from governance.report.wording import figure_words
from governance.text import t
from governance.ui import blocks
from governance.ui.cache import cached
from governance.ui.ledger_data import commitments_until

if TYPE_CHECKING:
    import pandas as pd

    from governance.meeting.commitments import Commitment
    from governance.records.dataset import Dataset
    from governance.report.model import Figure, WeekModel
    from governance.report.papers import PaperFormat
    from governance.ui.filters import Selection
    from governance.ui.shell import Page
    from governance.workdays import Week

_HEADS = ("figure", "value", "basis", "previous", "target", "state")


def _week(dataset: Dataset, week: Week, commitments: tuple[Commitment, ...]) -> WeekModel:
    # Loaded at the first visit: it takes in all that is counted.
    from governance.report.week import week_model

    return week_model(dataset, week, commitments=commitments)


def _contents(dataset: Dataset, week: Week, commitments: tuple[Commitment, ...]) -> dict[str, int]:
    return contents(cached(_week, dataset, week, commitments))


def _paper(dataset: Dataset, week: Week, commitments: tuple[Commitment, ...], name: str) -> bytes:
    return paper(cached(_week, dataset, week, commitments), name)


def _rows(dataset: Dataset, week: Week, commitments: tuple[Commitment, ...]) -> pd.DataFrame:
    from governance.report.workbook import figure_rows

    return figure_rows(cached(_week, dataset, week, commitments))


def _made(page: Page, selection: Selection, name: str) -> bytes:
    """The paper's bytes: made at the click, kept while store and ledger stand still."""
    commitments = commitments_until(page.dataset, selection.week)
    return cached(_paper, page.dataset, selection.week, commitments, name)


def _model(page: Page, selection: Selection) -> WeekModel:
    commitments = commitments_until(page.dataset, selection.week)
    return cached(_week, page.dataset, selection.week, commitments)


def _counts(page: Page, selection: Selection) -> dict[str, int]:
    commitments = commitments_until(page.dataset, selection.week)
    return cached(_contents, page.dataset, selection.week, commitments)


# ------------------------------------------------------------------------------ panels
def show_conclusion(page: Page, selection: Selection) -> None:
    """One sentence: what there is to take away."""
    counts = {name: f"{n:,}" for name, n in _counts(page, selection).items()}
    blocks.show_conclusion(page.spec.title, selection.week, t("weekly_report.conclusion", **counts))


def show_papers(page: Page, selection: Selection) -> None:
    """The three papers side by side: what each holds and its button."""
    model, counts = _model(page, selection), _counts(page, selection)
    with st.container(key="papers"):
        for column, (name, form) in zip(st.columns(len(FORMATS), gap="small"), FORMATS.items(), strict=True):
            with column, st.container(key=f"panel-paper-{name}", border=True):
                _show_paper(page, selection, model, counts, name, form)


def _show_paper(
    page: Page,
    selection: Selection,
    model: WeekModel,
    counts: dict[str, int],
    name: str,
    form: PaperFormat,
) -> None:
    lists = t("weekly_report.holds.lists", n=counts["tables"]) if counts["tables"] else ""
    shown = {key: f"{n:,}" for key, n in counts.items()} | {"lists": lists}
    lines = t(f"weekly_report.holds.{name}", **shown).split("；")
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    st.html(
        f'<div class="panel-title">{escape(form.label)}</div>'
        f'<div class="panel-sub">{escape(t(f"weekly_report.uses.{name}"))}</div>'
        f'<ul class="paper-holds">{listed}</ul>'
    )
    st.download_button(
        t("weekly_report.take", ending=form.ending),
        partial(_made, page, selection, name),
        file_name=file_name(model, name),
        mime=form.mime,
        key=f"paper-{name}",
        type="primary" if name == "docx" else "secondary",
        on_click=blocks.log_export,
        args=(page.dataset, f"report {name} {selection.week}", counts["rows"]),
        width="stretch",
    )


def show_figures(page: Page, selection: Selection) -> None:
    """The figures of all slides as they stand in the papers."""
    model = _model(page, selection)
    commitments = commitments_until(page.dataset, selection.week)
    with blocks.panel(
        "report-figures",
        title=t("weekly_report.figures_title"),
        sub=t("weekly_report.figures_sub"),
        page=page,
        data=cached(_rows, page.dataset, selection.week, commitments),
        week=str(selection.week),
    ):
        parts = [_slide_rows(t(f"report.slides.{one.key}"), one.figures) for one in model.slides]
        if not any(parts):
            blocks.show_empty(t("weekly_report.no_figures"))
            return
        heads = "".join(f"<th>{escape(t(f'report.word.heads.{name}'))}</th>" for name in _HEADS)
        st.html(
            f'<table class="plain report-figures"><thead><tr><th></th>{heads}</tr></thead>'
            f"<tbody>{''.join(parts)}</tbody></table>"
        )


def _slide_rows(name: str, figures: tuple[Figure, ...]) -> str:
    return "".join(_figure_row(name if number == 0 else "", figure) for number, figure in enumerate(figures))


def _figure_row(name: str, figure: Figure) -> str:
    value = escape(figure_words(figure))
    shown = f"<s>{value}</s>" if figure.is_struck else f"<b>{value}</b>"
    state = t("report.deck.struck") if figure.is_struck else f"{SIGNS[figure.mark]} {figure.word}".strip()
    rest = (figure.basis, figure.previous, figure.target, state)
    cells = "".join(f"<td>{escape(text)}</td>" for text in rest)
    label = f'<td title="{escape(figure.definition)}">{escape(figure.label)}</td>'
    return f'<tr><td class="part">{escape(name)}</td>{label}<td class="value">{shown}</td>{cells}</tr>'


def show_missing(page: Page, selection: Selection) -> None:
    """What the records lack, as the papers say it."""
    missing = _model(page, selection).missing
    with blocks.panel(
        "report-missing", title=t("weekly_report.missing_title"), sub=t("weekly_report.missing_sub")
    ):
        if not missing:
            blocks.show_empty(t("report.book.nothing_missing"))
            return
        st.html(f'<ul class="paper-holds">{"".join(f"<li>{escape(one)}</li>" for one in missing)}</ul>')


def show_footer(page: Page, selection: Selection) -> None:
    """The command that writes the same files."""
    blocks.show_footer(
        t("weekly_report.logged"),
        t("weekly_report.command", week=selection.week, as_of=_model(page, selection).as_of_words),
    )
