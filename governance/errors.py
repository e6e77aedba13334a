"""One family of errors: a code and its parameters, never a sentence.

The sentence is made by `governance.text.explain`, in the language of the screen.
"""

from __future__ import annotations


class GovernanceError(Exception):
    """Something that must hold does not.

    `code` names the rule and is a key of the `errors` table in text/zh_CN.toml;
    `params` say what was found and where (file, row, column).
    """

    exit_code = 1

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code}({details})"


class UsageError(GovernanceError):
    """The caller asked for something that does not exist: a kind, a week, an option."""

    exit_code = 2


class UnreadableFileError(GovernanceError):
    """A file is refused as a whole; what was stored stays as it was."""


class StoreError(GovernanceError):
    """The store cannot be read or written."""


class LockedError(StoreError):
    """Another import is running and did not end in time."""
