"""What a vehicle's autopilot stores of an uploaded plan: which items it takes, how it rewrites them, their ids.

As PX4 v1.16: items with a place come in frames 0, 3, 5 and 6, commands without one in frame 2; anything else is
refused while it is being uploaded. Parameters that PX4 has no use for are stored as 0 and read back as 0.
"""

import math
import struct
import zlib
from dataclasses import dataclass, field, replace
from enum import IntEnum

from mission.model.mission import MavCommand, MavFrame, MavMissionType, MissionItem


class MissionResult(IntEnum):
    """MAV_MISSION_RESULT, as far as PX4 uses it."""

    ACCEPTED = 0
    ERROR = 1
    UNSUPPORTED_FRAME = 2
    UNSUPPORTED = 3
    NO_SPACE = 4
    INVALID = 5
    INVALID_PARAM1 = 6
    OPERATION_CANCELLED = 15


MAX_ITEMS = {MavMissionType.MISSION: 10_000, MavMissionType.FENCE: 64, MavMissionType.RALLY: 32}
"""PX4 SITL's limits; 500 mission items on hardware."""


class PlanCommand(IntEnum):
    """MAV_CMD of items that a simulated vehicle flies although no mission of ours has them."""

    LOITER_UNLIMITED = 17
    VTOL_TAKEOFF = 84
    VTOL_LAND = 85
    VTOL_TRANSITION = 3000


LOITER_TO_ALT = 31
NAV_ROI = 80
CONDITION_GATE = 4501
DO_SET_ROI_LOCATION = 195
DO_SET_ROI = 201
DO_JUMP = 177
DO_WINCH = 42600
DO_SET_ACTUATOR = 187
FENCE_RETURN_POINT = 5000
LANDINGS = frozenset({MavCommand.NAV_LAND, PlanCommand.VTOL_LAND})

_WHOLE_PARAMETERS = {
    MavCommand.NAV_WAYPOINT: (1, 2, 4),
    PlanCommand.LOITER_UNLIMITED: (3, 4),
    MavCommand.NAV_LOITER_TIME: (1, 2, 3, 4),
    MavCommand.NAV_LAND: (2, 4),
    MavCommand.NAV_TAKEOFF: (4,),
    LOITER_TO_ALT: (1, 2, 4),
    PlanCommand.VTOL_TAKEOFF: (4,),
    PlanCommand.VTOL_LAND: (4,),
    CONDITION_GATE: (),
    NAV_ROI: (),
    DO_SET_ROI: (),
    DO_SET_ROI_LOCATION: (),
    FENCE_RETURN_POINT: (),
    MavCommand.FENCE_POLYGON_INCLUSION: (1,),
    MavCommand.FENCE_POLYGON_EXCLUSION: (1,),
    MavCommand.FENCE_CIRCLE_INCLUSION: (1,),
    MavCommand.FENCE_CIRCLE_EXCLUSION: (1,),
    MavCommand.RALLY_POINT: (),
}
"""Commands with a place, and which of their parameters PX4 keeps."""

_HEADING_COMMANDS = frozenset(
    {
        MavCommand.NAV_WAYPOINT,
        PlanCommand.LOITER_UNLIMITED,
        MavCommand.NAV_LAND,
        MavCommand.NAV_TAKEOFF,
        PlanCommand.VTOL_TAKEOFF,
        PlanCommand.VTOL_LAND,
    }
)
"""Commands whose param4 is a heading in degrees, kept as radians in 0..2π."""

_PLACELESS_COMMANDS = frozenset(
    {
        MavCommand.NAV_RETURN_TO_LAUNCH,
        MavCommand.NAV_DELAY,
        MavCommand.DO_CHANGE_SPEED,
        MavCommand.DO_GRIPPER,
        DO_JUMP,
        DO_WINCH,
        DO_SET_ACTUATOR,
        DO_SET_ROI,
        *(NAV_ROI, 112, 114, 179, 189, 196, 197, 200, 203, 204, 205, 206, 214, 260),
        *(530, 532, 534, 1000, 1001, 2000, 2001, 2003, 2500, 2501, PlanCommand.VTOL_TRANSITION),
    }
)
"""Commands that PX4 takes in frame MISSION only."""

_FENCE_AND_RALLY = frozenset(
    {
        MavCommand.FENCE_POLYGON_INCLUSION,
        MavCommand.FENCE_POLYGON_EXCLUSION,
        MavCommand.FENCE_CIRCLE_INCLUSION,
        MavCommand.FENCE_CIRCLE_EXCLUSION,
        MavCommand.RALLY_POINT,
    }
)
_POLYGON_VERTICES = frozenset({MavCommand.FENCE_POLYGON_INCLUSION, MavCommand.FENCE_POLYGON_EXCLUSION})
_RELATIVE_FRAMES = frozenset({MavFrame.GLOBAL_RELATIVE_HOME, MavFrame.GLOBAL_RELATIVE_HOME_INT})
_PLACE_FRAMES = _RELATIVE_FRAMES | {MavFrame.GLOBAL_AMSL, MavFrame.GLOBAL_AMSL_INT}

_ROI_COMMANDS = frozenset({NAV_ROI, DO_SET_ROI})
_ROI_WITH_PLACE = frozenset({0, 3})
_ROI_WITHOUT_PLACE = frozenset({0, 1, 2})
"""What param1 of a region of interest may be (MAV_ROI: 0 none, 1 the next waypoint, 2 an item, 3 a place)."""

_ID_LAYOUT = struct.Struct("<BHB4fiif")
_ALL_ONES = 0xFFFFFFFF


def is_relative(item: MissionItem) -> bool:
    """Whether the item's height counts from home."""
    return item.frame in _RELATIVE_FRAMES


def has_place(item: MissionItem) -> bool:
    """Whether the vehicle flies to the item's place (a region of interest is only looked at)."""
    return item.command in _NAVIGATED


_NAVIGATED = frozenset(
    {
        MavCommand.NAV_WAYPOINT,
        PlanCommand.LOITER_UNLIMITED,
        MavCommand.NAV_LOITER_TIME,
        MavCommand.NAV_LAND,
        MavCommand.NAV_TAKEOFF,
        LOITER_TO_ALT,
        PlanCommand.VTOL_TAKEOFF,
        PlanCommand.VTOL_LAND,
    }
)


def item_as_stored(item: MissionItem, plan: MavMissionType) -> MissionItem | MissionResult:
    """Return the item as PX4 stores it, or why it is refused while being uploaded."""
    parsed = _parse(item)
    if isinstance(parsed, MissionResult):
        return parsed
    if plan is MavMissionType.MISSION and item.command in _FENCE_AND_RALLY:
        return MissionResult.ERROR
    if plan is MavMissionType.FENCE and item.command in _POLYGON_VERTICES and not parsed.param1 >= 3.0:
        return MissionResult.ERROR
    return parsed


def _parse(item: MissionItem) -> MissionItem | MissionResult:
    """What PX4 makes of an item whatever plan it belongs to."""
    is_placeless = item.frame == MavFrame.MISSION
    if not is_placeless and item.frame not in _PLACE_FRAMES:
        return MissionResult.UNSUPPORTED_FRAME
    if item.command not in (_PLACELESS_COMMANDS if is_placeless else _WHOLE_PARAMETERS):
        return MissionResult.UNSUPPORTED
    if item.command in _ROI_COMMANDS:
        modes = _ROI_WITHOUT_PLACE if is_placeless else _ROI_WITH_PLACE
        if not math.isfinite(item.param1) or int(item.param1) not in modes:  # PX4 cuts the fraction off
            return MissionResult.INVALID_PARAM1
    if is_placeless:
        return replace(item, x=_as_float32(item.x), y=_as_float32(item.y))
    return _keep_parameters(item, _WHOLE_PARAMETERS[item.command])


def _as_float32(value: int) -> int:
    """A parameter of a command without a place as PX4 stores it: whole numbers are exact up to 2 to the 24th."""
    return int(struct.unpack("<f", struct.pack("<f", value))[0])


def _keep_parameters(item: MissionItem, kept: tuple[int, ...]) -> MissionItem:
    values = [item.param1, item.param2, item.param3, item.param4]
    for number in range(1, 5):
        if number not in kept:
            values[number - 1] = 0.0
    if item.command in _HEADING_COMMANDS and math.isfinite(item.param4):
        values[3] = item.param4 % 360.0
    if item.command in _POLYGON_VERTICES and math.isfinite(item.param1):
        values[0] = float(int(item.param1 + 0.5))
    return replace(item, param1=values[0], param2=values[1], param3=values[2], param4=values[3])


def extend_plan_id(plan_id: int, item: MissionItem) -> int:
    """Return the id of a plan that goes on with `item` as it was sent (PX4's running CRC-32 over its fields)."""
    fields = _ID_LAYOUT.pack(
        item.frame,
        item.command,
        item.autocontinue,
        item.param1,
        item.param2,
        item.param3,
        item.param4,
        item.x,
        item.y,
        item.z,
    )
    return zlib.crc32(fields, plan_id ^ _ALL_ONES) ^ _ALL_ONES


@dataclass(slots=True)
class PlanStore:
    """The plans that a vehicle holds.

    Attributes:
        items: mission, fence and rally items.
        ids: their plan ids, 0 for none.
        revision: counts changes of each plan, so that whoever depends on one can tell.
        requested_current: the mission item to make current with the next look at the mission, or None.
    """

    items: dict[MavMissionType, tuple[MissionItem, ...]] = field(
        default_factory=lambda: dict.fromkeys(MavMissionType, ())
    )
    ids: dict[MavMissionType, int] = field(default_factory=lambda: dict.fromkeys(MavMissionType, 0))
    revision: dict[MavMissionType, int] = field(default_factory=lambda: dict.fromkeys(MavMissionType, 0))
    requested_current: int | None = None

    def replace(self, plan: MavMissionType, items: tuple[MissionItem, ...], plan_id: int) -> None:
        """Hold another plan; an equal id changes nothing, as in PX4 (an identical upload is not noticed)."""
        if items and plan_id == self.ids[plan]:
            return
        self.items[plan] = items
        self.ids[plan] = plan_id if items else 0
        self.revision[plan] += 1
