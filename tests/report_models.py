"""A week as the meeting sees it, built by hand: every kind of part the papers have to draw."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pandas as pd

from governance.report.model import (
    Area,
    AreaMap,
    Chart,
    Figure,
    Item,
    Series,
    Slide,
    Table,
    WeekModel,
)
from governance.workdays import SHANGHAI, Week

WEEK = Week(2023, 37)
AS_OF = datetime(2023, 9, 17, 23, 52, tzinfo=SHANGHAI)
UNITS = ("桂花园", "春森路", "新都巷", "学田湾", "美专校", "嘉西村", "曾家岩")
CLASSES = (
    *(("up_to_05", "≤ 0.5 倍"), ("up_to_1", "0.8–1"), ("up_to_2", "1–2 倍")),
    *(("over_2", "超 2 倍"), ("never", "从未"), ("no_data", "无数据")),
)


def square(west, south, size):
    east, north = west + size, south + size
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def area_map(side=6):
    size = 0.002
    areas = tuple(
        Area(
            f"M{row}-{column}",
            "",
            (square(106.53 + column * size, 29.55 + row * size, size),),
            CLASSES[(row * side + column) % len(CLASSES)][0],
        )
        for row in range(side)
        for column in range(side)
    )
    border = Area("C1", "学田湾", (square(106.53, 29.55, size * side),), "")
    legend = tuple((key, words, sum(a.class_ == key for a in areas)) for key, words in CLASSES)
    return AreaMap(areas, (border,), (("学田湾", 106.536, 29.556),), legend, "边界为示意，WGS-84")


def figure(key, label, value, unit, **more):
    given = {
        "basis": "281 / 294 个",
        "previous": "上周 94.2（+1.4）",
        "target": "目标 ≥98",
        "mark": "missed",
        "word": "未达标",
        "definition": f"{label}：一周里到过的微网格除以全部微网格，在格内停留满三分钟才算到访。",
    }
    return Figure(key, label, value, unit, **(given | more))


def item(mark, word, title, sub, value="", unit="", owner="综合巡逻队嘉西村小队"):
    return Item(mark, word, title, sub, value, unit, owner, "patrol_coverage", {"week": "2023-W37"})


HEADLINES = (
    item("worse", "变差", "嘉西村凌晨2–5时空岗", "三周 6 → 9 → 21 小时，占夜间空岗的 66%", "21", "小时"),
    item("overdue", "超限", "曾家岩一个微网格 9.0 天没人到", "第10网格第1微网格，上限 3.0 天", "9.0", "天"),
    item("overdue", "超时", "矛盾纠纷没有变快", "只看已结 1.9 天，算上未结 26 件 4.9 天", "4.9", "天"),
    item("unverified", "待核实", "机动二队到场数据两周为 D 级", "100 米内没有轨迹；不作考核", "9", "件"),
    item("pressing", "反复", "大阳沟市场口占道", "90 天第 6 次，都在 7–9 时", "6", "次"),
)


def slides():
    weeks = tuple(f"W{number}" for number in range(26, 38))
    line = Chart(
        "line",
        "群众诉求按期办结",
        weeks,
        (
            Series("按期", tuple(80 + n % 5 for n in range(12))),
            Series("均值", (82.0,) * 12, "centre"),
            Series("下限", (76.0,) * 12, "lower"),
            Series("上限", (88.0,) * 12, "upper"),
            Series("目标", (85.0,) * 12, "target"),
        ),
        "%",
        breaks=(1,),
        note="7 月 1 日三队合一",
    )
    bars = Chart(
        "bar",
        "九成内到场",
        UNITS,
        (
            Series("本周", (18.0, 22.5, 19.0, 30.5, None, 25.0, 21.0)),
            Series("上周", (20.0, 21.0, 19.5, 28.0, 24.0, 26.0, 22.0), "previous"),
        ),
        "分钟",
    )
    ladder = Chart(
        "stacked_bar",
        "诉求和主动发现 552 件在哪级办结",
        UNITS,
        (
            Series("社区办结", (62.0,) * 7, "community"),
            Series("街道办结", (12.0,) * 7, "street"),
            Series("按规定上交", (5.0,) * 7, "required"),
            Series("非规定上交", (9.0,) * 7, "other"),
            Series("仍未结", (8.0,) * 7, "open"),
            Series("层级不明", (4.0,) * 7, "unknown"),
        ),
        "%",
    )
    promised = Table(
        ("事项", "责任单位", "期限", "状态", "落实成效"),
        tuple(
            (f"嘉西村夜间{n}至{n + 3}时增加一组步巡", "综合巡逻队嘉西村小队", "9月15日", "在办", "尚不能判断")
            for n in range(1, 5)
        ),
        note="落实成效按前后各四周比较。",
    )
    return (
        Slide("commitments", "上周四件事办成两件", tables=(promised,), notes=("督办清单",)),
        Slide("headlines", "本周要定五件事", items=HEADLINES, notes=("事件、轨迹、打卡",)),
        Slide(
            "coverage",
            "九成五走到，夜里有缺口",
            items=HEADLINES[:1],
            figures=(
                figure("microgrids", "微网格到访", "95.6", "%"),
                figure("points", "必到点位", "96.6", "%", basis="398 / 412 处"),
                figure("routes", "巡逻线路", "88.1", "%", basis="45.3 / 51.4 公里"),
                figure("swept", "扫过面积", "64.2", "%", mark="met", word="达标", is_struck=True),
            ),
            map=area_map(),
            notes=("轨迹、打卡；到访满 3 分钟",),
        ),
        Slide(
            "response",
            "到场快了，结案没有",
            figures=(
                figure("arrive", "九成内到场", "24.3", "分钟", mark="met", word="达标"),
                figure("on_time", "按期办结", "86.5", "%", basis="249 / 288 件"),
                figure("open", "期末在办", "312", "件", mark="none", word="", target=""),
            ),
            charts=(line, bars),
            notes=("事件，群众诉求 308 件",),
        ),
        Slide("containment", "七成在社区办结", items=HEADLINES[4:], charts=(ladder,), notes=("事件",)),
        Slide("care_storm", "高风险老人都走到了", empty="这一周没有需要提醒的走访和预警。"),
        Slide("decisions", "三件事提请研究", items=HEADLINES[:3], notes=("以上各页",)),
    )


def sheets(rows=40):
    days = pd.date_range("2023-09-11 08:00", periods=rows, freq="37min", tz="Asia/Shanghai")
    cases = pd.DataFrame(
        {
            "案件编号": pd.array([f"{n:07d}" for n in range(rows)], dtype="string"),
            "上报时间": days.as_unit("us"),
            "描述": pd.array(["=1+1", "+2", "-3", "@x", *["路灯不亮"] * (rows - 4)], dtype="string"),
            "用时（分钟）": [float(n) if n % 7 else float("nan") for n in range(rows)],
            "已用时限占比": [n / rows for n in range(rows)],
            "返工次数": pd.array([n % 3 for n in range(rows)], dtype="Int64"),
        }
    )
    gaps = pd.DataFrame(
        {
            "微网格": pd.array(["M1", "M2"], dtype="string"),
            "最近一次": pd.array(["2023-09-08 07:15:00", ""], dtype="string"),
            "到访日期": pd.array(["2023-09-08", "2023-09-17"], dtype="string"),
        }
    )
    return {"事件": cases, "缺口登记：巡逻": gaps, "空表": cases.head(0)}


def week_model(**changes):
    found = slides()
    model = WeekModel(
        week=WEEK,
        street="上清寺街道",
        as_of=AS_OF,
        as_of_words="数据截至 9月17日（周日）23:52",
        week_words="第37周 9月11–17日",
        is_sample=True,
        slides=found,
        sheets=sheets(),
        definitions=tuple(
            (one.label, one.definition, one.unit, "9月17日 23:52", "事件")
            for slide in found
            for one in slide.figures
        ),
        missing=("机动二队 9月4日起没有轨迹", "群防不提供轨迹"),
    )
    return replace(model, **changes)


def empty_model():
    """A week without a single record."""
    return week_model(
        as_of=None,
        as_of_words="还没有数据",
        slides=tuple(Slide(one.key, "没有记录", empty="这一周没有记录。") for one in slides()),
        sheets={},
        definitions=(),
        missing=("没有导入事件",),
        is_sample=False,
    )
