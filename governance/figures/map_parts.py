"""The small parts of a map that folium does not have: scale bar, north, note, patterns, view."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from branca.element import Element, MacroElement
from folium.template import Template

from governance.figures.theme import FONT_FAMILY, LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from governance.figures.geojson import Bounds

_SCALE_MAX_PX = 120

PATTERN_DEFS = (
    '<pattern id="no-data" width="6" height="6" patternUnits="userSpaceOnUse">'
    f'<rect width="6" height="6" fill="{LIGHT.band}"/><circle cx="3" cy="3" r="1.25" fill="{LIGHT.no_data}"/>'
    "</pattern>"
    '<pattern id="few" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="6" height="6" fill="{LIGHT.card}"/><rect width="1" height="6" fill="{LIGHT.no_data}"/>'
    "</pattern>"
    '<pattern id="never" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="7" height="7" fill="{LIGHT.card}"/><rect width="3" height="7" fill="{LIGHT.plum}"/>'
    "</pattern>"
)


class Patterns(Element):
    """Dots for no data, thin stripes for too few, plum ones for never, as SVG patterns of the frame."""

    def __init__(self) -> None:
        super().__init__(
            f'<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
            f"<defs>{PATTERN_DEFS}</defs></svg>"
        )


class MapCss(Element):
    """The map's type and colours; the frame does not inherit the page's."""

    def __init__(self) -> None:
        halo = ",".join(f"{x}px {y}px 1px {LIGHT.card}" for x in (-2, 0, 2) for y in (-2, 0, 2) if x or y)
        rules = (
            "html,body{margin:0;overflow:hidden}",
            # The page decides how high the frame is; the map fills it.
            "#map_div{height:100vh!important}",
            f".leaflet-container{{background:{LIGHT.page};font-family:{FONT_FAMILY};outline-offset:-2px}}",
            ".leaflet-interactive:focus{outline:none}",
            f".name{{position:absolute;transform:translate(-50%,-50%);white-space:nowrap;color:{LIGHT.ink};"
            f"font:700 16px {FONT_FAMILY};text-shadow:{halo}}}",
            f".name.part{{font:400 13px {FONT_FAMILY}}}",
            f".name.water{{font:400 15px {FONT_FAMILY};color:#5E6F6F;letter-spacing:6px;text-shadow:none}}",
            f".name.landmark{{font:400 13px {FONT_FAMILY};color:{LIGHT.ink_3}}}",
            f".leaflet-tooltip.tip{{font:400 14px/1.5 {FONT_FAMILY};color:{LIGHT.ink};padding:4px 8px;"
            f"border:1px solid {LIGHT.rule};border-radius:4px;box-shadow:none}}",
            f".leaflet-control-attribution{{font:400 13px {FONT_FAMILY};color:{LIGHT.ink_2}!important;"
            f"background:{LIGHT.page}d9!important;padding:1px 8px!important}}",
            f".scale{{font:400 13px {FONT_FAMILY};color:{LIGHT.ink_2};text-align:center}}",
            f".scale .bar{{height:5px;border:1.5px solid {LIGHT.ink_2};border-top:none}}",
            f".north{{font:400 13px/1.2 {FONT_FAMILY};color:{LIGHT.ink_2};text-align:center;width:24px}}",
            f".leaflet-bar a{{color:{LIGHT.ink_2};background:{LIGHT.card}}}",
            f".replay{{display:flex;gap:10px;align-items:center;background:{LIGHT.card};padding:6px 10px;"
            f"border:1px solid {LIGHT.rule};border-radius:6px;color:{LIGHT.ink};"
            f"font:400 14px {FONT_FAMILY}}}",
            ".mark{line-height:0}.mark svg{display:block}",
            f".mark-label{{position:absolute;left:22px;top:10px;transform:translateY(-50%);white-space:nowrap;"
            f"color:{LIGHT.ink};font:700 13px/1.2 {FONT_FAMILY};text-shadow:{halo}}}",
            f".replay-list{{background:{LIGHT.card}f2;border:1px solid {LIGHT.rule};border-radius:6px;"
            f"padding:6px 10px;width:min(270px,34vw);color:{LIGHT.ink};font:400 13px/1.45 {FONT_FAMILY}}}",
            ".replay-list div{display:flex;gap:6px;align-items:flex-start;margin-top:3px}",
            ".replay-list svg{flex:0 0 16px;width:16px;height:16px;margin-top:2px}",
            f".replay input{{width:min(360px,26vw);accent-color:{LIGHT.data}}}",
            f".replay button{{font:700 14px {FONT_FAMILY};border:1px solid {LIGHT.rule};border-radius:4px;"
            f"background:{LIGHT.card};color:{LIGHT.data};padding:3px 10px;min-width:84px;cursor:pointer}}",
        )
        super().__init__(f"<style>{''.join(rules)}</style>")


class _Part(MacroElement):
    """A piece of script on the map, named after its class."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca leaves it untyped
        self._name = type(self).__name__


class Frame(_Part):
    """What is fixed on a map: its panes, zoom buttons, scale bar, north arrow and the note.

    `panes` maps names to their stacking order; only those in `open_panes` take clicks. The
    scale bar shows a round length at the latitude of the map's middle; the note stands in the
    attribution line, without Leaflet's own prefix.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        (function (map, words, panes) {
            panes.forEach(function (pane) {
                var box = map.createPane(pane.name);
                box.style.zIndex = pane.order;
                if (!pane.open) { box.style.pointerEvents = "none"; }
            });
            L.control.zoom({zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out}).addTo(map);
            map.attributionControl.setPrefix(false).addAttribution(words.note);
            var scale = L.control({position: "bottomright"});
            scale.onAdd = function () { return L.DomUtil.create("div", "scale"); };
            scale.addTo(map);
            function drawScale() {
                var y = map.getSize().y / 2, wide = {{ this.scale_px }};
                var metres = map.distance(
                    map.containerPointToLatLng([0, y]), map.containerPointToLatLng([wide, y]));
                var power = Math.pow(10, Math.floor(Math.log10(metres)));
                var round = [5, 3, 2, 1].find(function (step) { return step * power <= metres; }) * power;
                scale.getContainer().innerHTML =
                    (round < 1000 ? round + words.metre : round / 1000 + words.kilometre) +
                    '<div class="bar" style="width:' + Math.round(wide * round / metres) + 'px"></div>';
            }
            map.on("zoomend moveend", drawScale);
            map.whenReady(drawScale);
            var north = L.control({position: "bottomright"});
            north.onAdd = function () {
                var box = L.DomUtil.create("div", "north");
                box.innerHTML = words.north;
                return box;
            };
            north.addTo(map);
        })({{ this._parent.get_name() }}, {{ this.words|tojson }}, {{ this.panes|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, panes: Mapping[str, int], *, note: str, open_panes: Collection[str]) -> None:
        super().__init__()
        self.scale_px = _SCALE_MAX_PX
        self.panes = [
            {"name": name, "order": order, "open": name in open_panes} for name, order in panes.items()
        ]
        arrow = (
            f'<br><svg width="12" height="16"><path d="M0,16l6,-16l6,16l-6,-4z" fill="{LIGHT.ink_2}"/></svg>'
        )
        self.words = {
            "note": escape(note),
            "north": t("map.north") + arrow,
            **{key: t(f"map.{key}") for key in ("zoom_in", "zoom_out", "metre", "kilometre")},
        }


class Names(_Part):
    """Names on the map: latitude, longitude and markup of each, in a pane of their own."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        {{ this.names|tojson }}.forEach(function (name) {
            L.marker([name[0], name[1]], {
                icon: L.divIcon({className: "", iconSize: [0, 0], html: name[2]}),
                interactive: false, keyboard: false, pane: {{ this.pane|tojson }}
            }).addTo({{ this._parent.get_name() }});
        });
        {% endmacro %}
        """
    )

    def __init__(self, names: Sequence[tuple[float, float, str]], *, pane: str) -> None:
        super().__init__()
        self.names = names
        self.pane = pane


class View(_Part):
    """Turns the map to what is shown, once per key, and drops the groups shown before.

    `foot_px` is kept free at the bottom, for what lies over the map.

    streamlit-folium keeps every feature group it ever added in `window.feature_group`;
    emptying that list when the next group arrives lets the browser free them.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        window.feature_group = [];
        if (window.shown_view !== {{ this.key|tojson }}) {
            const fit = () => window.map.fitBounds({{ this.corners|tojson }}, {
                paddingTopLeft: [16, 16], paddingBottomRight: [16, {{ this.foot_px }}], animate: false});
            fit();
            // The page gives the frame its height only after the map has been drawn.
            window.map.off("resize", window.fit_view).on("resize", fit);
            window.fit_view = fit;
            window.shown_view = {{ this.key|tojson }};
        }
        {% endmacro %}
        """
    )

    def __init__(self, bounds: Bounds, key: str, *, foot_px: int = 16) -> None:
        super().__init__()
        self.foot_px = foot_px
        west, south, east, north = bounds
        self.corners = [[south, west], [north, east]]
        self.key = key
