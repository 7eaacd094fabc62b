"""What PX4 checks of a mission after it has acknowledged the upload.

A mission that fails here was ACKed as accepted; the vehicle then refuses to arm in mission mode and to start it.
Only the fence check speaks a STATUSTEXT; PX4 reports the others as events alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mission.model.mission import MavCommand, MissionItem
from sim.geofence import Geofence
from sim.plan_store import DO_JUMP, LANDINGS, PlanCommand, has_place, is_relative

_BEFORE_TAKEOFF = frozenset(
    {0, MavCommand.NAV_DELAY, DO_JUMP, MavCommand.DO_CHANGE_SPEED}
    | {80, 179, 189, 195, 196, 197, 200, 201, 203, 204, 205, 206, 214, 260}
    | {530, 532, 534, 1000, 1001, 2000, 2001, 2003, 2500, 2501, 3000}
)
"""Items that may stand before the take-off. DO_GRIPPER, DO_WINCH and DO_SET_ACTUATOR are not among them."""
_TAKEOFFS = frozenset({MavCommand.NAV_TAKEOFF, PlanCommand.VTOL_TAKEOFF})
_VTOL_ONLY = frozenset({PlanCommand.VTOL_TAKEOFF, PlanCommand.VTOL_LAND, PlanCommand.VTOL_TRANSITION})


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Whether a mission may be flown.

    Attributes:
        valid: no check failed.
        reasons: PX4's words for what failed, in the order of the checks.
        texts: the reasons that are also sent as STATUSTEXT.
    """

    valid: bool
    reasons: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


def check_mission(
    items: Sequence[MissionItem],
    *,
    landed: bool,
    home_amsl_m: float,
    fence: Geofence,
    takeoff_land_required: int = 0,
    is_vtol: bool = False,
) -> Feasibility:
    """Check a whole mission. `takeoff_land_required` is MIS_TKO_LAND_REQ (0-4)."""
    if not items:
        return Feasibility(valid=False)
    reasons: list[str] = []
    if items[0].command in LANDINGS and landed:
        reasons.append("Mission rejected: starts with landing")
    else:
        reasons += _takeoff_reasons(items, home_amsl_m)
        reasons += _takeoff_land_reasons(items, takeoff_land_required)
        if not is_vtol and any(item.command in _VTOL_ONLY for item in items):
            reasons.append("Mission rejected: Mission contains VTOL items but vehicle is not a VTOL")
    texts: list[str] = []
    for number, item in enumerate(items, start=1):
        if has_place(item) and not fence.allows((item.x * 1e-7, item.y * 1e-7)):
            texts.append(f"Geofence violation for waypoint {number}")
            break
    return Feasibility(not reasons and not texts, tuple(reasons + texts), tuple(texts))


def _takeoff_reasons(items: Sequence[MissionItem], home_amsl_m: float) -> list[str]:
    place_found = False
    for item in items:
        if item.command in _TAKEOFFS:
            height_m = item.z if is_relative(item) else item.z - home_amsl_m
            if height_m < 1e-6:
                return ["Mission rejected: Takeoff altitude below home altitude!"]
            if place_found:
                return ["Mission rejected: takeoff not first waypoint item"]
        place_found = place_found or item.command not in _BEFORE_TAKEOFF
    return []


def _takeoff_land_reasons(items: Sequence[MissionItem], required: int) -> list[str]:
    takes_off = any(item.command in _TAKEOFFS for item in items)
    lands = any(item.command in LANDINGS for item in items)
    if required == 1 and not takes_off:
        return ["Mission rejected: Takeoff waypoint required."]
    if required == 2 and not lands:
        return ["Mission rejected: Landing waypoint/pattern required."]
    if required == 3 and not (takes_off and lands):
        return ["Mission rejected: Takeoff or Landing item missing."]
    if required == 4 and takes_off != lands:
        return ["Mission rejected: Add Landing item or remove Takeoff."]
    return []
