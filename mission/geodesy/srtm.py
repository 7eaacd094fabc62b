"""Terrain from SRTM tiles (.hgt): 1° × 1° of big-endian int16 posts, north row first, −32768 = void.

T. G. Farr et al., "The Shuttle Radar Topography Mission", Reviews of Geophysics 45 (2007): elevations above
the EGM96 geoid; absolute vertical error of the specification ≤ 16 m at 90 %.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mission.errors import InputError, InputProblem
from mission.geodesy.terrain import FloatArray
from mission.model.geo import GeoPoint

SRTM_VERTICAL_ERROR_M = 16.0
"""Absolute vertical error at 90 % that the SRTM mission was specified for (Farr et al. 2007)."""

VOID = -32768
METRES_PER_DEGREE_MIN = 110_500.0
"""Below the length of one degree of latitude anywhere on WGS84: a radius turned into degrees is never short."""

_NAME = re.compile(r"^([NS])(\d{2})([EW])(\d{3})", re.IGNORECASE)
_POSTS = {1201 * 1201 * 2: 1201, 3601 * 3601 * 2: 3601}


@dataclass(frozen=True, slots=True, eq=False)
class SrtmTile:
    """One tile. `posts_m` is (n, n) with row 0 in the **south**, column 0 in the west; NaN is void."""

    south_deg: int
    west_deg: int
    posts_m: NDArray[np.float32]

    @classmethod
    def from_hgt_bytes(cls, name: str, data: bytes) -> "SrtmTile":
        """Read a tile.

        Args:
            name: file name, which says where the tile lies, such as ``N49E011.hgt``.
            data: the file's bytes: 1201² or 3601² posts.

        Raises:
            InputError: a name that is no tile's, or a length that is no tile's.
        """
        match = _NAME.match(name)
        if match is None:
            raise InputError(
                InputProblem(name, "file name", "says no place", "Name the tile by its south-west corner: N49E011.hgt")
            )
        posts = _POSTS.get(len(data))
        if posts is None:
            raise InputError(
                InputProblem(
                    name,
                    "length",
                    f"{len(data)} bytes are neither 1201² nor 3601² posts of two bytes",
                    "Give the unpacked .hgt file, whole",
                )
            )
        south = int(match[2]) * (1 if match[1].upper() == "N" else -1)
        west = int(match[4]) * (1 if match[3].upper() == "E" else -1)
        if not (-90 <= south < 90 and -180 <= west < 180):
            raise InputError(
                InputProblem(
                    name,
                    "file name",
                    f"({south}, {west}) is no place",
                    "Name the tile by its south-west corner",
                )
            )
        raw = np.frombuffer(data, dtype=">i2").reshape(posts, posts)[::-1]
        heights = raw.astype(np.float32)
        heights[raw == VOID] = np.nan
        return cls(south, west, heights)

    def voids_within(self, south_deg: float, west_deg: float, north_deg: float, east_deg: float) -> list[GeoPoint]:
        """Return the posts without an elevation in the cells that a box meets, south to north."""
        last = self.posts_m.shape[0] - 1
        rows = _window(south_deg - self.south_deg, north_deg - self.south_deg, last + 1)
        columns = _window(west_deg - self.west_deg, east_deg - self.west_deg, last + 1)
        void = np.argwhere(np.isnan(self.posts_m[rows, columns]))
        return [
            GeoPoint(self.south_deg + (rows.start + int(i)) / last, self.west_deg + (columns.start + int(j)) / last)
            for i, j in void
        ]


def tile_name(south_deg: int, west_deg: int) -> str:
    """Return the name of the tile with this south-west corner, such as N48E015."""
    return f"{'N' if south_deg >= 0 else 'S'}{abs(south_deg):02d}{'E' if west_deg >= 0 else 'W'}{abs(west_deg):03d}"


def tiles_over(south_deg: float, west_deg: float, north_deg: float, east_deg: float) -> list[tuple[int, int]]:
    """Return the south-west corners of the tiles that a box meets; the box does not cross the antimeridian."""
    return [
        (south, west)
        for south in range(math.floor(south_deg), math.floor(north_deg) + 1)
        for west in range(math.floor(west_deg), math.floor(east_deg) + 1)
    ]


class SrtmTerrain:
    """Terrain of a set of tiles; ground outside them is unknown.

    Args:
        tiles: any number of tiles, of one or of both resolutions.
        vertical_error_m: by how much a range is widened at both ends.
    """

    def __init__(self, tiles: Iterable[SrtmTile], vertical_error_m: float = SRTM_VERTICAL_ERROR_M) -> None:
        self._tiles = {(tile.south_deg, tile.west_deg): tile.posts_m for tile in tiles}
        self.vertical_error_m = vertical_error_m

    def elevation_amsl_m(self, latitude_deg: float, longitude_deg: float) -> float:
        """Return the ground's elevation by bilinear interpolation; NaN where a post around it is unknown."""
        south, west = math.floor(latitude_deg), math.floor(longitude_deg)
        posts = self._tiles.get((south, _wrapped(west)))
        if posts is None:
            return math.nan
        last = posts.shape[0] - 1
        row, column = (latitude_deg - south) * last, (longitude_deg - west) * last
        i, j = min(int(row), last - 1), min(int(column), last - 1)
        up, right = row - i, column - j
        low = _between(float(posts[i, j]), float(posts[i, j + 1]), right)
        high = _between(float(posts[i + 1, j]), float(posts[i + 1, j + 1]), right)
        return _between(low, high, up)

    def elevation_range_amsl_m(
        self, latitude_deg: FloatArray, longitude_deg: FloatArray, radius_m: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return the range of all posts around the box that holds the circle, widened by the vertical error.

        Bilinear ground lies between its four posts, so no ground within the circle is outside the range.
        """
        low = np.full(np.shape(latitude_deg), np.nan)
        high = np.full(np.shape(latitude_deg), np.nan)
        for index, (lat, lon) in enumerate(zip(latitude_deg, longitude_deg, strict=True)):
            low[index], high[index] = self._range(float(lat), float(lon), radius_m)
        return low - self.vertical_error_m, high + self.vertical_error_m

    def _range(self, lat: float, lon: float, radius_m: float) -> tuple[float, float]:
        half_lat = radius_m / METRES_PER_DEGREE_MIN
        nearest_pole = min(89.9, abs(lat) + half_lat)
        half_lon = half_lat / math.cos(math.radians(nearest_pole))
        south, north, west, east = lat - half_lat, lat + half_lat, lon - half_lon, lon + half_lon
        low, high = math.inf, -math.inf
        for tile_south in range(math.floor(south), math.floor(north) + 1):
            for tile_west in range(math.floor(west), math.floor(east) + 1):
                posts = self._tiles.get((tile_south, _wrapped(tile_west)))
                if posts is None:
                    return math.nan, math.nan
                rows = _window(south - tile_south, north - tile_south, posts.shape[0])
                columns = _window(west - tile_west, east - tile_west, posts.shape[1])
                window = posts[rows, columns]
                # np.min keeps NaN: one void post makes the range unknown.
                low, high = min(low, float(np.min(window))), max(high, float(np.max(window)))
                if math.isnan(float(np.min(window))):
                    return math.nan, math.nan
        return low, high


def _wrapped(west_deg: int) -> int:
    """Return the west edge of a tile within −180..179."""
    return (west_deg + 180) % 360 - 180


def _between(first: float, second: float, share: float) -> float:
    """Interpolate linearly; an end with no share in the result may be void."""
    if share <= 0.0:
        return first
    return second if share >= 1.0 else first + (second - first) * share


def _window(low_deg: float, high_deg: float, posts: int) -> slice:
    """Return the posts from the one at or below `low_deg` to the one at or above `high_deg` in the tile."""
    last = posts - 1
    first = min(max(math.floor(low_deg * last), 0), last)
    final = min(max(math.ceil(high_deg * last), 0), last)
    return slice(first, final + 1)
