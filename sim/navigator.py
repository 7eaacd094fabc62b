"""What each flight mode does with the vehicle."""

import math
from enum import Enum

from mission.model.mission import MavFrame, MavMissionType
from sim.airframe import Descent, Leg, Point
from sim.mission_executor import MissionExecutor
from sim.modes import LandedState, Mode
from sim.onboard import Onboard
from sim.outbox import Severity

ROUNDING_M = 1e-6
"""Heights in texts are rounded up, except for what arithmetic adds."""
RALLY_FROM_HOME_M = 10.0
RALLY_NEARER_M = 2.0
BRAKING_DELAY_S = 0.6
"""How long PX4 reckons until full deceleration is reached, where it works out its stopping point."""


class RtlPhase(Enum):
    """PX4's direct return: up, straight over, (with RTL_LAND_DELAY: down and wait,) land."""

    CLIMB = "climb"
    RETURN = "return"
    WAIT = "wait"
    LAND = "land"


class Navigator:
    """Sets the airframe's guidance by mode.

    Attributes:
        mission: the mission and its progress.
        takeoff_done: mode TAKEOFF reached its height; the commander goes on to hold.
    """

    def __init__(self, onboard: Onboard) -> None:
        self._onboard = onboard
        self.mission = MissionExecutor(onboard)
        self.takeoff_done = False
        self._mode: Mode | None = None
        self._rtl_phase = RtlPhase.CLIMB
        self._rtl_target: Point = (0.0, 0.0, 0.0)
        self._wait_until_s = math.inf
        self._reposition: tuple[Point, float] | None = None
        self._takeoff_amsl_m = math.nan

    def ask_reposition(self, target: Point, speed_m_s: float) -> None:
        """Where mode LOITER goes next."""
        self._reposition = (target, speed_m_s)

    def ask_takeoff(self, altitude_amsl_m: float) -> None:
        """How high mode TAKEOFF climbs; NaN for MIS_TAKEOFF_ALT above home."""
        self._takeoff_amsl_m = altitude_amsl_m

    def step(self) -> None:
        """Follow the mode; nothing is followed while disarmed."""
        onboard = self._onboard
        wanted = onboard.mode if onboard.armed else None
        if wanted is not self._mode:
            if self._mode is Mode.MISSION:
                self.mission.deactivate()
            came_from, self._mode = self._mode, wanted
            self._enter(wanted, came_from)
        self.mission.step()
        if wanted is Mode.LOITER and self._reposition is not None:
            self._go_there()
        elif wanted is Mode.RTL:
            self._step_rtl()
        elif wanted is Mode.TAKEOFF and not onboard.landed:
            guidance = onboard.airframe.guidance
            margin = onboard.parameters["NAV_MC_ALT_RAD"]
            if isinstance(guidance, Leg) and onboard.airframe.up_m > guidance.target[2] - margin:
                self.takeoff_done = True
        onboard.landed_state = self._landed_state()

    def steady_s(self) -> float:
        """For how long from now nothing is due but what the airframe reaches."""
        onboard = self._onboard
        if self._mode is not (onboard.mode if onboard.armed else None):
            return 0.0
        if self._mode is Mode.MISSION:
            return self.mission.steady_s()
        waits = self._mode is Mode.RTL and self._rtl_phase is RtlPhase.WAIT
        return max(self._wait_until_s - onboard.now_s, 0.0) if waits else math.inf

    def _enter(self, mode: Mode | None, came_from: Mode | None) -> None:
        airframe = self._onboard.airframe
        climbed, self.takeoff_done = self.takeoff_done, False
        match mode:
            case None:
                airframe.follow(None)
                self._reposition = None
            case Mode.MISSION:
                airframe.follow(None if self._onboard.landed else self._hold_leg())
                self.mission.activate()
            case Mode.LOITER if came_from is Mode.TAKEOFF and climbed:
                pass  # it holds where the climb was to end
            case Mode.LOITER:
                airframe.follow(None if self._onboard.landed else self._hold_leg())
            case Mode.LAND:
                north, east, _ = self._stopping_point()
                airframe.follow(Descent(north, east))
            case Mode.RTL:
                self._begin_rtl()
            case Mode.TAKEOFF:
                self._begin_takeoff()

    def _cruise(self) -> float:
        parameters = self._onboard.parameters
        return min(parameters["MPC_XY_CRUISE"], parameters["MPC_XY_VEL_MAX"])

    def _stopping_point(self) -> Point:
        """Where the vehicle comes to rest if it brakes now: full deceleration, after the time jerk takes."""
        airframe = self._onboard.airframe
        ahead_s = airframe.ground_speed_m_s / (2.0 * self._onboard.parameters["MPC_ACC_HOR"]) + BRAKING_DELAY_S
        return (
            airframe.north_m + airframe.velocity_north_m_s * ahead_s,
            airframe.east_m + airframe.velocity_east_m_s * ahead_s,
            airframe.up_m,
        )

    def _hold_leg(self) -> Leg:
        point = self._stopping_point()
        return Leg(point, point, self._cruise())

    def _go_there(self) -> None:
        if self._reposition is None or self._onboard.landed:
            return
        target, speed = self._reposition
        self._reposition = None
        airframe = self._onboard.airframe
        limit = self._onboard.parameters["MPC_XY_VEL_MAX"]
        airframe.follow(Leg(airframe.position, target, min(speed, limit) if speed > 0.0 else self._cruise()))

    def _begin_takeoff(self) -> None:
        onboard = self._onboard
        airframe = onboard.airframe
        base = onboard.config.home.altitude_amsl_m
        least = onboard.home.up_m + onboard.parameters["MIS_TAKEOFF_ALT"]
        asked = self._takeoff_amsl_m - base
        up = max(asked, least) if math.isfinite(asked) else least
        self._takeoff_amsl_m = math.nan
        target = (airframe.north_m, airframe.east_m, max(up, airframe.up_m))
        limit = onboard.parameters["MPC_TKO_SPEED"]
        airframe.follow(Leg(airframe.position, target, self._cruise(), climb_limit_m_s=limit))

    def _begin_rtl(self) -> None:
        """Return to the nearest of home and the rally points (RTL_TYPE 0), climbing first."""
        onboard = self._onboard
        airframe = onboard.airframe
        north, east, ground = self._return_destination()
        up = max(ground + self._return_height_m(self._away_m((north, east, ground))), airframe.up_m)
        self._rtl_target = (north, east, up)
        self._rtl_phase = RtlPhase.CLIMB
        if onboard.landed:
            airframe.follow(None)
            return
        above = math.ceil(up - ground - ROUNDING_M)
        amsl = math.ceil(onboard.config.home.altitude_amsl_m + up - ROUNDING_M)
        onboard.outbox.text(Severity.INFO, f"RTL: start return at {amsl} m ({above} m above destination)")
        here = self._stopping_point()
        airframe.follow(Leg(here, (here[0], here[1], up), self._cruise()))

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

    def _step_rtl(self) -> None:
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
        if self._rtl_phase is RtlPhase.CLIMB:
            self._rtl_phase = RtlPhase.RETURN
            airframe.follow(Leg(guidance.target, self._rtl_target, self._cruise()))
        elif self._rtl_phase is RtlPhase.RETURN and parameters["RTL_LAND_DELAY"] != 0.0:
            self._rtl_phase = RtlPhase.WAIT
            self._wait_until_s = math.inf
            north, east, up = self._rtl_target
            low = min(up, onboard.home.up_m + parameters["RTL_DESCEND_ALT"])
            airframe.follow(Leg(self._rtl_target, (north, east, low), self._cruise()))
        elif self._rtl_phase is not RtlPhase.WAIT or self._has_waited():
            self._rtl_phase = RtlPhase.LAND
            onboard.outbox.text(Severity.INFO, "RTL: land at destination")
            airframe.follow(Descent(*self._rtl_target[:2]))

    def _has_waited(self) -> bool:
        """Whether RTL_LAND_DELAY is over at the lower height; a negative delay never is."""
        delay_s = self._onboard.parameters["RTL_LAND_DELAY"]
        if delay_s > 0.0 and math.isinf(self._wait_until_s):
            self._wait_until_s = self._onboard.now_s + delay_s
        return self._onboard.now_s >= self._wait_until_s

    def _landed_state(self) -> LandedState:
        onboard = self._onboard
        if onboard.landed:
            return LandedState.ON_GROUND
        if self.mission.taking_off or (onboard.mode is Mode.TAKEOFF and not self.takeoff_done):
            return LandedState.TAKEOFF
        if isinstance(onboard.airframe.guidance, Descent):
            return LandedState.LANDING
        return LandedState.IN_AIR
