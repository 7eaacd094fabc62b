"""Where many points are in the mesh, and what they see."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mission.errors import InputError, InputProblem
from mission.routing.expansion import Cones, Sightings, Targets, join, point_cones, sweep_all
from mission.routing.kernels import SLACK_M, TOUCH_M, locate, touching
from mission.routing.mesh import Mesh
from mission.routing.obstacle import WORLD_HALF_SIZE_M
from mission.routing.result import Points
from mission.routing.sight import first_cones, new_eye

Ints = NDArray[np.integer[Any]]


def checked_points(points: Points, name: str) -> Points:
    """Return an (n, 2) array of finite points within the world.

    Raises:
        InputError: the shape is another, or a coordinate is not finite or too far out.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        what, mend = f"shape {array.shape}", "Give east and north in metres for each point: shape (n, 2)"
        raise InputError(InputProblem("<routing>", name, what, mend))
    wrong = np.flatnonzero(~(np.abs(array) < WORLD_HALF_SIZE_M).all(axis=1))
    if len(wrong):
        what = f"({array[wrong[0], 0]!r}, {array[wrong[0], 1]!r}) is not within ±{WORLD_HALF_SIZE_M:.0f} m"
        raise InputError(InputProblem("<routing>", f"{name}[{wrong[0]}]", what, "Choose an origin nearer to it"))
    return array


@dataclass(frozen=True, slots=True)
class Places:
    """Points and the free triangles that hold them.

    Attributes:
        points: (n, 2) the points.
        point: (k,) index of a point, ascending; a point on an edge appears once per triangle that holds it, a
            blocked one not at all.
        triangle: (k,) a free triangle that holds it.
        blocked: (n,) whether the point is not in free space.
        component: (n,) connected part of free space, -1 where blocked.
    """

    points: Points
    point: Ints
    triangle: Ints
    blocked: NDArray[np.bool_]
    component: Ints

    def as_targets(self, mesh: Mesh) -> Targets:
        """Return the points to look out for."""
        order = np.argsort(self.triangle, kind="stable")
        first = np.zeros(len(mesh.free) + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.triangle, minlength=len(mesh.free)), out=first[1:])
        return Targets(first, self.point[order], self.points[:, 0], self.points[:, 1])


def place(mesh: Mesh, points: Points) -> Places:
    """Return where each of the (n, 2) points is."""
    x, y = points[:, 0], points[:, 1]
    at = _walk(mesh, points)
    inner = np.full(len(points), np.inf)
    for k in range(3):
        a, b = mesh.origin[3 * at + k], mesh.origin[3 * at + (k + 1) % 3]
        ex, ey = mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a]
        inner = np.minimum(inner, (ex * (y - mesh.y[a]) - ey * (x - mesh.x[a])) / np.sqrt(ex * ex + ey * ey))
    on_edge = inner <= TOUCH_M
    plain = np.flatnonzero(~on_edge & mesh.free[at])
    pairs = [(plain, at[plain])]
    for index in np.flatnonzero(on_edge):
        held = touching(float(x[index]), float(y[index]), int(at[index]), mesh.tables)
        pairs.append((np.full(len(held), index), np.array(held, dtype=np.int64)))
    point, triangle = (np.concatenate(column) for column in zip(*pairs, strict=True))
    order = np.argsort(point, kind="stable")
    point, triangle = point[order], triangle[order]
    component = np.full(len(points), -1, dtype=np.int64)
    component[point] = mesh.component[triangle]
    return Places(points, point, triangle, component < 0, component)


def look(mesh: Mesh, places: Places, targets: Targets) -> tuple[Sightings, Sightings]:
    """Return (point, taut corner) and (point, target) pairs: all that the points see."""
    held = np.bincount(places.point, minlength=len(places.points))
    strict = held[places.point] == 1
    x, y = places.points[:, 0], places.points[:, 1]
    # A point alone in one triangle may still lie on a wall: those go with the ones on edges.
    inside = strict & _strictly_inside(mesh, x[places.point], y[places.point], places.triangle)
    eye, triangle = places.point[inside], places.triangle[inside]
    cones, near = point_cones(mesh, x[eye], y[eye], triangle, SLACK_M)
    parts = [cones._replace(eye=eye[cones.eye])]
    corners = [Sightings(eye[near.eye], near.thing)]
    odd = np.unique(places.point[~inside])
    memory = new_eye(len(mesh.x), len(mesh.free))
    for index in odd:
        triangles = places.triangle[places.point == index].tolist()
        depth, count = first_cones(memory, (float(x[index]), float(y[index])), triangles, mesh.tables)
        entered, *directions = np.array(memory.cones[:depth]).reshape(depth, 5).T
        parts.append(Cones(np.full(depth, index), entered.astype(np.int64), *directions))
        corners.append(Sightings(np.full(count, index), np.array(memory.seen[:count], dtype=np.int64)))
    batch = Cones(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    far, seen = sweep_all(mesh, x, y, batch, SLACK_M, targets)
    return join([*corners, far]), join([_together(places, targets), seen])


def _walk(mesh: Mesh, points: Points) -> Ints:
    """Return a triangle that holds each point, walking all at once."""
    x, y = points[:, 0], points[:, 1]
    low_x, low_y, per_m, across = mesh.hint_grid
    column = np.clip((x - low_x) * per_m, 0, across - 1).astype(np.int64)
    row = np.clip((y - low_y) * per_m, 0, across - 1).astype(np.int64)
    at: Ints = mesh.hints[row * across + column].astype(np.int64)
    walking = np.arange(len(points))
    step = 0
    while len(walking):
        here = at[walking]
        onward = np.full(len(walking), -1, dtype=np.int64)
        for k in range(3):
            side = (k + step) % 3
            a, b = mesh.origin[3 * here + side], mesh.origin[3 * here + (side + 1) % 3]
            ax, ay = mesh.x[a], mesh.y[a]
            outside = (mesh.x[b] - ax) * (y[walking] - ay) - (mesh.y[b] - ay) * (x[walking] - ax) < 0.0
            mate = mesh.mate[3 * here + side]
            onward = np.where((onward < 0) & outside & (mate >= 0), mate, onward)
        moving = onward >= 0
        walking = walking[moving]
        at[walking] = onward[moving] // 3
        step += 1
        if step > 200:
            # A few walk far, or round in circles that the scalar loop breaks.
            for index in walking:
                at[index] = locate(float(x[index]), float(y[index]), mesh.hint_grid, mesh.tables)
            break
    return at


def _strictly_inside(mesh: Mesh, x: NDArray[np.float64], y: NDArray[np.float64], at: Ints) -> NDArray[np.bool_]:
    inside = np.ones(len(at), dtype=bool)
    for k in range(3):
        a, b = mesh.origin[3 * at + k], mesh.origin[3 * at + (k + 1) % 3]
        ex, ey = mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a]
        cross: NDArray[np.float64] = ex * (y - mesh.y[a]) - ey * (x - mesh.x[a])
        inside &= cross > TOUCH_M * np.sqrt(ex * ex + ey * ey)
    return inside


def _together(places: Places, targets: Targets) -> Sightings:
    """Return the pairs of a point and a target that share a triangle."""
    count = targets.first[places.triangle + 1] - targets.first[places.triangle]
    row = np.repeat(np.arange(len(count)), count)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return Sightings(places.point[row], targets.point[targets.first[places.triangle[row]] + offset])
