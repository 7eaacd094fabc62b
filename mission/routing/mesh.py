"""The free space as triangles, in the form that the searches walk over.

The same numbers are held twice: as NumPy arrays for work on whole batches, and as `Tables` for the scalar loops of
`mission.routing.kernels`, which are arrays where those loops are compiled and memoryviews (three times faster to
index from interpreted code) where they are not.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mission.routing.freespace import Rings
from mission.routing.jit import indexable
from mission.routing.kernels import BACK_EAST, BACK_NORTH, EAST, NORTH, ON_EAST, ON_NORTH, Tables
from mission.routing.triangulation import Triangulation

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles of the plane square, those of the free space connected by the edges a route may cross.

    A half-edge is *entered* when a route crosses it into its triangle. A vertex is a *corner* where a shortest
    route may bend: where the region is convex, its inner angle strictly below 180 degrees.

    Attributes:
        x, y: (n,) vertices in metres.
        origin: (3t,) vertex where each half-edge starts.
        mate: (3t,) same edge in the next triangle, -1 on the outer square.
        free: (t,) whether the triangle is free space.
        component: (t,) number of the connected part of free space, -1 in regions.
        opening: (3t,) `mate` where both triangles are free, otherwise -1.
        apex: (3t,) vertex opposite to the half-edge.
        right, left: (3t,) half-edge entered next, having entered this one, through the side right or left of
            the apex; -1 where that side is a wall.
        corner: (n,) whether the vertex is a corner.
        following, preceding: (n,) neighbours on the region's boundary (region on the left), -1 off it.
        first_fan, last_fan: (n,) half-edges vertex → preceding and following → vertex, in free triangles: the
            free space around a corner lies counter-clockwise from the first to the last.
    """

    x: Floats
    y: Floats
    origin: Ints
    mate: Ints
    free: NDArray[np.bool_]
    component: Ints
    opening: Ints
    apex: Ints
    right: Ints
    left: Ints
    corner: NDArray[np.bool_]
    following: Ints
    preceding: Ints
    first_fan: Ints
    last_fan: Ints
    hints: Ints
    hint_grid: tuple[float, float, float, int]
    tables: Tables[Any]

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        arrays = [getattr(self, name) for name in self.__slots__]
        rows = (self.tables.vertex, self.tables.ring, self.tables.edge, self.tables.across)
        return sum(array.nbytes for array in (*arrays, *rows) if isinstance(array, np.ndarray | memoryview))


def build_mesh(triangulation: Triangulation, rings: Rings) -> Mesh:
    """Return the mesh of a triangulation whose `walls` bound the regions."""
    origin, mate, walls = triangulation.origin, triangulation.mate, triangulation.walls
    x, y = np.ascontiguousarray(triangulation.points[:, 0]), np.ascontiguousarray(triangulation.points[:, 1])
    free, component = _components(mate, walls)
    mate_free = np.where(mate >= 0, free[mate // 3], False)
    opening = np.where(mate_free & np.repeat(free, 3), mate, -1)
    by_triangle = opening.reshape(-1, 3)
    right = by_triangle[:, [1, 2, 0]].reshape(-1)
    left = by_triangle[:, [2, 0, 1]].reshape(-1)
    apex = origin.reshape(-1, 3)[:, [2, 0, 1]].reshape(-1)

    following, preceding, first_fan, last_fan = (np.full(len(x), -1, dtype=np.int64) for _ in range(4))
    ring_count = len(rings.points)
    following[:ring_count], preceding[:ring_count] = rings.following, rings.preceding
    # walls[v] runs v → following with the region on its left: its mate runs following → v in free space.
    last_fan[:ring_count] = mate[walls]
    first_fan[:ring_count] = mate[walls[rings.preceding]] if ring_count else []
    a, b, c = rings.points[rings.preceding], rings.points, rings.points[rings.following]
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - b[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - b[:, 0])
    corner = np.zeros(len(x), dtype=bool)
    corner[:ring_count] = turn > 0.0

    hints, hint_grid = _hints(x, y, origin)
    wide = {
        "origin": origin, "mate": mate, "component": component, "opening": opening, "apex": apex, "right": right,
        "left": left, "following": following, "preceding": preceding, "first_fan": first_fan, "last_fan": last_fan,
    }  # fmt: skip
    arrays = {name: array.astype(np.int32) for name, array in wide.items()}
    tables = _tables(x, y, corner, hints, arrays)
    return Mesh(x=x, y=y, free=free, corner=corner, hints=hints, hint_grid=hint_grid, tables=tables, **arrays)


def _components(mate: NDArray[np.int64], walls: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return (free, component) of each triangle: parts of the plane between walls, regions left of them."""
    count = len(mate) // 3
    passable = mate >= 0
    passable[walls] = False
    passable[mate[walls]] = False
    across = np.flatnonzero(passable)
    links = coo_array((np.ones(len(across), np.int8), (across // 3, mate[across] // 3)), shape=(count, count))
    parts, label = connected_components(links, directed=False)
    is_region = np.zeros(parts, dtype=bool)
    is_region[label[walls // 3]] = True
    free = ~is_region[label]
    return free, np.where(free, label, -1)


def _hints(x: Floats, y: Floats, origin: NDArray[np.int64]) -> tuple[Ints, tuple[float, float, float, int]]:
    """Return for each cell of a grid a triangle near it, from which a walk to a point is short."""
    inner = slice(0, len(x) - 4)
    low_x, low_y = float(x[inner].min()), float(y[inner].min())
    size = max(float(x[inner].max()) - low_x, float(y[inner].max()) - low_y)
    across = int(np.clip(np.sqrt(len(origin) / 3), 1, 512))
    corners = origin.reshape(-1, 3)
    column = np.clip((x[corners].mean(axis=1) - low_x) / size * across, 0, across - 1).astype(np.int64)
    row = np.clip((y[corners].mean(axis=1) - low_y) / size * across, 0, across - 1).astype(np.int64)
    cells = np.full(across * across, -1, dtype=np.int64)
    cells[row * across + column] = np.arange(len(corners))
    filled = np.flatnonzero(cells >= 0)
    # An empty cell takes the hint of the last filled one before it in its row, or any.
    place = np.maximum(np.searchsorted(filled, np.arange(len(cells)), side="right") - 1, 0)
    return cells[filled[place]].astype(np.int32), (low_x, low_y, across / size, across)


def _tables(x: Floats, y: Floats, corner: NDArray[np.bool_], hints: Ints, arrays: dict[str, Ints]) -> Tables[Any]:
    following, preceding = arrays["following"], arrays["preceding"]
    on_ring = following >= 0
    vertex = np.zeros((len(x), 6))
    vertex[:, EAST], vertex[:, NORTH] = x, y
    for neighbour, east, north in ((preceding, BACK_EAST, BACK_NORTH), (following, ON_EAST, ON_NORTH)):
        vertex[on_ring, east] = x[neighbour[on_ring]] - x[on_ring]
        vertex[on_ring, north] = y[neighbour[on_ring]] - y[on_ring]
    ring = np.column_stack([following, preceding, arrays["first_fan"], arrays["last_fan"]])
    edge = np.column_stack([arrays["apex"], arrays["right"], arrays["left"], arrays["origin"]])
    across = np.column_stack([arrays["mate"], arrays["opening"]])
    return Tables(*indexable(vertex, corner, ring, edge, across, arrays["component"], hints))
