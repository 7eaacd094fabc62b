"""The scalar loops at the bottom: what they read, the walk to a point, and the tests at a corner.

These functions run compiled over arrays where Numba is installed, and interpreted over memoryviews where it is not:
the same text, so the same routes. Two rules keep the compiled ones fast: what is read together lies together in one
row, and a function called in an inner loop takes the few columns it needs and not all `Tables`, for passing an array
costs more than using it.
"""

import math
from typing import Any, Generic, NamedTuple, TypeVar

from mission.routing.jit import jit

Column = TypeVar("Column")
HintGrid = tuple[float, float, float, int]

TOUCH_M = 1e-6
"""A point this near to an edge or corner counts as on it: absorbs rounding, far below the grid's margin."""

SLACK_M = 2e-9
"""How far rounding may move a point that is not on the grid (coordinates up to 2^18 m), with a factor of ten."""

EAST, NORTH, BACK_EAST, BACK_NORTH, ON_EAST, ON_NORTH = range(6)
"""A row of `Tables.vertex`: the vertex in metres, then the ways to the vertex before and after it on its ring."""

APEX, RIGHT, LEFT, ORIGIN = range(4)
"""A row of `Tables.edge`: see `mission.routing.mesh.Mesh`, whose columns have these names."""

MATE, OPENING = range(2)
"""A row of `Tables.across`: likewise."""

FOLLOWING, PRECEDING, FIRST_FAN, LAST_FAN = range(4)
"""A row of `Tables.ring`: likewise."""


class Tables(NamedTuple, Generic[Column]):
    """The mesh as the loops index it: rows where several columns are read together, otherwise columns.

    Attributes:
        vertex: (n, 6) of float64, 0 where there is no ring.
        corner: (n,) whether the vertex is a corner.
        ring: (n, 4) of int32, -1 where there is no ring.
        edge: (3t, 4) of int32.
        across: (3t, 2) of int32, for what is not read in every step.
        component: (t,) connected part of free space, -1 in regions.
        hints: triangles to start walks from.
    """

    vertex: Column
    corner: Column
    ring: Column
    edge: Column
    across: Column
    component: Column
    hints: Column


class Links(NamedTuple, Generic[Column]):
    """The visibility graph by rows: row 2v leaves corner v with its region on the left, 2v + 1 on the right."""

    first: Column
    target: Column


@jit
def locate(px: float, py: float, grid: HintGrid, mesh: Tables[Any]) -> int:
    """Return the triangle that holds a point of the square, by walking there; -1 if the walk goes round in a circle."""
    vertex, edge, across = mesh.vertex, mesh.edge, mesh.across
    low_x, low_y, per_m, cells = grid
    column = min(max(int((px - low_x) * per_m), 0), cells - 1)
    row = min(max(int((py - low_y) * per_m), 0), cells - 1)
    triangle = int(mesh.hints[row * cells + column])
    for step in range(len(mesh.component)):
        moved = False
        for k in range(3):
            # Starting at a different side each time breaks the circles a fixed order can fall into.
            side = (k + step) % 3
            half_edge = 3 * triangle + side
            a, b = edge[half_edge, ORIGIN], edge[3 * triangle + (side + 1) % 3, ORIGIN]
            ax, ay = vertex[a, EAST], vertex[a, NORTH]
            ex, ey = vertex[b, EAST] - ax, vertex[b, NORTH] - ay
            if ex * (py - ay) - ey * (px - ax) < 0.0 and across[half_edge, MATE] >= 0:
                triangle = int(across[half_edge, MATE]) // 3
                moved = True
                break
        if not moved:
            return triangle
    return -1


@jit
def edge_distance_m(px: float, py: float, half_edge: int, vertex: Any, edge: Any) -> float:
    """Return the distance of a point from an edge's line, positive on the side of its triangle."""
    a = edge[half_edge, ORIGIN]
    b = edge[half_edge - 2 if half_edge % 3 == 2 else half_edge + 1, ORIGIN]
    ax, ay = vertex[a, EAST], vertex[a, NORTH]
    ex, ey = vertex[b, EAST] - ax, vertex[b, NORTH] - ay
    return float((ex * (py - ay) - ey * (px - ax)) / math.sqrt(ex * ex + ey * ey))


@jit
def well_inside(px: float, py: float, triangle: int, vertex: Any, edge: Any) -> bool:
    """Return whether a point is certainly in a triangle, and in no other; True nearly always where that is so."""
    for k in range(3):
        a, b = edge[3 * triangle + k, ORIGIN], edge[3 * triangle + (k + 1) % 3, ORIGIN]
        ax, ay = vertex[a, EAST], vertex[a, NORTH]
        ex, ey = vertex[b, EAST] - ax, vertex[b, NORTH] - ay
        # The sum of both is longer than the edge: no root is needed.
        if ex * (py - ay) - ey * (px - ax) <= TOUCH_M * (abs(ex) + abs(ey)):
            return False
    return True


@jit
def touching(px: float, py: float, triangle: int, mesh: Tables[Any]) -> list[int]:
    """Return the free triangles that hold the point, edges and corners included, given one that does."""
    found = [triangle]
    if well_inside(px, py, triangle, mesh.vertex, mesh.edge):
        if mesh.component[triangle] < 0:
            found.pop()
        return found
    at = 0
    while at < len(found):
        for k in range(3):
            half_edge = 3 * found[at] + k
            if (
                abs(edge_distance_m(px, py, half_edge, mesh.vertex, mesh.edge)) > TOUCH_M
                or mesh.across[half_edge, MATE] < 0
            ):
                continue
            other = int(mesh.across[half_edge, MATE]) // 3
            holds = True
            for j in range(3):
                holds = holds and edge_distance_m(px, py, 3 * other + j, mesh.vertex, mesh.edge) >= -TOUCH_M
            if holds and other not in found:
                found.append(other)
        at += 1
    return [triangle for triangle in found if mesh.component[triangle] >= 0]


@jit
def is_taut(dx: float, dy: float, corner: int, slack_m: float, vertex: Any) -> bool:
    """Return whether a line of direction (dx, dy) through a corner leaves its region on one side."""
    ax, ay = vertex[corner, BACK_EAST], vertex[corner, BACK_NORTH]
    bx, by = vertex[corner, ON_EAST], vertex[corner, ON_NORTH]
    a, b = dx * ay - dy * ax, dx * by - dy * bx
    slack_a, slack_b = slack_m * (abs(ax) + abs(ay)), slack_m * (abs(bx) + abs(by))
    return bool((a >= -slack_a and b >= -slack_b) or (a <= slack_a and b <= slack_b))


@jit
def side_of_arrival(dx: float, dy: float, corner: int, vertex: Any) -> int:
    """Return 0 where a taut line of direction (dx, dy) into a corner has its region on the left, 1 on the right."""
    before = dx * vertex[corner, BACK_NORTH] - dy * vertex[corner, BACK_EAST]
    after = dx * vertex[corner, ON_NORTH] - dy * vertex[corner, ON_EAST]
    return 0 if before >= 0.0 and after >= 0.0 else 1
