"""The mission of a vehicle that is already in the air and must land somewhere else."""

from collections.abc import Sequence
from dataclasses import dataclass

from mission.compile.compiled import Compiled
from mission.compile.fence import Fence, FenceNeeds, FenceZone, NoFence, build_fence
from mission.compile.items import change_speed, land, waypoint
from mission.compile.rally import rally_items, usable_alternates
from mission.errors import InvariantError
from mission.flightplan.plan import END_TOLERANCE_M
from mission.geodesy.distance import distance_m
from mission.geodesy.local_frame import LocalFrame
from mission.model.fleet import Hub, LandingSite
from mission.model.geo import GeoPoint
from mission.model.mission import Mission
from mission.policy import Policy

PROJECTION_M = 0.5
"""A diversion may have been routed with no more than the verified clearance: what projecting and rounding take of
it must not put its zones out of the fence."""


@dataclass(frozen=True, slots=True)
class AirborneHome:
    """Where the autopilot's home is while it flies: heights of the mission are above it."""

    position: GeoPoint
    amsl_m: float


def compile_diversion(
    path: Sequence[GeoPoint],
    height_home_m: float,
    site: LandingSite | Hub,
    home: AirborneHome,
    *,
    cruise_speed_m_s: float,
    zones_near: Sequence[FenceZone],
    frame: LocalFrame,
    policy: Policy,
    alternates: Sequence[LandingSite] = (),
) -> Compiled:
    """Return the mission that flies `path` level and lands at its end; there is always one.

    The first item is the place where the vehicle is held, at `height_home_m`: it climbs or descends there and
    then flies exactly the path that was checked. No item takes off. `Compiled.item_of_leg` has one entry for
    the vertical move, one for each leg of the path and one for the landing.

    The fence is the best there is: zones that contain home or come too close to the path, and those for which
    the autopilot has no vertices left, are left out, each with a note. The path itself was checked before.

    Args:
        path: present position … landing site, at least one point.
        height_home_m: height of the level flight above home.
        site: where it lands; its ground is told to the autopilot relative to home.
        home: the autopilot's home, which does not move in flight.
        cruise_speed_m_s: ground speed.
        zones_near: zones that bind, in `frame`.
        frame: local frame of the zones.
        policy: radii and clearances.
        alternates: further landing sites, kept as rally points.

    Raises:
        ValueError: the path is empty, or does not end at the site.
    """
    if not path:
        raise ValueError("a diversion needs at least the present position")
    gap_m = distance_m(path[-1], site.position)
    if gap_m > END_TOLERANCE_M:
        raise ValueError(f"the diversion's path ends {gap_m:.2f} m from its landing site")
    ends = [*path[1:-1], site.position] if len(path) > 1 else []
    acceptance_m = policy.waypoint_acceptance_m
    items = [waypoint(path[0], height_home_m, acceptance_m=acceptance_m), change_speed(cruise_speed_m_s)]
    item_of_leg = [0]
    for end in ends:
        item_of_leg.append(len(items))
        items.append(waypoint(end, height_home_m, acceptance_m=acceptance_m))
    item_of_leg.append(len(items))
    items.append(land(site.position, site.ground_amsl_m - home.amsl_m))
    flown = (path[0], *ends)
    sites, site_notes = usable_alternates(alternates, flown, zones_near, frame, policy.verified_clearance_m)
    fence = build_fence(
        FenceNeeds(
            home=home.position,
            paths=(flown,),
            sites=tuple(alternate.position for alternate in sites),
            zones=zones_near,
            frame=frame,
            clearance_m=max(policy.verified_clearance_m - PROJECTION_M, 0.0),
            leave_out=True,
        )
    )
    return Compiled(
        Mission(tuple(items), _given(fence).items, rally_items(sites, home.amsl_m), home.position, home.amsl_m),
        tuple(item_of_leg),
        {},
        (*site_notes, *_given(fence).notes),
    )


def _given(fence: Fence | NoFence) -> Fence:
    if isinstance(fence, NoFence):
        raise InvariantError(f"no fence although zones may be left out: {fence.reason}")
    return fence
