from __future__ import annotations

import csv
import json
import zipfile
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.errors import UsageError
from governance.records import intake, store
from governance.records.coverage import Coverage
from governance.records.intake import ImportRequest, import_files
from tests.builders import case, import_small_street, imported, write_csv

if TYPE_CHECKING:
    from pathlib import Path


def incidents(data_dir: Path) -> pd.DataFrame:
    frame = store.open_dataset(data_dir).frame("incidents")
    return frame.sort_values("incident_id").set_index("incident_id")


def counts(result: intake.ImportResult) -> tuple[int, int, int, int]:
    assert result.accepted + result.replaced + result.unchanged + result.refused == result.rows_read
    return result.accepted, result.replaced, result.unchanged, result.refused


def test_same_file_again_changes_nothing(tmp_path: Path) -> None:
    rows = [case("A1"), case("A2", 结案时间="2023-09-11 12:00")]
    assert counts(imported(tmp_path / "d", "incidents", rows)) == (2, 0, 0, 0)
    assert counts(imported(tmp_path / "d", "incidents", rows)) == (0, 0, 2, 0)


def test_rows_are_refused_only_when_they_cannot_be_used(tmp_path: Path) -> None:
    rows = [
        case("A1"),
        case(""),
        case("A3", ""),
        case("A4", "", 结案时间="2023-09-12 10:00"),
        {"案件编号": "合计", "上报时间": "4"},
    ]
    result = imported(tmp_path / "d", "incidents", rows)
    assert counts(result) == (2, 0, 0, 3)
    assert result.refusals == {"missing_key": 1, "no_usable_stamp": 1, "total_row": 1}
    assert result.flags["missing_reported_at"] == 1
    assert result.exit_code == 3
    with open(result.quarantine or "", encoding="utf-8-sig", newline="") as file:  # noqa: PTH123
        refused = list(csv.DictReader(file))
    assert [(row["行号"], row["列"], row["原因"]) for row in refused] == [
        ("3", "案件编号", "缺少编号"),
        ("4", "上报时间", "没有可用的时间"),
        ("6", "案件编号", "合计行"),
    ]
    assert refused[0]["上报时间"] == "2023-09-11 09:00"


def test_ids_that_differ_only_in_case_are_two_and_in_blanks_are_one(tmp_path: Path) -> None:
    result = imported(tmp_path / "d", "incidents", [case("A1"), case("a1"), case(" A1 "), case("Ａ1")])
    assert counts(result) == (2, 0, 2, 0)


def test_ids_that_lost_their_digits_are_never_merged(tmp_path: Path) -> None:
    rows = [case("2.02309E+16"), case("2.02309E+16"), case("2.02309E+16", 地址="别处")]
    assert counts(imported(tmp_path / "d", "incidents", rows)) == (3, 0, 0, 0)
    again = imported(tmp_path / "d", "incidents", rows)
    assert counts(again) == (0, 0, 3, 0)
    assert again.flags["id_precision_lost"] == 3


def test_newer_version_replaces_and_the_older_one_is_kept_as_history(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1", 状态="在办")])
    newer = case("A1", 状态="已结案", 结案时间="2023-09-12 10:00")
    assert counts(imported(data, "incidents", [newer])) == (0, 1, 0, 0)
    older = imported(data, "incidents", [case("A1", 状态="在办")])
    assert counts(older) == (0, 0, 1, 0)
    assert older.flags == {"older_version": 1, "unknown_area": 1}
    assert incidents(data).loc["A1", "status"] == "closed"
    history = store.read_table(data, store.read_manifest(data), "incidents.history")
    assert history["status"].to_pylist() == ["open"]


def test_updated_at_outranks_the_latest_stamp(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1", 结案时间="2023-09-15 10:00", 更新时间="2023-09-15 10:00")])
    reopened = case("A1", 更新时间="2023-09-16 08:00", 状态="在办")
    assert counts(imported(data, "incidents", [reopened])) == (0, 1, 0, 0)
    row = incidents(data).loc["A1"]
    assert row["status"] == "open"
    assert row["closed_at"] == pd.Timestamp("2023-09-15 10:00", tz="Asia/Shanghai"), (
        "a known stage is not erased"
    )


def test_a_column_the_file_lacks_keeps_what_is_known(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1", 地址="学田湾正街48号", 类别="市容环境")])
    imported(data, "incidents", [case("A1", 结案时间="2023-09-12 10:00", 类别="")])
    row = incidents(data).loc["A1"]
    assert row["address"] == "学田湾正街48号"
    assert pd.isna(row["category"]), "an empty cell of a column that is there is an answer"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_split_over_files_or_not_the_state_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    day = st.integers(1, 28)
    row = st.builds(
        lambda key, day, closed: case(
            f"A{key}",
            更新时间=f"2023-08-{day:02d} 10:00",
            结案时间=f"2023-08-{closed:02d} 12:00" if closed % 2 else "",
        ),
        st.integers(1, 3),
        day,
        day,
    )
    rows = data.draw(st.lists(row, min_size=1, max_size=8))
    cut = data.draw(st.integers(0, len(rows)))
    folder = tmp_path_factory.mktemp("split")
    whole = counts(imported(folder / "whole", "incidents", rows))
    parts = [
        counts(imported(folder / "parts", "incidents", part)) for part in (rows[:cut], rows[cut:]) if part
    ]
    assert tuple(map(sum, zip(*parts, strict=True))) == whole
    columns = ["updated_at", "closed_at", "reported_at"]
    pd.testing.assert_frame_equal(incidents(folder / "whole")[columns], incidents(folder / "parts")[columns])


def test_names_addresses_and_points_find_the_micro_grid(tmp_path: Path) -> None:
    data = tmp_path / "d"
    import_small_street(data)
    imported(data, "addresses", [{"地址": "学田湾正街48号", "微网格编码": "M12"}])
    rows = [
        case("A1", 经度=106.5405, 纬度=29.5605),
        case("A2", 地址="学田湾正街 48号"),
        case("A3", 社区="春森路"),
        case("A4", 微网格="M21"),
        case("A5", 社区="没有的社区"),
        case("A6", 经度=106.5405, 纬度=29.5605, 社区="春森路社区"),
        case("A7", 经度=0, 纬度=0),
        case("A8", 经度=106.55, 纬度=29.5605),
    ]
    result = imported(data, "incidents", rows)
    found = incidents(data)
    assert found["microgrid_code"].fillna("").to_list() == ["M11", "M12", "", "M21", "", "", "", ""]
    assert found["community_code"].fillna("").to_list() == [
        "C1",
        "C1",
        "C2",
        "C2",
        "没有的社区",
        "C2",
        "",
        "",
    ]
    assert found["located_by"].to_list() == [
        "point",
        "address",
        "none",
        "code",
        "none",
        "none",
        "none",
        "none",
    ]
    assert result.flags == {"location_mismatch": 1, "unknown_area": 3, "zero_point": 1}


def test_a_default_point_locates_nothing(tmp_path: Path) -> None:
    data = tmp_path / "d"
    import_small_street(data)
    rows = [case(f"A{n}", 经度=106.5405, 纬度=29.5605, 地址=f"路{n}号") for n in range(10)]
    result = imported(data, "incidents", rows)
    assert result.flags["default_point"] == 10
    assert incidents(data)["microgrid_code"].isna().all()


def test_other_datums_are_converted_at_the_door(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1", 经度=106.546541, 纬度=29.561203)], crs="gcj02")
    assert incidents(data).loc["A1", "lon"] == pytest.approx(106.542807, abs=2e-6)
    assert incidents(data).loc["A1", "lat"] == pytest.approx(29.564032, abs=2e-6)


def test_swapped_coordinates_are_put_right_and_said_so(tmp_path: Path) -> None:
    result = imported(tmp_path / "d", "incidents", [case("A1", 经度=29.56, 纬度=106.54)])
    assert result.flags["swapped_point"] == 1
    assert incidents(tmp_path / "d").loc["A1", ["lon", "lat"]].to_list() == [106.54, 29.56]


def test_implausible_stamps_are_flagged_and_do_not_move_as_of(tmp_path: Path) -> None:
    rows = [case("A1"), case("A2", "2099-01-01 00:00"), case("A3", "1900-01-01 00:00")]
    result = imported(tmp_path / "d", "incidents", rows)
    assert result.flags["implausible_time"] == 2
    assert result.as_of == "2023-09-11T09:00:00+08:00"


def test_backward_stages_are_flagged(tmp_path: Path) -> None:
    rows = [
        case("A1", 受理时间="2023-09-11 08:59"),
        case("A2", 派遣时间="2023-09-11 09:05", 结案时间="2023-09-11 09:04"),
    ]
    assert imported(tmp_path / "d", "incidents", rows).flags["stage_order"] == 2


def test_open_case_missing_from_a_full_list_is_lost_until_seen_again(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1"), case("A2"), case("A3", 结案时间="2023-09-12 10:00")])
    full = imported(data, "incidents", [case("A2")], coverage=Coverage("all_open"))
    assert full.lost_cases == 1
    lost = store.lost_cases(data, store.read_manifest(data)).to_pylist()
    assert lost == [{"incident_id": "A1", "last_seen_at": "2023-09-12T10:00:00+08:00"}]
    assert incidents(data)["last_seen_at"].notna().to_dict() == {"A1": True, "A2": False, "A3": False}
    imported(data, "incidents", [case("A1")])
    assert len(store.lost_cases(data, store.read_manifest(data))) == 0


def test_a_full_list_with_a_refused_file_loses_no_case(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1"), case("A2")])
    good = write_csv(tmp_path / "good.csv", [case("A2")])
    bad = tmp_path / "bad.xlsx"
    bad.write_bytes(b"no workbook")
    request = ImportRequest(kind="incidents", paths=(good, bad), coverage=Coverage("all_open"))
    result = import_files(request, data)
    assert len(result.files_refused) == 1
    assert result.lost_cases == 0
    assert len(store.lost_cases(data, store.read_manifest(data))) == 0


def test_round_row_counts_are_warned_of(tmp_path: Path) -> None:
    result = imported(tmp_path / "d", "incidents", [case(f"A{n}") for n in range(1000)])
    assert result.warnings == ("row_cap",)


def test_a_file_that_cannot_be_read_leaves_the_others(tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv", [case("A1")])
    bad = tmp_path / "bad.xlsx"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    wrong = write_csv(tmp_path / "wrong.csv", [{"点位编号": "P1", "时间": "2023-09-11"}])
    result = import_files(ImportRequest("incidents", (bad, good, wrong)), tmp_path / "d")
    assert counts(result) == (1, 0, 0, 0)
    assert [refused["file"] for refused in result.files_refused] == ["bad.xlsx", "wrong.csv"]
    assert all("。" in refused["reason"] for refused in result.files_refused)
    assert result.exit_code == 3


def test_nothing_usable_is_exit_1_and_header_only_is_exit_0(tmp_path: Path) -> None:
    only_header = tmp_path / "h.csv"
    only_header.write_text("案件编号,上报时间\n", encoding="utf-8")
    assert import_files(ImportRequest("incidents", (only_header,)), tmp_path / "d").exit_code == 0
    assert imported(tmp_path / "d", "incidents", [case("")]).exit_code == 1
    assert import_files(ImportRequest("incidents", (tmp_path / "no.csv",)), tmp_path / "d").exit_code == 1


def test_pings_are_known_by_person_device_and_time(tmp_path: Path) -> None:
    row = {
        "人员编号": "K1",
        "终端编号": "D1",
        "定位时间": "2023-09-11 09:00:00",
        "经度": 106.54,
        "纬度": 29.56,
    }
    rows = [row, row, {**row, "终端编号": "D2"}, {**row, "定位时间": ""}, {**row, "经度": 106.55}]
    result = imported(tmp_path / "d", "pings", rows)
    assert counts(result) == (2, 1, 1, 1)
    assert counts(imported(tmp_path / "d", "pings", rows[-1:])) == (0, 0, 1, 0)


def test_many_small_imports_keep_few_segments(tmp_path: Path) -> None:
    data = tmp_path / "d"
    for number in range(27):
        imported(data, "incidents", [case(f"A{number}")])
    manifest = store.read_manifest(data)
    assert manifest.rows("incidents") == 27
    assert len(manifest.tables["incidents"]) < 25


def test_undo_takes_back_the_last_import_that_was_not_refused_whole(tmp_path: Path) -> None:
    data = tmp_path / "d"
    bad = tmp_path / "bad.xlsx"
    bad.write_bytes(b"no workbook")

    def refused() -> None:
        import_files(ImportRequest(kind="incidents", paths=(bad,)), data)

    imported(data, "incidents", [case("A1")])
    imported(data, "incidents", [case("A2")])
    refused()
    refused()
    store.undo_last_import(data)
    assert list(incidents(data).index) == ["A1"]
    assert [one.is_undone for one in store.read_manifest(data).imports] == [False, True, False, False]
    refused()
    with pytest.raises(store.StoreError, match="nothing_to_undo"):
        store.undo_last_import(data)
    intake.rebuild(data)
    refused()
    with pytest.raises(store.StoreError, match="nothing_to_undo"):
        store.undo_last_import(data)
    imported(data, "incidents", [case("A3")])
    refused()
    store.undo_last_import(data)
    assert list(incidents(data).index) == ["A1"]


def test_undo_takes_back_the_last_import_once(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1")])
    imported(data, "incidents", [case("A1", 结案时间="2023-09-12 10:00"), case("A2")])
    store.undo_last_import(data)
    assert incidents(data)["closed_at"].isna().to_dict() == {"A1": True}
    with pytest.raises(store.StoreError, match="nothing_to_undo"):
        store.undo_last_import(data)
    imported(data, "incidents", [case("A3")])
    assert list(incidents(data).index) == ["A1", "A3"]


def test_store_is_rebuilt_from_the_raw_files(tmp_path: Path) -> None:
    data = tmp_path / "d"
    imported(data, "incidents", [case("A1", 经度=106.5405, 纬度=29.5605)])
    imported(data, "incidents", [case("A1", 结案时间="2023-09-12 10:00"), case("A2")])
    import_small_street(data)
    assert incidents(data)["microgrid_code"].isna().all()
    for segment in (data / "store" / "incidents").glob("*.parquet"):
        segment.unlink()
    intake.rebuild(data)
    assert incidents(data)["microgrid_code"].fillna("").to_list() == ["M11", ""]
    assert len(store.read_manifest(data).imports) == 5


def test_mapping_of_another_kind_is_wrong_usage(tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text('kind = "pings"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="mapping_of_other_kind"):
        imported(tmp_path / "d", "incidents", [case("A1")], mapping=mapping)


def test_quality_of_the_result_is_plain_json(tmp_path: Path) -> None:
    text = json.dumps(imported(tmp_path / "d", "incidents", [case("A1")]).as_json())
    assert set(json.loads(text)) >= {
        *("kind", "files", "rows_read", "accepted", "replaced", "unchanged", "refused", "flags"),
        *("refusals", "quarantine", "files_refused", "as_of"),
    }


def test_crosses_in_a_row_do_not_pass_for_headers(tmp_path: Path) -> None:
    row = case("A1", 隐患甲="X", 隐患乙="X", 隐患丙="X")
    assert counts(imported(tmp_path / "d", "incidents", [row])) == (1, 0, 0, 0)


def test_a_zip_gives_its_good_tables_and_names_the_others(tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv", [case("A1")])
    wrong = write_csv(tmp_path / "wrong.csv", [{"队伍": "T", "类别": "公安"}])
    packed = tmp_path / "week.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(good, "good.csv")
        archive.write(wrong, "wrong.csv")
        archive.writestr("picture.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    result = import_files(ImportRequest("incidents", (packed,)), tmp_path / "d")
    assert counts(result) == (1, 0, 0, 0)
    assert sorted(refused["file"] for refused in result.files_refused) == [
        "week.zip/picture.xlsx",
        "week.zip/wrong.csv",
    ]
    assert result.exit_code == 3
