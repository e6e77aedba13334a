"""How a measure of an area is written: its name, a value with its unit, a range, k / n."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.metrics.places import MEASURE_BY_KEY
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.metrics.areas import AreaKey
    from governance.metrics.classes import AreaClass

MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * 60
HOURS_FROM_MIN = 100
DAYS_FROM_MIN = 48 * 60


def short_name(name: str) -> str:
    """A community's name without the word 社区, as people say it."""
    return name.removesuffix(t("map.community_suffix"))


@dataclass(frozen=True)
class Scale:
    """The one unit a column, legend or axis keeps: a stored value is divided by `divisor`."""

    unit: str
    divisor: float
    decimals: int

    def as_written(self, values: pd.Series) -> pd.Series:
        """The values rounded as they are written, so that no two classes read the same.

        What is above 0 stays above it.
        """
        step = self.divisor / 10**self.decimals
        rounded: pd.Series = (values / step).round() * step
        return rounded.mask((values > 0) & (rounded == 0), step)

    def number(self, value: float) -> str:
        """The number without its unit; — when missing."""
        if math.isnan(value):
            return "—"
        return f"{value / self.divisor:,.{self.decimals}f}".replace("-", "−")

    def text(self, value: float) -> str:
        """The number with its unit; — when missing."""
        if math.isnan(value):
            return "—"
        gap = "" if self.unit == "%" else " "
        return f"{self.number(value)}{gap}{self.unit}"


def measure_label(key: str) -> str:
    """The Chinese name of a measure."""
    return t(f"measures.{key}.label")


def measure_definition(key: str) -> str:
    """Its definition in one sentence."""
    return t(f"measures.{key}.definition")


def scale_of(key: str, values: Iterable[float]) -> Scale:
    """The unit in which all of `values` are written: minutes up to 99, then hours, from 48 h days."""
    measure = MEASURE_BY_KEY[key]
    if measure.form == "share":
        return Scale(t("measures.units.percent"), 0.01, 1)
    if measure.form == "median":
        largest = max((value for value in values if not math.isnan(value)), default=0.0)
        if largest < HOURS_FROM_MIN:
            return Scale(t("measures.units.minute"), 1, 1)
        if largest < DAYS_FROM_MIN:
            return Scale(t("measures.units.hour"), MINUTES_PER_HOUR, 1)
        return Scale(t("measures.units.day"), MINUTES_PER_DAY, 1)
    return Scale(t(f"measures.units.{measure.unit}"), 1, 1 if measure.form == "rate" else 0)


def class_label(class_: AreaClass, scale: Scale, *, small_n: int) -> str:
    """What stands under a box of the legend: one value or a range, 0, too few, no data."""
    if class_.kind == "none":
        return t("measures.no_data")
    if class_.kind == "few":
        return t("measures.few", n=small_n)
    low, high = scale.number(class_.low), scale.number(class_.high)
    return scale.text(class_.low) if low == high else f"{low}–{scale.text(class_.high)}"


@dataclass(frozen=True)
class Reading:
    """One value of one area and what it rests on."""

    measure: str
    value: float
    numerator_n: int | None
    denominator_n: int | None

    @property
    def counts(self) -> str:
        """What it rests on: k / n of a share or rate, n of a median; nothing for a count."""
        measure = MEASURE_BY_KEY[self.measure]
        if measure.form == "median" and self.numerator_n is not None:
            return f"n = {self.numerator_n:,}"
        if measure.denominator is None or self.numerator_n is None or self.denominator_n is None:
            return ""
        return f"{self.numerator_n:,} / {self.denominator_n:,}"

    def words(self, scale: Scale, *, small_n: int) -> str:
        """The value with its unit; on too few cases only what it rests on; — when missing."""
        form = MEASURE_BY_KEY[self.measure].form
        n = self.numerator_n if form == "median" else self.denominator_n
        is_few = form in ("share", "median") and n is not None and 0 < n < small_n
        return self.counts if is_few else scale.text(self.value)


def readings_of(measures: pd.DataFrame, measure: str) -> dict[AreaKey, Reading]:
    """The readings of one measure by (level, code), from the long table of place_measures."""
    rows = measures[measures["measure"] == measure]
    columns = (rows[name] for name in ("level", "code", "value", "numerator_n", "denominator_n"))
    return {
        (str(level), str(code)): Reading(measure, float(value), _whole(numerator), _whole(denominator))
        for level, code, value, numerator, denominator in zip(*columns, strict=True)
    }


def _whole(value: Any) -> int | None:  # noqa: ANN401 (a cell of a frame)
    return None if pd.isna(value) else int(value)
