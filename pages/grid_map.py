"""网格地图: any measure on the street's own map, from the street down to the micro-grid."""

from governance.ui.filters import choose
from governance.ui.map_block import map_block
from governance.ui.shell import open_page

with open_page("grid_map") as page:
    selection = choose(page, "week")
    map_block(page, selection.week)
