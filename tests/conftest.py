"""What holds for every test: no network, its own home, a fixed zone, real tables only when named."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

REAL_DATA = "GOVERNANCE_REAL_DATA"
_connect = socket.socket.connect


def pytest_collection_modifyitems(config, items):
    """Deselect the tests on real tables where no folder holds them."""
    if os.environ.get(REAL_DATA):
        return
    real = [item for item in items if item.get_closest_marker("real_data")]
    if real:
        config.hook.pytest_deselected(items=real)
        items[:] = [item for item in items if not item.get_closest_marker("real_data")]


def pytest_terminal_summary(terminalreporter):
    """Say once why tests that need a browser or an office program were skipped."""
    for need in ("browser", "office"):
        skipped = [report for report in terminalreporter.stats.get("skipped", []) if need in report.keywords]
        if skipped:
            reason = skipped[0].longrepr[2].removeprefix("Skipped: ")
            terminalreporter.write_line(f"{len(skipped)} skipped: {reason}")


@pytest.fixture(scope="session")
def real_data_dir():
    """The folder of the real tables."""
    return Path(os.environ[REAL_DATA]).resolve()


@pytest.fixture(scope="session")
def sample_exports(tmp_path_factory):
    """The demonstration street's folder and its raw exports, made once."""
    from governance.sample.exports import write_raw_exports

    folder = tmp_path_factory.mktemp("sample")
    return folder, write_raw_exports(folder, seed=2023)


@pytest.fixture(scope="session")
def sample_dataset(sample_exports, tmp_path_factory):
    """The demonstration street as imported, without its tracks: read it, write nothing into it."""
    from governance.demonstration import import_exports
    from governance.records.store import open_dataset

    _, exports = sample_exports
    data_dir = tmp_path_factory.mktemp("sample-store")
    import_exports([export for export in exports if export.kind != "pings"], data_dir)
    return open_dataset(data_dir)


@pytest.fixture(autouse=True, scope="session")
def own_surroundings(tmp_path_factory):
    """A home of its own, no data folder from outside, a zone that is not Shanghai."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("HOME", str(home))
        patch.setenv("USERPROFILE", str(home))
        patch.setenv("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")
        patch.delenv("GOVERNANCE_DATA", raising=False)
        patch.setenv("TZ", "America/New_York")
        if hasattr(time, "tzset"):
            time.tzset()
        yield


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """Refuse every connection that leaves this machine."""

    def connect(self, address):
        is_local = self.family not in (socket.AF_INET, socket.AF_INET6) or address[0] in (
            "127.0.0.1",
            "::1",
            "localhost",
        )
        if not is_local:
            raise AssertionError(f"a test reached for the network: {address}")
        return _connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield
