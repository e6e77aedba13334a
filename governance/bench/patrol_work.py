"""The tasks of the patrol benchmark, run in processes of their own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from governance.bench import patrol_inputs
from governance.bench.inputs import FIRST_S
from governance.records.dataset import empty_frame
from governance.records.engine import engine, micros
from governance.records.manifest import Segment
from governance.records.patrol.chain import Chain, DutyRecords, Street
from governance.records.patrol.crossings import cell_of
from governance.records.patrol.keeping import PLACES, PRESENCE, WAYS, keep, keep_after_import
from governance.records.patrol.rules import PatrolRules, Span
from governance.settings import settings_of
from governance.workdays import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.records.engine import Engine

_YEAR_PERSONS, _YEAR_STEP_S, _MONTH_DAYS = 27, 120, 28
_NEW_DAYS = 3


def write_pings(path: str, persons: str, days_n: str, step_s: str) -> dict[str, object]:
    """Write positions of some devices and days as one segment."""
    rows = patrol_inputs.write_segment(
        Path(path),
        seed=1,
        persons=int(persons),
        first_day=0,
        days_n=int(days_n),
        step_s=int(step_s),
        microgrids=patrol_inputs.reference()["microgrids"],
    )
    return {"rows": rows}


def run_chain(path: str, how: str) -> dict[str, object]:
    """Pings of a file to visits and presence; `raster` only counts stays in raster cells.

    `seconds` is visits and presence, `whole_s` all that is computed at intake.
    """
    reference = patrol_inputs.reference()
    street = Street(*(reference[kind] for kind in ("microgrids", "points", "routes", "teams")))
    empty = DutyRecords(*(empty_frame(kind) for kind in ("checkins", "rollcalls", "shifts")))
    rules = PatrolRules.of(settings_of(Path(path).parent / "none"), None)
    with tempfile.TemporaryDirectory() as scratch, engine(scratch_dir=Path(scratch)) as db:
        chain = Chain(db, db.parquet([Path(path)]), street, empty, rules)
        at = chain.pings["at"]
        low, high = db.arrow(chain.pings.agg(low=at.min(), high=at.max())).to_pylist()[0].values()
        span = Span(low.astimezone(SHANGHAI).date(), high.astimezone(SHANGHAI).date())
        began = perf_counter()
        if how == "raster":
            _raster_stays(chain, db)
            return {"seconds": perf_counter() - began}
        legs, duty = chain.legs(span), chain.duty(span)
        chain.visits_and_hours(legs, duty, span)
        visited_s = perf_counter() - began
        afresh = Chain(db, chain.pings, street, empty, rules)
        began = perf_counter()
        afresh.presence(span)
        return {"seconds": visited_s, "whole_s": perf_counter() - began}


def _raster_stays(chain: Chain, db: Engine) -> pa.Table:
    """Runs of pings in the raster cells of one micro-grid, borders be as they may."""
    ground = chain.street.ground
    if ground is None:
        return pa.table({})
    plane = ground.plane
    beside = (np.array([plane.lon0 + 1.0]), np.array([plane.lat0 + 1.0]))
    x_scale, y_scale = float(plane.x_m(beside[0])[0]), float(plane.y_m(beside[1])[0])
    pings = chain.pings
    cells = db.of_arrow(pa.Table.from_pandas(ground.cells, preserve_index=False))
    x, y = (pings["lon"] - plane.lon0) * x_scale, (pings["lat"] - plane.lat0) * y_scale
    placed = pings.select("device_id", us=micros(pings["at"]), cell=cell_of(x, y, cell_m=ground.cell_m))
    found = placed.join(cells, "cell").select("device_id", "us", "area")
    before = {"group_by": "device_id", "order_by": "us"}
    is_new = (found.area.lag().over(**before) != found.area).fill_null(True)
    is_new |= (found.us - found.us.lag().over(**before) > 900_000_000).fill_null(True)
    marked = found.mutate(is_new=is_new.cast("int64"))
    runs = marked.mutate(run=marked.is_new.cumsum(group_by="device_id", order_by="us"))
    stays = runs.group_by("device_id", "run").agg(
        area=runs.area.min(), enter=runs.us.min(), leave=runs.us.max()
    )
    return db.arrow(stays.filter(stays.leave - stays.enter >= 180_000_000))


def keep_large(folder: str, segments_n: str, persons: str, days_n: str) -> dict[str, object]:
    """A store of many segments, all of it computed; `seconds` without the writing."""
    data_dir, days = Path(folder), int(days_n)
    pings = _stored(data_dir, int(segments_n), int(persons), days, step_s=15)
    began = perf_counter()
    keep(data_dir)
    return {"pings": pings, "seconds": perf_counter() - began}


def keep_year(folder: str) -> dict[str, object]:
    """A year of the street at two minutes, then one day more at a time."""
    data_dir = Path(folder)
    months = 13
    pings = _stored(data_dir, months, _YEAR_PERSONS, _MONTH_DAYS, step_s=_YEAR_STEP_S)
    began = perf_counter()
    keep_after_import(data_dir, "pings")
    year_s = perf_counter() - began

    def taken_s(number: int, how: Callable[[], object]) -> float:
        day = months * _MONTH_DAYS + number
        _add(data_dir, months + number, _YEAR_PERSONS, day, 1, step_s=_YEAR_STEP_S)
        began = perf_counter()
        how()
        return perf_counter() - began

    whole = [taken_s(n, lambda: keep_after_import(data_dir, "pings")) for n in range(_NEW_DAYS)]
    presence = [taken_s(_NEW_DAYS + n, lambda: keep(data_dir)) for n in range(_NEW_DAYS)]
    return {"pings": pings, "year_s": year_s, "new_day_s": presence, "new_day_whole_s": whole}


def keep_all(folder: str) -> dict[str, object]:
    """Everything of a store's patrols, ways and places too."""
    began = perf_counter()
    days = keep(Path(folder), groups=(PRESENCE, WAYS, PLACES))
    return {"days": days, "seconds": perf_counter() - began}


def _stored(data_dir: Path, segments_n: int, persons: int, days_n: int, *, step_s: int) -> int:
    return sum(
        _add(data_dir, number, persons, number * days_n, days_n, step_s=step_s)
        for number in range(segments_n)
    )


def _add(data_dir: Path, number: int, persons: int, first_day: int, days_n: int, *, step_s: int) -> int:
    """Write some days as a segment and commit it; returns its rows."""
    path = data_dir / "store" / "pings" / f"{number:06d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = patrol_inputs.write_segment(
        path,
        seed=number,
        persons=persons,
        first_day=first_day,
        days_n=days_n,
        step_s=step_s,
        microgrids=patrol_inputs.reference()["microgrids"],
    )
    until = FIRST_S + (first_day + days_n) * 86_400 - 1
    segment = Segment(path=path.relative_to(data_dir).as_posix(), rows=rows)
    patrol_inputs.commit_segments(data_dir, [segment], until_s=until)
    return rows
