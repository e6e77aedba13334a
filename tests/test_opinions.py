"""Opinions and wishes on requests small enough to count by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from governance.metrics.opinions import opinion_marks, opinion_table, silent_by_chance, silent_microgrids
from governance.metrics.windows import Span
from governance.records.dataset import empty_frame
from governance.workdays import SHANGHAI

ALWAYS = Span.of_days(None, None)


def stamp(text):
    return None if text is None else pd.Timestamp(text, tz=SHANGHAI)


AS_OF = stamp("2023-06-11")


def frame(kind, rows):
    types = empty_frame(kind).dtypes.drop("row")
    return pd.DataFrame({n: pd.Series([row.get(n) for row in rows], dtype=t) for n, t in types.items()})


def request(number, collected, answered=None, done=None, revisited=None, microgrid="M1"):
    stamps = {
        "collected_at": stamp(collected),
        "answered_at": stamp(answered),
        "done_at": stamp(done),
        "revisited_at": stamp(revisited),
    }
    return {"request_id": f"Q{number}", "microgrid_code": microgrid} | stamps


ROWS = [
    request(1, "2023-06-01", "2023-06-02", "2023-06-04", "2023-06-05"),
    request(2, "2023-06-01", "2023-06-03"),
    request(3, "2023-06-01"),
    request(4, "2023-06-01", None, "2023-06-02"),
    request(5, "2023-06-05", "2023-06-04"),
    request(6, "2023-06-10", "2023-06-20"),
]


def test_steps_and_medians_by_hand():
    requests = frame("requests", ROWS)
    group = requests["microgrid_code"]
    row = opinion_table(requests, group, span=ALWAYS, as_of=AS_OF).iloc[0]
    assert [row[n] for n in ("collected_n", "answered_n", "done_n", "revisited_n")] == [6, 4, 2, 1]
    # Answered after 24 and 48 h, open since 240 and 24 h: 4 passed its answer unstamped, 5 ran backwards.
    assert (row["to_answer_n"], row["to_answer_open_n"], row["to_answer_left_out_n"]) == (4, 2, 2)
    assert row["to_answer_median_h"] == 48
    assert (row["to_done_n"], row["to_revisit_n"], row["to_revisit_open_n"]) == (6, 2, 1)
    assert row["to_revisit_median_h"] == 24


def test_what_is_stamped_after_as_of_has_not_happened():
    marks = opinion_marks(frame("requests", ROWS), span=ALWAYS, as_of=AS_OF)
    assert not marks["answered_n"].iloc[5]
    early = opinion_marks(frame("requests", ROWS), span=ALWAYS, as_of=stamp("2023-06-01 12:00"))
    assert early.sum().tolist() == [4, 0, 0, 0]


def test_order_changes_nothing_and_none_gives_no_rows():
    requests = frame("requests", ROWS)
    mixed = requests.sample(frac=1, random_state=3)
    tables = [opinion_table(t, t["microgrid_code"], span=ALWAYS, as_of=AS_OF) for t in (requests, mixed)]
    pd.testing.assert_frame_equal(*tables)
    empty = requests.iloc[:0]
    assert opinion_table(empty, empty["microgrid_code"], span=ALWAYS, as_of=AS_OF).empty


def test_a_microgrid_is_silent_only_where_someone_could_have_asked():
    members = frame("members", [{"member_id": f"P{n}", "microgrid_code": f"M{n}"} for n in (1, 2, 3)])
    microgrids = frame(
        "microgrids",
        [{"microgrid_code": f"M{n}", "name": f"{n}号院", "grid_code": "G1"} for n in (1, 2, 3, 4)],
    )
    spans = {
        "silent_4w": Span(stamp("2023-05-15"), stamp("2023-06-12")),
        "silent_12w": Span(stamp("2023-03-20"), stamp("2023-06-12")),
    }
    rows = [request(1, "2023-06-01"), request(2, "2023-04-01", microgrid="M2"), request(3, "2023-06-20")]
    table = silent_microgrids(frame("requests", rows), members, microgrids, spans=spans)
    assert table["microgrid_code"].tolist() == ["M1", "M2", "M3"]
    assert table["silent_4w"].tolist() == [False, True, True]
    assert table["silent_12w"].tolist() == [False, False, True]
    assert table["last_collected_at"].tolist()[:2] == [stamp("2023-06-01"), stamp("2023-04-01")]
    bare = silent_microgrids(frame("requests", rows), members, microgrids.iloc[:0], spans=spans)
    assert bare["silent_4w"].tolist() == [False, True, True]


def test_chance_alone_leaves_some_silent():
    assert silent_by_chance(2, 1) == 1
    assert silent_by_chance(294, 0) == 294
    assert silent_by_chance(294, 232) == pytest.approx(294 * math.exp(-232 / 294), rel=0.01)
    assert math.isnan(silent_by_chance(0, 5))
