"""Chronic places on the street's map: circles by how often, numbered as in the list beside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import shapely

from governance.figures.geojson import feature, markup
from governance.figures.maps import Layers, Name
from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from governance.figures.geojson import Feature
    from governance.figures.map_shapes import Shapes
    from governance.metrics.areas import AreaKey

DRAWN_N = 60
LABELLED_N = 5
_LEAST_PX, _LARGEST_PX = 3.0, 24.0


def day_text(stamp: pd.Timestamp) -> str:
    """A stamp as 9月17日."""
    return t("case_escalation.day", month=stamp.month, day=stamp.day)


def place_text(place: object) -> str:
    """A place's (masked) name; in words where no case names one."""
    return place if isinstance(place, str) else t("case_escalation.chronic.no_address")


def _circle(row: Mapping[Any, Any], number: int, largest: float) -> Feature:
    radius = max(_LARGEST_PX * math.sqrt(row["n"] / largest), _LEAST_PX)
    style = {
        "fill": True,
        "fillColor": LIGHT.orange,
        "fillOpacity": 0.55,
        "color": LIGHT.ink_2,
        "weight": 1,
        "radius": round(radius, 1),
    }
    spell = t("case_escalation.chronic.spell", first=day_text(row["first_at"]), last=day_text(row["last_at"]))
    tip = (
        f"<b>{number}　{markup(place_text(row['place']))}</b><br>{markup(str(row['category']))}　"
        f"{markup(t('case_escalation.chronic.times', n=row['n']))}<br>{markup(spell)}"
    )
    return feature(shapely.Point(row["lon"], row["lat"]), f"chronic-{number}", tip=tip, style=style)


def chronic_layers(places: pd.DataFrame, shapes: Shapes, shown: AreaKey) -> Layers:
    """The `DRAWN_N` fullest places as circles, the first few by their number in the list.

    `places` is the table of `metrics.repeats.chronic_places`, in its order; places without
    coordinates stand in the list alone. The area grows with n.
    """
    numbered = places.assign(number=range(1, len(places) + 1)).head(DRAWN_N)
    drawn = numbered.dropna(subset=["lon", "lat"]).to_dict("records")
    largest = float(places["n"].max()) if len(places) else 1.0
    names = [
        Name(str(row["number"]), float(row["lon"]), float(row["lat"]), "area")
        for row in drawn
        if row["number"] <= LABELLED_N
    ]
    areas = [shapes.names[key] for key in shapes.names if key[0] == "community"]
    return Layers(
        areas=(),
        view=shapes.bounds.get(shown, shapes.ground.bounds),
        view_key="/".join(shown),
        lines={level: shapes.features.get(level, ()) for level in ("community",)},
        cases=[_circle(row, int(row["number"]), largest) for row in drawn],
        names=(*(_quiet(name) for name in areas), *names, *shapes.water),
    )


def _quiet(name: Name) -> Name:
    """A community's name in small type: the places are what is looked at."""
    return Name(name.text, name.lon, name.lat, "landmark")
