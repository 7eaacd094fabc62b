"""The fence as the autopilot applies it: flat areas without heights, and without a look at what lies between.

As in PX4: an area that home (or the vehicle, when airborne) violates is dropped with a text and nothing else;
the flight goes on without it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mission.model.mission import MavCommand, MissionItem
from sim.local_plane import EARTH_RADIUS_M

Place = tuple[float, float]
"""Latitude, longitude in degrees."""

OUTSIDE_HOME = "Geofence invalid, doesn't contain Home position"
OUTSIDE_VEHICLE = "Geofence invalid, doesn't contain current vehicle position"

_INCLUSIONS = frozenset({MavCommand.FENCE_POLYGON_INCLUSION, MavCommand.FENCE_CIRCLE_INCLUSION})
_POLYGONS = frozenset({MavCommand.FENCE_POLYGON_INCLUSION, MavCommand.FENCE_POLYGON_EXCLUSION})
_CIRCLES = frozenset({MavCommand.FENCE_CIRCLE_INCLUSION, MavCommand.FENCE_CIRCLE_EXCLUSION})


@dataclass(frozen=True, slots=True)
class FenceArea:
    """One polygon (radius 0) or circle (one vertex) to stay inside or outside of."""

    vertices: tuple[Place, ...]
    radius_m: float
    is_inclusion: bool

    def allows(self, place: Place) -> bool:
        """Whether a vehicle may be there."""
        inside = self._in_circle(place) if self.radius_m > 0.0 else self._in_polygon(place)
        return inside == self.is_inclusion

    def _in_circle(self, place: Place) -> bool:
        latitude, longitude = self.vertices[0]
        north = math.radians(place[0] - latitude) * EARTH_RADIUS_M
        east = math.radians(place[1] - longitude) * EARTH_RADIUS_M * math.cos(math.radians(latitude))
        return math.hypot(north, east) < self.radius_m

    def _in_polygon(self, place: Place) -> bool:
        latitude, longitude = place
        inside = False
        previous_latitude, previous_longitude = self.vertices[-1]
        for vertex_latitude, vertex_longitude in self.vertices:
            if (vertex_longitude >= longitude) != (previous_longitude >= longitude):
                share = (longitude - vertex_longitude) / (previous_longitude - vertex_longitude)
                if latitude <= vertex_latitude + (previous_latitude - vertex_latitude) * share:
                    inside = not inside
            previous_latitude, previous_longitude = vertex_latitude, vertex_longitude
        return inside


def areas_of(items: Sequence[MissionItem]) -> list[FenceArea]:
    """Areas that a list of fence items describes; vertices that do not make up a polygon are passed over."""
    areas: list[FenceArea] = []
    index = 0
    while index < len(items):
        item = items[index]
        count = 1
        if item.command in _POLYGONS:
            count = max(int(item.param1), 1) if math.isfinite(item.param1) else 1
            ring = items[index : index + count]
            if len(ring) == count >= 3:
                places = tuple((vertex.x * 1e-7, vertex.y * 1e-7) for vertex in ring)
                areas.append(FenceArea(places, 0.0, item.command in _INCLUSIONS))
        elif item.command in _CIRCLES and item.param1 > 0.0:
            areas.append(FenceArea(((item.x * 1e-7, item.y * 1e-7),), item.param1, item.command in _INCLUSIONS))
        index += count
    return areas


class Geofence:
    """The areas in force."""

    def __init__(self) -> None:
        self.areas: list[FenceArea] = []

    def load(self, items: Sequence[MissionItem], home: Place, airborne_at: Place | None) -> list[str]:
        """Take other fence items; return a text for each area that was dropped."""
        self.areas, texts = [], []
        for area in areas_of(items):
            if not area.allows(home):
                texts.append(OUTSIDE_HOME)
            elif airborne_at is not None and not area.allows(airborne_at):
                texts.append(OUTSIDE_VEHICLE)
            else:
                self.areas.append(area)
        return texts

    def allows(self, place: Place) -> bool:
        """Whether a vehicle may be there; an empty fence allows everything."""
        return all(area.allows(place) for area in self.areas)
