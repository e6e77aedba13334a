"""Overdue visits on the street's map: communities, and the own community by micro-grid."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from governance.figures.geojson import markup, with_properties
from governance.figures.map_parts import PATTERN_DEFS
from governance.figures.maps import FEW_FILL, NO_DATA_FILL, Layers
from governance.figures.theme import LIGHT, MULTIPLE_STEPS
from governance.metrics.areas import STREET_KEY
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.figures.map_shapes import Shapes
    from governance.metrics.areas import AreaKey

BOUNDS = (0.05, 0.10, 0.20)
CLASSES = ("none", "up_to_5", "up_to_10", "up_to_20", "over_20", "few", "nobody")
_FILLS: Mapping[str, str] = dict(
    zip(CLASSES, (LIGHT.card, *MULTIPLE_STEPS[1:], FEW_FILL, NO_DATA_FILL), strict=True)
)


@dataclass(frozen=True)
class CarePlace:
    """What one area says: persons on the register, overdue ones (None: not shown), visits of the week."""

    name: str
    due_n: int | None
    overdue_n: int | None
    visits_n: int = 0

    @property
    def legend_class(self) -> str:
        """The legend's class, by the share overdue."""
        if self.due_n is None or self.overdue_n is None:
            return "few"
        if not self.due_n:
            return "nobody"
        if not self.overdue_n:
            return "none"
        share = self.overdue_n / self.due_n
        return CLASSES[1 + sum(share > bound for bound in BOUNDS)]

    @property
    def words(self) -> str:
        """Its tip."""
        if self.legend_class == "few":
            return t("care_visits.few")
        if self.legend_class == "nobody":
            return t("care_visits.map_class.nobody")
        return t("care_visits.map_tip", k=self.overdue_n, n=self.due_n, visits=self.visits_n)


@dataclass(frozen=True)
class CareMap:
    """The layers of the map and the count of areas in each class of the legend."""

    layers: Layers
    counts: Mapping[str, int]


def care_map(shapes: Shapes, places: Mapping[AreaKey, CarePlace], *, shown: AreaKey = STREET_KEY) -> CareMap:
    """Every area of `places` (communities, or micro-grids of the own one) by its share overdue."""
    features = []
    for level in ("community", "microgrid"):
        found = {code: place for (of, code), place in places.items() if of == level}
        drawn = [one for one in shapes.features.get(level, ()) if one["id"] in found]
        features += with_properties(drawn, {code: _properties(place) for code, place in found.items()})
    layers = Layers(
        areas=features,
        view=shapes.bounds.get(shown, shapes.ground.bounds),
        view_key="care/" + "/".join(shown),
        lines={"community": shapes.features.get("community", ())},
        names=(*(name for key, name in shapes.names.items() if key[0] == "community"), *shapes.water),
    )
    classes = [place.legend_class for place in places.values()]
    return CareMap(layers, {name: classes.count(name) for name in CLASSES})


def _properties(place: CarePlace) -> dict[str, object]:
    style = {
        "fillColor": _FILLS[place.legend_class],
        "fillOpacity": 1.0,
        "color": LIGHT.rule if place.legend_class == "none" else LIGHT.card,
        "weight": 1.0,
        "opacity": 1.0,
    }
    return {"style": style, "tip": f"<b>{markup(place.name)}</b><br>{markup(place.words)}"}


def care_legend_html(counts: Mapping[str, int]) -> str:
    """Equal boxes with their counts of areas; what is not known stands last."""
    boxes = "".join(
        '<div><svg width="100%" height="15" aria-hidden="true" style="display:block">'
        f'<rect width="100%" height="15" fill="{_FILLS[name]}" stroke="{LIGHT.rule}" stroke-width="1.6"/>'
        f"</svg><div>{escape(t(f'care_visits.map_class.{name}'))}</div>"
        f"<div>{escape(t('map.areas_n', n=counts[name]))}</div></div>"
        for name in CLASSES
    )
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        f"<defs>{PATTERN_DEFS}</defs></svg>"
        f'<div style="display:grid;grid-template-columns:repeat({len(CLASSES)},1fr);gap:6px;'
        f'font-size:13px;line-height:1.4">{boxes}</div>'
    )
