"""Simplifies polygons outward only: what was inside stays inside, and forbidden ground is never touched.

Two moves take one vertex away from a ring and add a triangle to its inside:

* a reflex vertex is cut off by the chord between its neighbours;
* an edge between two convex vertices is removed by extending the edges beside it until they meet.

The move that adds the least area comes first; a move whose triangle meets forbidden ground, or that would make the
ring cross itself, is not made.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

Point = tuple[float, float]

_MIN_OPENING = math.sin(math.radians(2.0))
"""Two edges are extended until they meet only if they meet at 2° or more: closer to parallel is too far away."""


@dataclass(frozen=True, slots=True)
class _Move:
    """Replace the vertices at `first` … `last` by `vertex` (None = by nothing)."""

    area_m2: float
    first: int
    last: int
    vertex: Point | None
    triangle: tuple[Point, Point, Point]


@dataclass(slots=True)
class OutwardRing:
    """A simple ring that loses one vertex at a time, outward.

    Attributes:
        vertices: counter-clockwise, not closed.
        forbidden: prepared geometry that the ring must not come to touch.
    """

    vertices: list[Point]
    forbidden: shapely.Geometry
    _moves: dict[int, _Move | None] = field(default_factory=dict)

    @classmethod
    def of(cls, polygon: shapely.Polygon, forbidden: shapely.Geometry) -> "OutwardRing":
        """Return the outer ring of `polygon`; its holes are inside."""
        oriented = shapely.orient_polygons(polygon)
        coordinates = shapely.get_coordinates(oriented.exterior)[:-1]
        return cls([(float(x), float(y)) for x, y in coordinates], forbidden)

    @property
    def polygon(self) -> shapely.Polygon:
        """The ring as it is now."""
        return shapely.Polygon(self.vertices)

    def cheapest_m2(self) -> float:
        """Return the area that the next move adds; inf where no move is left."""
        move = self._cheapest()
        return math.inf if move is None else move.area_m2

    def shrink(self) -> bool:
        """Make the cheapest possible move; return whether there was one."""
        while (move := self._cheapest()) is not None:
            vertices = self._after(move)
            if shapely.LinearRing(vertices).is_simple:
                self.vertices = vertices
                self._moves.clear()
                return True
            self._moves[move.first] = None
        return False

    def _cheapest(self) -> _Move | None:
        if len(self.vertices) <= 3:
            return None
        if not self._moves:
            self._find_moves()
        possible = [move for move in self._moves.values() if move is not None]
        return min(possible, key=lambda move: move.area_m2, default=None)

    def _find_moves(self) -> None:
        count = len(self.vertices)
        found = [self._move_at(index) for index in range(count)]
        moves = [move for move in found if move is not None]
        if moves:
            rings = np.array([[*move.triangle, move.triangle[0]] for move in moves])
            touches = shapely.intersects(self.forbidden, shapely.polygons(rings))
            blocked = {move.first for move, touch in zip(moves, touches, strict=True) if touch}
        else:
            blocked = set()
        self._moves = {index: None if index in blocked else move for index, move in enumerate(found)}

    def _move_at(self, index: int) -> _Move | None:
        """The move at vertex `index`: cut it off where it is reflex, else remove the edge that it begins."""
        count = len(self.vertices)
        before, here = self.vertices[index - 1], self.vertices[index]
        after, beyond = self.vertices[(index + 1) % count], self.vertices[(index + 2) % count]
        turn = _cross(before, here, after)
        if turn <= 0.0:
            return _Move(-0.5 * turn, index, index, None, (before, here, after))
        if _cross(here, after, beyond) <= 0.0:
            return None
        meeting = _meeting(before, here, beyond, after)
        if meeting is None:
            return None
        area_m2 = 0.5 * abs(_cross(here, meeting, after))
        return _Move(area_m2, index, (index + 1) % count, meeting, (here, meeting, after))

    def _after(self, move: _Move) -> list[Point]:
        gone = {move.first, move.last}
        kept: list[Point] = []
        for index, vertex in enumerate(self.vertices):
            if index == move.first and move.vertex is not None:
                kept.append(move.vertex)
            if index not in gone:
                kept.append(vertex)
        return kept


def _cross(origin: Point, first: Point, second: Point) -> float:
    """Twice the signed area of a triangle; positive = counter-clockwise."""
    return (first[0] - origin[0]) * (second[1] - origin[1]) - (first[1] - origin[1]) * (second[0] - origin[0])


def _meeting(before: Point, here: Point, beyond: Point, after: Point) -> Point | None:
    """Where the ray before → here, extended, meets the ray beyond → after, extended; None if it does not."""
    forward: NDArray[np.float64] = np.subtract(here, before)
    backward: NDArray[np.float64] = np.subtract(after, beyond)
    lengths = math.hypot(*forward) * math.hypot(*backward)
    opening = float(forward[1] * backward[0] - forward[0] * backward[1])
    if lengths == 0.0 or opening <= _MIN_OPENING * lengths:
        return None
    gap = np.subtract(after, here)
    along = float(gap[1] * backward[0] - gap[0] * backward[1]) / opening
    if along < 0.0:
        return None
    return (here[0] + along * float(forward[0]), here[1] + along * float(forward[1]))
