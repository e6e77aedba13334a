"""过程监测: is this week different, or noise? XmR charts of every metric, with named rules."""

from governance.ui import control_notes
from governance.ui import control_panels as control
from governance.ui.blocks import columns_of
from governance.ui.filters import choose
from governance.ui.shell import open_page

with open_page("process_control") as page:
    selection = choose(page, "week", "community", "demand")
    choice = control.choose_chart(page, selection)
    control.show_conclusion(page, choice)
    left, right = columns_of("control", 1050, 560)
    with left:
        control.show_chart(page, choice)
    with right:
        control.show_metrics(page, choice)
    left, right = columns_of("control-more", 1050, 560)
    with left:
        control.show_communities(page, choice)
    with right:
        control_notes.show_notes(page, choice)
    control.show_footer()
