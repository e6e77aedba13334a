"""Whether a decision worked, on series made by hand: one place, six like it, a decision after W20."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from governance.meeting.commitments import Commitment, Place, Source
from governance.meeting.verdict import Question, group_of, grouping_of, touched_by, verdict_of, verdict_on
from governance.metrics.control import control_frame
from governance.workdays import Week

BASELINE = Week(2023, 20)
# Twelve weeks that swing by two about their median; every moving range is 2 or 4.
SWING = [0.0, 2, 0, -2, 0, 2, 0, -2, 0, 2, -2, 0]


def chart(before, after, *, rebase_on=()):
    """A chart whose weeks before end with the baseline."""
    weeks = [BASELINE.shifted(step) for step in range(1 - len(before), 1 + len(after))]
    return control_frame(weeks, [*before, *after], rebase_on=rebase_on)


def street(mine, *, others_after=(0, 0, 0, 0), level=80.0, others=6, before=SWING, **options):
    """Charts of the place P and six others, all at one level before; what comes after is added to it."""
    weeks_n = len(mine)
    charts = {"P": chart([level + x for x in before], [level + x for x in mine], **options)}
    for number in range(others):
        # Each swings at its own time, so that the median of the others stands still.
        own = np.roll(SWING, number + 1)[: len(before)]
        later = [level + x for x in others_after[:weeks_n]]
        charts[f"O{number}"] = chart([level + x for x in own], later, **options)
    return charts


def asked(charts, *, direction="higher", **options):
    return verdict_of(charts, Question("P", BASELINE, direction, **options))


def test_a_place_that_improves_while_the_others_stand_is_supported():
    verdict = asked(street([10, 12, 10, 8]))
    assert (verdict.word, verdict.reason, verdict.points_n) == ("supported", "improved_more", 4)
    assert (verdict.before, verdict.after, verdict.others_change, verdict.gain) == (80, 90, 0, 10)
    assert verdict.gain > verdict.noise > 0
    assert verdict.others_n == 6


def test_the_direction_of_the_metric_decides_what_better_is():
    assert asked(street([10, 12, 10, 8]), direction="lower").reason == "worse"
    assert asked(street([-10, -12, -10, -8]), direction="lower").word == "supported"


def test_what_the_comparison_places_gained_too_is_not_the_decision():
    verdict = asked(street([10, 12, 10, 8], others_after=(10, 12, 10, 8)))
    assert (verdict.word, verdict.reason) == ("not_supported", "others_too")
    assert (verdict.others_change, verdict.gain) == (10, 0)


def test_a_place_that_holds_while_the_others_fall_is_supported():
    verdict = asked(street([0, 0, 0, 0], others_after=(-10, -12, -10, -8)))
    assert (verdict.word, verdict.reason, verdict.gain) == ("supported", "held_up", 10)


def test_no_change_after_four_weeks_is_not_supported():
    assert asked(street([0, -1, 0, -1])).reason == "no_change"


def test_a_small_gain_stays_undecided_until_it_should_have_shown():
    early = asked(street([1, 2, 1, 1]))
    assert (early.word, early.reason) == ("undecided", "within_noise")
    late = asked(street([1, 2, 1, 1, 1, 2, 1, 1], others_after=[0] * 8))
    assert (late.word, late.reason) == ("not_supported", "no_change")


def test_the_worst_week_passes_by_itself():
    charts = street([1, 0, 1, -1], before=[*SWING[:-1], -30])
    verdict = asked(charts)
    assert (verdict.word, verdict.reason) == ("not_supported", "back_to_usual")
    assert verdict.baseline == 50


def test_the_worst_place_is_compared_with_the_nearest_and_not_with_the_best():
    charts = street([10, 12, 10, 8], others_after=(10, 12, 10, 8), others=12)
    for number in range(12):
        charts[f"best{number}"] = chart([120 + x for x in SWING], [120, 120, 120, 120])
    assert asked(charts).reason == "others_too"


@pytest.mark.parametrize("weeks_n", [1, 2, 3])
def test_fewer_than_four_weeks_give_no_verdict(weeks_n):
    verdict = asked(street([2] * weeks_n))
    assert (verdict.word, verdict.reason, verdict.points_n) == ("undecided", "too_few", weeks_n)


def test_a_week_beyond_the_limits_speaks_early_for_better_and_for_worse():
    better, worse = asked(street([30])), asked(street([-30]))
    assert (better.word, better.reason, better.points_n) == ("supported", "beyond_limits", 1)
    assert (worse.word, worse.reason) == ("not_supported", "beyond_limits")


def test_weeks_beyond_both_limits_say_nothing_early():
    assert asked(street([30, -30])).reason == "too_few"


# Four weeks at one level, five at another: the last five lie outside the limits of all nine.
FELL = [*[100.0] * 5, *[95.0] * 5]


def alone(before, after, *, direction="higher"):
    return asked({"P": chart(before, after)}, direction=direction)


@pytest.mark.parametrize("weeks_n", [1, 3, 4, 8])
@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_a_signal_that_stood_before_the_decision_says_nothing_of_it(weeks_n, direction):
    verdict = alone(FELL, [95.0] * weeks_n, direction=direction)
    assert (verdict.word, verdict.reason) == ("undecided", "already")
    # Compared with the weeks since it began, and not with those before it.
    assert (verdict.before, verdict.after, verdict.gain, verdict.before_n) == (95, 95, 0, 5)


def test_a_signal_that_begins_after_the_decision_speaks_early():
    assert alone(SWING, [-30]).reason == "beyond_limits"
    # What stood before ends, and a signal to the other side begins.
    verdict = alone(FELL, [100.0])
    assert (verdict.word, verdict.reason, verdict.before) == ("supported", "beyond_limits", 95)
    # The old one ends, and comes again.
    again = alone(FELL, [97.5, 90])
    assert (again.word, again.reason) == ("not_supported", "beyond_limits")


def test_no_signal_waits_for_four_weeks():
    assert alone(SWING, [2]).reason == "too_few"
    # The signal before has ended.
    assert alone(FELL, [97.5]).reason == "too_few"


def test_the_worst_week_before_alone_is_no_level_but_what_follows_it_is_no_news():
    verdict = alone([*SWING[:-1], -30], [-30])
    assert (verdict.reason, verdict.before, verdict.before_n) == ("already", 0, 12)


def test_seven_weeks_on_one_side_count_from_the_decision():
    assert alone(SWING, [3] * 7).reason == "shifted"
    # The week before on that side is chance, five are a run that began before.
    assert alone([*SWING[:-1], 1], [3] * 7).reason == "shifted"
    wide = [4.0, -4, 4, -4, 4, -4, 4, *[-2] * 5]
    assert alone(wide, [-2] * 7).reason == "already"


def test_places_that_are_compared_are_compared_from_the_signal_on():
    charts = street([-10] * 4, before=[*SWING[:7], *[-10.0] * 5])
    verdict = asked(charts)
    assert (verdict.word, verdict.reason, verdict.before, verdict.before_n) == (
        "not_supported",
        "no_change",
        70,
        5,
    )
    assert asked(street([-10], before=[*SWING[:7], *[-10.0] * 5])).reason == "already"


def test_a_week_that_lifts_all_places_is_not_beyond_the_limits():
    assert asked(street([30], others_after=[30])).reason == "too_few"


def test_without_a_week_after_it_is_too_early():
    assert asked(street([])).reason == "too_early"


def test_without_weeks_before_there_is_nothing_to_compare_with():
    charts = street([10, 12, 10, 8], before=SWING[:5])
    assert asked(charts).reason == "few_before"
    assert verdict_of(charts, Question("P", Week(2022, 1), "higher")).reason == "no_values"


def test_a_metric_without_direction_a_place_without_values():
    charts = street([10, 12, 10, 8])
    assert asked(charts, direction="none").reason == "no_direction"
    assert verdict_of(charts, Question("elsewhere", BASELINE, "higher")).reason == "no_values"
    assert asked({"P": chart([np.nan] * 12, [np.nan] * 4)}).reason == "no_values"


def test_places_where_something_was_decided_too_are_no_comparison():
    charts = street([10, 12, 10, 8], others_after=(10, 12, 10, 8))
    verdict = asked(charts, touched=frozenset(f"O{number}" for number in range(4)))
    assert verdict.others_n == 0
    assert verdict.reason == "beyond_limits"


def test_alone_only_the_limits_speak():
    assert asked(street([2, 1, 2, 1], others=0)).reason == "no_comparison"
    shifted = asked(street([3] * 7, others=0))
    assert (shifted.word, shifted.reason) == ("supported", "shifted")


def test_a_rebase_after_the_decision_leaves_the_street_alone_without_a_verdict():
    rebased = {"rebase_on": (BASELINE.shifted(1).first_day,)}
    assert asked(street([30] * 5, others=0, **rebased)).reason == "beyond_limits"
    after = {"rebase_on": (BASELINE.last_day,)}
    assert asked(street([30] * 5, others=0, **after)).reason == "rebased"
    assert asked(street([30] * 5, others_after=[30] * 5, **after)).reason == "others_too"


def commitment(code, *, metric="on_time_share", status="open", week=BASELINE):
    return Commitment(
        id=code,
        week=week.shifted(1),
        what="x",
        responsible_unit="y",
        due_on=date(2023, 6, 1),
        metric=metric,
        place=Place("community", code),
        baseline_week=week,
        source=Source(),
        status=status,
        created_at=datetime(2023, 5, 22, tzinfo=UTC),
    )


def test_touched_are_other_places_with_a_decision_on_the_same_metric_at_the_time():
    mine = commitment("C1")
    ledger = [
        mine,
        commitment("C2"),
        commitment("C3", metric="open_n"),
        commitment("C4", status="dropped"),
        commitment("C5", week=BASELINE.shifted(-13)),
    ]
    assert touched_by(ledger, mine) == {"C2"}


def test_a_commitment_without_a_metric_has_no_verdict():
    assert verdict_on(commitment("C1", metric=None), {}).reason == "no_metric"
    assert verdict_on(commitment("C1", metric="of_another_version"), {}).reason == "no_values"
    charts = {"C1": street([30])["P"], **street([30])}
    assert verdict_on(commitment("C1", status="dropped"), charts).reason == "dropped"
    assert verdict_on(commitment("C1"), charts, touched=frozenset({"P"})).word == "supported"
    assert verdict_on(commitment("C1", metric="reported_n"), charts).reason == "no_direction"


def test_a_commitment_without_a_place_is_about_the_street():
    assert (group_of(None), grouping_of(None)) == ("all", None)
    assert (group_of(Place("street")), grouping_of(Place("street"))) == ("all", None)
    assert (group_of(Place("team", "T-1")), grouping_of(Place("team", "T-1"))) == ("T-1", "team")
