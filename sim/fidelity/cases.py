"""What was recorded: the recordings by name, with the vehicle that stands for each one's PX4.

All are of PX4 v1.16.1 SITL with its own quadcopter physics (SIH, airframe 10040), at its usual home. A case names the
parameters that differed from PX4's defaults, so that the simulated vehicle is set up as the recorded one was.
"""

from dataclasses import dataclass, field

from sim.battery import AVIONICS_W
from sim.fleet_config import Home, Physical, VehicleConfig

PX4_HOME = Home(47.397742, 8.545594, 489.4)
BOOT_BEFORE_S = 0.15
"""PX4 had run this long when its first packet was recorded."""

QUADCOPTER = Physical(cruise_speed_m_s=5.0, max_speed_m_s=12.0, air_drag_per_s=1.0)
"""PX4's default MPC_XY_CRUISE and MPC_XY_VEL_MAX, SIH's SIH_KDV over SIH_MASS; the other speeds are PX4's already."""
DRAIN_S = 100.0
DRAINING_QUADCOPTER = Physical(
    cruise_speed_m_s=5.0,
    max_speed_m_s=12.0,
    air_drag_per_s=1.0,
    battery_wh=(QUADCOPTER.hover_power_w + AVIONICS_W) * DRAIN_S / 3600.0,
)
"""SIM_BAT_DRAIN = 100 empties the battery in 100 s armed, whatever is flown; this one empties in 100 s of hover."""


@dataclass(frozen=True, slots=True)
class Case:
    """One recording, and the vehicle to replay it against."""

    name: str
    about: str
    system_id: int
    parameters: dict[str, float | int] = field(default_factory=dict)
    physical: Physical = QUADCOPTER

    @property
    def number(self) -> str:
        """How tables name it: the digits its name begins with."""
        return self.name.partition("_")[0]

    @property
    def vehicle(self) -> VehicleConfig:
        """The vehicle as it was set up."""
        parameters = dict(self.parameters)
        return VehicleConfig("px4", self.system_id, 14540, PX4_HOME, physical=self.physical, parameters=parameters)


CASES = (
    Case("01_delivery_land_gripper", "delivery by landing, gripper, flight home", 1),
    Case("02_delivery_hover_mavsdk410", "hover delivery driven by MAVSDK 4.1.0", 4, {"RTL_RETURN_ALT": 20.0}),
    Case("03_geofence_breach_rtl", "fence breach, Hold, return", 1, {"GF_ACTION": 3, "RTL_RETURN_ALT": 15.0}),
    Case(
        "04_low_battery_rtl",
        "battery low, critical, at its end",
        1,
        {"BAT_LOW_THR": 0.4, "BAT_CRIT_THR": 0.25, "RTL_RETURN_ALT": 15.0, "COM_LOW_BAT_ACT": 3},
        DRAINING_QUADCOPTER,
    ),
    Case("05_rejected_missions", "rejected and infeasible missions", 1),
    Case(
        "07_rtl_crosses_exclusion_hold_mavsdk410",
        "a return that crosses an exclusion, driven by MAVSDK 4.1.0",
        4,
        {"RTL_RETURN_ALT": 20.0},
    ),
)
