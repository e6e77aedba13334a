"""The data dictionary is the schema, written out."""

from __future__ import annotations

from pathlib import Path

from governance.records.dictionary import dictionary_markdown
from governance.schema import schema

DICTIONARY = Path(__file__).resolve().parents[1] / "data" / "README.md"


def test_the_committed_dictionary_is_the_schema_s():
    assert DICTIONARY.read_text(encoding="utf-8") == dictionary_markdown()


def test_it_names_every_kind_column_and_value():
    text = dictionary_markdown()
    for kind in schema().kinds.values():
        assert f"\n### {kind.name} {kind.label}\n" in text
        assert all(
            f"\n| `{column.name}` | {column.label} | {column.type} |" in text for column in kind.columns
        )
    for name, codes in schema().values.items():
        assert f"\n### {name}\n" in text
        assert all(f"\n| `{code}` | {words[0]} |" in text for code, words in codes.items())
    assert "\n| `id_precision_lost` | 编号被表格软件截断 |\n" in text
