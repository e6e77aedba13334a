"""How soon the first page stands, and what a warm rerun of a page costs the server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from time import perf_counter
from typing import TYPE_CHECKING

from governance.bench.measuring import Measurement, child_run
from governance.bench.sample import sample_dir
from governance.settings import PROJECT_DIR
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

RUNS = 3
MAX_START_S = 4
MAX_RERUN_MS = {"week_overview": 150, "grid_map": 200}
FIRST_PAGE = "week_overview"
# The overview stands when its last block does: the foot under the figures.
PAINTED = "[data-testid=stMain] .card-figure"
PATIENCE_MS = 120_000


def measurements(folder: Path) -> Iterator[Measurement]:
    """Start to first painted page, then warm reruns, on the demonstration street in `folder`."""
    data_dir = sample_dir(folder)
    os.environ["GOVERNANCE_DATA"] = str(data_dir)
    yield _start_measurement()
    for file, most_ms in MAX_RERUN_MS.items():
        report = child_run("rerun", "" if file == FIRST_PAGE else file).values
        note = t("bench.failures", n=report["failures"]) if report["failures"] else ""
        yield Measurement(f"rerun_{file}", tuple(report["runs_ms"]), "ms", most_ms, note=note)


def _start_measurement() -> Measurement:
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        return Measurement("start", (), "s", MAX_START_S, note=t("bench.no_browser"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with closing(browser):
            _start_s(browser)  # warms the disk
            runs = tuple(_start_s(browser) for _ in range(RUNS))
    return Measurement("start", runs, "s", MAX_START_S)


def _start_s(browser: Browser) -> float:
    """Seconds from the start command to the first page's figures on screen."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)]
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    began = perf_counter()
    server = subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        page.goto(f"http://127.0.0.1:{port}/", timeout=PATIENCE_MS)
        page.wait_for_selector(PAINTED, timeout=PATIENCE_MS)
        return perf_counter() - began
    finally:
        page.close()
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        try:
            server.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    raise subprocess.CalledProcessError(server.returncode, server.args)
