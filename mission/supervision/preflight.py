"""The launch gate: every reason why a loaded vehicle must not take off yet (invariants I-4 and I-8)."""

import math

from mission.geodesy.distance import distance_m
from mission.model.flight import FlightPlan
from mission.model.geo import GeoPoint
from mission.model.telemetry import Freshness, LandedState, VehicleState
from mission.policy import Policy


def launch_objections(plan: FlightPlan, state: VehicleState, freshness: Freshness, policy: Policy) -> tuple[str, ...]:
    """Name each rule that forbids the launch now, in a sentence; empty means go."""
    objections = []
    if not policy.operator_id:
        objections.append("no operator id in the policy: registration is required, (EU) 2019/947 Art. 14")
    if freshness is not Freshness.FRESH:
        objections.append(f"telemetry is {freshness}")
    if state.armed or state.landed_state is not LandedState.ON_GROUND:
        objections.append(
            f"vehicle is {'armed' if state.armed else state.landed_state.name}, not waiting on the ground"
        )
    if not state.armable:
        objections.append("the autopilot's pre-arm checks have not passed")
    objections += _home_objections(plan, state, policy)
    objections += _battery_objections(plan, state)
    return tuple(objections)


def _home_objections(plan: FlightPlan, state: VehicleState, policy: Policy) -> list[str]:
    """Home set, at the hub, and the vehicle on it: heights and the fence are relative to it (fault F-V5)."""
    position = state.position
    if position is None:
        return ["the vehicle has no position"]
    if math.isnan(state.home_latitude_deg):
        return ["the vehicle's home is not set"]
    hub = plan.sortie.hub
    objections = []
    home = GeoPoint(state.home_latitude_deg, state.home_longitude_deg)
    for name, place in {"home": home, "position": position}.items():
        off_m = distance_m(place, hub.position)
        if off_m > policy.home_tolerance_m:
            objections.append(
                f"its {name} is {off_m:.0f} m from hub {hub.hub_id}, limit {policy.home_tolerance_m:.0f} m"
            )
    return objections


def _battery_objections(plan: FlightPlan, state: VehicleState) -> list[str]:
    """Enough for the whole flight and the reserve (capability: no launch into a known shortage)."""
    battery_wh = plan.sortie.vehicle.type.battery_wh
    if math.isnan(state.battery_remaining):
        return ["the battery state is not known"]
    available_wh = state.battery_remaining * battery_wh
    needed_wh = plan.energy_wh + plan.reserve_wh
    if available_wh < needed_wh:
        return [f"battery holds {available_wh:.0f} Wh, flight and reserve need {needed_wh:.0f} Wh"]
    return []
