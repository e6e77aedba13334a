"""Time since the last visit on the map, in multiples of the limit; never and no data drawn apart."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.figures.geojson import markup, with_properties
from governance.figures.map_parts import PATTERN_DEFS
from governance.figures.maps import NO_DATA_FILL, Layers
from governance.figures.theme import LIGHT, MULTIPLE_STEPS
from governance.metrics.areas import STREET_KEY
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from governance.figures.map_shapes import Shapes
    from governance.metrics.areas import AreaKey

NEVER_FILL = "url(#never)"
BOUNDS = (0.5, 0.8, 1.0, 2.0)
CLASSES = ("up_to_05", "up_to_08", "up_to_1", "up_to_2", "over_2", "never", "no_data", "no_limit")
_LATE = ("up_to_2", "over_2")
_FILLS: Mapping[str, str] = dict(
    zip(CLASSES, (*MULTIPLE_STEPS, NEVER_FILL, NO_DATA_FILL, LIGHT.card), strict=True)
)


def class_of(since: pd.DataFrame) -> pd.Series:
    """The legend's class of each micro-grid of `revisits.time_since`."""
    place = np.searchsorted(BOUNDS, since["multiple"].fillna(0).to_numpy(dtype=np.float64), side="left")
    named = np.array(CLASSES, dtype=object)[place]
    named[since["limit_h"].isna().to_numpy()] = "no_limit"
    state = since["state"].to_numpy(dtype=object)
    named[state == "never"] = "never"
    named[state == "no_data"] = "no_data"
    return pd.Series(named, index=since.index, dtype="string")


def duration_words(hours: float) -> str:
    """Hours below two days, then days; both with one decimal where it tells."""
    if hours < 48:
        return t("since.hours", n=f"{hours:.1f}" if hours < 20 else f"{hours:.0f}")
    return t("since.days", n=f"{hours / 24:.1f}")


def since_words(row: Mapping[Any, Any]) -> str:
    """What is known of one micro-grid: 3.2 天前，1.6 倍; 从未到访; 无数据."""
    if row["state"] != "visited":
        return t(f"since.{row['state']}")
    ago = duration_words(float(row["h"]))
    if pd.isna(row["multiple"]):
        return t("since.ago", ago=ago)
    return t("since.ago_multiple", ago=ago, multiple=f"{float(row['multiple']):.1f}")


@dataclass(frozen=True)
class SinceMap:
    """The layers of the map and the count of micro-grids in each class of the legend."""

    layers: Layers
    counts: Mapping[str, int]


def since_map(
    shapes: Shapes, since: pd.DataFrame, *, opacity: float = 1.0, shown: AreaKey = STREET_KEY
) -> SinceMap:
    """Every micro-grid coloured by how many times its limit has passed, turned to `shown`."""
    classes = class_of(since)
    properties = {}
    for row, name in zip(since.to_dict("records"), classes, strict=True):
        style = {
            "fillColor": _FILLS[name],
            "fillOpacity": opacity,
            "color": LIGHT.card,
            "weight": 1.0,
            "opacity": 1.0,
        }
        title = markup(str(row["name"]))
        properties[str(row["microgrid_code"])] = {
            "style": style,
            "tip": f"<b>{title}</b><br>{markup(since_words(row))}",
        }
    features = [one for one in shapes.features.get("microgrid", ()) if one["id"] in properties]
    view = shapes.bounds.get(shown, shapes.ground.bounds)
    layers = Layers(
        areas=with_properties(features, properties),
        view=view,
        view_key="since/" + "/".join(shown),
        lines={level: shapes.features.get(level, ()) for level in ("grid", "community")},
        names=(*(name for key, name in shapes.names.items() if key[0] == "community"), *shapes.water),
    )
    counts = classes.value_counts()
    return SinceMap(layers, {name: int(counts.get(name, 0)) for name in CLASSES})


def _box(name: str, count: int) -> str:
    weight = ' style="font-weight:700"' if name in _LATE and count else ""
    return (
        '<div><svg width="100%" height="15" aria-hidden="true" style="display:block">'
        f'<rect width="100%" height="15" fill="{_FILLS[name]}" stroke="{LIGHT.rule}"'
        ' stroke-width="1.6"/></svg>'
        f"<div>{escape(t(f'since.class.{name}'))}</div>"
        f"<div{weight}>{escape(t('map.areas_n', n=count))}</div></div>"
    )


def _group(key: str, names: Sequence[str], counts: Mapping[str, int]) -> str:
    total = sum(counts[name] for name in names)
    boxes = "".join(_box(name, counts[name]) for name in names)
    return (
        f'<div style="flex:{len(names)}"><div class="panel-sub">{escape(t(key, n=total))}</div>'
        f'<div style="display:grid;grid-template-columns:repeat({len(names)},1fr);gap:6px">{boxes}</div>'
        "</div>"
    )


def since_legend_html(counts: Mapping[str, int]) -> str:
    """Equal boxes with their counts: within the limit, over it, and what has no multiple."""
    apart = ["never", "no_data", *(["no_limit"] if counts["no_limit"] else [])]
    groups = (
        _group("since.within", CLASSES[:3], counts)
        + _group("since.over", CLASSES[3:5], counts)
        + _group("since.apart", apart, counts)
    )
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        f"<defs>{PATTERN_DEFS}</defs></svg>"
        f'<div style="display:flex;gap:10px;font-size:13px;line-height:1.4">{groups}</div>'
    )
