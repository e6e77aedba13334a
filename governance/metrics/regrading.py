"""Severities changed after the first report, and drift in the mix of severities.

A change is seen between two stored versions of a case, or named by a step of its flow log. Drift
compares two periods at the same mix of categories, so that a wet summer is not mistaken for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.comparison import LEAST_N, MARK_Z
from governance.schema import schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.metrics.windows import Span

REGRADE_WORDS = ("改级", "调级", "改等级", "调整等级", "等级调整", "等级变更", "变更等级")
VERSION_COLUMNS = ("incident_id", "severity", "updated_at", "due_at")
# Below it a difference of shares, in standard deviations, is of no practical weight.
LEAST_EFFECT = 0.1
UP, DOWN, UNKNOWN = "up", "down", "unknown"


# ------------------------------------------------------------------------------ re-graded
def severity_order() -> tuple[str, ...]:
    """The severities from the least to the most urgent."""
    return tuple(schema().values["severity"])


def regraded_cases(cases: pd.DataFrame, versions: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Every change of a severity, one row each.

    `versions` are the replaced versions of `cases`, with the columns `VERSION_COLUMNS`; a
    version that names no severity says nothing. A step counts when its name or its action
    carries one of `REGRADE_WORDS`; it counts beside a change of versions only when no such
    change of the case was seen.

    Columns: incident_id, evidence (version, step), from_severity, to_severity (missing for a
    step), direction (up, down, unknown), changed_at (the later version's update, or the step),
    before_limit_min (minutes from it to the limit the earlier version had; negative after it,
    missing without either stamp), limit_moved_min (later limit − earlier). By changed_at.
    """
    seen = _version_changes(cases, versions)
    logged = _step_changes(cases, steps)
    logged = logged[~logged["incident_id"].isin(seen["incident_id"].tolist())]
    parts = [part for part in (seen, logged) if len(part)] or [seen]
    found = pd.concat(parts, ignore_index=True)
    return found.sort_values(["changed_at", "incident_id"], ignore_index=True)


def _version_changes(cases: pd.DataFrame, versions: pd.DataFrame) -> pd.DataFrame:
    names = list(VERSION_COLUMNS)
    known = cases.loc[cases["incident_id"].isin(versions["incident_id"].tolist()), names]
    older = versions[versions["incident_id"].isin(known["incident_id"].tolist())][names]
    both = pd.concat([older.assign(is_current=False), known.assign(is_current=True)], ignore_index=True)
    both = both.dropna(subset=["severity"])
    both = both.sort_values(["incident_id", "is_current", "updated_at"], kind="stable", na_position="first")
    before = both.groupby("incident_id", sort=False)[["severity", "due_at"]].shift()
    changed = before["severity"].notna() & before["severity"].ne(both["severity"])
    rows, before = both[changed.fillna(False).astype(bool)], before[changed.fillna(False).astype(bool)]
    rank = {code: place for place, code in enumerate(severity_order())}
    step = rows["severity"].map(rank).astype("float64") - before["severity"].map(rank).astype("float64")
    direction = np.select([step > 0, step < 0], [UP, DOWN], default=UNKNOWN)
    return pd.DataFrame(
        {
            "incident_id": rows["incident_id"].astype("string"),
            "evidence": pd.Series("version", index=rows.index, dtype="string"),
            "from_severity": before["severity"].astype("string"),
            "to_severity": rows["severity"].astype("string"),
            "direction": pd.Series(direction, index=rows.index, dtype="string"),
            "changed_at": rows["updated_at"],
            "before_limit_min": (before["due_at"] - rows["updated_at"]).dt.total_seconds() / 60,
            "limit_moved_min": (rows["due_at"] - before["due_at"]).dt.total_seconds() / 60,
        }
    )


def _step_changes(cases: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    named = pd.Series(False, index=steps.index)
    for column in ("step", "action"):
        unique = steps[column].dropna().unique()
        hits = [text for text in unique if any(word in text for word in REGRADE_WORDS)]
        named |= steps[column].isin(hits) if hits else False
    logged = (
        steps[named]
        .dropna(subset=["at"])
        .merge(cases[["incident_id", "severity", "due_at"]], on="incident_id")
    )
    return pd.DataFrame(
        {
            "incident_id": logged["incident_id"].astype("string"),
            "evidence": pd.Series("step", index=logged.index, dtype="string"),
            "from_severity": pd.Series(pd.NA, index=logged.index, dtype="string"),
            "to_severity": pd.Series(pd.NA, index=logged.index, dtype="string"),
            "direction": pd.Series(UNKNOWN, index=logged.index, dtype="string"),
            "changed_at": logged["at"],
            "before_limit_min": (logged["due_at"] - logged["at"]).dt.total_seconds() / 60,
            "limit_moved_min": pd.Series(np.nan, index=logged.index, dtype="float64"),
        }
    )


# ---------------------------------------------------------------------------------- drift
def weekly_severities(cases: pd.DataFrame, spans: list[Span]) -> pd.DataFrame:
    """Cases reported in each window by severity.

    Columns: window (its number), severity, reported_n, of_n (all with a severity in it), share
    (missing without any). Severities that occur, from the least urgent on, others last.
    """
    known = cases.dropna(subset=["severity", "reported_at"])
    found = set(known["severity"].unique())
    order = [code for code in severity_order() if code in found]
    order += sorted(found - set(order))
    rows = []
    for number, span in enumerate(spans):
        counts = known.loc[span.holds(known["reported_at"]), "severity"].value_counts()
        of_n = int(counts.sum())
        for code in order:
            n = int(counts.get(code, 0))
            share = n / of_n if of_n else np.nan
            rows.append((number, code, n, of_n, share))
    return pd.DataFrame(rows, columns=["window", "severity", "reported_n", "of_n", "share"])


def severity_drift(cases: pd.DataFrame, now: list[Span], before: list[Span]) -> pd.DataFrame:
    """Each severity's share in a period against what the period before leads one to expect.

    The expectation has the present mix of categories at the earlier period's shares. The
    difference is judged by z with the uncertainty of both periods and a factor for the spread
    between windows (weeks), never below 1. Marked: beyond 99.8 %, at least 0.1 standard
    deviations, 20 cases or more in both periods.

    Columns: severity, n (cases of it now), of_n, before_n, before_of_n, share, before_share,
    expected_share, effect (standardised difference), z, dispersion, is_marked. Severities from
    the least urgent on.
    """
    known = cases.dropna(subset=["severity", "reported_at"])
    week = pd.Series(-1, index=known.index)
    for number, span in enumerate([*before, *now]):
        week[span.holds(known["reported_at"])] = number
    is_inside = week >= 0
    known, numbers = known[is_inside], np.asarray(week[is_inside], dtype=np.int64)
    category = pd.factorize(known["category"].fillna(""))[0]
    found = set(known["severity"].unique())
    codes = [code for code in severity_order() if code in found]
    codes += sorted(found - set(codes))
    shape = (len(before) + len(now), int(category.max(initial=0)) + 1)
    size = _counted(numbers, category, shape)
    rows = [
        {"severity": code, **_drift(_counted(numbers[hit], category[hit], shape), size, len(before))}
        for code in codes
        for hit in [known["severity"].eq(code).to_numpy(dtype=bool)]
    ]
    columns = ["n", "of_n", "before_n", "before_of_n", "share", "before_share", "expected_share"]
    return pd.DataFrame(rows, columns=["severity", *columns, "effect", "z", "dispersion", "is_marked"])


def _counted(
    week: NDArray[np.int64], category: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Cases by week and category."""
    flat = np.bincount(week * shape[1] + category, minlength=shape[0] * shape[1])
    return np.asarray(flat, dtype=np.float64).reshape(shape)


def _drift(hit: NDArray[np.float64], size: NDArray[np.float64], before_n: int) -> dict[str, object]:
    """One severity's row, from its cases and all cases by week and category."""
    n0, n1 = size[:before_n].sum(axis=0), size[before_n:].sum(axis=0)
    k0, k1 = hit[:before_n].sum(axis=0), hit[before_n:].sum(axis=0)
    row: dict[str, object] = {
        "n": int(k1.sum()),
        "of_n": int(n1.sum()),
        "before_n": int(k0.sum()),
        "before_of_n": int(n0.sum()),
        "share": float(k1.sum() / n1.sum()) if n1.sum() else np.nan,
        "before_share": float(k0.sum() / n0.sum()) if n0.sum() else np.nan,
    }
    unknown = {"expected_share": np.nan, "effect": np.nan, "z": np.nan, "dispersion": 1.0, "is_marked": False}
    if not n0.sum() or not n1.sum():
        return row | unknown
    # A category without an earlier case takes the earlier share of all.
    share0 = np.where(n0 > 0, k0 / np.maximum(n0, 1), k0.sum() / n0.sum())
    spread = share0 * (1 - share0)
    expected = float((n1 * share0).sum())
    variance = float((n1 * spread * (1 + n1 / np.where(n0 > 0, n0, n0.sum()))).sum())
    dispersion = _dispersion(hit, size, before_n)
    per_case = expected / n1.sum() * (1 - expected / n1.sum())
    z = (k1.sum() - expected) / np.sqrt(variance * dispersion) if variance > 0 else np.nan
    effect = (k1.sum() - expected) / n1.sum() / np.sqrt(per_case) if per_case > 0 else np.nan
    is_enough = min(n0.sum(), n1.sum()) >= LEAST_N
    return row | {
        "expected_share": expected / float(n1.sum()),
        "effect": float(effect),
        "z": float(z),
        "dispersion": dispersion,
        "is_marked": bool(is_enough and abs(z) > MARK_Z and abs(effect) >= LEAST_EFFECT),
    }


def _dispersion(hit: NDArray[np.float64], size: NDArray[np.float64], before_n: int) -> float:
    """How much more the weeks of a period spread than chance would have them; never below 1."""
    squares, freedom = 0.0, 0
    for part in (slice(None, before_n), slice(before_n, None)):
        k, n = hit[part], size[part]
        share = k.sum(axis=0) / np.maximum(n.sum(axis=0), 1)
        variance = (n * share * (1 - share)).sum(axis=1)
        known = variance > 0
        if known.sum() < 2:
            continue
        residual = (k - n * share).sum(axis=1)
        squares += float((residual[known] ** 2 / variance[known]).sum())
        freedom += int(known.sum()) - 1
    return max(1.0, squares / freedom) if freedom else 1.0
