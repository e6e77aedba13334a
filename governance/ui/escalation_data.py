"""What 逐级化解 computes from a data set, one function a cache entry (see ui.cache.cached)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.place_words import short_name
from governance.metrics import areas, containment, disputes, repeats, satisfaction
from governance.metrics.judged import judged_cases
from governance.metrics.stages import us_of
from governance.metrics.windows import FOUND, PUBLIC, Scope, Span
from governance.text import t
from governance.ui.cache import cached
from governance.workdays import Week, weeks_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from governance.metrics.stages import Stamps
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection

STREET, COMMUNITY, REST = "street", "community", "rest"
TREND_WEEKS, MONTH_WEEKS = 12, 4
WIDE, NARROW = "wide", "narrow"
RULES = {WIDE: repeats.REPEAT_WITHIN_M, NARROW: None}
_MOST_GROUPS = 12


# -------------------------------------------------------------------------------- windows
@dataclass(frozen=True)
class Window:
    """A run of whole weeks; `of_n` is how many were asked for, more than the records may reach."""

    weeks: tuple[Week, ...]
    of_n: int

    @property
    def span(self) -> Span:
        """From its first to its last day; empty without weeks."""
        if not self.weeks:
            never = Span.of_days(None, None).start_at
            return Span(never, never)
        return Span(self.weeks[0].start_at, self.weeks[-1].end_at)

    @property
    def spans(self) -> list[Span]:
        """One a week."""
        return [Span(week.start_at, week.end_at) for week in self.weeks]


def first_week(dataset: Dataset, kind: str = "incidents") -> Week | None:
    """The week of the first record of a kind; None without one."""
    column = "collected_at" if kind == "requests" else "reported_at"
    first = dataset.frame(kind)[column].min()
    return None if pd.isna(first) else Week.of(first.to_pydatetime())


def window(dataset: Dataset, week: Week, count: int, kind: str = "incidents") -> Window:
    """The `count` weeks up to `week`, without those before the records begin."""
    begin = cached(first_week, dataset, kind)
    weeks = weeks_until(week, count)
    kept = tuple(one for one in weeks if begin is not None and one >= begin)
    return Window(kept, count)


def known_until(dataset: Dataset, span: Span, kind: str = "incidents") -> datetime | None:
    """As-of for a figure of a window: what was known at its end."""
    as_of = dataset.as_of_for(kind)
    return None if as_of is None else min(as_of, span.end_at)


# --------------------------------------------------------------------------------- groups
def community_names(dataset: Dataset) -> dict[str, str]:
    """Communities by code, in code order, without the word 社区; those of the records where none are known.

    Where the records name more than a dozen, the dozen with most cases.
    """
    known = dataset.frame("communities").dropna(subset=["community_code"])
    known = known.drop_duplicates("community_code", keep="last").sort_values("community_code")
    if len(known):
        pairs = zip(known["community_code"], known["name"].fillna(known["community_code"]), strict=True)
        return {str(code): short_name(str(name)) for code, name in pairs}
    counts = dataset.frame("incidents")["community_code"].value_counts()
    return {str(code): str(code) for code in sorted(counts.index[:_MOST_GROUPS])}


def group_name(dataset: Dataset, selection: Selection, group: str) -> str:
    """A group in words; the whole is the chosen community where one is chosen."""
    names = cached(community_names, dataset)
    code = selection.community_code if group == STREET and selection.community_code else group
    return names.get(code) or t(f"case_escalation.groups.{group}")


def community_of_microgrids(dataset: Dataset) -> pd.Series:
    """The community code of each micro-grid, by micro-grid code."""
    return areas.community_of_microgrids(dataset.frame("grids"), dataset.frame("microgrids"))


def community_group(codes: pd.Series, names: dict[str, str]) -> pd.Series:
    """The group of each row: its community where it is named, else the rest."""
    return codes.where(codes.isin(list(names)), REST).fillna(REST).astype("string")


def scoped(dataset: Dataset, selection: Selection) -> pd.Series:
    """Which cases the filters leave."""
    return _in_scope(dataset, Scope(selection.community_code, selection.category))


def scoped_everywhere(dataset: Dataset, selection: Selection) -> pd.Series:
    """Which cases the filters leave in all communities."""
    return _in_scope(dataset, Scope(category=selection.category))


def _in_scope(dataset: Dataset, scope: Scope) -> pd.Series:
    cases = dataset.cases()
    return pd.Series(cases.index.isin(scope.rows(cases).index), index=cases.index)


def demand(dataset: Dataset) -> pd.Series:
    """Whether the public asked (public) or we found it ourselves (found); missing without a source."""
    cases = dataset.cases()
    group = pd.Series(pd.NA, index=cases.index, dtype="string")
    for name in (PUBLIC, FOUND):
        group[Scope(demand=name).rows(cases).index] = name
    return group


# --------------------------------------------------------------------------------- ladder
def levels(dataset: Dataset) -> pd.Series:
    """The closing level of every case."""
    return containment.closing_levels(dataset.cases(), dataset.frame("incident_steps"))


def ladder_marks(dataset: Dataset, week: Week, count: int) -> pd.DataFrame:
    """The bands of the `count` weeks up to `week`, as known at their end."""
    span = window(dataset, week, count).span
    as_of = known_until(dataset, span)
    return containment.containment_marks(
        dataset.cases(), cached(levels, dataset), cached(_due_us, dataset), span=span, as_of=as_of
    )


def _due_us(dataset: Dataset) -> Stamps:
    judged = judged_cases(dataset)
    return us_of(dataset.cases()["due_at"]) if judged is None else judged.due_us


def ladder(dataset: Dataset, selection: Selection, count: int) -> pd.DataFrame:
    """The ladder of the street, of the public's and our own cases, and of the communities.

    Columns: kind (street, demand, community), group, name, is_chosen, cases_n, the bands, and
    previous_n, previous_community_n of the weeks before. Communities have the category of the
    filter only, in code order; no rows by demand where no source is recorded.
    """
    names = cached(community_names, dataset)
    tables = []
    for week in (selection.week, selection.week.shifted(-count)):
        marks = cached(ladder_marks, dataset, week, count)
        inside = marks[cached(scoped, dataset, selection)]
        around = marks[cached(scoped_everywhere, dataset, selection)]
        codes = community_group(dataset.cases()["community_code"].loc[around.index], names)
        parts = {
            STREET: containment.ladder_table(inside, pd.Series(STREET, index=inside.index)),
            "demand": containment.ladder_table(inside, cached(demand, dataset).loc[inside.index]),
            COMMUNITY: containment.ladder_table(around, codes),
        }
        tables.append(pd.concat([part.assign(kind=kind) for kind, part in parts.items()]))
    now, before = (table.set_index(["kind", "group"]) for table in tables)
    has_sources = any(kind == "demand" for kind, _ in now.index)
    order = [(STREET, STREET), *([("demand", PUBLIC), ("demand", FOUND)] if has_sources else [])]
    order += [(COMMUNITY, code) for code in names]
    order += [(COMMUNITY, REST)] if (COMMUNITY, REST) in now.index else []
    result = now.reindex(pd.MultiIndex.from_tuples(order, names=["kind", "group"])).fillna(0).astype("int64")
    past = before.reindex(result.index).fillna(0).astype("int64")
    result["previous_n"], result["previous_community_n"] = past["cases_n"], past["community_n"]
    result = result.reset_index()
    result["name"] = [group_name(dataset, selection, str(group)) for group in result["group"]]
    result["is_chosen"] = result["group"].eq(selection.community_code or "")
    return result


# ------------------------------------------------------------- came back, repeats, chronic
def suppression(dataset: Dataset, week: Week, rule: str) -> pd.DataFrame:
    """`containment.suppression_marks` of the cases closed in the community in the trend weeks."""
    marks = cached(ladder_marks, dataset, week, TREND_WEEKS)
    as_of = dataset.as_of_for("incidents")
    return containment.suppression_marks(
        dataset.cases(), marks["community_n"], as_of=as_of, within_m=RULES[rule]
    )


def repeat_marks(dataset: Dataset, week: Week, rule: str) -> pd.DataFrame:
    """Events of the trend weeks: followed_n (with 30 days of records after), repeats_n (of those)."""
    cases, span = dataset.cases(), window(dataset, week, TREND_WEEKS).span
    events = repeats.merged_events(cases)
    inside = span.holds(events["reported_at"])
    followed = inside & repeats.has_followup(events["reported_at"], dataset.as_of_for("incidents"))
    again = followed & repeats.is_repeated(events, within_m=RULES[rule])
    marks = pd.DataFrame({"events_n": inside, "followed_n": followed, "repeats_n": again})
    return marks.reindex(cases.index, fill_value=False)


def by_group(dataset: Dataset, selection: Selection, marks: pd.DataFrame) -> pd.DataFrame:
    """Marks of cases counted for the street (group `street`) and per community, in code order."""
    names = cached(community_names, dataset)
    inside = marks[cached(scoped, dataset, selection)]
    around = marks[cached(scoped_everywhere, dataset, selection)]
    codes = community_group(dataset.cases()["community_code"].loc[around.index], names)
    counts = around.astype("int64").groupby(codes).sum()
    order = [*names, *([REST] if REST in counts.index else [])]
    counts = counts.reindex(order).fillna(0).astype("int64")
    street = inside.astype("int64").sum().to_frame(STREET).T.astype("int64")
    table = pd.concat([street, counts]).rename_axis("group").reset_index()
    table.insert(1, "name", [group_name(dataset, selection, str(group)) for group in table["group"]])
    return table


# Of each check its marks, the cases it looks at and those it finds.
CHECKS: dict[str, tuple[Callable[[Dataset, Week, str], pd.DataFrame], str, str]] = {
    "suppression": (suppression, "suppressible_n", "suppressed_n"),
    "repeats": (repeat_marks, "followed_n", "repeats_n"),
}


def both_rules(dataset: Dataset, selection: Selection, check: str) -> pd.DataFrame:
    """A check by both rules of a place: group, name, n, wide_n (50 m), address_n (address alone)."""
    compute, whole, part = CHECKS[check]
    wide, narrow = (
        by_group(dataset, selection, cached(compute, dataset, selection.week, rule)) for rule in RULES
    )
    return pd.DataFrame(
        {
            "group": wide["group"],
            "name": wide["name"],
            "n": wide[whole],
            "wide_n": wide[part],
            "address_n": narrow[part],
        }
    )


def chronic_span(week: Week) -> Span:
    """The 90 days up to the end of a week."""
    days = pd.Timedelta(days=repeats.CHRONIC_WITHIN_D)
    return Span((pd.Timestamp(week.end_at) - days).to_pydatetime(), week.end_at)


def chronic_cases(dataset: Dataset, selection: Selection, rule: str) -> pd.DataFrame:
    """The cases of chronic places of the 90 days up to the week's end (`repeats.chronic_events`)."""
    cases = dataset.cases()[cached(scoped, dataset, selection)]
    return repeats.chronic_events(cases, span=chronic_span(selection.week), within_m=RULES[rule])


def chronic(dataset: Dataset, selection: Selection, rule: str) -> pd.DataFrame:
    """`repeats.chronic_places` with the responsible community and micro-grid in words (owner)."""
    events = cached(chronic_cases, dataset, selection, rule)
    places = repeats.places_of(events)
    names = cached(community_names, dataset)
    words = [
        names.get(str(code), str(code)) if isinstance(code, str) else "" for code in places["community_code"]
    ]
    grids = [code if isinstance(code, str) else "" for code in places["microgrid_code"]]
    owners = [" ".join(part for part in pair if part) or "—" for pair in zip(words, grids, strict=True)]
    return places.assign(owner=pd.array(owners, dtype="string"))


# ------------------------------------------------------------------ disputes, satisfaction
def dispute_marks(dataset: Dataset, week: Week) -> pd.DataFrame:
    """`disputes.dispute_marks` of the trend weeks."""
    return disputes.dispute_marks(
        dataset.cases(),
        cached(levels, dataset),
        dataset.frame("incident_steps"),
        span=window(dataset, week, TREND_WEEKS).span,
        as_of=dataset.as_of_for("incidents"),
    )


def dispute_counts(dataset: Dataset, selection: Selection) -> dict[str, int]:
    """The counts of `dispute_marks` inside the filters."""
    marks = cached(dispute_marks, dataset, selection.week)[cached(scoped, dataset, selection)]
    return dict(disputes.dispute_figures(marks))


def satisfaction_marks(dataset: Dataset, week: Week) -> pd.DataFrame:
    """`satisfaction.satisfaction_marks` of the public's cases closed in the trend weeks."""
    marks = satisfaction.satisfaction_marks(
        dataset.cases(),
        span=window(dataset, week, TREND_WEEKS).span,
        as_of=dataset.as_of_for("incidents"),
    )
    is_public = cached(demand, dataset).eq(PUBLIC).fillna(False).astype(bool)
    return pd.DataFrame({name: marks[name] & is_public for name in marks.columns})


def satisfied(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """`satisfaction.satisfaction_table` of the street and by closing level (level_<level>)."""
    marks = cached(satisfaction_marks, dataset, selection.week)[cached(scoped, dataset, selection)]
    level = "level_" + cached(levels, dataset).loc[marks.index].fillna("unknown")
    whole = satisfaction.satisfaction_table(marks, pd.Series(STREET, index=marks.index))
    table = pd.concat([whole, satisfaction.satisfaction_table(marks, level)]).set_index("group")
    order = [STREET, "level_community", "level_street", "level_above", "level_unknown"]
    return table.reindex([group for group in order if group in table.index]).reset_index()
