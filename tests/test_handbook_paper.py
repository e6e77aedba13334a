"""The Word handbook: a page a micro-grid, its code, masked people, what fits; and the command."""

from __future__ import annotations

import io
import json

import pytest
from click.testing import CliRunner
from docx import Document
from docx.oxml.ns import qn

from governance.cli import main
from governance.errors import GovernanceError
from governance.records.store import open_dataset
from governance.report.handbook_paper import cut, handbook_paper
from governance.report.wording import width_of
from tests.builders import imported
from tests.handbook_builders import AS_OF, PHONE, ROSTER, import_small_handbook, member
from tests.test_report_papers import pages_of  # noqa: F401 (a fixture)


@pytest.fixture
def street(tmp_path):
    import_small_handbook(tmp_path / "data")
    return tmp_path / "data"


def opened(data_dir):
    return Document(io.BytesIO(handbook_paper(open_dataset(data_dir))))


def pages(document):
    """The texts of each page, divided where a page begins."""
    found = [[]]
    for part in document.element.body:
        if part.find(f"{qn('w:pPr')}/{qn('w:pageBreakBefore')}") is not None:
            found.append([])
        found[-1] += ["".join(text.text for text in node.iter(qn("w:t"))) for node in part.iter(qn("w:p"))]
    return found


def test_each_micro_grid_has_a_page_that_begins_with_its_code(street):
    found = pages(opened(street))
    assert [page[0] for page in found] == ["M11", "M12", "M21", "M22"]
    first = "\n".join(found[0])
    assert "学田湾社区" in first
    assert "楼栋长　甲＊＊" in first
    assert "人民小学" in first
    assert "门牌 1 个：学田湾正街48号" in first
    assert "本社区没有登记民警" in "\n".join(found[3])


def test_no_number_and_no_name_stands_on_paper(street):
    text = opened(street).element.xml
    assert PHONE not in text
    assert "甲某某" not in text
    assert "100＊＊＊＊31" in text


def test_the_micro_grid_is_marked_in_its_community(street):
    shapes = opened(street).element.xml.count("<v:shape ")
    # Others, outline and the marked one; a page each.
    assert shapes == 4 * 3


def test_the_same_data_give_the_same_paper(street):
    assert opened(street).element.xml == opened(street).element.xml


def test_what_is_too_long_is_cut_to_its_column():
    assert cut("短", 20) == "短"
    shown = cut("很" * 100, 30)
    assert shown.endswith("…")
    assert width_of(shown) * 10.5 * 0.3528 <= 30


def test_without_micro_grids_there_is_nothing_to_print(tmp_path):
    with pytest.raises(GovernanceError, match="no_handbook"):
        handbook_paper(open_dataset(tmp_path))


def import_crowd(data_dir):
    """More people, doors, units and routes than a page holds."""
    crowd = [member(f"X{n}", "M11", f"很长的角色名称第{n}号" * 2, name="长" * 20) for n in range(40)]
    imported(data_dir, "members", crowd, name="crowd.csv", as_of=AS_OF)
    doors = [{"地址": f"一条名字很长很长的路{n}号附{n}号", "微网格": "M11"} for n in range(200)]
    imported(data_dir, "addresses", doors, name="many.csv", as_of=AS_OF)
    units = [{"单位编号": f"V{n}", "单位名称": "很长的单位名称" * 5, "微网格": "M11"} for n in range(30)]
    imported(data_dir, "key_units", units, name="manyunits.csv", as_of=AS_OF)


@pytest.mark.office
def test_as_many_pages_as_micro_grids_however_full(street, pages_of):  # noqa: F811
    files = {"plain.docx": handbook_paper(open_dataset(street))}
    import_crowd(street)
    files["crowd.docx"] = handbook_paper(open_dataset(street))
    assert pages_of(files) == [4, 4]


# ------------------------------------------------------------------------------------ command
def run(*arguments):
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def test_the_command_prints_the_handbook_and_notes_it(street, tmp_path):
    output = tmp_path / "手册.docx"
    done = run("--data", street, "--handbook", "-o", output)
    assert done.exit_code == 0, done.output
    assert output.read_bytes()[:2] == b"PK"
    last = json.loads((street / "audit.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["action"], last["what"]) == ("export", "handbook")
    assert run("--data", street, "--handbook", "--format", "docx", "-o", output).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [("--handbook", "--format", "pptx"), ("--handbook", "--week", "2023-W37"), ("--week", "2023-W37")],
)
def test_wrong_combinations_are_wrong_usage(arguments, street, tmp_path):
    output = tmp_path / "x.docx"
    assert run("--data", street, *arguments, "-o", output).exit_code == 2
    assert not output.exists()


def test_a_street_without_micro_grids_is_told_so(tmp_path):
    imported(tmp_path / "data", "members", ROSTER)
    done = run("--data", tmp_path / "data", "--handbook", "-o", tmp_path / "x.docx")
    assert done.exit_code == 1
    assert "还没有导入微网格" in done.output
