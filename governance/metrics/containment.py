"""Small matters stay in the community: who closed a case, and whether it stayed closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.metrics.repeats import came_again, has_followup
from governance.metrics.response import grouped
from governance.metrics.windows import Span

if TYPE_CHECKING:
    from datetime import date, datetime

    from numpy.typing import NDArray

    from governance.records.dataset import Dataset

# Which cases a rule sends above the street: 示例 until the street confirms its own list.
REQUIRED_SEVERITIES = ("urgent",)
REQUIRED_CATEGORIES = ("突发事件",)
REQUIRED_SUBCATEGORIES = ("违建", "违法建设")
# A complaint that shows that a matter closed in the community was not settled.
_COMPLAINTS = ("hotline", "petition")
_STREET_UNIT, _ABOVE_UNIT = "街道", r"区级|市级|区政府|市政府|区委|市委|[区市县][^社]*局|部门"
BANDS = ("community_n", "street_n", "above_required_n", "above_other_n", "open_n", "unknown_level_n")


def closing_levels(cases: pd.DataFrame, steps: pd.DataFrame) -> pd.Series:
    """The level at which each case was settled: community, street, above; missing when unknown.

    The record's `level_closed` counts first. Without it a case of status transferred went above;
    a closed case is read from its flow log: the highest unit an escalation or transfer names
    (a unit of district or city is above, a street is the street, an unnamed one counts as the
    street for an escalation and as above for a transfer); a log without either means the
    community. Cases without a log stay unknown.
    """
    passed = steps[steps["step"].isin(["escalate", "transfer"])]
    unit = passed["unit"].fillna("")
    is_street = unit.str.contains(_STREET_UNIT, regex=False)
    is_above = ~is_street & (unit.str.contains(_ABOVE_UNIT, regex=True) | passed["step"].eq("transfer"))
    ids = cases["incident_id"]
    level = pd.Series(pd.NA, index=cases.index, dtype="string")
    level[ids.isin(steps["incident_id"])] = "community"
    level[ids.isin(passed["incident_id"])] = "street"
    level[ids.isin(passed.loc[is_above.fillna(False).astype(bool), "incident_id"])] = "above"
    level[cases["status"].eq("transferred").fillna(False).astype(bool)] = "above"
    recorded = cases["level_closed"]
    return recorded.where(recorded.isin(["community", "street", "above"]), level).astype("string")


def is_required_above(cases: pd.DataFrame) -> pd.Series:
    """Whether a rule sends the case above: urgent, an emergency, or illegal building."""
    required = cases["severity"].isin(REQUIRED_SEVERITIES) | cases["category"].isin(REQUIRED_CATEGORIES)
    return (required | cases["subcategory"].isin(REQUIRED_SUBCATEGORIES)).fillna(False).astype(bool)


def containment_marks(
    cases: pd.DataFrame, levels: pd.Series, *, span: Span, as_of: datetime | None
) -> pd.DataFrame:
    """For each case whether it is in the cohort and in which band, as known at as-of.

    The cohort: cases due in the window and due by as-of, or closed (or transferred) in it. Voided
    cases are out. Every cohort case is in exactly one band.

    Columns, all boolean: cases_n and those of `BANDS`.
    """
    end_at = span.end_at if as_of is None else min(span.end_at, pd.Timestamp(as_of) + pd.Timedelta("1us"))
    known = Span(span.start_at, end_at)
    seen = pd.Timestamp(as_of) if as_of is not None else pd.Timestamp(span.end_at)
    status = cases["status"]
    is_moved = status.eq("transferred").fillna(False).astype(bool)
    ended_at = cases["closed_at"].where(~is_moved | cases["closed_at"].notna(), cases["stopped_at"])
    is_ended = (ended_at.le(seen) | (ended_at.isna() & (status.eq("closed") | is_moved))).fillna(False)
    is_ended = is_ended.astype(bool)
    is_voided = status.eq("voided").fillna(False).astype(bool)
    cohort = (known.holds(cases["due_at"]) | known.holds(ended_at)) & ~is_voided
    settled, required = cohort & is_ended, is_required_above(cases)
    above = levels.eq("above").fillna(False).astype(bool)
    return pd.DataFrame(
        {
            "cases_n": cohort,
            "community_n": settled & levels.eq("community").fillna(False).astype(bool),
            "street_n": settled & levels.eq("street").fillna(False).astype(bool),
            "above_required_n": settled & above & required,
            "above_other_n": settled & above & ~required,
            "open_n": cohort & ~is_ended,
            "unknown_level_n": settled & levels.isna(),
        }
    )


def suppression_marks(
    cases: pd.DataFrame, in_community: pd.Series, *, as_of: datetime | None
) -> pd.DataFrame:
    """Whether matters closed in the community came back from the same place within 30 days.

    Back means: a case of the same category, a hotline call or a petition, reported after the
    closing. Ids of the same event do not count, nor closings without 30 days of records after
    them.

    Columns, boolean: suppressible_n (with follow-up), suppressed_n (of those, came back).
    """
    followed = in_community & has_followup(cases["closed_at"], as_of)
    suppressed = pd.Series(False, index=cases.index)
    columns = ["incident_id", "external_id", "address", "lon", "lat", "flags", "reported_at"]
    reported = cases[cases["reported_at"].notna()]
    asked = cases[followed]
    complaints = reported.loc[reported["source"].isin(_COMPLAINTS), columns]
    suppressed.loc[asked.index] = came_again(asked[columns], complaints, after=asked["closed_at"])
    for category, rows in asked[~suppressed[asked.index]].groupby("category"):
        same = reported.loc[reported["category"].eq(category).fillna(False).astype(bool), columns]
        suppressed.loc[rows.index] = came_again(rows[columns], same, after=rows["closed_at"])
    return pd.DataFrame({"suppressible_n": followed, "suppressed_n": suppressed})


def _share(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def _row(group: str, n: dict[str, int]) -> dict[str, object]:
    """One row of the contract from its counts."""
    cases_n = n["cases_n"]
    return {
        "group": group,
        "cases_n": cases_n,
        **{band: n[band] for band in BANDS},
        "community_share": _share(n["community_n"], cases_n),
        "street_share": _share(n["street_n"], cases_n),
        "above_share": _share(n["above_required_n"] + n["above_other_n"], cases_n),
        "open_share": _share(n["open_n"], cases_n),
        "suppressible_n": n["suppressible_n"],
        "suppressed_n": n["suppressed_n"],
        "suppressed_share": _share(n["suppressed_n"], n["suppressible_n"]),
    }


def containment_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """The ladder of a window of days, one row a group; for the command line.

    Keys: group (`all` without `by`, `unknown` where the record names none), cases_n, the counts
    of `BANDS`, their shares of cases_n (the two bands above pooled in above_share), and the
    suppression check: suppressible_n, suppressed_n, suppressed_share. A zero denominator gives
    None; the four shares sum to 1 when no level is unknown. Groups without cases are left out.

    Raises
    ------
    UsageError
        `unknown_group` when cases cannot be grouped by `by`.
    """
    cases, as_of = dataset.cases().reset_index(drop=True), dataset.as_of_for("incidents")
    numbers, names = grouped(cases, by)
    if as_of is None or cases.empty:
        return []
    span = Span.of_days(since, until)
    levels = closing_levels(cases, dataset.frame("incident_steps"))
    marks = containment_marks(cases, levels, span=span, as_of=as_of)
    back = suppression_marks(cases, marks["community_n"], as_of=as_of)
    counts = pd.concat([marks, back], axis=1).astype("int64").groupby(numbers).sum()
    return [
        _row(names[int(str(place))], {str(key): int(value) for key, value in row.items()})
        for place, row in counts.iterrows()
        if row["cases_n"]
    ]


def dispute_figures(cases: pd.DataFrame, levels: pd.Series, *, span: Span, as_of: datetime) -> dict[str, int]:
    """Disputes not passed up: mediations and petitions reported in a window.

    mediations_n; agreed_n (closed in community or street, not voided); agreed_followed_n (of
    those with 30 days of records after the closing); kept_n (of those, no case of the category,
    hotline call or petition from the place within 30 days); petitions_n; first_n and repeated_n
    (whether the same address and category had a petition before). The records carry no signed
    agreement and no petitioner, so a place stands for both, and nothing of where a petition was
    handed in, so petitions over the level's head cannot be told and are not counted.
    """
    inside = span.holds(cases["reported_at"])
    mediated = inside & cases["source"].eq("mediation").fillna(False).astype(bool)
    agreed = mediated & cases["closed_at"].notna() & levels.isin(["community", "street"])
    back = suppression_marks(cases, agreed.astype(bool), as_of=as_of)
    petitions = cases[cases["source"].eq("petition").fillna(False).astype(bool)]
    ordered = petitions.sort_values(["reported_at", "incident_id"])
    is_again = ordered["address"].notna() & ordered.duplicated(["address", "category"], keep="first")
    shown = inside[ordered.index]
    return {
        "mediations_n": int(mediated.sum()),
        "agreed_n": int(agreed.sum()),
        "agreed_followed_n": int(back["suppressible_n"].sum()),
        "kept_n": int((back["suppressible_n"] & ~back["suppressed_n"]).sum()),
        "petitions_n": int(shown.sum()),
        "first_n": int((shown & ~is_again).sum()),
        "repeated_n": int((shown & is_again).sum()),
    }


def weekly_community_share(
    marks: pd.DataFrame, numbers: NDArray[np.int64], groups_n: int
) -> NDArray[np.float64]:
    """Share of each group's cohort settled in the community; NaN without cases."""
    counts = [
        np.bincount(numbers[marks[name].to_numpy(dtype=bool)], minlength=groups_n).astype(np.float64)
        for name in ("community_n", "cases_n")
    ]
    share: NDArray[np.float64] = np.divide(
        counts[0], counts[1], out=np.full(groups_n, np.nan), where=counts[1] > 0
    )
    return share
