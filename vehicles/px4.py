"""PX4's vocabulary: modes, health bits, command numbers and the message rates that Stork asks for.

Numbers are MAVLink's and PX4 v1.16's (`px4_custom_mode.h`, `common.xml`).
"""

from enum import IntEnum
from types import MappingProxyType

from mission.model.telemetry import FlightMode

MAV_MODE_FLAG_SAFETY_ARMED = 0x80
"""HEARTBEAT.base_mode bit: armed."""

MAV_MODE_FLAG_CUSTOM_MODE_ENABLED = 0x01

PREARM_CHECK_BIT = 0x1000_0000
"""SYS_STATUS health bit MAV_SYS_STATUS_PREARM_CHECK: the current mode could be armed now."""

AUTOPILOT_COMPONENT = 1
"""MAV_COMP_ID_AUTOPILOT1."""

OWN_SYSTEM_ID = 245
"""The system id under which MAVSDK speaks as a ground station."""

PX4_MAIN_MODE_AUTO = 4
PX4_SUB_MODE_LOITER = 3
PX4_SUB_MODE_MISSION = 4

_AUTO_MODES = MappingProxyType(
    {
        2: FlightMode.TAKEOFF,
        PX4_SUB_MODE_LOITER: FlightMode.HOLD,
        PX4_SUB_MODE_MISSION: FlightMode.MISSION,
        5: FlightMode.RETURN,
        6: FlightMode.LAND,
        9: FlightMode.LAND,  # precision landing
    }
)
_MAIN_MODES = MappingProxyType(
    {
        1: FlightMode.MANUAL,
        2: FlightMode.MANUAL,  # altitude
        3: FlightMode.MANUAL,  # position
        5: FlightMode.MANUAL,  # acro
        6: FlightMode.OFFBOARD,
        7: FlightMode.MANUAL,  # stabilized
    }
)


def flight_mode(custom_mode: int) -> FlightMode:
    """Stork's name of HEARTBEAT.custom_mode, which is main mode << 16 | sub mode << 24."""
    main, sub = (custom_mode >> 16) & 0xFF, (custom_mode >> 24) & 0xFF
    if main == PX4_MAIN_MODE_AUTO:
        return _AUTO_MODES.get(sub, FlightMode.OTHER)
    return _MAIN_MODES.get(main, FlightMode.OTHER)


class Command(IntEnum):
    """The MAV_CMD values that Stork commands directly."""

    NAV_RETURN_TO_LAUNCH = 20
    NAV_LAND = 21
    DO_SET_MODE = 176
    DO_REPOSITION = 192
    REQUEST_MESSAGE = 512
    DO_GRIPPER = 211
    MISSION_START = 300
    COMPONENT_ARM_DISARM = 400
    SET_MESSAGE_INTERVAL = 511


class CommandAck(IntEnum):
    """MAV_RESULT."""

    ACCEPTED = 0
    TEMPORARILY_REJECTED = 1
    DENIED = 2
    UNSUPPORTED = 3
    FAILED = 4
    IN_PROGRESS = 5
    CANCELLED = 6


REPOSITION_CHANGE_MODE = 1.0
"""DO_REPOSITION's flag: change to Hold and fly there. PX4 answers UNSUPPORTED to anything else."""

REPOSITION_REFUSAL = "Reposition is outside geofence"
"""What PX4 says, beside an ACCEPTED, when a fence does not let it fly there: it then holds where it is."""

HEARTBEAT = "HEARTBEAT"
SYS_STATUS = "SYS_STATUS"
GLOBAL_POSITION_INT = "GLOBAL_POSITION_INT"
EXTENDED_SYS_STATE = "EXTENDED_SYS_STATE"
MISSION_CURRENT = "MISSION_CURRENT"
BATTERY_STATUS = "BATTERY_STATUS"
HOME_POSITION = "HOME_POSITION"
SYSTEM_TIME = "SYSTEM_TIME"
ESTIMATOR_STATUS = "ESTIMATOR_STATUS"
WIND_COV = "WIND_COV"
STATUSTEXT = "STATUSTEXT"
NAMED_VALUE_FLOAT = "NAMED_VALUE_FLOAT"
AUTOPILOT_VERSION = "AUTOPILOT_VERSION"
AUTOPILOT_VERSION_ID = 148

STATE_MESSAGES = (
    HEARTBEAT,
    SYS_STATUS,
    GLOBAL_POSITION_INT,
    EXTENDED_SYS_STATE,
    MISSION_CURRENT,
    BATTERY_STATUS,
    HOME_POSITION,
    SYSTEM_TIME,
    ESTIMATOR_STATUS,
    WIND_COV,
)
"""Messages of which only the newest counts."""

WANTED_RATES_HZ = MappingProxyType(
    {
        33: 10.0,  # GLOBAL_POSITION_INT
        1: 10.0,  # SYS_STATUS
        245: 5.0,  # EXTENDED_SYS_STATE
        147: 1.0,  # BATTERY_STATUS
        242: 0.5,  # HOME_POSITION
        2: 1.0,  # SYSTEM_TIME
        230: 1.0,  # ESTIMATOR_STATUS
        231: 0.5,  # WIND_COV
    }
)
"""Message id → rate per second of *our* clock. PX4 refuses to change HEARTBEAT and MISSION_CURRENT: 1 Hz of its own."""

UNWANTED_MESSAGES = (
    30,  # ATTITUDE, 100 Hz
    31,  # ATTITUDE_QUATERNION, 50 Hz
    105,  # HIGHRES_IMU, 50 Hz
    32,  # LOCAL_POSITION_NED
    331,  # ODOMETRY
    65,  # RC_CHANNELS
    24,  # GPS_RAW_INT
    36,  # SERVO_OUTPUT_RAW
    74,  # VFR_HUD
    83,  # ATTITUDE_TARGET
    85,  # POSITION_TARGET_LOCAL_NED
    87,  # POSITION_TARGET_GLOBAL_INT
    111,  # TIMESYNC
    132,  # DISTANCE_SENSOR
    141,  # ALTITUDE
)
"""PX4's onboard streams that nobody reads, the busiest first: a message costs the receiver 23-45 µs even unread."""

STATUSTEXT_CHUNK_CHARS = 50
"""Characters in one STATUSTEXT; a full one may be continued in the next chunk."""

PAYLOAD_NAME = "payload_kg"
"""The NAMED_VALUE_FLOAT in which a vehicle with a payload scale tells what hangs in its grippers. PX4 has no driver
for one: it is a vehicle maker's own, and the autopilot's component sends it."""
