"""What is known of the ground below: a range of elevations around a point, or that nothing is known.

A terrain answers with a *range*, never with one number: the caller takes whichever end is unsafe. Elevations
are metres AMSL (EGM96). Unknown ground is NaN, so that a comparison with it is false, and a caller which asks
"is it proven safe?" gets no for an answer.
"""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mission.model.geo import ElevationRange

FloatArray = NDArray[np.float64]


class Terrain(Protocol):
    """Ground elevation as conservative ranges."""

    def elevation_range_amsl_m(
        self, latitude_deg: FloatArray, longitude_deg: FloatArray, radius_m: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return lowest and highest ground within `radius_m` of each point.

        Args:
            latitude_deg: (n,) WGS84 degrees.
            longitude_deg: (n,) WGS84 degrees.
            radius_m: horizontal radius around each point, not negative.

        Returns:
            Two (n,) arrays, metres AMSL; both NaN where any of that ground is unknown.
        """
        ...

    def elevation_amsl_m(self, latitude_deg: float, longitude_deg: float) -> float:
        """Return the best estimate of the ground at one place; NaN where there is no better than a range."""
        ...


class FlatTerrain:
    """A plain at one elevation."""

    def __init__(self, ground_amsl_m: float) -> None:
        self.ground_amsl_m = ground_amsl_m

    def elevation_range_amsl_m(
        self,
        latitude_deg: FloatArray,
        longitude_deg: FloatArray,  # noqa: ARG002 - the same ground everywhere
        radius_m: float,  # noqa: ARG002 - the same ground everywhere
    ) -> tuple[FloatArray, FloatArray]:
        """Return the plain's elevation twice."""
        ground = np.full(np.shape(latitude_deg), self.ground_amsl_m, dtype=np.float64)
        return ground, ground.copy()

    def elevation_amsl_m(self, latitude_deg: float, longitude_deg: float) -> float:  # noqa: ARG002 - the same everywhere
        """Return the plain's elevation."""
        return self.ground_amsl_m


class ReliefTerrain:
    """All that is known is the lowest and highest ground of the whole area."""

    def __init__(self, relief: ElevationRange) -> None:
        self.relief = relief

    def elevation_range_amsl_m(
        self,
        latitude_deg: FloatArray,
        longitude_deg: FloatArray,  # noqa: ARG002 - one range for the whole area
        radius_m: float,  # noqa: ARG002 - one range for the whole area
    ) -> tuple[FloatArray, FloatArray]:
        """Return the area's range for every point."""
        shape = np.shape(latitude_deg)
        return (
            np.full(shape, self.relief.minimum_amsl_m, dtype=np.float64),
            np.full(shape, self.relief.maximum_amsl_m, dtype=np.float64),
        )

    def elevation_amsl_m(self, latitude_deg: float, longitude_deg: float) -> float:  # noqa: ARG002 - known nowhere
        """Return NaN: no place is known better than the area."""
        return math.nan


class UnknownTerrain:
    """Nothing is known of the ground."""

    def elevation_range_amsl_m(
        self,
        latitude_deg: FloatArray,
        longitude_deg: FloatArray,  # noqa: ARG002 - unknown everywhere
        radius_m: float,  # noqa: ARG002 - unknown everywhere
    ) -> tuple[FloatArray, FloatArray]:
        """Return NaN for every point."""
        unknown = np.full(np.shape(latitude_deg), np.nan, dtype=np.float64)
        return unknown, unknown.copy()

    def elevation_amsl_m(self, latitude_deg: float, longitude_deg: float) -> float:  # noqa: ARG002 - unknown everywhere
        """Return NaN."""
        return math.nan


def terrain_of(relief: ElevationRange | None) -> Terrain:
    """Return the terrain that a site's relief stands for; None is unknown ground."""
    return UnknownTerrain() if relief is None else ReliefTerrain(relief)
