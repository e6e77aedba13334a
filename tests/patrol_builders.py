"""A small street on the plane and tracks through it, for the tests of the patrol chain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from governance.geo import Plane
from governance.records.checks import stored_schema
from governance.records.dataset import empty_frame
from governance.records.patrol import frames
from governance.records.patrol.chain import Chain, DutyRecords, Street
from governance.records.patrol.frames import MADE_FROM, PARTS
from governance.records.patrol.rules import PatrolRules, Span, us_of
from governance.schema import kind_named
from governance.settings import settings_of
from governance.workdays import SHANGHAI

if TYPE_CHECKING:
    from pathlib import Path

    from governance.records.engine import Engine

PLANE = Plane(lon0=106.54, lat0=29.56)
CELL_M = 75.0
DAY = datetime(2023, 9, 11, tzinfo=SHANGHAI)


def at(hour: float, *, day: int = 0) -> datetime:
    """A moment of the tests' first day (or a later one), hours may be more than 24."""
    return DAY + timedelta(days=day, hours=hour)


def square_street(columns: int = 4, rows: int = 4, *, size_m: float = CELL_M) -> pd.DataFrame:
    """Square micro-grids `M-row-column` around the plane's middle, as a reference frame."""
    cells = []
    for row in range(rows):
        for column in range(columns):
            west, south = (column - columns / 2) * size_m, (row - rows / 2) * size_m
            box = PLANE.unproject(shapely.box(west, south, west + size_m, south + size_m))
            cells.append({"microgrid_code": f"M-{row}-{column}", "geometry": shapely.to_wkt(box, 9)})
    return framed("microgrids", cells)


def framed(kind: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    """Rows as a stored frame of a kind."""
    empty = empty_frame(kind)
    frame = pd.DataFrame(rows).reindex(columns=empty.columns)
    return frame.assign(row=0).astype({name: kind for name, kind in empty.dtypes.items() if name != "row"})


def pings(
    xy: list[tuple[float, float]] | np.ndarray,
    *,
    start: datetime,
    step_s: float = 15,
    person: str | None = "K-1",
    device: str | None = "D-1",
    team: str | None = "T-1",
    force: str | None = "police",
    accuracy_m: float | None = 10.0,
) -> pd.DataFrame:
    """Pings of one device at places in metres, `step_s` apart."""
    places = np.asarray(xy, dtype=float)
    moments = pd.Series(pd.to_datetime([start + timedelta(seconds=step_s * n) for n in range(len(places))]))
    return pd.DataFrame(
        {
            "person_id": person,
            "device_id": device,
            "team_id": team,
            "force": force,
            "at": moments.dt.tz_convert("Asia/Shanghai").astype("datetime64[us, Asia/Shanghai]"),
            "lon": PLANE.lon(places[:, 0]),
            "lat": PLANE.lat(places[:, 1]),
            "accuracy_m": accuracy_m,
            "flags": "",
        }
    )


def team(team_id: str = "T-1", kind: str = "community") -> dict[str, object]:
    """A team's row."""
    return {"team_id": team_id, "name": team_id, "kind": kind}


def patrol(
    db: Engine,
    *tracks: pd.DataFrame,
    microgrids: pd.DataFrame | None = None,
    first: datetime = DAY,
    days_n: int = 1,
    apart: bool = False,
    as_of: datetime | None = None,
    groups: tuple[str, ...] = ("presence",),
    **tables: list[dict[str, object]],
) -> dict[str, pd.DataFrame]:
    """Patrol frames of some tracks and records; `apart` computes each day by itself."""
    import pyarrow as pa

    rows = pd.concat(tracks, ignore_index=True).reindex(columns=stored_schema(kind_named("pings")).names)
    table = pa.Table.from_pandas(rows, schema=stored_schema(kind_named("pings")), preserve_index=False)
    street = Street(
        square_street() if microgrids is None else microgrids,
        *(framed(kind, tables.get(kind, [])) for kind in ("points", "routes")),
        framed("teams", tables.get("teams", [team()])),
    )
    records = DutyRecords(
        *(framed(kind, tables.get(kind, [])) for kind in ("checkins", "rollcalls", "shifts"))
    )
    rules = PatrolRules.of(settings_of(_NOWHERE), as_of or first + timedelta(days=days_n))
    chain = Chain(db, db.of_arrow(table), street, records, rules)
    whole = Span(first.date(), (first + timedelta(days=days_n - 1)).date())
    compute = {"presence": chain.presence, "ways": chain.ways, "places": chain.places}
    parts = {}
    for group in groups:
        found = [compute[group](span) for span in (whole.days if apart else (whole,))]
        parts |= {name: pd.concat([each[name] for each in found]) for name in PARTS[group]}
    return {
        name: frames.assembled(name, {one: parts[one] for one in MADE_FROM.get(name, (name,))}, rules)
        for name in parts
    }


def clock(stamp: pd.Timestamp) -> str:
    """A stamp as hour, minute, second."""
    return stamp.tz_convert("Asia/Shanghai").strftime("%H:%M:%S")


def micros(stamp: datetime) -> int:
    """A stamp in microseconds since 1970."""
    return us_of(stamp.astimezone(UTC))


class _Nowhere:
    """A data folder that holds no settings."""

    def __truediv__(self, _: str) -> _Nowhere:
        return self

    def is_file(self) -> bool:
        """There is none."""
        return False


_NOWHERE: Path = _Nowhere()  # type: ignore[assignment]
