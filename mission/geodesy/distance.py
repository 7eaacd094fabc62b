"""Distance on the ellipsoid."""

from pyproj import Geod

from mission.model.geo import GeoPoint

_WGS84 = Geod(ellps="WGS84")


def distance_m(first: GeoPoint, second: GeoPoint) -> float:
    """Return the geodesic distance on the WGS84 ellipsoid."""
    _, _, length = _WGS84.inv(first.longitude_deg, first.latitude_deg, second.longitude_deg, second.latitude_deg)
    return float(length)
