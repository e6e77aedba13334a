"""What to check before concluding: closings just before the limit, many reports at once, and the like.

For the secretary's page only. A mark says that chance alone hardly explains a count, never that
somebody cheated; units are teams, communities and micro-grids, never persons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import bdtrc

from governance.metrics.comparison import MARK_SHARE
from governance.metrics.stages import MINUTE_US, MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.metrics.judged import JudgedCases
    from governance.metrics.windows import Span

# What we found ourselves and can close on the spot.
SELF_FOUND = ("patrol", "member")
# Slots before the last one that say how many closings to expect in it.
NEIGHBOURS_N = 3
REGRADED_WITHIN_MIN = 60
_HOUR_US = 60 * MINUTE_US
# A mark needs this many cases and a probability below half of `MARK_SHARE` (one side of 99.8 %).
LEAST_HITS = 5
STREET = ""
COLUMNS = ("group", "hit_n", "of_n", "expected_n", "probability", "is_marked", "incident_ids")


def _of(units: pd.Series, unit: str) -> NDArray[np.bool_]:
    """The cases of a unit; all of them for the street."""
    if unit == STREET:
        return np.ones(len(units), dtype=bool)
    return units.eq(unit).to_numpy(dtype=bool, na_value=False)


def _rows(
    groups: pd.Series, is_hit: NDArray[np.bool_], ids: pd.Series, expected: dict[str, tuple[float, float]]
) -> pd.DataFrame:
    """One row a group and one for the street; `expected` holds count and probability by group."""
    rows = []
    for group in (STREET, *sorted(groups.dropna().unique())):
        inside = _of(groups, group)
        hits = inside & is_hit
        expected_n, probability = expected.get(group, (float("nan"), float("nan")))
        hit_n = int(hits.sum())
        marked = bool(hit_n >= LEAST_HITS and probability < MARK_SHARE / 2)
        rows.append((group, hit_n, int(inside.sum()), expected_n, probability, marked, tuple(ids[hits])))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(
        {"group": "string", "expected_n": "float64", "probability": "float64", "is_marked": bool}
    )


def unit_of(cases: pd.DataFrame) -> pd.Series:
    """The unit a case is laid to: its team, else its community; missing without either."""
    return cases["team_id"].fillna(cases["community_code"]).astype("string")


def _bunched(
    before_min: NDArray[np.float64], units: pd.Series, ids: pd.Series, width_min: float
) -> pd.DataFrame:
    """Events in the last `width_min` before a limit against the slots of that width before it."""
    is_hit = (before_min >= 0) & (before_min < width_min)
    is_near = (before_min >= width_min) & (before_min < (NEIGHBOURS_N + 1) * width_min)
    expected: dict[str, tuple[float, float]] = {}
    for group in (STREET, *units.dropna().unique()):
        inside = _of(units, group)
        hit_n, near_n = int((is_hit & inside).sum()), int((is_near & inside).sum())
        # Spread evenly, one event in so many of these slots falls into the last.
        chance = float(bdtrc(hit_n - 1, hit_n + near_n, 1 / (NEIGHBOURS_N + 1))) if hit_n else 1.0
        expected[str(group)] = (near_n / NEIGHBOURS_N, chance)
    return _rows(units, is_hit, ids, expected)


def closed_before_limit(judged: JudgedCases, *, span: Span, within_min: float) -> pd.DataFrame:
    """Cases closed in the last minutes before their limit, by unit and for the street (group "").

    Of the cases with a limit that were closed in the window: `hit_n` closed less than `within_min`
    before they were due; `expected_n` is the mean of the three slots of that length before. The
    probability is that of so many or more if these slots were alike (binomial).

    Columns: group, hit_n, of_n, expected_n, probability, is_marked, incident_ids.
    """
    incidents, closed_us = judged.incidents, judged.cases.closed_us()
    inside = span.holds(incidents["closed_at"]).to_numpy() & (closed_us != MISSING)
    counted = inside & (judged.due_us != MISSING) & ~judged.cases.is_stopped
    before = (judged.due_us[counted] - closed_us[counted]) / MINUTE_US
    rows = incidents[counted]
    return _bunched(before, unit_of(rows), rows["incident_id"], within_min)


def regraded_before_limit(
    regraded: pd.DataFrame, cases: pd.DataFrame, *, span: Span, within_min: float = REGRADED_WITHIN_MIN
) -> pd.DataFrame:
    """Cases re-graded in the last hour before the limit they had, by unit and for the street.

    `regraded` are changes of severity (`regrading.regraded_cases`); `of_n` counts those of the
    window with a known limit. Columns and expectation as in `closed_before_limit`.
    """
    known = regraded[span.holds(regraded["changed_at"]) & regraded["before_limit_min"].notna()]
    rows = known.merge(cases.drop_duplicates("incident_id"), on="incident_id", how="left")
    return _bunched(rows["before_limit_min"].to_numpy(), unit_of(rows), rows["incident_id"], within_min)


def closed_on_the_spot(cases: pd.DataFrame, *, span: Span, within_min: float) -> pd.DataFrame:
    """Self-found cases that were closed within minutes of their report, by unit and for the street.

    Of the cases found by patrols and members (`SELF_FOUND`) and closed in the window: `hit_n` were
    closed at most `within_min` after their report; `expected_n` is what the street without the
    unit would have among as many, with the binomial probability of so many or more.

    Columns: group, hit_n, of_n, expected_n, probability, is_marked, incident_ids.
    """
    found = cases["source"].isin(SELF_FOUND) & span.holds(cases["closed_at"])
    rows = cases[found & ~cases["status"].isin(["voided", "transferred"]) & cases["reported_at"].notna()]
    took_min = (rows["closed_at"] - rows["reported_at"]).dt.total_seconds().to_numpy() / 60
    is_hit, units = (took_min >= 0) & (took_min <= within_min), unit_of(rows)
    return _against_others(units, is_hit, rows["incident_id"])


def _against_others(units: pd.Series, is_hit: NDArray[np.bool_], ids: pd.Series) -> pd.DataFrame:
    """Each unit's hits against what the street without it would have among as many."""
    expected: dict[str, tuple[float, float]] = {}
    for group in units.dropna().unique():
        own = _of(units, group)
        others_n = int((~own).sum())
        if not others_n:
            continue
        # Half a case more keeps a street without any such case from calling the first one impossible.
        share = (int((is_hit & ~own).sum()) + 0.5) / (others_n + 1)
        hit_n, of_n = int((is_hit & own).sum()), int(own.sum())
        expected[str(group)] = (share * of_n, float(bdtrc(hit_n - 1, of_n, share)))
    return _rows(units, is_hit, ids, expected)


def closed_without_track(closed: pd.DataFrame) -> pd.DataFrame:
    """Cases closed outdoors near which nobody's track came, by team and for the street.

    `closed` is of `scenes.closed_unseen`. Cases of days of which too little is known (`is_known`) are
    set apart: no team is asked about what its devices do not tell. Expectation as in
    `closed_on_the_spot`.

    Columns: group, hit_n, of_n, expected_n, probability, is_marked, incident_ids.
    """
    known = closed[closed["is_known"].to_numpy(dtype=bool)]
    is_hit = known["is_unseen"].to_numpy(dtype=bool)
    return _against_others(known["team_id"], is_hit, known["incident_id"])


def member_reports(cases: pd.DataFrame, requests: pd.DataFrame) -> pd.DataFrame:
    """What members reported: cases of theirs, and the opinions and wishes they collected.

    A wish names its member by number, a case only by the masked handler, so that its post
    (micro-grid and handler's role) stands for the member. Neither leaves this module.

    Columns: reporter (a key), post (micro-grid, missing where none is named), kind (incidents,
    requests), id, at.
    """
    own = cases[cases["source"].eq("member").fillna(False).astype(bool)]
    key = own["microgrid_code"].fillna("") + "|" + own["handler"].fillna("")
    is_named = own["microgrid_code"].notna() & own["handler"].notna()
    asked = requests[requests["member_id"].notna()]
    parts = (
        pd.DataFrame(
            {
                "reporter": key[is_named],
                "post": own.loc[is_named, "microgrid_code"],
                "kind": "incidents",
                "id": own.loc[is_named, "incident_id"],
                "at": own.loc[is_named, "reported_at"],
            }
        ),
        pd.DataFrame(
            {
                "reporter": asked["member_id"],
                "post": asked["microgrid_code"],
                "kind": "requests",
                "id": asked["request_id"],
                "at": asked["collected_at"],
            }
        ),
    )
    kept = [part for part in parts if len(part)] or [parts[0]]
    return pd.concat(kept, ignore_index=True).dropna(subset=["at"])


def many_in_an_hour(reports: pd.DataFrame, *, span: Span, most: int) -> pd.DataFrame:
    """Hours in which one member reported more than `most`, by post (`member_reports`).

    An hour begins at a report and holds those less than 60 minutes later; hours do not overlap.
    `of_n` counts the reports of all members of the kind in the window, `expected_n` is the most
    that 99 % of all such hours hold.

    Columns: group (micro-grid, missing where none is named), kind, from_at, hit_n, of_n,
    expected_n, ids.
    """
    rows = []
    inside = reports[span.holds(reports["at"])]
    for kind, own in inside.groupby("kind"):
        hours = _hours_of(own)
        usual = float(np.quantile([hour[2] for hour in hours], 0.99, method="inverted_cdf"))
        rows += [
            (post, kind, from_at, n, len(own), usual, ids) for post, from_at, n, ids in hours if n > most
        ]
    names = ["group", "kind", "from_at", "hit_n", "of_n", "expected_n", "ids"]
    table = pd.DataFrame(rows, columns=names)
    return table.sort_values(["hit_n", "from_at"], ascending=[False, True], ignore_index=True)


def _hours_of(reports: pd.DataFrame) -> list[tuple[object, pd.Timestamp, int, tuple[str, ...]]]:
    """The hours of every reporter: post, begin, count and ids."""
    ordered = reports.sort_values(["reporter", "at", "id"], kind="stable")
    at = ordered["at"].to_numpy("datetime64[us]").astype(np.int64)
    number = pd.factorize(ordered["reporter"])[0]
    ends = np.append(np.flatnonzero(np.diff(number)) + 1, len(at))
    stamps, posts, ids = (ordered[name].tolist() for name in ("at", "post", "id"))
    found, place = [], 0
    while place < len(at):
        last = ends[np.searchsorted(ends, place, side="right")]
        end = place + int(np.searchsorted(at[place:last], at[place] + _HOUR_US, side="left"))
        found.append((posts[place], stamps[place], end - place, tuple(ids[place:end])))
        place = end
    return found


def false_marks_expected(signal: pd.DataFrame) -> float:
    """How many units chance alone would mark, at most."""
    return MARK_SHARE / 2 * int(signal["group"].ne(STREET).sum())
