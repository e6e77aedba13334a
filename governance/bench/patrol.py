"""How fast pings become visits and presence, how much memory a year takes, and what a new day costs."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

from governance.bench.measuring import ChildRun, Measurement, child_run, peak_note, repeated
from governance.bench.sample import sample_dir
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = 3
# Ten days of ninety devices, a fix every 15 seconds.
PERSONS, DAYS_N, STEP_S = 90, 10, 15
MIN_PINGS_PER_S = 1_000_000
GOAL_PINGS_PER_S = 2_000_000
LARGE_SEGMENTS = 20
MAX_PEAK_MB = 2048
MAX_NEW_DAY_S = 2
MIN_TIMES_PEER = 50
MAX_PAGE_MS = 200
PAGE = "patrol_coverage"
# Movingpandas takes minutes for what takes seconds here.
_PEER_S = 3600
# From the newest week back to one of the first.
_WEEKS_BACK = (0, 1, 6, 12, 20)


def measurements(folder: Path) -> Iterator[Measurement]:
    """Pings of ten days to visits and presence; a year of the street, and one day more."""
    pings = folder / "pings.parquet"
    made = child_run("patrol_pings", pings, str(PERSONS), str(DAYS_N), str(STEP_S))
    runs = repeated(lambda _: child_run("patrol", pings, "exact"), RUNS)
    yield _rate("patrol_exact", runs, GOAL_PINGS_PER_S, made.values["rows"])
    yield _rate("patrol_whole", runs, MIN_PINGS_PER_S, made.values["rows"], seconds="whole_s")
    raster = repeated(lambda _: child_run("patrol", pings, "raster"), RUNS)
    yield _rate("patrol_raster", raster, None, made.values["rows"])
    pings.unlink()
    year = child_run("patrol_year", folder / "year")
    note = t("bench.patrol_year", pings=year.values["pings"], seconds=year.values["year_s"])
    yield Measurement("patrol_new_day", tuple(year.values["new_day_s"]), "s", MAX_NEW_DAY_S, note=note)
    yield Measurement("patrol_new_day_whole", tuple(year.values["new_day_whole_s"]), "s")
    yield from _page(folder)


def _page(folder: Path) -> Iterator[Measurement]:
    """The coverage page of weeks over half a year, from stored results: seen before, and never before."""
    data_dir = sample_dir(folder)
    data_dir.mkdir()
    os.environ["GOVERNANCE_DATA"] = str(data_dir)
    child_run("sample", data_dir)
    child_run("patrol_kept", data_dir)
    page = child_run("page_weeks", PAGE, *(str(back) for back in _WEEKS_BACK)).values
    note = t("bench.failures", n=page["failures"]) if page["failures"] else ""
    yield Measurement("patrol_page", tuple(page["again_ms"]), "ms", MAX_PAGE_MS, note=note)
    yield Measurement("patrol_page_first", tuple(page["first_ms"]), "ms", note=note)


def _rate(
    name: str, runs: tuple[ChildRun, ...], goal: float | None, rows: int, *, seconds: str = "seconds"
) -> Measurement:
    rates = tuple(rows / run.values[seconds] for run in runs)
    return Measurement(name, rates, "pings_per_s", goal, is_goal_least=True, note=peak_note(runs))


def large(folder: Path) -> Iterator[Measurement]:
    """A hundred million pings in the store, computed day by day."""
    run = child_run("patrol_large", folder / "large", str(LARGE_SEGMENTS), str(PERSONS), str(DAYS_N))
    rate = run.values["pings"] / run.values["seconds"]
    yield Measurement("patrol_large", (rate,), "pings_per_s", MIN_PINGS_PER_S, is_goal_least=True)
    if run.peak_mb is not None:
        yield Measurement("patrol_large_peak", (run.peak_mb,), "mb", MAX_PEAK_MB)


_PEER = """
import sys, time
import geopandas, movingpandas, pandas as pd
from datetime import timedelta
rows = pd.read_parquet(sys.argv[1])
rows["t"] = pd.to_datetime(rows["at"], utc=True).dt.tz_localize(None)
points = geopandas.points_from_xy(rows["lon"], rows["lat"])
frame = geopandas.GeoDataFrame(rows[["person_id", "t"]], geometry=points, crs=4326)
began = time.perf_counter()
tracks = movingpandas.TrajectoryCollection(frame, traj_id_col="person_id", t="t")
movingpandas.ObservationGapSplitter(tracks).split(gap=timedelta(minutes=15))
print(time.perf_counter() - began)
"""


def peers(folder: Path) -> Iterator[Measurement]:
    """Movingpandas' split at gaps, in an environment of its own, beside the whole way to visits."""
    pings = folder / "pings.parquet"
    made = child_run("patrol_pings", pings, str(PERSONS), str(DAYS_N), str(STEP_S))
    own = repeated(lambda _: child_run("patrol", pings, "exact"), RUNS)
    home = folder / "peer"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    try:
        venv.create(home, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "movingpandas", "pyarrow"]
        subprocess.run(install, check=True, capture_output=True, timeout=600)
        run = [str(python), "-c", _PEER, str(pings)]
        printed = subprocess.run(run, check=True, capture_output=True, text=True, timeout=_PEER_S).stdout
    except (OSError, subprocess.SubprocessError):
        yield Measurement("patrol_peer", (), "times", note=t("bench.no_peer"))
        return
    theirs_s = float(printed.splitlines()[-1])
    times = tuple(theirs_s / run.values["seconds"] for run in own)
    note = t("bench.beside_peer", rows=made.values["rows"], seconds=theirs_s)
    yield Measurement("patrol_peer", times, "times", MIN_TIMES_PEER, is_goal_least=True, note=note)
