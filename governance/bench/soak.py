"""A long run of the meeting screen: what the browser and the server hold after so many refreshes.

Hurried (a look for new data every third of a second, a fresh session every half minute, other data
every twenty seconds), a few minutes wear it as a day does. Counted after
a garbage collection: what the browser's JavaScript holds, its DOM nodes and documents, the server's
resident memory.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playwright.sync_api import Page


@dataclass(frozen=True)
class Pace:
    """The settings of a run, and how often other slides come, seconds."""

    times: Mapping[str, float]
    change_s: float


HURRIED = Pace(
    MappingProxyType(
        {
            "screen_refresh_s": 0.33,
            "screen_slide_s": 1.0,
            "screen_idle_s": 1.0,
            "screen_renew_h": 30 / 3600,
        }
    ),
    change_s=20.0,
)
# As it is set but for the idle time, so that the slides turn.
CALM = Pace(MappingProxyType({"screen_idle_s": 60.0}), change_s=900.0)
SETTLE_MS = 180_000
_MB = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """One reading: refreshes, updates of the slides and sessions so far, and what is held."""

    seconds: float
    refreshes: int
    updates: int
    sessions: int
    heap_mb: float
    nodes: int
    documents: int
    server_mb: float


def write_settings(data_dir: Path, pace: Pace, *, street: str) -> None:
    """The settings of a run; another name of the street makes other slides."""
    lines = [f'street_name = "{street}"', *(f"{name} = {float(value)}" for name, value in pace.times.items())]
    path = data_dir / "settings.toml"
    new = path.with_suffix(".new")
    new.write_text("\n".join(lines) + "\n", encoding="utf-8")
    new.replace(path)


def server_mb(pid: int) -> float:
    """The resident memory of a process; NaN where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return float("nan")
    for line in status.read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


class Watch:
    """Reads what an open meeting screen holds."""

    def __init__(self, page: Page, pid: int) -> None:
        self._page, self._pid, self._began = page, pid, time.monotonic()
        self._browser = page.context.new_cdp_session(page)
        self._browser.send("Performance.enable")

    def read(self) -> Sample:
        """One reading, after a garbage collection."""
        self._browser.send("HeapProfiler.collectGarbage")
        metrics = self._browser.send("Performance.getMetrics")["metrics"]
        held: dict[str, float] = {one["name"]: one["value"] for one in metrics}
        stats: dict[str, Any] = self._page.evaluate("meetingScreen.stats")
        return Sample(
            seconds=time.monotonic() - self._began,
            refreshes=int(stats["beats"]),
            updates=int(stats["updates"]),
            sessions=int(stats["feeders"]),
            heap_mb=held["JSHeapUsedSize"] / _MB,
            nodes=int(held["Nodes"]),
            documents=int(held["Documents"]),
            server_mb=server_mb(self._pid),
        )


def soak(
    page: Page,
    base: str,
    data_dir: Path,
    pid: int,
    *,
    pace: Pace,
    every_s: float,
    is_done: Callable[[Sample], bool],
) -> Iterator[Sample]:
    """Open the screen and read it every `every_s` until a reading says it is done.

    The settings of `data_dir` are rewritten as the pace says, so that other slides come.
    """
    write_settings(data_dir, pace, street="甲街道")
    page.goto(f"{base}/meeting_screen")
    page.wait_for_function("window.meetingScreen?.slides.length > 0", timeout=SETTLE_MS)
    watch = Watch(page, pid)
    changed, turn = time.monotonic(), 0
    while True:
        sample = watch.read()
        yield sample
        if is_done(sample):
            return
        ends = time.monotonic() + every_s
        while time.monotonic() < ends:
            page.wait_for_timeout(500)
            if time.monotonic() - changed > pace.change_s:
                changed, turn = time.monotonic(), turn + 1
                write_settings(data_dir, pace, street="乙街道" if turn % 2 else "甲街道")


def head_line() -> str:
    """The heads of the table that `line_of` fills."""
    return t("bench.soak.head")


def line_of(sample: Sample) -> str:
    """One reading as a line of the table."""
    return (
        f"{sample.seconds / 60:7.1f} {sample.refreshes:8d} {sample.updates:8d} {sample.sessions:8d}"
        f" {sample.heap_mb:9.1f} {sample.nodes:8d} {sample.documents:6d} {sample.server_mb:9.0f}"
    )
