"""What stands behind the numbers of 巡逻覆盖: micro-grids, points, routes, hours of duty, cases."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from governance.metrics.integration import JOINT_WITHIN_MIN
from governance.text import t
from governance.ui import coverage_data as data
from governance.ui.cache import cached
from governance.ui.case_lists import PATROL_COLUMNS, show_case_lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page

_PLACE_COLUMNS = ("point_id", "route_id", *PATROL_COLUMNS, "zone_kind", "length_m", "walked_m", "passes_n")
_WHOLE_ROUTE_M = 1.0


def _named(**lists: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Lists with rows, by their words."""
    return {
        t(f"patrol_coverage.list.{name}", n=f"{len(rows):,}"): rows
        for name, rows in lists.items()
        if len(rows)
    }


def place_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    """Micro-grids by how they were visited, points nobody came to, routes not walked to the end."""
    places = cached(data.covered_places, dataset, selection.week, data.Part.of(selection))
    microgrids, points, routes = (places[name] for name in ("microgrids", "points", "routes"))
    is_left = ~microgrids["is_certain"] & ~microgrids["is_border"]
    return _named(
        visited=microgrids[microgrids["is_certain"]],
        border=microgrids[microgrids["is_border"]],
        unvisited=microgrids[is_left],
        points_missed=points[~points["is_visited"]],
        routes_short=routes[routes["walked_m"] < routes["length_m"] - _WHOLE_ROUTE_M],
    )


def duty_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    """Unit-hours with nobody there or without evidence, and the cases to which two forces came."""
    week_duty = cached(data.duty, dataset, selection.week)
    if week_duty is None:
        return {}
    units, cases = week_duty.units, cached(data.joint, dataset, selection.week)
    is_soon = cases["gap_min"].le(JOINT_WITHIN_MIN)
    return _named(
        empty_hours=units[units["state"].eq("absent")],
        dark_hours=units[units["state"].eq("unknown")],
        joint_soon=cases[is_soon],
        joint_late=cases[~is_soon],
    )


def effort_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    """What patrols found, and the lasting faults the public reported first."""
    found: Mapping[str, pd.DataFrame] = cached(data.met_and_missed, dataset, selection.week)
    rows = {name: selection.scope.rows(frame) for name, frame in found.items()}
    return _named(found=rows["found"], lasting=rows["lasting"], missed=rows["missed"])


def show_place_lists(page: Page, selection: Selection) -> None:
    """The button for the places behind the four coverages."""
    lists = partial(place_lists, page.dataset, selection)
    show_case_lists(page, "coverage", lists, suffix=str(selection.week), extra=_PLACE_COLUMNS)


def show_duty_lists(page: Page, selection: Selection) -> None:
    """The button for the hours and cases behind the duty matrix."""
    extra = (*PATROL_COLUMNS, "gap_min")
    lists = partial(duty_lists, page.dataset, selection)
    show_case_lists(page, "duty", lists, suffix=str(selection.week), extra=extra)


def show_effort_lists(page: Page, selection: Selection) -> None:
    """The button for what patrols found and missed."""
    lists = partial(effort_lists, page.dataset, selection)
    show_case_lists(page, "effort", lists, suffix=str(selection.week))
