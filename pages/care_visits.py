"""一老一小: who is due a visit, overdue first; warnings, the home-care chain, activities."""

from governance.ui import care_form, care_map_panel, care_more
from governance.ui import care_panels as care
from governance.ui.blocks import columns_of
from governance.ui.filters import choose
from governance.ui.shell import open_page

with open_page("care_visits") as page:
    selection = choose(page, "week", "community")
    care.show_cards(page, selection)
    left, right = columns_of("care", 60, 40)
    with left:
        care.show_due(page, selection)
    with right:
        care_map_panel.show_map(page, selection)
    care_form.show_form(page)
    left, right = columns_of("care-time", 50, 50)
    with left:
        care_more.show_weeks(page, selection)
    with right:
        care_more.show_surge(page, selection)
    left, right = columns_of("care-chain", 50, 50)
    with left:
        care_more.show_chain(page, selection)
    with right:
        care_more.show_left(page, selection)
    care_more.show_activities(page, selection)
    care_map_panel.show_footer(page, selection)
