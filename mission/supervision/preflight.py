"""The launch gate: every rule that keeps a loaded vehicle on the ground (invariants I-4 and I-8), as a table.

What needs the autopilot's answer in the moment before arming is asked by the gateway's launch: the age of the
position, the plan on board by its checksums, the parameter profile, and the pre-arm check once more.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mission.geodesy.distance import distance_m
from mission.model.flight import ApprovedFlight
from mission.model.geo import GeoPoint
from mission.model.telemetry import EstimatorFlag, Freshness, LandedState, VehicleState
from mission.policy import Policy
from mission.verification.fence import read_fence

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""By how much zones may be newer than now before a clock must be wrong."""
PAYLOAD_TOLERANCE_KG, PAYLOAD_TOLERANCE_SHARE = 0.1, 0.1
"""By how much a weighed load may differ from the planned one: the greater of the two; it is a wrong parcel beyond."""
NEEDED_BY_ESTIMATOR: Final = (
    EstimatorFlag.ATTITUDE
    | EstimatorFlag.VELOCITY_HORIZONTAL
    | EstimatorFlag.VELOCITY_VERTICAL
    | EstimatorFlag.POSITION_HORIZONTAL
    | EstimatorFlag.POSITION_VERTICAL
)
WRONG_IN_ESTIMATOR: Final = EstimatorFlag.GPS_GLITCH | EstimatorFlag.ACCELEROMETER_ERROR
"""CONSTANT_POSITION is not among them: PX4 v1.16 sets it for every vehicle at rest, so on every pad."""


@dataclass(frozen=True, slots=True)
class Gate:
    """All that the rules look at.

    Attributes:
        words: what the vehicle said lately of why it cannot fly, in its own words.
    """

    flight: ApprovedFlight
    state: VehicleState
    freshness: Freshness
    policy: Policy
    now: datetime
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateRule:
    """One condition of a launch: its stable id, what it demands, and what speaks against it now."""

    rule_id: str
    demands: str
    objections: Callable[[Gate], list[str]]


def launch_objections(gate: Gate) -> tuple[str, ...]:
    """Name each rule that forbids the launch now, and why, in a sentence; empty means go."""
    return tuple(f"{rule.rule_id}: {objection}" for rule in GATE_RULES for objection in rule.objections(gate))


def _operator(gate: Gate) -> list[str]:
    missing = "no operator id in the policy: registration is required, (EU) 2019/947 Art. 14"
    return [] if gate.policy.operator_id else [missing]


def _zones(gate: Gate) -> list[str]:
    as_of = gate.flight.zones_as_of
    if as_of is None:
        return ["it is not known how old the zones are that the flight was checked against"]
    age = gate.now - as_of
    if age < -CLOCK_TOLERANCE:
        return [f"the zones are as of {as_of:%Y-%m-%d %H:%MZ}, later than now: a clock is wrong"]
    if age.total_seconds() > gate.policy.max_zone_age_s:
        hours, limit_hours = age.total_seconds() / 3600.0, gate.policy.max_zone_age_s / 3600.0
        return [f"the zones were last known to be in force {hours:.1f} h ago, limit {limit_hours:.1f} h"]
    return []


def _telemetry(gate: Gate) -> list[str]:
    return [] if gate.freshness is Freshness.FRESH else [f"telemetry is {gate.freshness}"]


def _ground(gate: Gate) -> list[str]:
    state = gate.state
    if not state.armed and state.landed_state is LandedState.ON_GROUND:
        return []
    return [f"vehicle is {'armed' if state.armed else state.landed_state.name}, not waiting on the ground"]


def _prearm(gate: Gate) -> list[str]:
    if gate.state.armable:
        return []
    words = f" ({'; '.join(dict.fromkeys(gate.words))})" if gate.words else ""
    return [f"the autopilot's pre-arm checks have not passed{words}"]


def _estimator(gate: Gate) -> list[str]:
    if gate.state.estimator_flags < 0:
        return ["the vehicle does not tell how good its position estimate is"]
    flags = EstimatorFlag(gate.state.estimator_flags)
    missing = [flag.name for flag in NEEDED_BY_ESTIMATOR if flag not in flags]
    wrong = [flag.name for flag in WRONG_IN_ESTIMATOR if flag in flags]
    objections = [f"the estimate lacks {', '.join(filter(None, missing))}"] if missing else []
    return objections + ([f"the estimate has {', '.join(filter(None, wrong))}"] if wrong else [])


def _heading(gate: Gate) -> list[str]:
    return ["the vehicle does not know its heading"] if math.isnan(gate.state.heading_deg) else []


def _home(gate: Gate) -> list[str]:
    state, hub, limit_m = gate.state, gate.flight.plan.sortie.hub, gate.policy.home_tolerance_m
    if state.position is None:
        return ["the vehicle has no position"]
    if math.isnan(state.home_latitude_deg):
        return ["the vehicle's home is not set"]
    home = GeoPoint(state.home_latitude_deg, state.home_longitude_deg)
    places = {"home": home, "position": state.position}
    off_m = {name: distance_m(place, hub.position) for name, place in places.items()}
    return [
        f"its {name} is {far_m:.0f} m from hub {hub.hub_id}, limit {limit_m:.0f} m"
        for name, far_m in off_m.items()
        if far_m > limit_m
    ]


def _fence(gate: Gate) -> list[str]:
    """The home of the mission is judged by the verifier; PX4 judges the fence by the one that the vehicle has."""
    state = gate.state
    fence, findings = read_fence(gate.flight.mission.fence)
    if findings:
        return [finding.message for finding in findings]
    if math.isnan(state.home_latitude_deg):
        return []  # has its own rule
    dropped = fence.dropped_at(GeoPoint(state.home_latitude_deg, state.home_longitude_deg))
    return [f"its home is on the wrong side of {dropped} shape(s) of the fence, which it drops"] if dropped else []


def _battery(gate: Gate) -> list[str]:
    plan, remaining = gate.flight.plan, gate.state.battery_remaining
    if math.isnan(remaining):
        return ["the battery state is not known"]
    available_wh = remaining * plan.sortie.vehicle.type.battery_wh
    needed_wh = plan.energy_wh + plan.wait_wh + plan.reserve_wh
    if available_wh < needed_wh:
        return [f"battery holds {available_wh:.0f} Wh, flight, waits and reserve need {needed_wh:.0f} Wh"]
    return []


def _payload(gate: Gate) -> list[str]:
    sortie = gate.flight.plan.sortie
    planned_kg = sum(order.parcel.mass_kg for order in sortie.orders)
    limit_kg, weighed_kg = sortie.vehicle.type.max_payload_kg, gate.state.payload_kg
    if max(planned_kg, weighed_kg) > limit_kg:  # a weight that is not known decides nothing here
        return [f"the parcels weigh {max(planned_kg, weighed_kg):.2f} kg, the vehicle carries {limit_kg:.2f} kg"]
    if not sortie.vehicle.type.payload_sensor:
        return []
    tolerance_kg = max(PAYLOAD_TOLERANCE_KG, PAYLOAD_TOLERANCE_SHARE * planned_kg)
    if math.isnan(weighed_kg):
        return ["the vehicle does not tell the weight it carries"]
    if abs(weighed_kg - planned_kg) > tolerance_kg:
        return [
            f"the vehicle carries {weighed_kg:.2f} kg, its parcels weigh {planned_kg:.2f} kg, "
            f"tolerance {tolerance_kg:.2f} kg"
        ]
    return []


def _plan_on_board(gate: Gate) -> list[str]:
    state, mission = gate.state, gate.flight.mission
    held = {
        "mission": (mission.items, state.mission_plan_id),
        "fence": (mission.fence, state.fence_plan_id),
        "rally points": (mission.rally, state.rally_plan_id),
    }
    return [
        f"the autopilot does not report its {name}" for name, (items, plan_id) in held.items() if items and not plan_id
    ]


def _wind(gate: Gate) -> list[str]:
    wind_m_s, limit_m_s = gate.state.wind_m_s, gate.policy.max_wind_m_s
    if wind_m_s > limit_m_s:  # PX4 tells no wind on the ground: where none is told, the forecast decides elsewhere
        return [f"the vehicle feels {wind_m_s:.1f} m/s of wind, limit {limit_m_s:.1f} m/s"]
    return []


GATE_RULES: Final = (
    GateRule("OPERATOR", "the operator is registered", _operator),
    GateRule("ZONE_AGE", "the zones of the check are known to be those in force (faults F-A14, F-S5)", _zones),
    GateRule("TELEMETRY", "the vehicle is heard", _telemetry),
    GateRule("ON_GROUND", "it waits on the ground, disarmed", _ground),
    GateRule("PREARM", "its autopilot finds nothing against arming (fault F-V9)", _prearm),
    GateRule("ESTIMATOR", "it knows where it is, and how it moves (fault F-V6)", _estimator),
    GateRule("HEADING", "it knows where it looks (fault F-V6)", _heading),
    GateRule("HOME", "home is set, at the hub, and the vehicle on it: heights are above home (fault F-V5)", _home),
    GateRule("FENCE", "home as the vehicle has it is where PX4 keeps all of the fence (fault F-V14)", _fence),
    GateRule("BATTERY", "enough for the flight, its waits, and the reserve", _battery),
    GateRule("PAYLOAD", "the weight that was planned with, and no more than it carries (F-V24, F-O10)", _payload),
    GateRule("PLAN", "mission, fence and rally points are on board (fault F-V14, invariant I-4)", _plan_on_board),
    GateRule("WIND", "where it feels the wind, no more than the limit (fault F-V8)", _wind),
)
"""In the order in which people would ask."""
