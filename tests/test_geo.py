from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from governance import geo
from governance.settings import BUNDLED_REFERENCE_DIR


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_datums_agree_with_the_landmark_table(datum: geo.Datum) -> None:
    """The bundled landmarks carry all three datums, converted by other means."""
    marks = pd.read_csv(BUNDLED_REFERENCE_DIR / "landmarks.csv")
    lon, lat = geo.to_wgs84(
        marks[f"lon_{datum}"].to_numpy(float), marks[f"lat_{datum}"].to_numpy(float), datum
    )
    assert np.abs(lon - marks["lon_wgs84"]).max() < 2e-6
    assert np.abs(lat - marks["lat_wgs84"]).max() < 2e-6


def test_points_outside_china_keep_their_place() -> None:
    lon, lat = np.array([-122.4]), np.array([37.8])
    assert geo.to_wgs84(lon, lat, "gcj02") == (lon, lat)


def test_plane_measures_metres() -> None:
    plane = geo.Plane(lon0=106.54, lat0=29.56)
    square = shapely.box(106.54, 29.56, 106.55, 29.57)
    # Karney's geodesic for this box: 968.6 m by 1108.6 m, 1.0738 km².
    assert plane.project(square).area / 1e6 == pytest.approx(1.0738, rel=0.006)
    assert shapely.equals_exact(plane.unproject(plane.project(square)), square, tolerance=1e-9)
