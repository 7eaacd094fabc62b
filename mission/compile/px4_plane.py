"""The plane in which PX4 judges its geofence: latitude and longitude themselves.

PX4 tests a point against a fence polygon in degrees, so a polygon edge is straight in latitude and longitude, not
on the ground: an east-west edge of 10 km at 48° bows 2 m away from the geodesic. Fences are therefore built in
degrees scaled to metres at one origin, where PX4's edges are exactly straight. Distances in this plane are true
at the origin's latitude and within 0.2 % for 10 km north or south of it at 48°.
"""

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from mission.geodesy.local_frame import LocalFrame
from mission.model.geo import GeoPoint

_WGS84_A_M = 6_378_137.0
_WGS84_E2 = 6.694379990141316e-3

DENSIFY_M = 500.0
"""Edges are broken up this finely before they change plane: a straight edge bows 5 mm at 48°."""


class Px4Plane:
    """Degrees scaled to metres around the origin of a local frame: x east, y north."""

    def __init__(self, frame: LocalFrame) -> None:
        self._frame = frame
        latitude = math.radians(frame.origin.latitude_deg)
        squared = 1.0 - _WGS84_E2 * math.sin(latitude) ** 2
        meridian_m = _WGS84_A_M * (1.0 - _WGS84_E2) / math.pow(squared, 1.5)
        parallel_m = _WGS84_A_M / math.sqrt(squared) * math.cos(latitude)
        self._scale = np.radians([parallel_m, meridian_m])
        self._origin = np.array([frame.origin.longitude_deg, frame.origin.latitude_deg])

    def from_local(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Return a geometry of the local frame in this plane, densified so that its edges keep their place."""
        dense = shapely.segmentize(geometry, DENSIFY_M)
        return shapely.transform(dense, self._local_to_plane)

    def from_geo(self, points: list[GeoPoint]) -> NDArray[np.float64]:
        """Return an (n, 2) array of x, y in metres."""
        degrees = np.array([(p.longitude_deg, p.latitude_deg) for p in points], dtype=np.float64)
        off = degrees.reshape(-1, 2) - self._origin
        off[:, 0] = (off[:, 0] + 180.0) % 360.0 - 180.0  # the short way round
        plane_m: NDArray[np.float64] = off * self._scale
        return plane_m

    def crosses_antimeridian(self, geometry: shapely.Geometry) -> bool:
        """Return whether a geometry reaches beyond ±180°: PX4 compares degrees as they are, and cannot hold it."""
        west, _, east, _ = geometry.bounds
        return bool(np.abs(np.array([west, east]) / self._scale[0] + self._origin[0]).max() > 180.0)

    def to_geo(self, plane_m: NDArray[np.float64]) -> list[GeoPoint]:
        """Return the points of an (n, 2) array of x, y in metres."""
        degrees = np.asarray(plane_m, dtype=np.float64).reshape(-1, 2) / self._scale + self._origin
        return [GeoPoint(float(latitude), float(longitude)) for longitude, latitude in degrees]

    def _local_to_plane(self, local_m: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.from_geo(self._frame.to_geo(local_m))
