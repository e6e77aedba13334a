"""The sample's raw files, as the street's systems would have exported them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import shapely

from governance.sample import people, places, standards, truth
from governance.sample.basemap import basemap
from governance.sample.reference_files import FILE_NAMES, GCJ02_KINDS, write_reference
from governance.sample.street import Street, build_street
from governance.workdays import SHANGHAI

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from governance.geo import Datum

Progress = Callable[[str, float], None]
# Reference tables were handed over before the first record.
REFERENCE_AS_OF = datetime(2023, 9, 17, 18, 0, tzinfo=SHANGHAI)


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


@dataclass(frozen=True)
class Reference:
    """The street, its reference tables by kind, and the truth that depends on them."""

    street: Street
    tables: dict[str, pd.DataFrame]
    truth: truth.Truth


def build_reference(rng: np.random.Generator) -> Reference:
    """All reference kinds, canonical columns."""
    street = build_street(rng)
    unvisited = truth.unvisited_microgrid(street)
    estates, improving = places.estate_table(rng, street)
    tables = places.area_tables(rng, street)
    tables |= {
        "addresses": places.address_table(rng, street, estates),
        "estates": estates,
        "members": people.member_table(rng, street),
        "key_units": places.key_unit_table(rng, street),
        "routes": places.route_table(street),
        "points": places.point_table(rng, street, avoid=unvisited),
        "teams": people.team_table(street),
        "rules": standards.rule_table(),
        "targets": standards.target_table(),
        "care_register": people.care_table(rng, street),
    }
    return Reference(street, tables, truth.Truth(unvisited, improving))


def write_raw_exports(
    data_dir: Path, *, seed: int = 2023, on_progress: Progress | None = None
) -> tuple[RawExport, ...]:
    """The whole sample of one seed under `data_dir`; same seed, same bytes.

    Writes sample/raw/*, truth.json and reference/basemap.geojson and returns the raw files in
    the order in which they are imported: reference kinds first. `on_progress` is told a kind
    and the share done.
    """
    tell: Progress = on_progress or (lambda _kind, _share: None)
    rng = np.random.default_rng(seed)
    raw = data_dir / "sample" / "raw"
    for folder in (raw, data_dir / "reference"):
        folder.mkdir(parents=True, exist_ok=True)
    tell("reference", 0.0)
    reference = build_reference(rng)
    _write_json(data_dir / "truth.json", reference.truth.as_json(reference.street), indent=2)
    outline = shapely.union_all(reference.street.partition.communities)
    _write_json(data_dir / "reference" / "basemap.geojson", basemap(outline))
    return tuple(
        RawExport(
            kind,
            write_reference(raw, kind, reference.tables[kind]),
            REFERENCE_AS_OF,
            crs="gcj02" if kind in GCJ02_KINDS else None,
        )
        for kind in FILE_NAMES
    )


def _write_json(path: Path, content: dict[str, object], *, indent: int | None = None) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")
