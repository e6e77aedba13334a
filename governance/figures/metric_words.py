"""How a declared metric is written: its name, its unit, a value, a change, a target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.place_words import (
    DAYS_FROM_MIN,
    HOURS_FROM_MIN,
    MINUTES_PER_DAY,
    MINUTES_PER_HOUR,
    Scale,
)
from governance.metrics.definitions import metric_named
from governance.text import has, t

if TYPE_CHECKING:
    from collections.abc import Iterable

WHOLE_HOURS_FROM_MIN = 20 * MINUTES_PER_HOUR
_BASIS = ("numerator_n", "denominator_n", "n")


def metric_label(key: str) -> str:
    """The Chinese name of a metric."""
    return t(metric_named(key).label_key)


def metric_definition(key: str) -> str:
    """Its definition in one sentence."""
    return t(metric_named(key).definition_key)


def is_rate(key: str) -> bool:
    """Whether a metric can be compared between places of unlike size: a share or a duration."""
    return metric_named(key).unit in ("share", "time")


def metric_scale(key: str, values: Iterable[float]) -> Scale:
    """The one unit for all of `values`: minutes below 100, then hours, from 48 hours on days."""
    unit = metric_named(key).unit
    if unit == "share":
        return Scale(t("units.share"), 0.01, 1)
    if unit != "time":
        return Scale(t(f"units.{unit}"), 1, 0)
    largest = max((value for value in values if not math.isnan(value)), default=0.0)
    if largest < HOURS_FROM_MIN:
        return Scale(t("units.minute"), 1, 1)
    if largest < DAYS_FROM_MIN:
        return Scale(t("units.hour"), MINUTES_PER_HOUR, 1 if largest < WHOLE_HOURS_FROM_MIN else 0)
    return Scale(t("units.day"), MINUTES_PER_DAY, 1)


def counted_unit(key: str) -> str:
    """What the n of a metric counts: 件, 次, 个, 小时."""
    metric = metric_named(key)
    return t("units.checkin" if metric.unit == "checkin" else f"units.{metric.counts}")


def basis_text(key: str, row: pd.Series) -> str:
    """What a figure rests on: k / n of a share, n of a duration, what stands beside a count.

    `row` holds numerator_n, denominator_n and n, missing where there are none.
    """
    k, of, n = (None if pd.isna(row[name]) else int(row[name]) for name in _BASIS)
    unit = counted_unit(key)
    if k is not None and of is not None:
        return t("cards.of", k=f"{k:,}", n=f"{of:,}", unit=unit)
    if n is not None and metric_named(key).unit == "time":
        return t("cards.n", n=f"{n:,}", unit=unit)
    return t(f"cards.beside.{key}", n=f"{k:,}") if k is not None and has(f"cards.beside.{key}") else ""


def change_text(scale: Scale, change: float) -> str:
    """A change with its sign (a true minus, no arrow); 持平 when it rounds to nothing."""
    shown = scale.number(change)
    if not any(digit in shown for digit in "123456789"):
        return t("cards.no_change")
    return shown if change < 0 else f"+{shown}"


def target_text(scale: Scale, value: float, direction: str) -> str:
    """A target with its sense: ≥95.0."""
    return t(f"cards.{direction}", value=scale.number(value))
