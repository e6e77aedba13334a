"""The checks: text rows to typed rows, each kept and flagged or refused with a reason.

A row is refused only when it cannot be used. Flags and refusals are codes; their Chinese
words stand in text/zh_CN.toml under [reasons].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from governance.geo import Datum, to_wgs84
from governance.records import values as v
from governance.records.flags import Flags
from governance.records.positions import place_rows
from governance.workdays import start_of_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from governance.records.locate import Gazetteer
    from governance.schema import Column, Kind
    from governance.settings import Settings

TOTAL_WORDS = ("合计", "总计", "小计", "共计", "总数", "total", "sum")
_ARROW_TYPES = {
    "stamp": v.STAMP,
    "date": v.STAMP,
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type a column is stored with."""
    return _ARROW_TYPES.get(column.type, pa.string())


def stored_schema(kind: Kind) -> pa.Schema:
    """Columns and types of a stored segment of `kind`, provenance included."""
    fields = [pa.field(column.name, arrow_type(column)) for column in kind.columns]
    if kind.geometry:
        fields.append(pa.field("geometry", pa.string()))
    if kind.is_located:
        fields.append(pa.field("located_by", pa.string()))
    fields += [pa.field(name, pa.string()) for name in ("flags", "file")]
    fields += [pa.field("row", pa.int64()), pa.field("import_id", pa.string())]
    if tells_lossy_ids(kind):
        fields.append(pa.field("variant", pa.string()))
    return pa.schema(fields)


def repetitive_columns(kind: Kind) -> list[str]:
    """Text columns whose values repeat, so that a dictionary pays."""
    own = kind.key[0] if tells_lossy_ids(kind) else ""
    return [f.name for f in stored_schema(kind) if f.type == pa.string() and f.name not in (own, "geometry")]


def tells_lossy_ids(kind: Kind) -> bool:
    """Whether rows with a destroyed id must be told apart: kinds known by one id alone."""
    return kind.key == (kind.columns[0].name,) and kind.columns[0].type == "id"


@dataclass(frozen=True)
class CheckRules:
    """What the checks of one import need to know."""

    kind: Kind
    now: datetime
    settings: Settings
    gazetteer: Gazetteer
    timezone: str = "Asia/Shanghai"
    crs: Datum = "wgs84"
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """One refused row: its place in the chunk, the column at fault, the reason code."""

    index: int
    column: str
    code: str


@dataclass(frozen=True)
class Checked:
    """The usable rows of a chunk, typed and flagged, and the refused ones."""

    rows: pa.Table
    refusals: tuple[Refusal, ...]
    is_used: NDArray[np.bool_]


def checked(chunk: pa.Table, fields: Mapping[str, int], rules: CheckRules) -> Checked:
    """Rows of a text chunk (columns c0… and row, row_flags) as typed rows of the kind.

    `fields` maps a column of the kind to the number of the text column that feeds it.
    """
    kind = rules.kind
    chunk = chunk.combine_chunks()
    flags = Flags(_column(chunk, "row_flags"))
    columns: dict[str, pa.Array] = {}
    for column in kind.columns:
        place = fields.get(column.name)
        if place is None:
            columns[column.name] = pa.nulls(len(chunk), arrow_type(column))
        else:
            columns[column.name] = _typed(column, _column(chunk, f"c{place}"), rules, flags)
    if kind.geometry:
        columns["geometry"] = _geometry(chunk, fields.get("geometry"), rules, flags)
    refusals, is_used = _refused(chunk, columns, kind)
    _flag_missing(columns, fields, kind, flags)
    _flag_times(columns, rules, flags)
    place_rows(columns, rules, flags)
    columns["flags"] = flags.joined()
    columns["row"] = _column(chunk, "row")
    if tells_lossy_ids(kind):
        columns["variant"] = pa.repeat("", len(chunk))
    table = pa.table(columns)
    return Checked(table if is_used.all() else table.filter(pa.array(is_used)), refusals, is_used)


def _column(chunk: pa.Table, name: str) -> pa.Array:
    column = chunk.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _typed(column: Column, texts: pa.Array, rules: CheckRules, flags: Flags) -> pa.Array:
    words = rules.values.get(column.name)
    if words:
        texts = v.mapped(texts, words)
    match column.type:
        case "stamp" | "date":
            read = v.stamps(texts, timezone=rules.timezone)
            flags.add("unreadable_time", read.is_unreadable)
            flags.add("ambiguous_date", read.is_doubtful)
        case "number" | "integer":
            reader = v.satisfaction if column.name == "satisfaction" else v.numbers
            read = v.integers(texts) if column.type == "integer" else reader(texts)
            flags.add("unreadable_number", read.is_unreadable)
        case "code":
            read = v.codes(texts, values=column.values)
            flags.add("unknown_value", read.is_unreadable)
        case "boolean":
            read = v.booleans(texts)
            flags.add("unknown_value", read.is_unreadable)
        case "phone":
            read = v.phones(texts)
        case "id":
            read = v.ids(texts)
            if column.name in rules.kind.key:
                flags.add("id_precision_lost", read.is_doubtful)
        case _:
            read = v.texts(texts)
    return read.values


def _geometry(chunk: pa.Table, place: int | None, rules: CheckRules, flags: Flags) -> pa.Array:
    """Valid geometries as WKT in WGS-84, six decimals; what cannot be read is flagged."""
    if place is None:
        texts = np.full(len(chunk), None, dtype=object)
    else:
        texts = v.folded(_column(chunk, f"c{place}")).to_numpy(zero_copy_only=False)
    shapes = shapely.from_wkt(texts, on_invalid="ignore")
    kinds = {"polygon": ("Polygon", "MultiPolygon"), "line": ("LineString", "MultiLineString")}
    wanted = kinds[rules.kind.geometry]
    fits = np.array([shape is not None and shape.geom_type in wanted for shape in shapes], dtype=bool)
    shapes = np.where(fits, shapely.make_valid(shapes), None)
    shapes = shapely.transform(shapes, lambda xy: np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], rules.crs)))
    is_given = np.array([text is not None for text in texts], dtype=bool)
    flags.add("bad_geometry", pa.array(is_given & ~fits))
    if not rules.kind.is_geometry_optional:
        flags.add("missing_geometry", pa.array(~is_given))
    return pa.array(shapely.to_wkt(shapes, rounding_precision=6), pa.string())


def _refused(
    chunk: pa.Table, columns: Mapping[str, pa.Array], kind: Kind
) -> tuple[tuple[Refusal, ...], NDArray[np.bool_]]:
    """Rows that cannot be used: no key, no usable stamp, or a total at the foot of the table."""
    is_used = np.ones(len(chunk), dtype=bool)
    refusals: list[Refusal] = []

    def refuse(code: str, column: str, hit: pa.Array) -> None:
        places = np.flatnonzero(hit.to_numpy(zero_copy_only=False) & is_used)
        refusals.extend(Refusal(int(place), column, code) for place in places)
        is_used[places] = False

    refuse("total_row", kind.key[0], _is_total(chunk, columns[kind.key[0]]))
    stamps = [name for name in kind.key if kind.by_name[name].is_stamp]
    for name in kind.required:
        if name not in stamps:
            refuse("missing_key", name, pc.is_null(columns[name]))
    if kind.required_any:
        nothing = pc.is_null(pc.coalesce(*(columns[name] for name in kind.required_any)))
        refuse("missing_key", kind.required_any[0], nothing)
    for name in stamps:
        parts = (name, *kind.stampless_any)
        refuse(
            "no_usable_stamp", name, pc.is_null(pc.coalesce(*(_is_given(columns[part]) for part in parts)))
        )
    usable = [name for name in (*kind.stamps, kind.first_stamp or "") if name in columns]
    if usable and not kind.is_reference and not stamps:
        refuse("no_usable_stamp", usable[0], pc.is_null(pc.coalesce(*(columns[name] for name in usable))))
    refusals.sort(key=lambda refusal: refusal.index)
    return tuple(refusals), is_used


def _is_given(column: pa.Array) -> pa.Array:
    """True where a cell stands, null where it is empty: columns of different types side by side."""
    return pc.if_else(pc.is_valid(column), True, None)


def _is_total(chunk: pa.Table, key: pa.Array) -> pa.Array:
    """Rows whose key, or one of whose first cells where the key is empty, says total."""
    hit = pc.fill_null(pc.is_in(pc.utf8_lower(key), pa.array(TOTAL_WORDS)), False)
    if not key.null_count:
        return hit
    places = np.flatnonzero(pc.is_null(key).to_numpy(zero_copy_only=False))
    names = [name for name in chunk.column_names if name.startswith("c")][:3]
    cells = chunk.select(names).take(pa.array(places)).combine_chunks()
    first = v.folded(pc.coalesce(*(_column(cells, name) for name in names)))
    words = pc.utf8_lower(pc.replace_substring_regex(first, r"[\s:]", ""))
    is_total = hit.to_numpy(zero_copy_only=False).copy()
    is_total[places] = pc.fill_null(pc.is_in(words, pa.array(TOTAL_WORDS)), False)
    return pa.array(is_total)


def _flag_missing(
    columns: Mapping[str, pa.Array], fields: Mapping[str, int], kind: Kind, flags: Flags
) -> None:
    for column in kind.columns:
        if column.required and column.name in fields:
            flags.add("missing_value", pc.is_null(columns[column.name]))
    if kind.stages:
        flags.add("missing_reported_at", pc.is_null(columns[kind.stages[0]]))


def is_plausible(stamps: pa.Array, rules: CheckRules) -> pa.Array:
    """Whether observed stamps lie between the setting `plausible_from` and the import itself."""
    low = pa.scalar(start_of_day(rules.settings.day("plausible_from")), v.STAMP)
    high = pa.scalar(rules.now, v.STAMP)
    return pc.and_(pc.greater_equal(stamps, low), pc.less_equal(stamps, high))


def _flag_times(columns: Mapping[str, pa.Array], rules: CheckRules, flags: Flags) -> None:
    """Flag stamps outside what is plausible and stages that run backwards."""
    implausible = pa.repeat(False, len(next(iter(columns.values()))))
    for column in rules.kind.columns:
        if column.is_observed:
            outside = pc.invert(is_plausible(columns[column.name], rules))
            implausible = pc.or_(implausible, pc.fill_null(outside, False))
    flags.add("implausible_time", implausible)
    if rules.kind.stages:
        flags.add("stage_order", stages_run_backwards([columns[name] for name in rules.kind.stages]))


def stages_run_backwards(stages: list[pa.Array]) -> pa.Array:
    """Whether any stamped stage lies before an earlier one (arrays in stage order)."""
    stages = [stage.cast(pa.int64()) for stage in stages]
    latest = stages[0]
    backwards = pa.repeat(False, len(latest))
    for stage in stages[1:]:
        backwards = pc.or_(backwards, pc.fill_null(pc.less(stage, latest), False))
        latest = pc.max_element_wise(latest, stage)
    return backwards
