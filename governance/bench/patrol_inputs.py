"""Positions of patrols in any number: walks with stops through the demonstration's streets, from a seed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from governance.bench.inputs import FIRST_S, SEED
from governance.geo import plane_around
from governance.records import store
from governance.records.checks import stored_schema
from governance.records.dataset import empty_frame
from governance.records.manifest import Manifest, Segment
from governance.sample.reference import build_reference
from governance.schema import kind_named

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from governance.geo import Plane

DAY_S = 86_400
WALK_M_S = 1.15
_STOP_S = (240, 600)
# GPS errors of neighbouring fixes hang together.
_ECHO, _ERROR_M = 0.9, 8.0
_FORCES = ("police", "urban", "mass")
_TEAMS_N = 9


def reference() -> dict[str, pd.DataFrame]:
    """Micro-grids, points, routes and teams of the demonstration street, as stored frames."""
    tables = build_reference(np.random.default_rng(SEED)).tables
    frames = {}
    for kind in ("microgrids", "points", "routes", "teams"):
        own = tables[kind]
        if "geometry" in own.columns:
            own = own.assign(geometry=shapely.to_wkt(own["geometry"].to_numpy(dtype=object), 6))
        empty = empty_frame(kind)
        types = {name: dtype for name, dtype in empty.dtypes.items() if name != "row"}
        frames[kind] = own.reindex(columns=empty.columns).assign(row=0).astype(types)
    return frames


def street_plane(microgrids: pd.DataFrame) -> Plane:
    """The metric plane around the micro-grids."""
    return plane_around(shapely.from_wkt(microgrids["geometry"].dropna().to_numpy(dtype=object)))


def track(
    rng: np.random.Generator, stops: NDArray[np.float64], *, start_s: int, end_s: int, step_s: int
) -> pd.DataFrame:
    """One device's fixes: from stop to stop on foot, minutes at each; `at_s`, `x`, `y`, `accuracy_m`."""
    near = np.argsort(np.hypot(*(stops - stops[rng.integers(len(stops))]).T))[:40]
    count = int((end_s - start_s) / (sum(_STOP_S) / 2 + 60)) + 8
    places = stops[near[rng.integers(0, len(near), count)]] + rng.normal(0, 6, (count, 2))
    stay = rng.uniform(*_STOP_S, count)
    legs = np.concatenate([[0.0], np.hypot(*np.diff(places, axis=0).T) / WALK_M_S])
    arrive = start_s + np.cumsum(legs + np.concatenate([[0.0], stay[:-1]]))
    knots = np.column_stack([arrive, arrive + stay]).ravel()
    at_s = np.arange(start_s + int(rng.integers(step_s)), end_s, step_s)
    white = rng.standard_normal((2, len(at_s)))
    error = np.empty_like(white)
    # A first-order echo, as a filter over blocks would make it.
    from scipy.signal import lfilter

    error = lfilter([np.sqrt(1 - _ECHO**2)], [1.0, -_ECHO], white, axis=1) * _ERROR_M
    x = np.interp(at_s, knots, np.repeat(places[:, 0], 2)) + error[0]
    y = np.interp(at_s, knots, np.repeat(places[:, 1], 2)) + error[1]
    return pd.DataFrame({"at_s": at_s, "x": x, "y": y, "accuracy_m": rng.uniform(8, 25, len(at_s)).round()})


def write_segment(
    path: Path, *, seed: int, persons: int, first_day: int, days_n: int, step_s: int, microgrids: pd.DataFrame
) -> int:
    """Write the fixes of some days as a segment of the store; returns how many."""
    rng = np.random.default_rng([SEED, seed])
    plane = street_plane(microgrids)
    polygons = shapely.from_wkt(microgrids["geometry"].dropna().to_numpy(dtype=object))
    middles = shapely.get_coordinates(shapely.centroid(polygons))
    stops = np.column_stack([plane.x_m(middles[:, 0]), plane.y_m(middles[:, 1])])
    start = FIRST_S + first_day * DAY_S
    columns = stored_schema(kind_named("pings"))
    rows = 0
    with pq.ParquetWriter(path, columns, compression="zstd") as writer:
        for person in range(persons):
            fixes = track(rng, stops, start_s=start, end_s=start + days_n * DAY_S, step_s=step_s)
            size = len(fixes)
            whole = {
                "person_id": f"P-{person:03d}",
                "device_id": f"D-{person:03d}",
                "team_id": f"T-{person % _TEAMS_N + 1}",
                "force": _FORCES[person // _TEAMS_N % len(_FORCES)],
                "flags": "",
                "file": path.name,
                "import_id": "bench",
            }
            arrays = {name: pa.repeat(text, size) for name, text in whole.items()}
            arrays |= {
                "at": pa.array(fixes["at_s"].to_numpy() * 1_000_000).cast(columns.field("at").type),
                "lon": pa.array(plane.lon(fixes["x"].to_numpy()).round(7)),
                "lat": pa.array(plane.lat(fixes["y"].to_numpy()).round(7)),
                "accuracy_m": pa.array(fixes["accuracy_m"].to_numpy()),
                "row": pa.array(np.arange(size)),
            }
            writer.write_table(pa.table([arrays[name] for name in columns.names], schema=columns))
            rows += size
    return rows


def commit_segments(data_dir: Path, segments: list[Segment], *, until_s: int) -> None:
    """Make a store of the reference and some segments of positions."""
    before = store.read_manifest(data_dir)
    tables = dict(before.tables)
    if "microgrids" not in tables:
        for kind, frame in reference().items():
            columns = stored_schema(kind_named(kind))
            rows = frame.reindex(columns=columns.names)
            path = store.folder_of(data_dir, kind) / "bench.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pandas(rows, schema=columns, preserve_index=False), path)
            tables[kind] = (Segment(path=path.relative_to(data_dir).as_posix(), rows=len(frame)),)
    tables["pings"] = (*tables.get("pings", ()), *segments)
    as_of = datetime.fromtimestamp(until_s, UTC).isoformat()
    store.commit(data_dir, replace(Manifest(), tables=tables, as_of={"pings": as_of}))
