"""Joins neighbouring exclusion polygons into their common hull, where the flight's corridor allows it."""

import math
from dataclasses import dataclass, field

import numpy as np
import shapely

from mission.compile.corridor import Corridor
from mission.compile.outward import OutwardRing, Vertices

NEIGHBOURS = 8
"""Each polygon is tried with so many of those nearest to it, by their middles, before all pairs are."""


@dataclass(slots=True)
class _Pair:
    """Two rings as they were, their hull, and the area that it adds; inf = the corridor is in the way.

    The rings' arrays are kept so that their identities stay theirs.
    """

    first: Vertices
    second: Vertices
    hull: shapely.Polygon
    added_m2: float


@dataclass(slots=True)
class Joiner:
    """Finds the two rings that cost least to join, and remembers what it has found.

    Attributes:
        corridor: what a hull must not touch.
    """

    corridor: Corridor
    _pairs: dict[tuple[int, int], _Pair] = field(default_factory=dict)

    def join(self, rings: list[OutwardRing]) -> bool:
        """Replace the two rings whose common hull adds least area by that hull; return whether two could be."""
        for neighbours in (NEIGHBOURS, len(rings)):
            best = self._best(rings, neighbours)
            if best is not None:
                first, second, pair = best
                shapely.prepare(pair.hull)
                others = [ring for index, ring in enumerate(rings) if index not in {first, second}]
                # What the hull swallows whole needs no polygon of its own any more.
                rings[:] = [ring for ring in others if not pair.hull.covers(ring.polygon)]
                rings.append(OutwardRing.of(pair.hull, self.corridor))
                return True
        return False

    def _best(self, rings: list[OutwardRing], neighbours: int) -> tuple[int, int, _Pair] | None:
        found = [(a, b, self._pair(rings[a], rings[b])) for a, b in _candidates(rings, neighbours)]
        found.sort(key=lambda entry: entry[2].added_m2)
        for first, second, pair in found:
            if not math.isfinite(pair.added_m2):
                return None
            if not self.corridor.touches(pair.hull):
                return first, second, pair
            pair.added_m2 = math.inf
        return None

    def _pair(self, first: OutwardRing, second: OutwardRing) -> _Pair:
        key = (id(first.vertices), id(second.vertices))
        known = self._pairs.get(key)
        if known is None:
            hull = shapely.convex_hull(shapely.multipoints(np.vstack([first.vertices, second.vertices])))
            added_m2 = float(shapely.area(hull)) - first.area_m2 - second.area_m2
            known = self._pairs[key] = _Pair(first.vertices, second.vertices, hull, added_m2)
        return known


def _candidates(rings: list[OutwardRing], neighbours: int) -> list[tuple[int, int]]:
    """Pairs of each ring with its nearest, the lower index first, each once and in order."""
    middles = np.array([ring.vertices.mean(axis=0) for ring in rings])
    apart = np.hypot(*(middles[:, None, :] - middles[None, :, :]).transpose(2, 0, 1))
    nearest = np.argsort(apart, axis=1, kind="stable")[:, 1 : neighbours + 1]
    pairs = {(min(a, int(b)), max(a, int(b))) for a, row in enumerate(nearest) for b in row if a != b}
    return sorted(pairs)
