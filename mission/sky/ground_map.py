"""The ground around a hub as blocks of its local plane: how high it may be below a zone, and where it forbids a height.

A block knows the range of all ground in it and `LOOK_AROUND_M` beside it, so that whoever judges a piece of a
path by the ground that far around it sees no ground that was not counted here. Where a site has no map, one range
holds everywhere, and nothing is barred: whether a height suits it is left to the verifier.
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from mission.geodesy.ground import Ground
from mission.geodesy.local_frame import LocalFrame
from mission.model.geo import ElevationRange, GeoPoint
from mission.policy import Policy

BLOCK_M = 300.0
LOOK_AROUND_M = 135.0
"""Half of a verified piece of path and the navigation error (125 m), and how a map's rows turn in the plane."""
ROOM_M = 2_000.0
"""Routes over mapped ground stay this near to the box around all places: the ground beyond is not looked at."""
_WALL_M = 1_000.0


class GroundMap:
    """What is known of the ground around the places of a day."""

    def __init__(self, ground: Ground, frame: LocalFrame, places: Sequence[GeoPoint]) -> None:
        """Look at the ground.

        Args:
            ground: the site's.
            frame: the hub's local frame.
            places: everywhere that anything takes off, hands over or lands.
        """
        self._mapped = ground.mapped
        local = frame.to_local([frame.origin, *places])
        if ground.mapped:
            self._low_corner, self._counts = _grid(local)
            centres = frame.to_geo(self._centres())
        else:
            self._low_corner, self._counts = np.zeros(2), (1, 1)
            centres = [frame.origin]
        low, high = ground.terrain.elevation_range_amsl_m(
            np.array([point.latitude_deg for point in centres]),
            np.array([point.longitude_deg for point in centres]),
            BLOCK_M / 2.0 + LOOK_AROUND_M,
        )
        self._low_m, self._high_m = low.reshape(self._counts), high.reshape(self._counts)

    def relief(self, shape: shapely.Geometry) -> ElevationRange | None:
        """Return the range of the ground wherever a flight may meet `shape` (local metres); None = unknown."""
        if not self._mapped:
            return _range(self._low_m, self._high_m)
        west, south, east, north = shape.bounds
        first = np.floor((np.array([west, south]) - self._low_corner) / BLOCK_M).astype(int) - 1
        last = np.floor((np.array([east, north]) - self._low_corner) / BLOCK_M).astype(int) + 1
        first, last = np.maximum(first, 0), np.minimum(last, np.array(self._counts) - 1)
        block = np.s_[first[0] : last[0] + 1, first[1] : last[1] + 1]
        return _range(self._low_m[block], self._high_m[block])

    def suits_everywhere(self, height_amsl_m: float, policy: Policy) -> bool:
        """Return whether level flight is clear of all the ground and nowhere too high above it; False = unknown.

        Over mapped ground there is always True: `barred` tells the places.
        """
        return self._mapped or bool(self._suits(height_amsl_m, policy).all())

    def barred(self, height_amsl_m: float, policy: Policy) -> list[shapely.Polygon]:
        """Return where level flight would come too near to the ground, or too high above it, or where it is unknown.

        Local metres. The first encloses everything: no route leaves the ground that was looked at.
        """
        if not self._mapped:
            return []
        corners = self._centres()[~self._suits(height_amsl_m, policy).ravel()] - BLOCK_M / 2.0
        blocks = shapely.box(corners[:, 0], corners[:, 1], corners[:, 0] + BLOCK_M, corners[:, 1] + BLOCK_M)
        inner = (*self._low_corner, *(self._low_corner + BLOCK_M * np.array(self._counts)))
        wall = shapely.box(*inner).buffer(_WALL_M, join_style="mitre").difference(shapely.box(*inner))
        merged = shapely.union_all([wall, *blocks])
        return [part for part in shapely.get_parts(merged) if isinstance(part, shapely.Polygon)]

    def _suits(self, height_amsl_m: float, policy: Policy) -> NDArray[np.bool_]:
        """(blocks) whether a height is right over all of a block's ground; NaN, the unknown, is not."""
        suits: NDArray[np.bool_] = (height_amsl_m - self._high_m >= policy.terrain_clearance_m) & (
            height_amsl_m - self._low_m <= policy.max_height_agl_m
        )
        return suits

    def _centres(self) -> NDArray[np.float64]:
        """(n, 2) centres of the blocks, east by east, local metres."""
        east, north = np.meshgrid(*(np.arange(count) for count in self._counts), indexing="ij")
        return self._low_corner + BLOCK_M * (np.column_stack([east.ravel(), north.ravel()]) + 0.5)


def _grid(local: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[int, int]]:
    low, high = local.min(axis=0) - ROOM_M, local.max(axis=0) + ROOM_M
    east, north = (math.ceil(length / BLOCK_M) for length in high - low)
    return low, (east, north)


def _range(low_m: NDArray[np.float64], high_m: NDArray[np.float64]) -> ElevationRange | None:
    if low_m.size == 0 or not (np.isfinite(low_m).all() and np.isfinite(high_m).all()):
        return None
    return ElevationRange(float(low_m.min()), float(high_m.max()))
