"""Footprints on the Earth → polygons in a local metric plane, never smaller than published."""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from pyproj import Geod

from mission.airspace.bounds import GeoBounds
from mission.geodesy.local_frame import LocalFrame
from mission.model.airspace import CircleFootprint, Footprint, PolygonFootprint
from mission.model.geo import GeoPoint

CIRCLE_SIDES = 64
"""Sides of the polygon around a circle: its corners lie 0.12 % of the radius outside."""

LONGEST_EDGE_M = 500.0
"""Polygon edges are straight in longitude and latitude (RFC 7946 §3.1.1); pieces of this length bend by less
than a centimetre against a straight line of the plane."""

_PLANE_SCALE_ERROR = 1e-4
"""Room for the plane's change of scale (4e-5 at 100 km from its origin, see `LocalFrame`)."""

_METRES_PER_DEGREE = 110_500.0
"""Less than any degree of latitude, or of longitude at the equator, so that boxes come out larger."""

_GEOD = Geod(ellps="WGS84")


def footprint_polygon(footprint: Footprint, frame: LocalFrame) -> shapely.Polygon:
    """Return a footprint as a polygon of east, north in metres of `frame`.

    A circle becomes a polygon around it, never inside. The edges of a polygon are divided, so that they stay
    on their published course. Meant for footprints within some 100 km of the frame's origin; where bending
    makes a ring cross itself its convex hull is returned.
    """
    if isinstance(footprint, CircleFootprint):
        return shapely.Polygon(frame.to_local(_around(footprint)))
    polygon = shapely.Polygon(frame.to_local(_divided(footprint)))
    if polygon.is_valid:
        return polygon
    hull = shapely.MultiPoint(shapely.get_coordinates(polygon)).convex_hull
    # A ring thinner than rounding collapses to a line; it is given a centimetre of width.
    return hull if isinstance(hull, shapely.Polygon) else hull.buffer(0.01)


def footprint_bounds(footprint: Footprint) -> GeoBounds:
    """Return a box that holds a footprint; all longitudes where a circle reaches over a pole."""
    if isinstance(footprint, PolygonFootprint):
        latitudes = [point.latitude_deg for point in footprint.ring]
        longitudes = [point.longitude_deg for point in footprint.ring]
        if max(longitudes) - min(longitudes) > 180.0:  # across the antimeridian, or wide: no box is told for sure
            return GeoBounds(min(latitudes), -180.0, max(latitudes), 180.0)
        return GeoBounds(min(latitudes), min(longitudes), max(latitudes), max(longitudes))
    reach_deg = footprint.radius_m / _METRES_PER_DEGREE
    south, north = footprint.center.latitude_deg - reach_deg, footprint.center.latitude_deg + reach_deg
    if south <= -89.0 or north >= 89.0:
        return GeoBounds(max(south, -90.0), -180.0, min(north, 90.0), 180.0)
    across_deg = reach_deg / math.cos(math.radians(max(abs(south), abs(north))))
    if across_deg >= 180.0:
        return GeoBounds(south, -180.0, north, 180.0)
    west, east = footprint.center.longitude_deg - across_deg, footprint.center.longitude_deg + across_deg
    return GeoBounds(south, _wrapped(west), north, _wrapped(east))


def _short_way(east_deg: float) -> float:
    """Return a difference of longitudes as −180 ≤ … < 180: an edge across 180° is short, not 359° long (F-A11)."""
    return (east_deg + 180.0) % 360.0 - 180.0


def _wrapped(longitude_deg: float) -> float:
    if -180.0 <= longitude_deg <= 180.0:
        return longitude_deg
    return (longitude_deg + 180.0) % 360.0 - 180.0


def _around(circle: CircleFootprint) -> list[GeoPoint]:
    """Return corners such that every side of their polygon touches the circle from outside."""
    corner_m = circle.radius_m / math.cos(math.pi / CIRCLE_SIDES) * (1.0 + _PLANE_SCALE_ERROR)
    azimuths = np.arange(CIRCLE_SIDES) * (360.0 / CIRCLE_SIDES)
    start_longitudes = np.full(CIRCLE_SIDES, circle.center.longitude_deg)
    start_latitudes = np.full(CIRCLE_SIDES, circle.center.latitude_deg)
    longitudes, latitudes, _ = _GEOD.fwd(start_longitudes, start_latitudes, azimuths, np.full(CIRCLE_SIDES, corner_m))
    return [GeoPoint(float(lat), float(lon)) for lat, lon in zip(latitudes, longitudes, strict=True)]


def _divided(footprint: PolygonFootprint) -> list[GeoPoint]:
    """Return the ring with its long edges divided evenly in longitude and latitude."""
    points: list[GeoPoint] = []
    ring: Sequence[GeoPoint] = footprint.ring
    for start, end in zip(ring, (*ring[1:], ring[0]), strict=True):
        north_deg = end.latitude_deg - start.latitude_deg
        east_deg = _short_way(end.longitude_deg - start.longitude_deg)
        length_m = math.hypot(north_deg, east_deg * math.cos(math.radians(start.latitude_deg))) * 111_700.0
        pieces = max(1, math.ceil(length_m / LONGEST_EDGE_M))
        points.extend(
            GeoPoint(start.latitude_deg + north_deg * i / pieces, _wrapped(start.longitude_deg + east_deg * i / pieces))
            for i in range(pieces)
        )
    return points
