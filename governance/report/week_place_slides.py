"""The slides about places and people: coverage and gaps, 一老一小 and storm readiness."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.coverage_bars import rulers_of
from governance.figures.metric_words import change_text, target_text
from governance.figures.place_words import Scale, short_name
from governance.metrics.small_numbers import is_small, shown_counts
from governance.metrics.targets import target_of
from governance.report.model import Chart, Figure, Item, Series, Slide
from governance.report.week_map import since_area_map
from governance.report.week_parts import items_of, title_of
from governance.report.week_patrol import NIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.figures.coverage_bars import Ruler
    from governance.meeting.ranking import Headline
    from governance.metrics.targets import Target
    from governance.records.dataset import Dataset
    from governance.report.model import Mark
    from governance.report.week_patrol import PatrolFacts
    from governance.report.week_people import PeopleFacts
    from governance.workdays import Week

SHARE = Scale("%", 0.01, 1)
_RULERS = ("microgrids", "points", "routes")


def share_figure(
    key: str, label: str, share: float | None, *, basis: str, definition: str, previous: float | None,
    target: Target | None,
) -> Figure:  # fmt: skip
    """A share with what it rests on, last week and its target, met or not."""
    value = math.nan if share is None else share
    before = math.nan if previous is None else previous
    has_both = not math.isnan(value) and not math.isnan(before)
    change = f"（{change_text(SHARE, value - before)}）" if has_both else ""
    mark: Mark = "none"
    if target is not None and not math.isnan(value):
        mark = "met" if target.is_met(value) else "missed"
    return Figure(
        key=key,
        label=label,
        value=SHARE.number(value),
        unit="" if math.isnan(value) else SHARE.unit,
        basis=basis,
        previous="" if math.isnan(before) else t("cards.previous", value=SHARE.number(before) + change),
        target=t("cards.target", target=target_text(SHARE, target.value, target.direction)) if target else "",
        mark=mark,
        word="" if mark == "none" else t(f"cards.standing.{mark}"),
        definition=definition,
    )


# -------------------------------------------------------------------------------- coverage
def coverage_slide(
    dataset: Dataset,
    facts: PatrolFacts | None,
    week: Week,
    found: Sequence[Headline],
    *,
    is_struck: bool = False,
) -> Slide:
    """Micro-grids, required points, routes and nights; what is over its limit, on the map."""
    if facts is None:
        return Slide("coverage", t("slides.coverage.none"), empty=t("slides.coverage.empty"))
    aim = target_of(dataset.frame("targets"), "microgrids_visited_share", week.last_day)
    rulers = rulers_of(facts.this, facts.before, target=aim.value if aim else None)
    figures = [_ruler_figure(one, aim) for one in rulers if one.key in _RULERS and one.share is not None]
    night = _night_figure(dataset, facts, week)
    own = items_of(found, "night", "gap")
    return Slide(
        "coverage",
        _coverage_title(facts, rulers),
        items=own or _quiet_night(facts),
        figures=tuple(replace(one, is_struck=is_struck) for one in (*figures, *([night] if night else []))),
        map=since_area_map(dataset, facts.since),
        notes=(t("slides.notes.coverage"),),
    )


def _ruler_figure(one: Ruler, aim: Target | None) -> Figure:
    """A coverage as 巡逻覆盖 writes it; a range where border visits add to the certain ones."""
    is_range = one.upper_share is not None and one.share is not None and one.upper_share > one.share
    return share_figure(
        one.key,
        one.label,
        one.share,
        basis=f"{one.basis}，{one.note}" if is_range else one.basis,
        definition=t(f"coverage.{one.key}.definition"),
        previous=one.previous,
        target=aim if one.key == "microgrids" else None,
    )


def _night_figure(dataset: Dataset, facts: PatrolFacts, week: Week) -> Figure | None:
    night, before = facts.night, facts.night_before
    if night is None or not night.planned_n:
        return None
    basis = t("slides.coverage.night_basis", k=f"{night.present_n:,}", n=f"{night.planned_n:,}")
    return share_figure(
        NIGHT,
        t("slides.coverage.night_label"),
        night.worst_share,
        basis="，".join(
            [basis, *([t("slides.coverage.night_note", n=night.unknown_n)] if night.unknown_n else [])]
        ),
        definition=t("slides.coverage.night_definition"),
        previous=before.worst_share if before else None,
        target=target_of(dataset.frame("targets"), NIGHT, week.last_day),
    )


def _quiet_night(facts: PatrolFacts) -> tuple[Item, ...]:
    night = facts.night
    if night is None or not night.planned_n or night.absent_n or night.unknown_n:
        return ()
    sub = t("slides.coverage.night_none_sub", n=f"{night.planned_n:,}")
    return (Item("normal", t("cards.change.common"), t("slides.coverage.night_none"), sub),)


def _coverage_title(facts: PatrolFacts, rulers: Sequence[Ruler]) -> str:
    by_key = {one.key: one for one in rulers}
    share = by_key["microgrids"].share
    if share is None:
        return t("slides.coverage.unknown")
    state = facts.since["state"].value_counts()
    dark_n = int(state.get("no_data", 0))
    if dark_n > len(facts.since) / 2:
        return t("slides.coverage.unknown")
    late_n = int((facts.since["state"].eq("visited") & facts.since["multiple"].gt(1)).sum())
    never_n, words = int(state.get("never", 0)), SHARE.text(share)
    if facts.night is not None and facts.night.absent_n:
        return title_of(t("slides.coverage.gap", share=words))
    if never_n:
        return title_of(t("slides.coverage.never", share=words, n=never_n))
    if late_n:
        return title_of(t("slides.coverage.late", share=words, n=late_n))
    if dark_n:
        return title_of(t("slides.coverage.dark", share=words, n=dark_n))
    # Within their limits at the week's end, some of them not all week.
    return title_of(t("slides.coverage.all" if facts.gaps.empty else "slides.coverage.passed", share=words))


# -------------------------------------------------------------------------- care and storm
def care_slide(
    dataset: Dataset,
    facts: PeopleFacts,
    week: Week,
    found: Sequence[Headline],
    *,
    is_struck: bool = False,
) -> Slide:
    """Visits due and overdue as counts, points checked after a warning, the handbook's stale entries."""
    counts = [replace(one, is_struck=is_struck) for one in _care_figures(dataset, facts, week)]
    figures = [*counts, *_stale_figures(facts)]
    items = [*items_of(found, "warning"), *_quiet_warning(facts), *_stale_items(dataset, facts, week)]
    if not figures and not facts.warnings and not items:
        return Slide("care_storm", t("slides.care_storm.none"), empty=t("slides.care_storm.empty"))
    chart = _care_chart(dataset, facts)
    return Slide(
        "care_storm",
        _care_title(facts),
        items=tuple(items),
        figures=tuple(figures),
        charts=(chart,) if chart else (),
        notes=tuple(t(f"slides.notes.{name}") for name in ("care", "handbook", "storm")),
    )


def _care_title(facts: PeopleFacts) -> str:
    if facts.warnings:
        last = facts.warnings[-1]
        left = last.points_n - last.checked_n
        key = "warning" if left else "warned"
        return title_of(
            t(f"slides.care_storm.{key}", kind=last.kind, n=left), t("slides.care_storm.warned_one")
        )
    if facts.care.empty:
        return t("slides.care_storm.handbook" if len(facts.handbook) else "slides.care_storm.none")
    overdue = int(facts.care["overdue_n"].sum())
    key = "few" if is_small(overdue) else "many" if overdue else "all"
    return title_of(t(f"slides.care_storm.{key}", n=overdue), t("slides.care_storm.many_short"))


def _care_figures(dataset: Dataset, facts: PeopleFacts, week: Week) -> list[Figure]:
    """On time as a share and overdue as a count; neither where the other gives away fewer than five."""
    if facts.care.empty:
        return []
    due, done, overdue = (int(facts.care[name].sum()) for name in ("due_n", "done_n", "overdue_n"))
    is_hidden = is_small(overdue) or is_small(done) or is_small(due)
    before = _before_share(facts)
    on_time = share_figure(
        "care_on_time_share",
        t("slides.care_storm.on_time"),
        None if is_hidden or not due else done / due,
        basis="" if is_hidden else t("slides.care_storm.on_time_basis", k=done, n=due),
        definition=t("slides.care_storm.on_time_definition"),
        previous=None if is_hidden else before,
        target=target_of(dataset.frame("targets"), "care_on_time_share", week.last_day),
    )
    late = Figure(
        key="care_overdue_n",
        label=t("slides.care_storm.overdue"),
        value=t("slides.care_storm.few_value") if is_hidden else f"{overdue:,}",
        unit=t("slides.care_storm.person"),
        basis="" if is_small(due) else t("slides.care_storm.overdue_basis", n=f"{due:,}"),
        previous=_before_overdue(facts, is_hidden=is_hidden),
        mark="overdue" if overdue else "met",
        word=t("headlines.words.care_overdue") if overdue else t("cards.standing.met"),
        definition=t("slides.care_storm.overdue_definition"),
    )
    return [late] if is_hidden else [on_time, late]


def _before(facts: PeopleFacts) -> tuple[int, int, int] | None:
    """Due, done and overdue a week earlier; None where they must not be shown."""
    if facts.care_before.empty:
        return None
    due, done, overdue = (int(facts.care_before[name].sum()) for name in ("due_n", "done_n", "overdue_n"))
    return None if not due or is_small(overdue) or is_small(done) else (due, done, overdue)


def _before_share(facts: PeopleFacts) -> float | None:
    before = _before(facts)
    return before[1] / before[0] if before else None


def _before_overdue(facts: PeopleFacts, *, is_hidden: bool) -> str:
    before = _before(facts)
    return "" if before is None or is_hidden else t("cards.previous", value=f"{before[2]:,}")


def _stale_figures(facts: PeopleFacts) -> list[Figure]:
    if facts.handbook.empty:
        return []
    entries, stale = (int(facts.handbook[name].sum()) for name in ("entries_n", "stale_n"))
    return [
        Figure(
            key="stale_entries_n",
            label=t("slides.care_storm.stale"),
            value=f"{stale:,}",
            unit=t("slides.care_storm.stale_unit"),
            basis=t("slides.care_storm.stale_basis", n=f"{entries:,}"),
            definition=t("slides.care_storm.stale_definition"),
        )
    ]


def names_of(dataset: Dataset) -> dict[str, str]:
    """Communities by code, in the order of codes, as people say them."""
    frame = dataset.frame("communities").dropna(subset=["community_code"])
    frame = frame.drop_duplicates("community_code", keep="last").sort_values("community_code")
    named = zip(frame["community_code"], frame["name"].fillna(frame["community_code"]), strict=True)
    return {str(code): short_name(str(name)) for code, name in named}


def shown_care(facts: PeopleFacts) -> pd.DataFrame:
    """The counts by community that may be shown: due_n and overdue_n, the latter missing where hidden."""
    table = facts.care.set_index("group")
    overdue = shown_counts(table["overdue_n"], others=table["done_n"])
    return pd.DataFrame({"due_n": table["due_n"].astype("Int64"), "overdue_n": overdue})


def _care_chart(dataset: Dataset, facts: PeopleFacts) -> Chart | None:
    """Overdue by community; None where nothing may be shown."""
    names = names_of(dataset)
    if facts.care.empty or not names:
        return None
    shown = shown_care(facts).reindex(list(names))["overdue_n"]
    if not shown.gt(0).any() or 2 * int(shown.notna().sum()) < len(shown):
        return None
    values = tuple(None if pd.isna(value) else float(value) for value in shown)
    return Chart(
        kind="bar",
        title=t("slides.chart.care"),
        categories=tuple(names.values()),
        series=(Series(t("slides.care_storm.overdue"), values),),
        unit=t("slides.care_storm.person"),
        note=t("slides.chart.care_note"),
    )


def _quiet_warning(facts: PeopleFacts) -> list[Item]:
    if facts.warnings or not facts.points_n:
        return []
    sub = t("slides.care_storm.no_warning_sub", n=facts.points_n)
    return [Item("normal", t("slides.care_storm.quiet"), t("slides.care_storm.no_warning"), sub)]


def _stale_items(dataset: Dataset, facts: PeopleFacts, week: Week) -> list[Item]:
    """The community with the most stale entries."""
    if facts.handbook.empty or not facts.handbook["stale_n"].sum():
        return []
    most = facts.handbook.sort_values(["stale_n", "group"], ascending=[False, True]).iloc[0]
    name = names_of(dataset).get(str(most["group"]), str(most["group"]))
    return [
        Item(
            mark="pressing",
            word=t("headlines.words.handbook_pressing"),
            title=t("slides.care_storm.stale_item", place=name, k=int(most["stale_n"])),
            sub=t("slides.care_storm.stale_item_sub", place=name, n=int(most["entries_n"])),
            value=f"{int(most['stale_n']):,}",
            unit=t("slides.care_storm.stale_unit"),
            owner=t("slides.care_storm.community_owner", place=name),
            page="grid_handbook",
            params={"week": str(week), "community": str(most["group"])},
        )
    ]
