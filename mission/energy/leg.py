"""The energy of one leg."""

from mission.energy.model import EnergyModel
from mission.model.fleet import VehicleType

SECONDS_PER_HOUR = 3600.0


def leg_energy_wh(
    model: EnergyModel,
    vehicle_type: VehicleType,
    *,
    payload_kg: float,
    duration_s: float,
    ground_speed_m_s: float = 0.0,
    height_gain_m: float = 0.0,
    headwind_m_s: float = 0.0,
) -> float:
    """Return the energy in Wh of `duration_s` seconds of steady flight.

    The autopilot holds ground speed, so a headwind raises the airspeed; a tailwind lowers it.

    Args:
        model: what the vehicle draws.
        vehicle_type: the kind of vehicle.
        payload_kg: parcels on board during the leg.
        duration_s: ≥ 0; 0 costs nothing.
        ground_speed_m_s: horizontal speed over ground.
        height_gain_m: end height less start height; spread evenly over the duration.
        headwind_m_s: wind component against the motion; negative = tailwind.

    Raises:
        ValueError: a negative duration, or a change of height in no time.
    """
    if duration_s < 0.0:
        raise ValueError(f"duration_s {duration_s} is negative")
    if duration_s == 0.0:
        if height_gain_m != 0.0:
            raise ValueError(f"{height_gain_m} m of height cannot change in no time")
        return 0.0
    power_w = model.power_w(
        vehicle_type,
        payload_kg,
        airspeed_m_s=ground_speed_m_s + headwind_m_s,
        climb_rate_m_s=height_gain_m / duration_s,
    )
    return power_w * duration_s / SECONDS_PER_HOUR
