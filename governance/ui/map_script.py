"""The script of a map's layers, written once and kept: folium's templates take most of a rerun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamlit_folium import generate_leaflet_string, get_full_id

from governance.figures.maps import blank_map, changing_layers

if TYPE_CHECKING:
    from governance.figures.maps import Layers

# What streamlit-folium calls the first feature group and the map in the browser.
_GROUP_ID, _MAP_NAME = "feature_group_0", "map_div"


def layers_script(layers: Layers) -> str:
    """The script that `st_folium` would write for these layers, to be given it as `WrittenLayers`."""
    map_, group = blank_map(), changing_layers(layers)
    group._id = _GROUP_ID
    group.add_to(map_)
    group.render()  # type: ignore[no-untyped-call]  # folium leaves it untyped
    return str(generate_leaflet_string(group, base_id=_GROUP_ID)).replace(get_full_id(map_), _MAP_NAME)
