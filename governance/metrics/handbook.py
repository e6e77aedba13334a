"""The handbook's health: is each micro-grid's entry complete, fresh, and held by more than one person.

An entry is a member in a micro-grid; a person who serves two has two. Whoever has left (role 离任) is no
entry any more. An entry's phone is stale when it was not verified within 90 days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from governance.errors import UsageError
from governance.metrics.areas import area_table, with_parents
from governance.metrics.windows import UNRECORDED, Span
from governance.schema import schema

if TYPE_CHECKING:
    from datetime import date, datetime

    from governance.records.dataset import Dataset

FRESH_WITHIN_D = 90
GROUPS = ("community",)
# What a micro-grid's entry needs, in the order in which it is read out.
PARTS = ("name", "boundary", "phone", "cadre", "building_head", "police", "route")
_LEFT, _OTHER = "left", "other"
_ENTRY = ["member_id", "microgrid_code"]


def role_codes(roles: pd.Series) -> pd.Series:
    """What a role is: cadre, building_head, member, police, doctor, lawyer, property, left, other."""
    known = schema().values["member_role"]
    words = {word: code for code, entries in known.items() for word in (code, *entries)}
    codes = {role: words.get(str(role).strip(), _OTHER) for role in roles.dropna().unique()}
    return roles.astype("object").map(codes).astype("string").fillna(_OTHER)


def current_members(members: pd.DataFrame) -> pd.DataFrame:
    """The entries in force: one a person and micro-grid, without those who left, with role_code."""
    known = members.dropna(subset=["member_id"]).drop_duplicates(_ENTRY, keep="last")
    known = known.assign(role_code=role_codes(known["role"]))
    in_force: pd.DataFrame = known[known["role_code"].ne(_LEFT)]
    return in_force


def is_stale(entries: pd.DataFrame, *, at: datetime) -> pd.Series:
    """Which entries were not verified within 90 days; one without a date counts as stale."""
    last = pd.Timestamp(at) - pd.Timedelta(days=FRESH_WITHIN_D)
    return ~entries["verified_on"].ge(last).fillna(False).astype(bool)


def handbook_freshness(members: pd.DataFrame, group: pd.Series, *, at: datetime) -> pd.DataFrame:
    """Entries of members per group, and those not verified within 90 days.

    An entry without a date of verification counts as stale. Columns: group, entries_n, stale_n.
    Entries without a group are left out.
    """
    known = current_members(members)
    stale = is_stale(known, at=at)
    counts = stale.astype("int64").groupby(group.reindex(known.index)).agg(["size", "sum"])
    counts.columns = ["entries_n", "stale_n"]
    return counts.rename_axis("group").reset_index()


def handbook_at(dataset: Dataset, until: date | None = None) -> datetime | None:
    """When the handbook is judged: at the latest moment any source tells of, or at the end of `until`.

    A roster that nobody brings again ages with everything else, so its own as-of does not count.
    """
    known = max(dataset.as_of.values(), default=None)
    return None if known is None else min(known, Span.of_days(None, until).end_at)


def routes_through(microgrids: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    """Which routes lead through which micro-grid, by their lines; without boundaries none is known.

    Columns: microgrid_code, route_id, name, zone_kind.
    """
    columns = ["route_id", "name", "zone_kind"]
    cells = microgrids.dropna(subset=["microgrid_code", "geometry"])
    lines = routes.dropna(subset=["route_id", "geometry"]).drop_duplicates("route_id", keep="last")
    if cells.empty or lines.empty:
        return pd.DataFrame(columns=["microgrid_code", *columns], dtype="string")
    tree = shapely.STRtree(shapely.from_wkt(cells["geometry"].to_numpy(dtype=object)))
    drawn = shapely.from_wkt(lines["geometry"].to_numpy(dtype=object))
    line_of, cell_of = tree.query(drawn, predicate="intersects")
    found = lines[columns].iloc[line_of].reset_index(drop=True)
    codes = cells["microgrid_code"].iloc[cell_of].to_numpy()
    table: pd.DataFrame = found.assign(microgrid_code=codes)
    return table.sort_values(["microgrid_code", "route_id"], ignore_index=True)


def _have(codes: pd.Series, among: pd.Series) -> pd.Series:
    return codes.isin(set(among.dropna())) & codes.notna()


def _members_by_cell(entries: pd.DataFrame, codes: pd.Series, *, at: datetime) -> pd.DataFrame:
    """Per micro-grid: entries, those with a stale phone, those without a phone, the oldest verification."""
    stale = is_stale(entries, at=at)
    grouped = entries.assign(
        stale_phone_n=stale.astype("int64"), no_phone_n=entries["phone"].isna().astype("int64"), members_n=1
    ).groupby("microgrid_code")
    counts = grouped[["members_n", "stale_phone_n", "no_phone_n"]].sum()
    counts = counts.reindex(codes).fillna(0).astype("int64")
    oldest = grouped["verified_on"].min().reindex(codes)
    return counts.assign(oldest_verified_on=oldest).reset_index(drop=True)


def handbook_health(dataset: Dataset, *, at: datetime) -> pd.DataFrame:
    """One row a micro-grid of the reference data, in the order of codes.

    Complete: a name and its grid, a boundary, a member with a phone, a community cadre and a
    building head in its grid, police in its community, a route through it (without boundaries or
    routes: one in its community). Fresh: at least one entry, all of them verified within 90 days.
    Columns: microgrid_code, name, grid_code, community_code, members_n, stale_phone_n, no_phone_n,
    oldest_verified_on, has_<part> for each of `PARTS`, is_complete, is_fresh, is_single.
    """
    cells = dataset.frame("microgrids").dropna(subset=["microgrid_code"])
    cells = cells.drop_duplicates("microgrid_code", keep="last").sort_values("microgrid_code")
    cells = cells.reset_index(drop=True)
    areas = area_table(dataset.frame("communities"), dataset.frame("grids"), dataset.frame("microgrids"))
    entries = current_members(dataset.frame("members"))
    placed = with_parents(entries[["microgrid_code"]], areas)
    own = with_parents(cells[["microgrid_code"]], areas)
    routes = dataset.frame("routes")
    through = routes_through(cells, routes)
    by_line = _have(cells["microgrid_code"], through["microgrid_code"])
    role = entries["role_code"]
    table = pd.DataFrame(
        {
            "microgrid_code": cells["microgrid_code"],
            "name": cells["name"].fillna(cells["microgrid_code"]),
            "grid_code": own["grid"],
            "community_code": own["community"],
            "has_name": cells["name"].notna() & cells["grid_code"].notna(),
            "has_boundary": cells["geometry"].notna(),
            "has_phone": _have(
                cells["microgrid_code"], entries.loc[entries["phone"].notna(), "microgrid_code"]
            ),
            "has_cadre": _have(own["grid"], placed.loc[role.eq("cadre"), "grid"]),
            "has_building_head": _have(own["grid"], placed.loc[role.eq("building_head"), "grid"]),
            "has_police": _have(own["community"], placed.loc[role.eq("police"), "community"]),
            "has_route": by_line
            | (cells["geometry"].isna() & _have(own["community"], routes["community_code"])),
        }
    )
    table = table.join(_members_by_cell(entries, cells["microgrid_code"], at=at))
    return table.assign(
        is_complete=table[[f"has_{part}" for part in PARTS]].all(axis=1),
        is_fresh=table["members_n"].gt(0) & table["stale_phone_n"].eq(0),
        is_single=table["members_n"].eq(1),
    )


def handbook_counts(health: pd.DataFrame, unplaced_stale_n: int, *, by: str | None) -> pd.DataFrame:
    """The health added up, one row a group: the street (`all`) or a community (`-` where unknown).

    `unplaced_stale_n` are stale entries that name no known micro-grid: they count, under `-`.
    Columns: group, microgrids_n, complete_n, fresh_n, single_member_n, stale_phone_n.
    """
    named = {"is_complete": "complete_n", "is_fresh": "fresh_n", "is_single": "single_member_n"}
    table = health.assign(microgrids_n=1).rename(columns=named)
    counted = ["microgrids_n", *named.values(), "stale_phone_n"]
    group = table["community_code"].fillna(UNRECORDED) if by else pd.Series("all", index=table.index)
    counts = table[counted].astype("int64").groupby(group.astype("string")).sum()
    rest = UNRECORDED if by else "all"
    if unplaced_stale_n:
        counts = counts.reindex(counts.index.union([rest])).fillna(0).astype("int64")
        counts["stale_phone_n"] += np.where(np.asarray(counts.index) == rest, unplaced_stale_n, 0)
    return counts.rename_axis("group").reset_index()


def unplaced_entries(dataset: Dataset) -> pd.DataFrame:
    """The entries in force that name no micro-grid of the reference data."""
    entries = current_members(dataset.frame("members"))
    return entries[~entries["microgrid_code"].isin(set(dataset.frame("microgrids")["microgrid_code"]))]


def shared_doors(addresses: pd.DataFrame) -> pd.DataFrame:
    """Addresses that stand in more than one micro-grid: address, microgrid_code, a row each."""
    known = addresses.dropna(subset=["address", "microgrid_code"]).drop_duplicates(
        ["address", "microgrid_code"]
    )
    is_shared = known.duplicated("address", keep=False)
    return known.loc[is_shared, ["address", "microgrid_code"]].sort_values(
        ["address", "microgrid_code"], ignore_index=True
    )


def handbook_rows(
    dataset: Dataset,
    *,
    since: date | None = None,  # noqa: ARG001 (a state has no beginning)
    until: date | None = None,
    by: str | None = None,
) -> list[dict[str, Any]]:
    """The handbook's health as the command line prints it, one row a group.

    The handbook is a state: `until` says the day at whose end it is judged, `since` changes nothing.
    Keys: those of `handbook_counts`.

    Raises
    ------
    UsageError
        `unknown_group`.
    """
    if by is not None and by not in GROUPS:
        raise UsageError("unknown_group", group=by, groups="、".join(GROUPS))
    at = handbook_at(dataset, until)
    if at is None:
        return []
    stale_n = int(np.count_nonzero(is_stale(unplaced_entries(dataset), at=at)))
    counts = handbook_counts(handbook_health(dataset, at=at), stale_n, by=by)
    return [
        {str(name): value if name == "group" else int(value) for name, value in row.items()}
        for row in counts.to_dict("records")
    ]
