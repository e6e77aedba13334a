"""Map layers written once are what streamlit-folium would write at every rerun."""

from __future__ import annotations

import re

import folium
import streamlit_folium

from governance.figures.maps import Layers, Name, WrittenLayers, changing_layers
from governance.ui.map_script import layers_script

SQUARE = {
    "type": "Feature",
    "id": "A-01",
    "properties": {"style": {"fillColor": "#123456"}, "tip": "<b>一号</b>"},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[106.5, 29.5], [106.6, 29.5], [106.6, 29.6], [106.5, 29.5]]],
    },
}
LAYERS = Layers(
    areas=[SQUARE],
    view=(106.5, 29.5, 106.6, 29.6),
    view_key="street",
    lines={"grid": (SQUARE,)},
    names=(Name("一号", 106.55, 29.55),),
)


def in_browser(group):
    """What is sent to the browser for a feature group, without blanks."""
    sent = streamlit_folium._get_feature_group_string(group, map=folium.Map(tiles=None))
    return re.sub(r"\s+", "", sent)


def test_written_layers_reach_the_browser_as_drawn_ones():
    written = in_browser(WrittenLayers(layers_script(LAYERS)))
    drawn = in_browser(changing_layers(LAYERS))
    assert "L.geoJson" in written
    # folium hides the names of its style functions behind random ones.
    assert re.sub(r"[0-9a-f]{32}", "x", written) == re.sub(r"[0-9a-f]{32}", "x", drawn)
