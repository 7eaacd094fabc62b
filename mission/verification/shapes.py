"""Shapes on the ellipsoid and how far pieces of a path are from them.

An edge of a polygon is the straight line in longitude and latitude between its vertices (RFC 7946 §3.1.1,
which ED-269 and ED-318 inherit; PX4's own fence test does the same). Edges are subdivided until that line and a
straight one in the tangent plane differ by at most `EDGE_SAG_M`.

Error of a measured clearance: 2 × `EDGE_SAG_M` + d³/6R² (always towards too near) for a distance d; circles
are exact, by the geodesic to their centre.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mission.model.airspace import CircleFootprint, Footprint
from mission.verification.ellipsoid import (
    SEMI_MAJOR_M,
    BoolArray,
    FloatArray,
    IntArray,
    Pieces,
    earth_centred_m,
    geodesic_m,
)

EDGE_SAG_M = 0.002
SHORTEST_EDGE_M = 20.0
HIGHEST_LATITUDE_DEG = 85.0
"""Towards the poles straight lines in longitude and latitude mean little: such a shape is taken as everywhere."""
WIDEST_DEG = 170.0
HORIZON_M = 2_000_000.0
"""Edges beyond it are left out: a tangent plane folds over there."""
SLACK_M = 1.0
SHORTEST_M2 = 1e-12
"""A segment shorter than a micrometre is a point."""
DEPTH_SAMPLES = 9
"""Points of a piece at which the depth inside a shape is measured: every 25 m."""


Flat = tuple[FloatArray, FloatArray]
"""East and north in tangent planes, metres."""


class Shape(Protocol):
    """A shape in a bounding ball, and the clearance of pieces from it."""

    centre_m: FloatArray
    radius_m: float

    def clearance(self, pieces: Pieces, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the clearance of the pieces `which` and the share of the piece at which it is least.

        Returns:
            (k,) metres, negative inside the shape, at most 0 where the piece touches it; (k,) shares 0..1.
        """
        ...


class Everywhere:
    """A shape that is not understood: it is taken to cover the Earth."""

    def __init__(self) -> None:
        self.centre_m = np.zeros(3)
        self.radius_m = math.inf

    def clearance(self, pieces: Pieces, which: IntArray) -> tuple[FloatArray, FloatArray]:  # noqa: ARG002
        """Every piece is inside."""
        return np.full(len(which), -np.inf), np.zeros(len(which))


class Circle:
    """A geodesic circle."""

    def __init__(self, latitude_deg: float, longitude_deg: float, circle_radius_m: float) -> None:
        self.latitude_deg = latitude_deg
        self.longitude_deg = longitude_deg
        self.circle_radius_m = circle_radius_m
        self.centre_m = earth_centred_m(np.array([latitude_deg]), np.array([longitude_deg]))[0]
        # A chord is never longer than its arc, so the ball of this radius is a valid lower bound.
        self.radius_m = circle_radius_m + SLACK_M

    def clearance(self, pieces: Pieces, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """Distance of the centre from the nearest point of each piece, less the radius."""
        start, end = pieces.start_m[which], pieces.end_m[which]
        along = end - start
        length2 = np.einsum("ij,ij->i", along, along)
        share = np.einsum("ij,ij->i", self.centre_m - start, along) / np.where(length2 > 0.0, length2, 1.0)
        share = np.clip(share, 0.0, 1.0)
        nearest = Pieces(pieces.start_deg[which], pieces.end_deg[which]).at(share)
        away = geodesic_m(nearest[:, 0], nearest[:, 1], self.latitude_deg, self.longitude_deg)
        return away - self.circle_radius_m, share

    def contains(self, place_deg: FloatArray) -> BoolArray:
        """Whether (n, 2) latitude, longitude lie inside or on the circle."""
        away = geodesic_m(place_deg[:, 0], place_deg[:, 1], self.latitude_deg, self.longitude_deg)
        inside: BoolArray = away <= self.circle_radius_m
        return inside


class Ring:
    """A polygon of (n, 2) latitude, longitude vertices, not closed, unwrapped across the antimeridian."""

    def __init__(self, vertices_deg: FloatArray) -> None:
        self.vertices_deg = vertices_deg
        self._following_deg = np.roll(vertices_deg, -1, axis=0)
        self.middle_longitude_deg = float(vertices_deg[:, 1].min() + vertices_deg[:, 1].max()) / 2.0
        edge_from, edge_to = _subdivided(vertices_deg)
        self._from_m, self._to_m = edge_from, edge_to
        self.centre_m = edge_from.mean(axis=0)
        reach = float(np.sqrt(((edge_from - self.centre_m) ** 2).sum(axis=1).max()))
        self.radius_m = reach * 1.001 + SLACK_M

    def contains(self, place_deg: FloatArray) -> BoolArray:
        """Whether (n, 2) latitude, longitude lie inside, by a winding number other than zero."""
        lon = place_deg[:, 1]
        lon = lon + 360.0 * np.round((self.middle_longitude_deg - lon) / 360.0)
        lat = place_deg[:, 0][:, None]
        y0, x0 = self.vertices_deg[:, 0], self.vertices_deg[:, 1]
        y1 = self._following_deg[:, 0]
        width, height = self._following_deg[:, 1] - x0, y1 - y0
        left = width * (lat - y0) - (lon[:, None] - x0) * height
        from_below, to_above = y0 <= lat, y1 > lat
        turns = (from_below & to_above & (left > 0.0)).sum(axis=1) - (~from_below & ~to_above & (left < 0.0)).sum(
            axis=1
        )
        inside: BoolArray = turns != 0
        return inside

    def boundary(self, pieces: Pieces, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the distance of the pieces `which` from the boundary and the share where it is least."""
        near = self._near(pieces.start_m[which[0]])
        if not near.any():
            return np.full(len(which), HORIZON_M), np.zeros(len(which))
        planes = Planes(*(part[which] for part in pieces.plane))
        return _nearest(
            planes.each(pieces.start_m[which]),
            planes.each(pieces.end_m[which]),
            planes.every(self._from_m[near]),
            planes.every(self._to_m[near]),
        )

    def _near(self, place_m: FloatArray) -> BoolArray:
        """Whether each edge is on this side of the Earth."""
        near: BoolArray = ((self._from_m - place_m) ** 2).sum(axis=1) < HORIZON_M**2
        return near

    def clearance(self, pieces: Pieces, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """Distance from the boundary; where a piece goes inside, minus its greatest depth."""
        distance, share = self.boundary(pieces, which)
        touches = (distance <= 0.0) | self.contains(pieces.start_deg[which]) | self.contains(pieces.end_deg[which])
        inside = np.flatnonzero(touches)
        if len(inside):
            distance[inside], share[inside] = self._depth(pieces, which[inside])
        return distance, share

    def _depth(self, pieces: Pieces, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return minus the greatest depth among samples along each piece, and where it is."""
        shares = np.tile(np.linspace(0.0, 1.0, DEPTH_SAMPLES), len(which))
        repeated = np.repeat(which, DEPTH_SAMPLES)
        places = Pieces(pieces.start_deg[repeated], pieces.end_deg[repeated]).at(shares)
        depth = self._away_m(Pieces(places, places))
        depth = np.where(self.contains(places), depth, 0.0).reshape(-1, DEPTH_SAMPLES)
        deepest = depth.argmax(axis=1)
        return -depth[np.arange(len(which)), deepest], shares[deepest]

    def _away_m(self, points: Pieces) -> FloatArray:
        """Return the distance of points from the boundary."""
        near = self._near(points.start_m[0])
        if not near.any():
            return np.full(len(points), HORIZON_M)
        planes = Planes(*points.plane)
        away2, _ = _to_segment(
            planes.each(points.start_m), planes.every(self._from_m[near]), planes.every(self._to_m[near])
        )
        distance: FloatArray = np.sqrt(away2.min(axis=1))
        return distance


def shape_of(footprint: Footprint) -> Shape:
    """Return the shape of a zone's footprint; one that is not understood covers everything."""
    if isinstance(footprint, CircleFootprint):
        center = footprint.center
        return Circle(center.latitude_deg, center.longitude_deg, footprint.radius_m)
    return ring_of(np.array([(point.latitude_deg, point.longitude_deg) for point in footprint.ring]))


def ring_of(vertices_deg: FloatArray) -> Ring | Everywhere:
    """Return the polygon of (n, 2) vertices, or `Everywhere` for one around or near a pole, or very wide."""
    longitude = vertices_deg[:, 1]
    step = (np.diff(longitude, append=longitude[:1]) + 180.0) % 360.0 - 180.0
    around_a_pole = abs(float(step.sum())) > 180.0
    unwrapped = longitude[0] + np.concatenate([[0.0], np.cumsum(step[:-1])])
    too_wide = float(np.ptp(unwrapped)) > WIDEST_DEG
    near_a_pole = float(np.abs(vertices_deg[:, 0]).max()) > HIGHEST_LATITUDE_DEG
    if around_a_pole or too_wide or near_a_pole:
        return Everywhere()
    return Ring(np.column_stack([vertices_deg[:, 0], unwrapped]))


def _subdivided(vertices_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the ends of short straight edges, Earth-centred (m, 3) each."""
    following = np.roll(vertices_deg, -1, axis=0)
    highest = np.radians(np.maximum(np.abs(vertices_deg[:, 0]), np.abs(following[:, 0])))
    # A parallel of latitude bends away from a straight line by L² tan(latitude) / 8R; so, less, do other lines.
    longest_m = np.sqrt(8.0 * SEMI_MAJOR_M * EDGE_SAG_M / np.maximum(np.tan(highest), 0.1))
    longest_m = np.maximum(longest_m, SHORTEST_EDGE_M)
    chord_m = np.sqrt(
        (
            (
                earth_centred_m(vertices_deg[:, 0], vertices_deg[:, 1])
                - earth_centred_m(following[:, 0], following[:, 1])
            )
            ** 2
        ).sum(axis=1)
    )
    count = np.maximum(1, np.ceil(1.01 * chord_m / longest_m)).astype(np.int64)
    edge = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    share = (step / count[edge])[:, None]
    places = vertices_deg[edge] + (following[edge] - vertices_deg[edge]) * share
    start = earth_centred_m(places[:, 0], places[:, 1])
    return start, np.roll(start, -1, axis=0)


@dataclass(frozen=True, slots=True)
class Planes:
    """k tangent planes: origin, east and north, (k, 3) each, Earth-centred."""

    origin: FloatArray
    east: FloatArray
    north: FloatArray

    def each(self, point_m: FloatArray) -> Flat:
        """Return one point (k, 3) for each plane, as x and y (k, 1)."""
        away = point_m - self.origin
        return (
            np.einsum("ij,ij->i", away, self.east)[:, None],
            np.einsum("ij,ij->i", away, self.north)[:, None],
        )

    def every(self, points_m: FloatArray) -> Flat:
        """Return all points (e, 3) in every plane, as x and y (k, e)."""
        # Seen from the first origin, so that the products lose nothing to the Earth's radius.
        base = self.origin[0]
        seen, origin = (points_m - base).T, self.origin - base
        return (
            self.east @ seen - np.einsum("ij,ij->i", origin, self.east)[:, None],
            self.north @ seen - np.einsum("ij,ij->i", origin, self.north)[:, None],
        )


def _nearest(a: Flat, b: Flat, c: Flat, d: Flat) -> tuple[FloatArray, FloatArray]:
    """Return the least distance of segment a-b (k, 1) to segments c-d (k, e), and where along a-b: (k,) each.

    Two segments that do not cross are nearest at an end of one of them; d is the c of another edge, as the
    edges make a ring (an edge left out beyond the horizon is near nothing).
    """
    rows = np.arange(len(a[0]))
    crossing, crossing_share = _crossing(a, b, c, d)
    from_a, _ = _to_segment(a, c, d)
    from_b, _ = _to_segment(b, c, d)
    from_c, share = _to_segment(c, a, b)
    least = np.where(crossing, 0.0, np.minimum(np.minimum(from_a, from_b), from_c))
    edge = least.argmin(axis=1)
    least, crossing = least[rows, edge], crossing[rows, edge]
    where = np.where(from_a[rows, edge] <= least, 0.0, np.where(from_b[rows, edge] <= least, 1.0, share[rows, edge]))
    return np.sqrt(least), np.where(crossing, crossing_share[rows, edge], where)


def _to_segment(point: Flat, start: Flat, end: Flat) -> tuple[FloatArray, FloatArray]:
    """Return squared distance from points to segments, and the share of the segment nearest to them."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    away_x, away_y = point[0] - start[0], point[1] - start[1]
    length2 = along_x * along_x + along_y * along_y
    share = (away_x * along_x + away_y * along_y) / np.maximum(length2, SHORTEST_M2)
    share = np.minimum(np.maximum(share, 0.0), 1.0)
    gap_x, gap_y = away_x - along_x * share, away_y - along_y * share
    return gap_x * gap_x + gap_y * gap_y, share


def _crossing(a: Flat, b: Flat, c: Flat, d: Flat) -> tuple[BoolArray, FloatArray]:
    """Return whether the segments a-b and c-d cross, and at which share of a-b."""
    along_x, along_y = b[0] - a[0], b[1] - a[1]
    edge_x, edge_y = d[0] - c[0], d[1] - c[1]
    away_x, away_y = c[0] - a[0], c[1] - a[1]
    area = along_x * edge_y - along_y * edge_x
    parallel = area == 0.0
    inverse = 1.0 / np.where(parallel, np.inf, area)
    share = (away_x * edge_y - away_y * edge_x) * inverse
    edge_share = (away_x * along_y - away_y * along_x) * inverse
    crosses: BoolArray = ~parallel & (share >= 0.0) & (share <= 1.0) & (edge_share >= 0.0) & (edge_share <= 1.0)
    return crosses, share
