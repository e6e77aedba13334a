"""Small data folders and tables for the tests, built by hand."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from governance.records.coverage import Coverage
from governance.records.intake import ImportRequest, ImportResult, import_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path


def write_csv(path: Path, rows: Iterable[Mapping[str, object]], *, encoding: str = "utf-8") -> Path:
    """Rows as CSV, headers in the order they first appear."""
    rows = list(rows)
    headers = list(dict.fromkeys(header for row in rows for header in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, headers)
        writer.writeheader()
        writer.writerows(rows)
    return path


def imported(
    data_dir: Path,
    kind: str,
    rows: Iterable[Mapping[str, object]],
    *,
    name: str = "rows.csv",
    as_of: datetime | None = None,
    coverage: Coverage | None = None,
    mapping: Path | None = None,
    crs: str | None = None,
) -> ImportResult:
    """Rows written to a CSV beside the data folder and imported into it."""
    path = write_csv(data_dir.parent / "exports" / name, rows)
    request = ImportRequest(
        kind=kind, paths=(path,), as_of=as_of, coverage=coverage or Coverage(), mapping=mapping, crs=crs
    )
    return import_files(request, data_dir)


def case(incident_id: str, reported_at: str = "2023-09-11 09:00", **more: object) -> dict[str, object]:
    """One incident row with Chinese headers."""
    return {"案件编号": incident_id, "上报时间": reported_at, **more}


def square(west: float, south: float, size: float) -> dict[str, object]:
    """A GeoJSON square in degrees."""
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def import_small_street(data_dir: Path) -> None:
    """Two communities side by side, one grid each, two micro-grids a grid, 0.001° wide."""
    tables: dict[str, list[dict[str, object]]] = {"communities": [], "grids": [], "microgrids": []}
    for number, name in enumerate(("学田湾社区", "春森路社区"), start=1):
        tables["communities"].append({"properties": {"community_code": f"C{number}", "name": name}})
        grid = {"grid_code": f"G{number}", "name": f"第{number}网格", "community_code": name}
        tables["grids"].append({"properties": grid})
        for cell in (1, 2):
            west = 106.540 + 0.002 * (number - 1) + 0.001 * (cell - 1)
            code = f"M{number}{cell}"
            cell_of = {
                "microgrid_code": code,
                "name": code,
                "grid_code": f"G{number}",
                "tier": 2,
                "households": 50,
            }
            tables["microgrids"].append({"properties": cell_of, "geometry": square(west, 29.560, 0.001)})
    folder = data_dir.parent / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    for kind, rows in tables.items():
        features = [{"type": "Feature", "geometry": None, **row} for row in rows]
        path = folder / f"{kind}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        import_files(ImportRequest(kind=kind, paths=(path,)), data_dir)
