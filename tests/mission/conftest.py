"""A small world on a plane of metres: one hub, two alternates, squares as zones, and a ruler of its own."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shapely import LineString, Polygon

from mission.model.airspace import (
    PERMANENT,
    ApplicabilityPeriod,
    GeoZone,
    PolygonFootprint,
    Restriction,
    ZoneAuthority,
    ZoneSource,
    ZoneVolume,
)
from mission.model.day import Day
from mission.model.fleet import Hub, LandingSite, Site, Vehicle, VehicleType
from mission.model.geo import ElevationRange, GeoPoint, Height, VerticalDatum
from mission.model.orders import DropPoint, Order, Parcel
from mission.model.time import TimeWindow
from mission.policy import Policy

ORIGIN = GeoPoint(48.40, 15.62)
DEGREE_M = 111_194.9
"""One degree of latitude on a sphere of mean radius: the ruler here is a sphere, good to 0.3 % over a few km."""


@dataclass(frozen=True)
class World:
    """Makes the nouns of a day from metres north and east of the hub."""

    start: datetime = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)

    def place(self, north_m: float, east_m: float) -> GeoPoint:
        """Return the point there."""
        scale = math.cos(math.radians(ORIGIN.latitude_deg))
        return GeoPoint(ORIGIN.latitude_deg + north_m / DEGREE_M, ORIGIN.longitude_deg + east_m / DEGREE_M / scale)

    def metres(self, point: GeoPoint) -> tuple[float, float]:
        """Return metres east and north of a point."""
        scale = math.cos(math.radians(ORIGIN.latitude_deg))
        north_m = (point.latitude_deg - ORIGIN.latitude_deg) * DEGREE_M
        return (point.longitude_deg - ORIGIN.longitude_deg) * DEGREE_M * scale, north_m

    def distance_m(self, points: list[GeoPoint], zone: GeoZone) -> float:
        """Return the least distance of a line of points from a zone; 0 inside."""
        line = LineString([self.metres(point) for point in points])
        rings = [v.footprint.ring for v in zone.volumes if isinstance(v.footprint, PolygonFootprint)]
        return min(float(Polygon([self.metres(corner) for corner in ring]).distance(line)) for ring in rings)

    def order(self, order_id: str, north_m: float, east_m: float, **more: Any) -> Order:
        """Return an order of 1 kg to a place, within four hours unless a window is given."""
        window = more.get("window", TimeWindow(self.start, self.start + timedelta(hours=4)))
        parcel = Parcel(f"P-{order_id}", more.get("mass_kg", 1.0))
        return Order(order_id, parcel, DropPoint(self.place(north_m, east_m)), window)

    def zone(self, zone_id: str, north_m: float, east_m: float, half_m: float = 100.0, **more: Any) -> GeoZone:
        """Return a square zone around a place: prohibited, always, from the ground to 120 m, unless told otherwise."""
        corners = [(-1, -1), (-1, 1), (1, 1), (1, -1)]
        tall_m, wide_m = more.get("half_north_m", half_m), more.get("half_east_m", half_m)
        ring = tuple(self.place(north_m + tall_m * n, east_m + wide_m * e) for n, e in corners)
        floor, ceiling = (
            Height(more.get(k, d), VerticalDatum.AGL) for k, d in (("floor_m", 0.0), ("ceiling_m", 120.0))
        )
        return GeoZone(
            zone_id,
            f"Zone {zone_id}",
            more.get("restriction", Restriction.PROHIBITED),
            (ZoneVolume(PolygonFootprint(ring), floor, ceiling),),
            ZoneSource("zones", "test"),
            applicability=more.get("applicability", PERMANENT),
            authority=(ZoneAuthority("Town hall"),),
        )

    def hours(self, first_h: float, last_h: float) -> tuple[ApplicabilityPeriod, ...]:
        """Return applicability from so many hours after the day's start to so many."""
        return (ApplicabilityPeriod(self.start + timedelta(hours=first_h), self.start + timedelta(hours=last_h)),)

    def site(self) -> Site:
        """Return the site: its hub at the origin, an alternate 900 m north and one 700 m east."""
        hub = Hub("hub", "Hub", ORIGIN, 190.0)
        alternates = (
            LandingSite("north", "North field", self.place(900.0, 0.0), 190.0),
            LandingSite("east", "East field", self.place(0.0, 700.0), 190.0),
        )
        return Site("meadow", "Meadow", (hub,), alternates, ElevationRange(186.0, 204.0))

    def day(self, orders: list[Order], zones: list[GeoZone] | None = None, *, vehicles: int = 2, **policy: Any) -> Day:
        """Return a day with so many quadcopters."""
        kind = VehicleType("quad", 2.5, 1, 5.0, 15.0, 3.0, 2.0, 400.0, 700.0)
        fleet = tuple(
            Vehicle(f"drone-{n}", kind, "hub", n, f"udpin://127.0.0.1:{14540 + n}") for n in range(1, vehicles + 1)
        )
        rules = replace(Policy("AUTtest0001", cruise_height_home_m=40.0), **policy)
        return Day("A day", self.site(), fleet, tuple(orders), tuple(zones or ()), rules, self.start, self.start)


@pytest.fixture(scope="session")
def world() -> World:
    """The small world."""
    return World()


@pytest.fixture(scope="session")
def route_of() -> Callable[[Any], list[GeoPoint]]:
    """Return the horizontal path of an approved flight."""
    return lambda flight: [flight.plan.legs[0].start, *(leg.end for leg in flight.plan.legs)]
