"""One raw file of the sample and how it is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from governance.geo import Datum


@dataclass(frozen=True)
class RawExport:
    """One raw file and how it is imported.

    `mapping` adapts headers the alias table does not know; `coverage` is, for incidents, what
    the export held (`all_open`, `reported:FROM..TO`), else empty.
    """

    kind: str
    path: Path
    as_of: datetime
    crs: Datum | None = None
    mapping: Path | None = None
    coverage: str = ""
