"""How an uploaded mission is flown, item by item, as PX4's mission mode does it.

What may surprise is PX4's own behaviour, kept on purpose: the first climb is straight up from where the vehicle
is; legs are straight; an item that is done within one cycle is never reported as reached; the last LAND counts
as reached above the landing place, long before touchdown; another mission uploaded in flight goes on at the same
index; a mission that ended is begun anew only when the vehicle was disarmed in between.
"""

import math
from enum import Enum

from mission.model.mission import MavCommand, MavMissionType, MissionItem
from sim.airframe import Descent, Leg, Point
from sim.feasibility import Feasibility, check_mission
from sim.geofence import Geofence
from sim.gripper import GripperAction
from sim.modes import VtolState
from sim.onboard import Onboard
from sim.outbox import Severity
from sim.plan_store import DO_JUMP, LANDINGS, PlanCommand, has_place
from sim.wire import Message

FENCE_LOADING_S = 0.5
"""PX4 reads a new fence this long after its upload, and only then checks the mission against it."""
ITEMS_PER_STEP = 64
"""Most items that are done in one cycle; a loop of jumps must not hold the vehicle up."""


class Phase(Enum):
    """What is being done about the current item."""

    CLIMB = "climb"
    ITEM = "item"
    MOVE_TO_LAND = "move to land"


class MissionExecutor:
    """Flies the mission held in the plan store while active; keeps its index and its validity always.

    Attributes:
        current: index of the current item.
        verdict: what the feasibility checks say of the mission held.
        active: whether mission mode is flown.
        finished: the last item is done, since the last activation.
        returning: a RETURN_TO_LAUNCH item asks for mode RTL.
        reached: index last reported as reached, or None.
    """

    def __init__(self, onboard: Onboard) -> None:
        self._onboard = onboard
        self.current = 0
        self.verdict = Feasibility(valid=False)
        self.active = False
        self.finished = False
        self.returning = False
        self.reached: int | None = None
        self._phase = Phase.ITEM
        self._target: Point = (0.0, 0.0, 0.0)
        self._place_reached = False
        self._since_s: float | None = None
        self._speed_m_s: float | None = None
        self._jumps: dict[int, int] = {}
        self._was_active = False
        self._disarmed_since = False
        self._seen_mission = 0
        self._seen_fence = 0
        self._fence_due_s: float | None = None

    @property
    def items(self) -> tuple[MissionItem, ...]:
        """The mission held."""
        return self._onboard.plans.items[MavMissionType.MISSION]

    @property
    def taking_off(self) -> bool:
        """Whether the first climb from the ground is under way."""
        return self.active and self._phase is Phase.CLIMB

    @property
    def landing(self) -> bool:
        """Whether it comes down to a LAND item."""
        return self.active and self._phase is Phase.ITEM and self._command() in LANDINGS

    def activate(self) -> None:
        """Begin or go on with the mission: mission mode was entered, armed."""
        if self._was_active and self._disarmed_since and self.items and self.current == len(self.items) - 1:
            self.current = 0
            self._jumps.clear()
        self._was_active, self._disarmed_since = True, False
        self.active, self.finished, self.returning, self.reached = True, False, False, None
        self._check(announce=True)
        self._speed_m_s = self.speed_before(self.current)
        if self.verdict.valid:
            self._onboard.outbox.text(Severity.INFO, "Executing Mission")
            self._begin(climb_first=True)
        else:
            self._refuse()

    def deactivate(self) -> None:
        """Mission mode was left."""
        self.active = False
        self.reached = None

    def note_disarmed(self) -> None:
        """Remember that the vehicle was disarmed; a finished mission starts anew after that."""
        self._disarmed_since = True

    def change_speed(self, speed_m_s: float) -> None:
        """DO_CHANGE_SPEED by command: from the next leg on; not above 0 restores MPC_XY_CRUISE."""
        self._speed_m_s = speed_m_s if math.isfinite(speed_m_s) and speed_m_s > 0.0 else None

    def step(self) -> None:
        """Look at what was uploaded, and go on with the mission if it is active."""
        self._take_uploads()
        if not self.active or self.finished or not self.verdict.valid:
            return
        done: int | None = None
        for _ in range(ITEMS_PER_STEP):
            if not self._is_done():
                break
            if self._phase is Phase.CLIMB:
                self._phase = Phase.ITEM
                self._start_item()
                continue
            done = self.current
            if self._phase is Phase.MOVE_TO_LAND:
                self._phase = Phase.ITEM
                self._land()
            elif not self._advance():
                break
        if done is not None:
            self.reached = done

    def steady_s(self) -> float:
        """For how long from now no item is done by the time alone."""
        if self._fence_due_s is not None:
            return 0.0
        if not self.active or self._since_s is None or self.current >= len(self.items):
            return math.inf
        item = self.items[self.current]
        waits = item.command == MavCommand.NAV_DELAY or self._place_reached
        return max(self._since_s + item.param1 - self._onboard.now_s, 0.0) if waits else math.inf

    def _take_uploads(self) -> None:
        plans, now = self._onboard.plans, self._onboard.now_s
        if plans.revision[MavMissionType.FENCE] != self._seen_fence:
            self._seen_fence = plans.revision[MavMissionType.FENCE]
            self._fence_due_s = now + FENCE_LOADING_S
        if self._fence_due_s is not None and now >= self._fence_due_s:
            self._fence_due_s = None
            self._load_fence()
        requested, plans.requested_current = plans.requested_current, None
        if plans.revision[MavMissionType.MISSION] != self._seen_mission:
            self._seen_mission = plans.revision[MavMissionType.MISSION]
            keep = self.current if requested is None else requested
            self.current = min(max(keep, 0), max(len(self.items) - 1, 0))
            self._jumps.clear()
            self._was_active = self.active
            self._check(announce=True)
        elif requested is None or requested >= len(self.items):
            return
        else:
            self.current = requested
        if self.active:
            self.finished, self.reached = False, None
            if self.verdict.valid:
                self._begin(climb_first=False)
            else:
                self._refuse()

    def _load_fence(self) -> None:
        onboard = self._onboard
        airborne_at = None if onboard.landed else onboard.place
        items = onboard.plans.items[MavMissionType.FENCE]
        for text in onboard.fence.load(items, onboard.home_place, airborne_at):
            onboard.outbox.text(Severity.CRITICAL, text)
        self._check(announce=True)

    def _check(self, *, announce: bool) -> None:
        onboard = self._onboard
        loading = self._fence_due_s is not None
        self.verdict = check_mission(
            self.items,
            landed=onboard.landed,
            home_amsl_m=onboard.home_amsl_m,
            fence=Geofence() if loading else onboard.fence,
            takeoff_land_required=onboard.parameters.integer("MIS_TKO_LAND_REQ"),
            is_vtol=onboard.airframe.vtol_state != VtolState.NONE,
        )
        if announce:
            for text in self.verdict.texts:
                onboard.outbox.text(Severity.CRITICAL, text)

    def _refuse(self) -> None:
        landed = self._onboard.landed
        doing = "refusing takeoff" if landed else "loitering"
        self._onboard.outbox.text(Severity.CRITICAL, f"No valid mission available, {doing}")
        if not landed:
            self._hold()

    def _begin(self, *, climb_first: bool) -> None:
        onboard = self._onboard
        self._phase = Phase.ITEM
        target = self._next_point(self.current)
        below = target is not None and target[2] - onboard.airframe.up_m > onboard.parameters["NAV_MC_ALT_RAD"]
        below = below and onboard.airframe.climbs and not onboard.airframe.is_on_wing
        if not (climb_first and target is not None and below):
            self._start_item()
            return
        self._phase = Phase.CLIMB
        airframe = onboard.airframe
        self._target = (airframe.north_m, airframe.east_m, target[2])
        height = target[2] - onboard.home.up_m
        onboard.outbox.text(Severity.INFO, f"Climb to {height:.1f} meters above home")
        limit = onboard.parameters["MPC_TKO_SPEED"] if onboard.landed else math.inf
        airframe.follow(Leg(airframe.position, self._target, self._cruise(), climb_limit_m_s=limit))

    def _command(self) -> int:
        return self.items[self.current].command if self.current < len(self.items) else -1

    def _cruise(self) -> float:
        return self._onboard.speed_m_s(self._speed_m_s)

    def speed_before(self, index: int) -> float | None:
        """Speed that the items before an index ask for, or None."""
        speed: float | None = None
        for item in self.items[:index]:
            if item.command == MavCommand.DO_CHANGE_SPEED:
                speed = item.param2 if item.param2 > 0.0 else None
        return speed

    def _next_point(self, index: int) -> Point | None:
        for item in self.items[index:]:
            if has_place(item):
                return self._onboard.point_of(item)
        return None

    def _start_item(self) -> None:
        """Do what the current item asks at once, or set out for its place."""
        item, onboard = self.items[self.current], self._onboard
        self._place_reached, self._since_s = False, None
        match item.command:
            case MavCommand.DO_CHANGE_SPEED:
                self._speed_m_s = item.param2 if item.param2 > 0.0 else None
                self._announce(item)
            case MavCommand.DO_GRIPPER:
                self._drive_gripper(item)
                self._announce(item)
            case MavCommand.NAV_RETURN_TO_LAUNCH:
                self.returning = True
            case MavCommand.NAV_DELAY:
                self._announce(item)
                if not onboard.landed:
                    self._hold()
            case MavCommand.NAV_LAND | PlanCommand.VTOL_LAND:
                north, east, _ = onboard.point_of(item)
                airframe = onboard.airframe
                away = math.hypot(north - airframe.north_m, east - airframe.east_m)
                if not onboard.landed and away > onboard.parameters["NAV_ACC_RAD"]:
                    self._phase = Phase.MOVE_TO_LAND
                    self._fly((north, east, airframe.up_m), onward=None)
                else:
                    self._land()
            case PlanCommand.VTOL_TRANSITION:
                onboard.airframe.transition(to_wing=item.param1 == VtolState.WING)
                self._announce(item)
                ahead = self._next_point(self.current + 1)
                if ahead is not None and not onboard.landed:
                    self._fly(ahead, onward=None)
            case _ if has_place(item):
                if item.command == PlanCommand.VTOL_TAKEOFF:
                    onboard.airframe.transition(to_wing=True)
                waits = item.command == MavCommand.NAV_WAYPOINT and item.param1 > 0.0
                waits = waits or item.command == MavCommand.NAV_LOITER_TIME
                onward = None if waits else self._next_point(self.current + 1)
                self._fly(onboard.point_of(item), onward)

    def _drive_gripper(self, item: MissionItem) -> None:
        """Open or close; it counts as done at once, whatever the gripper does (MIS_COMMAND_TOUT 0)."""
        onboard = self._onboard
        if not math.isfinite(item.param1) or item.param2 not in set(GripperAction):
            return
        gripper, action = int(item.param1), GripperAction(int(item.param2))
        if not (onboard.grippers.is_done(gripper, action) or onboard.grippers.is_doing(gripper, action)):
            onboard.drive_gripper(gripper, action)

    def _announce(self, item: MissionItem) -> None:
        """Send the command on the link as PX4 does, which forwards its own commands to whoever listens."""
        parameters = (item.param1, item.param2, item.param3, item.param4, 0.0, 0.0, 0.0)
        system_id = self._onboard.system_id
        self._onboard.outbox.send(Message.COMMAND_LONG, *parameters, item.command, system_id, 0, 0)

    def _fly(self, target: Point, onward: Point | None) -> None:
        airframe = self._onboard.airframe
        guidance = airframe.guidance
        start = guidance.target if isinstance(guidance, Leg) else airframe.position
        self._target = target
        airframe.follow(Leg(start, target, self._cruise(), onward, reach_m=self._reach_m()))

    def _hold(self) -> None:
        airframe = self._onboard.airframe
        guidance = airframe.guidance
        place = guidance.target if isinstance(guidance, Leg) else airframe.position
        airframe.follow(Leg(place, place, self._cruise()))

    def _land(self) -> None:
        north, east, _ = self._onboard.point_of(self.items[self.current])
        self._onboard.airframe.follow(Descent(north, east))

    def _is_done(self) -> bool:
        onboard = self._onboard
        if self._phase is Phase.CLIMB:
            margin = onboard.parameters["NAV_MC_ALT_RAD"]
            return not onboard.landed and onboard.airframe.up_m > self._target[2] - margin
        if self._phase is Phase.MOVE_TO_LAND:
            return self._is_over_landing()
        item = self.items[self.current]
        match item.command:
            case MavCommand.NAV_LAND | PlanCommand.VTOL_LAND:
                done = onboard.landed
            case PlanCommand.VTOL_TRANSITION:
                done = onboard.airframe.vtol_state not in (VtolState.TO_WING, VtolState.TO_HOVER)
            case MavCommand.NAV_DELAY:
                done = self._waited(item.param1)
            case PlanCommand.LOITER_UNLIMITED | MavCommand.NAV_RETURN_TO_LAUNCH:
                done = False
            case _:
                done = not has_place(item) or self._place_done(item)
        return done

    def _is_over_landing(self) -> bool:
        """Whether the place to land is below; a wing is left as far ahead of it as slowing down takes."""
        onboard, airframe = self._onboard, self._onboard.airframe
        if airframe.is_on_wing:
            north, east, _ = self._target
            if math.hypot(north - airframe.north_m, east - airframe.east_m) <= airframe.stopping_m():
                airframe.transition(to_wing=False)
            return False
        return self._at_target(onboard.parameters["NAV_ACC_RAD"])

    def _place_done(self, item: MissionItem) -> bool:
        """Whether an item with a place was reached and its time there is over."""
        if not self._place_reached:
            self._place_reached = self._at_target(self._reach_m())
        timed = item.command in (MavCommand.NAV_WAYPOINT, MavCommand.NAV_LOITER_TIME)
        return self._place_reached and self._waited(item.param1 if timed else 0.0)

    def _reach_m(self) -> float:
        """How near the current item's place counts as there."""
        item = self.items[self.current]
        wanted = item.param2 if item.command == MavCommand.NAV_WAYPOINT else 0.0
        return wanted if wanted > 0.0 else self._onboard.parameters["NAV_ACC_RAD"]

    def _waited(self, seconds: float) -> bool:
        if self._since_s is None:
            self._since_s = self._onboard.now_s
        return not seconds > self._onboard.now_s - self._since_s

    def _at_target(self, radius_m: float) -> bool:
        onboard = self._onboard
        if onboard.landed:
            return False
        north, east, up = self._target
        airframe = onboard.airframe
        level = airframe.is_level(up, onboard.parameters["NAV_MC_ALT_RAD"])
        away = math.hypot(north - airframe.north_m, east - airframe.east_m)
        return level and away <= airframe.reach_m(radius_m)

    def _advance(self) -> bool:
        """Go on to the next item; False when there is none."""
        if not self.items[self.current].autocontinue:
            return False
        following = self._following()
        if following is None:
            self.finished = True
            ending = "landed" if self._onboard.landed else "loitering"
            self._onboard.outbox.text(Severity.INFO, f"Mission finished, {ending}")
            if not self._onboard.landed:
                self._hold()
            return False
        self.current = following
        self._start_item()
        return True

    def _following(self) -> int | None:
        """Index after the current item, jumps followed; None at the end."""
        index = self.current + 1
        for _ in range(ITEMS_PER_STEP):
            if index >= len(self.items):
                return None
            item = self.items[index]
            if item.command != DO_JUMP:
                return index
            if self._jumps.get(index, 0) < item.param2 and 0 <= item.param1 < len(self.items):
                self._jumps[index] = self._jumps.get(index, 0) + 1
                index = int(item.param1)
            else:
                index += 1
        return None
