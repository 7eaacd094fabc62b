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


class VtolState(IntEnum):
    """MAV_VTOL_STATE."""

    NONE = 0
    TO_WING = 1
    TO_HOVER = 2
    HOVER = 3
    WING = 4


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
        main_mode, sub_mode: PX4's custom mode.
        standard_mode: MAV_STANDARD_MODE in CURRENT_MODE.
        needs_pilot: it cannot run without a pilot's or a companion's input, which no simulated vehicle has.
    """

    main_mode: int
    sub_mode: int
    standard_mode: int
    needs_pilot: bool = False


class Mode(Enum):
    """The modes that a simulated vehicle can be in. Those that need a pilot can be chosen only while disarmed."""

    MANUAL = ModeTraits(main_mode=1, sub_mode=0, standard_mode=0, needs_pilot=True)
    POSCTL = ModeTraits(main_mode=3, sub_mode=0, standard_mode=1, needs_pilot=True)
    OFFBOARD = ModeTraits(main_mode=6, sub_mode=0, standard_mode=0, needs_pilot=True)
    TAKEOFF = ModeTraits(MAIN_MODE_AUTO, sub_mode=2, standard_mode=8)
    LOITER = ModeTraits(MAIN_MODE_AUTO, sub_mode=3, standard_mode=0)
    MISSION = ModeTraits(MAIN_MODE_AUTO, sub_mode=4, standard_mode=6)
    RTL = ModeTraits(MAIN_MODE_AUTO, sub_mode=5, standard_mode=5)
    LAND = ModeTraits(MAIN_MODE_AUTO, sub_mode=6, standard_mode=7)

    @property
    def custom_mode(self) -> int:
        """HEARTBEAT.custom_mode: main mode in bits 16-23, sub mode in bits 24-31."""
        return self.value.main_mode << 16 | self.value.sub_mode << 24


BY_CUSTOM_MODE = {(mode.value.main_mode, mode.value.sub_mode): mode for mode in Mode}

BASE_MODE_DISARMED = 29
"""Custom mode, stabilised, guided, auto enabled – as PX4 sends it."""
BASE_MODE_ARMED = BASE_MODE_DISARMED | 128
