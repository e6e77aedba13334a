"""周报导出: the week as Word, PowerPoint and Excel, one click each."""

from governance.ui import report_panels as report
from governance.ui.filters import choose
from governance.ui.shell import open_page

with open_page("weekly_report") as page:
    selection = choose(page, "week")
    report.show_conclusion(page, selection)
    report.show_papers(page, selection)
    report.show_figures(page, selection)
    report.show_missing(page, selection)
    report.show_footer(page, selection)
