"""What is uploaded to a vehicle: mission items, geofence and rally points, in MAVLink's own terms."""

import hashlib
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from mission.model.geo import GeoPoint


class MavCommand(IntEnum):
    """The MAV_CMD values that Stork writes or judges (MAVLink common.xml)."""

    NAV_WAYPOINT = 16
    NAV_LOITER_TIME = 19
    NAV_RETURN_TO_LAUNCH = 20
    NAV_LAND = 21
    NAV_TAKEOFF = 22
    NAV_DELAY = 93
    DO_CHANGE_SPEED = 178
    DO_GRIPPER = 211
    FENCE_POLYGON_INCLUSION = 5001
    FENCE_POLYGON_EXCLUSION = 5002
    FENCE_CIRCLE_INCLUSION = 5003
    FENCE_CIRCLE_EXCLUSION = 5004
    RALLY_POINT = 5100


class MavFrame(IntEnum):
    """The MAV_FRAME values that PX4 accepts in mission items (5 and 6 are the INT twins of 0 and 3)."""

    GLOBAL_AMSL = 0
    MISSION = 2
    GLOBAL_RELATIVE_HOME = 3
    GLOBAL_AMSL_INT = 5
    GLOBAL_RELATIVE_HOME_INT = 6


class MavMissionType(IntEnum):
    """MAV_MISSION_TYPE."""

    MISSION = 0
    FENCE = 1
    RALLY = 2


GRIPPER_RELEASE = 0.0
"""DO_GRIPPER param2, GRIPPER_ACTION_RELEASE."""
GRIPPER_GRAB = 1.0
"""DO_GRIPPER param2, GRIPPER_ACTION_GRAB."""

SORTIE_TAGS = 1 << 24
"""Sortie tags are below this: PX4 stores the parameters of an item without a place as 32-bit floats."""


@dataclass(frozen=True, slots=True)
class MissionItem:
    """One MISSION_ITEM_INT, field for field; the sequence number is its place in the tuple.

    Attributes:
        command: MAV_CMD.
        frame: MAV_FRAME. Positions use GLOBAL_RELATIVE_HOME_INT; commands without a position use MISSION.
        param1 … param4: NaN where unset (an unset yaw is NaN: 0 would be north).
        x, y: latitude and longitude in 1e-7 degrees; 0 for commands without a position.
        z: height in the frame, metres.
        autocontinue: 1 to go on by itself.
    """

    command: int
    frame: int = MavFrame.GLOBAL_RELATIVE_HOME_INT
    param1: float = 0.0
    param2: float = 0.0
    param3: float = 0.0
    param4: float = math.nan
    x: int = 0
    y: int = 0
    z: float = 0.0
    autocontinue: int = 1

    @property
    def position(self) -> GeoPoint:
        """The item's position in degrees. Only meaningful for items that have one."""
        return GeoPoint(self.x * 1e-7, self.y * 1e-7)

    def wire_bytes(self) -> bytes:
        """The item as the vehicle can hold it: float32 parameters (every NaN the same), integers exact."""
        floats = (self.param1, self.param2, self.param3, self.param4, self.z)
        canonical = [math.nan if math.isnan(value) else value for value in floats]
        return struct.pack("<HBB5fii", self.command, self.frame, self.autocontinue, *canonical, self.x, self.y)


def degrees_e7(degrees: float) -> int:
    """Degrees as MAVLink's 1e-7 integer, rounded to nearest (truncation would move it by up to 11 mm)."""
    return round(degrees * 1e7)


@dataclass(frozen=True, slots=True)
class Mission:
    """Everything that one vehicle holds for one sortie.

    Attributes:
        items: the flight, in order.
        fence: fence items (5001-5004), a polygon's vertices consecutive, param1 = its vertex count.
        rally: rally point items (5100).
        home: where the vehicle's home must be when this flies.
        home_amsl_m: that home's elevation, AMSL.
    """

    items: tuple[MissionItem, ...]
    fence: tuple[MissionItem, ...]
    rally: tuple[MissionItem, ...]
    home: GeoPoint
    home_amsl_m: float

    def digest(self) -> str:
        """SHA-256 over items, fence and rally points as the vehicle can hold them (not over home)."""
        return digest_of(self.items, self.fence, self.rally)

    @property
    def sortie_tag(self) -> int:
        """What tells this mission from another of the same route; 0 = none (a diversion).

        Autopilots pass over a list whose checksum is that of the list they hold, progress included (fault F-V16). The
        tag is the x of DO_CHANGE_SPEED, which has no meaning there, and which the checksum covers.
        """
        return next((item.x for item in self.items if item.command == MavCommand.DO_CHANGE_SPEED), 0)


def digest_of(*groups: Iterable[MissionItem]) -> str:
    """SHA-256 hex digest of groups of items (mission, fence, rally), group boundaries included."""
    sha = hashlib.sha256()
    for group in groups:
        encoded = [item.wire_bytes() for item in group]
        sha.update(struct.pack("<I", len(encoded)))
        for item in encoded:
            sha.update(item)
    return sha.hexdigest()
