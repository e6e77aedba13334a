"""逐级化解: small matters in the community, large ones in the street, nothing passed up or put off."""

from governance.ui import escalation_panels as escalation
from governance.ui import recurrence_panels as recurrence
from governance.ui import wish_panels as wishes
from governance.ui.filters import choose
from governance.ui.shell import open_page

with open_page("case_escalation") as page:
    selection = choose(page, "week", "community", "category")
    escalation.show_conclusion(page, selection)
    main, side = escalation.columns("top", 1040, 571)
    with main:
        escalation.show_ladder(page, selection)
    with side:
        recurrence.show_check(page, selection, "suppression")
        recurrence.show_check(page, selection, "repeats")
    left, right = escalation.columns("middle", 800, 811)
    with left:
        recurrence.show_disputes(page, selection)
    with right:
        wishes.show_satisfaction(page, selection)
    recurrence.chronic_block(page, selection)
    main, side = escalation.columns("wishes", 1040, 571)
    with main:
        wishes.show_opinions(page, selection)
    with side:
        wishes.show_silent(page, selection)
    main, side = escalation.columns("severities", 1040, 571)
    with main:
        wishes.show_drift(page, selection)
    with side:
        wishes.show_regraded(page, selection)
    escalation.show_footer()
