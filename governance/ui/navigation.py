"""The pages of the product, in menu order: the one list the menu, the shell and the tests read."""

from __future__ import annotations

from dataclasses import dataclass

from governance.settings import PROJECT_DIR
from governance.text import t

PAGES_DIR = PROJECT_DIR / "pages"


@dataclass(frozen=True)
class PageSpec:
    """One page: its file in pages/, its menu group and the record kinds its figures rest on.

    The title stands in the text file under `pages.<file>`, the group under `groups.<group>`.
    `is_hidden` keeps a page out of the menu; it can still be opened by its address. A page that
    `is_live` works on the store as it stands, also while the others show a frozen week.
    """

    file: str
    group: str
    sources: tuple[str, ...] = ("incidents",)
    is_hidden: bool = False
    is_live: bool = False

    @property
    def title(self) -> str:
        """Its name in the menu."""
        return t(f"pages.{self.file}")

    @property
    def path(self) -> str:
        """The script that draws it."""
        return str(PAGES_DIR / f"{self.file}.py")

    @property
    def is_default(self) -> bool:
        """Whether its address is `/` and not `/<file>`."""
        return self.file == PAGES[0].file


PAGES: tuple[PageSpec, ...] = (
    PageSpec("week_overview", "weekly", sources=("incidents", "checkins")),
    PageSpec("commitment_ledger", "weekly", sources=("incidents",), is_live=True),
    PageSpec("weekly_report", "weekly"),
    PageSpec("grid_map", "patrol", sources=("incidents",)),
    PageSpec("patrol_coverage", "patrol", sources=("pings",)),
    PageSpec("patrol_replay", "patrol", sources=("pings",)),
    PageSpec("incident_response", "incident", sources=("incidents",)),
    PageSpec("case_escalation", "incident", sources=("incidents", "requests")),
    PageSpec("process_control", "incident", sources=("incidents",)),
    PageSpec("care_visits", "people", sources=("visits",)),
    PageSpec("storm_response", "people", sources=("warnings", "warning_steps")),
    PageSpec("grid_handbook", "people", sources=("members",), is_live=True),
    PageSpec("data_intake", "data", sources=(), is_live=True),
    PageSpec("meeting_screen", "weekly", is_hidden=True),
)


def page_named(file: str) -> PageSpec:
    """The page drawn by pages/<file>.py.

    Raises
    ------
    KeyError
        When it is not in the list.
    """
    for page in PAGES:
        if page.file == file:
            return page
    raise KeyError(file)


def groups() -> tuple[str, ...]:
    """The menu's groups, in the order in which pages name them."""
    return tuple(dict.fromkeys(page.group for page in PAGES if not page.is_hidden))
