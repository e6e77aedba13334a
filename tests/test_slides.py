"""The slides of the meeting screen: what is written large, what is cut, what the stage is told."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from governance.figures.theme import DARK, LIGHT
from governance.report.marks import PARTS
from governance.report.model import SLIDES, Area, Chart, Series
from governance.report.slide_chart import chart_html, number_text
from governance.report.slide_map import map_html
from governance.report.slide_parts import (
    REMARK,
    bar_svg,
    colour_variable,
    figure_row_html,
    fitted,
    items_html,
    mark_svg,
    patterns_svg,
    room_of,
    wrapped,
)
from governance.report.slides import quiet_html, slide_html
from governance.settings import SETTINGS, Settings
from governance.ui import screen_data
from governance.ui.screen import stage_css, stage_data
from governance.ui.screen_data import fresh_since
from governance.workdays import SHANGHAI
from tests.builders import case, import_small_street, imported
from tests.report_models import HEADLINES, area_map, empty_model, figure, item, week_model

LOG = logging.getLogger("governance.dashboard")
DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard.py"
PACKAGE = DASHBOARD.parent / "governance"
HEAD = "上清寺街道　第37周 9月11–17日"
DEFAULTS = Settings(items=tuple((setting.name, setting.default) for setting in SETTINGS))


def drawn(model=None):
    return {slide.key: slide_html(slide, head=HEAD) for slide in (model or week_model()).slides}


def words(html):
    return re.sub(r"<[^>]+>", " ", html)


# ------------------------------------------------------------------------------- texts
def test_a_text_is_as_large_as_its_place_allows_and_cut_only_at_the_least():
    assert fitted("五件事", 400, (58, 44)) == ("五件事", 58)
    assert fitted("五件事", 160, (58, 44)) == ("五件事", 44)
    kept, size = fitted("学田湾大阳沟农贸市场", 160, (58, 44))
    assert (kept, size) == ("学田…", 44)
    assert room_of(kept, size) <= 160


def test_a_note_breaks_between_words_and_not_within_a_number():
    assert wrapped("只看已结 1.9 天，算上没结的", 36 * 7, 36) == ("只看已结 1.9", "天，算上没…")
    assert wrapped("甲，乙", 36 * 20, 36) == ("甲，乙",)
    assert wrapped("一二三四12345", 36 * 5.5, 36) == ("一二三四", "12345")


def test_no_size_is_below_the_floor_of_the_room():
    for html in (*drawn().values(), *drawn(empty_model()).values()):
        texts = re.findall(r'class="(?:line|legend|value)[^"]*" style="--s:(\d+)"', html)
        texts += re.findall(r'<t[dh][^>]*style="--s:(\d+)"', html) + re.findall(r"font-size:(\d+)px", html)
        assert all(int(size) >= 34 for size in texts)
        titles = re.findall(r'<h1 style="--s:(\d+)"', html)
        assert all(int(size) >= 56 for size in titles)


def test_the_sheet_has_no_text_below_the_floor():
    sizes = [float(size) for size in re.findall(r"font-size: calc\((\d+) \* var\(--u\)\)", stage_css())]
    assert sizes
    assert min(sizes) >= 34


def test_every_text_of_the_model_is_escaped():
    bad = "<script>alert(1)</script>&\"'"
    evil = item("worse", bad, bad, bad, bad, bad, bad)
    wrong = figure("k", bad, bad, bad, basis=bad, previous=bad, target=bad, word=bad)
    chart = Chart("bar", bad, (bad, bad), (Series(bad, (1.0, 2.0)),), bad, note=bad)
    place = replace(area_map(2), names=((bad, 106.531, 29.551),), note=bad, legend=(("never", bad, 3),))
    base = week_model().slide("headlines")
    slides = (
        replace(base, title=bad, items=(evil,)),
        replace(base, items=(evil,), figures=(wrong,)),
        replace(base, items=(evil,), figures=(wrong,), map=place),
        replace(base, items=(), charts=(chart, replace(chart, kind="line"))),
        replace(
            base, charts=(replace(chart, kind="stacked_bar", series=(Series(bad, (1.0, 2.0), "open"),)),)
        ),
        replace(base, items=(), empty=bad),
        *(replace(slide, title=bad) for slide in week_model().slides),
    )
    for html in (*(slide_html(slide, head=bad) for slide in slides), quiet_html(bad, head=bad)):
        assert "<script" not in html
        assert "<s" in html or "script" in html


def test_colours_are_names_that_both_palettes_set():
    markup = "".join(drawn().values()) + patterns_svg()
    assert not re.findall(r"#[0-9A-Fa-f]{6}", markup)
    named = set(re.findall(r"var\(--([\w-]+)\)", markup + stage_css()))
    known = {name.replace("_", "-") for name in asdict(LIGHT)} & {
        name.replace("_", "-") for name in asdict(DARK)
    }
    assert named - known <= {"u", "s", "w", "h", "font", "area", "on-deep", "on-pale", "on-plum"}


# ------------------------------------------------------------------------------- slides
def test_every_slide_says_its_message_street_and_week():
    found = drawn()
    assert tuple(found) == SLIDES
    for slide in week_model().slides:
        assert slide.title in words(found[slide.key])
        assert HEAD in words(found[slide.key])


def test_a_headline_has_state_basis_number_and_whom_to_ask():
    text = words(drawn()["headlines"])
    for part in ("变差", "嘉西村凌晨2–5时空岗", "占夜间空岗的 66%", "21", "小时", "责任单位：综合巡逻队"):
        assert part in text


def test_rows_share_the_height_and_more_than_seven_do_not_stand():
    heights = re.findall(r'class="item" style="--h:(\d+)"', drawn()["headlines"])
    assert heights == ["164"] * 5
    many = replace(week_model().slide("headlines"), items=HEADLINES * 2)
    heights = [int(h) for h in re.findall(r'class="item" style="--h:(\d+)"', slide_html(many, head=HEAD))]
    assert len(heights) == 7
    assert sum(heights) <= 820


def test_a_long_state_word_widens_the_column_of_all_rows():
    html = items_html(
        (item("none", "尚不能判断", "甲", ""), item("met", "达标", "乙", "")),
        width=1776,
        height=820,
        most=164,
    )
    assert re.findall(r'class="state" style="--w:(\d+)"', html) == ["255", "255"]


def test_a_week_without_anything_is_one_sentence_a_slide():
    for html in drawn(empty_model()).values():
        assert "这一周没有记录。" in words(html)


def test_a_figure_on_poor_data_is_struck_out_and_says_why():
    html = drawn()["coverage"]
    assert '<s class="number">64.2</s>' in html
    assert "D 级数据，不作考核" in html


def test_what_does_not_fit_beside_a_map_is_left_out():
    slide = week_model().slide("coverage")
    full = slide_html(replace(slide, figures=slide.figures * 2, items=HEADLINES), head=HEAD)
    tall = sum(int(h) for h in re.findall(r'class="figure-row" style="--h:(\d+)"', full))
    assert tall + REMARK * full.count('class="remark"') <= 820


@pytest.mark.parametrize("mark", ["normal", "worse", "better", "met", "sometimes", "missed", "never"])
def test_marks_are_shapes_of_their_own(mark):
    others = {
        one: mark_svg(one) for one in ("normal", "worse", "better", "met", "sometimes", "missed", "never")
    }
    assert list(others.values()).count(others[mark]) == 1
    assert mark_svg("none") == ""


def test_a_ruler_is_drawn_for_shares_only():
    html = bar_svg(figure("k", "到访", "50.0", "%", target="目标 ≥98"), width=400)
    assert 'width="200.0"' in html
    assert 'x="387.0"' in html
    assert bar_svg(figure("k", "在办", "312", "件"), width=400) == ""


def test_what_a_share_rests_on_gives_way_to_no_state():
    one = figure(
        *("k", "社区内办结占比", "73.3", "%"),
        basis="诉求 118 / 161 件",
        mark="sometimes",
        word="时达时不达",
        short="社区办结",
    )
    text = words(figure_row_html(one, width=860, height=173))
    assert "诉求 118 / 161 件" in text
    assert "社区办结" in text
    roomy = words(figure_row_html(replace(one, word="达标"), width=860, height=173))
    assert "社区内办结占比" in roomy
    assert "诉求 118 / 161 件" in roomy


# ----------------------------------------------------------------------------- pictures
def test_only_what_is_over_never_or_unknown_is_coloured():
    html = map_html(area_map(), width=860, height=820)
    fills = [
        re.search(r"fill:([^\"]+)", path)[1] for path in re.findall(r'<path d="[^"]+" style="[^"]+"', html)
    ]
    assert len(fills) == 36
    assert fills.count("var(--area)") == 12
    assert fills.count("url(#slide-never)") == 6
    assert "从未 6" in html
    assert "≤ 0.5" not in html
    assert "边界为示意" in html


def test_a_map_is_true_to_scale():
    square = (((106.0, 29.0), (106.01, 29.0), (106.01, 29.01), (106.0, 29.01)),)
    lone = replace(area_map(), areas=(Area("A", "", square, "never"),), borders=(), names=())
    path = re.search(r'<g class="areas"><path d="M([^Z]+)Z', map_html(lone, width=860, height=820))[1]
    (left, low), (right, _), (_, high), _ = (tuple(map(float, pair.split(","))) for pair in path.split())
    assert (right - left) / (low - high) == pytest.approx(0.8746, abs=0.002)


def test_parts_of_the_ladder_look_on_the_wall_as_on_the_page():
    """By what they mean, whichever of them there are."""
    page = (PACKAGE / "ui" / "theme.css").read_text(encoding="utf-8")
    for part, look in PARTS.items():
        own = re.search(rf"\.band\.{part} {{ background: ([^;]+);([^}}]*)}}", page)
        assert colour_variable(look.colour) in own[1]
        assert own[1].startswith("radial-gradient") == look.is_dotted
        assert ("border: 1px solid var(--ink-2)" in own[2]) == look.is_outlined
        alone = Chart("stacked_bar", "哪级", ("甲",), (Series("件", (100.0,), part),), "%")
        fills = re.findall(
            r'class="part" style="fill:([^;]+);stroke:([^"]+)"', chart_html(alone, width=860, height=400)
        )
        fill = "url(#slide-no-data)" if look.is_dotted else colour_variable(look.colour)
        edge = "var(--ink-2)" if look.is_outlined else "var(--page)"
        assert fills == [(fill, edge)] * 2


def test_a_line_stops_at_a_break_and_at_a_missing_week():
    series = Series("按期", (80.0, 81.0, None, 83.0, 84.0, 85.0, 86.0))
    html = chart_html(
        Chart("line", "按期", tuple("abcdefg"), (series,), "%", breaks=(5,)), width=860, height=400
    )
    assert html.count('class="course actual"') == 3
    assert html.count('class="break"') == 1


def test_a_missing_bar_is_a_dash_and_shares_start_at_nought():
    bars = Chart("bar", "按期", ("甲", "乙"), (Series("本周", (50.0, None)),), "%")
    html = chart_html(bars, width=860, height=400)
    wide = [float(w) for w in re.findall(r'width="([\d.]+)" height="[\d.]+" class="actual"', html)]
    assert wide[1] == 0
    assert "—" in words(html)
    assert [number_text(v) for v in (None, 3.0, 3.25, 1234.5)] == ["—", "3", "3.2", "1,234"]


def test_a_chart_without_values_is_a_title_and_no_fault():
    for kind in ("line", "bar", "stacked_bar"):
        none = Chart(kind, "没有", (), (), "件")
        assert "没有" in chart_html(none, width=860, height=400)


# ------------------------------------------------------------------------------- the stage
def at(day, hour=23):
    return datetime(2023, 9, day, hour, tzinfo=SHANGHAI)


def test_data_wait_for_newer_ones_from_their_as_of_an_archive_from_its_import():
    week = timedelta(days=7)
    assert fresh_since(at(17), at(18), is_old_on_purpose=False, cadence=week) == at(17)
    assert fresh_since(at(3), at(18), is_old_on_purpose=False, cadence=week) == at(18)
    assert fresh_since(at(17), None, is_old_on_purpose=False, cadence=week) == at(17)
    assert fresh_since(at(17), at(18), is_old_on_purpose=True, cadence=week) is None
    assert fresh_since(None, at(18), is_old_on_purpose=False, cadence=week) is None


def test_the_stage_is_told_look_words_and_times_but_no_data():
    told = stage_data(DEFAULTS)
    assert json.loads(json.dumps(told)) == told
    assert 20 <= told["slide_s"] <= 30
    assert told["pause_s"] == 120
    assert 2 * 3600 <= told["renew_s"] <= 4 * 3600
    assert "slides" not in told


@pytest.fixture
def street(tmp_path, monkeypatch):
    data_dir = tmp_path / "data"
    monkeypatch.setenv("GOVERNANCE_DATA", str(data_dir))
    import_small_street(data_dir)
    imported(data_dir, "incidents", [case("1", "2023-09-12 09:00")], as_of=at(17))
    return data_dir


@pytest.fixture(autouse=True)
def own_log():
    """Each test's dashboard writes its own log."""
    yield
    for handler in [handler for handler in LOG.handlers if handler.name == LOG.name]:
        LOG.removeHandler(handler)
        handler.close()


def sent(**params):
    """What the components of the page were given, by role."""
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("pages/meeting_screen.py").run()
    assert not app.exception
    parts = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return {part["role"]: part for part in parts}


def test_the_page_itself_reads_no_data(street):
    (street / "store" / "manifest.json").write_text("{", encoding="utf-8")
    assert set(sent()) == {"stage"}


@pytest.mark.usefixtures("street")
def test_the_feeder_sends_the_seven_slides_and_a_beat():
    found = sent(frame="1")
    assert set(found) == {"beat", "slides"}
    assert [slide["key"] for slide in found["slides"]["slides"]] == list(SLIDES)
    assert found["slides"]["version"] == sent()["stage"]["version"]
    assert "9月17日" in found["slides"]["stamp"]["words"]


def test_a_store_that_cannot_be_read_is_a_calm_sentence(street):
    (street / "store" / "manifest.json").write_text("{", encoding="utf-8")
    problem = sent(frame="1")["problem"]["problem"]
    assert problem["sentence"] == "数据暂时打不开，正在重试。"
    assert problem["number"].startswith("错误编号 E-")


def test_a_slide_that_cannot_be_drawn_leaves_the_others_standing(street, monkeypatch):
    def fail(slide, *, head):
        if slide.key == "coverage":
            raise ZeroDivisionError("secret detail")
        return slide_html(slide, head=head)

    monkeypatch.setattr("governance.report.slides.slide_html", fail)
    monkeypatch.setattr(screen_data, "_model", lambda *_: week_model())
    by_key = {slide["key"]: slide["html"] for slide in sent(frame="1")["slides"]["slides"]}
    assert "这一页暂时画不出来" in by_key["coverage"]
    assert "secret" not in by_key["coverage"]
    assert "本周要定五件事" in by_key["headlines"]
    assert "secret detail" in (street / "dashboard.log").read_text(encoding="utf-8")
