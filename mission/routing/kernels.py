"""The scalar loops: walk to a point, look around from it, and search for the shortest route.

Triangular expansion (Q. Bu, F. Bungiu et al., "Efficient computation of visibility polygons", EuroCG 2014): what a
point sees is found by crossing from triangle to triangle with a cone of directions that each edge narrows. Only
corners are reported, and only where a route may be *taut*: the region at the corner must lie on one side of the
line of sight, or a shorter route would not touch it.

These functions run compiled over arrays where Numba is installed, and interpreted over memoryviews where it is not:
the same text, so the same routes. A cone is (half-edge entered, right direction, left direction); directions are
differences of points, so that their cross products are exact between grid points.
"""

import math
from heapq import heappop, heappush
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from mission.routing.jit import ACCELERATED, jit

Column = TypeVar("Column")
Cone = tuple[int, float, float, float, float]
HintGrid = tuple[float, float, float, int]

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


if ACCELERATED:

    @jit
    def filled(count: int, value: float) -> Any:
        """Return `count` times the value."""
        return np.full(count, value)

else:

    def filled(count: int, value: float) -> Any:
        """Return `count` times the value."""
        return [value] * count


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
def sweep(
    cones: list[Cone],
    px: float,
    py: float,
    slack_m: float,
    goal: tuple[float, float],
    goal_triangles: list[int],
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
        mesh: the free space.

    Returns:
        Whether the goal is seen, and the taut corners seen with their distances.
    """
    found = [(mesh.apex[0], 0.0)]
    found.pop()
    seen = False
    while len(cones) > 0:
        entered, rx, ry, lx, ly = cones.pop()
        tip = mesh.apex[entered]
        dx, dy = mesh.x[tip] - px, mesh.y[tip] - py
        from_right, from_left = rx * dy - ry * dx, lx * dy - ly * dx
        if from_right >= 0.0 and from_left <= 0.0 and mesh.corner[tip] and is_taut(dx, dy, tip, slack_m, mesh):
            found.append((tip, math.sqrt(dx * dx + dy * dy)))
        for triangle in goal_triangles:
            if triangle == entered // 3:
                gx, gy = goal[0] - px, goal[1] - py
                seen = seen or (rx * gy - ry * gx >= 0.0 and lx * gy - ly * gx <= 0.0)
        onward = mesh.right[entered]
        if onward >= 0 and from_right > 0.0:
            if from_left < 0.0:
                cones.append((onward, rx, ry, dx, dy))
            else:
                cones.append((onward, rx, ry, lx, ly))
        onward = mesh.left[entered]
        if onward >= 0 and from_left < 0.0:
            if from_right > 0.0:
                cones.append((onward, dx, dy, lx, ly))
            else:
                cones.append((onward, rx, ry, lx, ly))
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
    px: float, py: float, triangles: list[int], goal: tuple[float, float], goal_triangles: list[int], mesh: Tables[Any]
) -> tuple[bool, list[tuple[int, float]]]:
    """Return whether a point sees the goal, and the taut corners it sees with their distances.

    Args:
        px: east of the point.
        py: north of the point.
        triangles: the free triangles that hold the point.
        goal: as in `sweep`.
        goal_triangles: as in `sweep`.
        mesh: the free space.
    """
    cones, near = first_cones(px, py, triangles, mesh)
    together = False
    for triangle in triangles:
        together = together or triangle in goal_triangles
    seen, far = sweep(cones, px, py, SLACK_M, goal, goal_triangles, mesh)
    near.extend(far)
    return seen or together, near


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
    _, far = sweep(cones, px, py, 0.0, (0.0, 0.0), nowhere, mesh)
    near.extend(far)
    return near


@jit
def side_of_arrival(ax: float, ay: float, corner: int, mesh: Tables[Any]) -> int:
    """Return 0 where a taut line of direction (ax, ay) into a corner has its region on the left, 1 on the right."""
    x, y = mesh.x[corner], mesh.y[corner]
    before, after = mesh.preceding[corner], mesh.following[corner]
    left = (
        ax * (mesh.y[before] - y) - ay * (mesh.x[before] - x) >= 0.0
        and ax * (mesh.y[after] - y) - ay * (mesh.x[after] - x) >= 0.0
    )
    return 0 if left else 1


@jit
def shortest(
    start: tuple[float, float],
    goal: tuple[float, float],
    start_triangles: list[int],
    goal_triangles: list[int],
    mesh: Tables[Any],
    links: Links[Any],
) -> tuple[float, list[int]]:
    """Return the length of the shortest route and the corners it bends at; inf where the search finds none.

    A* over the corners. A shortest route is taut wherever it bends, so that from a corner only the links are
    followed that turn around its region from the direction of arrival. With empty `links` a corner's links are
    computed when it is reached.
    """
    sx, sy = start
    gx, gy = goal
    seen, first = look_around(sx, sy, start_triangles, goal, goal_triangles, mesh)
    path = [0]
    path.pop()
    if seen:
        return math.sqrt((gx - sx) * (gx - sx) + (gy - sy) * (gy - sy)), path
    nowhere = [0]
    nowhere.pop()
    _, last = look_around(gx, gy, goal_triangles, start, nowhere, mesh)
    count = len(mesh.x)
    reached = filled(count, math.inf)
    to_goal = filled(count, math.inf)
    parent = filled(count, -1.0)
    for corner, distance in last:
        to_goal[corner] = min(to_goal[corner], distance)
    queue = [(0.0, 0.0, mesh.apex[0])]
    queue.pop()
    for corner, distance in first:
        if distance < reached[corner]:
            reached[corner] = distance
            dx, dy = gx - mesh.x[corner], gy - mesh.y[corner]
            heappush(queue, (distance + math.sqrt(dx * dx + dy * dy), distance, corner))
    best, bend = math.inf, -1
    in_graph = len(links.first) > 0
    while len(queue) > 0 and queue[0][0] < best:
        _, so_far, corner = heappop(queue)
        if so_far > reached[corner]:
            continue
        if so_far + to_goal[corner] < best:
            best, bend = so_far + to_goal[corner], int(corner)
        x, y = mesh.x[corner], mesh.y[corner]
        came_from = int(parent[corner])
        free_choice = came_from < 0
        ax, ay, arrival = 0.0, 0.0, 0
        if not free_choice:
            ax, ay = x - mesh.x[came_from], y - mesh.y[came_from]
            arrival = side_of_arrival(ax, ay, corner, mesh)
        for side in range(2):
            if not free_choice and side != arrival:
                continue
            turn = 1.0 if side == 0 else -1.0
            if in_graph:
                for link in range(links.first[2 * corner + side], links.first[2 * corner + side + 1]):
                    other = links.target[link]
                    length = so_far + links.length_m[link]
                    if length >= reached[other]:
                        continue
                    ox, oy = mesh.x[other], mesh.y[other]
                    if not free_choice and turn * (ax * (oy - y) - ay * (ox - x)) < 0.0:
                        continue
                    reached[other] = length
                    parent[other] = corner
                    heappush(queue, (length + math.sqrt((gx - ox) * (gx - ox) + (gy - oy) * (gy - oy)), length, other))
            else:
                if free_choice:
                    # The widest view a taut route can have: from the line of the other edge of the region.
                    edge = mesh.preceding[corner] if side == 0 else mesh.following[corner]
                    ax, ay = x - mesh.x[edge], y - mesh.y[edge]
                for other, step in look_along(int(corner), side, ax, ay, mesh):
                    length = so_far + step
                    if length >= reached[other]:
                        continue
                    ox, oy = mesh.x[other], mesh.y[other]
                    reached[other] = length
                    parent[other] = corner
                    heappush(queue, (length + math.sqrt((gx - ox) * (gx - ox) + (gy - oy) * (gy - oy)), length, other))
    while bend >= 0:
        path.append(bend)
        bend = int(parent[bend])
    path.reverse()
    return best, path


FOUND, START_BLOCKED, GOAL_BLOCKED, NO_WAY = 0, 1, 2, 3


@jit
def route_between(
    sx: float, sy: float, gx: float, gy: float, grid: HintGrid, mesh: Tables[Any], links: Links[Any]
) -> tuple[int, float, list[int]]:
    """Return (what came out, length, corners) for a pair of points of the square."""
    nothing = [0]
    nothing.pop()
    triangle = locate(sx, sy, grid, mesh)
    start_triangles = touching(sx, sy, triangle, mesh)
    if len(start_triangles) == 0:
        return START_BLOCKED, math.inf, nothing
    triangle = locate(gx, gy, grid, mesh)
    goal_triangles = touching(gx, gy, triangle, mesh)
    if len(goal_triangles) == 0:
        return GOAL_BLOCKED, math.inf, nothing
    if mesh.component[start_triangles[0]] != mesh.component[goal_triangles[0]]:
        return NO_WAY, math.inf, nothing
    length, path = shortest((sx, sy), (gx, gy), start_triangles, goal_triangles, mesh, links)
    return FOUND, length, path


@jit
def distances_through(
    x: Any, y: Any, start: tuple[float, float], reached: Any, grid: HintGrid, mesh: Tables[Any]
) -> tuple[Any, Any]:
    """Return for each point its distance from the start, and the last corner on the way.

    Args:
        x: (k,) east of the points.
        y: (k,) north of the points.
        start: the start.
        reached: (n,) distance of each corner from the start.
        grid: hints for `locate`.
        mesh: the free space.

    Returns:
        (k,) distances, inf where blocked, and (k,) corners: -1 where the point sees the start or is blocked.
    """
    lengths, bends = filled(len(x), math.inf), filled(len(x), -1.0)
    start_triangles = touching(start[0], start[1], locate(start[0], start[1], grid, mesh), mesh)
    for k in range(len(x)):
        triangles = touching(x[k], y[k], locate(x[k], y[k], grid, mesh), mesh)
        if len(triangles) == 0 or len(start_triangles) == 0:
            continue
        seen, near = look_around(x[k], y[k], triangles, start, start_triangles, mesh)
        if seen:
            dx, dy = x[k] - start[0], y[k] - start[1]
            lengths[k] = math.sqrt(dx * dx + dy * dy)
            continue
        for corner, distance in near:
            if reached[corner] + distance < lengths[k]:
                lengths[k] = reached[corner] + distance
                bends[k] = corner
    return lengths, bends


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
