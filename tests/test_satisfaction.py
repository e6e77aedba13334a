"""Satisfaction by hand: the interval, the response, the bounds."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from governance.metrics.satisfaction import satisfaction_marks, satisfaction_table
from governance.metrics.windows import Span
from governance.workdays import SHANGHAI

JUNE = Span(pd.Timestamp("2023-06-01", tz=SHANGHAI), pd.Timestamp("2023-07-01", tz=SHANGHAI))
AS_OF = pd.Timestamp("2023-07-10", tz=SHANGHAI)


def cases(rows):
    """Rows of (closed_at, score, level) and, where it matters, rated_at."""
    table = pd.DataFrame([(*row, None)[:4] for row in rows], columns=["closed", "score", "level", "rated"])
    return pd.DataFrame(
        {
            "closed_at": pd.to_datetime(table["closed"]).dt.tz_localize(SHANGHAI),
            "satisfaction": table["score"].astype("float64"),
            "rated_at": pd.to_datetime(table["rated"]).dt.tz_localize(SHANGHAI),
            "status": pd.Series("closed", index=table.index, dtype="string"),
            "level_closed": table["level"].astype("string"),
        }
    )


def test_interval_response_and_bounds_by_hand():
    rated = [("2023-06-05", score, "community") for score in (5, 5, 4, 4, 4, 4, 4, 4, 3, 1)]
    silent = [("2023-06-05", None, "community")] * 10
    table = cases([*rated, *silent, ("2023-05-05", 5, "community"), ("2023-06-06", 9, "street")])
    marks = satisfaction_marks(table, span=JUNE, as_of=AS_OF)
    result = satisfaction_table(marks, table["level_closed"]).set_index("group")
    row = result.loc["community"]
    assert (row["closed_n"], row["rated_n"], row["satisfied_n"]) == (20, 10, 8)
    assert (row["response_share"], row["satisfied_share"]) == (0.5, 0.8)
    # Wilson 1927 for 8 of 10.
    assert (row["lower"], row["upper"]) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert (row["worst_share"], row["best_share"]) == (0.4, 0.9)
    assert result.loc["street", "rated_n"] == 0
    assert math.isnan(result.loc["street", "satisfied_share"])


def test_a_rating_after_as_of_has_not_been_given():
    table = cases(
        [("2023-06-05", 5, "community", "2023-07-20"), ("2023-06-05", 5, "community", "2023-06-06")]
    )
    marks = satisfaction_marks(table, span=JUNE, as_of=AS_OF)
    assert marks["rated_n"].tolist() == [False, True]
    assert satisfaction_table(marks.iloc[:0], table["level_closed"].iloc[:0]).empty
