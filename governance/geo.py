"""Datums and the metric plane.

Inside the product every coordinate is WGS-84; GCJ-02 and BD-09 are converted at the door.
Lengths and areas are measured on a local plane in metres around the street.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

Datum = Literal["wgs84", "gcj02", "bd09"]
DATUMS: tuple[Datum, ...] = ("wgs84", "gcj02", "bd09")

_SEMI_MAJOR_M = 6378245.0
_ECCENTRICITY_2 = 0.00669342162296594323
METRES_PER_DEGREE = 111_319.49079327358


def _shift(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = lon - 105.0, lat - 35.0
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + wave
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + wave
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY_2 * np.sin(radians) ** 2
    root = np.sqrt(magic)
    d_lat = north * 180.0 / (_SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_2) / (magic * root) * np.pi)
    d_lon = east * 180.0 / (_SEMI_MAJOR_M / root * np.cos(radians) * np.pi)
    return d_lon, d_lat


def in_china(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a point lies in the rectangle inside which the offset datums are defined."""
    return np.asarray((lon > 72.004) & (lon < 137.8347) & (lat > 0.8293) & (lat < 55.8271))


def wgs84_to_gcj02(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """GCJ-02 of WGS-84 degrees; points outside China stay as they are."""
    d_lon, d_lat = _shift(lon, lat)
    inside = in_china(lon, lat)
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def gcj02_to_wgs84(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """WGS-84 of GCJ-02 degrees, by fixed-point iteration; better than 1 cm inside China."""
    guess_lon, guess_lat = lon.copy(), lat.copy()
    for _ in range(4):
        shifted_lon, shifted_lat = wgs84_to_gcj02(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - shifted_lon, guess_lat + lat - shifted_lat
    return guess_lon, guess_lat


def bd09_to_gcj02(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """GCJ-02 of BD-09 degrees; better than 1 m."""
    x, y = lon - 0.0065, lat - 0.006
    turn = np.pi * 3000.0 / 180.0
    radius = np.sqrt(x * x + y * y) - 0.00002 * np.sin(y * turn)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * turn)
    inside = in_china(lon, lat)
    return np.where(inside, radius * np.cos(angle), lon), np.where(inside, radius * np.sin(angle), lat)


def to_wgs84(
    lon: NDArray[np.float64], lat: NDArray[np.float64], datum: Datum
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees of any of the three datums as WGS-84."""
    if datum == "bd09":
        lon, lat = bd09_to_gcj02(lon, lat)
    if datum in ("gcj02", "bd09"):
        lon, lat = gcj02_to_wgs84(lon, lat)
    return lon, lat


@dataclass(frozen=True)
class Plane:
    """A plane in metres, equirectangular around (`lon0`, `lat0`).

    Over the 2.5 km of the street the scale error stays below 0.05 %.
    """

    lon0: float
    lat0: float

    def x_m(self, lon: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres east of the origin."""
        scale = METRES_PER_DEGREE * np.cos(np.radians(self.lat0))
        return np.asarray((lon - self.lon0) * scale)

    def y_m(self, lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres north of the origin."""
        return np.asarray((lat - self.lat0) * METRES_PER_DEGREE)

    def lon(self, x_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Longitude of metres east."""
        return np.asarray(x_m / (METRES_PER_DEGREE * np.cos(np.radians(self.lat0))) + self.lon0)

    def lat(self, y_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Latitude of metres north."""
        return np.asarray(y_m / METRES_PER_DEGREE + self.lat0)

    def project(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in degrees as one in metres."""
        return shapely.transform(
            geometry, lambda xy: np.column_stack([self.x_m(xy[:, 0]), self.y_m(xy[:, 1])])
        )

    def unproject(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in metres as one in degrees."""
        return shapely.transform(
            geometry, lambda xy: np.column_stack([self.lon(xy[:, 0]), self.lat(xy[:, 1])])
        )


def plane_around(geometries: NDArray[np.object_]) -> Plane:
    """The plane around the middle of the bounding box of geometries in degrees."""
    west, south, east, north = shapely.total_bounds(geometries)
    return Plane(lon0=float((west + east) / 2), lat0=float((south + north) / 2))
