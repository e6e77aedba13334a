"""The model's charts as PowerPoint's own: data in a workbook inside, every stroke editable.

Actual values are solid, the week before lighter, a target outlined or dashed, limits pale. The lines
beside the actual one are named below; only bars, whose parts recur, have a legend. Parts look as on
the page 逐级化解.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pptx.chart.data import CategoryChartData
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Pt

from governance.figures.theme import LIGHT
from governance.report.deck import (
    LEAST_PT,
    LINE,
    PX_PER_PT,
    Box,
    Face,
    add_text,
    colour_of,
    fitted_pt,
    lines_of,
    style_run,
)
from governance.report.marks import PARTS
from governance.report.native_marks import pattern_fill
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pptx.chart.chart import Chart as NativeChart
    from pptx.chart.series import BarSeries, LineSeries
    from pptx.shapes.shapetree import _BaseGroupShapes

    from governance.report.marks import PartLook
    from governance.report.model import Chart, Series

_KINDS = {
    "line": XL_CHART_TYPE.LINE_MARKERS,
    "bar": XL_CHART_TYPE.BAR_CLUSTERED,
    "stacked_bar": XL_CHART_TYPE.BAR_STACKED,
}
_LINES = {
    "actual": (LIGHT.data, 3.0, None),
    "previous": (LIGHT.previous, 2.0, None),
    "target": (LIGHT.ink, 1.5, MSO_LINE.DASH),
    "centre": (LIGHT.ink_3, 1.0, None),
    "lower": (LIGHT.rule, 1.5, None),
    "upper": (LIGHT.rule, 1.5, None),
}
_HEAD_PX, _LINE_PX, _LEGEND_PX, _BAR_PX = 52, 290, 60, 64
# Shares that are rounded one by one may add up to a little more than a hundred.
_MOST_LABELS, _LEAST_LABELLED, _WHOLE = 6, 8, 100.5
_BREAK = "┊"
_COUNTED = re.compile(r"(\d+)(\D*)")


def chart_px(chart: Chart) -> float:
    """The height a chart wants: a line always the same, bars by their number."""
    return _LINE_PX if chart.kind == "line" else _HEAD_PX + _LEGEND_PX + _BAR_PX * len(chart.categories)


def add_chart(shapes: _BaseGroupShapes, chart: Chart, box: Box) -> None:
    """The chart with its finding above and its note below."""
    head = f"{chart.title}（{chart.unit}）" if chart.unit else chart.title
    size = fitted_pt(head, box.w, 20)
    add_text(shapes, box.top(_HEAD_PX), head, Face(size, is_bold=True), name=chart.title)
    note = _note(chart)
    note_px = lines_of(note, box.w, LEAST_PT) * LEAST_PT * LINE * PX_PER_PT + 6 if note else 0
    place = Box(box.x, box.y + _HEAD_PX, box.w, box.h - _HEAD_PX - note_px)
    frame = shapes.add_chart(_KINDS[chart.kind], *place.emu, _data_of(chart))
    frame.name = chart.title
    frame._element.xpath("./p:nvGraphicFramePr/p:cNvPr")[0].set("descr", _description(chart))
    native = frame.chart
    native.has_title, native.has_legend = False, False
    native.font.size, native.font.color.rgb = Pt(LEAST_PT), colour_of(LIGHT.ink_2)
    if chart.kind == "line":
        _draw_lines(native, chart)
    else:
        _draw_bars(native, chart)
    if note:
        add_text(shapes, box.below(box.h - note_px + 6), note, Face(LEAST_PT, LIGHT.ink_2))


def _description(chart: Chart) -> str:
    """The chart for a screen reader: each series with its last value."""
    said = "、".join(f"{one.name} {number_words(_last(one))}" for one in chart.series)
    between = f"{chart.categories[0]}–{chart.categories[-1]}" if chart.categories else ""
    return f"{chart.title}：{between}，{said}"


def _data_of(chart: Chart) -> CategoryChartData:
    """Categories and values; a named break is a category of its own, in which nothing is drawn."""
    data = CategoryChartData(number_format="General")
    order = _order(chart)
    names = short_names(chart.categories)
    data.categories = [_BREAK if place is None else names[place] for place in order]
    for one in chart.series:
        data.add_series(one.name, [None if place is None else one.values[place] for place in order])
    return data


def short_names(categories: Sequence[str]) -> list[str]:
    """Numbers without the unit all of them share: 27周, 28周 as 27, 28; the title names the unit."""
    parts = [_COUNTED.fullmatch(name) for name in categories]
    if not all(parts) or len({part[2] for part in parts if part}) != 1:
        return list(categories)
    return [part[1] for part in parts if part]


def _order(chart: Chart) -> list[int | None]:
    order: list[int | None] = []
    for place in range(len(chart.categories)):
        if place in chart.breaks:
            order.append(None)
        order.append(place)
    return order


# ------------------------------------------------------------------------------- lines
def _draw_lines(native: NativeChart, chart: Chart) -> None:
    _axes(native, is_value_shown=True)
    categories = native.category_axis
    categories.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    _thin_labels(native, -(-len(_order(chart)) // _MOST_LABELS))
    plot = native.plots[0]
    for series, one in zip(plot.series, chart.series, strict=True):
        colour, width_pt, dash = _LINES[one.role]
        series.smooth = False
        series.format.line.color.rgb, series.format.line.width = colour_of(colour), Pt(width_pt)
        if dash is not None:
            series.format.line.dash_style = dash
        series.marker.style = XL_MARKER_STYLE.CIRCLE if one.role == "actual" else XL_MARKER_STYLE.NONE
        if one.role == "actual":
            series.marker.size = 8
            series.marker.format.fill.solid()
            series.marker.format.fill.fore_color.rgb = colour_of(colour)
            series.marker.format.line.fill.background()
            _label_last(series, one, _order(chart))
    _set_range(native, chart)


def _thin_labels(native: NativeChart, step: int) -> None:
    """Write every so manyth category."""
    axis = native.category_axis._element
    for name in ("tickLblSkip", "tickMarkSkip"):
        found = parse_xml(f'<c:{name} {nsdecls("c")} val="{step}"/>')
        axis.xpath("c:noMultiLvlLbl")[0].addprevious(found)


def _label_last(series: LineSeries, one: Series, order: Sequence[int | None]) -> None:
    """Write the last value beside its point."""
    places = [n for n, place in enumerate(order) if place is not None and one.values[place] is not None]
    if not places:
        return
    label = series.points[places[-1]].data_label
    label.text_frame.word_wrap = False
    run = label.text_frame.paragraphs[0].add_run()
    run.text = number_words(one.values[order[places[-1]] or 0])
    style_run(run, Face(LEAST_PT + 2, LIGHT.data, is_bold=True))
    label.position = XL_LABEL_POSITION.ABOVE


def number_words(value: float | None) -> str:
    """A value as charts write it."""
    if value is None:
        return "—"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _last(one: Series) -> float | None:
    return next((value for value in reversed(one.values) if value is not None), None)


def _note(chart: Chart) -> str:
    """How to read the chart; of lines, what the others are, in words instead of a legend."""
    if chart.kind != "line":
        return chart.note
    roles = {one.role: one for one in chart.series}
    said = [
        t(f"report.deck.lines.{role}", name=one.name, value=number_words(_last(one)))
        for role, one in roles.items()
        if role in ("target", "previous")
    ]
    if {"lower", "upper"} & roles.keys():
        said.append(t("report.deck.lines.bounds"))
    if chart.breaks:
        said.append(t("report.deck.lines.breaks"))
    return "；".join(said)


def _set_range(native: NativeChart, chart: Chart) -> None:
    """An axis that holds limits and target with some air for the labels; never below zero for nothing."""
    values = [value for one in chart.series for value in one.values if value is not None]
    if not values:
        return
    low, high = min(values), max(values)
    air = (high - low) * 0.18 or abs(high) * 0.1 or 1
    axis = native.value_axis
    axis.maximum_scale = high + air
    axis.minimum_scale = max(low - air, 0) if low >= 0 else low - air


# -------------------------------------------------------------------------------- bars
def _draw_bars(native: NativeChart, chart: Chart) -> None:
    is_stacked = chart.kind == "stacked_bar"
    _axes(native, is_value_shown=False)
    native.category_axis.reverse_order = True
    _thin_labels(native, 1)
    native.value_axis.minimum_scale = 0
    plot = native.plots[0]
    plot.gap_width, plot.overlap = (35, 100) if is_stacked else (45, -5)
    if is_stacked:
        native.has_legend = True
        native.legend.position, native.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        native.legend.font.size = Pt(LEAST_PT)
    elif len(chart.series) > 1:
        native.has_legend = True
        native.legend.position, native.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        native.legend.font.size = Pt(LEAST_PT)
    for series, one in zip(plot.series, chart.series, strict=True):
        part = PARTS[one.role] if is_stacked else None  # type: ignore[index]
        series.invert_if_negative = False
        if part is None:
            _fill_bar(series, one)
        else:
            _fill_part(series, part)
        _label_bar(series, one, part)
    columns = zip(*(one.values for one in chart.series), strict=True)
    most = max((sum(value or 0 for value in column) for column in columns), default=0)
    if is_stacked and chart.unit == "%" and most <= _WHOLE:
        native.value_axis.maximum_scale = 100


def _fill_bar(series: BarSeries, one: Series) -> None:
    form = series.format
    if one.role == "target":
        form.fill.background()
        form.line.color.rgb, form.line.width = colour_of(LIGHT.ink), Pt(1.5)
        return
    form.fill.solid()
    form.fill.fore_color.rgb = colour_of(LIGHT.previous if one.role == "previous" else LIGHT.data)


def _fill_part(series: BarSeries, part: PartLook) -> None:
    """A part of a stack; white and dots are outlined, since they would end nowhere."""
    form = series.format
    if part.is_dotted:
        pattern_fill(form.fill, "dots")
    else:
        form.fill.solid()
        form.fill.fore_color.rgb = colour_of(part.colour)
    if part.is_outlined or part.is_dotted:
        form.line.color.rgb, form.line.width = colour_of(LIGHT.ink_2), Pt(1)


def _label_bar(series: BarSeries, one: Series, part: PartLook | None) -> None:
    """Values at the bars' ends, or inside the parts that have room for them."""
    if one.role == "previous":
        return
    values = [value for value in one.values if value is not None]
    whole = all(float(value).is_integer() for value in values)
    labels = series.data_labels
    labels.show_value, labels.number_format_is_linked = True, False
    least = f'[<{_LEAST_LABELLED}]"";' if part else ""
    labels.number_format = least + ("#,##0" if whole else "#,##0.0")
    labels.font.size, labels.font.bold = Pt(LEAST_PT), part is None
    if part:
        labels.position = XL_LABEL_POSITION.CENTER
        labels.font.color.rgb = colour_of(LIGHT.card if part.words == "on-deep" else LIGHT.ink)
    else:
        labels.position = XL_LABEL_POSITION.OUTSIDE_END
        labels.font.color.rgb = colour_of(LIGHT.ink)


def _axes(native: NativeChart, *, is_value_shown: bool) -> None:
    """Quiet axes: no marks, hairlines, words of the smallest size allowed."""
    for axis in (native.category_axis, native.value_axis):
        axis.major_tick_mark = axis.minor_tick_mark = XL_TICK_MARK.NONE
        axis.tick_labels.font.size = Pt(LEAST_PT)
        axis.tick_labels.font.color.rgb = colour_of(LIGHT.ink_2)
        axis.format.line.color.rgb = colour_of(LIGHT.rule)
        axis.has_major_gridlines = False
    native.category_axis.tick_labels.offset = round(100 * LINE)
    value = native.value_axis
    value.has_major_gridlines = is_value_shown
    value.visible = is_value_shown
    if is_value_shown:
        value.major_gridlines.format.line.color.rgb = colour_of(LIGHT.hairline)
        value.tick_labels.number_format, value.tick_labels.number_format_is_linked = "#,##0", False
        value.format.line.fill.background()
