"""Tables, charts and map of 一老一小: what is hidden stays hidden, text is escaped, labels do not collide."""

from __future__ import annotations

import pandas as pd
import pytest

from governance.figures.care_charts import surge_figure, weeks_figure
from governance.figures.care_map import CLASSES, CarePlace, care_legend_html
from governance.figures.care_tables import (
    chain_bars_html,
    count_html,
    day_text,
    moment_text,
    of_html,
    overdue_card_html,
    state_html,
    table_html,
)
from governance.metrics.care_surge import care_surge
from tests.care_builders import person, register, stamp, visits, warnings


@pytest.mark.parametrize(
    ("due", "overdue", "expected"),
    [
        (None, None, "few"),
        (0, 0, "nobody"),
        (20, 0, "none"),
        (20, 1, "up_to_5"),
        (20, 2, "up_to_10"),
        (20, 4, "up_to_20"),
        (20, 5, "over_20"),
    ],
)
def test_a_place_has_the_class_of_its_share(due, overdue, expected):
    place = CarePlace("甲", due, overdue, 3)
    assert place.legend_class == expected
    assert ("不足5人" in place.words) == (due is None)


def test_the_legend_counts_every_class():
    html = care_legend_html({name: number for number, name in enumerate(CLASSES)})
    assert all(f">{number} 个<" in html for number in range(len(CLASSES)))


def test_what_may_not_be_shown_is_not_in_the_markup():
    assert count_html(None) == of_html(None, 4) == "不足5人"
    card = overdue_card_html(None, None, None, foot="")
    assert "不足5人" in card
    assert "svg" not in card
    assert of_html(0, 0) == "<b>—</b> <span>0 / 0</span>"


def test_states_are_mark_and_word():
    words = {state: state_html(state) for state in ("never", "overdue", "not_yet", "done")}
    assert all("<svg" in html for html in words.values())
    assert "从未走访" in words["never"]
    assert len({html.split("</svg>")[0] for html in words.values()}) == 4


def test_text_is_escaped_and_missing_dates_are_dashes():
    html = chain_bars_html([("<i>医生</i>", 3, 1, 0)])
    assert "<i>" not in html
    assert 'width="75.00%"' in html
    assert day_text(None) == moment_text(pd.NaT) == "—"
    assert moment_text(stamp("2023-09-07 15:04")) == "9月7日 15:04"
    assert '<td class="num">2</td>' in table_html(["a", "b"], [("1", "2")], right=(1,))


def test_weeks_without_records_are_gaps_and_warnings_are_named():
    weeks = pd.DataFrame({"week": ["2023-W36", "2023-W37"], "due_n": [pd.NA, 8], "done_n": [pd.NA, 6]})
    figure = weeks_figure(
        weeks.astype({"due_n": "Int64", "done_n": "Int64"}), target=0.95, warned=[("2023-W37", "暴雨")]
    )
    line = figure.data[0]
    assert line.y[0] != line.y[0]
    assert line.y[1] == 0.75
    assert [note.text for note in figure.layout.annotations] == ["暴雨"]


def test_a_curve_ends_at_its_share_and_labels_stand_apart():
    people = register(person("a"), person("b"))
    seen = visits(("a", "2023-08-01 10:00"), ("a", "2023-09-01 10:00"))
    warned = warnings(("暴雨", "2023-08-01 00:00"), ("高温", "2023-09-01 00:00"))
    figure = surge_figure(care_surge(people, seen, warned, as_of=stamp("2023-09-10").to_pydatetime()))
    assert [line.y[-1] for line in figure.data] == [0.5, 0.5]
    heights = [note.y for note in figure.layout.annotations]
    assert abs(heights[0] - heights[1]) >= 0.08
