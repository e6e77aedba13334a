"""The secretary's panel of what to check before concluding; never on the meeting screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.gaming_table import SignalLine, gaming_html
from governance.metrics import gaming
from governance.metrics.judged import judged_cases
from governance.metrics.regrading import regraded_cases
from governance.metrics.scenes import closed_unseen, scenes
from governance.metrics.trust import TRACKS, poor_kinds
from governance.metrics.windows import Span
from governance.text import t
from governance.ui import blocks
from governance.ui.cache import cached
from governance.ui.case_lists import show_case_lists
from governance.ui.stamp import week_status
from governance.ui.wish_data import severity_versions
from governance.ui.words import days_words
from governance.workdays import weeks_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.metrics.judged import JudgedCases
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page
    from governance.workdays import Week

# Tracks of more weeks are too many to read while somebody waits.
UNSEEN_WEEKS = 4


@dataclass(frozen=True)
class _Signals:
    """The frames behind the panel, by signal."""

    tables: Mapping[str, pd.DataFrame]
    reported_n: int
    apart_n: int


def _judged(dataset: Dataset) -> JudgedCases | None:
    return judged_cases(dataset)


def _span(dataset: Dataset, selection: Selection) -> Span:
    weeks = weeks_until(selection.week, dataset.settings.integer("trend_weeks"))
    return Span(weeks[0].start_at, weeks[-1].end_at)


def _signals(dataset: Dataset, selection: Selection) -> _Signals:
    """The signals; teams are compared with each other, so a chosen team narrows nothing."""
    span, settings = _span(dataset, selection), dataset.settings
    scope = replace(selection.scope, team_id=None)
    own = replace(scope, demand=None)
    cases = dataset.cases()
    asked, found = scope.rows(cases), own.rows(cases)
    judged = cached(_judged, dataset)
    tables = {
        "on_the_spot": gaming.closed_on_the_spot(
            found, span=span, within_min=settings.number("spot_close_min")
        )
    }
    if judged is not None:
        kept = judged.kept(cases.index.isin(asked.index))
        within = settings.number("before_limit_min")
        tables["before_limit"] = gaming.closed_before_limit(kept, span=span, within_min=within)
    versions = cached(severity_versions, dataset)
    changed = regraded_cases(asked, versions, dataset.frame("incident_steps"))
    tables["regraded"] = gaming.regraded_before_limit(changed, asked, span=span)
    reports = gaming.member_reports(found, dataset.frame("requests"))
    most = settings.integer("many_per_hour")
    tables["many_reports"] = gaming.many_in_an_hour(reports, span=span, most=most)
    apart_n, closed = 0, _closed_outdoors(dataset, selection.week)
    if closed is not None:
        closed = closed[closed["incident_id"].isin(found["incident_id"])]
        tables["unseen"] = gaming.closed_without_track(closed)
        apart_n = int((~closed["is_known"]).sum())
    return _Signals(tables, int(span.holds(reports["at"]).sum()), apart_n)


def _closed_outdoors(dataset: Dataset, week: Week) -> pd.DataFrame | None:
    """Cases closed outdoors in the last weeks and whether anybody came near; None without tracks.

    Weeks whose positions are of grade D tell nothing about anybody.
    """
    as_of = dataset.as_of_for("pings", "incidents")
    if as_of is None or not dataset.is_patrol_at_hand():
        return None
    weeks = weeks_until(week, UNSEEN_WEEKS)
    span, since = Span(weeks[0].start_at, week.end_at), weeks[0].first_day - timedelta(days=1)
    cases = dataset.cases()
    closed = cases[span.holds(cases["closed_at"])]
    positions = dataset.patrol("positions", since=since, until=week.last_day)
    presence = dataset.patrol("presence", since=since, until=week.last_day)
    found = closed_unseen(closed, scenes(closed, positions, as_of=as_of), presence, span=span)
    poor = [one for one in weeks if TRACKS in poor_kinds(cached(week_status, dataset, one))]
    closed_at = found["incident_id"].map(
        closed.drop_duplicates("incident_id").set_index("incident_id")["closed_at"]
    )
    for one in poor:
        found["is_known"] &= ~Span(one.start_at, one.end_at).holds(closed_at)
    return found


def _names(dataset: Dataset) -> dict[str, str]:
    """Teams and communities by code, with their names."""
    names: dict[str, str] = {}
    for kind, code in (("communities", "community_code"), ("teams", "team_id")):
        known = dataset.frame(kind).dropna(subset=[code, "name"])
        names |= dict(zip(known[code], known["name"], strict=True))
    return names


def _lines(dataset: Dataset, selection: Selection) -> list[SignalLine]:
    found, names = cached(_signals, dataset, selection), cached(_names, dataset)
    lines = []
    for signal in ("before_limit", "on_the_spot", "unseen", "regraded"):
        table = found.tables.get(signal)
        if table is None or table.empty:
            continue
        street = table[table["group"].eq(gaming.STREET)].iloc[0]
        marked = table[table["is_marked"] & table["group"].ne(gaming.STREET)]
        units = tuple(
            (names.get(row["group"], str(row["group"])), int(row["hit_n"]), float(row["expected_n"]))
            for row in marked.sort_values("probability").to_dict("records")
        )
        expected = float(street["expected_n"])
        apart_n = found.apart_n if signal == "unseen" else 0
        lines.append(SignalLine(signal, int(street["hit_n"]), int(street["of_n"]), expected, units, apart_n))
    hours = found.tables["many_reports"]
    posts = tuple(
        (
            str(row["group"]) if pd.notna(row["group"]) else t("gaming.no_post"),
            int(row["hit_n"]),
            float("nan"),
        )
        for row in hours.to_dict("records")
    )
    reported_n = int(hours["hit_n"].sum())
    lines.append(SignalLine("many_reports", reported_n, found.reported_n, float("nan"), posts))
    return lines


def _words(dataset: Dataset) -> dict[str, str]:
    settings = dataset.settings
    return {
        "limit_min": f"{settings.number('before_limit_min'):.0f}",
        "spot_min": f"{settings.number('spot_close_min'):.0f}",
        "most": str(settings.integer("many_per_hour")),
        "regraded_min": str(gaming.REGRADED_WITHIN_MIN),
        "unseen_weeks": str(UNSEEN_WEEKS),
    }


def _table(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """The panel's data: every unit of every signal."""
    found, names, words = cached(_signals, dataset, selection), cached(_names, dataset), _words(dataset)
    parts = []
    for signal, table in found.tables.items():
        if not len(table):
            continue
        name = t(f"gaming.{signal}.name", **words)
        group = table["group"].map(lambda code: names.get(code, code) or t("filters.all_communities"))
        part = pd.DataFrame({"signal": name, "unit": group, **table[["hit_n", "of_n", "expected_n"]]})
        parts.append(part)
    columns = ["signal", "unit", "hit_n", "of_n", "expected_n"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _case_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    found, words = cached(_signals, dataset, selection), _words(dataset)
    cases, lists = dataset.cases(), {}
    for signal, table in found.tables.items():
        if signal == "many_reports":
            ids = {one for row in table.loc[table["kind"].eq("incidents"), "ids"] for one in row}
        else:
            ids = {one for row in table.loc[table["group"].eq(gaming.STREET), "incident_ids"] for one in row}
        if ids:
            rows = cases[cases["incident_id"].isin(ids)]
            lists[t("gaming.list", name=t(f"gaming.{signal}.name", **words), n=len(rows))] = rows
    return lists


def show_gaming(page: Page, selection: Selection) -> None:
    """先核对再下结论: closings just before limits, on the spot, many reports at once, re-graded."""
    dataset = page.dataset
    lines = cached(_lines, dataset, selection)
    first = _span(dataset, selection).start_at
    units_n = max(
        (len(table) - 1 for table in cached(_signals, dataset, selection).tables.values()), default=0
    )
    sub = t(
        "gaming.sub",
        since=t("gaming.day", month=first.month, day=first.day),
        days=days_words(selection.week),
        units=units_n,
    )
    with blocks.panel(
        "gaming", title=t("gaming.title"), sub=sub, page=page, data=cached(_table, dataset, selection),
        week=str(selection.week),
    ):  # fmt: skip
        blocks.show_svg(gaming_html(lines, _words(dataset)))
        show_case_lists(page, "gaming", lambda: _case_lists(dataset, selection), suffix=str(selection.week))
