"""When a vehicle that was told to fly to a point has arrived there, and when it will not."""

import math

from mission.geodesy.distance import distance_m
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from vehicles import px4
from vehicles.command_exchange import Place
from vehicles.link import OBSERVED, Outcome, refused, unconfirmed

ARRIVED_M = 2.0
"""Horizontally and in height: PX4 holds within half a metre, and its position is another metre unsure."""
ARRIVED_SPEED_M_S = 1.0
"""Faster than this it is on its way past the point."""
PARAMETERS = (-1.0, px4.REPOSITION_CHANGE_MODE, 0.0, math.nan)
"""DO_REPOSITION: at its usual speed, in Hold, and heading as it likes."""


def why_not(state: VehicleState) -> str:
    """Why a vehicle in this state is not sent to a point; "" = it may be. Disarmed, PX4 accepts it and forgets it."""
    if not state.armed or state.landed_state in (LandedState.ON_GROUND, LandedState.UNKNOWN):
        return "reposition: the vehicle is not flying"
    return ""


def left_m(state: VehicleState, place: Place) -> tuple[float, float]:
    """How far the place is, horizontally and in height; inf without a position."""
    if state.position is None:
        return math.inf, math.inf
    return distance_m(state.position, place.position), abs(state.altitude_amsl_m - place.altitude_amsl_m)


def is_there(state: VehicleState, place: Place) -> bool:
    """Whether it holds at the place."""
    speeds = state.velocity_north_m_s, state.velocity_east_m_s, state.velocity_down_m_s
    slow = math.hypot(*speeds) <= ARRIVED_SPEED_M_S  # NaN is not
    return state.mode is FlightMode.HOLD and slow and max(left_m(state, place)) <= ARRIVED_M


def outcome(state: VehicleState, place: Place, words: str, timeout_s: float) -> Outcome:
    """How it ended, once it is there, has said no, has left Hold, or the deadline has come."""
    if is_there(state, place):
        return OBSERVED
    if words:
        return refused(f"reposition: {words}")
    if state.mode is not FlightMode.HOLD:
        return refused(f"reposition: the vehicle went on in mode {state.mode}")
    horizontal_m, height_m = left_m(state, place)
    return unconfirmed(
        f"reposition: {horizontal_m:.0f} m and {height_m:.0f} m in height are left after {timeout_s:g} s"
    )
