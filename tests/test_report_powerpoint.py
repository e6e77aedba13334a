"""The deck: native charts, tables and maps, large text, one message a slide."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pptx import Presentation
from pptx.enum.dml import MSO_FILL
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.util import Pt

from governance.figures.theme import LIGHT
from governance.report.marks import PARTS
from governance.report.powerpoint import powerpoint_paper
from tests.report_models import HEADLINES, area_map, empty_model, slides, week_model


def opened(model=None):
    return Presentation(io.BytesIO(powerpoint_paper(model or week_model())))


def shapes_of(slide):
    """Every shape, those in groups too."""
    found = []
    for shape in slide.shapes:
        found.extend(shape.shapes if shape.shape_type == MSO_SHAPE_TYPE.GROUP else [shape])
    return found


def runs_of(slide):
    for shape in shapes_of(slide):
        frames = [shape.text_frame] if shape.has_text_frame else []
        if shape.has_table:
            frames = [cell.text_frame for row in shape.table.rows for cell in row.cells]
        for frame in frames:
            for paragraph in frame.paragraphs:
                yield from paragraph.runs


def test_the_slides_are_those_of_the_screen():
    deck, model = opened(), week_model()
    assert [slide.shapes.title.text for slide in deck.slides] == [slide.title for slide in model.slides]
    assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9)


def test_nothing_is_written_smaller_than_eighteen_points():
    for slide in opened().slides:
        sizes = [run.font.size for run in runs_of(slide)]
        assert None not in sizes
        assert min(sizes) >= Pt(18)
        for shape in shapes_of(slide):
            if shape.has_chart:
                chart = shape.chart
                axes = [] if not chart.has_legend else [chart.legend.font.size]
                sizes = [chart.font.size, chart.category_axis.tick_labels.font.size, *axes]
                assert min(sizes) >= Pt(18)


@pytest.mark.parametrize("items_n", range(8))
def test_nothing_leaves_the_slide(items_n):
    items = (HEADLINES + HEADLINES)[:items_n]
    model = week_model(slides=tuple(replace(slide, items=items if slide.items else ()) for slide in slides()))
    deck = opened(model)
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= deck.slide_width
            assert shape.top + shape.height <= deck.slide_height


def test_charts_carry_the_models_values():
    model = week_model()
    for slide, native in zip(model.slides, opened(model).slides, strict=True):
        drawn = [shape.chart for shape in native.shapes if shape.has_chart]
        assert len(drawn) == len(slide.charts)
        for chart, own in zip(drawn, slide.charts, strict=True):
            plot = chart.plots[0]
            kept = [n for n, name in enumerate(plot.categories) if name != "┊"]
            assert [plot.categories[n] for n in kept] == list(own.categories)
            for series, one in zip(plot.series, own.series, strict=True):
                assert [series.values[n] for n in kept] == list(one.values)


def test_parts_of_the_ladder_look_as_on_the_page():
    """White is outlined, since it would end nowhere; dots stand for an unknown level."""
    model = week_model()
    place = next(n for n, slide in enumerate(model.slides) if slide.key == "containment")
    native = next(shape.chart for shape in opened(model).slides[place].shapes if shape.has_chart)
    own = model.slides[place].charts[0]
    for series, one in zip(native.plots[0].series, own.series, strict=True):
        look, form = PARTS[one.role], series.format
        if look.is_dotted:
            assert form.fill.type == MSO_FILL.PATTERNED
        else:
            assert str(form.fill.fore_color.rgb) == look.colour.removeprefix("#")
        if look.is_outlined:
            assert str(form.line.color.rgb) == LIGHT.ink_2.removeprefix("#")


def test_a_named_break_is_a_gap_in_every_line():
    slide = next(slide for slide in opened().slides if slide.shapes.title.text == "到场快了，结案没有")
    chart = next(shape.chart for shape in slide.shapes if shape.has_chart)
    assert list(chart.plots[0].categories)[:3] == ["W26", "┊", "W27"]
    assert all(series.values[1] is None for series in chart.plots[0].series)


def test_a_map_is_one_shape_an_area_with_its_class_in_words():
    model = week_model()
    place = next(n for n, slide in enumerate(model.slides) if slide.map)
    group = next(s for s in opened(model).slides[place].shapes if s.shape_type == MSO_SHAPE_TYPE.GROUP)
    own = model.slides[place].map
    drawn = [shape for shape in group.shapes if shape.shape_type == MSO_SHAPE_TYPE.FREEFORM]
    assert len(drawn) == len(own.areas) + len(own.borders)
    described = [shape._element.nvSpPr.cNvPr.get("descr") for shape in drawn]
    for _, words, count in own.legend:
        assert described.count(words) == count
    assert "学田湾" in [shape.name for shape in group.shapes]


def test_a_map_without_areas_shows_its_note_alone():
    empty = replace(area_map(), areas=(), borders=(), names=(), legend=())
    model = week_model(slides=tuple(replace(s, map=empty if s.map else None) for s in slides()))
    said = [run.text for slide in opened(model).slides for run in runs_of(slide)]
    assert "边界为示意，WGS-84" in said


def test_a_long_table_counts_what_it_leaves_out():
    table = slides()[0].tables[0]
    long = replace(table, rows=table.rows * 10)
    model = week_model(slides=(replace(slides()[0], tables=(long,)), *slides()[1:]))
    slide = opened(model).slides[0]
    native = next(shape.table for shape in slide.shapes if shape.has_table)
    left = len(long.rows) - (len(native.rows) - 1)
    assert left > 0
    assert any(f"另有 {left} 行" in run.text for run in runs_of(slide))


def test_notes_name_sources_owners_definitions_and_gaps():
    model = week_model()
    notes = [slide.notes_slide.notes_text_frame.text for slide in opened(model).slides]
    for slide, said in zip(model.slides, notes, strict=True):
        assert all(figure.definition.rstrip("。") in said for figure in slide.figures)
        assert all(item.owner in said for item in slide.items)
        assert all(source in said for source in slide.notes)
        assert "数据截至 9月17日" in said
        assert "群防不提供轨迹" in said


def test_a_week_without_records_is_seven_calm_slides():
    deck = opened(empty_model())
    for slide in deck.slides:
        assert "这一周没有记录。" in [run.text for run in runs_of(slide)]
