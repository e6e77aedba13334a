"""Warnings in words: steps, places, minutes and stamps as the page and the paper write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.schema import schema
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping


def step_words(step: str) -> str:
    """A step as the street calls it; a foreign one as it was written."""
    return schema().label_of("warning_step", step)


def place_words(row: Mapping[Hashable, Any]) -> str:
    """A judged row's place: its name, or the whole street."""
    return str(row["name"]) if row["place"] else t("storm_response.street")


def minutes_words(value: object) -> str:
    """Minutes as stamps know them: whole; from 100 hours on in days; empty where there are none."""
    if value is None or pd.isna(value):  # type: ignore[call-overload]  # a number or None
        return ""
    minutes = float(str(value))
    if abs(minutes) >= 6000:
        return t("storm_response.days", n=f"{minutes / 1440:.1f}")
    return t("storm_response.minutes", n=f"{minutes:,.0f}".replace("-", "−"))


def minutes_number(value: object) -> str:
    """Minutes under a head that names the unit; a dash where there are none."""
    return "—" if value is None or pd.isna(value) else f"{float(str(value)):,.0f}".replace("-", "−")  # type: ignore[call-overload]


def clock_words(stamp: object, start: pd.Timestamp | None) -> str:
    """A stamp as 06:21, with its day where it is not that of the start."""
    if not isinstance(stamp, pd.Timestamp) or pd.isna(stamp):
        return ""
    if start is not None and stamp.date() == start.date():
        return f"{stamp:%H:%M}"
    return t("stamp.day_short", month=stamp.month, day=stamp.day, time=f"{stamp:%H:%M}")


def day_words(stamp: pd.Timestamp | None) -> str:
    """A day as 7月21日; empty without one."""
    return "" if stamp is None else t("storm_response.day", month=stamp.month, day=stamp.day)
