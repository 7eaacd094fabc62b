"""How long to wait for an answer: as long as this link needs, and longer when it is silent."""

import itertools

import pytest

from vehicles.round_trip import (
    CLEAN_ANSWERS,
    DISTURBED_ANSWERS,
    GUESSES,
    RESEND_MAX_S,
    RESEND_MIN_S,
    RESEND_S,
    Patience,
    RoundTrip,
)


def measured(*samples_s: float) -> RoundTrip:
    """A link of which so much was measured."""
    round_trip = RoundTrip()
    for sample_s in samples_s:
        round_trip.measured(sample_s)
    return round_trip


@pytest.mark.parametrize(
    ("round_trip_s", "resend_s"), [(0.001, RESEND_MIN_S), (0.1, 0.3), (0.5, 1.5), (1.5, RESEND_MAX_S)]
)
def test_a_question_waits_for_three_round_trips_within_bounds(round_trip_s: float, resend_s: float) -> None:
    """Neither a storm on a long link nor a pause on a short one (F-L5)."""
    assert measured(round_trip_s).resend_s == pytest.approx(resend_s)


def test_the_least_of_some_samples_counts() -> None:
    """An answer that was lost and repeated makes one sample longer, and no wait."""
    assert measured(0.1, 0.35, 0.6).estimate_s == 0.1


def test_nothing_known_waits_the_first_wait() -> None:
    """Before the first answer."""
    assert RoundTrip().resend_s == RESEND_S


def test_a_round_trip_that_is_too_short_for_the_link_is_forgotten() -> None:
    """One stray sample must not make every question be asked twice for ever."""
    round_trip = measured(0.01)
    for _ in range(GUESSES):
        round_trip.guessed(1.4)
    assert round_trip.estimate_s == 1.4


def test_a_link_is_clean_after_some_answers_to_first_questions() -> None:
    """Questions go ahead only where nothing was lost lately."""
    assert not measured(*[0.1] * (CLEAN_ANSWERS - 1)).is_clean
    round_trip = measured(*[0.1] * CLEAN_ANSWERS)
    assert round_trip.is_clean, "after so many"
    lossy = measured(*[0.1] * CLEAN_ANSWERS)
    lossy.guessed(0.4)
    assert not lossy.is_clean


@pytest.mark.parametrize(("answers", "is_clean"), [(DISTURBED_ANSWERS - 1, False), (DISTURBED_ANSWERS, True)])
def test_a_disturbed_link_is_not_clean_for_long(answers: int, is_clean: bool) -> None:
    """What was overtaken once will be again."""
    round_trip = measured(*[0.1] * CLEAN_ANSWERS)
    round_trip.disturbed()
    for _ in range(answers):
        round_trip.measured(0.1)
    assert round_trip.is_clean is is_clean


def test_silence_makes_the_waits_longer_and_an_answer_short_again() -> None:
    """An outage of a minute costs some dozens of questions, not hundreds (F-L5)."""
    patience, times = Patience(measured(0.02), 0.0), []
    for step in range(1, 3000):
        if patience.out(step * 0.02):
            times.append(step * 0.02)
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert waits[-1] == pytest.approx(RESEND_MAX_S, abs=0.03)
    assert 15 < len(times) < 50
    patience.heard(60.0)
    assert patience.out(60.0 + RESEND_MIN_S + 0.001)
