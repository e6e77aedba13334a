"""Cards and panels: what stands on them, escaped, with a dash where nothing is known."""

from __future__ import annotations

import math
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest

from governance.figures.cards import card_html, cards_key_html, headline_cards
from governance.figures.metric_words import change_text, metric_scale
from governance.figures.panels import estates_html, sources_html
from governance.figures.sparkline import Spark, change_mark, sparkline_svg, standing_mark
from governance.figures.strips import community_strips_html, strip_axis
from governance.figures.theme import FONT_FAMILY, LIGHT, css_variables, plotly_template
from governance.metrics.definitions import COMPARED, HEADLINES, METRICS
from governance.metrics.estates import TOOK_PART
from governance.metrics.headline import QUANTILES, SHARES, STREET
from governance.metrics.targets import Target
from governance.text import t
from governance.workdays import SHANGHAI, Week, weeks_until

WEEK = Week(2023, 37)
NO_TARGETS = pd.DataFrame(
    {"metric": [], "version": [], "valid_from": pd.Series([], dtype="datetime64[us, Asia/Shanghai]")}
).assign(value=[], direction=[], source=[])
LIMITS = {"centre": 0.9, "lower": 0.8, "upper": 1.0, "near_lower": 0.85, "near_upper": 0.95}
NO_LIMITS = dict.fromkeys(LIMITS, math.nan)


def figures(values=None, **given):
    """Weekly figures of two weeks, {metric: (last week, this week)}, and columns for all of them."""
    rows = []
    for key in HEADLINES:
        for place, week in enumerate((WEEK.shifted(-1), WEEK)):
            value = (values or {}).get(key, (math.nan, math.nan))[place]
            row = {"week": str(week), "metric": key, "value": value, "is_complete": True}
            row |= {"numerator_n": 46 if key not in QUANTILES else pd.NA, "n": 50}
            row |= {"denominator_n": 50 if key in SHARES else pd.NA}
            row |= NO_LIMITS | {"signal": pd.NA, "is_trial": True, "phase": 1, "is_provisional": False}
            row["is_set_aside"] = False
            rows.append(row | given)
    types = dict.fromkeys(("numerator_n", "denominator_n", "n"), "Int64") | {"signal": "string"}
    return pd.DataFrame(rows).astype(types)


def card_of(key, value, *, targets=NO_TARGETS, small_n=0, is_narrowed=False, **given):
    shown = figures({key: value}, **given)
    cards = headline_cards(shown, WEEK, targets=targets, small_n=small_n, is_narrowed=is_narrowed)
    return cards[HEADLINES.index(key)]


def targets(*rows):
    frame = pd.DataFrame(rows, columns=["metric", "version", "valid_from", "value", "direction"])
    valid_from = pd.to_datetime(frame["valid_from"]).dt.tz_localize(SHANGHAI)
    return frame.assign(valid_from=valid_from, source="示例")


def test_a_card_says_figure_unit_basis_and_last_week():
    card = card_of("on_time_share", (0.933, 0.92))
    assert (card.figure, card.unit, card.basis) == ("92.0", "%", "46 / 50 件")
    assert card.previous == "上周 93.3（−1.3）"
    reported = card_of("reported_n", (421, 1428))
    assert (reported.figure, reported.basis) == ("1,428", "主动发现 46 件")
    assert card_of("open_n", (421, 421)).previous == "上周 421（持平）"
    assert card_of("open_n", (421, 421)).basis == "其中超时 46 件"


@pytest.mark.parametrize(
    ("minutes", "figure", "unit"),
    [(59, "59.0", "分钟"), (150, "2.5", "小时"), (1500, "25", "小时"), (2880, "2.0", "天")],
)
def test_a_duration_takes_the_unit_a_street_would_say(minutes, figure, unit):
    card = card_of("report_to_close_median_min", (minutes, minutes))
    assert (card.figure, card.unit, card.basis) == (figure, unit, "n = 50 件")


def test_a_missing_value_is_a_dash_and_says_why():
    card = card_of("on_time_share", (0.9, math.nan), n=0, numerator_n=0, denominator_n=0)
    assert (card.figure, card.unit, card.basis) == ("—", "", "")
    assert card.note == t("cards.none_to_count")
    assert card.change == "unknown"
    assert "nan" not in card_html(card).lower()
    assert card_of("community_share", (math.nan, math.nan), n=pd.NA).note == t("cards.not_recorded")
    slow = card_of("report_to_close_median_min", (60, math.nan))
    assert slow.note == "还不到一半"


def test_few_cases_are_neither_written_nor_judged():
    few = card_of("on_time_share", (0.9, 0.7), small_n=51, **LIMITS, signal="outside")
    assert (few.figure, few.basis, few.note) == ("—", "46 / 50 件", t("cards.too_few"))
    assert few.change == "unknown"
    assert card_of("open_n", (3, 4), small_n=51).figure == "4"


def test_where_no_source_is_named_the_reports_are_of_all_cases():
    cards = headline_cards(figures({"reported_n": (1, 2)}), WEEK, targets=NO_TARGETS, names_sources=False)
    card = cards[HEADLINES.index("reported_n")]
    assert (card.label, card.basis) == ("上报", "")


def test_a_week_that_is_not_final_says_so():
    assert card_of("on_time_share", (0.9, 0.9), is_provisional=True).note == t("cards.provisional")


def test_the_two_states_stand_apart_and_only_worse_has_a_plum_border():
    table = targets(("on_time_share", "1", "2023-01-01", 0.75, "at_least"))
    worse = card_of("on_time_share", (0.9, 0.7), targets=table, **LIMITS, signal="outside")
    assert (worse.change, worse.standing) == ("worse", "consistently_met")
    html = card_html(worse)
    assert 'class="card worse"' in html
    assert "变差" in html
    assert "稳定达标" in html
    better = card_html(card_of("on_time_share", (0.9, 1.0), **LIMITS, signal="outside"))
    assert 'class="card"' in better
    assert "变好" in better
    assert "未设目标" in better


def test_the_target_in_force_stands_on_the_card_and_in_the_line():
    table = targets(
        ("on_time_share", "1", "2023-01-01", 0.9, "at_least"),
        ("on_time_share", "2", "2023-06-01", 0.95, "at_least"),
        ("on_time_share", "3", "2023-12-01", 0.99, "at_least"),
        ("open_n", "1", None, 20, "at_most"),
    )
    card = card_of("on_time_share", (0.93, 0.92), targets=table)
    assert card.target == "目标 ≥95.0"
    assert card.standing == "missed"
    assert "stroke-dasharray" in card_html(card)
    assert card_of("open_n", (20, 25), targets=table).target == "目标 ≤20"


def test_a_part_of_the_street_is_not_held_to_a_count_set_for_all_of_it():
    table = targets(("open_n", "1", None, 20, "at_most"), ("on_time_share", "1", None, 0.9, "at_least"))
    assert card_of("open_n", (2, 3), targets=table, is_narrowed=True).target == ""
    assert card_of("on_time_share", (0.9, 0.9), targets=table, is_narrowed=True).target == "目标 ≥90.0"


def test_every_text_on_a_card_is_escaped():
    bad = '<script>"x"</script>'
    names = ("label", "definition", "figure", "unit", "basis", "previous", "target", "note")
    html = card_html(replace(card_of("reported_n", (1, 2)), **dict.fromkeys(names, bad)))
    assert "<script" not in html
    assert '"x"' not in html


def test_a_card_can_be_read_aloud():
    html = card_html(card_of("open_n", (421, 428)))
    assert 'role="img"' in html
    assert (
        'aria-label="期末在办：428 件 其中超时 46 件；上周 421（+7）；还不能判断，未设目标；2 周走势"' in html
    )
    assert f'title="{t("metrics.open_n.definition")}"' in html


# ------------------------------------------------------------------------------- the line
def weekly(values, phases=None, **columns):
    n = len(values)
    frame = pd.DataFrame({"value": values, "phase": phases or [1] * n, "is_trial": True} | LIMITS)
    frame["is_set_aside"] = False
    return frame.assign(signal=pd.array([None] * n, dtype="string")).assign(**columns)


def test_the_line_breaks_at_a_missing_week_and_ends_solid():
    svg = sparkline_svg(Spark((1, 2, math.nan, 3, 4, 5)))
    assert svg.count("<polyline") == 2
    assert svg.count('r="4.4"') == 1
    assert svg.count('r="3.4"') == 1
    assert "<circle" not in sparkline_svg(Spark((math.nan, math.nan)))
    assert "nan" not in sparkline_svg(Spark((3.0, 3.0, 3.0)))


def test_weeks_before_the_reform_stand_apart_hollow_and_outside_the_limits():
    spark = Spark.of_weeks(weekly([0.9] * 9, [1, 1] + [2] * 7), target=0.95, change="common")
    assert spark.break_at == 2
    assert spark.trial_n == 7
    svg = sparkline_svg(spark)
    assert svg.count('r="2.6"') == 2
    assert svg.count("<polyline") == 2
    assert svg.count('stroke-dasharray="2 2"') == 1
    assert f'fill="{LIGHT.band}"' in svg


def test_a_week_set_aside_is_not_counted_among_those_the_limits_rest_on():
    rows = weekly([0.9] * 9, [1, 1] + [2] * 7, is_set_aside=[False] * 4 + [True] + [False] * 4)
    assert Spark.of_weeks(rows, target=0.95, change="common").trial_n == 6


def test_a_week_set_aside_far_off_does_not_flatten_the_others():
    rows = weekly([10, 11, 90, 12, 10, 11], is_set_aside=[False, False, True, False, False, False])
    spark = Spark.of_weeks(rows.assign(**NO_LIMITS), target=15, change="unknown")
    assert spark.reach == (10, 15)
    assert spark.clipped == (2,)
    assert sparkline_svg(spark).count("<path") == 1
    last = Spark.of_weeks(rows.iloc[:3].assign(**NO_LIMITS), target=15, change="unknown")
    assert last.reach == (10, 90)
    assert last.clipped == ()


def test_no_break_is_drawn_where_all_weeks_are_of_one_phase():
    spark = Spark.of_weeks(weekly([math.nan] + [0.9] * 7, [1] + [2] * 7), target=math.nan, change="common")
    assert spark.break_at is None
    few = weekly([0.9] * 5, **NO_LIMITS)
    assert not Spark.of_weeks(few, target=math.nan, change="unknown").has_limits


def test_a_signal_is_a_diamond_solid_plum_only_where_it_is_worse():
    frame = weekly([0.9] * 7)
    frame.loc[[3, 6], "signal"] = "outside"
    worse = sparkline_svg(Spark.of_weeks(frame, target=math.nan, change="worse"))
    assert worse.count("<path") == 2
    assert worse.count(f'fill="{LIGHT.plum}"') == 1
    better = sparkline_svg(Spark.of_weeks(frame, target=math.nan, change="better"))
    assert LIGHT.plum not in better
    assert f'stroke="{LIGHT.teal}"' in better
    assert change_mark("unknown") == standing_mark("none") == ""


def test_the_key_names_what_is_drawn_and_no_more():
    card = card_of("on_time_share", (0.9, 0.9))
    weeks = weeks_until(WEEK, 12)
    plain = cards_key_html([card], weeks, break_words="改革")
    assert "只有 2 周有数据" in plain
    assert "目标" not in plain
    assert "改革" not in plain
    spark = Spark.of_weeks(weekly([0.9] * 12, [1] + [2] * 11), target=0.95, change="common")
    full = cards_key_html([replace(card, spark=spark, target="目标 ≥95.0")], weeks, break_words="改革")
    assert "11 周，不足 12 周为试用界限" in full
    assert "改革" in full
    assert "只有" not in full


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
            "value": 0.9 if key in SHARES else 30.0,
            "low": 0.8 if key in SHARES else 20.0,
            "high": 0.95 if key in SHARES else math.inf,
            "previous": 0.8 if key in SHARES else math.nan,
            "numerator_n": 9 if key in SHARES else pd.NA,
            "denominator_n": 10 if key in SHARES else pd.NA,
            "n": n,
        }
        for code in ("C1", STREET)
        for key in COMPARED
    ]
    return pd.DataFrame(rows)


def strips(rows, **more):
    return community_strips_html(rows, small_n=20, targets=more)


def test_names_from_data_are_escaped_in_the_strips():
    html = strips(community_rows("<b>甲</b>社区"))
    assert "&lt;b&gt;甲&lt;/b&gt;" in html
    assert "nan" not in html
    assert "inf" not in html


def test_a_rate_has_its_interval_and_the_target_a_dashed_line():
    target = Target("on_time_share", 0.85, "at_least", "1", "示例", None)
    rows = community_rows("甲社区")
    assert strips(rows).count(f'stroke="{LIGHT.interval}"') == len(COMPARED)
    assert "stroke-dasharray" not in strips(rows)
    assert strips(rows, on_time_share=target).count("stroke-dasharray") == 1


def test_a_rate_of_few_cases_has_no_number_and_no_interval_but_its_counts():
    few = strips(community_rows("甲社区", n=12))
    assert "stroke-dasharray" in few
    assert "<b>—</b>" in few
    assert "n=12件" in few
    assert f'stroke="{LIGHT.interval}"' not in few


@pytest.mark.parametrize(
    ("key", "values", "ends"),
    [
        ("on_time_share", [0.92, 0.97], (0.9, 1.0)),
        ("report_to_arrive_p90_min", [10.2, 17.0], (10, 18)),
        ("closed_median_min", [200, 300], (180, 330)),
        ("report_to_arrive_p90_min", [math.nan], (0, 1)),
        ("report_to_arrive_p90_min", [math.inf, 3, 3], (3, 4)),
    ],
)
def test_both_ends_of_a_strip_are_round_numbers(key, values, ends):
    assert strip_axis(key, values) == pytest.approx(ends)


def estate_rows(**more):
    counts = ("households_n", "complaints_n", "estates_n", "repeats_n", "followed_n", "logged_n")
    rates = ("per_100_households", "low", "high")
    rates += tuple(f"repeats_{name}" for name in rates)
    row = dict.fromkeys((*counts, *TOOK_PART), 0) | dict.fromkeys(rates, math.nan)
    row["repeats_per_100_households"] = math.nan
    return pd.DataFrame([row | {"is_managed": flag} | more for flag in (False, True)])


def test_estates_show_rates_with_intervals_and_who_took_part():
    rates = {"per_100_households": 3.4, "low": 3.0, "high": 3.8}
    rates |= {"repeats_per_100_households": 0.71, "repeats_low": 0.54, "repeats_high": 0.93}
    counts = {"households_n": 100, "complaints_n": 40, "repeats_n": 9, "followed_n": 30}
    html = estates_html(estate_rows(**rates, **counts, logged_n=40, patrol_n=30, community_n=10), small_n=20)
    assert "<b>3.4</b>" in html
    assert "每百户 0.71（0.54–0.93）" in html
    assert "参与解决（40 件）：巡逻队 75% · 社区 25%" in html
    few = estates_html(estate_rows(**rates, **counts, logged_n=12, patrol_n=9), small_n=41)
    assert "<b>—</b>" in few
    assert "巡逻队 9" in few
    assert "每百户 0.71" not in few


def test_estates_and_sources_say_missing_with_a_dash():
    html = estates_html(estate_rows(), small_n=1)
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
    assert hash(card_of("open_n", (1, 2)))
