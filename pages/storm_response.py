"""防汛应急: what a warning set in motion, how much time there was, what is missing, what was late."""

from governance.ui import storm_after as after
from governance.ui import storm_panels as storm
from governance.ui.blocks import columns_of
from governance.ui.shell import open_page

with open_page("storm_response") as page:
    own = storm.choose_warning(page)
    storm.show_head(page, own)
    left, right = columns_of("storm", 44, 56)
    with left:
        storm.show_map(page, own)
    with right:
        storm.show_steps(page, own)
        storm.show_floods(own)
        storm.show_missing(page, own)
    storm.show_course(own)
    after.show_after(page, own)
    after.show_replay(page, own)
    storm.show_footer(page, own)
