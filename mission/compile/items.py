"""MAVLink mission, fence and rally items as PX4 accepts them and reads them back.

Positions are GLOBAL_RELATIVE_HOME_INT (frame 6) and an unset yaw is NaN; commands without a position must be
frame MISSION (2), or PX4 rejects them. Fence vertices are frame GLOBAL (0), rally points frame
GLOBAL_RELATIVE_ALT (3). Parameters that a command does not use are written as PX4 reads them back, so that what
is read back compares equal.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from mission.model.geo import GeoPoint
from mission.model.mission import SORTIE_TAGS, MavCommand, MavFrame, MissionItem, degrees_e7

FENCE_VERTEX_LIMIT = 64
"""PX4 answers NO_SPACE to a fence of more vertices."""

RALLY_POINT_LIMIT = 32
"""PX4 answers NO_SPACE to more rally points."""

_GROUND_SPEED = 1.0  # DO_CHANGE_SPEED param1, SPEED_TYPE_GROUNDSPEED
_NO_CHANGE = -1.0  # DO_CHANGE_SPEED throttle, NAV_DELAY clock time: not used


def takeoff(point: GeoPoint, height_home_m: float) -> MissionItem:
    """Climb from the ground at `point` to `height_home_m`."""
    return _at(MavCommand.NAV_TAKEOFF, point, height_home_m)


def waypoint(point: GeoPoint, height_home_m: float, *, acceptance_m: float, hold_s: float = 0.0) -> MissionItem:
    """Fly straight to `point` at `height_home_m`; reached within `acceptance_m`, then hold."""
    return _at(MavCommand.NAV_WAYPOINT, point, height_home_m, param1=hold_s, param2=acceptance_m)


def land(point: GeoPoint, ground_home_m: float) -> MissionItem:
    """Descend at `point` onto ground that lies `ground_home_m` above home."""
    return _at(MavCommand.NAV_LAND, point, ground_home_m)


def change_speed(ground_speed_m_s: float, *, sortie_tag: int = 0) -> MissionItem:
    """Fly at this ground speed from here on. The item also carries the sortie's tag, where it is unused by PX4.

    Raises:
        ValueError: the tag is not in 0 … `SORTIE_TAGS` - 1.
    """
    if not 0 <= sortie_tag < SORTIE_TAGS:
        raise ValueError(f"a sortie tag of {sortie_tag} would not be held exactly")
    return replace(_command(MavCommand.DO_CHANGE_SPEED, _GROUND_SPEED, ground_speed_m_s, _NO_CHANGE), x=sortie_tag)


def hover_gate(point: GeoPoint, height_home_m: float, wait_s: float) -> MissionItem:
    """Hover at `point` until told to go on, at most `wait_s`: time to hand a parcel over."""
    # No loiter radius and no heading: PX4 reads them back as 0, its yaw included.
    return replace(_at(MavCommand.NAV_LOITER_TIME, point, height_home_m, param1=wait_s), param4=0.0)


def ground_gate(wait_s: float) -> MissionItem:
    """Stay where the vehicle has landed until told to go on, at most `wait_s`."""
    return _command(MavCommand.NAV_DELAY, wait_s, _NO_CHANGE, _NO_CHANGE, _NO_CHANGE)


def fence_polygon(ring: Sequence[GeoPoint], *, inclusion: bool) -> tuple[MissionItem, ...]:
    """The vertices of one fence polygon, not closed.

    Raises:
        ValueError: fewer than 3 vertices.
    """
    if len(ring) < 3:
        raise ValueError(f"a fence polygon needs at least 3 vertices, not {len(ring)}")
    command = MavCommand.FENCE_POLYGON_INCLUSION if inclusion else MavCommand.FENCE_POLYGON_EXCLUSION
    return tuple(_fence_item(command, point, float(len(ring))) for point in ring)


def fence_circle(center: GeoPoint, radius_m: float, *, inclusion: bool) -> MissionItem:
    """One fence circle."""
    command = MavCommand.FENCE_CIRCLE_INCLUSION if inclusion else MavCommand.FENCE_CIRCLE_EXCLUSION
    return _fence_item(command, center, radius_m)


def rally_point(point: GeoPoint, ground_home_m: float) -> MissionItem:
    """A landing site; PX4 takes its height as that of the ground there, above home."""
    return MissionItem(
        command=MavCommand.RALLY_POINT,
        frame=MavFrame.GLOBAL_RELATIVE_HOME,
        param4=0.0,
        x=degrees_e7(point.latitude_deg),
        y=degrees_e7(point.longitude_deg),
        z=ground_home_m,
    )


def _at(
    command: MavCommand, point: GeoPoint, height_home_m: float, *, param1: float = 0.0, param2: float = 0.0
) -> MissionItem:
    return MissionItem(
        command=command,
        frame=MavFrame.GLOBAL_RELATIVE_HOME_INT,
        param1=param1,
        param2=param2,
        param4=math.nan,
        x=degrees_e7(point.latitude_deg),
        y=degrees_e7(point.longitude_deg),
        z=height_home_m,
    )


def _command(command: MavCommand, param1: float, param2: float, param3: float, param4: float = 0.0) -> MissionItem:
    return MissionItem(
        command=command, frame=MavFrame.MISSION, param1=param1, param2=param2, param3=param3, param4=param4
    )


def _fence_item(command: MavCommand, point: GeoPoint, param1: float) -> MissionItem:
    return MissionItem(
        command=command,
        frame=MavFrame.GLOBAL_AMSL,
        param1=param1,
        param4=0.0,
        x=degrees_e7(point.latitude_deg),
        y=degrees_e7(point.longitude_deg),
    )
