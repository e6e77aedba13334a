"""巡逻覆盖: was every place patrolled, who was forgotten, who was on duty, together or apart."""

from governance.ui import coverage_panels as coverage
from governance.ui.blocks import columns_of
from governance.ui.coverage_map import show_map
from governance.ui.filters import choose
from governance.ui.patrol_job import wait_for_patrols
from governance.ui.shell import open_page

with open_page("patrol_coverage") as page:
    wait_for_patrols(page)
    selection = choose(page, "week", "community", "force", "tier")
    coverage.show_cards(page, selection)
    left, right = columns_of("coverage", 43, 57)
    with left:
        show_map(page, selection)
    with right:
        coverage.show_duty(page, selection)
        coverage.show_gaps(page, selection)
    left, right = columns_of("coverage-effort", 50, 50)
    with left:
        coverage.show_effort(page, selection)
    with right:
        coverage.show_groups(page, selection)
    coverage.show_footer(page, selection)
