"""What the map page computes from a data set, one function a cache entry (see ui.cache.cached)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from governance.figures.map_shapes import Shapes, shapes_of
from governance.metrics.areas import area_table, levels_of, with_parents
from governance.metrics.places import PlaceRecords, incident_flags, place_measures
from governance.text import t
from governance.ui.cache import cached
from governance.workdays import Week

if TYPE_CHECKING:
    import pandas as pd

    from governance.figures.geojson import Bounds, FeatureCollection
    from governance.records.dataset import Dataset

BASEMAP = "basemap.geojson"
NOWHERE: Bounds = (106.5300, 29.5545, 106.5520, 29.5710)
_EDGE = 0.005


def areas(dataset: Dataset) -> pd.DataFrame:
    """The area table of the data set's reference data."""
    return area_table(dataset.frame("communities"), dataset.frame("grids"), dataset.frame("microgrids"))


def measures(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Every measure of every area for a week."""
    records = PlaceRecords(
        incidents=dataset.cases(),
        checkins=dataset.frame("checkins"),
        points=dataset.frame("points"),
        members=dataset.frame("members"),
        incidents_as_of=dataset.as_of.get("incidents"),
        checkins_as_of=dataset.as_of.get("checkins"),
    )
    return place_measures(records, cached(areas, dataset), week=week)


def cases(dataset: Dataset, week: Week) -> pd.DataFrame:
    """The incidents reported in a week or open at its end, latest first, masked, with their areas.

    The columns of incidents, level codes community, grid, microgrid, and is_reported, is_open.
    """
    incidents = dataset.cases()
    flags = incident_flags(incidents, week=week, as_of=dataset.as_of.get("incidents"))
    chosen = incidents[flags["reported"] | flags["open"]]
    codes = with_parents(chosen, cached(areas, dataset))
    marks = flags.loc[chosen.index, ["reported", "open"]].add_prefix("is_")
    rows = chosen.join(codes).join(marks)
    return rows.sort_values(["reported_at", "incident_id"], ascending=[False, True]).reset_index(drop=True)


def last_week_with_cases(dataset: Dataset, week: Week) -> Week | None:
    """The last week up to `week` in which anything was reported."""
    reported_at = dataset.frame("incidents")["reported_at"]
    latest = reported_at[reported_at < week.end_at].max()
    return None if latest != latest or latest is None else Week.of(latest.to_pydatetime())


def _basemap(dataset: Dataset) -> FeatureCollection:
    path = dataset.data_dir / "reference" / BASEMAP
    if not path.is_file():
        return {"type": "FeatureCollection", "features": []}
    found: FeatureCollection = json.loads(path.read_text(encoding="utf-8"))
    return found


def _extent(incidents: pd.DataFrame) -> Bounds:
    """The box that holds all but the outermost coordinates; the street's own where there are none."""
    placed = incidents[["lon", "lat"]].dropna()
    placed = placed[(placed["lon"] != 0) & (placed["lat"] != 0)]
    if placed.empty:
        return NOWHERE
    low, high = placed.quantile(_EDGE), placed.quantile(1 - _EDGE)
    margin = max(float(high["lon"] - low["lon"]), float(high["lat"] - low["lat"]), 0.002) * 0.05
    west, south = float(low["lon"]) - margin, float(low["lat"]) - margin
    return west, south, float(high["lon"]) + margin, float(high["lat"]) + margin


def shapes(dataset: Dataset) -> Shapes:
    """The drawn areas, routes and ground of the data set's reference data."""
    table = cached(areas, dataset)
    note = "sample" if dataset.is_schematic else "reference" if levels_of(table, drawn=True) else "points"
    return shapes_of(
        table,
        dataset.frame("routes"),
        _basemap(dataset),
        note=t(f"map.note_{note}"),
        fallback=_extent(dataset.frame("incidents")),
    )
