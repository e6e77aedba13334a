"""The week's model: the rules of a slide on real data, the pages' own numbers, people under five, no data."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import date, datetime

import pandas as pd
import pytest

from governance.meeting.commitments import Commitment, Place, Source
from governance.meeting.headlines import headlines
from governance.meeting.signals import Signals
from governance.metrics import headline
from governance.metrics.care import HIGH, care_counts, care_due
from governance.metrics.handbook import handbook_freshness
from governance.metrics.small_numbers import shown_counts
from governance.metrics.windows import Scope, Span
from governance.records.dataset import dataset_of_frames, empty_frame
from governance.report.model import SLIDES
from governance.report.week import week_model
from governance.report.week_headlines import week_facts, week_headlines, with_names
from governance.settings import settings_of
from governance.workdays import SHANGHAI, Week

WEEK = Week(2023, 37)
AS_OF = datetime(2023, 9, 17, 23, 52, tzinfo=SHANGHAI)


def framed(kind, rows):
    empty = empty_frame(kind)
    frame = pd.DataFrame(rows).reindex(columns=empty.columns)
    return frame.assign(row=0).astype({name: type_ for name, type_ in empty.dtypes.items() if name != "row"})


def texts_of(part):
    """Every text of a slide, its parts included."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple | list):
        for one in part:
            yield from texts_of(one)
    elif is_dataclass(part):
        for one in fields(part):
            yield from texts_of(getattr(part, one.name))


@pytest.fixture(scope="module")
def model(sample_dataset):
    return week_model(sample_dataset, WEEK)


# ---------------------------------------------------------------------------- the sample
def test_the_seven_slides_stand_in_their_order(model):
    assert tuple(slide.key for slide in model.slides) == SLIDES
    assert model.is_sample
    assert model.week_words == "第37周 9月11–17日"
    assert model.as_of_words == "数据截至 9月17日（周日）23:52"


def check_slides(model):
    """What holds of every week: short titles, few items, figures that say what they are, or why nothing."""
    for slide in model.slides:
        assert 0 < len(slide.title) <= 15, slide.title
        assert len(slide.items) <= 7
        assert len(slide.figures) <= 7
        is_filled = slide.items or slide.figures or slide.tables or slide.charts
        assert bool(is_filled) != bool(slide.empty), slide.key
        for figure in slide.figures:
            assert figure.definition, figure.key
            assert figure.unit or figure.value == "—", figure.key
            assert bool(figure.word) == (figure.mark != "none"), figure.key
        for item in slide.items:
            assert bool(item.word) == (item.mark != "none"), item.title
            assert item.title


def test_every_slide_keeps_the_rules(model):
    check_slides(model)
    defined = {row[0] for row in model.definitions}
    assert {figure.label for slide in model.slides for figure in slide.figures} <= defined


def test_the_planted_truth_is_told(model):
    """Without tracks: the false speed-up, the place that repeats, the stale handbook."""
    titles = [item.title for item in model.slide("headlines").items]
    assert "矛盾纠纷看不出变快" in titles
    assert any("大阳沟市场口" in title for title in titles)
    assert any("美专校手册" in item.title for item in model.slide("care_storm").items)
    assert model.slide("response").title == "矛盾纠纷看不出变快"
    assert all(item.owner for item in model.slide("headlines").items)


def test_figures_are_those_of_the_pages(model, sample_dataset):
    parts = headline.headline_parts(sample_dataset, headline.all_cases(sample_dataset), Scope())
    figures = headline.window_figures(parts, Span(WEEK.start_at, WEEK.end_at)).set_index("metric")
    shown = {figure.key: figure for slide in model.slides for figure in slide.figures}
    due = figures.loc["on_time_share"]
    assert shown["on_time_share"].value == f"{100 * due['value']:.1f}"
    assert shown["on_time_share"].basis == f"{due['numerator_n']} / {due['denominator_n']} 件"
    assert shown["open_n"].value == str(figures.loc["open_n", "n"])
    assert shown["community_share"].value == f"{100 * figures.loc['community_share', 'value']:.1f}"


def test_the_sheets_hold_every_row_behind_the_figures(model):
    shown = {figure.key: figure for slide in model.slides for figure in slide.figures}
    due = model.sheets["应结案"]
    assert shown["on_time_share"].basis == f"{(due['按期'] == '是').sum()} / {len(due)} 件"
    assert len(model.sheets["期末在办"]) == int(shown["open_n"].value)
    settled = model.sheets["办结层级"]
    public = settled[settled["群众诉求"] == "是"]
    in_community = (public["层级"] == "社区办结").sum()
    assert shown["community_share"].basis == f"诉求 {in_community} / {len(public)} 件"
    reported = model.sheets["本周上报"]
    assert shown["reported_n"].value == str((reported["群众诉求"] == "是").sum())
    assert shown["report_to_arrive_p90_min"].basis == f"n = {(reported['计到场'] == '是').sum()} 件"
    for name, table in model.sheets.items():
        assert all(not re.search("[a-z]_", str(column)) for column in table.columns), name


def test_nobody_is_named(model, sample_dataset):
    """No phone, no full name of a member, no code of a person in care."""
    told = "\n".join(texts_of(model.slides))
    told += "\n".join(table.to_csv() for table in model.sheets.values())
    assert not re.search(r"(?<!\d)1\d{10}(?!\d)", told)
    assert not any(ref in told for ref in sample_dataset.frame("care_register")["person_ref"])
    assert not any(member in told for member in sample_dataset.frame("members")["member_id"])


def test_the_desk_sees_what_the_room_sees_and_more(model, sample_dataset):
    desk = week_headlines(sample_dataset, WEEK)
    room = [item.title for item in model.slide("headlines").items]
    assert [one.title for one in desk if not one.is_for_desk_only] == room
    assert [one.is_for_desk_only for one in desk] == sorted(one.is_for_desk_only for one in desk)


def test_the_ladder_says_which_cases_its_bars_count(model):
    """Those of every source, beside a share of the public's demand alone."""
    slide = model.slide("containment")
    chart = slide.charts[0]
    settled = model.sheets["办结层级"]
    assert chart.title == f"诉求和主动发现 {len(settled)} 件在哪级办结"
    words = {
        "community": "社区办结",
        "street": "街道办结",
        "required": "按规定上交",
        "other": "非规定上交",
        "open": "仍未结",
        "unknown": "层级不明",
    }
    assert len(chart.series) > 1
    assert all(series.name == words[series.role] for series in chart.series)


def gaps(*rows):
    """The headlines of micro-grids (code, name, hours since the last visit, state) under a limit of 72 h."""
    table = pd.DataFrame(rows, columns=["microgrid_code", "name", "h", "state"]).assign(
        community_code="C7", team_id="T-7", tier=3, limit_h=72.0, multiple=lambda table: table["h"] / 72.0
    )
    known = Signals(WEEK, since=table, community_names={"C7": "曾家岩社区"}, teams={"T-7": "曾家岩巡逻队"})
    return with_names(headlines(known), known)


def test_a_micro_grid_is_called_by_its_name_and_counted_as_one():
    one, other = gaps(
        ("ZJY-10-01", "曾家岩第10网格第1微网格", 216.0, "visited"), ("ZJY-10-02", None, 100.0, "visited")
    )
    assert one.title == "曾家岩一个微网格 9.0 天没人到"
    assert one.sub == "第10网格第1微网格，上限 3.0 天；全街道超限 2 个"
    assert one.decide == "曾家岩第10网格第1微网格由谁、什么时候补到"
    assert other.sub.startswith("ZJY-10-02，")
    (never,) = gaps(("ZJY-10-01", "曾家岩第10网格第1微网格", float("nan"), "never"))
    assert never.sub == "记录期内一次也没有，如曾家岩第10网格第1微网格"
    for headline_ in (one, never):
        assert "ZJY" not in "".join((headline_.title, headline_.sub, headline_.decide))
        assert "处" not in "".join((headline_.title, headline_.sub, headline_.short, headline_.decide))


def test_the_storm_s_week_leads_with_its_warning(sample_dataset):
    model = week_model(sample_dataset, Week(2023, 29))
    check_slides(model)
    assert model.slide("headlines").items[0].word == "预警"
    assert "预警" in model.slide("care_storm").title


# ----------------------------------------------------------------------------- no data
def test_a_week_without_records_says_so(sample_dataset):
    model = week_model(sample_dataset, Week(2022, 10))
    check_slides(model)
    assert model.slide("response").empty
    assert model.slide("coverage").empty
    assert "care_overdue_n" not in {one.key for one in model.slide("care_storm").figures}


def test_a_folder_without_anything_has_seven_sentences(tmp_path):
    dataset = dataset_of_frames({}, as_of={}, settings=settings_of(tmp_path), data_dir=tmp_path)
    model = week_model(dataset, WEEK)
    check_slides(model)
    assert all(slide.empty for slide in model.slides)
    assert model.as_of is None
    assert model.sheets == {}
    assert "没有导入事件" in model.missing


def test_foreign_tables_without_reference_data_work(tmp_path):
    """Cases with few columns and names of their own, no communities, no limits, no care."""
    days = pd.date_range("2023-09-04", periods=40, freq="7h", tz=SHANGHAI).astype(
        "datetime64[us, Asia/Shanghai]"
    )
    rows = {
        "incident_id": [f"X{n}" for n in range(40)],
        "category": "Structure Fire with a very long name of its own",
        "reported_at": days,
        "closed_at": [day + pd.Timedelta(hours=2) if n % 3 else pd.NaT for n, day in enumerate(days)],
        "status": ["closed" if n % 3 else "open" for n in range(40)],
    }
    dataset = dataset_of_frames(
        {"incidents": framed("incidents", rows)},
        as_of={"incidents": AS_OF},
        settings=settings_of(tmp_path),
        data_dir=tmp_path,
    )
    model = week_model(dataset, WEEK)
    check_slides(model)
    assert model.slide("response").figures
    assert any("来源" in one for one in model.missing)


# -------------------------------------------------------------------------- commitments
def decided(number, status="open", week=WEEK, due_on=date(2023, 9, 15)):
    return Commitment(
        id=f"{week}-{number:02d}",
        week=week,
        what=f"第{number}件",
        responsible_unit="嘉西村巡逻队",
        due_on=due_on,
        metric="on_time_share",
        place=Place("street"),
        baseline_week=week.shifted(-1),
        source=Source(),
        status=status,
        created_at=AS_OF,
    )


def test_last_week_s_commitments_stand_first_with_their_verdict(sample_dataset):
    earlier = decided(1, week=Week(2023, 30))
    done_long_ago = decided(2, status="done", week=Week(2023, 30))
    later = decided(3, week=Week(2023, 38))
    known = (earlier, done_long_ago, later, decided(4, status="done"), decided(5))
    slide = week_model(sample_dataset, WEEK, commitments=known).slide("commitments")
    assert slide.title == "上周定2件，办成1件"
    assert [item.title for item in slide.items] == ["第4件", "第5件", "第1件"]
    assert [item.sub.split("，")[1] for item in slide.items] == ["办成", "超期", "超期"]
    assert slide.items[1].word == "尚不能判断"
    assert "→" in slide.items[2].sub
    assert all(item.owner for item in slide.items)


def test_more_commitments_than_fit_are_counted(sample_dataset):
    known = tuple(decided(n) for n in range(1, 10))
    slide = week_model(sample_dataset, WEEK, commitments=known).slide("commitments")
    assert len(slide.tables[0].rows) == 6
    assert "另有 3 件" in slide.tables[0].note


# ------------------------------------------------------------------------ people, counts
def test_due_visits_follow_the_rule():
    at = datetime(2023, 9, 18, tzinfo=SHANGHAI)
    register = framed(
        "care_register",
        [
            {"person_ref": ref, "risk": risk, "status": status, "risk_from": pd.Timestamp(since, tz=SHANGHAI)}
            for ref, risk, status, since in (
                ("seen", "high", "active", "2023-03-20"),
                ("late", "high", "active", "2023-03-20"),
                ("never", "high", "active", "2023-03-20"),
                ("raised", "high", "active", "2023-09-16"),
                ("today", "high", "active", "2023-09-17 12:00"),
                ("moved", "high", "moved", "2023-03-20"),
                ("key", "key", "active", "2023-03-20"),
                ("later", "high", "active", "2023-10-01"),
            )
        ],
    )
    visits = framed(
        "visits",
        [
            {"person_ref": ref, "visited_at": pd.Timestamp(day, tz=SHANGHAI)}
            for ref, day in (
                ("seen", "2023-09-12"),
                ("late", "2023-09-10"),
                ("raised", "2023-09-15"),
                ("key", "2023-08-20"),
            )
        ],
    )
    due = care_due(register, visits, framed("warnings", []), at=at).set_index("person_ref")
    assert due["state"].to_dict() == {
        "seen": "done",
        "late": "overdue",
        "never": "never",
        "raised": "overdue",
        "today": "not_yet",
        "key": "done",
    }
    issued = pd.Timestamp("2023-09-13", tz=SHANGHAI)
    warned = framed("warnings", [{"warning_id": "W", "kind": "暴雨", "issued_at": issued}])
    after = care_due(register, visits, warned, at=at).set_index("person_ref")["state"]
    assert after["seen"] == "overdue"
    assert after["key"] == "done"
    high = due[due["risk"].eq(HIGH)]
    counts = care_counts(high, pd.Series("C1", index=high.index)).iloc[0]
    assert (counts["due_n"], counts["overdue_n"], counts["never_n"]) == (5, 3, 1)


def test_hidden_counts_of_people_cannot_be_subtracted():
    shown = shown_counts(pd.Series({"a": 1, "b": 0, "c": 9, "d": 12}))
    assert shown.to_dict()["d"] == 12
    assert pd.isna(shown["a"])
    assert pd.isna(shown["c"])
    two = shown_counts(pd.Series({"a": 1, "b": 2, "c": 7, "d": 12}))
    assert two.isna().to_dict() == {"a": True, "b": True, "c": True, "d": False}
    assert shown_counts(pd.Series({"a": 6, "b": 0, "c": 7})).notna().all()
    rest = shown_counts(pd.Series({"a": 20, "b": 30, "c": 25}), others=pd.Series({"a": 2, "b": 9, "c": 8}))
    assert pd.isna(rest["a"])


def test_no_count_of_people_below_five_is_on_a_slide(sample_dataset):
    """In none of the sample's last weeks, as a figure, in an item or in a chart."""
    for number in (33, 35, 36, 37):
        slide = week_model(sample_dataset, Week(2023, number)).slide("care_storm")
        for figure in slide.figures:
            if figure.unit == "人":
                assert figure.value == "不足5" or int(figure.value.replace(",", "")) not in range(1, 5)
        for chart in slide.charts:
            for series in chart.series:
                assert all(value is None or value not in range(1, 5) for value in series.values)
        people = [int(n) for text in texts_of(slide) for n in re.findall(r"(\d+) ?人", text)]
        assert all(n == 0 or n >= 5 for n in people), (number, people)


def test_an_entry_without_a_date_is_stale():
    members = framed(
        "members",
        [
            {"member_id": "M-1", "verified_on": pd.Timestamp("2023-09-01", tz=SHANGHAI)},
            {"member_id": "M-2", "verified_on": pd.Timestamp("2023-01-01", tz=SHANGHAI)},
            {"member_id": "M-3"},
        ],
    )
    table = handbook_freshness(members, pd.Series("C1", index=members.index), at=AS_OF)
    assert table.to_dict("records") == [{"group": "C1", "entries_n": 3, "stale_n": 2}]


def test_facts_without_tracks_name_what_is_missing(sample_dataset, model):
    assert week_facts(sample_dataset, WEEK).cases is not None
    assert any("轨迹" in one for one in model.missing)
