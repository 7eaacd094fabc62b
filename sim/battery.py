"""What a flight costs: the simulated vehicle's own electrical physics, independent of any planning model.

Rotor power by momentum theory (induced power of a rotor in forward flight after Glauert), blade profile power
growing with advance, fuselage drag, and the rate of potential energy through a drive of limited efficiency.
Source: J. G. Leishman, Principles of Helicopter Aerodynamics, 2nd ed., §2.14 and §5.5.
"""

import math

GRAVITY_M_S2 = 9.80665
AIR_DENSITY_KG_M3 = 1.225
HOVER_INDUCED_SPEED_M_S = 5.5
"""Induced speed in hover without parcels."""
PROFILE_SHARE = 0.3
"""Share of hover power spent on blade profile drag; it does not grow with the load."""
TIP_SPEED_M_S = 110.0
DRAG_AREA_M2 = 0.02
DRIVE_EFFICIENCY = 0.75
DESCENT_FLOOR = 0.6
"""Sinking never costs less than this share of hover power."""
AVIONICS_W = 6.0
IDLE_SHARE = 0.08
"""Motors armed on the ground, as a share of hover power."""


def flight_power_w(
    hover_power_w: float, mass_ratio: float, mass_kg: float, air_speed_m_s: float, climb_m_s: float
) -> float:
    """Electrical power of a multicopter.

    Args:
        hover_power_w: power in hover at the empty mass.
        mass_ratio: mass over the empty mass.
        mass_kg: mass now.
        air_speed_m_s: horizontal speed through the air.
        climb_m_s: vertical speed, up positive.
    """
    hover_induced = HOVER_INDUCED_SPEED_M_S * math.sqrt(mass_ratio)
    advance = air_speed_m_s / hover_induced
    advance_squared = advance * advance
    glauert = math.sqrt(math.sqrt(1.0 + advance_squared * advance_squared / 4.0) - advance_squared / 2.0)
    induced = (1.0 - PROFILE_SHARE) * hover_power_w * mass_ratio * math.sqrt(mass_ratio) * glauert
    profile = PROFILE_SHARE * hover_power_w * (1.0 + 4.65 * (air_speed_m_s / TIP_SPEED_M_S) ** 2)
    drag = 0.5 * AIR_DENSITY_KG_M3 * DRAG_AREA_M2 * air_speed_m_s**3 / DRIVE_EFFICIENCY
    level = induced + profile + drag
    if climb_m_s >= 0.0:
        return level + mass_kg * GRAVITY_M_S2 * climb_m_s / DRIVE_EFFICIENCY
    sinking = level + mass_kg * GRAVITY_M_S2 * climb_m_s * DRIVE_EFFICIENCY
    return max(sinking, DESCENT_FLOOR * level)


WING_DRAG = 0.035
WING_INDUCED = 0.06
"""Parabolic polar of a delivery VTOL with its stopped rotors: drag coefficient = WING_DRAG + WING_INDUCED · lift²."""
PUSHER_EFFICIENCY = 0.55


def wing_power_w(mass_kg: float, wing_area_m2: float, air_speed_m_s: float, climb_m_s: float) -> float:
    """Electrical power of the pusher while the wing carries; gliding costs nothing.

    Source: J. D. Anderson, Aircraft Performance and Design, §5.3 (drag polar, power required).
    """
    weight = mass_kg * GRAVITY_M_S2
    pressure = 0.5 * AIR_DENSITY_KG_M3 * max(air_speed_m_s, 5.0) ** 2
    lift = weight / (pressure * wing_area_m2)
    drag = pressure * wing_area_m2 * (WING_DRAG + WING_INDUCED * lift * lift)
    return max(drag * air_speed_m_s + weight * climb_m_s, 0.0) / PUSHER_EFFICIENCY


class Battery:
    """Energy left, and what was used since boot and since the last fresh battery."""

    def __init__(self, capacity_wh: float) -> None:
        self.capacity_wh = capacity_wh
        self.remaining_wh = capacity_wh
        self.used_wh = 0.0
        self.power_w = AVIONICS_W

    @property
    def fraction(self) -> float:
        """Energy left, 0..1 of a full battery."""
        return self.remaining_wh / self.capacity_wh

    def draw(self, power_w: float, dt_s: float) -> None:
        """Spend `dt_s` at a power."""
        self.power_w = power_w
        energy_wh = power_w * dt_s / 3600.0
        self.used_wh += energy_wh
        self.remaining_wh = max(self.remaining_wh - energy_wh, 0.0)

    def drop_to(self, fraction: float) -> None:
        """Lose energy down to a fraction, as a failing cell does; never gains any."""
        self.remaining_wh = min(self.remaining_wh, fraction * self.capacity_wh)

    def swap(self) -> None:
        """Put in a full battery; `used_wh` goes on counting what the vehicle used."""
        self.remaining_wh = self.capacity_wh
