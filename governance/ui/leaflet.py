"""Leaflet from disk: the product serves it itself, so a map needs no network.

`xstatic-leaflet` brings the files; declaring their folder as a component makes Streamlit serve
them. The address is relative to the map's frame and so survives a base path.
"""

from __future__ import annotations

import streamlit.components.v1 as components
from xstatic.pkg import leaflet

from governance.figures.maps import LeafletFiles

_COMPONENT = components.declare_component("leaflet", path=leaflet.BASE_DIR)


def leaflet_files() -> LeafletFiles:
    """Where a map's frame finds Leaflet's script and style sheet."""
    return LeafletFiles(js=f"../{_COMPONENT.name}/leaflet.js", css=f"../{_COMPONENT.name}/leaflet.css")
