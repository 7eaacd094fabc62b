"""Shapes on the ellipsoid and how far pieces of a path are from them.

An edge of a polygon is the straight line in longitude and latitude between its vertices (RFC 7946 §3.1.1,
which ED-269 and ED-318 inherit; PX4's own fence test does the same). Edges are subdivided until that line and a
straight one in the tangent plane differ by at most `EDGE_SAG_M`.

Error of a measured clearance: 2 × `EDGE_SAG_M` + d³/6R² (always towards too near) for a distance d; circles
are exact, by the geodesic to their centre.
"""

import math
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
DEPTH_SAMPLES = 9
"""Points of a piece at which the depth inside a shape is measured: every 25 m."""


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
        x = lon[:, None]
        y0, x0 = self.vertices_deg[:, 0], self.vertices_deg[:, 1]
        y1, x1 = np.roll(y0, -1), np.roll(x0, -1)
        left = (x1 - x0) * (lat - y0) - (x - x0) * (y1 - y0)
        up = (y0 <= lat) & (lat < y1) & (left > 0.0)
        down = (y1 <= lat) & (lat < y0) & (left < 0.0)
        inside: BoolArray = up.sum(axis=1) != down.sum(axis=1)
        return inside

    def boundary(self, pieces: Pieces, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the distance of the pieces `which` from the boundary and the share where it is least."""
        middle = 0.5 * (pieces.start_m[which].mean(axis=0) + pieces.end_m[which].mean(axis=0))
        near = ((self._from_m - middle) ** 2).sum(axis=1) < HORIZON_M**2
        if not near.any():
            return np.full(len(which), HORIZON_M), np.zeros(len(which))
        origin, east, north = (part[which] for part in pieces.plane)
        return _nearest(
            _in_plane(pieces.start_m[which], origin, east, north),
            _in_plane(pieces.end_m[which], origin, east, north),
            _all_in_plane(self._from_m[near], origin, east, north),
            _all_in_plane(self._to_m[near], origin, east, north),
        )

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
        depth, _ = self.boundary(Pieces(places, places), np.arange(len(places)))
        depth = np.where(self.contains(places), depth, 0.0).reshape(-1, DEPTH_SAMPLES)
        deepest = depth.argmax(axis=1)
        return -depth[np.arange(len(which)), deepest], shares[deepest]


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


def _in_plane(point_m: FloatArray, origin: FloatArray, east: FloatArray, north: FloatArray) -> FloatArray:
    """Return (k, 1, 2): one point for each plane."""
    away = point_m - origin
    return np.stack([(away * east).sum(axis=1), (away * north).sum(axis=1)], axis=-1)[:, None, :]


def _all_in_plane(points_m: FloatArray, origin: FloatArray, east: FloatArray, north: FloatArray) -> FloatArray:
    """Return (k, e, 2): all points in each plane."""
    x = east @ points_m.T - (origin * east).sum(axis=1)[:, None]
    y = north @ points_m.T - (origin * north).sum(axis=1)[:, None]
    return np.stack([x, y], axis=-1)


def _nearest(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the least distance of segment a-b (k, 1, 2) to segments c-d (k, e, 2), and where along a-b."""
    candidates = [
        (_to_segment(a, c, d)[0], np.zeros(c.shape[:2])),
        (_to_segment(b, c, d)[0], np.ones(c.shape[:2])),
        _to_segment(c, a, b),
    ]
    distance = np.stack([found[0] for found in candidates])
    share = np.stack([found[1] for found in candidates])
    choice = distance.argmin(axis=0)[None]
    least = np.take_along_axis(distance, choice, axis=0)[0]
    where = np.take_along_axis(share, choice, axis=0)[0]
    crossing, crossing_share = _crossing(a, b, c, d)
    least = np.where(crossing, 0.0, least)
    where = np.where(crossing, crossing_share, where)
    edge = least.argmin(axis=1)[:, None]
    return np.take_along_axis(least, edge, axis=1)[:, 0], np.take_along_axis(where, edge, axis=1)[:, 0]


def _to_segment(point: FloatArray, start: FloatArray, end: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return distance from points to segments and the share of the segment nearest to them."""
    along, away = end - start, point - start
    length2 = (along * along).sum(axis=-1)
    share = np.clip((away * along).sum(axis=-1) / np.where(length2 > 0.0, length2, 1.0), 0.0, 1.0)
    gap = away - along * share[..., None]
    return np.hypot(gap[..., 0], gap[..., 1]), share


def _crossing(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Return whether the segments a-b and c-d cross, and at which share of a-b."""
    along, edge, away = b - a, d - c, c - a
    area = along[..., 0] * edge[..., 1] - along[..., 1] * edge[..., 0]
    safe = np.where(area == 0.0, 1.0, area)
    share = (away[..., 0] * edge[..., 1] - away[..., 1] * edge[..., 0]) / safe
    edge_share = (away[..., 0] * along[..., 1] - away[..., 1] * along[..., 0]) / safe
    crosses: BoolArray = (area != 0.0) & (share >= 0.0) & (share <= 1.0) & (edge_share >= 0.0) & (edge_share <= 1.0)
    return crosses, np.clip(share, 0.0, 1.0)
