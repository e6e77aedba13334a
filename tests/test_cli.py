from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from governance.cli import main
from governance.records import store
from tests.builders import case, write_csv

if TYPE_CHECKING:
    from pathlib import Path


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def printed(*words: object) -> Any:
    result = run(*words)
    return json.loads(result.stdout)


def test_import_prints_one_object_and_says_with_its_exit_code_what_happened(tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv", [case("A1")])
    mixed = write_csv(tmp_path / "mixed.csv", [case("A2"), case("")])
    refused = write_csv(tmp_path / "refused.csv", [case("")])
    data = ("--data", tmp_path / "d", "--json")
    assert [run("import", "incidents", path, *data).exit_code for path in (good, good, mixed, refused)] == [
        0,
        0,
        3,
        1,
    ]
    told = printed("import", "incidents", good, *data, "--as-of", "2023-09-17T23:52")
    assert told["unchanged"] == told["rows_read"] == 1
    assert told["as_of"] == "2023-09-17T23:52:00+08:00"


@pytest.mark.parametrize(
    "words",
    [
        ("import", "cases", "x.csv"),
        ("import", "incidents"),
        ("import", "incidents", "x.csv", "--crs", "mars"),
        ("import", "incidents", "x.csv", "--mapping", "no.toml"),
        ("import", "incidents", "x.csv", "--as-of", "yesterday"),
        ("import", "incidents", "x.csv", "--covers", "some"),
        ("metrics", "happiness", "--json"),
        ("metrics", "overview", "--by", "moon"),
        ("metrics", "overview", "--since", "2023-13-01"),
        ("metrics", "overview", "--since", "2023-09-02", "--until", "2023-09-01"),
        ("grid", "--bbox", "1,2,3", "--cell-m", 100),
        ("grid", "--bbox", "116.2,39.8,116.5,40.1", "--cell-m", 1),
        ("bench", "nothing"),
    ],
)
def test_wrong_usage_is_exit_2_with_one_sentence(words: tuple[object, ...], tmp_path: Path) -> None:
    extra = () if words[0] == "bench" else ("--data", tmp_path / "d")
    result = run(*words, *extra)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.strip().endswith("。")


def test_metrics_of_an_empty_store_are_no_rows_but_all_keys(tmp_path: Path) -> None:
    told = printed("metrics", "overview", "--data", tmp_path / "d", "--json")
    assert set(told) == {"metric", "as_of", "since", "until", "by", "rows"}


def test_grid_places_foreign_records(tmp_path: Path) -> None:
    data = tmp_path / "d"
    assert run("grid", "--bbox", "106.53,29.55,106.56,29.57", "--cell-m", 500, "--data", data).exit_code == 0
    path = write_csv(tmp_path / "x.csv", [case("A1", 经度=106.5405, 纬度=29.5605)])
    assert "unknown_area" not in printed("import", "incidents", path, "--data", data, "--json")["flags"]
    report = printed("check", "--data", data, "--json")
    assert {kind["kind"]: kind["rows"] for kind in report["kinds"]} == {
        "communities": 1,
        "grids": 4,
        "microgrids": 30,
        "incidents": 1,
    }


def test_a_damaged_store_is_exit_1(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "manifest.json").write_text("?", encoding="utf-8")
    result = run("check", "--data", tmp_path, "--json")
    assert result.exit_code == 1
    assert "governance rebuild" in result.stderr


def test_a_lock_that_does_not_come_free_still_prints_the_object(tmp_path: Path) -> None:
    data = tmp_path / "d"
    data.mkdir()
    (data / "settings.toml").write_text("lock_wait_s = 0\n", encoding="utf-8")
    path = write_csv(tmp_path / "x.csv", [case("A1")])
    with store.locked(data):
        result = run("import", "incidents", path, "--data", data, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["rows_read"], told["accepted"], told["files"]) == (0, 0, ["x.csv"])
    assert "正在导入" in told["files_refused"][0]["reason"]
