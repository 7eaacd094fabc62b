"""The energy of one leg, and how far a battery could carry a vehicle at most."""

import math

from mission.energy.model import EnergyModel
from mission.model.fleet import VehicleType

SECONDS_PER_HOUR = 3600.0
SPEED_STEPS = 64
"""Speeds looked at for the least power. Power changes by far less than `RANGE_ROOM` between two of them."""
RANGE_ROOM = 1.05


def leg_energy_wh(
    model: EnergyModel,
    vehicle_type: VehicleType,
    *,
    payload_kg: float,
    duration_s: float,
    height_gain_m: float = 0.0,
    idle_s: float = 0.0,
) -> float:
    """Return the energy in Wh of hover, or of a steady climb or descent straight up or down.

    Args:
        model: what the vehicle draws.
        vehicle_type: the kind of vehicle.
        payload_kg: parcels on board during the leg.
        duration_s: ≥ 0; 0 costs nothing.
        height_gain_m: end height less start height; spread evenly over the time in the air.
        idle_s: how much of the duration is spent on the ground with rotors turning.

    Raises:
        ValueError: a negative duration, or a change of height in no time.
    """
    if duration_s < 0.0:
        raise ValueError(f"duration_s {duration_s} is negative")
    flying_s = max(duration_s - idle_s, 0.0)
    idle_w = vehicle_type.power.idle_share * model.power_w(vehicle_type, 0.0)
    idle_wh = idle_w * (duration_s - flying_s) / SECONDS_PER_HOUR
    if flying_s == 0.0:
        if height_gain_m != 0.0:
            raise ValueError(f"{height_gain_m} m of height cannot change in no time")
        return idle_wh
    power_w = model.power_w(vehicle_type, payload_kg, climb_rate_m_s=height_gain_m / flying_s)
    return power_w * flying_s / SECONDS_PER_HOUR + idle_wh


def level_energy_wh(
    model: EnergyModel,
    vehicle_type: VehicleType,
    *,
    payload_kg: float,
    length_m: float,
    duration_s: float,
    headwind_m_s: float = 0.0,
) -> float:
    """Return the energy in Wh of level flight at the type's cruise speed, with its speeding up and slowing down.

    The time beyond that at full speed is what speeding up and slowing down cost: at constant acceleration between
    rest and cruise they last twice as long as they lose. All speeds between are flown equally long then, and
    slow flight draws its own power, which may be more than that of cruise.

    Args:
        model: what the vehicle draws.
        vehicle_type: its cruise speed is over ground: the autopilot holds it in any wind.
        payload_kg: parcels on board during the leg.
        length_m: horizontal, ≥ 0.
        duration_s: ≥ 0; a leg quicker than at cruise speed counts as flown at cruise speed throughout.
        headwind_m_s: ≥ 0; counted as a tailwind where that costs more: slow flight through the air may.

    Raises:
        ValueError: a negative length, duration or headwind.
    """
    if not (length_m >= 0.0 and duration_s >= 0.0 and headwind_m_s >= 0.0):
        raise ValueError(f"{length_m} m in {duration_s} s against {headwind_m_s} m/s: none may be negative")
    speed_m_s = vehicle_type.cruise_speed_m_s

    def power_w(share: float) -> float:
        airspeeds = (share * speed_m_s + headwind_m_s, max(share * speed_m_s - headwind_m_s, 0.0))
        return max(model.power_w(vehicle_type, payload_kg, airspeed_m_s=airspeed) for airspeed in airspeeds)

    steady_s = min(max(2.0 * length_m / speed_m_s - duration_s, 0.0), duration_s)
    mean_slow_w = (power_w(0.0) + 4.0 * power_w(0.5) + power_w(1.0)) / 6.0  # Simpson's rule over the speeds
    return (power_w(1.0) * steady_s + mean_slow_w * (duration_s - steady_s)) / SECONDS_PER_HOUR


def range_bound_m(model: EnergyModel, vehicle_type: VehicleType) -> float:
    """Return a length that no flight on one battery exceeds in still air: all of it spent at the least power."""
    top_m_s = vehicle_type.cruise_speed_m_s
    least_w = min(
        model.power_w(vehicle_type, 0.0, airspeed_m_s=top_m_s * step / SPEED_STEPS) for step in range(SPEED_STEPS + 1)
    )
    bound_m = RANGE_ROOM * vehicle_type.battery_wh * SECONDS_PER_HOUR / least_w * top_m_s
    if not math.isfinite(bound_m):
        raise ValueError(f"vehicle type {vehicle_type.type_id} has no finite range")
    return bound_m
