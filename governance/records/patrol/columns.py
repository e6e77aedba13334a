"""The columns of the patrol frames and their types; what each means stands in the package."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

STAMP = "datetime64[us, Asia/Shanghai]"
_WHOSE = {"team_id": "string", "force": "string"}
_SHIFT = {"day": STAMP, "shift_at": STAMP}
_STAY = {"person_id": "string", "enter_at": STAMP, "exit_at": STAMP}
# The columns of every frame and their types.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "visits": {
        "day": STAMP, "microgrid_code": "string", **_WHOSE, **_STAY, "stay_min": "float64",
        "inside_min": "float64", "sureness": "string", "source": "string",
    },
    "passes": {
        "day": STAMP, "microgrid_code": "string", **_WHOSE, "passes_n": "Int64", "passed_min": "float64",
    },
    "point_visits": {"day": STAMP, "point_id": "string", **_WHOSE, **_STAY, "source": "string"},
    "presence": {
        **_SHIFT, "hour_at": STAMP, **_WHOSE, "planned_min": "float64", "planned_n": "Int64",
        "tracked_min": "float64", "covered_min": "float64", "person_min": "float64", "still_min": "float64",
        "rollcalls_n": "Int64", "answered_n": "Int64", "present_min": "float64", "absent_min": "float64",
        "unknown_min": "float64",
    },
    "together": {
        **_SHIFT, "hour_at": STAMP, "team_id": "string", "patrol_min": "float64", "three_min": "float64",
        "two_min": "float64", "one_min": "float64", "present_three_min": "float64",
        "planned_three_min": "float64",
    },
    "efforts": {
        **_SHIFT, **_WHOSE, "person_id": "string", "device_id": "string", "kept_min": "float64",
        "walked_km": "float64", "is_counted": "boolean",
    },
    "receipts": {
        "day": STAMP, **_WHOSE, "pings_n": "Int64", "kept_n": "Int64", "duplicate_n": "Int64",
        "bad_time_n": "Int64", "bad_place_n": "Int64", "accuracy_n": "Int64", "speed_n": "Int64",
    },
    "positions": {
        "at": STAMP, **_WHOSE, "person_id": "string", "device_id": "string", "lon": "float64",
        "lat": "float64",
    },
    "route_metres": {
        **_SHIFT, "route_id": "string", **_WHOSE, "from_m": "float64", "to_m": "float64",
        "length_m": "float64",
    },
    "swept": {"day": STAMP, **_WHOSE, "cell_y": "Int64", "first_x": "Int64", "last_x": "Int64"},
    "cells": {"cell_x": "Int64", "cell_y": "Int64", "microgrid_code": "category"},
}  # fmt: skip


def typed(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with exactly the columns and types of a patrol frame."""
    columns = COLUMNS[name]
    return rows.reindex(columns=list(columns)).astype(dict(columns)).reset_index(drop=True)


def empty_patrol_frame(name: str) -> pd.DataFrame:
    """No rows, all columns of a patrol frame with their types."""
    return typed(name, pd.DataFrame())
