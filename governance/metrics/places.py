"""What each area of the street shows for a week: one long table for every map and area list.

Each measure is declared once in MEASURES; its name, unit and definition stand under
`measures.<key>` in the text file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pandas as pd

from governance.metrics.areas import AREA_LEVELS, LEVELS, Level, points_located, with_parents
from governance.metrics.windows import PUBLIC_SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from governance.metrics.definitions import Direction
    from governance.workdays import Week

UNCOUNTED_STATUSES = ("voided", "transferred")
REPORT_WEEKS = 4
# Facts that are 0 where no row names the area; check-ins need a point inside to be 0.
COUNTED = ("reported", "reported_4w", "open", "sourced", "public", "n", "members")

Form = Literal["count", "rate", "share", "median"]


@dataclass(frozen=True)
class Measure:
    """One measure of an area.

    `numerator` and `denominator` name what is counted per area. A count is its numerator; a
    rate is numerator ÷ denominator × `scale`; a share lies between 0 and 1; a median has the
    number of its cases as numerator. `level` is the finest level at which it is read without
    drowning in chance, `is_weekly` whether it changes from week to week.
    """

    key: str
    form: Form
    unit: str
    numerator: str
    denominator: str | None = None
    scale: float = 1.0
    direction: Direction = "none"
    level: Level = "microgrid"
    is_weekly: bool = True


MEASURES: tuple[Measure, ...] = (
    Measure("reported_n", "count", "case", "reported"),
    Measure("reported_4w_n", "count", "case", "reported_4w"),
    Measure(
        "reported_per_100_households", "rate", "case", "reported_4w", "households", scale=100, level="grid"
    ),
    Measure("open_n", "count", "case", "open", direction="lower"),
    Measure("closed_median_min", "median", "minute", "n", direction="lower", level="community"),
    Measure("public_share", "share", "percent", "public", "sourced", level="community"),
    Measure("checkins_n", "count", "visit", "checkins", direction="higher"),
    Measure("households_n", "count", "household", "households", is_weekly=False),
    Measure(
        "members_per_microgrid", "rate", "person", "members", "microgrids", level="grid", is_weekly=False
    ),
    Measure("residents_per_member", "rate", "person", "residents", "members", is_weekly=False),
)
MEASURE_BY_KEY: Mapping[str, Measure] = {measure.key: measure for measure in MEASURES}


@dataclass(frozen=True)
class PlaceRecords:
    """The frames place measures are counted from, as a data set gives them."""

    incidents: pd.DataFrame
    checkins: pd.DataFrame
    points: pd.DataFrame
    members: pd.DataFrame
    incidents_as_of: datetime | None
    checkins_as_of: datetime | None


def _covers(stamps: pd.Series, week: Week, as_of: datetime | None) -> bool:
    """Whether a source knows anything of a week: it had begun before and was seen after its start."""
    first = stamps.min()
    return not pd.isna(first) and first < week.end_at and as_of is not None and as_of > week.start_at


def _sums(flags: pd.DataFrame, codes: pd.DataFrame, level: Level) -> pd.DataFrame:
    """How many rows carry each flag, per area of a level."""
    if level == "street":
        return flags.sum().to_frame().T.set_axis([""], axis=0)
    return flags.groupby(codes[level]).sum()


def incident_flags(incidents: pd.DataFrame, *, week: Week, as_of: datetime | None) -> pd.DataFrame:
    """What each incident counts for in a week.

    Boolean columns: reported (reported_at in the week), reported_4w (in the four weeks that
    end with it), open (reported before the week's end or as_of, whichever comes first, and not
    closed by then), sourced (reported, with a source), public (reported by the public), closed
    (closed in the week, not before its report). Voided and transferred cases are neither open nor closed.
    """
    reported_at, closed_at = incidents["reported_at"], incidents["closed_at"]
    # As-of is the last moment that is known, so what happened then has happened.
    end_at = week.end_at if as_of is None else min(week.end_at, as_of + timedelta(microseconds=1))
    is_before_end = reported_at.lt(week.end_at)
    is_reported = reported_at.ge(week.start_at) & is_before_end
    is_counted = ~incidents["status"].isin(UNCOUNTED_STATUSES)
    is_unclosed = closed_at.ge(end_at) | (closed_at.isna() & incidents["status"].ne("closed").fillna(True))
    source = incidents["source"]
    return pd.DataFrame(
        {
            "reported": is_reported,
            "reported_4w": reported_at.ge(week.shifted(1 - REPORT_WEEKS).start_at) & is_before_end,
            "open": reported_at.lt(end_at) & is_unclosed & is_counted,
            "sourced": is_reported & source.notna(),
            "public": is_reported & source.isin(PUBLIC_SOURCES),
            "closed": closed_at.ge(week.start_at)
            & closed_at.lt(week.end_at)
            & closed_at.ge(reported_at)
            & is_counted,
        }
    ).astype(bool)


def closed_medians(minutes: pd.Series, codes: pd.Series) -> pd.DataFrame:
    """The median of a duration per code, by the inverted distribution: no mid-point is made up.

    Columns: median (the smallest observed t that at least half of the cases do not exceed), n.
    """
    known = pd.DataFrame({"code": codes, "minutes": minutes}).dropna().sort_values(["code", "minutes"])
    n = known.groupby("code")["minutes"].transform("size")
    place = known.groupby("code").cumcount()
    middle = known[place == (n - 1) // 2].set_index("code")
    return pd.DataFrame({"median": middle["minutes"], "n": n[place == (n - 1) // 2].to_numpy()})


def _incident_table(records: PlaceRecords, codes: pd.DataFrame, level: Level, week: Week) -> pd.DataFrame:
    """Counts and medians of incidents per area of a level; empty when the week is not known."""
    incidents = records.incidents
    if not _covers(incidents["reported_at"], week, records.incidents_as_of):
        return pd.DataFrame()
    flags = incident_flags(incidents, week=week, as_of=records.incidents_as_of)
    sums = _sums(flags.drop(columns="closed"), codes, level)
    closed = incidents[flags["closed"]]
    minutes = (closed["closed_at"] - closed["reported_at"]).dt.total_seconds() / 60
    code = pd.Series("", index=closed.index) if level == "street" else codes.loc[closed.index, level]
    return sums.join(closed_medians(minutes, code), how="outer")


def _checkin_table(records: PlaceRecords, areas: pd.DataFrame, level: Level, week: Week) -> pd.DataFrame:
    """Points and check-ins per area of a level; empty when the week is not known."""
    if not _covers(records.checkins["at"], week, records.checkins_as_of) or records.points.empty:
        return pd.DataFrame()
    points = records.points.drop_duplicates("point_id").set_index("point_id")
    codes = points_located(points["lon"], points["lat"], areas)
    at = records.checkins["at"]
    weekly = records.checkins.loc[at.ge(week.start_at) & at.lt(week.end_at), "point_id"].value_counts()
    return _sums(pd.DataFrame({"checkins": weekly.reindex(points.index).fillna(0)}), codes, level)


def _member_table(members: pd.DataFrame, areas: pd.DataFrame, level: Level) -> pd.DataFrame:
    """Members per area of a level; empty when no register was brought."""
    if members.empty:
        return pd.DataFrame()
    codes = with_parents(members, areas)
    return _sums(pd.DataFrame({"members": 1}, index=members.index), codes, level)


def _microgrid_counts(areas: pd.DataFrame, level: Level) -> pd.Series:
    fine = areas[areas["level"] == "microgrid"].reset_index(drop=True)
    codes = with_parents(fine.rename(columns={"code": "microgrid_code"}), areas)
    return _sums(pd.DataFrame({"microgrids": 1}, index=fine.index), codes, level)["microgrids"]


def _facts(records: PlaceRecords, areas: pd.DataFrame, level: Level, week: Week) -> pd.DataFrame:
    """Everything countable per area of a level, indexed by code; missing where not known."""
    codes = with_parents(records.incidents, areas)
    if level == "street":
        tops = areas[areas["parent_code"].isna()]
        known = tops[["households", "residents"]].sum(skipna=False, min_count=1).to_frame().T.set_axis([""])
    else:
        known = areas[areas["level"] == level].set_index("code")[["households", "residents"]]
    facts = known.assign(microgrids=_microgrid_counts(areas, level).reindex(known.index))
    facts = facts.join(_incident_table(records, codes, level, week).reindex(known.index))
    facts = facts.join(_member_table(records.members, areas, level).reindex(known.index))
    # An area that no row names has none of them; a source that is absent has no column yet.
    facts = facts.fillna(dict.fromkeys(COUNTED, 0))
    facts = facts.join(_checkin_table(records, areas, level, week).reindex(known.index))
    facts = facts.reindex(columns=["households", "residents", "microgrids", *COUNTED, "median", "checkins"])
    return facts.astype("Float64")


def _valued(measure: Measure, facts: pd.DataFrame) -> pd.DataFrame:
    """The long rows of one measure of one level."""
    numerator = facts[measure.numerator]
    if measure.denominator is None:
        below = pd.Series(pd.NA, index=facts.index, dtype="Float64")
        value = facts["median"] if measure.form == "median" else numerator
    else:
        below = facts[measure.denominator]
        value = numerator / below.where(below > 0) * measure.scale
    return pd.DataFrame(
        {
            "code": facts.index,
            "measure": measure.key,
            "value": value.astype("float64").to_numpy(),
            "numerator_n": numerator.round().astype("Int64").array,
            "denominator_n": below.round().astype("Int64").array,
        }
    )


def place_measures(records: PlaceRecords, areas: pd.DataFrame, *, week: Week) -> pd.DataFrame:
    """Every measure of every area, and of the street as a whole, for one week.

    Counted by the area codes the records were given at intake; rows outside every area count
    for the street only. A source that does not reach the week gives missing values, never 0.

    Columns: level (street, community, grid, microgrid), code, name, parent_code, measure,
    value (in the measure's unit; minutes for a median, 0–1 for a share), numerator_n,
    denominator_n (missing for counts and medians).
    """
    parts: list[pd.DataFrame] = []
    for level in LEVELS:
        facts = _facts(records, areas, level, week)
        if level in AREA_LEVELS and facts.empty:
            continue
        parts.extend(_valued(measure, facts).assign(level=level) for measure in MEASURES)
    texts = dict.fromkeys(("level", "code", "measure"), "string")
    table = pd.concat(parts, ignore_index=True).astype(texts)
    named = areas.reset_index(drop=True)[["level", "code", "name", "parent_code"]]
    merged = table.merge(named, on=["level", "code"], how="left")
    columns = ["level", "code", "name", "parent_code", "measure", "value", "numerator_n", "denominator_n"]
    return merged[columns]


def is_too_few(rows: pd.DataFrame, *, small_n: int) -> pd.Series:
    """Whether a share or median rests on too few cases (1 to small_n − 1) to be coloured."""
    form = rows["measure"].map(lambda key: MEASURE_BY_KEY[key].form)
    n = rows["numerator_n"].where(form == "median", rows["denominator_n"])
    return form.isin(("share", "median")) & n.between(1, small_n - 1).fillna(False).astype(bool)
