"""Five hundred refreshes of the meeting screen leave the browser and the server as they were."""

from __future__ import annotations

import shutil

import pytest

from governance.bench.soak import HURRIED, head_line, line_of, soak, write_settings
from tests.browser.conftest import free_port
from tests.browser.test_browser_screen import server

pytestmark = pytest.mark.browser

REFRESHES = 500
WARM_UP = 100


def test_five_hundred_refreshes_leave_no_trace(visit, demonstration_dir, tmp_path):
    data_dir = tmp_path / "data"
    shutil.copytree(demonstration_dir, data_dir)
    write_settings(data_dir, HURRIED, street="甲街道")
    port = free_port()
    with server(data_dir, port) as process:
        samples = []
        for sample in soak(
            visit.page,
            f"http://127.0.0.1:{port}",
            data_dir,
            process.pid,
            pace=HURRIED,
            every_s=10,
            is_done=lambda sample: sample.refreshes >= REFRESHES + WARM_UP,
        ):
            samples.append(sample)
            assert visit.page.evaluate(
                "!document.querySelector('#meeting-screen').hasAttribute('data-empty')"
            )
    print("", head_line(), *map(line_of, samples), sep="\n")
