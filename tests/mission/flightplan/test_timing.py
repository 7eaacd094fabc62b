"""The rule by which legs get their times."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.flightplan import FlightTiming
from mission.model.fleet import VehicleType

TIMING = FlightTiming(acceleration_m_s2=2.0, braking_m_s2=1.0)


def test_a_long_leg_is_a_trapezoid() -> None:
    """10 m/s: 5 s and 25 m up, 10 s and 50 m down, 25 m at speed: 17.5 s for 100 m."""
    assert TIMING.strand_s([100.0], [], 10.0, 3.0) == pytest.approx([17.5])


def test_a_short_leg_never_reaches_cruise_speed() -> None:
    """12 m: a peak of 4 m/s, 2 s up and 4 s down."""
    assert TIMING.strand_s([12.0], [], 10.0, 3.0) == pytest.approx([6.0])


def test_a_point_on_a_straight_line_costs_no_time() -> None:
    """Two legs straight on take as long as one."""
    assert sum(TIMING.strand_s([60.0, 40.0], [0.0], 10.0, 3.0)) == pytest.approx(17.5)


def test_turning_back_is_a_full_stop() -> None:
    """A corner of 180 degrees is flown from rest to rest."""
    there_and_back = TIMING.strand_s([100.0, 100.0], [math.pi], 10.0, 3.0)
    assert there_and_back == pytest.approx([17.5, 17.5], abs=1e-3)


def test_a_right_angle_is_taken_at_the_square_root_of_acceleration_times_radius() -> None:
    """tan(45°) = 1: sqrt(2 · 3)."""
    assert TIMING.corner_speed_m_s(math.pi / 2, 3.0) == pytest.approx(math.sqrt(6.0))


def test_landing_slows_down_in_two_steps() -> None:
    """From 20 m at 2 m/s: 5 s to 10 m, 5 m at the mean of 2 and 0.7, 5 m at 0.7, 6 s to be sure."""
    quad = VehicleType("quad", 1.0, 1, 4.0, 10.0, 3.0, 2.0, 300.0, 500.0)
    assert FlightTiming().land_s(quad, 20.0) == pytest.approx(5.0 + 5.0 / 1.35 + 5.0 / 0.7 + 6.0)


@given(
    legs=st.lists(st.tuples(st.floats(0.1, 3000.0), st.floats(0.0, math.pi)), min_size=1, max_size=12),
    cruise=st.floats(1.0, 25.0),
)
def test_no_strand_beats_cruise_speed_or_a_stop_at_every_corner(legs: list[tuple[float, float]], cruise: float) -> None:
    """Flown times lie between constant cruise speed and stopping at each corner."""
    lengths = [length for length, _ in legs]
    times = FlightTiming().strand_s(lengths, [turn for _, turn in legs[:-1]], cruise, 3.0)
    stopping = [FlightTiming().strand_s([length], [], cruise, 3.0)[0] for length in lengths]
    for length, time, stop in zip(lengths, times, stopping, strict=True):
        assert length / cruise <= time * (1.0 + 1e-9)
        assert time <= stop * (1.0 + 1e-9)


@given(lengths=st.lists(st.floats(0.1, 3000.0), min_size=1, max_size=6), more=st.floats(0.0, 500.0))
def test_a_longer_leg_never_takes_less_time(lengths: list[float], more: float) -> None:
    """With the same corners."""
    turns = [1.0] * (len(lengths) - 1)
    longer = [*lengths[:-1], lengths[-1] + more]
    shorter_s = sum(FlightTiming().strand_s(lengths, turns, 12.0, 3.0))
    assert shorter_s <= sum(FlightTiming().strand_s(longer, turns, 12.0, 3.0)) * (1.0 + 1e-9)


def test_corners_are_one_fewer_than_legs() -> None:
    """Anything else is a defect of the caller."""
    with pytest.raises(ValueError, match="corners"):
        TIMING.strand_s([1.0, 2.0], [], 10.0, 3.0)
