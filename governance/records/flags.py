"""Reason codes of rows, gathered column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

if TYPE_CHECKING:
    import pyarrow as pa


class Flags:
    """Reason codes of the rows of one chunk."""

    def __init__(self, initial: pa.Array) -> None:
        self._codes = initial

    def add(self, code: str, hit: pa.Array) -> None:
        """Flag the rows that `hit` (boolean, one entry a row) with a code."""
        if pc.any(hit).as_py():
            longer = pc.binary_join_element_wise(self._codes, code, " ")
            self._codes = pc.if_else(pc.fill_null(hit, False), longer, self._codes)

    def joined(self) -> pa.Array:
        """Codes of each row joined by blanks; empty text where there is none."""
        return pc.utf8_ltrim_whitespace(self._codes)
