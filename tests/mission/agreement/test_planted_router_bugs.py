"""Bugs that planners have had, planted into ours on purpose: the verifier finds each, by the code that is expected.

A function of the planner is replaced by one with the bug, a day is planned through the front door, and the refusal
must name the verifier's finding. Bugs in what is handed to the vehicle are next door, in `test_planted_writing_bugs`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from shapely import Polygon, affinity

from mission.airspace import applies_during, binding_zones, footprint_polygon
from mission.airspace.binding import applying_zones
from mission.airspace.height import binds_band
from mission.compile import compile_sortie
from mission.geodesy.local_frame import LocalFrame
from mission.model.airspace import CircleFootprint, GeoZone, Restriction
from mission.model.geo import GeoPoint, Height, VerticalDatum
from mission.model.refusal import RefusalCode
from mission.model.time import TimeWindow
from mission.planner import plan_day
from mission.policy import Policy
from mission.routing import Route
from mission.routing.freespace import grow
from mission.sky.layer import Layer

Patch = pytest.MonkeyPatch
Points = NDArray[np.float64]
AIRSPACE, BINDING = "mission.sky.airspace", "mission.airspace.binding"
COMPILE_SORTIE = "mission.planning.approval.compile_sortie"
World = Any
"""The fixture `world` of the folder above: metres north and east of a hub."""
AGL, AMSL, WGS84 = VerticalDatum.AGL, VerticalDatum.AMSL, VerticalDatum.WGS84
HUB_AMSL_M = 190.0


@dataclass(frozen=True)
class PlanningBug:
    """A bug in the planner's own code.

    Attributes:
        plant: puts it in.
        zones: the zones that it goes wrong with; the drop lies 1,000 m north of the hub.
        code: what the verifier must find.
        policy: of the operator, where it matters.
    """

    plant: Callable[[Patch], None]
    zones: Callable[[World], list[GeoZone]]
    code: str
    policy: dict[str, Any]


def bug(
    plant: Callable[[Patch], None],
    *,
    code: str = "ZONE_ENTERED",
    zones: Callable[[World], list[GeoZone]] = lambda world: [world.zone("Z-1", 500.0, 0.0)],
    **policy: Any,
) -> PlanningBug:
    """Return a bug; by default one that leads through a square zone in the way."""
    return PlanningBug(plant, zones, code, policy)


def reshaped(change: Callable[[Polygon], Polygon]) -> Callable[[Patch], None]:
    """Every footprint that the planner draws is changed."""

    def plant(patch: Patch) -> None:
        patch.setattr(f"{AIRSPACE}.footprint_polygon", lambda zone, frame: change(footprint_polygon(zone, frame)))

    return plant


def inscribed_square(shape: Polygon) -> Polygon:
    """Four of the corners that a circle is drawn with: between them it is let go of."""
    return Polygon(shape.exterior.coords[8:-1:16])


def round_zone(world: World) -> list[GeoZone]:
    """A circle of 300 m beside the straight way, which it overlaps by 30 m."""
    square = world.zone("Z-1", 500.0, 0.0)
    circle = CircleFootprint(world.place(500.0, 270.0), 300.0)
    return [replace(square, volumes=(replace(square.volumes[0], footprint=circle),))]


def limits(floor: Height, ceiling: Height) -> Callable[[World], list[GeoZone]]:
    """The square in the way, between two heights."""

    def zones(world: World) -> list[GeoZone]:
        square = world.zone("Z-1", 500.0, 0.0)
        return [replace(square, volumes=(replace(square.volumes[0], floor=floor, ceiling=ceiling),))]

    return zones


def timed(first_h: float, last_h: float) -> Callable[[World], list[GeoZone]]:
    """The square in the way, for some hours from the start of the day on."""
    return lambda world: [world.zone("Z-1", 500.0, 0.0, applicability=world.hours(first_h, last_h))]


def misread(change: Callable[[Height], Height]) -> Callable[[Patch], None]:
    """Every limit of a zone's heights is misread."""

    def plant(patch: Patch) -> None:
        def binds(volume: Any, *rest: Any) -> bool:
            return binds_band(replace(volume, floor=change(volume.floor), ceiling=change(volume.ceiling)), *rest)

        patch.setattr(f"{BINDING}.binds_band", binds)

    return plant


def as_datum(was: VerticalDatum, read_as: VerticalDatum, add_m: float = 0.0) -> Callable[[Height], Height]:
    """A height of one datum is read as one of another."""
    return lambda height: Height(height.value_m + add_m, read_as) if height.datum is was else height


def shifted_hours(by: timedelta) -> Callable[[Patch], None]:
    """The planner's clock for zones is wrong."""

    def plant(patch: Patch) -> None:
        def applies(zone: GeoZone, window: TimeWindow, margin: timedelta) -> bool:
            return applies_during(zone, TimeWindow(window.earliest + by, window.latest + by), margin)

        patch.setattr(f"{BINDING}.applies_during", applies)

    return plant


def careless_fence(patch: Patch) -> None:
    """The compiler, which would refuse paths that are too near, is blind: only the verifier is left."""

    def blind(plan: Any, zones: Any, frame: Any, policy: Policy) -> Any:
        return compile_sortie(plan, [], frame, policy)

    patch.setattr(COMPILE_SORTIE, blind)


def no_buffer(patch: Patch) -> None:
    """Zones are not grown."""
    patch.setattr("mission.routing.environment.grow", lambda polygons, clearance_m: grow(polygons, 0.0))
    careless_fence(patch)


def half_buffer(patch: Patch) -> None:
    """Zones are grown by the diameter's half instead of the radius."""
    patch.setattr("mission.routing.environment.grow", lambda polygons, clearance_m: grow(polygons, clearance_m / 2.0))
    careless_fence(patch)


def rerouted(change: Callable[[Points], Points]) -> Callable[[Patch], None]:
    """The points of every route are changed after the search."""
    route = Layer.route

    def plant(patch: Patch) -> None:
        def changed(self: Layer, start: Any, goal: Any, clearance_m: float) -> Any:
            found = route(self, start, goal, clearance_m)
            return replace(found, points=change(found.points)) if isinstance(found, Route) else found

        patch.setattr(Layer, "route", changed)
        careless_fence(patch)

    return plant


def cut_corners(points: Points) -> Points:
    """Every corner is replaced by the middle of its two neighbours' middles."""
    inner = 0.25 * points[:-2] + 0.5 * points[1:-1] + 0.25 * points[2:]
    return np.vstack([points[:1], inner, points[-1:]])


def forgotten_cosine(patch: Patch) -> None:
    """Degrees of longitude are taken to be as long as those of latitude on the way back to degrees."""
    to_geo = LocalFrame.to_geo

    def narrowed(self: LocalFrame, east_north_m: Points) -> list[GeoPoint]:
        scale = np.array([math.cos(math.radians(self.origin.latitude_deg)), 1.0])
        return to_geo(self, np.asarray(east_north_m).reshape(-1, 2) * scale)

    patch.setattr(LocalFrame, "to_geo", narrowed)
    careless_fence(patch)


def fewer_fenced(patch: Patch) -> None:
    """The compiler is not told of the first zone that binds."""
    patch.setattr(COMPILE_SORTIE, lambda plan, zones, frame, policy: compile_sortie(plan, zones[1:], frame, policy))


def smaller_fenced(patch: Patch) -> None:
    """The compiler fences polygons that are drawn inside the zones."""

    def inside(plan: Any, zones: Any, frame: Any, policy: Policy) -> Any:
        shrunk = [replace(zone, polygon=zone.polygon.buffer(-2.0)) for zone in zones]
        return compile_sortie(plan, shrunk, frame, policy)

    patch.setattr(COMPILE_SORTIE, inside)


def every_zone_but(which: Callable[[tuple[GeoZone, ...]], tuple[GeoZone, ...]]) -> Callable[[Patch], None]:
    """Some of the zones that apply are lost."""
    return lambda patch: patch.setattr(f"{AIRSPACE}.applying_zones", lambda *args: which(applying_zones(*args)))


def permanent_only(zones: tuple[GeoZone, ...]) -> tuple[GeoZone, ...]:
    """Zones with a beginning are left out."""
    return tuple(zone for zone in zones if zone.applicability[0].start is None)


def opened_by(rule: Callable[[GeoZone, Policy], bool]) -> Callable[[Patch], None]:
    """Zones are opened by a wrong rule."""

    def plant(patch: Patch) -> None:
        for module in (BINDING, AIRSPACE):
            patch.setattr(f"{module}.demands_clearance", lambda zone, policy: not rule(zone, policy))

    return plant


def first_volume_only(patch: Patch) -> None:
    """Of a zone of several volumes only the first is looked at."""

    def careless(zones: Any, *rest: Any) -> Any:
        return binding_zones([replace(zone, volumes=zone.volumes[:1]) for zone in zones], *rest)

    patch.setattr(f"{AIRSPACE}.binding_zones", careless)


def two_volumes(world: World) -> list[GeoZone]:
    """A zone whose second volume is in the way."""
    aside, ahead = world.zone("Z-1", 500.0, 800.0), world.zone("Z-1", 500.0, 0.0)
    return [replace(aside, volumes=aside.volumes + ahead.volumes)]


def needs_permit(world: World) -> list[GeoZone]:
    """A zone in the way that needs an authorisation."""
    return [world.zone("Z-1", 500.0, 0.0, restriction=Restriction.REQ_AUTHORISATION)]


PLANNING = {
    "drops the last zone of the list": bug(every_zone_but(lambda zones: zones[:-1])),
    "works with an empty, stale zone set": bug(every_zone_but(lambda zones: ())),
    "translates obstacles": bug(reshaped(lambda shape: affinity.translate(shape, 400.0, 0.0))),
    "exchanges east and north": bug(reshaped(lambda shape: affinity.affine_transform(shape, [0, 1, 1, 0, 0, 0]))),
    "mirrors south and north": bug(reshaped(lambda shape: affinity.affine_transform(shape, [1, 0, 0, -1, 0, 0]))),
    "takes metres for feet": bug(reshaped(lambda shape: affinity.scale(shape, 0.3048, 0.3048)), zones=round_zone),
    "draws polygons inside circles": bug(reshaped(inscribed_square), zones=round_zone),
    "takes a diameter for a radius": bug(reshaped(lambda shape: affinity.scale(shape, 0.5, 0.5)), zones=round_zone),
    "forgets the buffer": bug(no_buffer, code="ZONE_CLEARANCE"),
    "halves the buffer": bug(half_buffer, code="ZONE_CLEARANCE"),
    "skips vertices of the route": bug(rerouted(lambda points: points[[0, -1]])),
    "cuts corners of the route": bug(rerouted(cut_corners)),
    "forgets the cosine of the latitude": bug(forgotten_cosine),
    "looks at the first volume only": bug(first_volume_only, zones=two_volumes),
    "ignores timed zones": bug(every_zone_but(permanent_only), zones=timed(0.0, 2.0)),
    "is one hour late": bug(shifted_hours(timedelta(hours=1)), zones=timed(-1.0, 0.5)),
    "takes local time for UTC": bug(shifted_hours(timedelta(hours=-2)), zones=timed(0.0, 1.5)),
    "takes heights above ground for AMSL": bug(
        misread(as_datum(AGL, AMSL)), zones=limits(Height(0.0, AGL), Height(120.0, AGL))
    ),
    "takes AMSL for heights above ground": bug(
        misread(as_datum(AMSL, AGL)), zones=limits(Height(200.0, AMSL), Height(300.0, AMSL))
    ),
    "takes heights above the ellipsoid for AMSL": bug(
        misread(as_datum(WGS84, AMSL)), zones=limits(Height(260.0, WGS84), Height(400.0, WGS84))
    ),
    "takes feet for metres in a floor": bug(
        misread(lambda height: replace(height, value_m=height.value_m / 0.3048)),
        zones=limits(Height(40.0, AGL), Height(120.0, AGL)),
    ),
    "forgets the margin of height": bug(
        misread(lambda height: replace(height, value_m=height.value_m + math.copysign(10.0, height.value_m - 235.0))),
        zones=limits(Height(HUB_AMSL_M + 46.0, AMSL), Height(900.0, AMSL)),
    ),
    "lets an authorisation open a prohibited zone": bug(
        opened_by(lambda zone, policy: zone.identifier in policy.authorised_zone_ids),
        authorised_zone_ids=frozenset({"Z-1"}),
    ),
    "compares the beginnings of zone names": bug(
        opened_by(lambda zone, policy: any(name.startswith(zone.identifier) for name in policy.authorised_zone_ids)),
        zones=needs_permit,
        authorised_zone_ids=frozenset({"Z-10"}),
    ),
    "takes met conditions for an authorisation": bug(
        opened_by(lambda zone, policy: zone.identifier in policy.conditions_met_zone_ids),
        zones=needs_permit,
        conditions_met_zone_ids=frozenset({"Z-1"}),
    ),
    "forgets a zone in the fence": bug(fewer_fenced, code="FENCE_MISSES_ZONE"),
    "fences a polygon inside the zone": bug(smaller_fenced, code="FENCE_MISSES_ZONE"),
}


@pytest.mark.parametrize("name", PLANNING)
def test_a_bug_in_planning_is_refused_by_the_verifier(world: World, monkeypatch: Patch, name: str) -> None:
    """Planned through the front door with the bug in it, the order is refused with the finding's code (I-5)."""
    planted = PLANNING[name]
    day = world.day([world.order("A-1", 1000.0, 0.0)], planted.zones(world), **planted.policy)
    good = plan_day(day)
    assert not any(refusal.code is RefusalCode.VERDICT_FAILED for refusal in good.refusals), "without the bug all agree"
    planted.plant(monkeypatch)
    (refusal,) = plan_day(day).refusals
    assert refusal.code is RefusalCode.VERDICT_FAILED
    assert f": {planted.code}: " in refusal.reason


def test_there_are_at_least_twenty_bugs() -> None:
    """Fewer would be an accident."""
    assert len(PLANNING) >= 20
