"""Rules about cases: control charts, communities compared, false speed-ups, chronic places, D data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, stdtr

from governance.figures.control_words import rule_words
from governance.figures.durations import same_unit
from governance.figures.metric_words import change_text
from governance.figures.place_words import short_name
from governance.meeting.commitments import Place
from governance.meeting.ranking import Headline, Test
from governance.metrics.control_states import state_of
from governance.metrics.repeats import CHRONIC_N, CHRONIC_WITHIN_D
from governance.schema import kind_named
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from governance.meeting.ranking import Mark
    from governance.meeting.signals import Signals, WeeklyChart
    from governance.metrics.control import Limits
    from governance.metrics.control_states import ChartState

STOCK = "overdue_n"
# The four rules of a chart are four looks at it.
_LOOKS_N = 4
# Degrees of freedom of a mean moving range of n values, as a share of n − 1 (Wheeler).
_DF_SHARE = 0.62
_NEAR = float(2 * ndtr(-2))
# Two of three beyond two standard deviations on one side.
_TWO_OF_THREE = 2 * (3 * (_NEAR / 2) ** 2 * (1 - _NEAR / 2) + (_NEAR / 2) ** 3)


# ---------------------------------------------------------------------------------- charts
def signal_p(state: ChartState) -> float:
    """How probable the rule a chart completes is in pure noise, for the four rules looked at; 1 for none."""
    if state.limits is None or not state.rule:
        return 1.0
    if state.rule == "trend":
        p = 2 / math.factorial(min(state.run_n, 20))
    elif state.rule == "shift":
        p = 2.0 ** (1 - state.run_n)
    elif state.rule == "two_of_three":
        p = _TWO_OF_THREE
    else:
        distance = abs(state.value - state.limits.centre) / _sigma(state.limits)
        p = 2 * float(stdtr(max(_DF_SHARE * (state.points_n - 1), 1), -distance))
    return min(_LOOKS_N * p, 1.0)


def _sigma(limits: Limits) -> float:
    """The standard deviation behind limits; the wider side, as the other may be clamped."""
    wide = max(limits.upper - limits.centre, limits.centre - limits.lower) / 3
    return wide or math.inf


def charts(signals: Signals) -> tuple[Test, ...]:
    """Each chart of the week is a test; a chart without limits, or of a week not over, is none."""
    tests = []
    for chart in signals.charts:
        state = _state(chart, signals)
        if state is not None:
            p = signal_p(state)
            is_said = state.is_signal and state.change in ("worse", "better")
            tests.append(Test(p, _of_chart(chart, state, signals, p) if is_said else None))
    return tuple(tests)


def _state(chart: WeeklyChart, signals: Signals) -> ChartState | None:
    rows = chart.rows
    if rows.empty:
        return None
    full = rows.assign(**{name: np.nan for name in ("hit_n", "of_n") if name not in rows})
    state = state_of(full, direction=chart.direction, targets=(), day=signals.week.last_day)
    return state if state.week == str(signals.week) and state.limits is not None else None


def _of_chart(chart: WeeklyChart, state: ChartState, signals: Signals, p: float) -> Headline:
    scale, is_worse = chart.scale, state.change == "worse"
    values = chart.rows["value"].dropna().to_numpy()
    previous = float(values[-2]) if len(values) > 1 else math.nan
    limits = state.limits
    edge = limits.upper if limits and state.value > limits.centre else limits.lower if limits else math.nan
    width = abs(edge - limits.centre) if limits else math.nan
    mark: Mark = "worse" if is_worse else "better"
    sub = t(
        "headlines.chart.sub",
        rule=rule_words(state, "week", scale),
        previous=scale.text(previous),
        change=change_text(scale, state.value - previous),
        n=state.points_n,
    )
    return Headline(
        rule="stock" if chart.key == STOCK else "chart",
        key=f"chart:{chart.key}",
        mark=mark,
        title=t(f"headlines.chart.{mark}", label=chart.label),
        sub=sub,
        short=t(f"headlines.chart.short_{mark}", label=_short(chart)),
        size=max(abs(state.value - limits.centre) / width, 1.0) if limits and width else 1.0,
        certainty="estimate",
        value=scale.number(state.value),
        unit=scale.unit,
        owner=t("headlines.posts.centre"),
        decide=t("headlines.chart.decide", label=chart.label) if is_worse else "",
        page=chart.page,
        params=signals.week_params | ({"of": chart.metric} if chart.page == "process_control" else {}),
        p=p,
        metric=chart.metric,
    )


def _short(chart: WeeklyChart) -> str:
    return t(f"slides.short.{chart.key}")


# ------------------------------------------------------------------------------ communities
def communities(signals: Signals) -> tuple[Test, ...]:
    """Overdue cases of each community against what the others would have had; marks beyond 99.8 % only."""
    table = signals.communities
    if table.empty:
        return ()
    known = table[table["n"].ge(20) & table["variance"].gt(0)]
    tests = []
    for row in known.to_dict("records"):
        spread = math.sqrt(row["variance"] * row["dispersion"])
        p = 2 * float(ndtr(-abs(row["observed_n"] - row["expected_n"]) / spread))
        is_said = bool(row["is_marked"]) and row["ratio"] > 1
        tests.append(Test(p, _of_community(signals, row, p) if is_said else None))
    return tuple(tests)


def _of_community(signals: Signals, row: Mapping[Any, Any], p: float) -> Headline:
    code, ratio = str(row["group"]), float(row["ratio"])
    place = short_name(signals.community(code))
    return Headline(
        rule="community",
        key=f"community:{code}",
        mark="overdue",
        title=t("headlines.community.title", place=place),
        sub=t(
            "headlines.community.sub",
            n=int(row["n"]),
            expected=f"{row['expected_n']:.1f}",
            ratio=f"{ratio:.2f}",
        ),
        short=t("headlines.community.short"),
        size=ratio,
        certainty="estimate",
        value=f"{row['observed_n']:,}",
        unit=t("units.case"),
        owner=signals.community(code),
        decide=t("headlines.community.decide", place=place),
        page="week_overview",
        params=signals.week_params | {"community": code},
        p=p,
        metric="on_time_share",
        place=Place("community", code),
    )


# -------------------------------------------------------------------------------- speed-up
def speed_up(signals: Signals) -> tuple[Headline, ...]:
    """A category whose closed cases alone look fast, while many of its cases are still open."""
    one = signals.speedup
    if one is None:
        return ()
    is_reached = not math.isnan(one.median_min)
    median = one.median_min if is_reached else one.watched_min
    closed, all_of = same_unit(one.closed_only_min, median)
    value, _, unit = all_of.rpartition(" ")
    key = "reached" if is_reached else "not_reached"
    return (
        Headline(
            rule="speedup",
            key=f"speedup:{one.category}",
            mark="overdue",
            title=t("headlines.speedup.title", category=one.category),
            sub=t(f"headlines.speedup.{key}", closed=closed, open=one.open_n, n=one.n, median=all_of),
            short=t("headlines.speedup.short"),
            size=median / one.closed_only_min if one.closed_only_min else 8.0,
            certainty="estimate",
            value=value if is_reached else f"≥{value}",
            unit=unit,
            owner=t("headlines.posts.category", category=one.category),
            decide=t("headlines.speedup.decide", n=one.open_n),
            page="incident_response",
            params=signals.week_params | {"category": one.category},
            metric="report_to_close_median_min",
            place=Place("category", one.category),
        ),
    )


# --------------------------------------------------------------------------------- chronic
def chronic(signals: Signals) -> tuple[Headline, ...]:
    """The places where the same trouble came most often in 90 days, and again this week."""
    table = signals.chronic
    if table.empty:
        return ()
    live = table[table["week_n"].gt(0) & table["n"].ge(CHRONIC_N)]
    return tuple(_chronic(signals, row, len(live)) for _, row in live.head(2).iterrows())


def _chronic(signals: Signals, row: pd.Series, places_n: int) -> Headline:
    place = row["place"] if isinstance(row["place"], str) else t("headlines.chronic.no_address")
    team = signals.community_teams.get(str(row["community_code"]), "")
    n, week_n = int(row["n"]), int(row["week_n"])
    usual = (n - week_n) / (CHRONIC_WITHIN_D / 7 - 1)
    return Headline(
        rule="chronic",
        key=f"chronic:{place}:{row['category']}",
        mark="pressing",
        title=t("headlines.chronic.title", place=place, category=row["category"], n=n),
        sub=t("headlines.chronic.sub", week=week_n, usual=f"{usual:.1f}", places=places_n),
        short=t("headlines.chronic.short"),
        size=n / CHRONIC_N,
        certainty="estimate",
        value=f"{n:,}",
        unit=t("units.checkin"),
        owner=signals.community(row["community_code"]) or signals.owner_of_team(team),
        decide=t("headlines.chronic.decide", place=place),
        page="case_escalation",
        params=signals.week_params,
        metric="repeat_share",
        place=Place("community", str(row["community_code"]))
        if isinstance(row["community_code"], str)
        else None,
    )


# ----------------------------------------------------------------------------- D data
def grades(signals: Signals) -> tuple[Headline, ...]:
    """The sources whose data are of grade D this week and the week before, in one line; no team is named."""
    if signals.grades.empty:
        return ()
    weeks = {str(signals.week.shifted(-1)), str(signals.week)}
    poor = signals.grades[signals.grades["grade"].eq("D") & signals.grades["week"].isin(weeks)]
    counts = poor.groupby("kind")["week"].nunique()
    kinds = [str(kind) for kind in counts.index[counts.eq(len(weeks))]]
    if not kinds:
        return ()
    labels = [kind_named(kind).label for kind in kinds]
    title = t("headlines.grade.title", kind=labels[0])
    if len(kinds) > 1:
        title = t("headlines.grade.title_many", n=len(kinds))
    return (
        Headline(
            rule="grade",
            key=f"grade:{' '.join(kinds)}",
            mark="unverified",
            title=title,
            sub=t("headlines.grade.sub", kinds="、".join(labels)),
            short=t("headlines.grade.short"),
            size=float(len(kinds)),
            certainty="unverified",
            value=f"{len(kinds)}",
            unit=t("headlines.grade.unit"),
            owner=t("headlines.posts.data"),
            decide=t("headlines.grade.decide"),
            page="data_intake",
            params=signals.week_params,
        ),
    )


def unseen(signals: Signals) -> tuple[Headline, ...]:
    """Teams whose cases were closed outdoors without anybody's track near; for the desk only."""
    table = signals.unseen
    if table.empty:
        return ()
    many = table[table["unseen_n"].ge(5) & (2 * table["unseen_n"] > table["closed_n"])]
    ordered = many.sort_values(["unseen_n", "team_id"], ascending=[False, True])
    return tuple(
        Headline(
            rule="unseen",
            key=f"unseen:{row['team_id']}",
            mark="unverified",
            title=t(
                "headlines.unseen.title",
                name=signals.teams.get(row["team_id"], row["team_id"]),
                n=row["unseen_n"],
            ),
            sub=t("headlines.unseen.sub", n=row["closed_n"]),
            short=t("headlines.unseen.short"),
            size=row["unseen_n"] / 5,
            certainty="unverified",
            value=f"{row['unseen_n']:,}",
            unit=t("units.case"),
            owner=signals.owner_of_team(row["team_id"]),
            decide=t("headlines.unseen.decide"),
            page="patrol_coverage",
            params=signals.week_params,
            is_for_desk_only=True,
        )
        for row in ordered.head(2).to_dict("records")
    )
