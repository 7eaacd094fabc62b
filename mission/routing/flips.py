"""Put missing edges into a triangulation by flipping diagonals, with exact orientations.

S. W. Sloan, "A fast algorithm for generating constrained Delaunay triangulations", Computers & Structures 47
(1993): flip the diagonals that cross the wanted edge, wherever the two triangles form a strictly convex
quadrilateral, until none crosses it.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from mission.errors import InvariantError

Ints = NDArray[np.int64]


class TouchError(Exception):
    """Vertices lie on edges that do not end in them: the regions touch there.

    Attributes:
        points: (k, 2) those vertices.
    """

    def __init__(self, points: NDArray[np.float64]) -> None:
        super().__init__(f"regions touch at {points.tolist()}")
        self.points = points


def insert_edges(points: NDArray[np.float64], origin: Ints, mate: Ints, start: Ints, end: Ints) -> None:
    """Change `origin` and `mate` in place until every edge start[i]-end[i] is in the triangulation.

    Raises:
        TouchError: some wanted edges pass through other vertices; nothing may be made of the arrays then.
    """
    flipper = _Flipper(points, origin, mate)
    touching = [
        vertex
        for a, b in zip(start.tolist(), end.tolist(), strict=True)
        if (vertex := flipper.insert(a, b)) is not None
    ]
    if touching:
        raise TouchError(np.unique(points[touching], axis=0))


class _Flipper:
    def __init__(self, points: NDArray[np.float64], origin: Ints, mate: Ints) -> None:
        self.points = points
        self.origin = origin
        self.mate = mate
        self.leaving = np.empty(len(points), dtype=np.int64)
        self.leaving[origin] = np.arange(len(origin))

    def insert(self, a: int, b: int) -> int | None:
        """Make a-b an edge; or return a vertex that lies between a and b."""
        crossing = self._crossings(a, b)
        if isinstance(crossing, int):
            return crossing
        budget = 1000 + 50 * len(crossing) ** 2
        while crossing:
            budget -= 1
            if budget < 0:
                raise InvariantError(f"edge {self.points[a]} - {self.points[b]} could not be inserted")
            u, v = crossing.popleft()
            half_edge = self._find(u, v)
            c, d = self._apex(half_edge), self._apex(int(self.mate[half_edge]))
            if self._side(c, d, u) * self._side(c, d, v) >= 0.0:
                crossing.append((u, v))  # not strictly convex yet; other flips will make it so
                continue
            self._flip(half_edge)
            if a not in (c, d) and b not in (c, d) and self._side(a, b, c) * self._side(a, b, d) < 0.0:
                crossing.append((c, d))
        return None

    def _side(self, a: int, b: int, c: int) -> float:
        """Twice the signed area of a, b, c: exact on the grid."""
        (ax, ay), (bx, by), (cx, cy) = self.points[a], self.points[b], self.points[c]
        return float((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))

    def _apex(self, half_edge: int) -> int:
        return int(self.origin[_before(half_edge)])

    def _find(self, u: int, v: int) -> int:
        for half_edge in self._around(u):
            if self.origin[_after(half_edge)] == v:
                return half_edge
        raise InvariantError(f"no edge between vertices {u} and {v}")

    def _around(self, vertex: int) -> list[int]:
        """All half-edges that leave a vertex inside the square, counter-clockwise."""
        first = int(self.leaving[vertex])
        found = [first]
        while (half_edge := int(self.mate[_before(found[-1])])) != first:
            found.append(half_edge)
        return found

    def _crossings(self, a: int, b: int) -> deque[tuple[int, int]] | int:
        """Edges that cross a-b, in order from a; or a vertex on it."""
        crossing: deque[tuple[int, int]] = deque()
        for half_edge in self._around(a):
            right, left = int(self.origin[_after(half_edge)]), int(self.origin[_before(half_edge)])
            if b in (right, left):
                return crossing
            side_right, side_left = self._side(a, b, right), self._side(a, b, left)
            if side_right == 0.0 and self._ahead(a, b, right):
                return right
            if side_right < 0.0 < side_left:
                break
        else:
            raise InvariantError(f"no triangle at vertex {a} faces vertex {b}")
        edge = _after(half_edge)
        while True:
            crossing.append((int(self.origin[edge]), int(self.origin[_after(edge)])))
            entered = int(self.mate[edge])
            apex = self._apex(entered)
            if apex == b:
                return crossing
            side = self._side(a, b, apex)
            if side == 0.0:
                return apex
            edge = _after(entered) if side > 0.0 else _before(entered)

    def _ahead(self, a: int, b: int, c: int) -> bool:
        return float((self.points[b] - self.points[a]) @ (self.points[c] - self.points[a])) > 0.0

    def _flip(self, half_edge: int) -> None:
        """Replace the diagonal a-b of the quadrilateral a, d, b, c by d-c."""
        other = int(self.mate[half_edge])
        a, b = int(self.origin[half_edge]), int(self.origin[other])
        c, d = self._apex(half_edge), self._apex(other)
        a_d, d_b = int(self.mate[_after(other)]), int(self.mate[_before(other)])
        b_c, c_a = int(self.mate[_after(half_edge)]), int(self.mate[_before(half_edge)])
        first, second = 3 * (half_edge // 3), 3 * (other // 3)
        self.origin[first : first + 3] = a, d, c
        self.origin[second : second + 3] = d, b, c
        self._join(first, a_d)
        self._join(first + 1, second + 2)
        self._join(first + 2, c_a)
        self._join(second, d_b)
        self._join(second + 1, b_c)
        self.leaving[[a, d, c, b]] = first, first + 1, first + 2, second + 1

    def _join(self, one: int, other: int) -> None:
        self.mate[one] = other
        if other >= 0:
            self.mate[other] = one


def _after(half_edge: int) -> int:
    return half_edge - 2 if half_edge % 3 == 2 else half_edge + 1


def _before(half_edge: int) -> int:
    return half_edge + 2 if half_edge % 3 == 0 else half_edge - 1
