"""Mappings: whose header feeds which of our columns.

Without a mapping, headers are recognised by the schema's labels and aliases. A mapping (TOML)
adapts a foreign table: its headers, words, zone, datum and file form.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from governance.errors import UnreadableFileError, UsageError
from governance.geo import DATUMS
from governance.schema import Kind, kind_named, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from governance.geo import Datum

_TOP_LEVEL = ("kind", "timezone", "crs", "encoding", "delimiter", "sheet", "columns", "values")
_OFFSET = re.compile(r"^[+-]\d{2}:?\d{2}$")
_UNIT = re.compile(r"[(\[（【][^)\]）】]*[)\]）】]$")
_GEOMETRY_HEADERS = ("geometry", "wkt", "边界", "几何", "the_geom")


@dataclass(frozen=True)
class TableMapping:
    """How a foreign table is read.

    `columns` names, per field of ours, their header; `values`, per field, their words and ours.
    """

    kind: str
    timezone: str = "Asia/Shanghai"
    crs: Datum = "wgs84"
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class HeaderMatch:
    """Which column of a table feeds which field, and the headers nothing wanted."""

    fields: Mapping[str, int]
    dropped: tuple[str, ...]


# --------------------------------------------------------------------------------- files
def load_mapping(path: Path) -> TableMapping:
    """Read and check a mapping file.

    Raises
    ------
    UsageError
        `mapping_not_found`, `bad_mapping_file`, `unknown_mapping_key`, `unknown_kind`,
        `unknown_field`, `unknown_mapped_value`, `bad_timezone` or `bad_crs`.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise UsageError("mapping_not_found", file=str(path)) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError("bad_mapping_file", file=str(path), detail=str(error)) from error
    return mapping_from(table, file=str(path))


def mapping_from(table: Mapping[str, Any], *, file: str) -> TableMapping:
    """A mapping from a parsed TOML table; raises as `load_mapping` does."""
    for key in table:
        if key not in _TOP_LEVEL:
            raise UsageError("unknown_mapping_key", key=key, keys="、".join(_TOP_LEVEL), file=file)
    if not isinstance(table.get("kind"), str):
        raise UsageError("bad_mapping_file", file=file, detail="kind")
    kind = kind_named(table["kind"])
    columns, values = table.get("columns", {}), table.get("values", {})
    _check_columns(kind, columns, file)
    _check_values(kind, values, file)
    texts = {key: table[key] for key in ("encoding", "delimiter", "sheet") if key in table}
    if not all(isinstance(value, str) for value in texts.values()):
        raise UsageError("bad_mapping_file", file=file, detail="、".join(texts))
    crs = table.get("crs", "wgs84")
    if crs not in DATUMS:
        raise UsageError("bad_crs", crs=crs)
    zone = _checked_timezone(str(table.get("timezone", "Asia/Shanghai")), file)
    return TableMapping(
        kind=kind.name, timezone=zone, crs=cast("Datum", crs), columns=columns, values=values, **texts
    )


def _checked_timezone(text: str, file: str) -> str:
    if _OFFSET.match(text):
        return f"{text[:3]}:{text[-2:]}"
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError("bad_timezone", timezone=text, file=file) from error
    return text


def _unknown_field(kind: Kind, name: str, file: str) -> UsageError:
    return UsageError("unknown_field", field=name, kind=kind.label, fields="、".join(kind.by_name), file=file)


def _check_columns(kind: Kind, columns: object, file: str) -> None:
    if not isinstance(columns, dict):
        raise UsageError("bad_mapping_file", file=file, detail="[columns]")
    for name, header in columns.items():
        if name not in kind.by_name and not (name == "geometry" and kind.geometry):
            raise _unknown_field(kind, name, file)
        if not isinstance(header, str):
            raise UsageError("bad_mapping_file", file=file, detail=f"[columns] {name}")


def _check_values(kind: Kind, values: object, file: str) -> None:
    if not isinstance(values, dict):
        raise UsageError("bad_mapping_file", file=file, detail="[values]")
    for name, words in values.items():
        if name not in kind.by_name:
            raise _unknown_field(kind, name, file)
        if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
            raise UsageError("bad_mapping_file", file=file, detail=f"[values.{name}]")
        list_name = kind.by_name[name].values
        for ours in words.values() if list_name else ():
            if ours not in schema().values[list_name]:
                known = "、".join(schema().values[list_name])
                raise UsageError("unknown_mapped_value", value=ours, field=name, values=known, file=file)


def save_mapping(path: Path, mapping: TableMapping) -> None:
    """Write a mapping as TOML, so that `load_mapping` reads the same one back."""
    top = {key: getattr(mapping, key) for key in _TOP_LEVEL[:6]}
    lines = [f"{key} = {_quoted(value)}" for key, value in top.items() if value is not None]
    lines += ["", "[columns]", *(f"{key} = {_quoted(header)}" for key, header in mapping.columns.items())]
    for name, words in mapping.values.items():
        lines += ["", f"[values.{name}]", *(f"{_quoted(a)} = {_quoted(b)}" for a, b in words.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# ------------------------------------------------------------------------------- headers
def normalised_header(text: str) -> str:
    """A header as it is compared: width and case folded, without blanks, stars and a unit."""
    plain = re.sub(r"[\s*]", "", unicodedata.normalize("NFKC", text)).casefold()
    return _UNIT.sub("", plain) or plain


def header_test(kind: Kind, mapping: TableMapping | None) -> Callable[[str], bool]:
    """Whether a cell's text is a header that `match_headers` would use."""
    known = set(_names(kind))
    known |= {normalised_header(header) for header in mapping.columns.values()} if mapping else set()
    return lambda text: normalised_header(text) in known


def _names(kind: Kind) -> dict[str, str]:
    """Every header recognised for a kind, with its field: names, then labels, then aliases."""
    names: dict[str, str] = {}
    if kind.geometry:
        names |= dict.fromkeys(_GEOMETRY_HEADERS, "geometry")
    for words in (
        [(column.name, column.name) for column in kind.columns],
        [(column.label, column.name) for column in kind.columns],
        [(alias, column.name) for column in kind.columns for alias in column.aliases],
    ):
        for word, name in words:
            names.setdefault(normalised_header(word), name)
    return names


def match_headers(headers: Sequence[str], kind: Kind, mapping: TableMapping | None) -> HeaderMatch:
    """Feed fields from headers: first as the mapping says, then by name, label and alias.

    Where several headers fit one field, the one that fits best wins (name, label, alias), then
    the first.

    Raises
    ------
    UnreadableFileError
        `mapped_header_missing` when a header the mapping names is not there.
    """
    plain = [normalised_header(header) if header else "" for header in headers]
    fields: dict[str, int] = {}
    for name, header in (mapping.columns if mapping else {}).items():
        wanted = header.strip()
        exact = [place for place, text in enumerate(headers) if text.strip() == wanted]
        places = exact or [p for p, text in enumerate(plain) if text and text == normalised_header(wanted)]
        if not places:
            raise UnreadableFileError("mapped_header_missing", header=header)
        fields[name] = places[0]
    used = set(fields.values())
    for name, place in _recognised(plain, kind, skip=used).items():
        fields.setdefault(name, place)
    used = set(fields.values())
    dropped = tuple(text for place, text in enumerate(headers) if text and place not in used)
    return HeaderMatch(fields=fields, dropped=dropped)


def _recognised(plain: Sequence[str], kind: Kind, *, skip: set[int]) -> dict[str, int]:
    names = _names(kind)
    fields: dict[str, int] = {}
    rank: dict[str, int] = {}
    for place, text in enumerate(plain):
        name = names.get(text)
        if name is None or place in skip:
            continue
        column = kind.by_name.get(name)
        words = (name, normalised_header(column.label)) if column else ()
        fit = words.index(text) if text in words else 2
        if name not in fields or fit < rank[name]:
            fields[name], rank[name] = place, fit
    return fields
