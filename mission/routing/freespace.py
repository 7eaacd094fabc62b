"""From zones to the closed regions that a route's centre line must not enter.

Every zone is grown by the clearance, the grown zones are merged, and all corners are put on a 1/64 m grid.
Each step errs on the side of more obstacle:

* growing uses mitred corners cut at 1.1 times the radius: edges move out by exactly the radius and cuts lie farther
  out, so that no point of the result is nearer than the radius (chords of round joins would be);
* the radius has one grid step added, more than rounding to the grid can take away (√2/2 of a step);
* where two regions touch in a single point, a small square is put over it: a route must not slip through a
  passage of no width, and every boundary vertex then belongs to one ring only.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from mission.errors import InvariantError
from mission.routing.obstacle import OBSTACLE_HALF_SIZE_M

GRID_M = 1.0 / 64.0
MITRE_LIMIT = 1.1
PLUG_HALF_SIZE_M = 0.25
_ROUND_SEGMENTS = 4


@dataclass(frozen=True, slots=True)
class Regions:
    """Merged, grown obstacles on the grid.

    Attributes:
        grown: (k,) polygons, each zone grown by itself, in the order of the input.
        merged: multipolygon of the closed regions; every vertex on the grid and in one ring only.
    """

    grown: NDArray[np.object_]
    merged: shapely.MultiPolygon


@dataclass(frozen=True, slots=True)
class Rings:
    """The boundary of the regions as arrays. The region is on the left of every edge.

    Attributes:
        points: (n, 2) vertices in metres, ring after ring, none repeated.
        following: (n,) index of the next vertex of the same ring.
        preceding: (n,) index of the vertex before it.
    """

    points: NDArray[np.float64]
    following: NDArray[np.int64]
    preceding: NDArray[np.int64]


def grow(polygons: NDArray[np.object_], clearance_m: float) -> NDArray[np.object_]:
    """Return each polygon grown by `clearance_m` and one grid step, checked, never by less.

    Raises:
        InvariantError: the geometry library returned a shape nearer than the clearance in both ways tried.
    """
    if not len(polygons):
        return polygons
    radius_m = clearance_m + GRID_M
    grown: NDArray[np.object_] = shapely.buffer(polygons, radius_m, join_style="mitre", mitre_limit=MITRE_LIMIT)
    doubtful = _too_near(grown, polygons, radius_m)
    if doubtful.any():
        # A chord of a round join comes as near as cos(π / (4 · segments)) of the radius: start that much larger.
        circumscribed_m = radius_m / np.cos(np.pi / (4 * _ROUND_SEGMENTS))
        grown[doubtful] = shapely.buffer(polygons[doubtful], circumscribed_m, quad_segs=_ROUND_SEGMENTS)
        doubtful = _too_near(grown, polygons, radius_m)
    if doubtful.any():
        raise InvariantError(f"growing {polygons[doubtful][0].wkt} by {radius_m} m came out too small")
    return grown


def merge(grown: NDArray[np.object_]) -> shapely.MultiPolygon:
    """Return the union of polygons with its vertices on the grid, and no two rings touching in a vertex."""
    if not len(grown):
        return shapely.MultiPolygon()
    return seal(_on_grid(shapely.disjoint_subset_union_all(grown)))


def seal(merged: shapely.MultiPolygon, extra_touches: NDArray[np.float64] | None = None) -> shapely.MultiPolygon:
    """Put small squares over the points where rings touch, until none do.

    Args:
        merged: regions on the grid.
        extra_touches: (k, 2) further points to cover, such as a vertex that lies on another ring's edge.
    """
    half_size_m = PLUG_HALF_SIZE_M
    touches = repeated_vertices(merged)
    if extra_touches is not None:
        touches = np.concatenate([touches, extra_touches])
    while len(touches):
        x, y = touches.T
        plugs = shapely.box(x - half_size_m, y - half_size_m, x + half_size_m, y + half_size_m)
        merged = _on_grid(shapely.union_all([merged, *plugs], grid_size=GRID_M))
        touches = repeated_vertices(merged)
        half_size_m *= 2.0
        if half_size_m > OBSTACLE_HALF_SIZE_M:
            raise InvariantError("regions that touch in a point could not be merged")
    return merged


def repeated_vertices(merged: shapely.MultiPolygon) -> NDArray[np.float64]:
    """Return the (k, 2) points that are a vertex more than once."""
    points = rings_of(merged).points
    unique, counts = np.unique(grid_keys(points), return_counts=True)
    if len(unique) == len(points):
        return np.empty((0, 2))
    twice = np.isin(grid_keys(points), unique[counts > 1])
    return np.unique(points[twice], axis=0)


def grid_keys(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return one integer per grid point, different for different points."""
    steps = np.rint(points / GRID_M).astype(np.int64)
    keys: NDArray[np.int64] = (steps[:, 0] << 26) + steps[:, 1]
    return keys


def rings_of(merged: shapely.MultiPolygon) -> Rings:
    """Return the rings of the regions, each with its region on the left, repeated points left out."""
    oriented = shapely.orient_polygons(merged)
    rings = shapely.get_rings(shapely.get_parts(oriented))
    if not len(rings):
        none = np.empty(0, dtype=np.int64)
        return Rings(np.empty((0, 2)), none, none)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    # The closing point repeats the first of its ring, and rounding may have repeated others.
    again = np.zeros(len(points), dtype=bool)
    again[:-1] = (ring[1:] == ring[:-1]) & np.all(points[1:] == points[:-1], axis=1)
    last = np.flatnonzero(np.append(ring[1:] != ring[:-1], True))
    again[last] = True
    points, ring = points[~again], ring[~again]
    index = np.arange(len(points))
    first = np.flatnonzero(np.concatenate([[True], ring[1:] != ring[:-1]]))
    last = np.append(first[1:], len(points)) - 1
    following, preceding = index + 1, index - 1
    following[last] = first
    preceding[first] = last
    return Rings(points, following, preceding)


def _too_near(grown: NDArray[np.object_], polygons: NDArray[np.object_], radius_m: float) -> NDArray[np.bool_]:
    """Whether the edge of a grown polygon comes nearer to the polygon than `radius_m`, up to rounding."""
    wrong_kind = shapely.get_type_id(grown) != int(shapely.GeometryType.POLYGON)
    near = shapely.dwithin(shapely.boundary(grown), polygons, radius_m - GRID_M / 8.0)
    # A polygon that the boundary keeps clear of is all inside or all outside: one vertex tells.
    x, y = shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(polygons), 0)).T
    result: NDArray[np.bool_] = wrong_kind | near | ~shapely.contains_xy(grown, x, y)
    return result


def _on_grid(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """Return polygons with all vertices on the grid.

    Rounding each coordinate is enough nearly always, and ten times faster than noding on the grid; validity tells.
    """
    rounded = shapely.transform(geometry, lambda points: np.rint(points / GRID_M) * GRID_M)
    if not shapely.is_valid(rounded):
        rounded = shapely.set_precision(geometry, GRID_M)
    parts = shapely.get_parts(rounded)
    return shapely.MultiPolygon(list(parts[shapely.get_type_id(parts) == int(shapely.GeometryType.POLYGON)]))
