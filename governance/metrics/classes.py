"""Classes for a map's legend: few, by quantile, every area in exactly one.

Nothing counted (0), too few cases to say, and no data are classes of their own, never a shade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_CLASSES = 5

ClassKind = Literal["zero", "range", "few", "none"]


@dataclass(frozen=True)
class AreaClass:
    """One box of the legend.

    `low` and `high` are the smallest and largest value found in it (missing for few and none),
    `shade` its place on the ramp from 0 to 1, `areas_n` the areas under it.
    """

    kind: ClassKind
    areas_n: int
    low: float = float("nan")
    high: float = float("nan")
    shade: float = 0.0


def range_of(values: pd.Series, *, max_classes: int = MAX_CLASSES) -> pd.Series:
    """The class number (0, 1, …) of each positive value: quantile classes, equal values together.

    With no more distinct values than classes, each is a class of its own. A class's upper
    bound is an observed value, so no area sits on a border.
    """
    distinct = np.unique(values.to_numpy())
    if len(distinct) <= max_classes:
        bounds = distinct
    else:
        steps = np.arange(1, max_classes + 1) / max_classes
        bounds = np.unique(np.quantile(values.to_numpy(), steps, method="inverted_cdf"))
    return pd.Series(np.searchsorted(bounds, values.to_numpy()), index=values.index)


def classified(
    values: pd.Series, is_few: pd.Series, *, max_classes: int = MAX_CLASSES
) -> tuple[pd.Series, tuple[AreaClass, ...]]:
    """Which class each area is in, and the classes in the order of the legend.

    `values` one value an area, missing where there are no data; `is_few` marks those that rest
    on too few cases. Returns the class number of each area and the non-empty classes: zero
    first, then light to dark, then few and none.
    """
    kind = pd.Series("range", index=values.index).mask(values == 0, "zero").mask(is_few, "few")
    kind = kind.mask(values.isna(), "none")
    number = pd.Series(-1, index=values.index)
    classes: list[AreaClass] = []

    def take(members: pd.Series | NDArray[np.bool_], class_: AreaClass) -> None:
        if class_.areas_n:
            number[members] = len(classes)
            classes.append(class_)

    take(kind == "zero", AreaClass("zero", int((kind == "zero").sum()), 0.0, 0.0))
    positive = values[kind == "range"]
    ranges = range_of(positive, max_classes=max_classes)
    top = int(ranges.max()) if len(ranges) else 0
    for place in range(top + 1 if len(ranges) else 0):
        members = positive[ranges == place]
        shade = place / top if top else 0.5
        class_ = AreaClass("range", len(members), float(members.min()), float(members.max()), shade)
        take(values.index.isin(members.index), class_)
    take(kind == "few", AreaClass("few", int((kind == "few").sum())))
    take(kind == "none", AreaClass("none", int((kind == "none").sum())))
    return number, tuple(classes)
