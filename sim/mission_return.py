"""PX4's return along the mission (RTL_TYPE 2 and 4): forward to its landing, or back along it where it has none.

Only items with a place are flown, as plain waypoints without their waits; nothing is released on the way. What may
surprise is PX4's own behaviour: rally points do not count; a return that began in Hold, as after a failsafe's warning,
sets out for the nearest item, whichever it is; a landing in the middle of the mission is flown as such, and then the
rest; without any mission the vehicle stays where it is. Source: rtl.cpp, rtl_mission_fast.cpp,
rtl_mission_fast_reverse.cpp and mission_base.cpp of PX4 v1.16.
"""

import math
from collections.abc import Sequence
from enum import Enum

from mission.model.mission import MavCommand, MissionItem
from sim.airframe import Descent, Leg, Point
from sim.mission_executor import MissionExecutor
from sim.onboard import Onboard
from sim.outbox import Severity
from sim.plan_store import LANDINGS, PlanCommand, has_place

DO_LAND_START = 189
TAKEOFFS = frozenset({MavCommand.NAV_TAKEOFF, PlanCommand.VTOL_TAKEOFF})
ALONG_THE_MISSION, BY_NUMBER_OF_ITEMS = 2, 4
"""RTL_TYPEs; all others fly straight here."""


class Way(Enum):
    """How a vehicle returns."""

    DIRECT = "direct"
    FORWARD = "forward"
    BACK = "back"


class Phase(Enum):
    """What is being done about the current item."""

    ITEM = "item"
    MOVE_TO_LAND = "move to land"
    LAND = "land"
    OVER = "over"


def way_of_return(rtl_type: int, mission: MissionExecutor) -> Way:
    """Return the way that RTL_TYPE chooses for the mission held."""
    if rtl_type not in (ALONG_THE_MISSION, BY_NUMBER_OF_ITEMS):
        return Way.DIRECT
    start = _landing_starts_at(mission.items) if mission.verdict.valid else None
    if start is None:
        return Way.BACK
    back_is_nearer = start - mission.current >= mission.current
    return Way.BACK if rtl_type == BY_NUMBER_OF_ITEMS and back_is_nearer else Way.FORWARD


def _landing_starts_at(items: Sequence[MissionItem]) -> int | None:
    """Index at which the landing begins: DO_LAND_START if it comes first, or the first landing; None for no landing."""
    landing = next((index for index, item in enumerate(items) if item.command in LANDINGS), None)
    start = next((index for index, item in enumerate(items) if item.command == DO_LAND_START), landing)
    return start if landing is not None else None


class MissionReturn:
    """One return along the mission, from its beginning on; `mission.current` follows it."""

    def __init__(self, onboard: Onboard, mission: MissionExecutor, way: Way) -> None:
        self._onboard = onboard
        self._mission = mission
        self._items = mission.items
        self._way = way
        self._phase = Phase.OVER
        self._lands_at: tuple[float, float] = (0.0, 0.0)
        self._reach_m = 0.0

    def steady_s(self) -> float:
        """Nothing is due but what the airframe reaches."""
        return math.inf

    def begin(self, *, from_mission: bool) -> None:
        """Set out for the current item or, going back, the one before; for the nearest where no mission was flown."""
        mission = self._mission
        onboard = self._onboard
        if onboard.landed or not self._items or not mission.verdict.valid:
            if not onboard.landed:
                onboard.outbox.text(Severity.CRITICAL, "No valid mission available, loitering")
            self._stay()
            return
        onboard.outbox.text(Severity.INFO, "Executing Mission")
        if from_mission:
            index: int | None = mission.current if self._way is Way.FORWARD else max(mission.current - 1, 0)
        else:
            index = self._nearest()
        if index is not None and not has_place(self._items[index]):
            index = self._following(index)
        self._go_to(index)

    def step(self) -> None:
        """Go on where an item was reached."""
        onboard, airframe = self._onboard, self._onboard.airframe
        if self._phase is Phase.OVER:
            return
        if self._phase is Phase.LAND:
            if onboard.landed:
                self._mission.reached = self._mission.current
                self._go_to(self._following(self._mission.current) if self._way is Way.FORWARD else None)
            return
        guidance = airframe.guidance
        if not isinstance(guidance, Leg) or (onboard.landed and guidance.target[2] <= airframe.up_m):
            return
        north, east, up = guidance.target
        away_m = math.hypot(north - airframe.north_m, east - airframe.east_m)
        reach_m = max(
            airframe.reach_m(self._reach_m), airframe.stopping_m() if self._phase is Phase.MOVE_TO_LAND else 0.0
        )
        if onboard.landed or away_m > reach_m or not airframe.is_level(up, onboard.parameters["NAV_MC_ALT_RAD"]):
            return
        if self._phase is Phase.MOVE_TO_LAND:
            self._land()
            return
        current = self._mission.current
        self._mission.reached = current
        if self._ends_at(current):
            self._move_to_land(onboard.home.north_m, onboard.home.east_m)
        else:
            self._go_to(self._following(current))

    def _nearest(self) -> int | None:
        """Index of the item that is nearest, heights included."""
        here = self._onboard.airframe.position
        places = [index for index, item in enumerate(self._items) if has_place(item)]
        return min(places, key=lambda index: math.dist(self._onboard.point_of(self._items[index]), here), default=None)

    def _following(self, index: int) -> int | None:
        """Index of the next item with a place on this way, or None at its end."""
        rest = range(index + 1, len(self._items)) if self._way is Way.FORWARD else range(index - 1, -1, -1)
        return next((other for other in rest if has_place(self._items[other])), None)

    def _ends_at(self, index: int) -> bool:
        """Whether the way back ends here: at a take-off, or at the first place."""
        is_first = self._items[index].command in TAKEOFFS or self._following(index) is None
        return self._way is Way.BACK and is_first

    def _go_to(self, index: int | None) -> None:
        if index is None:
            ending = "landed" if self._onboard.landed else "loitering"
            self._onboard.outbox.text(Severity.INFO, f"Mission finished, {ending}")
            self._stay()
            return
        onboard, item = self._onboard, self._items[index]
        self._mission.current = index
        if self._way is Way.FORWARD and item.command in LANDINGS:
            north, east, _ = onboard.point_of(item)
            self._move_to_land(north, east)
            return
        self._phase = Phase.ITEM
        wanted_m = item.param2 if item.command == MavCommand.NAV_WAYPOINT else 0.0
        self._reach_m = wanted_m if wanted_m > 0.0 else onboard.parameters["NAV_ACC_RAD"]
        following = None if self._ends_at(index) else self._following(index)
        onward = onboard.point_of(self._items[following]) if following is not None else None
        self._fly(onboard.point_of(item), onward)

    def _move_to_land(self, north_m: float, east_m: float) -> None:
        """Go above the landing place at the height that is kept, and land."""
        airframe, guidance = self._onboard.airframe, self._onboard.airframe.guidance
        self._lands_at = north_m, east_m
        self._reach_m = self._onboard.parameters["NAV_ACC_RAD"]
        if math.hypot(north_m - airframe.north_m, east_m - airframe.east_m) <= self._reach_m:
            self._land()
            return
        self._phase = Phase.MOVE_TO_LAND
        up = guidance.target[2] if isinstance(guidance, Leg) else airframe.up_m
        self._fly((north_m, east_m, up), None)

    def _land(self) -> None:
        self._phase = Phase.LAND
        self._onboard.airframe.follow(Descent(*self._lands_at))

    def _fly(self, target: Point, onward: Point | None) -> None:
        airframe = self._onboard.airframe
        guidance, start = airframe.guidance, airframe.position
        if isinstance(guidance, Leg):  # the leg that is flown already goes on
            start = guidance.start if guidance.target == target else guidance.target
        speed_m_s = self._onboard.speed_m_s(self._mission.speed_before(self._mission.current))
        airframe.follow(Leg(start, target, speed_m_s, onward, reach_m=self._reach_m))

    def _stay(self) -> None:
        """Nothing is left to fly: hold here, or stand."""
        self._phase = Phase.OVER
        onboard = self._onboard
        point = onboard.stopping_point()
        onboard.airframe.follow(None if onboard.landed else Leg(point, point, onboard.speed_m_s()))
