"""Operational intents: what others are told of a flight, and what others tell us (ASTM F3548-21)."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely

from mission.deconfliction import f3548
from mission.deconfliction.delays import Interval
from mission.deconfliction.f3548 import IntentState
from mission.geodesy.local_frame import LocalFrame
from mission.model.airspace import CircleFootprint, Footprint, PolygonFootprint
from mission.model.geo import GeoPoint
from mission.model.time import TimeWindow

_CIRCLE_QUAD_SEGMENTS = 16


@dataclass(frozen=True, slots=True)
class Volume4D:
    """Some space for some time.

    Attributes:
        outline: circle or polygon.
        lower_wgs84_m: lowest height, metres above the WGS84 ellipsoid (the standard's W84).
        upper_wgs84_m: highest.
        window: when.
    """

    outline: Footprint
    lower_wgs84_m: float
    upper_wgs84_m: float
    window: TimeWindow

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lower_wgs84_m) and math.isfinite(self.upper_wgs84_m)):
            raise ValueError("the heights of a volume are finite, in metres above the WGS84 ellipsoid")
        if self.upper_wgs84_m < self.lower_wgs84_m:
            raise ValueError(f"upper_wgs84_m {self.upper_wgs84_m} lies below lower_wgs84_m {self.lower_wgs84_m}")


@dataclass(frozen=True, slots=True)
class OperationalIntent:
    """One flight as others see it, own or foreign.

    Attributes:
        manager: who manages it; ours or somebody else's service.
        priority: higher goes first.
        volumes: where it will be.
        off_nominal_volumes: where it may be while it is Nonconforming or Contingent.
    """

    intent_id: str
    manager: str
    state: IntentState
    priority: int
    volumes: tuple[Volume4D, ...]
    off_nominal_volumes: tuple[Volume4D, ...] = ()

    @property
    def all_volumes(self) -> tuple[Volume4D, ...]:
        """Everywhere that it may be."""
        return (*self.volumes, *self.off_nominal_volumes)


@dataclass(frozen=True, slots=True)
class IntentFinding:
    """A requirement of the standard that an intent does not meet, by its name, and how."""

    requirement: str
    what: str


def check(intent: OperationalIntent, now: datetime) -> tuple[IntentFinding, ...]:
    """Return what forbids an intent to be shared; empty when nothing does."""
    found: list[IntentFinding] = []
    volumes = intent.all_volumes
    if intent.off_nominal_volumes and intent.state not in f3548.OFF_NOMINAL:
        what = f"it is {intent.state} and has {len(intent.off_nominal_volumes)} off-nominal volumes"
        found.append(IntentFinding(f3548.NO_OFF_NOMINAL_VOLUMES, what))
    corners = sum(len(each.outline.ring) for each in volumes if isinstance(each.outline, PolygonFootprint))
    if corners > f3548.OI_MAX_VERTICES:
        found.append(IntentFinding("OPIN0020", f"its outlines have {corners} corners, limit {f3548.OI_MAX_VERTICES}"))
    if not volumes:
        return (*found, IntentFinding(f3548.END_NOT_IN_THE_PAST, "it has no volume, and so no end"))
    begin = min(each.window.earliest for each in volumes)
    if begin - now > f3548.OI_MAX_PLAN_HORIZON:
        what = f"it begins {(begin - now).days} days from now, limit {f3548.OI_MAX_PLAN_HORIZON.days}"
        found.append(IntentFinding("OPIN0030", what))
    end = max(each.window.latest for each in volumes)
    if now - end > f3548.TIME_SYNC_MAX_DIFFERENTIAL:
        what = f"it ended {(now - end).total_seconds():.0f} s ago"
        found.append(IntentFinding(f3548.END_NOT_IN_THE_PAST, what))
    return tuple(found)


def gives_way(priority: int, other: OperationalIntent, *, equal_may_overlap: bool = False) -> bool:
    """Whether a flight of this priority must stay out of another's volumes (SCD0035: when it is planned).

    Whatever is not where it said it would be is given way to by everybody.

    Args:
        priority: of the flight that is planned.
        other: an intent of somebody else, or of another flight of ours.
        equal_may_overlap: whether the regulator permits overlaps of equal priorities.
    """
    if other.state is IntentState.ENDED:
        return False
    if other.state in f3548.OFF_NOMINAL or other.priority > priority:
        return True
    return other.priority == priority and not equal_may_overlap


def closed_delays(
    volumes: Sequence[Volume4D], priority: int, others: Iterable[OperationalIntent], *, equal_may_overlap: bool = False
) -> tuple[Interval, ...]:
    """Return by which delays volumes would overlap others that they give way to: open intervals in seconds.

    What is open at delay 0 is free of conflict as it is; `Way.closed` takes these.
    """
    frame = _frame_of(volumes)
    shapes = [_shape(each.outline, frame) for each in volumes]
    found: list[Interval] = []
    for other in others:
        if not gives_way(priority, other, equal_may_overlap=equal_may_overlap):
            continue
        for theirs in other.all_volumes:
            shape = _shape(theirs.outline, frame)
            for mine, my_shape in zip(volumes, shapes, strict=True):
                if _overlap_in_height(mine, theirs) and _overlap_on_the_map(my_shape, shape):
                    found.append(
                        (
                            (theirs.window.earliest - mine.window.latest).total_seconds(),
                            (theirs.window.latest - mine.window.earliest).total_seconds(),
                        )
                    )
    return tuple(found)


def overlap(one: Volume4D, other: Volume4D) -> bool:
    """Whether two volumes share space and time, by more than the standard's least precision in space."""
    if not (one.window.overlaps(other.window) and _overlap_in_height(one, other)):
        return False
    frame = _frame_of([one])
    return _overlap_on_the_map(_shape(one.outline, frame), _shape(other.outline, frame))


def conforms(intent: OperationalIntent, place: GeoPoint, height_wgs84_m: float, moment: datetime) -> bool:
    """Whether a vehicle that is seen there and then is within its volumes; an unknown height is not."""
    there = [
        each
        for each in intent.volumes
        if each.lower_wgs84_m <= height_wgs84_m <= each.upper_wgs84_m
        and each.window.earliest <= moment <= each.window.latest
    ]
    if not there:
        return False
    frame = LocalFrame(place)
    return any(_shape(each.outline, frame).covers(shapely.Point(0.0, 0.0)) for each in there)


def _frame_of(volumes: Sequence[Volume4D]) -> LocalFrame:
    if not volumes:
        raise ValueError("an operational intent has at least one volume")
    outline = volumes[0].outline
    return LocalFrame(outline.center if isinstance(outline, CircleFootprint) else outline.ring[0])


def _overlap_in_height(one: Volume4D, other: Volume4D) -> bool:
    depth_m = min(one.upper_wgs84_m, other.upper_wgs84_m) - max(one.lower_wgs84_m, other.lower_wgs84_m)
    return depth_m > f3548.INTERSECTION_MINIMUM_PRECISION_M


def _overlap_on_the_map(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    if not one.intersects(other):
        return False
    half_m = f3548.INTERSECTION_MINIMUM_PRECISION_M / 2.0
    return bool(one.buffer(-half_m, join_style="mitre").intersects(other.buffer(-half_m, join_style="mitre")))


def _shape(outline: Footprint, frame: LocalFrame) -> shapely.Geometry:
    """Return an outline on the plane: never smaller than it is. A ring that crosses itself is its convex hull."""
    if isinstance(outline, CircleFootprint):
        (center,) = frame.to_local([outline.center])
        radius_m = outline.radius_m / math.cos(math.pi / (4 * _CIRCLE_QUAD_SEGMENTS))
        return shapely.Point(center).buffer(radius_m, quad_segs=_CIRCLE_QUAD_SEGMENTS)
    ring = shapely.Polygon(frame.to_local(outline.ring))
    return ring if ring.is_valid else ring.convex_hull
