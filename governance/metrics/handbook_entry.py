"""What the handbook says of one micro-grid: its people by what they solve, key units, routes, estates.

`handbook_of(dataset)` joins the reference tables once; `handbook.entry(code)` cuts out one micro-grid.
Whoever is not of the micro-grid itself but answers for it stands in its entry too: the grid's cadre and
building heads, the community's police, doctor and lawyer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import pandas as pd

from governance.metrics.areas import area_table, points_located, with_parents
from governance.metrics.handbook import current_members, handbook_at, is_stale, routes_through

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from governance.metrics.areas import AreaKey
    from governance.records.dataset import Dataset

T = TypeVar("T")
Scope = Literal["microgrid", "grid", "community"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
# In the order of whom to ask first.
ROLES = ("building_head", "member", "cadre", "police", "doctor", "lawyer", "property", "other")
# How far from the micro-grid somebody of a role may be and still answer for it.
_REACH: Mapping[str, Scope] = {
    "cadre": "grid",
    "building_head": "grid",
    "police": "community",
    "doctor": "community",
    "lawyer": "community",
}


@dataclass(frozen=True)
class Person:
    """An entry of the roster, masked; `scope` says how near to the micro-grid they are."""

    member_id: str
    name: str
    phone: str
    role: str
    role_code: str
    verified_on: pd.Timestamp | None
    is_stale: bool
    microgrid_code: str
    scope: Scope = "microgrid"


@dataclass(frozen=True)
class Unit:
    """A key unit: its name, what it is, whom to ask there (masked)."""

    unit_id: str
    name: str
    kind: str
    contact: str


@dataclass(frozen=True)
class Route:
    """A patrol route that leads through the micro-grid."""

    route_id: str
    name: str
    zone_kind: str


@dataclass(frozen=True)
class Estate:
    """An estate, and whether it has a property manager (None where that is not recorded)."""

    estate_id: str
    name: str
    is_managed: bool | None


@dataclass(frozen=True)
class Entry:
    """One micro-grid's page; `is_known` says whether the reference data have the code at all.

    `people` stand in the order of `ROLES`, the nearest first.
    """

    code: str
    name: str
    grid: str
    community_code: str
    community: str
    tier: int | None
    households: int | None
    residents: int | None
    people: tuple[Person, ...]
    units: tuple[Unit, ...]
    routes: tuple[Route, ...]
    estates: tuple[Estate, ...]
    doors: tuple[str, ...]
    is_known: bool = True


@dataclass(frozen=True)
class Handbook:
    """The joined reference tables; `areas` as in `areas.area_table`, `names` its names by key.

    `microgrids` has a row a code; the other tables hold, by micro-grid, what stands in it, and
    `people` also by grid and by community.
    """

    areas: pd.DataFrame
    names: Mapping[AreaKey, str]
    microgrids: Mapping[str, Mapping[str, Any]]
    people: Mapping[tuple[Scope, str], Sequence[Person]]
    units: Mapping[str, Sequence[Unit]]
    routes: Mapping[str, Sequence[Route]]
    estates: Mapping[str, Sequence[Estate]]
    doors: Mapping[str, Sequence[str]]

    @property
    def codes(self) -> tuple[str, ...]:
        """The micro-grids of the reference data, in the order of their codes."""
        return tuple(self.microgrids)

    def entry(self, code: str) -> Entry:
        """The page of one micro-grid; of an unknown code what the tables say of it all the same."""
        row = self.microgrids.get(code, {})
        grid, community = _words(row.get("grid")), _words(row.get("community"))
        return Entry(
            code=code,
            name=_words(row.get("name")) or code,
            grid=self.names.get(("grid", grid), grid),
            community_code=community,
            community=self.names.get(("community", community), community),
            tier=_count(row.get("tier")),
            households=_count(row.get("households")),
            residents=_count(row.get("residents")),
            people=tuple(self._people(code, grid, community)),
            units=tuple(self.units.get(code, ())),
            routes=tuple(self.routes.get(code, ())),
            estates=tuple(self.estates.get(code, ())),
            doors=tuple(self.doors.get(code, ())),
            is_known=code in self.microgrids,
        )

    def _people(self, code: str, grid: str, community: str) -> Iterable[Person]:
        """Those of the micro-grid; of a role nobody there has, those of its grid or community."""
        held = dict(zip(SCOPES, (code, grid, community), strict=True))
        for role in ROLES:
            reach = SCOPES.index(_REACH.get(role, "microgrid"))
            for scope in SCOPES[: reach + 1]:
                found = [
                    replace(one, scope=scope)
                    for one in self.people.get((scope, held[scope]), ())
                    if one.role_code == role
                ]
                if found:
                    yield from found
                    break


def _words(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]


def _count(value: object) -> int | None:
    return None if value is None or pd.isna(value) else int(value)  # type: ignore[call-overload]


def _flag(value: object) -> bool | None:
    return None if value is None or pd.isna(value) else bool(value)  # type: ignore[call-overload]


def _by_code(rows: Iterable[tuple[object, T]]) -> dict[str, list[T]]:
    """What stands under each code; rows without one are left out, repeats too."""
    held: dict[str, dict[T, None]] = {}
    for code, thing in rows:
        if _words(code):
            held.setdefault(_words(code), {})[thing] = None
    return {code: list(things) for code, things in held.items()}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def handbook_of(dataset: Dataset) -> Handbook:
    """The handbook of a data set: masked, everything joined by the code of the micro-grid."""
    areas = area_table(dataset.frame("communities"), dataset.frame("grids"), dataset.frame("microgrids"))
    cells = dataset.frame("microgrids").dropna(subset=["microgrid_code"])
    cells = cells.drop_duplicates("microgrid_code", keep="last").sort_values("microgrid_code")
    held = with_parents(cells[["microgrid_code"]], areas)
    facts = cells[["microgrid_code", "name", "tier", "households", "residents"]]
    rows = _records(facts.assign(grid=held["grid"], community=held["community"]))
    units = dataset.frame("key_units").drop_duplicates("unit_id", keep="last")
    estates = dataset.frame("estates").drop_duplicates("estate_id", keep="last")
    routes = routes_through(cells, dataset.frame("routes"))
    return Handbook(
        areas=areas,
        names={
            (str(level), str(code)): str(name)
            for level, code, name in zip(areas["level"], areas["code"], areas["name"], strict=True)
        },
        microgrids={str(row["microgrid_code"]): row for row in rows},
        people=_people_of(dataset, areas),
        units=_by_code(
            (
                row["microgrid_code"],
                Unit(*(_words(row[name]) for name in ("unit_id", "name", "kind", "contact"))),
            )
            for row in _records(units)
        ),
        routes=_by_code(
            (row["microgrid_code"], Route(*(_words(row[name]) for name in ("route_id", "name", "zone_kind"))))
            for row in _records(routes)
        ),
        estates=_by_code(
            (
                row["microgrid_code"],
                Estate(_words(row["estate_id"]), _words(row["name"]), _flag(row["is_managed"])),
            )
            for row in _records(estates)
        ),
        doors=_by_code(
            (row["microgrid_code"], str(row["address"]))
            for row in _records(dataset.frame("addresses").dropna(subset=["address"]))
        ),
    )


def _people_of(dataset: Dataset, areas: pd.DataFrame) -> dict[tuple[Scope, str], list[Person]]:
    """The entries in force by micro-grid, by grid and by community, in the order of their ids."""
    entries = current_members(dataset.frame("members")).sort_values(["member_id", "microgrid_code"])
    at = handbook_at(dataset)
    stale = is_stale(entries, at=at) if at is not None else pd.Series(True, index=entries.index)
    held = with_parents(entries[["microgrid_code"]], areas)
    people: dict[tuple[Scope, str], list[Person]] = {}
    table = entries.assign(is_stale=stale, grid=held["grid"], community=held["community"])
    for row in _records(table):
        person = Person(
            member_id=str(row["member_id"]),
            name=_words(row["name"]),
            phone=_words(row["phone"]),
            role=_words(row["role"]),
            role_code=str(row["role_code"]),
            verified_on=None if pd.isna(row["verified_on"]) else row["verified_on"],
            is_stale=bool(row["is_stale"]),
            microgrid_code=_words(row["microgrid_code"]),
        )
        places = zip(SCOPES, (row["microgrid_code"], row["grid"], row["community"]), strict=True)
        for scope, code in places:
            if _words(code):
                people.setdefault((scope, _words(code)), []).append(person)
    return people


def points_with_microgrid(dataset: Dataset, areas: pd.DataFrame) -> pd.DataFrame:
    """The points, each with the micro-grid it lies in: point_id, name, kind, lon, lat, microgrid_code."""
    points = dataset.frame("points").dropna(subset=["point_id"]).drop_duplicates("point_id", keep="last")
    codes = points_located(points["lon"], points["lat"], areas)["microgrid"]
    columns = ["point_id", "name", "kind", "lon", "lat"]
    return points[columns].assign(microgrid_code=codes).reset_index(drop=True)
