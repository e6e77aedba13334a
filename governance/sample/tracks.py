"""What the devices recorded: pings of every person on duty, check-ins, roll calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import shapely
from scipy.signal import lfilter

from governance.sample import truth
from governance.sample.cases import DAY_S, WEEK_S
from governance.sample.geometry import STREET_PLANE
from governance.sample.roster import (
    FORCES,
    HOUR_S,
    Roster,
    device_code,
    is_together,
    person_code,
)
from governance.sample.walks import TOGETHER, Walk
from governance.schema import kind_named, schema

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from governance.sample.street import FloatArray, IntArray

COARSE_S, FINE_S = 120, 15
# Errors of neighbouring fixes hang together; the share kept from one to the next.
_ECHO = {COARSE_S: 0.45, FINE_S: 0.92}
_ERROR_PER_ACCURACY = 0.42
_DROPOUT_SHARE = 0.32
_CLOCK = np.datetime64(truth.FIRST_DAY, "s")


@dataclass(frozen=True)
class Recordings:
    """Stretches of time in which one device recorded, one row a stretch; seconds."""

    start_s: FloatArray
    end_s: FloatArray
    person: IntArray
    team: IntArray
    force: IntArray
    walk: IntArray

    def rows(self, kept: NDArray[np.bool_] | IntArray) -> Recordings:
        """Some of the stretches."""
        return Recordings(
            self.start_s[kept],
            self.end_s[kept],
            self.person[kept],
            self.team[kept],
            self.force[kept],
            self.walk[kept],
        )

    def without(self, since: FloatArray, until: FloatArray) -> Recordings:
        """The stretches less a hole each (`since` NaN: none); a hole inside makes two of one."""
        no_hole = np.isnan(since)
        head = np.where(no_hole, self.end_s, np.minimum(self.end_s, since))
        tail = np.where(no_hole, self.end_s, np.maximum(self.start_s, until))
        start = np.concatenate([self.start_s, tail])
        end = np.concatenate([head, self.end_s])
        twice = [np.tile(column, 2) for column in (self.person, self.team, self.force, self.walk)]
        return Recordings(start, end, *twice).rows(end - start > 60)


def recordings(rng: np.random.Generator, roster: Roster) -> Recordings:
    """When the devices of those on duty were on, sorted by week, walk, person and time."""
    here = ~roster.is_absent
    count = int(here.sum())
    slot = roster.slot[here]
    made = Recordings(
        roster.start_s[here] + rng.uniform(0, 480, count),
        roster.end_s[here] - rng.uniform(0, 480, count),
        roster.person[here],
        roster.team[here],
        roster.force[here],
        np.where(is_together(slot), TOGETHER, roster.force[here]),
    )
    gap = np.where(rng.random(count) < _DROPOUT_SHARE, rng.uniform(600, 2_100, count), np.nan)
    hole = made.start_s + 1_500 + rng.uniform(0, 1, count) * (made.end_s - made.start_s - 3_000 - gap)
    made = made.without(np.where(np.isnan(gap), np.nan, hole), hole + gap)
    night = np.floor(made.start_s / DAY_S + 0.2) * DAY_S
    gone = (made.team == truth.NIGHT_GAP_COMMUNITY) & (night >= truth.NIGHT_GAP_FROM_S - DAY_S)
    first, last = truth.NIGHT_GAP_HOURS[0] * HOUR_S, (truth.NIGHT_GAP_HOURS[-1] + 1) * HOUR_S
    for day in (0, 1):
        since = night + day * DAY_S + first
        really = gone & (since >= truth.NIGHT_GAP_FROM_S)
        made_again = made.without(np.where(really, since, np.nan), since + last - first)
        made, night = made_again, np.floor(made_again.start_s / DAY_S + 0.2) * DAY_S
        gone = (made.team == truth.NIGHT_GAP_COMMUNITY) & (night >= truth.NIGHT_GAP_FROM_S - DAY_S)
    off = np.where(made.team == truth.DEVICES_OFF_TEAM, truth.DEVICES_OFF_S[0], np.nan)
    made = made.without(off, np.full(len(off), float(truth.DEVICES_OFF_S[1])))
    end = np.minimum(made.end_s, truth.AS_OF_S - 60)
    made = Recordings(np.maximum(made.start_s, 0), end, made.person, made.team, made.force, made.walk)
    return _cut_by_week(made.rows(made.end_s > made.start_s))


def _cut_by_week(made: Recordings) -> Recordings:
    border = (made.start_s // WEEK_S + 1) * WEEK_S
    crossing = np.where(made.end_s > border, border, np.nan)
    cut = made.without(crossing, border)
    order = np.lexsort((cut.start_s, cut.person, cut.walk, cut.team, cut.start_s // WEEK_S))
    return cut.rows(order)


@dataclass(frozen=True)
class Fixes:
    """Raw GPS fixes of a week; `at_s` whole seconds, degrees WGS-84, accuracy in metres."""

    person: IntArray
    team: IntArray
    force: IntArray
    at_s: IntArray
    lon: FloatArray
    lat: FloatArray
    accuracy_m: IntArray
    device: IntArray


def week_fixes(
    rng: np.random.Generator,
    week: int,
    made: Recordings,
    walks: dict[tuple[int, int], Walk],
    shunned: shapely.Polygon,
) -> Fixes:
    """Every fix of one week: the walk's place, the person's own step aside and the GPS error."""
    step = FINE_S if week in truth.FINE_WEEKS else COARSE_S
    own = made.rows(made.start_s // WEEK_S == week)
    first = np.ceil(own.start_s + rng.uniform(0, step, len(own.start_s)))
    counts = np.maximum(np.floor((own.end_s - first) / step).astype(np.int64) + 1, 0)
    row = np.repeat(np.arange(len(counts)), counts)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    at = first[row] + nth * step
    x, y = np.empty(len(row)), np.empty(len(row))
    ends = np.cumsum(counts)
    key = own.team * 10 + own.walk
    for position in np.flatnonzero(np.diff(key, prepend=-99)):
        last = int(np.searchsorted(key, key[position], side="right")) - 1
        part = slice(int(ends[position] - counts[position]), int(ends[last]))
        walk = walks[int(own.team[position]), int(own.walk[position])]
        here = slice(*np.searchsorted(walk.t, [week * WEEK_S - 7_200, (week + 1) * WEEK_S + 7_200]))
        x[part] = np.interp(at[part], walk.t[here], walk.x[here])
        y[part] = np.interp(at[part], walk.t[here], walk.y[here])
    typical = np.exp(rng.normal(np.log(17.0), 0.3, len(counts))).clip(10, 36)
    accuracy = typical[row] * rng.uniform(0.8, 1.25, len(row))
    echo = _ECHO[step]
    beside = rng.normal(0, 2.5, (2, len(counts)))[:, row]
    error = lfilter([np.sqrt(1 - echo**2)], [1.0, -echo], rng.standard_normal((2, len(row))), axis=1)
    x += beside[0] + error[0] * accuracy * _ERROR_PER_ACCURACY
    y += beside[1] + error[1] * accuracy * _ERROR_PER_ACCURACY
    if (week + 1) * WEEK_S > truth.LAST_VISIT_ENDS_S:
        _push_out(x, y, at > truth.LAST_VISIT_ENDS_S, shunned)
    return Fixes(
        own.person[row],
        own.team[row],
        own.force[row],
        at.astype(np.int64),
        np.round(STREET_PLANE.lon(x), 5),
        np.round(STREET_PLANE.lat(y), 5),
        np.round(accuracy).astype(np.int64),
        own.person[row],
    )


def _push_out(x: FloatArray, y: FloatArray, late: NDArray[np.bool_], shunned: shapely.Polygon) -> None:
    """Moves fixes that strayed into the micro-grid nobody visited to just outside it."""
    west, south, east, north = shunned.bounds
    near = np.flatnonzero(late & (x > west) & (x < east) & (y > south) & (y < north))
    inside = near[shapely.contains_xy(shunned, x[near], y[near])]
    ring = shunned.buffer(10).exterior
    moved = shapely.line_interpolate_point(
        ring, shapely.line_locate_point(ring, shapely.points(x[inside], y[inside]))
    )
    x[inside], y[inside] = shapely.get_x(moved), shapely.get_y(moved)


_PING_COLUMNS = ("person_id", "device_id", "team_id", "force", "at", "lon", "lat", "accuracy_m")


def fix_table(fixes: Fixes) -> pa.Table:
    """The fixes under the export's headers."""
    words = schema().values["force"]
    lists = (
        (fixes.person, person_code(np.arange(int(fixes.person.max()) + 1))),
        (fixes.device, device_code(np.arange(int(fixes.device.max()) + 1))),
        (fixes.team, truth.TEAM_IDS),
        (fixes.force, [words[force][0] for force in FORCES]),
    )
    columns = [pa.array(list(texts), pa.string()).take(pa.array(index)) for index, texts in lists]
    at = pa.array((_CLOCK + fixes.at_s.astype("timedelta64[s]")).astype("datetime64[s]"))
    numbers = [pa.array(fixes.lon), pa.array(fixes.lat), pa.array(fixes.accuracy_m)]
    labels = kind_named("pings").by_name
    return pa.table([*columns, at, *numbers], names=[labels[name].label for name in _PING_COLUMNS])


def write_pings(path: Path, table: pa.Table) -> None:
    """Plain UTF-8 text, the stamps in Shanghai time."""
    pacsv.write_csv(
        table, path, pacsv.WriteOptions(include_header=True, quoting_style="none", batch_size=65_536)
    )
