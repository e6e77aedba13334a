"""GeoJSON: properties become columns, the geometry a column of WKT."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import shape

from governance.errors import UnreadableFileError
from governance.records.raw_tables import (
    BAD_GEOMETRY,
    BLANKS,
    RawRow,
    RawTable,
    ReadOptions,
    chunks_of,
)
from governance.records.workbook_tables import cell_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GEOMETRY_HEADER = "geometry"
DECIMALS = 6  # of a degree: some 0.1 m
SHAPES = frozenset({"Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"})


def read_geojson_table(path: Path, name: str, options: ReadOptions) -> RawTable:
    """The features of a GeoJSON file; `row` is the feature's place in it.

    Raises
    ------
    UnreadableFileError
        `not_geojson`, `damaged_file` (broken JSON) or `no_known_header`.
    """
    try:
        with path.open(encoding=options.encoding or "utf-8-sig") as file:
            document = json.load(file)
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableFileError("unknown_encoding", file=name, encoding=options.encoding or "") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnreadableFileError("damaged_file", file=name) from error
    features = _features_of(document, name)
    properties = list(dict.fromkeys(key for feature in features for key in _properties(feature)))
    headers = [*properties, GEOMETRY_HEADER]
    if features and not any(options.is_header(header) for header in headers):
        raise UnreadableFileError("no_known_header", file=name)
    rows = _rows(features, properties)
    return RawTable(name, tuple(headers), chunks_of(rows, len(headers), options.chunk_rows))


def _features_of(document: object, name: str) -> list[dict[str, Any]]:
    if not isinstance(document, dict) or document.get("type") not in ("FeatureCollection", "Feature"):
        raise UnreadableFileError("not_geojson", file=name)
    features = document.get("features") if document["type"] == "FeatureCollection" else [document]
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise UnreadableFileError("not_geojson", file=name)
    return features


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    found = feature.get("properties")
    return (
        {key: value for key, value in found.items() if key != GEOMETRY_HEADER}
        if isinstance(found, dict)
        else {}
    )


def _rows(features: list[dict[str, Any]], names: list[str]) -> Iterator[RawRow]:
    for number, feature in enumerate(features, start=1):
        properties = _properties(feature)
        cells = [_text(properties.get(name)) for name in names]
        geometry = feature.get("geometry")
        wkt = _wkt(geometry)
        flags = (BAD_GEOMETRY,) if geometry is not None and wkt is None else ()
        yield RawRow(number, [*cells, wkt], flags)


def _text(value: object) -> str | None:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        text = value.replace("\0", "")
        return None if text in BLANKS else text
    return cell_text(value)


def _wkt(geometry: object) -> str | None:
    """The geometry as WKT of two dimensions; None when it cannot be one of the known shapes."""
    if not isinstance(geometry, dict) or geometry.get("type") not in SHAPES:
        return None
    try:
        made = shape(geometry)
    except (shapely.errors.ShapelyError, KeyError, ValueError, TypeError, IndexError):
        return None
    if made.is_empty:
        return None
    return str(shapely.to_wkt(made, rounding_precision=DECIMALS, trim=True, output_dimension=2))
