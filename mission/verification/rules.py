"""Every rule that a mission is held to, in one table: its code, what it demands, and why.

Codes are stable: programs, reports and tests match on them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mission.model.geo import GeoPoint
from mission.model.verdict import Finding, Severity

MAX_ITEMS = 500
"""PX4's default number of mission items on flight hardware; more are refused at upload."""
MAX_FENCE_VERTICES = 64
"""PX4's number of fence items (v1.16: NO_SPACE beyond it)."""
MAX_RALLY_POINTS = 32
"""PX4's number of rally points (v1.16: NO_SPACE beyond it)."""
MAX_DISTANCE_FROM_HOME_M = 50_000.0
"""Farther than any multicopter delivery flies. PX4 takes 200 km legs and latitude 91 unchecked."""
MAX_HEIGHT_HOME_M = 10_000.0
"""Heights beyond it are no heights: they would only spoil the arithmetic."""
MAX_HOLD_S = 300.0
"""Longest hover or delay of one item: more would be a mistake of units, and drains the battery."""
SLOWEST_SHARE = 0.5
"""Slowest speed that may be set, as a share of the planned one: energy was budgeted for that."""
LANDING_RADIUS_M = 2.0
"""Farthest that a landing may be planned from the site it is permitted at: within one pad."""
STRAIGHT_ABOVE_M = 2.0
"""Farthest sideways that the waypoint after a landing may lie: PX4 drifts while it climbs towards it."""
ELEVATION_TOLERANCE_M = 20.0
"""Farthest that a home's stated elevation may lie from the terrain's: SRTM's error (16 m) and a low roof.
A height above the ellipsoid given as AMSL is 20-50 m off in most of Europe and is found by this."""
RELEASE_HEIGHT_TOLERANCE_M = 0.05
"""Rounding of a release height."""
GATE_TIME_TOLERANCE_S = 0.01
"""Rounding of a gate's time."""


class RuleCode(StrEnum):
    """The stable codes of all findings."""

    EMPTY_MISSION = "EMPTY_MISSION"
    TOO_MANY_ITEMS = "TOO_MANY_ITEMS"
    UNSUPPORTED_COMMAND = "UNSUPPORTED_COMMAND"
    RTL_FORBIDDEN = "RTL_FORBIDDEN"
    FRAME_ILLEGAL = "FRAME_ILLEGAL"
    AUTOCONTINUE_OFF = "AUTOCONTINUE_OFF"
    PARAMETER_INVALID = "PARAMETER_INVALID"
    SPEED_INVALID = "SPEED_INVALID"
    POSITION_OUT_OF_RANGE = "POSITION_OUT_OF_RANGE"
    POSITION_UNSET = "POSITION_UNSET"
    POSITION_SWAPPED = "POSITION_SWAPPED"
    POSITION_FAR_FROM_HOME = "POSITION_FAR_FROM_HOME"
    HEIGHT_INVALID = "HEIGHT_INVALID"
    ACCEPTANCE_TOO_WIDE = "ACCEPTANCE_TOO_WIDE"
    TAKEOFF_NOT_FIRST = "TAKEOFF_NOT_FIRST"
    TAKEOFF_REPEATED = "TAKEOFF_REPEATED"
    TAKEOFF_WHILE_AIRBORNE = "TAKEOFF_WHILE_AIRBORNE"
    TAKEOFF_HEIGHT = "TAKEOFF_HEIGHT"
    TAKEOFF_AWAY_FROM_HOME = "TAKEOFF_AWAY_FROM_HOME"
    GRIPPER_IN_MISSION = "GRIPPER_IN_MISSION"
    LAND_NOT_LAST = "LAND_NOT_LAST"
    LANDING_NOT_PERMITTED = "LANDING_NOT_PERMITTED"
    CLIMB_AFTER_LAND = "CLIMB_AFTER_LAND"
    CLIMB_AFTER_GATE = "CLIMB_AFTER_GATE"
    HOME_ELEVATION = "HOME_ELEVATION"
    TERRAIN_UNKNOWN = "TERRAIN_UNKNOWN"
    HEIGHT_TOO_HIGH = "HEIGHT_TOO_HIGH"
    HEIGHT_BELOW_GROUND = "HEIGHT_BELOW_GROUND"
    DROP_MISSED = "DROP_MISSED"
    GATE_ELSEWHERE = "GATE_ELSEWHERE"
    GATE_REPEATED = "GATE_REPEATED"
    GATE_TIME = "GATE_TIME"
    RELEASE_TOO_HIGH = "RELEASE_TOO_HIGH"
    RELEASE_HEIGHT_UNPROVEN = "RELEASE_HEIGHT_UNPROVEN"
    ZONE_ENTERED = "ZONE_ENTERED"
    ZONE_CLEARANCE = "ZONE_CLEARANCE"
    ZONE_LEFT = "ZONE_LEFT"
    FENCE_MISSING = "FENCE_MISSING"
    FENCE_MALFORMED = "FENCE_MALFORMED"
    FENCE_TOO_MANY_VERTICES = "FENCE_TOO_MANY_VERTICES"
    FENCE_HOME_OUTSIDE = "FENCE_HOME_OUTSIDE"
    FENCE_START_OUTSIDE = "FENCE_START_OUTSIDE"
    FENCE_WAYPOINT_OUTSIDE = "FENCE_WAYPOINT_OUTSIDE"
    FENCE_LEG_OUTSIDE = "FENCE_LEG_OUTSIDE"
    FENCE_MISSES_ZONE = "FENCE_MISSES_ZONE"
    RALLY_MALFORMED = "RALLY_MALFORMED"
    RALLY_TOO_MANY = "RALLY_TOO_MANY"
    RALLY_IN_ZONE = "RALLY_IN_ZONE"
    RALLY_OUTSIDE_FENCE = "RALLY_OUTSIDE_FENCE"
    TRACK_UNKNOWN = "TRACK_UNKNOWN"
    TRACK_GAP = "TRACK_GAP"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one rule demands, why, and how grave it is to break it."""

    demands: str
    source: str
    severity: Severity = Severity.ERROR


_PX4 = "PX4 v1.16, measured"
_EASA = "Regulation (EU) 2019/947, UAS.OPEN.010(2) and STS-02: 120 m above ground"
_SUBCATEGORY = "Regulation (EU) 2019/947 Article 15: operations respect geographical zones"
_UNKNOWN = "unknown data is unsafe data"
_WARN = Severity.WARNING
_C = RuleCode

RULES: dict[RuleCode, Rule] = {
    _C.EMPTY_MISSION: Rule("there is something to fly", _PX4),
    _C.TOO_MANY_ITEMS: Rule(f"at most {MAX_ITEMS} items", "PX4 default on flight hardware"),
    _C.UNSUPPORTED_COMMAND: Rule("only commands whose effect is understood here", _UNKNOWN),
    _C.RTL_FORBIDDEN: Rule("no RTL item", f"{_PX4}: its return is a straight line through every zone"),
    _C.FRAME_ILLEGAL: Rule("positions in frames 0, 3, 5, 6; all other commands in frame 2", _PX4),
    _C.AUTOCONTINUE_OFF: Rule("every item goes on by itself", "MAVLink: autocontinue 0 waits for ever"),
    _C.PARAMETER_INVALID: Rule(f"times to hold are between 0 and {MAX_HOLD_S:g} s, a sortie tag is below 2^24", _PX4),
    _C.SPEED_INVALID: Rule(
        "speeds are ground speeds, no faster than planned and no less than half of it", "energy and time budgets"
    ),
    _C.POSITION_OUT_OF_RANGE: Rule("latitude within ±90°, longitude within ±180°", f"{_PX4}: takes latitude 91"),
    _C.POSITION_UNSET: Rule("a position is not 0, 0", "an unset position flies to the Gulf of Guinea"),
    _C.POSITION_SWAPPED: Rule("latitude is in x, longitude in y", "MAVLink MISSION_ITEM_INT"),
    _C.POSITION_FAR_FROM_HOME: Rule(
        f"within {MAX_DISTANCE_FROM_HOME_M / 1000:.0f} km of home", f"{_PX4}: takes 200 km legs"
    ),
    _C.HEIGHT_INVALID: Rule(
        f"every position has a height, within {MAX_HEIGHT_HOME_M / 1000:.0f} km of home's",
        f"{_PX4}: takes altitude NaN",
    ),
    _C.ACCEPTANCE_TOO_WIDE: Rule(
        "waypoints are reached within policy.waypoint_acceptance_m", "PX4 turns at that radius: it cuts the corner"
    ),
    _C.TAKEOFF_NOT_FIRST: Rule("a flight from the ground starts with TAKEOFF", _PX4),
    _C.TAKEOFF_REPEATED: Rule("one TAKEOFF only", f"{_PX4}: infeasible after the upload was accepted"),
    _C.TAKEOFF_WHILE_AIRBORNE: Rule("no TAKEOFF in a mission for a vehicle in the air", _PX4),
    _C.TAKEOFF_HEIGHT: Rule("take-off climbs above home", f"{_PX4}: infeasible at or below 0"),
    _C.TAKEOFF_AWAY_FROM_HOME: Rule("take-off is at home", "PX4 climbs where it stands"),
    _C.GRIPPER_IN_MISSION: Rule(
        "no item works the gripper: a release is commanded at a gate, and proved",
        f"{_PX4}: a DO_GRIPPER item is done at once, wherever the vehicle is and whatever the gripper does; I-9",
    ),
    _C.LAND_NOT_LAST: Rule("the last item is LAND", "a mission that ends in the air is not planned"),
    _C.LANDING_NOT_PERMITTED: Rule(
        f"lands within {LANDING_RADIUS_M:g} m of a permitted site, in between only at a drop", "operator's sites"
    ),
    _C.CLIMB_AFTER_LAND: Rule(
        f"after a landing the next waypoint is above it within {STRAIGHT_ABOVE_M:g} m",
        f"{_PX4}: takes off by itself and drifts towards the next waypoint (9 m at 2.9 m up)",
    ),
    _C.CLIMB_AFTER_GATE: Rule(
        f"after a gate in the air the next waypoint is above it within {STRAIGHT_ABOVE_M:g} m",
        "the way up from a drop is the way down to it, which was checked",
    ),
    _C.HOME_ELEVATION: Rule(
        f"home's elevation agrees with the terrain within {ELEVATION_TOLERANCE_M:g} m", "datum mistaken"
    ),
    _C.TERRAIN_UNKNOWN: Rule("the ground below the whole path is known", _UNKNOWN),
    _C.HEIGHT_TOO_HIGH: Rule("never above policy.max_height_agl_m over the lowest ground near", _EASA),
    _C.HEIGHT_BELOW_GROUND: Rule("level flight stays above the highest ground near", "collision with terrain"),
    _C.DROP_MISSED: Rule("every expected drop has its gate within policy.release_radius_m", "I-9"),
    _C.GATE_ELSEWHERE: Rule("no gate away from every expected drop", "I-9"),
    _C.GATE_REPEATED: Rule("one gate for each expected drop", "I-9"),
    _C.GATE_TIME: Rule(
        "a gate waits policy.release_wait_s", "a longer wait has no energy set aside, a shorter one ends undecided"
    ),
    _C.RELEASE_TOO_HIGH: Rule("gates at or below policy.release_height_home_m above the drop's ground", "I-9"),
    _C.RELEASE_HEIGHT_UNPROVEN: Rule(
        "the terrain is known well enough to prove a release height; hub level was taken", _UNKNOWN, _WARN
    ),
    _C.ZONE_ENTERED: Rule("no part of the path in a zone that binds there and then", f"{_SUBCATEGORY}; I-5"),
    _C.ZONE_CLEARANCE: Rule("policy.verified_clearance_m from every binding zone", "navigation error; I-5"),
    _C.ZONE_LEFT: Rule("a vehicle found inside a zone leaves it by a short way", "F-A2", _WARN),
    _C.FENCE_MISSING: Rule("an inclusion fence is held", "the autopilot's own last line of defence"),
    _C.FENCE_MALFORMED: Rule("fence items form simple polygons of ≥ 3 vertices and circles", _PX4),
    _C.FENCE_TOO_MANY_VERTICES: Rule(f"at most {MAX_FENCE_VERTICES} fence items", f"{_PX4}: NO_SPACE"),
    _C.FENCE_HOME_OUTSIDE: Rule(
        "home is inside every inclusion and outside every exclusion", f"{_PX4}: each other one is silently dropped"
    ),
    _C.FENCE_START_OUTSIDE: Rule("in the air, the vehicle is so as well", f"{_PX4}: the others are dropped", _WARN),
    _C.FENCE_WAYPOINT_OUTSIDE: Rule("every position is inside the inclusion and outside exclusions", _PX4),
    _C.FENCE_LEG_OUTSIDE: Rule("so is every leg between them", f"{_PX4}: legs are not checked at upload"),
    _C.FENCE_MISSES_ZONE: Rule(
        "every zone that binds level flight and is in reach is excluded, as far as it lies in the inclusion",
        "off its path the vehicle must not get in either; I-5",
    ),
    _C.RALLY_MALFORMED: Rule("rally items are rally points at finite places near home", _PX4),
    _C.RALLY_TOO_MANY: Rule(f"at most {MAX_RALLY_POINTS} rally points", f"{_PX4}: NO_SPACE"),
    _C.RALLY_IN_ZONE: Rule("rally points keep policy.verified_clearance_m from every binding zone", "I-5"),
    _C.RALLY_OUTSIDE_FENCE: Rule("rally points are inside the fence", "a diversion must not breach it"),
    _C.TRACK_UNKNOWN: Rule("every recorded position is a place, in order of time", _UNKNOWN),
    _C.TRACK_GAP: Rule("a recorded track has no gaps", _UNKNOWN, _WARN),
}


def broken(
    code: RuleCode,
    message: str,
    *,
    item: int | None = None,
    zone_id: str = "",
    place: GeoPoint | None = None,
    time: datetime | None = None,
    measured: float | None = None,
    limit: float | None = None,
    unit: str = "",
    severity: Severity | None = None,
) -> Finding:
    """Return the finding that rule `code` is broken, as grave as the table says unless `severity` is given."""
    return Finding(
        code=code.value,
        message=message,
        severity=RULES[code].severity if severity is None else severity,
        item=item,
        zone_id=zone_id,
        place=place,
        time=time,
        measured=measured,
        limit=limit,
        unit=unit,
    )
