"""网格手册: type an address, find who solves it; and how complete and fresh the book is."""

from governance.ui import handbook_health as health
from governance.ui import handbook_panels as handbook
from governance.ui import handbook_roster as roster
from governance.ui.blocks import columns_of
from governance.ui.shell import open_page

with open_page("grid_handbook") as page:
    look = handbook.choose_look(page)
    handbook.show_conclusion(page, look)
    left, right = columns_of("handbook", 56, 44)
    with left:
        if look.code:
            handbook.show_people(page, look)
            handbook.show_facts(page, look)
            handbook.show_visits(page, look)
        else:
            handbook.show_candidates(page, look)
            health.show_health(page)
            health.show_twice(page)
            roster.show_paper(page)
    with right:
        handbook.show_map(page, look)
        if look.code:
            handbook.show_cases(page, look)
    if look.code:
        health.show_health(page)
        health.show_twice(page)
    health.show_mending(page)
    if look.code:
        roster.show_paper(page)
    roster.show_roster(page)
    handbook.show_footer(page)
