"""Headers find their fields, and a mapping file says what the alias table cannot know."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.errors import UnreadableFileError, UsageError
from governance.records.mapping import (
    TableMapping,
    header_test,
    load_mapping,
    match_headers,
    save_mapping,
)
from governance.schema import kind_named, schema
from governance.text import explain

INCIDENTS = kind_named("incidents")


def fields(headers, kind="incidents", mapping=None):
    return dict(match_headers(headers, kind_named(kind), mapping).fields)


# ---------------------------------------------------------------- headers
@pytest.mark.parametrize("kind", schema().kinds)
def test_labels_names_and_each_alias_alone_are_recognised(kind):
    columns = kind_named(kind).columns
    everything = {column.name: place for place, column in enumerate(columns)}
    assert fields([column.label for column in columns], kind) == everything
    assert fields([column.name for column in columns], kind) == everything
    for column in columns:
        for alias in column.aliases:
            assert len(fields([alias], kind)) == 1


def test_width_case_blanks_stars_and_units_do_not_matter():
    headers = ["＊案件 编号*", "Reported_At", "经度(WGS84)", "纬度（°）", "上报\n社区", "所属社区："]
    match = match_headers(headers, INCIDENTS)
    assert dict(match.fields) == {"incident_id": 0, "reported_at": 1, "lon": 2, "lat": 3, "community_code": 5}
    assert match.dropped == ("上报\n社区",)
    assert fields(["时限（小时）"], "rules") == {"limit_h": 0}


def test_the_better_fit_wins_then_the_first_and_the_rest_is_named():
    match = match_headers(["工单号", "案件编号", "案件编号", "", "备注"], INCIDENTS)
    assert dict(match.fields) == {"incident_id": 1}
    assert match.dropped == ("工单号", "案件编号", "备注")
    assert fields(["事件编号", "工单号"]) == {"incident_id": 0}
    # 社区 names the community in its own table when nothing better does
    assert fields(["社区编码", "社区"], "communities") == {"community_code": 0, "name": 1}


def test_geometry_is_a_field_only_where_a_kind_has_one():
    assert fields(["网格编码", "边界"], "grids") == {"grid_code": 0, "geometry": 1}
    assert fields(["案件编号", "geometry"]) == {"incident_id": 0}


def test_a_mapping_goes_first_and_the_aliases_fill_the_rest():
    mapping = TableMapping(
        kind="incidents",
        columns={
            "reported_at": "登记时间",
            "community_code": "address",
            "accepted_at": "登记时间",
            "lon": "X",
        },
    )
    headers = ["登记时间", "address", "创建时间", "x", "工单号", "z"]
    match = match_headers(headers, INCIDENTS, mapping)
    assert dict(match.fields) == {
        "reported_at": 0,
        "community_code": 1,
        "accepted_at": 0,
        "lon": 3,
        "address": 1,
        "incident_id": 4,
    }
    assert match.dropped == ("创建时间", "z")
    with pytest.raises(UnreadableFileError) as caught:
        match_headers(["登记时间", "X"], INCIDENTS, mapping)
    assert (caught.value.code, caught.value.params) == ("mapped_header_missing", {"header": "address"})


def test_what_counts_as_a_header():
    is_header = header_test(INCIDENTS, TableMapping(kind="incidents", columns={"lon": "Their Lon"}))
    assert [text for text in ("案件编号", "their lon ", "LAT", "学田湾", "") if is_header(text)] == [
        "案件编号",
        "their lon ",
        "LAT",
    ]


# ---------------------------------------------------------------- mapping files
def loaded(tmp_path, text: str) -> TableMapping:
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def test_a_mapping_file_is_read_with_its_defaults(tmp_path):
    assert loaded(tmp_path, 'kind = "pings"') == TableMapping(kind="pings")
    mapping = loaded(
        tmp_path,
        """
        kind = "incidents"
        timezone = "utc+8"
        crs = "GCJ02"
        encoding = "gbk"
        delimiter = "tab"
        sheet = "一月"
        [columns]
        incident_id = "No."
        [values.status]
        "Done" = "closed"
        "Offen" = "在办"
        """,
    )
    assert (mapping.timezone, mapping.crs, mapping.delimiter) == ("+08:00", "gcj02", "\t")
    assert dict(mapping.values["status"]) == {"Done": "closed", "Offen": "在办"}
    assert loaded(tmp_path, 'kind="pings"\ntimezone="America/New_York"').timezone == "America/New_York"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kind = ", "bad_mapping_file"),
        ("timezone = 'UTC'", "bad_mapping_file"),
        ("kind = 'incidents'\nsheet = 3", "bad_mapping_file"),
        ("kind = 'incidents'\ncolumns = 3", "bad_mapping_file"),
        ("kind = 'incidents'\n[values.status]\nx = 3", "bad_mapping_file"),
        ("kind = 'cases'", "unknown_kind"),
        ("kind = 'incidents'\nzone = 'UTC'", "unknown_mapping_key"),
        ("kind = 'incidents'\n[columns]\nno = 'x'", "unknown_field"),
        ("kind = 'incidents'\n[columns]\ngeometry = 'x'", "unknown_field"),
        ("kind = 'incidents'\n[values.no]\nx = 'y'", "unknown_field"),
        ("kind = 'incidents'\ntimezone = 'Asia'", "bad_timezone"),
        ("kind = 'incidents'\ntimezone = '+25:00'", "bad_timezone"),
        ("kind = 'incidents'\ntimezone = '../../etc/passwd'", "bad_timezone"),
        ("kind = 'incidents'\ncrs = 'mars'", "bad_crs"),
        ("kind = 'incidents'\ndelimiter = '::'", "bad_delimiter"),
        ("kind = 'incidents'\n[values.status]\nx = 'finished'", "unknown_mapped_value"),
        ("kind = 'estates'\n[values.is_managed]\nx = 'perhaps'", "unknown_mapped_value"),
    ],
)
def test_a_mapping_that_cannot_hold_is_wrong_usage(tmp_path, text, code):
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, text)
    assert caught.value.code == code
    assert explain(caught.value)


def test_a_missing_mapping_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError) as caught:
        load_mapping(tmp_path / "no.toml")
    assert caught.value.code == "mapping_not_found"


WORD = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.lists(WORD, min_size=2, max_size=2), words=st.dictionaries(WORD, WORD, min_size=1, max_size=3)
)
def test_what_is_saved_is_loaded(tmp_path, headers, words):
    mapping = TableMapping(
        kind="incidents",
        timezone="+05:30",
        crs="bd09",
        encoding="gb18030",
        delimiter="\t",
        sheet=headers[0],
        columns=dict(zip(("incident_id", "category"), headers, strict=True)),
        values={"category": words, "status": {"Done": "closed"}},
    )
    save_mapping(tmp_path / "saved" / "m.toml", mapping)
    assert load_mapping(tmp_path / "saved" / "m.toml") == mapping
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["m.toml"]
