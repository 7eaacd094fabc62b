"""The geofence that the vehicle holds: well formed, around home, and around all of the flight.

PX4's rule: inside at least one inclusion (where there is any) and outside every exclusion; it has no heights.
It checks waypoints only. Each polygon and circle by itself must have home on its right side, and in flight the
vehicle too, or PX4 v1.16 drops that one with a text that a lossy link may lose, and flies with what is left.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, Mission, MissionItem
from mission.model.verdict import Finding, Severity
from mission.verification.ellipsoid import BoolArray, FloatArray, Pieces
from mission.verification.items import AMSL_FRAMES, HOME_FRAMES, ItemPlace
from mission.verification.path import FlownPath
from mission.verification.rules import MAX_FENCE_VERTICES, RuleCode, broken
from mission.verification.shapes import Circle, Ring, ring_of

_POLYGONS = (MavCommand.FENCE_POLYGON_INCLUSION, MavCommand.FENCE_POLYGON_EXCLUSION)
_CIRCLES = (MavCommand.FENCE_CIRCLE_INCLUSION, MavCommand.FENCE_CIRCLE_EXCLUSION)
_INCLUSIONS = (MavCommand.FENCE_POLYGON_INCLUSION, MavCommand.FENCE_CIRCLE_INCLUSION)
SAMPLES_PER_PIECE = 101
"""Points at which a piece is tested against several inclusions together: every 2 m."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fence as shapes."""

    inclusions: tuple[Ring | Circle, ...]
    exclusions: tuple[Ring | Circle, ...]

    def allows(self, place_deg: FloatArray) -> BoolArray:
        """Whether PX4 would find (n, 2) latitude, longitude inside this fence."""
        allowed: BoolArray = np.ones(len(place_deg), dtype=np.bool_)
        if self.inclusions:
            allowed = np.logical_or.reduce([shape.contains(place_deg) for shape in self.inclusions])
        for shape in self.exclusions:
            allowed &= ~shape.contains(place_deg)
        return allowed

    def dropped_at(self, place: GeoPoint) -> int:
        """How many of the shapes PX4 drops because a place that must be allowed is on their wrong side."""
        here = _degrees(place)
        outside = sum(not shape.contains(here)[0] for shape in self.inclusions)
        return outside + sum(bool(shape.contains(here)[0]) for shape in self.exclusions)

    def allows_all_of(self, pieces: Pieces) -> BoolArray:
        """Whether each piece is allowed from end to end."""
        everyone = np.arange(len(pieces))
        allowed = self.allows(pieces.start_deg) & self.allows(pieces.end_deg)
        for shape in self.exclusions:
            allowed &= shape.clearance(pieces, everyone)[0] > 0.0
        if len(self.inclusions) == 1 and isinstance(self.inclusions[0], Ring):
            allowed &= self.inclusions[0].boundary(pieces, everyone)[0] > 0.0
        elif len(self.inclusions) > 1:
            for share in np.linspace(0.0, 1.0, SAMPLES_PER_PIECE):
                allowed &= self.allows(pieces.at(np.full(len(pieces), share)))
        return allowed  # one circle is convex: its ends say it all


def read_fence(items: Sequence[MissionItem]) -> tuple[Fence, list[Finding]]:
    """Return the fence that items make, and what is wrong with their form."""
    findings: list[Finding] = []
    if len(items) > MAX_FENCE_VERTICES:
        findings.append(
            broken(
                RuleCode.FENCE_TOO_MANY_VERTICES,
                f"The fence has {len(items)} items, more than {MAX_FENCE_VERTICES}.",
                measured=len(items),
                limit=MAX_FENCE_VERTICES,
            )
        )
    inclusions: list[Ring | Circle] = []
    exclusions: list[Ring | Circle] = []
    index, circles = 0, 0
    while index < len(items):
        shape, used = _read_shape(items, index)
        if circles and items[index].command in _POLYGONS:
            findings.append(_malformed(index, "is a vertex after a circle: PX4 v1.16 misreads it"))
        circles += items[index].command in _CIRCLES
        if isinstance(shape, Finding):
            findings.append(shape)
        elif items[index].command in _INCLUSIONS:
            inclusions.append(shape)
        else:
            exclusions.append(shape)
        index += used
    return Fence(tuple(inclusions), tuple(exclusions)), findings


def check_fence(
    mission: Mission,
    places: tuple[ItemPlace | None, ...],
    path: FlownPath | None,
    start: GeoPoint | None,
) -> tuple[Fence, list[Finding]]:
    """Judge the fence by itself, around home, around every position and around every leg.

    `start` is where the vehicle flies, None on the ground.
    """
    fence, findings = read_fence(mission.fence)
    if findings:
        return fence, findings  # of a broken fence nothing can be said
    if not fence.inclusions:
        findings.append(
            broken(
                RuleCode.FENCE_MISSING,
                "No inclusion fence is held.",
                severity=Severity.WARNING if start is not None else None,
            )
        )
    findings.extend(_check_kept(fence, mission.home, start))
    outside = [
        index for index, place in enumerate(places) if place is not None and not fence.allows(_degrees(place.point))[0]
    ]
    findings.extend(
        broken(
            RuleCode.FENCE_WAYPOINT_OUTSIDE,
            f"Item {index} is outside the fence.",
            item=index,
            place=place.point,
        )
        for index in outside
        if (place := places[index]) is not None
    )
    if path is not None and not outside:
        findings.extend(_check_legs(fence, path))
    return fence, findings


def _check_kept(fence: Fence, home: GeoPoint, start: GeoPoint | None) -> list[Finding]:
    """Findings that PX4 would not keep all of the fence that it acknowledges."""
    findings = []
    shapes = len(fence.inclusions) + len(fence.exclusions)
    for code, name, place in (
        (RuleCode.FENCE_HOME_OUTSIDE, "Home", home),
        (RuleCode.FENCE_START_OUTSIDE, "The vehicle", start),
    ):
        dropped = 0 if place is None else fence.dropped_at(place)
        if dropped:
            what = f"{name} is on the wrong side of {dropped} of the fence's {shapes} shapes: PX4 drops these silently."
            findings.append(broken(code, what, place=place, measured=dropped, limit=0))
    return findings


def _check_legs(fence: Fence, path: FlownPath) -> list[Finding]:
    """One finding for each item whose leg leaves the fence though its ends do not."""
    findings = []
    breaching = np.flatnonzero(~fence.allows_all_of(path.pieces))
    for item in dict.fromkeys(int(path.item[piece]) for piece in breaching):
        piece = next(int(one) for one in breaching if path.item[one] == item)
        findings.append(
            broken(
                RuleCode.FENCE_LEG_OUTSIDE,
                f"The leg to item {item} leaves the fence.",
                item=item,
                place=path.place(piece, 0.5),
                time=path.time(piece),
            )
        )
    return findings


def _read_shape(items: Sequence[MissionItem], index: int) -> tuple[Ring | Circle | Finding, int]:
    """Return the shape that begins at an item, or what is wrong with it, and how many items it takes."""
    item = items[index]
    if item.command in _CIRCLES:
        return _read_circle(item, index), 1
    if item.command not in _POLYGONS:
        return _malformed(index, f"is MAV_CMD {item.command}, no fence item"), 1
    declared = item.param1
    if not (math.isfinite(declared) and declared == int(declared) and declared >= 3):
        return _malformed(index, f"says a polygon of {declared:g} vertices"), 1
    vertices = items[index : index + int(declared)]
    return _read_polygon(vertices, int(declared), index), len(vertices)


def _read_polygon(vertices: Sequence[MissionItem], count: int, index: int) -> Ring | Finding:
    first = vertices[0]
    if len(vertices) < count or any(one.command != first.command or one.param1 != first.param1 for one in vertices):
        return _malformed(index, f"says {count} vertices, but they do not follow")
    for offset, one in enumerate(vertices):
        if not _is_place(one):
            return _malformed(index + offset, "is no place on Earth in a global frame")
    ring = ring_of(np.array([(one.x * 1e-7, one.y * 1e-7) for one in vertices]))
    if not isinstance(ring, Ring) or not _is_simple(ring.vertices_deg):
        return _malformed(index, "begins a polygon that crosses itself or has no area")
    return ring


def _read_circle(item: MissionItem, index: int) -> Circle | Finding:
    if not (math.isfinite(item.param1) and item.param1 > 0.0):
        return _malformed(index, f"says a circle of radius {item.param1:g} m")
    if not _is_place(item):
        return _malformed(index, "is no place on Earth in a global frame")
    return Circle(item.x * 1e-7, item.y * 1e-7, item.param1)


def _is_place(item: MissionItem) -> bool:
    in_range = abs(item.x) <= 900_000_000 and abs(item.y) <= 1_800_000_000
    return in_range and (item.x, item.y) != (0, 0) and item.frame in AMSL_FRAMES | HOME_FRAMES


def _is_simple(vertices: FloatArray) -> bool:
    """Whether no two edges of a ring cross, and it has an area."""
    a, b = vertices, np.roll(vertices, -1, axis=0)
    if abs(float(np.sum(a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]))) == 0.0:
        return False
    side_a = np.sign(_side(a[:, None], b[:, None], a[None, :]))
    side_b = np.sign(_side(a[:, None], b[:, None], b[None, :]))
    parted = side_a * side_b < 0.0
    return not bool((parted & parted.T).any())


def _side(start: FloatArray, end: FloatArray, point: FloatArray) -> FloatArray:
    along, away = end - start, point - start
    side: FloatArray = along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0]
    return side


def _malformed(index: int, what: str) -> Finding:
    return broken(RuleCode.FENCE_MALFORMED, f"Fence item {index} {what}.")


def _degrees(point: GeoPoint) -> FloatArray:
    return np.array([(point.latitude_deg, point.longitude_deg)])
