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
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

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


FloatArray = npt.NDArray[np.float64]
Quantity = TypeVar("Quantity", float, FloatArray)
"""One flight's figure, or those of many at once."""


class MulticopterModel:
    """Power in hover, forward flight, climb and descent; everything it knows is in the vehicle type."""

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
        if not (math.isfinite(payload_kg) and payload_kg >= 0.0):
            raise ValueError(f"payload_kg {payload_kg} is not a mass")
        if not (vehicle_type.empty_mass_kg > 0.0 and vehicle_type.hover_power_w > 0.0):
            raise ValueError(f"vehicle type {vehicle_type.type_id} has no empty mass or no hover power")
        curve = vehicle_type.power
        if curve.hover_power_w is None:
            curve = replace(curve, hover_power_w=vehicle_type.hover_power_w)
        return curve_power_w(curve, vehicle_type.empty_mass_kg, payload_kg, airspeed_m_s, climb_rate_m_s)


def curve_power_w(
    curve: PowerCurve, empty_kg: float, payload_kg: Quantity, airspeed_m_s: Quantity, climb_rate_m_s: Quantity
) -> Quantity:
    """Return the electrical power in watts; for one motion or, element by element, for many.

    Args:
        curve: its `hover_power_w` is known.
        empty_kg: mass without parcels.
        payload_kg: mass of the parcels on board, ≥ 0.
        airspeed_m_s: horizontal.
        climb_rate_m_s: positive up.
    """
    if curve.hover_power_w is None:
        raise ValueError("a curve without hover power has no power")
    ratio = 1.0 + payload_kg / empty_kg
    fixed_w = curve.fixed_share * curve.hover_power_w * (1.0 + 3.0 / TIP_SPEED_M_S**2 * airspeed_m_s**2)
    # sqrt(sqrt(1 + x²) - x), turned round so that nothing cancels out
    x = 0.5 / curve.induced_speed_m_s**2 * airspeed_m_s**2 / ratio
    induced_w = (1.0 - curve.fixed_share) * curve.hover_power_w * ratio**1.5 / ((1.0 + x**2) ** 0.5 + x) ** 0.5
    drag_w = 0.5 * AIR_DENSITY_KG_M3 * _drag_area_m2(curve, empty_kg) * abs(airspeed_m_s) ** 3
    level_w = fixed_w + induced_w + drag_w
    weight_n = empty_kg * STANDARD_GRAVITY_M_S2
    up_m_s = 0.5 * (abs(climb_rate_m_s) + climb_rate_m_s)
    down_m_s = 0.5 * (abs(climb_rate_m_s) - climb_rate_m_s)
    # Relief by the empty weight only: with parcels it is a little more, and more load must never cost less.
    relief_w, most_w = curve.descent_relief * weight_n * down_m_s, (1.0 - curve.descent_floor) * level_w
    saved_w = 0.5 * (relief_w + most_w - abs(relief_w - most_w))  # the lesser of the two
    power_w: Quantity = level_w + ratio * weight_n * up_m_s / curve.climb_efficiency - saved_w
    return power_w


def _drag_area_m2(curve: PowerCurve, empty_kg: float) -> float:
    """Return the curve's own drag area, or that of a usual airframe of this mass (area ~ mass^(2/3))."""
    if curve.drag_area_m2 is not None:
        return curve.drag_area_m2
    scale: float = (empty_kg / USUAL_DRAG_MASS_KG) ** (2.0 / 3.0)
    return USUAL_DRAG_AREA_M2 * scale
