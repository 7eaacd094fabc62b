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
    APEX,
    EAST,
    NORTH,
    Column,
    HintGrid,
    Links,
    Tables,
    locate,
    side_of_arrival,
    touching,
)
from mission.routing.obstacle import WORLD_HALF_SIZE_M
from mission.routing.sight import NO_LENS, Eye, in_line_of_sight, lens_of, look_along, look_around

FIRST_EXCESS = 0.0005
"""Detour, as a share of the straight distance, for which the first ellipse is wide enough."""

FIRST_TREE_EXCESS = 0.012
"""The same for the many goals of a tree, where a second look costs more than a wide one."""

EXCESS_GROWTH = 8.0
LARGEST_EXCESS = 0.5
"""Beyond this share an ellipse saves nothing."""

FOUND, OUT_OF_WORLD, START_BLOCKED, GOAL_BLOCKED, NO_WAY = range(5)

Queue = list[tuple[float, float, int]]
"""A heap of corners to go on from: estimated length of the whole route, length so far, corner."""


class Scratch(NamedTuple, Generic[Column]):
    """What a search writes down for each corner; all inf, and so left behind.

    Attributes:
        reached_m: length of the way to the corner.
        to_goal_m: distance to the goal where it is seen from the corner.
        parent: corner before it, -1 for the start; of no meaning where `reached_m` is inf.
    """

    reached_m: Column
    to_goal_m: Column
    parent: Column


@jit
def distance_m(corner: int, point: tuple[float, float], vertex: Any) -> float:
    """Return the distance of a corner from a point."""
    dx, dy = vertex[corner, EAST] - point[0], vertex[corner, NORTH] - point[1]
    return math.sqrt(dx * dx + dy * dy)


@jit
def advance(
    bound_m: float,
    limit_m: float,
    goal: tuple[float, float],
    mesh: Tables[Any],
    links: Links[Any],
    scratch: Scratch[Any],
    eye: Eye[Any],
    queue: Queue,
    touched: list[int],
) -> tuple[int, float]:
    """Go on from the corners in the queue until the shortest route of at most `bound_m` is found, or none is left.

    All in one loop: this is where a search spends its time.

    Args:
        bound_m: corners that no such route can pass are left alone.
        limit_m: length of a route known to be there, or inf.
        goal: the goal.
        mesh: the free space.
        links: the visibility graph; with none, what a corner sees is found when a route comes there.
        scratch: what is known of the corners, and what is found out.
        eye: memory.
        queue: corners to go on from; may be left with some.
        touched: corners whose `reached_m` has been written; further ones are added.

    Returns:
        The last corner of the route, -1 without one, and the length of the shortest route seen, however long.
    """
    vertex, first = mesh.vertex, links.first
    reached_m, to_goal_m, parent = scratch.reached_m, scratch.to_goal_m, scratch.parent
    prepared = len(first) > 0
    target = links.target if prepared else eye.seen
    while len(queue) > 0:
        _, so_far, corner = heappop(queue)
        if so_far > reached_m[corner]:
            continue
        if to_goal_m[corner] < math.inf:
            # Estimated exactly, and estimates ascend: no other route is shorter.
            return int(corner), limit_m
        x, y, came_from = vertex[corner, EAST], vertex[corner, NORTH], parent[corner]
        ax, ay, arrival = 0.0, 0.0, -1
        if came_from >= 0:
            ax, ay = x - vertex[came_from, EAST], y - vertex[came_from, NORTH]
            arrival = side_of_arrival(ax, ay, corner, vertex)
        for side in range(2):
            if arrival == 1 - side:
                continue
            turn = 1.0 if side == 0 else -1.0
            if prepared:
                begin, end = first[2 * corner + side], first[2 * corner + side + 1]
            else:
                begin, end = 0, look_along(eye, corner, side, ax, ay, False, mesh)
            for link in range(begin, end):
                other = target[link]
                ox, oy = vertex[other, EAST], vertex[other, NORTH]
                dx, dy = ox - x, oy - y
                length = so_far + math.sqrt(dx * dx + dy * dy)
                if length >= reached_m[other] or turn * (ax * dy - ay * dx) < 0.0:
                    continue
                gx, gy = goal[0] - ox, goal[1] - oy
                estimate = length + math.sqrt(gx * gx + gy * gy)
                if estimate <= limit_m:
                    limit_m = min(limit_m, length + to_goal_m[other])
                    if estimate <= bound_m:
                        touched.append(other)
                        reached_m[other], parent[other] = length, corner
                        heappush(queue, (estimate, length, other))
    return -1, limit_m


@jit
def shortest(
    start: tuple[float, float],
    goal: tuple[float, float],
    start_triangles: list[int],
    goal_triangles: list[int],
    mesh: Tables[Any],
    links: Links[Any],
    scratch: Scratch[Any],
    eye: Eye[Any],
) -> list[int]:
    """Return the corners at which the shortest route bends; there is one."""
    nowhere = [0]
    nowhere.pop()
    for triangle in start_triangles:
        if triangle in goal_triangles:
            return nowhere
    if len(start_triangles) == 1 and in_line_of_sight(start, start_triangles[0], goal, goal_triangles[0], mesh):
        return nowhere
    # A corner of the type that tables hold tells the compiler the types of the lists.
    some = mesh.edge[0, APEX]
    queue, touched, near_goal = [(0.0, 0.0, some)], [some], [some]
    reached_m, to_goal_m, parent = scratch.reached_m, scratch.to_goal_m, scratch.parent
    straight = math.sqrt((goal[0] - start[0]) ** 2 + (goal[1] - start[1]) ** 2)
    bound, excess, bend = straight * (1.0 + FIRST_EXCESS), FIRST_EXCESS, -1
    while True:
        queue.clear()
        lens = lens_of(start, goal, bound)
        _, count = look_around(eye, goal, goal_triangles, start, nowhere, lens, mesh)
        for k in range(count):
            corner = eye.seen[k]
            to_goal_m[corner] = distance_m(corner, goal, mesh.vertex)
            near_goal.append(corner)
        seen, count = look_around(eye, start, start_triangles, goal, goal_triangles, lens, mesh)
        if seen:
            break
        # Seen through a blurred edge: rounding may hide what is within a billionth of the ellipse's edge.
        certain, limit = bound * (1.0 - 1e-9), math.inf
        for k in range(count):
            corner = eye.seen[k]
            leg = distance_m(corner, start, mesh.vertex)
            limit = min(limit, leg + to_goal_m[corner])
            estimate = leg + distance_m(corner, goal, mesh.vertex)
            if leg < reached_m[corner] and estimate <= certain:
                reached_m[corner], parent[corner] = leg, -1
                touched.append(corner)
                heappush(queue, (estimate, leg, corner))
        bend, limit = advance(certain, limit, goal, mesh, links, scratch, eye, queue, touched)
        if bend >= 0:
            break
        # A route too long for this ellipse still bounds the shortest one.
        excess *= EXCESS_GROWTH
        wider = straight * (1.0 + excess) if excess <= LARGEST_EXCESS else math.inf
        bound = min(wider, limit * (1.0 + 2e-9))
        forget(reached_m, touched)
    bends = bends_before(bend, parent)
    forget(reached_m, touched)
    forget(to_goal_m, near_goal)
    return bends


@jit
def forget(distances_m: Any, corners: list[int]) -> None:
    """Make the distances of corners inf again, and the list empty."""
    for corner in corners:
        distances_m[corner] = math.inf
    corners.clear()


@jit
def bends_before(last: int, parent: Any) -> list[int]:
    """Return the corners on the way to the last one, and that one; none where it is -1."""
    bends = [last]
    if last < 0:
        bends.pop()
        return bends
    while parent[bends[-1]] >= 0:
        bends.append(int(parent[bends[-1]]))
    bends.reverse()
    return bends


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
            x, y = mesh.vertex[path[at], EAST], mesh.vertex[path[at], NORTH]
        if x != px or y != py:
            points[count, 0], points[count, 1] = x, y
            count += 1
            length += math.sqrt((x - px) * (x - px) + (y - py) * (y - py))
        px, py = x, y
    return length, points[:count]


@jit
def route_between(
    grid: HintGrid,
    mesh_columns: Any,
    scratch_columns: Any,
    eye_columns: Any,
    links_columns: Any,
    start_east_m: float,
    start_north_m: float,
    goal_east_m: float,
    goal_north_m: float,
) -> tuple[int, float, Any]:
    """Return what came of it, the length and the points.

    The columns come as plain tuples, which pass into compiled code in half the time that named ones take.
    """
    mesh, links = Tables(*mesh_columns), Links(*links_columns)
    scratch, eye = Scratch(*scratch_columns), Eye(*eye_columns)
    sx, sy, gx, gy = float(start_east_m), float(start_north_m), float(goal_east_m), float(goal_north_m)
    nowhere = np.empty((0, 2))
    for coordinate in (sx, sy, gx, gy):
        # Not a number is not within the world either.
        if not abs(coordinate) < WORLD_HALF_SIZE_M:
            return OUT_OF_WORLD, math.inf, nowhere
    start_triangles = touching(sx, sy, locate(sx, sy, grid, mesh), mesh)
    goal_triangles = touching(gx, gy, locate(gx, gy, grid, mesh), mesh)
    if len(start_triangles) == 0:
        return START_BLOCKED, math.inf, nowhere
    if len(goal_triangles) == 0:
        return GOAL_BLOCKED, math.inf, nowhere
    if mesh.component[start_triangles[0]] != mesh.component[goal_triangles[0]]:
        return NO_WAY, math.inf, nowhere
    path = shortest((sx, sy), (gx, gy), start_triangles, goal_triangles, mesh, links, scratch, eye)
    length, points = route_points((sx, sy), (gx, gy), path, mesh)
    return FOUND, length, points


@jit
def corners_from(point: tuple[float, float], grid: HintGrid, mesh: Tables[Any], eye: Eye[Any]) -> int:
    """Return how many corners in `eye.seen` a point sees where a route may go; none where it is blocked."""
    triangles = touching(point[0], point[1], locate(point[0], point[1], grid, mesh), mesh)
    nowhere = [0]
    nowhere.pop()
    _, count = look_around(eye, point, triangles, point, nowhere, NO_LENS, mesh)
    return count


@jit
def distances_through(
    x: Any, y: Any, start: tuple[float, float], reached_m: Any, grid: HintGrid, mesh: Tables[Any], eye: Eye[Any]
) -> tuple[Any, Any]:
    """Return for each point its distance from the start, and the last corner on the way.

    Args:
        x: (k,) east of the points.
        y: (k,) north of the points.
        start: the start.
        reached_m: (n,) distance of each corner from the start.
        grid: hints for `locate`.
        mesh: the free space.
        eye: memory.

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
        lengths[k], bends[k] = distance_through((x[k], y[k]), triangles, start, start_triangles, reached_m, mesh, eye)
    return lengths, bends


@jit
def distance_through(
    point: tuple[float, float],
    triangles: list[int],
    start: tuple[float, float],
    start_triangles: list[int],
    reached_m: Any,
    mesh: Tables[Any],
    eye: Eye[Any],
) -> tuple[float, int]:
    """Return the distance of one point from the start, and the last corner on the way, -1 for none."""
    straight = math.sqrt((point[0] - start[0]) ** 2 + (point[1] - start[1]) ** 2)
    for triangle in triangles:
        if triangle in start_triangles:
            return straight, -1
    bound, wider = straight * (1.0 + FIRST_TREE_EXCESS), FIRST_TREE_EXCESS
    while True:
        lens = lens_of(start, point, bound)
        seen, count = look_around(eye, point, triangles, start, start_triangles, lens, mesh)
        if seen:
            return straight, -1
        length, bend = math.inf, -1
        for k in range(count):
            corner = int(eye.seen[k])
            via = reached_m[corner] + distance_m(corner, point, mesh.vertex)
            if via < length:
                length, bend = via, corner
        if length <= bound * (1.0 - 1e-9) or bound == math.inf:
            return length, bend
        wider *= EXCESS_GROWTH
        next_bound = straight * (1.0 + wider) if wider <= LARGEST_EXCESS else math.inf
        bound = min(next_bound, length * (1.0 + 2e-9))
