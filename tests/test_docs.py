"""The README says what the code does: settings, commands, folders, dependencies, pictures."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from governance.cli import main
from governance.settings import SETTINGS

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
# Names of XML formats and this machine; everything else would be a host outside.
LOCAL_URL = re.compile(r"https?://(www\.w3\.org|schemas\.openxmlformats\.org|127\.0\.0\.1|localhost|\[::1\])")
ANY_URL = re.compile(r"https?://[\w\[]")
PRODUCT = ("dashboard.py", "constraints.txt", "pyproject.toml", "README.md", "CHANGELOG.md")
PRODUCT_FOLDERS = ("governance", "pages", "scripts", ".ci", ".streamlit")


def section(title):
    return re.split(r"^##+ ", README.split(f"## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text):
    return re.findall(r"^\| `?([^`|]+?)`? \|", text, flags=re.MULTILINE)


def settings_table():
    lines = ["| name | default | unit | 说明 | source |", "|---|---|---|---|---|"]
    lines += [
        f"| `{s.name}` | {s.default if s.default != '' else '—'} | {s.unit} | {s.help} | {s.source} |"
        for s in SETTINGS
    ]
    return "\n".join(lines)


def test_the_settings_table_is_that_of_the_code():
    written = re.search(r"<!-- settings:.*?-->\n(.*?)\n<!-- /settings -->", README, flags=re.DOTALL)
    assert written
    assert written[1] == settings_table()


def test_the_commands_are_those_of_the_command_line():
    documented = {cell.split()[1]: cell for cell in first_cells(section("Command line")) if " " in cell}
    assert set(documented) == set(main.commands)
    for name, command in main.commands.items():
        options = {option for parameter in command.params for option in parameter.opts if "--" in option}
        assert set(re.findall(r"--[\w-]+", documented[name])) == options - {"--data"}


def test_every_place_of_the_code_map_exists():
    places = first_cells(section("The map of the code"))[1:]
    assert [place for place in places if not (PROJECT / place).exists()] == []
    packages = {f"governance/{path.parent.name}/" for path in (PROJECT / "governance").glob("*/__init__.py")}
    assert packages <= set(places)


def test_every_dependency_has_its_reason():
    with (PROJECT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    named = {re.split(r"[\[<>=;]", line)[0] for line in project["dependencies"]}
    assert set(first_cells(section("Dependencies"))[1:]) == named
    assert [name for name in project["optional-dependencies"]["test"] if name not in README] == []


def test_constraints_are_plain_pins_of_every_dependency():
    lines = (PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(re.fullmatch(r"([A-Za-z0-9._-]+)==([\w.+!]+)", line).groups() for line in lines)
    spelled = {name.lower().replace("_", "-") for name in pins}
    with (PROJECT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    assert {re.split(r"[\[<>=;]", name)[0].lower().replace("_", "-") for name in wanted} <= spelled


def test_every_picture_is_there():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert len(pictures) == 2
    assert [picture for picture in pictures if not (PROJECT / picture).is_file()] == []


def test_no_file_of_the_product_names_an_outside_host():
    files = [PROJECT / name for name in PRODUCT]
    files += [path for name in PRODUCT_FOLDERS for path in (PROJECT / name).rglob("*") if path.is_file()]
    text_files = [path for path in files if "__pycache__" not in path.parts]
    outside = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in text_files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ANY_URL.search(LOCAL_URL.sub("", line))
    ]
    assert outside == []
