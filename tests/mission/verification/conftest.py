"""A small town to fly in: one clean delivery among zones, into which tests plant faults."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import shapely

from mission.geodesy.geoid import GeoidGrid
from mission.geodesy.local_frame import LocalFrame
from mission.geodesy.terrain import FlatTerrain, Terrain
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
from mission.model.geo import GeoPoint, Height, VerticalDatum
from mission.model.mission import (
    MavCommand,
    MavFrame,
    Mission,
    MissionItem,
    degrees_e7,
)
from mission.model.verdict import Verdict
from mission.policy import Policy
from mission.verification import CruisePerformance, PreparedZones, verify

HOME = GeoPoint(48.41, 15.60)
HOME_AMSL_M = 200.0
DEPARTURE = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
"""A Friday."""
PERFORMANCE = CruisePerformance(cruise_speed_m_s=10.0, climb_speed_m_s=3.0, descent_speed_m_s=2.0)
FRAME = LocalFrame(HOME)
DROP_EN = (1500.0, 600.0)
CORNER_EN = (800.0, 100.0)
GROUND = Height(-math.inf, VerticalDatum.AMSL)
SKY = Height(math.inf, VerticalDatum.AMSL)


def at(east_m: float, north_m: float) -> GeoPoint:
    """Return the place so many metres east and north of home."""
    return FRAME.to_geo(np.array([[east_m, north_m]]))[0]


def item(command: MavCommand, place: GeoPoint | None = None, z: float = 0.0, **fields: Any) -> MissionItem:
    """Return an item at a place, or a frame-2 command without one."""
    if place is None:
        return MissionItem(command=command, frame=MavFrame.MISSION, z=z, **fields)
    return MissionItem(
        command=command,
        x=degrees_e7(place.latitude_deg),
        y=degrees_e7(place.longitude_deg),
        z=z,
        **fields,
    )


def ring(*corners_en: tuple[float, float]) -> PolygonFootprint:
    """Return a polygon through places east and north of home."""
    return PolygonFootprint(tuple(at(*corner) for corner in corners_en))


def box(west: float, south: float, east: float, north: float) -> PolygonFootprint:
    """Return a rectangle, metres east and north of home."""
    return ring((west, south), (east, south), (east, north), (west, north))


def circle(east_m: float, north_m: float, radius_m: float) -> CircleFootprint:
    """Return a circle around a place east and north of home."""
    return CircleFootprint(at(east_m, north_m), radius_m)


def zone(
    identifier: str,
    footprint: Footprint,
    *,
    floor: Height = GROUND,
    ceiling: Height = SKY,
    restriction: Restriction = Restriction.PROHIBITED,
    applicability: tuple[ApplicabilityPeriod, ...] = PERMANENT,
) -> GeoZone:
    """Return a zone of one volume."""
    return GeoZone(
        identifier=identifier,
        name=identifier.title(),
        restriction=restriction,
        volumes=(ZoneVolume(footprint, floor, ceiling),),
        source=ZoneSource("town.json", "test"),
        applicability=applicability,
    )


def fence_polygon(command: MavCommand, corners: Sequence[GeoPoint]) -> tuple[MissionItem, ...]:
    """Return the fence items of a polygon."""
    return tuple(item(command, corner, param1=float(len(corners)), frame=MavFrame.GLOBAL_AMSL) for corner in corners)


CIRCLES = (MavCommand.FENCE_CIRCLE_INCLUSION, MavCommand.FENCE_CIRCLE_EXCLUSION)


def exclusions(
    zones: "tuple[GeoZone, ...] | PreparedZones", start: GeoPoint, items: Sequence[MissionItem]
) -> tuple[MissionItem, ...]:
    """Return fence items that exclude the restrictions which the straight lines through the items keep off."""
    places = [_metres(one.position) for one in items if one.x and abs(one.x) <= 9e8 and abs(one.y) <= 18e8]
    flown = shapely.union(shapely.Point(0.0, 0.0), shapely.LineString([_metres(start), *(places or [_metres(start)])]))
    held: list[MissionItem] = []
    known = zones.zones if isinstance(zones, PreparedZones) else zones
    for one in known:
        for volume in one.volumes if one.restriction is not Restriction.NO_RESTRICTION else ():
            footprint = volume.footprint
            if isinstance(footprint, CircleFootprint):
                radius_m = footprint.radius_m + 0.1
                if shapely.Point(_metres(footprint.center)).distance(flown) > radius_m:
                    held.append(item(MavCommand.FENCE_CIRCLE_EXCLUSION, footprint.center, param1=radius_m))
            elif shapely.Polygon([_metres(corner) for corner in footprint.ring]).distance(flown) > 0.0:
                held.extend(fence_polygon(MavCommand.FENCE_POLYGON_EXCLUSION, footprint.ring))
    return tuple(held)


def _metres(place: GeoPoint) -> tuple[float, float]:
    """Metres east and north of home, near enough for a test's own fence."""
    east = (place.longitude_deg - HOME.longitude_deg) * 111_320.0 * math.cos(math.radians(HOME.latitude_deg))
    return east, (place.latitude_deg - HOME.latitude_deg) * 111_320.0


def delivery_items() -> tuple[MissionItem, ...]:
    """Return one delivery by gripper, there and back by one corner."""
    corner, drop = at(*CORNER_EN), at(*DROP_EN)
    return (
        item(MavCommand.NAV_TAKEOFF, HOME, 60.0),
        item(MavCommand.DO_CHANGE_SPEED, param1=1.0, param2=10.0),
        item(MavCommand.NAV_WAYPOINT, corner, 60.0),
        item(MavCommand.NAV_WAYPOINT, drop, 60.0),
        item(MavCommand.NAV_WAYPOINT, drop, 6.0),
        item(MavCommand.NAV_LOITER_TIME, drop, 6.0, param1=60.0),
        item(MavCommand.NAV_WAYPOINT, drop, 60.0),
        item(MavCommand.NAV_WAYPOINT, corner, 60.0),
        item(MavCommand.NAV_WAYPOINT, HOME, 60.0),
        item(MavCommand.NAV_LAND, HOME, 0.0),
    )


def town_zones() -> tuple[GeoZone, ...]:
    """Return zones near the path, of which none is entered: by place, height, hours or authorisation."""
    agl = VerticalDatum.AGL
    return (
        zone("school", box(300.0, 100.0, 500.0, 250.0)),
        zone("hospital", circle(1150.0, 100.0, 150.0)),
        zone("airway", box(-500.0, -500.0, 2500.0, 1500.0), floor=Height(120.0, agl)),
        zone(
            "market",
            box(600.0, 0.0, 700.0, 200.0),
            applicability=(
                ApplicabilityPeriod(datetime(2026, 11, 20, 14, tzinfo=UTC), datetime(2026, 11, 20, 18, tzinfo=UTC)),
            ),
        ),
        zone("advice", box(0.0, -50.0, 100.0, 50.0), restriction=Restriction.NO_RESTRICTION),
    )


@dataclass(frozen=True)
class Scene:
    """Everything that `verify` is given; tests replace a part and look at the findings."""

    items: tuple[MissionItem, ...] = field(default_factory=delivery_items)
    fence: tuple[MissionItem, ...] = field(
        default_factory=lambda: fence_polygon(
            MavCommand.FENCE_POLYGON_INCLUSION,
            [at(-300.0, -300.0), at(2000.0, -300.0), at(2000.0, 1200.0), at(-300.0, 1200.0)],
        )
    )
    rally: tuple[MissionItem, ...] = field(
        default_factory=lambda: (item(MavCommand.RALLY_POINT, at(100.0, 500.0), 40.0),)
    )
    home: GeoPoint = HOME
    home_amsl_m: float = HOME_AMSL_M
    zones: tuple[GeoZone, ...] | PreparedZones = field(default_factory=town_zones)
    policy: Policy = field(default_factory=Policy)
    departure: datetime = DEPARTURE
    terrain: Terrain = field(default_factory=lambda: FlatTerrain(HOME_AMSL_M))
    performance: CruisePerformance = PERFORMANCE
    drops: Mapping[str, GeoPoint] = field(default_factory=lambda: {"order-1": at(*DROP_EN)})
    landing_sites: tuple[GeoPoint, ...] = (HOME,)
    start: GeoPoint | None = None
    start_height_home_m: float = 0.0
    delay_allowance: timedelta = timedelta(minutes=5)
    geoid: GeoidGrid | None = None
    fenced: bool = True
    """Whether the fence excludes every zone that the flight keeps off, as a good compiler's would."""

    def but(self, **changes: Any) -> "Scene":
        """Return this scene with some parts replaced."""
        return replace(self, **changes)

    def with_item(self, index: int, **changes: Any) -> "Scene":
        """Return this scene with fields of one item replaced."""
        items = list(self.items)
        items[index] = replace(items[index], **changes)
        return self.but(items=tuple(items))

    def with_zone(self, *zones: GeoZone) -> "Scene":
        """Return this scene with more zones."""
        assert not isinstance(self.zones, PreparedZones)
        return self.but(zones=self.zones + zones)

    def mission(self) -> Mission:
        """Return the mission."""
        fence = self.fence
        if self.fenced:
            more = exclusions(self.zones, self.start or self.home, self.items)
            fence = tuple(sorted(fence + more, key=lambda one: one.command in CIRCLES))  # PX4 wants them last
        return Mission(self.items, fence, self.rally, self.home, self.home_amsl_m)

    def verdict(self) -> Verdict:
        """Verify."""
        return verify(
            self.mission(),
            zones=self.zones,
            policy=self.policy,
            departure=self.departure,
            terrain=self.terrain,
            performance=self.performance,
            drops=self.drops,
            landing_sites=self.landing_sites,
            start=self.start,
            start_height_home_m=self.start_height_home_m,
            delay_allowance=self.delay_allowance,
            geoid=self.geoid,
        )

    def codes(self) -> list[str]:
        """Verify, and return the codes found."""
        return [finding.code for finding in self.verdict().findings]


class Town:
    """The builders above, for tests: modules of this folder cannot import one another."""

    HOME = HOME
    HOME_AMSL_M = HOME_AMSL_M
    DEPARTURE = DEPARTURE
    PERFORMANCE = PERFORMANCE
    DROP_EN = DROP_EN
    CORNER_EN = CORNER_EN
    at = staticmethod(at)
    item = staticmethod(item)
    ring = staticmethod(ring)
    box = staticmethod(box)
    circle = staticmethod(circle)
    zone = staticmethod(zone)
    fence_polygon = staticmethod(fence_polygon)


@pytest.fixture(scope="session")
def scene() -> Scene:
    """Return the clean delivery (it is frozen: tests make changed copies)."""
    return Scene()


@pytest.fixture(scope="session")
def town() -> Town:
    """Return the builders."""
    return Town()
