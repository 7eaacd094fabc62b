"""Rules on the order of items: what PX4 finds infeasible only after it accepted an upload, and what it never sees."""

from collections.abc import Sequence

from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, Mission
from mission.model.verdict import Finding
from mission.policy import Policy
from mission.verification.ellipsoid import geodesic_between_m
from mission.verification.items import POSITION_COMMANDS, ItemPlace
from mission.verification.rules import LANDING_RADIUS_M, STRAIGHT_ABOVE_M, RuleCode, broken

Places = tuple[ItemPlace | None, ...]


def check_sequence(
    mission: Mission,
    places: Places,
    *,
    airborne: bool,
    drops: Sequence[GeoPoint],
    landing_sites: Sequence[GeoPoint],
    policy: Policy,
) -> list[Finding]:
    """Judge the order of take-off, landings and gates.

    Args:
        mission: as read back.
        places: of its items (`mission.verification.items.check_items`).
        airborne: the vehicle is in the air already.
        drops: where a landing on the way is expected.
        landing_sites: where the last landing may be.
        policy: whose radii hold.
    """
    if not mission.items:
        return []
    findings = _check_takeoff(mission, places, airborne, policy)
    findings.extend(_check_last(mission, places, landing_sites))
    for index, item in enumerate(mission.items[:-1]):
        if item.command == MavCommand.NAV_LAND:
            findings.extend(_check_stop(mission, places, index, drops=drops, policy=policy))
        elif item.command == MavCommand.NAV_LOITER_TIME:
            findings.extend(_check_climb(mission, places, index))
    return findings


def _check_takeoff(mission: Mission, places: Places, airborne: bool, policy: Policy) -> list[Finding]:
    commands = [item.command for item in mission.items]
    takeoffs = [index for index, command in enumerate(commands) if command == MavCommand.NAV_TAKEOFF]
    if airborne:
        return [
            broken(RuleCode.TAKEOFF_WHILE_AIRBORNE, f"Item {index} takes off, but the vehicle flies.", item=index)
            for index in takeoffs
        ]
    findings = []
    if commands[0] != MavCommand.NAV_TAKEOFF:
        findings.append(broken(RuleCode.TAKEOFF_NOT_FIRST, f"Item 0 is MAV_CMD {commands[0]}, not TAKEOFF.", item=0))
    findings.extend(
        broken(RuleCode.TAKEOFF_REPEATED, f"Item {index} takes off a second time.", item=index)
        for index in takeoffs[1:]
    )
    place = places[takeoffs[0]] if takeoffs else None
    if place is not None:
        findings.extend(_check_takeoff_place(takeoffs[0], place, mission.home, policy))
    return findings


def _check_takeoff_place(index: int, place: ItemPlace, home: GeoPoint, policy: Policy) -> list[Finding]:
    findings = []
    if place.height_home_m <= 0.0:
        findings.append(
            broken(
                RuleCode.TAKEOFF_HEIGHT,
                f"Take-off climbs to {place.height_home_m:.1f} m above home.",
                item=index,
                place=place.point,
                measured=place.height_home_m,
                limit=0.0,
                unit="m",
            )
        )
    away = _apart_m(place.point, home)
    if away > policy.waypoint_acceptance_m:
        findings.append(
            broken(
                RuleCode.TAKEOFF_AWAY_FROM_HOME,
                f"Take-off is {away:.1f} m from home.",
                item=index,
                place=place.point,
                measured=away,
                limit=policy.waypoint_acceptance_m,
                unit="m",
            )
        )
    return findings


def _check_last(mission: Mission, places: Places, landing_sites: Sequence[GeoPoint]) -> list[Finding]:
    last = len(mission.items) - 1
    command = mission.items[last].command
    if command == MavCommand.NAV_RETURN_TO_LAUNCH:
        return []  # has its own finding
    if command != MavCommand.NAV_LAND:
        return [broken(RuleCode.LAND_NOT_LAST, f"The last item, {last}, is MAV_CMD {command}, not LAND.", item=last)]
    place = places[last]
    if place is None:
        return []  # has its own finding
    away = min((_apart_m(place.point, site) for site in landing_sites), default=float("inf"))
    if away <= LANDING_RADIUS_M:
        return []
    return [
        broken(
            RuleCode.LANDING_NOT_PERMITTED,
            f"The last landing is {away:.1f} m from the nearest permitted site.",
            item=last,
            place=place.point,
            measured=away,
            limit=LANDING_RADIUS_M,
            unit="m",
        )
    ]


def _check_stop(
    mission: Mission,
    places: Places,
    index: int,
    *,
    drops: Sequence[GeoPoint],
    policy: Policy,
) -> list[Finding]:
    """Judge a landing on the way: at a drop, and straight up again."""
    place = places[index]
    if place is None:
        return []  # has its own finding
    findings = []
    away = min((_apart_m(place.point, drop) for drop in drops), default=float("inf"))
    if away > policy.release_radius_m:
        findings.append(
            broken(
                RuleCode.LANDING_NOT_PERMITTED,
                f"Item {index} lands {away:.1f} m from the nearest drop.",
                item=index,
                place=place.point,
                measured=away,
                limit=policy.release_radius_m,
                unit="m",
            )
        )
    return findings + _check_climb(mission, places, index)


def _check_climb(mission: Mission, places: Places, index: int) -> list[Finding]:
    """Judge that the vehicle leaves a landing or a gate straight up."""
    place = places[index]
    if place is None:
        return []  # has its own finding
    following = next(
        (later for later in range(index + 1, len(mission.items)) if mission.items[later].command in POSITION_COMMANDS),
        None,
    )
    above = None if following is None else places[following]
    if following is None or above is None:
        return []
    sideways = _apart_m(place.point, above.point)
    climbs = mission.items[following].command == MavCommand.NAV_WAYPOINT and above.height_home_m > place.height_home_m
    if sideways <= STRAIGHT_ABOVE_M and climbs:
        return []
    landed = mission.items[index].command == MavCommand.NAV_LAND
    return [
        broken(
            RuleCode.CLIMB_AFTER_LAND if landed else RuleCode.CLIMB_AFTER_GATE,
            f"After the {'landing' if landed else 'gate'} of item {index}, item {following} is {sideways:.1f} m "
            f"beside it, {above.height_home_m - place.height_home_m:.1f} m higher, not straight above.",
            item=following,
            place=above.point,
            measured=sideways,
            limit=STRAIGHT_ABOVE_M,
            unit="m",
        )
    ]


def _apart_m(first: GeoPoint, second: GeoPoint) -> float:
    return geodesic_between_m(first.latitude_deg, first.longitude_deg, second.latitude_deg, second.longitude_deg)
