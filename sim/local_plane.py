"""PX4's local frame: azimuthal equidistant on a sphere of 6,371 km around a reference point.

Straight lines through the reference are straight on the Earth; a vehicle that flies "straight" flies straight
here. J. P. Snyder, Map Projections: A Working Manual, USGS PP 1395, §25 (spherical form).
"""

import math

EARTH_RADIUS_M = 6_371_000.0


class LocalPlane:
    """North-east plane in metres around one reference point."""

    __slots__ = ("_cos_lat", "_lat_rad", "_lon_rad", "_sin_lat")

    def __init__(self, latitude_deg: float, longitude_deg: float) -> None:
        self._lat_rad = math.radians(latitude_deg)
        self._lon_rad = math.radians(longitude_deg)
        self._sin_lat = math.sin(self._lat_rad)
        self._cos_lat = math.cos(self._lat_rad)

    def to_local(self, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
        """Return north, east in metres."""
        lat = math.radians(latitude_deg)
        difference = math.radians(longitude_deg) - self._lon_rad
        sin_lat, cos_lat, cos_difference = math.sin(lat), math.cos(lat), math.cos(difference)
        north = self._cos_lat * sin_lat - self._sin_lat * cos_lat * cos_difference
        east = cos_lat * math.sin(difference)
        sine = math.hypot(north, east)
        cosine = self._sin_lat * sin_lat + self._cos_lat * cos_lat * cos_difference
        scale = EARTH_RADIUS_M * (math.atan2(sine, cosine) / sine if sine > 0.0 else 1.0)
        return north * scale, east * scale

    def to_global(self, north_m: float, east_m: float) -> tuple[float, float]:
        """Return latitude, longitude in degrees."""
        distance = math.hypot(north_m, east_m)
        if distance == 0.0:
            return math.degrees(self._lat_rad), math.degrees(self._lon_rad)
        angle = distance / EARTH_RADIUS_M
        sin_angle, cos_angle = math.sin(angle), math.cos(angle)
        lat = math.asin(cos_angle * self._sin_lat + north_m * sin_angle * self._cos_lat / distance)
        lon = self._lon_rad + math.atan2(
            east_m * sin_angle, distance * self._cos_lat * cos_angle - north_m * self._sin_lat * sin_angle
        )
        return math.degrees(lat), math.degrees(lon)
