"""Draws the README's pictures: the pages on the demonstration street, in Debian's chromium.

    .venv/bin/python scripts/screenshots.py [--data DIR]

Without --data the street is made in a temporary folder. Needs what `scripts/test` installs.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
PICTURES = {"week_overview": "", "grid_map": "grid_map"}
SIZE = {"width": 1366, "height": 768}
PATIENCE_MS = 120_000
# Until nothing on the page has changed for so long, it is not finished.
QUIET_MS = 1_500
COLOURS = 192


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    """Wait until the dashboard answers."""
    ends_at = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < ends_at:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("the dashboard did not start")


def wait_until_quiet(page: Page) -> None:
    """Wait until Streamlit has run and the page stands still."""
    page.wait_for_selector("[data-testid=stMain] [data-testid=stVerticalBlock]", timeout=PATIENCE_MS)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=PATIENCE_MS)
    page.evaluate(
        """quiet => new Promise(done => {
            let timer = setTimeout(done, quiet);
            new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, quiet); })
                .observe(document.body, {subtree: true, childList: true, attributes: true});
        })""",
        QUIET_MS,
    )


def draw(port: int, folder: Path) -> None:
    """Save every picture, with few colours, so that the files stay small."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, locale="zh-CN")
        for name, address in PICTURES.items():
            page.goto(f"http://127.0.0.1:{port}/{address}", timeout=PATIENCE_MS)
            wait_until_quiet(page)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            target = folder / f"{name}.png"
            picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
            print(f"{target.relative_to(PROJECT)}  {target.stat().st_size // 1024} KB")
        browser.close()


def main() -> int:
    """Start the dashboard, draw, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a data folder with the demonstration street")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = (given.data or Path(temporary)).resolve()
        environment = {**os.environ, "GOVERNANCE_DATA": str(data_dir)}
        if given.data is None:
            subprocess.run([sys.executable, "-m", "governance.cli", "sample"], env=environment, check=True)
        port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)]
        server = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_for(port)
            draw(port, PROJECT / "docs")
        finally:
            server.terminate()
            server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
