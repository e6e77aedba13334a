"""Exports of a stated size, as a case system and a positioning system write them, from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from openpyxl import Workbook
from pyarrow import csv

from governance.schema import kind_named, schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SEED = 20230911
FIRST_S = 1_679_241_600  # Monday 20 March 2023, 00:00 in Shanghai, seconds since 1970
PERIOD_S = 26 * 7 * 86_400
ZONE_S = 8 * 3600
# Shares of rows as they are met in exports: still open, one stage before an earlier one, no number,
# no due stamp.
OPEN_SHARE = 0.12
SWAPPED_SHARE = 0.01
NO_KEY_SHARE = 0.001
NO_DUE_SHARE = 0.05
SUBCATEGORIES = {
    "市容环境": ("暴露垃圾", "道路不洁", "焚烧纸钱", "噪声扰民"),
    "街面秩序": ("占道经营", "乱停放"),
    "公用设施": ("路灯", "井盖", "护栏"),
    "安全隐患": ("消防通道", "电动车充电", "高空坠物"),
    "矛盾纠纷": ("邻里", "物业", "租赁"),
}
LON_RANGE, LAT_RANGE = (106.530, 106.560), (29.550, 29.575)
PATROL_STEP_S = 15


def write_incidents_csv(path: Path, rows: int) -> None:
    """Write incidents as UTF-8 CSV: 20 columns under Chinese headers."""
    columns = incident_columns(rows)
    headers = kind_named("incidents").by_name
    csv.write_csv(pa.table({headers[name].label: column for name, column in columns.items()}), path)


def write_incidents_xlsx(path: Path, rows: int) -> None:
    """Write incidents as a workbook: the same columns, all cells text."""
    columns = incident_columns(rows)
    headers = kind_named("incidents").by_name
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([headers[name].label for name in columns])
    for row in zip(*(column.to_pylist() for column in columns.values()), strict=True):
        sheet.append(row)
    book.save(path)


def write_pings_csv(path: Path, rows: int, *, persons: int = 90) -> None:
    """Write positions as UTF-8 CSV, person after person, a position every 15 seconds."""
    rng = np.random.default_rng(SEED)
    each = -(-rows // persons)
    person = np.repeat(np.arange(persons), each)[:rows]
    at = FIRST_S + (np.arange(rows) % each) * PATROL_STEP_S
    walk = rng.normal(0, 2e-5, (2, rows)).cumsum(axis=1)
    lon = LON_RANGE[0] + np.abs(walk[0]) % (LON_RANGE[1] - LON_RANGE[0])
    lat = LAT_RANGE[0] + np.abs(walk[1]) % (LAT_RANGE[1] - LAT_RANGE[0])
    forces = _words("force")
    columns = {
        "person_id": _numbered("P-", person, 3),
        "device_id": _numbered("D-", person, 3),
        "team_id": _numbered("T-", person % 9 + 1, 1),
        "force": _taken(forces, person % len(forces)),
        "at": _stamps(at),
        "lon": _decimals(lon, 6),
        "lat": _decimals(lat, 6),
        "accuracy_m": _decimals(rng.uniform(10, 40, rows), 1),
    }
    headers = kind_named("pings").by_name
    csv.write_csv(pa.table({headers[name].label: column for name, column in columns.items()}), path)


def write_steps_csv(path: Path, rows: int) -> None:
    """Write the flow log of the same incidents as UTF-8 CSV, a row a stamp."""
    columns, label = incident_columns(rows), schema().label_of
    stamps = {
        "report": "reported_at",
        "accept": "accepted_at",
        "dispatch": "dispatched_at",
        "arrive": "arrived_at",
        "close": "closed_at",
    }
    ids = columns["incident_id"]
    parts = {
        "incident_id": pa.concat_arrays([ids] * len(stamps)),
        "step": pa.concat_arrays([pa.repeat(label("incident_step", step), rows) for step in stamps]),
        "at": pa.concat_arrays([columns[name] for name in stamps.values()]),
        "unit": pa.concat_arrays([columns["team_id"]] * len(stamps)),
    }
    table = pa.table(parts).filter(
        pc.and_(pc.not_equal(parts["at"], ""), pc.not_equal(parts["incident_id"], ""))
    )
    headers = kind_named("incident_steps").by_name
    csv.write_csv(table.rename_columns([headers[name].label for name in parts]), path)


def write_rules_csv(path: Path, rows: int) -> None:
    """Write limits as UTF-8 CSV: every category and severity, on both clocks; at most `rows` rows."""
    limits = [
        (category, severity, clock, 8.0 + 8 * place)
        for place, severity in enumerate(_words("severity"))
        for category, clock in zip(SUBCATEGORIES, _words("clock") * len(SUBCATEGORIES), strict=False)
    ][:rows]
    category, severity, clock, limit_h = zip(*limits, strict=True)
    columns = {
        "version": ["1"] * len(limits),
        "valid_from": ["2023-01-01"] * len(limits),
        "category": category,
        "severity": severity,
        "limit_h": [str(hours) for hours in limit_h],
        "clock": clock,
    }
    headers = kind_named("rules").by_name
    csv.write_csv(pa.table({headers[name].label: pa.array(column) for name, column in columns.items()}), path)


def incident_columns(rows: int) -> Mapping[str, pa.Array]:
    """Twenty columns of incidents, all text, with the usual dirt in the stated shares."""
    rng = np.random.default_rng(SEED)
    number = np.arange(rows)
    reported = np.sort(FIRST_S + rng.integers(0, PERIOD_S, rows))
    accepted = reported + rng.integers(30, 900, rows)
    dispatched = accepted + rng.integers(60, 1800, rows)
    arrived = dispatched + rng.integers(120, 3600, rows)
    closed = arrived + rng.integers(600, 5 * 86_400, rows)
    swapped = rng.random(rows) < SWAPPED_SHARE
    arrived = np.where(swapped, reported - 60, arrived)
    is_open = rng.random(rows) < OPEN_SHARE
    pairs = [(category, sub) for category, subs in SUBCATEGORIES.items() for sub in subs]
    pair = rng.integers(0, len(pairs), rows)
    ids = pc.binary_join_element_wise(
        _stamps(reported, "%Y%m%d"), pc.utf8_lpad(pc.cast(number, pa.string()), 9, "0"), ""
    )
    return {
        "incident_id": _where(rng.random(rows) < NO_KEY_SHARE, "", ids),
        "category": _taken([category for category, _ in pairs], pair),
        "subcategory": _taken([sub for _, sub in pairs], pair),
        "severity": _drawn(rng, "severity", rows),
        "source": _drawn(rng, "source", rows),
        "status": _where(is_open, schema().label_of("status", "open"), _repeat("status", "closed", rows)),
        "description": _numbered("路边堆放杂物，影响通行，编号", number % 9973, 4),
        "address": _numbered("学田湾正街", number % 480 + 1, 1, end="号"),
        "lon": _decimals(rng.uniform(*LON_RANGE, rows), 6),
        "lat": _decimals(rng.uniform(*LAT_RANGE, rows), 6),
        "microgrid_code": _numbered("W-", number % 294 + 1, 3),
        "team_id": _numbered("T-", number % 9 + 1, 1),
        "action": _taken(["劝导", "清理", "移交", "处罚"], rng.integers(0, 4, rows)),
        "due_at": _where(rng.random(rows) < NO_DUE_SHARE, "", _stamps(reported + 86_400)),
        "updated_at": _stamps(np.where(is_open, dispatched, closed)),
        "reported_at": _stamps(reported),
        "accepted_at": _stamps(accepted),
        "dispatched_at": _stamps(dispatched),
        "arrived_at": _stamps(arrived),
        "closed_at": _where(is_open, "", _stamps(closed)),
    }


def _words(values: str) -> list[str]:
    return [words[0] for words in schema().values[values].values()]


def _drawn(rng: np.random.Generator, values: str, rows: int) -> pa.Array:
    words = _words(values)
    return _taken(words, rng.integers(0, len(words), rows))


def _repeat(values: str, code: str, rows: int) -> pa.Array:
    return pa.repeat(schema().label_of(values, code), rows)


def _taken(words: list[str], at: np.ndarray) -> pa.Array:
    return pa.array(words).take(pa.array(at))


def _numbered(start: str, number: np.ndarray, width: int, *, end: str = "") -> pa.Array:
    digits = pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), width, "0")
    return pc.binary_join_element_wise(start, digits, end, "")


def _stamps(seconds: np.ndarray, form: str = "%Y-%m-%d %H:%M:%S") -> pa.Array:
    local = pa.array((seconds + ZONE_S).astype("int64")).cast(pa.timestamp("s"))
    return pc.strftime(local, format=form)


def _decimals(values: np.ndarray, digits: int) -> pa.Array:
    return pc.cast(pa.array(values.round(digits)), pa.string())


def _where(chosen: np.ndarray, text: str, other: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(chosen), text, other)
