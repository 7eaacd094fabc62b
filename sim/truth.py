"""What a simulated vehicle really does at one moment: not what it says."""

from dataclasses import dataclass

from sim.autopilot import Autopilot
from sim.payload import Release


@dataclass(frozen=True, slots=True)
class Truth:
    """One vehicle at one moment.

    Attributes:
        time_s: simulated seconds since boot.
        latitude_deg, longitude_deg, altitude_amsl_m: where it is.
        height_m: above the ground at boot.
        climb_m_s: vertical speed, up positive; at touchdown that of the step before.
        mode: name of the flight mode that is flown.
        sortie: take-offs from the ground after an arming; 0 before the first.
        battery_fraction: energy left, 0 to 1.
        energy_used_wh: since boot, whatever batteries were changed.
        payload_kg: parcels on board.
        releases: parcels that left it, oldest first.
    """

    time_s: float
    vehicle_id: str
    latitude_deg: float
    longitude_deg: float
    altitude_amsl_m: float
    height_m: float
    ground_speed_m_s: float
    climb_m_s: float
    armed: bool
    landed: bool
    motors_failed: bool
    mode: str
    sortie: int
    battery_fraction: float
    energy_used_wh: float
    payload_kg: float
    releases: tuple[Release, ...]


def truth_of(autopilot: Autopilot) -> Truth:
    """Look at a vehicle."""
    onboard = autopilot.onboard
    airframe, battery = onboard.airframe, onboard.battery
    latitude, longitude = onboard.true_place
    return Truth(
        time_s=onboard.now_s,
        vehicle_id=onboard.config.vehicle_id,
        latitude_deg=latitude,
        longitude_deg=longitude,
        altitude_amsl_m=onboard.altitude_amsl_m,
        height_m=onboard.here[2],
        ground_speed_m_s=airframe.ground_speed_m_s,
        climb_m_s=airframe.velocity_up_m_s,
        armed=onboard.armed,
        landed=onboard.landed,
        motors_failed=onboard.motors_failed,
        mode=onboard.mode.name,
        sortie=onboard.sortie,
        battery_fraction=battery.fraction,
        energy_used_wh=battery.used_wh,
        payload_kg=onboard.payload.mass_kg,
        releases=tuple(onboard.payload.releases),
    )
