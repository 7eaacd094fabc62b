"""The launch gate: every reason why a loaded vehicle must not take off yet (invariants I-4 and I-8)."""

import math
from datetime import datetime, timedelta

from mission.geodesy.distance import distance_m
from mission.model.flight import ApprovedFlight, FlightPlan
from mission.model.geo import GeoPoint
from mission.model.telemetry import Freshness, LandedState, VehicleState
from mission.policy import Policy

CLOCK_TOLERANCE = timedelta(minutes=1)
"""By how much zones may be newer than now before a clock must be wrong."""
PAYLOAD_TOLERANCE_KG, PAYLOAD_TOLERANCE_SHARE = 0.1, 0.1
"""By how much a weighed load may differ from the planned one: the greater of the two; it is a wrong parcel beyond."""


def launch_objections(
    flight: ApprovedFlight, state: VehicleState, freshness: Freshness, policy: Policy, now: datetime
) -> tuple[str, ...]:
    """Name each rule that forbids the launch now, in a sentence; empty means go."""
    plan = flight.plan
    objections = _zone_objections(flight.zones_as_of, policy, now)
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
    objections += _payload_objections(plan, state)
    return tuple(objections)


def _zone_objections(zones_as_of: datetime | None, policy: Policy, now: datetime) -> list[str]:
    """No launch by zones of unknown age, too old, or of a later time than now (faults F-A14, F-S5)."""
    if zones_as_of is None:
        return ["it is not known how old the zones are that the flight was checked against"]
    age = now - zones_as_of
    if age < -CLOCK_TOLERANCE:
        return [f"the zones are as of {zones_as_of:%Y-%m-%d %H:%MZ}, later than now: a clock is wrong"]
    if age.total_seconds() > policy.max_zone_age_s:
        hours, limit_hours = age.total_seconds() / 3600.0, policy.max_zone_age_s / 3600.0
        return [f"the zones were last known to be in force {hours:.1f} h ago, limit {limit_hours:.1f} h"]
    return []


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
    needed_wh = plan.energy_wh + plan.wait_wh + plan.reserve_wh
    if available_wh < needed_wh:
        return [f"battery holds {available_wh:.0f} Wh, flight, waits and reserve need {needed_wh:.0f} Wh"]
    return []


def _payload_objections(plan: FlightPlan, state: VehicleState) -> list[str]:
    """The weight that was planned with, where the vehicle weighs it (faults F-V24 and F-O10)."""
    if not plan.sortie.vehicle.type.payload_sensor:
        return []
    planned_kg = sum(order.parcel.mass_kg for order in plan.sortie.orders)
    tolerance_kg = max(PAYLOAD_TOLERANCE_KG, PAYLOAD_TOLERANCE_SHARE * planned_kg)
    if math.isnan(state.payload_kg):
        return ["the vehicle does not tell the weight it carries"]
    if abs(state.payload_kg - planned_kg) > tolerance_kg:
        return [
            f"the vehicle carries {state.payload_kg:.2f} kg, its parcels weigh {planned_kg:.2f} kg, "
            f"tolerance {tolerance_kg:.2f} kg"
        ]
    return []
