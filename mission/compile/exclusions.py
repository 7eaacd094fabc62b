"""Fits the zones around a flight into few polygons of few vertices, outward only."""

from dataclasses import dataclass

import shapely

from mission.compile.corridor import Corridor
from mission.compile.joining import Joiner
from mission.compile.outward import OutwardRing, Vertices
from mission.errors import InvariantError

VERTICES_PER_EXCLUSION = 4
"""With fewer than this to spend on each polygon, polygons are joined first."""


SLIVER_M = 0.02
"""Details smaller than this are straightened: rounding vertices to 1e-7° (11 mm) would make them cross themselves.
Less than the pieces were grown by, so nothing restricted is let go."""


@dataclass(frozen=True, slots=True, eq=False)
class Exclusion:
    """One simple polygon, (n, 2) metres, not closed, and the zones that it holds at least partly."""

    zone_ids: tuple[str, ...]
    ring: Vertices


def fit_exclusions(pieces: dict[str, shapely.Geometry], corridor: Corridor, budget: int) -> list[Exclusion] | None:
    """Return polygons of `budget` vertices in all that cover all pieces and keep off the corridor, or None.

    Args:
        pieces: by zone id, polygons or multipolygons, metres, grown by more than `SLIVER_M`; none touches `corridor`.
        corridor: ground that no exclusion may touch.
        budget: vertices there are.
    """
    rings = [
        OutwardRing.of(_hull_where_free(part.simplify(SLIVER_M), corridor), corridor)
        for part in without_holes(shapely.union_all(list(pieces.values())), corridor)
    ]
    joiner = Joiner(corridor)
    while sum(len(ring) for ring in rings) > budget:
        crowded = len(rings) * VERTICES_PER_EXCLUSION > budget
        if not (crowded and joiner.join(rings)) and not _shrink(rings) and not joiner.join(rings):
            return None
    _check_covered(rings, pieces)
    return [_exclusion(ring, pieces) for ring in rings]


def without_holes(geometry: shapely.Geometry, corridor: Corridor) -> list[shapely.Polygon]:
    """Return polygons without holes that cover `geometry` and keep off the corridor.

    A hole is filled where the corridor allows; a ring of zones around the flight is cut in two.
    """
    done: list[shapely.Polygon] = []
    waiting = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    while waiting:
        part = waiting.pop()
        kept = [hole for hole in part.interiors if corridor.touches(shapely.Polygon(hole))]
        filled = shapely.Polygon(part.exterior, kept)
        if not kept:
            done.append(filled)
            continue
        west, south, east, north = filled.bounds
        middle = float(shapely.Polygon(kept[0]).centroid.y)
        for half in (shapely.box(west, south, east, middle), shapely.box(west, middle, east, north)):
            cut = shapely.get_parts(shapely.intersection(filled, half))
            waiting.extend(piece for piece in cut if piece.geom_type == "Polygon")
    return done


def _hull_where_free(polygon: shapely.Polygon, corridor: Corridor) -> shapely.Polygon:
    """Return the convex hull where the corridor allows it: it has fewer vertices, and is exact for circles."""
    hull = polygon.convex_hull
    return polygon if corridor.touches(hull) else hull


def _shrink(rings: list[OutwardRing]) -> bool:
    """Take away the vertex that costs least; return whether one could be."""
    return any(ring.shrink() for ring in sorted(rings, key=OutwardRing.cheapest_m2))


def _check_covered(rings: list[OutwardRing], pieces: dict[str, shapely.Geometry]) -> None:
    """Check that nothing restricted was let go; simplification that did would be a defect."""
    whole = shapely.union_all([ring.polygon for ring in rings]).buffer(SLIVER_M + 1e-6)
    for zone_id, piece in pieces.items():
        if not shapely.covers(whole, piece):
            raise InvariantError(f"simplifying the fence let go of part of zone {zone_id}")


def _exclusion(ring: OutwardRing, pieces: dict[str, shapely.Geometry]) -> Exclusion:
    polygon = ring.polygon
    held = tuple(zone_id for zone_id, piece in pieces.items() if shapely.intersects(polygon, piece))
    return Exclusion(held, ring.vertices)
