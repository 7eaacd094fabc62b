"""What a vehicle says of itself, and how much of it can be believed."""

import math
from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum

from mission.model.geo import GeoPoint


class FlightMode(StrEnum):
    """PX4's flight modes as Stork names them; UNKNOWN until a heartbeat says."""

    UNKNOWN = "UNKNOWN"
    HOLD = "HOLD"
    MISSION = "MISSION"
    RETURN = "RETURN"
    LAND = "LAND"
    TAKEOFF = "TAKEOFF"
    MANUAL = "MANUAL"
    OFFBOARD = "OFFBOARD"
    OTHER = "OTHER"


class Freshness(StrEnum):
    """How far a vehicle's last known state can be believed. NEVER: nothing was ever heard."""

    NEVER = "NEVER"
    FRESH = "FRESH"
    STALE = "STALE"
    LOST = "LOST"


class LandedState(IntEnum):
    """MAV_LANDED_STATE (EXTENDED_SYS_STATE)."""

    UNKNOWN = 0
    ON_GROUND = 1
    IN_AIR = 2
    TAKEOFF = 3
    LANDING = 4


class EstimatorFlag(IntFlag):
    """ESTIMATOR_STATUS_FLAGS (MAVLink common.xml): what the position estimate has, and what is wrong with it."""

    ATTITUDE = 1
    VELOCITY_HORIZONTAL = 2
    VELOCITY_VERTICAL = 4
    POSITION_HORIZONTAL = 16
    POSITION_VERTICAL = 32
    CONSTANT_POSITION = 128
    GPS_GLITCH = 1024
    ACCELEROMETER_ERROR = 2048


@dataclass(frozen=True, slots=True)
class VehicleState:
    """The last known state of one vehicle. Fields never heard are NaN, UNKNOWN or -1.

    Attributes:
        vehicle_id: our name for it; `system_id` its MAVLink system id.
        boot_time_ms: the autopilot's own clock at the newest sample (GLOBAL_POSITION_INT.time_boot_ms).
        received_s: receiver's monotonic time of the newest sample, seconds.
        battery_remaining: 0..1 of the battery as the autopilot reports it.
        mission_current: index of the current mission item; `mission_total` number of items held.
        landed: whether on ground by EXTENDED_SYS_STATE; `armed` by HEARTBEAT.
        armable: SYS_STATUS PREARM health bit (0x10000000).
        payload_kg: what hangs in the grippers, where the vehicle weighs it.
        estimator_flags: `EstimatorFlag` bits of ESTIMATOR_STATUS.
        wind_m_s: horizontal wind, where the vehicle estimates one; PX4 does so in the air only.
        mission_plan_id, fence_plan_id, rally_plan_id: the autopilot's checksums of the lists it holds
            (MISSION_CURRENT); equal content has equal ids; 0 = holds none, or does not tell.
    """

    vehicle_id: str
    system_id: int = 0
    boot_time_ms: int = -1
    received_s: float = -math.inf
    latitude_deg: float = math.nan
    longitude_deg: float = math.nan
    altitude_amsl_m: float = math.nan
    height_home_m: float = math.nan
    velocity_north_m_s: float = math.nan
    velocity_east_m_s: float = math.nan
    velocity_down_m_s: float = math.nan
    heading_deg: float = math.nan
    battery_remaining: float = math.nan
    battery_voltage_v: float = math.nan
    mode: FlightMode = FlightMode.UNKNOWN
    landed_state: LandedState = LandedState.UNKNOWN
    armed: bool = False
    armable: bool = False
    mission_current: int = -1
    mission_total: int = -1
    home_latitude_deg: float = math.nan
    home_longitude_deg: float = math.nan
    home_altitude_amsl_m: float = math.nan
    payload_kg: float = math.nan
    estimator_flags: int = -1
    wind_m_s: float = math.nan
    mission_plan_id: int = 0
    fence_plan_id: int = 0
    rally_plan_id: int = 0

    @property
    def has_position(self) -> bool:
        """Whether a position was ever received."""
        return not math.isnan(self.latitude_deg)

    @property
    def position(self) -> GeoPoint | None:
        """Where it is, or None before the first position."""
        return GeoPoint(self.latitude_deg, self.longitude_deg) if self.has_position else None
