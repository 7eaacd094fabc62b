"""What one level leg costs at one height, and what climbing to another height is worth: how heights are chosen."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from mission.energy import leg_energy_wh, level_energy_wh
from mission.flightplan.plan import FlightConditions
from mission.flightplan.track import measure
from mission.flightplan.writer import LegWriter
from mission.model.fleet import VehicleType
from mission.model.geo import GeoPoint


def level_leg_wh(
    path: Sequence[GeoPoint],
    height_home_m: float,
    *,
    ends_home_m: tuple[float, float],
    payload_kg: float,
    vehicle_type: VehicleType,
    conditions: FlightConditions,
) -> float:
    """Return the energy to climb from hover to a height, fly `path` level and descend to hover.

    Args:
        path: at least one point.
        height_home_m: of the level flight.
        ends_home_m: heights above home at which the leg begins and ends.
        payload_kg: parcels on board.
        vehicle_type: what flies.
        conditions: energy model, times, wind.
    """
    writer = LegWriter(
        vehicle_type=vehicle_type,
        model=conditions.model,
        timing=conditions.timing,
        acceptance_m=conditions.policy.waypoint_acceptance_m,
        headwind_m_s=conditions.headwind_m_s,
        point=path[0],
        height_home_m=ends_home_m[0],
        clock=datetime(2000, 1, 1, tzinfo=UTC),  # only energy is asked for
        payload_kg=payload_kg,
    )
    writer.climb(height_home_m)
    writer.cruise(measure(path))
    writer.descend(ends_home_m[1])
    return math.fsum(leg.energy_wh for leg in writer.legs)


def height_toll_m(height_home_m: float, vehicle_type: VehicleType, conditions: FlightConditions) -> float:
    """Return the metres of level flight that a leg at this height costs beyond one at `policy.cruise_height_home_m`.

    In energy with the heaviest load or in time, whichever is more; 0 for a lower height. Assignment knows a leg
    by its length alone: with the toll added, a trip is not thought cheaper than it is.
    """
    gain_m = height_home_m - conditions.policy.cruise_height_home_m
    if gain_m <= 0.0:
        return 0.0
    up_s = gain_m / min(conditions.timing.takeoff_speed_m_s, vehicle_type.climb_speed_m_s)
    down_s = gain_m / vehicle_type.descent_speed_m_s

    heavy_kg, speed_m_s = vehicle_type.max_payload_kg, vehicle_type.cruise_speed_m_s

    def vertical_wh(duration_s: float, rise_m: float) -> float:
        model = conditions.model
        return leg_energy_wh(model, vehicle_type, payload_kg=heavy_kg, duration_s=duration_s, height_gain_m=rise_m)

    per_metre_wh = level_energy_wh(
        conditions.model, vehicle_type, payload_kg=0.0, length_m=1.0, duration_s=1.0 / speed_m_s
    )
    return max((up_s + down_s) * speed_m_s, (vertical_wh(up_s, gain_m) + vertical_wh(down_s, -gain_m)) / per_metre_wh)
