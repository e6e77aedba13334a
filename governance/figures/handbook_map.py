"""The handbook's maps: the health of every micro-grid, the one looked at, the ones to choose from."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Literal, get_args

import shapely

from governance.figures.geojson import feature, markup, with_properties
from governance.figures.map_parts import PATTERN_DEFS
from governance.figures.maps import FADED, Layers
from governance.figures.theme import LIGHT, MULTIPLE_STEPS
from governance.metrics.areas import STREET_KEY
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd

    from governance.figures.geojson import Feature
    from governance.figures.map_shapes import Shapes
    from governance.metrics.areas import AreaKey
    from governance.metrics.handbook_entry import Entry

State = Literal["good", "stale", "lacking", "both"]
STATES: tuple[State, ...] = get_args(State)
_FILLS: Mapping[State, str] = {
    "good": MULTIPLE_STEPS[0],
    "stale": LIGHT.orange,
    "lacking": "url(#few)",
    "both": LIGHT.plum,
}
_PLAIN, _CHOSEN, _OFFERED = MULTIPLE_STEPS[0], LIGHT.data, LIGHT.orange


def state_of(health: pd.DataFrame) -> pd.Series:
    """The legend's class of each row of `handbook.handbook_health`."""
    stale, lacking = ~health["is_fresh"], ~health["is_complete"]
    state = stale.map({True: "stale", False: "good"}).astype("string")
    return state.mask(lacking & ~stale, "lacking").mask(lacking & stale, "both")


def _style(fill: str, *, opacity: float = 1.0) -> dict[str, object]:
    return {"fillColor": fill, "fillOpacity": opacity, "color": LIGHT.card, "weight": 1.0, "opacity": 1.0}


def _layers(
    shapes: Shapes,
    properties: Mapping[str, Mapping[str, object]],
    shown: AreaKey,
    view_key: str,
    *,
    outlined: Collection[str] = (),
    routes: Collection[str] = (),
    cases: tuple[Feature, ...] = (),
) -> Layers:
    cells = shapes.features.get("microgrid", ())
    drawn = [one for one in cells if one["id"] in properties]
    lines = {level: shapes.features.get(level, ()) for level in ("grid", "community")}
    lines["shown"] = tuple(one for one in cells if one["id"] in outlined)
    communities = tuple(name for key, name in shapes.names.items() if key[0] == "community")
    return Layers(
        areas=with_properties(drawn, properties),
        view=shapes.bounds.get(shown, shapes.ground.bounds),
        view_key=view_key,
        lines=lines,
        routes=tuple(one for one in shapes.routes if one["id"] in routes),
        cases=cases,
        names=(*communities, *shapes.water),
    )


def health_layers(shapes: Shapes, health: pd.DataFrame) -> Layers:
    """Every micro-grid by the health of its entry."""
    properties = {
        str(code): {
            "style": _style(_FILLS[state]),
            "tip": f"<b>{markup(str(name))}</b>　{markup(str(code))}<br>"
            f"{markup(t(f'grid_handbook.states.{state}'))}",
        }
        for code, name, state in zip(health["microgrid_code"], health["name"], state_of(health), strict=True)
    }
    return _layers(shapes, properties, STREET_KEY, "handbook/street")


def _tip(name: str, code: str) -> str:
    return f"<b>{markup(name)}</b>　{markup(code)}"


def entry_layers(
    shapes: Shapes, names: Mapping[AreaKey, str], entry: Entry, at: tuple[float, float] | None
) -> Layers:
    """One micro-grid in its community, the routes through it and the place that was looked for."""
    own = {one["id"] for one in shapes.features.get("microgrid", ()) if one["id"] == entry.code}
    shown: AreaKey = ("community", entry.community_code)
    holder = shapes.bounds.get(shown)
    properties = {
        code: {
            "style": _style(
                _CHOSEN if code in own else _PLAIN, opacity=0.85 if code in own else 1.0 if holder else FADED
            ),
            "tip": _tip(name, code),
        }
        for (level, code), name in names.items()
        if level == "microgrid"
    }
    cases = (_place(*at),) if at is not None else ()
    routes = {route.route_id for route in entry.routes}
    view = shown if holder else ("microgrid", entry.code)
    return _layers(
        shapes, properties, view, f"handbook/{entry.code}", outlined=own, routes=routes, cases=cases
    )


def _place(lon: float, lat: float) -> Feature:
    style = {
        "fill": True,
        "fillColor": LIGHT.orange,
        "fillOpacity": 1,
        "color": LIGHT.ink,
        "weight": 1.5,
        "radius": 7,
    }
    return feature(shapely.Point(lon, lat), "place", tip=markup(t("grid_handbook.place_here")), style=style)


def choice_layers(shapes: Shapes, names: Mapping[AreaKey, str], codes: Collection[str]) -> Layers:
    """The micro-grids to choose from, among all of them."""
    properties = {
        code: {"style": _style(_OFFERED if code in codes else _PLAIN), "tip": _tip(name, code)}
        for (level, code), name in names.items()
        if level == "microgrid"
    }
    return _layers(shapes, properties, STREET_KEY, "handbook/street", outlined=codes)


def health_key_html(health: pd.DataFrame) -> str:
    """The key of the health map: a box, words and the count of micro-grids for each state."""
    counts = state_of(health).value_counts()
    boxes = "".join(
        '<span><svg width="26" height="14" aria-hidden="true">'
        f'<rect width="26" height="14" fill="{_FILLS[state]}" stroke="{LIGHT.rule}"/></svg> '
        f"{escape(t(f'grid_handbook.states.{state}'))} {int(counts.get(state, 0))}</span>"
        for state in STATES
    )
    return _key(boxes)


def _key(boxes: str) -> str:
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        f'<defs>{PATTERN_DEFS}</defs></svg><div class="cards-key">{boxes}</div>'
    )


def entry_key_html(*, is_placed: bool) -> str:
    """The key beside one micro-grid: what is filled, what the dot is."""
    parts = [
        f'<span><svg width="26" height="14" aria-hidden="true"><rect width="26" height="14" fill="{_CHOSEN}"'
        f' fill-opacity="0.85"/></svg> {escape(t("grid_handbook.key.chosen"))}</span>'
    ]
    if is_placed:
        parts.append(
            '<span><svg width="14" height="14" aria-hidden="true"><circle cx="7" cy="7" r="5.5" '
            f'fill="{LIGHT.orange}" stroke="{LIGHT.ink}"/></svg> '
            f"{escape(t('grid_handbook.place_here'))}</span>"
        )
    parts.append(f"<span>{escape(t('grid_handbook.key.click'))}</span>")
    return _key("".join(parts))
