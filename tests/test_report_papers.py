"""The three papers say the same as the model, open in an office program, and come from one command."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
from datetime import datetime

import pytest
from click.testing import CliRunner
from docx import Document
from openpyxl import load_workbook
from pptx import Presentation

from governance.cli import main
from governance.errors import GovernanceError, UsageError
from governance.records.store import open_dataset
from governance.report.papers import FORMATS, contents, file_name, paper, reported_week
from governance.report.word_layout import LINE_CHARS, PAGE_LINES, blank_paper
from governance.report.workbook import number_of
from governance.workdays import SHANGHAI, Week
from tests.builders import case, import_small_street, imported
from tests.report_models import empty_model, week_model
from tests.test_report_powerpoint import runs_of

REQUIRED = "GOVERNANCE_REQUIRE_OFFICE"
AS_OF = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)


# ---------------------------------------------------------------------- the same numbers
def word_text(model):
    document = Document(io.BytesIO(paper(model, "docx")))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    said = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    return said.replace("\u00a0", " ")


def slide_texts(model):
    deck = Presentation(io.BytesIO(paper(model, "pptx")))
    return [[run.text for run in runs_of(slide)] for slide in deck.slides]


def test_the_papers_say_the_numbers_of_the_screen():
    model = week_model()
    word, deck = word_text(model), slide_texts(model)
    book = load_workbook(io.BytesIO(paper(model, "xlsx")))["本周数字"]
    lines = [[cell.value for cell in row] for row in book.iter_rows(min_row=2)]
    for slide, drawn in zip(model.slides, deck, strict=True):
        assert slide.title in word
        assert slide.title in drawn
        for figure in slide.figures:
            assert f"{figure.value} {figure.unit}" in word
            assert {figure.label, figure.value, figure.unit} <= set(drawn)
            assert [slide.title, figure.label, number_of(figure.value), figure.unit] in [
                line[1:5] for line in lines
            ]
        for item in slide.items:
            assert f"{item.title}。" in word
            assert f"{item.value} {item.unit}" in word
            assert item.title in drawn
            assert item.value in drawn or f"{item.value} {item.unit}" in drawn
            assert [item.title, number_of(item.value), item.unit] in [line[2:5] for line in lines]
        for table in slide.tables:
            assert all(cell in word and cell in drawn for row in table.rows for cell in row)


def test_the_same_week_gives_the_same_paper():
    once, again = (Document(io.BytesIO(paper(week_model(), "docx"))) for _ in range(2))
    assert once.element.xml == again.element.xml
    assert once.core_properties.modified == again.core_properties.modified


def test_contents_counts_what_the_papers_hold():
    model = week_model()
    held = contents(model)
    book = load_workbook(io.BytesIO(paper(model, "xlsx")))
    assert held["slides"] == len(Presentation(io.BytesIO(paper(model, "pptx"))).slides) == 7
    assert held["sheets"] == len(book.sheetnames) - 1
    assert held["rows"] == sum(sheet.max_row - 1 for sheet in book.worksheets[1:])
    assert (held["figures"], held["charts"], held["maps"], held["tables"]) == (7, 3, 1, 1)


def test_an_unknown_format_is_named():
    with pytest.raises(UsageError, match="unknown_format"):
        paper(week_model(), "odt")
    assert file_name(week_model(), "docx") == "上清寺街道网格治理周报-2023-W37.docx"


# --------------------------------------------------------------- in an office program
@pytest.fixture(scope="module")
def pages_of(tmp_path_factory):
    """Counts the pages of a file as LibreOffice lays it out; skipped where there is none."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        told = "papers are opened in LibreOffice (apt-get install libreoffice-writer -impress -calc)"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(told)
        pytest.skip(told)
    folder = tmp_path_factory.mktemp("office")

    def converted(files):
        for name, content in files.items():
            (folder / name).write_bytes(content)
        command = [program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
        subprocess.run(
            [
                *command,
                "--convert-to",
                "pdf",
                "--outdir",
                str(folder),
                *(str(folder / name) for name in files),
            ],
            check=True,
            capture_output=True,
            timeout=240,
        )
        pdfs = [(folder / name).with_suffix(".pdf").read_bytes() for name in files]
        return [len(re.findall(rb"/Type\s*/Page\b", pdf)) for pdf in pdfs]

    return converted


def full_page_paper():
    """Two pages of nothing but full lines, and one character more."""
    document = blank_paper()
    for _ in range(2 * PAGE_LINES):
        paragraph = document.add_paragraph("字" * LINE_CHARS)
        paragraph.paragraph_format.first_line_indent = 0
    document.add_paragraph("字")
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


@pytest.mark.office
def test_the_papers_open_and_have_the_pages_they_should(pages_of):
    files = {f"{name}.{name}": paper(week_model(), name) for name in FORMATS}
    files |= {f"empty-{name}.{name}": paper(empty_model(), name) for name in FORMATS}
    files["full.docx"] = full_page_paper()
    counted = dict(zip(files, pages_of(files), strict=True))
    assert 3 <= counted["docx.docx"] <= 5
    assert counted["pptx.pptx"] == 7
    assert counted["xlsx.xlsx"] >= 4
    assert counted["empty-docx.docx"] >= 1
    assert counted["empty-pptx.pptx"] == 7
    # 28 characters a line and 22 lines a page: two full pages and a third for one character.
    assert counted["full.docx"] == 3


# ------------------------------------------------------------------------ the command
@pytest.fixture
def street(tmp_path):
    data_dir = tmp_path / "data"
    import_small_street(data_dir)
    rows = [
        case("1", "2023-09-04 09:00", 结案时间="2023-09-04 11:00", 状态="已结案"),
        case("2", "2023-09-12 09:00", 结案时间="2023-09-12 12:00", 状态="已结案"),
        case("3", "2023-09-13 09:00", 状态="在办"),
    ]
    imported(data_dir, "incidents", rows, as_of=AS_OF)
    return data_dir


def run(*arguments):
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_command_writes_a_paper_and_notes_it(name, street, tmp_path):
    output = tmp_path / f"周报.{name}"
    done = run("--data", street, "--format", name, "-o", output)
    assert done.exit_code == 0, done.output
    assert output.read_bytes()[:2] == b"PK"
    last = json.loads((street / "audit.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["action"], last["what"]) == ("export", f"report {name} 2023-W37")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "odt"),
        ("--format", "docx", "--week", "2023-37"),
        ("--format", "docx", "--week", "2031-W01"),
        (),
    ],
)
def test_what_is_not_there_is_wrong_usage(arguments, street, tmp_path):
    output = tmp_path / "x"
    assert run("--data", street, *arguments, "-o", output).exit_code == 2
    assert not output.exists()


def test_without_records_there_is_nothing_to_write(tmp_path):
    import_small_street(tmp_path / "data")
    done = run("--data", tmp_path / "data", "--format", "docx", "-o", tmp_path / "x.docx")
    assert done.exit_code == 1


def test_a_paper_that_cannot_be_written_leaves_nothing(street, tmp_path):
    done = run("--data", street, "--format", "docx", "-o", tmp_path / "none" / "x.docx")
    assert done.exit_code == 1
    assert "Traceback" not in done.output


def test_the_week_is_the_last_complete_one_unless_asked_for(street):
    dataset = open_dataset(street)
    assert reported_week(dataset) == Week(2023, 37)
    assert reported_week(dataset, Week(2023, 36)) == Week(2023, 36)
    with pytest.raises(UsageError, match="unknown_week"):
        reported_week(dataset, Week(2023, 35))


def test_a_street_without_cases_has_no_week(tmp_path):
    import_small_street(tmp_path / "data")
    with pytest.raises(GovernanceError, match="nothing_to_report"):
        reported_week(open_dataset(tmp_path / "data"))
