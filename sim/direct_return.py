"""PX4's direct return (RTL_TYPE 0): up, straight over, and down at the nearest of home and the rally points."""

import math
from enum import Enum

from mission.model.mission import MavFrame, MavMissionType
from sim.airframe import Descent, Leg, Point
from sim.onboard import Onboard
from sim.outbox import Severity

ROUNDING_M = 1e-6
"""Heights in texts are rounded up, except for what arithmetic adds."""
RALLY_FROM_HOME_M = 10.0
RALLY_NEARER_M = 2.0


class RtlPhase(Enum):
    """Up, straight over, (with RTL_LAND_DELAY: down and wait,) land."""

    CLIMB = "climb"
    RETURN = "return"
    WAIT = "wait"
    LAND = "land"


class DirectReturn:
    """One return, from its beginning on."""

    def __init__(self, onboard: Onboard) -> None:
        self._onboard = onboard
        self._phase = RtlPhase.CLIMB
        self._target: Point = (0.0, 0.0, 0.0)
        self._wait_until_s = math.inf

    def steady_s(self) -> float:
        """For how long from now nothing is due but what the airframe reaches."""
        waits = self._phase is RtlPhase.WAIT
        return max(self._wait_until_s - self._onboard.now_s, 0.0) if waits else math.inf

    def begin(self, *, from_mission: bool) -> None:  # noqa: ARG002 - from wherever it comes
        """Set out: to the nearest of home and the rally points, climbing first."""
        onboard = self._onboard
        airframe = onboard.airframe
        north, east, ground = self._return_destination()
        up = max(ground + self._return_height_m(self._away_m((north, east, ground))), airframe.up_m)
        self._target = (north, east, up)
        self._phase = RtlPhase.CLIMB
        if onboard.landed:
            airframe.follow(None)
            return
        above = math.ceil(up - ground - ROUNDING_M)
        amsl = math.ceil(onboard.config.home.altitude_amsl_m + up - ROUNDING_M)
        onboard.outbox.text(Severity.INFO, f"RTL: start return at {amsl} m ({above} m above destination)")
        here = onboard.stopping_point()
        airframe.follow(Leg(here, (here[0], here[1], up), onboard.speed_m_s()))

    def _away_m(self, point: Point) -> float:
        airframe = self._onboard.airframe
        return math.hypot(point[0] - airframe.north_m, point[1] - airframe.east_m)

    def _return_destination(self) -> Point:
        """Home, or a rally point that is nearer by 2 m and stands 10 m or more away from home.

        PX4 understands rally points in frames 0 and 3 only. It says so of others, and its destination is then
        undefined; here they are passed over.
        """
        onboard = self._onboard
        home = (onboard.home.north_m, onboard.home.east_m, onboard.home.up_m)
        nearest, distance_m = home, self._away_m(home)
        for item in onboard.plans.items[MavMissionType.RALLY]:
            site = onboard.point_of(item)
            if math.dist(site[:2], home[:2]) <= RALLY_FROM_HOME_M:
                continue
            if item.frame not in (MavFrame.GLOBAL_AMSL, MavFrame.GLOBAL_RELATIVE_HOME):
                onboard.outbox.text(Severity.CRITICAL, "RTL: unsupported MAV_FRAME")
            elif self._away_m(site) + RALLY_NEARER_M < distance_m:
                nearest, distance_m = site, self._away_m(site)
        return nearest

    def _return_height_m(self, distance_m: float) -> float:
        """Height above the destination to return at; lower within RTL_MIN_DIST, by the cone RTL_CONE_ANG."""
        parameters = self._onboard.parameters
        highest, acceptance = parameters["RTL_RETURN_ALT"], parameters["NAV_ACC_RAD"]
        cone_deg = parameters["RTL_CONE_ANG"]
        if cone_deg <= 0.0:
            return highest
        if distance_m <= acceptance:
            return min(2.0 * distance_m, highest)
        height = highest
        if distance_m <= parameters["RTL_MIN_DIST"]:
            height = min(distance_m / math.tan(math.radians(min(max(cone_deg, 1.0), 89.0))), highest)
        return min(max(height, 2.0 * acceptance), highest)

    def step(self) -> None:
        """Phase by phase: a phase ends where its leg does."""
        onboard = self._onboard
        airframe, parameters = onboard.airframe, onboard.parameters
        guidance = airframe.guidance
        if not isinstance(guidance, Leg) or onboard.landed:
            return
        level = airframe.is_level(guidance.target[2], parameters["NAV_MC_ALT_RAD"])
        reach_m = max(airframe.reach_m(parameters["NAV_ACC_RAD"]), airframe.stopping_m())
        if not level or self._away_m(guidance.target) > reach_m:
            return
        if self._phase is RtlPhase.CLIMB:
            self._phase = RtlPhase.RETURN
            airframe.follow(Leg(guidance.target, self._target, onboard.speed_m_s()))
        elif self._phase is RtlPhase.RETURN and parameters["RTL_LAND_DELAY"] != 0.0:
            self._phase = RtlPhase.WAIT
            self._wait_until_s = math.inf
            north, east, up = self._target
            low = min(up, onboard.home.up_m + parameters["RTL_DESCEND_ALT"])
            airframe.follow(Leg(self._target, (north, east, low), onboard.speed_m_s()))
        elif self._phase is not RtlPhase.WAIT or self._has_waited():
            self._phase = RtlPhase.LAND
            onboard.outbox.text(Severity.INFO, "RTL: land at destination")
            airframe.follow(Descent(*self._target[:2]))

    def _has_waited(self) -> bool:
        """Whether RTL_LAND_DELAY is over at the lower height; a negative delay never is."""
        delay_s = self._onboard.parameters["RTL_LAND_DELAY"]
        if delay_s > 0.0 and math.isinf(self._wait_until_s):
            self._wait_until_s = self._onboard.now_s + delay_s
        return self._onboard.now_s >= self._wait_until_s
