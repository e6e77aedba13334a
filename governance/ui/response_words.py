"""What 响应时效 says: its one sentence, the names of stages and groups, shares on few cases."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from governance.figures.durations import duration_text, same_unit
from governance.metrics.response import UNKNOWN
from governance.metrics.stages import STAGES
from governance.metrics.targets import target_of
from governance.schema import kind_named, schema
from governance.text import t
from governance.ui import response_data as data
from governance.ui import response_stock_data as stock_data
from governance.ui.cache import cached

if TYPE_CHECKING:
    from governance.metrics.deadlines import DueCohort
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection

ARRIVE, ON_TIME = "report_to_arrive_p90_min", "on_time_share"


def stamp_labels(stage: str) -> tuple[str, str]:
    """The columns whose stamps start and stop a stage's clock."""
    columns = kind_named("incidents").by_name
    start, stop = STAGES[stage]
    return columns[start].label, columns[stop].label


def stage_words(stage: str) -> str:
    """A stage as 上报→受理."""
    return "→".join(t(f"incident_response.stamps.{name}") for name in STAGES[stage])


def group_names(dataset: Dataset, by: str) -> dict[str, str]:
    """The words for the groups of a column."""
    if by in ("community", "team"):
        kind, code = ("communities", "community_code") if by == "community" else ("teams", "team_id")
        known = dataset.frame(kind).dropna(subset=[code])
        named = dict(zip(known[code].astype(str), known["name"].fillna(known[code]).astype(str), strict=True))
    else:
        named = {code: words[0] for code, words in schema().values.get(by, {}).items()}
    return named | {UNKNOWN: t("incident_response.no_group")}


def percent(k: int, n: int, small_n: int) -> str:
    """A share with one decimal; k / n alone on few cases, — without any."""
    if not n:
        return t("cards.missing")
    return f"{k:,} / {n:,}" if n < small_n else f"{k / n:.1%}"


def small_n_of(dataset: Dataset) -> int:
    """Below how many cases no share or duration is written."""
    return dataset.settings.integer("small_n")


def target_value(dataset: Dataset, selection: Selection, metric: str) -> float:
    """The target in force at the end of the week; NaN without one."""
    found = target_of(dataset.frame("targets"), metric, selection.week.last_day)
    return found.value if found else math.nan


def _verdicts(dataset: Dataset, selection: Selection) -> tuple[data.Judgement, data.Judgement]:
    return (
        data.judgement(dataset, selection, ARRIVE, is_lower_better=True),
        data.judgement(dataset, selection, ON_TIME, is_lower_better=False),
    )


def _change_text(judged: data.Judgement) -> str:
    change = abs(judged.value - judged.previous)
    if judged.key == ON_TIME:
        return t("incident_response.points", n=f"{change * 100:.1f}")
    return duration_text(change)


def _verdict_words(judged: data.Judgement) -> str:
    """One measure in words; empty where nothing can be said of it."""
    if judged.verdict in ("unknown", "partial"):
        return ""
    verdict: str = judged.verdict
    if verdict in ("more", "less"):
        verdict += "_share" if judged.key == ON_TIME else "_time"
    return t(
        f"incident_response.verdict.{verdict}",
        name=t(f"incident_response.names.{judged.key}"),
        rule=t(f"incident_response.rules.{judged.signal}") if judged.signal else "",
        change="" if math.isnan(judged.previous) else _change_text(judged),
    )


def _gap_words(found: data.Closings | None) -> str:
    if found is None or found.now.n == 0:
        return ""
    if found.misleading is None:
        return ""
    group = found.by_group[found.misleading]
    is_reached = not math.isnan(group.median)
    only, median, watched = same_unit(group.closed_only_median, group.median, group.watched)
    return t(
        "incident_response.gap" if is_reached else "incident_response.gap_not_reached",
        group=found.misleading,
        only=only,
        open_n=group.open_n,
        median=median,
        watched=watched,
        change=t(f"incident_response.change.{found.change(found.misleading)}"),
    )


def sentence(dataset: Dataset, selection: Selection) -> str:
    """The one sentence: against the limits where there are any, and who only looks fast."""
    judged = cached(data.part, dataset, selection)
    if judged is None or not len(judged.cases):
        return t("incident_response.none")
    week_n = int(data.inside(judged, selection.week, selection.week).sum())
    stock = cached(stock_data.open_stock, dataset, selection)
    open_n = stock.stock.under_way_n if stock else 0
    if not week_n:
        return t("incident_response.empty_week", open_n=f"{open_n:,}")
    verdicts = _verdicts(dataset, selection)
    if verdicts[0].verdict == "partial":
        return t("incident_response.partial_week", n=f"{week_n:,}", open_n=f"{open_n:,}")
    if all(one.verdict == "usual" for one in verdicts):
        first = t("incident_response.both_usual")
    else:
        first = "，".join(words for one in verdicts if (words := _verdict_words(one)))
        if any(one.verdict in ("more", "less") for one in verdicts):
            first += t("incident_response.by_chance")
    parts = [first or t("incident_response.not_judged", n=f"{week_n:,}")]
    parts.append(_gap_words(cached(data.closings, dataset, selection, "category")))
    return "；".join(part for part in parts if part) + "。"


def limits_words(judged: data.Judgement) -> str:
    """The limits a measure was held against and what came of it; empty without limits."""
    if judged.verdict not in ("usual", "better", "worse"):
        return ""
    bounds = [
        f"{bound:.1%}".removesuffix("%") if judged.key == ON_TIME else duration_text(bound)
        for bound in (judged.lower, judged.upper)
    ]
    kind = t("incident_response.trial_limits" if judged.is_trial else "incident_response.limits")
    word = t(f"incident_response.short_verdict.{judged.verdict}")
    return t(
        "incident_response.limits_words",
        weeks=judged.weeks_n,
        kind=kind,
        low=bounds[0],
        high=bounds[1] + ("%" if judged.key == ON_TIME else ""),
        verdict=word,
    )


def cohort_counts(cohort: DueCohort) -> tuple[int, int, int]:
    """Due, closed and in time."""
    return int(cohort.is_due.sum()), int(cohort.is_closed.sum()), int(cohort.is_on_time.sum())
