"""PX4's flight modes as far as a delivery flight meets them: one table."""

from dataclasses import dataclass
from enum import Enum, IntEnum

MAIN_MODE_AUTO = 4


class SystemStatus(IntEnum):
    """MAV_STATE as PX4 sends it in HEARTBEAT; a vehicle that cannot arm says UNINIT."""

    UNINIT = 0
    STANDBY = 3
    ACTIVE = 4
    CRITICAL = 5
    FLIGHT_TERMINATION = 8


class LandedState(IntEnum):
    """MAV_LANDED_STATE."""

    ON_GROUND = 1
    IN_AIR = 2
    TAKEOFF = 3
    LANDING = 4


@dataclass(frozen=True, slots=True)
class ModeTraits:
    """What a mode is on the wire.

    Attributes:
        sub_mode: PX4 custom sub mode under AUTO.
        standard_mode: MAV_STANDARD_MODE in CURRENT_MODE.
    """

    sub_mode: int
    standard_mode: int


class Mode(Enum):
    """The modes that a simulated vehicle can be in. Others are refused, as PX4 refuses them without a pilot."""

    TAKEOFF = ModeTraits(sub_mode=2, standard_mode=8)
    LOITER = ModeTraits(sub_mode=3, standard_mode=0)
    MISSION = ModeTraits(sub_mode=4, standard_mode=6)
    RTL = ModeTraits(sub_mode=5, standard_mode=5)
    LAND = ModeTraits(sub_mode=6, standard_mode=7)

    @property
    def custom_mode(self) -> int:
        """HEARTBEAT.custom_mode: main mode in bits 16-23, sub mode in bits 24-31."""
        return MAIN_MODE_AUTO << 16 | self.value.sub_mode << 24


BY_SUB_MODE = {mode.value.sub_mode: mode for mode in Mode}

BASE_MODE_DISARMED = 29
"""Custom mode, stabilised, guided, auto enabled – as PX4 sends it."""
BASE_MODE_ARMED = BASE_MODE_DISARMED | 128
