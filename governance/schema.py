"""The record and reference kinds: columns, types, units, headers, value lists and keys.

The table itself is schema.toml; this module gives it types. Everything that needs to know
a column (intake, templates, the data dictionary, masking) asks here and nowhere else.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from governance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

ColumnType = Literal["id", "text", "code", "stamp", "date", "number", "integer", "boolean", "phone"]
Personal = Literal["name", "phone", "text", "address", "ref"]

TRUE_WORDS = ("是", "有", "y", "yes", "true", "1", "√", "中共党员", "党员", "预备党员", "有物业")
FALSE_WORDS = ("否", "无", "n", "no", "false", "0", "×", "群众", "共青团员", "无物业")


@dataclass(frozen=True)
class Column:
    """One field of a kind.

    `label` and `aliases` are the Chinese headers it is written and recognised by; `planned`
    marks a stamp that may lie in the future (a limit, a roster); `stage` is the place of an
    incident's stage stamp in the order report … rate; a `required` column that is empty is
    flagged; `personal` says how it is masked.
    """

    name: str
    type: ColumnType
    label: str
    help: str
    aliases: tuple[str, ...] = ()
    example: str = ""
    unit: str = ""
    values: str = ""
    stage: int = 0
    planned: bool = False
    required: bool = False
    personal: Personal | None = None

    @property
    def is_stamp(self) -> bool:
        """Whether the column holds a point in time (a stamp or a date)."""
        return self.type in ("stamp", "date")

    @property
    def is_observed(self) -> bool:
        """Whether the column is a point in time that has happened, so cannot lie in the future."""
        return self.is_stamp and not self.planned


@dataclass(frozen=True)
class Kind:
    """One kind of table the street brings.

    `key` are the columns that tell two rows apart (those in `optional_key` may be empty),
    `required_any` those of which at least one must stand; a row without its stamp is used all the
    same where one of `stampless_any` stands. `geometry` is polygon,
    line or empty; `cadence_d` is how often, in days, new rows are expected.
    """

    name: str
    label: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    is_reference: bool = False
    is_located: bool = False
    geometry: Literal["", "polygon", "line"] = ""
    is_geometry_optional: bool = False
    partition: Literal["", "day"] = ""
    optional_key: tuple[str, ...] = ()
    required_any: tuple[str, ...] = ()
    stampless_any: tuple[str, ...] = ()
    cadence_d: int = 0

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """Columns by their canonical name."""
        return MappingProxyType({column.name: column for column in self.columns})

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Columns without which a row cannot be used: the key without its optional parts."""
        return tuple(name for name in self.key if name not in self.optional_key)

    @cached_property
    def stamps(self) -> tuple[str, ...]:
        """Stamps and dates that have happened, in the table's order."""
        return tuple(c.name for c in self.columns if c.is_observed and c.name != "updated_at")

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """An incident's stage stamps in their order; empty for other kinds."""
        staged = [c for c in self.columns if c.stage]
        return tuple(c.name for c in sorted(staged, key=lambda c: c.stage))

    @property
    def first_stamp(self) -> str | None:
        """The stamp that places a row in a window: report for incidents, else the first one."""
        if self.stages:
            return self.stages[0]
        for column in self.columns:
            if column.is_stamp:
                return column.name
        return None


@dataclass(frozen=True)
class Schema:
    """All kinds and value lists."""

    kinds: Mapping[str, Kind]
    values: Mapping[str, Mapping[str, tuple[str, ...]]]

    def kind(self, name: str) -> Kind:
        """The kind called `name`.

        Raises
        ------
        UsageError
            `unknown_kind` when there is none.
        """
        if name not in self.kinds:
            raise UsageError("unknown_kind", kind=name, kinds="、".join(self.kinds))
        return self.kinds[name]

    def label_of(self, values: str, code: str) -> str:
        """The Chinese word for a code of a value list; the code itself when it is foreign."""
        words = self.values[values].get(code)
        return words[0] if words else code


def _kind_from_table(name: str, table: dict[str, Any]) -> Kind:
    geometry = table.get("geometry", "")
    columns = tuple(
        Column(name=column, **{**entry, "aliases": tuple(entry.get("aliases", ()))})
        for column, entry in table["columns"].items()
    )
    return Kind(
        name=name,
        label=table["label"],
        about=table["about"],
        columns=columns,
        key=tuple(table["key"]),
        is_reference=table.get("reference", False),
        is_located=table.get("located", False),
        geometry=geometry.rstrip("?"),
        is_geometry_optional=geometry.endswith("?"),
        partition=table.get("partition", ""),
        optional_key=tuple(table.get("optional_key", ())),
        required_any=tuple(table.get("required_any", ())),
        stampless_any=tuple(table.get("stampless_any", ())),
        cadence_d=table.get("cadence_d", 0),
    )


@cache
def schema() -> Schema:
    """The schema, read once from schema.toml."""
    text = resources.files("governance").joinpath("schema.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    lists = table.pop("values")
    return Schema(
        kinds=MappingProxyType({name: _kind_from_table(name, entry) for name, entry in table.items()}),
        values=MappingProxyType(
            {
                name: MappingProxyType({code: tuple(words) for code, words in entries.items()})
                for name, entries in lists.items()
            }
        ),
    )


def kind_named(name: str) -> Kind:
    """The kind called `name`; raises UsageError when there is none."""
    return schema().kind(name)
