"""A* over the corners: the scalar loops that find one shortest route.

A shortest route is taut wherever it bends, so that from a corner only the links are followed that turn around its
region from the direction of arrival. A route of length L stays in the ellipse with its ends as foci and L as the sum
of distances: the search looks through narrow ellipses first, and a route found in one is shorter than all outside.
"""

import math
from heapq import heappop, heappush
from typing import Any, Generic, NamedTuple

import numpy as np

from mission.routing.jit import jit
from mission.routing.kernels import (
    NO_LENS,
    Column,
    HintGrid,
    Lens,
    Links,
    Tables,
    locate,
    look_along,
    look_around,
    touching,
)

FIRST_EXCESS = 0.0005
"""Detour, as a share of the straight distance, for which the first ellipse is wide enough."""

EXCESS_GROWTH = 8.0
LARGEST_EXCESS = 0.5
"""Beyond this share an ellipse saves nothing."""

FOUND, START_BLOCKED, GOAL_BLOCKED, NO_WAY = 0, 1, 2, 3

Queue = list[tuple[float, float, int]]


class Scratch(NamedTuple, Generic[Column]):
    """What a search writes down for each corner; all inf, and so left behind.

    Attributes:
        reached_m: length of the way to the corner.
        to_goal_m: distance to the goal where it is seen from the corner.
        parent: corner before it, -1 for the start; of no meaning where `reached_m` is inf.
        limit_m: one element: length of the best route so far, or of the longest to look for.
    """

    reached_m: Column
    to_goal_m: Column
    parent: Column
    limit_m: Column


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
def relax(
    corner: int,
    length: float,
    parent: int,
    goal: tuple[float, float],
    mesh: Tables[Any],
    scratch: Scratch[Any],
    queue: Queue,
    touched: list[int],
) -> None:
    """Write down a way to a corner, where it is the shortest so far and may still lead to a better route."""
    if length >= scratch.reached_m[corner]:
        return
    dx, dy = goal[0] - mesh.x[corner], goal[1] - mesh.y[corner]
    estimate = length + math.sqrt(dx * dx + dy * dy)
    if estimate > scratch.limit_m[0]:
        return
    if scratch.reached_m[corner] == math.inf:
        touched.append(corner)
    scratch.reached_m[corner] = length
    scratch.parent[corner] = parent
    scratch.limit_m[0] = min(scratch.limit_m[0], length + scratch.to_goal_m[corner])
    heappush(queue, (estimate, length, corner))


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
def expand(
    corner: int,
    goal: tuple[float, float],
    mesh: Tables[Any],
    links: Links[Any],
    scratch: Scratch[Any],
    queue: Queue,
    touched: list[int],
) -> None:
    """Relax all corners that a taut route may go to from this one; computed here where there are no `links`."""
    x, y, so_far = mesh.x[corner], mesh.y[corner], scratch.reached_m[corner]
    came_from = int(scratch.parent[corner])
    ax, ay, arrival = 0.0, 0.0, -1
    if came_from >= 0:
        ax, ay = x - mesh.x[came_from], y - mesh.y[came_from]
        arrival = side_of_arrival(ax, ay, corner, mesh)
    for side in range(2):
        if arrival == 1 - side:
            continue
        turn = 1.0 if side == 0 else -1.0
        if len(links.first) > 0:
            for link in range(links.first[2 * corner + side], links.first[2 * corner + side + 1]):
                other = links.target[link]
                if turn * (ax * (mesh.y[other] - y) - ay * (mesh.x[other] - x)) >= 0.0:
                    length = so_far + links.length_m[link]
                    relax(other, length, corner, goal, mesh, scratch, queue, touched)
            continue
        if came_from < 0:
            # The widest view a taut route can have: from the line of the other edge of the region.
            edge = mesh.preceding[corner] if side == 0 else mesh.following[corner]
            ax, ay = x - mesh.x[edge], y - mesh.y[edge]
        for other, step in look_along(corner, side, ax, ay, mesh):
            relax(other, so_far + step, corner, goal, mesh, scratch, queue, touched)


@jit
def search(
    first: list[tuple[int, float]],
    last: list[tuple[int, float]],
    goal: tuple[float, float],
    bound_m: float,
    mesh: Tables[Any],
    links: Links[Any],
    scratch: Scratch[Any],
) -> tuple[float, list[int]]:
    """Return the length of the shortest route and its bends; inf where none is at most `bound_m` long.

    Args:
        first: corners that the start sees, with distances.
        last: corners that the goal sees, with distances.
        goal: the goal.
        bound_m: longest route to look for.
        mesh: the free space.
        links: the visibility graph; may be empty.
        scratch: memory.
    """
    queue = [(0.0, 0.0, mesh.apex[0])]
    queue.pop()
    touched = [mesh.apex[0]]
    touched.pop()
    scratch.limit_m[0] = bound_m
    for corner, distance in last:
        scratch.to_goal_m[corner] = min(scratch.to_goal_m[corner], distance)
    for corner, distance in first:
        relax(corner, distance, -1, goal, mesh, scratch, queue, touched)
    best, bend = math.inf, -1
    while len(queue) > 0 and queue[0][0] < best:
        _, so_far, corner = heappop(queue)
        if so_far > scratch.reached_m[corner]:
            continue
        if so_far + scratch.to_goal_m[corner] < best:
            best, bend = so_far + scratch.to_goal_m[corner], int(corner)
        expand(corner, goal, mesh, links, scratch, queue, touched)
    path = [0]
    path.pop()
    while bend >= 0:
        path.append(bend)
        bend = int(scratch.parent[bend])
    path.reverse()
    for corner in touched:
        scratch.reached_m[corner] = math.inf
    for corner, _ in last:
        scratch.to_goal_m[corner] = math.inf
    return best, path


@jit
def shortest(
    start: tuple[float, float],
    goal: tuple[float, float],
    start_triangles: list[int],
    goal_triangles: list[int],
    mesh: Tables[Any],
    links: Links[Any],
    scratch: Scratch[Any],
) -> tuple[float, list[int]]:
    """Return the length of the shortest route and the corners it bends at; inf where there is none."""
    nowhere = [0]
    nowhere.pop()
    for triangle in start_triangles:
        if triangle in goal_triangles:
            return 0.0, nowhere
    straight = math.sqrt((goal[0] - start[0]) ** 2 + (goal[1] - start[1]) ** 2)
    bound, wider = straight * (1.0 + FIRST_EXCESS), FIRST_EXCESS
    while True:
        lens = lens_of(start, goal, bound)
        seen, first = look_around(start, start_triangles, goal, goal_triangles, lens, mesh)
        if seen:
            return straight, nowhere
        _, last = look_around(goal, goal_triangles, start, nowhere, lens, mesh)
        wider *= EXCESS_GROWTH
        next_bound = straight * (1.0 + wider) if wider <= LARGEST_EXCESS else math.inf
        length, path = search(first, last, goal, next_bound, mesh, links, scratch)
        # Seen through a blurred edge: rounding may hide what is within a billionth of the ellipse's edge.
        if length <= bound * (1.0 - 1e-9) or bound == math.inf:
            return length, path
        # A route too long for this ellipse still bounds the shortest one.
        bound = min(next_bound, length * (1.0 + 2e-9))


@jit
def route_points(
    start: tuple[float, float], goal: tuple[float, float], path: list[int], mesh: Tables[Any]
) -> tuple[float, Any]:
    """Return the length of a route and its (k, 2) points, none repeated."""
    points = np.empty((len(path) + 2, 2))
    points[0, 0], points[0, 1] = start
    count, length = 1, 0.0
    px, py = start
    for at in range(len(path) + 1):
        x, y = goal
        if at < len(path):
            x, y = mesh.x[path[at]], mesh.y[path[at]]
        leg = math.sqrt((x - px) * (x - px) + (y - py) * (y - py))
        if leg > 0.0:
            points[count, 0], points[count, 1] = x, y
            count += 1
            length += leg
        px, py = x, y
    return length, points[:count]


@jit
def route_between(
    ends: tuple[float, float, float, float],
    grid: HintGrid,
    mesh_columns: Any,
    links_columns: Any,
    scratch_columns: Any,
) -> tuple[int, float, Any]:
    """Return what came of it, the length and the points, for (start east, north, goal east, north).

    The columns come as plain tuples, which pass into compiled code in half the time that named ones take.
    """
    mesh, links, scratch = Tables(*mesh_columns), Links(*links_columns), Scratch(*scratch_columns)
    sx, sy, gx, gy = ends
    start_triangles = touching(sx, sy, locate(sx, sy, grid, mesh), mesh)
    goal_triangles = touching(gx, gy, locate(gx, gy, grid, mesh), mesh)
    outcome = FOUND
    if len(start_triangles) == 0:
        outcome = START_BLOCKED
    elif len(goal_triangles) == 0:
        outcome = GOAL_BLOCKED
    elif mesh.component[start_triangles[0]] != mesh.component[goal_triangles[0]]:
        outcome = NO_WAY
    if outcome != FOUND:
        return outcome, math.inf, np.empty((0, 2))
    _, path = shortest((sx, sy), (gx, gy), start_triangles, goal_triangles, mesh, links, scratch)
    length, points = route_points((sx, sy), (gx, gy), path, mesh)
    return FOUND, length, points


@jit
def distances_through(
    x: Any, y: Any, start: tuple[float, float], reached_m: Any, grid: HintGrid, mesh: Tables[Any]
) -> tuple[Any, Any]:
    """Return for each point its distance from the start, and the last corner on the way.

    Args:
        x: (k,) east of the points.
        y: (k,) north of the points.
        start: the start.
        reached_m: (n,) distance of each corner from the start.
        grid: hints for `locate`.
        mesh: the free space.

    Returns:
        (k,) distances, inf where blocked, and (k,) corners: -1 where the point sees the start or is blocked.
    """
    lengths, bends = np.full(len(x), math.inf), np.full(len(x), -1)
    start_triangles = touching(start[0], start[1], locate(start[0], start[1], grid, mesh), mesh)
    for k in range(len(x)):
        triangles = touching(x[k], y[k], locate(x[k], y[k], grid, mesh), mesh)
        if len(triangles) == 0 or len(start_triangles) == 0:
            continue
        if mesh.component[triangles[0]] != mesh.component[start_triangles[0]]:
            continue
        lengths[k], bends[k] = distance_through((x[k], y[k]), triangles, start, start_triangles, reached_m, mesh)
    return lengths, bends


@jit
def distance_through(
    point: tuple[float, float],
    triangles: list[int],
    start: tuple[float, float],
    start_triangles: list[int],
    reached_m: Any,
    mesh: Tables[Any],
) -> tuple[float, int]:
    """Return the distance of one point from the start, and the last corner on the way, -1 for none."""
    straight = math.sqrt((point[0] - start[0]) ** 2 + (point[1] - start[1]) ** 2)
    for triangle in triangles:
        if triangle in start_triangles:
            return straight, -1
    bound, wider = straight * (1.0 + FIRST_EXCESS), FIRST_EXCESS
    while True:
        lens = lens_of(start, point, bound)
        seen, near = look_around(point, triangles, start, start_triangles, lens, mesh)
        if seen:
            return straight, -1
        length, bend = math.inf, -1
        for corner, distance in near:
            if reached_m[corner] + distance < length:
                length, bend = reached_m[corner] + distance, int(corner)
        if length <= bound * (1.0 - 1e-9) or bound == math.inf:
            return length, bend
        wider *= EXCESS_GROWTH
        next_bound = straight * (1.0 + wider) if wider <= LARGEST_EXCESS else math.inf
        bound = min(next_bound, length * (1.0 + 2e-9))
