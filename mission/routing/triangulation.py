"""A conforming triangulation of the whole plane square, every boundary edge of the regions an edge of it.

A Delaunay triangulation is several times faster made than a constrained one, and holds nearly all boundary edges
already; the few it lacks are put in by flipping diagonals (S. W. Sloan, "A fast algorithm for generating
constrained Delaunay triangulations", Computers & Structures 47, 1993). Where loops are compiled they make it, exactly
oriented; where not, Qhull does. Qhull computes in rounded arithmetic, so its result is believed only after an exact
check. GEOS's constrained triangulation stands in where either fails.

Half-edge `h` belongs to triangle `h // 3`; the three of a triangle run counter-clockwise.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Delaunay, QhullError

from mission.errors import InvariantError
from mission.routing.flips import TouchError, insert_edges
from mission.routing.freespace import GRID_M, Rings, grid_keys
from mission.routing.insertion import insert_points, snake_order
from mission.routing.jit import ACCELERATED
from mission.routing.obstacle import WORLD_HALF_SIZE_M

_CORNERS = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])


@dataclass(frozen=True, slots=True)
class Triangulation:
    """Triangles of the square of ±`WORLD_HALF_SIZE_M`.

    Attributes:
        points: (n, 2) vertices in metres: those of the rings first, in their order, then 4 of an inner and 4 of
            the outer square.
        origin: (3t,) vertex at which each half-edge starts.
        mate: (3t,) the same edge's half-edge in the next triangle, -1 on the outer square.
        walls: (n_rings,) half-edge from each ring vertex to the one that follows it, region on its left.
    """

    points: NDArray[np.float64]
    origin: NDArray[np.int64]
    mate: NDArray[np.int64]
    walls: NDArray[np.int64]


def triangulate(rings: Rings) -> Triangulation:
    """Return a triangulation that holds every edge of `rings`.

    Raises:
        TouchError: a vertex lies on another ring's edge; cover it, and try again.
    """
    count = len(rings.points)
    points = np.concatenate([rings.points, _inner_square(rings.points), _CORNERS * WORLD_HALF_SIZE_M])
    half_edges = _inserted(points) if ACCELERATED else _by_qhull(points[: count + 4])
    if half_edges is None:
        half_edges = _with_outer_square(_constrained(points[: count + 4], rings), count)
    if half_edges is None:
        raise InvariantError("the constrained triangulation does not cover the square once")
    origin, mate = half_edges
    ring_from, ring_to = np.arange(count), rings.following
    missing = find_half_edges(origin, ring_from, ring_to, len(points)) < 0
    if missing.any():
        insert_edges(points, origin, mate, ring_from[missing], ring_to[missing])
    walls = find_half_edges(origin, ring_from, ring_to, len(points))
    if (walls < 0).any():
        raise InvariantError("a boundary edge is missing from the triangulation")
    return Triangulation(points, origin, mate, walls)


def find_half_edges(
    origin: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], vertex_count: int
) -> NDArray[np.int64]:
    """Return the half-edge from each start to each end vertex, -1 where there is none."""
    destination = origin.reshape(-1, 3)[:, [1, 2, 0]].reshape(-1)
    by_start = np.zeros(vertex_count, dtype=bool)
    by_start[start] = True
    candidates = np.flatnonzero(by_start[origin])
    keys = origin[candidates] * vertex_count + destination[candidates]
    order = np.argsort(keys)
    keys, candidates = keys[order], candidates[order]
    wanted = start * vertex_count + end
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    if not len(keys):
        return np.full(len(start), -1, dtype=np.int64)
    return np.where(keys[place] == wanted, candidates[place], -1)


def _inner_square(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 4 grid points around all obstacles: far enough that triangles are not all slivers."""
    low, high = (points.min(axis=0), points.max(axis=0)) if len(points) else (np.zeros(2), np.zeros(2))
    margin = max(64.0, 0.125 * float((high - low).max()))
    middle, half = (low + high) / 2.0, (high - low) / 2.0 + margin
    square: NDArray[np.float64] = np.rint((middle + _CORNERS * half) / GRID_M) * GRID_M
    return square


def _inserted(points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return (origin, mate) of all points by compiled insertion, or None where that fails."""
    size = 6 * len(points) - 18
    origin, mate, stack = (np.empty(size, dtype=np.int64) for _ in range(3))
    done = insert_points(points, snake_order(points[:-4]), origin, mate, stack)
    return (origin, mate) if done else None


def _by_qhull(points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return (origin, mate) of all points and the outer square, or None unless they prove to be a triangulation.

    Triangles that are all positive and share every edge once, but for the four sides of the square, cover it once.
    """
    count = len(points) - 4
    try:
        # Centred: Qhull lifts points onto a paraboloid, and loses digits far from the origin.
        found = Delaunay(points - points.mean(axis=0))
    except QhullError:
        return None
    triangles: NDArray[np.int64] = found.simplices.astype(np.int64)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    used = np.zeros(len(points), dtype=bool)
    used[triangles] = True
    if not used.all() or not (area > 0.0).all() or len(triangles) != 2 * count + 2:
        return None
    return _with_outer_square(triangles, count)


def _constrained(points: NDArray[np.float64], rings: Rings) -> NDArray[np.int64]:
    """Return (t, 3) triangles by GEOS, of the regions and of the free space in the inner square."""
    loops = _loops(rings)
    square = shapely.Polygon(points[-4:])
    regions = shapely.build_area(shapely.GeometryCollection([shapely.LinearRing(rings.points[loop]) for loop in loops]))
    triangles = [
        shapely.get_parts(shapely.constrained_delaunay_triangles(part))
        for part in (*shapely.get_parts(regions), *shapely.get_parts(shapely.difference(square, regions)))
    ]
    corners = shapely.get_coordinates(shapely.orient_polygons(np.concatenate(triangles)))
    corners = corners.reshape(-1, 4, 2)[:, :3].reshape(-1, 2)
    known = grid_keys(points)
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known[order], grid_keys(corners)), len(known) - 1)
    result: NDArray[np.int64] = order[place].reshape(-1, 3)
    if not np.array_equal(points[result.reshape(-1)], corners) or len(result) != 2 * (len(points) - 4) + 2:
        raise InvariantError("the constrained triangulation is not one of the points given")
    return result


def _loops(rings: Rings) -> list[NDArray[np.int64]]:
    starts = np.flatnonzero(rings.preceding >= np.arange(len(rings.points)))
    ends = np.append(starts[1:], len(rings.points))
    return [np.arange(start, end) for start, end in zip(starts, ends, strict=True)]


def _with_outer_square(inner: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Add the 8 triangles between inner and outer square; return (origin, mate), None where edges do not pair."""
    low, high = count + np.arange(4), count + 4 + np.arange(4)
    ring = np.concatenate(
        [
            np.column_stack([high, np.roll(high, -1), np.roll(low, -1)]),
            np.column_stack([high, np.roll(low, -1), low]),
        ]
    )
    triangles = np.concatenate([inner, ring])
    origin = triangles.reshape(-1)
    destination = triangles[:, [1, 2, 0]].reshape(-1)
    size = count + 8
    order = np.argsort(np.minimum(origin, destination) * size + np.maximum(origin, destination), kind="stable")
    mate = np.full(len(origin), -1, dtype=np.int64)
    ahead, behind = order[1:], order[:-1]
    paired = (origin[ahead] == destination[behind]) & (destination[ahead] == origin[behind])
    mate[ahead[paired]], mate[behind[paired]] = behind[paired], ahead[paired]
    alone = np.flatnonzero(mate < 0)
    if len(alone) != 4 or paired.sum() * 2 + 4 != len(origin) or not (origin[alone] >= count + 4).all():
        return None
    return origin, mate


__all__ = ["TouchError", "Triangulation", "find_half_edges", "triangulate"]
