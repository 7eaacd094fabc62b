"""Lengths and turns of a path on the ellipsoid."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyproj import Geod

from mission.geodesy.distance import distance_m
from mission.model.geo import GeoPoint

_WGS84 = Geod(ellps="WGS84")

COINCIDENT_M = 0.05
"""Points closer than this are one place: a leg between them would have no direction."""


@dataclass(frozen=True, slots=True)
class Track:
    """A path without coincident neighbours, and what it measures.

    Attributes:
        points: at least one; two or more unless the whole path is one place.
        lengths_m: geodesic length of each leg.
        turns_rad: at each corner, 0 = straight on, π = back the way it came.
    """

    points: tuple[GeoPoint, ...]
    lengths_m: tuple[float, ...]
    turns_rad: tuple[float, ...]

    @property
    def length_m(self) -> float:
        """Whole horizontal length."""
        return math.fsum(self.lengths_m)


def measure(points: Sequence[GeoPoint]) -> Track:
    """Return the track through `points`; the first and last are kept, coincident ones between are dropped.

    Raises:
        ValueError: no points.
    """
    if not points:
        raise ValueError("a path needs at least one point")
    kept = [points[0]]
    for point in points[1:]:
        if distance_m(kept[-1], point) >= COINCIDENT_M:
            kept.append(point)
    if len(kept) > 1:
        kept[-1] = points[-1]
    if len(kept) < 2:
        if points[0] == points[-1]:
            return Track((points[0],), (), ())
        kept.append(points[-1])  # a hand's breadth, but its two ends are two places
    latitude = np.array([point.latitude_deg for point in kept])
    longitude = np.array([point.longitude_deg for point in kept])
    forward, backward, lengths = _WGS84.inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    arriving = np.radians(np.asarray(backward)[:-1] + 180.0)
    leaving = np.radians(np.asarray(forward)[1:])
    turns = np.abs((leaving - arriving + math.pi) % (2.0 * math.pi) - math.pi)
    return Track(tuple(kept), tuple(float(length) for length in lengths), tuple(float(turn) for turn in turns))
