"""督办清单: what the meeting decided, who does it by when, and did it work."""

from governance.ui import ledger_panels as ledger
from governance.ui.filters import choose
from governance.ui.shell import open_page

with open_page("commitment_ledger") as page:
    selection = choose(page, "week")
    ledger.show_conclusion(page, selection)
    ledger.show_form(page, selection)
    ledger.show_list(page, selection)
    ledger.show_workbook(page)
    ledger.show_footer()
