"""A small handbook: the small street with people, doors, a key unit, an estate and a route."""

from __future__ import annotations

import json
from datetime import datetime

from governance.records.intake import ImportRequest, import_files
from governance.workdays import SHANGHAI
from tests.builders import import_small_street, imported

AS_OF = datetime(2023, 9, 17, 23, 0, tzinfo=SHANGHAI)
PHONE = "10000000031"


def member(member_id, code, role="楼栋长", *, phone=PHONE, verified_on="2023-09-01", name="甲某某"):
    """One row of a roster."""
    row = {"人员编号": member_id, "姓名": name, "联系电话": phone, "角色": role, "微网格": code}
    return row | {"核实日期": verified_on}


# C1 (M11, M12) has everything; C2 (M21, M22) lacks police, and nobody stands in M22.
ROSTER = (
    member("P1", "M11"),
    member("P2", "M11", "社区干部", phone="10000000032"),
    member("P3", "M12", "民警", phone="10000000033", verified_on="2023-05-01"),
    member("P4", "M21", "楼栋长", phone=""),
    member("P5", "M21", "社区干部", phone="10000000035"),
)
DOORS = (
    {"地址": "学田湾正街48号", "别名": "人和大院", "微网格": "M11", "经度": 106.5405, "纬度": 29.5605},
    {"地址": "人民支路72号", "别名": "", "微网格": "M12", "经度": 106.5415, "纬度": 29.5605},
    {"地址": "人民支路7号", "别名": "", "微网格": "M12", "经度": 106.5416, "纬度": 29.5605},
    {"地址": "中山四路10号", "别名": "", "微网格": "M21", "经度": 106.5425, "纬度": 29.5605},
    {"地址": "中山四路10号", "别名": "", "微网格": "M22", "经度": 106.5435, "纬度": 29.5605},
)


def import_small_handbook(data_dir, roster=ROSTER):
    """The small street with its handbook."""
    import_small_street(data_dir)
    imported(data_dir, "members", roster, name="roster.csv", as_of=AS_OF)
    imported(data_dir, "addresses", DOORS, name="doors.csv", as_of=AS_OF)
    units = [
        {
            "单位编号": "U1",
            "单位名称": "人民小学",
            "单位类型": "学校",
            "微网格": "M11",
            "联系人": f"值班 {PHONE}",
        }
    ]
    imported(data_dir, "key_units", units, name="units.csv", as_of=AS_OF)
    estates = [{"小区编号": "E1", "小区名称": "鑫隆<b>花苑", "有无物业": "无", "微网格": "M11", "户数": 9}]
    imported(data_dir, "estates", estates, name="estates.csv", as_of=AS_OF)
    line = {"type": "LineString", "coordinates": [[106.5401, 29.5605], [106.5439, 29.5605]]}
    properties = {"route_id": "R1", "name": "中山四路", "zone_kind": "主干道", "community_code": "C1"}
    path = data_dir.parent / "exports" / "routes.geojson"
    feature = {"type": "Feature", "geometry": line, "properties": properties}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    import_files(ImportRequest(kind="routes", paths=(path,)), data_dir)
