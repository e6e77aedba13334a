"""Cards and panels: what stands on them, escaped, with a dash where nothing is known."""

from __future__ import annotations

import math
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest

from governance.figures.cards import Card, Target, card_html, metric_cards, sparkline_svg, target_of
from governance.figures.metric_words import change_text, metric_scale
from governance.figures.panels import estates_html, sources_html
from governance.figures.strips import community_strips_html, strip_axis
from governance.figures.theme import FONT_FAMILY, LIGHT, css_variables, plotly_template
from governance.metrics.definitions import METRICS, OVERVIEW
from governance.metrics.overview import STREET
from governance.text import t
from governance.workdays import SHANGHAI, Week

WEEK = Week(2023, 37)
NO_TARGETS = pd.DataFrame(
    {"metric": [], "version": [], "valid_from": pd.Series([], dtype="datetime64[us, Asia/Shanghai]")}
).assign(value=[], direction=[])


def figures(**values):
    """Long figures of two weeks: {metric: (last week, this week)}."""
    rows = [
        {
            "week": str(week),
            "metric": key,
            "value": values.get(key, (math.nan, math.nan))[place],
            "numerator_n": 46 if key == "located_share" else pd.NA,
            "denominator_n": 50 if key == "located_share" else pd.NA,
            "n": 50 if key in values else pd.NA,
            "is_complete": True,
        }
        for key in OVERVIEW
        for place, week in enumerate((WEEK.shifted(-1), WEEK))
    ]
    return pd.DataFrame(rows).astype({"numerator_n": "Int64", "denominator_n": "Int64", "n": "Int64"})


def card_of(key, *, targets=NO_TARGETS, not_divisible=(), **values):
    cards = metric_cards(figures(**values), WEEK, targets=targets, not_divisible=not_divisible)
    return cards[OVERVIEW.index(key)]


def targets(*rows):
    frame = pd.DataFrame(rows, columns=["metric", "version", "valid_from", "value", "direction"])
    return frame.assign(valid_from=pd.to_datetime(frame["valid_from"]).dt.tz_localize(SHANGHAI))


def test_a_card_says_figure_unit_basis_and_last_week():
    card = card_of("located_share", located_share=(0.933, 0.92))
    assert (card.figure, card.unit, card.basis) == ("92.0", "%", "46 / 50 件")
    assert card.previous == "上周 93.3（−1.3）"
    assert card_of("reported_n", reported_n=(421, 1428)).figure == "1,428"
    assert card_of("reported_n", reported_n=(421, 421)).previous == "上周 421（持平）"


@pytest.mark.parametrize(
    ("minutes", "figure", "unit"),
    [(59, "59.0", "分钟"), (150, "2.5", "小时"), (1500, "25", "小时"), (2880, "2.0", "天")],
)
def test_a_duration_takes_the_unit_a_street_would_say(minutes, figure, unit):
    card = card_of("closed_median_min", closed_median_min=(minutes, minutes))
    assert (card.figure, card.unit, card.basis) == (figure, unit, "n = 50 件")


def test_a_missing_value_is_a_dash_and_says_why():
    card = card_of("checkins_n", not_divisible=["checkins_n"])
    assert (card.figure, card.unit, card.basis) == ("—", "", "")
    assert card.note == t("cards.not_divisible")
    assert card.previous == t("cards.no_previous")
    assert "nan" not in card_html(card).lower()
    assert card_of("closed_n").note == t("cards.not_reached")
    assert card_of("located_share", located_share=(0.9, math.nan)).note == t("cards.none_to_count")


def test_the_target_in_force_stands_on_the_card_and_in_the_line():
    table = targets(
        ("located_share", "1", "2023-01-01", 0.9, "at_least"),
        ("located_share", "2", "2023-06-01", 0.95, "at_least"),
        ("located_share", "3", "2023-12-01", 0.99, "at_least"),
        ("open_n", "1", None, 20, "at_most"),
    )
    assert target_of(table, "located_share", WEEK) == Target(0.95, "at_least")
    assert target_of(table, "located_share", Week(2022, 1)) is None
    card = card_of("located_share", targets=table, located_share=(0.93, 0.92))
    assert card.target == "目标 ≥95.0"
    assert "stroke-dasharray" in card_html(card)
    assert card_of("open_n", targets=table, open_n=(20, 25)).target == "目标 ≤20"


def test_a_part_of_the_street_is_not_held_to_a_count_set_for_all_of_it():
    table = targets(("open_n", "1", None, 20, "at_most"), ("located_share", "1", None, 0.9, "at_least"))
    shown = figures(open_n=(2, 3), located_share=(0.9, 0.9))
    cards = metric_cards(shown, WEEK, targets=table, is_narrowed=True)
    assert cards[OVERVIEW.index("open_n")].target == ""
    assert cards[OVERVIEW.index("located_share")].target == "目标 ≥90.0"


def test_every_text_on_a_card_is_escaped():
    bad = '<script>"x"</script>'
    plain = card_of("reported_n", reported_n=(1, 2))
    names = ("label", "definition", "figure", "unit", "basis", "previous", "target", "note")
    html = card_html(replace(plain, **dict.fromkeys(names, bad)))
    assert "<script" not in html
    assert '"x"' not in html


def test_a_card_can_be_read_aloud():
    html = card_html(card_of("reported_n", reported_n=(421, 428)))
    assert 'role="img"' in html
    assert 'aria-label="上报：428 件；上周 421（+7）；近 2 周走势"' in html
    assert f'title="{t("metrics.reported_n.definition")}"' in html


def test_the_line_breaks_at_a_missing_week_and_ends_solid():
    svg = sparkline_svg([1, 2, math.nan, 3, 4, 5])
    assert svg.count("<polyline") == 2
    assert svg.count('r="4.4"') == 1
    assert svg.count('r="3.4"') == 1
    assert "<circle" not in sparkline_svg([math.nan, math.nan])
    assert "nan" not in sparkline_svg([3, 3, 3], target=math.nan)


def test_a_change_that_rounds_away_is_no_change():
    scale = metric_scale("located_share", [0.9])
    assert change_text(scale, 0.0001) == "持平"
    assert change_text(scale, -0.01) == "−1.0"
    assert change_text(scale, 0.01) == "+1.0"


# --------------------------------------------------------------------------------- panels
def community_rows(name, *, n=50):
    rows = [
        {
            "community_code": code,
            "name": name if code != STREET else pd.NA,
            "metric": key,
            "value": 0.9 if key == "located_share" else 30.0,
            "previous": 0.8 if key == "located_share" else math.nan,
            "numerator_n": 9,
            "denominator_n": 10,
            "n": n,
        }
        for code in ("C1", STREET)
        for key in OVERVIEW
    ]
    return pd.DataFrame(rows)


def test_names_from_data_are_escaped_in_the_strips():
    html = community_strips_html(community_rows("<b>甲</b>社区"), small_n=20)
    assert "&lt;b&gt;甲&lt;/b&gt;" in html
    assert "nan" not in html


def test_a_share_of_few_cases_has_no_number_but_its_counts():
    few = community_strips_html(community_rows("甲社区", n=12), small_n=20)
    assert "stroke-dasharray" in few
    assert "<b>—</b>" in few
    assert "stroke-dasharray" not in community_strips_html(community_rows("甲社区"), small_n=20)


@pytest.mark.parametrize(
    ("key", "values", "ends"),
    [
        ("reported_n", [40, 111], (0, 150)),
        ("located_share", [0.92, 0.97], (0.9, 1.0)),
        ("closed_median_min", [200, 300], (0, 300)),
        ("reported_n", [math.nan], (0, 1)),
        ("reported_n", [0, 0], (0, 1)),
    ],
)
def test_both_ends_of_a_strip_are_round_numbers(key, values, ends):
    assert strip_axis(key, values) == pytest.approx(ends)


def test_estates_and_sources_say_missing_with_a_dash():
    empty = {"households_n": 0, "complaints_n": 0, "estates_n": 0, "repeats_n": 0, "followed_n": 0}
    rows = [{"is_managed": flag, "per_100_households": math.nan} | empty for flag in (False, True)]
    html = estates_html(pd.DataFrame(rows), small_n=1)
    assert "nan" not in html
    assert "<b>—</b>" in html
    stamp = pd.Timestamp("2023-09-17 23:52", tz=SHANGHAI)
    status = pd.DataFrame(
        [
            {"kind": "pings", "as_of": stamp, "rows_n": pd.NA, "flagged_n": pd.NA, "defect": None}
            | {"defect_share": math.nan, "is_stale": False, "grade": pd.NA},
            {"kind": "incidents", "as_of": stamp, "rows_n": 428, "flagged_n": 12, "defect": "stage_order"}
            | {"defect_share": 0.021, "is_stale": False, "grade": "B"},
        ]
    )
    html = sources_html(status)
    assert "9月17日 23:52" in html
    assert "环节颠倒 2.1%" in html
    assert "nan" not in html.lower()


# ---------------------------------------------------------------------------------- theme
def test_every_metric_has_its_words():
    for metric in METRICS.values():
        assert t(metric.label_key)
        assert t(metric.definition_key).endswith("。")


def test_the_server_paints_with_the_same_colours_and_fonts():
    path = Path(__file__).resolve().parents[1] / ".streamlit" / "config.toml"
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    assert config["theme"]["font"] == FONT_FAMILY
    assert config["theme"]["backgroundColor"] == LIGHT.page
    assert config["theme"]["textColor"] == LIGHT.ink
    assert config["theme"]["primaryColor"] == LIGHT.data
    assert config["theme"]["sidebar"]["backgroundColor"] == LIGHT.band
    assert config["server"]["address"] == "127.0.0.1"


def test_the_style_sheet_names_only_colours_of_the_palette():
    sheet = (Path(__file__).resolve().parents[1] / "governance" / "ui" / "theme.css").read_text(
        encoding="utf-8"
    )
    named = {name.split(")")[0].split(",")[0] for name in sheet.split("var(--")[1:]}
    known = {name.replace("_", "-") for name in asdict(LIGHT)} | {"font", "rows"}
    assert named <= known
    assert "--ink-2:#57514A" in css_variables()


def test_charts_are_drawn_with_the_palette():
    template = plotly_template()
    assert template.layout.font.family == FONT_FAMILY
    assert template.layout.paper_bgcolor == LIGHT.card


def test_a_card_is_frozen_so_that_it_may_be_kept():
    card = Card("a", "b", "1", "件", "", "", "", "", (1.0,))
    assert hash(card)
