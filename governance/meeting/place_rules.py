"""Rules about places and people: warnings, empty nights, gaps, visits due, the handbook, missing tracks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from governance.figures.place_words import short_name
from governance.figures.since_map import duration_words
from governance.meeting.commitments import Place
from governance.meeting.ranking import Headline, Test
from governance.meeting.signals import DARK_SHARE
from governance.metrics.small_numbers import is_small
from governance.text import t

if TYPE_CHECKING:
    import pandas as pd

    from governance.meeting.signals import Signals

# Fewer empty hours than these in a week are a missed roll call, not a night without patrol.
LEAST_EMPTY_H = 3
_STALE_LEAST_N = 5


# -------------------------------------------------------------------------------- warnings
def warnings(signals: Signals) -> tuple[Headline, ...]:
    """A warning of the week: how many points were checked; points left out make it pressing."""
    return tuple(
        Headline(
            rule="warning",
            key=f"warning:{one.warning_id}",
            mark="overdue" if one.checked_n < one.points_n else "pressing",
            title=t("headlines.warning.title", kind=one.kind, level=one.level),
            sub=t("headlines.warning.sub", checked=one.checked_n, n=one.points_n)
            if one.points_n
            else t("headlines.warning.no_points"),
            short=t("headlines.warning.short", kind=one.kind),
            size=8.0 if one.checked_n < one.points_n else 1.0,
            certainty="fact",
            value=str(one.points_n - one.checked_n) if one.points_n else "",
            unit=t("headlines.warning.unit") if one.points_n else "",
            owner=t("headlines.posts.emergency"),
            decide=t("headlines.warning.decide") if one.checked_n < one.points_n else "",
            page="storm_response",
            params=signals.week_params,
        )
        for one in signals.warnings
    )


# ---------------------------------------------------------------------------------- nights
def nights(signals: Signals) -> tuple[Headline, ...]:
    """Hours of the night that a roll call says nobody was there, per team, against the weeks before."""
    if signals.night.empty:
        return ()
    now = signals.night[signals.night["week"].eq(str(signals.week))]
    counts = now["team_id"].value_counts()
    return tuple(_night(signals, str(team), len(now)) for team, n in counts.items() if n >= LEAST_EMPTY_H)


def _night(signals: Signals, team: str, street_n: int) -> Headline:
    own = signals.night[signals.night["team_id"].eq(team)]
    now = own[own["week"].eq(str(signals.week))]
    weeks = [signals.week.shifted(back) for back in (-2, -1, 0)]
    course = " → ".join(str(int(own["week"].eq(str(week)).sum())) for week in weeks)
    nights_n, owner = int(now["night_on"].nunique()), signals.owner_of_team(team)
    return Headline(
        rule="night",
        key=f"night:{team}",
        mark="overdue",
        title=t("headlines.night.title", unit=_unit_name(signals, team), hours=_hours_words(now)),
        sub=t(
            "headlines.night.sub", course=course, nights=nights_n, share=f"{100 * len(now) / street_n:.0f}"
        ),
        short=t("headlines.night.short"),
        size=float(nights_n),
        certainty="fact",
        value=f"{len(now):,}",
        unit=t("units.hour"),
        owner=owner,
        decide=t("headlines.night.decide", unit=_unit_name(signals, team)),
        page="patrol_coverage",
        params=signals.week_params,
        place=Place("team", team),
    )


def _unit_name(signals: Signals, team: str) -> str:
    """A team's place in words: 嘉西村 of 嘉西村巡逻队."""
    name = signals.teams.get(team, team)
    return name.replace(t("patrol_coverage.team_suffix"), "") or name


def _hours_words(rows: pd.DataFrame) -> str:
    """The hours of the day that are empty: 凌晨 2–5 时, or the night at large when they scatter."""
    hours = sorted({int(hour) for hour in rows["hour_at"].dt.hour})
    turned = sorted((hour + 2) % 24 for hour in hours)
    if turned[-1] - turned[0] + 1 != len(turned):
        return t("headlines.night.scattered")
    first, last = (turned[0] - 2) % 24, (turned[-1] - 1) % 24
    return t("headlines.night.early" if first < 6 else "headlines.night.late", first=first, last=last)


# ------------------------------------------------------------------------------------ gaps
def gaps(signals: Signals) -> tuple[Headline, ...]:
    """Micro-grids over their limit at the week's end, or never visited; those without data are not said."""
    since = signals.since
    if since.empty:
        return ()
    late = since[since["state"].eq("visited") & since["multiple"].gt(1)]
    never = since[since["state"].eq("never") & since["limit_h"].notna()]
    found = []
    if len(never):
        first = never.sort_values("microgrid_code").iloc[0]
        found.append(_never(signals, first, len(never)))
    late = late.sort_values(["multiple", "microgrid_code"], ascending=[False, True])
    found += [_late(signals, row, len(late)) for _, row in late.head(2).iterrows()]
    return tuple(found)


def _late(signals: Signals, row: pd.Series, late_n: int) -> Headline:
    value, unit = duration_words(float(row["h"])).split(" ")
    place = short_name(signals.community(row["community_code"]))
    code, multiple = str(row["microgrid_code"]), float(row["multiple"])
    sub = t(
        "headlines.gap.sub",
        code=code,
        limit=duration_words(float(row["limit_h"])),
        multiple=f"{multiple:.1f}",
    )
    is_dark = signals.is_dark(row["team_id"])
    return Headline(
        rule="gap",
        key=f"gap:{code}",
        mark="overdue",
        title=t("headlines.gap.title", place=place or code, ago=duration_words(float(row["h"]))),
        sub=sub + t("headlines.gap.all", late=late_n),
        short=t("headlines.gap.short"),
        size=multiple,
        certainty="unverified" if is_dark else "fact",
        is_for_desk_only=is_dark,
        value=value,
        unit=unit,
        owner=signals.owner_of_team(row["team_id"]),
        decide=t("headlines.gap.decide", place=place or code),
        page="patrol_coverage",
        params=signals.week_params,
        place=Place("microgrid", code),
    )


def _never(signals: Signals, row: pd.Series, never_n: int) -> Headline:
    place = short_name(signals.community(row["community_code"])) or str(row["microgrid_code"])
    return Headline(
        rule="gap",
        key="gap:never",
        mark="never",
        title=t("headlines.never.title", n=never_n),
        sub=t("headlines.never.sub", code=row["microgrid_code"], place=place),
        short=t("headlines.never.short"),
        size=8.0,
        certainty="fact",
        value=f"{never_n:,}",
        unit=t("headlines.never.unit"),
        owner=signals.owner_of_team(row["team_id"]),
        decide=t("headlines.never.decide"),
        page="patrol_coverage",
        params=signals.week_params,
    )


# ------------------------------------------------------------------------------------ care
def care(signals: Signals) -> tuple[Headline, ...]:
    """High-risk persons whose visit is overdue, counted for the street only; under five is not counted."""
    one = signals.care
    if one is None or not one.overdue_n:
        return ()
    is_few = is_small(one.overdue_n)
    allowed = (1 - one.target_share) * one.due_n if one.target_share is not None else 0.05 * one.due_n
    key = "few" if is_few else "many"
    has_never = not is_few and not is_small(one.never_n) and not is_small(one.overdue_n - one.never_n)
    sub = t(f"headlines.care.sub_{key}", due=one.due_n, share=_percent(one.overdue_n, one.due_n))
    return (
        Headline(
            rule="care",
            key="care:high",
            mark="overdue",
            title=t(f"headlines.care.title_{key}", n=one.overdue_n),
            sub=sub + (t("headlines.care.never", n=one.never_n) if has_never and one.never_n else ""),
            short=t("headlines.care.short"),
            size=1.0 if is_few else one.overdue_n / max(allowed, 1.0),
            certainty="fact",
            value="" if is_few else f"{one.overdue_n:,}",
            unit="" if is_few else t("headlines.care.unit"),
            owner=t("headlines.posts.care"),
            decide=t("headlines.care.decide"),
            page="care_visits",
            params=signals.week_params,
        ),
    )


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}" if whole else "—"


# -------------------------------------------------------------------------------- handbook
def handbook(signals: Signals) -> tuple[Test, ...]:
    """Whether a community's handbook is staler than the others': hypergeometric, one test a community."""
    from scipy.stats import hypergeom  # half a second to load, which pages need not wait for

    table = signals.handbook
    if table.empty:
        return ()
    entries_n, stale_n = int(table["entries_n"].sum()), int(table["stale_n"].sum())
    tests = []
    for row in table.to_dict("records"):
        own, stale = int(row["entries_n"]), int(row["stale_n"])
        p = float(hypergeom.sf(stale - 1, entries_n, stale_n, own))
        rest = (stale_n - stale) / max(entries_n - own, 1)
        size = stale / own / max(rest, 1 / max(entries_n - own, 1)) if own else math.nan
        is_said = stale >= _STALE_LEAST_N and size > 1
        tests.append(
            Test(p, _handbook(signals, str(row["group"]), own, stale, rest, size, p) if is_said else None)
        )
    return tuple(tests)


def _handbook(
    signals: Signals, code: str, entries_n: int, stale_n: int, rest: float, size: float, p: float
) -> Headline:
    place = short_name(signals.community(code))
    return Headline(
        rule="handbook",
        key=f"handbook:{code}",
        mark="pressing",
        title=t("headlines.handbook.title", place=place, n=stale_n),
        sub=t("headlines.handbook.sub", n=entries_n, k=stale_n, rest=f"{100 * rest:.1f}"),
        short=t("headlines.handbook.short"),
        size=size,
        certainty="estimate",
        value=f"{stale_n:,}",
        unit=t("headlines.handbook.unit"),
        owner=signals.community(code),
        decide=t("headlines.handbook.decide", place=place),
        page="grid_handbook",
        params=signals.week_params | {"community": code},
        p=p,
        place=Place("community", code),
    )


# ---------------------------------------------------------------------------- missing tracks
def dark(signals: Signals) -> tuple[Headline, ...]:
    """Teams without tracks in more than a tenth of their planned time, two weeks running; for the desk."""
    if signals.dark.empty:
        return ()
    weeks = [str(signals.week.shifted(-1)), str(signals.week)]
    shares = signals.dark.pivot_table(index="team_id", columns="week", values="share").reindex(columns=weeks)
    both = shares[(shares > DARK_SHARE).all(axis=1)]
    return tuple(
        _dark(signals, str(team), float(row.iloc[0]), float(row.iloc[1])) for team, row in both.iterrows()
    )


def _dark(signals: Signals, team: str, before: float, now: float) -> Headline:
    name = signals.teams.get(team, team)
    return Headline(
        rule="dark",
        key=f"dark:{team}",
        mark="unverified",
        title=t("headlines.dark.title", name=name),
        sub=t("headlines.dark.sub", before=f"{100 * before:.1f}", now=f"{100 * now:.1f}"),
        short=t("headlines.dark.short"),
        size=now / DARK_SHARE,
        certainty="unverified",
        value=f"{100 * now:.0f}",
        unit=t("units.share"),
        owner=signals.owner_of_team(team),
        decide=t("headlines.dark.decide"),
        page="patrol_coverage",
        params=signals.week_params,
        is_for_desk_only=True,
    )
