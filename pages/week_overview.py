"""本周总览: what changed this week, community by community, and how far the data can be trusted."""

from governance.ui import overview_panels as panels
from governance.ui.blocks import evidence
from governance.ui.filters import choose
from governance.ui.ledger_panels import show_last_week
from governance.ui.overview_figures import show_figures
from governance.ui.presented_panel import show_presented
from governance.ui.shell import open_page

with open_page("week_overview") as page:
    selection = choose(page, "week", "community", "category", "team")
    show_figures(page, selection)
    main, side = evidence()
    with main:
        panels.show_communities(page, selection)
        show_presented(page, selection)
    with side:
        show_last_week(page, selection)
        panels.show_estates(page, selection)
        panels.show_sources(page, selection)
    panels.show_footer(page)
