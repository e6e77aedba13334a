"""Reference tables about places: areas, addresses, estates, key units, routes and points.

Frames have the canonical columns; areas and routes carry `geometry` as shapely objects in
WGS-84 degrees. Names of streets and landmarks are real, house numbers and estates constructed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from governance.sample.geometry import STREET_PLANE
from governance.sample.street import NAMED_PLACES
from governance.sample.truth import IMPROVING_COMMUNITY, REPEAT_PLACE

if TYPE_CHECKING:
    from governance.sample.street import FloatArray, IntArray, Street

ADDRESSES_N = 2_500
ESTATES_N = 70
_ALLEY_LENGTH = 7
_MIN_ROUTE_M = 60.0
_POINTS = {"required": 44, "hazard": 10, "flood_prone": 6}
_KEY_UNIT_KINDS = {
    "school": "学校",
    "hospital": "医院",
    "park": "公园",
    "landmark": "场馆",
    "bus_hub": "交通枢纽",
}
_PLACED_UNITS = ("农贸市场", "养老服务站", "社区食堂", "药店", "加油站", "幼儿园", "便民超市", "宾馆")
_HAZARDS = ("高边坡", "老旧挡墙", "危旧房屋", "临崖护栏", "地下车库出口")
_BRACKETS = re.compile(r"^(?P<name>[^(（]+)[(（](?P<inner>.*)[)）]$")
_LANDMARK_AREA = re.compile(r"^渝中(上清寺|两路口|李子坝)?\s*")


def _degrees(xy: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.round(STREET_PLANE.lon(xy[:, 0]), 6), np.round(STREET_PLANE.lat(xy[:, 1]), 6)


def area_tables(rng: np.random.Generator, street: Street) -> dict[str, pd.DataFrame]:
    """Communities, grids and micro-grids with their polygons."""
    partition = street.partition
    short = [anchor.name.removesuffix("社区") for anchor in street.anchors]
    number = [int(code[-2:]) for code in street.grid_codes]
    grid_names = [f"{short[c]}第{n}网格" for c, n in zip(partition.community_of, number, strict=True)]
    tier_scale = np.array([0.0, 1.25, 1.0, 0.85])[street.tier]
    households = np.round(rng.normal(98, 24, len(street.tier)).clip(38) * tier_scale).astype(int)
    residents = np.round(households * rng.normal(2.35, 0.18, len(households)).clip(1.8)).astype(int)
    return {
        "communities": pd.DataFrame(
            {
                "community_code": [anchor.code for anchor in street.anchors],
                "name": [anchor.name for anchor in street.anchors],
                "aliases": [f"{name}、{name}居委会" for name in short],
                "geometry": list(partition.communities),
            }
        ),
        "grids": pd.DataFrame(
            {
                "grid_code": street.grid_codes,
                "name": grid_names,
                "community_code": [street.anchors[c].code for c in partition.community_of],
                "kind": "一般网格",
                "party_branch": [f"{name}党支部" for name in grid_names],
                "geometry": list(partition.grids),
            }
        ),
        "microgrids": pd.DataFrame(
            {
                "microgrid_code": street.microgrid_codes,
                "grid_code": [street.grid_codes[g] for g in partition.grid_of],
                "name": [
                    f"{grid_names[g]}第{int(code[-2:])}微网格"
                    for g, code in zip(partition.grid_of, street.microgrid_codes, strict=True)
                ],
                "tier": street.tier,
                "households": households,
                "residents": residents,
                "party_members_n": rng.poisson(residents * 0.045),
                "volunteers_n": rng.poisson(residents * 0.022),
                "geometry": list(partition.microgrids),
            }
        ),
    }


def _landmark_address(name: str) -> tuple[str, str]:
    """The door address a landmark stands for, and the name people use."""
    name = name.replace("(双号)", "").replace("(办公)", "")
    match = _BRACKETS.match(name)
    if match is None:
        return name, ""
    outer, inner = match["name"].strip(), _LANDMARK_AREA.sub("", match["inner"]).strip()
    if inner in ("轨道站", "公交站"):
        return f"{outer}{inner}", ""
    if re.search(r"\d+号?$", outer):
        return (outer if outer.endswith("号") else f"{outer}号"), inner
    if re.search(r"\d+(-\d+)?号", inner):
        return inner.split(",")[0].removeprefix("上清寺街道"), "" if outer.endswith("社区") else outer
    return outer, inner


def _random_points(rng: np.random.Generator, street: Street, count: int) -> tuple[FloatArray, IntArray]:
    """`count` points in metres and their micro-grids, every micro-grid served alike."""
    micro = np.repeat(np.arange(len(street.microgrid_codes)), -(-count * 2 // len(street.microgrid_codes)))
    radius = street.inradius_m[micro] * 0.95 * np.sqrt(rng.uniform(0, 1, len(micro)))
    angle = rng.uniform(0, 2 * np.pi, len(micro))
    xy = street.centre_m[micro] + np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]
    kept = np.sort(rng.choice(len(micro), count, replace=False))
    return xy[kept], micro[kept]


def _numbered_doors(street: Street, xy: FloatArray, taken: set[str]) -> list[str]:
    """A door number on the nearest road for each point, rising along the road, none used twice."""
    lines = [road.line for road in street.roads]
    points = shapely.points(xy)
    away = np.column_stack([shapely.distance(points, line) for line in lines])
    nearest = away.argmin(axis=1)
    doors = [""] * len(xy)
    for position, road in enumerate(street.roads):
        members = np.flatnonzero(nearest == position)
        along = shapely.line_locate_point(road.line, points[members])
        number = 0
        for member in members[np.argsort(along, kind="stable")]:
            number += 1
            while f"{road.name}{number}号" in taken:
                number += 1
            doors[int(member)] = f"{road.name}{number}号"
    return doors


def address_table(rng: np.random.Generator, street: Street, estates: pd.DataFrame) -> pd.DataFrame:
    """About 2,500 addresses: landmarks, named places, constructed doors, one door in two micro-grids."""
    rows: list[tuple[str, str, float, float]] = [
        (*_landmark_address(place.name), place.lon, place.lat) for place in street.landmarks
    ]
    rows += [(name, "", lon, lat) for name, (lon, lat) in NAMED_PLACES.items()]
    rows.append(("学田湾大阳沟农贸市场", f"大阳沟市场、{REPEAT_PLACE}", *NAMED_PLACES[REPEAT_PLACE]))
    known = pd.DataFrame(rows, columns=["address", "aliases", "lon", "lat"]).drop_duplicates("address")
    outline = shapely.union_all(street.partition.communities)
    known = known[shapely.contains_xy(outline, known["lon"].to_numpy(), known["lat"].to_numpy())]
    xy, micro = _random_points(rng, street, ADDRESSES_N - len(known) - 1)
    lon, lat = _degrees(xy)
    made = pd.DataFrame(
        {
            "address": _numbered_doors(street, xy, set(known["address"])),
            "aliases": "",
            "lon": lon,
            "lat": lat,
        }
    )
    table = pd.concat([known, made], ignore_index=True)
    at = np.concatenate([street.microgrid_at(known["lon"].to_numpy(), known["lat"].to_numpy()), micro])
    table["microgrid_code"] = np.array(street.microgrid_codes)[at]
    first_estate = estates.drop_duplicates("microgrid_code").set_index("microgrid_code")["estate_id"]
    in_estate = rng.random(len(table)) < 0.7
    table["estate_id"] = table["microgrid_code"].map(first_estate).where(in_estate)
    named = rng.choice(np.arange(len(known), len(table)), 120, replace=False)
    table.loc[named, "aliases"] = [f"老{number}号楼院" for number in range(1, 121)]
    twin = table[table["address"] == "美专校街10号"].head(1)
    others = street.cells_of(int(street.community_of_microgrid[at[twin.index[0]]]))
    other = next(cell for cell in others if cell != at[twin.index[0]])
    twin = twin.assign(microgrid_code=street.microgrid_codes[int(other)])
    doubled: pd.DataFrame = pd.concat([table, twin], ignore_index=True)
    return doubled


def estate_table(rng: np.random.Generator, street: Street) -> tuple[pd.DataFrame, str]:
    """About 70 estates with or without a manager, and the one without that will improve."""
    real = [place for place in street.landmarks if place.kind == "estate"]
    lon = np.array([place.lon for place in real])
    lat = np.array([place.lat for place in real])
    cells = [int(cell) for cell in street.microgrid_at(lon, lat)]
    named = [_landmark_address(place.name) for place in real]
    names = [alias or f"{door}院" for door, alias in named]
    free = np.setdiff1d(np.arange(len(street.microgrid_codes)), cells)
    free = free[~street.is_remote[free]]
    made = np.sort(rng.choice(free, ESTATES_N - len(real), replace=False))
    away = [shapely.distance(shapely.points(street.centre_m[made]), road.line) for road in street.roads]
    nearest = [street.roads[int(position)].name for position in np.argmin(away, axis=0)]
    names += [
        f"{road}{int(street.microgrid_codes[cell][-2:]) * 10 + i}号院"
        for i, (road, cell) in enumerate(zip(nearest, made, strict=True))
    ]
    cells += [int(cell) for cell in made]
    managed = rng.random(len(cells)) < 0.55
    community = street.community_of_microgrid[cells]
    improving = int(
        np.flatnonzero((community == IMPROVING_COMMUNITY) & (np.arange(len(cells)) >= len(real)))[0]
    )
    managed[improving] = False
    table = pd.DataFrame(
        {
            "estate_id": [f"E-{number:03d}" for number in range(1, len(cells) + 1)],
            "name": names,
            "built_year": np.where(
                managed, rng.integers(1992, 2012, len(cells)), rng.integers(1958, 1996, len(cells))
            ),
            "is_managed": managed,
            "households": rng.integers(60, 340, len(cells)),
            "tenant_share": np.round(np.where(managed, 0.22, 0.41) + rng.normal(0, 0.07, len(cells)), 2).clip(
                0.02
            ),
            "microgrid_code": [street.microgrid_codes[cell] for cell in cells],
        }
    )
    table.loc[improving, "households"] = 168
    return table, str(table.loc[improving, "estate_id"])


def _unit_name(landmark: str) -> str:
    door, alias = _landmark_address(landmark)
    return alias or door


def key_unit_table(rng: np.random.Generator, street: Street) -> pd.DataFrame:
    """Key units: the public ones of the landmark list and constructed small ones."""
    outline = shapely.union_all(street.partition.communities)
    rows = [
        (_unit_name(place.name), _KEY_UNIT_KINDS[place.kind], place.lon, place.lat)
        for place in street.landmarks
        if place.kind in _KEY_UNIT_KINDS and shapely.contains_xy(outline, place.lon, place.lat)
    ]
    rows.append(("学田湾大阳沟农贸市场", "市场", *NAMED_PLACES[REPEAT_PLACE]))
    lon = np.array([row[2] for row in rows])
    at = [int(cell) for cell in street.microgrid_at(lon, np.array([row[3] for row in rows]))]
    names, kinds = [row[0] for row in rows], [row[1] for row in rows]
    for community, anchor in enumerate(street.anchors):
        cells = rng.choice(street.cells_of(community), len(_PLACED_UNITS), replace=False)
        names += [f"{anchor.name.removesuffix('社区')}{unit}" for unit in _PLACED_UNITS]
        kinds += [unit[-2:] for unit in _PLACED_UNITS]
        at += [int(cell) for cell in cells]
    return pd.DataFrame(
        {
            "unit_id": [f"U-{number:03d}" for number in range(1, len(names) + 1)],
            "name": names,
            "kind": kinds,
            "microgrid_code": [street.microgrid_codes[cell] for cell in at],
            "contact": [f"值班室 1000000{number:04d}" for number in range(1, len(names) + 1)],
        }
    )


def route_table(street: Street) -> pd.DataFrame:
    """Patrol routes, some 51 km of all five zone kinds.

    Roads cut at the communities' borders; back alleys are stretches of the tour; a courtyard
    route is a loop inside a micro-grid.
    """
    rows: list[tuple[str, str, int, object]] = []
    for community, area in enumerate(street.partition.communities):
        area_m = STREET_PLANE.project(area)
        short = street.anchors[community].name.removesuffix("社区")
        for road in street.roads:
            pieces = shapely.get_parts(shapely.line_merge(road.line.intersection(area_m)))
            rows += [
                (f"{road.name}（{short}段）", road.kind, community, piece)
                for piece in pieces
                if piece.length >= _MIN_ROUTE_M
            ]
        tour = street.tours[community]
        closed = np.append(tour, tour[0])
        for number, start in enumerate(range(0, len(tour), _ALLEY_LENGTH - 1), 1):
            stretch = closed[start : start + _ALLEY_LENGTH]
            if len(stretch) > 1:
                line = shapely.LineString(street.centre_m[stretch])
                rows.append((f"{short}背街{number}号线", "back_alley", community, line))
    turn = np.linspace(0, 2 * np.pi, 9)
    for cell, code in enumerate(street.microgrid_codes):
        radius = min(street.inradius_m[cell] * 0.33, 11.5)
        ring = street.centre_m[cell] + radius * np.column_stack([np.cos(turn), np.sin(turn)])
        community = int(street.community_of_microgrid[cell])
        rows.append((f"{code} 院落线", "courtyard", community, shapely.LineString(ring)))
    degrees = [shapely.set_precision(STREET_PLANE.unproject(row[3]), 1e-6, mode="pointwise") for row in rows]
    return pd.DataFrame(
        {
            "route_id": [f"R-{number:03d}" for number in range(1, len(rows) + 1)],
            "name": [row[0] for row in rows],
            "zone_kind": [row[1] for row in rows],
            "community_code": [street.anchors[row[2]].code for row in rows],
            "geometry": degrees,
        }
    )


def point_table(rng: np.random.Generator, street: Street, *, avoid: int) -> pd.DataFrame:
    """About 60 points; the reported flood places among them, none in the micro-grid `avoid`."""
    rows: list[tuple[str, str, int, float, float]] = [
        (REPEAT_PLACE, "flood_prone", 1, *NAMED_PLACES[REPEAT_PLACE]),
        ("牛角沱立交", "flood_prone", 1, *NAMED_PLACES["牛角沱立交"]),
        ("嘉陵西村小巷", "required", 1, *NAMED_PLACES["嘉陵西村小巷"]),
    ]
    left = dict(_POINTS)
    for row in rows:
        left[row[1]] -= 1
    usable = np.flatnonzero(~street.is_remote & (np.arange(len(street.microgrid_codes)) != avoid))
    for kind, count in left.items():
        cells = rng.choice(usable, count, replace=False)
        lon, lat = _degrees(street.centre_m[cells] + rng.normal(0, 6, (count, 2)))
        for number, cell in enumerate(cells):
            short = street.anchors[int(street.community_of_microgrid[cell])].name.removesuffix("社区")
            what = {
                "required": "必到点",
                "hazard": _HAZARDS[number % len(_HAZARDS)],
                "flood_prone": "低洼路口",
            }[kind]
            tier = int(street.tier[cell])
            rows.append((f"{short}{what}{number + 1}", kind, tier, float(lon[number]), float(lat[number])))
    table = pd.DataFrame(rows, columns=["name", "kind", "tier", "lon", "lat"])
    table.insert(0, "point_id", [f"P-{number:03d}" for number in range(1, len(table) + 1)])
    return table


def reported_places(street: Street) -> dict[str, int]:
    """The micro-grid of each place the report names."""
    lon, lat = np.array(list(NAMED_PLACES.values())).T
    return dict(zip(NAMED_PLACES, (int(cell) for cell in street.microgrid_at(lon, lat)), strict=True))
