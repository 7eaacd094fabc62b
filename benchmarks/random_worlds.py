"""Random worlds for `benchmarks.agreement` and its test: a seed in, a day with awkward zones out, and its judgement."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from shapely.ops import nearest_points

from mission.errors import StorkError
from mission.geodesy.terrain import terrain_of
from mission.model.airspace import (
    PERMANENT,
    ApplicabilityPeriod,
    CircleFootprint,
    Footprint,
    GeoZone,
    PolygonFootprint,
    Restriction,
    ZoneSource,
    ZoneVolume,
)
from mission.model.day import Day
from mission.model.fleet import Hub, Site, Vehicle, VehicleType
from mission.model.flight import ApprovedFlight
from mission.model.geo import ElevationRange, GeoPoint, Height, VerticalDatum
from mission.model.mission import MavFrame, Mission, MissionItem, degrees_e7
from mission.model.orders import DropPoint, Order, Parcel
from mission.model.refusal import RefusalCode
from mission.model.time import TimeWindow
from mission.model.verdict import Verdict
from mission.planner import plan_day
from mission.planning import DELAY_ALLOWANCE, performance_of
from mission.policy import Policy
from mission.verification import verify

GEOD = Geod(ellps="WGS84")
START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
"""A Monday."""
DEPTH_M = 0.1
"""How deep into a zone a path is shifted: 25 times what the verifier may err by."""
RULER_ERROR_M = 0.05
"""What the third ruler may err by: degrees rounded to 1e-7 and chords of circles."""
FARTHEST_MOVE_M = 3000.0
CUTS = 16
"""Pieces that an edge of a zone is cut into for the ruler: 1 km then bows by less than 1 mm in 60 m pieces."""
GROUND, SKY = (Height(limit_m, VerticalDatum.AMSL) for limit_m in (-math.inf, math.inf))
EastNorth = tuple[float, float]


class Outcome(StrEnum):
    """What came of a world."""

    FLOWN = "flown"
    REFUSED = "refused"
    DISAGREED = "disagreed"


@dataclass(frozen=True)
class RandomWorld:
    """A day with one order, and those of its zones that bind whatever the heights, hours and permits."""

    seed: int
    day: Day
    binding: tuple[GeoZone, ...]


@dataclass(frozen=True)
class Judgement:
    """What came of a world, why, and how many shifted paths were judged."""

    outcome: Outcome
    why: str = ""
    shifted: int = 0


def random_world(seed: int) -> RandomWorld:
    """Return the world of a seed."""
    rng = random.Random(seed)
    ground_m = rng.choice([0.0, -3.0, 190.0, 1500.0, rng.uniform(0.0, 2500.0)])
    longitude = rng.choice([rng.uniform(-180.0, 180.0), rng.uniform(-20.0, 40.0), 180.0 - rng.uniform(0.0, 0.02)])
    hub = Hub("hub", "Hub", GeoPoint(rng.uniform(-70.0, 70.0), longitude), ground_m)
    drop = _ahead(hub.position, rng.uniform(150.0, 2000.0), rng.uniform(0.0, 360.0))
    relief = ElevationRange(ground_m - rng.uniform(0.0, 15.0), ground_m + rng.uniform(0.0, 15.0))
    policy = Policy(
        "AUTtest0001",
        cruise_height_home_m=rng.choice([40.0, 60.0, 90.0]),
        authorised_zone_ids=frozenset({"Z-3", "Z-7"}),
        conditions_met_zone_ids=frozenset({"Z-3", "Z-5"}),
    )
    drawn = _draw_zones(rng, hub, drop, policy)
    kind = VehicleType("quad", 2.5, 1, 5.0, 15.0, 3.0, 2.0, 2000.0, 700.0)
    vehicle = Vehicle("drone-1", kind, "hub", 1, "udpin://127.0.0.1:14541")
    window = TimeWindow(START, START + timedelta(hours=4))
    order = Order("A-1", Parcel("P-1", 1.0), DropPoint(drop), window)
    site = Site("world", f"World {seed}", (hub,), (), relief)
    day = Day(f"World {seed}", site, (vehicle,), (order,), tuple(drawn), policy, START, START)
    return RandomWorld(seed, day, tuple(zone for zone in drawn if _always_binds(zone)))


def judge_world(world: RandomWorld) -> Judgement:
    """Plan a world and ask whether router, verifier and ruler agree about it."""
    try:
        plan = plan_day(world.day)
        for refusal in plan.refusals:
            if refusal.code is RefusalCode.VERDICT_FAILED:
                return Judgement(Outcome.DISAGREED, f"the verifier refuses what was routed: {refusal.reason}")
        if not plan.flights:
            return Judgement(Outcome.REFUSED, plan.refusals[0].reason)
        return _judge_flight(world, plan.flights[0])
    except (StorkError, ValueError, ArithmeticError, LookupError) as error:
        return Judgement(Outcome.DISAGREED, f"{type(error).__name__}: {error}")


def _judge_flight(world: RandomWorld, flight: ApprovedFlight) -> Judgement:
    ruler = Ruler(world.day.site.hubs[0].position)
    line = ruler.line([flight.plan.legs[0].start, *(leg.end for leg in flight.plan.legs)])
    shifted = 0
    for zone in world.binding:
        shape = ruler.shape(zone.volumes[0].footprint)
        least_m = world.day.policy.verified_clearance_m - RULER_ERROR_M
        if shape.distance(line) < least_m:
            why = f"the path is {shape.distance(line):.3f} m from zone {zone.identifier} by the third ruler"
            return Judgement(Outcome.DISAGREED, why, shifted)
        moved = _moved_into(shape, line, ruler, flight.mission)
        if moved is None:
            continue
        shifted += 1
        verdict = _verdict(world.day, flight, moved)
        if not any(f.code == "ZONE_ENTERED" and f.zone_id == zone.identifier for f in verdict.findings):
            found = [finding.code for finding in verdict.findings]
            why = f"shifted {DEPTH_M} m into zone {zone.identifier}, and only {found} was found"
            return Judgement(Outcome.DISAGREED, why, shifted)
    return Judgement(Outcome.FLOWN, "", shifted)


def _moved_into(shape: shapely.Polygon, line: shapely.LineString, ruler: "Ruler", mission: Mission) -> Mission | None:
    """Return the mission moved as a whole so that its nearest place comes to lie inside a shape.

    None where the zone has no inside so deep, is far off, or the ruler finds the moved path less than `DEPTH_M` deep.
    """
    inner = shape.buffer(-2.0 * DEPTH_M)
    if inner.is_empty:
        return None
    near, inside = (point.coords[0] for point in nearest_points(line, inner))
    if math.dist(near, inside) > FARTHEST_MOVE_M:
        return None
    from_, to = ruler.degrees(near), ruler.degrees(inside)
    north, east = to.latitude_deg - from_.latitude_deg, to.longitude_deg - from_.longitude_deg

    def moved(item: MissionItem) -> MissionItem:
        if item.frame == MavFrame.MISSION:
            return item
        longitude = (item.y * 1e-7 + east + 180.0) % 360.0 - 180.0
        return replace(item, x=degrees_e7(item.x * 1e-7 + north), y=degrees_e7(longitude))

    items = tuple(moved(item) for item in mission.items)
    flown = ruler.line([item.position for item in items if item.frame != MavFrame.MISSION])
    return replace(mission, items=items) if flown.intersects(shape.buffer(-DEPTH_M)) else None


def _verdict(day: Day, flight: ApprovedFlight, mission: Mission) -> Verdict:
    return verify(
        mission,
        zones=day.zones,
        policy=day.policy,
        departure=flight.plan.departure,
        terrain=terrain_of(day.site.relief),
        performance=performance_of(flight.plan.sortie.vehicle),
        drops={order.order_id: order.drop.position for order in day.orders},
        landing_sites=[day.site.hubs[0].position],
        delay_allowance=DELAY_ALLOWANCE,
    )


class Ruler:
    """A third geometry: transverse Mercator around a place, with edges cut so short that they keep their place."""

    def __init__(self, origin: GeoPoint) -> None:
        self.origin = origin
        plane = f"+proj=tmerc +lat_0={origin.latitude_deg!r} +lon_0={origin.longitude_deg!r} +k=1 +datum=WGS84 +units=m"
        self._to_plane = Transformer.from_crs("EPSG:4326", plane, always_xy=True)

    def metres(self, latitude_deg: Sequence[float], longitude_deg: Sequence[float]) -> NDArray[np.float64]:
        """Return (n, 2) metres east and north."""
        return np.column_stack(self._to_plane.transform(longitude_deg, latitude_deg))

    def degrees(self, place: EastNorth) -> GeoPoint:
        """Return where a place of the plane is."""
        longitude, latitude = self._to_plane.transform(*place, direction="INVERSE")
        return GeoPoint(latitude, longitude)

    def line(self, points: Sequence[GeoPoint]) -> shapely.LineString:
        """Return a path of short geodesic legs."""
        return shapely.LineString(self.metres([p.latitude_deg for p in points], [p.longitude_deg for p in points]))

    def shape(self, footprint: Footprint) -> shapely.Polygon:
        """Return a footprint: edges straight in longitude and latitude, circles geodesic."""
        if isinstance(footprint, CircleFootprint):
            ring = [_ahead(footprint.center, footprint.radius_m, 360.0 * k / 256) for k in range(256)]
            latitude, longitude = [p.latitude_deg for p in ring], [p.longitude_deg for p in ring]
        else:
            latitude, longitude = [], []
            for a, b in pairwise((*footprint.ring, footprint.ring[0])):
                east = (b.longitude_deg - a.longitude_deg + 180.0) % 360.0 - 180.0
                for share in np.linspace(0.0, 1.0, CUTS, endpoint=False):
                    latitude.append(a.latitude_deg + share * (b.latitude_deg - a.latitude_deg))
                    longitude.append(a.longitude_deg + share * east)
        return shapely.Polygon(self.metres(latitude, longitude))


def _draw_zones(rng: random.Random, hub: Hub, drop: GeoPoint, policy: Policy) -> list[GeoZone]:
    """Up to 14 zones around and between hub and drop."""
    footprints: list[Footprint] = []
    azimuth, _, length_m = GEOD.inv(
        hub.position.longitude_deg, hub.position.latitude_deg, drop.longitude_deg, drop.latitude_deg
    )
    while len(footprints) < rng.choice([0, 2, 5, 9, 14]):
        along_m = rng.uniform(-0.3, 1.3) * length_m
        middle = _ahead(_ahead(hub.position, along_m, azimuth), rng.gauss(0.0, 0.35 * length_m), azimuth + 90.0)
        footprints += _draw_footprints(rng, middle)
    if rng.random() < 0.3:  # as near to a place as is allowed, within a few centimetres
        place, size_m = rng.choice([hub.position, drop]), rng.uniform(20.0, 200.0)
        away_m = size_m + policy.zone_clearance_m + rng.choice([-0.05, 0.0, 0.02, 0.5])
        footprints.append(CircleFootprint(_ahead(place, away_m, rng.uniform(0.0, 360.0)), size_m))
    return [_draw_zone(rng, index, footprint, hub, policy) for index, footprint in enumerate(footprints[:14])]


def _draw_footprints(rng: random.Random, middle: GeoPoint) -> Iterator[Footprint]:
    """One footprint, or several that touch, overlap or hold one another."""
    size_m = math.exp(rng.uniform(math.log(8.0), math.log(500.0)))
    turn = rng.uniform(0.0, 360.0)
    match rng.randrange(7):
        case 0:
            yield CircleFootprint(middle, size_m)
        case 1:  # a star, mostly concave
            corners = rng.randint(3, 24)
            yield _ring(middle, [(size_m * rng.uniform(0.25, 1.0), turn + 360.0 * k / corners) for k in range(corners)])
        case 2:  # a strip
            width = rng.uniform(0.3, 5.0)
            yield _ring(middle, [(size_m, turn + angle) for angle in (0.0, width, 180.0, 180.0 + width)])
        case 3:  # two that share an edge
            west, east = _ahead(middle, size_m, turn + 90.0), _ahead(middle, size_m, turn - 90.0)
            north, south = _ahead(middle, size_m, turn), _ahead(middle, size_m, turn + 180.0)
            yield PolygonFootprint((north, west, south))
            yield PolygonFootprint((north, south, east))
        case 4:  # two that touch in a corner
            for way in (turn, turn + 180.0):
                yield PolygonFootprint((middle, _ahead(middle, size_m, way), _ahead(middle, size_m, way + 60.0)))
        case 5:  # one within the other
            yield CircleFootprint(middle, size_m)
            yield _ring(middle, [(0.5 * size_m, turn + 90.0 * k) for k in range(4)])
        case _:  # a bracket that a straight way leads into
            outer = [(size_m, turn + angle) for angle in (60.0, 120.0, 180.0, 240.0, 300.0)]
            inner = [(0.7 * size_m, turn + angle) for angle in (300.0, 240.0, 180.0, 120.0, 60.0)]
            yield _ring(middle, [*outer, *inner])


def _draw_zone(rng: random.Random, index: int, footprint: Footprint, hub: Hub, policy: Policy) -> GeoZone:
    """A zone of some restriction, heights and hours; half of them bind always."""
    restriction = rng.choices(list(Restriction), weights=[8, 1, 1, 1, 1])[0]
    cruise_m, margin_m = policy.cruise_height_home_m, policy.zone_height_margin_m
    near = rng.choice([-0.5, -0.01, 0.01, 0.5])
    floor, ceiling = rng.choices(
        [
            (GROUND, SKY),
            (_agl(0.0), _agl(120.0)),
            (_agl(cruise_m + margin_m + near), _agl(300.0)),
            (_agl(0.0), _agl(max(1.0, cruise_m - margin_m + near))),
            (_amsl(hub.ground_amsl_m + cruise_m + margin_m + near), _amsl(9000.0)),
            (_amsl(hub.ground_amsl_m - 100.0), _amsl(hub.ground_amsl_m + cruise_m - margin_m + near)),
            (Height(0.0, VerticalDatum.WGS84), Height(500.0, VerticalDatum.WGS84)),
        ],
        weights=[6, 4, 1, 1, 1, 1, 1],
    )[0]
    margin = timedelta(seconds=policy.zone_time_margin_s)
    applicability = rng.choices(
        [
            PERMANENT,
            (ApplicabilityPeriod(START + timedelta(seconds=rng.uniform(0.0, 900.0)), None),),
            (ApplicabilityPeriod(None, START - margin + timedelta(seconds=rng.choice([-1.0, 1.0]))),),
            (ApplicabilityPeriod(START + timedelta(days=2), START + timedelta(days=3)),),
        ],
        weights=[7, 1, 1, 1],
    )[0]
    volumes = (ZoneVolume(footprint, floor, ceiling),)
    name = f"Z-{index}"
    return GeoZone(name, name, restriction, volumes, ZoneSource("random", "test"), applicability)


def _always_binds(zone: GeoZone) -> bool:
    return (
        zone.restriction is Restriction.PROHIBITED
        and zone.applicability == PERMANENT
        and (zone.volumes[0].floor, zone.volumes[0].ceiling) in ((GROUND, SKY), (_agl(0.0), _agl(120.0)))
    )


def _agl(value_m: float) -> Height:
    return Height(value_m, VerticalDatum.AGL)


def _amsl(value_m: float) -> Height:
    return Height(value_m, VerticalDatum.AMSL)


def _ahead(place: GeoPoint, distance_m: float, azimuth_deg: float) -> GeoPoint:
    longitude, latitude, _ = GEOD.fwd(place.longitude_deg, place.latitude_deg, azimuth_deg, distance_m)
    return GeoPoint(latitude, longitude)


def _ring(middle: GeoPoint, corners: Sequence[tuple[float, float]]) -> PolygonFootprint:
    """Return the polygon through places given by distance, metres, and azimuth, degrees, from the middle."""
    return PolygonFootprint(tuple(_ahead(middle, distance_m, azimuth_deg) for distance_m, azimuth_deg in corners))
