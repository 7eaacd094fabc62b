"""What each item of a mission says, and whether it may say so: commands, frames, positions, parameters."""

from dataclasses import dataclass

from mission.model.geo import GeoPoint
from mission.model.mission import SORTIE_TAGS, MavCommand, MavFrame, Mission, MissionItem
from mission.model.verdict import Finding
from mission.policy import Policy
from mission.verification.ellipsoid import geodesic_between_m
from mission.verification.rules import (
    MAX_DISTANCE_FROM_HOME_M,
    MAX_HEIGHT_HOME_M,
    MAX_HOLD_S,
    MAX_ITEMS,
    SLOWEST_SHARE,
    RuleCode,
    broken,
)

POSITION_COMMANDS = frozenset(
    {MavCommand.NAV_TAKEOFF, MavCommand.NAV_WAYPOINT, MavCommand.NAV_LOITER_TIME, MavCommand.NAV_LAND}
)
PLAIN_COMMANDS = frozenset({MavCommand.NAV_DELAY, MavCommand.DO_CHANGE_SPEED})
AMSL_FRAMES = frozenset({MavFrame.GLOBAL_AMSL, MavFrame.GLOBAL_AMSL_INT})
HOME_FRAMES = frozenset({MavFrame.GLOBAL_RELATIVE_HOME, MavFrame.GLOBAL_RELATIVE_HOME_INT})
GROUND_SPEED = 1.0
"""DO_CHANGE_SPEED param1 SPEED_TYPE_GROUNDSPEED."""


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """Where a position item is: degrees WGS84, metres above home."""

    latitude_deg: float
    longitude_deg: float
    height_home_m: float

    @property
    def point(self) -> GeoPoint:
        """The horizontal place."""
        return GeoPoint(self.latitude_deg, self.longitude_deg)


def check_items(
    mission: Mission, policy: Policy, cruise_speed_m_s: float
) -> tuple[list[Finding], tuple[ItemPlace | None, ...]]:
    """Judge every item by itself.

    Args:
        mission: as read back.
        policy: whose acceptance radius holds.
        cruise_speed_m_s: the fastest speed that was planned with.

    Returns:
        the findings, and for each item its place, None where it has none or says none that can be flown to.
    """
    findings: list[Finding] = []
    if not mission.items:
        findings.append(broken(RuleCode.EMPTY_MISSION, "The mission has no items."))
    if len(mission.items) > MAX_ITEMS:
        findings.append(
            broken(
                RuleCode.TOO_MANY_ITEMS,
                f"The mission has {len(mission.items)} items, more than {MAX_ITEMS}.",
                measured=len(mission.items),
                limit=MAX_ITEMS,
            )
        )
    places: list[ItemPlace | None] = []
    for index, item in enumerate(mission.items):
        findings.extend(_check_form(index, item, policy, cruise_speed_m_s))
        place = None
        if item.command in POSITION_COMMANDS and item.frame in AMSL_FRAMES | HOME_FRAMES:
            found = read_place(item, mission.home, mission.home_amsl_m, f"Item {index}", index)
            if isinstance(found, Finding):
                findings.append(found)
            else:
                place = found
        places.append(place)
    return findings, tuple(places)


def read_place(
    item: MissionItem, home: GeoPoint, home_amsl_m: float, name: str, index: int | None
) -> ItemPlace | Finding:
    """Return where an item is, or the finding that it is nowhere a vehicle may be sent to."""
    latitude, longitude = item.x * 1e-7, item.y * 1e-7
    if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):
        return broken(RuleCode.POSITION_OUT_OF_RANGE, f"{name} is at {latitude:.7f}, {longitude:.7f}.", item=index)
    place = GeoPoint(latitude, longitude)
    if item.x == 0 and item.y == 0:
        return broken(RuleCode.POSITION_UNSET, f"{name} has no position (0, 0).", item=index, place=place)
    height = item.z if item.frame in HOME_FRAMES else item.z - home_amsl_m
    if not abs(height) <= MAX_HEIGHT_HOME_M:
        return broken(
            RuleCode.HEIGHT_INVALID, f"{name} is at no height to fly at ({item.z:g} m).", item=index, place=place
        )
    away = _away_m(home, latitude, longitude)
    if away <= MAX_DISTANCE_FROM_HOME_M:
        return ItemPlace(latitude, longitude, height)
    swapped = abs(longitude) <= 90.0 and _away_m(home, longitude, latitude) <= MAX_DISTANCE_FROM_HOME_M
    return broken(
        RuleCode.POSITION_SWAPPED if swapped else RuleCode.POSITION_FAR_FROM_HOME,
        f"{name} is {away / 1000:.0f} km from home" + (": latitude and longitude are swapped." if swapped else "."),
        item=index,
        place=place,
        measured=away,
        limit=MAX_DISTANCE_FROM_HOME_M,
        unit="m",
    )


def _away_m(home: GeoPoint, latitude_deg: float, longitude_deg: float) -> float:
    return geodesic_between_m(home.latitude_deg, home.longitude_deg, latitude_deg, longitude_deg)


def _check_form(index: int, item: MissionItem, policy: Policy, cruise_speed_m_s: float) -> list[Finding]:
    """Judge command, frame, autocontinue and parameters of one item."""
    command = item.command
    if command == MavCommand.NAV_RETURN_TO_LAUNCH:
        return [broken(RuleCode.RTL_FORBIDDEN, f"Item {index} is RTL, a straight line home.", item=index)]
    if command == MavCommand.DO_GRIPPER:
        words = f"Item {index} works the gripper, wherever the vehicle is then."
        return [broken(RuleCode.GRIPPER_IN_MISSION, words, item=index)]
    if command not in POSITION_COMMANDS | PLAIN_COMMANDS:
        return [
            broken(
                RuleCode.UNSUPPORTED_COMMAND,
                f"Item {index} is MAV_CMD {command}, whose effect is not known here.",
                item=index,
            )
        ]
    findings = []
    legal = AMSL_FRAMES | HOME_FRAMES if command in POSITION_COMMANDS else frozenset({MavFrame.MISSION})
    if item.frame not in legal:
        findings.append(
            broken(
                RuleCode.FRAME_ILLEGAL,
                f"Item {index} (MAV_CMD {command}) is in frame {item.frame}, not in one of {sorted(legal)}.",
                item=index,
            )
        )
    if item.autocontinue != 1:
        findings.append(broken(RuleCode.AUTOCONTINUE_OFF, f"Item {index} does not go on by itself.", item=index))
    findings.extend(_check_parameters(index, item, cruise_speed_m_s))
    if command == MavCommand.NAV_WAYPOINT and not 0.0 <= item.param2 <= policy.waypoint_acceptance_m + 1e-3:
        findings.append(
            broken(
                RuleCode.ACCEPTANCE_TOO_WIDE,
                f"Item {index} counts as reached from {item.param2:g} m away.",
                item=index,
                measured=item.param2,
                limit=policy.waypoint_acceptance_m,
                unit="m",
            )
        )
    return findings


def _check_parameters(index: int, item: MissionItem, cruise_speed_m_s: float) -> list[Finding]:
    if item.command == MavCommand.DO_CHANGE_SPEED:
        speed = item.param2
        fits = SLOWEST_SHARE * cruise_speed_m_s <= speed <= cruise_speed_m_s + 1e-3
        if item.param1 != GROUND_SPEED or not fits:
            return [
                broken(
                    RuleCode.SPEED_INVALID,
                    f"Item {index} sets a speed of {speed:g} m/s (type {item.param1:g}); "
                    f"the plan was made for a ground speed of {cruise_speed_m_s:g} m/s.",
                    item=index,
                    measured=speed,
                    limit=cruise_speed_m_s,
                    unit="m/s",
                )
            ]
        if not 0 <= item.x < SORTIE_TAGS:  # it has no place: x is the sortie's tag, and says nothing of the flight
            return [_invalid(index, f"carries sortie tag {item.x}, which the autopilot cannot hold exactly")]
        return []
    holds = item.command in (MavCommand.NAV_WAYPOINT, MavCommand.NAV_LOITER_TIME, MavCommand.NAV_DELAY)
    if holds and not 0.0 <= item.param1 <= MAX_HOLD_S:
        return [_invalid(index, f"holds for {item.param1:g} s")]
    return []


def _invalid(index: int, what: str) -> Finding:
    return broken(RuleCode.PARAMETER_INVALID, f"Item {index} {what}.", item=index)
