"""Heights above the ellipsoid against heights above mean sea level: the EGM96 geoid.

F. G. Lemoine et al., "The Development of the Joint NASA GSFC and NIMA Geopotential Model EGM96", NASA/TP-1998-206861.
A library that has no geoid grid and says nothing shifts heights by 0 m where the truth is tens of metres; so a
conversion here takes the grid as an argument, and without one it is refused.
"""

import io
import math
import struct
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mission.errors import InputError, InputProblem
from mission.geodesy.terrain import FloatArray
from mission.model.geo import GeoPoint

LOWEST_UNDULATION_M = -110.0
HIGHEST_UNDULATION_M = 90.0
"""EGM96's geoid lies between −107 m (south of India) and +86 m (New Guinea): anything beyond is a broken grid."""


@dataclass(frozen=True, slots=True)
class GeoidMissing:
    """A height was not converted, because no geoid grid was given."""

    reason: str = "no geoid grid is loaded, so heights above the ellipsoid cannot be turned into AMSL"
    remedy: str = "load an EGM96 grid (GeoidGrid.from_npz_bytes)"


MAX_UNPACKED_BYTES = 64 * 1024 * 1024
"""EGM96's own grid, of 15 arc minutes, takes 2 MB, one of 5 takes 19 MB (fault F-X8)."""
_UNREADABLE = (
    *(ValueError, KeyError, EOFError, OSError, IndexError, TypeError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
    MemoryError,  # a header may claim an array of any size; it is made before the bytes are found missing
)
"""What numpy and zipfile say of bytes that are no such archive."""


class GeoidGrid:
    """Geoid undulation on a regular grid over the whole Earth, bilinear between the posts."""

    def __init__(self, undulation_m: NDArray[np.float64]) -> None:
        """Take an (n, m) grid in metres: row 0 = −90°, last row = +90°, column 0 = −180°, m columns around.

        Raises:
            ValueError: not such a grid.
        """
        rows, columns = undulation_m.shape
        if rows < 3 or columns != 2 * (rows - 1):
            raise ValueError(f"{rows}×{columns} posts do not cover the Earth in equal steps")
        if not (
            np.isfinite(undulation_m).all()
            and undulation_m.min() >= LOWEST_UNDULATION_M
            and undulation_m.max() <= HIGHEST_UNDULATION_M
        ):
            raise ValueError("undulations are not EGM96's: outside −110..90 m")
        self.step_deg = 180.0 / (rows - 1)
        # The first column again at +180°, so that interpolation needs no special case there.
        self._posts_m = np.hstack([undulation_m, undulation_m[:, :1]])

    @classmethod
    def from_npz_bytes(cls, data: bytes, name: str = "geoid grid") -> "GeoidGrid":
        """Read a numpy archive with ``geoid_cm`` (int16 centimetres) and ``lat0 lon0 dlat dlon`` (degrees).

        Raises:
            InputError: not such an archive.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                unpacked = sum(member.file_size for member in packed.infolist())
            if unpacked > MAX_UNPACKED_BYTES:
                raise ValueError(f"it unpacks to {unpacked} bytes, limit {MAX_UNPACKED_BYTES}")
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                centimetres = archive["geoid_cm"]
                corner = (float(archive["lat0"]), float(archive["lon0"]))
                steps = (float(archive["dlat"]), float(archive["dlon"]))
            if centimetres.ndim != 2 or len(centimetres) < 3:
                raise ValueError(f"geoid_cm has shape {centimetres.shape}")
            expected_step = 180.0 / (centimetres.shape[0] - 1)
            if corner != (-90.0, -180.0) or not all(math.isclose(step, expected_step, rel_tol=1e-9) for step in steps):
                raise ValueError(f"grid starts at {corner} in steps of {steps}")
            return cls(centimetres.astype(np.float64) / 100.0)
        except _UNREADABLE as error:
            raise InputError(
                InputProblem(
                    name,
                    "archive",
                    f"is no EGM96 grid ({error})",
                    "Give the .npz with geoid_cm from −90°, −180°",
                )
            ) from error

    def undulations_m(self, latitude_deg: FloatArray, longitude_deg: FloatArray) -> FloatArray:
        """Return the geoid's height above the ellipsoid for (n,) points within ±90°, ±180°, metres."""
        rows = self._posts_m.shape[0]
        row = (np.asarray(latitude_deg, dtype=np.float64) + 90.0) / self.step_deg
        column = (np.asarray(longitude_deg, dtype=np.float64) + 180.0) / self.step_deg
        i = np.clip(row.astype(np.int64), 0, rows - 2)
        j = np.clip(column.astype(np.int64), 0, self._posts_m.shape[1] - 2)
        up, right = row - i, column - j
        posts = self._posts_m
        south = posts[i, j] * (1.0 - right) + posts[i, j + 1] * right
        north = posts[i + 1, j] * (1.0 - right) + posts[i + 1, j + 1] * right
        result: FloatArray = south * (1.0 - up) + north * up
        return result

    def undulation_range_m(
        self, south_deg: float, west_deg: float, north_deg: float, east_deg: float
    ) -> tuple[float, float]:
        """Return the lowest and highest undulation over a box, metres; `west_deg` > `east_deg` crosses ±180°.

        Of all posts of every cell that the box meets: bilinear values lie between the posts around them.
        """
        if west_deg > east_deg:
            spans = ((west_deg, 180.0), (-180.0, east_deg))
            parts = [self.undulation_range_m(south_deg, west, north_deg, east) for west, east in spans]
            return min(low for low, _ in parts), max(high for _, high in parts)
        rows, columns = self._posts_m.shape
        first_row, last_row = (
            math.floor((south_deg + 90.0) / self.step_deg),
            math.ceil((north_deg + 90.0) / self.step_deg),
        )
        first, last = math.floor((west_deg + 180.0) / self.step_deg), math.ceil((east_deg + 180.0) / self.step_deg)
        posts = self._posts_m[
            max(first_row, 0) : min(last_row, rows - 1) + 1, max(first, 0) : min(last, columns - 1) + 1
        ]
        return float(posts.min()), float(posts.max())

    def undulation_m(self, place: GeoPoint) -> float:
        """Return the geoid's height above the ellipsoid at one place, metres."""
        return float(self.undulations_m(np.array([place.latitude_deg]), np.array([place.longitude_deg]))[0])


def wgs84_to_amsl_m(height_wgs84_m: float, place: GeoPoint, geoid: GeoidGrid | None) -> float | GeoidMissing:
    """Turn a height above the ellipsoid into one above mean sea level; refused without a grid."""
    return GeoidMissing() if geoid is None else height_wgs84_m - geoid.undulation_m(place)


def amsl_to_wgs84_m(height_amsl_m: float, place: GeoPoint, geoid: GeoidGrid | None) -> float | GeoidMissing:
    """Turn a height above mean sea level into one above the ellipsoid; refused without a grid."""
    return GeoidMissing() if geoid is None else height_amsl_m + geoid.undulation_m(place)
