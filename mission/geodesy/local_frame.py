"""A local metric plane around an origin."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from mission.model.geo import GeoPoint


class LocalFrame:
    """East-north plane, azimuthal equidistant on the WGS84 ellipsoid around `origin`.

    Distances from the origin are exact; elsewhere within 10 km the scale error is below 1 ppm
    (J. P. Snyder, Map Projections: A Working Manual, USGS PP 1395, §25).
    """

    def __init__(self, origin: GeoPoint) -> None:
        self.origin = origin
        plane = (
            f"+proj=aeqd +lat_0={origin.latitude_deg!r} +lon_0={origin.longitude_deg!r} +datum=WGS84 +units=m +no_defs"
        )
        self._to_plane = Transformer.from_crs("EPSG:4326", plane, always_xy=True)

    def to_local(self, points: Iterable[GeoPoint]) -> NDArray[np.float64]:
        """Return an (n, 2) array of east, north in metres."""
        degrees = np.array([(p.longitude_deg, p.latitude_deg) for p in points], dtype=np.float64).reshape(-1, 2)
        east, north = self._to_plane.transform(degrees[:, 0], degrees[:, 1])
        return np.column_stack([east, north])

    def to_geo(self, east_north_m: NDArray[np.float64]) -> list[GeoPoint]:
        """Return the points of an (n, 2) array of east, north in metres."""
        plane = np.asarray(east_north_m, dtype=np.float64).reshape(-1, 2)
        longitude, latitude = self._to_plane.transform(plane[:, 0], plane[:, 1], direction="INVERSE")
        return [GeoPoint(float(lat), float(lon)) for lat, lon in zip(latitude, longitude, strict=True)]
