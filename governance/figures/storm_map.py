"""The hazard and flood-prone points with their state, over the micro-grids that were called."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.geojson import markup, with_properties
from governance.figures.map_marks import Mark, look_svg
from governance.figures.map_parts import PATTERN_DEFS
from governance.figures.maps import Layers
from governance.figures.since_map import NEVER_FILL
from governance.figures.storm_words import clock_words
from governance.figures.theme import LIGHT, SEQUENCE_STEPS
from governance.metrics.storm_steps import POINT_STATES
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import Any

    from governance.figures.map_shapes import Shapes

# Whose names stand on the map: what must be seen, as long as the names do not cover each other.
_NAMES_N = 8
_NAMED = ("unchecked", "discovered", "cordoned", "cleared", "restored")
_FILLS: Mapping[str, str] = {"called": SEQUENCE_STEPS[1], "uncalled": NEVER_FILL, "other": LIGHT.card}


@dataclass(frozen=True)
class StormMap:
    """The layers, how many points stand in each state and how many micro-grids were called or not."""

    layers: Layers
    points_n: Mapping[str, int]
    cells_n: Mapping[str, int]


def storm_map(
    shapes: Shapes, points: pd.DataFrame, judged: pd.DataFrame, start: pd.Timestamp | None, *, key: str
) -> StormMap:
    """Points of `storm_steps.point_states`, micro-grids by whether they were called (`judged_steps`)."""
    called = judged[judged["step"].eq("called") & judged["place_kind"].eq("microgrid")]
    state = dict(
        zip(
            called["place"], called["records_n"].notna().map({True: "called", False: "uncalled"}), strict=True
        )
    )
    stamps = dict(zip(called["place"], called["first_at"], strict=True))
    cells = shapes.features.get("microgrid", ())
    properties = {str(one["id"]): _cell(one, state, stamps, start) for one in cells}
    placed = points.dropna(subset=["lon", "lat"])
    is_named = placed["state"].isin(_NAMED).sum() <= _NAMES_N
    marks = tuple(_mark(row, start, is_named=is_named) for row in placed.to_dict("records"))
    layers = Layers(
        areas=with_properties(cells, properties),
        view=shapes.ground.bounds,
        view_key=f"storm/{key}",
        lines={level: shapes.features.get(level, ()) for level in ("grid", "community")},
        names=(*(name for place, name in shapes.names.items() if place[0] == "community"), *shapes.water),
        marks=marks,
    )
    counts = points["state"].value_counts()
    known = {name: int(counts[name]) for name in POINT_STATES if name in counts}
    drawn = pd.Series(list(state.values()), dtype="string").value_counts()
    return StormMap(layers, known, {name: int(drawn.get(name, 0)) for name in ("called", "uncalled")})


def _cell(
    one: Mapping[str, Any], state: Mapping[str, str], stamps: Mapping[str, object], start: pd.Timestamp | None
) -> dict[str, object]:
    code = str(one["id"])
    kind = state.get(code, "other")
    name = str(one["properties"].get("name") or code)
    said = t(f"storm_response.cells.{kind}", at=clock_words(stamps.get(code), start))
    style = {
        "fillColor": _FILLS[kind],
        "fillOpacity": 0.9,
        "color": LIGHT.hairline,
        "weight": 1,
        "opacity": 1,
    }
    return {"style": style, "tip": f"<b>{markup(name)}</b><br>{markup(said)}"}


def _mark(row: Mapping[Hashable, Any], start: pd.Timestamp | None, *, is_named: bool) -> Mark:
    state, name = str(row["state"]), str(row["name"])
    stamps = [
        t(
            "storm_response.stamped",
            step=t(f"storm_response.stages.{key}"),
            at=clock_words(row[f"{key}_at"], start),
        )
        for key in ("checked", "discovered", "cordoned", "cleared", "reopened", "closed")
        if not pd.isna(row[f"{key}_at"])
    ]
    said = [t(f"storm_response.kinds.{row['kind']}") + t(f"storm_response.states.{state}"), *stamps]
    lines = "<br>".join(markup(one) for one in said)
    return Mark(
        lon=float(row["lon"]),
        lat=float(row["lat"]),
        svg=look_svg(state, size_px=20),
        tip=f"<b>{markup(name)}</b><br>{lines}",
        label=markup(name) if is_named and state in _NAMED else "",
    )


def cells_key_html(counts: Mapping[str, int]) -> str:
    """The key of the micro-grids: called, owed a call and not called."""
    parts = []
    for kind, n in counts.items():
        box = (
            '<svg width="22" height="13" aria-hidden="true"><rect width="22" height="13"'
            f' fill="{_FILLS[kind]}" stroke="{LIGHT.rule}"/></svg>'
        )
        parts.append(f"<span>{box} {escape(t(f'storm_response.cells_key.{kind}', n=n))}</span>")
    defs = (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        f"<defs>{PATTERN_DEFS}</defs></svg>"
    )
    return f'{defs}<div class="cards-key">{"".join(parts)}</div>'
