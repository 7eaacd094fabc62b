"""Multicopter power from a vehicle type's hover power and its power curve.

Hover follows momentum theory: P = k·m^1.5 (Dorling et al., "Vehicle Routing Problems for Drone Delivery",
IEEE T-SMC 2017, eq. 4; Leishman, *Principles of Helicopter Aerodynamics*, §2.3). k is not derived but calibrated
by the type's hover power; a share of it that does not grow with the load may be split off. A model linear in the
distance and the payload is unsafe: it underestimates slow and heavy flights.

Forward flight follows Zeng, Xu, Zhang, "Energy Minimization for Wireless Communication With Rotary-Wing UAV",
IEEE T-WC 2019, eq. 12: blade power grows with the square of airspeed, induced power falls, fuselage drag grows
with its cube. Its four parameters are hover power, `fixed_share`, `induced_speed_m_s` and `drag_area_m2`.
"""

import math

from mission.model.fleet import PowerCurve, VehicleType

STANDARD_GRAVITY_M_S2 = 9.80665
"""ISO 80000-3."""

AIR_DENSITY_KG_M3 = 1.225
"""International Standard Atmosphere at sea level (ISO 2533). Thinner air has less drag and less lift; a calibration
is expected to be made near the height of operation."""

TIP_SPEED_M_S = 120.0
"""Blade tips, as in the paper's table I. Blade power grows by 3·(airspeed / tip speed)²: 5 % at 15 m/s, hardly
told apart from drag, so that it is not fitted."""

USUAL_DRAG_AREA_M2 = 0.0151 / 0.7
USUAL_DRAG_MASS_KG = 20.0 / STANDARD_GRAVITY_M_S2
"""The paper's rotorcraft of 20 N: fuselage drag ratio 0.6 × solidity 0.05 × disc 0.503 m², over a drive of 70 %."""


class MulticopterModel:
    """Power in hover, forward flight, climb and descent; everything it knows is in the vehicle type."""

    def hover_power_w(self, vehicle_type: VehicleType, payload_kg: float) -> float:
        """Return the power in still hover: the type's own figure when empty, growing with mass^1.5.

        Raises:
            ValueError: the payload is negative or not finite, or the type has no mass or hover power.
        """
        return self.power_w(vehicle_type, payload_kg)

    def power_w(
        self,
        vehicle_type: VehicleType,
        payload_kg: float,
        *,
        airspeed_m_s: float = 0.0,
        climb_rate_m_s: float = 0.0,
    ) -> float:
        """Return the power of level flight, plus or minus what the change of height costs.

        Raises:
            ValueError: the payload is negative or not finite, or the type has no mass or hover power.
        """
        level_w = _level_power_w(vehicle_type, payload_kg, abs(airspeed_m_s))
        curve, empty_kg = vehicle_type.power, vehicle_type.empty_mass_kg
        if climb_rate_m_s >= 0.0:
            weight_n = (empty_kg + payload_kg) * STANDARD_GRAVITY_M_S2
            return level_w + weight_n * climb_rate_m_s / curve.climb_efficiency
        # Relief by the empty weight only: with parcels it is a little more, and more load must never cost less.
        relieved_w = level_w + curve.descent_relief * empty_kg * STANDARD_GRAVITY_M_S2 * climb_rate_m_s
        return max(relieved_w, curve.descent_floor * level_w)


def drag_area_m2(vehicle_type: VehicleType) -> float:
    """Return the type's own drag area, or that of a usual airframe of its mass (area ~ mass^(2/3))."""
    own_m2 = vehicle_type.power.drag_area_m2
    if own_m2 is not None:
        return own_m2
    scale: float = (vehicle_type.empty_mass_kg / USUAL_DRAG_MASS_KG) ** (2.0 / 3.0)
    return USUAL_DRAG_AREA_M2 * scale


def _level_power_w(vehicle_type: VehicleType, payload_kg: float, airspeed_m_s: float) -> float:
    if not (math.isfinite(payload_kg) and payload_kg >= 0.0):
        raise ValueError(f"payload_kg {payload_kg} is not a mass")
    empty_kg, hover_w, curve = vehicle_type.empty_mass_kg, vehicle_type.hover_power_w, vehicle_type.power
    if not (empty_kg > 0.0 and hover_w > 0.0):
        raise ValueError(f"vehicle type {vehicle_type.type_id} has no empty mass or no hover power")
    ratio = (empty_kg + payload_kg) / empty_kg
    fixed_w = curve.fixed_share * hover_w * (1.0 + 3.0 * (airspeed_m_s / TIP_SPEED_M_S) ** 2)
    induced_w = (1.0 - curve.fixed_share) * hover_w * math.pow(ratio, 1.5) * _induced_share(curve, ratio, airspeed_m_s)
    drag_w = 0.5 * AIR_DENSITY_KG_M3 * drag_area_m2(vehicle_type) * airspeed_m_s**3
    return fixed_w + induced_w + drag_w


def _induced_share(curve: PowerCurve, ratio: float, airspeed_m_s: float) -> float:
    """Induced power over that in hover: sqrt(sqrt(1 + x²) - x), x = v² / (2·v₀²), without cancellation."""
    x = 0.5 * airspeed_m_s**2 / (curve.induced_speed_m_s**2 * ratio)
    return 1.0 / math.sqrt(math.sqrt(1.0 + x * x) + x)
