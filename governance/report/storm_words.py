"""The figures and sentences of one warning, the same on the page and in the Word paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.storm_tables import StormCard
from governance.figures.storm_words import clock_words, day_words, minutes_number, minutes_words, step_words
from governance.metrics.small_numbers import is_small
from governance.text import t

if TYPE_CHECKING:
    from governance.report.storm_model import StormView

_NAMES_N, _PLACES_N = 2, 6


def _card(key: str, value: str, unit: str, basis: str, note: str, *, is_alarm: bool = False) -> StormCard:
    return StormCard(
        label=t(f"metrics.storm_{key}.label"),
        definition=t(f"metrics.storm_{key}.definition"),
        value=value,
        unit=unit,
        basis=basis,
        note=note,
        is_alarm=is_alarm,
    )


def available_card(view: StormView) -> StormCard:
    """From the first report to the harm."""
    event, start = view.event, view.start_at
    report, harm = (clock_words(event[name], start) for name in ("first_report_at", "harm_at"))
    if not harm:
        note = t("storm_response.cards.available_no_harm")
    elif not report:
        note = t("storm_response.cards.available_no_report")
    else:
        note = t("storm_response.cards.available", report=report, harm=harm)
    value = event["available_min"]
    unit = "" if pd.isna(value) else t("units.minute")
    return _card("available_min", minutes_number(value), unit, "", note, is_alarm=bool(value < 0))


def lead_card(view: StormView) -> StormCard:
    """From the last person moved to the harm, or the peak."""
    event, start = view.event, view.start_at
    what = "harm" if not pd.isna(event["harm_at"]) else "peak"
    until, moved = clock_words(event[f"{what}_at"], start), clock_words(event["last_moved_at"], start)
    value = event["lead_min"]
    word = t(f"storm_response.cards.{what}")
    if not moved:
        note = t("storm_response.cards.lead_none")
    elif not until:
        note = t("storm_response.cards.lead_no_harm")
    elif value < 0:
        note = t("storm_response.cards.lead_late", moved=moved, what=word)
    else:
        note = t("storm_response.cards.lead", moved=moved, what=word, harm=until)
    unit = "" if pd.isna(value) else t("units.minute")
    return _card("lead_min", minutes_number(value), unit, "", note, is_alarm=bool(value < 0))


def unchecked_names(view: StormView) -> list[str]:
    """The hazard and flood-prone points nobody checked."""
    left = view.missing[view.missing["step"].eq("checked")]
    return [str(name) for name in left["name"]]


def checked_card(view: StormView) -> StormCard:
    """How many hazard and flood-prone points were checked."""
    points_n, checked_n = view.event["points_n"], int(view.event["points_checked_n"])
    if pd.isna(points_n):
        return _card("checked_share", "—", "", "", t("storm_response.cards.checked_none"))
    if not view.event["is_water"]:
        key = "checked_unknown" if pd.isna(view.event["kind"]) else "checked_unasked"
        return _card("checked_share", "—", "", "", t(f"storm_response.cards.{key}"))
    names = unchecked_names(view)
    note = (
        t("storm_response.cards.checked", names=few(names))
        if names
        else t("storm_response.cards.checked_all")
    )
    value = f"{checked_n} / {points_n}"
    return _card("checked_share", value, t("units.place"), "", note, is_alarm=checked_n < points_n)


def few(names: list[str]) -> str:
    """The first names of a list, and how many there are when it is longer."""
    shown = "、".join(names[:_NAMES_N])
    return shown if len(names) <= _NAMES_N else t("storm_response.few", names=shown, n=len(names))


def moved_card(view: StormView) -> StormCard:
    """Households and people moved out; a number of people below five is not written."""
    households, people = view.event["households_moved_n"], view.event["people_moved_n"]
    is_known = not pd.isna(people)
    is_hidden = is_known and is_small(int(people))
    number = t("storm_response.cards_few") if is_hidden else f"{people:,}" if is_known else "—"
    told = t("storm_response.cards.moved", households=f"{households:,}") if not pd.isna(households) else ""
    note = told or t("storm_response.cards.moved_none")
    return StormCard(
        label=t("storm_response.cards.moved_label"),
        definition=t("storm_response.cards.moved_definition"),
        value=number,
        unit=t("storm_response.cards.person") if is_known else "",
        basis="",
        note=note,
    )


def late_card(view: StormView) -> StormCard:
    """How many steps at places took longer than the plan allows."""
    judged = view.judged[view.judged["limit_min"].notna() & view.judged["used_min"].notna()]
    late = view.late
    missing_n = int(late["state"].eq("missing_late").sum())
    label, about = t("storm_response.cards.late_label"), t("storm_response.cards.late_definition")
    if not view.plan or not view.is_recorded:
        key = "late_unrecorded" if view.plan else "late_no_plan"
        return StormCard(label, about, "—", "", "", t(f"storm_response.cards.{key}"))
    basis = t("storm_response.cards.late_basis", n=len(judged))
    note = t("storm_response.cards.late_note", n=missing_n)
    unit = t("storm_response.cards.late_unit")
    return StormCard(label, about, f"{len(late)}", unit, basis, note, is_alarm=bool(len(late)))


def storm_cards(view: StormView) -> tuple[StormCard, ...]:
    """The five figures of a warning."""
    cards = (available_card, lead_card, checked_card, moved_card, late_card)
    return tuple(card(view) for card in cards)


def conclusion_words(view: StormView) -> str:
    """The one sentence of a warning."""
    event, start = view.event, view.start_at
    key = "orphan" if event["is_unlisted"] else "head"
    head = t(f"storm_response.conclusion.{key}", day=day_words(start), name=view.name)
    if not view.is_recorded:
        return t("storm_response.conclusion.joined", head=head, parts=t("storm_response.conclusion.no_steps"))
    parts = [_times(view)] if event["is_water"] else []
    parts.append(_checked(view))
    if view.plan and event["is_water"]:
        late_n = len(view.late)
        parts.append(t(f"storm_response.conclusion.{'late' if late_n else 'in_time'}", n=late_n))
    said = t("storm_response.conclusion.joint").join(parts)
    return t("storm_response.conclusion.joined", head=head, parts=said)


def _times(view: StormView) -> str:
    event, start = view.event, view.start_at
    report, harm = (clock_words(event[name], start) for name in ("first_report_at", "harm_at"))
    if not report:
        return t("storm_response.conclusion.nothing")
    if not harm:
        return t("storm_response.conclusion.no_times", report=report)
    key = "times" if event["available_min"] >= 0 else "late_report"
    minutes = f"{abs(event['available_min']):,.0f}"
    return t(f"storm_response.conclusion.{key}", report=report, harm=harm, n=minutes)


def _checked(view: StormView) -> str:
    points_n, checked_n = view.event["points_n"], int(view.event["points_checked_n"])
    if not view.event["is_water"]:
        key = "unknown_kind" if pd.isna(view.event["kind"]) else "unasked"
        return t(f"storm_response.conclusion.{key}")
    if pd.isna(points_n):
        return t("storm_response.conclusion.no_points")
    key = "checked_all" if checked_n >= points_n else "checked"
    return t(f"storm_response.conclusion.{key}", k=checked_n, n=points_n)


def flag_words(view: StormView) -> list[str]:
    """What is odd about the records, one sentence each."""
    counts = {"early": view.event["early_n"], "unstamped": view.event["unstamped_n"]}
    return [t(f"storm_response.flags.{name}", **counts) for name in view.flags if name != "no_steps"]


def plan_words(view: StormView) -> str:
    """The limits of the plan, step by step: 叫应 30 分钟、…."""
    joint = t("storm_response.list_joint")
    return joint.join(f"{step_words(step)} {minutes_words(limit)}" for step, limit in view.plan.items())


def course_rows(view: StormView) -> list[tuple[str, str, str, str]]:
    """What happened in order: time, step, place, minutes since the warning.

    Calls and checks are told together, each by its first and last time; every other step by itself.
    Where there are two times there are two numbers of minutes, each of its own.
    """
    done = view.judged[view.judged["first_at"].notna()]
    many = done[done["step"].isin(["called", "checked"])]
    rows: list[tuple[pd.Timestamp, tuple[str, str, str, str]]] = []
    for step, own in many.groupby("step", sort=False):
        first, last = own["first_at"].min(), own["first_at"].max()
        at = _range(clock_words(first, view.start_at), clock_words(last, view.start_at))
        place = str(own["name"].iloc[0]) if len(own) == 1 else t("storm_response.word.many", n=len(own))
        rows.append(
            (first, (at, step_words(str(step)), place, _range(_since(view, first), _since(view, last))))
        )
    for row in done[~done["step"].isin(["called", "checked"])].to_dict("records"):
        place = str(row["name"]) if row["place"] else t("storm_response.street")
        at = _range(clock_words(row["first_at"], view.start_at), clock_words(row["last_at"], view.start_at))
        rows.append(
            (
                row["first_at"],
                (
                    at,
                    step_words(str(row["step"])),
                    place,
                    _range(_since(view, row["first_at"]), _since(view, row["last_at"])),
                ),
            )
        )
    return [row for _, row in sorted(rows, key=lambda one: one[0])]


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}–{last}"


def _since(view: StormView, at: pd.Timestamp) -> str:
    if view.start_at is None:
        return "—"
    minutes = (at - view.start_at).total_seconds() / 60
    return t("storm_response.judged.early") if minutes < 0 else minutes_number(minutes)


def missing_words(view: StormView) -> list[str]:
    """What was not done, a sentence a step: the places with their units, or of many the units alone."""
    lines = []
    for step, own in view.missing.groupby("step", sort=False):
        names = _by_place(own) if len(own) <= _PLACES_N else _by_unit(own)
        joined = t("storm_response.list_joint").join(names)
        lines.append(
            t("storm_response.word.missing_line", step=step_words(str(step)), n=len(own), names=joined)
        )
    return lines


def _by_place(missing: pd.DataFrame) -> list[str]:
    return [
        str(row["name"])
        if pd.isna(row["team"])
        else t("storm_response.word.missing_unit", place=row["name"], team=row["team"])
        for row in missing.to_dict("records")
    ]


def _by_unit(missing: pd.DataFrame) -> list[str]:
    counts = missing["team"].fillna(t("storm_response.no_team")).value_counts(sort=False)
    return [t("storm_response.word.unit_n", team=team, n=n) for team, n in counts.items()]
