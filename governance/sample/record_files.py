"""The record tables as files: weekly and in bulk, clean text for the volume, mixed formats for the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from governance.geo import wgs84_to_gcj02
from governance.sample import dirt, files, stamps, truth
from governance.sample.cases import DAY_S, WEEK_S
from governance.sample.files import Sheet
from governance.sample.incident_tables import STAGE_COLUMNS, as_of, changed_between
from governance.sample.raw_export import RawExport
from governance.sample.roster import FORCES

if TYPE_CHECKING:
    from pathlib import Path

    from governance.sample.street import FloatArray

StampWriter = Callable[["FloatArray"], NDArray[Any]]
_FIELDS = (
    "incident_id", "external_id", "category", "subcategory", "severity", "source", "status", "description",
    "address", "lon", "lat", "community_code", "grid_code", "microgrid_code", "estate_id", "team_id",
    "handler", "action", "basis", "due_s", "rework_n", "level_closed", "satisfaction", *STAGE_COLUMNS,
    "updated_s",
)  # fmt: skip
# Weeks counted from W12. The platform was brought in at the end of W30 with all it held.
_BULK_WEEK = 18
_OLDER_WEEK = 22
_LOST_N = 4
_OLDER_N = 5
_LATE_ENTRIES_N = 9
_HOTLINE_HEADERS = {
    "incident_id": "工单号", "reported_at": "来电时间", "accepted_at": "接单时间",
    "dispatched_at": "派单时间", "arrived_at": "到达现场时间", "resolved_at": "办结时间",
    "closed_at": "归档时间", "rated_at": "回访时间",
    "category": "问题类型", "description": "诉求内容", "address": "事发地址", "due_at": "办理时限",
    "lon": "X坐标", "lat": "Y坐标", "team_id": "承办单位", "satisfaction": "满意度评价", "severity": "缓急",
}  # fmt: skip
_HOTLINE_MAPPING = """\
# The 12345 platform: coordinates in GCJ-02, a word of its own for the severity.
kind = "incidents"
crs = "gcj02"
encoding = "gb18030"

[columns]
severity = "缓急"

[values.severity]
"不急" = "minor"
"普通件" = "normal"
"较急" = "serious"
"紧急件" = "urgent"
"""
_HOTLINE_SEVERITY = {"minor": "不急", "normal": "普通件", "serious": "较急", "urgent": "紧急件"}


@dataclass(frozen=True)
class Format:
    """How one week's export was saved."""

    suffix: str
    stamp: StampWriter
    encoding: str = "utf-8"
    delimiter: str = ","
    headers: dict[str, str] | None = None


_PLAIN = Format("csv", stamps.iso_text)
# By week from W12; the others are plain.
_FORMATS = {
    19: Format("xls", stamps.minute_text, headers={"incident_id": "事件编号", "category": "事件类别"}),
    20: Format("csv", stamps.slash_text, delimiter=";", headers={"incident_id": "工单编号"}),
    21: Format("csv", stamps.chinese_text, encoding="gb18030", headers={"reported_at": "发现时间"}),
    22: Format("csv", stamps.zoned_text, encoding="utf-8-sig"),
    23: Format("zip", stamps.iso_text),
    24: Format("xlsx", stamps.excel_serial, headers={"address": "案发地址", "team_id": "责任单位"}),
}


def _canonical(table: pd.DataFrame, write: StampWriter) -> pd.DataFrame:
    """The export's columns under their field names, stamps written."""
    own = table.reindex(columns=list(_FIELDS))
    texts = {name: write(own[name].to_numpy(dtype=float)) for name in own.columns if name.endswith("_s")}
    return own.assign(**texts).rename(columns={name: f"{name[:-2]}_at" for name in texts})


def _saved(folder: Path, stem: str, table: pd.DataFrame, how: Format) -> Path:
    path = folder / f"{stem}.{how.suffix}"
    title = f"上清寺街道事件周报　{stem}"
    if how.suffix == "xlsx":
        files.write_workbook(
            path, {"事件": (table, Sheet(title, "导出：综合指挥平台", {"返工次数": float(len(table))}))}
        )
    elif how.suffix == "xls":
        files.write_html(path, table, title=title)
    elif how.suffix == "zip":
        inner = table.to_csv(index=False, lineterminator="\r\n").encode("utf-8")
        files.write_zip(path, {f"{stem}.csv": inner})
    else:
        files.write_csv(path, table, encoding=how.encoding, delimiter=how.delimiter)
    return path


def _week_end_s(week: int) -> float:
    """When a week's export was made: Sunday 23:52."""
    return (week + 1) * WEEK_S - 8 * 60


def write_incidents(rng: np.random.Generator, folder: Path, table: pd.DataFrame) -> list[RawExport]:
    """The platform's bulk export, seven weekly ones, late entries, and the hotline's own list."""
    is_hotline = table["source"].eq("hotline")
    late = table.index[~is_hotline & table["source"].ne("member") & table["reported_s"].gt(17 * WEEK_S)]
    late_entries = rng.choice(late, _LATE_ENTRIES_N, replace=False)
    platform = table[~is_hotline & ~table.index.isin(late_entries)]
    # Open when the platform was brought in, in no weekly list since: their fate is unknown.
    before = platform["reported_s"].between(15 * WEEK_S, (_BULK_WEEK + 1) * WEEK_S)
    still_open = platform["ended_s"] > (_BULK_WEEK + 4) * WEEK_S
    lost = platform.loc[before & still_open, "incident_id"].head(_LOST_N)
    exports = []
    for week in range(_BULK_WEEK, truth.WEEKS_N):
        end = _week_end_s(week)
        known = as_of(platform, end)
        if week > _BULK_WEEK:
            known = known[changed_between(known, _week_end_s(week - 1))]
            known = known[~known["incident_id"].isin(lost)]
        how = _FORMATS.get(week, _PLAIN)
        rows = _canonical(known, how.stamp)
        rows = dirt.with_repeats(rng, rows, 0.003)
        if week == _OLDER_WEEK:
            older = _canonical(as_of(platform, _week_end_s(week - 1)), how.stamp)
            older = older[older["incident_id"].isin(rows["incident_id"]) & older["status"].eq("open")]
            rows = pd.concat([rows, older.head(_OLDER_N)], ignore_index=True)
        if week % 2 == 1:
            rows = dirt.without_ids(rng, rows, "incident_id", 2)
        named = files.with_headers("incidents", files.with_words("incidents", rows), how.headers)
        stem = f"事件_2023W{week + 12}" if week > _BULK_WEEK else "事件_2023W12-W30"
        first, last = truth.FIRST_DAY, truth.moment(end).date()
        coverage = "all_open" if week > _BULK_WEEK else f"reported:{first}..{last}"
        exports.append(
            RawExport("incidents", _saved(folder, stem, named, how), truth.moment(end), coverage=coverage)
        )
    exports.append(_write_late_entries(folder, table.loc[np.sort(late_entries)]))
    return [*exports, _write_hotline(folder, table[is_hotline])]


def _write_late_entries(folder: Path, table: pd.DataFrame) -> RawExport:
    """A few cases typed in afterwards, whose 17-digit ids Excel has turned into numbers."""
    rows = _canonical(as_of(table, truth.AS_OF_S), stamps.slash_text)
    rows["incident_id"] = dirt.scientific(rows["incident_id"])
    named = files.with_headers("incidents", files.with_words("incidents", rows))
    path = folder / "事件_补录.xlsx"
    files.write_workbook(path, {"补录": (named, Sheet("补录事件登记"))})
    return RawExport("incidents", path, truth.AS_OF)


def _write_hotline(folder: Path, table: pd.DataFrame) -> RawExport:
    """The hotline's list of the whole period, in its own words and in GCJ-02."""
    known = as_of(table, truth.AS_OF_S)
    lon, lat = wgs84_to_gcj02(known["lon"].to_numpy(dtype=float), known["lat"].to_numpy(dtype=float))
    known = known.assign(lon=np.round(lon, 6), lat=np.round(lat, 6))
    rows = files.with_words("incidents", _canonical(known, stamps.minute_text))
    rows = rows.assign(severity=known["severity"].map(_HOTLINE_SEVERITY))
    fields = [
        name
        for name in rows.columns
        if name not in ("handler", "basis", "microgrid_code", "filed_at", "verified_at")
    ]
    path, mapping = folder / "12345工单.csv", folder / "12345工单.mapping.toml"
    files.write_csv(path, files.with_headers("incidents", rows[fields], _HOTLINE_HEADERS), encoding="gb18030")
    mapping.write_text(_HOTLINE_MAPPING, encoding="utf-8")
    return RawExport(
        "incidents", path, truth.AS_OF, crs="gcj02", mapping=mapping,
        coverage=f"reported:{truth.FIRST_DAY}..{truth.LAST_DAY}",
    )  # fmt: skip


def _in_words(kind: str, table: pd.DataFrame, write: StampWriter) -> pd.DataFrame:
    """Teams, forces and stamps as text under canonical names, then under Chinese headers."""
    texts: dict[str, NDArray[Any]] = {}
    for name in table.columns:
        if name.endswith("_s") or name == "at_s":
            texts[name] = write(table[name].to_numpy(dtype=float))
    renamed = {name: "at" if name == "at_s" else f"{name[:-2]}_at" for name in texts}
    own = table.assign(**texts).rename(columns=renamed)
    if "team" in own.columns:
        own = own.assign(team_id=np.array(truth.TEAM_IDS)[own["team"]], force=np.array(FORCES)[own["force"]])
        own = own.drop(columns="team")
    return files.with_headers(kind, files.with_words(kind, own))


def write_records(rng: np.random.Generator, folder: Path, tables: dict[str, pd.DataFrame]) -> list[RawExport]:
    """All small record kinds: mostly plain text, some as workbook, HTML table or GB18030."""
    exports = []
    for kind, table in tables.items():
        cut = _CUTS.get(kind)
        parts = {"": table} if cut is None else {f"_{label}": part for label, part in _halves(table, cut)}
        for number, (label, part) in enumerate(parts.items()):
            write = stamps.minute_text if kind in ("visits", "requests", "rollcalls") else stamps.iso_text
            rows = _in_words(kind, dirt.with_repeats(rng, part, 0.002), write)
            suffix, title = _KEPT_AS.get((kind, number), ("csv", ""))
            path = folder / f"{_NAMES[kind]}{label}.{suffix}"
            if suffix == "xlsx":
                files.write_workbook(path, {"Sheet1": (rows, Sheet(title))})
            elif suffix == "xls":
                files.write_html(path, rows, title=title)
            else:
                files.write_csv(path, rows, encoding="gb18030" if kind == "requests" else "utf-8")
            until = truth.AS_OF if number == len(parts) - 1 else truth.moment(float(cut or 0))
            exports.append(RawExport(kind, path, until))
    return exports


_NAMES = {
    "incident_steps": "办理流程", "requests": "所需所愿", "checkins": "打卡", "rollcalls": "点名",
    "shifts": "排班", "visits": "走访", "activities": "活动", "warnings": "预警", "warning_steps": "应急处置",
}  # fmt: skip
# Where a kind comes in two files, the second holds its last week.
_CUTS = dict.fromkeys(("incident_steps", "rollcalls", "visits", "checkins"), (truth.WEEKS_N - 1) * WEEK_S)
_KEPT_AS = {
    ("activities", 0): ("xlsx", "一老一小活动台账"),
    ("warnings", 0): ("xlsx", ""),
    ("visits", 1): ("xls", "走访记录　第37周"),
    ("rollcalls", 1): ("xlsx", "点名登记　第37周"),
}


def _moment_of(table: pd.DataFrame) -> str:
    return "visited_s" if "visited_s" in table.columns else "at_s"


def _halves(table: pd.DataFrame, cut: float) -> list[tuple[str, pd.DataFrame]]:
    """The rows before and after a moment; the second file repeats the last day of the first."""
    before = table[_moment_of(table)] < cut
    overlap = table[_moment_of(table)].between(cut - DAY_S / 8, cut)
    return [("2023W12-W36", table[before]), ("2023W37", table[~before | overlap])]
