"""Every sentence and label on screen, from one file.

`t("week_overview.title")` gives a text, `explain(error)` the sentence for an error. A key that
is missing raises at once, so a typo shows in the tests and never on the wall.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from governance.errors import GovernanceError


@cache
def _table() -> dict[str, Any]:
    text = resources.files("governance.text").joinpath("zh_CN.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def t(key: str, /, **params: object) -> str:
    """The text under a dotted key, its {placeholders} filled from `params`.

    Raises
    ------
    KeyError
        When the key or a placeholder is missing.
    """
    entry: Any = _table()
    for part in key.split("."):
        entry = entry[part]
    if not isinstance(entry, str):
        raise KeyError(key)
    return entry.format(**params) if params else entry


def has(key: str) -> bool:
    """Whether there is a text under a dotted key."""
    try:
        t(key)
    except KeyError:
        return False
    return True


def explain(error: GovernanceError) -> str:
    """One Chinese sentence for an error: what must hold, what was found, where."""
    return t(f"errors.{error.code}", **error.params)


def reason(code: str) -> str:
    """The Chinese word for a flag or refusal code."""
    return t(f"reasons.{code}")
