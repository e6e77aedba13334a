"""The patrol metrics as the command line prints them, one function a metric."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.errors import UsageError
from governance.metrics.coverage import COVERAGE_GROUPS, Patrolled, coverages
from governance.metrics.duty import duty_hours, hour_of_week, weeks_of
from governance.metrics.effort import track_receipts
from governance.metrics.ground import ground_of
from governance.metrics.integration import integration
from governance.metrics.revisits import gap_register, intervals, joined_visits, revisit
from governance.metrics.scenes import looked_at, no_scenes, scenes
from governance.metrics.windows import Span
from governance.workdays import start_of_day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from governance.records.dataset import Dataset

ALL = "all"
# Positions of days no further apart are read at once: a few days more cost less than another read.
_READ_TOGETHER = timedelta(days=7)
REVISIT_GROUPS = ("community", "team", "tier", "microgrid")
TRACK_GROUPS = ("team", "force")


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _checked(by: str | None, groups: Sequence[str]) -> None:
    if by is not None and by not in groups:
        raise UsageError("unknown_group", group=by, groups="、".join(groups))


def by_shift(dataset: Dataset, name: str, *, since: date | None, until: date | None) -> pd.DataFrame:
    """A patrol frame of shifts' days (`efforts`, `route_metres`) that holds all shifts begun in a window.

    What a night shift does after midnight is recorded on the day after. Rows of other shifts come too.
    """
    after = None if until is None else until + timedelta(days=1)
    return dataset.patrol(name, since=since, until=after)


def on_duty_until(dataset: Dataset) -> datetime | None:
    """Until when it is known who was on duty: the later as-of of positions and roll calls, if any."""
    stated = [dataset.as_of[kind] for kind in ("pings", "rollcalls") if kind in dataset.as_of]
    return max(stated, default=None)


def patrolled_of(dataset: Dataset, *, since: date | None, until: date | None) -> Patrolled:
    """What patrols did in a window of days."""
    return Patrolled(
        visits=dataset.patrol("visits", since=since, until=until),
        point_visits=dataset.patrol("point_visits", since=since, until=until),
        route_metres=by_shift(dataset, "route_metres", since=since, until=until),
        swept=dataset.patrol("swept", since=since, until=until),
        cells=dataset.patrol("cells"),
    ).within(Span.of_days(since, until))


def known_until(dataset: Dataset, span: Span) -> datetime | None:
    """Until when the patrols of a window are known: its end, or the as-of inside it; None before the records.

    The as-of is the later one of positions and check-ins: either tells of visits.
    """
    stated = [dataset.as_of[kind] for kind in ("pings", "checkins") if kind in dataset.as_of]
    as_of = max(stated, default=span.start_at)
    first = dataset.derived("first patrol", lambda: _first(dataset))
    if first is None or as_of <= span.start_at or first >= span.end_at:
        return None
    return min(span.end_at, as_of)


def _first(dataset: Dataset) -> datetime | None:
    """The first day of kept positions or the first check-in."""
    receipts, checkins = dataset.patrol("receipts"), dataset.frame("checkins")["at"]
    checkins = checkins[checkins >= start_of_day(dataset.settings.day("plausible_from"))]
    found = pd.concat([receipts.loc[receipts["kept_n"] > 0, "day"], checkins]).min()
    return None if pd.isna(found) else found.to_pydatetime()


def coverage_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """The four coverages, one row a group.

    Keys: group, microgrids_visited_n (certain), microgrids_border_n (only at the border),
    microgrids_n, points_visited_n, points_n, route_walked_m, route_m, swept_km2, area_km2; None
    where a group has no such thing.

    Raises
    ------
    UsageError
        `unknown_group`.
    """
    _checked(by, COVERAGE_GROUPS)
    span = Span.of_days(since, until)
    if known_until(dataset, span) is None:
        return []
    patrolled = patrolled_of(dataset, since=since, until=until)
    return [asdict(one) for one in coverages(patrolled, ground_of(dataset), by=by)]


def revisit_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """Hours between visits: group, n, median_h, p90_h, longest_h, open_h (None: not reached).

    Raises
    ------
    UsageError
        `unknown_group`.
    """
    _checked(by, REVISIT_GROUPS)
    span = Span.of_days(since, until)
    end_at = known_until(dataset, span)
    if end_at is None:
        return []
    between = intervals(joined_visits(dataset.patrol("visits")), until=end_at)
    places = ground_of(dataset).microgrids.set_index("microgrid_code", drop=False)
    columns = {
        "community": "community_code",
        "team": "team_id",
        "tier": "tier",
        "microgrid": "microgrid_code",
    }
    if by is None:
        groups: list[tuple[str, pd.DataFrame]] = [(ALL, between)]
    else:
        held = between["microgrid_code"].map(places[columns[by]]).astype("string")
        groups = [(str(name), rows) for name, rows in between.groupby(held)]
    found = [revisit(name, rows, span=span) for name, rows in groups]
    times = ("median_h", "p90_h", "longest_h", "open_h")
    return [
        {"group": one.group, "n": one.n} | {name: _known(getattr(one, name)) for name in times}
        for one in found
        if one.n
    ]


def gap_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """The gap register: microgrid_code, over_h, gaps_n, last_gap_at, team_id; by hours lost.

    Raises
    ------
    UsageError
        `unknown_group`: it has no groups.
    """
    _checked(by, ())
    span = Span.of_days(since, until)
    end_at = known_until(dataset, span)
    if end_at is None:
        return []
    between = intervals(joined_visits(dataset.patrol("visits")), until=end_at)
    register = gap_register(between, ground_of(dataset), span=span, until=end_at)
    return [
        {
            "microgrid_code": row["microgrid_code"],
            "over_h": float(row["over_h"]),
            "gaps_n": int(row["gaps_n"]),
            "last_gap_at": row["last_gap_at"].isoformat(),
            "team_id": _text(row["team_id"]),
        }
        for row in register.to_dict("records")
    ]


def duty_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """The duty matrix, one row a team, hour and force that was planned or had somebody there.

    Keys: team_id, week, hour (0 = Monday 00), force, planned_min, present_min, still_min,
    absent_min, unknown_min, state.

    Raises
    ------
    UsageError
        `unknown_group`: it has no groups.
    """
    _checked(by, ())
    presence, as_of = dataset.patrol("presence"), on_duty_until(dataset)
    if as_of is None or presence.empty:
        return []
    hours = duty_hours(presence, span=Span.of_days(since, until), as_of=as_of)
    names = ["team_id", "force", "state"]
    minutes = ["planned_min", "present_min", "still_min", "absent_min", "unknown_min"]
    table = hours.assign(week=weeks_of(hours["hour_at"]), hour=hour_of_week(hours["hour_at"]))
    table = table.sort_values(["team_id", "hour_at", "force"])
    return [
        {
            "team_id": _text(row["team_id"]),
            "week": row["week"],
            "hour": int(row["hour"]),
            "force": _text(row["force"]),
        }
        | {name: float(row[name]) for name in minutes}
        | {"state": row["state"]}
        for row in table[["week", "hour", *names, *minutes]].to_dict("records")
    ]


def scenes_of(dataset: Dataset, span: Span) -> pd.DataFrame:
    """Who came to the cases reported in a window (see `scenes.scenes`)."""
    as_of, cases = dataset.as_of_for("pings", "incidents"), dataset.cases()
    inside = cases[span.holds(cases["reported_at"])]
    if as_of is None or inside.empty:
        return no_scenes()
    stretches = _stretches(*looked_at(inside, as_of))
    read = [dataset.patrol("positions", since=since, until=until) for since, until in stretches]
    return scenes(inside, pd.concat(read, ignore_index=True), as_of=as_of)


def _stretches(start: pd.Series, end: pd.Series) -> list[tuple[date, date]]:
    """The days, first and last, that hold some windows, in stretches that lie more than a week apart."""
    first, last = (stamps.dt.date.to_numpy() for stamps in (start, end))
    found: list[tuple[date, date]] = []
    for since, until in sorted(zip(first, last, strict=True)):
        if found and since - found[-1][1] <= _READ_TOGETHER:
            found[-1] = found[-1][0], max(found[-1][1], until)
        else:
            found.append((since, until))
    return found


def integration_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """三方联勤, one row a group.

    Keys: group, patrol_min, three_min, two_min, one_min, present_three_min, planned_three_min,
    joint_scenes_n, joint_within_10min_n, three_share, staffed_share.

    Raises
    ------
    UsageError
        `unknown_group`.
    """
    _checked(by, ("team",))
    span = Span.of_days(since, until)
    together = dataset.patrol("together", since=since, until=until)
    if together.empty:
        return []
    found = integration(together, scenes_of(dataset, span), span=span, by_team=by == "team")
    return [
        asdict(one) | {"three_share": one.three_share, "staffed_share": one.staffed_share} for one in found
    ]


def track_rows(
    dataset: Dataset, *, since: date | None = None, until: date | None = None, by: str | None = None
) -> list[dict[str, object]]:
    """The receipt of the positions, one row a group.

    Keys: group, pings_n (= kept_n + all dropped), kept_n, dropped {reason: n}, planned_min,
    covered_min.

    Raises
    ------
    UsageError
        `unknown_group`.
    """
    _checked(by, TRACK_GROUPS)
    if dataset.as_of_for("pings") is None:
        return []
    column = {"team": "team_id", "force": "force"}.get(by or "")
    span = Span.of_days(since, until)
    found = track_receipts(dataset.patrol("receipts"), dataset.patrol("presence"), span=span, by=column)
    return [asdict(one) for one in found]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
