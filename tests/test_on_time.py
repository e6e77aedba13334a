"""P(on time) against a case checked by hand, and against the plain share once all are due."""

from __future__ import annotations

from datetime import date

import pytest

from governance.metrics.deadlines import due_us_of, limits_of
from governance.metrics.on_time import on_time_probability
from governance.metrics.stages import cases_of
from tests.test_response import AS_OF, incident, street


def probability(rows, tmp_path, **more):
    dataset = street(rows, tmp_path, **more)
    incidents, rules = dataset.cases(), dataset.frame("rules")
    cases = cases_of(incidents, as_of=AS_OF, plausible_from=date(2000, 1, 1))
    return on_time_probability(cases, due_us_of(incidents, rules), limits_of(incidents, rules))


def test_open_cases_count_until_they_were_last_watched(tmp_path):
    """Used 0.5, 0.8 and 1.2 when closed, one open at 0.6: S(0.5) = 3/4, S(0.8) = 3/4 · 1/2 = 3/8."""
    rows = [incident("a", 0, 50, due_at=100), incident("b", 0, 80, due_at=100)]
    rows += [incident("c", 0, 120, due_at=100), incident("open", 0, None, due_at=100)]
    rows[-1]["last_seen_at"] = incident("", 0, 60)["closed_at"]
    found = probability(rows, tmp_path)
    assert found.share == pytest.approx(5 / 8)
    assert (found.n, found.open_n) == (4, 1)


def test_what_cannot_be_judged_is_left_out_and_counted(tmp_path):
    rows = [incident("a", 0, 50, due_at=100), incident("b", 0, 120, due_at=100)]
    rows += [incident("no limit", 0, 50), incident("suspended", 0, due_at=100, status="suspended")]
    rows += [
        incident("negative", 60, 50, due_at=100),
        incident("unstamped", 0, None, due_at=100, rated_at=70),
    ]
    found = probability(rows, tmp_path)
    assert (found.share, found.n, found.open_n) == (0.5, 2, 0)
    assert (found.no_limit_n, found.suspended_n, found.untimed_n) == (1, 1, 2)


def test_a_voided_case_never_closes_on_time(tmp_path):
    rows = [incident("a", 0, 50, due_at=100), incident("b", 0, 20, due_at=100, status="voided")]
    assert probability(rows, tmp_path).share == pytest.approx(0.5)


def test_nothing_to_judge_has_no_probability(tmp_path):
    assert probability([], tmp_path).share is None
    assert probability([incident("a", 0, 50)], tmp_path).share is None
    early = incident("a", 0, due_at=60 * 24 * 30)
    assert probability([early], tmp_path).share is None
