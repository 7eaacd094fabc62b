"""Whether the fence keeps the vehicle out of the zones that it could reach when it leaves its path.

A zone is **in reach** when some of it lies inside the inclusions, where the autopilot lets the vehicle go by itself,
and it binds, somewhere on the flight's level legs and at some time between take-off and the latest landing, the
heights that are flown there. All of it that lies inside the inclusions must then lie in exclusions.

Three kinds of zones are not in reach. Those that bind only below or above level flight: the fence has no heights,
and would close the column over them. Those that bind at no time of the flight. And those that the flight itself
passes closer than the verified clearance, over, under or outside of their hours: a fence that held them would stop
it (where they bind there and then, `ZONE_ENTERED` or `ZONE_CLEARANCE` says so).

Everything is judged in degrees, scaled to metres at home: PX4 tests fences in degrees, and zones' edges are straight
in degrees as well (RFC 7946 §3.1.1), so no edge is bent by a projection here.
"""

import math

import numpy as np
import shapely

from mission.model.geo import GeoPoint
from mission.model.verdict import Finding, Severity
from mission.policy import Policy
from mission.verification.ellipsoid import FloatArray, Pieces, geodesic_circle_deg
from mission.verification.fence import Fence
from mission.verification.heights import Heights
from mission.verification.path import FlownPath
from mission.verification.rules import RuleCode, broken
from mission.verification.shapes import Circle, Ring, Shape
from mission.verification.zones import PreparedZones

GAP_M = 0.25
"""Strips of open zone up to twice as wide are rounding: fence vertices are whole 1e-7° (11 mm), and circles are drawn
as polygons (`CIRCLE_SAG_M`)."""
CIRCLE_SAG_M = 0.05
MOST_CIRCLE_VERTICES = 2048
DEGREE_M = 111_320.0
"""One degree of longitude at the equator. The scale of the plane matters for `GAP_M` and the areas named only."""


def check_fence_cover(
    fence: Fence,
    *,
    home: GeoPoint,
    path: FlownPath,
    heights: Heights,
    zones: PreparedZones,
    policy: Policy,
    airborne: bool,
) -> list[Finding]:
    """Return one finding for each zone in reach (see above) that the fence leaves open.

    Args:
        fence: well formed. Without inclusions everything is in reach: that is `FENCE_MISSING`'s business.
        home: origin of the plane that is judged in.
        path: the flight.
        heights: of that path.
        zones: every zone known.
        policy: authorisations and margins.
        airborne: a diversion takes the best fence there is; what it leaves open is then a warning.
    """
    if not fence.inclusions:
        return []
    plane = _Plane(home)
    inclusions = shapely.union_all([plane.polygon(shape) for shape in fence.inclusions])
    exclusions = shapely.union_all([plane.polygon(shape) for shape in fence.exclusions])
    flown = plane.line(path.pieces)
    shapely.prepare(inclusions)
    opened: dict[str, list[shapely.Geometry]] = {}
    for zone, shape in zones.binding_level_flight(path, heights, policy, fence.inclusions):
        if not isinstance(shape, Circle | Ring):
            continue  # it covers the Earth: the path itself is in it
        polygon = plane.polygon(shape)
        if not inclusions.intersects(polygon):
            continue
        left = shapely.intersection(inclusions, shapely.difference(polygon, exclusions)).buffer(-GAP_M, quad_segs=1)
        # The plane's scale is off by a few per cent far from home, so what is near is measured on the ellipsoid.
        near = flown.distance(polygon) < 1.1 * policy.verified_clearance_m + 1.0
        if not left.is_empty and not (near and _flown_over(shape, path, policy.verified_clearance_m)):
            opened.setdefault(zone.identifier, []).append(left)
    return [_finding(zone_id, shapely.union_all(parts), plane, airborne) for zone_id, parts in opened.items()]


def _flown_over(shape: Shape, path: FlownPath, clearance_m: float) -> bool:
    """Whether the flight passes a shape, at whatever height and time, closer than a fence around it would allow."""
    nearest, _ = shape.clearance(path.pieces, np.arange(len(path.pieces)))
    return bool(nearest.min() < clearance_m)


def _finding(zone_id: str, left: shapely.Geometry, plane: "_Plane", airborne: bool) -> Finding:
    largest = max(shapely.get_parts(left), key=lambda part: float(part.area))
    return broken(
        RuleCode.FENCE_MISSES_ZONE,
        f"The fence leaves {left.area:.0f} m² of zone {zone_id} open, which binds at the heights of this flight.",
        zone_id=zone_id,
        place=plane.place(largest.representative_point()),
        measured=float(left.area),
        limit=0.0,
        unit="m²",
        severity=Severity.WARNING if airborne else None,
    )


class _Plane:
    """Degrees scaled to metres around home: x east, y north. Straight lines in degrees are straight in it."""

    def __init__(self, home: GeoPoint) -> None:
        self._home_deg = np.array([home.latitude_deg, home.longitude_deg])
        narrowing = max(0.01, math.cos(math.radians(home.latitude_deg)))
        self._scale_m = np.array([DEGREE_M, DEGREE_M * narrowing])

    def polygon(self, shape: Ring | Circle) -> shapely.Geometry:
        """Return a shape as a valid polygon."""
        vertices_deg = shape.vertices_deg if isinstance(shape, Ring) else _drawn(shape)
        off_deg = vertices_deg - self._home_deg
        off_deg[:, 1] -= 360.0 * np.round(0.5 * (off_deg[:, 1].min() + off_deg[:, 1].max()) / 360.0)
        polygon = shapely.Polygon((off_deg * self._scale_m)[:, ::-1])
        if polygon.is_valid:
            return polygon
        # Of a ring that crosses itself everything that it goes round is taken.
        return shapely.union(shapely.make_valid(polygon), shapely.make_valid(polygon, method="structure"))

    def line(self, pieces: Pieces) -> shapely.Geometry:
        """Return pieces of a path as one geometry."""
        ends_deg = np.stack([pieces.start_deg, pieces.end_deg], axis=1) - self._home_deg
        ends_deg[..., 1] = (ends_deg[..., 1] + 180.0) % 360.0 - 180.0
        return shapely.multilinestrings(shapely.linestrings((ends_deg * self._scale_m)[..., ::-1]))

    def place(self, point: shapely.Point) -> GeoPoint:
        """Return where a point of the plane is."""
        latitude_deg, longitude_deg = np.array([point.y, point.x]) / self._scale_m + self._home_deg
        return GeoPoint(float(latitude_deg), (float(longitude_deg) + 180.0) % 360.0 - 180.0)


def _drawn(circle: Circle) -> FloatArray:
    """Return (n, 2) latitude, longitude of places on a circle, unwrapped, so close that chords sag little."""
    sag = min(0.5, CIRCLE_SAG_M / circle.circle_radius_m)
    count = min(MOST_CIRCLE_VERTICES, max(16, math.ceil(math.pi / math.acos(1.0 - sag))))
    return geodesic_circle_deg(circle.latitude_deg, circle.longitude_deg, circle.circle_radius_m, count)
