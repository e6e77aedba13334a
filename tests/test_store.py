from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from governance.errors import LockedError, StoreError
from governance.records import store
from tests.builders import case, imported, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from governance.records.manifest import Manifest

_IMPORT = "from governance.cli import main; main()"


def start_import(data_dir: Path, path: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-c",
        _IMPORT,
        "import",
        "incidents",
        str(path),
        "--data",
        str(data_dir),
        "--json",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_an_import_killed_at_any_moment_leaves_old_or_new(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1"), case("A2")])
    bigger = write_csv(
        tmp_path / "big.csv", [case(f"A{n}", 结案时间="2023-09-12 10:00") for n in range(20_000)]
    )
    for delay_s in (0.3, 0.7, 1.0, 1.3, 1.6, 2.0):
        process = start_import(data, bigger)
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert store.open_dataset(data).frame("incidents").shape[0] in (2, 20_000)
    assert imported(data, "incidents", [case("A1")]).rows_read == 1
    assert not list((data / "store").glob("staging-*"))


def test_two_imports_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    data = tmp_path / "d"
    files = [
        write_csv(tmp_path / f"{name}.csv", [case(f"{name}{n}") for n in range(500)])
        for name in ("A", "B", "C")
    ]
    running = [start_import(data, path) for path in files]
    for process in running:
        process.communicate()
    assert [process.returncode for process in running] == [0, 0, 0]
    assert store.open_dataset(data).frame("incidents")["incident_id"].nunique() == 1500
    assert len(store.read_manifest(data).imports) == 3


def test_a_lock_that_does_not_come_free_is_said_clearly(tmp_path: Path) -> None:
    data = tmp_path / "d"
    data.mkdir()
    (data / "settings.toml").write_text("lock_wait_s = 0\n", encoding="utf-8")
    with store.locked(data), pytest.raises(LockedError, match="import_running"), store.locked(data):
        pass


def test_reader_sees_new_data_without_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1")])
    before = store.open_dataset(data)
    imported(data, "incidents", [case("A2")])
    assert store.fingerprint(data) != before.fingerprint
    assert len(before.frame("incidents")) == 1, "an open data set keeps its state"
    assert len(store.open_dataset(data).frame("incidents")) == 2


def test_a_damaged_store_is_an_error_with_a_name(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1")])
    segment = next((data / "store" / "incidents").glob("*.parquet"))
    segment.write_bytes(b"PAR1 broken")
    with pytest.raises(StoreError, match="damaged_store"):
        store.open_dataset(data).frame("incidents")
    (data / "store" / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="damaged_store"):
        store.open_dataset(data)


def test_a_full_disk_leaves_what_was_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1")])

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28), "manifest.json")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="disk_full"):
        imported(data, "incidents", [case("A2")])
    assert store.open_dataset(data).frame("incidents")["incident_id"].to_list() == ["A1"]


def test_a_folder_that_cannot_be_written_is_said_clearly(tmp_path: Path) -> None:
    data = tmp_path / "file"
    data.write_text("not a folder", encoding="utf-8")
    with pytest.raises(StoreError):
        imported(data, "incidents", [case("A1")])


def test_a_commit_while_a_data_set_is_opened_is_not_known_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1")])
    read = store.read_manifest

    def read_before_a_commit(folder: Path) -> Manifest:
        monkeypatch.setattr(store, "read_manifest", read)
        before = read(folder)
        imported(data, "incidents", [case("A2")], name="meanwhile.csv")
        return before

    monkeypatch.setattr(store, "read_manifest", read_before_a_commit)
    opened = store.open_dataset(data)
    assert len(opened.frame("incidents")) == 1
    assert opened.fingerprint != store.fingerprint(data)
    assert len(store.open_dataset(data).frame("incidents")) == 2
