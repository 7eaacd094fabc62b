"""Distance on the ellipsoid."""

import math

from pyproj import Geod

from mission.model.geo import GeoPoint

_WGS84 = Geod(ellps="WGS84")


def distance_m(first: GeoPoint, second: GeoPoint) -> float:
    """Return the geodesic distance on the WGS84 ellipsoid."""
    _, _, length = _WGS84.inv(first.longitude_deg, first.latitude_deg, second.longitude_deg, second.latitude_deg)
    return float(length)


def offset_m(first: GeoPoint, second: GeoPoint) -> tuple[float, float]:
    """Return how far north and east `second` lies of `first`, along the geodesic between them as it begins."""
    azimuth_deg, _, length_m = _WGS84.inv(
        first.longitude_deg, first.latitude_deg, second.longitude_deg, second.latitude_deg
    )
    azimuth_rad = math.radians(azimuth_deg)
    return length_m * math.cos(azimuth_rad), length_m * math.sin(azimuth_rad)
