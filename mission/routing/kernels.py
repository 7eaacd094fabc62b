"""The scalar loops: walk to a point, and look around from it.

Triangular expansion (Q. Bu, F. Bungiu et al., "Efficient computation of visibility polygons", EuroCG 2014): what a
point sees is found by crossing from triangle to triangle with a cone of directions that each edge narrows. Only
corners are reported, and only where a route may be *taut*: the region at the corner must lie on one side of the
line of sight, or a shorter route would not touch it.

These functions run compiled over arrays where Numba is installed, and interpreted over memoryviews where it is not:
the same text, so the same routes. A cone is (half-edge entered, right direction, left direction); directions are
differences of points, so that their cross products are exact between grid points.
"""

import math
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from mission.routing.jit import jit

Column = TypeVar("Column")
Cone = tuple[int, float, float, float, float]
HintGrid = tuple[float, float, float, int]

Lens = tuple[float, float, float, float, float, float, bool]
"""An ellipse to look no farther than: its centre, the 2×2 matrix (by rows) that makes it the unit circle, and
whether it bounds anything."""

NO_LENS: Lens = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, False)

TOUCH_M = 1e-6
"""A point this near to an edge or corner counts as on it: absorbs rounding, far below the grid's margin."""

SLACK_M = 2e-9
"""How far rounding may move a point that is not on the grid (coordinates up to 2^18 m), with a factor of ten."""


class Tables(NamedTuple, Generic[Column]):
    """Columns of `mission.routing.mesh.Mesh`, as the loops index them."""

    x: Column
    y: Column
    free: Column
    corner: Column
    hints: Column
    origin: Column
    mate: Column
    component: Column
    opening: Column
    apex: Column
    right: Column
    left: Column
    following: Column
    preceding: Column
    first_fan: Column
    last_fan: Column


class Links(NamedTuple, Generic[Column]):
    """The visibility graph by rows: row 2v leaves corner v with its region on the left, 2v + 1 on the right."""

    first: Column
    target: Column
    length_m: Column


@jit
def locate(px: float, py: float, grid: HintGrid, mesh: Tables[Any]) -> int:
    """Return the triangle that holds a point of the square, by walking there; -1 if the walk goes round in a circle."""
    low_x, low_y, per_m, across = grid
    column = min(max(int((px - low_x) * per_m), 0), across - 1)
    row = min(max(int((py - low_y) * per_m), 0), across - 1)
    triangle = int(mesh.hints[row * across + column])
    for step in range(len(mesh.free)):
        moved = False
        for k in range(3):
            # Starting at a different side each time breaks the circles a fixed order can fall into.
            side = (k + step) % 3
            half_edge = 3 * triangle + side
            a, b = mesh.origin[half_edge], mesh.origin[3 * triangle + (side + 1) % 3]
            ax, ay = mesh.x[a], mesh.y[a]
            if (mesh.x[b] - ax) * (py - ay) - (mesh.y[b] - ay) * (px - ax) < 0.0 and mesh.mate[half_edge] >= 0:
                triangle = int(mesh.mate[half_edge]) // 3
                moved = True
                break
        if not moved:
            return triangle
    return -1


@jit
def edge_distance_m(px: float, py: float, half_edge: int, mesh: Tables[Any]) -> float:
    """Return the distance of a point from an edge's line, positive on the side of its triangle."""
    a = mesh.origin[half_edge]
    b = mesh.origin[half_edge - 2 if half_edge % 3 == 2 else half_edge + 1]
    ax, ay = mesh.x[a], mesh.y[a]
    ex, ey = mesh.x[b] - ax, mesh.y[b] - ay
    return float((ex * (py - ay) - ey * (px - ax)) / math.sqrt(ex * ex + ey * ey))


@jit
def touching(px: float, py: float, triangle: int, mesh: Tables[Any]) -> list[int]:
    """Return the free triangles that hold the point, edges and corners included, given one that does."""
    found = [triangle]
    at = 0
    while at < len(found):
        for k in range(3):
            half_edge = 3 * found[at] + k
            if abs(edge_distance_m(px, py, half_edge, mesh)) > TOUCH_M or mesh.mate[half_edge] < 0:
                continue
            other = int(mesh.mate[half_edge]) // 3
            holds = True
            for j in range(3):
                holds = holds and edge_distance_m(px, py, 3 * other + j, mesh) >= -TOUCH_M
            if holds and other not in found:
                found.append(other)
        at += 1
    return [triangle for triangle in found if mesh.free[triangle]]


@jit
def is_taut(dx: float, dy: float, corner: int, slack_m: float, mesh: Tables[Any]) -> bool:
    """Return whether a line of direction (dx, dy) through a corner leaves its region on one side."""
    x, y = mesh.x[corner], mesh.y[corner]
    ax, ay = mesh.x[mesh.preceding[corner]] - x, mesh.y[mesh.preceding[corner]] - y
    bx, by = mesh.x[mesh.following[corner]] - x, mesh.y[mesh.following[corner]] - y
    a, b = dx * ay - dy * ax, dx * by - dy * bx
    slack_a, slack_b = slack_m * (abs(ax) + abs(ay)), slack_m * (abs(bx) + abs(by))
    return bool((a >= -slack_a and b >= -slack_b) or (a <= slack_a and b <= slack_b))


@jit
def meets_lens(ax: float, ay: float, bx: float, by: float, lens: Lens) -> bool:
    """Return whether the segment from a to b comes into the ellipse."""
    middle_x, middle_y, m00, m01, m10, m11, _ = lens
    ax, ay, bx, by = ax - middle_x, ay - middle_y, bx - middle_x, by - middle_y
    au, av = m00 * ax + m01 * ay, m10 * ax + m11 * ay
    eu, ev = m00 * bx + m01 * by - au, m10 * bx + m11 * by - av
    # The foot of the centre on the segment, in the plane where the ellipse is the unit circle.
    along = min(max(-(au * eu + av * ev), 0.0), eu * eu + ev * ev) / (eu * eu + ev * ev)
    u, v = au + along * eu, av + along * ev
    return bool(u * u + v * v <= 1.0)


@jit
def sweep(
    cones: list[Cone],
    px: float,
    py: float,
    slack_m: float,
    goal: tuple[float, float],
    goal_triangles: list[int],
    lens: Lens,
    mesh: Tables[Any],
) -> tuple[bool, list[tuple[int, float]]]:
    """Cross triangles until all cones are used up.

    Args:
        cones: where to start; emptied.
        px: east of the eye.
        py: north of the eye.
        slack_m: how far the eye may be from where it was computed to be; 0 for a corner.
        goal: a point to look out for.
        goal_triangles: the free triangles that hold it; may be empty.
        lens: where it is worth looking.
        mesh: the free space.

    Returns:
        Whether the goal is seen, and the taut corners seen with their distances.
    """
    found = [(mesh.apex[0], 0.0)]
    found.pop()
    seen = False
    while len(cones) > 0:
        entered, rx, ry, lx, ly = cones.pop()
        while entered >= 0:
            if lens[6]:
                a, b = mesh.origin[entered], mesh.origin[entered - 2 if entered % 3 == 2 else entered + 1]
                if not meets_lens(mesh.x[a], mesh.y[a], mesh.x[b], mesh.y[b], lens):
                    break
            tip = mesh.apex[entered]
            dx, dy = mesh.x[tip] - px, mesh.y[tip] - py
            from_right, from_left = rx * dy - ry * dx, lx * dy - ly * dx
            if from_right >= 0.0 and from_left <= 0.0 and mesh.corner[tip] and is_taut(dx, dy, tip, slack_m, mesh):
                found.append((tip, math.sqrt(dx * dx + dy * dy)))
            for triangle in goal_triangles:
                if triangle == entered // 3:
                    gx, gy = goal[0] - px, goal[1] - py
                    seen = seen or (rx * gy - ry * gx >= 0.0 and lx * gy - ly * gx <= 0.0)
            # Most cones pass on one side of the tip only, and go on without being put away.
            if from_right <= 0.0:
                entered = mesh.left[entered] if from_left < 0.0 else -1
            elif from_left >= 0.0:
                entered = mesh.right[entered]
            else:
                if mesh.right[entered] >= 0:
                    cones.append((mesh.right[entered], rx, ry, dx, dy))
                entered, rx, ry = mesh.left[entered], dx, dy
    return seen, found


@jit
def first_cones(
    px: float, py: float, triangles: list[int], mesh: Tables[Any]
) -> tuple[list[Cone], list[tuple[int, float]]]:
    """Return the cones through the outer edges of the free triangles that hold a point, and their taut corners."""
    cones = [(mesh.apex[0], 0.0, 0.0, 0.0, 0.0)]
    cones.pop()
    near = [(mesh.apex[0], 0.0)]
    near.pop()
    for triangle in triangles:
        for k in range(3):
            half_edge = 3 * triangle + k
            a = mesh.origin[half_edge]
            b = mesh.origin[3 * triangle + (k + 1) % 3]
            dx, dy = mesh.x[a] - px, mesh.y[a] - py
            if mesh.corner[a] and is_taut(dx, dy, a, SLACK_M, mesh):
                near.append((a, math.sqrt(dx * dx + dy * dy)))
            if mesh.opening[half_edge] >= 0 and edge_distance_m(px, py, half_edge, mesh) > TOUCH_M:
                cones.append((mesh.opening[half_edge], dx, dy, mesh.x[b] - px, mesh.y[b] - py))
    return cones, near


@jit
def look_around(
    point: tuple[float, float],
    triangles: list[int],
    goal: tuple[float, float],
    goal_triangles: list[int],
    lens: Lens,
    mesh: Tables[Any],
) -> tuple[bool, list[tuple[int, float]]]:
    """Return whether a point, held by the triangles, sees the goal, and the taut corners it sees with distances.

    The other arguments are those of `sweep`.
    """
    cones, near = first_cones(point[0], point[1], triangles, mesh)
    together = False
    for triangle in triangles:
        together = together or triangle in goal_triangles
    seen, far = sweep(cones, point[0], point[1], SLACK_M, goal, goal_triangles, lens, mesh)
    near.extend(far)
    return seen or together, near


@jit
def first_view(px: float, py: float, grid: HintGrid, mesh: Tables[Any]) -> list[tuple[int, float]]:
    """Return the taut corners that a point sees, with distances; none where it is blocked."""
    triangles = touching(px, py, locate(px, py, grid, mesh), mesh)
    nowhere = [0]
    nowhere.pop()
    _, near = look_around((px, py), triangles, (px, py), nowhere, NO_LENS, mesh)
    return near


@jit
def look_along(corner: int, side: int, ax: float, ay: float, mesh: Tables[Any]) -> list[tuple[int, float]]:
    """Return the taut corners, with distances, that a taut route may go to from a corner.

    Args:
        corner: the corner that the route bends around.
        side: 0 with the region on the left of the route, 1 on the right.
        ax: east of the direction in which the route arrives, or along the region's edge for the widest view.
        ay: north of it.
        mesh: the free space.
    """
    px, py = mesh.x[corner], mesh.y[corner]
    cones = [(mesh.apex[0], 0.0, 0.0, 0.0, 0.0)]
    cones.pop()
    near = [(mesh.apex[0], 0.0)]
    near.pop()
    # The view lies between the direction of arrival and the edge of the region that the route wraps onto.
    neighbour = mesh.following[corner] if side == 0 else mesh.preceding[corner]
    entered = mesh.last_fan[corner] if side == 0 else mesh.first_fan[corner]
    turn = 1.0 if side == 0 else -1.0
    ex, ey = mesh.x[neighbour] - px, mesh.y[neighbour] - py
    if mesh.corner[neighbour] and is_taut(ex, ey, neighbour, 0.0, mesh):
        near.append((neighbour, math.sqrt(ex * ex + ey * ey)))
    while entered >= 0:
        tip = mesh.apex[entered]
        dx, dy = mesh.x[tip] - px, mesh.y[tip] - py
        inward = turn * (ax * dy - ay * dx)
        if inward >= 0.0 and mesh.corner[tip] and is_taut(dx, dy, tip, 0.0, mesh):
            near.append((tip, math.sqrt(dx * dx + dy * dy)))
        bx, by = (dx, dy) if inward > 0.0 else (ax, ay)
        onward = mesh.left[entered] if side == 0 else mesh.right[entered]
        if onward >= 0:
            if side == 0:
                cones.append((onward, bx, by, ex, ey))
            else:
                cones.append((onward, ex, ey, bx, by))
        if inward <= 0.0:
            break
        entered = mesh.right[entered] if side == 0 else mesh.left[entered]
        ex, ey = dx, dy
    nowhere = [0]
    nowhere.pop()
    _, far = sweep(cones, px, py, 0.0, (0.0, 0.0), nowhere, NO_LENS, mesh)
    near.extend(far)
    return near


@jit
def all_links(mesh: Tables[Any]) -> tuple[Any, Any, Any]:
    """Return rows, targets and lengths of the whole visibility graph, one entry a link, rows ascending."""
    rows = [0]
    rows.pop()
    targets = [mesh.apex[0]]
    targets.pop()
    lengths = [0.0]
    lengths.pop()
    for corner in range(len(mesh.x)):
        if not mesh.corner[corner]:
            continue
        for side in range(2):
            edge = mesh.preceding[corner] if side == 0 else mesh.following[corner]
            ax, ay = mesh.x[corner] - mesh.x[edge], mesh.y[corner] - mesh.y[edge]
            for other, length in look_along(corner, side, ax, ay, mesh):
                rows.append(2 * corner + side)
                targets.append(other)
                lengths.append(length)
    return np.array(rows), np.array(targets), np.array(lengths)
