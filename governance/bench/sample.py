"""How long the demonstration street takes on a first start."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from governance.bench.measuring import ChildRun, Measurement, child_run, peak_note, repeated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = 3
MAX_SAMPLE_S = 30


def sample_dir(folder: Path) -> Path:
    """Where a benchmark keeps the demonstration street."""
    return folder / "sample"


def measurements(folder: Path) -> Iterator[Measurement]:
    """Make the street several times; the last one stays for the benchmarks that follow."""

    def made(_: int) -> ChildRun:
        shutil.rmtree(sample_dir(folder), ignore_errors=True)
        sample_dir(folder).mkdir()
        return child_run("sample", sample_dir(folder))

    runs = repeated(made, RUNS)
    seconds = tuple(run.values["seconds"] for run in runs)
    yield Measurement("sample", seconds, "s", MAX_SAMPLE_S, note=peak_note(runs))
