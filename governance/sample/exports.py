"""The sample's raw files, as the street's systems would have exported them."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import shapely

from governance.sample import care, dirt, duty, storm, tracks, truth
from governance.sample.attendance import attend
from governance.sample.basemap import basemap
from governance.sample.cases import doors_of, draft_cases
from governance.sample.geometry import STREET_PLANE
from governance.sample.incident_tables import incident_table, step_table
from governance.sample.raw_export import RawExport
from governance.sample.record_files import write_incidents, write_records
from governance.sample.reference import Reference, build_reference
from governance.sample.reference_files import FILE_NAMES, GCJ02_KINDS, write_reference
from governance.sample.roster import Roster, build_roster
from governance.sample.stages import with_stages
from governance.sample.walks import Walk, build_walks

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["RawExport", "write_raw_exports"]

Progress = Callable[[str, float], None]
_WRITERS_N = 2


def write_raw_exports(
    data_dir: Path, *, seed: int = 2023, on_progress: Progress | None = None
) -> tuple[RawExport, ...]:
    """The whole sample of one seed under `data_dir`; same seed, same bytes.

    Writes sample/raw/*, truth.json and reference/basemap.geojson and returns the raw files in
    the order in which they are imported: reference kinds first. `on_progress` is told a step
    and the share done.
    """
    tell: Progress = on_progress or (lambda _step, _share: None)
    rng = np.random.default_rng(seed)
    raw = data_dir / "sample" / "raw"
    for folder in (raw, data_dir / "reference"):
        folder.mkdir(parents=True, exist_ok=True)
    tell("reference", 0.0)
    reference = build_reference(rng)
    _write_json(data_dir / "truth.json", reference.truth.as_json(reference.street), indent=2)
    outline = shapely.union_all(reference.street.partition.communities)
    _write_json(data_dir / "reference" / "basemap.geojson", basemap(outline))
    exports = _reference_exports(raw, reference)
    tell("records", 0.2)
    tables, incidents, walks, roster = _records(rng, reference)
    exports += write_incidents(rng, raw, incidents)
    exports += write_records(rng, raw, tables)
    tell("pings", 0.5)
    exports += _ping_exports(rng, raw, reference, walks, roster, tell)
    tell("done", 1.0)
    return tuple(exports)


def _reference_exports(raw: Path, reference: Reference) -> list[RawExport]:
    return [
        RawExport(
            kind,
            write_reference(raw, kind, reference.tables[kind]),
            truth.AS_OF,
            crs="gcj02" if kind in GCJ02_KINDS else None,
        )
        for kind in FILE_NAMES
    ]


def _records(
    rng: np.random.Generator, reference: Reference
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, dict[tuple[int, int], Walk], Roster]:
    """Small record tables by kind, the incidents, and the walks and roster the pings come from."""
    street, unvisited = reference.street, reference.truth.unvisited
    points = reference.tables["points"]
    points_m = np.column_stack(
        [STREET_PLANE.x_m(points["lon"].to_numpy()), STREET_PLANE.y_m(points["lat"].to_numpy())]
    )
    roster = build_roster(rng)
    walks = build_walks(rng, street, points_m, avoid=unvisited)
    doors = doors_of(rng, reference)
    drafts = draft_cases(rng, doors, estate_id=reference.truth.improving_estate_id, unvisited=unvisited)
    cases = with_stages(rng, attend(rng, street, drafts, doors, walks, roster, avoid=unvisited))
    incidents = incident_table(rng, cases, reference, doors)
    seen = duty.checkins(rng, roster, walks)
    tables = {
        "incident_steps": step_table(rng, incidents, reference),
        "requests": care.request_table(rng, reference),
        "checkins": seen.assign(point_id=points["point_id"].to_numpy()[seen["point"]])[
            ["point_id", "person_id", "at_s"]
        ],
        "rollcalls": duty.rollcalls(roster),
        "shifts": duty.shifts(roster),
        "visits": care.visit_table(rng, reference).rename(columns={"at_s": "visited_s"}),
        "activities": care.activity_table(),
        "warnings": storm.warning_table(),
        "warning_steps": storm.warning_step_table(rng, reference),
    }
    return tables, incidents, walks, roster


def _ping_exports(
    rng: np.random.Generator,
    raw: Path,
    reference: Reference,
    walks: dict[tuple[int, int], Walk],
    roster: Roster,
    tell: Progress,
) -> list[RawExport]:
    """One file of pings a week; the device platform exports on Monday at half past midnight."""
    made = tracks.recordings(rng, roster)
    shunned = reference.street.polygons_m[reference.truth.unvisited]
    streams = rng.spawn(truth.WEEKS_N)

    def write(week: int) -> RawExport:
        fixes = tracks.week_fixes(streams[week], week, made, walks, shunned)
        path = raw / f"轨迹_2023W{week + 12}.csv"
        tracks.write_pings(path, tracks.fix_table(dirt.dirty_fixes(streams[week], fixes, week)))
        monday = truth.moment((week + 1) * 7 * 86_400 + 1_800)
        return RawExport("pings", path, min(monday, truth.AS_OF))

    exports = []
    with ThreadPoolExecutor(_WRITERS_N) as pool:
        for week, export in enumerate(pool.map(write, range(truth.WEEKS_N)), 1):
            exports.append(export)
            tell("pings", 0.5 + 0.5 * week / truth.WEEKS_N)
    return exports


def _write_json(path: Path, content: dict[str, object], *, indent: int | None = None) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")
