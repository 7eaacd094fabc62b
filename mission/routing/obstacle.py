"""What must not be entered: zones as polygons in a local metric frame."""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from mission.errors import InputError, InputProblem

WORLD_HALF_SIZE_M = 262_144.0
"""Routes stay within ±2^18 m of the frame's origin: on a 1/64 m grid every cross product of two differences
then fits in 52 bits, so that float64 decides orientations exactly."""

OBSTACLE_HALF_SIZE_M = WORLD_HALF_SIZE_M / 2.0
"""Obstacles, buffer included, stay within half of that, so that there is always a way around the whole map."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One closed region that routes keep clear of. Several obstacles may share a zone id.

    Attributes:
        zone_id: the zone that answers for it.
        polygon: east, north in metres in a local frame; valid, with an area. Holes are free space.
    """

    zone_id: str
    polygon: shapely.Polygon


def polygons_of(obstacles: Sequence[Obstacle], clearance_m: float) -> NDArray[np.object_]:
    """Return the polygons as an array, after checking every one.

    Raises:
        InputError: a polygon is empty, invalid, not finite or too far from the origin, or the clearance is
            negative or not finite: a route planned past such data could not be trusted.
    """
    problems: list[InputProblem] = []
    if not (np.isfinite(clearance_m) and 0.0 <= clearance_m <= 10_000.0):
        problems.append(_problem("clearance_m", f"{clearance_m!r}", "Give a distance from 0 to 10000 m"))
        raise InputError(*problems)
    polygons = np.empty(len(obstacles), dtype=object)
    polygons[:] = [obstacle.polygon for obstacle in obstacles]
    wrong_kind = shapely.get_type_id(polygons) != int(shapely.GeometryType.POLYGON)
    for index in np.flatnonzero(wrong_kind | shapely.is_empty(polygons)):
        problems.append(_problem(_place(obstacles, index), "not a polygon, or empty", "Give one polygon"))
    if not problems:
        for index in np.flatnonzero(~shapely.is_valid(polygons)):
            why = shapely.is_valid_reason(polygons[index])
            problems.append(
                _problem(_place(obstacles, index), f"invalid polygon ({why})", "Repair the ring at its reader")
            )
        reach = OBSTACLE_HALF_SIZE_M - 2.0 * clearance_m - 1.0
        beyond = ~np.all(np.abs(shapely.bounds(polygons)) <= reach, axis=-1)
        for index in np.flatnonzero(beyond):
            problems.append(
                _problem(
                    _place(obstacles, index),
                    f"not within {reach:.0f} m of the frame's origin",
                    "Choose an origin nearer to the operation, and leave out zones that far away",
                )
            )
    if problems:
        raise InputError(*problems)
    return polygons


def content_hash(obstacles: Sequence[Obstacle], clearance_m: float) -> str:
    """Return a SHA-256 of clearance, zone ids and polygons, the same in whatever order they come."""
    digest = hashlib.sha256(struct.pack("<d", float(clearance_m)))
    polygons = np.empty(len(obstacles), dtype=object)
    polygons[:] = [obstacle.polygon for obstacle in obstacles]
    records = sorted(
        zip((obstacle.zone_id for obstacle in obstacles), shapely.to_wkb(polygons), strict=True),
        key=lambda record: (record[0], record[1] or b""),
    )
    for zone_id, wkb in records:
        name = zone_id.encode()
        shape = wkb or b""
        digest.update(struct.pack("<qq", len(name), len(shape)) + name + shape)
    return digest.hexdigest()


def _place(obstacles: Sequence[Obstacle], index: np.integer[Any]) -> str:
    return f"obstacles[{index}] (zone {obstacles[int(index)].zone_id})"


def _problem(place: str, what: str, mend: str) -> InputProblem:
    return InputProblem(file="<routing>", place=place, what=what, mend=mend)
