"""Whose header is whose: the alias table, and mapping files for foreign exports.

A mapping is a TOML file: `kind`, and where needed `timezone` (of stamps without one), `crs`,
`encoding`, `delimiter`, `sheet`; `[columns]` field = "their header"; `[values.FIELD]`
"theirs" = "ours".
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
import zoneinfo
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from governance.errors import UnreadableFileError, UsageError
from governance.geo import DATUMS
from governance.schema import FALSE_WORDS, TRUE_WORDS, Column, kind_named, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from governance.geo import Datum
    from governance.schema import Kind

DEFAULT_TIMEZONE = "Asia/Shanghai"
GEOMETRY_FIELD = "geometry"
GEOMETRY_HEADERS = ("geometry", "WKT", "geom", "the_geom", "边界", "几何", "图形", "范围坐标", "线路走向")
DELIMITER_WORDS = MappingProxyType({"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"})

_TEXT_KEYS = ("kind", "timezone", "crs", "encoding", "delimiter", "sheet")
_KEYS = (*_TEXT_KEYS, "columns", "values")
_FIXED_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_MAX_OFFSET_H = 14
_IGNORED = re.compile(r"[\s*_:]+")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
# How well a header fits: the field's name, its label, an alias; with a bracket cut off less so.
_BY_NAME, _BY_LABEL, _BY_ALIAS, _CUT = 0, 1, 2, 3


@dataclass(frozen=True)
class TableMapping:
    """How a foreign table of one kind becomes ours.

    `columns` says field → their header, `values` field → {theirs: ours}; `timezone` is an IANA
    name or an offset such as +08:00.
    """

    kind: str
    timezone: str = DEFAULT_TIMEZONE
    crs: Datum = "wgs84"
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    columns: Mapping[str, str] = dataclass_field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class HeaderMatch:
    """Field → position of its column; `dropped` are the headers that fit nothing, in order."""

    fields: Mapping[str, int]
    dropped: tuple[str, ...]


# ---------------------------------------------------------------- headers
@lru_cache(maxsize=4096)
def normal_header(text: str) -> str:
    """A header as it is compared: width folded, without blanks, asterisks and case."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text)).casefold()


@lru_cache(maxsize=4096)
def _without_brackets(text: str) -> str:
    """The normal header without what stands in brackets: a unit or a datum."""
    return _IGNORED.sub("", _BRACKETS.sub("", unicodedata.normalize("NFKC", text))).casefold()


@cache
def _known_headers(kind_name: str) -> Mapping[str, tuple[tuple[int, str], ...]]:
    """Normal header → (rank, field) of each field it may mean."""
    kind = kind_named(kind_name)
    known: dict[str, list[tuple[int, str]]] = {}
    for column in kind.columns:
        ranked = [(_BY_NAME, column.name), (_BY_LABEL, column.label)]
        ranked += [(_BY_ALIAS, alias) for alias in column.aliases]
        for rank, header in ranked:
            known.setdefault(normal_header(header), []).append((rank, column.name))
    if kind.geometry:
        for header in GEOMETRY_HEADERS:
            known.setdefault(normal_header(header), []).append((_BY_LABEL, GEOMETRY_FIELD))
    return MappingProxyType({header: tuple(meant) for header, meant in known.items()})


def _meanings(header: str, kind: Kind) -> Iterator[tuple[int, str]]:
    """(rank, field) of each field a header may mean."""
    known = _known_headers(kind.name)
    yield from known.get(normal_header(header), ())
    bare = _without_brackets(header)
    if bare and bare != normal_header(header):
        for rank, field in known.get(bare, ()):
            yield rank + _CUT, field


def header_test(kind: Kind, mapping: TableMapping | None) -> Callable[[str], bool]:
    """Whether a text is a header of `kind`: by the alias table or by the mapping."""
    mapped = {normal_header(header) for header in mapping.columns.values()} if mapping else set()

    def is_header(text: str) -> bool:
        return normal_header(text) in mapped or any(True for _ in _meanings(text, kind))

    return is_header


def match_headers(headers: Sequence[str], kind: Kind, mapping: TableMapping | None = None) -> HeaderMatch:
    """Which column feeds which field.

    Fields the mapping names come from the header it names. Each other field takes the header
    that fits best (its name, its label, an alias, any of these with a unit in brackets), the
    first one among equals; a header feeds one field. What the mapping has used still feeds a
    field of that very name or label.

    Raises
    ------
    UnreadableFileError
        `mapped_header_missing` when the table lacks a header the mapping names.
    """
    fields = {
        field: _place_of(header, headers) for field, header in (mapping.columns if mapping else {}).items()
    }
    claimed = set(fields.values())
    offers = sorted(
        (rank, place, field)
        for place, header in enumerate(headers)
        for rank, field in _meanings(header, kind)
        if place not in claimed or rank <= _BY_LABEL
    )
    used: set[int] = set()
    for _, place, field in offers:
        if field not in fields and place not in used:
            fields[field] = place
            used.add(place)
    fed = claimed | used
    dropped = tuple(header for place, header in enumerate(headers) if header and place not in fed)
    return HeaderMatch(MappingProxyType(fields), dropped)


def _place_of(header: str, headers: Sequence[str]) -> int:
    """Where a mapped header stands, exactly or in its normal form."""
    if header in headers:
        return list(headers).index(header)
    normal = [normal_header(text) for text in headers]
    wanted = normal_header(header)
    if not wanted or wanted not in normal:
        raise UnreadableFileError("mapped_header_missing", header=header)
    return normal.index(wanted)


# ---------------------------------------------------------------- mapping files
def load_mapping(path: Path) -> TableMapping:
    """The mapping in a TOML file, checked against the schema.

    Raises
    ------
    UsageError
        `mapping_not_found`, `bad_mapping_file`, `unknown_mapping_key`, `unknown_kind`,
        `unknown_field`, `bad_timezone`, `bad_crs`, `bad_delimiter` or `unknown_mapped_value`.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise UsageError("mapping_not_found", file=str(path)) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError("bad_mapping_file", file=str(path), detail=str(error)) from error
    return mapping_of_table(table, file=path.name)


def mapping_of_table(table: Mapping[str, object], *, file: str) -> TableMapping:
    """The mapping in a parsed TOML table; raises as `load_mapping` does."""
    for key in table:
        if key not in _KEYS:
            raise UsageError("unknown_mapping_key", key=key, keys="、".join(_KEYS), file=file)
    texts = {key: _text_of(table, key, file) for key in _TEXT_KEYS if key in table}
    if "kind" not in texts:
        raise UsageError("bad_mapping_file", file=file, detail="kind = ?")
    kind = kind_named(texts["kind"])
    crs = texts.get("crs", "wgs84").lower()
    if crs not in DATUMS:
        raise UsageError("bad_crs", crs=crs)
    columns = _table_of(table, "columns", file)
    values = _table_of(table, "values", file)
    for field in (*columns, *values):
        _check_field(field, kind, file)
    return TableMapping(
        kind=kind.name,
        timezone=_timezone_of(texts.get("timezone", DEFAULT_TIMEZONE), file),
        crs=crs,
        encoding=texts.get("encoding"),
        delimiter=_delimiter_of(texts.get("delimiter"), file),
        sheet=texts.get("sheet"),
        columns=MappingProxyType({field: _text_of(columns, field, file) for field in columns}),
        values=MappingProxyType({field: _values_of(values, field, kind, file) for field in values}),
    )


def _text_of(table: Mapping[str, object], key: str, file: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value:
        raise UsageError("bad_mapping_file", file=file, detail=f"{key} = {value!r}")
    return value


def _table_of(table: Mapping[str, object], key: str, file: str) -> Mapping[str, object]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise UsageError("bad_mapping_file", file=file, detail=f"{key} = {value!r}")
    return value


def _check_field(field: str, kind: Kind, file: str) -> None:
    fields = [*kind.by_name, *([GEOMETRY_FIELD] if kind.geometry else [])]
    if field not in fields:
        raise UsageError("unknown_field", field=field, kind=kind.name, fields="、".join(fields), file=file)


def _values_of(values: Mapping[str, object], field: str, kind: Kind, file: str) -> Mapping[str, str]:
    words = {}
    for theirs, ours in _table_of(values, field, file).items():
        word = str(ours).lower() if isinstance(ours, bool) else ours
        if not isinstance(word, str):
            raise UsageError("bad_mapping_file", file=file, detail=f"{field}.{theirs} = {ours!r}")
        accepted = _accepted_words(kind.by_name.get(field))
        if accepted and word not in accepted:
            listed = schema().values.get(kind.by_name[field].values, accepted)
            raise UsageError(
                "unknown_mapped_value", field=field, value=word, values="、".join(listed), file=file
            )
        words[theirs] = word
    return MappingProxyType(words)


def _accepted_words(column: Column | None) -> tuple[str, ...]:
    """What a value may be mapped to; empty when anything may."""
    if column is None:
        return ()
    if column.type == "boolean":
        return (*TRUE_WORDS, *FALSE_WORDS)
    codes = schema().values.get(column.values, {})
    return (*codes, *(word for words in codes.values() for word in words))


def _timezone_of(text: str, file: str) -> str:
    """An IANA name as it is, an offset as ±HH:MM."""
    offset = _FIXED_OFFSET.fullmatch(text.strip())
    if offset:
        sign, hours, minutes = offset[1], int(offset[2]), int(offset[3] or 0)
        if hours <= _MAX_OFFSET_H and minutes < 60:
            return f"{sign}{hours:02d}:{minutes:02d}"
    try:
        return zoneinfo.ZoneInfo("UTC" if text in ("Z", "z") else text).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError("bad_timezone", timezone=text, file=file) from error


def _delimiter_of(text: str | None, file: str) -> str | None:
    delimiter = DELIMITER_WORDS.get(text, text) if text else None
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"'):
        raise UsageError("bad_delimiter", delimiter=delimiter, file=file)
    return delimiter


def save_mapping(path: Path, mapping: TableMapping) -> None:
    """Write a mapping as TOML, aside and then renamed; `load_mapping` reads the same back."""
    defaults = TableMapping(kind=mapping.kind)
    lines = [f"kind = {_quoted(mapping.kind)}"]
    for key in _TEXT_KEYS[1:]:
        value = getattr(mapping, key)
        if value != getattr(defaults, key):
            lines.append(f"{key} = {_quoted(value)}")
    if mapping.columns:
        lines += ["", "[columns]"]
        lines += [f"{field} = {_quoted(header)}" for field, header in mapping.columns.items()]
    for field, words in mapping.values.items():
        lines += ["", f"[values.{field}]"]
        lines += [f"{_quoted(theirs)} = {_quoted(ours)}" for theirs, ours in words.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    aside.replace(path)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes, and DEL, which TOML forbids to stand bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
