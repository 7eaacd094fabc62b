"""Free space among zones, ready for exact shortest routes."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial

import numpy as np
import shapely
from numpy.typing import NDArray

from mission.routing.diagnosis import explain_enclosure, explain_inside
from mission.routing.freespace import Regions, Rings, grow, merge, rings_of, seal
from mission.routing.graph import Graph, build_graph
from mission.routing.jit import ACCELERATED, bound, indexable
from mission.routing.mesh import Mesh, build_mesh
from mission.routing.obstacle import Obstacle, content_hash, polygons_of
from mission.routing.places import checked_points
from mission.routing.result import Blocked, BlockedReason, Points, Route
from mission.routing.search import FOUND, GOAL_BLOCKED, START_BLOCKED, route_between
from mission.routing.sight import new_eye
from mission.routing.tree import Tree, distance_matrix, grow_tree
from mission.routing.triangulation import TouchError, Triangulation, triangulate

Point = NDArray[np.float64] | tuple[float, float]
Search = Callable[..., tuple[int, float, Points]]


class Environment:
    """The plane with zones in it. Immutable; build with `Environment.build`.

    Attributes:
        obstacles: the zones.
        clearance_m: distance that every route keeps from every zone.
        regions: the zones grown by the clearance, each and merged.
        mesh: the free space between them.
    """

    def __init__(self, obstacles: tuple[Obstacle, ...], clearance_m: float, regions: Regions, mesh: Mesh) -> None:
        self.obstacles = obstacles
        self.clearance_m = clearance_m
        self.regions = regions
        self.mesh = mesh
        self._links = indexable(np.empty(0, np.int32), np.empty(0, np.int32))
        self._searches: list[Search] = []

    @classmethod
    def build(
        cls, obstacles: Sequence[Obstacle], clearance_m: float, *, with_graph: bool | None = None
    ) -> "Environment":
        """Return the environment of `obstacles`.

        Args:
            obstacles: the zones to keep clear of; they may overlap, touch, nest and repeat.
            clearance_m: distance to keep from each, 0 or more.
            with_graph: compute the visibility graph now (True) or when something first needs it (False). By
                default now where the loops are compiled, which takes milliseconds, and later where they are not.

        Raises:
            InputError: a polygon or the clearance is broken.
        """
        polygons = polygons_of(obstacles, clearance_m)
        grown = grow(polygons, clearance_m)
        merged, rings, triangulation = _triangulated(merge(grown))
        mesh = build_mesh(triangulation, rings)
        environment = cls(tuple(obstacles), float(clearance_m), Regions(grown, merged), mesh)
        if ACCELERATED if with_graph is None else with_graph:
            environment.prepare()
        return environment

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the zones and the clearance, whatever the order of the zones."""
        return content_hash(self.obstacles, self.clearance_m)

    @cached_property
    def graph(self) -> Graph:
        """The visibility graph, computed when first needed."""
        graph = build_graph(self.mesh)
        self._links = tuple(graph.links)
        return graph

    def prepare(self) -> "Environment":
        """Compute the visibility graph now; return the environment."""
        _ = self.graph
        return self

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return self.mesh.nbytes + (self.graph.nbytes if "graph" in self.__dict__ else 0)

    def shortest(self, start_xy: Point, goal_xy: Point) -> Route | Blocked:
        """Return the shortest route between two points, or why there is none.

        Args:
            start_xy: east, north in metres.
            goal_xy: east, north in metres.

        Raises:
            InputError: a point is not finite or not within ±`WORLD_HALF_SIZE_M`.
        """
        start_east_m, start_north_m = start_xy
        goal_east_m, goal_north_m = goal_xy
        # Popping and appending are atomic: threads that ask at the same time get a search of their own.
        search = self._searches.pop() if self._searches else self._new_search()
        outcome, length_m, points = search(self._links, start_east_m, start_north_m, goal_east_m, goal_north_m)
        self._searches.append(search)
        if outcome == FOUND:
            return Route(points, length_m)
        return self._blocked(outcome, checked_points(np.array([start_xy, goal_xy]), "start and goal"))

    def tree(self, start_xy: Point) -> Tree:
        """Return all shortest routes from one start, such as a hub.

        Raises:
            InputError: the start is not finite or out of the world.
        """
        return grow_tree(self, checked_points(np.asarray(start_xy, dtype=np.float64).reshape(1, -1), "start")[0])

    def matrix(self, points: Points) -> NDArray[np.float64]:
        """Return the (n, n) lengths of the shortest routes between (n, 2) points; inf where there is none.

        Raises:
            InputError: a point is not finite or out of the world.
        """
        return distance_matrix(self, checked_points(points, "points"))

    def _new_search(self) -> Search:
        """Return a search with memory of its own, to be given the links and the coordinates of start and goal."""
        count = len(self.mesh.x)
        scratch = indexable(np.full(count, np.inf), np.full(count, np.inf), np.full(count, -1, np.int32))
        eye = tuple(new_eye(count, len(self.mesh.free)))
        known = (self.mesh.hint_grid, tuple(self.mesh.tables), scratch, eye)
        return partial(bound(route_between, *known, self._links, 0.0, 0.0, 0.0, 0.0), *known)

    def _blocked(self, outcome: int, ends: Points) -> Blocked:
        if outcome == START_BLOCKED:
            return explain_inside(BlockedReason.START_INSIDE, ends[0], self.obstacles, self.regions)
        if outcome == GOAL_BLOCKED:
            return explain_inside(BlockedReason.GOAL_INSIDE, ends[1], self.obstacles, self.regions)
        return explain_enclosure(ends, self.obstacles, self.regions)


def shortest_without_graph(
    obstacles: Sequence[Obstacle], clearance_m: float, start_xy: Point, goal_xy: Point
) -> Route | Blocked:
    """Return the shortest route for one pair of points, such as a replan around a zone that has just appeared.

    Computes only what this route needs to know of the visibility graph; the answer is the same.

    Raises:
        InputError: a polygon, the clearance or a point is broken.
    """
    return Environment.build(obstacles, clearance_m, with_graph=False).shortest(start_xy, goal_xy)


def _triangulated(merged: shapely.MultiPolygon) -> tuple[shapely.MultiPolygon, Rings, Triangulation]:
    """Return regions that touch nowhere, their rings and the triangulation."""
    while True:
        rings = rings_of(merged)
        try:
            return merged, rings, triangulate(rings)
        except TouchError as touch:
            merged = seal(merged, touch.points)
