"""Folding: versions of the same key laid one over the other, in read order, in pandas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.records.checks import stored_schema, tells_lossy_ids
from governance.records.dataset import PROVENANCE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from governance.schema import Kind

_NOT_CONTENT = (*PROVENANCE, "variant", "part", "located_by")
_REFRESHED_FLAGS = ("missing_reported_at", "stage_order")


@dataclass(frozen=True)
class Folded:
    """What became of contested rows.

    `current` are the rows to store now, `superseded` the older versions they replace;
    `removed_keys` those stored rows that must leave their segment.
    """

    current: pd.DataFrame
    superseded: pd.DataFrame
    removed_keys: pd.DataFrame
    accepted: int
    replaced: int
    unchanged: int
    older: int


def key_columns(kind: Kind) -> list[str]:
    """Columns that tell two stored rows apart."""
    return [*kind.key, "variant"] if tells_lossy_ids(kind) else list(kind.key)


def folded(
    kind: Kind,
    incoming: pd.DataFrame,
    stored: pd.DataFrame,
    *,
    present: Mapping[int, frozenset[str]],
    plausible: tuple[datetime, datetime],
) -> Folded:
    """Incoming versions laid over the stored ones, one after the other in read order.

    The version with the later `updated_at` wins, else the one with the later latest plausible
    stamp, else the one read later. An older version counts as unchanged. A newer one never
    erases a known stage stamp, nor a field its file does not have (`present`: per part of the
    import, the columns its file has).
    """
    names = key_columns(kind)
    columns = [name for name in stored_schema(kind).names if name in incoming.columns]
    content = [name for name in columns if name not in _NOT_CONTENT]
    incoming = incoming.sort_values(["part", "row"], kind="stable").reset_index(drop=True)
    both = pd.concat([stored[columns], incoming[columns]], ignore_index=True)
    code = pd.Series(pd.factorize(pd.MultiIndex.from_frame(both[names].astype("string").fillna("")))[0])
    stored_code, incoming_code = code[: len(stored)], code[len(stored) :].reset_index(drop=True)
    state = stored[columns].set_index(pd.Index(stored_code))
    turn = incoming_code.groupby(incoming_code).cumcount()
    superseded, counts = [], {"accepted": 0, "replaced": 0, "unchanged": 0, "older": 0}
    changed: set[int] = set()
    for number in range(int(turn.max()) + 1 if len(turn) else 0):
        batch = incoming[turn == number].set_index(pd.Index(incoming_code[turn == number]))
        is_new = ~batch.index.isin(state.index)
        known = batch[~is_new]
        before = state.loc[known.index]
        after = _laid_over(kind, known, before, present)[columns]
        same = _is_same(after[content], before[content])
        older = ~same & _is_older(kind, known, before, plausible)
        wins = ~same & ~older
        superseded.append(before[wins])
        state = pd.concat([state.drop(index=after.index[wins]), after[wins], batch.loc[is_new, columns]])
        changed |= set(after.index[wins]) | set(batch.index[is_new])
        counts["accepted"] += int(is_new.sum())
        counts["replaced"] += int(wins.sum())
        counts["unchanged"] += int((~wins).sum())
        counts["older"] += int(older.sum())
    was_stored = stored.set_index(pd.Index(stored_code))
    removed = was_stored.loc[was_stored.index.isin(changed), names]
    return Folded(
        current=state[state.index.isin(changed)].reset_index(drop=True),
        superseded=pd.concat(superseded).reset_index(drop=True) if superseded else state.iloc[:0],
        removed_keys=removed.reset_index(drop=True),
        **counts,
    )


def _laid_over(
    kind: Kind, known: pd.DataFrame, before: pd.DataFrame, present: Mapping[int, frozenset[str]]
) -> pd.DataFrame:
    after = known.copy()
    for stage in kind.stages:
        after[stage] = after[stage].where(after[stage].notna(), before[stage])
    for part in known["part"].unique():
        rows = known["part"] == part
        for name in before.columns:
            if name in kind.by_name and name not in present[int(part)]:
                empty = rows & after[name].isna()
                after[name] = after[name].where(~empty, before[name])
    if kind.stages:
        after["flags"] = _refreshed_flags(kind, after)
    return after


def _refreshed_flags(kind: Kind, frame: pd.DataFrame) -> pd.Series:
    """Flags of rows whose stages were completed from an earlier version."""
    stages = np.column_stack([frame[name].to_numpy("datetime64[us]") for name in kind.stages])
    missing = np.isnat(stages[:, 0])
    seen = np.where(np.isnat(stages), np.datetime64(0, "us"), stages)
    latest = np.maximum.accumulate(seen, axis=1)
    backwards = (~np.isnat(stages[:, 1:]) & (stages[:, 1:] < latest[:, :-1])).any(axis=1)
    kept = frame["flags"].str.split().map(lambda codes: [c for c in codes if c not in _REFRESHED_FLAGS])
    added = [
        [code for code, hit in zip(_REFRESHED_FLAGS, hits, strict=True) if hit]
        for hits in zip(missing, backwards, strict=True)
    ]
    joined = [" ".join([*old, *new]) for old, new in zip(kept, added, strict=True)]
    return pd.Series(joined, index=frame.index, dtype="string")


def _is_same(after: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    same = pd.Series(True, index=after.index)
    for name in after.columns:
        equal = (after[name] == before[name]).fillna(False).astype(bool)
        same &= equal | (after[name].isna() & before[name].isna())
    return same


def _is_older(
    kind: Kind, known: pd.DataFrame, before: pd.DataFrame, plausible: tuple[datetime, datetime]
) -> pd.Series:
    """Whether the incoming version was written before the stored one, as far as stamps tell."""
    latest_in, latest_known = (_latest_stamp(kind, frame, plausible) for frame in (known, before))
    older = (latest_in < latest_known).fillna(False)
    if "updated_at" in kind.by_name:
        told_in, told_known = known["updated_at"], before["updated_at"]
        is_tie = (told_in == told_known).fillna(False) | (told_in.isna() & told_known.isna())
        later_known = told_known.fillna(latest_known)
        older = older.where(is_tie, (told_in.fillna(latest_in) < later_known).fillna(False))
    return older.astype(bool)


def _latest_stamp(kind: Kind, frame: pd.DataFrame, plausible: tuple[datetime, datetime]) -> pd.Series:
    if not kind.stamps:
        return pd.Series(pd.NaT, index=frame.index)
    stamps = frame[list(kind.stamps)]
    inside = stamps.apply(lambda column: column.between(*plausible))
    return stamps.where(inside).max(axis=1)
