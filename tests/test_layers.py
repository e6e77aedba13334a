"""Imports run one way, and each library stays in its layer."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "governance"

# A module may import its own layer and the layers before it; the longest name decides.
LAYERS = {
    "governance.errors": 0,
    "governance.settings": 1,
    "governance.text": 1,
    "governance.workdays": 2,
    "governance.geo": 2,
    "governance.unions": 2,
    "governance.schema": 2,
    "governance.access": 3,
    "governance.records": 4,
    "governance.records.patrol": 4,
    "governance.sample": 4,
    "governance.demonstration": 5,
    "governance.metrics": 6,
    "governance.figures": 7,
    "governance.report": 8,
    "governance.meeting": 8,
    "governance.ui": 9,
    "governance.cli": 9,
    "governance.bench": 10,
    "pages": 10,
    "dashboard": 11,
}
HOMES = {
    "streamlit": ("governance.ui", "pages", "dashboard", "governance.bench"),
    "streamlit_folium": ("governance.ui",),
    "plotly": ("governance.figures",),
    "folium": ("governance.figures",),
}
# Commands name what they run at the moment they run it.
LATE = {("governance.cli", "governance.bench")}
MAX_LINES = {"governance": 360, "pages": 60}


def module_name(path):
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def product_files():
    files = [*PACKAGE.rglob("*.py"), *(PROJECT / "pages").glob("*.py"), PROJECT / "dashboard.py"]
    return {module_name(path): path for path in sorted(files)}


def is_for_types(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imported(tree):
    """Pairs of (module, whether it is imported for types only)."""

    def walk(node, types_only):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, types_only) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                yield from ((f"{child.module}.{alias.name}", types_only) for alias in child.names)
            elif is_for_types(child):
                yield from walk(child, True)
            else:
                yield from walk(child, types_only)

    return list(walk(tree, False))


def layer_of(name):
    """The layer of a module or of a name in it; None where the table does not know it."""
    if name == "governance" or name.startswith("governance.__"):
        return 0
    parts = name.split(".")
    prefixes = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((LAYERS[prefix] for prefix in prefixes if prefix in LAYERS), None)


def is_within(module, package):
    return module == package or module.startswith(package + ".")


FILES = product_files()
IMPORTS = {
    name: imported(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
    for name, path in FILES.items()
}


@pytest.mark.parametrize("module", FILES)
def test_a_module_imports_only_its_own_and_earlier_layers(module):
    own = layer_of(module)
    assert own is not None, f"{module} stands in no layer"
    late = {target for source, target in LATE if source == module}
    forward = [
        target
        for target, _ in IMPORTS[module]
        if target.split(".")[0] in {"governance", "pages", "dashboard"}
        and not any(is_within(target, allowed) for allowed in late)
        and (layer_of(target) is None or layer_of(target) > own)
    ]
    assert forward == []


@pytest.mark.parametrize("library", HOMES)
def test_a_drawing_library_stays_in_its_layer(library):
    strangers = [
        module
        for module in FILES
        if any(is_within(target, library) for target, _ in IMPORTS[module])
        and not any(is_within(module, home) for home in HOMES[library])
    ]
    assert strangers == []


def test_pages_know_no_pandas():
    pages = [module for module in FILES if is_within(module, "pages")]
    assert pages
    libraries = {target.split(".")[0] for page in pages for target, _ in IMPORTS[page]}
    assert not libraries & {"pandas", "numpy", "pyarrow", "ibis", "duckdb"}


def test_metrics_take_frames_and_know_no_file():
    reached = {
        (module, target)
        for module in FILES
        if is_within(module, "governance.metrics")
        for target, types_only in IMPORTS[module]
        if is_within(target, "governance.records")
        and not (types_only or is_within(target, "governance.records.dataset"))
    }
    assert reached == set()


def test_the_engine_is_reached_through_one_module():
    direct = {
        module
        for module in FILES
        for target, types_only in IMPORTS[module]
        if target.split(".")[0] in {"ibis", "duckdb"} and not types_only
    }
    assert direct <= {"governance.records.engine"}


@pytest.mark.parametrize("module", FILES)
def test_a_module_can_be_read_at_one_sitting(module):
    lines = len(FILES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES.get(module.split(".")[0], 60)


def test_the_layers_are_those_of_the_code_map():
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    direction = next(line for line in readme.splitlines() if line.startswith("errors → "))
    named = [name for step in direction.split(" → ") for name in step.split(", ")]
    numbers = [LAYERS.get(f"governance.{name}", LAYERS.get(name.removesuffix(".py"))) for name in named]
    assert None not in numbers
    assert all(earlier <= later for earlier, later in pairwise(numbers))
