"""What counts as a difference, and what does not."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sim.fidelity.compare import compare
from sim.fidelity.observed import Observed, Said


def observed(*said: tuple[float, str], subject: str = "modes", counts: dict[str, int] | None = None) -> Observed:
    """An observation of one sequence and some counts over 100 s."""
    return Observed({subject: [Said(*one) for one in said]}, Counter(counts or {}), 100.0)


def found(real: Observed, simulated: Observed) -> list[tuple[str, str, str]]:
    """The differences without the recording's name."""
    return [(d.subject, d.px4, d.simulated) for d in compare(real, simulated, "01")]


@given(
    st.lists(st.tuples(st.floats(0.0, 1e3), st.text(max_size=3)), max_size=9),
    st.dictionaries(st.sampled_from(["ATTITUDE", "PING"]), st.integers(0, 99)),
)
def test_an_observation_does_not_differ_from_itself(said: list[tuple[float, str]], counts: dict[str, int]) -> None:
    """Whatever was observed, comparing it with itself finds nothing."""
    one = observed(*sorted(said), counts=counts)
    assert found(one, one) == []


def test_what_is_missing_added_or_exchanged_is_a_difference() -> None:
    """One row for each place where the sequences part."""
    real = observed((0, "a"), (1, "b"), (2, "c"), (3, "d"))
    assert found(real, observed((0, "a"), (2, "c"), (3, "d"))) == [("modes", "b", "–")]
    assert found(real, observed((0, "a"), (1, "x"), (2, "c"), (3, "d"))) == [("modes", "b", "x")]
    assert found(real, observed((0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e"))) == [("modes", "–", "e")]


def test_steps_may_take_15_percent_longer_or_shorter() -> None:
    """Beyond that the step is named, with both times."""
    real = observed((0, "a"), (20, "b"))
    assert found(real, observed((0, "a"), (22.9, "b"))) == []
    assert found(real, observed((0, "a"), (17.1, "b"))) == []
    assert found(real, observed((0, "a"), (23.1, "b"))) == [("modes: a → b", "20 s", "23 s")]


def test_short_steps_are_as_exact_as_the_message_that_tells_them() -> None:
    """Modes are told once a second; a text is told when it happens."""
    assert found(observed((0, "a"), (1, "b")), observed((0, "a"), (2, "b"))) == []
    real = observed((0, "a"), (1, "b"), subject="texts")
    assert found(real, observed((0, "a"), (2, "b"), subject="texts")) == [("texts: a → b", "1 s", "2 s")]


def test_a_step_that_the_client_ended_is_alike_however_it_began() -> None:
    """The client's frames come when they were recorded; only the step before is the vehicle's own."""
    real = observed((0, "a"), (20, "b"), (30, "c"))
    early = observed((0, "a"), (10, "b"), (30, "c"))
    assert found(real, early) == [("modes: a → b", "20 s", "10 s")]


def test_streams_may_come_20_percent_more_or_less_often() -> None:
    """One message is allowed whatever the share; a message that never comes is named."""
    real = observed(counts={"ATTITUDE": 1000, "PING": 2})
    assert found(real, observed(counts={"ATTITUDE": 800, "PING": 1})) == []
    assert found(real, observed(counts={"ATTITUDE": 799, "PING": 2})) == [("stream ATTITUDE", "10 Hz", "8 Hz")]
    assert found(real, observed(counts={"PING": 2})) == [("stream ATTITUDE", "10 Hz", "–")]
