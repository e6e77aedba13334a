"""Limits and targets by version: added to, never changed, so that nothing old is judged anew.

A version comes in like every other table: a CSV, imported, kept in `raw/`, taken back by undo. A case
is judged by the limits in force when it was filed, a week by the targets in force on its last day. A new
version therefore begins after every stored one, after the last filed case and after the last whole week.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import pandas as pd

from governance import access
from governance.errors import UsageError
from governance.records import store
from governance.records.entered import import_rows
from governance.schema import kind_named, schema
from governance.workdays import SHANGHAI, Week, default_week, start_of_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from governance.records.dataset import Dataset
    from governance.records.intake import ImportResult

Versioned = Literal["rules", "targets"]
# What tells two rows of one version apart, and what may differ between versions.
KEYS: Mapping[str, tuple[str, ...]] = {"rules": ("category", "severity"), "targets": ("metric",)}
VALUES: Mapping[str, tuple[str, ...]] = {
    "rules": ("limit_h", "clock"),
    "targets": ("value", "direction", "source"),
}
# A name a spreadsheet would take for a formula or a number, so that it would come back as another.
_UNSAFE_NAME = re.compile(r"^[=+\-@]|^[\d.]+[eE][+\d]\d*$|^\d{15,}$|^.{41,}$")


@dataclass(frozen=True)
class TableVersion:
    """One version of a table: its name, first day (None: since ever) and rows."""

    name: str
    valid_from: date | None
    rows: pd.DataFrame


def versions_of(table: pd.DataFrame) -> tuple[TableVersion, ...]:
    """The versions of a `rules` or `targets` frame, the earliest first."""
    named = table["version"].fillna("")
    found = []
    for name, rows in table.groupby(named, sort=True):
        begins = rows["valid_from"].min()
        day = None if pd.isna(begins) else begins.astimezone(SHANGHAI).date()
        found.append(TableVersion(str(name), day, rows.reset_index(drop=True)))
    return tuple(sorted(found, key=lambda version: (version.valid_from or date.min, version.name)))


def version_on(versions: Iterable[TableVersion], day: date) -> TableVersion | None:
    """Of versions, earliest first, the one in force on a day."""
    in_force = None
    for version in versions:
        if version.valid_from is None or version.valid_from <= day:
            in_force = version
    return in_force


def judged_since(dataset: Dataset, kind: Versioned, day: date) -> int:
    """How much a version that begins on `day` would judge anew: cases filed since, or whole weeks."""
    as_of = dataset.as_of.get("incidents")
    if as_of is None:
        return 0
    filed_at = _filed_at(dataset)
    if kind == "rules":
        return int((filed_at.ge(start_of_day(day)) & filed_at.le(as_of)).sum())
    last = default_week(as_of)
    first = filed_at.min()
    if pd.isna(first) or day > last.last_day:
        return 0
    return max((last.first_day - max(Week.of(first), Week.of(day)).first_day).days // 7 + 1, 0)


def _filed_at(dataset: Dataset) -> pd.Series:
    cases = dataset.frame("incidents")
    return cases["filed_at"].fillna(cases["reported_at"])


def earliest_start(dataset: Dataset, kind: Versioned) -> date | None:
    """The first day a new version may begin; None where any day will do.

    The first version of all may begin any day: nothing was judged before it.
    """
    versions = versions_of(dataset.frame(kind))
    if not versions:
        return None
    as_of, days = dataset.as_of.get("incidents"), [versions[-1].valid_from or date.min]
    if as_of is not None:
        filed_at = _filed_at(dataset)
        last = filed_at[filed_at.le(as_of)].max()
        if not pd.isna(last):
            by_week = default_week(as_of).last_day
            days.append(last.astimezone(SHANGHAI).date() if kind == "rules" else by_week)
    latest = max(days)
    return None if latest == date.min else latest + timedelta(days=1)


def differences(kind: Versioned, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Rows of two versions that differ: the key columns, and each value as `old_…` and `new_…`.

    Missing on one side means that the row is new, or stands no more.
    """
    keys, values = list(KEYS[kind]), list(VALUES[kind])
    sides = [
        frame[[*keys, *values]].astype(dict.fromkeys(keys, "string")).fillna(dict.fromkeys(keys, ""))
        for frame in (before, after)
    ]
    named = [side.rename(columns={name: f"{prefix}_{name}" for name in values}) for side, prefix in
             zip(sides, ("old", "new"), strict=True)]  # fmt: skip
    joined = named[0].merge(named[1], on=keys, how="outer", sort=False)
    differs = pd.Series(False, index=joined.index)
    for name in values:
        old, new = joined[f"old_{name}"], joined[f"new_{name}"]
        is_same = (old == new).fillna(False).astype(bool) | (old.isna() & new.isna())
        differs |= ~is_same
    return joined[differs].reset_index(drop=True)


def add_version(
    dataset: Dataset, kind: Versioned, rows: pd.DataFrame, *, name: str, valid_from: date
) -> ImportResult:
    """Store a new version of limits or targets through the intake.

    `rows` holds the columns of `KEYS` and `VALUES`.

    Raises
    ------
    UsageError
        `version_unnamed`, `version_exists`, `version_too_early`, `version_rejudges_rules` or
        `version_rejudges_targets`, `version_empty`, `version_row_twice`, `version_bad_value`.
    LockedError
        An import runs and does not end.
    StoreError
        The store is damaged, read-only or full.
    """
    name, rows = _folded(name), rows.assign(**{n: rows[n].map(_folded) for n in KEYS[kind]})
    _validate_start(store.open_dataset(dataset.data_dir), kind, name, valid_from)
    _validate_rows(kind, rows)
    result = import_rows(
        dataset.data_dir,
        kind,
        rows.assign(version=name, valid_from=valid_from.isoformat()),
        stem=f"{kind_named(kind).label}-{valid_from.isoformat()}",
        origin="version",
    )
    access.record_access(
        dataset.data_dir,
        "version",
        kind=kind,
        version=name,
        valid_from=valid_from.isoformat(),
        import_id=result.import_id,
    )
    return result


def _folded(text: object) -> str:
    """A text as the intake will read it: width-folded and trimmed; empty for none."""
    return unicodedata.normalize("NFKC", text).strip() if isinstance(text, str) else ""


def _validate_start(dataset: Dataset, kind: Versioned, name: str, valid_from: date) -> None:
    if not name or _UNSAFE_NAME.search(name):
        raise UsageError("version_unnamed")
    versions = versions_of(dataset.frame(kind))
    if name in [version.name for version in versions]:
        raise UsageError("version_exists", version=name)
    earliest = earliest_start(dataset, kind)
    if earliest is None or valid_from >= earliest:
        return
    n = judged_since(dataset, kind, valid_from)
    if n:
        raise UsageError(f"version_rejudges_{kind}", day=valid_from, n=n, earliest=earliest)
    raise UsageError("version_too_early", day=valid_from, earliest=earliest)


def _validate_rows(kind: Versioned, rows: pd.DataFrame) -> None:
    label = kind_named(kind).by_name
    keys, number = KEYS[kind], "limit_h" if kind == "rules" else "value"
    if rows.empty:
        raise UsageError("version_empty")
    nameless = rows[rows[keys[0]].eq("")]
    if len(nameless):
        raise UsageError("version_bad_value", row=_row_name(nameless, keys), column=label[keys[0]].label)
    twice = rows[rows.duplicated(list(keys))]
    if len(twice):
        raise UsageError("version_row_twice", row=_row_name(twice, keys))
    values = pd.to_numeric(rows[number], errors="coerce")
    is_bad = ~values.map(math.isfinite) | values.lt(0) | (values.eq(0) & (kind == "rules"))
    if kind == "targets":
        is_bad |= rows["metric"].astype("string").str.endswith("_share") & values.gt(1)
    if is_bad.any():
        raise UsageError("version_bad_value", row=_row_name(rows[is_bad], keys), column=label[number].label)
    word = VALUES[kind][1]
    is_bad = ~rows[word].isin(list(schema().values[label[word].values or ""]))
    if is_bad.any():
        raise UsageError("version_bad_value", row=_row_name(rows[is_bad], keys), column=label[word].label)


def _row_name(rows: pd.DataFrame, keys: tuple[str, ...]) -> str:
    """The first of some rows, by its key."""
    parts = [rows.iloc[0][name] for name in keys]
    return " ".join(part for part in parts if part) or "—"
