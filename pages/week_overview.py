"""本周总览: what changed this week, community by community, and how far the data can be trusted."""

from governance.ui import overview_panels as overview
from governance.ui.blocks import evidence
from governance.ui.filters import choose
from governance.ui.shell import open_page

with open_page("week_overview") as page:
    selection = choose(page, "week", "community", "category", "team")
    overview.show_figures(page, selection)
    main, side = evidence()
    with main:
        overview.show_communities(page, selection)
    with side:
        overview.show_estates(page, selection)
        overview.show_sources(page, selection)
    overview.show_footer(page)
