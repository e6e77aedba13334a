"""The reference tables as files: polygons as GeoJSON, the rest as the office keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.geo import wgs84_to_gcj02
from governance.sample import files
from governance.sample.files import Sheet

if TYPE_CHECKING:
    from pathlib import Path

# Kind → file name, in the order of import.
FILE_NAMES = {
    "communities": "社区边界.geojson",
    "grids": "网格边界.geojson",
    "microgrids": "微网格边界.geojson",
    "estates": "小区台账.xlsx",
    "addresses": "门牌地址.csv",
    "members": "微网格员名册.xlsx",
    "key_units": "重点社会单位.xlsx",
    "routes": "巡逻线路.geojson",
    "points": "点位.csv",
    "teams": "巡逻队.xlsx",
    "rules": "处置时限.xlsx",
    "targets": "目标.csv",
    "care_register": "一老一小名册.csv",
}
GCJ02_KINDS = ("points",)
_SHEETS = {
    "estates": Sheet(title="上清寺街道居民小区台账", note="填表单位：社区治理办　示例数据"),
    "members": Sheet(title="上清寺街道微网格员名册", note="共 475 人　示例数据，姓名以编号代替"),
    "key_units": Sheet(title="重点社会单位一览表"),
    "teams": Sheet(),
    "rules": Sheet(title="事件处置时限（示例，待街道确认）"),
}
_HEADERS = {"members": {"name": "人员姓名", "phone": "手机号码"}, "key_units": {"name": "单位"}}


def _as_phone_float(frame: pd.DataFrame) -> pd.DataFrame:
    """Phones as the numbers Excel makes of them; the empty ones stay empty."""
    return frame.assign(phone=pd.to_numeric(frame["phone"], errors="coerce"))


def _in_gcj02(frame: pd.DataFrame) -> pd.DataFrame:
    lon, lat = wgs84_to_gcj02(frame["lon"].to_numpy(dtype=float), frame["lat"].to_numpy(dtype=float))
    return frame.assign(lon=np.round(lon, 6), lat=np.round(lat, 6))


def write_reference(folder: Path, kind: str, frame: pd.DataFrame) -> Path:
    """One reference table under its file name."""
    path = folder / FILE_NAMES[kind]
    if kind == "members":
        frame = _as_phone_float(frame)
    if kind in GCJ02_KINDS:
        frame = _in_gcj02(frame)
    table = files.with_headers(kind, files.with_words(kind, frame), _HEADERS.get(kind))
    if path.suffix == ".geojson":
        files.write_geojson(path, table)
    elif kind == "addresses":
        files.write_csv(path, table, encoding="gb18030")
    elif path.suffix == ".csv":
        files.write_csv(path, table, delimiter=";" if kind == "points" else ",")
    else:
        look = _SHEETS[kind]
        if kind == "estates":
            look = Sheet(look.title, look.note, {"户数": float(table["户数"].sum())})
        files.write_workbook(path, {"Sheet1": (table, look)})
    return path
