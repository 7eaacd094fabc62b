"""The geofence of a mission: one inclusion polygon around it, and exclusion polygons for the zones within.

The fence is the autopilot's last line, not the plan's first: routes keep clear of zones by themselves. PX4 holds at
most 64 vertices, knows no altitudes, and silently drops a polygon that fails its home check; what cannot be
held within that is refused, never thinned out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import shapely

from mission.compile.corridor import Corridor, nowhere
from mission.compile.exclusions import Exclusion, fit_exclusions
from mission.compile.items import FENCE_VERTEX_LIMIT, fence_polygon
from mission.compile.outward import OutwardRing
from mission.compile.px4_plane import Px4Plane
from mission.errors import InvariantError
from mission.geodesy.local_frame import LocalFrame
from mission.model.geo import GeoPoint
from mission.model.mission import MissionItem
from mission.model.refusal import RefusalCode

INCLUSION_MARGINS_M = (150.0, 90.0, 50.0)
"""Room around everything that may be flown; the first that lets the exclusions fit is taken."""

INCLUSION_VERTICES = 8
"""Vertices spent on the inclusion polygon."""

ROUNDING_M = 0.05
"""Exclusions are grown by this before they are simplified: rounding to 1e-7° moves a vertex by up to 8 mm, and
densified edges bow by up to 5 mm."""

_CLIP_BEYOND_M = 20.0
"""Exclusions reach this far out of the inclusion polygon, so that no gap is left between the two."""


class FenceZone(Protocol):
    """A zone that binds the flight: its id and its footprint in the local frame."""

    @property
    def zone_id(self) -> str:
        """The zone's identifier."""
        ...

    @property
    def polygon(self) -> shapely.Polygon:
        """Its footprint, metres east and north in the local frame."""
        ...


@dataclass(frozen=True, slots=True)
class FenceNeeds:
    """What the fence must allow and forbid.

    Attributes:
        home: where the vehicle's home is; PX4 drops a fence that does not hold it.
        paths: everything that may be flown: the mission, its return and diversion paths.
        sites: places to land in an emergency (alternates).
        zones: those that bind, in `frame`.
        clearance_m: exclusions stay at least this far from every path and site.
        leave_out: whether a zone that cannot be fenced is left out with a note (a vehicle in the air must
            be given the best fence there is) or makes the fence impossible (on the ground).
    """

    home: GeoPoint
    paths: tuple[tuple[GeoPoint, ...], ...]
    sites: tuple[GeoPoint, ...]
    zones: Sequence[FenceZone]
    frame: LocalFrame
    clearance_m: float
    leave_out: bool = False


@dataclass(frozen=True, slots=True)
class Fence:
    """A fence that PX4 takes.

    Attributes:
        inclusion: ring of the inclusion polygon, not closed; empty where there can be no fence (with a note).
        exclusions: rings of the exclusion polygons with the zones each one holds.
        notes: what was left out, in sentences.
    """

    inclusion: tuple[GeoPoint, ...]
    exclusions: tuple[tuple[tuple[str, ...], tuple[GeoPoint, ...]], ...]
    notes: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[MissionItem, ...]:
        """The fence as MAVLink items."""
        items = fence_polygon(self.inclusion, inclusion=True) if self.inclusion else ()
        for _, ring in self.exclusions:
            items += fence_polygon(ring, inclusion=False)
        return items


@dataclass(frozen=True, slots=True)
class NoFence:
    """Why there is no fence for a mission."""

    code: RefusalCode
    reason: str
    remedy: str
    zone_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ground:
    """`FenceNeeds` in PX4's plane."""

    plane: Px4Plane
    home: shapely.Point
    corridor: Corridor

    @property
    def flown(self) -> shapely.Geometry:
        """Home, paths and sites."""
        return self.corridor.flown


def build_fence(needs: FenceNeeds) -> Fence | NoFence:
    """Return the fence for `needs`, or why there is none.

    The result holds: every path, site and home lies in the inclusion polygon and at least `clearance_m` from
    every exclusion; every zone is covered by exclusions as far as it lies in the inclusion polygon; at most
    `FENCE_VERTEX_LIMIT` vertices.
    """
    ground = _ground(needs)
    zones = _zones_in_reach(needs, ground)
    touching = {zone_id: shape for zone_id, shape in zones.items() if ground.corridor.touches(shape)}
    if touching and not needs.leave_out:
        return _too_close(needs, ground, touching)
    notes = tuple(
        f"Zone {zone_id} is not in the fence: the flight begins, ends or passes within {needs.clearance_m:.0f} m of it."
        for zone_id in touching
    )
    clear = {zone_id: shape for zone_id, shape in zones.items() if zone_id not in touching}
    budget = FENCE_VERTEX_LIMIT - INCLUSION_VERTICES
    for margin_m in INCLUSION_MARGINS_M:
        inclusion = _inclusion(ground, margin_m)
        exclusions = fit_exclusions(_pieces(clear, inclusion), ground.corridor, budget)
        if exclusions is not None and not _crosses_180(ground, inclusion, exclusions):
            return _finished(ground, inclusion, exclusions, notes)
    if exclusions is not None:
        return _across_180(needs, notes)
    if needs.leave_out:
        exclusions, notes = _nearest_that_fit(ground, _pieces(clear, inclusion), budget, notes)
        if _crosses_180(ground, inclusion, exclusions):
            return _across_180(needs, notes)
        return _finished(ground, inclusion, exclusions, notes)
    return NoFence(
        RefusalCode.FENCE_TOO_COMPLEX,
        f"The {len(clear)} zones around the flight need more than the {FENCE_VERTEX_LIMIT} fence vertices that "
        "the autopilot holds.",
        "Split the sortie, or fly at a height at which fewer zones bind.",
        tuple(clear),
    )


def _ground(needs: FenceNeeds) -> _Ground:
    plane = Px4Plane(needs.frame)
    home = shapely.Point(plane.from_geo([needs.home])[0])
    lines: list[shapely.Geometry] = [home]
    for path in needs.paths:
        local = needs.frame.to_local(path)
        line = shapely.LineString(local) if len(local) > 1 else shapely.Point(local[0])
        # A line of no length (a drop at the hub itself) is a point.
        lines.append(plane.from_local(line if line.length > 0.0 else shapely.Point(local[0])))
    lines.extend(shapely.points(plane.from_geo(list(needs.sites))) if needs.sites else ())
    flown = shapely.union_all(lines)
    # 0.1 % more covers the plane's distortion; the rounding moves the exclusion's vertices.
    return _Ground(plane, home, Corridor(flown, needs.clearance_m * 1.001 + ROUNDING_M))


def _zones_in_reach(needs: FenceNeeds, ground: _Ground) -> dict[str, shapely.Geometry]:
    """Return the zones within the largest inclusion, grown by the rounding, in PX4's plane."""
    reach_m = max(INCLUSION_MARGINS_M) * 2.0 + _CLIP_BEYOND_M
    local = [point for path in needs.paths for point in path] + [*needs.sites, needs.home]
    east_north = needs.frame.to_local(local)
    low, high = east_north.min(axis=0) - reach_m, east_north.max(axis=0) + reach_m
    box = shapely.box(*low, *high)
    zones: dict[str, shapely.Geometry] = {}
    for zone in needs.zones:
        clipped = shapely.intersection(zone.polygon, box)
        if clipped.is_empty or clipped.area == 0.0:
            continue
        shape = ground.plane.from_local(clipped).buffer(ROUNDING_M, join_style="mitre")
        known = zones.get(zone.zone_id)
        zones[zone.zone_id] = shape if known is None else shapely.union(known, shape)
    return zones


def _inclusion(ground: _Ground, margin_m: float) -> shapely.Polygon:
    """Return a convex polygon of at most `INCLUSION_VERTICES` at least `margin_m` around everything flown."""
    hull = ground.flown.convex_hull.buffer(margin_m / math.cos(math.pi / 16.0), quad_segs=4)
    ring = OutwardRing.of(hull.convex_hull, nowhere())
    while len(ring) > INCLUSION_VERTICES and ring.shrink():
        pass
    return ring.polygon


def _pieces(zones: dict[str, shapely.Geometry], inclusion: shapely.Polygon) -> dict[str, shapely.Geometry]:
    reach = inclusion.buffer(_CLIP_BEYOND_M, join_style="mitre")
    inside = {
        zone_id: shapely.intersection(shape, reach)
        for zone_id, shape in zones.items()
        if shapely.intersects(shape, inclusion)
    }
    return {zone_id: shape for zone_id, shape in inside.items() if shape.area > 0.0}


def _too_close(needs: FenceNeeds, ground: _Ground, touching: dict[str, shapely.Geometry]) -> NoFence:
    at_home = tuple(zone_id for zone_id, shape in touching.items() if shape.distance(ground.home) < needs.clearance_m)
    if at_home:
        return NoFence(
            RefusalCode.HUB_IN_ZONE,
            f"Home lies in zone {at_home[0]} or within {needs.clearance_m:.0f} m of it: the autopilot would "
            "drop the fence.",
            "Use another hub, or wait until the zone ends.",
            at_home,
        )
    zone_id, shape = min(touching.items(), key=lambda entry: float(entry[1].distance(ground.flown)))
    return NoFence(
        RefusalCode.FENCE_TOO_COMPLEX,
        f"The flight passes zone {zone_id} at {shape.distance(ground.flown):.1f} m; a fence around it needs "
        f"{needs.clearance_m:.1f} m.",
        "Route the flight with more clearance.",
        tuple(touching),
    )


def _crosses_180(ground: _Ground, inclusion: shapely.Polygon, exclusions: list[Exclusion]) -> bool:
    rings = (inclusion, *(shapely.Polygon(exclusion.ring) for exclusion in exclusions))
    return any(ground.plane.crosses_antimeridian(ring) for ring in rings)


def _across_180(needs: FenceNeeds, notes: tuple[str, ...]) -> Fence | NoFence:
    """Fault F-A11: the autopilot compares longitudes as numbers, so no fence of it lies on both sides of 180°."""
    reason = "The flight comes so near to the 180th meridian that its fence would lie on both sides, as none can."
    if needs.leave_out:
        return Fence((), (), (*notes, reason))
    return NoFence(RefusalCode.FENCE_TOO_COMPLEX, reason, "Fly from a hub farther from the 180th meridian.", ())


def _nearest_that_fit(
    ground: _Ground, pieces: dict[str, shapely.Geometry], budget: int, notes: tuple[str, ...]
) -> tuple[list[Exclusion], tuple[str, ...]]:
    """Return exclusions that hold the zones nearest to the path, and notes on the others."""
    nearest = sorted(pieces, key=lambda zone_id: float(pieces[zone_id].distance(ground.flown)))
    fitting: list[Exclusion] = []
    kept: dict[str, shapely.Geometry] = {}
    for zone_id in nearest:
        tried = fit_exclusions({**kept, zone_id: pieces[zone_id]}, ground.corridor, budget)
        if tried is None:
            notes += (f"Zone {zone_id} is not in the fence: the autopilot has no vertices left.",)
        else:
            kept[zone_id], fitting = pieces[zone_id], tried
    return fitting, notes


def _finished(
    ground: _Ground, inclusion: shapely.Polygon, exclusions: list[Exclusion], notes: tuple[str, ...]
) -> Fence:
    inclusion_ring = shapely.get_coordinates(inclusion.exterior)[:-1]
    vertices = len(inclusion_ring) + sum(len(exclusion.ring) for exclusion in exclusions)
    if vertices > FENCE_VERTEX_LIMIT or not inclusion.contains(ground.flown):
        raise InvariantError(f"a fence of {vertices} vertices was built that does not hold its mission")
    return Fence(
        inclusion=tuple(ground.plane.to_geo(inclusion_ring)),
        exclusions=tuple((exclusion.zone_ids, tuple(ground.plane.to_geo(exclusion.ring))) for exclusion in exclusions),
        notes=notes,
    )
