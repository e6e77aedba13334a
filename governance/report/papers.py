"""The papers of a week by format: what they are called, what they hold, their bytes.

paper(model, "docx") → bytes
contents(model, "xlsx") → {"sheets": 12, "rows": 3400}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.errors import GovernanceError, UsageError
from governance.text import t
from governance.workdays import Week, default_week

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.records.dataset import Dataset
    from governance.report.model import WeekModel

_OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True)
class PaperFormat:
    """A format: its ending, its type for a browser."""

    ending: str
    mime: str

    @property
    def label(self) -> str:
        """Its name on a button."""
        return t(f"report.formats.{self.ending}")


FORMATS: Mapping[str, PaperFormat] = {
    "docx": PaperFormat("docx", f"{_OFFICE}.wordprocessingml.document"),
    "pptx": PaperFormat("pptx", f"{_OFFICE}.presentationml.presentation"),
    "xlsx": PaperFormat("xlsx", f"{_OFFICE}.spreadsheetml.sheet"),
}


def format_named(name: str) -> PaperFormat:
    """The format of an ending.

    Raises
    ------
    UsageError
        `unknown_format` when there is none of that name.
    """
    if name not in FORMATS:
        raise UsageError("unknown_format", format=name, formats="、".join(FORMATS))
    return FORMATS[name]


def reported_week(dataset: Dataset, asked: Week | None = None) -> Week:
    """The week a paper is about: the one asked for, else the last complete one.

    Raises
    ------
    GovernanceError
        `nothing_to_report` when no incident has a week.
    UsageError
        `unknown_week` when the records do not reach the week asked for.
    """
    as_of, first_at = dataset.as_of.get("incidents"), dataset.frame("incidents")["reported_at"].min()
    if as_of is None or first_at is None or first_at != first_at:
        raise GovernanceError("nothing_to_report")
    if asked is None:
        return default_week(as_of)
    first, last = Week.of(first_at.to_pydatetime()), Week.of(as_of)
    if not first <= asked <= last:
        raise UsageError("unknown_week", week=asked, first=first, last=last)
    return asked


def paper(model: WeekModel, name: str) -> bytes:
    """The week as a file; the same model gives the same content.

    Raises
    ------
    UsageError
        `unknown_format` when there is none of that name.
    """
    format_named(name)
    # Each writer's library takes a moment to load: only the one that is needed.
    if name == "docx":
        from governance.report.word import word_paper

        return word_paper(model)
    if name == "pptx":
        from governance.report.powerpoint import powerpoint_paper

        return powerpoint_paper(model)
    from governance.report.workbook import workbook_paper

    return workbook_paper(model)


def file_name(model: WeekModel, name: str) -> str:
    """What the file is called when it is taken away."""
    return f"{t('report.title', street=model.street)}-{model.week}.{format_named(name).ending}"


def contents(model: WeekModel) -> dict[str, int]:
    """What the papers hold: slides, figures, lines, charts, tables, maps, sheets, rows.

    Sheets and rows are those of the workbook, its first sheet not counted.
    """
    from governance.report.workbook import workbook_sheets

    sheets = workbook_sheets(model)
    return {
        "slides": len(model.slides),
        "figures": sum(len(slide.figures) for slide in model.slides),
        "items": sum(len(slide.items) for slide in model.slides),
        "charts": sum(len(slide.charts) for slide in model.slides),
        "tables": sum(len(slide.tables) for slide in model.slides),
        "maps": sum(slide.map is not None for slide in model.slides),
        "sheets": len(sheets),
        "rows": sum(len(sheet.frame) for sheet in sheets),
    }
