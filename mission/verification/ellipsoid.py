"""The verifier's own geometry on WGS84: Earth-centred coordinates, tangent planes, geodesic legs.

Nothing here is shared with the router's local plane: a wrong projection there must be found here.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1.0 / 298.257223563
_E2 = FLATTENING * (2.0 - FLATTENING)
_GEOD = Geod(a=SEMI_MAJOR_M, f=FLATTENING)


def earth_centred_m(latitude_deg: FloatArray, longitude_deg: FloatArray) -> FloatArray:
    """Return (n, 3) Earth-centred Earth-fixed coordinates, metres, of points on the ellipsoid."""
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    sin_lat = np.sin(lat)
    normal = SEMI_MAJOR_M / np.sqrt(1.0 - _E2 * sin_lat * sin_lat)
    across = normal * np.cos(lat)
    return np.stack([across * np.cos(lon), across * np.sin(lon), normal * (1.0 - _E2) * sin_lat], axis=-1)


def geodesic_m(
    latitude_deg: FloatArray, longitude_deg: FloatArray, to_latitude_deg: float, to_longitude_deg: float
) -> FloatArray:
    """Return the (n,) geodesic distances from points to one point, metres."""
    to_lat = np.full(np.shape(latitude_deg), to_latitude_deg)
    to_lon = np.full(np.shape(longitude_deg), to_longitude_deg)
    distance: FloatArray = np.asarray(_GEOD.inv(longitude_deg, latitude_deg, to_lon, to_lat)[2], dtype=np.float64)
    return distance


def geodesic_between_m(
    latitude_deg: float, longitude_deg: float, to_latitude_deg: float, to_longitude_deg: float
) -> float:
    """Return the geodesic distance between two points, metres."""
    return float(_GEOD.inv(longitude_deg, latitude_deg, to_longitude_deg, to_latitude_deg)[2])


def geodesic_circle_deg(latitude_deg: float, longitude_deg: float, radius_m: float, count: int) -> FloatArray:
    """Return (count, 2) latitude, longitude of places on a geodesic circle; longitudes run on across 180°."""
    azimuth = np.linspace(0.0, 360.0, count, endpoint=False)
    lon, lat, _ = _GEOD.fwd(
        np.full(count, longitude_deg), np.full(count, latitude_deg), azimuth, np.full(count, radius_m)
    )
    off_deg = (np.asarray(lon) - longitude_deg + 180.0) % 360.0 - 180.0
    return np.column_stack([np.asarray(lat), longitude_deg + off_deg])


@dataclass(frozen=True, eq=False)
class Pieces:
    """Short geodesic pieces of a path; a point is a piece without length.

    Attributes:
        start_deg, end_deg: (n, 2) latitude, longitude.
    """

    start_deg: FloatArray
    end_deg: FloatArray

    def __len__(self) -> int:
        return int(self.start_deg.shape[0])

    @cached_property
    def start_m(self) -> FloatArray:
        """(n, 3) Earth-centred start points."""
        return earth_centred_m(self.start_deg[:, 0], self.start_deg[:, 1])

    @cached_property
    def end_m(self) -> FloatArray:
        """(n, 3) Earth-centred end points."""
        return earth_centred_m(self.end_deg[:, 0], self.end_deg[:, 1])

    @cached_property
    def plane(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Tangent plane of each piece at its middle: origin, east and north, (n, 3) each, Earth-centred.

        A point at distance d falls d³/6R² nearer in it: 1 µm at 600 m, 4 mm at 10 km. Too near is safe.
        """
        origin = 0.5 * (self.start_m + self.end_m)
        middle = self.at(np.full(len(self), 0.5))
        lat, lon = np.radians(middle[:, 0]), np.radians(middle[:, 1])
        sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
        east = np.stack([-sin_lon, cos_lon, np.zeros_like(lat)], axis=-1)
        north = np.stack([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat], axis=-1)
        return origin, east, north

    def at(self, share: FloatArray) -> FloatArray:
        """Return the (n, 2) latitude, longitude at a share 0..1 of each piece (pieces are short: linear)."""
        difference = self.end_deg - self.start_deg
        difference[:, 1] = (difference[:, 1] + 180.0) % 360.0 - 180.0
        place = self.start_deg + difference * share[:, None]
        place[:, 1] = (place[:, 1] + 180.0) % 360.0 - 180.0
        return place


def divided(
    start_deg: FloatArray, end_deg: FloatArray, longest_m: float
) -> tuple[FloatArray, FloatArray, IntArray, FloatArray, FloatArray]:
    """Cut geodesic legs into pieces of at most `longest_m`.

    Args:
        start_deg: (n, 2) latitude, longitude of the legs' beginnings.
        end_deg: (n, 2) latitude, longitude of their ends.
        longest_m: longest piece, metres.

    Returns:
        start and end of the pieces (m, 2); the leg of each (m,); the shares of the leg at which each begins
        and ends (m,).
    """
    forward, _, length = _GEOD.inv(start_deg[:, 1], start_deg[:, 0], end_deg[:, 1], end_deg[:, 0])
    length = np.asarray(length, dtype=np.float64)
    count = np.maximum(1, np.ceil(length / longest_m)).astype(np.int64)
    leg = np.repeat(np.arange(len(count)), count)
    place_in_leg = np.arange(len(leg)) - np.repeat(np.cumsum(count) - count, count)
    begins, ends = place_in_leg / count[leg], (place_in_leg + 1) / count[leg]
    lon, lat, _ = _GEOD.fwd(start_deg[leg, 1], start_deg[leg, 0], np.asarray(forward)[leg], length[leg] * begins)
    piece_start = np.column_stack([lat, lon])
    first, last = place_in_leg == 0, place_in_leg == count[leg] - 1
    piece_start[first] = start_deg[leg[first]]
    piece_end = np.empty_like(piece_start)
    piece_end[:-1] = piece_start[1:]
    piece_end[last] = end_deg[leg[last]]
    return piece_start, piece_end, leg, begins, ends
