"""What each flight mode does with the vehicle."""

import math

from sim.airframe import Descent, Leg, Point
from sim.direct_return import DirectReturn
from sim.mission_executor import MissionExecutor
from sim.mission_return import MissionReturn, Way, way_of_return
from sim.modes import LandedState, Mode
from sim.onboard import Onboard

Return = DirectReturn | MissionReturn


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
        self._return: Return = DirectReturn(onboard)
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
            self._return.step()
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
        return self._return.steady_s() if self._mode is Mode.RTL else math.inf

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
                north, east, _ = self._onboard.stopping_point()
                airframe.follow(Descent(north, east))
            case Mode.RTL:
                self._begin_return(from_mission=came_from is Mode.MISSION)
            case Mode.TAKEOFF:
                self._begin_takeoff()

    def _hold_leg(self) -> Leg:
        point = self._onboard.stopping_point()
        return Leg(point, point, self._onboard.speed_m_s())

    def _go_there(self) -> None:
        if self._reposition is None or self._onboard.landed:
            return
        target, speed = self._reposition
        self._reposition = None
        onboard, airframe = self._onboard, self._onboard.airframe
        airframe.follow(Leg(airframe.position, target, onboard.speed_m_s(speed if speed > 0.0 else None)))

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
        airframe.follow(Leg(airframe.position, target, self._onboard.speed_m_s(), climb_limit_m_s=limit))

    def _begin_return(self, *, from_mission: bool) -> None:
        """Return by the way that RTL_TYPE chooses."""
        onboard, mission = self._onboard, self.mission
        way = way_of_return(onboard.parameters.integer("RTL_TYPE"), mission)
        self._return = DirectReturn(onboard) if way is Way.DIRECT else MissionReturn(onboard, mission, way)
        self._return.begin(from_mission=from_mission)

    def _landed_state(self) -> LandedState:
        onboard = self._onboard
        if onboard.landed:
            return LandedState.ON_GROUND
        if self.mission.taking_off or (onboard.mode is Mode.TAKEOFF and not self.takeoff_done):
            return LandedState.TAKEOFF
        if isinstance(onboard.airframe.guidance, Descent):
            return LandedState.LANDING
        return LandedState.IN_AIR
