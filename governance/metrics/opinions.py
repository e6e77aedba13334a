"""Opinions and wishes (所需所愿): collected → answered → done → revisited, and where nobody asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.survival import MEDIAN, product_limit, time_reached

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from governance.metrics.windows import Span

STAMPS = ("collected_at", "answered_at", "done_at", "revisited_at")
COUNTS = ("collected_n", "answered_n", "done_n", "revisited_n")
# Which stamps start and stop each clock.
INTERVALS: Mapping[str, tuple[str, str]] = {
    "to_answer": ("collected_at", "answered_at"),
    "to_done": ("collected_at", "done_at"),
    "to_revisit": ("done_at", "revisited_at"),
}

_CLOCK_COLUMNS = ("n", "open_n", "median_h", "left_out_n")


def opinion_marks(requests: pd.DataFrame, *, span: Span, as_of: datetime) -> pd.DataFrame:
    """For each request collected in the window how far it has come by as-of.

    A step counts as reached when it or a later one is stamped. Columns, boolean: `COUNTS`.
    """
    seen = {name: requests[name].le(as_of).fillna(False).astype(bool) for name in STAMPS}
    inside = span.holds(requests["collected_at"]) & seen["collected_at"]
    revisited = inside & seen["revisited_at"]
    done = inside & (seen["done_at"] | revisited)
    answered = inside & (seen["answered_at"] | done)
    return pd.DataFrame(
        {"collected_n": inside, "answered_n": answered, "done_n": done, "revisited_n": revisited}
    )


def _median_h(rows: pd.DataFrame, clock: str, as_of: datetime) -> tuple[int, int, float, int]:
    """Requests timed, open ones among them, their median in hours, and those left out."""
    first, last = (STAMPS.index(name) for name in INTERVALS[clock])
    at = [rows[name].where(rows[name].le(as_of)) for name in STAMPS]
    start, end = at[first], at[last]
    later = at[last + 1 :]
    is_passed = np.zeros(len(rows), dtype=bool)
    for stamp in later:
        is_passed |= stamp.notna().to_numpy()
    used_h = (end.fillna(pd.Timestamp(as_of)) - start).dt.total_seconds().to_numpy() / 3600
    is_closed = end.notna().to_numpy()
    usable = start.notna().to_numpy()
    kept = usable & ~(is_closed & (used_h < 0)) & ~(~is_closed & is_passed)
    curve = product_limit(used_h[kept], is_closed[kept])
    median = time_reached(curve, MEDIAN) if kept.any() else float("nan")
    return int(kept.sum()), int((kept & ~is_closed).sum()), median, int((usable & ~kept).sum())


def opinion_table(requests: pd.DataFrame, group: pd.Series, *, span: Span, as_of: datetime) -> pd.DataFrame:
    """How far the requests collected in the window have come, per group.

    Medians count open requests as open (Kaplan–Meier), censored at as-of; a request whose clock
    would run backwards, or that passed the end unstamped, is left out of that clock and counted.

    Columns: group, `COUNTS`; for each of to_answer (collected → answered), to_done (collected
    → done) and to_revisit (done → revisited): <clock>_n, <clock>_open_n, <clock>_median_h (missing when not
    reached), <clock>_left_out_n. Groups in order; requests without a group are left out.
    """
    marks = opinion_marks(requests, span=span, as_of=as_of)
    kept = marks["collected_n"] & group.notna()
    rows = []
    for name, part in requests[kept].groupby(group[kept], sort=True):
        counts = marks.loc[part.index].sum()
        row: dict[str, object] = {"group": name, **{count: int(counts[count]) for count in COUNTS}}
        for clock in INTERVALS:
            figures = _median_h(part, clock, as_of)
            row |= {f"{clock}_{head}": value for head, value in zip(_CLOCK_COLUMNS, figures, strict=True)}
        rows.append(row)
    heads = [f"{clock}_{head}" for clock in INTERVALS for head in _CLOCK_COLUMNS]
    return pd.DataFrame(rows, columns=["group", *COUNTS, *heads])


def silent_microgrids(
    requests: pd.DataFrame, members: pd.DataFrame, microgrids: pd.DataFrame, *, spans: Mapping[str, Span]
) -> pd.DataFrame:
    """Micro-grids with members, and whether any request was collected there in each window.

    Columns: microgrid_code, name, grid_code, members_n, last_collected_at (up to the latest
    window's end; missing when never), and for each window of `spans` its name, boolean: silent.
    Without a register of micro-grids, those that members name. By code.
    """
    placed = members.dropna(subset=["microgrid_code"])
    counts = placed.groupby("microgrid_code")["member_id"].nunique().rename("members_n")
    known = microgrids.drop_duplicates("microgrid_code", keep="last").set_index("microgrid_code")
    table = counts.to_frame().join(known[["name", "grid_code"]])
    table = table[table.index.isin(known.index)] if len(known) else table
    end_at = max((span.end_at for span in spans.values()), default=None)
    asked = requests.dropna(subset=["microgrid_code", "collected_at"])
    if end_at is not None:
        asked = asked[asked["collected_at"].lt(end_at)]
    table["last_collected_at"] = asked.groupby("microgrid_code")["collected_at"].max().reindex(table.index)
    for name, span in spans.items():
        heard = set(asked.loc[span.holds(asked["collected_at"]), "microgrid_code"])
        table[name] = ~table.index.isin(heard)
    table = table.rename_axis("microgrid_code").sort_index().reset_index()
    order = ["microgrid_code", "name", "grid_code", "members_n", "last_collected_at", *spans]
    return table[order]


def silent_by_chance(microgrids_n: int, requests_n: int) -> float:
    """How many micro-grids would stay silent by chance were requests spread evenly at random."""
    if not microgrids_n:
        return float("nan")
    return float(microgrids_n * (1 - 1 / microgrids_n) ** requests_n)
