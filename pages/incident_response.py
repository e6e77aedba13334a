"""响应时效: is it really faster? Stages, closing curves, on time, and who holds the open cases."""

from governance.ui import response_due, response_panels, response_people, response_stock
from governance.ui.blocks import columns_of
from governance.ui.filters import choose
from governance.ui.gaming_panel import show_gaming
from governance.ui.shell import open_page

with open_page("incident_response") as page:
    selection = choose(page, "week", "community", "category", "severity", "demand")
    response_panels.show_conclusion(page, selection)
    left, right = columns_of("response-top", 908, 704)
    with left:
        response_panels.show_stages(page, selection)
    with right:
        response_panels.show_curves(page, selection)
    left, right = columns_of("response-open", 498, 1114)
    with left:
        response_due.show_due(page, selection)
        response_stock.show_open(page, selection)
    with right:
        response_stock.show_list(page, selection)
    left, right = columns_of("response-more", 806, 806)
    with left:
        response_people.show_straight(page, selection)
    with right:
        response_people.show_demand(page, selection)
    show_gaming(page, selection)
    response_people.show_footer(page, selection)
