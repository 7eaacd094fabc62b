"""How the airframe moves and what it costs."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.airframe import Airframe, Descent, Leg, braking_speed_m_s
from sim.battery import Battery, flight_power_w
from sim.local_plane import LocalPlane
from sim.parameters import Parameters

STEP_S = 0.02
metres = st.floats(-2000.0, 2000.0)
heights = st.floats(1.0, 120.0)
points = st.tuples(metres, metres, heights)


def fly_leg(airframe: Airframe, leg: Leg, within_s: float) -> list[tuple[float, float, float]]:
    """Follow a leg until close to its target; return the positions."""
    airframe.follow(leg)
    track = []
    for _ in range(int(within_s / STEP_S)):
        airframe.step(STEP_S)
        track.append(airframe.position)
        if math.dist(airframe.position, leg.target) < 0.3:
            break
    return track


@settings(max_examples=25)
@given(target=points, onward=points)
def test_speed_and_acceleration_limits_hold_on_any_leg(
    target: tuple[float, float, float], onward: tuple[float, float, float]
) -> None:
    """Horizontal and vertical speed never pass their limits; acceleration keeps PX4's."""
    airframe = Airframe(Parameters({"MPC_Z_V_AUTO_DN": 1.5}))
    airframe.up_m = 30.0
    airframe.follow(Leg(airframe.position, target, 12.0, onward))
    before = (0.0, 0.0)
    for _ in range(1500):
        airframe.step(STEP_S)
        velocity = (airframe.velocity_north_m_s, airframe.velocity_east_m_s)
        assert math.hypot(*velocity) <= 12.0 + 1e-6
        assert -1.5 - 1e-6 <= airframe.velocity_up_m_s <= 3.0 + 1e-6
        assert math.dist(velocity, before) <= 3.0 * STEP_S + 1e-9
        before = velocity


@settings(max_examples=20)
@given(north=st.floats(50.0, 400.0), east=st.floats(-400.0, 400.0), up=st.floats(20.0, 60.0))
def test_leg_is_flown_straight_and_ends_at_its_target(north: float, east: float, up: float) -> None:
    """From a standstill the track stays within 0.2 m of the line, and comes to rest at its end."""
    airframe = Airframe(Parameters({}))
    airframe.up_m = 30.0
    target = (north, east, up)
    track = fly_leg(airframe, Leg(airframe.position, target, 10.0), 400.0)
    length = math.hypot(north, east)
    off_line = [abs(p[0] * east - p[1] * north) / length for p in track]
    assert max(off_line) < 0.2
    assert math.dist(track[-1], target) < 0.3


@given(
    distance=st.floats(0.0, 1e4), end=st.floats(0.0, 10.0), acceleration=st.floats(0.5, 10.0), jerk=st.floats(1.0, 20.0)
)
def test_braking_speed_is_enough_to_stop_in(distance: float, end: float, acceleration: float, jerk: float) -> None:
    """Without jerk it would be the textbook speed, so it is never more than that; at the target it is at most that."""
    speed = braking_speed_m_s(distance, end, acceleration, jerk)
    assert 0.0 <= speed <= math.sqrt(end * end + 2.0 * acceleration * distance) + 1e-6


def test_landing_slows_down_in_two_steps_as_px4_lands() -> None:
    """1.5 m/s above 10 m, 0.7 m/s below 5 m, and it stops on the ground."""
    airframe = Airframe(Parameters({}))
    airframe.up_m = 20.0
    airframe.follow(Descent(0.0, 0.0))
    speeds: dict[int, float] = {}
    for _ in range(int(60.0 / STEP_S)):
        airframe.step(STEP_S)
        speeds[round(airframe.up_m)] = -airframe.velocity_up_m_s
    assert speeds[12] == pytest.approx(1.5, abs=0.05)
    assert speeds[3] == pytest.approx(0.7, abs=0.05)
    assert airframe.up_m == 0.0


@given(st.floats(-80.0, 80.0), st.floats(-179.0, 179.0), st.floats(-2e4, 2e4), st.floats(-2e4, 2e4))
def test_plane_and_earth_agree(latitude: float, longitude: float, north: float, east: float) -> None:
    """A place goes to the Earth and back within a millimetre, 20 km around the reference."""
    plane = LocalPlane(latitude, longitude)
    assert plane.to_local(*plane.to_global(north, east)) == pytest.approx((north, east), abs=1e-3)


def test_hover_costs_the_hover_power_and_a_parcel_costs_more() -> None:
    """At the empty mass the given power; a quarter more mass costs a third more induced power."""
    assert flight_power_w(400.0, 1.0, 4.0, 0.0, 0.0) == pytest.approx(400.0)
    assert flight_power_w(400.0, 1.25, 5.0, 0.0, 0.0) == pytest.approx(400.0 * (0.3 + 0.7 * 1.25**1.5))


@given(st.floats(1.0, 2.0), st.floats(0.0, 20.0), st.floats(-3.0, 5.0))
def test_more_mass_and_more_climb_never_cost_less(ratio: float, speed: float, climb: float) -> None:
    """Power grows with load and with climb rate, and is never negative."""
    power = flight_power_w(400.0, ratio, 4.0 * ratio, speed, climb)
    assert power > 0.0
    assert flight_power_w(400.0, ratio + 0.1, 4.0 * (ratio + 0.1), speed, max(climb, 0.0)) >= flight_power_w(
        400.0, ratio, 4.0 * ratio, speed, max(climb, 0.0)
    )
    assert flight_power_w(400.0, ratio, 4.0 * ratio, speed, climb + 0.1) >= power - 1e-9


def test_battery_empties_by_the_power_drawn_and_no_further_than_empty() -> None:
    """An hour at 406 W takes 406 Wh; it stops at nothing left."""
    battery = Battery(500.0)
    battery.draw(406.0, 3600.0)
    assert battery.remaining_wh == pytest.approx(94.0)
    battery.drop_to(0.9)
    assert battery.fraction < 0.2
    battery.draw(406.0, 3600.0)
    assert battery.remaining_wh == 0.0
