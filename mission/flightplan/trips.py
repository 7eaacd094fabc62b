"""Energy and times of a trip known only by its distances: what assignment asks before paths are drawn."""

import math
from collections.abc import Callable, Sequence

from mission.energy import leg_energy_wh, level_energy_wh
from mission.flightplan.plan import FlightConditions
from mission.model.fleet import VehicleType

_Phase = tuple[float, float, float, float]
"""Duration s, horizontal length m, height gain m, and how much of the duration is on the ground, s."""


def trip_times(conditions: FlightConditions) -> Callable[[VehicleType, Sequence[float]], list[float]]:
    """Return a function `(vehicle type, leg distances in m) → s after take-off begins` at each leg's end.

    Entry i but the last is when the hand-over at drop i + 1 begins; the last is the landing. Legs are
    straight and every drop is a gripper release at hub level: a plan with corners takes a little longer.
    """

    def times(vehicle_type: VehicleType, distances_m: Sequence[float]) -> list[float]:
        ends_s: list[float] = []
        clock_s = 0.0
        for phases in _phases(conditions, vehicle_type, distances_m, _handover_s(conditions)):
            arrive_s = clock_s + sum(phase[0] for phase in phases[:3])
            ends_s.append(arrive_s)
            clock_s = clock_s + sum(phase[0] for phase in phases)
        return ends_s

    return times


def trip_energy(
    conditions: FlightConditions,
) -> Callable[[VehicleType, Sequence[float], Sequence[float]], float]:
    """Return a function `(vehicle type, leg distances in m, payload on each leg in kg) → Wh` of a whole trip.

    Take-off to landing; same assumptions as `trip_times`, but every hand-over waits as long as it may.
    """
    longest_s = max(_handover_s(conditions), conditions.policy.release_wait_s)
    model, headwind_m_s = conditions.model, conditions.headwind_m_s

    def phase_wh(vehicle_type: VehicleType, phase: _Phase, payload_kg: float) -> float:
        duration_s, length_m, gain_m, idle_s = phase
        if length_m > 0.0:
            return level_energy_wh(
                model,
                vehicle_type,
                payload_kg=payload_kg,
                length_m=length_m,
                duration_s=duration_s,
                headwind_m_s=headwind_m_s,
            )
        return leg_energy_wh(
            model,
            vehicle_type,
            payload_kg=payload_kg,
            duration_s=duration_s,
            height_gain_m=gain_m,
            idle_s=idle_s,
        )

    def energy(vehicle_type: VehicleType, distances_m: Sequence[float], payloads_kg: Sequence[float]) -> float:
        legs = zip(_phases(conditions, vehicle_type, distances_m, longest_s), payloads_kg, strict=True)
        return math.fsum(phase_wh(vehicle_type, phase, payload_kg) for phases, payload_kg in legs for phase in phases)

    return energy


def _handover_s(conditions: FlightConditions) -> float:
    return conditions.policy.handover_s + conditions.timing.release_hold_s


def _phases(
    conditions: FlightConditions, vehicle_type: VehicleType, distances_m: Sequence[float], handover_s: float
) -> list[list[_Phase]]:
    """For each leg its climb, cruise, descent and hand-over as (duration s, horizontal length m, height gain m)."""
    policy, timing = conditions.policy, conditions.timing
    cruise_m, release_m = policy.cruise_height_home_m, policy.release_height_home_m
    speed_m_s = vehicle_type.cruise_speed_m_s
    trip: list[list[_Phase]] = []
    for leg, distance_m in enumerate(distances_m):
        first, last = leg == 0, leg == len(distances_m) - 1
        gain_m = cruise_m if first else cruise_m - release_m
        climb_s = timing.takeoff_s(vehicle_type, gain_m) if first else timing.climb_s(vehicle_type, gain_m)
        level_s = timing.strand_s([distance_m], [], speed_m_s, policy.waypoint_acceptance_m)[0]
        loss_m = cruise_m if last else cruise_m - release_m
        down_s = timing.land_s(vehicle_type, loss_m) if last else timing.descend_s(vehicle_type, loss_m)
        phases = [
            (climb_s, 0.0, gain_m, timing.spool_up_s if first else 0.0),
            (level_s, distance_m, 0.0, 0.0),
            (down_s, 0.0, -loss_m, timing.disarm_s if last else 0.0),
        ]
        if not last:
            phases.append((handover_s, 0.0, 0.0, 0.0))
        trip.append(phases)
    return trip
