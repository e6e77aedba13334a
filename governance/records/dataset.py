"""What pages and metrics read: typed, masked frames of one state of the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from governance import access
from governance.records.patrol.columns import empty_patrol_frame, typed
from governance.records.steps import completed_incidents, suspensions
from governance.schema import Column, kind_named, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from governance.records.chart_notes import ChartNote
    from governance.settings import Settings
    from governance.workdays import Week

T = TypeVar("T")

PANDAS_TYPES: Mapping[str, str] = {
    "stamp": "datetime64[us, Asia/Shanghai]",
    "date": "datetime64[us, Asia/Shanghai]",
    "number": "float64",
    "integer": "Int64",
    "boolean": "boolean",
}
# Columns the intake adds to every row.
PROVENANCE = ("flags", "file", "row", "import_id")


def pandas_type(column: Column) -> str:
    """The pandas dtype a column has in a data set; ids and texts are `string`."""
    return PANDAS_TYPES.get(column.type, "string")


def empty_frame(kind: str) -> pd.DataFrame:
    """No rows, all columns of `kind` with their types."""
    spec = kind_named(kind)
    columns = {c.name: pd.Series(dtype=pandas_type(c)) for c in spec.columns}
    if spec.geometry:
        columns["geometry"] = pd.Series(dtype="string")
    if spec.is_located:
        columns["located_by"] = pd.Series(dtype="string")
        columns["last_seen_at"] = pd.Series(dtype=PANDAS_TYPES["stamp"])
    columns |= {"flags": pd.Series(dtype="string"), "file": pd.Series(dtype="string")}
    columns |= {"row": pd.Series(dtype="int64"), "import_id": pd.Series(dtype="string")}
    return pd.DataFrame(columns)


@dataclass(frozen=True)
class Dataset:
    """One state of the store, seen through the mask.

    `fingerprint` changes whenever anything stored changes and keys every cache; `as_of` says,
    per kind, through when its records are known; `is_sample` that records of the demonstration are
    among them; `is_schematic` that the boundaries are constructed, not the street's own;
    `chart_notes` are the named dates of the control charts;
    `presented` is the week this state was frozen for, None for the store as it stands;
    `patrol_kept` asks whether the patrol results of this state are computed (None: there is no wait).
    """

    data_dir: Path
    fingerprint: str
    as_of: Mapping[str, datetime]
    settings: Settings
    is_sample: bool
    is_schematic: bool
    load: Callable[[str], pd.DataFrame]
    load_patrol: Callable[[str, date | None, date | None], pd.DataFrame] | None = None
    chart_notes: tuple[ChartNote, ...] = ()
    presented: Week | None = None
    patrol_kept: Callable[[], bool] | None = None
    _frames: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    _at_hand: list[bool] = field(default_factory=list, repr=False, compare=False)
    _derived: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def frame(self, kind: str) -> pd.DataFrame:
        """All rows of a kind, masked and typed; an empty frame when none were imported.

        Columns are those of the schema plus `flags` (codes joined by blanks), `file`, `row`,
        `import_id`; `geometry` (WKT, WGS-84) where the kind has one; `located_by` (code,
        address, point, none) and `last_seen_at` (of an open case a full list no longer shows)
        for incidents. Callers must not write into it.
        """
        if kind not in self._frames:
            self._frames[kind] = access.masked_frame(self.load(kind), kind)
        return self._frames[kind]

    def cases(self) -> pd.DataFrame:
        """The incidents with what the flow log adds to them (see `steps.completed_incidents`)."""
        if "cases" not in self._frames:
            completed = completed_incidents(self.frame("incidents"), self.frame("incident_steps"))
            self._frames["cases"] = completed
        return self._frames["cases"]

    def patrol(self, name: str, *, since: date | None = None, until: date | None = None) -> pd.DataFrame:
        """A frame of `governance.records.patrol`, from the records of some days or of all.

        Days that were not computed before are computed now. Empty, with its columns, for a data set
        held in memory. Callers must not write into it. Only frames of all days stay in memory: a
        server that held every week once looked at would need gigabytes.
        """
        load = self.load_patrol or (lambda name, _since, _until: empty_patrol_frame(name))
        if since is not None or until is not None:
            return load(name, since, until)
        key = f"patrol {name}"
        if key not in self._frames:
            self._frames[key] = load(name, None, None)
        return self._frames[key]

    def is_patrol_at_hand(self) -> bool:
        """Whether patrol frames can be read without a wait worth naming; once so, always so."""
        if not self._at_hand:
            if self.patrol_kept is not None and not self.patrol_kept():
                return False
            self._at_hand.append(True)
        return True

    def derived(self, name: str, compute: Callable[[], T]) -> T:
        """What is made from the frames, computed once for this data set. Callers must not write into it."""
        if name not in self._derived:
            self._derived[name] = compute()
        found: T = self._derived[name]
        return found

    def suspensions(self) -> pd.DataFrame:
        """The intervals during which cases were suspended (see `steps.suspensions`)."""
        if "suspensions" not in self._frames:
            self._frames["suspensions"] = suspensions(self.frame("incident_steps"))
        return self._frames["suspensions"]

    def as_of_for(self, *kinds: str) -> datetime | None:
        """The earliest as-of of the sources a figure uses; None when one of them is missing."""
        known = [self.as_of.get(kind) for kind in kinds]
        return min(known) if known and None not in known else None  # type: ignore[type-var]


def dataset_of_frames(
    frames: Mapping[str, pd.DataFrame],
    *,
    as_of: Mapping[str, datetime],
    settings: Settings,
    data_dir: Path,
    fingerprint: str = "frames",
    patrol: Mapping[str, pd.DataFrame] | None = None,
) -> Dataset:
    """A data set held in memory, for tests and for computations beside the store.

    `patrol` are patrol frames as they are, whatever days are asked for.
    """
    known = schema().kinds

    def load(kind: str) -> pd.DataFrame:
        given = frames.get(kind)
        empty = empty_frame(known[kind].name)
        if given is None:
            return empty
        full = given.reindex(columns=empty.columns)
        return full.astype({c: t for c, t in empty.dtypes.items() if c != "row"})

    return Dataset(
        data_dir=data_dir,
        fingerprint=fingerprint,
        as_of=as_of,
        settings=settings,
        is_sample=False,
        is_schematic=False,
        load=load,
        load_patrol=lambda name, _since, _until: typed(name, (patrol or {}).get(name, pd.DataFrame())),
    )
