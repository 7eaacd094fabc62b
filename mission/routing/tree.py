"""Shortest routes from one start to many goals, and between all pairs of some points."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from mission.routing.expansion import Sightings, Targets
from mission.routing.graph import Graph
from mission.routing.jit import ACCELERATED
from mission.routing.mesh import Mesh
from mission.routing.places import Places, checked_points, look, place
from mission.routing.result import Blocked, Points, Route
from mission.routing.search import corners_from, distances_through, route_points
from mission.routing.sight import new_eye

if TYPE_CHECKING:
    from mission.routing.environment import Environment

_GOALS_AT_A_TIME = 4096
_STARTS_AT_A_TIME = 64


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """All shortest routes from one start.

    Attributes:
        environment: where.
        start: (2,) the start.
        reached_m: (n,) distance of each corner of the mesh, inf where it is not on a taut route.
        parent: (n,) corner before it, -1 where the route comes straight from the start.
    """

    environment: "Environment"
    start: NDArray[np.float64]
    reached_m: NDArray[np.float64]
    parent: NDArray[np.int64]

    def distances(self, goals: Points) -> NDArray[np.float64]:
        """Return (n,) lengths of the shortest routes to (n, 2) goals; inf where start or goal is blocked.

        Raises:
            InputError: a goal is not finite or out of the world.
        """
        return self._nearest(checked_points(goals, "goals"))[0]

    def route(self, goal_xy: NDArray[np.float64] | tuple[float, float]) -> Route | Blocked:
        """Return the shortest route to one goal, or why there is none."""
        goal = checked_points(np.asarray(goal_xy, dtype=np.float64).reshape(1, -1), "goal")
        length, bend = (column[0] for column in self._nearest(goal))
        if not np.isfinite(length):
            answer = self.environment.shortest(self.start, goal[0])
            if isinstance(answer, Blocked):
                return answer
            raise AssertionError("tree and search disagree")  # pragma: no cover - they share the graph
        corners: list[int] = []
        while bend >= 0:
            corners.append(int(bend))
            bend = self.parent[bend]
        ends = (float(self.start[0]), float(self.start[1])), (float(goal[0, 0]), float(goal[0, 1]))
        length_m, points = route_points(*ends, corners[::-1], self.environment.mesh.tables)
        return Route(points, length_m)

    def _nearest(self, goals: Points) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        mesh = self.environment.mesh
        start = (float(self.start[0]), float(self.start[1]))
        if ACCELERATED:
            x, y = np.ascontiguousarray(goals[:, 0]), np.ascontiguousarray(goals[:, 1])
            memory = new_eye(len(mesh.x), len(mesh.free))
            lengths, bends = distances_through(x, y, start, self.reached_m, mesh.hint_grid, mesh.tables, memory)
            return lengths, bends.astype(np.int64)
        lengths, bends = np.full(len(goals), np.inf), np.full(len(goals), -1, dtype=np.int64)
        target = place(mesh, self.start.reshape(1, 2)).as_targets(mesh)
        for begin in range(0, len(goals), _GOALS_AT_A_TIME):
            part = slice(begin, begin + _GOALS_AT_A_TIME)
            lengths[part], bends[part] = self._nearest_batched(place(mesh, goals[part]), target)
        return lengths, bends

    def _nearest_batched(self, places: Places, target: Targets) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        mesh = self.environment.mesh
        lengths, bends = np.full(len(places.points), np.inf), np.full(len(places.points), -1, dtype=np.int64)
        corners, direct = look(mesh, places, target)
        via = self.reached_m[corners.thing] + _distance(mesh, places.points, corners)
        # By goal, the longest first: of several assignments to one element the last holds.
        order = np.lexsort((-via, corners.eye))
        lengths[corners.eye[order]] = via[order]
        bends[corners.eye[order]] = corners.thing[order]
        bends[~np.isfinite(lengths)] = -1
        straight = places.points[direct.eye] - self.start
        lengths[direct.eye] = np.sqrt(np.square(straight).sum(axis=1))
        bends[direct.eye] = -1
        return lengths, bends


def grow_tree(environment: "Environment", start: NDArray[np.float64]) -> Tree:
    """Return the tree of shortest routes from a start; all distances are inf where it is blocked."""
    mesh, graph = environment.mesh, environment.graph
    point = (float(start[0]), float(start[1]))
    # The loop in scalars: array operations do not pay for a single eye.
    memory = new_eye(len(mesh.x), len(mesh.free))
    count = corners_from(point, mesh.hint_grid, mesh.tables, memory)
    corners = Sightings(np.zeros(count, dtype=np.int64), np.array(memory.seen[:count], dtype=np.int64))
    legs = _distance(mesh, start.reshape(1, 2), corners)
    linked = _with_sources(graph, len(mesh.x), corners, legs, 1)
    reached, parent = dijkstra(linked, indices=len(mesh.x), return_predecessors=True)
    parent = np.where((parent < 0) | (parent == len(mesh.x)), -1, parent).astype(np.int64)
    return Tree(environment, start, reached[:-1], parent[:-1])


def distance_matrix(environment: "Environment", points: Points) -> NDArray[np.float64]:
    """Return the (n, n) lengths of shortest routes; inf where either end is blocked or no path exists."""
    mesh, graph = environment.mesh, environment.graph
    count, corner_count = len(points), len(mesh.x)
    places = place(mesh, points)
    corners, direct = look(mesh, places, places.as_targets(mesh))
    legs = _distance(mesh, points, corners)
    result = np.full((count, count), np.inf)
    linked = _with_sources(graph, corner_count, corners, legs, count)
    last = csr_array((legs, (corners.eye, corners.thing)), shape=(count, corner_count))
    last.sum_duplicates()
    for begin in range(0, count, _STARTS_AT_A_TIME):
        part = np.arange(begin, min(begin + _STARTS_AT_A_TIME, count))
        reached = dijkstra(linked, indices=corner_count + part)[:, :corner_count]
        for goal in range(count):
            seen = slice(last.indptr[goal], last.indptr[goal + 1])
            if seen.stop > seen.start:
                result[part, goal] = (reached[:, last.indices[seen]] + last.data[seen]).min(axis=1)
    straight = points[direct.eye] - points[direct.thing]
    result[direct.eye, direct.thing] = np.sqrt(np.square(straight).sum(axis=1))
    # One number for both directions, though the sums were added up in different orders.
    symmetric: NDArray[np.float64] = np.minimum(result, result.T)
    return symmetric


def _distance(mesh: Mesh, points: Points, corners: Sightings) -> NDArray[np.float64]:
    dx, dy = mesh.x[corners.thing] - points[corners.eye, 0], mesh.y[corners.thing] - points[corners.eye, 1]
    result: NDArray[np.float64] = np.sqrt(dx * dx + dy * dy)
    return result


def _with_sources(
    graph: Graph, corner_count: int, corners: Sightings, legs: NDArray[np.float64], count: int
) -> csr_array:
    """Return the graph with `count` more nodes, each linked to the corners it sees."""
    order = np.lexsort((corners.thing, corners.eye))
    eye, thing, leg = corners.eye[order], corners.thing[order], legs[order]
    again = np.zeros(len(eye), dtype=bool)
    again[1:] = (eye[1:] == eye[:-1]) & (thing[1:] == thing[:-1])
    eye, thing, leg = eye[~again], thing[~again], leg[~again]
    # A leg of no length would be read as no link at all: lift it to the least number there is.
    leg = np.maximum(leg, np.finfo(np.float64).tiny)
    rows = graph.first[-1] + np.cumsum(np.bincount(eye, minlength=count))
    size = corner_count + count
    return csr_array(
        (
            np.concatenate([graph.length_m, leg]),
            np.concatenate([graph.target, thing.astype(np.int32)]),
            np.concatenate([graph.first[::2], rows]).astype(np.int32),
        ),
        shape=(size, size),
    )
