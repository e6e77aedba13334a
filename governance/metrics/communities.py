"""The communities side by side: their rates with intervals, and overdue against what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics.comparison import comparison_table
from governance.metrics.definitions import COMPARED
from governance.metrics.headline import ELSEWHERE, headline_marks, window_figures
from governance.metrics.patrol_series import PATROL_SERIES
from governance.metrics.windows import Span, is_complete
from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.metrics.headline import HeadlineParts

# One week of one community is mostly fewer than 20 cases of the public; four are not.
WINDOW_WEEKS = 4


def known_weeks(parts: HeadlineParts, week: Week, weeks_n: int = WINDOW_WEEKS) -> int:
    """How many of the last `weeks_n` weeks up to `week` the records hold."""
    held = (week.first_day - Week.of(parts.first_at).first_day).days // 7 + 1
    return max(0, min(weeks_n, held))


def window_of(week: Week, weeks_n: int = WINDOW_WEEKS) -> Span:
    """The weeks up to and with `week`."""
    return Span(week.shifted(1 - weeks_n).start_at, week.end_at)


def known_communities(communities: pd.DataFrame) -> pd.DataFrame:
    """The communities once each, in the order of their codes."""
    known = communities.dropna(subset=["community_code"])
    return known.drop_duplicates("community_code", keep="last").sort_values("community_code")


def community_figures(
    parts: HeadlineParts, communities: pd.DataFrame, week: Week, *, metrics: Sequence[str] = COMPARED
) -> pd.DataFrame:
    """The compared rates of every community over four weeks, beside the four weeks before.

    What patrols did is counted in full, so that a week is enough: it stands beside the week before.
    Rows stand in the order of the community codes, never by value; what lies in no known
    community follows as `ELSEWHERE` when there is any, the part as a whole as `STREET`.

    Columns: community_code, name (missing for the last two), metric, value, low, high, previous
    (missing unless the records hold all four weeks before), numerator_n, denominator_n, n,
    is_provisional, as in `headline.window_figures`.
    """
    known = known_communities(communities)
    codes = [str(code) for code in known["community_code"]]
    before_week = week.shifted(-WINDOW_WEEKS)

    def of_window(last: Week, keys: Sequence[str], weeks_n: int) -> pd.DataFrame:
        is_over, span = is_complete(last, parts.as_of), window_of(last, weeks_n)
        cuts = [
            window_figures(parts, span, metrics=keys, codes=cut, is_over=is_over) for cut in (codes, None)
        ]
        return pd.concat(cuts, ignore_index=True)

    patrols = [key for key in metrics if key in PATROL_SERIES]
    cases = [key for key in metrics if key not in PATROL_SERIES]
    known_before = known_weeks(parts, before_week) >= WINDOW_WEEKS
    tables, befores = [], []
    for keys, earlier, weeks_n in ((patrols, week.shifted(-1), 1), (cases, before_week, WINDOW_WEEKS)):
        if not keys:
            continue
        tables.append(of_window(week, keys, weeks_n))
        value = of_window(earlier, keys, weeks_n).set_index(["group", "metric"])["value"]
        befores.append(value if known_before or keys is patrols else value * float("nan"))
    figures, before = pd.concat(tables, ignore_index=True), pd.concat(befores).rename("previous")
    figures = figures.join(before, on=["group", "metric"])
    elsewhere = figures["group"] == ELSEWHERE
    if not figures.loc[elsewhere, "n"].fillna(0).gt(0).any():
        figures = figures[~elsewhere]
    names = known.set_index("community_code")["name"]
    figures = figures.assign(name=figures["group"].map(names).astype("string"))
    columns = ["community_code", "name", "metric", "value", "low", "high", "previous"]
    columns += ["numerator_n", "denominator_n", "n", "is_provisional"]
    return figures.rename(columns={"group": "community_code"})[columns].reset_index(drop=True)


def overdue_comparison(parts: HeadlineParts, communities: pd.DataFrame, week: Week) -> pd.DataFrame:
    """Overdue cases of four weeks against what the rest of the street would have had.

    Columns: those of `comparison.comparison_table` (group is the community's code; n came due,
    observed_n of them not closed in time), and name.
    """
    due, on_time, _ = headline_marks("on_time_share", parts, window_of(week))
    cases = due.rows
    known = known_communities(communities).set_index("community_code")["name"]
    group = cases["community_code"].where(cases["community_code"].isin(known.index))
    is_late = pd.Series(~on_time.mask[due.mask], index=cases.index)
    table = comparison_table(cases, is_late, group)
    return table.assign(name=table["group"].map(known).astype("string"))
