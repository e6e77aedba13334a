"""The sample's seconds as the stamps different systems write; empty where nothing happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.sample import truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.sample.street import FloatArray

_CLOCK = np.datetime64(truth.FIRST_DAY, "s")
# Days from Excel's day zero, 30 December 1899, to the sample's first day.
_EXCEL_DAY = (truth.FIRST_DAY - pd.Timestamp("1899-12-30").date()).days


def _moments(second: FloatArray) -> tuple[NDArray[np.bool_], NDArray[np.datetime64]]:
    values = np.asarray(second, dtype=float)
    known = ~np.isnan(values)
    return known, _CLOCK + np.floor(values[known]).astype("timedelta64[s]")


def _filled(known: NDArray[np.bool_], texts: NDArray[np.str_]) -> NDArray[np.object_]:
    column = np.full(len(known), "", dtype=object)
    column[known] = texts
    return column


def iso_text(second: FloatArray) -> NDArray[np.object_]:
    """`2023-09-07 15:04:30`."""
    known, at = _moments(second)
    return _filled(known, np.char.replace(np.datetime_as_string(at, unit="s"), "T", " "))


def minute_text(second: FloatArray) -> NDArray[np.object_]:
    """`2023-09-07 15:04`."""
    known, at = _moments(second)
    return _filled(known, np.char.replace(np.datetime_as_string(at, unit="m"), "T", " "))


def slash_text(second: FloatArray) -> NDArray[np.object_]:
    """`2023/9/7 15:04`."""
    known, at = _moments(second)
    moments = pd.DatetimeIndex(at)
    return _filled(
        known, np.array([f"{m.year}/{m.month}/{m.day} {m.hour}:{m.minute:02d}" for m in moments], dtype=str)
    )


def chinese_text(second: FloatArray) -> NDArray[np.object_]:
    """`2023年9月7日 15时04分`."""
    known, at = _moments(second)
    moments = pd.DatetimeIndex(at)
    texts = [f"{m.year}年{m.month}月{m.day}日 {m.hour}时{m.minute:02d}分" for m in moments]
    return _filled(known, np.array(texts, dtype=str))


def zoned_text(second: FloatArray) -> NDArray[np.object_]:
    """`2023-09-07T15:04:30+08:00`."""
    known, at = _moments(second)
    return _filled(known, np.char.add(np.datetime_as_string(at, unit="s"), "+08:00"))


def excel_serial(second: FloatArray) -> FloatArray:
    """Excel's day number with its fraction, missing where nothing happened."""
    return np.asarray(_EXCEL_DAY + np.floor(np.asarray(second, dtype=float) / 60) / 1_440)
