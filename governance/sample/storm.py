"""Warnings and what was done after them; 21 July with the two reported places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.sample import truth
from governance.sample.roster import HOUR_S

if TYPE_CHECKING:
    from governance.sample.reference import Reference

STORM_ID = "W-20230721"
HEAT_ID = "W-20230813"
RAIN_ID = "W-20230617"
# Minutes after midnight of 21 July at the two places: what the patrol did, and in which order.
_FLOODS = {
    truth.REPEAT_PLACE: {
        "arrived": 379,
        "discovered": 381,
        "checked": 381,
        "cordoned": 389,
        "cleared": 458,
        "reopened": 527,
        "closed": 610,
    },
    "牛角沱立交": {
        "arrived": 395,
        "discovered": 396,
        "checked": 396,
        "cordoned": 407,
        "cleared": 482,
        "reopened": 559,
        "closed": 640,
    },
}
_CALLED_N, _MOVED_HOUSEHOLDS, _MOVED_PEOPLE = 22, 3, 7
# The micro-grids with a hazard or flood-prone point are called in turn, one of them late, the last never.
_CALLED_LATE_MINUTE = 371
# Trees the patrols cleared out of the way, minutes after midnight, in the micro-grids of these points.
_TREES = {"牛角沱立交": 436, "学田湾低洼路口1": 452}


def warning_table() -> pd.DataFrame:
    """Three warnings; stamps in seconds, missing where nothing happened."""
    storm = truth.seconds_of_day(truth.STORM_ON)
    heat = truth.seconds_of_day(truth.HEAT_ON)
    rain = truth.seconds_of_day(truth.RAIN_ON)
    rows = [
        (RAIN_ID, "暴雨", "蓝色", rain + 16.5 * HOUR_S, rain + 19 * HOUR_S, np.nan, "全街道"),
        (
            STORM_ID,
            "暴雨",
            "橙色",
            storm + 5.5 * HOUR_S,
            storm + 8 * HOUR_S + 2_400,
            storm + 6 * HOUR_S + 3_000,
            "全街道",
        ),
        (HEAT_ID, "高温", "红色", heat + 8 * HOUR_S, heat + 15 * HOUR_S, np.nan, "全街道"),
    ]
    return pd.DataFrame(rows, columns=["warning_id", "kind", "level", "issued_s", "peak_s", "harm_s", "area"])


def warning_step_table(rng: np.random.Generator, reference: Reference) -> pd.DataFrame:
    """Steps after the warnings: warning_id, microgrid_code, point_id, step, at_s, households_n, people_n."""
    points = reference.tables["points"]
    codes = np.array(reference.street.microgrid_codes)
    storm = truth.seconds_of_day(truth.STORM_ON)
    rows: list[tuple[str, str | None, str | None, str, float, int | None, int | None]] = [
        (STORM_ID, None, None, "warned", storm + 5.5 * HOUR_S, None, None)
    ]
    by_name = points.set_index("name")["point_id"]
    riverside = codes[reference.street.is_remote]
    called = rng.choice(np.union1d(riverside, rng.choice(codes, 30, replace=False)), _CALLED_N, replace=False)
    rows += [
        (STORM_ID, str(code), None, "called", storm + (335 + minute) * 60.0, None, None)
        for code, minute in zip(called, np.sort(rng.integers(0, 28, _CALLED_N)), strict=True)
    ]
    at_risk = _cells_of(reference, points[points["kind"].isin(["hazard", "flood_prone"])])
    left = [code for code in at_risk if code not in set(called)]
    for place, code in enumerate(left[:-1]):
        minute = _CALLED_LATE_MINUTE if place == len(left) - 2 else 334 + 3 * place % 25
        rows.append((STORM_ID, code, None, "called", storm + minute * 60.0, None, None))
    for name, minute in _TREES.items():
        code = _cells_of(reference, points[points["name"] == name])[0]
        rows.append((STORM_ID, code, None, "cleared", storm + minute * 60.0, None, None))
    for name, minutes in _FLOODS.items():
        rows += [(STORM_ID, None, by_name[name], step, storm + minute * 60.0, None, None)
                 for step, minute in minutes.items()]  # fmt: skip
    danger = points[points["kind"].isin(["hazard", "flood_prone"])]["point_id"]
    unchecked, flooded = set(danger.iloc[[-1]]), {by_name[name] for name in _FLOODS}
    for point in danger:
        if point not in unchecked:
            # Drawn for the flooded places too: they are checked when they are found.
            at = storm + (370 + int(rng.integers(0, 190))) * 60.0
            if point not in flooded:
                rows.append((STORM_ID, None, point, "checked", at, None, None))
    moved = str(called[0])
    rows += [
        (STORM_ID, moved, None, "moved", storm + 402 * 60.0, 2, 5),
        (STORM_ID, moved, None, "moved", storm + 418 * 60.0, _MOVED_HOUSEHOLDS - 2, _MOVED_PEOPLE - 5),
        (STORM_ID, None, None, "closed", storm + 14.5 * HOUR_S, None, None),
        (RAIN_ID, None, None, "warned", truth.seconds_of_day(truth.RAIN_ON) + 16.5 * HOUR_S, None, None),
        (HEAT_ID, None, None, "warned", truth.seconds_of_day(truth.HEAT_ON) + 8.0 * HOUR_S, None, None),
    ]
    columns = ["warning_id", "microgrid_code", "point_id", "step", "at_s", "households_n", "people_n"]
    table = pd.DataFrame(rows, columns=columns)
    table[["households_n", "people_n"]] = table[["households_n", "people_n"]].astype("Int64")
    return table.sort_values(["at_s", "warning_id"], kind="stable", ignore_index=True)


def _cells_of(reference: Reference, points: pd.DataFrame) -> list[str]:
    """The micro-grids that points lie in, each once, in the order of the points."""
    at = reference.street.microgrid_at(points["lon"].to_numpy(), points["lat"].to_numpy())
    return list(dict.fromkeys(reference.street.microgrid_codes[int(cell)] for cell in at))
