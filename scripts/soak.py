"""Leaves the meeting screen open for long, and prints what browser and server hold meanwhile.

    .venv/bin/python scripts/soak.py --minutes 30 [--hurried] [--data DIR]
    .venv/bin/python scripts/soak.py --minutes 1440

As set (a look for new data every 15 s, a fresh session every 3 h), or hurried: every third of a
second and every half minute, with other data every 20 s, which wears it as days do. Without --data
the demonstration street is made in a temporary folder; a folder given is copied, not changed.
Needs what `scripts/test` installs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from screenshots import PROJECT, free_port, wait_for

from governance.bench.soak import CALM, HURRIED, Pace, head_line, line_of, soak
from governance.demonstration import make_demonstration

READINGS = 30


def main() -> None:
    """Start a dashboard, open the screen, print a line a reading."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--hurried", action="store_true")
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="governance-soak-") as scratch:
        data_dir = Path(scratch) / "data"
        if asked.data:
            shutil.copytree(asked.data, data_dir)
        else:
            make_demonstration(data_dir, seed=2023)
        watch(data_dir, minutes=asked.minutes, pace=HURRIED if asked.hurried else CALM)


def watch(data_dir: Path, *, minutes: float, pace: Pace) -> None:
    """Print the readings of one run."""
    port, chromium = free_port(), shutil.which("chromium")
    if chromium is None:
        sys.exit("this needs chromium on the path")
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)],
        cwd=PROJECT,
        env={**os.environ, "GOVERNANCE_DATA": str(data_dir)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        with sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            page = browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
            print(head_line(), flush=True)
            for sample in soak(
                page,
                f"http://127.0.0.1:{port}",
                data_dir,
                server.pid,
                pace=pace,
                every_s=minutes * 60 / READINGS,
                is_done=lambda sample: sample.seconds >= minutes * 60,
            ):
                print(line_of(sample), flush=True)
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=20)


if __name__ == "__main__":
    main()
