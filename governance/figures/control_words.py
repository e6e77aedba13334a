"""How a control chart is put into words: names, values, periods, rules, and its one sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from governance.figures.metric_words import WHOLE_HOURS_FROM_MIN
from governance.figures.place_words import (
    DAYS_FROM_MIN,
    HOURS_FROM_MIN,
    MINUTES_PER_DAY,
    MINUTES_PER_HOUR,
    Scale,
)
from governance.metrics.control_series import series_named
from governance.metrics.control_states import signal_sides
from governance.text import has, t

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from governance.metrics.control import Step
    from governance.metrics.control_states import ChartState, Pull
    from governance.metrics.targets import Target


def series_label(key: str) -> str:
    """The Chinese name of a series, of whoever's demand."""
    own = f"process_control.label.{key}"
    return t(own) if has(own) else t(f"metrics.{key}.label")


def series_definition(key: str) -> str:
    """Its definition in one sentence."""
    own = f"process_control.definition.{key}"
    return t(own) if has(own) else t(f"metrics.{key}.definition")


def series_scale(key: str, values: Iterable[float]) -> Scale:
    """The one unit for all of `values`: minutes below 100, then hours, from 48 hours on days."""
    unit = series_named(key).unit
    if unit == "share":
        return Scale(t("units.share"), 0.01, 1)
    if unit == "case":
        return Scale(t("units.case"), 1, 0)
    largest = max((value for value in values if not math.isnan(value)), default=0.0)
    if largest < HOURS_FROM_MIN:
        return Scale(t("units.minute"), 1, 1)
    if largest < DAYS_FROM_MIN:
        return Scale(t("units.hour"), MINUTES_PER_HOUR, 1 if largest < WHOLE_HOURS_FROM_MIN else 0)
    return Scale(t("units.day"), MINUTES_PER_DAY, 1)


def chart_scale(key: str, chart: pd.DataFrame) -> Scale:
    """The unit of one chart: that of its typical value, so that one wild week does not set it."""
    values = chart["value"].dropna()
    scale = series_scale(key, [float(values.median())] if len(values) else [])
    # Limits and means of counts lie between whole numbers.
    return Scale(scale.unit, scale.divisor, 1) if series_named(key).unit == "case" else scale


def value_words(key: str, scale: Scale, value: float) -> str:
    """A value as written: counts whole, everything else with the decimals of its unit."""
    whole = Scale(scale.unit, scale.divisor, 0) if series_named(key).unit == "case" else scale
    return whole.text(value)


def basis_words(key: str, hit_n: float, of_n: float) -> str:
    """What a value rests on: k / n of a share, n of a time; nothing for a plain count."""
    unit = t(f"units.{series_named(key).counts}")
    if math.isnan(of_n):
        return ""
    if math.isnan(hit_n):
        return t("cards.n", n=f"{of_n:,.0f}", unit=unit)
    return t("cards.of", k=f"{hit_n:,.0f}", n=f"{of_n:,.0f}", unit=unit)


def period_words(written: str, grain: str) -> str:
    """A period with its year: 2023年第37周."""
    year, rest = written.split("-", 1)
    return t(f"process_control.period_{grain}", year=year, number=int(rest.lstrip("WQ")))


def short_period_words(written: str, grain: str) -> str:
    """A period where the year is known: 第37周."""
    return t(f"process_control.short_{grain}", number=int(written.split("-", 1)[1].lstrip("WQ")))


def rule_words(state: ChartState, grain: str, scale: Scale) -> str:
    """The rule a signal completes, by name: 高于正常上限 24.3 分钟; 连续 7 周高于均值 18.9 分钟."""
    if state.limits is None or not state.rule:
        return ""
    side = "up" if state.side > 0 else "down"
    limits = state.limits
    edge = limits.upper if side == "up" else limits.lower
    return t(
        f"process_control.rules.{state.rule}_{side}",
        n=state.run_n,
        unit=t(f"process_control.counted.{grain}"),
        since=_since_words(state, grain),
        limit=scale.text(edge),
        centre=scale.text(limits.centre),
    )


def _since_words(state: ChartState, grain: str) -> str:
    is_same = state.since[:4] == state.week[:4]
    return short_period_words(state.since, grain) if is_same else period_words(state.since, grain)


def short_rule(rule: str, side: int) -> str:
    """A rule as a label beside its point."""
    return t(f"process_control.marks.{rule}_{'up' if side > 0 else 'down'}") if rule else ""


def signals_words(chart: pd.DataFrame, grain: str) -> str:
    """Every signal of a chart by its rule, with its periods; empty without any."""
    found: dict[str, list[list[int]]] = {}
    sides = signal_sides(chart)
    for place, (rule, side) in enumerate(zip(chart["signal"], sides.tolist(), strict=True)):
        if not side:
            continue
        runs = found.setdefault(short_rule(str(rule), side), [])
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    weeks = chart["week"].tolist()
    rules = (
        t(
            "process_control.signal_rule",
            rule=rule,
            periods="、".join(_stretch_words(weeks[run[0]], weeks[run[-1]], grain) for run in runs),
        )
        for rule, runs in found.items()
    )
    return t("process_control.signal_list", rules="；".join(rules)) if found else ""


def _stretch_words(first: str, last: str, grain: str) -> str:
    if first == last:
        return short_period_words(first, grain)
    words = (short_period_words(one, grain) for one in (first, last))
    return t("process_control.stretch", first=next(words), last=next(words))


def target_words(target: Target, scale: Scale) -> str:
    """A target with its sense and unit: ≥85.0%."""
    return t(f"cards.{target.direction}", value=scale.text(target.value))


def state_sentence(
    key: str, state: ChartState, pull: Pull | None, *, grain: str, scale: Scale, label: str
) -> str:
    """The page's one sentence: noise or signal by its rule, how large, on what it hangs, the target."""
    if not state.week:
        return t("process_control.sentence.nothing", label=label)
    words: dict[str, object] = {
        "label": label,
        "period": short_period_words(state.week, grain),
        "value": value_words(key, scale, state.value),
        "unit": t(f"process_control.counted.{grain}"),
        "n": state.points_n,
    }
    if state.limits is None:
        return t("process_control.sentence.too_short", **words)
    words |= {"lower": scale.number(state.limits.lower), "upper": scale.text(state.limits.upper)}
    if state.rule:
        gap = state.value - state.limits.centre
        words |= {
            "change": t(f"cards.change.{state.change}"),
            "rule": rule_words(state, grain, scale),
            "gap": t(f"process_control.gap_{'over' if gap > 0 else 'under'}", gap=gap_words(scale, abs(gap))),
        }
        sentence = t(f"process_control.sentence.{'signal' if pull is None else 'hangs'}", **words)
    else:
        sentence = t("process_control.sentence.common", **words)
    if pull is not None:
        sentence += t(
            "process_control.sentence.pulled",
            period=short_period_words(pull.week, grain),
            value=value_words(key, scale, pull.value),
            change=t(f"process_control.pulled_change.{pull.change}"),
        )
    return sentence + assurance_words(state, scale) + t("process_control.sentence.end")


def gap_words(scale: Scale, gap: float) -> str:
    """A difference: percentage points for shares, else in the unit of the chart."""
    return (
        t("process_control.points", gap=scale.number(gap))
        if scale.unit == t("units.share")
        else scale.text(gap)
    )


def assurance_words(state: ChartState, scale: Scale) -> str:
    """What the process as it runs does to its target; empty without one."""
    if state.target is None or state.assurance is None:
        return ""
    return t(
        "process_control.sentence.target",
        standing=t(f"cards.standing.{state.assurance}"),
        target=target_words(state.target, scale),
    )


def step_words(key: str, step: Step, before: str, after: str, *, grain: str, scale: Scale) -> str:
    """Between which two periods a series steps, and from what to what."""
    return t(
        "process_control.step",
        before_period=period_words(before, grain),
        after_period=short_period_words(after, grain)
        if after[:4] == before[:4]
        else period_words(after, grain),
        before=value_words(key, scale, step.before),
        after=value_words(key, scale, step.after),
    )
