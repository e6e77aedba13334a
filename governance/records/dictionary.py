"""The data dictionary, written from the schema."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING

from governance.records.mapping import GEOMETRY_HEADERS
from governance.records.templates import need_of
from governance.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from governance.schema import Column, Kind

_INTRO = """\
# Data dictionary

Every kind of table the street brings, written from `governance/schema.toml`; a test keeps the two equal.
Headers are recognised by the column's name, its Chinese label or an alias; width, blanks, asterisks, case
and a unit in brackets do not matter. A mapping file adapts other headers.

- **key**: the row cannot be used without it. **one of**: at least one of these. **flagged**: kept without it,
  and marked. Everything else may be empty.
- A stamp without a zone is local time in Shanghai (or the mapping's `timezone`). Coordinates are WGS-84
  degrees unless the import says otherwise. A share is 0 to 1, or written with %.
- **planned** stamps may lie in the future. **personal** columns are masked where data are loaded.
- Polygons and lines come as `.geojson`, or as WKT in a column headed {geometry}.
"""
_COLUMN_HEADS = ("column", "标签", "type", "unit", "values", "needed", "别名", "meaning")
_NEEDS = {"key": "key", "one_of": "one of", "required": "flagged", "optional": ""}


def dictionary_markdown() -> str:
    """The data dictionary as Markdown: kinds, value lists and reason codes."""
    kinds = schema().kinds.values()
    blocks = [_INTRO.format(geometry=", ".join(f"`{header}`" for header in GEOMETRY_HEADERS))]
    blocks.append("## Reference kinds\n")
    blocks += [_kind_block(kind) for kind in kinds if kind.is_reference]
    blocks.append("## Record kinds\n")
    blocks += [_kind_block(kind) for kind in kinds if not kind.is_reference]
    blocks.append("## Value lists\n")
    blocks.append("The code is stored; the first word is shown; all words and the code are recognised.\n")
    blocks += [_values_block(name) for name in schema().values]
    blocks.append("## Reason codes\n")
    blocks.append("What a kept row is flagged with, or a refused one refused for.\n")
    blocks.append(_table(("code", "理由"), ([f"`{code}`", text] for code, text in _reasons())))
    return "\n".join(blocks)


def _kind_block(kind: Kind) -> str:
    facts = ["key: " + " + ".join(f"`{name}`" for name in kind.key)]
    if kind.geometry:
        facts.append(f"geometry: {kind.geometry}{' (optional)' if kind.is_geometry_optional else ''}")
    if kind.is_located:
        facts.append("located to a micro-grid at import")
    if kind.cadence_d:
        facts.append(f"expected every {kind.cadence_d} d")
    table = _table(_COLUMN_HEADS, (_column_row(column, kind) for column in kind.columns))
    return f"### {kind.name} {kind.label}\n\n{kind.about} {'; '.join(facts)}.\n\n{table}"


def _column_row(column: Column, kind: Kind) -> Sequence[str]:
    notes = ["planned"] * column.planned + ["personal"] * (column.personal is not None)
    return (
        f"`{column.name}`",
        column.label,
        column.type,
        column.unit,
        f"[{column.values}](#{column.values})" if column.values else "",
        _NEEDS[need_of(column, kind)],
        "、".join(column.aliases),
        column.help + (f" ({', '.join(notes)})" if notes else ""),
    )


def _values_block(name: str) -> str:
    rows = ([f"`{code}`", words[0], "、".join(words[1:])] for code, words in schema().values[name].items())
    return f"### {name}\n\n{_table(('code', '显示', '也认'), rows)}"


def _reasons() -> Iterator[tuple[str, str]]:
    """Reason codes and their words, in order of the code."""
    text = resources.files("governance.text").joinpath("zh_CN.toml").read_text(encoding="utf-8")
    yield from sorted(tomllib.loads(text)["reasons"].items())


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
