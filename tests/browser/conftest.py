"""A real dashboard in a real browser: started on a data folder, watched while it is used."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from governance.demonstration import make_demonstration
from governance.records.patrol.keeping import keep_after_import
from tests.builders import case, imported

PROJECT = Path(__file__).resolve().parents[2]
REQUIRED = "GOVERNANCE_REQUIRE_BROWSER"
SEED = 2023
START_S = 60
SETTLE_MS = 60_000
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# True once the app has drawn something and neither its state nor its elements changed for 800 ms.
SETTLED = """() => {
    const app = document.querySelector("[data-testid='stApp'][data-test-script-state='notRunning']");
    const drawn = app && app.querySelector("[data-testid='stMain'] [data-testid='stElementContainer']");
    const count = document.querySelectorAll("*").length;
    if (!drawn || !window.settled_since || window.settled_count !== count) {
        window.settled_since = drawn ? performance.now() : null;
        window.settled_count = count;
        return false;
    }
    return performance.now() - window.settled_since > 800;
}"""
# Streamlit asks for these two below the page's own address when that is opened directly.
OWN_404 = ("/_stcore/health", "/_stcore/host-config")


@pytest.fixture(scope="session")
def chromium():
    """Debian's chromium; without it the tests are skipped, or fail where a browser is required."""
    path = shutil.which("chromium")
    if path is None:
        told = "browser tests need chromium on the path (apt-get install chromium fonts-noto-cjk)"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(told)
        pytest.skip(told)
    return path


@pytest.fixture(scope="session")
def browser(chromium):
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        yield started
        started.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_up(url):
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextmanager
def running_dashboard(data_dir, log_path):
    """The dashboard's own process on a free port of this machine; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)]
    with log_path.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, "GOVERNANCE_DATA": str(data_dir)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            end = time.monotonic() + START_S
            while not is_up(url):
                if process.poll() is not None or time.monotonic() > end:
                    pytest.fail(f"the dashboard did not start:\n{log_path.read_text(encoding='utf-8')}")
                time.sleep(0.2)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture(scope="session")
def demonstration_dir(chromium, tmp_path_factory):  # noqa: ARG001 (no browser, no sample)
    """A data folder with the demonstration street (made only where there is a browser to look).

    Its patrols are computed, as an import leaves them, so that no server has to.
    """
    data_dir = tmp_path_factory.mktemp("demonstration") / "data"
    make_demonstration(data_dir, seed=SEED)
    keep_after_import(data_dir, "pings")
    return data_dir


@pytest.fixture(scope="session")
def demonstration(demonstration_dir):
    """The address of a dashboard on the demonstration street."""
    with running_dashboard(demonstration_dir, demonstration_dir.parent / "dashboard.txt") as url:
        yield url


@pytest.fixture(scope="session")
def without_reference(chromium, tmp_path_factory):  # noqa: ARG001 (no browser, no dashboard)
    """The address of a dashboard on cases from a place without any reference data."""
    data_dir = tmp_path_factory.mktemp("foreign") / "data"
    rows = [
        case(f"{number:05d}", f"2023-09-1{number % 7 + 1} 09:00", 经度=-71.06 + number / 4000, 纬度=42.35)
        for number in range(40)
    ]
    imported(data_dir, "incidents", rows)
    with running_dashboard(data_dir, data_dir.parent / "dashboard.txt") as url:
        yield url


@dataclass
class Visit:
    """An open page and everything it asked for and complained about."""

    page: object
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, url):
        """Go to an address and wait until the page has been drawn."""
        self.page.goto(url)
        self.settle()

    def settle(self):
        """Wait until no script runs, nothing on the page changes any more and no map is empty."""
        self.page.evaluate("window.settled_since = null")
        self.page.wait_for_function(SETTLED, timeout=SETTLE_MS, polling=100)
        for frame in self.maps():
            frame.wait_for_selector(".leaflet-pane path", state="attached", timeout=SETTLE_MS)

    def maps(self):
        """The frames of the page's maps."""
        handles = self.page.query_selector_all("iframe[src*='streamlit_folium']")
        return [handle.content_frame() for handle in handles]

    def outside(self):
        """Requests that left the server the page came from."""
        home = urlsplit(self.page.url).netloc
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme not in ("data", "blob", "about") and urlsplit(url).netloc != home
        ]


@pytest.fixture
def visit(browser):
    """A fresh page at the size of an office screen."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    page = context.new_page()
    seen = Visit(page)

    def note(message):
        url = message.location.get("url", "")
        if message.type == "error" and not (url.endswith(OWN_404) and "404" in message.text):
            seen.errors.append(f"{message.text} ({url})")

    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("websocket", lambda socket_: seen.requests.append(socket_.url.replace("ws", "http", 1)))
    page.on("console", note)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    yield seen
    context.close()
