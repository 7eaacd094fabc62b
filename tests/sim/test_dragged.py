"""A multicopter that the air holds back, as PX4's controllers fly it (PositionSmoothing.cpp, PositionControl.cpp)."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.airframe import Airframe, Descent, Leg
from sim.airframes import airframe_of
from sim.dragged import WAITS_AT_M, DraggedMulticopter
from sim.fleet_config import Physical
from sim.parameters import Parameters

STEP_S = 0.02


def aloft(drag_per_s: float = 1.0) -> DraggedMulticopter:
    """A vehicle that hovers 30 m up."""
    vehicle = DraggedMulticopter(Parameters({}), 25.0, drag_per_s)
    vehicle.up_m = 30.0
    vehicle.follow(Leg(vehicle.position, vehicle.position, 8.0))
    for _ in range(round(5.0 / STEP_S)):
        vehicle.step(STEP_S)
    return vehicle


def fly(vehicle: Airframe, leg: Leg, seconds: float) -> list[float]:
    """Follow a leg; return the speeds over ground, one a step."""
    vehicle.follow(leg)
    speeds = []
    for _ in range(round(seconds / STEP_S)):
        vehicle.step(STEP_S)
        speeds.append(vehicle.ground_speed_m_s)
    return speeds


def test_only_a_multicopter_with_drag_is_held_back() -> None:
    """Without it nothing has to be made up for."""
    assert type(airframe_of(Physical(), Parameters({}))) is Airframe
    assert isinstance(airframe_of(Physical(air_drag_per_s=1.0), Parameters({})), DraggedMulticopter)


def test_cruise_is_reached_late_and_from_below_as_recorded() -> None:
    """8 m/s asked for: PX4's SIH quadcopter flew 6.0 m/s after 5 s and 6.6 m/s after 8 s, and never 8 on 60 m."""
    vehicle = aloft()
    speeds = fly(vehicle, Leg(vehicle.position, (1000.0, 0.0, 30.0), 8.0), 60.0)
    assert speeds[round(5.0 / STEP_S)] == pytest.approx(6.0, abs=0.6)
    assert speeds[round(8.0 / STEP_S)] == pytest.approx(6.6, abs=0.5)
    assert speeds[-1] == pytest.approx(8.0, abs=0.1)


@settings(max_examples=6, deadline=None)
@given(
    north=st.floats(-200.0, 200.0), east=st.floats(-200.0, 200.0), up=st.floats(10.0, 60.0), drag=st.floats(0.05, 1.0)
)
def test_it_keeps_near_its_trajectory_and_comes_to_rest_at_its_target(
    north: float, east: float, up: float, drag: float
) -> None:
    """The trajectory waits for a vehicle that is behind (MPC_XY_ERR_MAX); the end of both is the target."""
    vehicle = aloft(drag)
    vehicle.follow(Leg(vehicle.position, (north, east, up), 8.0))
    for _ in range(1200):
        vehicle.step(0.1)
        point = vehicle.trajectory
        assert math.hypot(point.north_m - vehicle.north_m, point.east_m - vehicle.east_m) < 2.0 * WAITS_AT_M
    assert math.dist(vehicle.position, (north, east, up)) < 0.5


def test_it_lands_in_two_speeds_and_stands() -> None:
    """As without drag: 1.5 m/s above 10 m, 0.7 m/s below 5 m, then the ground."""
    vehicle = aloft()
    vehicle.follow(Descent(0.0, 0.0))
    sinking: dict[int, float] = {}
    for _ in range(round(60.0 / STEP_S)):
        vehicle.step(STEP_S)
        sinking[round(vehicle.up_m)] = -vehicle.velocity_up_m_s
    assert sinking[20] == pytest.approx(1.5, abs=0.1)
    assert sinking[3] == pytest.approx(0.7, abs=0.1)
    assert vehicle.on_ground
