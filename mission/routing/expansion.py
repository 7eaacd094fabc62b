"""Triangular expansion for many eyes at once: the loops of `mission.routing.sight.sweep` as array operations.

A frontier is a batch of cones, one array element each. Every round moves all of them across one edge, so the number
of rounds is that of triangles in the deepest line of sight, whatever the number of eyes.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mission.routing.mesh import Mesh

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


class Cones(NamedTuple):
    """A batch of cones.

    Attributes:
        eye: index of the eye that looks.
        entered: half-edge entered.
        rx, ry: right direction.
        lx, ly: left direction.
    """

    eye: Ints
    entered: Ints
    rx: Floats
    ry: Floats
    lx: Floats
    ly: Floats

    def chosen(self, mask: NDArray[np.bool_]) -> "Cones":
        """Return the cones where `mask` holds."""
        eye, entered, rx, ry, lx, ly = self
        return Cones(eye[mask], entered[mask], rx[mask], ry[mask], lx[mask], ly[mask])


@dataclass(frozen=True, slots=True)
class Targets:
    """Points to look out for, sorted by the triangle that holds them (a point on an edge is in several).

    Attributes:
        first: (t + 1,) where each triangle's points begin in `point`.
        point: index of each point.
        x, y: where the points are.
    """

    first: Ints
    point: Ints
    x: Floats
    y: Floats


class Sightings(NamedTuple):
    """What was seen: pairs (eye, thing), in no order, a pair possibly twice."""

    eye: Ints
    thing: Ints


def join(parts: list[Sightings]) -> Sightings:
    """Return all pairs of the parts."""
    if not parts:
        return Sightings(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    return Sightings(np.concatenate([part.eye for part in parts]), np.concatenate([part.thing for part in parts]))


def taut(mesh: Mesh, dx: Floats, dy: Floats, corner: Ints, slack_m: float) -> NDArray[np.bool_]:
    """Whether a line of direction (dx, dy) through each corner leaves its region on one side."""
    x, y, before, after = mesh.x[corner], mesh.y[corner], mesh.preceding[corner], mesh.following[corner]
    ax, ay, bx, by = mesh.x[before] - x, mesh.y[before] - y, mesh.x[after] - x, mesh.y[after] - y
    a, b = dx * ay - dy * ax, dx * by - dy * bx
    if slack_m == 0.0:
        exact: NDArray[np.bool_] = ((a >= 0.0) & (b >= 0.0)) | ((a <= 0.0) & (b <= 0.0))
        return exact
    slack_a, slack_b = slack_m * (np.abs(ax) + np.abs(ay)), slack_m * (np.abs(bx) + np.abs(by))
    result: NDArray[np.bool_] = ((a >= -slack_a) & (b >= -slack_b)) | ((a <= slack_a) & (b <= slack_b))
    return result


def taut_sightings(
    mesh: Mesh, eye: Ints, corner: Ints, dx: Floats, dy: Floats, mask: NDArray[np.bool_], slack_m: float
) -> Sightings:
    """Return the pairs where `mask` holds, the vertex is a corner, and the line of sight is taut there."""
    chosen = np.flatnonzero(mask & mesh.corner[corner])
    chosen = chosen[taut(mesh, dx[chosen], dy[chosen], corner[chosen], slack_m)]
    return Sightings(eye[chosen], corner[chosen])


def sweep_all(
    mesh: Mesh, eye_x: Floats, eye_y: Floats, cones: Cones, slack_m: float, targets: Targets | None = None
) -> tuple[Sightings, Sightings]:
    """Cross triangles until no cone is left.

    Returns:
        Taut corners seen, and targets seen.
    """
    corners: list[Sightings] = []
    points: list[Sightings] = []
    while len(cones.eye):
        eye, entered, rx, ry, lx, ly = cones
        tip = mesh.apex[entered]
        dx, dy = mesh.x[tip] - eye_x[eye], mesh.y[tip] - eye_y[eye]
        from_right, from_left = rx * dy - ry * dx, lx * dy - ly * dx
        visible = (from_right >= 0.0) & (from_left <= 0.0)
        corners.append(taut_sightings(mesh, eye, tip, dx, dy, visible, slack_m))
        if targets is not None:
            points.append(_targets_in(targets, eye_x, eye_y, cones))
        opens_right, opens_left = from_right > 0.0, from_left < 0.0
        onward_right, onward_left = mesh.right[entered], mesh.left[entered]
        to_right = np.flatnonzero((onward_right >= 0) & opens_right)
        to_left = np.flatnonzero((onward_left >= 0) & opens_left)
        narrow, wide = opens_left[to_right], opens_right[to_left]
        cones = Cones(
            np.concatenate([eye[to_right], eye[to_left]]),
            np.concatenate([onward_right[to_right], onward_left[to_left]]),
            np.concatenate([rx[to_right], np.where(wide, dx[to_left], rx[to_left])]),
            np.concatenate([ry[to_right], np.where(wide, dy[to_left], ry[to_left])]),
            np.concatenate([np.where(narrow, dx[to_right], lx[to_right]), lx[to_left]]),
            np.concatenate([np.where(narrow, dy[to_right], ly[to_right]), ly[to_left]]),
        )
    return join(corners), join(points)


def corner_cones(mesh: Mesh, corner: Ints, side: int) -> tuple[Cones, Sightings]:
    """Return the first cones east of corners, and the taut corners in the triangles around each; eyes are 0, 1, …

    Array form of the first half of `mission.routing.sight.look_along`, with the widest view, eastern.
    """
    x, y = mesh.x[corner], mesh.y[corner]
    edge, neighbour = mesh.preceding[corner], mesh.following[corner]
    entered: Ints = mesh.last_fan[corner]
    if side == 1:
        edge, neighbour = neighbour, edge
        entered = mesh.first_fan[corner]
    turn = 1.0 if side == 0 else -1.0
    ax, ay = x - mesh.x[edge], y - mesh.y[edge]
    ex, ey = mesh.x[neighbour] - x, mesh.y[neighbour] - y
    eye = np.arange(len(corner))
    seen = [taut_sightings(mesh, eye, neighbour, ex, ey, np.ones(len(eye), dtype=bool), 0.0)]
    cones: list[Cones] = []
    while len(eye):
        tip = mesh.apex[entered]
        dx, dy = mesh.x[tip] - x[eye], mesh.y[tip] - y[eye]
        inward = turn * (ax[eye] * dy - ay[eye] * dx)
        seen.append(taut_sightings(mesh, eye, tip, dx, dy, inward >= 0.0, 0.0))
        bx, by = np.where(inward > 0.0, dx, ax[eye]), np.where(inward > 0.0, dy, ay[eye])
        onward = mesh.left[entered] if side == 0 else mesh.right[entered]
        following = mesh.right[entered] if side == 0 else mesh.left[entered]
        batch = Cones(eye, onward, bx, by, ex, ey) if side == 0 else Cones(eye, onward, ex, ey, bx, by)
        cones.append(_eastern(batch.chosen(onward >= 0)))
        more = np.flatnonzero((inward > 0.0) & (following >= 0))
        eye, entered, ex, ey = eye[more], following[more], dx[more], dy[more]
    return _stack(cones), join(seen)


def point_cones(mesh: Mesh, x: Floats, y: Floats, triangle: Ints, slack_m: float) -> tuple[Cones, Sightings]:
    """Return the first cones of points strictly inside free triangles, and the taut corners of the triangles."""
    eye = np.arange(len(x))
    cones: list[Cones] = []
    seen: list[Sightings] = []
    for k in range(3):
        half_edge, after = 3 * triangle + k, 3 * triangle + (k + 1) % 3
        a, b, onward = mesh.origin[half_edge], mesh.origin[after], mesh.opening[half_edge]
        dx, dy = mesh.x[a] - x, mesh.y[a] - y
        seen.append(taut_sightings(mesh, eye, a, dx, dy, np.ones(len(eye), dtype=bool), slack_m))
        cones.append(Cones(eye, onward, dx, dy, mesh.x[b] - x, mesh.y[b] - y).chosen(onward >= 0))
    return _stack(cones), join(seen)


def _eastern(cones: Cones) -> Cones:
    """Return the parts of the cones that look east, see `mission.routing.sight.push_eastern`."""
    cones = cones.chosen((cones.rx >= 0.0) | (cones.lx >= 0.0))
    eye, entered, rx, ry, lx, ly = cones
    south, north = rx < 0.0, lx < 0.0
    rx, ry = np.where(south, 0.0, rx), np.where(south, -1.0, ry)
    lx, ly = np.where(north, 0.0, lx), np.where(north, 1.0, ly)
    return Cones(eye, entered, rx, ry, lx, ly)


def _stack(parts: list[Cones]) -> Cones:
    return Cones(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _targets_in(targets: Targets, eye_x: Floats, eye_y: Floats, cones: Cones) -> Sightings:
    triangle = cones.entered // 3
    begin, count = targets.first[triangle], targets.first[triangle + 1] - targets.first[triangle]
    occupied = np.flatnonzero(count)
    count = count[occupied]
    cone = np.repeat(occupied, count)
    offset = np.arange(len(cone)) - np.repeat(np.cumsum(count) - count, count)
    point = targets.point[np.repeat(begin[occupied], count) + offset]
    eye = cones.eye[cone]
    dx, dy = targets.x[point] - eye_x[eye], targets.y[point] - eye_y[eye]
    seen = (cones.rx[cone] * dy - cones.ry[cone] * dx >= 0.0) & (cones.lx[cone] * dy - cones.ly[cone] * dx <= 0.0)
    return Sightings(eye[seen], point[seen])
