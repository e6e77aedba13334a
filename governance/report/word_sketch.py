"""A sketch of a community with one micro-grid marked, as shapes of Word's own: sharp at any size.

VML, because every Word, WPS and LibreOffice since 2000 draws it, and one path holds all areas: three
shapes a page instead of fifty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from governance.figures.theme import LIGHT, MULTIPLE_STEPS
from governance.report.deck import Box
from governance.report.native_maps import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

_UNITS_PER_PT = 20
_PLAIN, _MARKED = MULTIPLE_STEPS[0], LIGHT.data


@dataclass(frozen=True)
class Sketch:
    """A community's areas as paths, fitted into a box of `width_pt` × `height_pt`."""

    width_pt: float
    height_pt: float
    outline: str
    cells: Mapping[str, str]

    def markup(self, code: str) -> str:
        """The drawing with one micro-grid marked, as the content of a run."""
        others = " ".join(path for key, path in self.cells.items() if key != code)
        shapes = [
            self._shape(others, fill=_PLAIN, line="#FFFFFF", weight_pt=0.5),
            self._shape(self.outline, fill="", line=LIGHT.ink, weight_pt=1.0),
            self._shape(self.cells.get(code, ""), fill=_MARKED, line=LIGHT.ink, weight_pt=1.0),
        ]
        return (
            f'<w:pict><v:group style="width:{self.width_pt:.0f}pt;height:{self.height_pt:.0f}pt" '
            f'coordorigin="0,0" coordsize="{self._size}">{"".join(shapes)}</v:group></w:pict>'
        )

    @property
    def _size(self) -> str:
        return f"{round(self.width_pt * _UNITS_PER_PT)},{round(self.height_pt * _UNITS_PER_PT)}"

    def _shape(self, path: str, *, fill: str, line: str, weight_pt: float) -> str:
        if not path:
            return ""
        width, height = self._size.split(",")
        inside = f'fillcolor="{fill}"' if fill else 'filled="f"'
        return (
            f'<v:shape style="position:absolute;left:0;top:0;width:{width};height:{height}" '
            f'coordsize="{self._size}" path="{path} e" {inside} strokecolor="{line}" '
            f'strokeweight="{weight_pt}pt"/>'
        )


def sketch_of(
    cells: Mapping[str, BaseGeometry], outline: BaseGeometry, *, width_pt: float, height_pt: float
) -> Sketch | None:
    """The sketch of micro-grids (WGS-84 degrees) in their community; None when none is drawn."""
    drawn = {code: area for code, area in cells.items() if not area.is_empty}
    if not drawn:
        return None
    points = shapely.get_coordinates([outline, *drawn.values()]).tolist()
    pad = 2 * _UNITS_PER_PT
    box = Box(pad, pad, width_pt * _UNITS_PER_PT - 2 * pad, height_pt * _UNITS_PER_PT - 2 * pad)
    frame = Frame.around([(lon, lat) for lon, lat in points], box)
    return Sketch(
        width_pt,
        height_pt,
        _path(outline, frame),
        {code: _path(area, frame) for code, area in drawn.items()},
    )


def _path(area: BaseGeometry, frame: Frame) -> str:
    """The rings of an area as a VML path."""
    parts = []
    for polygon in shapely.get_parts(area):
        if polygon.geom_type != "Polygon" or polygon.is_empty:
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            corners = [frame.at(lon, lat) for lon, lat in ring.coords[:-1]]
            first, *rest = (f"{round(x)},{round(y)}" for x, y in corners)
            parts.append(f"m{first}l{','.join(rest)}x")
    return "".join(parts)
