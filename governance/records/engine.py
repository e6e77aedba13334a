"""The one door to heavy queries: Ibis expressions run on DuckDB over Parquet files."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

_PANDAS_TYPES = {
    pa.string(): pd.StringDtype("pyarrow"),
    pa.large_string(): pd.StringDtype("pyarrow"),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def frame_of(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a frame with nullable types; stamps keep their zone."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_PANDAS_TYPES.get)
    return frame


def micros(stamps: ir.Value) -> ir.IntegerValue:
    """Microseconds since 1970 (UTC) of a stamp column."""
    import ibis

    # Portable ways go through the calendar and take ten times as long.
    counted = ibis.udf.scalar.builtin(name="epoch_us", signature=(("timestamp",), "int64"))(_epoch_us)
    found: ir.IntegerValue = counted(stamps)
    return found


def _epoch_us(stamp: object) -> int:
    raise NotImplementedError(stamp)  # the engine's own function of this name is called


def squared(value: ir.NumericValue) -> ir.NumericValue:
    """A value times itself: the engine's power function takes three times as long."""
    product: ir.NumericValue = value * value
    return product


def counting(first: ir.Value | int, end: ir.Value) -> ir.Value:
    """One row for each whole number from `first` to below `end`, in place of one row."""
    import ibis

    return ibis.range(first, end).unnest()


class Engine:
    """A DuckDB in memory that reads and writes Parquet; expressions are Ibis."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._numbers = count()

    def parquet(self, paths: Sequence[Path]) -> ir.Table:
        """The rows of Parquet files, as one table."""
        return self._backend.read_parquet([str(path) for path in paths])

    def of_arrow(self, table: pa.Table) -> ir.Table:
        """An Arrow table as one that expressions can join."""
        name = f"given_{next(self._numbers)}"
        self._backend.con.register(name, table)
        return self._backend.table(name)

    def arrow(self, expression: ir.Table) -> pa.Table:
        """The result of an expression, stamps in Shanghai."""
        return self._backend.to_pyarrow(expression)

    def frame(self, expression: ir.Table) -> pd.DataFrame:
        """The result of an expression as a frame."""
        return frame_of(self.arrow(expression))

    def plain(self, expression: ir.Table) -> pd.DataFrame:
        """The result of an expression as a frame of numpy types, for computing on."""
        frame: pd.DataFrame = self.arrow(expression).to_pandas()
        return frame

    def count(self, expression: ir.Table) -> int:
        """How many rows an expression has."""
        return int(self._backend.to_pyarrow(expression.count()).as_py())

    def computed(self, expression: ir.Table) -> ir.Table:
        """The same rows, computed once and held; they go with the engine."""
        return self._backend.create_table(f"computed_{next(self._numbers)}", expression, temp=True)

    def write(self, expression: ir.Table, path: Path) -> None:
        """The rows of an expression into a new Parquet file."""
        self._backend.to_parquet(expression, str(path), compression="zstd")


@contextmanager
def engine(*, scratch_dir: Path, memory_limit: str = "1GB") -> Iterator[Engine]:
    """An engine that spills into `scratch_dir` beyond `memory_limit`."""
    import ibis  # not at the top: pages that read frames do not need it

    settings: dict[str, Any] = {
        "memory_limit": memory_limit,
        "temp_directory": str(scratch_dir),
        "TimeZone": "Asia/Shanghai",
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
    }
    backend = ibis.duckdb.connect(**settings)
    try:
        yield Engine(backend)
    finally:
        backend.disconnect()
