"""Plain-grid reference data: square micro-grids over a box, for places without polygons."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.errors import UsageError
from governance.geo import Plane
from governance.records.intake import ImportRequest, import_files

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_CELLS = 20_000
_CELLS_PER_GRID = 4


def parsed_box(text: str) -> tuple[float, float, float, float]:
    """West, south, east and north degrees of `LON_MIN,LAT_MIN,LON_MAX,LAT_MAX`.

    Raises
    ------
    UsageError
        `bad_bbox` when the text is no box on the earth.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError("bad_bbox", bbox=text) from error
    if not (-180 <= west < east <= 180 and -90 < south < north < 90):
        raise UsageError("bad_bbox", bbox=text)
    return west, south, east, north


def make_plain_grid(bbox: str, *, cell_m: float, data_dir: Path) -> dict[str, int]:
    """Import one community, square grids and square micro-grids of `cell_m` metres over a box.

    Four by four micro-grids make a grid. Returns the numbers of micro-grids and grids.

    Raises
    ------
    UsageError
        `bad_bbox`, `bad_cell` or `too_many_cells`.
    """
    west, south, east, north = parsed_box(bbox)
    if not (math.isfinite(cell_m) and cell_m > 0):
        raise UsageError("bad_cell", cell_m=cell_m)
    plane = Plane(lon0=(west + east) / 2, lat0=(south + north) / 2)
    left, right = plane.x_m(np.array([west, east]))
    bottom, top = plane.y_m(np.array([south, north]))
    columns, rows = math.ceil((right - left) / cell_m), math.ceil((top - bottom) / cell_m)
    if columns * rows > _MAX_CELLS:
        raise UsageError("too_many_cells", cells=columns * rows, most=_MAX_CELLS)
    lon = plane.lon(left + cell_m * np.arange(columns + 1)).round(6)
    lat = plane.lat(bottom + cell_m * np.arange(rows + 1)).round(6)
    tables = _features(lon, lat)
    with tempfile.TemporaryDirectory() as folder:
        for kind, features in tables.items():
            path = Path(folder) / f"{kind}.geojson"
            path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
            import_files(ImportRequest(kind=kind, paths=(path,), origin="grid"), data_dir)
    return {"microgrids": len(tables["microgrids"]), "grids": len(tables["grids"])}


def _features(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> dict[str, list[dict[str, Any]]]:
    columns, rows = len(lon) - 1, len(lat) - 1
    step = _CELLS_PER_GRID
    box = _box(lon, lat, (0, 0), (columns, rows))
    communities = [_feature(box, community_code="C-1", name="C-1")]
    grids, microgrids = [], []
    for row in range(0, rows, step):
        for column in range(0, columns, step):
            code = f"G-{row // step + 1:02d}-{column // step + 1:02d}"
            corner = (min(column + step, columns), min(row + step, rows))
            box = _box(lon, lat, (column, row), corner)
            grids.append(_feature(box, grid_code=code, name=code, community_code="C-1"))
            microgrids += [
                _feature(
                    _box(lon, lat, (x, y), (x + 1, y + 1)),
                    microgrid_code=f"M-{y + 1:03d}-{x + 1:03d}",
                    name=f"M-{y + 1:03d}-{x + 1:03d}",
                    grid_code=code,
                    tier=2,
                )
                for y in range(row, corner[1])
                for x in range(column, corner[0])
            ]
    return {"communities": communities, "grids": grids, "microgrids": microgrids}


def _box(
    lon: NDArray[np.float64], lat: NDArray[np.float64], low: tuple[int, int], high: tuple[int, int]
) -> list[list[float]]:
    west, south, east, north = lon[low[0]], lat[low[1]], lon[high[0]], lat[high[1]]
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _feature(ring: list[list[float]], **properties: object) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
