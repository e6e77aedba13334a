"""数据接入: files in, what became of every row, and the way back."""

from governance.ui import intake_history as history
from governance.ui import intake_panels as intake
from governance.ui.limits_panel import show_limits
from governance.ui.shell import open_page

with open_page("data_intake") as page:
    intake.show_state(page)
    main, side = intake.columns()
    with main:
        intake.show_upload(page)
        intake.show_result(page)
    with side:
        intake.show_recipe()
        intake.show_templates()
    history.show_history(page)
    show_limits(page)
    history.show_mapping_editor(page)
