"""Five hundred refreshes of the meeting screen leave the browser and the server as they were."""

from __future__ import annotations

import shutil
from statistics import median

import pytest

from governance.bench.soak import HURRIED, head_line, line_of, soak, write_settings
from tests.browser.conftest import free_port
from tests.browser.test_browser_screen import server

pytestmark = pytest.mark.browser

REFRESHES = 500
# What the second half may hold beyond the first, by their medians; 35 KB a refresh would be 8 MB.
MOST_MORE = {"heap_mb": 2, "nodes": 100, "documents": 1, "server_mb": 30}
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
    warm = [sample for sample in samples if sample.refreshes >= WARM_UP]
    early, late = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    assert late[-1].refreshes - early[0].refreshes >= REFRESHES - WARM_UP
    assert late[-1].updates > early[0].updates
    assert late[-1].sessions > early[0].sessions
    for name, room in MOST_MORE.items():
        grown = median(getattr(one, name) for one in late) - median(getattr(one, name) for one in early)
        assert grown < room, f"{name} grew by {grown:.1f}"
