"""巡逻轨迹: one night, shift or storm replayed, what was visited, what was missed."""

from governance.ui import replay_panels as replay
from governance.ui.patrol_job import wait_for_patrols
from governance.ui.shell import open_page

with open_page("patrol_replay") as page:
    wait_for_patrols(page)
    turn = replay.choose_turn(page)
    replay.show_replay(page, turn)
    replay.show_summary(page, turn)
