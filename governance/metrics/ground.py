"""What patrols have to cover: micro-grids with their limits, required points, routes, who is responsible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from governance.geo import plane_around
from governance.metrics.areas import area_table, points_located

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from governance.records.dataset import Dataset

TIERS = (1, 2, 3)


@dataclass(frozen=True)
class Ground:
    """The street as patrols see it; all codes are text.

    microgrids: microgrid_code, name, community_code, tier, limit_h (hours between two visits; missing
    without a tier), team_id (the community's own team, missing without one). points: the required
    ones, point_id, name, community_code. routes: route_id, name, zone_kind, community_code, length_m.
    teams: team_id, name, community_code (missing for a mobile team).
    """

    microgrids: pd.DataFrame
    points: pd.DataFrame
    routes: pd.DataFrame
    teams: pd.DataFrame

    @property
    def has_any(self) -> bool:
        """Whether there is anything to be patrolled."""
        return any(len(part) for part in (self.microgrids, self.points, self.routes))

    def of_team(self, team: Mapping[Hashable, object]) -> Ground:
        """The part of a row of `teams`: its community, everything for a mobile team."""
        code = team["community_code"]
        return self.of_community(code if isinstance(code, str) else None)

    def of_community(self, code: str | None) -> Ground:
        """The part inside a community; everything for None. Teams stay."""
        if code is None:
            return self
        microgrids, points, routes = (
            part[part["community_code"].eq(code).fillna(False).astype(bool)]
            for part in (self.microgrids, self.points, self.routes)
        )
        return Ground(microgrids, points, routes, self.teams)

    def of_tier(self, tier: int | None) -> Ground:
        """The micro-grids of one tier; points and routes have none and stay."""
        if tier is None:
            return self
        own = self.microgrids["tier"].eq(tier).fillna(False).astype(bool)
        return Ground(self.microgrids[own], self.points, self.routes, self.teams)


def limits_by_tier(settings_h: tuple[float, float, float]) -> Mapping[int, float]:
    """The revisit limit of each tier, hours."""
    return dict(zip(TIERS, settings_h, strict=True))


def _routes(routes: pd.DataFrame) -> pd.DataFrame:
    """The routes with their length on the metric plane."""
    known = routes.dropna(subset=["route_id"]).drop_duplicates("route_id", keep="last")
    lines = shapely.from_wkt(known["geometry"].fillna("LINESTRING EMPTY").to_numpy(dtype=object))
    length = pd.Series(0.0, index=known.index)
    if len(known) and not shapely.is_empty(lines).all():
        plane = plane_around(lines)
        length = pd.Series([float(plane.project(line).length) for line in lines], index=known.index)
    columns = ["route_id", "name", "zone_kind", "community_code"]
    return known[columns].assign(length_m=length).sort_values("route_id").reset_index(drop=True)


def _points(points: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """The required points with the community they lie in."""
    required = points[points["kind"].eq("required").fillna(False).astype(bool)]
    required = required.drop_duplicates("point_id", keep="last")
    held = points_located(required["lon"], required["lat"], areas)["community"]
    table = required[["point_id", "name"]].assign(community_code=held)
    return table.sort_values("point_id").reset_index(drop=True)


def ground_of(dataset: Dataset) -> Ground:
    """The ground of a data set's reference tables."""
    areas = area_table(dataset.frame("communities"), dataset.frame("grids"), dataset.frame("microgrids"))
    teams = dataset.frame("teams").drop_duplicates("team_id", keep="last")
    teams = teams[["team_id", "name", "community_code"]].sort_values("team_id").reset_index(drop=True)
    settings = dataset.settings
    limit_h = limits_by_tier(
        (
            settings.number("revisit_limit_1_h"),
            settings.number("revisit_limit_2_h"),
            settings.number("revisit_limit_3_h"),
        )
    )
    own_team = teams.dropna(subset=["community_code"]).drop_duplicates("community_code")
    team_of = own_team.set_index("community_code")["team_id"]
    grids = areas[areas["level"] == "grid"].set_index("code")["parent_code"]
    known = dataset.frame("microgrids").dropna(subset=["microgrid_code"])
    known = known.drop_duplicates("microgrid_code", keep="last").sort_values("microgrid_code")
    community = known["grid_code"].map(grids).astype("string")
    microgrids = known[["microgrid_code", "name", "tier"]].assign(
        community_code=community,
        limit_h=known["tier"].map(limit_h).astype("float64"),
        team_id=community.map(team_of).astype("string"),
    )
    return Ground(
        microgrids=microgrids.reset_index(drop=True),
        points=_points(dataset.frame("points"), areas),
        routes=_routes(dataset.frame("routes")),
        teams=teams,
    )
