"""One measurement: runs in processes of their own, medians, peak memory, machine and versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from governance.settings import PROJECT_DIR
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

VERSIONS = ("governance", "streamlit", "pandas", "pyarrow", "ibis-framework", "duckdb", "folium", "plotly")


@dataclass(frozen=True)
class Measurement:
    """A figure and its goal.

    `name` is a key of the text table `bench.names`, `unit` of `bench.units`; `runs` are the
    single values, whose median is the figure; `goal` is the bound in the same unit, `note` what
    else was seen.
    """

    name: str
    runs: tuple[float, ...]
    unit: str
    goal: float | None = None
    is_goal_least: bool = False
    note: str = ""

    @property
    def figure(self) -> float | None:
        """The median of the runs; None when nothing could be measured."""
        return median(self.runs) if self.runs else None

    @property
    def is_met(self) -> bool | None:
        """Whether the figure keeps the goal; None without either."""
        if self.figure is None or self.goal is None:
            return None
        return self.figure >= self.goal if self.is_goal_least else self.figure <= self.goal


@dataclass(frozen=True)
class ChildRun:
    """What a run in its own process reported, and the most memory it held."""

    values: dict[str, Any]
    peak_mb: float | None


def child_run(task: str, *arguments: str | Path) -> ChildRun:
    """Run one task of `governance.bench.work` in a fresh process and wait for its report.

    Peak memory is the largest resident set of that process, where the system tells it.

    Raises
    ------
    subprocess.CalledProcessError
        When the process fails; its words are on standard error.
    """
    command = [sys.executable, "-m", "governance.bench.work", task, *map(str, arguments)]
    quiet = {**os.environ, "STREAMLIT_LOGGER_LEVEL": "error"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT_DIR, env=quiet, text=True)
    with process:
        printed = process.communicate()[0] if sys.platform == "win32" else _read(process)
        peak_mb = None if sys.platform == "win32" else _waited(process)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return ChildRun(json.loads(printed.splitlines()[-1]), peak_mb)


def _read(process: subprocess.Popen[str]) -> str:
    return process.stdout.read() if process.stdout else ""


def _waited(process: subprocess.Popen[str]) -> float:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    kilobytes = usage.ru_maxrss / 1024 if sys.platform == "darwin" else usage.ru_maxrss
    return kilobytes / 1024


def repeated(run: Callable[[int], ChildRun], times: int) -> tuple[ChildRun, ...]:
    """The same run several times; it gets its number, for a fresh folder each."""
    return tuple(run(number) for number in range(times))


def peak_note(runs: Sequence[ChildRun]) -> str:
    """The highest peak memory of some runs, as words."""
    peaks = [run.peak_mb for run in runs if run.peak_mb is not None]
    return t("bench.peak", mb=round(max(peaks))) if peaks else ""


def machine_lines() -> tuple[str, ...]:
    """The machine and the versions the figures were made on."""
    versions = "  ".join(f"{name} {metadata.version(name)}" for name in VERSIONS)
    machine = t(
        "bench.machine", cpu=_cpu(), cores=_cores(), memory_gb=_memory_gb(), system=platform.platform()
    )
    return machine, f"Python {platform.python_version()}  {versions}"


def _cpu() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        for line in listed.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _memory_gb() -> str:
    if sys.platform == "win32":
        return "?"
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f}"


def line_of(measurement: Measurement) -> str:
    """A measurement as one line: figure, goal, single runs, note."""
    name = t(f"bench.names.{measurement.name}")
    if measurement.figure is None:
        return t("bench.unmeasured", name=name, why=measurement.note)
    unit = t(f"bench.units.{measurement.unit}")
    parts = [f"{name}  {_shown(measurement.figure)} {unit}"]
    if measurement.goal is not None:
        sign = "≥" if measurement.is_goal_least else "≤"
        verdict = t("bench.met") if measurement.is_met else t("bench.missed")
        parts.append(f"{sign} {_shown(measurement.goal)}  {verdict}")
    if len(measurement.runs) > 1:
        runs = "、".join(_shown(run) for run in measurement.runs)
        parts.append(t("bench.median_of", n=len(measurement.runs), runs=runs))
    parts.append(measurement.note)
    return "  ".join(part for part in parts if part)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
