"""Flights as straight timed pieces in one frame of space and time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from mission.deconfliction.separation import (
    BEGIN_S,
    COLUMNS,
    EAST,
    END_S,
    NORTH,
    POSITION,
    UP,
    VELOCITY,
    BoolArray,
    FloatArray,
)
from mission.errors import InputError, InputProblem
from mission.geodesy.local_frame import LocalFrame
from mission.model.flight import FlightPlan
from mission.model.geo import GeoPoint
from mission.model.time import require_aware

FRAME_RADIUS_M = 200_000.0
"""How far from its origin a frame is used: there the map's scale is off by 1.6e-4, 8 mm in 50 m."""
_STANDING_M = 1e-6


@dataclass(frozen=True, slots=True)
class Movement:
    """One take-off or landing: on which pad, and when, in seconds from the frame's epoch."""

    pad_id: str
    moment_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """One flight in space and time.

    Attributes:
        flight_id: its name, e.g. a sortie's.
        pieces: (n, 8): begin and end in seconds, east, north, height AMSL in metres at the begin, velocity in m/s.
        movements: its take-off and landing, where they share a pad with others.
    """

    flight_id: str
    pieces: FloatArray
    movements: tuple[Movement, ...] = ()

    def __post_init__(self) -> None:
        if self.pieces.ndim != 2 or self.pieces.shape[1] != COLUMNS or not len(self.pieces):
            raise ValueError(f"flight {self.flight_id}: pieces have shape {self.pieces.shape}, not (n, {COLUMNS})")
        if not (np.isfinite(self.pieces).all() and (self.pieces[:, END_S] >= self.pieces[:, BEGIN_S]).all()):
            raise ValueError(f"flight {self.flight_id}: a piece is not finite, or ends before it begins")

    @property
    def begin_s(self) -> float:
        """Its first moment."""
        return float(self.pieces[:, BEGIN_S].min())

    @property
    def end_s(self) -> float:
        """Its last moment."""
        return float(self.pieces[:, END_S].max())

    def delayed(self, delay_s: float) -> "Trajectory":
        """Return the same flight, so much later."""
        pieces = self.pieces.copy()
        pieces[:, BEGIN_S] += delay_s
        pieces[:, END_S] += delay_s
        movements = tuple(replace(each, moment_s=each.moment_s + delay_s) for each in self.movements)
        return Trajectory(self.flight_id, pieces, movements)

    def raised(self, by_m: float) -> "Trajectory":
        """Return the same flight with all that moves over the map higher by so much.

        Climbs and descents keep their rates and take longer or shorter; hand-overs between them keep their height.

        Raises:
            ValueError: a climb or descent is shorter than it would have to be lowered.
        """
        high = _high_ends(self.pieces)
        pieces = self.pieces.copy()
        pieces[:, POSITION][:, UP] += np.where(high[:-1], by_m, 0.0)
        rates_m_s = pieces[:, VELOCITY][:, UP]
        gains_m = np.where(high[1:], by_m, 0.0) - np.where(high[:-1], by_m, 0.0)
        changing = gains_m != 0.0
        longer_s = np.divide(gains_m, rates_m_s, out=np.zeros(len(pieces)), where=changing)
        durations_s = pieces[:, END_S] - pieces[:, BEGIN_S] + longer_s
        if (durations_s < 0.0).any():
            raise ValueError(f"flight {self.flight_id} cannot be raised by {by_m} m: a climb would end below its begin")
        shift_s = np.cumsum(longer_s)
        pieces[:, BEGIN_S] += shift_s - longer_s
        pieces[:, END_S] = pieces[:, BEGIN_S] + durations_s
        last_s = self.end_s
        movements = tuple(
            replace(each, moment_s=each.moment_s + (float(shift_s[-1]) if each.moment_s >= last_s else 0.0))
            for each in self.movements
        )
        return Trajectory(self.flight_id, pieces, movements)


def _high_ends(pieces: FloatArray) -> BoolArray:
    """Return for each of the n + 1 ends of gapless pieces whether it is of something that moves over the map."""
    lengths = np.hypot(pieces[:, VELOCITY][:, EAST], pieces[:, VELOCITY][:, NORTH])
    moving = lengths > _STANDING_M
    hovering = ~moving & (np.abs(pieces[:, VELOCITY][:, UP]) <= _STANDING_M)
    high = np.zeros(len(pieces) + 1, dtype=np.bool_)
    high[:-1] |= moving
    high[1:] |= moving
    for index in range(len(pieces)):  # a hover belongs to the height that it was reached at …
        high[index + 1] |= hovering[index] and high[index]
    for index in reversed(range(len(pieces))):  # … or that it is left at
        high[index] |= hovering[index] and high[index + 1]
    return high


def pieces_between(points: FloatArray) -> FloatArray:
    """Return the (n − 1, 8) pieces that join (n, 4) points of time, east, north, height; those without duration not."""
    spans = np.diff(points, axis=0)
    lasting = spans[:, 0] > 0.0
    spans, starts, ends = spans[lasting], points[:-1][lasting], points[1:][lasting]
    return np.column_stack([starts[:, 0], ends[:, 0], starts[:, 1:], spans[:, 1:] / spans[:, :1]])


class FlightFrame:
    """One frame of space and time for all flights that could meet: a local plane, heights AMSL, seconds from an epoch.

    Args:
        origin: the plane's; everything flown lies within `FRAME_RADIUS_M` of it, across 180° as well.
        epoch: second 0.
    """

    def __init__(self, origin: GeoPoint, epoch: datetime) -> None:
        self.plane = LocalFrame(origin)
        self.epoch = require_aware(epoch, "epoch")

    def seconds(self, moment: datetime) -> float:
        """Return a moment as seconds from the epoch."""
        return (moment - self.epoch).total_seconds()

    def moment(self, seconds: float) -> datetime:
        """Return the moment so many seconds from the epoch."""
        return self.epoch + timedelta(seconds=seconds)

    def local(self, points: Sequence[GeoPoint], whose: str) -> FloatArray:
        """Return (n, 2) east and north in metres.

        Raises:
            InputError: a point is too far from the origin to be measured in this frame.
        """
        east_north_m = self.plane.to_local(points)
        far = np.hypot(east_north_m[:, 0], east_north_m[:, 1])
        if len(far) and not float(far.max()) <= FRAME_RADIUS_M:
            what = f"is {float(far.max()) / 1000.0:.0f} km from the origin, limit {FRAME_RADIUS_M / 1000.0:.0f} km"
            raise InputError(InputProblem("<flights>", whose, what, "Plan each region in a frame of its own"))
        return east_north_m

    def trajectory_of(self, plan: FlightPlan) -> Trajectory:
        """Return a flight plan's trajectory; it takes off and lands on its hub's one pad.

        Raises:
            InputError: the hub's elevation is not known, or the plan lies outside the frame.
        """
        sortie = plan.sortie
        ground_m = sortie.hub.ground_amsl_m
        if not math.isfinite(ground_m):
            mend = "Give the elevation of its pads: without it no two heights compare"
            raise InputError(
                InputProblem("<flights>", f"hub {sortie.hub.hub_id}", f"ground_amsl_m is {ground_m}", mend)
            )
        ends = self.local([plan.legs[0].start, *(leg.end for leg in plan.legs)], f"flight {sortie.sortie_id}")
        heights_m = [plan.legs[0].start_height_home_m, *(leg.end_height_home_m for leg in plan.legs)]
        moments_s = [self.seconds(moment) for moment in (plan.departure, *(leg.arrive for leg in plan.legs))]
        points = np.column_stack([moments_s, ends, np.array(heights_m) + ground_m])
        movements = tuple(Movement(sortie.hub.hub_id, moment_s) for moment_s in (moments_s[0], moments_s[-1]))
        return Trajectory(sortie.sortie_id, pieces_between(points), movements)
