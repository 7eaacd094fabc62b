"""What a point sees: triangular expansion, one eye at a time.

Triangular expansion (Q. Bu, F. Bungiu et al., "Efficient computation of visibility polygons", EuroCG 2014): what a
point sees is found by crossing from triangle to triangle with a cone of directions that each edge narrows. Only
corners are reported, and only where a route may be *taut*: the region at the corner must lie on one side of the
line of sight, or a shorter route would not touch it.

A cone is a row of five numbers: half-edge entered, right direction (east, north), left direction. Directions are
differences of points, so that their cross products are exact between grid points.
"""

import math
from typing import Any, Generic, NamedTuple

import numpy as np

from mission.errors import InvariantError
from mission.routing.jit import indexable, jit
from mission.routing.kernels import (
    APEX,
    BACK_EAST,
    BACK_NORTH,
    EAST,
    FIRST_FAN,
    FOLLOWING,
    LAST_FAN,
    LEFT,
    NORTH,
    ON_EAST,
    ON_NORTH,
    OPENING,
    ORIGIN,
    PRECEDING,
    RIGHT,
    SLACK_M,
    TOUCH_M,
    Column,
    Tables,
    edge_distance_m,
    is_taut,
    side_of_arrival,
)

Lens = tuple[float, float, float, float, float, float, bool]
"""An ellipse to look no farther than: its centre, the 2×2 matrix (by rows) that makes it the unit circle, and
whether it bounds anything."""

NO_LENS: Lens = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, False)


class Eye(NamedTuple, Generic[Column]):
    """Memory of one look.

    Attributes:
        cones: (k, 5) of float64, cones still to be followed.
        seen: (m,) of int32, corners seen.
        marked: (t,) whether the triangle holds the goal looked out for; all False, and so left behind.
    """

    cones: Column
    seen: Column
    marked: Column


def new_eye(vertex_count: int, triangle_count: int) -> Eye[Any]:
    """Return memory for looks: cones are parted by vertices seen, and at most two of them meet in one."""
    room = 4 * vertex_count + 64
    columns = np.empty((room, 5)), np.empty(room, dtype=np.int32), np.zeros(triangle_count, dtype=np.bool_)
    return Eye(*indexable(*columns))


@jit
def lens_of(start: tuple[float, float], goal: tuple[float, float], bound_m: float) -> Lens:
    """Return the ellipse that holds every route of at most `bound_m`; start and goal differ."""
    if bound_m == math.inf:
        return NO_LENS
    dx, dy = goal[0] - start[0], goal[1] - start[1]
    straight = math.sqrt(dx * dx + dy * dy)
    ux, uy = dx / straight, dy / straight
    long, short = bound_m / 2.0, math.sqrt(bound_m * bound_m - straight * straight) / 2.0
    middle_x, middle_y = (start[0] + goal[0]) / 2.0, (start[1] + goal[1]) / 2.0
    return middle_x, middle_y, ux / long, uy / long, -uy / short, ux / short, True


@jit
def meets_lens(ax: float, ay: float, bx: float, by: float, lens: Lens) -> bool:
    """Return whether the segment from a to b comes into the ellipse."""
    middle_x, middle_y, m00, m01, m10, m11, _ = lens
    ax, ay, bx, by = ax - middle_x, ay - middle_y, bx - middle_x, by - middle_y
    # The distance from the centre, where the ellipse is the unit circle; compared without a division.
    au, av = m00 * ax + m01 * ay, m10 * ax + m11 * ay
    eu, ev = m00 * bx + m01 * by - au, m10 * bx + m11 * by - av
    along, squared = -(au * eu + av * ev), eu * eu + ev * ev
    if along <= 0.0:
        return bool(au * au + av * av <= 1.0)
    if along >= squared:
        u, v = au + eu, av + ev
        return bool(u * u + v * v <= 1.0)
    cross = au * ev - av * eu
    return bool(cross * cross <= squared)


@jit
def push_cone(cones: Any, depth: int, entered: int, rx: float, ry: float, lx: float, ly: float) -> int:
    """Put a cone away; return how many there are now."""
    if depth >= len(cones):
        raise InvariantError("more cones than vertices that could part them")
    cones[depth, 0] = entered
    cones[depth, 1], cones[depth, 2] = rx, ry
    cones[depth, 3], cones[depth, 4] = lx, ly
    return depth + 1


@jit
def push_eastern(cones: Any, depth: int, entered: int, rx: float, ry: float, lx: float, ly: float) -> int:
    """Put away the part of a cone that looks east, its edges north and south included; return how many there are now.

    The cone is narrower than a straight angle: it holds due north or due south only between a ray east and a ray west.
    """
    if rx < 0.0 and lx < 0.0:
        return depth
    if rx < 0.0:
        rx, ry = 0.0, -1.0
    elif lx < 0.0:
        lx, ly = 0.0, 1.0
    return push_cone(cones, depth, entered, rx, ry, lx, ly)


@jit
def note(seen: Any, count: int, corner: int) -> int:
    """Write down a corner seen; return how many there are now."""
    if count >= len(seen):
        raise InvariantError("a corner was seen more often than cones meet in it")
    seen[count] = corner
    return count + 1


@jit
def sweep(
    eye: Eye[Any],
    depth: int,
    count: int,
    point: tuple[float, float],
    slack_m: float,
    goal: tuple[float, float],
    lens: Lens,
    mesh: Tables[Any],
) -> tuple[bool, int]:
    """Cross triangles until all cones are used up.

    Args:
        eye: memory; `depth` cones to start with and `count` corners seen before.
        depth: number of cones.
        count: number of corners.
        point: where the eye is.
        slack_m: how far the eye may be from where it was computed to be; 0 for a corner.
        goal: a point to look out for, in the triangles that are marked.
        lens: where it is worth looking.
        mesh: the free space.

    Returns:
        Whether the goal is seen, and the number of corners in `eye.seen` now: some of them twice.
    """
    cones, seen, marked = eye.cones, eye.seen, eye.marked
    vertex, edge, corner = mesh.vertex, mesh.edge, mesh.corner
    px, py = point
    gx, gy = goal[0] - px, goal[1] - py
    goal_seen = False
    while depth > 0:
        depth -= 1
        entered = int(cones[depth, 0])
        rx, ry, lx, ly = cones[depth, 1], cones[depth, 2], cones[depth, 3], cones[depth, 4]
        while entered >= 0:
            if lens[6]:
                a, b = edge[entered, ORIGIN], edge[entered - 2 if entered % 3 == 2 else entered + 1, ORIGIN]
                if not meets_lens(vertex[a, EAST], vertex[a, NORTH], vertex[b, EAST], vertex[b, NORTH], lens):
                    break
            tip = edge[entered, APEX]
            dx, dy = vertex[tip, EAST] - px, vertex[tip, NORTH] - py
            from_right, from_left = rx * dy - ry * dx, lx * dy - ly * dx
            if from_right >= 0.0 and from_left <= 0.0 and corner[tip] and is_taut(dx, dy, tip, slack_m, vertex):
                count = note(seen, count, tip)
            if marked[entered // 3]:
                goal_seen = goal_seen or (rx * gy - ry * gx >= 0.0 and lx * gy - ly * gx <= 0.0)
            # Most cones pass on one side of the tip only, and go on without being put away.
            if from_right <= 0.0:
                entered = edge[entered, LEFT] if from_left < 0.0 else -1
            elif from_left >= 0.0:
                entered = edge[entered, RIGHT]
            else:
                if edge[entered, RIGHT] >= 0:
                    depth = push_cone(cones, depth, edge[entered, RIGHT], rx, ry, dx, dy)
                entered, rx, ry = edge[entered, LEFT], dx, dy
    return goal_seen, count


@jit
def first_cones(eye: Eye[Any], point: tuple[float, float], triangles: list[int], mesh: Tables[Any]) -> tuple[int, int]:
    """Look through the outer edges of the free triangles that hold a point; return how many cones and corners."""
    px, py = point
    vertex, edge = mesh.vertex, mesh.edge
    depth, count = 0, 0
    for triangle in triangles:
        for k in range(3):
            half_edge = 3 * triangle + k
            a, b = edge[half_edge, ORIGIN], edge[3 * triangle + (k + 1) % 3, ORIGIN]
            dx, dy = vertex[a, EAST] - px, vertex[a, NORTH] - py
            if mesh.corner[a] and is_taut(dx, dy, a, SLACK_M, vertex):
                count = note(eye.seen, count, a)
            if mesh.across[half_edge, OPENING] >= 0 and edge_distance_m(px, py, half_edge, vertex, edge) > TOUCH_M:
                ex, ey = vertex[b, EAST] - px, vertex[b, NORTH] - py
                depth = push_cone(eye.cones, depth, mesh.across[half_edge, OPENING], dx, dy, ex, ey)
    return depth, count


@jit
def look_around(
    eye: Eye[Any],
    point: tuple[float, float],
    triangles: list[int],
    goal: tuple[float, float],
    goal_triangles: list[int],
    lens: Lens,
    mesh: Tables[Any],
) -> tuple[bool, int]:
    """Return whether a point, held by the triangles, sees the goal, and how many corners in `eye.seen` it sees.

    The other arguments are those of `sweep`; the goal counts as seen from the triangles that hold it.
    """
    depth, count = first_cones(eye, point, triangles, mesh)
    for triangle in goal_triangles:
        eye.marked[triangle] = True
    together = False
    for triangle in triangles:
        together = together or eye.marked[triangle]
    seen, count = sweep(eye, depth, count, point, SLACK_M, goal, lens, mesh)
    for triangle in goal_triangles:
        eye.marked[triangle] = False
    return seen or together, count


@jit
def in_line_of_sight(
    point: tuple[float, float], triangle: int, goal: tuple[float, float], goal_triangle: int, mesh: Tables[Any]
) -> bool:
    """Return whether a walk along the straight line from a point in a triangle comes to the goal in another.

    It gives up at a corner on the line: `look_around` decides then.
    """
    px, py = point
    gx, gy = goal[0] - px, goal[1] - py
    vertex, edge = mesh.vertex, mesh.edge
    entered = -1
    for k in range(3):
        a, b = edge[3 * triangle + k, ORIGIN], edge[3 * triangle + (k + 1) % 3, ORIGIN]
        right = (vertex[a, EAST] - px) * gy - (vertex[a, NORTH] - py) * gx
        left = (vertex[b, EAST] - px) * gy - (vertex[b, NORTH] - py) * gx
        if right > 0.0 > left:
            entered = mesh.across[3 * triangle + k, OPENING]
    for _ in range(len(mesh.component)):
        if entered < 0 or entered // 3 == goal_triangle:
            break
        tip = edge[entered, APEX]
        side = (vertex[tip, EAST] - px) * gy - (vertex[tip, NORTH] - py) * gx
        if side == 0.0:
            return False
        entered = edge[entered, LEFT] if side > 0.0 else edge[entered, RIGHT]
    return bool(entered >= 0 and entered // 3 == goal_triangle)


@jit
def look_along(eye: Eye[Any], at: int, side: int, ax: float, ay: float, eastern: bool, mesh: Tables[Any]) -> int:
    """Return how many corners in `eye.seen` a taut route may go to from a corner.

    Args:
        eye: memory.
        at: the corner that the route bends around.
        side: 0 with the region on the left of the route, 1 on the right.
        ax: east of the direction in which the route arrives.
        ay: north of it; both 0 for all directions in which a taut route may.
        eastern: whether only corners to the east are wanted, and those due north; some others may be among them.
        mesh: the free space.
    """
    vertex, edge, ring, corner = mesh.vertex, mesh.edge, mesh.ring, mesh.corner
    px, py = vertex[at, EAST], vertex[at, NORTH]
    depth, count = 0, 0
    if ax == 0.0 and ay == 0.0:
        # The widest view begins on the line of the region's edge that leads to the corner.
        ax, ay = -vertex[at, BACK_EAST], -vertex[at, BACK_NORTH]
        if side == 1:
            ax, ay = -vertex[at, ON_EAST], -vertex[at, ON_NORTH]
    # The view lies between the direction of arrival and the edge of the region that the route wraps onto.
    neighbour = ring[at, FOLLOWING] if side == 0 else ring[at, PRECEDING]
    entered = ring[at, LAST_FAN] if side == 0 else ring[at, FIRST_FAN]
    turn = 1.0 if side == 0 else -1.0
    ex, ey = vertex[neighbour, EAST] - px, vertex[neighbour, NORTH] - py
    if corner[neighbour] and is_taut(ex, ey, neighbour, 0.0, vertex):
        count = note(eye.seen, count, neighbour)
    while entered >= 0:
        tip = edge[entered, APEX]
        dx, dy = vertex[tip, EAST] - px, vertex[tip, NORTH] - py
        inward = turn * (ax * dy - ay * dx)
        if inward >= 0.0 and corner[tip] and is_taut(dx, dy, tip, 0.0, vertex):
            count = note(eye.seen, count, tip)
        bx, by = (dx, dy) if inward > 0.0 else (ax, ay)
        onward = edge[entered, LEFT] if side == 0 else edge[entered, RIGHT]
        if onward >= 0:
            rx, ry, lx, ly = (bx, by, ex, ey) if side == 0 else (ex, ey, bx, by)
            if eastern:
                depth = push_eastern(eye.cones, depth, onward, rx, ry, lx, ly)
            else:
                depth = push_cone(eye.cones, depth, onward, rx, ry, lx, ly)
        if inward <= 0.0:
            break
        entered = edge[entered, RIGHT] if side == 0 else edge[entered, LEFT]
        ex, ey = dx, dy
    _, count = sweep(eye, depth, count, (px, py), 0.0, (0.0, 0.0), NO_LENS, mesh)
    return count


@jit
def sort_once(seen: Any, count: int) -> int:
    """Sort the first numbers of a column, repeated ones left out; return how many are left."""
    for k in range(1, count):
        value = seen[k]
        at = k - 1
        while at >= 0 and seen[at] > value:
            seen[at + 1] = seen[at]
            at -= 1
        seen[at + 1] = value
    left = min(count, 1)
    for k in range(1, count):
        if seen[k] != seen[left - 1]:
            seen[left] = seen[k]
            left += 1
    return left


@jit
def eastern_links(eye: Eye[Any], mesh: Tables[Any]) -> tuple[Any, Any]:
    """Return (k,) rows and (k,) corners of the links that lead east, or due north: the same seen backwards do not."""
    vertex = mesh.vertex
    rows, targets = np.empty(8 * len(vertex), dtype=np.int32), np.empty(8 * len(vertex), dtype=np.int32)
    size = 0
    for row in range(2 * len(vertex)):
        at = row // 2
        if not mesh.corner[at]:
            continue
        # A corner straight behind another is met by the cones on both sides of it: keep each link once.
        count = sort_once(eye.seen, look_along(eye, at, row % 2, 0.0, 0.0, True, mesh))
        if size + count > len(rows):
            rows, targets = np.concatenate((rows, rows)), np.concatenate((targets, targets))
        for k in range(count):
            other = eye.seen[k]
            dx, dy = vertex[other, EAST] - vertex[at, EAST], vertex[other, NORTH] - vertex[at, NORTH]
            if dx > 0.0 or (dx == 0.0 and dy > 0.0):
                rows[size], targets[size] = row, other
                size += 1
    return rows[:size], targets[:size]


@jit
def all_links(eye: Eye[Any], mesh: Tables[Any]) -> tuple[Any, Any]:
    """Return the whole visibility graph: where each row begins (row 2v + side), and the corners, ascending in a row.

    Every link leads both ways, so that only half of the plane is looked at from each corner.
    """
    vertex = mesh.vertex
    rows, targets = eastern_links(eye, mesh)
    back = np.empty(len(rows), dtype=np.int32)
    first = np.zeros(2 * len(vertex) + 1, dtype=np.int32)
    for k in range(len(rows)):
        at, other = rows[k] // 2, targets[k]
        dx, dy = vertex[other, EAST] - vertex[at, EAST], vertex[other, NORTH] - vertex[at, NORTH]
        # The region that was left of the line is right of it on the way back.
        back[k] = 2 * other + 1 - side_of_arrival(dx, dy, other, vertex)
        first[rows[k] + 1] += 1
        first[back[k] + 1] += 1
    for row in range(2 * len(vertex)):
        first[row + 1] += first[row]
    both, place = np.empty(2 * len(rows), dtype=np.int32), first[:-1].copy()
    for k in range(len(rows)):
        both[place[rows[k]]], both[place[back[k]]] = targets[k], rows[k] // 2
        place[rows[k]] += 1
        place[back[k]] += 1
    for row in range(2 * len(vertex)):
        sort_once(both[first[row] : first[row + 1]], first[row + 1] - first[row])
    return first, both
