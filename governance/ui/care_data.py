"""What 一老一小 computes from a data set, one function a cache entry (see ui.cache.cached)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from governance.figures.care_map import CarePlace
from governance.metrics import care, care_chain, care_rows, care_surge
from governance.metrics.areas import community_of_microgrids
from governance.metrics.small_numbers import shown_counts
from governance.metrics.windows import Span
from governance.ui.cache import cached
from governance.ui.escalation_data import community_names
from governance.workdays import weeks_until

if TYPE_CHECKING:
    from datetime import datetime

    from governance.metrics.areas import AreaKey
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.workdays import Week

Part = Literal["all", "high", "rest"]
UNKNOWN = "-"
COVERED_WEEKS = 26
SURGE_H = 24
# Whom the handbook attaches to a micro-grid, but who does not visit by the register.
_ATTACHED = ("民警", "医生", "律师")
_NOT_AT_HOME = "未在家|不在家|无人|未遇"


# ------------------------------------------------------------------------- places and people
def held_microgrids(dataset: Dataset) -> pd.Series:
    """The community code of each micro-grid."""
    return community_of_microgrids(dataset.frame("grids"), dataset.frame("microgrids"))


def own_community(dataset: Dataset) -> str | None:
    """The code of this machine's own community, by the setting's code or name; None without one."""
    told = dataset.settings.text("own_community").strip()
    known = dataset.frame("communities").dropna(subset=["community_code"])
    is_named = known["community_code"].eq(told) | known["name"].eq(told)
    codes = known.loc[is_named.fillna(False).astype(bool), "community_code"]
    return str(codes.iloc[-1]) if told and len(codes) else None


def _community_of(dataset: Dataset, people: pd.DataFrame) -> pd.Series:
    return people["microgrid_code"].map(cached(held_microgrids, dataset)).astype("string").fillna(UNKNOWN)


def known_at(dataset: Dataset, week: Week) -> datetime | None:
    """The moment a week's figures are for: its end, or as_of inside it; None outside the records."""
    return care_rows.care_end(dataset, Span(week.start_at, week.end_at))


def due_list(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Everybody of the register at a week's end: the never visited first, then by hours overdue.

    The columns of `care.care_due` and community_code (`-` where none is known), over_h (missing when not
    overdue), member_id and role (of who visited last in the micro-grid, else of its first member).
    """
    at = known_at(dataset, week)
    frames = [dataset.frame(kind) for kind in ("care_register", "visits", "warnings")]
    if at is None:
        return care.care_due(*(frame.iloc[:0] for frame in frames), at=week.end_at).assign(
            community_code="", over_h=0.0, member_id="", role=""
        )
    due = care.care_due(*frames, at=at)
    is_late = due["state"].isin(["overdue", "never"]).astype(bool)
    over_h = (pd.Timestamp(at) - due["due_at"]).dt.total_seconds().where(is_late) / 3_600
    table = due.assign(community_code=_community_of(dataset, due), over_h=over_h)
    table = _with_members(dataset, table, at)
    rank = table["state"].map({"never": 0, "overdue": 1, "not_yet": 2, "done": 2}).astype("int64")
    order = table.assign(rank=rank, wait=table["over_h"].fillna(0.0))
    order = order.sort_values(["rank", "wait", "due_at", "person_ref"], ascending=[True, False, True, True])
    return order.drop(columns=["rank", "wait"]).reset_index(drop=True)


def _with_members(dataset: Dataset, people: pd.DataFrame, at: datetime) -> pd.DataFrame:
    members = dataset.frame("members").dropna(subset=["member_id"]).drop_duplicates("member_id", keep="last")
    visiting = members[~members["role"].isin(_ATTACHED).fillna(False)]
    first = visiting.drop_duplicates("microgrid_code").set_index("microgrid_code")["member_id"]
    visits = dataset.frame("visits")
    seen = visits[visits["visited_at"].le(at).fillna(False).astype(bool)].dropna(subset=["member_id"])
    last = seen.sort_values("visited_at").drop_duplicates("person_ref", keep="last")
    by = people["person_ref"].map(last.set_index("person_ref")["member_id"]).astype("string")
    own = by.map(members.set_index("member_id")["microgrid_code"]).astype("string")
    is_here = own.eq(people["microgrid_code"]).fillna(False).astype(bool)
    who = by.where(is_here, people["microgrid_code"].map(first).astype("string"))
    return people.assign(member_id=who, role=who.map(members.set_index("member_id")["role"]).astype("string"))


# ----------------------------------------------------------------------------- small numbers
def hidden_communities(dataset: Dataset, week: Week) -> frozenset[str]:
    """Communities with fewer than 5 persons, and those that subtraction would give; never the own one."""
    counts = cached(due_list, dataset, week)["community_code"].value_counts()
    shown = shown_counts(counts.sort_index())
    return frozenset(str(code) for code in shown.index[shown.isna()]) - {own_community(dataset) or ""}


def is_hidden(dataset: Dataset, selection: Selection) -> bool:
    """Whether the community chosen has too few persons to be looked at."""
    code = selection.community_code
    return code is not None and code in cached(hidden_communities, dataset, selection.week)


def scoped(people: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """The rows of the community chosen."""
    code = selection.community_code
    return people if code is None else people[people["community_code"].eq(code).fillna(False).astype(bool)]


# ------------------------------------------------------------------------------------ figures
@dataclass(frozen=True)
class Counts:
    """Counts of persons: on the register, not overdue, overdue, never visited (of the overdue)."""

    due_n: int = 0
    done_n: int = 0
    overdue_n: int = 0
    never_n: int = 0

    @classmethod
    def of(cls, people: pd.DataFrame) -> Counts:
        """The sums of `care.care_counts` of some people."""
        table = care.care_counts(people, pd.Series("all", index=people.index)).drop(columns="group")
        return cls(**{str(name): int(n) for name, n in table.sum().items()})

    @property
    def share(self) -> float | None:
        """Not overdue ÷ on the register; None without anybody."""
        return self.done_n / self.due_n if self.due_n else None


def counts_of(dataset: Dataset, week: Week, code: str | None, part: Part = "all") -> Counts | None:
    """The counts of a week's end, of high risk or the rest alone; None where no record reaches it."""
    if known_at(dataset, week) is None:
        return None
    people = cached(due_list, dataset, week)
    if code is not None:
        people = people[people["community_code"].eq(code).fillna(False).astype(bool)]
    is_high = people["risk"].eq(care.HIGH).fillna(False).astype(bool)
    return Counts.of(people if part == "all" else people[is_high == (part == "high")])


def by_community(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Counts of a week's end by community in code order, and of high risk (`high_…`), all risks together.

    Columns: community_code, name, due_n, done_n, overdue_n, never_n, high_due_n, high_done_n; missing for
    the communities that may not be shown.
    """
    people, names = cached(due_list, dataset, week), cached(community_names, dataset)
    hidden = cached(hidden_communities, dataset, week)
    rows = []
    for code in (*names, *sorted(set(people["community_code"]) - set(names))):
        own = people[people["community_code"].eq(code).fillna(False).astype(bool)]
        every, high = Counts.of(own), Counts.of(own[own["risk"].eq(care.HIGH).fillna(False).astype(bool)])
        counts = {name: getattr(every, name) for name in ("due_n", "done_n", "overdue_n", "never_n")}
        counts |= {"high_due_n": high.due_n, "high_done_n": high.done_n}
        if code in hidden:
            counts = dict.fromkeys(counts, None)
        rows.append({"community_code": code, "name": names.get(code, ""), **counts})
    columns = [
        "community_code",
        "name",
        "due_n",
        "done_n",
        "overdue_n",
        "never_n",
        "high_due_n",
        "high_done_n",
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"community_code": "string", "name": "string"} | dict.fromkeys(columns[2:], "Int64"))


def by_member(people: pd.DataFrame) -> pd.DataFrame:
    """Who has how many overdue: member_id, role, community_code, due_n, overdue_n, never_n, longest_h."""
    marks = people.assign(
        overdue=people["state"].isin(["overdue", "never"]).astype("int64"),
        never=people["state"].eq("never").astype("int64"),
        member_id=people["member_id"].fillna(""),
        role=people["role"].fillna(""),
    )
    table = (
        marks.groupby(["member_id", "role", "community_code"], sort=True)
        .agg(due_n=("state", "size"), overdue_n=("overdue", "sum"), never_n=("never", "sum"),
             longest_h=("over_h", "max"))
        .reset_index()
    )  # fmt: skip
    return table.sort_values(
        ["never_n", "overdue_n", "longest_h", "member_id"], ascending=[False, False, False, True],
        ignore_index=True,
    )  # fmt: skip


def coverage_weeks(dataset: Dataset, week: Week, code: str | None) -> pd.DataFrame:
    """High risk at the end of each of the last weeks, without those before the records begin."""
    held = cached(held_microgrids, dataset)
    microgrids = None if code is None else tuple(held.index[held.eq(code).fillna(False).astype(bool)])
    table = care_rows.high_risk_weeks(dataset, weeks_until(week, COVERED_WEEKS), microgrids)
    known = table.index[table["due_n"].notna()]
    return table.loc[known.min() :].reset_index(drop=True) if len(known) else table.iloc[:0]


def surge(dataset: Dataset, week: Week, code: str | None) -> pd.DataFrame:
    """`care_surge.care_surge` of the warnings up to a week's end, with community_code."""
    at = known_at(dataset, week)
    frames = [dataset.frame(kind) for kind in ("care_register", "visits", "warnings")]
    if at is None:
        frames, at = [frame.iloc[:0] for frame in frames], week.end_at
    found = care_surge.care_surge(*frames, as_of=at)
    if found.empty:
        return found.assign(community_code="")
    table = found.assign(community_code=_community_of(dataset, found))
    return table if code is None else table[table["community_code"].eq(code).fillna(False).astype(bool)]


# ------------------------------------------------------------------------- chain, left, visits
def elders(dataset: Dataset, week: Week) -> pd.DataFrame:
    """The elders of the register at a week's end, with community_code."""
    people = care_chain.elders(dataset.frame("care_register"), at=known_at(dataset, week) or week.end_at)
    return people.assign(community_code=_community_of(dataset, people))


def left(dataset: Dataset, week: Week) -> pd.DataFrame:
    """Who left the list by a week's end, with community_code."""
    found = care.left_register(dataset.frame("care_register"), at=known_at(dataset, week) or week.end_at)
    return found.assign(community_code=_community_of(dataset, found))


@dataclass(frozen=True)
class VisitNotes:
    """What is to be known of the visits: rows, where they begin, what was left out and why."""

    visits_n: int
    week_n: int
    not_home_n: int
    before_register_n: int
    unknown_person_n: int
    undated_risk_n: int
    begins_at: pd.Timestamp | None


def visit_notes(dataset: Dataset, week: Week) -> VisitNotes:
    """Of all stored visits and of a week's."""
    visits, register = dataset.frame("visits"), dataset.frame("care_register")
    inside = Span(week.start_at, week.end_at).holds(visits["visited_at"])
    not_home = visits.loc[inside, "outcome"].fillna("").str.contains(_NOT_AT_HOME, regex=True)
    left_out = care_rows.uncounted_counts(dataset)
    first = visits["visited_at"].min()
    return VisitNotes(
        visits_n=len(visits),
        week_n=int(inside.sum()),
        not_home_n=int(not_home.sum()),
        before_register_n=left_out.get("before_register", 0),
        unknown_person_n=left_out.get("unknown_person", 0),
        undated_risk_n=int((~register["risk"].isin(list(care.VISIT_EVERY_D))).sum()),
        begins_at=None if pd.isna(first) else first,
    )


# ---------------------------------------------------------------------------------------- map
def _week_visits(dataset: Dataset, week: Week) -> pd.Series:
    """The visits of a week, by the micro-grid where the person lives."""
    visits = dataset.frame("visits")
    inside = visits[Span(week.start_at, week.end_at).holds(visits["visited_at"])]
    people = cached(due_list, dataset, week).set_index("person_ref")["microgrid_code"]
    return inside["person_ref"].map(people).value_counts()


def map_places(dataset: Dataset, week: Week) -> dict[AreaKey, CarePlace]:
    """Communities by their counts; the own one by its micro-grids instead."""
    own, held, places = own_community(dataset), cached(held_microgrids, dataset), {}
    visits = _week_visits(dataset, week)
    by_place = visits.groupby(held.reindex(visits.index).fillna(UNKNOWN).to_numpy()).sum()
    for row in cached(by_community, dataset, week).to_dict("records"):
        code = str(row["community_code"])
        due_n, overdue_n = (None if pd.isna(row[key]) else int(row[key]) for key in ("due_n", "overdue_n"))
        if code not in (own, UNKNOWN):
            name = str(row["name"] or code)
            places["community", code] = CarePlace(name, due_n, overdue_n, int(by_place.get(code, 0)))
    if own is None:
        return places
    cells = dataset.frame("microgrids").drop_duplicates("microgrid_code", keep="last")
    cells = cells[cells["microgrid_code"].map(held).eq(own).fillna(False).astype(bool)]
    grouped = dict(list(cached(due_list, dataset, week).groupby("microgrid_code")))
    for cell in cells[["microgrid_code", "name"]].to_dict("records"):
        code = str(cell["microgrid_code"])
        found = Counts.of(grouped[code]) if code in grouped else Counts()
        name = code if pd.isna(cell["name"]) else str(cell["name"])
        seen_n = int(visits.get(code, 0))
        places["microgrid", code] = CarePlace(name, found.due_n, found.overdue_n, seen_n)
    return places
