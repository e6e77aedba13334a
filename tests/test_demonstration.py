from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from governance.demonstration import make_demonstration, needs_demonstration
from governance.errors import UsageError
from governance.settings import BUNDLED_REFERENCE_DIR
from tests.builders import case, imported

if TYPE_CHECKING:
    from pathlib import Path


def test_only_a_folder_without_store_and_own_reference_gets_the_demonstration(tmp_path: Path) -> None:
    assert needs_demonstration(tmp_path / "new")
    shutil.copytree(BUNDLED_REFERENCE_DIR, tmp_path / "bundled" / "reference")
    assert needs_demonstration(tmp_path / "bundled")
    (tmp_path / "bundled" / "reference" / "basemap.geojson").write_text("{}", encoding="utf-8")
    assert not needs_demonstration(tmp_path / "bundled")
    imported(tmp_path / "own", "incidents", [case("A1")])
    assert not needs_demonstration(tmp_path / "own")


def test_the_demonstration_refuses_a_folder_with_other_imports(tmp_path: Path) -> None:
    imported(tmp_path / "own", "incidents", [case("A1")])
    with pytest.raises(UsageError, match="folder_has_other_imports"):
        make_demonstration(tmp_path / "own")
    assert not (tmp_path / "own" / "sample").exists()
