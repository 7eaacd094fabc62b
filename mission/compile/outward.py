"""Simplifies polygons outward only: what was inside stays inside, and a flight's corridor is never touched.

Two moves take one vertex away from a ring and add a triangle to its inside:

* a reflex vertex is cut off by the chord between its neighbours;
* an edge between two convex vertices is removed by extending the edges beside it until they meet.

The move that adds the least area comes first; a move whose triangle meets the corridor, or that would make the
ring cross itself, is not made.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from mission.compile.corridor import Corridor

Vertices = NDArray[np.float64]
"""(n, 2) metres."""

_MIN_OPENING = math.sin(math.radians(2.0))
"""Two edges are extended until they meet only if they meet at 2° or more: closer to parallel is too far away."""


@dataclass(slots=True)
class OutwardRing:
    """A simple ring that loses one vertex at a time, outward.

    Attributes:
        vertices: (n, 2), counter-clockwise, not closed.
        corridor: what the ring must not come to touch.
    """

    vertices: Vertices
    corridor: Corridor
    _moves: "_Moves | None" = field(default=None)

    @classmethod
    def of(cls, polygon: shapely.Polygon, corridor: Corridor) -> "OutwardRing":
        """Return the outer ring of `polygon`; its holes are inside."""
        oriented = shapely.orient_polygons(polygon)
        return cls(shapely.get_coordinates(oriented.exterior)[:-1], corridor)

    def __len__(self) -> int:
        return len(self.vertices)

    @property
    def polygon(self) -> shapely.Polygon:
        """The ring as it is now."""
        return shapely.Polygon(self.vertices)

    @property
    def area_m2(self) -> float:
        """The area of the ring as it is now."""
        return 0.5 * float(_cross(self.vertices, np.roll(self.vertices, -1, axis=0)).sum())

    def cheapest_m2(self) -> float:
        """Return the area that the next move adds; inf where no move is left."""
        index = self._cheapest()
        return math.inf if index is None else float(self._known_moves().area_m2[index])

    def shrink(self) -> bool:
        """Make the cheapest possible move; return whether there was one."""
        while (index := self._cheapest()) is not None:
            vertices = self._known_moves().made(self.vertices, index)
            if shapely.is_simple(shapely.linearrings(vertices)):
                self.vertices, self._moves = vertices, None
                return True
            self._known_moves().area_m2[index] = math.inf
        return False

    def _known_moves(self) -> "_Moves":
        if self._moves is None:
            self._moves = _Moves.of(self.vertices)
        return self._moves

    def _cheapest(self) -> int | None:
        """The cheapest move that keeps off the corridor."""
        if len(self.vertices) <= 3:
            return None
        moves = self._known_moves()
        while math.isfinite(moves.area_m2[index := int(np.argmin(moves.area_m2))]):
            if index in moves.free or not self.corridor.touches(shapely.Polygon(moves.triangle[index])):
                moves.free.add(index)
                return index
            moves.area_m2[index] = math.inf
        return None


@dataclass(slots=True)
class _Moves:
    """The moves of a ring, one for each vertex: cut it off where it is reflex, else remove the edge it begins.

    Attributes:
        area_m2: (n,) what each move adds; inf = not possible.
        triangle: (n, 3, 2) what each move adds.
        reflex: (n,) which kind of move it is.
        free: moves known to keep off the corridor.
    """

    area_m2: NDArray[np.float64]
    triangle: NDArray[np.float64]
    reflex: NDArray[np.bool_]
    free: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, here: Vertices) -> "_Moves":
        """Return the moves of a ring."""
        before, after, beyond = np.roll(here, 1, 0), np.roll(here, -1, 0), np.roll(here, -2, 0)
        forward, edge, backward = here - before, after - here, after - beyond
        turn = _cross(forward, edge)
        reflex = turn <= 0.0
        # The rays before → here and beyond → after, extended, meet at here + along · forward.
        opening = -_cross(forward, backward)
        lengths = np.hypot(*forward.T) * np.hypot(*backward.T)
        meets = ~reflex & (_cross(edge, -backward) > 0.0) & (opening > _MIN_OPENING * lengths)
        along = np.divide(-_cross(edge, backward), opening, out=np.zeros(len(here)), where=meets)
        meeting = here + along[:, None] * forward
        chord = np.stack([before, here, after], axis=1)
        peak = np.stack([here, meeting, after], axis=1)
        area_m2 = np.where(reflex, -0.5 * turn, 0.5 * np.abs(_cross(meeting - here, edge)))
        possible = reflex | (meets & (along >= 0.0))
        return cls(np.where(possible, area_m2, math.inf), np.where(reflex[:, None, None], chord, peak), reflex)

    def made(self, vertices: Vertices, index: int) -> Vertices:
        """Return the ring after move `index`."""
        if self.reflex[index]:
            return np.delete(vertices, index, axis=0)
        changed = vertices.copy()
        changed[index] = self.triangle[index, 1]
        return np.delete(changed, (index + 1) % len(vertices), axis=0)


def _cross(first: Vertices, second: Vertices) -> NDArray[np.float64]:
    """Z component of the cross products of two arrays of plane vectors."""
    product: NDArray[np.float64] = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return product
