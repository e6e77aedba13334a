"""What 网格手册 looks at: the address bar read, the micro-grid found, and what the data say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.metrics.areas import nearest_microgrid
from governance.metrics.handbook import (
    handbook_at,
    handbook_counts,
    handbook_health,
    is_stale,
    unplaced_entries,
)
from governance.metrics.handbook_entry import Handbook, handbook_of, points_with_microgrid
from governance.metrics.handbook_index import SearchIndex, search_index
from governance.metrics.handbook_search import Answer, search
from governance.metrics.handbook_visits import Walk, last_walks
from governance.records.contacts import persons_twice
from governance.ui import map_data
from governance.ui.cache import cached, cached_lately
from governance.workdays import Week

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from governance.metrics.handbook_index import Place
    from governance.records.dataset import Dataset

QUERY, CHOSEN, POINT = "q", "at", "point"
RECENT_D = 14
WALKS_N = 4


@dataclass(frozen=True)
class Look:
    """What the address bar asks for and what it leads to.

    `code` is the micro-grid looked at, empty where there is none; `place` what was searched for;
    `nearest` and `away_m` belong to a point of the map: the nearest micro-grid and its distance.
    """

    query: str = ""
    code: str = ""
    answer: Answer | None = None
    place: Place | None = None
    point: tuple[float, float] | None = None
    nearest: str = ""
    away_m: float = 0.0

    @property
    def at(self) -> tuple[float, float] | None:
        """Where on the map the place or the point lies, in degrees."""
        if self.point is not None:
            return self.point
        if self.place is None or self.place.lon != self.place.lon or self.place.lat != self.place.lat:
            return None
        return self.place.lon, self.place.lat


# ----------------------------------------------------------------------- kept for a data set
def handbook(dataset: Dataset) -> Handbook:
    """The joined handbook."""
    return handbook_of(dataset)


def index(dataset: Dataset) -> SearchIndex:
    """The index of the search."""
    areas = cached(map_data.areas, dataset)
    return search_index(
        microgrids=dataset.frame("microgrids"),
        addresses=dataset.frame("addresses"),
        estates=dataset.frame("estates"),
        key_units=dataset.frame("key_units"),
        points=points_with_microgrid(dataset, areas),
    )


def health(dataset: Dataset) -> pd.DataFrame:
    """The health of every micro-grid; empty without any source that tells the time."""
    at = handbook_at(dataset)
    return pd.DataFrame() if at is None else handbook_health(dataset, at=at)


def counts(dataset: Dataset) -> pd.DataFrame:
    """The health by community."""
    at, table = handbook_at(dataset), cached(health, dataset)
    if at is None or table.empty:
        return pd.DataFrame()
    return handbook_counts(table, int(is_stale(unplaced_entries(dataset), at=at).sum()), by="community")


def twice(dataset: Dataset) -> pd.DataFrame:
    """Persons who stand in several micro-grids, by id."""
    return persons_twice(dataset)


def community_names(dataset: Dataset) -> Mapping[str, str]:
    """The communities' short names by code."""
    shapes_names = cached(handbook, dataset).names
    return {
        code: name.removesuffix("社区") or name
        for (level, code), name in shapes_names.items()
        if level == "community"
    }


# -------------------------------------------------------------------------------- the look
def _point_of(text: str) -> tuple[float, float] | None:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def look(dataset: Dataset) -> Look:
    """What the address bar asks for: a point of the map, a chosen micro-grid, or a search."""
    query, chosen = st.query_params.get(QUERY, "").strip(), st.query_params.get(CHOSEN, "").strip()
    point = _point_of(st.query_params.get(POINT, ""))
    if point is not None:
        return _look_at(dataset, point)
    answer = search(cached(index, dataset), query) if query else None
    if chosen and (chosen in cached(handbook, dataset).codes or not query):
        hits = answer.hits if answer else ()
        place = next((hit.place for hit in hits if hit.place.microgrid_code == chosen), None)
        return Look(query=query, code=chosen, answer=answer, place=place)
    place = answer.chosen if answer else None
    return Look(query=query, code=place.microgrid_code if place else "", answer=answer, place=place)


def _look_at(dataset: Dataset, point: tuple[float, float]) -> Look:
    """The micro-grid at a point: the one that holds it, or the nearest within the tolerance."""
    found = nearest_microgrid(cached(map_data.areas, dataset), lon=point[0], lat=point[1])
    if found is None:
        return Look(point=point)
    nearest, away_m = found
    is_near = away_m <= dataset.settings.number("area_tolerance_m")
    return Look(point=point, code=nearest if is_near else "", nearest=nearest, away_m=away_m)


def write_query(text: str) -> None:
    """A new search: it takes the place of a chosen micro-grid and of a point."""
    for name in (CHOSEN, POINT):
        st.query_params.pop(name, None)
    if text.strip():
        st.query_params[QUERY] = text.strip()
    else:
        st.query_params.pop(QUERY, None)


def choose_code(code: str) -> None:
    """A candidate is meant; the search stays."""
    st.query_params.pop(POINT, None)
    st.query_params[CHOSEN] = code


def choose_point(lon: float, lat: float) -> None:
    """A point of the map is meant; a search is over."""
    for name in (QUERY, CHOSEN):
        st.query_params.pop(name, None)
    st.query_params[POINT] = f"{lon:.6f},{lat:.6f}"


# ------------------------------------------------------------------- what the records say
def _recent_visits(dataset: Dataset, since: date) -> pd.DataFrame:
    return dataset.patrol("visits", since=since)


def walks(dataset: Dataset, code: str) -> tuple[Walk, ...]:
    """The last walks through a micro-grid within `RECENT_D` days."""
    as_of = dataset.as_of_for("pings") or dataset.as_of_for("checkins")
    if as_of is None:
        return ()
    visits = cached_lately(_recent_visits, dataset, as_of.date() - timedelta(days=RECENT_D))
    return last_walks(visits, code, most=WALKS_N)


def last_checkins(dataset: Dataset, code: str) -> list[tuple[str, pd.Timestamp]]:
    """The points of a micro-grid with their last check-in (missing where there was none)."""
    points = points_with_microgrid(dataset, cached(map_data.areas, dataset))
    own = points[points["microgrid_code"].eq(code).fillna(False).astype(bool)]
    last = dataset.frame("checkins").groupby("point_id")["at"].max()
    return [(str(row["name"]), last.get(row["point_id"], pd.NaT)) for row in own.to_dict("records")]


def last_care_visit(dataset: Dataset, code: str) -> pd.Timestamp | None:
    """When somebody of the care register was last visited in a micro-grid."""
    visits = dataset.frame("visits")
    last = visits.loc[visits["microgrid_code"].eq(code).fillna(False).astype(bool), "visited_at"].max()
    return None if pd.isna(last) else last


def open_cases(dataset: Dataset, code: str) -> pd.DataFrame:
    """The open cases of a micro-grid, the latest first, masked."""
    as_of = dataset.as_of.get("incidents")
    if as_of is None:
        return pd.DataFrame()
    cases = cached(map_data.cases, dataset, Week.of(as_of))
    return cases[cases["is_open"] & cases["microgrid"].eq(code).fillna(False).astype(bool)]


def team_names(dataset: Dataset) -> Mapping[str, str]:
    """The teams' names by id."""
    teams = dataset.frame("teams").dropna(subset=["team_id"]).drop_duplicates("team_id", keep="last")
    return dict(
        zip(teams["team_id"].astype(str), teams["name"].fillna(teams["team_id"]).astype(str), strict=True)
    )
