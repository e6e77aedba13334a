"""How fast exports come in: a million incidents, five million positions, a large workbook."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from governance.bench.measuring import ChildRun, Measurement, child_run, peak_note, repeated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INCIDENT_ROWS, PING_ROWS, XLSX_ROWS = 1_000_000, 5_000_000, 100_000
RUNS = 3
MIN_INCIDENTS_PER_S, MIN_PINGS_PER_S, MAX_XLSX_S, MAX_PEAK_MB = 100_000, 400_000, 20, 2048


def measurements(folder: Path) -> Iterator[Measurement]:
    """Import files of a stated size into an empty store, each run into a folder of its own."""
    incidents, pings, workbook = (folder / name for name in ("incidents.csv", "pings.csv", "incidents.xlsx"))
    child_run("write", "incidents", incidents, str(INCIDENT_ROWS))
    runs = _runs("incidents", incidents)
    rates = tuple(run.values["rows_read"] / run.values["seconds"] for run in runs)
    yield Measurement("incidents_csv", rates, "rows_per_s", MIN_INCIDENTS_PER_S, is_goal_least=True)
    peaks = tuple(run.peak_mb for run in runs if run.peak_mb is not None)
    yield Measurement("incidents_peak", peaks, "mb", MAX_PEAK_MB)
    incidents.unlink()

    child_run("write", "pings", pings, str(PING_ROWS))
    runs = _runs("pings", pings)
    rates = tuple(run.values["rows_read"] / run.values["seconds"] for run in runs)
    yield Measurement(
        "pings_csv", rates, "rows_per_s", MIN_PINGS_PER_S, is_goal_least=True, note=peak_note(runs)
    )
    pings.unlink()

    child_run("write", "incidents", workbook, str(XLSX_ROWS))
    runs = _runs("incidents", workbook)
    seconds = tuple(run.values["seconds"] for run in runs)
    yield Measurement("incidents_xlsx", seconds, "s", MAX_XLSX_S, note=peak_note(runs))


def _runs(kind: str, path: Path) -> tuple[ChildRun, ...]:
    return repeated(partial(_run, kind, path), RUNS)


def _run(kind: str, path: Path, number: int) -> ChildRun:

    data_dir = path.parent / f"store-{number}"
    data_dir.mkdir()
    try:
        return child_run("import", kind, path, data_dir)
    finally:
        shutil.rmtree(data_dir)
